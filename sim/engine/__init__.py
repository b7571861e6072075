"""One contract, several runners, the same path event for event: `run` simulates one replication under one strategy."""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.engine.recording import Run
    from sim.model.strategies import Strategy
    from sim.scenario import Scenario

Progress = Callable[[float], None]  # called with the share of simulated time that is done
# Engines, and the module whose `run` each of them is, loaded when it is asked for. The rules stand once, in `steps`, and
# `compiled` and `plain` run them; `reference` is the oracle, a second text of the model.
RUNNERS = {
    "compiled": "sim.engine.compiled",
    "plain": "sim.engine.plain",
    "reference": "sim.oracle",
}
ENGINES = tuple(RUNNERS)


def run(
    scenario: "Scenario",
    strategy: "Strategy",
    replication: int = 0,
    *,
    seed: int | None = None,
    tracing: bool = False,
    traced: int | None = None,
    moments: int = 0,
    progress: Progress | None = None,
    engine: str = "compiled",
) -> "Run":
    """Simulate one replication of a scenario under one strategy.

    The result depends on the scenario, the strategy, the seed (default: the scenario's) and the number of the
    replication only, to the bit: not on the engine. With `tracing` the run keeps every event, or with `traced` too those
    of that person and of nobody. With `moments` each honest person is asked at so many instants what a revocation would
    have met (`Run.virtual`), but by the reference. `progress` may raise to interrupt. Raises ValueError for an unknown
    engine, and for a scenario that uses a word the reference does not speak;
    `limits.TooMuch` where something keeps going for ever or takes more memory than there is.
    """
    if engine not in RUNNERS:
        raise ValueError(f"engine = {engine!r}: expected one of {', '.join(ENGINES)}")
    from sim.engine import footprint
    from sim.engine.limits import TooMuch

    engine = engine_for(strategy, engine)
    runner = import_module(RUNNERS[engine])
    options = {"seed": seed, "tracing": tracing, "traced": traced, "progress": progress}
    if engine != "reference":  # which computes real cases alone
        options["moments"] = moments
    try:
        footprint.require((1, footprint.of_a_run(scenario, strategy, engine, moments)))
        found: Run = runner.run(scenario, strategy, replication, **options)
    except TooMuch as error:
        raise type(error)(f"{strategy.name}, replication {replication}: {error}") from None
    return found


def engine_for(strategy: "Strategy", engine: str = "compiled") -> str:
    """The engine that will run a strategy: one written in Python runs on the plain one."""
    from sim.model.strategies import Strategy

    return engine if type(strategy) is Strategy else "plain"


def prepare(strategies: "Iterable[Strategy]", engine: str = "compiled") -> None:
    """What the engine needs before its first run, made here and once: workers, who hear no signal, find it."""
    if "compiled" in {engine_for(strategy, engine) for strategy in strategies}:
        from sim.engine.compiled import machine

        machine.prepare()

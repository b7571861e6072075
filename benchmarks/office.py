"""Our two engines on the whole office model: every mechanism, three stations, what is recorded."""

import time
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from benchmarks.works import Contestant, Outcome, WrongResultError

if TYPE_CHECKING:
    from sim.scenario import Scenario

STRATEGIES = ("no_check", "short_token", "allowlist_webhook", "per_request", "layered")
HOUR_S = 3600.0


@cache
def office(people: int, hours: float) -> "Scenario":
    """The office with this many people, its stations and rate limit grown with them; cases all day but the first tenth."""
    from sim.scenario import load, with_changes

    grown, seconds = people / 500, hours * HOUR_S
    return with_changes(
        load("office"),
        {
            "organisation.people": people,
            "organisation.shift.end": seconds,
            "run.horizon": seconds,
            "run.drain": 600.0,
            "cases.from": 0.1 * seconds,
            "cases.until": 0.9 * seconds,
            "app.workers": max(1, round(16 * grown)),
            "host.servers": max(1, round(64 * grown)),
            "auth_server.servers": max(1, round(16 * grown)),
            "host.rate_limit.per_second": 10 * grown,
            "host.rate_limit.burst": max(1, round(10 * grown)),
            "host.rate_limit.per_hour": 65_000 * grown,
        },
    )


def has_compiled() -> bool:
    """Whether the compiled engine is part of this version."""
    return find_spec("sim.engine.compiled") is not None


def _run(engine: str, strategy: str, people: int, hours: float) -> Outcome:
    from sim.engine import run
    from sim.model.strategies import CATALOGUE

    scenario = office(people, hours)
    began_s = time.process_time()
    done = run(scenario, CATALOGUE[strategy], engine=engine)
    cpu_s = time.process_time() - began_s
    seconds = float(done.response_sum_s.sum())
    return Outcome(done.requests["accepted"], seconds / max(int(done.response_n.sum()), 1), cpu_s)


def compiled(hours: float, people: int = 500, strategy: str = "short_token") -> Outcome:
    """The compiled engine; customers are the accepted requests."""
    if not has_compiled():
        raise ImportError("this version has no compiled engine")
    return _run("compiled", strategy, people, hours)


def reference(hours: float, people: int = 500, strategy: str = "short_token") -> Outcome:
    """The reference engine."""
    return _run("reference", strategy, people, hours)


def contestants() -> list[Contestant]:
    """Both engines at some strategies, from the cheapest to the dearest."""
    return [
        Contestant(
            f"{engine}, {strategy}",
            "office",
            f"benchmarks.office:{engine}",
            10.0 if engine == "compiled" else 1.0,
            1.0 if engine == "compiled" else 0.1,
            500,
            (strategy,),
        )
        for strategy in STRATEGIES
        for engine in ("compiled", "reference")
    ]


def growth() -> list[Contestant]:
    """The compiled engine from a hundred people to a million: shorter days for more people."""
    hours = {100: 10.0, 1000: 10.0, 10_000: 10.0, 100_000: 2.0, 1_000_000: 0.5}
    compiled = [
        Contestant(
            "Last Click, office model",
            "office",
            "benchmarks.office:compiled",
            length,
            length / 20,
            people,
        )
        for people, length in hours.items()
    ]
    reference = [
        Contestant(
            "its reference (SimPy)",
            "office",
            "benchmarks.office:reference",
            max(100 / people, 0.25),
            max(50 / people, 0.1),
            people,
        )
        for people in (100, 1000, 10_000)
    ]
    return [*compiled, *reference]


def check_same_path() -> None:
    """Raise WrongResultError unless both engines record the same, to the bit."""
    from sim.engine import run
    from sim.model.strategies import CATALOGUE

    scenario = office(40, 1.0)
    if not has_compiled():
        return
    for name in STRATEGIES:
        runs = [run(scenario, CATALOGUE[name], engine=e) for e in ("compiled", "reference")]
        if parts := runs[0].differences(runs[1]):
            raise WrongResultError(f"the engines differ under {name} in: {', '.join(parts)}")

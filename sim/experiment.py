"""Compare: cells of (strategy, replication), run in any order by any number of workers, put together in one order."""

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context

from sim.coverage import Cover, coverage
from sim.engine.recording import Run
from sim.metrics import Figure, figures
from sim.scenario import Scenario
from sim.strategies import Strategy

Cell = tuple[str, int]  # strategy, replication
Report = Callable[
    [float, int], None
]  # cells done (with the shares of those under way), cells in all


@dataclass(frozen=True)
class Comparison:
    """What `compare` found: the coverage matrix, the figures with intervals, and the runs behind them."""

    scenario: Scenario
    strategies: dict[str, Strategy]
    seed: int
    replications: int
    engine: str
    coverage: list[Cover]
    figures: list[Figure]
    runs: dict[str, list[Run]]


def compare(
    scenario: Scenario,
    strategies: Sequence[Strategy] | None = None,
    *,
    replications: int | None = None,
    seed: int | None = None,
    workers: int = 1,
    report: Report | None = None,
) -> Comparison:
    """Run every strategy on the same people and cases, and estimate every metric with a 95 % interval.

    `strategies` defaults to the scenario's. The result does not depend on `workers` or on the order of strategies.
    Raises ValueError where there is nothing to run.
    """
    chosen = {s.name: s for s in (strategies or tuple(scenario.strategies.values()))}
    replications = scenario.run.replications if replications is None else replications
    seed = scenario.run.seed if seed is None else seed
    if replications < 1:
        raise ValueError(f"replications = {replications}: expected at least 1")
    cells = [(name, r) for r in range(replications) for name in chosen]
    done = _run_cells(scenario, chosen, cells, seed, workers, report)
    runs = {name: [done[name, r] for r in range(replications)] for name in chosen}
    return Comparison(
        scenario=scenario,
        strategies=chosen,
        seed=seed,
        replications=replications,
        engine="reference",
        coverage=coverage(scenario, chosen),
        figures=[figure for name in chosen for figure in figures(name, runs[name])],
        runs=runs,
    )


def _run_cells(
    scenario: Scenario,
    strategies: dict[str, Strategy],
    cells: list[Cell],
    seed: int,
    workers: int,
    report: Report | None,
) -> dict[Cell, Run]:
    if min(workers, len(cells)) <= 1:
        return _in_this_process(scenario, strategies, cells, seed, report)
    done: dict[Cell, Run] = {}
    with _pool(min(workers, len(cells))) as pool:
        futures: dict[Future[Run], Cell] = {
            pool.submit(_run_cell, scenario, strategies[name], replication, seed): (
                name,
                replication,
            )
            for name, replication in cells
        }
        for future in as_completed(futures):
            done[futures[future]] = future.result()
            if report:
                report(len(done), len(cells))
    return done


def _in_this_process(
    scenario: Scenario,
    strategies: dict[str, Strategy],
    cells: list[Cell],
    seed: int,
    report: Report | None,
) -> dict[Cell, Run]:
    from sim.engine import reference

    done: dict[Cell, Run] = {}
    for cell in cells:
        name, replication = cell

        def progress(share: float) -> None:
            if report:
                report(len(done) + share, len(cells))

        done[cell] = reference.run(
            scenario, strategies[name], replication, seed=seed, progress=progress
        )
    return done


def _run_cell(scenario: Scenario, strategy: Strategy, replication: int, seed: int) -> Run:
    from sim.engine import reference

    return reference.run(scenario, strategy, replication, seed=seed)


@contextmanager
def _pool(workers: int) -> Iterator[Executor]:
    """Fresh processes (spawned, never forked); on an interrupt nothing is waited for."""
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_leave_interrupts)
    try:
        yield pool
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _leave_interrupts() -> None:
    # Ctrl-C reaches the whole process group; only the parent shall answer it
    signal.signal(signal.SIGINT, signal.SIG_IGN)

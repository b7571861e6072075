"""Compare: cells of (strategy, replication), run in any order by any number of workers, put together in one order."""

import pickle
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    Executor,
    Future,
    ThreadPoolExecutor,
    as_completed,
    wait,
)
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Event

from sim.coverage import Cover, coverage
from sim.engine import engine_for, footprint, prepare, run
from sim.engine.given import Given
from sim.engine.recording import Run
from sim.model.causes import CAUSES
from sim.model.strategies import Strategy
from sim.results.applicability import with_theory
from sim.results.metrics import Figure, figures, with_reasons
from sim.results.precision import (
    DEFAULT_MOST,
    Reached,
    check_names,
    enough,
    judge,
    next_batch,
    targets,
)
from sim.results.virtual import MOMENTS
from sim.results.warmup import PILOT_RUNS
from sim.results.warmup import warm_up_s as found_warm_up_s
from sim.scenario import Scenario

Cell = tuple[str, int]  # strategy, replication
Report = Callable[
    [float, int], None
]  # cells done (with the shares of those under way), cells in all

PROVISIONAL_RUNS = 2  # the fewest that have an interval


@dataclass(frozen=True)
class Comparison:
    """What `compare` found: the coverage matrix, the figures with intervals, and the runs behind them.

    `warm_up_s` is what was cut from the figures of honest people; `reached` says whether the precision that the
    scenario asks for was met (None where it asks for none); `virtual`, whether virtual cases were asked for.
    """

    scenario: Scenario
    strategies: dict[str, Strategy]
    seed: int
    replications: int
    engine: str
    coverage: list[Cover]
    figures: list[Figure]
    runs: dict[str, list[Run]]
    warm_up_s: float = 0.0
    reached: Reached | None = None
    virtual: bool = True

    def find(
        self, strategy: str, metric: str, statistic: str = "mean", cause: str | None = None
    ) -> Figure | None:
        """One figure of the whole (not of a kind, a station or a reason), or None where there is none."""
        return self._figures.get((strategy, metric, statistic, cause))

    def covered(self, strategy: str, cause: str) -> bool:
        """Whether the settings bound the exposure window of a pair, for its worst kind."""
        return (strategy, cause) in self._covered

    def censored(self, strategy: str, cause: str) -> int:
        """How many cases outlived the run."""
        figure = self.find(strategy, "censored", "count", cause)
        return 0 if figure is None else int(figure.estimate)

    @cached_property
    def causes(self) -> list[str]:
        """The causes that have cases, in the order of the model."""
        there = {figure.cause for figure in self.figures}
        return [cause for cause in CAUSES if cause in there]

    @cached_property
    def _figures(self) -> dict[tuple[str, str, str, str | None], Figure]:
        whole = (figure for figure in self.figures if figure.of is None)
        return {(f.strategy, f.metric, f.statistic, f.cause): f for f in whole}

    @cached_property
    def _covered(self) -> set[tuple[str, str]]:
        return {(c.strategy, c.cause) for c in self.coverage if c.covered and c.of is None}


@dataclass(frozen=True)
class Way:
    """How cells are run."""

    seed: int
    engine: str
    moments: int


Runs = dict[str, list[Run]]  # strategy -> its replications in order
Wanted = Callable[
    [Scenario, dict[str, Strategy], Runs], int
]  # up to how many replications to go, from those there are
Upto = Callable[[int], Runs]  # the first so many replications of every strategy


def compare(
    scenario: Scenario,
    strategies: Sequence[Strategy] | None = None,
    *,
    replications: int | None = None,
    seed: int | None = None,
    workers: int = 1,
    engine: str = "compiled",
    virtual: bool = True,
    wanted: tuple[int, Wanted] | None = None,
    report: Report | None = None,
    provisional: Callable[[Comparison], None] | None = None,
) -> Comparison:
    """Run every strategy on the same people and cases, and estimate every metric with a 95 % interval.

    `strategies` defaults to the scenario's. With `replications` that many are run, otherwise as many as the scenario's
    `precision` needs, or its `replications`; with `wanted` (a first number, and a rule that says how far to go) fewer where
    that says so. With `warm_up = "auto"` a pilot finds what to cut (MSER-5). The result
    does not depend on `workers`, on `engine` or on the order of strategies; a strategy written in Python runs on the
    reference engine. `virtual`: exposure rests on virtual cases where they can be read (`results.virtual`), which the engine
    `reference` has none of; without, on real cases alone. `provisional` is called with what the first two replications say, where more are to follow.
    Raises ValueError where there is nothing to run and where `precision` names no metric, `limits.TooMuch` where a run does not
    end or takes more memory than there is.
    """
    chosen = {s.name: s for s in (strategies or tuple(scenario.strategies.values()))}
    seed = scenario.run.seed if seed is None else seed
    cover = coverage(scenario, chosen)
    by_default = replications is None
    precise = by_default and scenario.run.precision is not None
    replications = scenario.run.replications if replications is None else replications
    if replications < 1:
        raise ValueError(f"replications = {replications}: expected at least 1")
    check_names(scenario)

    moments = MOMENTS if virtual else 0
    way = Way(seed, engine, moments)
    _must_fit(scenario, chosen, PILOT_RUNS if precise else replications, workers, way)
    planned = 0 if precise else replications * len(chosen)  # cells in all, where that is known

    def runner(of: Scenario) -> Upto:
        done: dict[Cell, Run] = {}

        def upto(number: int) -> Runs:
            cells = [(name, r) for r in range(number) for name in chosen if (name, r) not in done]
            progress = _after(len(done), planned, report)
            done.update(_run_cells(of, chosen, cells, way, workers, progress))
            return {name: [done[name, r] for r in range(number)] for name in chosen}

        return upto

    upto, warm_up_s = runner(scenario), scenario.run.warm_up_s
    if warm_up_s == "auto":
        pilot = upto(PILOT_RUNS if precise else min(PILOT_RUNS, replications))
        warm_up_s = found_warm_up_s(pilot)
        if warm_up_s > 0:
            upto = runner(_with_warm_up(scenario, warm_up_s))

    def comparison(runs: Runs, reached: Reached | None) -> Comparison:
        return Comparison(
            scenario=scenario,
            strategies=chosen,
            seed=seed,
            replications=len(next(iter(runs.values()))),
            engine=" and ".join(sorted({engine_for(s, engine) for s in chosen.values()})),
            coverage=cover,
            figures=[
                figure
                for name, strategy in chosen.items()
                for figure in with_reasons(
                    with_theory(scenario, strategy, figures(name, runs[name])),
                    Given.of(scenario, strategy, tracing=False, moments=moments),
                    runs[name],
                )
            ],
            runs=runs,
            warm_up_s=warm_up_s,
            reached=reached,
            virtual=virtual,
        )

    def whole() -> Comparison:
        if precise:
            return comparison(*_until_precise(upto, scenario, cover))
        if by_default and wanted is not None:
            return comparison(_while_wanted(upto, scenario, chosen, replications, *wanted), None)
        return comparison(upto(replications), None)

    if provisional is None or not (precise or replications > PROVISIONAL_RUNS):
        return whole()
    first = upto(PROVISIONAL_RUNS)
    with ThreadPoolExecutor(1) as beside:  # no core waits for the intervals of the first table
        shown = beside.submit(lambda: provisional(comparison(first, None)))
        found = whole()
        shown.result()
    return found


def more(
    comparison: Comparison,
    strategy: Strategy,
    numbers: Sequence[int],
    *,
    seed: int,
    workers: int = 1,
    engine: str = "compiled",
) -> list[Run]:
    """Replications of a strategy as a comparison ran them, under another seed; no figures."""
    scenario = comparison.scenario
    if comparison.warm_up_s != scenario.run.warm_up_s:
        scenario = _with_warm_up(scenario, comparison.warm_up_s)
    way = Way(seed, engine, MOMENTS if comparison.virtual else 0)
    cells = [(strategy.name, number) for number in numbers]
    done = _run_cells(scenario, {strategy.name: strategy}, cells, way, workers, None)
    return [done[cell] for cell in cells]


def _must_fit(
    scenario: Scenario, chosen: dict[str, Strategy], replications: int, workers: int, way: Way
) -> None:
    """Raise TooLarge before the work where the runs at one time and the records of all need more memory than is free."""
    cells = replications * len(chosen)
    runs = [
        footprint.of_a_run(scenario, s, engine_for(s, way.engine), way.moments)
        for s in chosen.values()
    ]
    largest = max(runs, key=lambda needs: sum(needs.values()))
    footprint.require((min(workers, cells), largest), (1, footprint.of_records(scenario, cells)))


def _after(before: int, planned: int, report: Report | None) -> Report | None:
    """Report a batch of cells as a part of all that have run and are planned."""
    if report is None:
        return None
    return lambda done, cells: report(before + done, max(before + cells, planned))


def _with_warm_up(scenario: Scenario, warm_up_s: float) -> Scenario:
    run = scenario.run.model_copy(update={"warm_up_s": warm_up_s})
    return scenario.model_copy(update={"run": run})


def _until_precise(upto: Upto, scenario: Scenario, cover: list[Cover]) -> tuple[Runs, Reached]:
    """Replications in batches, until all targets have held for the look-ahead; what ran beyond that is dropped."""
    wanted = targets(scenario, cover)
    most = scenario.run.max_replications or DEFAULT_MOST
    have = next_batch(0, most)
    while True:
        runs = upto(have)
        reached = judge(wanted, runs)
        keep = enough(reached, have)
        if keep is not None:
            return {name: of[:keep] for name, of in runs.items()}, reached
        if have == most:
            return runs, reached
        have = next_batch(have, most)


def _while_wanted(
    upto: Upto,
    scenario: Scenario,
    strategies: dict[str, Strategy],
    most: int,
    first: int,
    wanted: Wanted,
) -> Runs:
    """Replications as far as the rule says, which looks again at each stop."""
    have, go_to = 0, min(first, most)
    runs: Runs = {}
    while go_to > have:
        runs, have = upto(go_to), go_to
        go_to = min(most, wanted(scenario, strategies, runs)) if have < most else have
    return runs


def _run_cells(
    scenario: Scenario,
    strategies: dict[str, Strategy],
    cells: list[Cell],
    way: Way,
    workers: int,
    report: Report | None,
) -> dict[Cell, Run]:
    engines = {name: engine_for(strategy, way.engine) for name, strategy in strategies.items()}
    prepare(strategies.values(), way.engine)
    if min(workers, len(cells)) <= 1:
        return _in_this_process(scenario, strategies, cells, way, engines, report)
    if set(engines.values()) == {"compiled"}:
        return _on_threads(scenario, strategies, cells, way, workers, report)
    done: dict[Cell, Run] = {}
    with _pool(min(workers, len(cells))) as pool:
        futures: dict[Future[bytes], Cell] = {
            pool.submit(
                _run_cell,
                scenario,
                strategies[name],
                replication,
                replace(way, engine=engines[name]),
            ): (name, replication)
            for name, replication in cells
        }
        for future in as_completed(futures):
            done[futures[future]] = pickle.loads(future.result())
            if report:
                report(len(done), len(cells))
    return done


def _in_this_process(
    scenario: Scenario,
    strategies: dict[str, Strategy],
    cells: list[Cell],
    way: Way,
    engines: dict[str, str],
    report: Report | None,
) -> dict[Cell, Run]:
    done: dict[Cell, Run] = {}
    for cell in cells:
        name, replication = cell

        def progress(share: float) -> None:
            if report:
                report(len(done) + share, len(cells))

        done[cell] = run(
            scenario,
            strategies[name],
            replication,
            seed=way.seed,
            moments=way.moments,
            progress=progress,
            engine=engines[name],
        )
    return done


def _on_threads(
    scenario: Scenario,
    strategies: dict[str, Strategy],
    cells: list[Cell],
    way: Way,
    workers: int,
    report: Report | None,
) -> dict[Cell, Run]:
    """The compiled engine releases the interpreter's lock: threads suffice, and nothing is copied."""
    stopped = Event()
    shares = dict.fromkeys(cells, 0.0)

    def work(cell: Cell) -> Run:
        def progress(share: float) -> None:
            shares[cell] = share
            if stopped.is_set():
                raise KeyboardInterrupt

        name, replication = cell
        return run(
            scenario,
            strategies[name],
            replication,
            seed=way.seed,
            moments=way.moments,
            progress=progress,
        )

    done: dict[Cell, Run] = {}
    with ThreadPoolExecutor(min(workers, len(cells))) as pool:
        futures = {pool.submit(work, cell): cell for cell in cells}
        try:
            waiting = set(futures)
            while waiting:
                finished, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                for future in finished:
                    done[futures[future]] = future.result()
                if report:
                    report(sum(shares.values()), len(cells))
        except BaseException:
            stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return done


def _run_cell(scenario: Scenario, strategy: Strategy, replication: int, way: Way) -> bytes:
    # pickled here: loky's own way (cloudpickle) breaks the record arrays of NumPy
    found = run(
        scenario,
        strategy,
        replication,
        seed=way.seed,
        moments=way.moments,
        engine=way.engine,
    )
    return pickle.dumps(found)


@contextmanager
def _pool(workers: int) -> Iterator[Executor]:
    """Fresh processes (never forked); on an interrupt or an error they end at once, and nothing is waited for."""
    from loky import ProcessPoolExecutor

    pool = ProcessPoolExecutor(workers, initializer=_leave_interrupts)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, kill_workers=True)
        raise
    pool.shutdown()


def _leave_interrupts() -> None:
    # Ctrl-C reaches the whole process group; only the parent shall answer it
    signal.signal(signal.SIGINT, signal.SIG_IGN)

"""All comparisons in the order in which they are shown."""

from collections.abc import Callable, Iterator

from sim.engine import ENGINES
from sim.verification import clockwork, coverage, engines, methods, published, simulated
from sim.verification.line import Line

# People and runs of the large samples; runs of the others take much longer.
SAMPLES = {"compiled": (4000, 40), "plain": (800, 10), "reference": (800, 10)}
QUICK_SAMPLES = {"compiled": (400, 10), "plain": (80, 4), "reference": (80, 4)}


def all_lines(
    quick: bool, engine: str | None = None, progress: Callable[[float], None] | None = None
) -> Iterator[Line]:
    """Theory, published figures, counts by hand, simulation; on all engines, or on one.

    `quick`: fewer people and runs, and no coverage study, which `progress` follows.
    """
    yield from published.all_published()
    yield from methods.constants()
    if engine is None:
        yield from engines.same_record()
    for each in ENGINES if engine is None else [engine]:
        yield from clockwork.by_the_clock(each)
    engine = ENGINES[0] if engine is None else engine
    people, runs = (QUICK_SAMPLES if quick else SAMPLES)[engine]
    yield from simulated.all_simulated(engine, people=people, runs=runs)
    yield from methods.intervals(studies=2000 if quick else 20_000, seed=1)
    if not quick:
        yield from methods.stations(customers=6000, seeds=16, seed=1)
        yield from coverage.intervals_of_compare(1000, engine, progress)

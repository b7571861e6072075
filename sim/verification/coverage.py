"""Do 95 % intervals of `compare` hold the truth in 95 of 100 studies? Many small studies whose answer is known."""

import math
from collections import Counter
from collections.abc import Callable, Sequence

from sim.engine import ENGINES
from sim.results import experiment
from sim.scenario import Scenario
from sim.verification.line import Line, Lines
from sim.verification.worlds import exponential, textbook

LOW, HIGH = 0.93, 0.97
Key = tuple[str, str, str]
FIGURES: tuple[Key, ...] = (
    ("renewed", "exposure", "mean"),
    ("renewed", "exposure", "p50"),
    ("renewed", "unauthorised_requests", "mean"),
    ("renewed", "unauthorised_requests", "share_zero"),
    ("on_demand", "exposure", "mean"),
    ("on_demand", "exposure", "share_zero"),
    ("on_demand", "unauthorised_requests", "mean"),
    ("on_demand", "unauthorised_writes", "mean"),
    ("on_demand", "last_click", "mean"),
)
ASKED: tuple[Key, ...] = (
    ("on_demand", "exposure", "mean"),
    ("on_demand", "exposure", "share_zero"),
)


def intervals_of_compare(
    studies: int, engine: str = ENGINES[0], progress: Callable[[float], None] | None = None
) -> Lines:
    """The share of studies (ten replications of 20 people each, seeds 0, 1, ...) whose interval holds the truth.

    Agrees between 93 and 97 %: the order statistics of a quantile keep a little more than they promise.
    """
    yield from _lines(_world(1.0), FIGURES, studies, engine, progress)


def intervals_of_virtual_cases(
    studies: int, engine: str = ENGINES[0], progress: Callable[[float], None] | None = None
) -> Lines:
    """The same where half of the people have a case, so that the others are asked.

    Intervals of quantiles cover the buckets of a histogram as well, so they keep more than they promise.
    """
    yield from _lines(_world(0.5), ASKED, studies, engine, progress)


def _world(share: float) -> Scenario:
    """Clicks that never end, and so many people who have a case; what a token meets is known."""
    return textbook(
        {},
        {
            "run.horizon": 4000.0,
            "run.drain": 300.0,
            "organisation.people": 20,
            "organisation.shift": {"start": "0s", "end": 4000.0},
            "organisation.visits": exponential(30.0),
            "workload.think": exponential(100.0),
            "cases.from": 2400.0,
            "cases.until": 3600.0,
            "cases.deactivation": {"share": share},
            "strategies": {
                "renewed": {"token": {"lifetime": 300.0, "renewal": "host", "refresh_at": 1.0}},
                "on_demand": {"token": {"lifetime": 300.0, "renewal": "host"}},
            },
        },
    )


def _lines(
    world: Scenario,
    wanted: Sequence[Key],
    studies: int,
    engine: str,
    progress: Callable[[float], None] | None,
) -> Lines:
    held: Counter[Key] = Counter()
    for seed in range(studies):
        found = experiment.compare(world, replications=10, seed=seed, engine=engine)
        for f in found.figures:
            key = (f.strategy, f.metric, f.statistic)
            if f.of is None and key in wanted and f.low is not None and f.high is not None:
                held[key] += f.theory is not None and f.low <= f.theory <= f.high
        if progress is not None:
            progress((seed + 1) / studies)
    for key in wanted:
        share = held[key] / studies
        error = math.sqrt(0.95 * 0.05 / studies)
        yield Coverage(
            "Coverage", f"{', '.join(key)}, {studies} studies", 0.95, simulated=share, error=error
        )


class Coverage(Line):
    """Agrees within 93 to 97 %, or within noise of it where there are few studies."""

    @property
    def agrees(self) -> bool:
        """Whether the share is as promised."""
        slack = max(0.0, 3 * (self.error or 0.0) - 0.02)
        return LOW - slack <= (self.simulated or 0.0) <= HIGH + slack

"""How many replications: until every mean that was asked for is as precise as asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sim.basics.names import nearest
from sim.basics.statistics import FIRST_RUNS, LOOK_AHEAD, look_ahead_at, precise_from, ratio_of_runs
from sim.coverage import Cover
from sim.engine.recording import Run
from sim.model.causes import CAUSES
from sim.results.metrics import CASE_METRICS, MEAN_METRICS, totals
from sim.scenario import Scenario

DEFAULT_MOST = 200


@dataclass(frozen=True)
class Target:
    """A mean and the relative half width it shall have; `cause` is None for a metric of the whole run."""

    strategy: str
    metric: str
    cause: str | None
    precision: float

    def __str__(self) -> str:
        of = f" after {self.cause}" if self.cause else ""
        return f"{self.metric}{of}, {self.strategy}"


@dataclass(frozen=True)
class Reached:
    """What stopping found: the targets, from which replication on each was met (None: never)."""

    targets: dict[Target, int | None]

    @property
    def missed(self) -> list[Target]:
        """The targets that the allowed replications did not reach."""
        return [target for target, since in self.targets.items() if since is None]


def check_names(scenario: Scenario) -> None:
    """Raises ValueError where `run.precision` names what has no mean."""
    for name in scenario.run.precision or ():
        if name not in MEAN_METRICS:
            raise ValueError(f"run.precision.{name}: no such metric{nearest(name, MEAN_METRICS)}")


def targets(scenario: Scenario, cover: Sequence[Cover]) -> list[Target]:
    """A target for each strategy and metric asked for; of case metrics one for each cause that has cases.

    An open pair has none: its window has no end that more replications could measure.
    """
    wanted = scenario.run.precision or {}
    happen = [cause for cause in CAUSES if scenario.cases.share_of(cause) > 0]
    closed = {(c.strategy, c.cause) for c in cover if c.of is None and c.covered}
    found = []
    for strategy in dict.fromkeys(c.strategy for c in cover):
        for metric, precision in wanted.items():
            causes = [c for c in happen if (strategy, c) in closed]
            for cause in causes if metric in CASE_METRICS else [None]:
                found.append(Target(strategy, metric, cause, float(precision)))
    return found


def judge(wanted: Sequence[Target], runs: Mapping[str, Sequence[Run]]) -> Reached:
    """From which replication on each target has been met, with the look-ahead (Hoad et al. 2010)."""
    return Reached({target: _since(target, runs[target.strategy]) for target in wanted})


def _since(target: Target, runs: Sequence[Run]) -> int | None:
    found = totals(runs, target.metric, CAUSES if target.cause is None else [target.cause])
    tops, bottoms = list(found.tops), list(found.bottoms)
    widths = [
        ratio_of_runs(tops[:n], bottoms[:n], n).relative_half_width for n in range(1, len(runs) + 1)
    ]
    return precise_from(widths, target.precision)


def enough(reached: Reached, runs: int) -> int | None:
    """The number of replications to keep: that at which the last target had held long enough; None to go on."""
    last = FIRST_RUNS + LOOK_AHEAD
    for since in reached.targets.values():
        if since is None:
            return None
        n = since
        while n - since < look_ahead_at(n):
            n += 1
        last = max(last, n)
    return min(last, runs)


def next_batch(have: int, most: int) -> int:
    """Up to how many replications to run next: a quarter more, so that few are run in vain."""
    return min(most, max(FIRST_RUNS + LOOK_AHEAD, have + max(LOOK_AHEAD, have // 4)))

"""Which strategy is better, by how much, and whether the replications tell."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sim.basics.selection import Selection, select_smallest
from sim.basics.statistics import LEVEL, holm, paired_difference
from sim.model.causes import CAUSES
from sim.results.experiment import Comparison
from sim.results.metrics import CASE_METRICS, totals

# What an architect weighs: the window after the event, and the price for honest people and the host.
COMPARED = ("exposure", "response", "auth_overhead", "host_calls", "interruptions")


@dataclass(frozen=True)
class Against:
    """A mean of a strategy less that of the baseline, on the same people and cases, paired by replication.

    `low` and `high` hold for all strategies of a metric and cause together (95 %, Bonferroni); `p` is corrected
    by Holm over the same family. `reduction` is the share of variance that pairing removed.
    """

    strategy: str
    baseline: str
    metric: str
    cause: str | None
    estimate: float
    low: float | None
    high: float | None
    p: float | None
    reduction: float | None
    n: int


def default_name(names: Iterable[str]) -> str:
    """The strategy that is in use: `today`, else the first."""
    return "today" if "today" in (known := list(names)) else known[0]


def default_baseline(comparison: Comparison) -> str:
    """The user's own setting, open or not: `today`, else the first."""
    return default_name(comparison.strategies)


def differences(comparison: Comparison, baseline: str | None = None) -> list[Against]:
    """Every strategy against the baseline (default: `default_baseline`), metric by metric; none against itself.

    Exposure is compared by cause, and only where both strategies end it and no case outlived the run. Raises
    ValueError where there is no such baseline.
    """
    baseline = default_baseline(comparison) if baseline is None else baseline
    if baseline not in comparison.strategies:
        raise ValueError(f"baseline {baseline}: not among {', '.join(comparison.strategies)}")
    rows: list[Against] = []
    for metric in COMPARED:
        for cause in comparison.causes if metric in CASE_METRICS else [None]:
            rows += _corrected(list(_family(comparison, baseline, metric, cause)))
    return rows


def _family(
    comparison: Comparison, baseline: str, metric: str, cause: str | None
) -> Iterator[Against]:
    names = [
        name
        for name in comparison.strategies
        if cause is None or _comparable(comparison, name, cause)
    ]
    if baseline not in names or len(names) < 2:
        return
    level = 1 - (1 - LEVEL) / (len(names) - 1)
    means = {
        name: totals(comparison.runs[name], metric, CAUSES if cause is None else [cause])
        for name in names
    }
    for name in names:
        if name != baseline:
            d = paired_difference(means[name], means[baseline], level)
            if d.n:
                yield Against(
                    name, baseline, metric, cause, d.value, d.low, d.high, d.p, d.reduction, d.n
                )


def _corrected(rows: Sequence[Against]) -> list[Against]:
    p_values = [row.p for row in rows if row.p is not None]
    if len(p_values) < len(rows):
        return list(rows)
    return [replace(row, p=p) for row, p in zip(rows, holm(p_values), strict=True)]


def best(comparison: Comparison, metric: str) -> Selection | None:
    """The strategy with the smallest mean of a metric, and those the replications do not tell from it.

    A case metric is taken over all cases, among the strategies that end every cause before the run ends.
    """
    causes = comparison.causes
    means = {
        name: totals(runs, metric)
        for name, runs in comparison.runs.items()
        if metric not in CASE_METRICS or all(_comparable(comparison, name, c) for c in causes)
    }
    return select_smallest(means)


def _comparable(comparison: Comparison, name: str, cause: str) -> bool:
    """Whether the mean exposure is that of whole windows: the pair is covered and nothing was cut."""
    return comparison.covered(name, cause) and not comparison.censored(name, cause)

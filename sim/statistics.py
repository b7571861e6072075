"""Intervals: what a figure from a few replications is worth.

The unit is the replication: cases within one share a day, replications are independent.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

LEVEL = 0.95
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval; `low` and `high` are None where an interval is refused. `n` counts observations."""

    value: float
    low: float | None
    high: float | None
    n: int


@cache
def student(degrees: int, level: float = LEVEL) -> float:
    """The two-sided quantile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.5 + level / 2))


def mean_of_runs(values: Sequence[float], n: int) -> Estimate:
    """Mean over replications with Student's interval; none with fewer than two replications."""
    sample = np.asarray(values, dtype=np.float64)
    mean = float(sample.mean())
    if len(sample) < 2:
        return Estimate(mean, None, None, n)
    half = student(len(sample) - 1) * float(sample.std(ddof=1)) / math.sqrt(len(sample))
    return Estimate(mean, mean - half, mean + half, n)


def ratio_of_runs(numerators: Sequence[float], denominators: Sequence[float], n: int) -> Estimate:
    """Sum over sum, for instance seconds over cases, with the jackknife's interval over replications.

    The mean of the replications' own ratios would be biased where they hold few cases each (Quenouille 1956).
    """
    top, bottom = np.asarray(numerators, float), np.asarray(denominators, float)
    used = bottom > 0
    top, bottom = top[used], bottom[used]
    if not len(top):
        return Estimate(math.nan, None, None, 0)
    value = float(top.sum() / bottom.sum())
    runs = len(top)
    if runs < 2:
        return Estimate(value, None, None, n)
    left_out = (top.sum() - top) / (bottom.sum() - bottom)
    error = math.sqrt((runs - 1) / runs * float(((left_out - left_out.mean()) ** 2).sum()))
    half = student(runs - 1) * error
    return Estimate(value, value - half, value + half, n)


def share(successes: int, n: int, runs: int) -> Estimate:
    """A share with Wilson's interval (Wilson 1927)."""
    if n == 0:
        return Estimate(math.nan, None, None, 0)
    p = successes / n
    if runs < 2:
        return Estimate(p, None, None, n)
    z = 1.959963984540054
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return Estimate(p, max(0.0, centre - half), min(1.0, centre + half), n)


def quantile(values: Array, q: float, runs: int) -> Estimate:
    """A quantile of pooled cases with the distribution-free interval of order statistics.

    Refused (None) where no two ranks cover it with 95 %, and with one replication.
    """
    n = len(values)
    if n == 0:
        return Estimate(math.nan, None, None, 0)
    value = float(np.quantile(values, q))
    ranks = quantile_ranks(n, q)
    if runs < 2 or ranks is None:
        return Estimate(value, None, None, n)
    ordered = np.sort(values)
    return Estimate(value, float(ordered[ranks[0] - 1]), float(ordered[ranks[1] - 1]), n)


@cache
def quantile_ranks(n: int, q: float, level: float = LEVEL) -> tuple[int, int] | None:
    """The ranks (from 1) of the order statistics that enclose the q-quantile of n values, or None if n is too small."""
    from scipy.special import bdtr

    below = bdtr(np.arange(n + 1), n, q)  # P(at most k values lie below the quantile)
    low = int(np.searchsorted(below, (1 - level) / 2))
    high = int(np.searchsorted(below, (1 + level) / 2)) + 1
    return (low, high) if low >= 1 and high <= n else None

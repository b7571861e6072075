"""Intervals, differences, warm-up and stopping: what a figure from a few replications is worth.

The unit is the replication: cases within one share a day, replications are independent.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

LEVEL = 0.95
QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}  # the statistics beside the mean
LOOK_AHEAD = 5  # replications for which a precision must hold; per 100 beyond 100
FIRST_RUNS = 3  # a precision is not judged with fewer
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval; `low` and `high` are None where an interval is refused. `n` counts observations."""

    value: float
    low: float | None
    high: float | None
    n: int

    @property
    def half_width(self) -> float:
        """Half the interval; infinite where it is refused."""
        if self.low is None or self.high is None:
            return math.inf
        return (self.high - self.low) / 2

    @property
    def relative_half_width(self) -> float:
        """Half width over the absolute value: 0 for an exact 0, infinite for any other interval around 0."""
        if self.half_width == 0:
            return 0.0
        return self.half_width / abs(self.value) if self.value else math.inf


@dataclass(frozen=True)
class Difference:
    """A figure less that of a baseline on the same people and cases, with what the pairing gained.

    `reduction` is the share of the variance that independent runs would have had and pairing removed;
    negative where it did harm, None where nothing varies. `p` is two-sided, of no difference.
    """

    value: float
    low: float | None
    high: float | None
    p: float | None
    reduction: float | None
    n: int


@dataclass(frozen=True)
class Totals:
    """A mean as sums: one numerator and one denominator a replication (denominators of 1 for plain means)."""

    tops: Sequence[float]
    bottoms: Sequence[float]

    @staticmethod
    def of(values: Sequence[float]) -> "Totals":
        """One value a replication."""
        return Totals(values, [1.0] * len(values))


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
    if len(top) < 2:
        return Estimate(value, None, None, n)
    error = _jackknife_error(_left_out(top, bottom))
    half = student(len(top) - 1) * error
    return Estimate(value, value - half, value + half, n)


def _left_out(top: Array, bottom: Array) -> Array:
    """The ratio without each replication in turn."""
    result: Array = (top.sum() - top) / (bottom.sum() - bottom)
    return result


def _jackknife_error(left_out: Array) -> float:
    runs = len(left_out)
    return math.sqrt((runs - 1) / runs * float(((left_out - left_out.mean()) ** 2).sum()))


def paired_difference(ours: Totals, baseline: Totals, level: float = LEVEL) -> Difference:
    """Our mean less the baseline's, paired by replication; jackknife (for plain means: Student's).

    Replications in which either has nothing to average are left out.
    """
    a, b, c, d = (
        np.asarray(x, float) for x in (ours.tops, ours.bottoms, baseline.tops, baseline.bottoms)
    )
    used = (b > 0) & (d > 0)
    a, b, c, d = a[used], b[used], c[used], d[used]
    runs = len(a)
    if not runs:
        return Difference(math.nan, None, None, None, None, 0)
    value = float(a.sum() / b.sum() - c.sum() / d.sum())
    if runs < 2:
        return Difference(value, None, None, None, None, runs)
    ours_out, base_out = _left_out(a, b), _left_out(c, d)
    error = _jackknife_error(ours_out - base_out)
    apart = _jackknife_error(ours_out) ** 2 + _jackknife_error(base_out) ** 2
    half = student(runs - 1, level) * error
    reduction = 1 - error**2 / apart if apart > 0 else None
    return Difference(
        value, value - half, value + half, _two_sided(value, error, runs), reduction, runs
    )


def _two_sided(value: float, error: float, runs: int) -> float:
    from scipy.special import stdtr

    if error == 0:
        return 1.0 if value == 0 else 0.0
    return 2 * float(stdtr(runs - 1, -abs(value) / error))


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected for their number by Holm's steps (1979): family-wise error as stated.

    As `statsmodels.stats.multitest.multipletests`, whose import takes longer than all intervals of a comparison.
    A NaN is no test: it stays, and the others are corrected for their own number.
    """
    known = [i for i, p in enumerate(p_values) if not math.isnan(p)]
    number = len(known)
    corrected, largest = [math.nan] * len(p_values), 0.0
    for left, i in enumerate(sorted(known, key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (number - left) * p_values[i]))
        corrected[i] = largest
    return corrected


def bootstrap(
    values: Sequence[float],
    statistic: Callable[..., object] = np.mean,
    level: float = LEVEL,
    seed: int = 0,
    resamples: int = 9999,
) -> Estimate:
    """Any statistic of one value a replication, with the bias-corrected bootstrap's interval (BCa, Efron 1987).

    For statistics without a formula and skewed values; needs some twenty replications to keep its level.
    `statistic` takes an array and an `axis`. Refused with fewer than two replications or where all are equal (to a rounding).
    """
    from scipy.stats import bootstrap as resample

    sample = np.asarray(values, float)
    value = float(statistic(sample, axis=-1))  # type: ignore[arg-type]
    if len(sample) < 2 or np.ptp(sample) <= 1e-12 * np.abs(sample).max():
        return Estimate(value, None, None, len(sample))
    random = np.random.default_rng(seed)
    found = resample(
        (sample,), statistic, confidence_level=level, n_resamples=resamples, rng=random
    ).confidence_interval
    low, high = float(found.low), float(found.high)
    if math.isnan(low) or math.isnan(high):
        return Estimate(value, None, None, len(sample))
    return Estimate(value, low, high, len(sample))


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
    # at none or all of n the interval ends at the share itself, which rounding must not miss
    return Estimate(p, max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half)), n)


def quantile(values: Array, q: float, runs: int) -> Estimate:
    """A quantile of pooled cases with the distribution-free interval of order statistics.

    Refused (None) where no two ranks cover it with 95 %, and with one replication.
    """
    return quantiles(values, [q], runs)[0]


def quantiles(values: Array, shares: Sequence[float], runs: int) -> list[Estimate]:
    """Several quantiles of the same cases; see `quantile`."""
    n = len(values)
    if n == 0:
        return [Estimate(math.nan, None, None, 0)] * len(shares)
    ordered = np.sort(values)
    found = []
    for q, value in zip(shares, np.quantile(ordered, shares).tolist(), strict=True):
        ranks = quantile_ranks(n, q) if runs >= 2 else None
        low, high = (None, None) if ranks is None else (float(ordered[i - 1]) for i in ranks)
        found.append(Estimate(value, low, high, n))
    return found


@cache
def quantile_ranks(n: int, q: float, level: float = LEVEL) -> tuple[int, int] | None:
    """The ranks (from 1) of the order statistics that enclose the q-quantile of n values, or None if n is too small."""
    from scipy.special import bdtr

    below = bdtr(np.arange(n + 1), n, q)  # P(at most k values lie below the quantile)
    low = int(np.searchsorted(below, (1 - level) / 2))
    high = int(np.searchsorted(below, (1 + level) / 2)) + 1
    return (low, high) if low >= 1 and high <= n else None


# -- one long run -------------------------------------------------------------------------------


def batch_means(series: Sequence[float], batches: int, level: float = LEVEL) -> Estimate:
    """The mean of a correlated series with Student's interval over means of `batches` equal batches.

    Left-over values at the end are dropped. Batches must be long against the correlation: then their means
    are nearly independent (Schmeiser 1982: 10 to 30 batches). Raises ValueError with fewer than two batches.
    """
    length = len(series) // batches if batches >= 2 else 0
    if length < 1:
        raise ValueError(
            f"{batches} batches of {len(series)} values: expected 2 or more, none empty"
        )
    means = np.asarray(series[: length * batches], float).reshape(batches, length).mean(axis=1)
    half = student(batches - 1, level) * float(means.std(ddof=1)) / math.sqrt(batches)
    mean = float(means.mean())
    return Estimate(mean, mean - half, mean + half, length * batches)


def mser(series: Sequence[float], batch: int = 5) -> int:
    """How many values to cut from the start: the marginal standard error rule, MSER-5 (Spratt 1998).

    Over means of `batch` values, the cut d up to half the series that minimises the sum of squares about
    the mean of what is left, over its squared length. A result at half the series means: too short a run.
    """
    z = np.asarray(series[: len(series) // batch * batch], float).reshape(-1, batch).mean(axis=1)
    test = np.full(len(z) // 2 + 1, np.inf)
    mean = squares = 0.0
    for d in range(
        len(z) - 1, -1, -1
    ):  # backwards, so that a constant rest has squares of exactly 0
        kept, step = len(z) - d, float(z[d]) - mean
        mean += step / kept
        squares += step * (float(z[d]) - mean)
        if d < len(test):
            test[d] = squares / kept**2
    return int(np.argmin(test)) * batch


# -- how many replications ----------------------------------------------------------------------


def look_ahead_at(n: int) -> int:
    """For how many more replications a precision reached at n must hold: 5, and 5 in 100 beyond 100.

    Hoad, Robinson and Davies (2010), as sim-tools implements it.
    """
    return int(LOOK_AHEAD / 100 * max(n, 100))


def precise_from(
    deviations: Sequence[float], precision: float, first: int = FIRST_RUNS
) -> int | None:
    """The number of replications from which on the relative half width stays within `precision`.

    `deviations[i]` is that of the first i + 1 replications. None while it has not held for the look-ahead.
    """
    since: int | None = None
    for n in range(first, len(deviations) + 1):
        if not deviations[n - 1] <= precision:
            since = None
            continue
        since = n if since is None else since
        if n - since >= look_ahead_at(n):
            return since
    return None

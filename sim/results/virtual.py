"""Exposure from virtual cases: each simulated person is asked at many moments, what if it had been now?

The mean of a replication is over its moments, those of who stays and of who goes on weighed by how often people do either.
Moments of one person are alike, so intervals come from replications alone: the jackknife of ratios, and for a quantile the
levels at which the share below it may lie (Woodruff 1952), read off the histogram.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.basics.statistics import QUANTILES, Estimate, Totals, ratio_of_runs
from sim.engine.given import Given
from sim.engine.histogram import BUCKETS, bucket_of, lower_edges
from sim.engine.readable import why_not as not_read
from sim.engine.recording import Run
from sim.engine.windows import GOES_ON, STAYS, Virtual, Windows
from sim.model.causes import Cause, Kind

Array = npt.NDArray[np.float64]
MOMENTS = 32  # at which each person is asked
_EDGES = lower_edges()
ESTIMATOR = "virtual"  # what figures say that rest on them


def in_words(found: Iterable[tuple[str, str]]) -> str:
    """What exposure rests on, from strategies and estimators of their figures; empty where on real cases alone."""
    pairs = list(found)
    if all(estimator != ESTIMATOR for _, estimator in pairs):
        return ""
    real: dict[str, list[str]] = {}
    for name, estimator in pairs:
        if estimator != ESTIMATOR:
            real.setdefault(name, []).append(estimator.partition(": ")[2])
    said = [
        _with_reasons(name, list(dict.fromkeys(filter(None, why)))) for name, why in real.items()
    ]
    rest = f" On real cases, after some causes at least: {', '.join(said)}." if real else ""
    return f"Exposure: each simulated person is asked at {MOMENTS} moments, what if it had been now?{rest}"


def _with_reasons(name: str, why: Sequence[str]) -> str:
    return f"{name} ({', '.join(why)})" if why else name


def why_not(given: Given, cause: Cause, runs: Sequence[Run]) -> str:
    """For which setting the figures of a cause rest on real cases, where virtual ones were asked for; else empty."""
    if not given.moments or not runs or readable(runs, cause):
        return ""
    cut = any(run.virtual is not None for run in runs)
    return not_read(given, cause) or ("a window that outlasts the run" if cut else "")


def readable(runs: Sequence[Run], cause: Cause) -> bool:
    """Whether the exposure after a cause rests on virtual cases: those of all runs, and none that the end of a run cut."""
    return bool(runs) and all(_readable(run.virtual, cause) for run in runs)


def _readable(virtual: Virtual | None, cause: Cause) -> bool:
    if virtual is None or cause not in virtual.causes or cause in virtual.unresolved:
        return False
    return not any(w.censored for key, w in virtual.windows.items() if key[1] == cause)


@dataclass(frozen=True)
class Asked:
    """What the moments of some people met after one cause, a row a replication."""

    moments: int
    tops: Array  # s, sums of windows
    zeros: Array
    numbers: Array
    max_s: float
    shares: Array  # by replication and bucket, not yet divided by `numbers`

    @staticmethod
    def of(
        runs: Sequence[Run],
        cause: Cause,
        *,
        kind: Kind | None = None,
        page_open: bool = False,
    ) -> "Asked":
        """Of everybody who loses something, in the worst kind or in one; or where a page was open."""
        rows, moments, max_s = [], 1, 0.0
        for run in runs:
            virtual = run.virtual
            assert virtual is not None
            moments = virtual.moments
            row = _Row()
            which = virtual.kind_of(cause, kind)
            for (of, after, goes_on, administrator, is_open), w in virtual.windows.items():
                unwanted = (kind is Kind.ADMIN and not administrator) or (page_open and not is_open)
                weight = _weight(virtual, cause, goes_on)
                if (of, after) == (which, cause) and weight > 0 and not unwanted:
                    row.add(w, weight)
                    max_s = max(max_s, w.max_s)
            rows.append(row)
        return Asked(
            moments,
            np.array([row.top for row in rows]),
            np.array([row.zeros for row in rows]),
            np.array([row.number for row in rows]),
            max_s,
            np.array([row.counts for row in rows]),
        )

    @staticmethod
    def pooled(parts: Sequence[tuple[float, "Asked"]]) -> "Asked":
        """Several causes together, each as often as it happens.

        A replication stands for what it adds to the ratios: how many it asked is no chance of the pool.
        """
        whole = sum(share for share, _ in parts)
        each = max(float(asked.numbers.mean()) for _, asked in parts)

        def mixed(rows: Callable[[Asked], Array]) -> Array:
            added = (share / whole * _added(rows(asked), asked.numbers) for share, asked in parts)
            found: Array = each * np.sum(list(added), axis=0)
            return found

        return Asked(
            parts[0][1].moments,
            mixed(lambda asked: asked.tops),
            mixed(lambda asked: asked.zeros),
            np.full(len(parts[0][1].numbers), each),
            max(asked.max_s for _, asked in parts),
            mixed(lambda asked: asked.shares),
        )

    @property
    def totals(self) -> Totals:
        """The mean window, as sums."""
        return Totals(self.tops.tolist(), self.numbers.tolist())

    @property
    def persons(self) -> int:
        """How many stand behind a figure: a person for each full set of moments, and for what is left."""
        return math.ceil(round(float(self.numbers.sum()), 6) / self.moments)

    @property
    def mean(self) -> Estimate:
        """The mean window."""
        return ratio_of_runs(self.tops.tolist(), self.numbers.tolist(), self.persons)

    def share_over(self, limit_s: float) -> float:
        """The share of windows that are longer, spread evenly within the bucket where the limit lies."""
        if self.max_s <= limit_s:
            return 0.0
        counts = np.maximum(0.0, self.shares.sum(axis=0))
        bucket = bucket_of(limit_s)
        low, high = self._edge(bucket), self._edge(bucket + 1)
        within = (high - max(low, limit_s)) / (high - low) if high > low else 0.0
        over = float(counts[bucket + 1 :].sum()) + within * float(counts[bucket])
        return over / float(counts.sum())

    def statistics(self) -> Iterator[tuple[str, Estimate]]:
        """mean, quantiles, max and share_zero, as of a column of cases."""
        n = self.persons
        yield "mean", self.mean
        for name, q in QUANTILES.items():
            yield name, self.quantile(q)
        yield "max", Estimate(self.max_s, None, None, n)
        e = ratio_of_runs(self.zeros.tolist(), self.numbers.tolist(), n)
        low, high = (None if x is None else min(1.0, max(0.0, x)) for x in (e.low, e.high))
        yield "share_zero", Estimate(e.value, low, high, n)

    def quantile(self, q: float) -> Estimate:
        """A quantile; its interval is that of the share below it, and covers the bucket it lies in."""
        whole = np.cumsum(self.shares.sum(axis=0))
        whole /= whole[-1]
        bucket = _bucket(whole, q)
        value = self._inside(whole, bucket, q)
        below = self.shares[:, : bucket + 1].sum(axis=1)
        e = ratio_of_runs(below.tolist(), self.numbers.tolist(), 0)
        if e.low is None or e.high is None:
            return Estimate(value, None, None, self.persons)
        half = (e.high - e.low) / 2
        low = self._edge(_bucket(whole, max(0.0, q - half)))
        high = self._edge(_bucket(whole, min(1.0, q + half)) + 1)
        return Estimate(value, min(low, value), max(high, value), self.persons)

    def _inside(self, whole: Array, bucket: int, q: float) -> float:
        """Spread evenly within the bucket; the first holds windows of no length."""
        if bucket == 0:
            return 0.0
        before = float(whole[bucket - 1])
        part = (q - before) / (float(whole[bucket]) - before)
        low = self._edge(bucket)
        return low + (self._edge(bucket + 1) - low) * min(1.0, max(0.0, part))

    def _edge(self, bucket: int) -> float:
        """The lower edge of a bucket; nothing is longer than the longest. The first bucket is taken for 0."""
        return 0.0 if bucket <= 1 else min(float(_EDGES[bucket]), self.max_s)


def _added(rows: Array, numbers: Array) -> Array:
    """Rows whose mean is the ratio of the sums, and which vary as that does (the delta method)."""
    ratio = rows.sum(axis=0) / numbers.sum()
    found: Array = ratio + (rows.T - np.multiply.outer(ratio, numbers)).T / numbers.mean()
    return found


class _Row:
    """The sums of one replication while they are added up."""

    def __init__(self) -> None:
        self.top = self.zeros = self.number = 0.0
        self.counts = np.zeros(BUCKETS)

    def add(self, w: Windows, weight: float) -> None:
        self.top += weight * w.total_s
        self.zeros += weight * w.zeros
        self.number += weight * w.n
        self.counts[w.buckets] += weight * w.counts


def _weight(virtual: Virtual, cause: Cause, goes_on: int) -> float:
    share = virtual.goes_on if cause.noticed else 0.0
    return {STAYS: 1.0 - share, GOES_ON: share}[goes_on]


def _bucket(whole: Array, level: float) -> int:
    """The first bucket up to whose end at least this share lies."""
    return min(int(np.searchsorted(whole, level - 1e-12)), BUCKETS - 1)


def asked(runs: Sequence[Run], causes: Sequence[Cause] = tuple(Cause)) -> Asked | None:
    """What the exposure after some causes rests on, each as often as it happens; None where on real cases.

    Those that do not happen are left out; of the others all must be readable.
    """
    virtual = runs[0].virtual if runs else None
    if virtual is None:
        return None
    happen = [cause for cause in causes if virtual.shares[cause] > 0]
    if not all(readable(runs, cause) for cause in happen):
        return None
    parts = [(virtual.shares[cause], Asked.of(runs, cause)) for cause in happen]
    parts = [(share, one) for share, one in parts if one.numbers.any()]
    if len(parts) < 2:
        return parts[0][1] if parts else None
    return Asked.pooled(parts)


def exposures(
    runs: Sequence[Run], cause: Cause, page_open: bool
) -> Iterator[tuple[Kind | None, str, Estimate]]:
    """Every figure of the exposure after a cause: of the worst kind (None), then of each that is lost."""
    everybody = Asked.of(runs, cause, page_open=page_open)
    if not everybody.numbers.any():
        return
    yield from ((None, *row) for row in everybody.statistics())
    for kind in cause.takes:
        asked = Asked.of(runs, cause, kind=kind, page_open=page_open)
        if asked.numbers.any():
            yield from ((kind, *row) for row in asked.statistics())

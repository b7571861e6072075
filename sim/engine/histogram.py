"""Times kept as histograms: what a run remembers of millions of answers, with at most 0.8 % error in a quantile.

Buckets are those of the float itself: its exponent and the first seven bits of its mantissa, so a bucket is 1/128 of
its lower edge wide (the idea of HdrHistogram, Tene 2012). Number, smallest and largest are exact. Sums are whole numbers of
ticks, so they do not depend on the order in which they were added.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

TICKS_PER_S = 2.0**26  # a tick is 15 ns; an int64 of them holds 4,000 years
PER_OCTAVE = 128
LOW_EXPONENT, HIGH_EXPONENT = -19, 31  # of math.frexp: 1 us and 34 years
BUCKETS = (HIGH_EXPONENT - LOW_EXPONENT) * PER_OCTAVE + 2  # one more below, one more above


def ticks(time_s: float) -> int:
    """A time as a whole number of ticks, rounded half up."""
    return math.floor(time_s * TICKS_PER_S + 0.5)


def bucket_of(time_s: float) -> int:
    """The bucket a time falls in; 0 holds what is below a microsecond, the last what is above 34 years."""
    mantissa, exponent = math.frexp(time_s)
    if exponent < LOW_EXPONENT or time_s <= 0.0:
        return 0
    if exponent >= HIGH_EXPONENT:
        return BUCKETS - 1
    return 1 + (exponent - LOW_EXPONENT) * PER_OCTAVE + int((mantissa - 0.5) * (2 * PER_OCTAVE))


def lower_edges() -> npt.NDArray[np.float64]:
    """The lower edge of each bucket, in seconds, and the upper edge of the last (infinite)."""
    steps = np.arange(BUCKETS - 1)
    exponent, part = np.divmod(steps, PER_OCTAVE)
    edges = np.ldexp(0.5 * (1.0 + part / PER_OCTAVE), exponent + LOW_EXPONENT)
    return np.concatenate(([0.0], edges, [math.inf]))


_EDGES = lower_edges()


@dataclass(eq=False)
class Histogram:
    """How often each time occurred. Bucket i holds times in [`lower_edges()`[i], `lower_edges()`[i + 1])."""

    counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(BUCKETS, dtype=np.int64))
    n: int = 0
    total_ticks: int = 0
    min_s: float = math.inf
    max_s: float = -math.inf

    def add(self, time_s: float) -> None:
        """Count one time of at least 0 seconds."""
        self.counts[bucket_of(time_s)] += 1
        self.n += 1
        self.total_ticks += ticks(time_s)
        self.min_s, self.max_s = min(self.min_s, time_s), max(self.max_s, time_s)

    @property
    def total_s(self) -> float:
        """The sum, each time rounded to a tick."""
        return self.total_ticks / TICKS_PER_S

    def mean(self) -> float:
        """The mean in seconds; NaN of nothing."""
        return self.total_s / self.n if self.n else math.nan

    def quantile(self, q: float) -> float:
        """The q-quantile in seconds, spread evenly within its bucket; NaN of nothing."""
        return self.quantile_within(q)[0]

    def quantile_within(self, q: float) -> tuple[float, float, float]:
        """The same, and the ends of its bucket, between which the times themselves have it; NaN of nothing."""
        if not self.n:
            return math.nan, math.nan, math.nan
        rank = q * (self.n - 1)  # from 0, between two times as a rule
        below = np.cumsum(self.counts)
        bucket = int(np.searchsorted(below, math.floor(rank), side="right"))
        low_s = max(float(_EDGES[bucket]), self.min_s)
        high_s = min(float(_EDGES[bucket + 1]), self.max_s)
        inside = rank - float(below[bucket] - self.counts[bucket]) + 0.5
        value = low_s + (high_s - low_s) * min(1.0, inside / float(self.counts[bucket]))
        above = int(np.searchsorted(below, math.ceil(rank), side="right"))
        return value, low_s, min(float(_EDGES[above + 1]), self.max_s)

    def __len__(self) -> int:
        return self.n


def merged(histograms: Iterable[Histogram]) -> Histogram:
    """All that several histograms hold."""
    whole = Histogram()
    for part in histograms:
        whole.counts = whole.counts + part.counts
        whole.n += part.n
        whole.total_ticks += part.total_ticks
        whole.min_s, whole.max_s = min(whole.min_s, part.min_s), max(whole.max_s, part.max_s)
    return whole

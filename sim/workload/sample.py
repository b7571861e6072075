"""A sample as values with their counts: exact, or rounded by a stated share where it has too many values."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.workload.order import coded, distinct

Array = npt.NDArray[np.float64]

_MOST = 1 << 17  # values kept apart
_SMALL = 1 << 17
_BITS = 11  # of the mantissa that are kept beyond that
ROUNDING = 2.0 ** -(_BITS + 1)  # a rounded value is off by at most this share


class Sample:
    """Numbers of at least 0, counted. Its memory does not grow with them, its mean is exact.

    Beyond 131,072 different values they are rounded, by at most 0.025 % each (`rounded`).
    """

    def __init__(self, values: Any = ()) -> None:
        self.values: Array = np.zeros(0)
        self.counts: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.rounded = False
        self._total, self._n = 0.0, 0
        self.add(values)

    def add(self, values: Any) -> None:
        """Count more numbers."""
        new = np.asarray(values, dtype=np.float64)
        self._total += float(new.sum())
        self._n += len(new)
        new_values, new_counts = _counted(_round(new) if self.rounded else new)
        self._merge(new_values, new_counts)
        if len(self.values) > _MOST and not self.rounded:
            values, counts, self.rounded = _round(self.values), self.counts, True
            self.values, self.counts = np.zeros(0), np.zeros(0, dtype=np.int64)
            self._merge(values, counts)

    def _merge(self, values: Array, counts: npt.NDArray[np.int64]) -> None:
        joined = np.concatenate((self.values, values))
        self.values, _, codes = coded(joined)
        weights = np.concatenate((self.counts, counts))
        self.counts = np.bincount(codes, weights, minlength=len(self.values)).astype(np.int64)

    def __len__(self) -> int:
        return self._n

    def __iter__(self) -> Iterator[float]:
        return iter(self.tolist())

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        return np.repeat(self.values, self.counts).astype(dtype or np.float64)

    def tolist(self) -> list[float]:
        """All numbers, in order."""
        return list(np.asarray(self).tolist())

    def mean(self) -> float:
        """The mean."""
        return self._total / self._n

    def sum(self) -> float:
        """The sum."""
        return self._total

    def quantile(self, q: Any) -> Any:
        """Quantiles, between neighbours by their distance, as `numpy.quantile` has them."""
        at = np.asarray(q, dtype=np.float64) * (self._n - 1)
        low = np.floor(at).astype(np.int64)
        ends = self.counts.cumsum()
        below = self.values[np.searchsorted(ends, low, side="right")]
        above = self.values[np.searchsorted(ends, np.minimum(low + 1, self._n - 1), side="right")]
        return below + (above - below) * (at - low)


def _counted(values: Array) -> tuple[Array, npt.NDArray[np.int64]]:
    """Different values and their counts; small whole numbers without a sort."""
    if len(values) and values.max() < _SMALL:
        whole = values.astype(np.int64)
        if (whole == values).all():
            counts = np.bincount(whole)
            found = np.flatnonzero(counts)
            return found.astype(np.float64), counts[found]
    return distinct(values)


def _round(values: Array) -> Array:
    """Values with few bits, each off by at most a share of `ROUNDING`."""
    mantissa, exponent = np.frexp(values)
    return np.ldexp(np.round(mantissa * 2.0**_BITS) / 2.0**_BITS, exponent)

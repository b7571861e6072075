"""Rows that are alike: as they happen, and as a log has them that was written twice."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.workload.store import Table

_NEARLY_ALL = 0.9


@dataclass
class Doubles:
    """How many rows of persons there are, and how many of them stand in pairs of like ones."""

    rows: int = 0
    paired: int = 0
    repeats: int = 0  # rows like the row before in the file

    @property
    def written_twice(self) -> bool:
        """Whether nearly every row stands twice."""
        return self.rows >= 4 and self.paired >= _NEARLY_ALL * self.rows

    def look(self, rows: Table, key: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which rows are the second of a pair: same person, time, address, kind and size. In the order of key and time."""
        self.rows += len(key)
        same = (key[1:] == key[:-1]) & (rows["time"][1:] == rows["time"][:-1])
        near = np.flatnonzero(np.append(False, same) | np.append(same, False))
        second = np.zeros(len(key), dtype=bool)
        if len(near):
            second[near] = self._seconds({name: rows[name][near] for name in rows}, key[near])
        self.paired += 2 * int(second.sum())
        return second

    def _seconds(self, rows: Table, key: Any) -> npt.NDArray[np.bool_]:
        size = np.nan_to_num(rows["bytes"], nan=-1.0)  # sizes that are missing are alike
        by = (rows["kind"], size, rows["place"], rows["time"], key)
        order = np.lexsort(by)
        alike = np.ones(len(key), dtype=bool)
        for values in by:
            sorted_ = values[order]
            alike[1:] &= sorted_[1:] == sorted_[:-1]
        alike[0] = False
        # the second, fourth ... of each run of like rows
        at = np.arange(len(key))
        run = at - np.maximum.accumulate(np.where(alike, 0, at))
        second = np.zeros(len(key), dtype=bool)
        second[order] = run % 2 == 1
        return second

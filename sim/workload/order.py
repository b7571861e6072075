"""Orders that keep what is alike in the order in which it came, in less time than a sort of several keys."""

import numpy as np
import numpy.typing as npt

from sim.workload.logs.texts import Hashes, mixed

Ints = npt.NDArray[np.int64]


def in_order(key: Ints, time: Ints) -> npt.NDArray[np.intp]:
    """The order of key and time. Rows that come in the order of time need only be dealt out by key."""
    if (time[1:] >= time[:-1]).all():
        return _by_key(key)
    by_time = np.argsort(time, kind="stable")
    return by_time[_by_key(key[by_time])]


def _by_key(key: Ints) -> npt.NDArray[np.intp]:
    least = key.min()
    # numbers of 16 bits are sorted by counting
    short = key.max() - least < 1 << 16
    return np.argsort((key - least).astype(np.uint16) if short else key, kind="stable")


def grouped(key: Ints, numbers: Hashes) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """An order in which rows of one key and number stand together, and where such a group begins."""
    pairs = mixed(numbers, key.astype(np.uint64))
    order = np.argsort(pairs, kind="stable")
    sorted_ = pairs[order]
    first = np.ones(len(pairs), dtype=bool)
    first[1:] = sorted_[1:] != sorted_[:-1]
    return order, first

"""Orders that keep what is alike in the order in which it came, in less time than a sort of several keys."""

from typing import Any

import numpy as np
import numpy.typing as npt

from sim.workload.logs.texts import Hashes, mixed

Array = npt.NDArray[Any]
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
    order = _by_pair(pairs)
    sorted_ = pairs[order]
    first = np.ones(len(pairs), dtype=bool)
    first[1:] = sorted_[1:] != sorted_[:-1]
    return order, first


def _by_pair(pairs: Hashes) -> npt.NDArray[np.intp]:
    """An order in which equal numbers stand together, each in the order in which it came.

    A row's place stands in the low bits of its number, so that values are sorted, which is many times faster than an
    order of them. Where the high bits of two numbers do not tell them apart, all bits are looked at.
    """
    low = np.uint64((1 << max(len(pairs) - 1, 1).bit_length()) - 1)
    packed = (pairs & ~low) | np.arange(len(pairs), dtype=np.uint64)
    packed.sort()
    order = (packed & low).astype(np.intp)
    sorted_ = pairs[order]
    mistaken = (sorted_[1:] != sorted_[:-1]) & ((packed[1:] ^ packed[:-1]) <= low)
    return np.argsort(pairs, kind="stable") if mistaken.any() else order


# As `numpy.unique`, which loads the masked arrays for it.


def distinct(values: Array) -> tuple[Array, Ints]:
    """The different values in order, and how often each is there."""
    ordered = np.sort(values)
    begins = np.flatnonzero(_first(ordered))
    return ordered[begins], np.diff(begins, append=len(ordered))


def coded(values: Array) -> tuple[Array, Ints, Ints]:
    """The different values in order, where each is first, and the number of each value among them."""
    order = np.argsort(values, kind="stable")
    first = _first(values[order])
    codes = np.empty(len(values), dtype=np.int64)
    codes[order] = first.cumsum() - 1
    at = order[first]
    return values[at], at, codes


def _first(ordered: Array) -> npt.NDArray[np.bool_]:
    first = np.ones(len(ordered), dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return first

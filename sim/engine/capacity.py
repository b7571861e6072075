"""Whether people who were run one after the other may have been: by cells of time, no station was full and no bucket empty."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from sim.engine.given import Given, cells_of
from sim.engine.state import CELLS, Station

_RARE = 4.5  # deviations of a Poisson number that hardly any of a day's instants exceeds
_BLOCK = 512  # cells of which a mean is taken


def nobody_met(arrays: dict[str, Any], given: Given) -> bool:
    """Whether, after all, no station was full at any time and no bucket was empty, so that everybody was independent."""
    *stations, calls = arrays["cells"].reshape(len(CELLS), -1)
    for row, servers in _finite(stations, arrays, given):
        if int(np.cumsum(row, dtype=np.int32).max()) > servers:
            return False
    host, (_, per_s) = arrays["hosts"][0], cells_of(given)
    buckets = [(host["capacity_0"], host["rate_0"]), (host["capacity_1"], host["rate_1"])]
    return all(
        never_empty(calls, float(capacity), float(rate) / per_s)
        for capacity, rate in buckets[: int(host["buckets"])]
    )


def _finite(rows: Any, arrays: dict[str, Any], given: Given) -> Iterator[tuple[Any, float]]:
    """The cells of stations that have a number of servers and something to do, with that number."""
    for row, station in zip(rows, Station, strict=True):
        servers = given.at(station.path)
        if math.isfinite(servers) and arrays["stations"][station]["arrivals"]:
            yield row, servers


def never_empty(calls: Any, capacity: float, refill: float) -> bool:
    """Whether a bucket has a token for each call, whenever in its cell that comes; `refill`: in a cell.

    A bound of what is missing: a cell's own refill comes first, so that as much as possible overflows, and its calls after that
    (a queue of Lindley 1952); and before a cell's calls nothing of that cell has come. With a thousandth to spare for roundings.
    """
    in_all = np.cumsum(calls - refill)
    left = in_all - np.minimum(
        0.0, np.minimum.accumulate(in_all)
    )  # of each cell, after the next refill
    missing = np.zeros(len(calls))
    missing[1:] = calls[:-1]
    missing[2:] += left[:-2]
    return bool(np.all(missing + calls <= capacity - 1e-3))


def may_still(arrays: dict[str, Any], given: Given, share: float) -> bool:
    """Whether it is worth while to go on, after a share of the people: a guess, which only saves time.

    Those who are at a station at one time are about Poisson, so the mean of the busiest minute says how many all will be.
    """
    stations = arrays["cells"].reshape(len(CELLS), -1)[:-1]
    for row, servers in _finite(stations, arrays, given):
        there = np.cumsum(row, dtype=np.int32)
        blocks = there[: len(there) // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
        mean = float(blocks.mean(axis=1).max(initial=0.0)) / share
        if there.max() > servers or mean + _RARE * math.sqrt(mean) > servers:
            return False
    return True

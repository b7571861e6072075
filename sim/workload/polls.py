"""Requests that a page makes by itself while nobody does anything: asked for at an even beat, or known by their path."""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.workload.order import distinct, grouped
from sim.workload.store import Table

Truth = npt.NDArray[np.bool_]

# Paths by which pages of common products and libraries ask whether there is something new.
_KNOWN = re.compile(
    r"/rest/quickreload/|/rest/mywork/[^?]*/status/|/heartbeat(?:/|$)|/keep-?alive(?:/|$)|/long-?poll(?:ing)?(?:/|$)"
    r"|/(?:socket|engine)\.io/|/sockjs-node/|/signalr/(?:ping|poll)|/rest/analytics/1\.0/publish",
    re.IGNORECASE,
)
_LEAST = 10  # requests for a beat to be heard
_SHORTEST_US, _LONGEST_US = 5_000_000, 900_000_000  # people go on every few seconds, too
_OFF, _OFF_US = 0.1, 1_000_000  # by how much beats may differ: a share, and the tick of a clock
_EVEN = 0.8  # share of the beats that do not


def is_known(path: str) -> bool:
    """Whether pages ask this path by themselves."""
    return _KNOWN.search(path) is not None


@dataclass
class Polls:
    """What was found: requests by `trail`, the number that stands for a path without its query."""

    by_trail: Counter[int] = field(default_factory=Counter)
    beat_s: dict[int, float] = field(default_factory=dict)
    persons: int = 0
    left_out: bool = False

    @property
    def requests(self) -> int:
        """How many there are."""
        return sum(self.by_trail.values())

    def find(self, rows: Table, key: npt.NDArray[np.int64]) -> Truth:
        """Which of these rows are polls; rows in the order of key and time."""
        found = self._with_a_beat(rows, key) | rows["polls"]
        trails, counts = distinct(rows["trail"][found])
        self.by_trail.update(dict(zip(trails.tolist(), counts.tolist(), strict=True)))
        self.persons += len(distinct(key[found])[0])
        return np.asarray(found)

    def _with_a_beat(self, rows: Table, key: npt.NDArray[np.int64]) -> Truth:
        trail, time = rows["trail"], rows["time"]
        order, first = grouped(key, trail)
        begins = np.flatnonzero(first)
        ends = np.append(begins[1:], len(key))
        found = np.zeros(len(key), dtype=bool)
        for begin, end in zip(*_like_beats(time[order], begins, ends), strict=True):
            number = int(trail[order[begin]])
            beat_us = _beat_us(time[order[begin:end]])
            if beat_us and number:
                found[order[begin:end]] = True
                self.beat_s.setdefault(number, beat_us / 1e6)
        return found


def _like_beats(time: Any, begins: Any, ends: Any) -> tuple[Any, Any]:
    """Groups of which half the pauses are as long as the one before: a quick look that loses no beat."""
    pause = np.diff(time, append=0)
    like = np.zeros(len(time), dtype=np.int64)
    off = np.abs(np.diff(pause, prepend=0))
    like[off <= np.maximum(2 * _OFF_US, 2.5 * _OFF * pause)] = 1
    total = np.append(0, like.cumsum())
    # the first request of a group has no pause before its own, the last no pause
    inner = total[np.maximum(ends - 1, begins)] - total[np.minimum(begins + 1, ends)]
    hit = (ends - begins >= _LEAST) & (inner >= 0.5 * (ends - begins - 2))
    return begins[hit], ends[hit]


def _beat_us(time: Any) -> float:
    """The pause that most of these requests keep; 0 where there is none."""
    pauses = np.diff(time)
    beat = float(np.median(pauses))
    even = np.abs(pauses - beat) <= max(_OFF_US, _OFF * beat)
    return beat if _SHORTEST_US <= beat <= _LONGEST_US and even.mean() >= _EVEN else 0.0

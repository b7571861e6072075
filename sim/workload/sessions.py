"""From rows of a log to visits: sessions, page loads, think times, kinds."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sim.workload.logs.options import FitOptions
from sim.workload.order import distinct, grouped
from sim.workload.store import Table

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Visits:
    """Sessions of a log, flat. A *load* is a burst of requests, begun by one click or page load.

    `first_load[i]` to `first_load[i + 1]` are the loads of visit i; `think_s` is the time from the end of the load
    before (NaN for a visit's first); `is_page` marks the first load and those that go back to an address of the visit.
    """

    first_load: npt.NDArray[np.int64]
    think_s: npt.NDArray[np.float64]
    kind: npt.NDArray[np.int8]
    bytes: npt.NDArray[np.float64]
    is_page: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.first_load) - 1

    @cached_property
    def loads(self) -> npt.NDArray[np.int64]:
        """The first load of each page, and the number of loads at the end."""
        starts: npt.NDArray[np.int64] = np.r_[np.flatnonzero(self.is_page), len(self.is_page)]
        return starts

    @cached_property
    def pages(self) -> npt.NDArray[np.int64]:
        """The first page of each visit, and the number of pages at the end."""
        return np.searchsorted(self.loads, self.first_load).astype(np.int64)


def joined(parts: list[Visits]) -> Visits:
    """Visits of several parts of a log as one."""
    shifts = np.cumsum([0, *(len(part.kind) for part in parts)])
    firsts = [part.first_load[:-1] + shift for part, shift in zip(parts, shifts, strict=False)]
    return Visits(
        first_load=np.concatenate([*firsts, shifts[-1:]]).astype(np.int64),
        think_s=np.concatenate([part.think_s for part in parts]),
        kind=np.concatenate([part.kind for part in parts]),
        bytes=np.concatenate([part.bytes for part in parts]),
        is_page=np.concatenate([part.is_page for part in parts]),
    )


@dataclass(frozen=True)
class Cut:
    """Some persons' rows cut into sessions and loads."""

    visits: Visits
    start_us: Ints  # of each session
    length_s: Floats
    requests: Ints
    kinds: Ints  # rows of each kind
    with_long_pause: int  # keys with a pause longer than the gap
    again: int  # rows that go to an address of their session again, later than a load takes
    same_tick: int  # rows at the time of the row before, of the same key


def cut(rows: Table, key: Ints, options: FitOptions, pauses_split: bool) -> Cut:
    """Cut rows, in the order of key and time, at changes of the key and at long pauses."""
    time = rows["time"]
    pause_us = np.diff(time, prepend=time[0])
    new_key = np.append(True, key[1:] != key[:-1])
    long = ~new_key & (pause_us > options.gap_s * 1e6)
    starts = new_key | long if pauses_split else new_key
    loads = starts | (pause_us > options.page_load_window * 1e6)
    first, heads = np.flatnonzero(starts), np.flatnonzero(loads)
    session, load = starts.cumsum() - 1, loads.cumsum() - 1
    goes_back, again = _addresses(rows, session, load, heads, options.page_load_window * 1e6)
    first_of_session = starts[heads]
    think_s = np.where(first_of_session, np.nan, pause_us[heads] / 1e6)
    last = np.append(first[1:], len(key)) - 1
    return Cut(
        visits=Visits(
            first_load=np.append(np.flatnonzero(first_of_session), len(heads)).astype(np.int64),
            think_s=think_s,
            kind=np.maximum.reduceat(rows["kind"], heads),
            bytes=_sums(rows["bytes"], heads),
            is_page=first_of_session | goes_back,
        ),
        start_us=time[first],
        length_s=(time[last] - time[first]) / 1e6,
        requests=last - first + 1,
        kinds=np.bincount(rows["kind"], minlength=3),
        with_long_pause=len(distinct(key[long])[0]),
        again=again,
        same_tick=int((~new_key & (pause_us == 0)).sum()),
    )


def _sums(values: Floats, heads: Ints) -> Floats:
    """The sum of each load's values, NaN where it has none."""
    known = ~np.isnan(values)
    sums = np.add.reduceat(np.where(known, values, 0.0), heads)
    sums[~np.logical_or.reduceat(known, heads)] = np.nan
    return np.asarray(sums)


def _addresses(
    rows: Table, session: Ints, load: Ints, heads: Ints, window_us: float
) -> tuple[npt.NDArray[np.bool_], int]:
    """Loads whose first request goes where an earlier load of the session went; rows that go somewhere again."""
    place = rows["place"]
    order, new = grouped(session, place)
    # rows of one address are in the order of time, so the first of them tells its earliest load
    earliest = np.empty(len(load), dtype=np.int64)
    earliest[order] = load[order][np.maximum.accumulate(np.where(new, np.arange(len(load)), 0))]
    pause_us = np.diff(rows["time"][order], prepend=0)
    known = place[order] != 0
    again = int((~new & known & (pause_us > window_us)).sum())
    return (earliest[heads] < load[heads]) & (place[heads] != 0), again

"""From rows of a log to visits: who, sessions, page loads, think times, kinds."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim.workload.logs import FitOptions, Log, LogError

if TYPE_CHECKING:
    import pandas as pd

_SAFE = ("GET", "HEAD", "OPTIONS")
KIND_CODES = {"read": 0, "write": 1, "admin": 2}


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


@dataclass(frozen=True)
class Sessions:
    """Rows with `key`, `session_no`, `load_no`, `kind`; sessions and loads numbered in order."""

    rows: "pd.DataFrame"
    key: str  # how a session was told apart
    pauses_split: bool  # whether a long pause starts a new session
    with_long_pause: int  # keys with a pause longer than the gap
    without_person: int
    persons: int


def sessions_of(log: Log, options: FitOptions) -> Sessions:
    """Cut a log into sessions and loads. Raises LogError where no row has a person."""
    frame, key, without = _keyed(log)
    if not len(frame):
        raise LogError("no row of the log has a person (an authenticated user or a session)")
    frame = frame.sort_values(["key", "ts_s"], kind="stable", ignore_index=True)
    times, keys = frame["ts_s"].to_numpy(), frame["key"].to_numpy()
    gap_s = np.diff(times, prepend=-np.inf)
    new_key = np.r_[True, keys[1:] != keys[:-1]]
    long = ~new_key & (gap_s > options.gap_s)
    named = key == "session" and options.session_gap is None
    starts = new_key if named else new_key | long
    loads = starts | (gap_s > options.page_load_window)
    frame["session_no"], frame["load_no"] = starts.cumsum() - 1, loads.cumsum() - 1
    frame["kind"] = _kinds(frame, options)
    persons = int(frame["person"].nunique())
    return Sessions(frame, key, not named, len(set(keys[long])), without, persons)


def _keyed(log: Log) -> tuple["pd.DataFrame", str, int]:
    frame = log.rows.assign(ts_s=log.rows["time"].astype("int64") / 1e6)
    if frame["session"].notna().mean() >= 0.9:
        kept = frame[frame["session"].notna()].copy()
        kept["key"] = kept["person"] = kept["session"]
        return kept, "session", len(frame) - len(kept)
    kept = frame[frame["user"].notna()].copy()
    by = "user"
    kept["key"] = kept["user"]
    if kept["client"].notna().any():
        by = "user + client"
        kept["key"] = kept["user"] + "|" + kept["client"].fillna("")
    kept["person"] = kept["key"]
    return kept, by, len(frame) - len(kept)


def _kinds(frame: "pd.DataFrame", options: FitOptions) -> npt.NDArray[np.int8]:
    """The kind of each row: the first rule that matches, else by method."""
    method = frame["method"].fillna("GET").to_numpy(dtype=object)
    kinds = np.where(np.isin(method, _SAFE), 0, KIND_CODES["write"]).astype(np.int8)
    open_rows = np.ones(len(frame), dtype=bool)
    path = frame["path"].fillna("").astype(str)
    for rule in options.kinds:
        hit = open_rows & path.str.contains(rule.path, regex=True).to_numpy(dtype=bool)
        hit &= np.array([rule.takes_method(m) for m in method], dtype=bool)
        kinds[hit], open_rows = KIND_CODES[rule.kind], open_rows & ~hit
    return kinds


def visits_of(sessions: Sessions) -> Visits:
    """The visits, flat."""
    rows = sessions.rows
    by_load = rows.groupby("load_no", sort=True)
    begins, ends = by_load["ts_s"].min().to_numpy(), by_load["ts_s"].max().to_numpy()
    session = by_load["session_no"].first().to_numpy()
    first = np.r_[True, session[1:] != session[:-1]]
    think_s = np.r_[np.nan, begins[1:] - ends[:-1]]
    think_s[first] = np.nan
    sizes = by_load["bytes"].sum(min_count=1).to_numpy(float)
    return Visits(
        first_load=np.r_[np.flatnonzero(first), len(first)].astype(np.int64),
        think_s=think_s,
        kind=by_load["kind"].max().to_numpy(np.int8),
        bytes=sizes,
        is_page=first | _goes_back(rows),
    )


def _goes_back(rows: "pd.DataFrame") -> npt.NDArray[np.bool_]:
    """Loads whose first request goes to an address that an earlier load of the session went to."""
    column = "address"
    loads = int(rows["load_no"].iloc[-1]) + 1
    heads = ~rows["load_no"].duplicated().to_numpy()
    earlier = rows.groupby(["session_no", column], dropna=True)["load_no"].transform("min")
    seen = (earlier < rows["load_no"]).to_numpy()
    result = np.zeros(loads, dtype=bool)
    result[rows["load_no"].to_numpy()[heads]] = seen[heads]
    return result


def repeated_share(sessions: Sessions, window_s: float) -> float:
    """The share of requests that go to an address of the session again, later than a page load takes."""
    rows: Any = sessions.rows
    again_s = rows.groupby(["session_no", "address"])["ts_s"].diff()
    return float((again_s > window_s).sum() / len(rows))

"""A log read once, in parts: its rows in few bytes each, and what is counted over all of them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from sim.workload.logs.options import FitOptions, KindRule
from sim.workload.logs.problems import LogError
from sim.workload.logs.read import Log, Rows, nothing_usable
from sim.workload.logs.texts import Hashes, codes_of, hashes, mixed, path_hashes
from sim.workload.order import coded, distinct
from sim.workload.polls import is_known
from sim.workload.store import ROW, Names, Store

_SAFE = ("GET", "HEAD", "OPTIONS")
KIND_CODES = {"read": 0, "write": 1, "admin": 2}
_QUARTER_US = 900_000_000  # zones change at quarters of an hour
_TICKS_US = (60_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1)
_TRAILS = 20_000  # paths whose text is kept to name polls by


@dataclass
class Gathered:
    """What a log holds: `store` has the rows that have a person or a session."""

    log: Log
    store: Store = field(default_factory=Store)
    persons: Names = field(default_factory=Names)  # a user, or user|device
    sessions: Names = field(default_factory=Names)
    with_device: set[str] = field(default_factory=set)  # users of whom devices are told apart
    with_person: int = 0
    with_session: int = 0
    clients: bool = False
    begin_us: int = np.iinfo(np.int64).max
    end_us: int = 0
    tick_us: int = _TICKS_US[0]
    quarters: Counter[int] = field(default_factory=Counter)
    methods: Counter[str] = field(default_factory=Counter)
    repeats: int = 0  # rows like the one before
    trails: dict[int, str] = field(default_factory=dict)
    polled: set[int] = field(default_factory=set)  # those of them that are known to be polled

    @property
    def users(self) -> set[str]:
        """The names of all users."""
        return self.with_device | (set() if self.clients else set(self.persons))

    @property
    def rows(self) -> int:
        """Rows with a time, used or without a person."""
        return self.log.rows - self.log.excluded

    @property
    def non_get(self) -> float:
        """The share of other methods than GET, of the rows that have one."""
        total = sum(self.methods.values())
        return 1 - self.methods["GET"] / total if total else 0.0


def gather(log: Log) -> Gathered:
    """Read a log. Raises LogError where nothing in it can be used."""
    found = Gathered(log)
    for rows in log:
        if len(rows):
            _take(found, rows, log.options)
    if not found.rows:
        raise nothing_usable(log)
    return found


def _take(found: Gathered, rows: Rows, options: FitOptions) -> None:
    _count(found, rows)
    compact = np.zeros(len(rows), dtype=ROW)
    compact["time"] = rows.time
    compact["bytes"] = rows.bytes
    compact["person"] = _persons(found, rows, options.fold_case)
    compact["session"] = found.sessions.codes_in(rows.session)
    compact["kind"] = _kinds(rows, options.kinds)
    paths, compact["trail"] = path_hashes(rows.path)
    compact["place"] = _places(rows, paths)
    compact["polls"] = _known_polls(found, rows.path, compact["trail"])
    has_session = compact["session"] >= 0
    found.with_person += int((compact["person"] >= 0).sum())
    found.with_session += int(has_session.sum())
    compact = compact[(compact["person"] >= 0) | has_session]
    found.repeats += _repeats(compact)
    found.store.put(compact)


def _count(found: Gathered, rows: Rows) -> None:
    time = rows.time
    found.begin_us = min(found.begin_us, int(time.min()))
    found.end_us = max(found.end_us, int(time.max()))
    finer = (tick for tick in _TICKS_US if tick <= found.tick_us and not (time % tick).any())
    found.tick_us = next(finer)
    found.quarters.update(_counted(time // _QUARTER_US))
    counts = rows.method.drop_null().value_counts()
    values, times = counts.field("values").to_pylist(), counts.field("counts").to_pylist()
    found.methods.update(dict(zip(values, times, strict=True)))


def _counted(values: npt.NDArray[np.int64]) -> dict[int, int]:
    unique, counts = distinct(values)
    return dict(zip(unique.tolist(), counts.tolist(), strict=True))


def _spread(encoded: Any, values: npt.NDArray[Any], missing: Any) -> npt.NDArray[Any]:
    """The value of each row's text, from those of the different texts."""
    codes = codes_of(encoded)
    with_missing = np.append(values, np.array([missing], dtype=values.dtype))
    return np.asarray(with_missing[codes])


def _persons(found: Gathered, rows: Rows, fold: bool) -> npt.NDArray[np.int32]:
    """A person is a user, with his device where the log tells devices apart."""
    if rows.client.null_count == len(rows) and not fold:
        return found.persons.codes_in(rows.user)
    found.clients |= rows.client.null_count < len(rows)
    encoded, devices = rows.user.dictionary_encode(), rows.client.dictionary_encode()
    users = encoded.dictionary.to_pylist()
    found.with_device.update(users)
    if fold:
        users = [user.casefold() for user in users]
    names = [*(f"|{device}" for device in devices.dictionary.to_pylist()), ""]
    user = codes_of(encoded).astype(np.int64)
    device = codes_of(devices)
    pairs, _, at = coded(user * len(names) + device)
    named = [divmod(pair, len(names)) for pair in pairs.tolist()]
    codes = found.persons.codes([users[u] + names[d] for u, d in named if u < len(users)])
    return np.append(codes, np.full(len(pairs) - len(codes), -1, dtype=np.int32))[at]


def _kinds(rows: Rows, rules: Iterable[KindRule]) -> npt.NDArray[np.int8]:
    """The kind of each row: the first rule that matches, else by method; without a method it is a read."""
    methods = rows.method.dictionary_encode()
    names = methods.dictionary.to_pylist()
    by_method = np.array([0 if m in _SAFE else KIND_CODES["write"] for m in names], dtype=np.int8)
    kinds = _spread(methods, by_method, 0)
    open_rows = np.ones(len(rows), dtype=bool)
    for rule in rules:
        takes = np.array([rule.takes_method(name) for name in names], dtype=bool)
        hit = open_rows & _spread(methods, takes, rule.takes_method("GET"))
        hit &= _matching(rows.path, rule)
        kinds[hit], open_rows = KIND_CODES[rule.kind], open_rows & ~hit
    return kinds


def _matching(paths: Any, rule: KindRule) -> npt.NDArray[np.bool_]:
    encoded = paths.dictionary_encode()
    hits = np.array([rule.takes_path(text) for text in encoded.dictionary.to_pylist()], dtype=bool)
    return _spread(encoded, hits, rule.takes_path(""))


def _places(rows: Rows, places: Hashes) -> Hashes:
    """A number for each resource, from the log's own name of it, else from host and path."""
    if rows.host.null_count < len(rows):
        places = np.where(places != 0, mixed(places, hashes(rows.host)), 0)
    if rows.address.null_count < len(rows):
        own = hashes(rows.address)
        places = np.where(own != 0, own, places)
    return places


def _known_polls(found: Gathered, paths: Any, trails: Hashes) -> npt.NDArray[np.bool_]:
    """Which rows have a path that pages ask by themselves; each path is looked at once."""
    unique, first, codes = coded(trails)
    known = np.zeros(len(unique), dtype=bool)
    for at, (number, row) in enumerate(zip(unique.tolist(), first.tolist(), strict=True)):
        if number not in found.trails and number:
            path = paths[row].as_py().partition("?")[0]
            if len(found.trails) >= _TRAILS:
                known[at] = is_known(path)
                continue
            found.trails[number] = path
            if is_known(path):
                found.polled.add(number)
        known[at] = number in found.polled
    return np.asarray(known[codes])


def _repeats(rows: npt.NDArray[Any]) -> int:
    """How many rows are like the row before."""
    same = np.ones(max(len(rows) - 1, 0), dtype=bool)
    for name in ("time", "place", "person", "session", "kind"):
        same &= rows[name][1:] == rows[name][:-1]
    at = np.flatnonzero(same)
    size, before = rows["bytes"][at + 1], rows["bytes"][at]
    return int(((size == before) | (np.isnan(size) & np.isnan(before))).sum())


def local_hours(quarters: Iterable[tuple[int, int]], zone: str) -> npt.NDArray[np.float64]:
    """24 counts from counts by quarter of an hour since 1970."""
    where = UTC if zone == "UTC" else ZoneInfo(zone)
    hours = np.zeros(24)
    for quarter, count in quarters:
        hours[datetime.fromtimestamp(quarter * 900, where).hour] += count
    return hours


def hours_of(times_us: npt.NDArray[np.int64], zone: str) -> npt.NDArray[np.float64]:
    """24 counts of times by their local hour."""
    return local_hours(_counted(times_us // _QUARTER_US).items(), zone)


def refused_error(found: Gathered) -> LogError:
    """Why a log has nobody in it."""
    log = found.log
    if log.denied == found.rows:
        return LogError("it holds refusals only (401, 403, 407): nobody was let in")
    if log.refused:
        return LogError(
            f"no row of the log has a person: {log.refused:,} rows were refused with 401 or 407, so their user is a"
            " claim, and the others have none"
        )
    return LogError(
        "no row of the log has a person (an authenticated user or a session); where another column holds it, say so"
        f" by --column user=NAME. Of each row are known: {', '.join(log.columns.values())}"
    )

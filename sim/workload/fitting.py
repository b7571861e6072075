"""A workload fitted from an access log: laws and a part of a scenario."""

import math
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from sim.basics.distributions import CountLaw, DurationLaw, Law, SizeLaw
from sim.workload.doubles import Doubles
from sim.workload.gather import Gathered, gather, hours_of, refused_error
from sim.workload.logs.options import FitOptions
from sim.workload.logs.problems import BadLines, LogError
from sim.workload.logs.read import Log, Progress, names_given
from sim.workload.logs.sources import names_of
from sim.workload.order import in_order
from sim.workload.polls import Polls
from sim.workload.sample import Sample
from sim.workload.sessions import Cut, Visits, cut, joined
from sim.workload.store import ROW, Table

Logs = str | Path | Sequence[str | Path]
_DURATION: TypeAdapter[Law] = TypeAdapter(DurationLaw)
_COUNT: TypeAdapter[Law] = TypeAdapter(CountLaw)
_SIZE: TypeAdapter[Law] = TypeAdapter(SizeLaw)
_GRIDS = (41, 101, 201, 501, 1001, 2001)
_NAMED = 0.9  # share of rows that must name their session, for names to be taken


@dataclass
class Sessions:
    """What was found about sessions, over all persons."""

    key: str  # how a session was told apart
    pauses_split: bool  # whether a long pause starts a new session
    persons: int = 0
    without_person: int = 0
    with_long_pause: int = 0  # keys with a pause longer than the gap
    rows: int = 0  # in sessions
    again: int = 0
    same_tick: int = 0
    kinds: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(3, dtype=np.int64))
    hours: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(24))


@dataclass
class Samples:
    """What laws are made of."""

    think_s: Sample = field(default_factory=Sample)
    length_s: Sample = field(default_factory=Sample)
    requests: Sample = field(default_factory=Sample)
    per_page: Sample = field(default_factory=Sample)
    pages: Sample = field(default_factory=Sample)
    sizes: Sample = field(default_factory=Sample)
    clicks: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(3, dtype=np.int64))
    loads: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(3, dtype=np.int64))

    def add(self, found: Cut) -> None:
        """Count the visits of some persons."""
        visits = found.visits
        clicks = ~visits.is_page
        page_of_load = visits.is_page.cumsum() - 1
        per_page = np.bincount(page_of_load[clicks], minlength=int(visits.is_page.sum()))
        self.think_s.add(visits.think_s[~np.isnan(visits.think_s)])
        self.length_s.add(found.length_s)
        self.requests.add(found.requests)
        # a page without a click happens in a log; the format's counts begin at 1
        self.per_page.add(np.maximum(per_page, 1))
        self.pages.add(np.add.reduceat(visits.is_page.astype(float), visits.first_load[:-1]))
        self.sizes.add(visits.bytes[(visits.kind == 0) & ~np.isnan(visits.bytes)])
        self.clicks += np.bincount(visits.kind[clicks], minlength=3)
        self.loads += np.bincount(visits.kind, minlength=3)

    @property
    def rounded(self) -> bool:
        """Whether any law comes from rounded values."""
        return any(sample.rounded for sample in vars(self).values() if isinstance(sample, Sample))


@dataclass(frozen=True)
class Fit:
    """What a log says about a workload. Samples are in seconds, requests and bytes."""

    path: str
    names: tuple[str, ...]
    gathered: Gathered
    sessions: Sessions
    samples: Samples
    polls: Polls
    doubles: Doubles
    options: FitOptions
    tables: dict[str, Any]  # the laws, as a scenario writes them
    daily: tuple[float, ...]
    pause_mean_s: float
    kept: Visits | None = None

    @property
    def log(self) -> Log:
        """What was read: its form, rows, columns and bad lines."""
        return self.gathered.log

    @property
    def think_s(self) -> Sample:
        """Think times, seconds."""
        return self.samples.think_s

    @property
    def length_s(self) -> Sample:
        """Lengths of sessions, seconds."""
        return self.samples.length_s

    @property
    def requests(self) -> Sample:
        """Requests per session."""
        return self.samples.requests

    @property
    def visits(self) -> Visits:
        """All visits, to be replayed; they are read for that, and their memory grows with the log."""
        visits = self.kept or _cached(self.names, self.options, keep=True).kept
        assert visits is not None
        return visits

    def __repr__(self) -> str:
        names = ", ".join(Path(name).name for name in self.names)
        return f"<workload fitted from {names}: {len(self.requests):,} sessions>"

    def __str__(self) -> str:
        return self.summary_text()

    def summary_text(self) -> str:
        """What was found, inferred, left out and not found."""
        from sim.workload.summary import summary_text

        return summary_text(self)

    def write_toml(self, path: Path) -> None:
        """Write the part of a scenario, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(self.toml())
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def toml(self) -> str:
        """The part of a scenario, as text."""
        source = f"fitted from {self.short_name()} (M)"
        keys = [f"workload.{key}" for key in (*self.tables, "daily")] + ["organisation.visits"]
        sources = "\n".join(f'"{key}" = "{source}"' for key in keys)
        laws = "\n".join(f"{key} = {_toml(table)}" for key, table in self.tables.items())
        daily = ", ".join(f"{weight:.4g}" for weight in self.daily)
        visits = _toml({"dist": "exponential", "mean": round(self.pause_mean_s, 1)})
        return (
            "# A workload fitted by `lastclick fit`. Hour 0 of `daily` is midnight: let the run begin then.\n"
            "# Inferred: page loads from repeated addresses, pauses from the rate of sessions. A log does not say\n"
            "# how visits end: set workload.visit_ends.\n"
            f"format = 1\n\n[organisation]\nvisits = {visits}\n\n[workload]\n{laws}\ndaily = [{daily}]\n\n"
            f"[sources]\n{sources}\n"
        )

    def short_name(self) -> str:
        """The log's name without its folder."""
        names = [Path(name).name for name in self.names]
        return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"

    def figure(self, path: Path) -> None:
        """Draw how well the laws fit (PNG, SVG or PDF by the name's ending)."""
        from sim.workload.goodness import draw_goodness

        law = self.laws()["think"]
        draw_goodness(self.short_name(), self.think_s, self.length_s, self.requests, law, path)

    def laws(self) -> dict[str, Any]:
        """The laws as objects; `read_size` is None where the log has no bytes."""
        tables = self.tables
        return {
            "think": _DURATION.validate_python(tables["think"]),
            "requests_per_page": _COUNT.validate_python(tables["requests_per_page"]),
            "pages_per_visit": _COUNT.validate_python(tables["pages_per_visit"]),
            "read_size": _SIZE.validate_python(tables["read_size"])
            if "read_size" in tables
            else None,
            "kinds": tuple(tables["kinds"][kind] for kind in ("read", "write", "admin")),
            "visits": _DURATION.validate_python({"dist": "exponential", "mean": self.pause_mean_s}),
            "daily": self.daily,
        }


def fit_log(
    logs: Logs,
    options: FitOptions | None = None,
    progress: Progress | None = None,
    veiled: bool = False,
) -> Fit:
    """Fit a workload from a log: a file, several, a glob, a folder, or `-` for standard input.

    Where `veiled`, no name of a person is in what the fit says. Raises LogError where nothing can be fitted.
    """
    names, options = tuple(names_given(logs)), options or FitOptions()
    if progress is not None or veiled or "-" in names:
        return _fit(names, options, progress=progress, veiled=veiled)
    return _cached(names, options, keep=False)


def fitted_laws(path: Path | str, options: FitOptions) -> dict[str, Any]:
    """The laws of a log as objects."""
    return fit_log(path, options).laws()


def log_visits(path: Path | str, options: FitOptions) -> Visits:
    """The visits of a log, to be replayed."""
    return fit_log(path, options).visits


def _cached(names: tuple[str, ...], options: FitOptions, keep: bool) -> Fit:
    files = tuple(names_of(names))
    try:
        changed_ns = tuple(os.stat(file).st_mtime_ns for file in files)
    except OSError as error:
        raise LogError(f"{error.filename}: cannot be read: {error.strerror}") from None
    return _remembered(names, changed_ns, options.key, keep)


@lru_cache(maxsize=4)
def _remembered(
    names: tuple[str, ...], changed_ns: tuple[int, ...], options_key: str, keep: bool
) -> Fit:
    return _fit(names, FitOptions.model_validate_json(options_key), keep)


def _fit(
    names: tuple[str, ...],
    options: FitOptions,
    keep: bool = False,
    progress: Progress | None = None,
    veiled: bool = False,
) -> Fit:
    gathered = gather(Log(list(names), options, BadLines(veiled=veiled), progress=progress))
    path = ", ".join(names) if len(names) < 4 else f"{names[0]} and {len(names) - 1} more"
    try:
        return _fitted(path, names, gathered, options, keep)
    except LogError as error:
        raise LogError(f"{path}: {error}") from None


def _fitted(
    path: str, names: tuple[str, ...], gathered: Gathered, options: FitOptions, keep: bool
) -> Fit:
    by = _key(gathered)
    seen = _Seen(gathered, options, by, keep)
    seen.look(options.polls != "keep")
    if not len(seen.samples.think_s) and seen.polls.requests:
        # nothing but polls: then that is what there is
        seen = _Seen(gathered, options, by, keep)
        seen.look(False)
    sessions, samples = seen.sessions, seen.samples
    if not len(samples.think_s):
        raise LogError("no person came back within a session: there is no think time to fit")
    # a day's log covers a day, though its last row comes a little before midnight
    span_s = (gathered.end_us - gathered.begin_us) / 1e6
    span_s = math.ceil(span_s / 3600.0) * 3600.0 or 3600.0
    away_s = max(sessions.persons * span_s - samples.length_s.sum(), 60.0)
    return Fit(
        path=path,
        names=names,
        gathered=gathered,
        sessions=sessions,
        samples=samples,
        polls=seen.polls,
        doubles=seen.doubles,
        options=options,
        tables=_tables(samples),
        daily=tuple(float(weight) for weight in sessions.hours / sessions.hours.mean()),
        pause_mean_s=away_s / len(samples.requests),
        kept=joined(seen.visits) if keep else None,
    )


def _key(gathered: Gathered) -> str:
    """What tells sessions apart: their names where nearly all rows have one, else the person. Raises LogError."""
    if gathered.log.denied == gathered.rows:
        raise refused_error(gathered)
    if gathered.with_session and gathered.with_session >= _NAMED * (
        gathered.rows - gathered.log.refused
    ):
        return "session"
    if not gathered.with_person:
        raise refused_error(gathered)
    return "person"


class _Seen:
    """Looks at the rows person by person."""

    def __init__(self, gathered: Gathered, options: FitOptions, by: str, keep: bool):
        self._gathered, self._options, self._by, self._keep = gathered, options, by, keep
        named = by == "session"
        label = "session" if named else "user + client" if gathered.clients else "user"
        self.sessions = Sessions(label, not named or options.session_gap is not None)
        self.samples, self.polls, self.doubles = Samples(), Polls(), Doubles()
        self.visits: list[Visits] = []
        self._last = -1

    def look(self, without_polls: bool) -> None:
        """Look at all of them."""
        gathered, named = self._gathered, self._by == "session"
        self.polls.left_out = without_polls
        ranks = (gathered.sessions if named else gathered.persons).ranks()
        used = gathered.with_session if named else gathered.with_person
        self.sessions.without_person = gathered.rows - used
        gap_us = self._options.gap_s * 1e6 if self.sessions.pauses_split else None
        for rows in gathered.store.by(self._by, ranks, gap_us):
            if len(rows):
                key = ranks[rows[self._by]]
                order = in_order(key, np.ascontiguousarray(rows["time"]))
                self._part({name: rows[name][order] for name in ROW.names or ()}, key[order])

    def _part(self, rows: Table, key: Any) -> None:
        dropped = self.doubles.look(rows, key) & self._options.once
        polls = self.polls.find(rows, key)
        if self.polls.left_out:
            dropped |= polls
        if dropped.any():
            rows = {name: column[~dropped] for name, column in rows.items()}
            key = key[~dropped]
        if not len(key):
            return
        found = cut(rows, key, self._options, self.sessions.pauses_split)
        self.samples.add(found)
        self._count(found, key)
        if self._keep:
            self.visits.append(found.visits)

    def _count(self, found: Cut, key: Any) -> None:
        sessions = self.sessions
        sessions.persons += int((np.diff(key) != 0).sum() + 1) - (
            key[0] == self._last
        )  # he may come in parts
        self._last = int(key[-1])
        sessions.rows += len(key)
        sessions.with_long_pause += found.with_long_pause
        sessions.again += found.again
        sessions.same_tick += found.same_tick
        sessions.kinds += found.kinds
        sessions.hours += hours_of(found.start_us, self._options.time_zone)


def _tables(samples: Samples) -> dict[str, Any]:
    kinds = samples.clicks if samples.clicks.any() else samples.loads
    tables: dict[str, Any] = {
        "think": _empirical(samples.think_s, 0.0),
        "requests_per_page": _empirical(samples.per_page, 1.0),
        "pages_per_visit": _empirical(samples.pages, 1.0),
        "kinds": dict(zip(("read", "write", "admin"), _sum_to_1(kinds / kinds.sum()), strict=True)),
    }
    if len(samples.sizes) and samples.sizes.sum() > 0:
        tables["read_size"] = _empirical(samples.sizes, 0.0)
    return tables


def _sum_to_1(shares: npt.NDArray[np.float64]) -> list[float]:
    rounded = [round(float(s), 6) for s in shares]
    rounded[0] = round(1.0 - rounded[1] - rounded[2], 6)
    return rounded


def _empirical(sample: Sample, least: float) -> dict[str, Any]:
    """Equally spaced quantiles: as few as keep the mean within 0.5 %, the last few moved if none does."""
    mean = sample.mean()
    for points in _GRIDS:
        quantiles = np.maximum(sample.quantile(np.linspace(0, 1, points)), least)
        if abs(_mean(quantiles) / mean - 1 if mean else 0.0) <= 0.005:
            break
    digits = np.array([float(f"{q:.5g}") for q in quantiles])
    return {"dist": "empirical", "quantiles": digits.tolist()}


def _mean(quantiles: npt.NDArray[np.float64]) -> float:
    return float((quantiles[:-1] + quantiles[1:]).mean() / 2)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return f"{value:g}" if abs(value) < 1e5 else f"{value:.10g}"

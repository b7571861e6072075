"""A workload fitted from an access log: laws, a summary of what was found, a part of a scenario."""

import math
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from sim.basics.distributions import CountLaw, DurationLaw, Law, SizeLaw
from sim.workload.logs import FitOptions, Log, LogError, read_log
from sim.workload.sessions import (
    Sessions,
    Visits,
    repeated_share,
    sessions_of,
    visits_of,
)

Array = npt.NDArray[np.float64]
_DURATION: TypeAdapter[Law] = TypeAdapter(DurationLaw)
_COUNT: TypeAdapter[Law] = TypeAdapter(CountLaw)
_SIZE: TypeAdapter[Law] = TypeAdapter(SizeLaw)
_GRIDS = (41, 101, 201, 501, 1001, 2001)


@dataclass(frozen=True)
class Fit:
    """What a log says about a workload. Samples are in seconds, requests and bytes."""

    path: str
    log: Log
    sessions: Sessions
    visits: Visits
    options: FitOptions
    think_s: Array
    length_s: Array
    requests: Array
    tables: dict[str, Any]  # the laws, as a scenario writes them
    daily: tuple[float, ...]
    pause_mean_s: float

    def summary_text(self) -> str:
        """What was found, inferred and dropped."""
        log, sessions = self.log, self.sessions
        kinds = sessions.rows["kind"].to_numpy()
        hour, share = _busiest(log, self.options.time_zone)
        gaps = np.diff(np.sort(_times_s(log)))
        lines = [
            f"{self.path}: {log.form}, {log.lines:,} rows, {log.bad.count:,} bad, "
            f"{sessions.without_person:,} without a person (left out)",
            *(f"  bad: {sample}" for sample in log.bad.first),
            f"sessions by {sessions.key}, {self._gap_text()}: "
            f"{len(self.visits):,} sessions of {sessions.persons:,} persons",
            _statistics("think time, s", self.think_s),
            _statistics("session length, s", self.length_s),
            _statistics("requests per session", self.requests),
            f"share of writes {np.mean(kinds == 1):.2%}, of administration {np.mean(kinds == 2):.2%}, "
            f"of non-GET (all rows) {_non_get(log):.2%}",
            f"the same address again in the session {repeated_share(sessions, self.options.page_load_window):.2%}",
            f"busiest hour {hour} h ({self.options.time_zone}) with {share:.2%} of all rows",
            "inferred: requests at most "
            f"{self.options.page_load_window:g} s after the one before are one load (a click); a load that goes "
            "back to an address is a page load, since a log has no reload flag; pauses from the rate of sessions",
            f"dropped: how visits end (not in a log); clock resolution {_resolution(gaps)}",
        ]
        return "\n".join(lines)

    def _gap_text(self) -> str:
        gap_s, long = self.options.gap_s, self.sessions.with_long_pause
        if self.sessions.pauses_split:
            return f"a gap over {gap_s:g} s starts a new one"
        return f"as the log names them (a gap over {gap_s:g} s would split {long:,})"

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
        source = f"fitted from {Path(self.path).name} (M)"
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

    def figure(self, path: Path) -> None:
        """Draw how well the laws fit (PNG, SVG or PDF by the name's ending)."""
        from sim.workload.goodness import draw_goodness

        law = self.laws()["think"]
        draw_goodness(self.path, self.think_s, self.length_s, self.requests, law, path)

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


def fit_log(path: Path | str, options: FitOptions | None = None) -> Fit:
    """Fit a workload from a log. Raises LogError where nothing can be fitted, OSError where it cannot be read."""
    options = options or FitOptions()
    return _fit(str(path), os.stat(path).st_mtime_ns, options.key)


def fitted_laws(path: Path | str, options: FitOptions) -> dict[str, Any]:
    """The laws of a log as objects."""
    return fit_log(path, options).laws()


def log_visits(path: Path | str, options: FitOptions) -> Visits:
    """The visits of a log, to be replayed."""
    return fit_log(path, options).visits


@lru_cache(maxsize=4)
def _fit(path: str, changed_ns: int, options_key: str) -> Fit:
    options = FitOptions.model_validate_json(options_key)
    log = read_log(path, options)
    try:
        sessions = sessions_of(log, options)
        visits = visits_of(sessions)
        think_s = visits.think_s[~np.isnan(visits.think_s)]
        if not len(think_s):
            raise LogError("no person came back within a session: there is no think time to fit")
    except LogError as error:
        raise LogError(f"{path}: {error}") from None
    by_session = sessions.rows.groupby("session_no")["ts_s"]
    length_s = (by_session.max() - by_session.min()).to_numpy(float)
    span_s = float(np.ptp(_times_s(log)))
    # a day's log covers a day, though its last row comes a little before midnight
    span_s = math.ceil(span_s / 3600.0) * 3600.0 or 3600.0
    away_s = max(sessions.persons * span_s - float(length_s.sum()), 60.0)
    return Fit(
        path=path,
        log=log,
        sessions=sessions,
        visits=visits,
        options=options,
        think_s=think_s,
        length_s=length_s,
        requests=np.asarray(by_session.size(), dtype=np.float64),
        tables=_tables(visits, think_s),
        daily=_daily(by_session.min().to_numpy(float), options.time_zone),
        pause_mean_s=away_s / len(visits),
    )


def _tables(visits: Visits, think_s: Array) -> dict[str, Any]:
    clicks = ~visits.is_page
    page_of_load = visits.is_page.cumsum() - 1
    per_page = np.bincount(page_of_load[clicks], minlength=int(visits.is_page.sum()))
    pages = np.add.reduceat(visits.is_page.astype(float), visits.first_load[:-1])
    kinds = np.bincount(visits.kind[clicks] if clicks.any() else visits.kind, minlength=3).astype(
        float
    )
    shares = kinds / kinds.sum()
    tables: dict[str, Any] = {
        "think": _empirical(think_s, 0.0),
        # a page without a click happens in a log; the format's counts begin at 1
        "requests_per_page": _empirical(np.maximum(per_page.astype(float), 1.0), 1.0),
        "pages_per_visit": _empirical(pages, 1.0),
        "kinds": dict(zip(("read", "write", "admin"), _sum_to_1(shares), strict=True)),
    }
    sizes = visits.bytes[(visits.kind == 0) & ~np.isnan(visits.bytes)]
    if len(sizes) and sizes.sum() > 0:
        tables["read_size"] = _empirical(sizes, 0.0)
    return tables


def _sum_to_1(shares: Array) -> list[float]:
    rounded = [round(float(s), 6) for s in shares]
    rounded[0] = round(1.0 - rounded[1] - rounded[2], 6)
    return rounded


def _empirical(sample: Array, least: float) -> dict[str, Any]:
    """Equally spaced quantiles: as few as keep the mean within 0.5 %, the last few moved if none does."""
    mean = float(sample.mean())
    for points in _GRIDS:
        quantiles = np.maximum(np.quantile(sample, np.linspace(0, 1, points)), least)
        if abs(_mean(quantiles) / mean - 1 if mean else 0.0) <= 0.005:
            break
    digits = np.array([float(f"{q:.5g}") for q in quantiles])
    return {"dist": "empirical", "quantiles": digits.tolist()}


def _mean(quantiles: Array) -> float:
    return float((quantiles[:-1] + quantiles[1:]).mean() / 2)


def _daily(starts_s: Array, zone: str) -> tuple[float, ...]:
    counts = np.bincount(_local_hours(starts_s, zone), minlength=24).astype(float)
    return tuple(float(weight) for weight in counts / counts.mean())


def _local_hours(times_s: Array, zone: str) -> npt.NDArray[np.int64]:
    import pandas as pd

    stamps = pd.to_datetime(times_s, unit="s", utc=True).tz_convert(zone)
    return np.asarray(stamps.hour, dtype=np.int64)


def _busiest(log: Log, zone: str) -> tuple[int, float]:
    counts = np.bincount(_local_hours(_times_s(log), zone), minlength=24)
    return int(counts.argmax()), float(counts.max() / counts.sum())


def _non_get(log: Log) -> float:
    method = log.rows["method"].dropna()
    return float((method != "GET").sum() / max(len(method), 1))


def _times_s(log: Log) -> Array:
    return np.asarray(log.rows["time"].astype("int64") / 1e6, dtype=np.float64)


def _resolution(gaps_s: Array) -> str:
    positive = gaps_s[gaps_s > 0]
    step = f"{positive.min():.3g} s" if len(positive) else "unknown"
    return f"{step}, {np.mean(gaps_s == 0):.0%} of neighbouring rows at the same time"


def _statistics(name: str, sample: Array) -> str:
    p50, p90, p99 = np.quantile(sample, [0.5, 0.9, 0.99])
    return f"{name}: mean {sample.mean():.2f}, p50 {p50:g}, p90 {p90:g}, p99 {p99:g}"


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return f"{value:g}" if abs(value) < 1e5 else f"{value:.10g}"

"""What a run records: the trace, the cases, and the figures of honest people, of the host and of the app.

Engines act and record; numbers for people are made afterwards (`sim.results.metrics`).
"""

import hashlib
import math
from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.engine.footprint import require_bytes
from sim.engine.histogram import TICKS_PER_S, Histogram, merged, ticks
from sim.engine.limits import LISTS, Bounds, Watch, check_sum
from sim.engine.windows import Virtual, Windows
from sim.model.causes import KINDS, Kind
from sim.scenario import Scenario

NAN = math.nan
TRACE_COLUMNS = (
    "serial",
    "time_s",
    "person",
    "event",
    "kind",
    "decision",
    "reason",
    "token_expires_s",
    "entry_expires_s",
)
# What is known of a case, a row each (model, section 7). Times in seconds; windows count from `revoked_at_s`.
CASE_TYPE = np.dtype(
    [
        ("person", np.int64),
        ("cause", np.int8),  # mechanisms.Cause
        ("administrator", np.bool_),
        ("behaviour", np.int8),  # cases.BEHAVIOURS; -1 after a logout
        ("revoked_at_s", np.float64),
        ("host_knows_at_s", np.float64),
        ("notice_at_s", np.float64),
        ("bound_s", np.float64),
        ("page_open", np.bool_),
        ("exposure_s", np.float64),
        ("exposure_read_s", np.float64),  # NaN where the kind is not lost
        ("exposure_write_s", np.float64),
        ("exposure_admin_s", np.float64),
        ("censored", np.bool_),
        ("last_click_s", np.float64),
        ("unauthorised_reads", np.int64),
        ("unauthorised_writes", np.int64),
        ("unauthorised_admin", np.int64),
        ("unauthorised_bytes", np.float64),
        ("recoverable_writes", np.int64),
        ("forewarned_reads", np.int64),
        ("forewarned_writes", np.int64),
        ("forewarned_admin", np.int64),
        ("refused", np.int64),
        ("unauthorised_polls", np.int64),
        ("unauthorised_messages", np.int64),
    ]
)
Cases = (
    Any  # np.recarray of CASE_TYPE: `cases.exposure_s` is a column, `cases[0].exposure_s` a value
)


@dataclass
class CaseRecord:
    """A case while it goes on: the columns of `CASE_TYPE`."""

    person: int
    cause: int
    administrator: bool
    behaviour: int
    revoked_at_s: float
    host_knows_at_s: float
    notice_at_s: float
    bound_s: float
    page_open: bool = False
    exposure_s: float = 0.0
    exposure_read_s: float = NAN
    exposure_write_s: float = NAN
    exposure_admin_s: float = NAN
    censored: bool = False
    last_click_s: float = 0.0
    unauthorised_reads: int = 0
    unauthorised_writes: int = 0
    unauthorised_admin: int = 0
    unauthorised_bytes: float = 0.0
    recoverable_writes: int = 0
    forewarned_reads: int = 0
    forewarned_writes: int = 0
    forewarned_admin: int = 0
    refused: int = 0
    unauthorised_polls: int = 0
    unauthorised_messages: int = 0
    last_clicks_s: dict[int, float] = field(default_factory=dict)  # by kind


def case_array(records: list[CaseRecord]) -> Cases:
    """Records as an array with named columns."""
    names = CASE_TYPE.names or ()
    rows = [tuple(getattr(record, name) for name in names) for record in records]
    return np.array(rows, dtype=CASE_TYPE).view(np.recarray)


@dataclass(frozen=True)
class StationAccount:
    """What a station did. Little's law: `presence_s` (the integral of the number present: departure times less
    arrival times) equals `sojourns_s` (each one's own time there, counted up to the end of the run).
    """

    name: str
    arrivals: int
    departures: int
    presence_s: float
    sojourns_s: float
    utilisation: float  # share of the servers busy in the window; 0 where they are unlimited
    queue: float  # mean number waiting in the window


@dataclass(eq=False)
class Run:
    """One replication under one strategy, as recorded by either engine.

    Histograms stand by kind of request (`mechanisms.Kind`), of the clicks of honest people inside the window.
    Minutes count from the beginning of the window.
    """

    strategy: str
    replication: int
    window_s: tuple[float, float]
    cases: Cases
    response: tuple[Histogram, Histogram, Histogram]
    auth_overhead: tuple[Histogram, Histogram, Histogram]
    response_sum_s: npt.NDArray[np.float64]  # by minute of the click: sum of the response times,
    response_n: npt.NDArray[np.int64]  # and their number
    honest_clicks: int
    honest_refused: int
    interruptions: int
    visit_s: float
    requests: dict[
        str, int
    ]  # sent, accepted, refused, failed, in_flight: of everybody, in the whole run; polls and
    # connections: asked for in the window, where pages do that
    host_calls: dict[str, npt.NDArray[np.int64]]  # reason -> calls in each minute of the window
    rate_limited: dict[str, int]
    retry_after_s: float  # the largest that was told
    entries: dict[str, tuple[float, float]]  # list -> mean and peak number of entries
    events: dict[str, int]  # pushed, lost
    stations: dict[str, StationAccount]
    trace: list[tuple[Any, ...]] | None = None
    ended: npt.NDArray[np.str_] | None = None  # what ended each case; None: the engine does not say
    honest_s: float = 0.0  # time of honest people in the window, in visits or not
    reuses: int = 0  # refresh tokens of theirs that came back spent
    false_logouts: int = 0  # families of theirs that ended for it
    lost_input_s: float = 0.0  # thought before honest writes that met a reload, in all
    virtual: Virtual | None = None  # what virtual cases met, where the run was asked for them

    def all_responses(self) -> Histogram:
        """Response times of every kind."""
        return merged(self.response)

    def all_auth_overheads(self) -> Histogram:
        """Gate overheads of every kind."""
        return merged(self.auth_overhead)

    def differences(self, other: "Run") -> list[str]:
        """The names of the fields in which two runs differ, to the bit."""
        return [
            part.name
            for part in fields(self)
            if not self._untold(part.name, other)
            and _bytes(getattr(self, part.name)) != _bytes(getattr(other, part.name))
        ]

    def _untold(self, name: str, other: "Run") -> bool:
        """Whether one of two engines does not say what ended a case."""
        return name == "ended" and (self.ended is None or other.ended is None)

    def same_as(self, other: "Run") -> bool:
        """Whether two runs recorded the same, to the bit."""
        return not self.differences(other)

    def digest(self) -> str:
        """A fingerprint of all that was recorded: equal if and only if the runs are the same."""
        whole = hashlib.sha256()
        for part in fields(self):
            whole.update(_bytes(getattr(self, part.name)))
        return whole.hexdigest()


def _bytes(value: Any) -> bytes:
    """What a recorded value is, without doubt: floats by their bits, so that NaN equals NaN."""
    if isinstance(value, np.ndarray):
        return b"%d:" % len(value) + value.tobytes()
    if isinstance(value, Histogram):
        parts = (value.counts, value.n, value.total_ticks, value.min_s, value.max_s)
        return b"".join(map(_bytes, parts))
    if isinstance(value, StationAccount | Virtual | Windows):
        return b"".join(_bytes(getattr(value, part.name)) for part in fields(value))
    if isinstance(value, dict):
        return b"".join(_bytes(item) for key in sorted(value) for item in (key, value[key]))
    if isinstance(value, tuple | list):
        return b"(" + b",".join(map(_bytes, value)) + b")"
    return repr(float(value) if isinstance(value, float) else value).encode()


class ListAccount:
    """How many entries of a list are alive: the mean over the window, and the peak over equally spaced instants."""

    INSTANTS = 1 << 15

    def __init__(self, window_s: tuple[float, float]):
        self.from_s, self.until_s = window_s
        self.step_s = (self.until_s - self.from_s) / self.INSTANTS
        self.changes = np.zeros(self.INSTANTS + 1, dtype=np.int64)
        self.alive_ticks = 0

    def count(self, from_s: float, until_s: float, number: int = 1) -> None:
        """`number` more entries are alive from one instant until just before another."""
        from_s, until_s = self._clip(from_s), self._clip(until_s)
        if not from_s < until_s:
            return
        self.alive_ticks += number * (ticks(until_s) - ticks(from_s))
        self.changes[self._instant(from_s)] += number
        self.changes[self._instant(until_s)] -= number

    def mean_and_peak(self) -> tuple[float, float]:
        """Mean over time and largest number of live entries."""
        width_s = self.until_s - self.from_s
        mean = self.alive_ticks / TICKS_PER_S / width_s if width_s else 0.0
        return mean, float(self.changes[:-1].cumsum().max())

    def _clip(self, time_s: float) -> float:
        return min(max(time_s, self.from_s), self.until_s)

    def _instant(self, time_s: float) -> int:
        return math.ceil((time_s - self.from_s) / self.step_s)


@dataclass
class Recorder:
    """Collects while a run of the reference goes on. `window_s` is what honest figures are cut to: warm-up to horizon."""

    scenario: Scenario
    tracing: bool = False
    traced: int | None = None
    trace: list[tuple[Any, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.window_s = window_s(self.scenario)
        self.minutes = minutes_of(self.window_s)
        self.requests: Counter[str] = Counter()
        self.events: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.limited: Counter[str] = Counter()
        self.retry_after_s = 0.0
        self.visit_ticks = self.lost_input_ticks = 0
        self.response = (Histogram(), Histogram(), Histogram())
        self.auth_overhead = (Histogram(), Histogram(), Histogram())
        self.response_ticks = np.zeros(self.minutes, dtype=np.int64)
        self.response_n = np.zeros(self.minutes, dtype=np.int64)
        self.calls: dict[str, npt.NDArray[np.int64]] = {}
        self.lists = {name: ListAccount(self.window_s) for name in ("allowlist", "denylist")}
        self._serials: Counter[int] = Counter()
        self.watch = Watch(Bounds.of(self.scenario))

    def event(
        self,
        now_s: float,
        person: int,
        event: str,
        kind: int | None = None,
        decision: str = "",
        reason: str = "",
        token_expires_s: float = NAN,
        entry_expires_s: float = NAN,
    ) -> None:
        """One row of the trace."""
        if not self.tracing or (self.traced is not None and person not in (self.traced, -1)):
            return
        if len(self.trace) & 0x3FFFF == 0:
            require_bytes(len(self.trace) * 250.0, "the trace")  # as much again
        serial = self._serials[person]
        self._serials[person] = serial + 1
        name = "" if kind is None else KINDS[kind]
        self.trace.append(
            (serial, now_s, person, event, name, decision, reason, token_expires_s, entry_expires_s)
        )

    def in_window(self, time_s: float) -> bool:
        """Whether an instant counts in figures about honest people and load."""
        return self.window_s[0] <= time_s < self.window_s[1]

    def host_call(self, now_s: float, reason: str) -> None:
        """A call arrives at the host."""
        if self.in_window(now_s):
            if reason not in self.calls:
                self.calls[reason] = np.zeros(self.minutes, dtype=np.int64)
            self.calls[reason][self._minute(now_s)] += 1

    def rate_limited(self, now_s: float, reason: str, retry_after_s: float) -> None:
        """The host answers 429."""
        self.retry_after_s = max(self.retry_after_s, retry_after_s)
        if self.in_window(now_s):
            self.limited[reason] += 1

    def honest_click(
        self,
        clicked_at_s: float,
        response_s: float,
        auth_overhead_s: float,
        kind: Kind,
        accepted: bool,
    ) -> None:
        """A click of an honest person has been answered."""
        self.response[kind].add(response_s)
        self.auth_overhead[kind].add(auth_overhead_s)
        minute = self._minute(clicked_at_s)
        self.response_ticks[minute] += ticks(response_s)
        self.response_n[minute] += 1
        self.counts["clicks"] += 1
        self.counts["refused"] += not accepted

    def interrupted(self, kind: Kind, thought_s: float) -> None:
        """An honest click meets a reload; what was typed for a write is lost."""
        self.counts["interruptions"] += 1
        if kind is Kind.WRITE:
            self.lost_input_ticks += ticks(thought_s)

    def visited(self, from_s: float, until_s: float) -> None:
        """An honest person was inside a visit."""
        inside_s = min(until_s, self.window_s[1]) - max(from_s, self.window_s[0])
        self.visit_ticks += ticks(max(0.0, inside_s))

    def list_entry(self, name: str, from_s: float, until_s: float) -> None:
        """An entry is written to a list."""
        self.lists[name].count(from_s, until_s)
        check_sum(self.lists[name].alive_ticks, LISTS)

    def drop_entry(self, name: str, now_s: float, until_s: float) -> None:
        """An entry that would have lived until an instant is removed now."""
        self.lists[name].count(now_s, until_s, -1)

    def finish(
        self,
        strategy: str,
        replication: int,
        cases: list[CaseRecord],
        stations: list[StationAccount],
        in_flight: int,
    ) -> Run:
        """The record of the run; `in_flight` requests were under way at its end."""
        decided = sum(self.requests[name] for name in ("accepted", "refused", "failed"))
        assert self.requests["sent"] == decided + in_flight, "requests must be conserved"
        return Run(
            strategy=strategy,
            replication=replication,
            window_s=self.window_s,
            cases=case_array(cases),
            response=self.response,
            auth_overhead=self.auth_overhead,
            response_sum_s=self.response_ticks / TICKS_PER_S,
            response_n=self.response_n,
            honest_clicks=self.counts["clicks"],
            honest_refused=self.counts["refused"],
            interruptions=self.counts["interruptions"],
            visit_s=self.visit_ticks / TICKS_PER_S,
            honest_s=honest_s(
                self.scenario,
                np.array([case.revoked_at_s for case in cases]),
                np.array([case.notice_at_s for case in cases]),
            ),
            lost_input_s=self.lost_input_ticks / TICKS_PER_S,
            requests={
                **{name: self.requests[name] for name in ("sent", "accepted", "refused", "failed")},
                "in_flight": in_flight,
            },
            host_calls=self.calls,
            rate_limited=dict(self.limited),
            retry_after_s=self.retry_after_s,
            entries={name: account.mean_and_peak() for name, account in self.lists.items()},
            events={"pushed": self.events["pushed"], "lost": self.events["lost"]},
            stations={account.name: account for account in stations},
            trace=self.trace if self.tracing else None,
        )

    def _minute(self, time_s: float) -> int:
        return int((time_s - self.window_s[0]) / 60.0)


def window_s(scenario: Scenario) -> tuple[float, float]:
    """From the end of the warm-up to the horizon."""
    run = scenario.run
    return (0.0 if run.warm_up_s == "auto" else float(run.warm_up_s), run.horizon_s)


def honest_s(scenario: Scenario, revoked_s: Any, notice_s: Any) -> float:
    """Person-seconds in the window before people are revoked or told; the arrays have an item a case."""
    from_s, until_s = window_s(scenario)
    left_s = np.maximum(0.0, until_s - np.maximum(from_s, np.minimum(revoked_s, notice_s)))
    return scenario.organisation.people * (until_s - from_s) - math.fsum(left_s)


def minutes_of(window: tuple[float, float]) -> int:
    """Number of minutes begun in a window."""
    return max(1, math.ceil((window[1] - window[0]) / 60.0))

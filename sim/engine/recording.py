"""What a run records: the trace, the cases, and the figures of honest people, of the host and of the app.

Engines act and record; numbers for people are made afterwards (`sim.metrics`).
"""

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.engine.station import StationBooks
from sim.mechanisms import KINDS, Kind
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
# The vocabulary of the column `event`, documented in docs/trace.md.
EVENTS = [
    "host_down",
    "host_up",
    "push_down",
    "push_up",
    "revoked",
    "host_learns",
    "notice",
    "taken_over",
    "page_asked",
    "page_decided",
    "page_seen",
    "visit_ended",
    "click",
    "renewal_asked",
    "renewal_decided",
    "renewal_seen",
    "request_sent",
    "request_arrived",
    "verified",
    "looked_up",
    "check_sent",
    "check_decided",
    "check_answered",
    "decided",
    "answered",
    "push_sent",
    "push_lost",
    "push_arrived",
]


@dataclass
class CaseRecord:
    """What happened in one case; times in seconds, measured from `revoked_at_s` where they are windows."""

    person: int
    cause: str
    administrator: bool
    behaviour: str
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
    last_clicks_s: dict[int, float] = field(default_factory=dict)  # by kind


@dataclass
class Run:
    """One replication under one strategy, as recorded. Arrays are aligned within a group."""

    strategy: str
    replication: int
    window_s: tuple[float, float]
    cases: list[CaseRecord]
    response_s: npt.NDArray[np.float64]
    auth_overhead_s: npt.NDArray[np.float64]
    kind: npt.NDArray[np.int8]
    honest_clicks: int
    honest_refused: int
    interruptions: int
    visit_s: float
    requests: dict[
        str, int
    ]  # sent, accepted, refused, failed, in_flight: of everybody, in the whole run
    host_calls: dict[str, npt.NDArray[np.int64]]  # reason -> calls in each minute of the window
    rate_limited: dict[str, int]
    retry_after_s: float  # the largest that was told
    entries: dict[str, tuple[float, float]]  # list -> mean and peak number of entries
    events: dict[str, int]  # pushed, lost
    stations: dict[str, StationBooks]
    trace: list[tuple[Any, ...]] | None = None


@dataclass
class Recorder:
    """Collects while a run goes on. `window_s` is what honest figures are cut to: warm-up to horizon."""

    scenario: Scenario
    tracing: bool = False
    trace: list[tuple[Any, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        run = self.scenario.run
        warm_up_s = 0.0 if run.warm_up_s == "auto" else float(run.warm_up_s)
        self.window_s = (warm_up_s, run.horizon_s)
        self.requests: Counter[str] = Counter()
        self.events: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.limited: Counter[str] = Counter()
        self.retry_after_s = 0.0
        self.visit_s = 0.0
        self.response_s: list[float] = []
        self.auth_overhead_s: list[float] = []
        self.kinds: list[int] = []
        self.calls: dict[str, Counter[int]] = {}
        self.lists: dict[str, list[list[float]]] = {"allowlist": [], "denylist": []}
        self._serials: Counter[int] = Counter()

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
        if not self.tracing:
            return
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
            self.calls.setdefault(reason, Counter())[int((now_s - self.window_s[0]) // 60.0)] += 1

    def rate_limited(self, now_s: float, reason: str, retry_after_s: float) -> None:
        """The host answers 429."""
        self.retry_after_s = max(self.retry_after_s, retry_after_s)
        if self.in_window(now_s):
            self.limited[reason] += 1

    def honest_click(
        self, response_s: float, auth_overhead_s: float, kind: Kind, accepted: bool
    ) -> None:
        """A click of an honest person has been answered."""
        self.response_s.append(response_s)
        self.auth_overhead_s.append(auth_overhead_s)
        self.kinds.append(kind)
        self.counts["clicks"] += 1
        self.counts["refused"] += not accepted

    def visited(self, from_s: float, until_s: float) -> None:
        """An honest person was inside a visit."""
        self.visit_s += max(0.0, min(until_s, self.window_s[1]) - max(from_s, self.window_s[0]))

    def list_entry(self, name: str, from_s: float, until_s: float) -> int:
        """An entry is written to a list; returns its row."""
        self.lists[name].append([from_s, until_s])
        return len(self.lists[name]) - 1

    def drop_entry(self, name: str, row: int, now_s: float) -> None:
        """An entry is removed before it expires."""
        self.lists[name][row][1] = min(self.lists[name][row][1], now_s)

    def finish(
        self,
        strategy: str,
        replication: int,
        cases: list[CaseRecord],
        stations: list[StationBooks],
        in_flight: int,
    ) -> Run:
        """The record of the run; `in_flight` requests were under way at its end."""
        decided = sum(self.requests[name] for name in ("accepted", "refused", "failed"))
        assert self.requests["sent"] == decided + in_flight, "requests must be conserved"
        minutes = max(1, math.ceil((self.window_s[1] - self.window_s[0]) / 60.0))
        return Run(
            strategy=strategy,
            replication=replication,
            window_s=self.window_s,
            cases=cases,
            response_s=np.array(self.response_s, dtype=np.float64),
            auth_overhead_s=np.array(self.auth_overhead_s, dtype=np.float64),
            kind=np.array(self.kinds, dtype=np.int8),
            honest_clicks=self.counts["clicks"],
            honest_refused=self.counts["refused"],
            interruptions=self.counts["interruptions"],
            visit_s=self.visit_s,
            requests={
                **{name: self.requests[name] for name in ("sent", "accepted", "refused", "failed")},
                "in_flight": in_flight,
            },
            host_calls={name: _per_minute(calls, minutes) for name, calls in self.calls.items()},
            rate_limited=dict(self.limited),
            retry_after_s=self.retry_after_s,
            entries={
                name: _mean_and_peak(rows, self.window_s) for name, rows in self.lists.items()
            },
            events={"pushed": self.events["pushed"], "lost": self.events["lost"]},
            stations={books.name: books for books in stations},
            trace=self.trace if self.tracing else None,
        )


def _per_minute(calls: Counter[int], minutes: int) -> npt.NDArray[np.int64]:
    counts = np.zeros(minutes, dtype=np.int64)
    for minute, number in calls.items():
        counts[minute] = number
    return counts


def _mean_and_peak(rows: list[list[float]], window_s: tuple[float, float]) -> tuple[float, float]:
    """Mean over time and largest number of intervals alive within the window."""
    if not rows:
        return 0.0, 0.0
    alive = np.clip(np.array(rows), *window_s)
    alive = alive[alive[:, 1] > alive[:, 0]]
    if not len(alive):
        return 0.0, 0.0
    width_s = window_s[1] - window_s[0]
    times = np.concatenate([alive[:, 1], alive[:, 0]])  # ends before starts of the same time
    steps = np.repeat([-1, 1], len(alive))
    order = np.argsort(times, kind="stable")
    return float((alive[:, 1] - alive[:, 0]).sum() / width_s), float(steps[order].cumsum().max())

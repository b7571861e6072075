"""What a live run records: the cases as the simulation records them, and histograms of what was timed."""

import math
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from hdrh.histogram import HdrHistogram  # type: ignore[import-untyped]

from sim.engine.cases import Case
from sim.engine.recording import CaseRecord
from sim.model.causes import Cause, Kind
from sim.model.strategies import Strategy
from sim.oracle.app import ACCEPTED
from sim.scenario import Scenario

_PLURAL = {Kind.READ: "reads", Kind.WRITE: "writes", Kind.ADMIN: "admin"}
_LONGEST_US = 24 * 3600 * 1_000_000


class Latencies:
    """An HDR histogram of times, to three significant digits, between a microsecond and a day."""

    def __init__(self) -> None:
        self._histogram = HdrHistogram(1, _LONGEST_US, 3)

    def record(self, seconds: float) -> None:
        """One time."""
        self._histogram.record_value(min(max(1, round(seconds * 1e6)), _LONGEST_US))

    def quantile_s(self, q: float) -> float:
        """A quantile in seconds; nan where nothing was recorded."""
        if not self.count:
            return float("nan")
        return float(self._histogram.get_value_at_percentile(100.0 * q)) / 1e6

    @property
    def mean_s(self) -> float:
        """The mean in seconds; nan where nothing was recorded."""
        return float(self._histogram.get_mean_value()) / 1e6 if self.count else float("nan")

    @property
    def count(self) -> int:
        """How many times were recorded."""
        return int(self._histogram.get_total_count())

    def add(self, other: "Latencies") -> None:
        """Count what another histogram holds."""
        self._histogram.add(other._histogram)

    def encoded(self) -> bytes:
        """The histogram in HdrHistogram's own compressed form."""
        data: bytes = self._histogram.encode()
        return data


@dataclass
class LaneRecord:
    """One strategy, live. Times in model seconds; `lag_s` in real seconds."""

    strategy: str
    cases: list[CaseRecord] = field(default_factory=list)
    decisions: dict[int, list[tuple[float, str, str, str]]] = field(default_factory=dict)
    contacts: dict[int, list[float]] = field(default_factory=dict)  # host's and app's answers
    residuals_s: dict[int, float] = field(default_factory=dict)  # largest, by person
    response: Latencies = field(default_factory=Latencies)
    auth_overhead: Latencies = field(default_factory=Latencies)
    requests: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    host: dict[str, Any] = field(default_factory=dict)  # the host's account
    app: dict[str, Any] = field(default_factory=dict)  # the app's account


def case_record(scenario: Scenario, strategy: Strategy, case: Case) -> CaseRecord:
    """An empty record, as the simulation begins it."""
    return CaseRecord(
        person=case.person,
        cause=int(case.cause),
        administrator=case.administrator,
        behaviour=-1 if case.cause is Cause.LOGOUT else case.behaviour,
        revoked_at_s=case.revoked_at_s,
        host_knows_at_s=case.revoked_at_s + case.propagation_s,
        notice_at_s=case.notice_at_s,
        bound_s=case.bound_s(scenario, strategy),
    )


def book_decision(
    record: CaseRecord,
    case: Case,
    kind: Kind,
    decision: str,
    decided_at_s: float,
    size: float,
    rollback_window_s: float,
) -> None:
    """A request of a person with a case has been decided: the model's definitions (section 7)."""
    if kind not in case.kinds():
        return
    name = _PLURAL[kind]
    if decided_at_s < case.revoked_at_s:
        if decided_at_s >= case.notice_at_s and decision == ACCEPTED:
            _increase(record, f"forewarned_{name}")
        return
    if decision != ACCEPTED:
        record.refused += 1
        return
    _increase(record, f"unauthorised_{name}")
    record.unauthorised_bytes += size if kind is Kind.READ else 0.0
    since_s = decided_at_s - case.revoked_at_s
    record.last_clicks_s[kind] = max(since_s, record.last_clicks_s.get(kind, 0.0))
    record.last_click_s = max(since_s, record.last_click_s)
    if kind is Kind.WRITE and 0 <= case.repaired_at_s - decided_at_s <= rollback_window_s:
        record.recoverable_writes += 1


def close_record(
    record: CaseRecord,
    case: Case,
    stretches: list[tuple[float, dict[str, float]]],
    end_s: float,
    *,
    yet: dict[str, tuple[float, float]],
    may_shorten: bool,
) -> None:
    """The exposure window from what the prober found: the largest of min(reach, next change), the last reach stands.

    `yet`: by kind, until when new tokens may come, and how far those could reach.
    """
    knows_s = case.revoked_at_s + case.propagation_s
    for kind in case.kinds():
        name = kind.name.lower()
        until_s, reach_s = yet.get(name, (-math.inf, -math.inf))
        now_s = stretches[-1][1].get(name, -math.inf) if stretches else -math.inf
        last_s, censored = window(
            [(at_s, reach.get(name, float("-inf"))) for at_s, reach in stretches],
            knows_s,
            end_s,
            may_extend=until_s > end_s and reach_s > now_s,
            may_shorten=may_shorten,
        )
        clicked_s = record.last_clicks_s.get(kind, 0.0)
        exposure_s = max(0.0, last_s - case.revoked_at_s, clicked_s)
        setattr(record, f"exposure_{name}_s", exposure_s)
        record.exposure_s = max(record.exposure_s, exposure_s)
        record.censored = record.censored or censored


def window(
    stretches: list[tuple[float, float]],
    knows_s: float,
    end_s: float,
    *,
    may_extend: bool,
    may_shorten: bool,
) -> tuple[float, bool]:
    """X and whether it is censored, from (time of a change, reach from then on) in order of time."""
    if knows_s >= end_s:
        return end_s, True
    last_s = knows_s
    for (_, reach_s), (next_s, _) in pairwise(stretches):
        last_s = max(last_s, min(reach_s, next_s))
    final_s = max(last_s, stretches[-1][1]) if stretches else last_s
    endless = final_s > end_s and (may_extend or may_shorten or final_s == float("inf"))
    return (end_s, True) if endless else (final_s, False)


def _increase(record: CaseRecord, name: str) -> None:
    setattr(record, name, getattr(record, name) + 1)

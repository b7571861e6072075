"""A real part beside its profile: each case's clicks and window, means, questions to the host.

A case is *the same* where every click was answered as predicted; *within* where one was not, but the predicted window ends
between the last click that passed and the first that did not; *at an edge* where neither holds, but a click of the person
met the gate so near to an instant at which its answer changes (an end, a turn of the second, the revocation) that its own
round trip decides, and none passed later than the profile allows at all; else it *differs*.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sim.basics.wording import about
from sim.results.tables import grid
from sim.testbed.real.kept import Kept
from sim.testbed.real.play import Answer, Played
from sim.testbed.real.script import Act, scripts

SAME, WITHIN, EDGE, DIFFERS = "same", "within", "at an edge", "differs"
MEANS_WITHIN, CALLS_WITHIN = 0.03, (0.01, 2)
_FLOOR_S = 5e-3  # what a click's way takes where it was not timed


@dataclass(frozen=True)
class CaseBeside:
    """One case, s after the revocation: the last accepted click, predicted and measured, and the window around it."""

    person: int
    window_s: float
    predicted_s: float
    measured_s: float
    refused_s: float  # the first refusal after that, infinite where there was none
    open: bool  # whether the model has it open at the end
    verdict: str


@dataclass(frozen=True)
class Beside:
    """One part: its cases, the means of their last clicks, the questions to the host (None: it asks a file)."""

    name: str
    version: str
    cases: list[CaseBeside]
    calls: tuple[int, int | None]
    round_trip_s: float  # 99th percentile

    def count(self, verdict: str) -> int:
        """How many cases have a verdict."""
        return sum(case.verdict == verdict for case in self.cases)

    @property
    def still_in(self) -> tuple[int, int]:
        """How many are still in at the end: open by the model, never refused by the part."""
        return sum(c.open for c in self.cases), sum(math.isinf(c.refused_s) for c in self.cases)

    @property
    def means_s(self) -> tuple[float, float]:
        """The mean last click, predicted and measured."""
        n = max(1, len(self.cases))
        return (
            math.fsum(case.predicted_s for case in self.cases) / n,
            math.fsum(case.measured_s for case in self.cases) / n,
        )

    @property
    def problems(self) -> list[str]:
        """What does not agree, in sentences; empty where all does."""
        predicted_s, measured_s = self.means_s
        expected, asked = self.calls
        share, few = CALLS_WITHIN
        said = [
            f"person {case.person}: a window of {about(case.window_s)} predicted, last click after"
            f" {about(case.measured_s)}, refused after {about(case.refused_s)}"
            for case in self.cases
            if case.verdict == DIFFERS
        ]
        if abs(predicted_s - measured_s) > MEANS_WITHIN * measured_s:
            said.append(f"means: {about(predicted_s)} predicted, {about(measured_s)} measured")
        if asked is not None and abs(expected - asked) > max(share * asked, few):
            said.append(f"host calls: {expected} predicted, {asked} measured")
        return said


def beside(played: Played) -> Beside:
    """Put a played part beside its simulation."""
    acts = scripts(played.predicted)
    cases = {int(case.person): case for case in played.predicted.cases}
    trips = sorted(a.answered_s - a.sent_s for answers in played.answers.values() for a in answers)
    expected = sum(event[3] == "check_sent" for event in played.predicted.trace or ())
    if played.part.signs_in:
        expected += sum(event[3] == "page_decided" for event in played.predicted.trace or ())
    return Beside(
        played.part.profile,
        played.part.version(),
        [
            _case(played, case, acts.get(person, ()), played.answers.get(person, ()))
            for person, case in cases.items()
        ],
        (expected, played.calls),
        trips[int(0.99 * len(trips))] if trips else math.nan,
    )


def _case(
    played: Played, case: object, acts: Sequence[Act], answers: Sequence[Answer]
) -> CaseBeside:
    revoked_s = float(case.revoked_at_s)  # type: ignore[attr-defined]
    window_s = float(case.exposure_s)  # type: ignore[attr-defined]
    after = [answer for answer in answers if answer.sent_s >= revoked_s]
    last = max((a for a in after if a.passed), key=lambda a: a.sent_s, default=None)
    last_s = 0.0 if last is None else last.sent_s - revoked_s
    refusals = (a.answered_s - revoked_s for a in after if not a.passed)
    refused_s = min((at_s for at_s in refusals if at_s >= last_s), default=math.inf)
    spread_s = played.part.grain_s + _FLOOR_S
    if all(answer.passed == answer.act.passes for answer in answers):
        verdict = SAME
    elif last_s - spread_s <= window_s <= refused_s + spread_s:
        verdict = WITHIN
    else:
        allowed = revoked_s + last_s <= _latest_s(played, acts, revoked_s) + spread_s
        near = allowed and _near_an_edge(played, acts, answers, revoked_s)
        verdict = EDGE if near else DIFFERS
    return CaseBeside(
        int(case.person),  # type: ignore[attr-defined]
        window_s,
        float(case.last_click_s),  # type: ignore[attr-defined]
        last_s,
        refused_s,
        bool(case.censored),  # type: ignore[attr-defined]
        verdict,
    )


def _latest_s(played: Played, acts: Sequence[Act], revoked_s: float) -> float:
    """When the profile ends everything at the latest, whatever anybody clicks."""
    kept = Kept.of(played.strategy)
    sign_ins = [act.at_s for act in acts if act.page and act.passes and played.part.signs_in]
    cap_s = kept.ends_s(sign_ins[-1], kept.cap_s) if sign_ins else math.inf
    return min(revoked_s + kept.most_s, cap_s)


def _near_an_edge(
    played: Played, acts: Sequence[Act], answers: Sequence[Answer], revoked_s: float
) -> bool:
    """Whether a click's own round trip decides what it met, by the rule of the profile."""
    kept = Kept.of(played.strategy)
    answered_s = {answer.act: answer.answered_s for answer in answers}
    end_s = cap_s = -math.inf
    for act in acts:
        at_s, trip_s = act.at_s, _FLOOR_S + max(0.0, answered_s.get(act, 0.0) - act.at_s)
        if act.page:
            if played.part.signs_in and act.passes:
                end_s, cap_s = kept.ends_s(at_s, kept.life_s), kept.ends_s(at_s, kept.cap_s)
            continue
        early_s, late_s = played.part.grain_s + trip_s, played.part.grain_s + _FLOOR_S
        if any(edge_s - early_s <= at_s <= edge_s + late_s for edge_s in (end_s, cap_s)):
            return True
        if revoked_s - trip_s <= at_s <= revoked_s + _FLOOR_S:
            return True
        if act.passes and (act.asked or kept.prolongs):
            if kept.whole and math.ceil(at_s) - at_s <= trip_s:
                return True
            end_s = kept.ends_s(at_s, kept.life_s)
    return False


def table(rows: Sequence[Beside]) -> str:
    """One line a part."""
    head = ["gate", "version", "cases", SAME, WITHIN, EDGE, "differ", "last click p/m", "error"]
    return grid(
        [*head, "still in p/m", "host calls p/m", "round trip p99"], [_line(row) for row in rows]
    )


def _line(row: Beside) -> list[str]:
    predicted_s, measured_s = row.means_s
    error = f"{100 * (predicted_s / measured_s - 1):+.1f} %" if measured_s else "-"
    counts = [str(row.count(verdict)) for verdict in (SAME, WITHIN, EDGE, DIFFERS)]
    expected, asked = row.calls
    return [
        row.name,
        row.version,
        str(len(row.cases)),
        *counts,
        f"{about(predicted_s)}/{about(measured_s)}",
        error,
        "/".join(map(str, row.still_in)),
        f"{expected}/{asked}" if asked is not None else "asks a file",
        about(row.round_trip_s),
    ]

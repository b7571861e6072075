"""Predicted beside measured: the calibrated simulation and the live run of the same people, cases and strategies.

Cases are compared one by one. They agree if exposure and last click lie within the timing resolution of the run, and
the counts are the same; or if each request by which the counts differ was decided within that resolution of an instant
at which the answer changes (the revocation, the end of the window, an outage's edge). What does not agree is listed,
not averaged away.
"""

import math
from dataclasses import dataclass
from typing import Any

from sim.basics.statistics import QUANTILES
from sim.basics.wording import about
from sim.model.causes import CAUSES
from sim.oracle.host import TIMEOUT
from sim.testbed.record import LaneRecord
from sim.testbed.run import LiveRun

_SHOWN = ("p50", "p95")
_COUNTS = ("unauthorised_reads", "unauthorised_writes", "unauthorised_admin")
_FLOOR = 5e-3  # real seconds: what the prober's look takes
EXACT, WITHIN, DIFFERS = "same", "within resolution", "differs"


@dataclass(frozen=True)
class CasePair:
    """One case, predicted and measured. Times in model seconds."""

    strategy: str
    person: int
    cause: str
    predicted: Any  # a case as recorded by the engine
    live: Any  # the same, measured
    resolution_s: float
    verdict: str
    why: str


@dataclass(frozen=True)
class Row:
    """One strategy: how many cases agree, and the figures of honest people and host, predicted and measured."""

    strategy: str
    cases: list[CasePair]
    response_s: dict[str, tuple[float, float]]  # statistic -> predicted, measured
    host_calls: tuple[int, int]
    by_reason: dict[str, tuple[int, int]]
    clicks: tuple[int, int]
    failed: tuple[int, int]  # requests without an answer, a check's timeouts among them
    utilisation: float  # of the app's workers, as predicted

    def count(self, verdict: str) -> int:
        """How many cases have a verdict."""
        return sum(pair.verdict == verdict for pair in self.cases)

    def error(self, statistic: str) -> float:
        """The relative error of the prediction of a response time."""
        predicted, measured = self.response_s[statistic]
        return predicted / measured - 1.0 if measured else math.nan


def compare(live: LiveRun) -> list[Row]:
    """One row a strategy, in the run's order."""
    return [_row(live, name) for name in live.strategies]


def _row(live: LiveRun, name: str) -> Row:
    predicted, lane = live.predicted[name], live.lanes[name]
    responses = predicted.all_responses()
    calls = {reason: int(minutes.sum()) for reason, minutes in predicted.host_calls.items()}
    measured: dict[str, int] = lane.host["calls"]
    reasons = sorted(set(calls) | set(measured))
    by_reason = {reason: (calls.get(reason, 0), measured.get(reason, 0)) for reason in reasons}
    return Row(
        strategy=name,
        cases=_pairs(live, lane),
        response_s={
            s: (responses.quantile(q), lane.response.quantile_s(q))
            for s, q in QUANTILES.items()
            if s in _SHOWN
        },
        host_calls=(sum(calls.values()), sum(measured.values())),
        by_reason=by_reason,
        clicks=(predicted.honest_clicks, lane.counts["clicks"]),
        failed=(predicted.requests["failed"], lane.requests["failed"]),
        utilisation=predicted.stations["app"].utilisation,
    )


def _pairs(live: LiveRun, lane: LaneRecord) -> list[CasePair]:
    predicted = {int(case.person): case for case in live.predicted[lane.strategy].cases}
    pairs = []
    for case in sorted(lane.cases, key=lambda case: case.person):
        # how late his own answers and the events about him were is what his case can be told apart by
        late_s = float(lane.host["late_s"].get(str(case.person), 0.0))
        resolution_s = max(lane.residuals_s[case.person], late_s) + live.factor * _FLOOR
        expected = predicted[case.person]
        verdict, why = _judge(expected, case, lane, resolution_s)
        pairs.append(
            CasePair(
                lane.strategy,
                case.person,
                CAUSES[case.cause],
                expected,
                case,
                resolution_s,
                verdict,
                why,
            )
        )
    return pairs


def _judge(expected: Any, case: Any, lane: LaneRecord, resolution_s: float) -> tuple[str, str]:
    counts = sum(abs(int(getattr(expected, n)) - int(getattr(case, n))) for n in _COUNTS)
    far = [
        f"{name} {about(getattr(expected, name))} predicted, {about(getattr(case, name))} measured"
        for name in ("exposure_s", "last_click_s")
        if not _close(float(getattr(expected, name)), float(getattr(case, name)), resolution_s)
    ]
    if not counts and not far and bool(expected.censored) == bool(case.censored):
        return EXACT, ""
    outages = [*lane.host["outages"], *lane.app["outages"]]
    edges = (
        *(edge_s for outage in outages for edge_s in outage),
        case.revoked_at_s,
        case.host_knows_at_s,
        case.notice_at_s,
        case.revoked_at_s + case.exposure_s,
        case.revoked_at_s + float(expected.exposure_s),
    )
    decided = [at_s for at_s, *_ in lane.decisions.get(case.person, [])]
    decided.append(case.revoked_at_s + float(expected.last_click_s))
    near = [
        at_s
        for at_s in decided + lane.contacts.get(case.person, [])
        if any(abs(at_s - edge_s) <= resolution_s for edge_s in edges)
    ]
    silent = sum(reason == TIMEOUT for *_, reason in lane.decisions.get(case.person, []))
    said = [*far, *([f"{counts} request(s) counted differently"] if counts else [])]
    if near:
        return WITHIN, "; ".join(
            [*said, f"{len(near)} answer(s) fell within {about(resolution_s)} of an edge"]
        )
    if silent:
        return WITHIN, "; ".join(
            [*said, f"{silent} check(s) timed out, which time stretched by compression explains"]
        )
    return DIFFERS, "; ".join(said) or "censored in one of the two"


def _close(a_s: float, b_s: float, resolution_s: float) -> bool:
    return a_s == b_s or abs(a_s - b_s) <= resolution_s


def disagreements(rows: list[Row]) -> list[CasePair]:
    """The cases that agree in no way."""
    return [pair for row in rows for pair in row.cases if pair.verdict == DIFFERS]

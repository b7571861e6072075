"""Real parts of carriers beside the simulation: each person's sockets or answers, and whether they agree.

A case is *the same* where a socket ended when it should within the resolution of the run, or where every answer was as
predicted. It is *at an edge* where the first answer that was not came so near to an instant at which answers change (the end of a
session, of a grace, another tab's question; of a socket, the revocation beside a look at it) that the lateness of the run decides.
Else it *differs*.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sim import __version__
from sim.basics.wording import about
from sim.engine.recording import TRACE_COLUMNS
from sim.results.tables import grid
from sim.testbed.carriers.families import REUSE
from sim.testbed.carriers.play import Played

SAME, EDGE, DIFFERS = "same", "at an edge", "differs"
COMMAND = "lastclick testbed --carriers --write validation.md"
MARKS = (f"<!-- carriers: made by `{COMMAND}`; do not edit -->", "<!-- /carriers -->")
_FLOOR_S = 0.02  # what a handshake, a close and a question to the host take
_TIME, _PERSON, _EVENT, _DECISION, _REASON, _ENTRY = map(
    TRACE_COLUMNS.index,
    ("time_s", "person", "event", "decision", "reason", "entry_expires_s"),
)


@dataclass(frozen=True)
class Row:
    """One strategy: a verdict a case, and its figure, predicted and measured."""

    name: str
    verdicts: list[str]
    figure: str
    predicted: float
    measured: float
    unit: str
    resolution_s: float

    def count(self, verdict: str) -> int:
        """How many cases have a verdict."""
        return self.verdicts.count(verdict)


def beside(played: Played) -> Row:
    """The cases of a strategy."""
    late_s = sorted(played.late_s)
    resolution_s = _FLOOR_S + late_s[int(0.99 * len(late_s))]
    judge = _sockets if played.strategy.connection is not None else _answers
    verdicts, figure, predicted, measured, unit = judge(played, resolution_s)
    return Row(played.strategy.name, verdicts, figure, predicted, measured, unit, resolution_s)


def _sockets(played: Played, resolution_s: float) -> tuple[list[str], str, float, float, str]:
    """How long after the revocation the last socket ended."""
    predicted_s, measured_s, verdicts = [], [], []
    looked_at = _looks(played)
    for case in played.predicted.cases:
        person, revoked_s = int(case.person), float(case.revoked_at_s)
        last_s = max((ends_s for _, ends_s in played.seen[person].sockets), default=0.0)
        predicted_s.append(float(case.exposure_s))
        measured_s.append(max(0.0, last_s - revoked_s))
        by_s = max(resolution_s, _FLOOR_S + played.seen[person].late_s)
        near = any(abs(at_s - revoked_s) <= by_s for at_s in looked_at.get(person, ()))
        agrees = abs(predicted_s[-1] - measured_s[-1]) <= by_s
        verdicts.append(SAME if agrees else EDGE if near else DIFFERS)
    n = max(1, len(verdicts))
    return verdicts, "mean window", sum(predicted_s) / n, sum(measured_s) / n, "s"


def _looks(played: Played) -> dict[int, list[float]]:
    """By person, when a socket was opened or asked about again."""
    found: dict[int, list[float]] = {}
    for row in played.predicted.trace or ():
        if row[_EVENT] in ("connected", "recheck"):
            found.setdefault(int(row[_PERSON]), []).append(float(row[_TIME]))
    return found


def _answers(played: Played, resolution_s: float) -> tuple[list[str], str, float, float, str]:
    """Each renewal or request, in the order sent."""
    rotates = played.strategy.token is not None and played.strategy.token.rotation is not None
    event = "renewal_decided" if rotates else "decided"
    of: dict[int, list[tuple[object, ...]]] = {}
    for row in played.predicted.trace or ():
        if row[_EVENT] == event:
            of.setdefault(int(row[_PERSON]), []).append(row)
    verdicts = []
    for case in played.predicted.cases:
        rows, met = of.get(int(case.person), []), played.seen[int(case.person)]
        seen, by_s = sorted(met.passed), max(resolution_s, _FLOOR_S + met.late_s)
        yes = "ok" if rotates else "accepted"
        column = _REASON if rotates else _DECISION
        differs = [i for i, (r, s) in enumerate(zip(rows, seen, strict=False)) if (r[column] == yes) != s[1]]  # fmt: skip
        near = differs and _near_an_edge(played, rows, differs[0], by_s)
        verdicts.append(SAME if not differs else EDGE if near else DIFFERS)
    if rotates:
        return verdicts, "reuses", played.predicted.reuses, _reuses(played), ""
    accepted = sum(r[_DECISION] == "accepted" for rows in of.values() for r in rows)
    return verdicts, "accepted", accepted, sum(p for s in played.seen.values() for _, p in s.passed), ""  # fmt: skip


def _reuses(played: Played) -> int:
    """Of people before their revocation."""
    revoked_s = {str(case.person): float(case.revoked_at_s) for case in played.predicted.cases}
    return sum(
        said == REUSE and at_s < revoked_s[person]
        for person, answers in played.decided.items()
        for at_s, said in answers
    )


def _near_an_edge(played: Played, rows: Sequence[tuple[object, ...]], at: int, by_s: float) -> bool:
    time_s = float(str(rows[at][_TIME]))
    return any(abs(time_s - edge_s) <= by_s for edge_s in _edges(played, rows, at))


def _edges(played: Played, rows: Sequence[tuple[object, ...]], at: int) -> Iterator[float]:
    """Instants at which the answer to a request changes."""
    token = played.strategy.token
    if token is None or token.rotation is None:
        yield float(str(rows[at][_ENTRY]))
        return
    for i, row in enumerate(rows):
        if i != at:
            yield float(str(row[_TIME]))
            yield float(str(row[_TIME])) + token.rotation.grace_s


def table(rows: Sequence[Row]) -> str:
    """One line a strategy."""
    head = ["strategy", "cases", SAME, EDGE, DIFFERS, "figure", "predicted", "measured", "resolution"]  # fmt: skip
    return grid(
        head,
        [
            [
                row.name, str(len(row.verdicts)), *(str(row.count(v)) for v in (SAME, EDGE, DIFFERS)),
                row.figure, _said(row.predicted, row.unit), _said(row.measured, row.unit), about(row.resolution_s),
            ]
            for row in rows
        ],
    )  # fmt: skip


def _said(value: float, unit: str) -> str:
    return about(value) if unit == "s" and math.isfinite(value) else f"{value:g}"


def section(rows: Sequence[Row]) -> str:
    """The part of docs/validation.md: what was run, the table, what agrees."""
    cases, differ = sum(len(r.verdicts) for r in rows), sum(r.count(DIFFERS) for r in rows)
    return f"""## Live: real sockets, sessions and refresh tokens

Made by `{COMMAND}` (version {__version__}). The people of `testbed_carriers`, two tabs each, open real web sockets (asked about again by the
app, or ended by a silent nginx), renew by a real store of rotating refresh tokens (SQLite; each of two tabs presents what the browser
held when it sent) and poll with real sessions of a Redis, whose expiry ends them; at the instants of the simulation, in real time.

**{cases - differ} of {cases} cases agree, {differ} differ.**

```text
{table(rows)}
```

*same*: every socket ended when it should within the resolution, or every answer was as predicted. *at an edge*: the first answer that
was not came so near to the end of a session, of a grace, or to another tab's question, or a socket was looked at so near to the
revocation, that the lateness of the run decides. The resolution is
20 ms and the 99th percentile of how long after its instant an answer was there, or the latest answer of the person in question. *reuses* are those of people before their revocation."""

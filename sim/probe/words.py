"""What a probe found, in words: the window first, then what explains it and what it means for an organisation."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sim.basics.wording import about, format_duration
from sim.gates import found_as
from sim.probe.explain import Explanation, explanations, not_told_apart
from sim.probe.record import Record
from sim.probe.windows import (
    Summary,
    ends_on_seconds,
    response_s,
    still_in,
    summary,
    windows,
)

ALPHA = 0.01  # of the test for whole seconds
CLEARLY = 1.5  # a window after an absence is called longer from this ratio on: largest of few against largest of more


@dataclass(frozen=True)
class Findings:
    """All that a probe found. Times in seconds."""

    title: str
    rate_per_s: float
    watch_s: float
    busy: Summary | None
    idle: Summary | None
    others: dict[str, Summary]
    expired: int  # repetitions in which the credential ended before the revocation
    seconds_p: float | None
    gated_s: tuple[float, ...]
    ungated_s: tuple[float, ...]
    explained: tuple[Explanation, ...]


def findings(head: dict[str, Any], records: Sequence[Record]) -> Findings:
    """What the records of a journal say."""
    gated, ungated = response_s(records)
    return Findings(
        str(head.get("title") or head.get("base", "")),
        float(head["rate_per_s"]),
        float(head["watch_s"]),
        summary(windows(records, "busy")),
        summary(windows(records, "idle")),
        still_in(records),
        sum(record.revoked_s is None for record in records),
        ends_on_seconds(records),
        tuple(gated),
        tuple(ungated),
        tuple(explanations(records)),
    )


def text_of(found: Findings, prediction: str = "") -> str:
    """The whole answer, at most 80 columns wide."""
    rows = [("WINDOW", window_line(found))]
    rows += [("", line) for line in _other_lines(found)]
    first, *more = explained_lines(found)
    rows += [("EXPLAINED BY", first), *(("", line) for line in more)]
    rows += [("PREDICTS", prediction)] if prediction else []
    return "\n".join(_wrapped(name, line) for name, line in rows)


def _wrapped(name: str, line: str, width: int = 80, margin: int = 14) -> str:
    from textwrap import fill

    return fill(line, width, initial_indent=name.ljust(margin), subsequent_indent=" " * margin)


def window_line(found: Findings) -> str:
    """The window of those who click."""
    busy, watched = found.busy, format_duration(found.watch_s)
    if busy is None:
        ended = f"the credential ended by itself in {found.expired} repetitions"
        return f"none measured: {ended}" if found.expired else "none measured yet"
    clicks = f"clicks each {about(1 / found.rate_per_s)}"
    if busy.open == busy.n:
        return f"no end within {watched} in {busy.n} of {_times(busy.n)} ({clicks})"
    most = f", {about(busy.largest_s)} at most" if not busy.open else ""
    last = (
        f"{busy.open} had no end within {watched}"
        if busy.open
        else f"none passed later than {about(busy.until_s)}"
    )
    return f"{about(busy.mean_s)} on average{most} in {_times(busy.n)}; {last} ({clicks})"


def _times(n: int) -> str:
    return f"{n} revocation{'s' * (n != 1)}"


def _other_lines(found: Findings) -> list[str]:
    lines = [_activity(found), _refusal(found), _seconds(found)]
    lines += [_still_in(name, one, found) for name, one in found.others.items()]
    lines.append(_response(found))
    if found.expired and found.busy:
        lines.append(
            f"In {found.expired} more repetitions the credential ended by itself before the revocation."
        )
    return [line for line in lines if line]


def _activity(found: Findings) -> str:
    """Idle repetitions tell from when on an absence ends it: a click is the only way to look."""
    if found.idle is None or found.busy is None:
        return ""
    if found.busy.open and found.idle.open < found.idle.n:
        return (
            "Activity lengthens it: who clicks stays in, who was away for"
            f" {about(found.idle.until_s)} is out."
        )
    if not found.busy.open and found.idle.open:
        return "Activity shortens it: who stays away and comes back late is still in."
    if found.busy.open:
        return "Activity changes nothing seen: who stayed away is still in as well."
    if found.idle.largest_s > CLEARLY * found.busy.until_s:
        return (
            "Activity shortens it: after an absence a click passed"
            f" {about(found.idle.largest_s)} after the revocation."
        )
    return "Activity: no difference between clicking and staying away was seen."


def _refusal(found: Findings) -> str:
    flapped = sum(s.flapped for s in (found.busy, found.idle) if s)
    n = sum(s.n - s.open for s in (found.busy, found.idle) if s)
    if flapped:
        return f"A refusal does not stand: in {flapped} repetitions a later click passed again."
    return f"A refusal stands: no later click passed, in {n} of {n}." if n else ""


def _seconds(found: Findings) -> str:
    if found.seconds_p is None or found.seconds_p > ALPHA:
        return ""
    return "It ends at whole seconds of the clock."


def _still_in(name: str, one: Summary, found: Findings) -> str:
    subject = f"A {name} of the same person"
    if one.open == one.n:
        return (
            f"{subject} is OPEN: no end within {format_duration(found.watch_s)} in {_times(one.n)}."
        )
    if one.until_s < 2 / found.rate_per_s:
        return f"{subject} ends at once."
    return f"{subject}: {about(one.mean_s)} on average, none later than {about(one.until_s)}."


def _response(found: Findings) -> str:
    if not found.gated_s:
        return ""
    median, high = (float(np.percentile(found.gated_s, q)) for q in (50, 95))
    line = f"An accepted click took {about(median)} (p95 {about(high)})"
    if found.ungated_s:
        line += f", past the gate {about(float(np.median(found.ungated_s)))}"
    return line + "."


def explained_lines(found: Findings) -> list[str]:
    """The gate that explains it best, how well, and which others are not told from it."""
    if not found.explained or not found.explained[0].explained:
        return ["no gate known here; what was seen is in the journal"]
    best = found.explained[0]
    lines = [f"{best.gate.name}: {best.words} ({best.explained} of {best.n} repetitions)"]
    if best.gate.lives and best.bounded and not best.gate.whole and best.high_s - best.low_s > 0.02:
        lines.append(
            f"Any lifetime from {about(best.low_s)} to {about(best.high_s)} explains as much."
        )
    lines += [line for line in (like(best),) if line]
    others = not_told_apart(found.explained)
    if others:
        names = "; ".join(f"{o.gate.name} ({o.words})" for o in others)
        lines.append(f"Not told apart at this pace: {names}.")
    return lines


def like(best: Explanation, most: int = 4) -> str:
    """Which parts that people run do the same; empty where none is known."""
    names = found_as(best.gate.name)
    more = f" and {len(names) - most} others" if len(names) > most else ""
    verb = "does" if len(names) == 1 else "do"
    return f"As {', '.join(names[:most])}{more} {verb} (lastclick gates)." if names else ""


def part_of(best: Explanation, name: str = "measured") -> str:
    """A part of a scenario with a strategy that does what was measured, to include."""
    lines = [f"# Measured by `lastclick probe`: {best.words}"]
    lines += [f"# {line}" for line in (like(best),) if line]
    lines.append(f"[strategies.{name}]")
    for mechanism, table in best.gate.part(best.life_s).items():
        pairs = ", ".join(f"{key} = {_toml(value)}" for key, value in table.items())
        lines.append(f"{mechanism} = {{ {pairs} }}")
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    return (
        f'"{format_duration(float(value))}"' if isinstance(value, float) and value else f"{value}"
    )


def as_json(found: Findings) -> dict[str, Any]:
    """All of it for other programs; times in seconds, an end that was not seen is null."""
    best = found.explained[0] if found.explained else None
    return {
        "title": found.title,
        "rate_per_s": found.rate_per_s,
        "watch_s": found.watch_s,
        "busy": _summary(found.busy),
        "idle": _summary(found.idle),
        "others": {name: _summary(one) for name, one in found.others.items()},
        "expired_before_revocation": found.expired,
        "ends_on_seconds_p": found.seconds_p,
        "response_p50_s": _quantile(found.gated_s, 50),
        "response_p95_s": _quantile(found.gated_s, 95),
        "ungated_p50_s": _quantile(found.ungated_s, 50),
        "explained_by": None if best is None else _explanation(best),
        "not_told_apart": [_explanation(e) for e in not_told_apart(found.explained)]
        if best
        else [],
    }


def _summary(one: Summary | None) -> dict[str, Any] | None:
    return None if one is None else asdict(one)


def _quantile(values: Sequence[float], q: float) -> float | None:
    return float(np.percentile(values, q)) if values else None


def _explanation(e: Explanation) -> dict[str, Any]:
    longest = e.high_s if e.bounded and math.isfinite(e.high_s) else None
    return {
        "gate": e.gate.name,
        "life_s": e.life_s,
        "low_s": e.low_s,
        "high_s": longest,
        "explained": e.explained,
        "n": e.n,
        "words": e.words,
        "profiles": found_as(e.gate.name),
    }

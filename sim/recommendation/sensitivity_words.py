"""A sensitivity analysis in words and tables, 80 columns wide."""

import math
import textwrap
from collections.abc import Sequence
from typing import Any

from sim.basics.units import parse_duration
from sim.basics.wording import about
from sim.recommendation.inputs import GROUPS, RANGE, Input
from sim.recommendation.sensitivity import FAR, Effect, Sensitivity, Threshold, Unjudged
from sim.recommendation.sobol import NARROW
from sim.recommendation.worlds import SPREAD
from sim.results.tables import grid
from sim.scenario.parameters import value_text

WIDTH = 80
_PERCENT = f"{100 * SPREAD:g} %"
_VALUE = 22  # letters that a value takes in a table
_HEADS = {
    "guessed": "Guessed",
    "sourced": "Sourced, one report or in part",
    "yours": "Yours, without a measurement",
}
# What measures an input: the command, the inputs.
MEASURES = (
    (
        "lastclick fit",
        ("organisation.visits", "workload.think", "workload.requests_per_page", "workload.pages_per_visit", "workload.kinds", "workload.read_size", "workload.daily"),
    ),
    (
        "lastclick calibrate",
        ("app.verify", "auth_server.renewal", "store.lookup", "host.check", "network.client_app", "network.client_host"),
    ),
)  # fmt: skip


# -- paragraphs ---------------------------------------------------------------------------------


def paragraph(s: Sensitivity) -> str:
    """What moves the decision, as prose."""
    best = s.base.best or "no setting"
    said = [_start(s, best), *(_thresholds(s, best) if s.searched else _at_half_and_twice(s, best))]
    return " ".join([*said, *map(_not_judged, s.unjudged)])


def _start(s: Sensitivity, best: str) -> str:
    if s.base.best == s.recommended:
        return f"Recommended is {best}."
    recommended = s.recommended or "no setting, since none is shown to meet every goal"
    return (
        f"Recommended is {recommended}; but without confidence, by estimates alone, {best} is preferred, and what follows"
        " is what changes that."
    )


def _thresholds(s: Sensitivity, best: str) -> list[str]:
    moving = [e for e in s.effects if e.thresholds]
    conditions: dict[str, list[str]] = {}
    for e in moving:
        for t in e.thresholds:
            conditions.setdefault(_outcome(t.best), []).append(_condition(e, t))
    said = [f"{outcome} if {', or if '.join(listed)}." for outcome, listed in conditions.items()]
    rest = len(s.effects) - len(moving)
    if moving:
        said.append(
            f"Each of the other {rest} uncertain inputs alone changes nothing at a tenth, half, twice and ten times its"
            f" value ({_judged_by(s)})."
        )
    else:
        said.append(
            f"It stays {best} if any one of the {rest} uncertain inputs is a tenth, half, twice or ten times what is"
            f" assumed ({_judged_by(s)})."
        )
    return said


def _at_half_and_twice(s: Sensitivity, best: str) -> list[str]:
    moving = [e for e in s.effects if e.changes(s.base)]
    if not moving:
        return [
            f"It stays {best} if any one of the {len(s.effects)} uncertain inputs is half or twice what is assumed"
            f" ({_judged_by(s)}); values farther off are not tried yet."
        ]
    listed = "; ".join(f"{e.input.key} ({', '.join(_changes(s, e))})" for e in moving)
    return [
        f"At half or twice its value each of {len(moving)} of {len(s.effects)} uncertain inputs alone changes that: {listed}."
        f" From which value on, and what is farther off, is not tried yet ({_judged_by(s)})."
    ]


def _judged_by(s: Sensitivity) -> str:
    return f"by the estimates of {s.replications} run{'' if s.replications == 1 else 's'} of each world"


def _not_judged(u: Unjudged) -> str:
    seen = "no case of it" if not u.cases else f"{u.cases} case{'' if u.cases == 1 else 's'}"
    enough = "" if u.replications is None else f"; --each {u.replications} would show it"
    return f"{u.goal.text} is not judged: {seen} in the runs of a world, and it takes {u.needed}{enough}."


def measure_first(s: Sensitivity) -> str:
    """Which guesses that matter can be measured, and by what; empty where there is none."""
    matter = [e.input.key for e in s.effects if e.input.assumed and _matters(s, e)]
    said = [
        f"`{command}` ({', '.join(keys)})"
        for command, measured in MEASURES
        if (keys := [key for key in matter if key in measured])
    ]
    return f"Measure this first: {'; '.join(said)}." if said else ""


def statement(effect: Effect, threshold: Threshold) -> str:
    """For instance: The recommendation changes to per_request if host.check (median) is at most 38 ms (now 250 ms)."""
    return f"{_outcome(threshold.best)} if {_condition(effect, threshold)}."


def _outcome(best: str | None) -> str:
    if best is None:
        return "No setting meets the goals any more"
    return f"The recommendation changes to {best}"


def _condition(effect: Effect, threshold: Threshold) -> str:
    direction = "is at most" if threshold.factor < 1 else "is at least"
    now, then, what = _sizes(effect.input.value, threshold)
    return f"{effect.input.key}{what} {direction} {then} (now {now})"


def _sizes(value: Any, threshold: Threshold) -> tuple[str, str, str]:
    """The value now, at the threshold, and which setting of a law is meant."""
    setting = _scale(value)
    if setting is not None:
        now = value[setting]
        return _short(now, like=now), _short(threshold.value[setting], like=now), f" ({setting})"
    if isinstance(value, dict):
        return value_text(value), f"{threshold.factor:.2g} times that", ""
    return _short(value, like=value), _short(threshold.value, like=value), ""


def _scale(value: Any) -> str | None:
    """The setting of a law or table that stands for its size."""
    if not isinstance(value, dict):
        return None
    for setting in ("median", "mean", "high", "value"):
        if setting in value:
            return setting
    first = next(iter(value))
    return str(first) if isinstance(value[first], int | float) else None


def _short(value: Any, like: Any) -> str:
    """A time where the file writes one, else a number as the file has it."""
    if isinstance(value, str):
        return about(parse_duration(value))
    if isinstance(like, str):
        return about(float(f"{value:.2g}"))
    return f"{value:,}" if isinstance(value, int) else f"{float(f'{value:.3g}'):,.10g}"


# -- tables -------------------------------------------------------------------------------------


def tornado_table(s: Sensitivity) -> str:
    """By whose the inputs are, largest effect first: the worst goal's value over its limit at half and at twice."""
    parts = [_group(s, name) for name in GROUPS]
    quiet = [e.input.key for e in s.effects if not _matters(s, e)]
    if quiet:
        parts.append(
            filled(
                f"No goal moves by {_PERCENT} of its limit, and nothing changes: {', '.join(quiet)}."
            )
        )
    if s.left_out:
        parts.append(filled(f"Not varied, since they have no size: {', '.join(s.left_out)}."))
    return "\n\n".join(part for part in parts if part)


def _matters(s: Sensitivity, effect: Effect) -> bool:
    return effect.swing(s.base) > 0 or effect.changes(s.base)


def _group(s: Sensitivity, name: str) -> str:
    effects = [e for e in s.effects if e.input.group == name and _matters(s, e)]
    if not effects:
        return ""
    head = ["input", "now", "worst goal, at half", "at twice", "swing"]
    rows = [
        [
            _cut(e.input.key, 30),
            _now(e.input),
            _share(e.low.worst),
            _share(e.high.worst),
            _share(e.swing(s.base)),
        ]
        for e in effects
    ]
    lines = grid(head, rows).split("\n")
    above = len(lines) - len(rows)
    text = lines[:above]
    for line, effect in zip(lines[above:], effects, strict=True):
        text += [line, *(f"    {change}" for change in _changes(s, effect))]
    return "\n".join([_HEADS[name], *text])


def _changes(s: Sensitivity, effect: Effect) -> list[str]:
    """Where the recommendation changes, and to what."""
    if s.searched:
        return [
            f"from {t.factor:.2g} times on: {t.best or 'none meets the goals'}"
            for t in effect.thresholds
        ]
    ends = (("at half", effect.low), ("at twice", effect.high))
    return [
        f"{where}: {decision.best or 'none meets the goals'}"
        for where, decision in ends
        if decision.best != s.base.best
    ]


def _now(one: Input) -> str:
    setting = _scale(one.value)
    if setting is None:
        return _cut(one.text, _VALUE)
    now = one.value[setting]
    return _cut(f"{_short(now, like=now)} ({setting})", _VALUE)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 3].rstrip() + "..."


def sobol_table(s: Sensitivity) -> str:
    """Shares of how a goal varies that an input explains alone and with all interactions; what is not told is counted."""
    if not s.indices:
        return (
            f"No goal is judged in all worlds and moves by {_PERCENT} of its limit: no Sobol index."
        )
    parts = [_of_goal(s, goal) for goal in dict.fromkeys(i.goal for i in s.indices)]
    untold = sum(not i.conclusive for i in s.indices)
    if untold:
        parts.append(
            filled(
                f"{untold} of {len(s.indices)} pairs are not told with {s.samples} samples: half an interval is above"
                f" {NARROW:g}, or an index is no share. Take more (--max-samples)."
            )
        )
    return "\n\n".join(parts)


def _of_goal(s: Sensitivity, goal: str) -> str:
    indices = sorted((i for i in s.indices if i.goal == goal), key=lambda i: -i.total)
    rows = [
        [_cut(i.key, 34), _index(i.first, i.first_half), _index(i.total, i.total_half)]
        for i in indices
        if i.conclusive
    ]
    title = f"What moves {goal} (Sobol indices, shares of its variance)"
    return f"{title}\n" + (
        grid(["input", "alone", "with interactions"], rows) if rows else "not told"
    )


def _index(value: float, half: float) -> str:
    return f"{min(1.0, max(0.0, value)):.2f} ±{half:.2f}"


def _share(value: float) -> str:
    """A value over its limit; three digits, never more letters than a column has."""
    if math.isnan(value):
        return "not judged"
    if math.isinf(value):
        return "no end"
    return f"{float(f'{100 * value:.3g}'):,.10g} %" if value < 1e4 else "over 1e6 %"


def filled(text: str) -> str:
    """A paragraph for a terminal."""
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def whole(paragraphs: Sequence[str], s: Sensitivity, *, full: bool) -> str:
    """All that the command says at the end, to keep."""
    tables = [tornado_table(s), *([sobol_table(s)] if full else [])]
    words = [*paragraphs, paragraph(s), measure_first(s)]
    return "\n\n".join([*(filled(w) for w in words if w), *tables]) + "\n"


# -- JSON ---------------------------------------------------------------------------------------


def document(s: Sensitivity) -> dict[str, Any]:
    """The analysis as `--json` prints it."""
    r = s.recommendation
    goals = [g.key for g in r.goals]
    return {
        "scenario": {"title": r.scenario.title, "id": r.scenario.id, "path": r.scenario.path},
        "recommended": s.recommended,
        "best": s.base.best,
        "replications": s.replications,
        "paragraph": paragraph(s),
        "range": [1 / RANGE, RANGE],
        "far": [1 / FAR, FAR],
        "spread": SPREAD,
        "base": _by_goal(goals, s.base.ratios),
        "not_judged": [
            {"goal": u.goal.key, "cases": u.cases, "needed": u.needed, "each": u.replications}
            for u in s.unjudged
        ],
        "effects": [
            {
                "input": e.input.key,
                "group": e.input.group,
                "grade": e.input.grade,
                "source": e.input.source,
                "value": e.input.text,
                "low": _by_goal(goals, e.low.ratios),
                "low_best": e.low.best,
                "high": _by_goal(goals, e.high.ratios),
                "high_best": e.high.best,
                "swing": _finite(e.swing(s.base)),
                "thresholds": [
                    {"factor": t.factor, "value": t.value, "best": t.best} for t in e.thresholds
                ],
            }
            for e in s.effects
        ],
        "sobol": [{**vars(i), "conclusive": i.conclusive} for i in s.indices],
        "samples": s.samples,
        "left_out": s.left_out,
    }


def _by_goal(goals: list[str], ratios: tuple[float, ...]) -> dict[str, float | None]:
    return {goal: _finite(value) for goal, value in zip(goals, ratios, strict=True)}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None

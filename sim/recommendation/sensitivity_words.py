"""A sensitivity analysis in words and tables."""

import math
from typing import Any

from sim.basics.units import parse_duration
from sim.basics.wording import about
from sim.recommendation.sensitivity import FAR, NARROW, RANGE, Effect, Sensitivity, Threshold
from sim.results.tables import grid
from sim.scenario.parameters import value_text


def paragraph(s: Sensitivity) -> str:
    """What moves the decision, as prose."""
    best = s.base.best or "no setting"
    judged = f"by the estimates of {s.replications} run{'' if s.replications == 1 else 's'} of each world"
    said = [_start(s, best)]
    moving = [e for e in s.effects if e.thresholds]
    conditions: dict[str, list[str]] = {}
    for e in moving:
        for t in e.thresholds:
            conditions.setdefault(_outcome(t), []).append(_condition(e, t))
    said += [f"{outcome} if {', or if '.join(listed)}." for outcome, listed in conditions.items()]
    rest = len(s.effects) - len(moving)
    if moving:
        said.append(
            f"Each of the other {rest} uncertain inputs alone changes nothing at a tenth, half, twice and ten times its"
            f" value ({judged})."
        )
    else:
        said.append(
            f"It stays {best} if any one of the {rest} uncertain inputs is a tenth, half, twice or ten times what is"
            f" assumed ({judged})."
        )
    return " ".join(said)


def _start(s: Sensitivity, best: str) -> str:
    if s.base.best == s.recommended:
        return f"Recommended is {best}."
    recommended = s.recommended or "no setting, since none is shown to meet every goal"
    return (
        f"Recommended is {recommended}; but without confidence, by estimates alone, {best} is preferred, and what follows"
        " is what changes that."
    )


def statement(effect: Effect, threshold: Threshold) -> str:
    """For instance: The recommendation changes to per_request if host.check (median) is less than 38 ms (now 250 ms)."""
    return f"{_outcome(threshold)} if {_condition(effect, threshold)}."


def _outcome(threshold: Threshold) -> str:
    if threshold.best is None:
        return "No setting meets the goals any more"
    return f"The recommendation changes to {threshold.best}"


def _condition(effect: Effect, threshold: Threshold) -> str:
    direction = "is less than" if threshold.factor < 1 else "is more than"
    now, then, what = _sizes(effect.input.value, threshold)
    return f"{effect.input.key}{what} {direction} {then} (now {now})"


def _sizes(value: Any, threshold: Threshold) -> tuple[str, str, str]:
    """The value now, at the threshold, and which setting of a law is meant."""
    if isinstance(value, dict):
        for setting in ("median", "mean", "high", "value"):
            if setting in value:
                now = value[setting]
                return (
                    _short(now, like=now),
                    _short(threshold.value[setting], like=now),
                    f" ({setting})",
                )
        first = next(iter(value))
        if isinstance(value[first], int | float):
            now = value[first]
            return _short(now, like=now), _short(threshold.value[first], like=now), f" ({first})"
        return value_text(value), f"{threshold.factor:.2g} times that", ""
    return _short(value, like=value), _short(threshold.value, like=value), ""


def _short(value: Any, like: Any) -> str:
    """A time where the file writes one, else a number as the file has it."""
    if isinstance(value, str):
        return about(parse_duration(value))
    if isinstance(like, str):
        return about(float(f"{value:.2g}"))
    return f"{value:.3g}"


def tornado_table(s: Sensitivity) -> str:
    """Largest effect first: the worst goal's value over its limit at half and at twice the input."""
    rows = [
        [
            e.input.key,
            e.input.grade,
            e.input.text,
            _share(e.low.worst),
            _share(e.high.worst),
            _share(e.swing(s.base)),
            "; ".join(f"{t.factor:.2g} x: {t.best or 'none'}" for t in e.thresholds) or "-",
        ]
        for e in s.effects
    ]
    head = [
        "input",
        "grade",
        "value",
        f"worst goal, /{RANGE:g}",
        f"x {RANGE:g}",
        "swing",
        f"changes at (within x {FAR:g})",
    ]
    return grid(head, rows)


def sobol_table(s: Sensitivity) -> str:
    """First-order and total indices by goal; 0 means no influence, and noise may carry an index below 0."""
    rows = [
        [
            i.goal,
            i.key,
            f"{i.first:.2f} ±{i.first_half:.2f}",
            f"{i.total:.2f} ±{i.total_half:.2f}",
            "" if i.conclusive else "not conclusive",
        ]
        for i in sorted(s.indices, key=lambda i: (i.goal, -i.total))
    ]
    if not rows:
        return "No goal varies."
    text = grid(["goal", "input", "alone", "with interactions", ""], rows)
    wide = sum(not i.conclusive for i in s.indices)
    if wide:
        text += (
            f"\n{wide} of {len(rows)} indices are not conclusive with {s.samples} samples: half an interval is above"
            f" {NARROW:g}. Take more (--max-samples)."
        )
    return text


def _share(value: float) -> str:
    return "no end" if math.isinf(value) else f"{100 * value:.3g} %"


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
        "base": _by_goal(goals, s.base.ratios_to_limit),
        "effects": [
            {
                "input": e.input.key,
                "grade": e.input.grade,
                "source": e.input.source,
                "value": e.input.text,
                "low": _by_goal(goals, e.low.ratios_to_limit),
                "high": _by_goal(goals, e.high.ratios_to_limit),
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

"""The recommendation in words: a paragraph for a review, and the evidence below it."""

import math
from collections.abc import Sequence
from typing import Any

from sim.metrics import Figure
from sim.recommendation.answer import Recommendation
from sim.recommendation.goals import Judged
from sim.recommendation.search import LONGEST_S, SHORTEST_S, Found
from sim.statistics import Estimate
from sim.tables import grid
from sim.units import format_duration

_PREFERENCES = {
    "longest_lifetime": "the longest lifetime",
    "shortest_exposure": "the shortest exposure",
    "lowest_overhead": "the lowest gate overhead",
}


def paragraph(r: Recommendation) -> str:
    """The answer as prose."""
    return _use(r, r.best) if r.best is not None else _none_fits(r)


def _use(r: Recommendation, best: Found) -> str:
    sentences = [
        f"Use {best.setting}.",
        f"It meets every goal in {best.verified.replications} simulated runs of {r.scenario.title or 'this scenario'}"
        f" ({r.scenario.organisation.people} people, {format_duration(r.scenario.run.horizon_s)} each) that the search"
        f" had not used, with 95 % intervals: {_listed([_said(j) for j in best.verified.judged])}.",
        _range(best),
        _price(r, best),
        *_years(r, best),
        _instead(r, best),
    ]
    return " ".join(s for s in sentences if s)


def _said(judged: Judged) -> str:
    goal = judged.goal
    return f"{goal.text} {_measured(judged)} (goal {goal.shown(goal.limit)})"


def _measured(judged: Judged) -> str:
    """A value with its interval, or with what the settings bound where there are too few cases for one."""
    e, show = judged.estimate, judged.goal.shown
    if e.high is None:
        return show(e.value)
    if e.low is None or judged.goal.statistic == "max":
        return f"{show(e.value)} (by its settings at most {show(e.high)})"
    low, high = show(max(0.0, e.low)), show(e.high)
    return show(e.value) if low == high else f"{show(e.value)} [{low}, {high}]"


def _range(found: Found) -> str:
    if found.knob is None or found.shortest_s is None or found.longest_s is None:
        return "It has no lifetime to choose."
    low, high = (format_duration(float(f"{s:.3g}")) for s in (found.shortest_s, found.longest_s))
    parts = [f"Every goal is met by lifetimes from about {low} to {high}"]
    above = _first_missed(found, above=True) if found.longest_s < LONGEST_S else None
    below = _first_missed(found, above=False) if found.shortest_s > SHORTEST_S else None
    if above is not None:
        parts.append(f"longer ones are ended by {above.goal.text} ({above.goal.key})")
    if below is not None:
        parts.append(f"shorter ones by {below.goal.text} ({below.goal.key})")
    binding = found.verified.binding()
    if binding is not None:
        room = 1 - binding.strain
        parts.append(
            f"at the pick {binding.goal.text} binds, with {100 * room:.2g} % of its limit left"
        )
    return "; ".join(parts) + "."


def _first_missed(found: Found, *, above: bool) -> Judged | None:
    """The goal that the next lifetime tried outside the range misses."""
    assert found.shortest_s is not None and found.longest_s is not None
    if above:
        trials = [
            t
            for t in found.trials
            if (t.lifetime_s or 0) > found.longest_s and not t.meets(rising=True)
        ]
        return _of_kind(trials[0].misses(), True) if trials else None
    trials = [
        t
        for t in found.trials
        if (t.lifetime_s or 0) < found.shortest_s and not t.meets(rising=False)
    ]
    return _of_kind(trials[-1].misses(), False) if trials else None


def _of_kind(missed: list[Judged], rises: bool) -> Judged | None:
    return next((j for j in missed if j.goal.rises is rises), None)


def _price(r: Recommendation, found: Found) -> str:
    price = r.price(found)
    parts: list[str] = []
    for key, text in (
        ("auth_overhead mean", "{} of gate overhead a click"),
        ("auth_overhead p95", "({} at p95)"),
        ("host_calls mean", "{} host calls a second"),
        ("host_calls max", "({} in the busiest minute)"),
        ("interruptions mean", "{} interruptions per person-hour of use"),
        ("honest_refused mean", "{} of honest clicks refused for good"),
    ):
        figure = price.get(key)
        if figure is not None:
            value = text.format(figure_text(figure))
            if text.startswith("("):
                parts[-1] += " " + value
            else:
                parts.append(value)
    return f"It costs {_listed(parts)}."


def _years(r: Recommendation, found: Found) -> list[str]:
    return [
        f"In a year, about {y.cases:.0f} cases of {y.cause.replace('_', ' ')} ({100 * y.per_month:.2g} % of"
        f" {r.scenario.organisation.people} people a month, {y.source}) mean {count_text(y.reads)} reads and"
        f" {count_text(y.writes)} writes after access should have ended, if all fall into working hours as the drills do"
        " and people behave as assumed."
        for y in r.years(found)
    ]


def _instead(r: Recommendation, best: Found) -> str:
    others = [f for f in r.found if f is not best]
    feasible = [f.setting for f in others if f.feasible]
    parts = []
    if feasible:
        parts.append(f"By {_PREFERENCES[r.prefer]}, next come {_listed(feasible)}")
    if r.selection is not None:
        parts.append(str(r.selection))
    failing = [f"{f.name} ({_why_not(f)})" for f in others if not f.feasible]
    if failing:
        parts.append(f"no setting tried of {_listed(failing)} meets the goals")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _why_not(found: Found) -> str:
    missed = found.verified.misses()
    if not missed:
        return "not confirmed"
    worst = missed[0]
    if math.isinf(worst.strain) and math.isinf(worst.estimate.value):
        return f"{worst.goal.text} has no end"
    at = (
        ""
        if found.lifetime_s is None
        else f" at {format_duration(float(f'{found.lifetime_s:.3g}'))}"
    )
    return f"{worst.goal.text} {worst.goal.shown(worst.estimate.value)} against {worst.goal.shown(worst.goal.limit)}{at}"


def _none_fits(r: Recommendation) -> str:
    sentences = ["No strategy here meets every goal."]
    ways = sorted(
        ((max(j.strain for j in way), f, way) for f in r.found for way in f.relaxations if way),
        key=lambda item: item[0],
    )
    ways = [item for item in ways if math.isfinite(item[0])]
    if ways:
        said = [_relaxed(f, way) for _, f, way in ways[:3]]
        sentences.append(f"The gentlest ways out: {'; or '.join(said)}.")
    unreachable = [f"{f.name}: {_why_not(f)}" for f in r.found]
    sentences.append(f"What fails: {'; '.join(unreachable)}.")
    return " ".join(sentences)


def _relaxed(found: Found, way: Sequence[Judged]) -> str:
    changes = [
        f"{j.goal.key} from {j.goal.shown(j.goal.limit)} to {j.goal.shown(_rounded_up(j.estimate.high or math.inf))}"
        f" (+{100 * (j.strain - 1):.2g} %)"
        for j in way
    ]
    trial = next((t for t in found.trials if tuple(t.misses()) == tuple(way)), found.verified)
    at = (
        ""
        if trial.lifetime_s is None
        else f" at {format_duration(float(f'{trial.lifetime_s:.3g}'))}"
    )
    return f"{found.name}{at}, if you relax {_listed(changes)}"


def _rounded_up(value: float) -> float:
    if not value or not math.isfinite(value):
        return value
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    return math.ceil(value / unit - 1e-9) * unit


# -- tables -------------------------------------------------------------------------------------


def table(r: Recommendation) -> str:
    """A row for each strategy: the range, the pick, the goals, the front."""
    head = [
        "strategy",
        "meets all",
        "lifetimes that do",
        "pick",
        *(j.goal.text for j in r.found[0].verified.judged),
        "front",
    ]
    return grid(head, [_row(r, f) for f in r.found])


def _row(r: Recommendation, found: Found) -> list[str]:
    lifetimes = "-"
    if found.shortest_s is not None and found.longest_s is not None:
        low, high = (
            format_duration(float(f"{s:.3g}")) for s in (found.shortest_s, found.longest_s)
        )
        lifetimes = f"{low} to {high}"
    pick = "-" if found.lifetime_s is None else format_duration(float(f"{found.lifetime_s:.3g}"))
    name = found.name + (f" (also {', '.join(found.also)})" if found.also else "")
    goals = [
        f"{j.goal.shown(j.estimate.value)}{'' if j.verdict == 'met' else f' ({j.verdict})'}"
        for j in found.verified.judged
    ]
    front = "yes" if found.name in r.pareto else ""
    return [name, "yes" if found.feasible else "no", lifetimes, pick, *goals, front]


def document(r: Recommendation) -> dict[str, Any]:
    """The recommendation as `--json` prints it."""
    from sim import __version__

    return {
        "scenario": {"title": r.scenario.title, "id": r.scenario.id, "path": r.scenario.path},
        "version": __version__,
        "engine": r.engine,
        "seed": r.seed,
        "replications": r.replications,
        "prefer": r.prefer,
        "goals": [{"key": g.key, "limit": g.limit, "unit": g.unit} for g in r.goals],
        "best": None if r.best is None else r.best.name,
        "paragraph": paragraph(r),
        "pareto": r.pareto,
        "strategies": [_strategy_document(r, f) for f in r.found],
    }


def _strategy_document(r: Recommendation, f: Found) -> dict[str, Any]:
    return {
        "strategy": f.name,
        "also": list(f.also),
        "meets_all": f.feasible,
        "knob": f.knob,
        "lifetime_s": f.lifetime_s,
        "shortest_s": f.shortest_s,
        "longest_s": f.longest_s,
        "goals": [_judged_document(j) for j in f.verified.judged],
        "price": {
            key: {"estimate": g.estimate, "low": g.low, "high": g.high, "unit": g.unit} for key, g in r.price(f).items()
        },
        "year": [
            {"cause": y.cause, "per_month": y.per_month, "cases": y.cases, "reads": _bounds(y.reads), "writes": _bounds(y.writes)}
            for y in r.years(f)
        ],
        "relax": [[{"goal": j.goal.key, "to": _finite(_rounded_up(j.estimate.high or math.inf))} for j in way] for way in f.relaxations],
        "trials": [
            {"lifetime_s": t.lifetime_s, "replications": t.replications, "goals": [_judged_document(j) for j in t.judged]}
            for t in f.trials
        ],
    }  # fmt: skip


def _judged_document(j: Judged) -> dict[str, Any]:
    return {"goal": j.goal.key, "limit": j.goal.limit, "verdict": j.verdict, **_bounds(j.estimate)}


def _bounds(e: Estimate) -> dict[str, Any]:
    return {"estimate": _finite(e.value), "low": _finite(e.low), "high": _finite(e.high), "n": e.n}


def _finite(value: float | None) -> float | None:
    """JSON has no infinity: what has no end is null."""
    return value if value is not None and math.isfinite(value) else None


# -- values -------------------------------------------------------------------------------------


def figure_text(f: Figure) -> str:
    """A figure with its interval, in a unit that fits."""
    if f.unit == "s":
        return _interval(f.estimate, f.low, f.high, lambda v: format_duration(float(f"{v:.3g}")))
    if f.unit == "share":
        return _interval(f.estimate, f.low, f.high, lambda v: f"{100 * v:.2g} %")
    return _interval(f.estimate, f.low, f.high, lambda v: f"{v:.3g}")


def count_text(e: Estimate) -> str:
    """A number with its interval."""
    return _interval(e.value, e.low, e.high, lambda v: f"{v:,.0f}")


def _interval(value: float | None, low: float | None, high: float | None, show: Any) -> str:
    text = show(value)
    return (
        text
        if low is None or high is None or low == high
        else f"{text} [{show(max(0.0, low))}, {show(high)}]"
    )


def _listed(parts: Sequence[str]) -> str:
    return ", ".join(parts[:-1]) + f" and {parts[-1]}" if len(parts) > 1 else "".join(parts)

"""The recommendation in words: a paragraph for a review, and the evidence below it."""

import math
from typing import Any

from sim.basics.statistics import Estimate
from sim.basics.wording import about, format_duration
from sim.recommendation.answer import Against, Recommendation
from sim.recommendation.ends import LONGEST_S, SHORTEST_S
from sim.recommendation.numbers import count, inwards, plain, seconds, share
from sim.recommendation.relaxing import listed, relaxed, rounded_up
from sim.recommendation.search import Found
from sim.results.metrics import Figure
from sim.results.tables import grid
from sim.verdict import store
from sim.verdict import words as verdict_words
from sim.verdict.cells import cells_text
from sim.verdict.goals import Judged
from sim.verdict.terminal import verdict_text

_PREFERENCES = {
    "longest_lifetime": "the longest lifetime",
    "shortest_exposure": "the shortest exposure",
    "lowest_overhead": "the lowest gate overhead",
}

# Differences that matter to nobody: seconds of exposure and of overhead, calls a second, interruptions an hour.
_LEAST = {"exposure": 1.0, "auth_overhead": 1e-3, "host_calls": 0.01, "interruptions": 0.01}


def paragraph(r: Recommendation) -> str:
    """The verdict for a review, in at most 120 words."""
    return verdict_words.paragraph(r.verdict)


def evidence(r: Recommendation) -> str:
    """All that the search knows, as prose: ranges, prices, a year, the others, the front."""
    return _use(r, r.best) if r.best is not None else _none_fits(r)


def _use(r: Recommendation, best: Found) -> str:
    open_ = cells_text(r.verdict.row(best.name).open)
    sentences = [
        f"In {_runs(r, best)} {best.setting} meets every goal: {listed([_said(j) for j in best.verified.judged])}.",
        f"It leaves open: {open_}." if open_ else "",
        _range(best),
        _price(r, best),
        *_years(r, best),
        _instead(r, best),
        _front(r),
    ]
    return " ".join(s for s in sentences if s)


def _runs(r: Recommendation, found: Found) -> str:
    title = r.scenario.title or "this scenario"
    warm_up = f", the first {about(r.warm_up_s)} cut" if r.warm_up_s else ""
    return (
        f'{found.verified.replications} fresh simulated runs of "{title}" ({r.scenario.organisation.people} people,'
        f" {format_duration(r.scenario.run.horizon_s)} each{warm_up}; 95 % intervals)"
    )


def _said(judged: Judged) -> str:
    goal = judged.goal
    return f"{goal.text} {_measured(judged)} against {goal.shown(goal.limit)}"


def _measured(judged: Judged) -> str:
    """A value with its interval; where its settings decide, or the cases are too few, that is said."""
    e, show = judged.estimate, judged.goal.shown
    if judged.by_settings or (judged.goal.statistic == "max" and e.high is not None):
        return f"{show(e.value)} (n = {e.n}; its settings allow at most {show(e.high or math.inf)})"
    if e.low is None or e.high is None:
        return f"{show(e.value)} ({_too_few(judged)})"
    if judged.goal.rises and e.value == e.high == 0:
        return f"0 s (n = {e.n}, most leave no window)"
    return seconds(e) if judged.goal.unit == "s" else plain(e)


def _too_few(judged: Judged) -> str:
    needed = judged.cases_needed
    least = f", an interval takes at least {needed}" if needed else ""
    return f"too few cases for an interval: n = {judged.estimate.n}{least}"


def _range(found: Found) -> str:
    if found.search_variable is None:
        return "It has no lifetime to choose."
    if found.shortest_s is None or found.longest_s is None:
        most = max((t.replications for t in found.trials), default=0)
        return (
            f"How far {found.search_variable} may go either way was not shown with 95 % confidence by the {most} runs of the search;"
            f" {about(found.lifetime_s or 0.0)} came nearest in it, and the fresh runs confirm that value alone."
        )
    low, high = inwards(found.shortest_s, found.longest_s)
    parts = [f"In the search every goal was met by lifetimes from {low} to {high}"]
    above = _first_missed(found, above=True) if found.longest_s < LONGEST_S else None
    below = _first_missed(found, above=False) if found.shortest_s > SHORTEST_S else None
    if above is not None:
        parts.append(f"longer ones {_fail(above)}")
    if below is not None:
        parts.append(f"shorter ones {_fail(below)}")
    if found.not_confirmed:
        given = listed([format_duration(s) for s in found.not_confirmed])
        parts.append(f"fresh runs did not confirm {given}")
    binding = found.verified.binding()
    if binding is not None:
        end = "the settings' bound" if binding.by_settings else "the interval's upper end"
        parts.append(
            f"at the pick {binding.goal.text} is nearest to its limit ({end} leaves {100 * (1 - binding.ratio_to_limit):.2g} %)"
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


def _fail(judged: Judged) -> str:
    verb = "miss" if judged.verdict == "missed" else "are not shown to keep"
    return f"{verb} {judged.goal.key}"


def _of_kind(missed: list[Judged], rises: bool) -> Judged | None:
    return next((j for j in missed if j.goal.rises is rises), None)


def _price(r: Recommendation, found: Found) -> str:
    """What the goals do not name already."""
    price = r.price(found)
    said = {f"{j.goal.metric} {j.goal.statistic}" for j in found.verified.judged}
    mean, p95 = price.get("auth_overhead mean"), price.get("auth_overhead p95")
    parts: list[str] = []
    for key, text in (
        ("auth_overhead mean", "{} of gate overhead for the average click"),
        ("auth_overhead p95", "{} for the 95th of a hundred"),
        ("host_calls mean", "{} host calls a second"),
        ("host_calls max", "{} host calls a second in the busiest minute"),
        ("interruptions mean", "{} interruptions per person-hour of use"),
        ("honest_refused mean", "{} of honest clicks refused for good"),
    ):
        figure = price.get(key)
        if figure is not None and key not in said:
            parts.append(text.format(figure_text(figure)))
        if key == "auth_overhead mean" and mean and p95 and mean.estimate > 1.05 * p95.estimate:
            parts[-1:] = [f"{part} (few slow clicks carry the mean)" for part in parts[-1:]]
    return f"It costs {listed(parts)}." if parts else ""


def _years(r: Recommendation, found: Found) -> list[str]:
    years = r.years(found)
    sentences = [
        f"In a year, about {y.cases:.0f} cases of {y.cause.replace('_', ' ')} ({100 * y.per_month:.2g} % of"
        f" {r.scenario.organisation.people} people a month; {y.source}) mean {count(y.reads)} reads and"
        f" {count(y.writes)} writes after access should have ended"
        for y in years
    ]
    if sentences:
        sentences[-1] += (
            ", assuming that all fall into working hours as the simulated ones do and that people behave as the"
            " scenario guesses"
        )
    unknown = r.without_rate(found)
    if unknown:
        sentences.append(
            f"What {listed([c.replace('_', ' ') for c in unknown])} mean in a year is not said, since no natural rate is"
            f" known ({listed([f'cases.{c}.per_month' for c in unknown])})"
        )
    return [sentence + "." for sentence in sentences]


def _instead(r: Recommendation, best: Found) -> str:
    """The others: those that meet the goals, how they differ, those that do not and why."""
    others = [f for f in r.found if f is not best]
    sentences = []
    feasible = [f for f in others if f.feasible]
    if feasible:
        named = [
            f"{f.setting} ({text})" if (text := _against(r, best, f)) else f.setting
            for f in feasible
        ]
        sentences.append(
            f"By {_PREFERENCES[r.prefer]}, next {'come' if len(feasible) > 1 else 'comes'} {'; then '.join(named)}"
        )
    if r.selection is not None:
        sentences.append(
            f"By {_PREFERENCES[r.prefer]} the strategies are {_confidence(str(r.selection))}"
        )
    missing = [f for f in others if not f.feasible and f.missed]
    thin = [f for f in others if not f.feasible and not f.missed]
    if missing:
        sentences.append(
            f"No setting tried of {listed([f'{_family(f)} ({_why_not(f)})' for f in missing])} meets the goals"
        )
    if thin:
        sentences.append(f"Left open: {'; '.join(f'{f.setting} ({_why_not(f)})' for f in thin)}")
    ways = [(f, f.relaxations[0]) for f in others if not f.feasible and f.relaxations]
    ways = [
        (f, way)
        for f, way in ways
        if math.isfinite(max(j.ratio_to_limit for j in way)) and f.missed
    ]
    if ways:
        sentences.append(f"What it would take: {'; '.join(relaxed(f, way) for f, way in ways[:3])}")
    return " ".join(f"{s}." for s in sentences)


def _family(found: Found) -> str:
    """The name, with those of strategies that differ in the searched lifetime only."""
    if not found.also:
        return found.name
    return f"{listed([found.name, *found.also])}, which differ in {found.search_variable} only,"


def _front(r: Recommendation) -> str:
    """Who is dominated by nobody, and who by whom."""
    if len(r.found) < 2:
        return ""
    dominated = [f"{name} by {listed(by)}" for name, by in r.dominated.items()]
    front = f"In mean exposure, gate overhead, host calls and interruptions together, {listed(r.pareto)}"
    are = "are dominated by no other" if len(r.pareto) > 1 else "is dominated by no other"
    return f"{front} {are} (the Pareto front){'; ' if dominated else ''}{listed(dominated)}."


def _confidence(selection: str) -> str:
    return selection if selection.startswith("not told") else f"told apart: {selection}"


def _against(r: Recommendation, best: Found, other: Found) -> str:
    """What the replications tell apart, on the same people and cases."""
    names = {
        "exposure": ("mean exposure", seconds),
        "auth_overhead": ("mean gate overhead", seconds),
        "host_calls": ("host calls a second", plain),
        "interruptions": ("interruptions per person-hour", plain),
    }
    told, alike = [], []
    for row in r.against(best):
        d, (name, show) = row.difference, names[row.objective]
        if row.strategy != other.name or d.low is None or d.high is None:
            continue
        if not math.isfinite(d.value):
            continue
        if max(abs(d.low), abs(d.high)) < _LEAST[row.objective]:
            continue  # it matters to nobody
        if d.low <= 0 <= d.high:
            alike.append(name)
        else:
            less = "less" if row.objective in ("exposure", "auth_overhead") else "fewer"
            more = "more" if d.value > 0 else less
            low, high = sorted((abs(d.low), abs(d.high)))
            told.append(f"{show(Estimate(abs(d.value), low, high, d.n))} {more} {name}")
    text = listed(told)
    if alike:
        text += f"{'; ' if told else ''}not told apart in {listed(alike)}"
    return text


def _why_not(found: Found) -> str:
    missed = found.missed
    if not missed:
        runs = found.verified.replications
        goals = listed([_open(j) for j in found.verified.misses()])
        seen = ""
        if found.longest_s is not None:
            seen = "the search found it to meet every goal, but it is "
        return f"{seen}not shown with 95 % confidence in {runs} fresh runs, more replications needed: {goals}"
    worst = missed[0]
    if math.isinf(worst.ratio_to_limit) and math.isinf(worst.estimate.value):
        return f"{worst.goal.text} has no end"
    at = "" if found.lifetime_s is None else f" at {about(found.lifetime_s)}"
    return f"{worst.goal.text} {worst.goal.shown(worst.estimate.value)} against {worst.goal.shown(worst.goal.limit)}{at}"


def _open(judged: Judged) -> str:
    limit = judged.goal.shown(judged.goal.limit)
    if math.isnan(judged.estimate.value):
        return f"{judged.goal.text}, which no case tells"
    return f"{judged.goal.text} {_measured(judged)} against {limit}, n = {judged.estimate.n}"


def _none_fits(r: Recommendation) -> str:
    thin = [f for f in r.found if not f.missed]
    first = "No strategy here meets every goal."
    if thin:
        first = "No strategy here is shown to meet every goal."
    sentences = [first]
    ways = sorted(
        (
            (max(j.ratio_to_limit for j in way), f, way)
            for f in r.found
            for way in f.relaxations
            if way
        ),
        key=lambda item: item[0],
    )
    ways = [item for item in ways if math.isfinite(item[0])]
    if ways:
        said = [relaxed(f, way) for _, f, way in ways[:3]]
        sentences.append(f"The gentlest ways out: {'; or '.join(said)}.")
    missing = [f"{f.name}: {_why_not(f)}" for f in r.found if f.missed]
    if missing:
        sentences.append(f"What fails: {'; '.join(missing)}.")
    if thin:
        sentences.append(f"Left open: {'; '.join(f'{f.setting}: {_why_not(f)}' for f in thin)}.")
    return " ".join(s for s in (*sentences, _front(r)) if s)


def details(r: Recommendation) -> str:
    """What a file keeps below the paragraph: the verdict's table, the search's, and the evidence."""
    below = (verdict_text(r.verdict, 100, False), verdict_words.explained(r.verdict))
    return "\n\n".join((*below, table(r), evidence(r)))


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
        lifetimes = " to ".join(dict.fromkeys(inwards(found.shortest_s, found.longest_s)))
        if not found.feasible:
            lifetimes += " (not confirmed)"
    pick = "-" if found.lifetime_s is None else about(found.lifetime_s)
    name = found.name + (f" (also {', '.join(found.also)})" if found.also else "")
    goals = [
        f"{j.goal.shown(j.estimate.value)}{'' if j.verdict == 'met' else f' ({j.verdict})'}"
        for j in found.verified.judged
    ]
    front = "yes" if found.name in r.pareto else ""
    meets = "yes" if found.feasible else "no" if found.missed else "not shown"
    return [name, meets, lifetimes, pick, *goals, front]


def document(r: Recommendation) -> dict[str, Any]:
    """The recommendation as `--json` prints it."""
    from sim import __version__

    return {
        "scenario": {"title": r.scenario.title, "id": r.scenario.id, "path": r.scenario.path},
        "version": __version__,
        "engine": r.engine,
        "seed": r.seed,
        "replications": r.replications,
        "max_replications": r.limit,
        "warm_up_s": r.warm_up_s,
        "prefer": r.prefer,
        "goals": [{"key": g.key, "limit": g.limit, "unit": g.unit} for g in r.goals],
        "best": r.verdict.use,
        "paragraph": paragraph(r),
        "verdict": store.document(r.verdict),
        "evidence": evidence(r),
        "pareto": r.pareto,
        "against_best": [] if r.best is None else [_against_document(a) for a in r.against(r.best)],
        "strategies": [_strategy_document(r, f) for f in r.found],
    }


def _strategy_document(r: Recommendation, f: Found) -> dict[str, Any]:
    return {
        "strategy": f.name,
        "engine": f.engine,
        "replications": f.verified.replications,
        "also": list(f.also),
        "meets_all": f.feasible,
        "search_variable": f.search_variable,
        "lifetime_s": f.lifetime_s,
        "shortest_s": f.shortest_s,
        "longest_s": f.longest_s,
        "goals": [_judged_document(j) for j in f.verified.judged],
        "price": {
            key: {"estimate": g.estimate, "low": g.low, "high": g.high, "unit": g.unit} for key, g in r.price(f).items()
        },
        "year": [
            {"cause": y.cause, "per_month": y.per_month, "source": y.source, "cases": y.cases, "reads": _bounds(y.reads), "writes": _bounds(y.writes)}
            for y in r.years(f)
        ],
        "relax": [[{"goal": j.goal.key, "to": _finite(rounded_up(j.estimate.high or math.inf))} for j in way] for way in f.relaxations],
        "trials": [
            {"lifetime_s": t.lifetime_s, "replications": t.replications, "goals": [_judged_document(j) for j in t.judged]}
            for t in f.trials
        ],
    }  # fmt: skip


def _judged_document(j: Judged) -> dict[str, Any]:
    return {
        "goal": j.goal.key, "limit": j.goal.limit, "verdict": j.verdict, "by_settings": j.by_settings,
        **_bounds(j.estimate),
    }  # fmt: skip


def _against_document(a: Against) -> dict[str, Any]:
    d = a.difference
    found = {"estimate": d.value, "low": d.low, "high": d.high, "p": d.p}
    return {
        "strategy": a.strategy,
        "objective": a.objective,
        **{k: _finite(v) for k, v in found.items()},
        "n": d.n,
    }


def _bounds(e: Estimate) -> dict[str, Any]:
    return {"estimate": _finite(e.value), "low": _finite(e.low), "high": _finite(e.high), "n": e.n}


def _finite(value: float | None) -> float | None:
    """JSON has no infinity: what has no end is null."""
    return value if value is not None and math.isfinite(value) else None


# -- values -------------------------------------------------------------------------------------


def figure_text(f: Figure) -> str:
    """A figure with its interval, in a unit that fits."""
    e = Estimate(f.estimate, f.low, f.high, f.n)
    return seconds(e) if f.unit == "s" else share(e) if f.unit == "share" else plain(e)

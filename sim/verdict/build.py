"""From judged runs to the verdict: rows in the order of preference, the one to use, and what it rests on."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sim.basics.statistics import QUANTILES, Estimate
from sim.basics.wording import format_duration
from sim.engine.recording import Run
from sim.model.causes import CAUSE_HEADS, CAUSES, TOLD_TODAY
from sim.model.lifetimes import lifetimes, search_variable_of
from sim.model.mechanisms import PUSH
from sim.model.strategies import Strategy
from sim.results.experiment import Comparison, more
from sim.scenario import Scenario
from sim.verdict.causes import directory, why
from sim.verdict.cells import open_cells
from sim.verdict.goals import Goal, Judged, fewest_cases, goals_or_stand_ins, judge
from sim.verdict.preference import preference
from sim.verdict.record import GoalRow, Rarest, Reason, Row, Second, Setting, State, Verdict
from sim.verdict.settings import not_set
from sim.verdict.windows import persons

FEW = 30  # persons behind a mean; for a quantile as many as its interval takes
_NEAR = 1.25  # an unclear goal so near to its limit may come out otherwise under another seed

_FIRST_RUNS = 4  # of another seed; more where they leave a goal open

Simulate = Callable[[Strategy, Sequence[int], int], list[Run]]  # strategy, replications, seed


@dataclass(frozen=True)
class Candidate:
    """A strategy at a setting with the runs by which it is judged; the last three as in `Row`."""

    strategy: Strategy
    runs: Sequence[Run]
    judged: tuple[Judged, ...]
    found: bool = False
    before: str = ""
    missed: str = ""
    also: tuple[str, ...] = ()

    @property
    def met(self) -> bool:
        """Whether every goal is shown to be met."""
        return all(j.verdict == "met" for j in self.judged)


def verdict_of(
    comparison: Comparison, *, second: bool = True, workers: int = 1, engine: str = "compiled"
) -> Verdict:
    """Judge the settings that a comparison ran, as they stand.

    `second`: try another seed with the setting to use, and with those that are nearly decided (on `workers`, `engine`).
    """
    scenario = comparison.scenario
    goals, assumed = goals_or_stand_ins(scenario)
    candidates = [
        Candidate(strategy, runs, tuple(judge(goal, scenario, strategy, runs) for goal in goals))
        for strategy, runs in zip(comparison.strategies.values(), comparison.runs.values(), strict=True)
    ]  # fmt: skip

    def again(strategy: Strategy, numbers: Sequence[int], seed: int) -> list[Run]:
        return more(comparison, strategy, numbers, seed=seed, workers=workers, engine=engine)

    return assemble(
        scenario, goals, assumed, candidates, comparison.seed, comparison.replications,
        again if second else None,
    )  # fmt: skip


def assemble(
    scenario: Scenario,
    goals: list[Goal],
    assumed: tuple[str, ...],
    candidates: Sequence[Candidate],
    seed: int,
    replications: int,
    again: Simulate | None = None,
    *,
    searched: bool = False,
    ways_out: tuple[str, ...] = (),
) -> Verdict:
    """The verdict on candidates; `again` simulates one under another seed."""
    prefer = "longest_lifetime" if scenario.goals is None else scenario.goals.prefer
    ranked = sorted(candidates, key=lambda c: _rank(c, prefer, goals))
    rows = tuple(_row(scenario, candidate) for candidate in ranked)
    use = rows[0].strategy if rows and rows[0].state == "ok" else None
    return Verdict(
        title=scenario.title,
        question=scenario.question,
        scenario_id=scenario.id,
        seed=seed,
        replications=replications,
        people=scenario.organisation.people,
        prefer=prefer,
        searched=searched,
        assumed_goals=assumed,
        rows=rows,
        use=use,
        decided_by=_decided_by(scenario, rows, use),
        rarest=_rarest(scenario, goals, ranked),
        second=None if again is None else _second(scenario, ranked, use, seed, again),
        directory=directory(scenario, ranked[0].runs) if ranked else "",
        ways_out=ways_out,
    )


def _rank(
    candidate: Candidate, prefer: str, goals: list[Goal]
) -> tuple[bool, bool, float, float, str]:
    """Those that meet every goal first, of them those that can be built today, then by preference."""
    name = candidate.strategy.name
    if not candidate.met:
        return (True, False, max(j.ratio_to_limit for j in candidate.judged), 0.0, name)
    lifetime_s = min(lifetimes(candidate.strategy).values(), default=None)
    preferred = preference(candidate.runs, lifetime_s, prefer, goals)
    return (False, bool(hypothetical(candidate.strategy)), *preferred, name)


def hypothetical(strategy: Strategy) -> str:
    """The events that a strategy needs and no host sends today; empty where it needs none, or a channel of its own has them."""
    needed = {cause for push in strategy.pushes if push.channel == PUSH for cause in push.causes}
    causes = [CAUSE_HEADS[c] for c in CAUSES if c in needed and c not in TOLD_TODAY]
    return f"needs events that no host sends today: {', '.join(causes)}" if causes else ""


# -- rows ---------------------------------------------------------------------------------------


def _row(scenario: Scenario, candidate: Candidate) -> Row:
    strategy = candidate.strategy
    variable = search_variable_of(strategy)
    lifetime = "" if variable is None else format_duration(lifetimes(strategy)[variable])
    missed = any(j.verdict == "missed" for j in candidate.judged)
    state: State = "ok" if candidate.met else "no" if missed else "unclear"
    return Row(
        strategy=strategy.name,
        setting="" if variable is None else f"{variable} = {lifetime}",
        lifetime=lifetime,
        state=state,
        goals=tuple(goal_row(j, scenario, strategy, candidate.runs) for j in candidate.judged),
        open=open_cells(scenario, strategy),
        hypothetical=hypothetical(strategy),
        found=candidate.found,
        before=candidate.before,
        missed=candidate.missed,
        also=candidate.also,
        ended=ended(candidate.runs),
        cases=sum(len(run.cases) for run in candidate.runs),
    )


def ended(runs: Sequence[Run]) -> tuple[tuple[str, float], ...]:
    """What ended the cases that happened, by the share of them, the most frequent first."""
    words = Counter(str(word) for run in runs if run.ended is not None for word in run.ended)
    number = sum(words.values())
    return tuple((word, times / number) for word, times in words.most_common())


def goal_row(
    judged: Judged, scenario: Scenario, strategy: Strategy, runs: Sequence[Run]
) -> GoalRow:
    """A judged goal as plain values."""
    goal, e = judged.goal, judged.estimate
    return GoalRow(
        key=goal.key,
        head=goal.head,
        limit=goal.limit,
        unit=goal.unit,
        shown_limit=goal.shown(goal.limit),
        shown="no case" if math.isnan(e.value) else goal.shown(e.value),
        interval=_interval(judged),
        value=_finite(e.value),
        low=_finite(e.low),
        high=_finite(e.high),
        n=e.n,
        few=_few(goal, e),
        ratio_to_limit=_finite(judged.ratio_to_limit),
        verdict=judged.verdict,
        by_settings=judged.by_settings,
        why=tuple(_by_default(scenario, r) for r in why(judged, scenario, strategy, runs)),
    )


def _by_default(scenario: Scenario, reason: Reason) -> Reason:
    """A reason that rests on a value of the world which nobody set says so."""
    world = [key for key in reason.keys if not key.startswith("strategies.")]
    if not not_set(scenario, world):
        return reason
    return replace(reason, text=f"{reason.text} (a default)")


def _interval(judged: Judged) -> str:
    """For instance `3.1 to 4.2 min`; what the settings allow where they decide; empty where there is none."""
    goal, e = judged.goal, judged.estimate
    if judged.by_settings or (goal.statistic == "max" and e.high is not None):
        return f"at most {goal.shown(e.high or 0.0)} by settings"
    if e.low is None or e.high is None or e.low == e.high:
        return ""
    low, high = goal.shown(max(0.0, e.low)), goal.shown(e.high)
    return "" if low == high else f"{low} to {high}"


def _few(goal: Goal, e: Estimate) -> bool:
    """Whether fewer persons stand behind a figure of cases than it takes."""
    if goal.metric != "exposure":
        return False
    quantile = QUANTILES.get(goal.statistic)
    return e.n < (FEW if quantile is None else fewest_cases(quantile))


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _rarest(
    scenario: Scenario, goals: Sequence[Goal], candidates: Sequence[Candidate]
) -> Rarest | None:
    """The cause with the fewest persons behind the first row, of those that happen here."""
    if not candidates:
        return None
    runs = candidates[0].runs
    causes = [c for c in CAUSES if scenario.cases.share_of(c) > 0]
    behind = {c: persons(runs, c) for c in causes}
    if not behind:
        return None
    cause = min(behind, key=lambda c: behind[c])
    asked = [g.statistic for g in goals if g.rises]
    needed = max(
        (fewest_cases(QUANTILES[s]) if s in QUANTILES else FEW for s in asked), default=FEW
    )
    return Rarest(cause, behind[cause], behind[cause] >= needed)


# -- what it rests on ---------------------------------------------------------------------------


def _decided_by(scenario: Scenario, rows: Sequence[Row], use: str | None) -> tuple[Setting, ...]:
    reasons = [goal.why[0] for row in rows for goal in row.failed if goal.why]
    keys = [key for reason in reasons for key in reason.keys]
    keys += _rests_on(rows[0]) if use is not None else []
    # what the world is like before what a strategy is set to
    return not_set(scenario, sorted(keys, key=lambda key: key.startswith("strategies.")))


def _rests_on(row: Row) -> list[str]:
    """What a met goal rests on, where it is a value of the world: seen windows below what the settings allow."""
    keys = []
    for goal in row.goals:
        if "exposure" in goal.key and not goal.by_settings:
            keys += ["workload.visit_ends", "organisation.visits"]
            if goal.key.startswith("goals.exposure"):
                keys += [f"cases.{cause}" for cause in CAUSES]
    return keys


def _second(
    scenario: Scenario,
    ranked: Sequence[Candidate],
    use: str | None,
    seed: int,
    again: Simulate,
) -> Second:
    """The setting to use, and those before a decision, judged anew under the next seed."""
    other = seed + 1
    tried, flips = [], []
    for candidate in ranked:
        name = candidate.strategy.name
        if name == use or _nearly_decided(candidate):
            tried.append(name)
            met = _meets_again(scenario, candidate, other, again)
            flips += [name] if met != candidate.met else []
    return Second(other, tuple(tried), tuple(flips))


def _meets_again(scenario: Scenario, candidate: Candidate, seed: int, again: Simulate) -> bool:
    """Whether it meets every goal under another seed: as many replications as it takes to tell, at most those it had."""
    strategy, most, runs = candidate.strategy, len(candidate.runs), list[Run]()
    while True:
        upto = min(most, max(_FIRST_RUNS, 2 * len(runs)))
        runs += again(strategy, range(len(runs), upto), seed)
        judged = [judge(j.goal, scenario, strategy, runs).verdict for j in candidate.judged]
        if len(runs) >= most or "missed" in judged or "unclear" not in judged:
            return all(verdict == "met" for verdict in judged)


def _nearly_decided(candidate: Candidate) -> bool:
    """Not shown to meet its goals, and none of them far from its limit."""
    worst = max(j.ratio_to_limit for j in candidate.judged)
    missed = any(j.verdict == "missed" for j in candidate.judged)
    return not candidate.met and not missed and worst <= _NEAR

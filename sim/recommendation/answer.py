"""The answer: strategies ranked by the stated preference, the Pareto front, the price and what it means in a year."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sim.basics.selection import Selection, select_smallest
from sim.basics.statistics import LEVEL, Difference, Estimate, holm, paired_difference
from sim.engine import engine_for, prepare
from sim.engine import run as simulate
from sim.engine.recording import Run
from sim.model.causes import CAUSES
from sim.model.lifetimes import search_variable_of
from sim.model.strategies import Strategy
from sim.recommendation.runs import Runs
from sim.recommendation.search import Found, families, search
from sim.recommendation.trials import Runner
from sim.recommendation.verdict import verdict_on
from sim.results import precision
from sim.results.metrics import Figure, figures, pooled_mean
from sim.results.warmup import PILOT_RUNS
from sim.results.warmup import warm_up_s as found_warm_up_s
from sim.scenario import Problem, Scenario, ScenarioError, with_changes
from sim.sweeps.executors import Pool, make_pool
from sim.verdict.build import hypothetical
from sim.verdict.goals import Goal, goals_or_stand_ins
from sim.verdict.preference import OBJECTIVES, mean_of, objective, preference
from sim.verdict.record import Verdict

# What is taken where the scenario gives no `per_month`: rate and source. Other causes have no published rate.
NATURAL_PER_MONTH = {
    "deactivation": (
        0.011,
        "layoffs and discharges of the United States, JOLTS (grade B): an assumption for this organisation",
    )
}
_MONTHS = 12.0
_GROWTH = 8  # how many times the replications a trial may take if nothing else is said


@dataclass(frozen=True)
class Year:
    """What a cause means in a year for this organisation: cases, and unauthorised requests with intervals."""

    cause: str
    per_month: float
    source: str
    cases: float
    reads: Estimate
    writes: Estimate


@dataclass(frozen=True)
class Against:
    """An objective of a strategy less that of the pick, on the same people and cases.

    The intervals hold for all strategies together (95 %, Bonferroni); `difference.p` is corrected by Holm.
    """

    strategy: str
    objective: str
    difference: Difference


@dataclass(frozen=True)
class Recommendation:
    """The ranking, the best first: those that meet every goal, then the rest by how far they are from it.

    `replications` are those a trial may take, `limit` where goals stay open; `engine` is what ran. `warm_up_s` was cut.
    """

    scenario: Scenario
    seed: int
    replications: int
    limit: int
    engine: str
    warm_up_s: float
    goals: list[Goal]
    prefer: str
    found: list[Found]
    selection: Selection | None
    dominated: dict[str, list[str]]
    verdict: Verdict

    @property
    def pareto(self) -> list[str]:
        """Strategies whose pick no other dominates in exposure, overhead, host calls and interruptions together (by means)."""
        return [f.name for f in self.found if f.name not in self.dominated]

    @property
    def best(self) -> Found | None:
        """The strategy to use; None where none meets the goals."""
        return self.found[0] if self.found and self.found[0].feasible else None

    def price(self, found: Found) -> dict[str, Figure]:
        """What a pick costs honest people and the host, from the verifying replications."""
        wanted = {
            ("auth_overhead", "mean"), ("auth_overhead", "p95"), ("response", "mean"), ("response", "p95"),
            ("host_calls", "mean"), ("host_calls", "max"), ("interruptions", "mean"), ("honest_refused", "mean"),
        }  # fmt: skip
        return {
            f"{f.metric} {f.statistic}": f
            for f in figures(found.name, found.runs)
            if f.cause is None and f.of is None and (f.metric, f.statistic) in wanted
        }

    def years(self, found: Found) -> list[Year]:
        """By cause, where a rate is known: the scenario's `per_month`, or a published one."""
        years = []
        for cause in CAUSES:
            settings = getattr(self.scenario.cases, cause)
            rate, source = NATURAL_PER_MONTH.get(cause, (None, ""))
            if settings is not None and settings.per_month is not None:
                given = self.scenario.sources.get(f"cases.{cause}", "no source given")
                rate, source = settings.per_month, f"the scenario's rate: {given}"
            if rate and any((run.cases.cause == CAUSES.index(cause)).any() for run in found.runs):
                cases = self.scenario.organisation.people * rate * _MONTHS
                reads, writes = (
                    _times(pooled_mean(found.runs, f"unauthorised_{kind}", [cause]), cases)
                    for kind in ("reads", "writes")
                )
                years.append(Year(cause, rate, source, cases, reads, writes))
        return years

    def without_rate(self, found: Found) -> list[str]:
        """The causes that happen here, but how often in a year nobody says."""
        known = {year.cause for year in self.years(found)}
        happen = [c for c in CAUSES if self.scenario.cases.share_of(c) > 0]
        return [cause for cause in happen if cause not in known]

    def against(self, found: Found) -> list[Against]:
        """How the other strategies that meet every goal differ from a pick, in exposure and price."""
        rows = []
        for name in OBJECTIVES:
            theirs = [f for f in self.found if f.feasible and f is not found]
            level = 1 - (1 - LEVEL) / max(1, len(theirs))
            family = [_paired(f, found, name, self.goals, level) for f in theirs]
            p_values = [p for row in family if (p := row.difference.p) is not None]
            if len(p_values) == len(family):
                corrected = holm(p_values)
                family = [
                    replace(row, difference=replace(row.difference, p=p))
                    for row, p in zip(family, corrected, strict=True)
                ]
            rows += family
        return rows


def recommend(
    scenario: Scenario,
    strategies: Sequence[Strategy] | None = None,
    *,
    replications: int | None = None,
    max_replications: int | None = None,
    seed: int | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    pool: Pool | None = None,
    engine: str = "compiled",
    report: Callable[[float, int], None] | None = None,
) -> Recommendation:
    """Answer "which strategy, and which timeout?" for the scenario's `[goals]`, or for stand-ins where it has none.

    A trial of the search takes as many replications as tell whether a lifetime fits, up to `replications` (default: the
    scenario's, at least 2); where the goals stay open up to `max_replications` (default: the scenario's, else eight
    times as many). A pick is verified on `replications` fresh ones, or by default on twice as many as told, at least 8;
    with a `precision` in the scenario (and no `replications` here) on more until it holds. With
    `warm_up = "auto"` a pilot of the strategies as they stand finds what to cut. The answer does not depend on
    workers. Raises ScenarioError for a precision of what has no mean.
    """
    goals, assumed = goals_or_stand_ins(scenario)
    try:
        precision.check_names(scenario)
    except ValueError as error:
        where = scenario.path or "scenario"
        raise ScenarioError([Problem(where, None, "run.precision", "", str(error))]) from None
    prefer = scenario.goals.prefer if scenario.goals is not None else "longest_lifetime"
    seed = scenario.run.seed if seed is None else seed
    exact = replications is not None
    precise = not exact and scenario.run.precision is not None
    replications = max(2, scenario.run.replications if replications is None else replications)
    limit = max_replications or scenario.run.max_replications or _GROWTH * replications
    limit = max(limit, replications)
    groups = families(list(strategies or scenario.strategies.values()))
    scenario = _without_warm_up(scenario, groups, seed, engine)
    own = pool is None
    compiled = all(engine_for(s, engine) == "compiled" for s, _ in groups)
    if cluster is None:
        prepare([s for s, _ in groups], engine)
    pool = pool or make_pool(workers, cluster, threads=compiled)
    runs = Runs(pool, seed, engine, report)
    searches = [
        (s, partial(search, scenario, s, also, goals, prefer, replications, limit, precise, exact, engine))
        for s, also in groups
    ]  # fmt: skip
    try:
        found = _search_all(runs, searches, replications)
        ranked = sorted(found, key=lambda f: _rank(f, prefer, goals))

        def again(strategy: Strategy, numbers: Sequence[int], seed: int) -> list[Run]:
            return Runs(pool, seed, engine).of(strategy.name, len(numbers))(
                scenario, strategy, numbers
            )

        verdict = verdict_on(scenario, goals, assumed, ranked, seed, again)
    finally:
        if own:
            pool.close(now=runs.stopped)
    return Recommendation(
        scenario=scenario,
        seed=seed,
        replications=replications,
        limit=limit,
        engine=" and ".join(sorted({f.engine for f in found})),
        warm_up_s=float(scenario.run.warm_up_s),
        goals=goals,
        prefer=prefer,
        found=ranked,
        selection=_selection(ranked, prefer, goals),
        dominated=_dominated(ranked, goals),
        verdict=verdict,
    )


def _without_warm_up(
    scenario: Scenario, groups: Sequence[tuple[Strategy, Any]], seed: int, engine: str
) -> Scenario:
    """The scenario with a number where it says `warm_up = "auto"`, the same for all settings (MSER-5)."""
    if scenario.run.warm_up_s != "auto":
        return scenario
    pilot = {
        s.name: [simulate(scenario, s, r, seed=seed, engine=engine) for r in range(PILOT_RUNS)]
        for s, _ in groups
    }
    return with_changes(scenario, {"run.warm_up": found_warm_up_s(pilot)})


def _usual(strategy: Strategy, replications: int) -> int:
    """How many runs a search takes as a rule: some eight trials and a verification, or one of each."""
    return min(8, replications) + (2 if search_variable_of(strategy) is None else 16)


def _search_all(
    runs: Runs, searches: Sequence[tuple[Strategy, Callable[[Runner], Found]]], replications: int
) -> list[Found]:
    """The searches beside each other, in threads: their replications run on the same workers."""

    def one(asked: tuple[Strategy, Callable[[Runner], Found]]) -> Found:
        strategy, find = asked
        found = find(runs.of(strategy.name, _usual(strategy, replications)))
        runs.ended(strategy.name)
        return found

    with ThreadPoolExecutor(len(searches)) as threads:
        try:
            return list(threads.map(one, searches))
        except BaseException:
            runs.stop()
            raise


# -- ranking ------------------------------------------------------------------------------------


def _rank(found: Found, prefer: str, goals: list[Goal]) -> tuple[bool, bool, float, float, str]:
    """Those that meet every goal first, of them those that need no event which no host sends today."""
    if not found.feasible:
        return (True, False, max(j.ratio_to_limit for j in found.verified.judged), 0.0, found.name)
    preferred = preference(found.runs, found.lifetime_s, prefer, goals)
    return (False, bool(hypothetical(found.strategy)), *preferred, found.name)


def _selection(ranked: list[Found], prefer: str, goals: list[Goal]) -> Selection | None:
    """Whether the replications tell the best from the others; a lifetime is a setting and needs no test."""
    feasible = [f for f in ranked if f.feasible]
    if prefer == "longest_lifetime" or len(feasible) < 2:
        return None
    name = "exposure" if prefer == "shortest_exposure" else "auth_overhead"
    runs = min(len(f.runs) for f in feasible)  # a pick may have taken more for its precision
    return select_smallest({f.name: objective(f.runs[:runs], name, goals) for f in feasible})


def _paired(ours: Found, pick: Found, name: str, goals: list[Goal], level: float) -> Against:
    runs = min(len(ours.runs), len(pick.runs))
    mine, its = (objective(f.runs[:runs], name, goals) for f in (ours, pick))
    return Against(ours.name, name, paired_difference(mine, its, level))


def _dominated(found: list[Found], goals: list[Goal]) -> dict[str, list[str]]:
    """For each strategy whose pick another dominates in exposure, overhead, host calls and interruptions together: which."""
    points = {f.name: [mean_of(objective(f.runs, o, goals)) for o in OBJECTIVES] for f in found}
    by = {
        name: [
            other
            for other, theirs in points.items()
            if theirs != mine and all(a <= b for a, b in zip(theirs, mine, strict=True))
        ]
        for name, mine in points.items()
    }
    return {name: others for name, others in by.items() if others}


def _times(estimate: Estimate, factor: float) -> Estimate:
    low = None if estimate.low is None else max(0.0, estimate.low * factor)
    high = None if estimate.high is None else estimate.high * factor
    return Estimate(estimate.value * factor, low, high, estimate.n)

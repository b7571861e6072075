"""The answer: strategies ranked by the stated preference, the Pareto front, the price and what it means in a year."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.engine.recording import Run
from sim.mechanisms import CAUSES
from sim.metrics import Figure, figures, pooled_mean
from sim.recommendation.goals import Goal, exposures, goals_of
from sim.recommendation.search import Found, families, task
from sim.scenario import Scenario
from sim.selection import Selection, select_smallest
from sim.statistics import Estimate, Totals
from sim.strategies import Strategy
from sim.sweeps.executors import Pool, make_pool

# Layoffs and discharges a month as a share of employment: JOLTS (grade B in the office's sources).
NATURAL_PER_MONTH = {"deactivation": 0.011}
_MONTHS = 12.0
_OBJECTIVES = ("exposure", "auth_overhead", "host_calls", "interruptions")


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
class Recommendation:
    """The ranking, the best first: those that meet every goal, then the rest by how far they are from it."""

    scenario: Scenario
    seed: int
    replications: int
    engine: str
    goals: list[Goal]
    prefer: str
    found: list[Found]
    selection: Selection | None
    pareto: list[str]

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
            rate, source = NATURAL_PER_MONTH.get(cause), "JOLTS layoffs"
            if settings is not None and settings.per_month is not None:
                rate, source = settings.per_month, "the scenario's rate"
            if rate and any((run.cases.cause == CAUSES.index(cause)).any() for run in found.runs):
                cases = self.scenario.organisation.people * rate * _MONTHS
                reads, writes = (
                    _times(pooled_mean(found.runs, f"unauthorised_{kind}", [cause]), cases)
                    for kind in ("reads", "writes")
                )
                years.append(Year(cause, rate, source, cases, reads, writes))
        return years


def recommend(
    scenario: Scenario,
    strategies: Sequence[Strategy] | None = None,
    *,
    replications: int | None = None,
    seed: int | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    pool: Pool | None = None,
    engine: str = "compiled",
    report: Callable[[float, int], None] | None = None,
) -> Recommendation:
    """Answer "which strategy, and which timeout?" for the scenario's `[goals]`.

    `replications` (default: the scenario's, at least 2) are used by the search; as many fresh ones verify each pick.
    The answer does not depend on workers. Raises ScenarioError for a scenario without goals.
    """
    goals = goals_of(scenario)
    prefer = scenario.goals.prefer if scenario.goals is not None else "longest_lifetime"
    seed = scenario.run.seed if seed is None else seed
    replications = max(2, scenario.run.replications if replications is None else replications)
    groups = families(list(strategies or scenario.strategies.values()))
    tasks = [(scenario, s, also, goals, prefer, seed, replications, engine) for s, also in groups]
    found = _run(tasks, pool, workers, cluster, report)
    ranked = sorted(found, key=lambda f: _rank(f, prefer, goals))
    return Recommendation(
        scenario=scenario,
        seed=seed,
        replications=replications,
        engine=engine,
        goals=goals,
        prefer=prefer,
        found=ranked,
        selection=_selection(ranked, prefer, goals),
        pareto=_front(ranked, goals),
    )


def _run(
    tasks: Sequence[tuple[Any, ...]],
    pool: Pool | None,
    workers: int | None,
    cluster: str | None,
    report: Callable[[float, int], None] | None,
) -> list[Found]:
    own = pool is None
    pool = pool or make_pool(min(workers or len(tasks), len(tasks)) if workers else None, cluster)
    done = False
    try:
        futures = [pool.submit(task, arguments) for arguments in tasks]
        found = []
        for future in futures:
            found.append(future.result())
            if report:
                report(float(sum(f.done() for f in futures)), len(tasks))
        done = True
        return found
    finally:
        if own:
            pool.close(now=not done)


# -- ranking ------------------------------------------------------------------------------------


def _rank(found: Found, prefer: str, goals: list[Goal]) -> tuple[bool, float, float, str]:
    if not found.feasible:
        return (True, max(j.strain for j in found.verified.judged), 0.0, found.name)
    return (False, *preference(found.runs, found.lifetime_s, prefer, goals), found.name)


def preference(
    runs: Sequence[Run], lifetime_s: float | None, prefer: str, goals: list[Goal]
) -> tuple[float, float]:
    """What the preference orders by, smallest first."""
    overhead_s = _mean(_objective(runs, "auth_overhead", goals))
    if prefer == "shortest_exposure":
        return (_mean(_objective(runs, "exposure", goals)), overhead_s)
    if prefer == "lowest_overhead":
        return (overhead_s, 0.0)
    # what has no lifetime never expires
    return (-np.inf if lifetime_s is None else -lifetime_s, overhead_s)


def _objective(runs: Sequence[Run], name: str, goals: list[Goal]) -> Totals:
    """A figure to be small, as sums by replication; exposure over the causes that goals name, or all."""
    if name == "exposure":
        causes = {g.cause for g in goals if g.rises} or {None}
        values = [
            np.concatenate([exposures(run, cause) for cause in sorted(causes, key=str)])
            for run in runs
        ]
        return Totals([float(v.sum()) for v in values], [float(len(v)) for v in values])
    if name == "interruptions":
        return Totals([float(r.interruptions) for r in runs], [r.visit_s / 3600.0 for r in runs])
    if name == "host_calls":
        calls = [float(sum(int(m.sum()) for m in r.host_calls.values())) for r in runs]
        return Totals(calls, [r.window_s[1] - r.window_s[0] for r in runs])
    histograms = [run.all_auth_overheads() for run in runs]
    return Totals(
        [h.mean() * len(h) if len(h) else 0.0 for h in histograms],
        [float(len(h)) for h in histograms],
    )


def _mean(totals: Totals) -> float:
    bottom = sum(totals.bottoms)
    return sum(totals.tops) / bottom if bottom else 0.0


def _selection(ranked: list[Found], prefer: str, goals: list[Goal]) -> Selection | None:
    """Whether the replications tell the best from the others; a lifetime is a setting and needs no test."""
    feasible = [f for f in ranked if f.feasible]
    if prefer == "longest_lifetime" or len(feasible) < 2:
        return None
    name = "exposure" if prefer == "shortest_exposure" else "auth_overhead"
    return select_smallest({f.name: _objective(f.runs, name, goals) for f in feasible})


def _front(found: list[Found], goals: list[Goal]) -> list[str]:
    """Strategies whose pick no other beats in exposure, overhead, host calls and interruptions together (by means)."""
    points = {f.name: [_mean(_objective(f.runs, o, goals)) for o in _OBJECTIVES] for f in found}

    def beaten(name: str) -> bool:
        mine = points[name]
        return any(
            other != name
            and all(a <= b for a, b in zip(theirs, mine, strict=True))
            and theirs != mine
            for other, theirs in points.items()
        )

    return [f.name for f in found if not beaten(f.name)]


def _times(estimate: Estimate, factor: float) -> Estimate:
    low = None if estimate.low is None else max(0.0, estimate.low * factor)
    high = None if estimate.high is None else estimate.high * factor
    return Estimate(estimate.value * factor, low, high, estimate.n)

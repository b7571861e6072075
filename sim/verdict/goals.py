"""The goals of a scenario as limits that a few replications meet, miss, or leave open."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from sim.basics.statistics import (
    QUANTILES,
    Estimate,
    mean_of_runs,
    quantile,
    quantile_ranks,
    ratio_of_runs,
)
from sim.basics.wording import about, format_duration
from sim.coverage import pair_bound_s
from sim.engine.recording import Run
from sim.model.causes import CAUSE_HEADS, CAUSES, Cause
from sim.model.strategies import Strategy
from sim.results.metrics import quantile_of_runs
from sim.results.virtual import Asked
from sim.scenario import Problem, Scenario, ScenarioError
from sim.scenario.model import Goals
from sim.verdict.windows import asked, exposures

_NO_END_S = 1e15  # stands for infinity while quantiles are interpolated
Verdict = Literal["met", "missed", "unclear"]


@dataclass(frozen=True)
class Goal:
    """An upper limit. `cause` is None for exposure over all cases, and for what concerns honest people.

    Exposure grows with a lifetime (`rises`); what renewals cost falls.
    """

    key: str
    metric: str
    statistic: str
    cause: str | None
    limit: float
    unit: str

    @property
    def rises(self) -> bool:
        """Whether a longer lifetime makes it worse."""
        return self.metric == "exposure"

    @property
    def head(self) -> str:
        """Short, for the head of a column: `p95 exposure, logout`."""
        if self.metric == "exposure":
            return f"{self.statistic} exposure" + (
                f", {CAUSE_HEADS[self.cause]}" if self.cause else ""
            )
        names = {
            "auth_overhead": f"{self.statistic} added",
            "host_calls": "host calls/s",
            "interruptions": "interruptions/h",
        }
        return names[self.metric]

    @property
    def text(self) -> str:
        """For instance `exposure after deactivation, p95`."""
        if self.metric == "exposure":
            whose = "all cases" if self.cause is None else self.cause.replace("_", " ")
            return f"exposure after {whose}, {self.statistic}"
        names = {
            "auth_overhead": f"gate overhead, {self.statistic}",
            "host_calls": "host calls per second",
            "interruptions": "interruptions per person-hour",
        }
        return names[self.metric]

    def shown(self, value: float) -> str:
        """A value that was measured; rates have their unit in `text`."""
        if self.unit == "s":
            return "no end" if math.isinf(value) else about(value)
        return f"{value:.3g}"

    def said(self, value: float) -> str:
        """A value that somebody sets."""
        return format_duration(value) if self.unit == "s" else self.shown(value)


@dataclass(frozen=True)
class Judged:
    """A goal and what was found for it.

    `by_settings`: the upper end is what the settings allow at most (a closed form), since the cases seen leave more
    room, or are too few for an interval of their own.
    """

    goal: Goal
    estimate: Estimate
    verdict: Verdict
    by_settings: bool = False

    @property
    def cases_needed(self) -> int | None:
        """The cases that an interval of this quantile takes at least; None where the cases seen are enough."""
        q = QUANTILES.get(self.goal.statistic)
        if q is None or self.goal.metric != "exposure":
            return None
        least = fewest_cases(q)
        return least if self.estimate.n < least else None

    @property
    def ratio_to_limit(self) -> float:
        """The upper end of the interval over the limit: above 1 the goal is not shown to be met."""
        high = self.estimate.high
        return (math.inf if high is None else high) / self.goal.limit

    def __str__(self) -> str:
        e = self.estimate
        low = "?" if e.low is None else self.goal.shown(e.low)
        high = "?" if e.high is None else self.goal.shown(e.high)
        limit = self.goal.shown(self.goal.limit)
        return f"{self.goal.text} {self.goal.shown(e.value)} [{low}, {high}], goal {limit} {self.verdict}"


def quantile_of(goal: Goal) -> float | None:
    """The quantile that a goal limits, as a share; None where it limits another statistic."""
    return QUANTILES.get(goal.statistic)


def goals_of(scenario: Scenario) -> list[Goal]:
    """The goals in the file's order. Raises ScenarioError where there is none."""
    found = [] if scenario.goals is None else limits_in(scenario.goals)
    if not found:
        message = 'a recommendation needs at least one limit, for instance exposure_p95 = "5min"'
        raise ScenarioError([Problem(scenario.path or "scenario", None, "goals", "", message)])
    return found


def limits_in(table: Goals) -> list[Goal]:
    """The limits of a table of goals in the file's order."""
    found: list[Goal] = []
    for place, cause in ((table, None), *((getattr(table, c), c) for c in CAUSES)):
        prefix = "goals" if cause is None else f"goals.{cause}"
        for statistic in ("mean", "p50", "p95", "p99", "max"):
            limit = getattr(place, f"exposure_{statistic}_s", None)
            if limit is not None:
                key = f"{prefix}.exposure_{statistic}"
                found.append(Goal(key, "exposure", statistic, cause, limit, "s"))
    for statistic in ("mean", "p95", "p99"):
        limit = getattr(table, f"auth_overhead_{statistic}_s")
        if limit is not None:
            key = f"goals.auth_overhead_{statistic}"
            found.append(Goal(key, "auth_overhead", statistic, None, limit, "s"))
    if table.host_calls_per_s is not None:
        limit = table.host_calls_per_s
        found.append(Goal("goals.host_calls_per_s", "host_calls", "mean", None, limit, "1/s"))
    if table.interruptions_per_person_hour is not None:
        key, limit = "goals.interruptions_per_person_hour", table.interruptions_per_person_hour
        found.append(Goal(key, "interruptions", "mean", None, limit, "1/h"))
    return found


# What is judged by where a file asks which timeout and sets no limit: said with the answer, to be replaced.
STAND_INS: dict[str, float | str] = {
    "exposure_p95": "15min",
    "auth_overhead_p95": "50ms",
    "interruptions_per_person_hour": 1,
}


def goals_or_stand_ins(scenario: Scenario) -> tuple[list[Goal], tuple[str, ...]]:
    """The goals of a scenario; where it has none those that stand in for them, and the lines that would set them."""
    try:
        return goals_of(scenario), ()
    except ScenarioError:
        goals = Goals.model_validate(STAND_INS)
        lines = [
            f'{key} = "{v}"' if isinstance(v, str) else f"{key} = {v}"
            for key, v in STAND_INS.items()
        ]
        return goals_of(scenario.model_copy(update={"goals": goals})), ("[goals]", *lines)


def judge(goal: Goal, scenario: Scenario, strategy: Strategy, runs: Sequence[Run]) -> Judged:
    """What the runs say about a goal: met or missed if the 95 % interval lies on one side of the limit."""
    estimate = _measure(goal, scenario, strategy, runs)
    by_settings = False
    if goal.rises and not math.isnan(estimate.value):
        bound_s = bound_of(scenario, strategy, goal.cause)
        if math.isfinite(bound_s) and (estimate.high is None or estimate.high >= bound_s):
            by_settings, estimate = True, replace(estimate, high=bound_s)
    verdict: Verdict = "unclear"
    if estimate.high is not None and estimate.high <= goal.limit:
        verdict = "met"
    elif estimate.low is not None and estimate.low > goal.limit:
        verdict = "missed"
    return Judged(goal, estimate, verdict, by_settings)


@cache
def fewest_cases(q: float) -> int:
    """The fewest cases whose order statistics enclose the q-quantile with 95 % from both sides."""
    n = 1
    while quantile_ranks(n, q) is None:
        n += 1
    return n


def _measure(goal: Goal, scenario: Scenario, strategy: Strategy, runs: Sequence[Run]) -> Estimate:
    if goal.metric == "exposure":
        return _exposure(goal, scenario, strategy, runs)
    if goal.metric == "auth_overhead":
        samples = [h for run in runs if len(h := run.all_auth_overheads())]
        if samples and goal.statistic != "mean":
            return quantile_of_runs(samples, QUANTILES[goal.statistic])
        return _of_values([h.mean() for h in samples], sum(map(len, samples)))
    if goal.metric == "host_calls":
        width_s = runs[0].window_s[1] - runs[0].window_s[0]
        calls = [float(sum(int(m.sum()) for m in run.host_calls.values())) for run in runs]
        return _of_values([c / width_s for c in calls], int(sum(calls)))
    hours = [run.visit_s / 3600.0 for run in runs]
    return ratio_of_runs([float(r.interruptions) for r in runs], hours, len(runs))


def _of_values(values: list[float], n: int) -> Estimate:
    return mean_of_runs(values, n) if values else Estimate(math.nan, None, None, 0)


def _exposure(goal: Goal, scenario: Scenario, strategy: Strategy, runs: Sequence[Run]) -> Estimate:
    """A window that outlived the run counts as its bound, which is infinite where nothing ends it."""
    if (of := asked(runs, goal.cause)) is not None:
        return _of_asked(goal, scenario, strategy, of)
    by_run = [exposures(run, goal.cause) for run in runs]
    values = np.concatenate(by_run)
    if goal.statistic == "max":
        bound_s = bound_of(scenario, strategy, goal.cause)
        seen_s = float(values.max()) if len(values) else math.nan
        return Estimate(seen_s, seen_s, bound_s, len(values))
    if goal.statistic == "mean":
        if np.isinf(values).any():
            return Estimate(math.inf, math.inf, math.inf, len(values))
        sums, numbers = [float(v.sum()) for v in by_run], [float(len(v)) for v in by_run]
        return ratio_of_runs(sums, numbers, len(values))
    return _quantile(values, QUANTILES[goal.statistic], len(runs))


def _of_asked(goal: Goal, scenario: Scenario, strategy: Strategy, of: Asked) -> Estimate:
    """The same of virtual cases, of which no end of a run has cut one."""
    if goal.statistic == "max":
        return Estimate(of.max_s, of.max_s, bound_of(scenario, strategy, goal.cause), of.persons)
    return of.mean if goal.statistic == "mean" else of.quantile(QUANTILES[goal.statistic])


def _quantile(values: npt.NDArray[np.float64], q: float, runs: int) -> Estimate:
    """As `quantile`, with windows that have no end."""
    found = quantile(np.minimum(values, _NO_END_S), q, runs)
    value, low, high = (
        math.inf if v is not None and v >= _NO_END_S / 2 else v
        for v in (found.value, found.low, found.high)
    )
    return Estimate(math.nan if value is None else value, low, high, found.n)


def bound_of(scenario: Scenario, strategy: Strategy, cause: str | None) -> float:
    """The longest window that settings allow, in s; over all causes that happen if none is named."""
    causes = [c for c in CAUSES if scenario.cases.share_of(c) > 0] if cause is None else [cause]
    bounds = [pair_bound_s(scenario, strategy, Cause[c.upper()]) for c in causes]
    return max(bounds, default=math.inf)

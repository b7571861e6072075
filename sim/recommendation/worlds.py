"""Decisions between fixed settings in a world where some inputs differ, by the estimates of a few runs.

All worlds are simulated with the same people and cases. A goal that the runs cannot show (no case, or too few for its
quantile) is judged by the settings' bound where that keeps the limit, else not at all; it then counts neither as met nor
as missed. What moves by less than a stated share of the limit has not moved: digits of rounding decide nothing.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sim.basics.wording import format_duration
from sim.engine import Progress
from sim.engine import run as simulate
from sim.engine.recording import Run
from sim.model.strategies import Strategy
from sim.recommendation.trials import with_lifetime
from sim.results.virtual import MOMENTS
from sim.scenario import Scenario, with_changes
from sim.verdict.goals import Goal, Judged, bound_of, judge, quantile_of
from sim.verdict.preference import preference
from sim.verdict.windows import persons_over

SPREAD = 0.01  # of a goal's limit, or of what the preference orders by: a smaller change is none
By = Literal["runs", "settings", "nothing"]


@dataclass(frozen=True)
class Decision:
    """What is preferred in a world: the setting, None where none meets the goals; for the first, value over limit by goal.

    A goal that is not judged has NaN.
    """

    best: str | None
    ratios: tuple[float, ...]

    @property
    def worst(self) -> float:
        """The largest value over its limit; NaN where no goal is judged."""
        return max((r for r in self.ratios if not math.isnan(r)), default=math.nan)

    def moved(self, other: "Decision") -> tuple[float, ...]:
        """By how much each goal differs in another world, in units of its limit; 0 where it cannot be told."""
        return tuple(map(_apart, self.ratios, other.ratios))


@dataclass(frozen=True)
class Tried:
    """A setting in a world: value over limit by goal, what the preference orders by, and cases by goal."""

    ratios: tuple[float, ...]
    rank: tuple[float, float]
    cases: tuple[int, ...]


@dataclass(frozen=True)
class Judge:
    """Decides between fixed settings in any world. `settings` begin with the recommended one.

    `by` says for each goal what it is judged by, and `base` holds the settings in the world as the scenario has it: both
    come from `prepared`.
    """

    scenario: Scenario
    settings: tuple[
        tuple[str, str | None, float | None], ...
    ]  # strategy, search variable, lifetime
    goals: tuple[Goal, ...]
    prefer: str
    seed: int
    replications: int
    engine: str
    # strategies that the scenario does not list
    given: Mapping[str, Strategy] = field(default_factory=dict)
    by: tuple[By, ...] = ()
    base: tuple[Tried, ...] = ()

    def prepared(self, progress: Progress | None = None) -> "Judge":
        """The judge with what the world as it is shows."""
        first = self._strategy(self.scenario, 0)
        runs = list(self._runs(self.scenario, first, progress))
        by = tuple(
            self._by(goal, first, judge(goal, self.scenario, first, runs)) for goal in self.goals
        )
        ready = replace(self, by=by)
        base = [
            ready.tried(self.scenario, place, progress) for place in range(1, len(self.settings))
        ]
        return replace(ready, base=(ready._seen(self.scenario, 0, first, runs), *base))

    def _by(self, goal: Goal, strategy: Strategy, judged: Judged) -> By:
        if _shows(judged):
            return "runs"
        kept = goal.rises and bound_of(self.scenario, strategy, goal.cause) <= goal.limit
        return "settings" if kept else "nothing"

    def decide(self, changes: Mapping[str, Any], progress: Progress | None = None) -> Decision:
        """The decision with these values.

        What could not be preferred any more, since it has a shorter lifetime or misses a goal for sure, is not run on.
        Another setting takes the place of the one that is preferred now only if it is clearly before it.
        """
        world = with_changes(self.scenario, dict(changes)) if changes else self.scenario
        first = self.tried(world, 0, progress)
        fit = {0: first.rank} if self.meets(0, first.ratios) else {}
        for place in range(1, len(self.settings)):
            if fit and self._lifetime_s(place) < max(map(self._lifetime_s, fit)):
                continue
            tried = self._if_it_may_meet(world, place, first.cases, progress)
            if tried is not None and self.meets(place, tried.ratios):
                fit[place] = tried.rank
        best = self.preferred(fit)
        return Decision(None if best is None else self.label(best), first.ratios)

    def preferred(self, fit: Mapping[int, tuple[float, float]]) -> int | None:
        """Of settings with what the preference orders by; the first in the world as it is, unless one is clearly before."""
        if not fit:
            return None
        now = min(fit, key=lambda place: (fit[place], self.label(place)))
        usual = min(fit, key=lambda place: (self.base[place].rank, self.label(place)))
        return now if _clearly_before(fit[now], fit[usual]) else usual

    def meets(self, place: int, ratios: Sequence[float]) -> bool:
        """Whether no goal that is judged is missed; one that has not moved is judged as in the world as it is."""
        usual = self.base[place].ratios
        return not any(
            (before if _apart(now, before) < SPREAD and not math.isnan(before) else now) > 1
            for now, before in zip(ratios, usual, strict=True)
        )

    def _lifetime_s(self, place: int) -> float:
        if self.prefer != "longest_lifetime":
            return 0.0
        lifetime_s = self.settings[place][2]
        return math.inf if lifetime_s is None else lifetime_s

    def ratios(
        self, changes: Mapping[str, Any], progress: Progress | None = None
    ) -> tuple[float, ...]:
        """Value over limit of each goal for the recommended setting."""
        return self.tried(with_changes(self.scenario, dict(changes)), 0, progress).ratios

    def label(self, place: int) -> str:
        """The setting in words."""
        name, variable, lifetime_s = self.settings[place]
        return (
            name
            if variable is None or lifetime_s is None
            else f"{name} at {format_duration(lifetime_s)}"
        )

    def tried(self, world: Scenario, place: int, progress: Progress | None = None) -> Tried:
        """One setting in a world."""
        strategy = self._strategy(world, place)
        return self._seen(world, place, strategy, list(self._runs(world, strategy, progress)))

    def _if_it_may_meet(
        self, world: Scenario, place: int, cases: Sequence[int], progress: Progress | None
    ) -> Tried | None:
        """One setting, on the `cases` that another had in this world; None as soon as a goal cannot be met any more."""
        strategy, runs = self._strategy(world, place), []
        for run in self._runs(world, strategy, progress):
            runs.append(run)
            for goal, by, n in zip(self.goals, self.by, cases, strict=True):
                if by == "runs" and surely_missed(goal, runs, n):
                    return None
        return self._seen(world, place, strategy, runs)

    def _seen(self, world: Scenario, place: int, strategy: Strategy, runs: Sequence[Run]) -> Tried:
        judged = [judge(goal, world, strategy, runs) for goal in self.goals]
        ratios = tuple(
            self._ratio(world, strategy, *pair) for pair in zip(judged, self.by, strict=True)
        )
        rank = preference(runs, self.settings[place][2], self.prefer, list(self.goals))
        return Tried(ratios, rank, tuple(j.estimate.n for j in judged))

    def _ratio(self, world: Scenario, strategy: Strategy, judged: Judged, by: By) -> float:
        if by == "runs" and _shows(judged):
            return judged.estimate.value / judged.goal.limit
        if by == "settings":
            most = bound_of(world, strategy, judged.goal.cause) / judged.goal.limit
            return most if most <= 1 else math.nan
        return math.nan

    def _strategy(self, world: Scenario, place: int) -> Strategy:
        name, variable, lifetime_s = self.settings[place]
        return with_lifetime(world.strategies.get(name) or self.given[name], variable, lifetime_s)

    def _runs(
        self, world: Scenario, strategy: Strategy, progress: Progress | None
    ) -> Iterator[Run]:
        for r in range(self.replications):
            yield simulate(
                world,
                strategy,
                r,
                seed=self.seed,
                moments=MOMENTS,
                engine=self.engine,
                progress=progress,
            )


def surely_missed(goal: Goal, runs: Sequence[Run], cases: int) -> bool:
    """Whether so many windows are beyond a quantile's limit that those of all `cases`, once simulated, cannot change it."""
    q = quantile_of(goal)
    if q is None or not goal.rises or cases < fewest_shown(goal):
        return False
    beyond = persons_over(runs, goal.cause, (1 + SPREAD) * goal.limit)
    return beyond >= cases - math.floor(q * (cases - 1))


def fewest_shown(goal: Goal) -> int:
    """The fewest cases of which one lies beyond the goal's quantile, as a rule; 1 for other figures."""
    q = quantile_of(goal)
    return 1 if q is None or not goal.rises else math.ceil(round(1 / (1 - q), 6))


def _shows(judged: Judged) -> bool:
    e = judged.estimate
    return not math.isnan(e.value) and (not judged.goal.rises or e.n >= fewest_shown(judged.goal))


def _apart(a: float, b: float) -> float:
    if math.isnan(a) or math.isnan(b) or a == b:
        return 0.0
    return abs(a - b)


def _clearly_before(a: tuple[float, float], b: tuple[float, float]) -> bool:
    for mine, theirs in zip(a, b, strict=True):
        if mine != theirs and not abs(mine - theirs) <= SPREAD * max(abs(mine), abs(theirs)):
            return mine < theirs
    return False

"""For one strategy: the range of lifetimes that meet the goals, and which of them to pick.

All trials are on the same people and cases (common random numbers). A trial begins with two replications and takes
more only while it is not told whether the lifetime fits. Where the search ends with goals open that no trial shows to
be missed, it is given twice the replications, up to a limit. The pick is judged once on replications that the search
never saw, twice as many as told that it fits: their number comes from the search, never from what they show.
"""

import math
from dataclasses import dataclass, field

from sim.basics.wording import format_duration
from sim.engine import engine_for
from sim.engine.recording import Run
from sim.model.lifetimes import lifetimes, search_variable_of
from sim.model.strategies import Strategy
from sim.recommendation.ends import NICE_S, ends_of, look_beside, may_fit
from sim.recommendation.trials import Bench, Runner, Trial, nothing_fits, with_lifetime
from sim.scenario import Scenario
from sim.verdict.goals import Goal, Judged

_MOST_STEPS = 4


@dataclass(frozen=True)
class Found:
    """What the search found for a strategy.

    `shortest_s` and `longest_s` enclose the lifetimes that meet every goal, None where none does; `search_variable` is the
    setting that was searched, None where the strategy has no lifetime. `not_confirmed` are the lifetimes that would have been
    preferred, but the fresh runs did not show them to meet every goal. `runs` are those behind `verified`, and `engine` is
    what made them. `own`: the trial of the lifetime that the scenario has, with its runs.
    """

    strategy: Strategy
    also: tuple[str, ...]
    search_variable: str | None
    shortest_s: float | None
    longest_s: float | None
    verified: Trial
    not_confirmed: tuple[float, ...]
    trials: tuple[Trial, ...]
    relaxations: tuple[tuple[Judged, ...], ...]
    engine: str
    runs: tuple[Run, ...] = field(repr=False, default=())
    own: Trial | None = None
    own_runs: tuple[Run, ...] = field(repr=False, default=())

    @property
    def name(self) -> str:
        """The strategy's name."""
        return self.strategy.name

    @property
    def lifetime_s(self) -> float | None:
        """The lifetime that was picked, or came nearest; None where the strategy has none."""
        return self.verified.lifetime_s

    @property
    def feasible(self) -> bool:
        """Whether the pick was shown to meet every goal."""
        return self.verified.meets()

    @property
    def missed(self) -> list[Judged]:
        """The goals that are shown to be missed, the worst first: by the fresh runs, else by a search without a gap."""
        shown = [j for j in self.verified.misses() if j.verdict == "missed"]
        if shown or self.feasible or not nothing_fits(self.trials):
            return shown
        tried = next((t for t in self.trials if t.lifetime_s == self.lifetime_s), self.verified)
        return [j for j in tried.misses() if j.verdict == "missed"]

    @property
    def setting(self) -> str:
        """For instance `short_token with token.lifetime = 5min`."""
        if self.search_variable is None or self.lifetime_s is None:
            return self.name
        return f"{self.name} with {self.search_variable} = {format_duration(self.lifetime_s)}"


# -- the search variable ------------------------------------------------------------------------


def families(strategies: list[Strategy]) -> list[tuple[Strategy, tuple[str, ...]]]:
    """Strategies that differ in the searched lifetime only are one: the shortest, and the names of the others."""
    groups: dict[str, list[Strategy]] = {}
    for strategy in strategies:
        plain = with_lifetime(strategy, search_variable_of(strategy), 1.0)
        table = plain.model_dump_json(exclude={"name", "sentence", "source"})
        groups.setdefault(
            f"{type(strategy).__qualname__} {search_variable_of(strategy)} {table}", []
        ).append(strategy)
    result = []
    for group in groups.values():
        first = min(group, key=lambda s: min(lifetimes(s).values(), default=0.0))
        result.append((first, tuple(s.name for s in group if s is not first)))
    return result


# -- the search ---------------------------------------------------------------------------------


def search(
    scenario: Scenario,
    strategy: Strategy,
    also: tuple[str, ...],
    goals: list[Goal],
    prefer: str,
    replications: int,
    limit: int,
    precise: bool,
    exact: bool,
    engine: str,
    run: Runner,
) -> Found:
    """Find the lifetimes of one strategy that meet the goals, pick one, verify it on fresh replications.

    A trial takes up to `replications`, or `limit` where the goals stay open; a pick is verified on twice as many fresh
    ones as told that it fits, or (`exact`) on all that a trial may take. `precise`: verify until the scenario's
    `precision` holds. `run` makes the replications on `engine`.
    """
    variable = search_variable_of(strategy)
    bench = Bench(scenario, strategy, variable, goals, replications, limit, precise, run, exact)
    ends = ends_of(bench)
    while ends is None and may_fit(bench) and bench.more():
        ends = ends_of(bench)
    if ends is None and variable is not None:
        look_beside(bench)
    not_confirmed: list[float] = []
    if variable is None:
        verified = bench.verify(None)
    elif ends is None:
        verified = bench.verify(_nearest(bench))
    else:
        verified, not_confirmed = _pick(bench, prefer, *ends)
    relaxations: tuple[tuple[Judged, ...], ...] = ()
    if not verified.meets():
        relaxations = (
            _relaxations(bench) if ends is None and variable else (tuple(verified.misses()),)
        )
    shortest_s, longest_s = ends if ends and variable else (None, None)
    trials = tuple(bench.ordered()) if variable else ()
    return Found(
        strategy, also, variable, shortest_s, longest_s, verified, tuple(not_confirmed), trials, relaxations,
        engine_for(strategy, engine), tuple(bench.runs),
        *_own(bench, verified.lifetime_s),
    )  # fmt: skip


def _own(bench: Bench, picked_s: float | None) -> tuple[Trial | None, tuple[Run, ...]]:
    """The trial of the lifetime that the scenario has, with its runs, where another was picked."""
    if bench.own_s is None or bench.own_s == picked_s:
        return None, ()
    return bench.search(bench.own_s), tuple(bench.searched.get(bench.own_s, ()))


def _pick(
    bench: Bench, prefer: str, shortest_s: float, longest_s: float
) -> tuple[Trial, list[float]]:
    """The preferred end of the range, as people write it; a step inwards if fresh replications do not confirm it."""
    inside = [s for s in NICE_S if shortest_s <= s <= longest_s]
    from_below = prefer == "shortest_exposure"
    ends = (inside if from_below else inside[::-1]) or [shortest_s if from_below else longest_s]
    for place, lifetime_s in enumerate(ends[:_MOST_STEPS]):
        trial = bench.verify(lifetime_s)
        if trial.meets():
            return trial, ends[:place]
    return bench.verify(ends[0]), []


# -- where no lifetime meets all ----------------------------------------------------------------


def _nearest(bench: Bench) -> float | None:
    """Of the lifetimes tried the one whose worst goal is nearest to its limit."""

    def worst(trial: Trial) -> float:
        return max(j.ratio_to_limit for j in trial.judged)

    return min(bench.trials.values(), key=lambda t: (worst(t), t.lifetime_s or 0.0)).lifetime_s


def _relaxations(bench: Bench) -> tuple[tuple[Judged, ...], ...]:
    """Ways out, the gentlest first: the goals to relax at the lifetimes that were tried, no way worse than another."""
    ways: dict[tuple[str, ...], tuple[Judged, ...]] = {}
    for trial in bench.trials.values():
        missed = tuple(trial.misses())
        if not missed or any(math.isinf(j.ratio_to_limit) for j in missed):
            continue
        goals = tuple(sorted(j.goal.key for j in missed))
        if goals not in ways or _worst(missed) < _worst(ways[goals]):
            ways[goals] = missed
    minimal = {
        goals: way
        for goals, way in ways.items()
        if not any(set(other) < set(goals) for other in ways)
    }
    return tuple(sorted(minimal.values(), key=_worst))


def _worst(missed: tuple[Judged, ...]) -> float:
    return max(j.ratio_to_limit for j in missed)

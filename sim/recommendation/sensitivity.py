"""Which uncertain inputs move the decision: at half and at twice, from which value on, and how much together.

The settings that `recommend` found stay as they are; what changes is whether they still meet the goals, and which of
those that do is preferred. All evaluations are on the same people and cases, and judged by their estimates.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sim.engine import engine_for, prepare
from sim.recommendation.answer import Recommendation
from sim.recommendation.inputs import RANGE, Input, inputs_of
from sim.recommendation.kept import Worlds
from sim.recommendation.sobol import Index, indices_of
from sim.recommendation.worlds import SPREAD, Decision, Judge, fewest_shown
from sim.sweeps.executors import Pool, make_pool
from sim.verdict.goals import Goal

FAR = 10.0  # thresholds are looked for from a tenth to ten times
_CLOSE = 1.03  # how close a threshold is found, as a factor


@dataclass(frozen=True)
class Threshold:
    """From `factor` times its value on the input changes the recommendation to `best`."""

    factor: float
    value: Any
    best: str | None


@dataclass(frozen=True)
class Effect:
    """One bar of the tornado, and where the decision changes (below, above; None: not within ten times)."""

    input: Input
    low: Decision
    high: Decision
    thresholds: tuple[Threshold, ...] = ()

    def swing(self, base: Decision) -> float:
        """The largest change of any goal's value over limit, in units of the limit; below `SPREAD` it is none, 0."""
        most = max((m for d in (self.low, self.high) for m in d.moved(base)), default=0.0)
        return most if most >= SPREAD else 0.0

    def changes(self, base: Decision) -> bool:
        """Whether the recommendation changes at half, at twice, or at a threshold."""
        return bool(self.thresholds) or {self.low.best, self.high.best} != {base.best}


@dataclass(frozen=True)
class Unjudged:
    """A goal that the worlds cannot show: `cases` of `needed` in them, and how many runs of each would have enough."""

    goal: Goal
    cases: int
    needed: int
    replications: int | None


@dataclass(frozen=True)
class Sensitivity:
    """What moves the decision: effects by size, indices of the largest, inputs that could not be varied.

    `recommended` is the setting of the recommendation; `base` is the decision by the estimates of `replications` runs,
    from which the effects count. `searched`: whether thresholds were looked for. `unjudged` goals decide nothing.
    """

    recommendation: Recommendation
    recommended: str | None
    base: Decision
    replications: int
    effects: list[Effect]
    indices: list[Index]
    samples: int
    left_out: list[str]
    searched: bool = True
    unjudged: tuple[Unjudged, ...] = ()


def analyse(
    recommendation: Recommendation,
    *,
    replications: int = 4,
    full: bool = False,
    factors: int = 6,
    samples: int = 16,
    most_samples: int = 128,
    workers: int | None = None,
    cluster: str | None = None,
    pool: Pool | None = None,
    report: Callable[[float, int], None] | None = None,
    first: Callable[[Sensitivity], None] | None = None,
    folder: Path | None = None,
) -> Sensitivity:
    """Vary every uncertain input of the scenario that a recommendation was made for.

    At half and at twice; what that shows is given to `first`. Then thresholds are looked for. With `full`, Sobol indices
    are estimated for the `factors` inputs with the largest effect, from `samples` (a power of 2) times (factors + 2)
    worlds; twice as many, up to `most_samples`, until every index is conclusive. Worlds that are finished are kept in
    `folder`, and not simulated again. Raises FolderInUse, OSError.
    """
    judge_ = judge_of(recommendation, replications)
    inputs, left_out = inputs_of(recommendation.scenario)
    compiled = all(
        engine_for(f.strategy, recommendation.engine) == "compiled" for f in recommendation.found
    )
    own = pool is None
    if cluster is None:
        prepare([f.strategy for f in recommendation.found], recommendation.engine)
    pool = pool or make_pool(workers, cluster, threads=compiled)
    worlds = Worlds(judge_, pool, report, folder)
    done = False
    try:
        worlds.expect(2 * len(inputs))
        found = _bars(recommendation, worlds, inputs, left_out)
        if first is not None:
            first(found)
        found = replace(found, effects=_with_thresholds(worlds, found), searched=True)
        if full:
            found = _with_indices(worlds, found, factors, samples, most_samples)
        done = True
    finally:
        worlds.close()
        if own:
            pool.close(now=not done)
    return found


def judge_of(recommendation: Recommendation, replications: int) -> Judge:
    """What decides between the settings of a recommendation."""
    listed = recommendation.scenario.strategies
    return Judge(
        recommendation.scenario,
        tuple((f.name, f.search_variable, f.lifetime_s) for f in recommendation.found),
        tuple(recommendation.goals),
        recommendation.prefer,
        recommendation.seed,
        replications,
        recommendation.engine,
        {f.name: f.strategy for f in recommendation.found if f.name not in listed},
    )


# -- half and twice -----------------------------------------------------------------------------


def _bars(
    recommendation: Recommendation, worlds: Worlds, inputs: list[Input], left_out: list[str]
) -> Sensitivity:
    base = worlds.base
    ends = [(one, factor) for one in inputs for factor in (1 / RANGE, RANGE)]
    decisions = iter(worlds.decide([{one.key: one.at(factor)} for one, factor in ends]))
    effects = [Effect(one, next(decisions) or base, next(decisions) or base) for one in inputs]
    return Sensitivity(
        recommendation=recommendation,
        recommended=worlds.judge.label(0) if recommendation.best else None,
        base=base,
        replications=worlds.judge.replications,
        effects=_ordered(effects, base),
        indices=[],
        samples=0,
        left_out=left_out,
        searched=False,
        unjudged=_unjudged(worlds.judge),
    )


def _ordered(effects: list[Effect], base: Decision) -> list[Effect]:
    return sorted(effects, key=lambda e: (not e.changes(base), -e.swing(base), e.input.key))


def _unjudged(judge: Judge) -> tuple[Unjudged, ...]:
    found = []
    for goal, by, n in zip(judge.goals, judge.by, judge.base[0].cases, strict=True):
        if by == "nothing":
            needed = fewest_shown(goal)
            runs = math.ceil(judge.replications * needed / n) if n else None
            found.append(Unjudged(goal, n, needed, runs))
    return tuple(found)


# -- thresholds ---------------------------------------------------------------------------------


@dataclass
class _Search:
    """One side of one input: the decision changes between `inside` and `edge`."""

    input: Input
    inside: float
    edge: float
    best: str | None

    def middle(self) -> float | None:
        """The factor to try next; None where both sides are close. What gives a value that is known needs no try."""
        while max(self.inside, self.edge) / min(self.inside, self.edge) > _CLOSE:
            middle = math.sqrt(self.inside * self.edge)
            value = self.input.at(middle)
            if value == self.input.at(self.edge):
                self.edge = middle
            elif value == self.input.at(self.inside):
                self.inside = middle
            else:
                return middle
        return None

    def threshold(self) -> Threshold:
        """Where the search ended."""
        return Threshold(self.edge, self.input.at(self.edge), self.best)


def _with_thresholds(worlds: Worlds, found: Sensitivity) -> list[Effect]:
    """Far values where half and twice change nothing, then bisection, a step of each search at a time."""
    base = found.base
    sides = [
        (effect, near, decision, far)
        for effect in found.effects
        for near, decision, far in ((1 / RANGE, effect.low, 1 / FAR), (RANGE, effect.high, FAR))
    ]
    quiet = [(e, far) for e, _, decision, far in sides if decision.best == base.best]
    worlds.expect(len(quiet))
    far_off = worlds.decide([{e.input.key: e.input.at(far)} for e, far in quiet])
    known = dict(zip([(e.input.key, far) for e, far in quiet], far_off, strict=True))
    searches = []
    for effect, near, decision, far in sides:
        if decision.best != base.best:
            searches.append(_Search(effect.input, 1.0, near, decision.best))
        elif (beyond := known[effect.input.key, far]) is not None and beyond.best != base.best:
            searches.append(_Search(effect.input, near, far, beyond.best))
    _bisect(worlds, searches)
    ends: dict[str, list[Threshold]] = {}
    for search in searches:
        ends.setdefault(search.input.key, []).append(search.threshold())
    effects = [replace(e, thresholds=tuple(ends.get(e.input.key, ()))) for e in found.effects]
    return _ordered(effects, base)


def _bisect(worlds: Worlds, searches: list[_Search]) -> None:
    while going := [(s, factor) for s in searches if (factor := s.middle()) is not None]:
        worlds.expect(len(going))
        decisions = worlds.decide([{s.input.key: s.input.at(factor)} for s, factor in going])
        for (search, factor), decision in zip(going, decisions, strict=True):
            if decision is None or decision.best == worlds.base.best:
                search.inside = factor
            else:
                search.edge, search.best = factor, decision.best


# -- together -----------------------------------------------------------------------------------


def _with_indices(
    worlds: Worlds, found: Sensitivity, factors: int, samples: int, most: int
) -> Sensitivity:
    largest = sorted(found.effects, key=lambda e: -e.swing(found.base))[:factors]
    moving = [e.input for e in largest if e.swing(found.base) > 0]
    indices: list[Index] = []
    while moving:
        worlds.expect(samples * (len(moving) + 2))
        judge = worlds.judge
        indices = indices_of(moving, judge.goals, samples, judge.seed, worlds.ratios)
        if all(i.conclusive for i in indices) or 2 * samples > most:
            break
        samples *= 2
    return replace(found, indices=indices, samples=samples)

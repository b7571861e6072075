"""For one strategy: which lifetimes meet the goals, and which of them to pick.

Exposure grows with a lifetime and the cost of renewals falls, so each kind of goal bounds the lifetimes from one side;
both ends are found by bisection on the logarithm, all trials on the same people and cases (common random numbers).
Where the settings alone bound the window, the search starts from there. A trial begins with a few replications and
takes more only while a goal is unclear; where the search ends with goals open that no trial shows to be missed, it is
given twice the replications, up to a limit. The pick is judged once on replications that the search never saw.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sim.basics.units import format_duration
from sim.coverage import coverage
from sim.engine import engine_for
from sim.engine.recording import Run
from sim.model.lifetimes import lifetimes, search_variable_of
from sim.model.strategies import Strategy
from sim.results import precision
from sim.scenario import Scenario
from sim.verdict.goals import Goal, Judged, bound_of, judge

SHORTEST_S, LONGEST_S = 5.0, 30 * 86400.0
FINE, COARSE = (
    1.04,
    1.15,
)  # how close an end of the range is found: the end that is picked, and the other
_FIRST_RUNS = 4
_MOST_STEPS = 4

# What people write into settings; picks are taken from these where the range holds one.
_NICE_S = sorted(
    [float(s) for s in (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 45, 50)]
    + [
        60.0 * m
        for m in (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 45, 50)
    ]
    + [3600.0 * h for h in (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12)]
    + [86400.0 * d for d in (1, 2, 3, 4, 5, 7, 10, 14, 21, 28, 30)]
)


@dataclass(frozen=True)
class Trial:
    """One lifetime that was tried (None: the strategy has none), on how many replications, and what came out."""

    lifetime_s: float | None
    replications: int
    judged: tuple[Judged, ...]

    def meets(self, *, rising: bool | None = None) -> bool:
        """Whether all goals (or those of one kind) are shown to be met."""
        return all(j.verdict == "met" for j in self.judged if rising in (None, j.goal.rises))

    @property
    def decided(self) -> bool:
        """Whether every goal is shown to be met or missed."""
        return all(j.verdict != "unclear" for j in self.judged)

    @property
    def open(self) -> bool:
        """Whether it may yet meet every goal: some are unclear, none is missed."""
        return not self.decided and all(j.verdict != "missed" for j in self.judged)

    def misses(self) -> list[Judged]:
        """The goals that are not shown to be met, the worst first."""
        return sorted(
            (j for j in self.judged if j.verdict != "met"), key=lambda j: -j.ratio_to_limit
        )

    def binding(self, *, rising: bool | None = None) -> Judged | None:
        """The goal with the least room left."""
        judged = [j for j in self.judged if rising in (None, j.goal.rises)]
        return max(judged, key=lambda j: j.ratio_to_limit, default=None)


@dataclass(frozen=True)
class Found:
    """What the search found for a strategy.

    `shortest_s` and `longest_s` enclose the lifetimes that meet every goal, None where none does; `search_variable` is the
    setting that was searched, None where the strategy has no lifetime. `runs` are those behind `verified`, and `engine` is
    what made them.
    """

    strategy: Strategy
    also: tuple[str, ...]
    search_variable: str | None
    shortest_s: float | None
    longest_s: float | None
    verified: Trial
    trials: tuple[Trial, ...]
    relaxations: tuple[tuple[Judged, ...], ...]
    engine: str
    runs: tuple[Run, ...] = field(repr=False, default=())

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
    def setting(self) -> str:
        """For instance `short_token with token.lifetime = 5min`."""
        if self.search_variable is None or self.lifetime_s is None:
            return self.name
        return f"{self.name} with {self.search_variable} = {format_duration(self.lifetime_s)}"


# -- the search variable ------------------------------------------------------------------------


def with_lifetime(strategy: Strategy, variable: str | None, lifetime_s: float | None) -> Strategy:
    """The strategy with one lifetime changed."""
    if variable is None or lifetime_s is None:
        return strategy
    mechanism, setting = variable.split(".")
    table = strategy.model_dump(by_alias=True, exclude_unset=True)
    table[mechanism] = {**table[mechanism], setting: lifetime_s}
    return type(strategy).model_validate(table)


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


Runner = Callable[
    [Scenario, Strategy, Sequence[int]], list[Run]
]  # replications by number, in order


# -- trials -------------------------------------------------------------------------------------


@dataclass
class _Bench:
    """Runs trials of one strategy; remembers them.

    A trial may take `most` replications, which may grow up to `limit`; fresh ones are numbered from `limit` on.
    """

    scenario: Scenario
    strategy: Strategy
    search_variable: str | None
    goals: list[Goal]
    most: int
    limit: int
    precise: bool
    run: Runner
    trials: dict[float | None, Trial] = field(default_factory=dict)
    searched: dict[float | None, list[Run]] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)

    def search(self, lifetime_s: float | None) -> Trial:
        """A trial on the replications of the search: as many as it takes to tell."""
        trial = self.trials.get(lifetime_s)
        if trial is not None and (trial.decided or trial.replications >= self.most):
            return trial
        runs = self.searched.setdefault(lifetime_s, [])
        strategy = with_lifetime(self.strategy, self.search_variable, lifetime_s)
        while True:
            target = min(self.most, max(_FIRST_RUNS, 2 * len(runs)))
            runs += self.run(self.scenario, strategy, range(len(runs), target))
            trial = self._judge(lifetime_s, strategy, runs)
            if len(runs) >= self.most or trial.decided:
                break
        if trial.decided:
            del self.searched[lifetime_s]  # no more will be added
        self.trials[lifetime_s] = trial
        return trial

    def more(self) -> bool:
        """Allow twice the replications; False at the limit."""
        before, self.most = self.most, min(self.limit, 2 * self.most)
        return self.most > before

    def verify(self, lifetime_s: float | None) -> Trial:
        """A trial on replications that the search did not use, as many as it was allowed last."""
        strategy = with_lifetime(self.strategy, self.search_variable, lifetime_s)
        first = self.limit
        self.runs = self.run(self.scenario, strategy, range(first, first + self.most))
        if self.precise:
            self._until_precise(strategy)
        return self._judge(lifetime_s, strategy, self.runs)

    def _until_precise(self, strategy: Strategy) -> None:
        """More fresh replications until the scenario's `precision` holds for this pick, up to the limit."""
        cover = coverage(self.scenario, {strategy.name: strategy})
        wanted = precision.targets(self.scenario, cover)
        while len(self.runs) < self.limit:
            reached = precision.judge(wanted, {strategy.name: self.runs})
            if precision.enough(reached, len(self.runs)) is not None:
                break
            upto = precision.next_batch(len(self.runs), self.limit)
            first = self.limit + len(self.runs)
            self.runs += self.run(self.scenario, strategy, range(first, self.limit + upto))

    def _judge(self, lifetime_s: float | None, strategy: Strategy, runs: list[Run]) -> Trial:
        judged = tuple(judge(goal, self.scenario, strategy, runs) for goal in self.goals)
        return Trial(lifetime_s, len(runs), judged)


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
    engine: str,
    run: Runner,
) -> Found:
    """Find the lifetimes of one strategy that meet the goals, pick one, verify it on fresh replications.

    `replications` a trial to begin with, up to `limit` where the goals stay open. `precise`: verify until the
    scenario's `precision` holds. `run` makes the replications on `engine`.
    """
    variable = search_variable_of(strategy)
    bench = _Bench(scenario, strategy, variable, goals, replications, limit, precise, run)
    ends = _ends(bench)
    while ends is None and any(trial.open for trial in bench.trials.values()) and bench.more():
        ends = _ends(bench)
    if variable is None:
        verified = bench.verify(None)
    elif ends is None:
        verified = bench.verify(_nearest(bench))
    else:
        verified = _pick(bench, prefer, *ends)
    relaxations: tuple[tuple[Judged, ...], ...] = ()
    if not verified.meets():
        relaxations = (
            _relaxations(bench) if ends is None and variable else (tuple(verified.misses()),)
        )
    shortest_s, longest_s = ends if ends and variable else (None, None)
    trials = _ordered(bench) if variable else ()
    return Found(
        strategy, also, variable, shortest_s, longest_s, verified, trials, relaxations,
        engine_for(strategy, engine), tuple(bench.runs),
    )  # fmt: skip


def _ends(bench: _Bench) -> tuple[float, float] | None:
    """The shortest and the longest lifetime that meet every goal; None where none is shown to.

    Without a lifetime: whether the strategy as it is does, as a range that means nothing.
    """
    if bench.search_variable is None:
        return (0.0, 0.0) if bench.search(None).meets() else None
    bench.search(lifetimes(bench.strategy)[bench.search_variable])  # as the scenario has it
    longest_s = _longest(bench)
    shortest_s = None if longest_s is None else _shortest(bench, longest_s)
    if longest_s is None or shortest_s is None:
        _look_above(bench, longest_s or SHORTEST_S)
        return None
    return shortest_s, longest_s


def _ordered(bench: _Bench) -> tuple[Trial, ...]:
    return tuple(sorted(bench.trials.values(), key=lambda t: t.lifetime_s or 0.0))


def _longest(bench: _Bench) -> float | None:
    """The longest lifetime that meets the limits on exposure; None where not even the shortest does."""

    def meets(lifetime_s: float) -> bool:
        return bench.search(lifetime_s).meets(rising=True)

    if not any(goal.rises for goal in bench.goals):
        return LONGEST_S
    low_s = _sure(bench)
    if low_s is None:
        low_s = SHORTEST_S
        if not meets(low_s):
            return None
    step, high_s = 1.3, low_s
    while high_s < LONGEST_S:
        high_s = min(LONGEST_S, low_s * step)
        if not meets(high_s):
            return _bisect(meets, low_s, high_s, FINE)
        low_s, step = high_s, step * step
    return LONGEST_S


def _sure(bench: _Bench) -> float | None:
    """A lifetime whose bound keeps every limit on exposure, by the settings alone."""
    limits = []
    for goal in bench.goals:
        if goal.rises:
            one_s = bound_of(
                bench.scenario,
                with_lifetime(bench.strategy, bench.search_variable, SHORTEST_S),
                goal.cause,
            )
            limits.append(goal.limit - (one_s - SHORTEST_S))
    sure_s = min(limits, default=LONGEST_S)
    if not sure_s >= SHORTEST_S:
        return None
    strategy = with_lifetime(bench.strategy, bench.search_variable, min(sure_s, LONGEST_S))
    kept = all(
        bound_of(bench.scenario, strategy, g.cause) <= g.limit for g in bench.goals if g.rises
    )
    return min(sure_s, LONGEST_S) if kept else None


def _shortest(bench: _Bench, longest_s: float) -> float | None:
    """The shortest lifetime that meets the other limits; None where the longest allowed does not."""

    def meets(lifetime_s: float) -> bool:
        return bench.search(lifetime_s).meets(rising=False)

    if all(goal.rises for goal in bench.goals):
        return min(SHORTEST_S, longest_s)
    if not meets(longest_s):
        return None
    # downwards step by step: the shorter a lifetime, the dearer its trial
    good_s, step = longest_s, 2.0
    while good_s > SHORTEST_S:
        lower_s = max(SHORTEST_S, good_s / step)
        if not meets(lower_s):
            return _bisect(meets, good_s, lower_s, COARSE)
        good_s, step = lower_s, step * step
    return good_s


def _bisect(meets: Callable[[float], bool], good_s: float, bad_s: float, ratio: float) -> float:
    """The last lifetime that is good between a good and a bad one, within a factor of `ratio`."""
    while max(good_s, bad_s) / min(good_s, bad_s) > ratio:
        middle_s = float(f"{math.sqrt(good_s * bad_s):.3g}")
        if middle_s in (good_s, bad_s):
            break
        if meets(middle_s):
            good_s = middle_s
        else:
            bad_s = middle_s
    return good_s


def _pick(bench: _Bench, prefer: str, shortest_s: float, longest_s: float) -> Trial:
    """The preferred end of the range, as people write it; a step inwards if fresh replications do not confirm it."""
    inside = [s for s in _NICE_S if shortest_s <= s <= longest_s]
    from_below = prefer == "shortest_exposure"
    ends = (inside if from_below else inside[::-1]) or [shortest_s if from_below else longest_s]
    first = bench.verify(ends[0])
    if first.meets():
        return first
    for lifetime_s in ends[1:_MOST_STEPS]:
        trial = bench.verify(lifetime_s)
        if trial.meets():
            return trial
    return bench.verify(ends[0])


# -- where no lifetime meets all ----------------------------------------------------------------


def _look_above(bench: _Bench, from_s: float) -> None:
    """Try longer lifetimes until what renewals cost is within its limits, so that exposure can be weighed against it."""

    def meets(lifetime_s: float) -> bool:
        return bench.search(lifetime_s).meets(rising=False)

    low_s, high_s = from_s, from_s
    while not meets(high_s):
        if high_s >= LONGEST_S or math.isinf(_worst(tuple(bench.search(high_s).misses()))):
            return
        low_s, high_s = high_s, min(LONGEST_S, 2 * high_s)
    if high_s > low_s:
        _bisect(meets, high_s, low_s, COARSE)


def _nearest(bench: _Bench) -> float | None:
    """Of the lifetimes tried the one whose worst goal is nearest to its limit."""

    def worst(trial: Trial) -> float:
        return max(j.ratio_to_limit for j in trial.judged)

    return min(bench.trials.values(), key=lambda t: (worst(t), t.lifetime_s or 0.0)).lifetime_s


def _relaxations(bench: _Bench) -> tuple[tuple[Judged, ...], ...]:
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

"""Trials of one strategy at one lifetime: on the same replications, as many as it takes to tell whether it fits."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sim.coverage import coverage
from sim.engine.recording import Run
from sim.model.lifetimes import lifetimes
from sim.model.strategies import Strategy
from sim.results import precision
from sim.scenario import Scenario
from sim.verdict.goals import Goal, Judged, judge

FINE = 1.04  # where nothing fits, a range narrower than this may have been missed
_FIRST_RUNS = 2  # the fewest that have an interval: wide, but most lifetimes are far from a limit
_LEAST_FRESH = 8  # of a setting that may be the answer

Runner = Callable[
    [Scenario, Strategy, Sequence[int]], list[Run]
]  # replications by number, in order


@dataclass(frozen=True)
class Trial:
    """One lifetime that was tried (None: the strategy has none), on how many replications, and what came out."""

    lifetime_s: float | None
    replications: int
    judged: tuple[Judged, ...]

    def meets(self, *, rising: bool | None = None) -> bool:
        """Whether all goals (or those of one kind) are shown to be met."""
        return all(j.verdict == "met" for j in self.judged if rising in (None, j.goal.rises))

    def misses_any(self, *, rising: bool | None = None) -> bool:
        """Whether some goal (or one of a kind) is shown to be missed."""
        return any(j.verdict == "missed" for j in self.judged if rising in (None, j.goal.rises))

    @property
    def open(self) -> bool:
        """Whether it may yet meet every goal: some are unclear, none is missed."""
        return not self.meets() and not self.misses_any()

    def ratio(self, *, rising: bool) -> float:
        """The largest ratio to its limit of the goals of one kind; 0 where there is none."""
        return max((j.ratio_to_limit for j in self.judged if j.goal.rises is rising), default=0.0)

    def misses(self) -> list[Judged]:
        """The goals that are not shown to be met: those that are missed, then those left open, the worst first."""
        return sorted(
            (j for j in self.judged if j.verdict != "met"),
            key=lambda j: (j.verdict != "missed", -j.ratio_to_limit),
        )

    def binding(self, *, rising: bool | None = None) -> Judged | None:
        """The goal with the least room left."""
        judged = [j for j in self.judged if rising in (None, j.goal.rises)]
        return max(judged, key=lambda j: j.ratio_to_limit, default=None)


def nothing_fits(trials: Iterable[Trial]) -> bool:
    """Whether what is not too short is too long, up to 4 %: a trial or two show that no lifetime meets every goal."""
    known = list(trials)
    long_s = [t.lifetime_s or 0.0 for t in known if t.misses_any(rising=True)]
    short_s = [t.lifetime_s or 0.0 for t in known if t.misses_any(rising=False)]
    return bool(long_s and short_s) and min(long_s) <= FINE * max(short_s)


def with_lifetime(strategy: Strategy, variable: str | None, lifetime_s: float | None) -> Strategy:
    """The strategy with one lifetime changed."""
    if variable is None or lifetime_s is None:
        return strategy
    mechanism, setting = variable.split(".")
    table = strategy.model_dump(by_alias=True, exclude_unset=True)
    table[mechanism] = {**table[mechanism], setting: lifetime_s}
    return type(strategy).model_validate(table)


@dataclass
class Bench:
    """Runs trials of one strategy; remembers them.

    A trial may take `most` replications, which may grow up to `limit`; fresh ones are numbered from `limit` on. `exact`:
    a pick is verified on `most`, whatever the search needed.
    """

    scenario: Scenario
    strategy: Strategy
    search_variable: str | None
    goals: list[Goal]
    most: int
    limit: int
    precise: bool
    run: Runner
    exact: bool = False
    trials: dict[float | None, Trial] = field(default_factory=dict)
    searched: dict[float | None, list[Run]] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)

    @property
    def own_s(self) -> float | None:
        """The lifetime that the scenario has."""
        variable = self.search_variable
        return None if variable is None else lifetimes(self.strategy)[variable]

    def search(self, lifetime_s: float | None, most: int | None = None) -> Trial:
        """A trial on the replications of the search: as many as it takes to tell whether it fits, but not over `most`.

        One goal that is missed tells; how far the others are from their limits is then left as it is.
        """
        most = min(self.most, most or self.most)
        trial = self.trials.get(lifetime_s)
        strategy = with_lifetime(self.strategy, self.search_variable, lifetime_s)
        while trial is None or (trial.open and trial.replications < most):
            runs = self.searched.setdefault(lifetime_s, [])
            target = min(most, max(_FIRST_RUNS, 2 * len(runs)))
            runs += self.run(self.scenario, strategy, range(len(runs), target))
            self.trials[lifetime_s] = trial = self._judge(lifetime_s, strategy, runs)
        if not trial.open and lifetime_s != self.own_s:
            self.searched.pop(lifetime_s, None)  # no more will be added
        return trial

    def ordered(self) -> list[Trial]:
        """The trials by lifetime."""
        return sorted(self.trials.values(), key=lambda t: t.lifetime_s or 0.0)

    def more(self) -> bool:
        """Allow twice the replications; False at the limit."""
        before, self.most = self.most, min(self.limit, 2 * self.most)
        return self.most > before

    def verify(self, lifetime_s: float | None) -> Trial:
        """A trial on replications that the search did not use; how many is known before the first is run."""
        strategy = with_lifetime(self.strategy, self.search_variable, lifetime_s)
        first = self.limit
        self.runs = self.run(self.scenario, strategy, range(first, first + self._fresh(lifetime_s)))
        if self.precise:
            self._until_precise(strategy)
        return self._judge(lifetime_s, strategy, self.runs)

    def _fresh(self, lifetime_s: float | None) -> int:
        """Twice what told whether it fits, at least 8; of what is missed already twice what told that."""
        trial = self.trials.get(lifetime_s)
        if self.exact or trial is None:
            return self.most
        least = 0 if trial.misses_any() else _LEAST_FRESH
        return min(self.most, max(least, 2 * trial.replications))

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

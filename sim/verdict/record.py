"""The verdict as plain values: what every place shows, and what a folder of results keeps."""

from dataclasses import dataclass
from typing import Literal

from sim.verdict.cells import Cell

State = Literal["ok", "no", "unclear"]


@dataclass(frozen=True)
class Reason:
    """Why a goal is not met, as counted in the runs, and the settings on which that rests."""

    text: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class GoalRow:
    """A goal and what was found for it. `value`, `low`, `high` are None where there is no end, or nothing was seen (n = 0).

    `few`: so few persons (or runs) stand behind it that an interval of this kind cannot be given.
    """

    key: str
    head: str
    limit: float
    unit: str
    shown_limit: str
    shown: str
    interval: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    few: bool
    ratio_to_limit: float | None
    verdict: Literal["met", "missed", "unclear"]
    by_settings: bool
    why: tuple[Reason, ...] = ()

    @property
    def text(self) -> str:
        """For instance `p95 exposure <= 5 min`."""
        return f"{self.head} <= {self.shown_limit}"


@dataclass(frozen=True)
class Row:
    """A strategy at a setting, judged. `found`: by a search, and not in the file, which has `before` and misses `missed`.

    `hypothetical` says what no host sends today; empty for what can be built. `also` differ in the lifetime alone.
    `ended`: what ended so large a share of the `cases` that happened, the most frequent first; empty where no engine says it.
    """

    strategy: str
    setting: str
    lifetime: str
    state: State
    goals: tuple[GoalRow, ...]
    open: tuple[Cell, ...]
    hypothetical: str = ""
    found: bool = False
    before: str = ""
    missed: str = ""
    also: tuple[str, ...] = ()
    ended: tuple[tuple[str, float], ...] = ()
    cases: int = 0

    @property
    def name(self) -> str:
        """For instance `short_token (token.lifetime = 5 min)`."""
        return f"{self.strategy} ({self.setting})" if self.setting else self.strategy

    @property
    def failed(self) -> tuple[GoalRow, ...]:
        """The goals that are missed, then those not shown to be met, each the farthest first."""
        rest = [goal for goal in self.goals if goal.verdict != "met"]
        return tuple(sorted(rest, key=lambda g: (g.verdict != "missed", -_far(g.ratio_to_limit))))

    @property
    def nearest(self) -> GoalRow:
        """The goal with the least room left."""
        return max(self.goals, key=lambda goal: _far(goal.ratio_to_limit))


@dataclass(frozen=True)
class Setting:
    """A value that decided the verdict and that the user did not set; `table` and `line` are what to paste."""

    key: str
    value: str
    table: str
    line: str


@dataclass(frozen=True)
class Second:
    """The same question under another seed: which settings were judged anew, and which of them came out otherwise."""

    seed: int
    tried: tuple[str, ...]
    flips: tuple[str, ...]


@dataclass(frozen=True)
class Rarest:
    """The cause with the fewest persons behind its figures, and whether they are enough for its goals."""

    cause: str
    persons: int
    enough: bool


@dataclass(frozen=True)
class Verdict:
    """Which setting to use, why not the others, what stays open, and what all that rests on.

    `rows` are in the order of preference, those that meet every goal first; `use` is the strategy of the first row where
    it is shown to meet every goal, else None. `assumed_goals`: the scenario has no limits, and these stand in for them.
    """

    title: str
    question: str
    scenario_id: str
    seed: int
    replications: int
    people: int
    prefer: str
    searched: bool
    assumed_goals: tuple[str, ...]
    rows: tuple[Row, ...]
    use: str | None
    decided_by: tuple[Setting, ...]
    rarest: Rarest | None
    second: Second | None
    directory: str = ""
    ways_out: tuple[str, ...] = ()

    @property
    def best(self) -> Row | None:
        """The row to use; None where none is shown to meet every goal."""
        return next((row for row in self.rows if row.strategy == self.use), None)

    def row(self, strategy: str) -> Row:
        """The row of a strategy. Raises KeyError where it has none."""
        for row in self.rows:
            if row.strategy == strategy:
                return row
        raise KeyError(strategy)


def _far(ratio: float | None) -> float:
    return float("inf") if ratio is None else ratio

"""Which figures of a verdict have two digits, and how many runs it takes: where a comparison stops by default.

Two stages (Stein 1945): a first batch says how many replications each figure takes, its half width falling as the root of
their number. A comparison goes on only to where a figure can be told within those that it may take; what it leaves is said.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from sim.basics.statistics import FIRST_RUNS, LOOK_AHEAD
from sim.engine.recording import Run
from sim.model.strategies import Strategy
from sim.scenario import Scenario
from sim.verdict.goals import Judged, goals_or_stand_ins, judge
from sim.verdict.record import GoalRow, Verdict

TWO_DIGITS = 0.05  # relative half width
FIRST = FIRST_RUNS + LOOK_AHEAD  # replications of the first batch
_MOST_NAMED = 3


def wanted(
    scenario: Scenario, strategies: Mapping[str, Strategy], runs: Mapping[str, Sequence[Run]]
) -> int:
    """Up to how many replications to go: those there are, where more would tell nothing or would not be enough."""
    goals, _ = goals_or_stand_ins(scenario)
    have = len(next(iter(runs.values())))
    found = [
        judge(goal, scenario, strategies[name], of) for name, of in runs.items() for goal in goals
    ]
    takes = [number for one in found for number in _takes(one, have)]
    return _reachable(have, scenario.run.replications, takes)


def _reachable(have: int, most: int, takes: Iterable[float]) -> int:
    """The most that some figure takes of what there may be."""
    return max((math.ceil(number) for number in takes if have < number <= most), default=have)


def _takes(judged: Judged, have: int) -> tuple[float, ...]:
    """The replications until a figure has two digits, and until its goal is decided; none where there is nothing to sharpen."""
    goal, e = judged.goal, judged.estimate
    if judged.by_settings or goal.statistic == "max" or not math.isfinite(e.value):
        return ()
    if e.low is None or e.high is None:
        return (have * judged.cases_needed / e.n,) if judged.cases_needed and e.n else ()
    digits = _at_least(have, e.high - e.low, TWO_DIGITS * abs(e.value))
    if judged.verdict != "unclear":
        return (digits,)
    return digits, _at_least(have, e.high - e.low, abs(goal.limit - e.value))


def _at_least(have: int, width: float, half: float) -> float:
    """The replications at which an interval of this width has shrunk to that half width."""
    if width <= 2 * half:
        return have
    return math.inf if half <= 0 else have * (width / (2 * half)) ** 2


def without_two_digits(v: Verdict) -> str:
    """The figures that have fewer, and how many runs would give them; empty where all have."""
    found: dict[str, list[tuple[float, str]]] = {}
    for row in v.rows:
        for goal in row.goals:
            takes = _row_takes(goal, v.replications)
            if takes > v.replications:
                found.setdefault(goal.head, []).append((takes, row.strategy))
    return "; ".join(f"{head} of {_named(rows)}" for head, rows in found.items())


def _row_takes(goal: GoalRow, have: int) -> float:
    missing = goal.by_settings or goal.key.endswith("_max")
    if missing or goal.value is None or goal.low is None or goal.high is None:
        return 0.0
    return _at_least(have, goal.high - goal.low, TWO_DIGITS * abs(goal.value))


def _named(rows: Sequence[tuple[float, str]]) -> str:
    """For instance `short_token (110 runs would tell) and 2 more`."""
    named = ", ".join(_with_runs(*row) for row in rows[:_MOST_NAMED])
    rest = len(rows) - _MOST_NAMED
    return f"{named} and {rest} more" if rest > 0 else named


def _with_runs(takes: float, strategy: str) -> str:
    many = "" if math.isinf(takes) else f" ({float(f'{takes:.2g}'):,.0f} runs would tell)"
    return f"{strategy}{many}"

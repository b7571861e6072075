"""Which lifetimes fit: the shortest and the longest that meet every goal.

Exposure grows with a lifetime and the cost of renewals falls, so a lifetime is too short, fits, or is too long. The next
one to try is interpolated between those tried (both axes logarithmic; the Illinois rule keeps it from creeping), and
moved to a lifetime that people write where one is near. A range ends between two neighbours of these.
"""

import math
from collections.abc import Callable

from sim.model.lifetimes import lifetimes
from sim.recommendation.trials import FINE, Bench, Trial, nothing_fits, with_lifetime
from sim.verdict.goals import bound_of

SHORTEST_S, LONGEST_S = 5.0, 30 * 86400.0
COARSE = 1.15  # how close the ends come of what is shown beside
_NEAR = 1.1  # so far a trial is moved to a lifetime that people write
_MOST_STEP = 16.0
_GLANCE = 8  # replications of a trial that only shows where a range begins

# What people write into settings; picks are taken from these where the range holds one.
NICE_S = sorted(
    [float(s) for s in (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 45, 50)]
    + [
        60.0 * m
        for m in (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 45, 50)
    ]
    + [3600.0 * h for h in (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12)]
    + [86400.0 * d for d in (1, 2, 3, 4, 5, 7, 10, 14, 21, 28, 30)]
)


Side = tuple[
    float, float
]  # a lifetime, and how far it is too long (below 0: too short), logarithmic
Pull = Callable[[float], float]


def ends_of(bench: Bench) -> tuple[float, float] | None:
    """The shortest and the longest lifetime that meet every goal; None where none is shown to.

    Without a lifetime: whether the strategy as it is does, as a range that means nothing.
    """
    if bench.search_variable is None:
        return (0.0, 0.0) if bench.search(None).meets() else None
    longest_s = _longest(bench)
    return None if longest_s is None else (_shortest(bench, longest_s), longest_s)


def may_fit(bench: Bench) -> bool:
    """Whether some trial is open, and no other says that it is too long or too short."""
    trials = bench.ordered()
    return any(
        trial.open
        and not any(shorter.misses_any(rising=True) for shorter in trials[:place])
        and not any(longer.misses_any(rising=False) for longer in trials[place:])
        for place, trial in enumerate(trials)
    )


# -- the longest --------------------------------------------------------------------------------


def _longest(bench: Bench) -> float | None:
    """The longest lifetime that fits; None where none is shown to."""

    def pull(at_s: float) -> float:
        return _too_long_by(bench.search(at_s))

    def fits(at_s: float) -> bool:
        return at_s not in bench.trials or bench.trials[at_s].meets()  # not tried: by the settings

    def close(low_s: float, high_s: float) -> bool:
        neighbours = fits(low_s) and not _written(low_s, high_s)
        return neighbours or high_s / low_s <= FINE or nothing_fits(bench.trials.values())

    bracket = _bracket(bench, pull)
    if bracket is None:
        return None
    low, high = bracket
    longest_s = low[0] if high is None else _narrow(pull, low, high, close, fits)[0]
    if not all(goal.rises for goal in bench.goals):
        bench.search(
            longest_s
        )  # by the settings exposure is short enough: the other goals need a trial
    return longest_s if fits(longest_s) else None


def _too_long_by(trial: Trial) -> float:
    """Above 0 where goals on exposure are in the way, below where others are, or where it fits."""
    short = _log(trial.ratio(rising=False))
    if trial.misses_any(rising=False):
        return -short
    if trial.meets(rising=True) and not trial.meets():
        return -short
    long = _log(trial.ratio(rising=True))
    return min(0.0, long) if trial.meets() else max(long, 1e-9)


def _bracket(bench: Bench, pull: Pull) -> tuple[Side, Side | None] | None:
    """A lifetime that is not too long and one that is; None for the second where no lifetime is, for both where all are."""
    if not any(goal.rises for goal in bench.goals):
        return ((LONGEST_S, 0.0), None) if pull(LONGEST_S) <= 0 else None
    at_s = lifetimes(bench.strategy)[bench.search_variable or ""]  # as the scenario has it
    first = at_s, pull(at_s)
    return _upwards(first, pull) if first[1] <= 0 else _downwards(first, pull, _sure(bench))


def _upwards(low: Side, pull: Pull) -> tuple[Side, Side | None]:
    while low[0] < LONGEST_S:
        step = min(_MOST_STEP, _step(-low[1]))
        at_s = _as_written(min(LONGEST_S, low[0] * step), low[0], LONGEST_S)
        tried = at_s, pull(at_s)
        if tried[1] > 0:
            return low, tried
        low = tried
    return low, None


def _downwards(high: Side, pull: Pull, sure_s: float | None) -> tuple[Side, Side] | None:
    """`sure_s` is not too long by the settings; else shorter ones are tried."""
    if sure_s is not None and sure_s < high[0]:
        # as if exposure grew like the lifetime
        return (sure_s, min(-1e-9, high[1] - math.log(high[0] / sure_s))), high
    while high[0] > SHORTEST_S:
        at_s = _as_written(max(SHORTEST_S, high[0] / _step(high[1])), SHORTEST_S, high[0])
        tried = at_s, pull(at_s)
        if tried[1] <= 0:
            return tried, high
        high = tried
    return None


def _step(by: float) -> float:
    """A little further than where a figure that grows like the lifetime would be at its limit."""
    return min(_MOST_STEP, max(1.3, FINE * math.exp(min(9.0, by)))) if math.isfinite(by) else 1e9


def _sure(bench: Bench) -> float | None:
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


# -- the shortest -------------------------------------------------------------------------------


def _shortest(bench: Bench, longest_s: float) -> float:
    """The shortest lifetime that meets the other limits, where the longest does."""
    if all(goal.rises for goal in bench.goals):
        return min(SHORTEST_S, longest_s)
    pull = _not_too_short_by(bench)
    low, high = _sides(bench, pull, longest_s)
    assert high is not None, "the longest meets them"
    # downwards step by step: the shorter a lifetime, the dearer its trial
    step = 2.0
    while low is None:
        if high[0] <= SHORTEST_S:
            return high[0]
        least_s = max(SHORTEST_S, high[0] * math.exp(-high[1]) / 1.3)  # if it grows as the inverse
        at_s = _as_written(max(least_s, high[0] / step), SHORTEST_S, high[0], math.inf)
        by = pull(at_s)
        low, high, step = ((at_s, by), high, step) if by <= 0 else (None, (at_s, by), step * step)
    return _narrow(pull, low, high, lambda a, b: not _written(a, b), lambda at_s: True)[1]


def _not_too_short_by(bench: Bench) -> Pull:
    def pull(at_s: float) -> float:
        trial = bench.search(at_s, _GLANCE)
        by = -_log(trial.ratio(rising=False))
        return max(by, 1e-9) if trial.meets(rising=False) else min(by, 0.0)

    return pull


# -- where no lifetime meets all ----------------------------------------------------------------


def look_beside(bench: Bench) -> None:
    """Try what meets the goals of one kind alone, so that either kind can be weighed against the other."""
    if not any(g.rises for g in bench.goals) or all(g.rises for g in bench.goals):
        return
    _look_above(bench)
    _look_below(bench)


def _look_above(bench: Bench) -> None:
    """The shortest lifetime at which what renewals cost is within its limits."""
    pull = _not_too_short_by(bench)
    low, high = _sides(bench, pull)
    while low is not None and high is None:
        if low[0] >= LONGEST_S or math.isinf(low[1]):
            return
        at_s = min(LONGEST_S, 2 * low[0])
        by = pull(at_s)
        low, high = (low, (at_s, by)) if by > 0 else ((at_s, by), None)
    if low is not None and high is not None:
        _narrow(pull, low, high, lambda a, b: b / a <= COARSE)


def _look_below(bench: Bench) -> None:
    """The longest lifetime at which exposure is within its limits."""

    def pull(at_s: float) -> float:
        trial = bench.search(at_s)
        by = _log(trial.ratio(rising=True))
        return min(by, 0.0) if trial.meets(rising=True) else max(by, 1e-9)

    low, high = _sides(bench, pull)
    if low is None and high is not None and not math.isinf(high[1]):
        bracket = _downwards(high, pull, _sure(bench))
        low = None if bracket is None else bracket[0]
    if low is not None and high is not None:
        low_s, _ = _narrow(pull, low, high, lambda a, b: b / a <= COARSE)
        bench.search(low_s)


# -- between what was tried ---------------------------------------------------------------------


def _sides(bench: Bench, pull: Pull, most_s: float = math.inf) -> tuple[Side | None, Side | None]:
    """Of the lifetimes tried the last that is too short, and the first beyond it that is not."""
    tried_s = [t.lifetime_s for t in bench.ordered() if t.lifetime_s is not None]
    sides = [(at_s, pull(at_s)) for at_s in tried_s if at_s <= most_s]
    low = max((side for side in sides if side[1] <= 0), default=None)
    high = min((side for side in sides if side[1] > 0 and (not low or side > low)), default=None)
    return low, high


def _narrow(
    pull: Pull,
    low: Side,
    high: Side,
    close: Callable[[float, float], bool],
    written: Callable[[float], bool] = lambda at_s: False,
) -> tuple[float, float]:
    """A side that is not too long and one that is, drawn together until they are close.

    `written` says of the lower one whether it is time to try none but lifetimes that people write.
    """
    last = 0
    while not close(low[0], high[0]):
        at_s = _between(low, high, written(low[0]))
        if not low[0] < at_s < high[0]:
            break
        by = pull(at_s)
        if by <= 0:
            low, high = (at_s, by), (high[0], high[1] / 2 if last < 0 else high[1])
        else:
            low, high = (low[0], low[1] / 2 if last > 0 else low[1]), (at_s, by)
        last = -1 if by <= 0 else 1
    return low[0], high[0]


def _between(low: Side, high: Side, written: bool) -> float:
    """Where a straight line through both sides says that it is neither too short nor too long."""
    width = math.log(high[0] / low[0])
    share = 0.5
    if math.isfinite(low[1]) and math.isfinite(high[1]) and high[1] > low[1]:
        share = -low[1] / (high[1] - low[1])
    edge = min(0.5, math.log(FINE) / width)
    at_s = low[0] * math.exp(width * min(1 - edge, max(edge, share)))
    return _as_written(at_s, low[0], high[0], math.inf if written else _NEAR)


def _as_written(at_s: float, low_s: float, high_s: float, near: float = _NEAR) -> float:
    """The nearest lifetime that people write, where one is near and inside; else to three digits."""
    nearest_s = min(_written(low_s, high_s), key=lambda s: abs(math.log(s / at_s)), default=0.0)
    if at_s / near <= nearest_s <= at_s * near and nearest_s:
        return nearest_s
    rounded = float(f"{at_s:.3g}")
    return rounded if low_s < rounded < high_s else at_s


def _written(low_s: float, high_s: float) -> list[float]:
    """The lifetimes that people write, strictly between two."""
    return [s for s in NICE_S if low_s < s < high_s]


def _log(ratio: float) -> float:
    return math.log(ratio) if ratio > 0 else -math.inf

"""The verdict on what a search found: the settings that it picked, beside what the file has."""

import math
from collections.abc import Iterator, Sequence

from sim.basics.wording import format_duration
from sim.model.lifetimes import lifetimes
from sim.recommendation.relaxing import relaxed
from sim.recommendation.search import Found
from sim.recommendation.trials import with_lifetime
from sim.scenario import Scenario
from sim.verdict.build import Candidate, Simulate, assemble
from sim.verdict.goals import Goal
from sim.verdict.record import Verdict

_MOST_WAYS = 2


def verdict_on(
    scenario: Scenario,
    goals: list[Goal],
    assumed: tuple[str, ...],
    found: Sequence[Found],
    seed: int,
    again: Simulate | None,
) -> Verdict:
    """One row a family of strategies, at the lifetime that the search picked or that came nearest."""
    runs = found[0].verified.replications if found else 0  # what is missed has fewer
    ways = () if any(one.feasible for one in found) else tuple(_ways_out(found))
    candidates = [_candidate(one) for one in found]
    return assemble(
        scenario, goals, assumed, candidates, seed, runs, again, searched=True, ways_out=ways
    )


def _candidate(found: Found) -> Candidate:
    """The pick; where no lifetime is shown to meet every goal the setting of the file."""
    own = found.own
    if found.shortest_s is None and not found.feasible and own is not None and not own.meets():
        return Candidate(found.strategy, found.own_runs, own.judged, also=found.also)
    variable, picked_s = found.search_variable, found.lifetime_s
    strategy = with_lifetime(found.strategy, variable, picked_s)
    before_s = None if variable is None else lifetimes(found.strategy)[variable]
    changed = before_s is not None and before_s != picked_s
    return Candidate(
        strategy,
        found.runs,
        found.verified.judged,
        found=changed,
        before=format_duration(before_s) if changed and before_s is not None else "",
        missed=_missed_before(found) if changed else "",
        also=found.also,
    )


def _missed_before(found: Found) -> str:
    """The goal that the setting of the file is not shown to meet; empty where it meets all."""
    missed = found.own.misses() if found.own else []
    return missed[0].goal.head if missed else ""


def _ways_out(found: Sequence[Found]) -> Iterator[str]:
    """The gentlest goals to relax."""
    ways = sorted(
        (
            (max(j.ratio_to_limit for j in way), f, way)
            for f in found
            for way in f.relaxations
            if way
        ),
        key=lambda item: item[0],
    )
    for ratio, one, way in ways[:_MOST_WAYS]:
        if math.isfinite(ratio):
            yield relaxed(one, way)

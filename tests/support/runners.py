"""Random scenarios on both runners: the same bits, and windows that keep their laws."""

import math
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, settings

from sim.coverage import coverage
from sim.engine import arrays, compiled, plain
from sim.engine.recording import Run
from sim.model.causes import CAUSES
from sim.model.strategies import Strategy
from sim.scenario import Scenario

ANYTHING = list(HealthCheck)
EVERY_DAY = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=ANYTHING,
)
PARTS = 8  # so that workers share 10,000 scenarios of a night
AT_NIGHT = settings(max_examples=1_250, deadline=None, suppress_health_check=ANYTHING)


def plainly(drawn: Scenario, replication: int, strategy: Strategy | None = None) -> Run:
    """Of the plain runner, with few rows in its calendar: how many there are changes nothing but the time that it takes."""
    with patch.object(arrays, "_rows", lambda people: 64):
        return plain.run(drawn, strategy or drawn.strategies["tried"], replication, tracing=True)


def the_same_on_both(drawn: Scenario, replication: int = 0) -> Run:
    """What both runners record, traced or not, of all together or of one after the other. Fails where they differ."""
    strategy = drawn.strategies["tried"]
    ours = compiled.run(drawn, strategy, replication, tracing=True)
    theirs = plainly(drawn, replication)
    assert list(map(repr, ours.trace or ())) == list(map(repr, theirs.trace or ()))
    assert ours.differences(theirs) == []
    ours.trace = None
    for together in (True, False):  # in one calendar, and one person after the other
        assert compiled.run(drawn, strategy, replication, together=together).differences(ours) == []
    return ours


def equal_and_within_bounds(drawn: Scenario, replication: int = 0) -> Run:
    """The same, and each case keeps its own bound."""
    ours = the_same_on_both(drawn, replication)
    for case in ours.cases:
        assert 0 <= case.last_click_s <= case.exposure_s <= case.bound_s + 1e-6, case
    return ours


def equal_and_within_the_matrix(drawn: Scenario, replication: int = 0) -> Run:
    """The same, and each case keeps the bound that the coverage matrix gives its cause."""
    ours = the_same_on_both(drawn, replication)
    worst = {c.cause: c.bound_s for c in coverage(drawn) if c.of is None}
    for case in ours.cases:
        bound_s = worst[CAUSES[int(case.cause)]]
        limit_s = math.inf if bound_s is None else bound_s
        assert 0 <= case.last_click_s <= case.exposure_s <= limit_s + 1e-6, case
    return ours

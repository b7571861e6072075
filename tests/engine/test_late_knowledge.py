"""The host itself learns late (`cases.CAUSE.propagation`): runners agree, laws hold, a closed form, an independent text."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.drawn import scenarios_known_late
from support.runners import AT_NIGHT, EVERY_DAY, PARTS, equal_and_within_bounds
from support.worlds import one_endless_page, scenario

from sim import theory
from sim.coverage import coverage
from sim.engine import compiled, plain
from sim.model.causes import CAUSES
from sim.oracle.late_knowledge import window_s
from sim.oracle.vocabulary import Unspoken, check_spoken
from sim.scenario import Scenario, ScenarioError, load, with_changes

ENGINES = {"compiled": compiled, "plain": plain}
OWN = [cause for cause in CAUSES if cause != "deactivation"]


def assert_laws(drawn: Scenario, replication: int = 0) -> None:
    for case in equal_and_within_bounds(drawn, replication).cases:
        known_s = case.host_knows_at_s - case.revoked_at_s
        assert case.censored or case.exposure_s >= known_s - 1e-6, case


@EVERY_DAY
@given(scenarios_known_late())
def test_runners_agree(drawn: Scenario) -> None:
    assert_laws(drawn)


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(PARTS))
@AT_NIGHT
@given(scenarios_known_late(), st.integers(0, 1000))
def test_runners_agree_on_many(part: int, drawn: Scenario, replication: int) -> None:
    assert_laws(drawn, replication)


# A mean fails beyond 4.5 standard errors: 7e-6 a comparison for a normal mean. Seeds are fixed.
LATE_S, KEPT_S, GAP_S = 120.0, 90.0, 60.0


def checked(engine: str) -> Any:
    people = 3000 if engine == "compiled" else 150
    drawn = one_endless_page(
        {"check": {"allow_for": KEPT_S}},
        think={"dist": "exponential", "mean": GAP_S},
        people=people,
        horizon_s=4000.0,
        from_s=2000.0,
        cause="permission_loss",
        cases={
            "permission_loss": {
                "share": 1,
                "propagation": {"dist": "exponential", "mean": LATE_S},
            }
        },
    )
    return ENGINES[engine].run(drawn, drawn.strategies["tried"]).cases


@pytest.mark.parametrize("engine", ENGINES)
def test_the_window_is_what_the_host_needs_and_then_the_cache(engine: str) -> None:
    """The host learns at a random phase of the cache: its mean comes on top of what a cache leaves (B1)."""
    cases = checked(engine)
    expected = LATE_S + theory.on_demand_exposure(1 / GAP_S, KEPT_S).mean
    error = cases.exposure_s.std(ddof=1) / math.sqrt(len(cases))
    assert abs(cases.exposure_s.mean() - expected) < 4.5 * error


def test_the_small_simulator_agrees() -> None:
    ours = checked("compiled").exposure_s
    theirs = np.array([window_s(seed, GAP_S, KEPT_S, LATE_S, 2000.0) for seed in range(4000)])
    error = math.hypot(*(x.std(ddof=1) / math.sqrt(len(x)) for x in (ours, theirs)))
    assert theirs.mean() > 20 * error
    assert abs(ours.mean() - theirs.mean()) < 4.5 * error
    above = [float((x > LATE_S + KEPT_S).mean()) for x in (ours, theirs)]
    assert abs(above[0] - above[1]) < 4.5 * math.sqrt(0.25 / len(ours) + 0.25 / len(theirs))


@pytest.mark.parametrize("cause", OWN)
def test_the_bound_has_what_the_host_needs(cause: str) -> None:
    drawn = scenario(
        {
            "cases": {cause: {"share": 0.1, "propagation": {"dist": "uniform", "low": "1min", "high": "7min"}}},
            "strategies": {"tried": {"check": {"allow_for": "5min", "asks": "session" if cause == "logout" else "permission"}}},
        }
    )  # fmt: skip
    cell = next(c for c in coverage(drawn) if c.cause == cause and c.of is None)
    assert cell.bound_s == 420.0 + 300.0 + 1.0
    assert cell.text == "P + 5 min 1 s"


def test_what_cannot_be_meant_is_an_error() -> None:
    with pytest.raises(ScenarioError, match=r"deactivation.*directory\.propagation"):
        scenario({"cases": {"deactivation": {"share": 0.1, "propagation": "5min"}}})
    with pytest.raises(ScenarioError, match=r"logout\.propagation.*at least 0"):
        scenario({"cases": {"logout": {"share": 0.1, "propagation": "-5min"}}})


def test_defaults_are_what_they_were_and_the_oracle_refuses_the_word() -> None:
    office = load("office")
    assert (
        with_changes(office, {"cases.logout": {"share": 0.05, "propagation": "0s"}}).id == office.id
    )
    late = with_changes(office, {"cases.logout": {"share": 0.05, "propagation": "1s"}})
    assert late.id != office.id
    with pytest.raises(Unspoken, match=r"cases\.logout\.propagation"):
        check_spoken(late, late.strategies["short_token"])

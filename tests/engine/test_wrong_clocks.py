"""Clocks that are wrong (model, "Clocks"): runners agree, a closed form, an independent text, what is refused and how."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.drawn import scenarios_of_wrong_clocks
from support.runners import AT_NIGHT, EVERY_DAY, PARTS, equal_and_within_bounds
from support.worlds import one_endless_page, scenario

from sim import theory
from sim.coverage import coverage
from sim.engine import compiled, plain
from sim.engine.recording import TRACE_COLUMNS, Run
from sim.oracle.wrong_clocks import Clocks, people
from sim.scenario import Scenario, ScenarioError, load, with_changes

ENGINES = {"compiled": compiled, "plain": plain}


@EVERY_DAY
@given(scenarios_of_wrong_clocks())
def test_runners_agree(drawn: Scenario) -> None:
    equal_and_within_bounds(drawn)


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(PARTS))
@AT_NIGHT
@given(scenarios_of_wrong_clocks(), st.integers(0, 1000))
def test_runners_agree_on_many(part: int, drawn: Scenario, replication: int) -> None:
    equal_and_within_bounds(drawn, replication)


# A mean fails beyond 4.5 standard errors: 7e-6 a comparison for a normal mean. Seeds are fixed.
GAP_S, LIFETIME_S = 60.0, 300.0


def windows(engine: str, token: dict[str, Any], **offsets: Any) -> Any:
    drawn = one_endless_page(
        {"token": {"lifetime": LIFETIME_S} | token},
        think={"dist": "exponential", "mean": GAP_S},
        people=2500 if engine == "compiled" else 150,
        horizon_s=6000.0,
        from_s=3000.0,
        **{party: {"clock_offset": offset} for party, offset in offsets.items()},
    )
    return ENGINES[engine].run(drawn, drawn.strategies["tried"]).cases.exposure_s


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("host_s", "app_s"), [(120.0, 0.0), (-60.0, 0.0), (30.0, 90.0), (-45.0, -165.0)]
)
def test_a_page_token_lives_longer_by_the_difference_of_the_clocks(
    host_s: float, app_s: float, engine: str
) -> None:
    found = windows(engine, {}, host=host_s, app=app_s)
    expected = theory.on_demand_exposure(1 / GAP_S, LIFETIME_S + host_s - app_s).mean
    error = found.std(ddof=1) / math.sqrt(len(found))
    assert abs(found.mean() - expected) < 4.5 * error


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("renewal", ["host", "app"])
def test_renewed_in_the_background_a_token_is_left_by_the_difference(
    renewal: str, engine: str
) -> None:
    """The client renews at the lifetime that it knows, so each token passes for the difference beside the next: A1, and that."""
    push = {"push": {"causes": ["deactivation"], "effect": "drop_refresh"}}
    offsets = {"host": 40.0, "auth_server": 40.0}
    drawn = one_endless_page(
        {
            "token": {"lifetime": LIFETIME_S, "renewal": renewal, "refresh_at": 1.0},
            **(push if renewal == "app" else {}),
        },
        think={"dist": "exponential", "mean": GAP_S},
        people=2500 if engine == "compiled" else 100,
        horizon_s=6000.0,
        from_s=3000.0,
        **{party: {"clock_offset": offset} for party, offset in offsets.items()},
    )
    found = ENGINES[engine].run(drawn, drawn.strategies["tried"]).cases.exposure_s
    error = found.std(ddof=1) / math.sqrt(len(found))
    assert abs(found.mean() - (LIFETIME_S / 2 + 40.0)) < 4.5 * error
    assert found.min() >= 40.0 and found.max() <= LIFETIME_S + 40.0


@pytest.mark.parametrize(("host_s", "app_s"), [(120.0, 0.0), (-60.0, 30.0)])
def test_the_small_simulator_agrees(host_s: float, app_s: float) -> None:
    ours = windows("compiled", {}, host=host_s, app=app_s)
    theirs = np.array(
        [one.window_s() for one in people(2500, 4000.0, Clocks(host_s, app_s), LIFETIME_S, GAP_S)]
    )
    error = math.hypot(*(x.std(ddof=1) / math.sqrt(len(x)) for x in (ours, theirs)))
    assert abs(ours.mean() - theirs.mean()) < 4.5 * error
    assert abs((ours == 0).mean() - (theirs == 0).mean()) < 4.5 * math.sqrt(0.25 * 2 / 2500)


def refused_from_the_future(engine: str, leeway_s: float) -> Run:
    drawn = one_endless_page(
        {"token": {"lifetime": LIFETIME_S, "not_before": True, "leeway": leeway_s}},
        think={"dist": "exponential", "mean": GAP_S},
        people=200,
        horizon_s=6000.0,
        from_s=5999.0,
        host={"clock_offset": 20.0},
    )
    return ENGINES[engine].run(drawn, drawn.strategies["tried"], tracing=True)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_reload_does_not_help_who_has_a_token_from_the_future(engine: str) -> None:
    """The new page's token is as new: without leeway nobody gets in at once, with that of the clocks everybody."""
    found = refused_from_the_future(engine, 0.0)
    reason = TRACE_COLUMNS.index("reason")
    assert any(row[reason] == "not_yet_valid" for row in found.trace or ())
    theirs = people(200, 6000.0, Clocks(20.0, 0.0), LIFETIME_S, GAP_S, not_before=True)
    shares = [
        found.honest_refused / found.honest_clicks,
        sum(one.refused for one in theirs) / sum(one.clicks for one in theirs),
    ]
    assert shares[1] > 0.1
    assert abs(shares[0] - shares[1]) < 4.5 * math.sqrt(2 * 4 * 0.25 / found.honest_clicks)
    assert refused_from_the_future(engine, 20.0).honest_refused == 0


@pytest.mark.parametrize(
    ("token", "offsets", "bound_s"),
    [
        ({}, {"host": "2min"}, 420.0),
        ({}, {"app": "2min"}, 300.0),
        ({}, {"app": "-2min", "host": "10s"}, 430.0),
        ({}, {"host": {"dist": "uniform", "low": "-1min", "high": "1min"}, "app": {"dist": "uniform", "low": "-30s", "high": "30s"}}, 390.0),
        ({"renewal": "host"}, {"auth_server": "2min"}, 300.0),
        ({"absolute": "5min"}, {"host": "2min"}, 300.0),
        ({"leeway": "7s"}, {"host": "2min"}, 427.0),
    ],
)  # fmt: skip
def test_the_bound_has_the_difference_of_the_clocks(
    token: dict[str, Any], offsets: dict[str, Any], bound_s: float
) -> None:
    tables = {party: {"clock_offset": offset} for party, offset in offsets.items()}
    drawn = scenario(tables | {"strategies": {"tried": {"token": {"lifetime": "5min"} | token}}})
    cell = next(c for c in coverage(drawn) if c.cause == "deactivation" and c.of is None)
    assert cell.bound_s == bound_s


def test_what_cannot_be_meant_is_an_error() -> None:
    with pytest.raises(ScenarioError, match=r"host\.clock_offset.*a duration"):
        scenario({"host": {"clock_offset": "ahead"}})
    with pytest.raises(ScenarioError, match="not_before"):
        scenario({"strategies": {"tried": {"token": {"lifetime": "5min", "not_before": 1}}}})


def test_defaults_are_what_they_were() -> None:
    office = load("office")
    right = {f"{party}.clock_offset": "0s" for party in ("host", "app", "auth_server")}
    assert with_changes(office, right).id == office.id
    assert with_changes(office, {"app.clock_offset": "1s"}).id != office.id

"""Devices, tabs and what their pages do: the runners agree, windows keep their laws, closed forms and a small simulator agree."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.drawn import scenarios_of_carriers
from support.worlds import one_endless_page, scenario

from sim.coverage import coverage
from sim.engine import compiled, plain
from sim.engine.recording import Run
from sim.model.causes import CAUSES
from sim.oracle.tabs import Habits, windows_s
from sim.scenario import Scenario, ScenarioError


def on_both_runners(drawn: Scenario, replication: int = 0) -> Run:
    """The run, the same event for event on both, traced or not."""
    strategy = drawn.strategies["tried"]
    ours = compiled.run(drawn, strategy, replication, tracing=True)
    other = plain.run(drawn, strategy, replication, tracing=True)
    for number, (left, right) in enumerate(zip(ours.trace or (), other.trace or (), strict=False)):
        assert repr(left) == repr(right), number
    assert ours.differences(other) == []
    ours.trace = None
    assert compiled.run(drawn, strategy, replication).differences(ours) == []
    return ours


def assert_windows_keep_their_laws(drawn: Scenario, found: Run) -> None:
    worst = {c.cause: c.bound_s for c in coverage(drawn) if c.of is None}
    for case in found.cases:
        bound_s = worst[CAUSES[int(case.cause)]]
        limit_s = math.inf if bound_s is None else bound_s
        assert 0 <= case.last_click_s <= case.exposure_s <= limit_s + 1e-6, case


_ALL = list(HealthCheck)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=_ALL,
)
@given(scenarios_of_carriers())
def test_random_scenarios(drawn: Scenario) -> None:
    assert_windows_keep_their_laws(drawn, on_both_runners(drawn))


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(8))  # so that workers share 10,000 scenarios
@settings(max_examples=1_250, deadline=None, suppress_health_check=_ALL)
@given(scenarios_of_carriers(), st.integers(0, 1000))
def test_many_random_scenarios(part: int, drawn: Scenario, replication: int) -> None:
    assert_windows_keep_their_laws(drawn, on_both_runners(drawn, replication))


# -- closed forms and a small simulator ---------------------------------------------------------

# A mean fails beyond 4.5 standard errors: 7e-6 a comparison for a normal mean. Seeds are fixed.
Z = 4.5
RENEWED = {"token": {"lifetime": 100.0, "renewal": "host", "refresh_at": 1.0}}
ENGINES = {"compiled": compiled, "plain": plain}


def short_visits(
    strategy: dict[str, Any], pause_s: float, *, people: int, end_s: float, **more: Any
) -> Scenario:
    """Visits of one page and one click, at any of somebody's devices; all lose access between half time and the end."""
    habits: dict[str, Any] = {"devices": 1, "tabs": 1, "visit_ends": {"leave_open": 1}} | more
    cause = habits.pop("cause", "deactivation")
    devices = habits.pop("devices")
    return one_endless_page(
        strategy,
        think="0s",
        people=people,
        horizon_s=end_s,
        from_s=end_s / 2,
        cause=cause,
        organisation={
            "devices": devices,
            "visits": {"dist": "exponential", "mean": pause_s},
        },
        workload={"requests_per_page": 1, "pages_per_visit": 1, **habits},
    )


def windows_of(drawn: Scenario, engine: str) -> Any:
    return ENGINES[engine].run(drawn, drawn.strategies["tried"]).cases.exposure_s


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("devices", [1, 2, 3])
def test_a_page_on_each_of_k_devices(devices: int, engine: str) -> None:
    """Renewed in the background, page loads rare: the longest of k uniform rests, T k/(k+1)."""
    people, end_s = (800, 40_000.0) if engine == "compiled" else (50, 20_000.0)
    drawn = short_visits(RENEWED, 1000.0, people=people, end_s=end_s, devices=devices)
    windows = windows_of(drawn, engine)
    error = windows.std(ddof=1) / math.sqrt(len(windows))
    assert abs(windows.mean() - 100.0 * devices / (devices + 1)) <= Z * error
    assert 80.0 <= windows.max() <= 100.0


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("cause", ["deactivation", "logout"])
@pytest.mark.parametrize("held_by", ["page", "device"])
@pytest.mark.parametrize(("devices", "tabs"), [(1, 1), (1, 3), (3, 1), (2, 2)])
def test_the_small_simulator_agrees(
    devices: int, tabs: int, held_by: str, cause: str, engine: str
) -> None:
    people = 2000 if engine == "compiled" else 100
    token = {"lifetime": 300.0, "held_by": held_by}
    ends = {"logout": 0.3, "close": 0.4, "leave_open": 0.3}
    drawn = short_visits(
        *({"token": token}, 100.0),
        people=people,
        end_s=4000.0,
        devices=devices,
        tabs=tabs,
        visit_ends=ends,
        cause=cause,
    )
    ours = windows_of(drawn, engine)
    habits = Habits(devices, tabs, 300.0, 100.0, (0.3, 0.4), held_by == "device")
    theirs = np.array(windows_s(habits, 4000, 3000.0, seed=7, one_session=cause == "logout"))
    error = math.hypot(
        ours.std(ddof=1) / math.sqrt(len(ours)), theirs.std(ddof=1) / math.sqrt(len(theirs))
    )
    assert theirs.mean() > 5 * error
    assert abs(ours.mean() - theirs.mean()) <= Z * error


def test_keys_at_their_defaults_are_keys_left_out() -> None:
    tables = {"strategies": {"tried": {"token": {"lifetime": "5min"}}}}
    same = {
        "organisation": {"devices": 1},
        "workload": {"tabs": 1},
        "strategies": {"tried": {"token": {"lifetime": "5min", "held_by": "page"}}},
    }
    assert scenario(tables).id == scenario(same).id
    others = (
        {"organisation": {"devices": 2}},
        {"workload": {"tabs": 2}},
        {"strategies": {"tried": {"token": {"lifetime": "5min", "held_by": "device"}}}},
    )
    assert len({scenario(tables | other).id for other in others} | {scenario(tables).id}) == 4


@pytest.mark.parametrize(
    ("tables", "key", "says"),
    [
        ({"organisation": {"devices": "unlimited"}}, "organisation.devices", "whole number"),
        ({"organisation": {"devices": 0}}, "organisation.devices", "at least 1"),
        ({"workload": {"tabs": 0}}, "workload.tabs", "at least 1"),
        ({"workload": {"tabs": 65}}, "workload.tabs", "at most 64"),
        ({"workload": {"tabs": 1.5}}, "workload.tabs", "whole number"),
    ],
)
def test_settings_are_refused_at_their_key(tables: dict[str, Any], key: str, says: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        scenario({**tables, "strategies": {"tried": {"token": {"lifetime": "5min"}}}})
    (problem,) = caught.value.problems
    assert (problem.key, says in problem.message) == (key, True), problem


@pytest.mark.parametrize(
    ("tabs", "of", "covered"), [(1, "device", True), (2, "page", True), (2, "device", False)]
)
def test_a_shared_entry_leaves_administration_open(tabs: int, of: str, covered: bool) -> None:
    """Who is no administrator any more writes it anew by each page load; an older tab presents it too."""
    world = scenario(
        {
            "workload": {"tabs": tabs},
            "strategies": {"tried": {"allowlist": {"lifetime": "1h", "of": of}}},
        }
    )
    worst = {row.cause: row.covered for row in coverage(world) if row.of is None}
    assert worst == dict.fromkeys(CAUSES, True) | {"admin_loss": covered}

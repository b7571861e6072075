"""Devices, tabs and what their pages do: the runners agree, windows keep their laws, closed forms and a small simulator agree."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.drawn import scenarios_of_all_carriers, scenarios_of_carriers
from support.runners import AT_NIGHT, EVERY_DAY, PARTS, equal_and_within_the_matrix
from support.worlds import one_endless_page, scenario

from sim.coverage import coverage
from sim.engine import compiled, plain
from sim.model.causes import CAUSES
from sim.oracle import connections, hidden_tabs, polls
from sim.oracle.tabs import Habits, windows_s
from sim.scenario import Scenario, ScenarioError, with_changes

SOME = settings(EVERY_DAY, max_examples=200)


@EVERY_DAY
@given(scenarios_of_carriers())
def test_random_scenarios(drawn: Scenario) -> None:
    equal_and_within_the_matrix(drawn)


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(PARTS))
@AT_NIGHT
@given(scenarios_of_carriers(), st.integers(0, 1000))
def test_many_random_scenarios(part: int, drawn: Scenario, replication: int) -> None:
    equal_and_within_the_matrix(drawn, replication)


@SOME
@given(scenarios_of_all_carriers())
def test_random_scenarios_of_all_carriers(drawn: Scenario) -> None:
    equal_and_within_the_matrix(drawn)


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(PARTS))
@AT_NIGHT
@given(scenarios_of_all_carriers(), st.integers(0, 1000))
def test_many_random_scenarios_of_all_carriers(
    part: int, drawn: Scenario, replication: int
) -> None:
    equal_and_within_the_matrix(drawn, replication)


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
    cause, cases = habits.pop("cause", "deactivation"), {}
    if cause == "everywhere":
        cause, cases = "logout", {"logout": {"share": 1, "of": "everywhere"}}
    devices = habits.pop("devices")
    return one_endless_page(
        strategy,
        think="0s",
        people=people,
        horizon_s=end_s,
        from_s=end_s / 2,
        cause=cause,
        cases=cases,
        organisation={
            "devices": devices,
            "visits": {"dist": "exponential", "mean": pause_s},
        },
        workload={"requests_per_page": 1, "pages_per_visit": 1, **habits},
    )


def windows_of(drawn: Scenario, engine: str) -> Any:
    return ENGINES[engine].run(drawn, drawn.strategies["tried"]).cases.exposure_s


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("devices", "cause"),
    [(1, "deactivation"), (2, "deactivation"), (3, "deactivation"), (3, "everywhere")],
)
def test_a_page_on_each_of_k_devices(devices: int, cause: str, engine: str) -> None:
    """Renewed in the background, page loads rare: the longest of k uniform rests, T k/(k+1)."""
    people, end_s = (800, 40_000.0) if engine == "compiled" else (50, 20_000.0)
    drawn = short_visits(RENEWED, 1000.0, people=people, end_s=end_s, devices=devices, cause=cause)
    windows = windows_of(drawn, engine)
    error = windows.std(ddof=1) / math.sqrt(len(windows))
    assert abs(windows.mean() - 100.0 * devices / (devices + 1)) <= Z * error
    assert 80.0 <= windows.max() <= 100.0


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("cause", ["deactivation", "logout", "everywhere"])
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


def polling(token: dict[str, Any], every_s: float, think_s: float, engine: str) -> Any:
    """Everybody keeps one page, which polls."""
    drawn = one_endless_page(
        {"token": token},
        think={"dist": "exponential", "mean": think_s},
        people=4000 if engine == "compiled" else 150,
        horizon_s=4000.0,
        from_s=2000.0,
        workload={"poll": {"every": every_s}},
        organisation={"visits": {"dist": "uniform", "low": "0s", "high": "10min"}},
    )
    return ENGINES[engine].run(drawn, drawn.strategies["tried"]).cases


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("lifetime_s", "every_s"), [(100.0, 30.0), (100.0, 70.0), (60.0, 40.0)])
def test_a_page_that_polls_alone(lifetime_s: float, every_s: float, engine: str) -> None:
    """Renewed on demand: the mean of what is left of T, or nothing, at a random instant of p ceil(T/p)."""
    found = polling({"lifetime": lifetime_s, "renewal": "host"}, every_s, 1e9, engine).exposure_s
    mean_s = lifetime_s**2 / (2 * every_s * math.ceil(lifetime_s / every_s))
    assert abs(found.mean() - mean_s) <= Z * found.std(ddof=1) / math.sqrt(len(found))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("renewal", ["host", "page"])
@pytest.mark.parametrize(("every_s", "think_s"), [(30.0, 50.0), (70.0, 50.0), (70.0, 300.0)])
def test_the_small_simulator_of_polls_agrees(
    every_s: float, think_s: float, renewal: str, engine: str
) -> None:
    ours = polling({"lifetime": 100.0, "renewal": renewal}, every_s, think_s, engine)
    habits = polls.Habits(100.0, every_s, think_s, renewal)
    theirs = np.array(polls.observed(habits, 4000, 3000.0, seed=7))
    for mine, other in ((ours.exposure_s, theirs[:, 0]), (ours.unauthorised_polls, theirs[:, 1])):
        errors = (x.std(ddof=1) / math.sqrt(len(x)) for x in (mine, other))
        assert other.mean() > 0
        assert abs(mine.mean() - other.mean()) <= Z * math.hypot(*errors)


def left_behind(lifetime: Any, engine: str, tick_s: float) -> Any:
    """Windows of people who left a page for good; its token is renewed at 0.8 of its lifetime."""
    drawn = short_visits(
        {"token": {"lifetime": lifetime, "renewal": "host", "refresh_at": 0.8}},
        100.0,
        people=4000 if engine == "compiled" else 150,
        end_s=4000.0,
        hidden_tabs={"after": "60s", "timers_every": tick_s},
    )
    shift = {"organisation.shift": {"start": "0s", "end": "30min"}}
    return windows_of(with_changes(drawn, shift), engine)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("tick_s", [60.0, 110.0])
def test_a_token_that_a_hidden_tab_renews(tick_s: float, engine: str) -> None:
    """T = 100 s, due at 80: renewed each 120 s or 110 s, and dead in between."""
    windows = left_behind(100.0, engine, tick_s)
    period_s = 2 * tick_s if tick_s < 80.0 else tick_s
    error = windows.std(ddof=1) / math.sqrt(len(windows))
    assert abs(windows.mean() - 100.0**2 / (2 * period_s)) <= Z * error
    dead = 1 - 100.0 / period_s
    assert abs((windows == 0).mean() - dead) <= Z * math.sqrt(dead * (1 - dead) / len(windows))


@pytest.mark.parametrize("engine", ENGINES)
def test_the_small_simulator_of_hidden_tabs_agrees(engine: str) -> None:
    ours = left_behind({"dist": "uniform", "low": "50s", "high": "250s"}, engine, 60.0)
    habits = hidden_tabs.Habits(50.0, 250.0, 0.8, 60.0, 60.0)
    theirs = np.array(hidden_tabs.windows_s(habits, 4000, (2000.0, 4000.0), seed=7))
    errors = (x.std(ddof=1) / math.sqrt(len(x)) for x in (ours, theirs))
    assert abs(ours.mean() - theirs.mean()) <= Z * math.hypot(*errors)


def connected(engine: str, allow_for: float = 0.0, **settings: Any) -> Any:
    """Cases of people who leave one page open, whose connection a check judges."""
    end_s = 4000.0 if engine == "compiled" else 2400.0
    drawn = one_endless_page(
        {"check": {"allow_for": allow_for}, "connection": settings},
        think="1000000000s",
        people=2000 if engine == "compiled" else 100,
        horizon_s=end_s,
        from_s=end_s / 2,
        organisation={"visits": {"dist": "uniform", "low": "0s", "high": "200s"}},
    )
    return ENGINES[engine].run(drawn, drawn.strategies["tried"]).cases


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("recheck_s", [10.0, 60.0, 240.0])
def test_a_connection_that_is_asked_about_again(recheck_s: float, engine: str) -> None:
    """Mean R/2, at most R (the bound is R + timeout); messages at rate m: m times the mean."""
    every = {"dist": "exponential", "mean": recheck_s / 10}
    cases = connected(engine, recheck=recheck_s, messages={"every": every})
    found, messages = cases.exposure_s, cases.unauthorised_messages
    root = math.sqrt(len(found))
    assert abs(found.mean() - recheck_s / 2) <= Z * found.std(ddof=1) / root
    assert 0.9 * recheck_s <= found.max() <= recheck_s
    assert set(cases.bound_s) == {recheck_s + 1.0}
    assert abs(messages.mean() - 5.0) <= Z * messages.std(ddof=1) / root


def test_a_connection_that_is_authorised_once_is_open() -> None:
    cases = connected("plain")
    assert cases.censored.all()
    assert np.isinf(cases.bound_s).all()
    assert not connected("plain", closed_by_push=True).bound_s.min() < math.inf  # nothing is pushed


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("recheck_s", "mean_s", "kept_s"),
    [(math.inf, 60.0, 0.0), (45.0, 60.0, 0.0), (45.0, math.inf, 100.0), (30.0, 300.0, 50.0)],
)
def test_the_small_simulator_of_connections_agrees(
    recheck_s: float, mean_s: float, kept_s: float, engine: str
) -> None:
    settings: dict[str, Any] = {"messages": {"every": {"dist": "exponential", "mean": 7.0}}}
    if math.isfinite(recheck_s):
        settings["recheck"] = recheck_s
    if math.isfinite(mean_s):
        settings["lasts"] = {"dist": "exponential", "mean": mean_s}
    ours = connected(engine, allow_for=kept_s, **settings)
    lasts = (lambda dice: dice.expovariate(1.0 / mean_s)) if math.isfinite(mean_s) else None
    habits = connections.Habits(recheck_s, lasts, 7.0, kept_s)
    seen = connections.observed(habits, 3000, (2000.0, 4000.0), 8000.0, seed=7)
    theirs = np.array(seen)
    for mine, other in (
        (ours.exposure_s, theirs[:, 0]),
        (ours.unauthorised_messages, theirs[:, 1]),
    ):
        errors = (x.std(ddof=1) / math.sqrt(len(x)) for x in (mine, other))
        assert other.mean() > 1
        assert abs(mine.mean() - other.mean()) <= Z * math.hypot(*errors)


def test_keys_at_their_defaults_are_keys_left_out() -> None:
    tables = {"strategies": {"tried": {"token": {"lifetime": "5min"}}}}
    same = {
        "organisation": {"devices": 1},
        "workload": {"tabs": 1, "poll": "none", "hidden_tabs": "none"},
        "strategies": {
            "tried": {"token": {"lifetime": "5min", "held_by": "page"}, "connection": "none"}
        },
        "cases": {"logout": {"share": 0.05, "of": "device"}},
    }
    assert scenario(tables).id == scenario(same).id
    others = (
        {"organisation": {"devices": 2}},
        {"workload": {"tabs": 2}},
        {"workload": {"poll": {"every": "1min"}}},
        {"workload": {"hidden_tabs": {}}},
        {"cases": {"logout": {"share": 0.05, "of": "everywhere"}}},
        {"strategies": {"tried": {"token": {"lifetime": "5min", "held_by": "device"}}}},
        {"strategies": {"tried": {"token": {"lifetime": "5min"}, "connection": {}}}},
    )
    assert len({scenario(tables | other).id for other in others} | {scenario(tables).id}) == 8


@pytest.mark.parametrize(
    ("tables", "key", "says"),
    [
        ({"organisation": {"devices": "unlimited"}}, "organisation.devices", "whole number"),
        ({"organisation": {"devices": 0}}, "organisation.devices", "at least 1"),
        ({"workload": {"tabs": 0}}, "workload.tabs", "at least 1"),
        ({"workload": {"tabs": 65}}, "workload.tabs", "at most 64"),
        ({"workload": {"tabs": 1.5}}, "workload.tabs", "whole number"),
        ({"workload": {"poll": {"every": "0s"}}}, "workload.poll.every", "expected"),
        ({"workload": {"poll": {"when": "open"}}}, "workload.poll.every", "missing"),
        (
            {"workload": {"poll": {"every": "1min", "when": "seen"}}},
            "workload.poll.when",
            "'visit'",
        ),
        ({"workload": {"poll": "always"}}, "workload.poll", "table"),
        (
            {"workload": {"hidden_tabs": {"timers_every": "0s"}}},
            "workload.hidden_tabs.timers_every",
            "expected",
        ),
        ({"cases": {"logout": {"share": 0, "of": "all"}}}, "cases.logout.of", "'everywhere'"),
        (
            {"cases": {"deactivation": {"share": 0, "of": "device"}}},
            "cases.deactivation.of",
            "unknown",
        ),
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


@pytest.mark.parametrize(
    ("settings", "key", "says"),
    [
        ({"kinds": ["admin"]}, "kinds.0", "'write'"),
        ({"kinds": []}, "kinds", "at least"),
        ({"recheck": "0s"}, "recheck", "expected"),
        ({"lasts": "soon"}, "lasts", "expected"),
        ({"closed_by_push": "yes"}, "closed_by_push", "expected"),
        ({"kinds": ["write"], "messages": {"every": "5s"}}, "messages", "'read'"),
        ({"messages": {"size": 3}}, "messages.every", "missing"),
        ({"reconnect": 0}, "reconnect", "expected"),
        ({"rechecks": "5s"}, "rechecks", "recheck"),
    ],
)
def test_settings_of_a_connection_are_refused_at_their_key(
    settings: dict[str, Any], key: str, says: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        scenario({"strategies": {"tried": {"check": {}, "connection": settings}}})
    (problem,) = caught.value.problems
    assert problem.key == f"strategies.tried.connection.{key}", problem
    assert says in problem.message.replace('"', "'"), problem


def test_a_cookie_whose_uses_are_counted_neither_polls_nor_connects() -> None:
    token = {"lifetime": "5min", "uses": 3, "held_by": "device"}
    for more, tables in (({}, {"workload": {"poll": {"every": "1min"}}}), ({"connection": {}}, {})):
        with pytest.raises(ScenarioError, match=r"strategies\.tried\.token\.uses"):
            scenario({**tables, "strategies": {"tried": {"token": token, **more}}})


@pytest.mark.parametrize(
    ("connection", "worst"),
    [
        ({}, {"read": "open", "write": "5 min"}),
        ({"recheck": "1min"}, {"read": "6 min", "write": "5 min"}),
        ({"lasts": "50s"}, {"read": "5 min 50 s", "write": "5 min"}),
        ({"recheck": "1min", "kinds": ["read", "write"]}, {"read": "6 min", "write": "6 min"}),
    ],
)
def test_the_bound_of_a_connection(connection: dict[str, Any], worst: dict[str, str]) -> None:
    world = scenario(
        {"strategies": {"tried": {"token": {"lifetime": "5min"}, "connection": connection}}}
    )
    rows = [row for row in coverage(world) if row.cause == "permission_loss"]
    found = {row.of: row.text for row in rows}
    for kind, text in worst.items():
        assert found.get(kind, found[None]) == text

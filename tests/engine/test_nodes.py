"""Nodes of the app behind its balancer (model, "App nodes"): runners agree, closed forms, an independent text, what one node is."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.drawn import scenarios_of_fan_out, scenarios_of_nodes
from support.runners import AT_NIGHT, EVERY_DAY, PARTS, equal_and_within_bounds
from support.worlds import one_endless_page, scenario

from sim import theory
from sim.coverage import coverage
from sim.engine import compiled, plain
from sim.engine.given import Given
from sim.engine.readable import readable
from sim.engine.recording import Run
from sim.oracle import nodes
from sim.oracle.vocabulary import Unspoken, check_spoken
from sim.results.applicability import expected
from sim.scenario import Scenario, ScenarioError, load, with_changes

ENGINES = {"compiled": compiled, "plain": plain}


NODES = st.one_of(scenarios_of_nodes(), scenarios_of_fan_out())


@settings(EVERY_DAY, max_examples=25)
@given(NODES)
def test_runners_agree(drawn: Scenario) -> None:
    equal_and_within_bounds(drawn)


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(PARTS))
@AT_NIGHT
@given(NODES, st.integers(0, 1000))
def test_runners_agree_on_many(part: int, drawn: Scenario, replication: int) -> None:
    equal_and_within_bounds(drawn, replication)


# -- closed forms and a small simulator -----------------------------------------------------------

# A mean fails beyond 4.5 standard errors: 7e-6 a comparison for a normal mean. Seeds are fixed.
POINTS = [(0.1, 60.0, 8), (1 / 60, 300.0, 3), (0.05, 90.0, 2)]  # clicks a second, kept for s, nodes
STORM = {
    "probabilities": {"storm": 1},
    "storm": {"think": "10s", "kinds": {"read": 1}, "gives_up_after": "unlimited", "duration": "1h"},
}  # fmt: skip


def caches(rate_per_s: float, kept_s: float, number: int, people: int) -> Scenario:
    """People who click at random, lose access at any time, and whom no refusal stops."""
    think = {"dist": "exponential", "mean": 1 / rate_per_s}
    settled_s = 4 * (kept_s + number / rate_per_s)
    return one_endless_page(
        {"check": {"allow_for": kept_s, "cached": "node"}},
        think=think,
        people=people,
        horizon_s=1.2 * settled_s,
        from_s=settled_s,
        app={"nodes": number},
        behaviour=STORM | {"storm": STORM["storm"] | {"think": think}},
    )


def assert_near(found: Any, expected: float) -> None:
    error = np.std(found, ddof=1) / math.sqrt(len(found))
    assert abs(np.mean(found) - expected) < 4.5 * error


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("rate_per_s", "kept_s", "number"), POINTS)
def test_caches_of_nodes(rate_per_s: float, kept_s: float, number: int, engine: str) -> None:
    """D1: the last node to forget ends the window."""
    drawn = caches(rate_per_s, kept_s, number, 4000 if engine == "compiled" else 120)
    cases = ENGINES[engine].run(drawn, drawn.strategies["tried"]).cases
    assert_near(cases.exposure_s, theory.many_caches_exposure_mean_s(rate_per_s, kept_s, number))
    assert_near(
        cases.unauthorised_reads, theory.many_caches_requests_mean(rate_per_s, kept_s, number)
    )
    below = cases.exposure_s <= 0.6 * kept_s
    assert_near(below, theory.many_caches_cdf(0.6 * kept_s, rate_per_s, kept_s, number))


@pytest.mark.parametrize(("rate_per_s", "kept_s", "number"), POINTS)
def test_caches_of_the_small_simulator(rate_per_s: float, kept_s: float, number: int) -> None:
    after_s = 4 * (kept_s + number / rate_per_s)
    found = [nodes.case(seed, number, kept_s, rate_per_s, after_s) for seed in range(400)]
    assert_near(
        [case.window_s for case in found],
        theory.many_caches_exposure_mean_s(rate_per_s, kept_s, number),
    )
    assert_near(
        [case.accepted for case in found],
        theory.many_caches_requests_mean(rate_per_s, kept_s, number),
    )


# -- events that get to nodes one after the other ---------------------------------------------------

EXPONENTIAL, UNIFORM = "exponential", "uniform"


def fanned_out(law: str, takes_s: float, number: int, people: int, **more: Any) -> Scenario:
    """People whom nothing stops but an event, which goes to each node after a time of its own."""
    takes = {"dist": law} | (
        {"mean": takes_s} if law == EXPONENTIAL else {"low": "0s", "high": takes_s}
    )
    return one_endless_page(
        {"push": {"causes": ["deactivation"], "effect": "denylist", "held": "node"}},
        think={"dist": "exponential", "mean": "10min"},
        people=people,
        horizon_s=3000.0,
        from_s=500.0,
        app={"nodes": number},
        push={"retries": "none", "fan_out": takes} | more,
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("number", "mean_s"), [(20, 5.0), (3, 60.0), (2, 7.0)])
def test_exponential_fan_out(number: int, mean_s: float, engine: str) -> None:
    """F4: the last of so many."""
    drawn = fanned_out(EXPONENTIAL, mean_s, number, 3000 if engine == "compiled" else 300)
    found = ENGINES[engine].run(drawn, drawn.strategies["tried"]).cases.exposure_s
    last_s = theory.fan_out_exposure(number, 1 / mean_s).mean
    assert_near(found, last_s)
    assert_near(found <= last_s, theory.fan_out_cdf(last_s, number, 1 / mean_s))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("number", "period_s"), [(10, 30.0), (3, 60.0), (2, 300.0)])
def test_nodes_that_poll(number: int, period_s: float, engine: str) -> None:
    """F5: each at a phase of its own, so uniform below the period."""
    drawn = fanned_out(UNIFORM, period_s, number, 3000 if engine == "compiled" else 300)
    found = ENGINES[engine].run(drawn, drawn.strategies["tried"]).cases.exposure_s
    assert_near(found, theory.last_poll_mean_s(period_s, number))
    assert found.max() <= period_s


def test_fan_out_of_the_small_simulator() -> None:
    found = [nodes.told_s(seed, 20, lambda dice: dice.expovariate(0.2)) for seed in range(1500)]
    assert_near(found, theory.fan_out_exposure(20, 0.2).mean)
    found = [nodes.told_s(seed, 10, lambda dice: 30 * dice.random()) for seed in range(1500)]
    assert_near(found, theory.last_poll_mean_s(30.0, 10))


@pytest.mark.parametrize(
    ("more", "bound_s"),
    [({"fan_out": "7s"}, 9.0), ({"reaches": "one"}, None), ({"loss": 0.1}, None)],
)
def test_bounds_of_events_in_memory(more: dict[str, Any], bound_s: float | None) -> None:
    drawn = with_changes(
        fanned_out(UNIFORM, 60.0, 3, 1),
        {f"push.{k}": v for k, v in ({"delay": "2s"} | more).items()},
    )
    cell = next(c for c in coverage(drawn) if c.cause == "deactivation" and c.of is None)
    assert cell.bound_s == bound_s


def test_a_token_issued_at_a_node_that_has_not_heard_is_named_nowhere_else() -> None:
    """Sliding tokens and nodes that hear one after the other: nothing bounds the window, and some live on."""
    drawn = with_changes(
        fanned_out(UNIFORM, 300.0, 3, 200),
        {
            "strategies.tried.token": {"lifetime": "10min", "renewal": "sliding"},
            "workload.think": {"dist": "exponential", "mean": "20s"},
            "behaviour.probabilities": STORM["probabilities"],
            "behaviour.storm": STORM["storm"],
        },
    )
    assert next(c for c in coverage(drawn) if c.cause == "deactivation").bound_s is None
    assert compiled.run(drawn, drawn.strategies["tried"]).cases.exposure_s.max() > 1000


def test_entries_lie_in_a_store() -> None:
    with pytest.raises(ScenarioError, match=r'held.*expected "shared", since entries'):
        scenario({"strategies": {"tried": {"push": {"effect": "drop_entries", "held": "node"}}}})


# -- laws -----------------------------------------------------------------------------------------


def both(drawn: Scenario, changes: dict[str, Any]) -> tuple[Run, Run]:
    """A scenario and a changed one, with every event."""
    changed = with_changes(drawn, changes)
    first, second = (
        compiled.run(each, each.strategies["tried"], tracing=True) for each in (drawn, changed)
    )
    return first, second


def same(first: Run, second: Run) -> None:
    """To the bit."""
    assert first.differences(second) == []
    assert list(map(repr, first.trace or ())) == list(map(repr, second.trace or ()))


OFFICE = {"organisation.people": 40, "app.workers": "unlimited"}


def office(check: dict[str, Any], **changes: Any) -> Scenario:
    return with_changes(
        load("office"), OFFICE | {"strategies": {"tried": {"check": check}}} | changes
    )


def test_one_node_is_what_there_was() -> None:
    first, second = both(
        office({"allow_for": "5min"}),
        {"app.routing": "sticky", "strategies.tried.check.cached": "node"},
    )
    same(first, second)


def test_nodes_that_share_all_and_never_wait_are_one() -> None:
    first, second = both(office({"allow_for": "5min"}), {"app.nodes": 7})
    same(first, second)


def test_a_device_that_stays_with_its_node_meets_one_cache() -> None:
    first, second = both(
        office({"allow_for": "5min"}),
        {"app.nodes": 7, "app.routing": "sticky", "strategies.tried.check.cached": "node"},
    )
    same(first, second)


def test_each_node_has_a_queue_of_its_own() -> None:
    """Requests that meet any of four nodes at random wait longer than behind one queue, and the work is the same."""
    busy = {
        "organisation.people": 400,
        "app.verify": "0s",
        "app.service": {"read": "3s", "write": "3s", "admin": "3s"},
        "strategies": {"tried": {"token": {"lifetime": "8h"}}},
        "run.horizon": "3h",
        "organisation.shift.end": "3h",
        "cases.until": "3h",
    }
    together = with_changes(load("office"), busy | {"app.workers": 16})
    apart = with_changes(load("office"), busy | {"app.workers": 4, "app.nodes": 4})
    queues = [compiled.run(s, s.strategies["tried"]).stations["app"] for s in (together, apart)]
    assert queues[1].queue > 2 * queues[0].queue > 0
    assert queues[1].utilisation == pytest.approx(queues[0].utilisation, rel=0.02)


# -- what is said of it ---------------------------------------------------------------------------


def test_what_cannot_be_meant_is_an_error() -> None:
    for words, tables in {
        "app.nodes = 0": {"app": {"nodes": 0}},
        'app.routing = "round"': {"app": {"routing": "round"}},
        'check.cached = "nodes"': {"strategies": {"tried": {"check": {"cached": "nodes"}}}},
    }.items():
        with pytest.raises(ScenarioError) as error:
            scenario(tables)
        assert words in str(error.value)


def test_who_does_not_know_nodes_says_so() -> None:
    """The oracle refuses them by name; virtual cases are not read."""
    drawn = office({"allow_for": "5min", "cached": "node"}, **{"app.nodes": 2})
    with pytest.raises(Unspoken, match=r"app\.nodes = 2.*strategy\.check\.cached = 'node'"):
        check_spoken(drawn, drawn.strategies["tried"])
    token = with_changes(load("office"), {"strategies": {"tried": {"token": {"lifetime": "5min"}}}})
    read = [
        readable(Given.of(s, s.strategies["tried"], False, moments=32))
        for s in (token, with_changes(token, {"app.nodes": 2}))
    ]
    assert read[0] and not read[1]


def test_the_closed_form_stands_beside_estimates() -> None:
    textbook = load("textbook")
    changes = {"app.nodes": 3, "strategies.cached_decision.check.cached": "node"}
    drawn = with_changes(textbook, changes)
    key = ("deactivation", None, "exposure", "mean")
    found = {
        name: expected(of, of.strategies["cached_decision"])[key]
        for name, of in {
            "one": textbook,
            "three": drawn,
            "sticky": with_changes(drawn, {"app.routing": "sticky"}),
        }.items()
    }
    assert found["three"].form == "D1"
    assert found["three"].value == pytest.approx(3.040 * 60, abs=0.03)
    assert found["sticky"] == found["one"]


# -- a public report ------------------------------------------------------------------------------

# artifact-keeper/artifact-keeper#2168: minutes of the window, questions a person-hour.
REPORT = {
    "one_cache": (2.083, 10.0),
    "a_cache_each": (3.040, 22.5),
    "the_writers_is_dropped": (2.474, 22.5),
}


@pytest.mark.parametrize("name", REPORT)
def test_the_report_of_replicas(name: str) -> None:
    """D1; of two nodes where the writer's copy is dropped, at the questions of three. The shipped scenario, ten of its replications; questions of a day without cases."""
    drawn = load("three_replicas")
    window_min, asked_per_h = REPORT[name]
    runs = [compiled.run(drawn, drawn.strategies[name], number) for number in range(10)]
    assert_near(np.concatenate([run.cases.exposure_s for run in runs]) / 60, window_min)
    quiet = with_changes(drawn, {"cases.deactivation": {"share": 0}, "run.warm_up": "1h"})
    asked = [
        compiled.run(quiet, quiet.strategies[name], number).host_calls["check"].sum()
        for number in range(10)
    ]
    assert_near(np.array(asked) / (200 * 3), asked_per_h)

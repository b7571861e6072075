"""People one after the other: the record of everybody together, bit for bit, and who is never run so."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from support import ROOT

from sim.engine import alone, compiled, plain
from sim.engine.arrays import arrays_of
from sim.engine.capacity import never_empty
from sim.engine.given import Given
from sim.engine.limits import ALONE_FROM
from sim.model.strategies import CATALOGUE, Strategy
from sim.scenario import Scenario, load, with_changes

SHIPPED = sorted(path.stem for path in (ROOT / "scenarios").glob("*.toml"))
OFFICE = load("office")
FEW = {"organisation.people": 30}


def given(scenario: Scenario, strategy: Strategy, **options: Any) -> Given:
    return Given.of(scenario, strategy, options.pop("tracing", False), **options)


def met(scenario: Scenario, strategy: Strategy) -> bool:
    return alone.met_before(given(scenario, strategy))


def assert_the_same(scenario: Scenario, strategy: Strategy, runner: Any = compiled) -> None:
    one, whole = (
        runner.run(scenario, strategy, moments=32, together=together) for together in (False, True)
    )
    assert one.differences(whole) == []


# -- the law ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_every_strategy_of_a_shipped_scenario_records_the_same(name: str) -> None:
    scenario = with_changes(load(name), FEW)
    for strategy in scenario.strategies.values():
        assert_the_same(scenario, strategy)


@pytest.mark.nightly
@pytest.mark.parametrize("name", SHIPPED)
def test_so_does_the_whole(name: str) -> None:
    scenario = load(name)
    for strategy in scenario.strategies.values():
        assert_the_same(scenario, strategy)


@pytest.mark.parametrize("name", ["short_token", "layered"])
def test_the_plain_runner_does_the_same(name: str) -> None:
    scenario = with_changes(OFFICE, {"organisation.people": 4})
    assert_the_same(scenario, CATALOGUE[name], plain)
    assert not met(scenario, CATALOGUE[name])


def test_outages_are_lived_through_by_each() -> None:
    down = {"every": {"dist": "exponential", "mean": "30min"}, "lasts": "3min"}
    scenario = with_changes(
        OFFICE, FEW | {"host.outages": down, "push.outages": down, "push.loss": 0.2, "host.servers": 64}
    )  # fmt: skip
    for name in ("allowlist_webhook", "per_request", "pushed_denylist"):
        assert_the_same(scenario, CATALOGUE[name])
        assert not met(scenario, CATALOGUE[name])


def test_many_people_are_run_so_and_few_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    whole = compiled._run

    def run(given: Given, replication: int, seed: int, one_by_one: bool, progress: Any) -> Any:
        asked.append(one_by_one)
        return whole(given, replication, seed, one_by_one, progress)

    monkeypatch.setattr(compiled, "_run", run)
    for people in (ALONE_FROM, ALONE_FROM - 1):
        many = {"organisation.people": people, "run.horizon": "5min", "run.drain": "0s"}
        servers = {
            "app.workers": "unlimited",
            "host.servers": "unlimited",
            "host.rate_limit": "none",
        }
        compiled.run(with_changes(OFFICE, many | servers), CATALOGUE["short_token"])
    assert asked == [True, False]


def test_what_people_take_does_not_grow_with_them() -> None:
    def size(people: int) -> int:
        scenario = with_changes(OFFICE, {"organisation.people": people})
        found = arrays_of(
            given(scenario, CATALOGUE["allowlist_webhook"], moments=32), 0, 1, alone=2
        )
        return sum(array.nbytes for array in found.values())

    assert size(1_000_000) == size(500)


# -- where they meet after all ------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"app.workers": 1},
        {"host.servers": 1, "host.check": "2s"},
        {"host.rate_limit": {"per_second": 1.0, "burst": 1.0}},
        {"host.rate_limit": {"per_second": 50.0, "burst": 50.0, "per_hour": 30.0}},
    ],
)
def test_a_capacity_that_is_reached_makes_them_run_together(changes: dict[str, Any]) -> None:
    scenario, strategy = with_changes(OFFICE, FEW | changes), CATALOGUE["per_request"]
    told: list[float] = []
    one = compiled.run(scenario, strategy, together=False, progress=told.append)
    assert met(scenario, strategy)
    assert told == sorted(told)
    assert one.differences(compiled.run(scenario, strategy, together=True)) == []
    waited = sum(account.queue for account in one.stations.values())
    assert waited > 0 or one.rate_limited


@settings(max_examples=200, deadline=None)
@drawn(
    st.lists(st.floats(0.0, 39.99), max_size=60),
    st.floats(1.0, 20.0),
    st.floats(0.01, 3.0),
)
def test_a_bucket_that_is_said_never_to_be_empty_never_is(
    calls: list[float], capacity: float, rate: float
) -> None:
    cells = np.bincount(np.array(calls, float).astype(int), minlength=40)
    level, at, empty = capacity, 0.0, False
    for time in sorted(calls):
        level, at = min(capacity, level + (time - at) * rate), time
        empty |= level < 1.0
        level -= 1.0
    if never_empty(cells, capacity, rate):
        assert not empty
    else:
        assert capacity < len(calls) + 1  # it holds no more than all that is asked for


# -- who is never run so ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "changes", "options"),
    [
        ("events are kept in their order", {}, {"tracing": True}),
        ("workers are held", {"app.holds_worker": True}, {}),
        ("a sender stops after failures", {"push.disabled_after": 3}, {}),
        ("a limit that is no bucket", {"host.rate_limit": {"per_second": 9.0, "kind": "log"}}, {}),
        ("the app has several nodes", {"app.nodes": 3}, {}),
        ("only events tell whose turn it is at a station", {"app.service.read": 0}, {}),
        ("people have several pages", {"workload.tabs": 2}, {}),
        ("pages send by themselves", {"workload.poll": {"every": "30s"}}, {}),
    ],
)
def test_what_couples_people_is_named(
    why: str, changes: dict[str, Any], options: dict[str, Any]
) -> None:
    strategy = CATALOGUE["allowlist_webhook"]
    assert alone.what_couples(given(OFFICE, strategy)) == []
    assert alone.what_couples(given(with_changes(OFFICE, changes), strategy, **options)) == [why]


def test_a_strategy_written_in_python_couples() -> None:
    class Own(Strategy):
        """One of a user."""

    own = Own.model_validate(CATALOGUE["short_token"].model_dump(by_alias=True, exclude_unset=True))
    assert alone.what_couples(given(OFFICE, own)) == ["a strategy written in Python"]


def test_several_checks_couple() -> None:
    asks = {"asks": "permission", "timeout": "1s", "on_failure": "deny"}
    checks = [asks | {"scope": scope} for scope in ("all", "writes")]
    two = Strategy.model_validate({"name": "two", "check": checks})
    assert alone.what_couples(given(OFFICE, two)) == ["there are several checks"]


def test_a_setting_that_nobody_looked_at_couples(monkeypatch: pytest.MonkeyPatch) -> None:
    tolerant = Strategy.model_validate(
        {"name": "tolerant", "token": {"lifetime": "5min", "leeway": "5s"}}
    )
    monkeypatch.setitem(alone.KNOWN, "Token", alone.KNOWN["Token"].replace("leeway_s ", ""))
    alone.unknown.cache_clear()
    try:
        assert ("Token", "leeway_s") in alone.unknown()
        assert alone.what_couples(given(OFFICE, CATALOGUE["short_token"])) == []
        assert alone.what_couples(given(OFFICE, tolerant)) == ["a setting that is not known here"]
    finally:
        alone.unknown.cache_clear()

"""Think times by kind, and the input that an interruption loses: errors, a closed form, a small simulator, the runners."""

import math
import statistics
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from support.drawn import scenarios_of_forms
from support.worlds import one_endless_page, scenario

from sim import theory
from sim.engine import compiled, plain
from sim.oracle.forms import lost_s
from sim.scenario import Scenario, ScenarioError

Z = 4.5  # standard errors of a mean: a false alarm in 7e-6 a comparison; seeds are fixed
ENGINES = {"compiled": compiled, "plain": plain}


def exponential(mean_s: float) -> dict[str, Any]:
    return {"dist": "exponential", "mean": mean_s}


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(scenarios_of_forms())
def test_random_scenarios(drawn: Scenario) -> None:
    ours, theirs = (
        e.run(drawn, drawn.strategies["tried"], tracing=True) for e in (compiled, plain)
    )
    assert list(map(repr, ours.trace or ())) == list(map(repr, theirs.trace or ()))
    assert ours.differences(theirs) == []
    assert (ours.lost_input_s > 0) <= (ours.interruptions > 0)


def lost_shares(drawn: Scenario, engine: str, runs: int) -> list[float]:
    """Of the time inside visits, by replication."""
    found = [ENGINES[engine].run(drawn, drawn.strategies["tried"], r) for r in range(runs)]
    return [run.lost_input_s / run.visit_s for run in found]


def endless(think: Any, kinds: dict[str, float], lifetime_s: float, people: int) -> Scenario:
    """One page a person that is reloaded when its token has expired, and nobody loses access."""
    return one_endless_page(
        {"token": {"lifetime": lifetime_s}},
        think=think,
        people=people,
        horizon_s=20_000.0,
        from_s=19_000.0,
        cases={"deactivation": {"share": 0}},
        run={"warm_up": 5000.0, "drain": 0},
        workload={"kinds": kinds},
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("gap_s", "lifetime_s"), [(60.0, 300.0), (240.0, 300.0), (100.0, 50.0)])
def test_lost_input_by_the_closed_form(gap_s: float, lifetime_s: float, engine: str) -> None:
    drawn = endless(
        {"read": "1s", "write": exponential(gap_s)},
        {"write": 1},
        lifetime_s,
        40 if engine == "compiled" else 8,
    )
    shares = lost_shares(drawn, engine, 12)
    error = statistics.stdev(shares) / math.sqrt(len(shares))
    expected = theory.on_demand_lost_input_share(1 / gap_s, lifetime_s)
    assert abs(statistics.mean(shares) - expected) <= Z * error


def test_the_small_simulator_agrees() -> None:
    means, kinds = {"read": 20.0, "write": 240.0}, {"read": 0.8, "write": 0.2}
    think = {kind: exponential(mean_s) for kind, mean_s in means.items()}
    ours = lost_shares(endless(think, kinds, 300.0, 40), "compiled", 20)
    theirs = [lost_s(means, kinds, 300.0, 100_000.0, seed) / 100_000.0 for seed in range(60)]
    error = math.hypot(*(statistics.stdev(x) / math.sqrt(len(x)) for x in (ours, theirs)))
    assert statistics.mean(theirs) > 5 * error
    assert abs(statistics.mean(ours) - statistics.mean(theirs)) <= Z * error


def written(think: Any, **workload: Any) -> Scenario:
    tables = {"workload": {"think": think} | workload}
    return scenario({**tables, "strategies": {"tried": {"token": {"lifetime": "5min"}}}})


def test_one_law_for_all_kinds_is_the_same_run() -> None:
    alike = dict.fromkeys(("read", "write", "admin"), "7s")
    few = [scenario_of_few(think) for think in ("7s", alike)]
    first, second = (compiled.run(one, one.strategies["tried"], tracing=True) for one in few)
    assert first.differences(second) == []


def scenario_of_few(think: Any) -> Scenario:
    return scenario(
        {
            "organisation": {"people": 5},
            "workload": {"think": think},
            "strategies": {"tried": {"token": {"lifetime": "5min"}}},
        }
    )


@pytest.mark.parametrize(
    ("think", "key", "says"),
    [
        ({"read": "7s", "write": "4min"}, "workload.think", "admin too, since kinds.admin"),
        ({"write": "4min", "admin": "7s"}, "workload.think.read", "missing"),
        ({"read": "soon", "write": "4min", "admin": "7s"}, "workload.think.read", "a duration"),
        ({"raed": "7s"}, "workload.think.raed", "unknown key"),
        ({"mean": "7s"}, "workload.think.dist", "exponential"),
    ],
)
def test_settings_are_refused_at_their_key(think: Any, key: str, says: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        written(think)
    problems = {problem.key: problem.message for problem in caught.value.problems}
    assert key in problems, problems
    assert says in problems[key]

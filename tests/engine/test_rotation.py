"""Refresh tokens that rotate: the runners agree, windows keep their laws, a small simulator agrees."""

import math
import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.drawn import scenarios_of_rotation
from support.runners import AT_NIGHT, EVERY_DAY, PARTS, equal_and_within_the_matrix
from support.worlds import one_endless_page, scenario

from sim.engine import compiled
from sim.oracle.families import Rules
from sim.oracle.polling_tabs import counted
from sim.results.metrics import figures
from sim.scenario import Scenario

Z = 4.5  # standard errors of a mean: a false alarm in 7e-6 a comparison; seeds are fixed


def assert_laws(drawn: Scenario, replication: int = 0) -> None:
    ours = equal_and_within_the_matrix(drawn, replication)
    assert 0 <= ours.false_logouts <= ours.reuses


@EVERY_DAY
@given(scenarios_of_rotation())
def test_random_scenarios(drawn: Scenario) -> None:
    assert_laws(drawn)


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(PARTS))
@AT_NIGHT
@given(scenarios_of_rotation(), st.integers(0, 1000))
def test_many_random_scenarios(part: int, drawn: Scenario, replication: int) -> None:
    assert_laws(drawn, replication)


def tabs_in_use(rules: Rules, people: int, every_s: float | None = None) -> Scenario:
    """Visits of a page and a click at once, in browsers of several tabs that share a cookie; nobody loses access."""
    ends = "end_family" if rules.ends_family else "refuse"
    renews: dict[str, Any] = {"refresh_at": 1.0} if every_s is None else {}
    polls: dict[str, Any] = {} if every_s is None else {"poll": {"every": every_s}}
    token = {
        "lifetime": rules.lifetime_s,
        "renewal": "app",
        **renews,
        "held_by": "device",
        "rotation": {"grace": rules.grace_s, "on_reuse": ends},
    }
    return one_endless_page(
        {"token": token},
        think="0s",
        people=people,
        horizon_s=20_000.0,
        from_s=19_000.0,
        cases={"deactivation": {"share": 0}},
        run={"drain": 0},
        organisation={"visits": {"dist": "exponential", "mean": rules.pause_s}},
        workload={"requests_per_page": 1, "pages_per_visit": 1, "tabs": rules.tabs, **polls},
        network={"client_app": {"dist": "exponential", "mean": rules.trip_s}},
    )


@pytest.mark.parametrize(
    ("rules", "every_s"),
    [
        (Rules(2, 60.0, 400.0, 4.0, 0.0, False), None),
        (Rules(2, 60.0, 400.0, 4.0, 0.0, True), None),
        (Rules(3, 50.0, 500.0, 6.0, 3.0, False), None),
        (Rules(4, 80.0, 600.0, 10.0, 5.0, True), None),
        (Rules(2, 60.0, 400.0, 4.0, 0.0, False), 25.0),
        (Rules(3, 50.0, 500.0, 6.0, 2.0, True), 20.0),
    ],
)
def test_the_small_simulators_agree(rules: Rules, every_s: float | None) -> None:
    people = 40
    drawn = tabs_in_use(rules, people, every_s)
    runs = [compiled.run(drawn, drawn.strategies["tried"], r) for r in range(25)]
    alone = [counted(rules, 20_000.0, seed, every_s) for seed in range(400)]
    for ours, theirs in (
        ([run.reuses / people for run in runs], [float(reuses) for reuses, _ in alone]),
        ([run.false_logouts / people for run in runs], [float(ended) for _, ended in alone]),
    ):
        error = math.hypot(*(statistics.stdev(x) / math.sqrt(len(x)) for x in (ours, theirs)))
        assert abs(statistics.mean(ours) - statistics.mean(theirs)) <= Z * error
    assert statistics.mean(run.reuses for run in runs) > 10


def test_figures_are_per_month_of_honest_time() -> None:
    drawn = tabs_in_use(Rules(2, 60.0, 400.0, 4.0, 0.0, True), 20)
    runs = [compiled.run(drawn, drawn.strategies["tried"], r) for r in range(3)]
    found = {f.metric: f for f in figures("tried", runs) if f.metric in ("reuses", "false_logouts")}
    months = 3 * 20 * 20_000.0 / (30.4375 * 86400.0)
    for name, figure in found.items():
        assert figure.unit == "1/month"
        assert figure.estimate == pytest.approx(sum(getattr(run, name) for run in runs) / months)
    assert found["false_logouts"].estimate > 0


def test_keys_at_their_defaults_are_keys_left_out() -> None:
    def written(**more: Any) -> Scenario:
        token = {"lifetime": "5min", "renewal": "app", **more}
        return scenario({"strategies": {"tried": {"token": token}}})

    assert written(rotation="none").id == written().id
    others = ({}, {"grace": "30s"}, {"on_reuse": "refuse"})
    assert len({written(rotation=other).id for other in others} | {written().id}) == 4

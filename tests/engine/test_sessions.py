"""Server sessions: the runners agree, windows keep their laws, the closed form and a small simulator agree."""

import math
import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.drawn import scenarios_of_sessions
from support.runners import AT_NIGHT, EVERY_DAY, PARTS, equal_and_within_the_matrix
from support.worlds import one_endless_page, scenario

from sim import theory
from sim.engine import compiled, plain
from sim.oracle.sessions import Rules, window_s
from sim.scenario import Scenario

Z = 4.5  # standard errors of a mean: a false alarm in 7e-6 a comparison; seeds are fixed
ENGINES = {"compiled": compiled, "plain": plain}


@EVERY_DAY
@given(scenarios_of_sessions())
def test_random_scenarios(drawn: Scenario) -> None:
    equal_and_within_the_matrix(drawn)


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(PARTS))
@AT_NIGHT
@given(scenarios_of_sessions(), st.integers(0, 1000))
def test_many_random_scenarios(part: int, drawn: Scenario, replication: int) -> None:
    equal_and_within_the_matrix(drawn, replication)


def exponential(mean_s: float) -> dict[str, Any]:
    return {"dist": "exponential", "mean": mean_s}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("gap_s", "idle_s", "cap_s"), [(210.0, 380.0, 3000.0), (100.0, 300.0, 700.0)]
)
def test_a_cap_by_the_closed_form(gap_s: float, idle_s: float, cap_s: float, engine: str) -> None:
    people = 1500 if engine == "compiled" else 100
    entry = {"lifetime": idle_s, "renewal": "sliding", "absolute": cap_s}
    drawn = one_endless_page({"allowlist": entry}, think=exponential(gap_s), people=people)
    cases = ENGINES[engine].run(drawn, drawn.strategies["tried"]).cases
    expected_s = theory.capped_session_exposure_mean_s(1 / gap_s, idle_s, cap_s)
    for values, expected in (
        (cases.exposure_s, expected_s),
        (cases.unauthorised_reads, expected_s / gap_s),
    ):
        error = values.std(ddof=1) / math.sqrt(people)
        assert abs(values.mean() - expected) <= Z * error


@pytest.mark.parametrize(
    ("written", "alone"),
    [
        ({"lifetime": 150.0}, Rules(lambda dice: 150.0)),
        ({"lifetime": 200.0, "absolute": 600.0}, Rules(lambda dice: 200.0, 600.0)),
        ({"lifetime": 250.0, "step": 0.5}, Rules(lambda dice: 250.0, step=0.5)),
        (
            {"lifetime": {"dist": "uniform", "low": 50.0, "high": 350.0}, "absolute": 900.0},
            Rules(lambda dice: dice.uniform(50.0, 350.0), 900.0),
        ),
    ],
)
def test_the_small_simulator_agrees(written: dict[str, Any], alone: Rules) -> None:
    entry = {"renewal": "sliding"} | written
    drawn = one_endless_page({"allowlist": entry}, think=exponential(100.0), people=2000)
    cases = compiled.run(drawn, drawn.strategies["tried"]).cases
    theirs = [window_s(alone, 100.0, 6000.0, seed) for seed in range(1500)]
    for ours, others in (
        (cases.exposure_s, [window for window, _ in theirs]),
        (cases.unauthorised_reads, [float(passed) for _, passed in theirs]),
    ):
        error = math.hypot(
            ours.std(ddof=1) / math.sqrt(len(ours)),
            statistics.stdev(others) / math.sqrt(len(others)),
        )
        assert statistics.mean(others) > 5 * error
        assert abs(ours.mean() - statistics.mean(others)) <= Z * error


def test_keys_at_their_defaults_are_keys_left_out() -> None:
    def written(**more: Any) -> Scenario:
        return scenario({"strategies": {"tried": {"allowlist": {"lifetime": "1h", **more}}}})

    assert written(renewal="page", absolute="none", step=0).id == written().id
    slides = {"renewal": "sliding"}
    others = (slides, slides | {"absolute": "8h"}, slides | {"step": 0.1})
    assert len({written(**other).id for other in others} | {written().id}) == 4

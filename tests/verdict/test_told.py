"""Where a comparison stops by default: two digits of each figure that goals judge, or a reason that is said."""

from typing import Any

import pytest
from support.worlds import endless

from sim.basics.statistics import Estimate
from sim.results import experiment
from sim.scenario import Scenario, load, with_changes
from sim.verdict import told, verdict_of
from sim.verdict.goals import Goal, Judged, Verdict
from sim.verdict.words import below

MEAN = Goal("goals.exposure_mean", "exposure", "mean", None, 60.0, "s")


def judged(value: float, half: float | None, verdict: Verdict = "met", goal: Goal = MEAN) -> Judged:
    low, high = (None, None) if half is None else (value - half, value + half)
    return Judged(goal, Estimate(value, low, high, 100), verdict)


@pytest.mark.parametrize(
    ("one", "takes"),
    [
        (judged(30.0, 1.5), (8,)),  # just two digits
        (judged(30.0, 3.0), (32,)),  # half the width takes four times the runs
        (judged(50.0, 20.0, "unclear"), (8 * 64, 8 * 4)),  # two digits, and 10 s to the limit
        (judged(0.0, 0.0), (8,)),
        (judged(float("inf"), None), ()),
        (judged(30.0, None), ()),
    ],
)
def test_the_runs_that_a_figure_takes_fall_with_the_square_of_its_width(
    one: Judged, takes: tuple[float, ...]
) -> None:
    assert told._takes(one, 8) == pytest.approx(takes)


def test_only_what_can_be_told_within_the_most_is_waited_for() -> None:
    assert told._reachable(8, 20, [5.0, 9.2, 21.0, float("inf")]) == 10
    assert told._reachable(8, 20, [5.0, 21.0]) == 8


def run(scenario: Scenario, **options: Any) -> experiment.Comparison:
    return experiment.compare(scenario, wanted=(told.FIRST, told.wanted), **options)


def test_a_comparison_stops_with_two_digits_and_is_the_one_of_so_many_replications() -> None:
    # U(0, L) of 400 cases a run: 8 runs know its mean to 58 % / sqrt(3200) x 2.4 = 2.4 %
    scenario = with_changes(
        endless({"deactivation": {"exposure_mean": "5min"}}),
        {"organisation.people": 400, "run.replications": 60},
    )
    found = run(scenario)
    assert found.replications == 8
    assert told.without_two_digits(verdict_of(found, second=False)) == ""
    assert experiment.compare(scenario, replications=8).figures == found.figures
    assert run(scenario, replications=3).replications == 3
    assert run(with_changes(scenario, {"run.replications": 5})).replications == 5


def test_where_it_needs_more_it_takes_more_and_says_what_is_left() -> None:
    scenario = with_changes(
        endless({"deactivation": {"exposure_mean": "5min"}}),
        {"organisation.people": 10, "run.replications": 300},
    )
    found = run(scenario)
    assert 8 < found.replications < 300
    verdict = verdict_of(found, second=False)
    assert told.without_two_digits(verdict) == ""
    few = run(with_changes(scenario, {"run.replications": found.replications // 2}))
    said = " ".join(below(verdict_of(few, second=False)))
    assert "Fewer than two digits: mean exposure, deactivation of tried (" in said


@pytest.mark.nightly
def test_the_office_stops_early_with_a_reason_for_each_figure_that_is_left() -> None:
    office = load("office")
    found = run(office)
    assert found.replications < office.run.replications
    left = told.without_two_digits(verdict_of(found, second=False))
    assert left.startswith("interruptions/h of ")
    assert "exposure" not in left

"""Answers, tokens and entries as real parts keep them (model, section 12): runners agree, laws hold, an independent text too."""

import math
import statistics

import pytest
from hypothesis import HealthCheck, given, settings
from support.drawn import kept_by_real_parts
from support.worlds import one_endless_page

from sim.engine import compiled, plain, run
from sim.oracle.kept_answers import window_s
from sim.scenario import Scenario, load, with_changes

_QUICK = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def assert_equal_and_within_bounds(drawn: Scenario) -> None:
    strategy = drawn.strategies["tried"]
    ours, theirs = (engine.run(drawn, strategy, tracing=True) for engine in (compiled, plain))
    assert repr(ours.trace) == repr(theirs.trace)
    assert ours.differences(theirs) == []
    for case in ours.cases:
        assert 0 <= case.last_click_s <= case.exposure_s <= case.bound_s + 1e-6, case


@settings(max_examples=60, derandomize=True, **_QUICK)
@given(kept_by_real_parts())
def test_runners_agree(drawn: Scenario) -> None:
    assert_equal_and_within_bounds(drawn)


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(8))
@settings(max_examples=1_250, **_QUICK)
@given(kept_by_real_parts(people=4))  # what is kept is kept of each person: a fifth of the time
def test_runners_agree_on_many(part: int, drawn: Scenario) -> None:
    assert_equal_and_within_bounds(drawn)


@pytest.mark.parametrize(
    ("written", "alone"),
    [
        ({"allow_for": 20.0, "clock": "floor"}, {"clock": "floor"}),
        ({"allow_for": 20.0, "slides": {"step": 0.5}}, {"step": 0.5}),
        (
            {"allow_for": 20.0, "refresh": {"stale_for": 50.0, "refusal_replaces": True}},
            {"stale_for_s": 50.0, "refusal_replaces": True},
        ),
        ({"allow_for": 20.0, "refresh": {"stale_for": 50.0}}, {"stale_for_s": 50.0}),
    ],
)
def test_an_independent_simulation_agrees(
    written: dict[str, object], alone: dict[str, object]
) -> None:
    """Means of 400 and of 4,000 cases; beyond 4.5 standard errors once in 150,000 times."""
    drawn = one_endless_page({"check": written}, think={"dist": "exponential", "mean": 15.0})
    ours = [case.exposure_s for case in run(drawn, drawn.strategies["tried"]).cases]
    theirs = [window_s(seed, 15.0, 1000.0, kept_s=20.0, **alone) for seed in range(4000)]  # type: ignore[arg-type]
    error = math.hypot(*(statistics.stdev(x) / math.sqrt(len(x)) for x in (ours, theirs)))
    assert abs(statistics.mean(ours) - statistics.mean(theirs)) <= 4.5 * error


def test_a_default_that_is_written_changes_nothing() -> None:
    """Neither the record nor the content id."""
    left_out = load("lost_permission")
    name = next(n for n, s in left_out.strategies.items() if s.check and s.token)
    path = f"strategies.{name}"
    written = with_changes(
        left_out,
        {
            f"{path}.check.{key}": value
            for key, value in (("clock", "exact"), ("slides", "none"), ("refresh", "none"))
        }
        | {f"{path}.token.clock": "exact"},
    )
    assert written.id == left_out.id
    first, second = (run(s, s.strategies[name]) for s in (left_out, written))
    assert first.differences(second) == []
    assert with_changes(left_out, {f"{path}.token.clock": "floor"}).id != left_out.id

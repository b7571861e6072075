"""Virtual cases: what is read off an honest path is, to the bit, what a case would have met; both runners read alike."""

import math
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from support.drawn import readable_scenarios, told_of_logouts

from sim.basics.streams import VIRTUAL, Stream
from sim.engine import binder, compiled, plain
from sim.engine.given import Given
from sim.engine.readable import readable
from sim.engine.recording import Run
from sim.engine.windows import WORST
from sim.model.causes import CAUSES, KINDS, Cause
from sim.model.outcomes import Behaviour
from sim.model.strategies import CATALOGUE
from sim.scenario import Scenario, load, with_changes

MOMENTS = 8
DRAWN_ANEW = (Stream.PROPAGATION, Stream.PUSH_DELAY, Stream.PUSH_LOSS, Stream.PUSH_WAIT)
Answer = tuple[int, int, float, int, int, int, bool, float, bool]


def _with_steps(scenario: Scenario, moments: int, **instead: Any) -> Run:
    """A run of the plain runner with other steps in the place of some."""
    given_steps = binder.bound(plain._reached(), lambda step: step, library=False, **instead)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain, "_steps", lambda: given_steps)
        return plain.run(scenario, scenario.strategies["tried"], moments=moments)


def _asked(scenario: Scenario, **instead: Any) -> list[Answer]:
    """Every answer: person, number, moment, cause, kind, whether he goes on, page open, window, censored."""
    found: list[Answer] = []

    def add(
        w: Any, who: int, cause: int, on: int, is_open: int, kind: int, window: float, censored: int
    ) -> None:
        m = w.lists["moments"][who]
        if on and m.stopped and m.at + window > w.horizon:
            return  # what closes it lies behind the horizon
        address = who, m.asking, m.at, cause, kind, on
        found.append((*address, bool(is_open), window, bool(censored)))

    _with_steps(scenario, MOMENTS, virtual__add=add, draws__uniform=plain._uniform, **instead)
    return found


def _met(scenario: Scenario, answer: Answer, behaviour: int) -> tuple[bool, float, bool]:
    """Page open, window and censored of the case that begins at a moment."""
    who, number, moment, cause, kind, *_ = answer
    as_usual = plain._steps()["revocation"]

    def uniform(w: Any, person: int, stream: int, n: int, attempt: int) -> float:
        if person == who and stream in DRAWN_ANEW:
            return plain._uniform(w, person, VIRTUAL + stream, number, attempt)
        return plain._uniform(w, person, stream, n, attempt)

    def drawn_cause(w: Any, person: int, administrator: bool) -> int:
        return cause if person == who else as_usual.drawn_cause(w, person, administrator)

    def draw_instant(w: Any, person: int) -> float:
        return moment if person == who else as_usual.draw_instant(w, person)

    def drawn_behaviour(w: Any, person: int) -> int:
        return behaviour if person == who else as_usual.drawn_behaviour(w, person)

    run = _with_steps(
        scenario,
        0,
        draws__uniform=uniform,
        revocation__drawn_cause=drawn_cause,
        revocation__draw_instant=draw_instant,
        revocation__drawn_behaviour=drawn_behaviour,
    )
    (case,) = run.cases[run.cases.person == who]
    exposure_s = case.exposure_s if kind == WORST else case[f"exposure_{KINDS[kind]}_s"]
    cut = bool(case.censored) if kind == WORST else answer[-1]  # a case does not say it by kind
    return bool(case.page_open), float(exposure_s), cut


def assert_answers_are_what_cases_meet(scenario: Scenario, data: st.DataObject) -> None:
    assert_some_are(scenario, _asked(scenario), data)


def assert_some_are(scenario: Scenario, answers: list[Answer], data: st.DataObject) -> None:
    if not answers:
        return
    does = scenario.behaviour.probabilities
    stays = [Behaviour.LEAVE, Behaviour.CUT_OFF, *([Behaviour.STORM] if does.storm else [])]
    for _ in range(4):
        answer = data.draw(st.sampled_from(answers))
        behaviour = Behaviour.CONTINUE if answer[5] else data.draw(st.sampled_from(stays))
        assert _met(scenario, answer, behaviour) == answer[6:], (answer, behaviour)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(readable_scenarios(), st.data())
def test_an_answer_is_what_a_case_meets(drawn: Scenario, data: st.DataObject) -> None:
    assert_answers_are_what_cases_meet(drawn, data)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(readable_scenarios(checked=True), st.data())
def test_an_answer_under_a_check_is_what_a_case_meets(drawn: Scenario, data: st.DataObject) -> None:
    """The longer ones first: most are 0."""
    answers = sorted(_asked(drawn), key=lambda answer: -answer[7])
    assert_some_are(drawn, answers[: max(40, len(answers) // 4)], data)


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(readable_scenarios(checked=True, moved=True), st.data())
def test_a_yes_that_use_prolongs_or_that_serves_on_is_read_too(
    drawn: Scenario, data: st.DataObject
) -> None:
    answers = sorted(_asked(drawn), key=lambda answer: -answer[7])
    assert_some_are(drawn, answers[: max(40, len(answers) // 4)], data)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(readable_scenarios(renewal="host_each"), st.data())
def test_who_is_refused_a_token_at_a_click_goes_on_with_the_last_one(
    drawn: Scenario, data: st.DataObject
) -> None:
    """Of who goes on, until his tab is closed."""
    assert_some_are(drawn, [a for a in _asked(drawn) if a[5] and a[7] > 0], data)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(told_of_logouts(), st.data())
def test_an_event_about_a_logout_names_what_came_since(
    drawn: Scenario, data: st.DataObject
) -> None:
    """The answers that would be others if no such event named anything."""
    answers = _asked(drawn)
    unnamed = _asked(drawn, virtual__named_at=lambda w, person, stamped: math.inf)
    assert_some_are(drawn, [a for a, b in zip(answers, unnamed, strict=True) if a != b], data)


@pytest.mark.nightly
@settings(max_examples=3_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.one_of(readable_scenarios(), readable_scenarios(checked=True), told_of_logouts()), st.data()
)
def test_many_answers(drawn: Scenario, data: st.DataObject) -> None:
    assert_answers_are_what_cases_meet(drawn, data)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.one_of(readable_scenarios(), readable_scenarios(checked=True, moved=True)))
def test_runners_read_alike_and_disturb_nothing(drawn: Scenario) -> None:
    strategy = drawn.strategies["tried"]
    ours = compiled.run(drawn, strategy, moments=MOMENTS)
    assert ours.differences(plain.run(drawn, strategy, moments=MOMENTS)) == []
    assert set(ours.differences(compiled.run(drawn, strategy))) <= {"virtual"}


def test_everybody_is_asked_as_often_as_the_run_says() -> None:
    scenario = with_changes(load("office"), {"organisation.people": 100})
    virtual = compiled.run(scenario, CATALOGUE["short_token"], moments=64).virtual
    assert virtual is not None and virtual.unresolved == ()
    for cause in virtual.causes:
        of_cause = [w for (_, c, *_), w in virtual.windows.items() if c == cause]
        asked = sum(w.n for w in of_cause)
        assert asked > 0 and asked % 64 == 0
        for w in of_cause:
            assert int(np.sum(w.counts)) == w.n
            assert w.max_s <= 300.0 and w.total_s <= w.n * w.max_s + 1.0


@pytest.mark.parametrize(
    "more", [{"uses": 5}, {"refresh_at": 0.5}, {"renewal": "sliding"}, {"renewal": "app"}]
)
def test_what_nobody_has_thought_of_is_not_read(more: dict[str, Any]) -> None:
    office = with_changes(
        load("office"),
        {"strategies": {"tried": {"token": {"lifetime": "5min", "renewal": "host"} | more}}},
    )
    assert (
        readable(Given.of(office, office.strategies["tried"], tracing=False, moments=MOMENTS)) == 0
    )


@pytest.mark.parametrize(
    ("name", "causes"),
    [
        ("short_token", CAUSES),
        ("allowlist", CAUSES),
        ("allowlist_webhook", CAUSES),
        ("host_token", ("deactivation", "logout")),
        ("host_token_each", ("deactivation", "logout")),
        ("sliding_token", ()),
        ("per_request", CAUSES),
        ("per_request_admin", CAUSES),
        ("cached_check", CAUSES),
        ("introspection", CAUSES),
        ("layered", ("deactivation", "logout")),
        ("refresh_token", ()),
        ("pushed_denylist", CAUSES),
    ],
)
def test_what_can_be_read_in_the_office(name: str, causes: tuple[str, ...]) -> None:
    bits = readable(Given.of(load("office"), CATALOGUE[name], tracing=False, moments=MOMENTS))
    assert tuple(CAUSES[c] for c in Cause if bits >> c & 1) == causes

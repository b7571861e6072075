"""Laws of the model that hold in every run, over scenarios drawn at random (model, sections 2 and 7)."""

import math
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings
from support.drawn import scenarios, small_scenarios, tokens

from sim import engine, oracle
from sim.engine.recording import TRACE_COLUMNS
from sim.model.outcomes import EVENTS
from sim.scenario import Scenario, with_changes


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(small_scenarios())
def test_what_holds_in_every_run(drawn: Scenario) -> None:
    strategy = drawn.strategies["tried"]
    run = oracle.run(drawn, strategy, tracing=True)
    end_s = drawn.run.end_s
    for case in run.cases:
        assert 0 <= case.last_click_s <= case.exposure_s <= case.bound_s + 1e-6, case
        if not case.censored and case.host_knows_at_s < end_s:
            assert case.exposure_s >= case.host_knows_at_s - case.revoked_at_s
        if case.censored:
            assert case.exposure_s >= end_s - case.revoked_at_s - 1e-9
    counted = run.requests
    assert counted["sent"] == sum(
        counted[k] for k in ("accepted", "refused", "failed", "in_flight")
    )
    assert 0 <= counted["in_flight"] <= drawn.organisation.people
    for books in run.stations.values():
        assert math.isclose(books.presence_s, books.sojourns_s, rel_tol=1e-6, abs_tol=1e-6)
    for overhead, response in zip(run.auth_overhead, run.response, strict=True):
        assert overhead.n == response.n == int(response.counts.sum())
        assert overhead.total_ticks <= response.total_ticks + response.n
    assert run.all_responses().n == run.honest_clicks == int(run.response_n.sum())
    _check_trace(drawn, run.trace or [])


def _check_trace(drawn: Scenario, trace: list[tuple[Any, ...]]) -> None:
    """Causality, and half-open expiry at the decision instant."""
    token = drawn.strategies["tried"].token
    leeway_s = token.leeway_s if token else 0.0
    last_s, serials = 0.0, dict.fromkeys(range(-1, drawn.organisation.people), 0)
    sent_s: dict[int, float] = {}
    for row in trace:
        event = dict(zip(TRACE_COLUMNS, row, strict=True))
        person, now_s = event["person"], event["time_s"]
        assert event["event"] in EVENTS
        assert now_s >= last_s
        assert event["serial"] == serials[person]
        last_s, serials[person] = now_s, serials[person] + 1
        if event["event"] == "request_sent":
            assert person not in sent_s, "two requests in flight"
            sent_s[person] = now_s
        if event["event"] == "decided":
            assert sent_s[person] <= now_s
            if event["decision"] == "accepted":
                assert now_s < event["token_expires_s"] + leeway_s
            if event["reason"] == "token_expired":
                assert not now_s < event["token_expires_s"] + leeway_s
        if event["event"] == "answered":
            del sent_s[person]


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(small_scenarios())
def test_a_run_is_the_same_twice_and_tracing_changes_nothing(drawn: Scenario) -> None:
    strategy = drawn.strategies["tried"]
    once = oracle.run(drawn, strategy, 1, tracing=True, progress=lambda share: None)
    again = oracle.run(drawn, strategy, 1)
    once.trace = None
    assert once.differences(again) == []
    assert once.digest() == again.digest()


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(scenarios(), tokens(), st.booleans(), st.sampled_from(["0s", "20s", "2min"]))
def test_what_is_known_at_the_end_of_a_run_stays_so(
    drawn: Scenario, token: dict[str, Any], go_on: bool, drain: str
) -> None:
    """A longer drain shows what would have come: it changes no window that was not censored.

    Left out are checks that fail open: there the last click may come later than the window's own end.
    """
    drawn = with_changes(drawn, {"strategies.tried.token": token})
    if drawn.strategies["tried"].check is not None:
        drawn = with_changes(drawn, {"strategies.tried.check.on_failure": "deny"})
    if go_on:
        acts = {
            "behaviour.probabilities": {"continue": 1},
            "workload.requests_per_page": "unlimited",
        }
        drawn = with_changes(drawn, acts | {"organisation.visits": "5s"})
    short, long = (with_changes(drawn, {"run.drain": drain_s}) for drain_s in (drain, "1h"))
    before, after = (engine.run(of, of.strategies["tried"]).cases for of in (short, long))
    for case, later in zip(before, after, strict=True):
        if not case.censored:
            assert (case.exposure_s, False) == (later.exposure_s, later.censored), case

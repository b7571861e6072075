"""Laws of the model that hold in every run, over scenarios drawn at random (model, sections 2 and 7)."""

import math
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings
from worlds import scenario

from sim.engine import reference
from sim.engine.recording import EVENTS, TRACE_COLUMNS
from sim.mechanisms import CAUSES
from sim.scenario import Scenario

times = st.sampled_from(["0s", "1s", "7s", "250ms", "20s", "90s"])
lifetimes = st.sampled_from(["5s", "1min", "5min", "20min"])


@st.composite
def laws(draw: st.DrawFn, means: tuple[str, ...] = ("10ms", "250ms", "2s", "15s")) -> Any:
    mean = draw(st.sampled_from(means))
    return draw(
        st.sampled_from(
            [
                mean,
                {"dist": "exponential", "mean": mean},
                {"dist": "uniform", "low": "0s", "high": mean},
                {"dist": "lognormal", "mean": mean, "cv": 1.0},
            ]
        )
    )


@st.composite
def mechanisms(draw: st.DrawFn) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    if draw(st.booleans()):
        renewal = draw(st.sampled_from(["page", "sliding", "host", "host_each", "app"]))
        token: dict[str, Any] = {
            "lifetime": draw(lifetimes),
            "renewal": renewal,
            "leeway": draw(st.sampled_from(["0s", "30s"])),
        }
        if renewal in ("host", "app") and draw(st.booleans()):
            token["refresh_at"] = draw(st.sampled_from([0.5, 0.8, 1.0]))
        if draw(st.booleans()):
            token["absolute"] = "30min"
        if renewal == "app" and draw(st.booleans()):
            token["refresh_lifetime"] = "15min"
        parts["token"] = token
    if draw(st.booleans()):
        parts["allowlist"] = {"lifetime": draw(lifetimes)}
    if draw(st.booleans()):
        parts["check"] = {
            "scope": draw(st.sampled_from(["all", "reads", "writes", "admin"])),
            "asks": draw(st.sampled_from(["permission", "session"])),
            "allow_for": draw(st.sampled_from(["0s", "1min"])),
            "deny_for": draw(st.sampled_from(["0s", "30s"])),
            "timeout": draw(st.sampled_from(["1s", "100ms"])),
            "on_failure": draw(st.sampled_from(["deny", "allow"])),
        }
    if draw(st.booleans()):
        effects = ["drop_entries", "denylist", "not_before", "drop_refresh"]
        causes = st.lists(st.sampled_from(CAUSES), min_size=1, unique=True)
        parts["push"] = {"causes": draw(causes), "effect": draw(st.sampled_from(effects))}
    return parts


@st.composite
def small_scenarios(draw: st.DrawFn) -> Scenario:
    """20 people for 10 minutes, everything in reach of the others."""
    return scenario(
        {
            "run": {"seed": draw(st.integers(0, 2**31)), "horizon": "10min", "drain": "10min"},
            "organisation": {
                "people": 20,
                "admins": draw(st.sampled_from([0, 0.5])),
                "shift": {"start": "0s", "end": "10min"},
                "visits": draw(laws(("5s", "1min"))),
            },
            "workload": {
                "think": draw(laws(("3s", "20s"))),
                "requests_per_page": draw(st.sampled_from([1, 3, "unlimited"])),
                "pages_per_visit": draw(st.sampled_from([1, 2])),
                "visit_ends": {"logout": 0.3, "close": 0.3, "leave_open": 0.4},
                "kinds": {"read": 0.6, "write": 0.3, "admin": 0.1},
            },
            "cases": {
                **{cause: {"share": 0.25} for cause in CAUSES},
                "from": "1min",
                "until": "9min",
                "notice_lead": draw(st.sampled_from(["0s", "30s", "-30s"])),
            },
            "behaviour": {
                "probabilities": {"leave": 0.2, "continue": 0.4, "storm": 0.3, "cut_off": 0.1},
                "takeover": {
                    "probability": 0.5,
                    "delay": draw(times),
                    "behaviour": draw(st.sampled_from(["continue", "storm"])),
                },
            },
            "directory": {"propagation": draw(laws())},
            "host": {
                "servers": draw(st.sampled_from([1, 4, "unlimited"])),
                "page_load": draw(laws()),
                "renewal": draw(laws()),
                "check": draw(laws()),
                "rate_limit": draw(st.sampled_from(["none", {"per_second": 2, "burst": 5}])),
                "outages": draw(st.sampled_from(["none", {"every": "3min", "lasts": "20s"}])),
            },
            "app": {
                "workers": draw(st.sampled_from([1, 3])),
                "holds_worker": draw(st.booleans()),
                "verify": draw(st.sampled_from(["0s", "27us", "50ms"])),
                "service": {"read": "40ms", "write": draw(laws()), "admin": "80ms"},
            },
            "push": {
                "delay": draw(laws()),
                "loss": draw(st.sampled_from([0, 0.5])),
                "retries": {"most": draw(st.sampled_from([0, 2])), "wait": "10s", "backoff": 2},
                "outages": draw(st.sampled_from(["none", {"every": "2min", "lasts": "30s"}])),
                "on_outage": draw(st.sampled_from(["hold", "lose"])),
            },
            "strategies": {"tried": {"token": "none"} | draw(mechanisms())},
        }
    )


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(small_scenarios())
def test_what_holds_in_every_run(drawn: Scenario) -> None:
    strategy = drawn.strategies["tried"]
    run = reference.run(drawn, strategy, tracing=True)
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
    once = reference.run(drawn, strategy, 1, tracing=True, progress=lambda share: None)
    again = reference.run(drawn, strategy, 1)
    once.trace = None
    assert once.differences(again) == []
    assert once.digest() == again.digest()

"""Single sentences of the model (docs/model.md), each in the smallest world that shows it."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pytest
from support.worlds import one_endless_page, scenario

from sim import oracle
from sim.basics.units import parse_duration
from sim.engine.recording import TRACE_COLUMNS
from sim.model.strategies import CATALOGUE
from sim.scenario import Scenario

Event = dict[str, Any]


def trace(drawn: Scenario, name: str = "tried") -> list[Event]:
    run = oracle.run(drawn, drawn.strategies[name], tracing=True)
    return [dict(zip(TRACE_COLUMNS, row, strict=True)) for row in run.trace or []]


def by_person(events: list[Event]) -> Mapping[int, list[Event]]:
    persons: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        persons[event["person"]].append(event)
    return persons


LIFETIMES = {
    "no_check": "30d",
    "long_token": "8h",
    "short_token": "5min",
    "sliding_token": "15min",
    "host_token": "15min",
    "host_token_each": "15min",
    "refresh_token": "5min",
    "per_request_admin": "15min",
    "allowlist": "8h",
    "allowlist_webhook": "8h",
    "pushed_denylist": "28h",
    "layered": "5min",
}


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_lifetimes_of_the_catalogue(name: str) -> None:
    token = CATALOGUE[name].token
    found = None if token is None else token.lifetime.support()
    expected = parse_duration(LIFETIMES[name]) if name in LIFETIMES else None
    assert found == (None if expected is None else (expected, expected))


def test_no_new_visit_begins_after_notice_for_those_who_will_be_cut_off() -> None:
    drawn = scenario(
        {
            "run": {"horizon": "2h", "drain": "1h", "seed": 5},
            "organisation": {
                "people": 60,
                "shift": {"start": "0s", "end": "2h"},
                "visits": {"dist": "exponential", "mean": "3min"},
            },
            "workload": {"pages_per_visit": 1, "requests_per_page": 2},
            "cases": {
                "deactivation": {"share": 1},
                "permission_loss": "none",
                "logout": "none",
                "admin_loss": "none",
                "from": "1h",
                "until": "90min",
                "notice_lead": "-20min",
            },
            "behaviour": {"probabilities": {"cut_off": 1}},
            "strategies": {"tried": {"token": {"lifetime": "5min"}}},
        }
    )
    noticed = between = 0
    for events in by_person(trace(drawn)).values():
        told_s = next((e["time_s"] for e in events if e["event"] == "notice"), None)
        if told_s is None:
            continue
        noticed += 1
        visits = [e for e in events if e["event"] in ("page_asked", "visit_ended")]
        before = [e["event"] for e in visits if e["time_s"] <= told_s]
        if before[-1:] != ["page_asked"]:  # between two visits
            between += 1
            assert [e for e in visits if e["time_s"] > told_s] == []
    assert noticed > 50
    assert between > 20


def test_a_request_draws_the_same_whether_its_token_was_renewed_before_or_not() -> None:
    """Service draws are common to strategies: the attempt counts how often a click was sent, not renewals."""

    def first_arrivals(renewal: str) -> dict[int, float]:
        token = {"lifetime": "1h", "renewal": renewal}
        drawn = one_endless_page(
            {"token": token},
            think="30s",
            people=30,
            horizon_s=600.0,
            from_s=500.0,
            network={"client_app": {"dist": "uniform", "low": "10ms", "high": "90ms"}},
        )
        trips: dict[int, float] = {}
        for person, events in by_person(trace(drawn)).items():
            sent = next((e for e in events if e["event"] == "request_sent"), None)
            seen = next((e for e in events if e["event"] == "request_arrived"), None)
            if sent and seen:
                trips[person] = seen["time_s"] - sent["time_s"]
        return trips

    plain, renewed = first_arrivals("page"), first_arrivals("host_each")
    assert len(plain) == 30
    assert plain.keys() == renewed.keys()
    assert all(abs(plain[person] - renewed[person]) < 1e-9 for person in plain)


def test_past_its_cap_no_token_is_issued() -> None:
    """A renewal that could only hand out an expired token is refused, and an honest person reloads at once."""
    token = {"lifetime": "1min", "renewal": "host", "absolute": "5min"}
    drawn = one_endless_page(
        {"token": token}, think="7s", people=20, horizon_s=3600.0, from_s=3500.0
    )
    events = trace(drawn)
    refused = [e for e in events if e["event"] == "renewal_seen" and e["reason"] == "refused"]
    assert refused
    expired = [e for e in events if e["event"] == "decided" and e["reason"] == "token_expired"]
    assert expired == []


@pytest.mark.parametrize("refresh_at", [0.1, 0.5, 0.8, 1.0])
def test_background_renewals_stop_at_the_cap(refresh_at: float) -> None:
    """What is left until the cap is not halved for ever: also without any latency the run ends."""
    lifetime_s, cap_s, horizon_s = 60.0, 290.0, 900.0
    token = {
        "lifetime": lifetime_s,
        "renewal": "host",
        "absolute": cap_s,
        "refresh_at": refresh_at,
    }
    drawn = one_endless_page(
        {"token": token}, think="2h", people=3, horizon_s=horizon_s, from_s=890.0
    )
    for events in by_person(trace(drawn)).values():
        asked = sum(e["event"] == "renewal_asked" for e in events)
        assert asked <= cap_s / (refresh_at * lifetime_s) + 1


def test_an_idle_page_that_renews_by_itself_is_censored() -> None:
    """Background renewals at the app's own server go on without anybody: the window is not known at the end."""
    token = {
        "lifetime": "10min",
        "renewal": "app",
        "refresh_at": 0.5,
        "refresh_lifetime": "10h",
    }
    drawn = one_endless_page(
        {"token": token},
        think="30s",
        people=40,
        horizon_s=3600.0,
        from_s=3000.0,
        behaviour={"probabilities": {"leave": 1}},
    )
    cases = oracle.run(drawn, drawn.strategies["tried"]).cases
    opened = [case for case in cases if case.page_open]
    assert len(opened) > 30
    assert all(case.censored for case in opened)


def test_reloaded_and_planned_pages_share_no_draw() -> None:
    """Entries of random lifetime: that of page n and that of the reload of click n are independent."""
    entry = {"dist": "uniform", "low": "1s", "high": "100s"}
    drawn = one_endless_page(
        {"allowlist": {"lifetime": entry}}, think="12s", people=200, horizon_s=600.0, from_s=590.0
    )
    for events in by_person(trace(drawn)).values():
        seen = [e for e in events if e["event"] == "page_seen" and e["reason"] == "ok"]
        lifetimes = [round(e["entry_expires_s"] - e["time_s"], 6) for e in seen]
        assert len(set(lifetimes)) == len(lifetimes)


def test_requests_in_flight_are_counted_and_not_what_is_left_over() -> None:
    drawn = one_endless_page(
        {"token": {"lifetime": "1h"}},
        think="1s",
        people=50,
        horizon_s=300.0,
        from_s=1.0,
        run={"drain": "0s"},
        network={"client_app": "4s"},
    )
    counted = oracle.run(drawn, drawn.strategies["tried"]).requests
    assert counted["in_flight"] > 0
    assert counted["sent"] == counted["accepted"] + counted["refused"] + counted["in_flight"]

"""Strategies written in Python: on the plain engine, with the exposure window of what they refuse."""

from typing import Any

import pytest
from support.worlds import scenario

from sim import oracle
from sim.engine import engine_for, run
from sim.engine.recording import CASE_TYPE, Run
from sim.model.causes import CAUSES, Kind
from sim.model.mechanisms import Check, Token
from sim.model.strategies import RequestView, Strategy
from sim.scenario import Scenario


class OnlyFreshPages(Strategy):
    """A token, refused once the page is older than a minute."""

    def refuses(self, request: RequestView) -> str:
        return "page_too_old" if request.now_s - request.page_loaded_s > 60 else ""


class LivesAMinute(Strategy):
    """A token that its issuer lets live longer than the app takes it."""

    def refuses(self, request: RequestView) -> str:
        return "" if request.now_s < request.token_stamped_s + 60 else "too_old"


class AsksForWrites(Strategy):
    """A check of everything, asked for writes alone."""

    def asks_host(self, request: RequestView) -> bool:
        return request.kind is Kind.WRITE


def office() -> Scenario:
    """Twenty people whose every case matters."""
    return scenario(
        {
            "run": {"seed": 5, "horizon": "1h", "drain": "30min"},
            "organisation": {"people": 20, "admins": 0.5, "visits": "2min"},
            "cases": {
                **{cause: {"share": 0.25} for cause in CAUSES},
                "from": "5min",
                "until": "55min",
            },
            "behaviour": {"probabilities": {"leave": 0.2, "continue": 0.5, "storm": 0.3}},
            "workload": {"kinds": {"read": 0.5, "write": 0.3, "admin": 0.2}},
        }
    )


def columns(found: Run, *without: str) -> Any:
    """The cases, but for some columns."""
    return {n: found.cases[n].tobytes() for n in CASE_TYPE.names or () if n not in without}


def test_its_reasons_stand_in_the_trace() -> None:
    strict = OnlyFreshPages(name="strict", token=Token(lifetime="5min"))
    found = run(office(), strict, tracing=True)
    without = run(office(), Strategy(name="strict", token=Token(lifetime="5min")))
    assert found.interruptions > without.interruptions
    assert any(row[6] == "page_too_old" for row in found.trace or [])


@pytest.mark.parametrize("renewal", ["page", "sliding"])
def test_what_it_refuses_ends_the_window(renewal: str) -> None:
    """The same rule as settings and as Python gives the same cases."""
    token = Token(lifetime="8h", renewal=renewal)
    ours = run(office(), LivesAMinute(name="minute", token=token))
    minute = Strategy(name="minute", token=Token(lifetime="60s", renewal=renewal))
    theirs = run(office(), minute)
    assert len(ours.cases) > 10
    assert columns(ours, "bound_s") == columns(theirs, "bound_s")
    assert ours.requests == theirs.requests


def test_what_it_does_not_check_stays_open() -> None:
    def check(scope: str) -> Check:
        return Check.model_validate({"scope": scope, "allow_for": "20s", "deny_for": "5s"})

    ours = run(office(), AsksForWrites(name="writes", check=check("all")))
    theirs = run(office(), Strategy(name="writes", check=check("writes")))
    assert columns(ours, "bound_s") == columns(theirs, "bound_s")
    assert ours.host_calls["check"].sum() == theirs.host_calls["check"].sum() > 0


def test_the_reference_refuses_it_by_name() -> None:
    strict = OnlyFreshPages(name="strict", token=Token(lifetime="5min"))
    assert engine_for(strict, "reference") == engine_for(strict) == "plain"
    with pytest.raises(ValueError, match="strict is written in Python"):
        oracle.run(office(), strict)

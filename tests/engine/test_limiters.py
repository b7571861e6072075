"""Limits as hosts keep them (model, "Limits as hosts keep them"): runners agree, parts that people run refuse the same calls, forms hold."""

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import limits as peer
import limits.storage
import limits.strategies
import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits.storage import memory
from support.drawn import scenarios_of_limits
from support.runners import AT_NIGHT, EVERY_DAY, PARTS, equal_and_within_bounds
from support.worlds import one_endless_page, scenario

from sim import theory
from sim.engine import compiled, plain
from sim.engine.recording import TRACE_COLUMNS, Run
from sim.oracle import limiters
from sim.scenario import Scenario, ScenarioError, load, with_changes

ENGINES = {"compiled": compiled, "plain": plain}
LAST_OF = {"compiled": 2000.0, "plain": 400.0}
PEOPLE, LAST_S = 50, 2000.0  # in the last second everybody has a case, which changes nothing here


@EVERY_DAY
@given(scenarios_of_limits())
def test_runners_agree(drawn: Scenario) -> None:
    equal_and_within_bounds(drawn)


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(PARTS))
@AT_NIGHT
@given(scenarios_of_limits(), st.integers(0, 1000))
def test_runners_agree_on_many(part: int, drawn: Scenario, replication: int) -> None:
    equal_and_within_bounds(drawn, replication)


# -- the same calls through parts that people run ------------------------------------------------


def asked(limit: dict[str, Any], calls_per_s: float, last_s: float = LAST_S) -> Scenario:
    """Calls come as they like: who is refused clicks on, and nothing takes time unless a call waits for its turn."""
    return one_endless_page(
        {"check": {"on_failure": "allow", "timeout": "1h"}},
        think={"dist": "exponential", "mean": PEOPLE / calls_per_s},
        people=PEOPLE,
        horizon_s=last_s,
        from_s=last_s - 1.0,
        run={"drain": "0s"},
        organisation={"visits": "0s"},
        cases={"deactivation": {"share": 0}},
        host={"rate_limit": {"per_second": 10} | limit},
    )


def answers(found: Run) -> tuple[list[float], list[bool]]:
    """When calls came to the host, and whether it let each pass at once or refused it: nothing else happens there."""
    time_s, event, reason = (TRACE_COLUMNS.index(name) for name in ("time_s", "event", "reason"))
    rows = [row for row in found.trace or () if row[event] == "check_decided"]
    return [row[time_s] for row in rows], [row[reason] == "ok" for row in rows]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The time of day that `limits` sees; what it would tidy up in the background stays."""
    now = SimpleNamespace(s=0.0)
    monkeypatch.setattr(memory, "time", SimpleNamespace(time=lambda: now.s))
    monkeypatch.setattr(memory.threading, "Timer", _NoTimer)
    return now


class _NoTimer:
    def __init__(self, *_: Any):
        pass

    def start(self) -> None:
        pass

    def is_alive(self) -> bool:
        return True


BY_LIMITS = {
    "fixed_window": limits.strategies.FixedWindowRateLimiter,
    "log": limits.strategies.MovingWindowRateLimiter,
    "counter": limits.strategies.SlidingWindowCounterRateLimiter,
}


@pytest.mark.parametrize("calls_per_s", [8.0, 10.0, 12.0])
@pytest.mark.parametrize("kind", BY_LIMITS)
def test_the_package_limits_refuses_the_same_calls(
    kind: str, calls_per_s: float, clock: SimpleNamespace
) -> None:
    drawn = asked({"kind": kind}, calls_per_s)
    times_s, passed = answers(compiled.run(drawn, drawn.strategies["tried"], tracing=True))
    limiter, ten = BY_LIMITS[kind](limits.storage.MemoryStorage()), peer.parse("10/second")
    theirs = []
    for clock.s in times_s:
        theirs.append(limiter.hit(ten, "host"))
    assert len(times_s) > 0.9 * LAST_S * calls_per_s
    assert abs(passed.count(False) - theirs.count(False)) < 0.001 * len(passed)


def nginx(times_s: list[float], rate_per_s: float, burst: int, delays: bool) -> list[float | None]:
    """limit_req of nginx 1.22: how long each call is kept, None where it is refused. `delays`: not `nodelay`."""
    excess, last_s, found = 0.0, -math.inf, list[float | None]()
    for at_s in times_s:
        now = 0.0 if last_s == -math.inf else max(0.0, excess - rate_per_s * (at_s - last_s) + 1.0)
        if now > burst:
            found.append(None)
            continue
        excess, last_s = now, at_s
        found.append(excess / rate_per_s if delays else 0.0)
    return found


@pytest.mark.parametrize("calls_per_s", [8.0, 10.0, 12.0])
def test_nginx_refuses_the_same_calls(calls_per_s: float) -> None:
    """`burst=9 nodelay` is a bucket of ten, `burst=10` that delays is a host that paces."""
    drawn = asked({"burst": 10}, calls_per_s)
    times_s, passed = answers(compiled.run(drawn, drawn.strategies["tried"], tracing=True))
    theirs = nginx(times_s, 10.0, 9, delays=False)
    assert abs(passed.count(False) - theirs.count(None)) < 0.001 * len(passed)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("calls_per_s", [8.0, 10.0, 12.0])
def test_nginx_delays_the_same_calls(calls_per_s: float, engine: str) -> None:
    """Arrivals depend on the waits here, so each call is followed by itself: who is refused, and how long the others wait."""
    drawn = asked({"kind": "paced", "burst": 10}, calls_per_s, LAST_OF[engine])
    found = ENGINES[engine].run(drawn, drawn.strategies["tried"], tracing=True)
    came_s, waits_s = waits(found, LAST_OF[engine] - 60.0)
    theirs = nginx(came_s, 10.0, 10, delays=True)
    assert [wait is None for wait in waits_s].count(True) == theirs.count(None)
    assert calls_per_s < 10 or None in theirs
    for ours_s, theirs_s in zip(waits_s, theirs, strict=True):
        assert (ours_s is None) == (theirs_s is None)
        assert ours_s is None or abs(ours_s - (theirs_s or 0.0)) < 1e-6


def waits(found: Run, until_s: float) -> tuple[list[float], list[float | None]]:
    """When calls came to the host before an instant, and how long each was kept; None: refused."""
    names = ("time_s", "event", "person", "reason")
    time_s, event, person, reason = (TRACE_COLUMNS.index(name) for name in names)
    sent: dict[int, int] = {}
    came_s, waited = list[float](), list[float | None]()
    for row in found.trace or ():
        if row[event] == "check_sent":
            sent[row[person]] = len(came_s)
            came_s.append(row[time_s])
            waited.append(0.0)
        elif row[event] == "check_decided":
            place = sent[row[person]]
            waited[place] = row[time_s] - came_s[place] if row[reason] == "ok" else None
    answered = sum(at_s < until_s for at_s in came_s)
    return came_s[:answered], waited[:answered]


# -- closed forms, and a small simulator ---------------------------------------------------------

# A share fails beyond 4.5 standard errors of independent calls, doubled since calls of one window are not; seeds are fixed.
FORMS: dict[str, tuple[dict[str, Any], Callable[[float], float]]] = {
    "fixed_window": ({"kind": "fixed_window"}, lambda r: theory.fixed_window_refused_share(r, 10, 1.0)),
    "log": ({"kind": "log"}, lambda r: theory.log_refused_share(r, 10, 1.0)),
    "log, refused count": (
        {"kind": "log", "counts_refused": True},
        lambda r: theory.log_refused_share(r, 10, 1.0, counts_refused=True),
    ),
}  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("calls_per_s", [8.0, 10.0, 12.0])
@pytest.mark.parametrize("form", FORMS)
def test_closed_forms(form: str, calls_per_s: float, engine: str) -> None:
    limit, share = FORMS[form]
    drawn = asked(limit, calls_per_s, LAST_OF[engine])
    found = refused_share(ENGINES[engine].run(drawn, drawn.strategies["tried"]))
    expected = share(calls_per_s)
    error = 2.0 * math.sqrt(expected * (1 - expected) / (LAST_OF[engine] * calls_per_s))
    assert abs(found - expected) < 4.5 * error


def refused_share(found: Run) -> float:
    return found.rate_limited["check"] / found.host_calls["check"].sum()


ALONE: dict[str, tuple[dict[str, Any], Callable[[Any], limiters.Admits]]] = {
    "fixed_window": ({"kind": "fixed_window"}, lambda env: limiters.fixed_window(env, 10, 1.0)),
    "log": ({"kind": "log"}, lambda env: limiters.log(env, 10, 1.0)),
    "log, refused count": (
        {"kind": "log", "counts_refused": True},
        lambda env: limiters.log(env, 10, 1.0, True),
    ),
    "counter": ({"kind": "counter"}, lambda env: limiters.counter(env, 10, 1.0)),
    "counter, refused count": (
        {"kind": "counter", "counts_refused": True},
        lambda env: limiters.counter(env, 10, 1.0, True),
    ),
    "paced": ({"kind": "paced", "burst": 3}, lambda env: limiters.paced(env, 10.0, 3.0)),
}  # fmt: skip


@pytest.mark.parametrize("calls_per_s", [8.0, 12.0])
@pytest.mark.parametrize("name", ALONE)
def test_the_small_simulator_agrees(name: str, calls_per_s: float) -> None:
    """Both are random: 4.5 standard errors of their difference. People who wait for a turn call less: 500 of them hardly."""
    limit, make = ALONE[name]
    drawn = with_changes(
        asked(limit, calls_per_s),
        {
            "organisation.people": 500,
            "workload.think": {"dist": "exponential", "mean": 500 / calls_per_s},
        },
    )
    ours = refused_share(compiled.run(drawn, drawn.strategies["tried"]))
    theirs = limiters.refused_share(make, calls_per_s, 10_000.0, seed=5)
    # where refused calls count, one crowd keeps the gate shut for seconds: fewer calls are independent
    clusters = 6.0 if limit.get("counts_refused") else 2.0
    error = clusters * math.sqrt(theirs * (1 - theirs) / calls_per_s * (1 / LAST_S + 1 / 10_000))
    assert theirs > 4.5 * error
    assert abs(ours - theirs) < 4.5 * error


def test_a_bucket_of_one_more_refuses_whom_a_host_that_paces_refuses() -> None:
    shares = []
    for limit in ({"kind": "paced", "burst": 4}, {"burst": 5}):
        drawn = with_changes(
            asked(limit, 12.0),
            {"strategies.tried.check": {"on_failure": "allow", "timeout": 1e-6}},
        )  # nobody waits for the answer, so both hosts see the same calls
        shares.append(compiled.run(drawn, drawn.strategies["tried"]).rate_limited)
    assert shares[0] == shares[1] != {}


# -- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ({"kind": "fixed_windw"}, "fixed_window"),
        ({"kind": "log", "burst": 5}, "nothing to set"),
        ({"kind": "counter", "per_second": 1.5}, "expected a whole number of calls"),
        ({"kind": "log", "per_hour": 0.5}, "expected a whole number of calls"),
        ({"counts_refused": True}, "expected false"),
        ({"kind": "paced", "counts_refused": True}, "expected false"),
        ({"kind": "paced", "per_second": 0}, "expected a rate above 0"),
        ({"retry_after": "minutes"}, "whole_seconds"),
        ({"kind": "log", "counts_refused": 1}, "counts_refused"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_an_error(limit: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError, match=r"rate_limit") as error:
        scenario({"host": {"rate_limit": {"per_second": 10} | limit}})
    assert words in str(error.value)


def test_defaults_are_what_they_were() -> None:
    said = {"per_second": 10, "burst": 10, "per_hour": 65000}
    as_before = {"kind": "bucket", "counts_refused": False, "retry_after": "exact"}
    office = load("office")
    assert with_changes(office, {"host.rate_limit": said | as_before}).id == office.id
    other = with_changes(office, {"host.rate_limit": said | {"retry_after": "none"}})
    assert other.id != office.id

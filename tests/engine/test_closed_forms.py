"""Simulated means against closed forms, each at three parameter points: on the compiled engine every day, on both at night.

A figure fails beyond 4.5 standard errors: about 7e-6 a comparison for a normal mean, under 1e-3 for the whole file.
Seeds are fixed, so a run either passes for ever or shows a change of the model.
"""

import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import simpy
from support.worlds import one_endless_page

from sim.engine import run as run_once
from sim.engine.recording import CaseRecord, Run
from sim.oracle.clock import Clock, Priority
from sim.oracle.station import Station
from sim.scenario import Scenario

Z = 4.5
WEEK = 7 * 86400.0


def assert_mean(values: Sequence[float], expected: float) -> None:
    sample = np.asarray(values, dtype=float)
    error = sample.std(ddof=1) / math.sqrt(len(sample))
    z = (sample.mean() - expected) / error
    assert abs(z) <= Z, f"mean {sample.mean():.6g}, expected {expected:.6g}, z = {z:.2f}"


engine = "compiled"  # by which the test under way runs


@pytest.fixture(
    params=["compiled", pytest.param("reference", marks=pytest.mark.nightly)], autouse=True
)
def _by_each_engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "engine", request.param)


def simulated(drawn: Scenario, replication: int = 0) -> Run:
    return run_once(drawn, drawn.strategies["tried"], replication, engine=engine)


def cases_of(drawn: Scenario, replications: int = 1) -> list[CaseRecord]:
    return [case for r in range(replications) for case in simulated(drawn, r).cases]


def exposures(cases: Sequence[CaseRecord]) -> list[float]:
    assert not any(case.censored for case in cases)
    return [case.exposure_s for case in cases]


def exponential(mean_s: float) -> dict[str, Any]:
    return {"dist": "exponential", "mean": mean_s}


def background(lifetime: Any, refresh_at: float = 1.0) -> dict[str, Any]:
    return {"token": {"lifetime": lifetime, "renewal": "host", "refresh_at": refresh_at}}


def on_demand(lifetime_s: float) -> dict[str, Any]:
    return {"token": {"lifetime": lifetime_s, "renewal": "host"}}


# -- A: tokens renewed in the background --------------------------------------------------------


@pytest.mark.parametrize("lifetime_s", [60.0, 300.0, 900.0])
def test_a1_fixed_lifetime(lifetime_s: float) -> None:
    think_s = lifetime_s / 3
    drawn = one_endless_page(
        background(lifetime_s), think=exponential(think_s), from_s=4000.0, horizon_s=8000.0
    )
    cases = cases_of(drawn)
    assert_mean(exposures(cases), lifetime_s / 2)
    assert_mean([case.unauthorised_reads for case in cases], lifetime_s / 2 / think_s)


@pytest.mark.parametrize("refresh_at", [0.5, 0.8, 0.95])
def test_a2_refreshing_early_lengthens_exposure(refresh_at: float) -> None:
    drawn = one_endless_page(
        background(600.0, refresh_at), think=exponential(300.0), from_s=6000.0, horizon_s=12000.0
    )
    found = exposures(cases_of(drawn))
    assert_mean(found, 600.0 * (1 - refresh_at / 2))
    assert min(found) >= (1 - refresh_at) * 600.0 - 1e-6


@pytest.mark.parametrize(("low_s", "high_s"), [(100.0, 500.0), (200.0, 400.0), (50.0, 900.0)])
def test_a3_random_lifetimes_show_the_inspection_paradox(low_s: float, high_s: float) -> None:
    law = {"dist": "uniform", "low": low_s, "high": high_s}
    drawn = one_endless_page(
        background(law), think=exponential(300.0), from_s=9000.0, horizon_s=15000.0
    )
    first, second = (low_s + high_s) / 2, (high_s**3 - low_s**3) / (3 * (high_s - low_s))
    assert_mean(exposures(cases_of(drawn)), second / (2 * first))


@pytest.mark.parametrize(("uses", "renewal"), [(1, "page"), (6, "page"), (25, "host")])
def test_uses_that_are_left_are_used(uses: int, renewal: str) -> None:
    """At any time uses - 1, ..., 1 or 0 uses are left, each equally often, and so many clicks end the window."""
    if engine == "reference":
        pytest.skip("it does not speak of uses")
    token = {"lifetime": "30d", "renewal": renewal, "uses": uses}
    drawn = one_endless_page(
        {"token": token}, think=exponential(60.0), from_s=9000.0, horizon_s=15000.0, people=800
    )
    cases = cases_of(drawn)
    left = (uses - 1) / 2
    if uses == 1:
        assert set(exposures(cases)) == {0.0}
    else:
        assert_mean(exposures(cases), left * 60.0)
        assert_mean([case.unauthorised_reads for case in cases], left)


# -- B: tokens and decisions renewed on demand ---------------------------------------------------

ON_DEMAND = [(1 / 120, 900.0), (1 / 60, 300.0), (0.1, 60.0)]


@pytest.mark.parametrize("by", ["token", "check"])
@pytest.mark.parametrize(("rate", "lifetime_s"), ON_DEMAND)
def test_b1_to_b4_on_demand(rate: float, lifetime_s: float, by: str) -> None:
    strategy: dict[str, Any] = on_demand(lifetime_s)
    if by == "check":
        strategy = {"check": {"allow_for": lifetime_s}}
    horizon_s = 14 * lifetime_s
    drawn = one_endless_page(
        strategy, think=exponential(1 / rate), from_s=horizon_s / 2, horizon_s=horizon_s, people=700
    )
    cases = cases_of(drawn)
    x = rate * lifetime_s
    live = x / (1 + x)
    last_s = live * (lifetime_s / 2 - 1 / rate + (1 - math.exp(-x)) / (rate**2 * lifetime_s))
    assert_mean([case.exposure_s > 0 for case in cases], live)
    assert_mean(exposures(cases), rate * lifetime_s**2 / (2 * (1 + x)))
    assert_mean([case.unauthorised_reads for case in cases], x**2 / (2 * (1 + x)))
    assert_mean([case.last_click_s for case in cases], last_s)


# -- C: sliding ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("rate", "idle_s"), [(1 / 300, 600.0), (1 / 60, 120.0), (1 / 120, 180.0)])
def test_c1_to_c3_sliding(rate: float, idle_s: float) -> None:
    drawn = one_endless_page(
        {"token": {"lifetime": idle_s, "renewal": "sliding"}},
        think=exponential(1 / rate),
        from_s=10 * idle_s,
        horizon_s=20 * idle_s,
        people=900,
        run={"drain": 400 * idle_s},
    )
    run = simulated(drawn)
    x = rate * idle_s
    assert_mean([case.exposure_s > 0 for case in run.cases], 1 - math.exp(-x))
    assert_mean(exposures(run.cases), (math.exp(x) - 1 - x) / rate)
    assert_mean([case.unauthorised_reads for case in run.cases], math.exp(x) - 1 - x)
    misses, clicks = run.interruptions, run.honest_clicks
    expected = math.exp(-x)
    assert abs(misses / clicks - expected) <= Z * math.sqrt(expected * (1 - expected) / clicks)


@pytest.mark.parametrize(
    ("lifetime_s", "cache_s", "rate"),
    [(300.0, 60.0, 0.1), (400.0, 100.0, 0.05), (240.0, 30.0, 0.2)],
)
def test_d4_token_and_decision_cache(lifetime_s: float, cache_s: float, rate: float) -> None:
    drawn = one_endless_page(
        background(lifetime_s) | {"check": {"allow_for": cache_s}},
        think=exponential(1 / rate),
        from_s=8 * lifetime_s,
        horizon_s=12 * lifetime_s,
    )
    p = rate * cache_s / (1 + rate * cache_s)
    assert_mean(exposures(cases_of(drawn)), p * cache_s / 2 * (1 - cache_s / (3 * lifetime_s)))


# -- F: push -------------------------------------------------------------------------------------


def pushed(token: dict[str, Any], push: dict[str, Any], people: int = 1500) -> Scenario:
    return one_endless_page(
        {**token, "push": {"causes": ["deactivation"], "effect": "denylist"}},
        think=exponential(400.0),
        people=people,
        from_s=4000.0,
        horizon_s=8000.0,
        push=push,
    )


@pytest.mark.parametrize(
    ("loss", "delay_s", "wait_s"), [(0.1, 0.5, 30.0), (0.3, 5.0, 60.0), (0.5, 1.0, 10.0)]
)
def test_f1_loss_and_retries(loss: float, delay_s: float, wait_s: float) -> None:
    retries = {"most": "unlimited", "wait": wait_s, "backoff": 1}
    drawn = pushed(
        {"token": {"lifetime": "30d"}}, {"delay": delay_s, "loss": loss, "retries": retries}
    )
    assert_mean(exposures(cases_of(drawn)), delay_s + wait_s * loss / (1 - loss))


@pytest.mark.parametrize(("loss", "wait_s"), [(0.05, 10.0), (0.1, 10.0), (0.15, 4.0)])
def test_f2_exponential_backoff(loss: float, wait_s: float) -> None:
    retries = {"most": "unlimited", "wait": wait_s, "backoff": 2}
    drawn = pushed({"token": {"lifetime": "30d"}}, {"delay": 0.5, "loss": loss, "retries": retries})
    assert_mean(exposures(cases_of(drawn)), 0.5 + wait_s * loss / (1 - 2 * loss))


@pytest.mark.parametrize(
    ("delay_s", "loss", "lifetime_s"), [(5.0, 0.02, 900.0), (30.0, 0.2, 600.0), (60.0, 0.5, 300.0)]
)
def test_f3_lost_events_fall_back_on_expiry(delay_s: float, loss: float, lifetime_s: float) -> None:
    drawn = pushed(
        background(lifetime_s),
        {"delay": exponential(delay_s), "loss": loss, "retries": {"most": 0, "wait": "1s"}},
    )
    mu = 1 / delay_s
    arrived = 1 / mu - (1 - math.exp(-mu * lifetime_s)) / (mu**2 * lifetime_s)
    assert_mean(exposures(cases_of(drawn)), (1 - loss) * arrived + loss * lifetime_s / 2)


@pytest.mark.parametrize(("attempts", "loss"), [(3, 0.1), (2, 0.4), (5, 0.6)])
def test_f6_attempts_then_expiry(attempts: int, loss: float) -> None:
    delay_s, wait_s, lifetime_s = 0.5, 30.0, 900.0
    retries = {"most": attempts - 1, "wait": wait_s, "backoff": 1}
    drawn = pushed(background(lifetime_s), {"delay": delay_s, "loss": loss, "retries": retries})

    def g(y: float) -> float:
        return y - y * y / (2 * lifetime_s)

    expected = (
        sum((1 - loss) * loss**j * g(delay_s + j * wait_s) for j in range(attempts))
        + loss**attempts * lifetime_s / 2
    )
    assert_mean(exposures(cases_of(drawn)), expected)


@pytest.mark.parametrize(("every_s", "lasts_s"), [(600.0, 120.0), (300.0, 60.0), (900.0, 300.0)])
def test_f7_receiver_outages(every_s: float, lasts_s: float) -> None:
    lasts = {"dist": "erlang", "mean": lasts_s, "shape": 2}
    drawn = pushed(
        {"token": {"lifetime": "30d"}},
        {"delay": "0s", "outages": {"every": every_s, "lasts": lasts}, "on_outage": "hold"},
        people=30,
    )
    # cases of one run share its outages: the unit is the replication
    means = [np.mean(exposures(simulated(drawn, r).cases)) for r in range(120)]
    second = lasts_s**2 * 1.5
    expected = lasts_s / (every_s + lasts_s) * second / (2 * lasts_s)
    assert_mean([float(m) for m in means], expected)


@pytest.mark.parametrize(("lifetime_s", "people"), [(600.0, 300), (1200.0, 300), (600.0, 900)])
def test_r1_denylist_size(lifetime_s: float, people: int) -> None:
    horizon_s, from_s = 9000.0, 3000.0
    drawn = one_endless_page(
        background(lifetime_s) | {"push": {"causes": ["deactivation"], "effect": "denylist"}},
        think=exponential(600.0),
        people=people,
        from_s=from_s,
        horizon_s=horizon_s,
        run={"warm_up": from_s + lifetime_s, "drain": 0},
    )
    sizes = [simulated(drawn, r).entries["denylist"][0] for r in range(8)]
    assert_mean(sizes, people / (horizon_s - from_s) * lifetime_s / 2)


# -- Q: stations ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("people", "service_s"), [(30, 0.25), (50, 0.25), (20, 0.6)])
def test_q5_closed_station_is_exact_mean_value_analysis(people: int, service_s: float) -> None:
    drawn = one_endless_page(
        {"token": {"lifetime": "30d"}},
        think=exponential(10.0),
        people=people,
        from_s=1.0,
        horizon_s=3000.0,
        cases={"deactivation": {"share": 0}},
        run={"warm_up": 500.0, "drain": 0},
        app={"workers": 1, "holds_worker": True, "service": {"read": exponential(service_s)}},
    )
    means = [simulated(drawn, r).all_responses().mean() for r in range(10)]
    queue = response_s = 0.0
    for k in range(1, people + 1):
        response_s = service_s * (1 + queue)
        queue = k / (response_s + 10.0) * response_s
    assert_mean([float(m) for m in means], response_s)


def drive(
    servers: float,
    rate: float,
    service: Callable[[np.random.Generator], float],
    seed: int,
    customers: int = 6000,
    room: float = math.inf,
) -> tuple[float, float]:
    """Poisson arrivals at a station alone: mean wait in queue after the first sixth, share turned away."""
    clock, random = Clock(), np.random.default_rng(seed)
    station = Station(clock, "alone", servers, (0.0, math.inf))
    waits: list[float] = []
    away = 0

    def customer(number: int) -> simpy.events.ProcessGenerator:
        service_s = service(random)
        joined_s = clock.now
        yield from station.serve(number, service_s)
        if number >= customers / 6:
            waits.append(clock.now - joined_s - service_s)

    def arrivals() -> simpy.events.ProcessGenerator:
        nonlocal away
        for number in range(customers):
            yield clock.after(random.exponential(1 / rate), Priority.ARRIVAL, number)
            if station.arrivals - station.departures >= room:
                away += 1
            else:
                clock.process(customer(number))

    clock.process(arrivals())
    clock.run()
    return float(np.mean(waits)), away / customers


def exponential_service(random: np.random.Generator) -> float:
    return float(random.exponential(1.0))


@pytest.mark.parametrize("rate", [0.3, 0.5, 0.7])
def test_q1_one_server(rate: float) -> None:
    waits = [drive(1, rate, exponential_service, seed)[0] for seed in range(12)]
    assert_mean(waits, rate / (1 - rate))


@pytest.mark.parametrize(("servers", "rate"), [(2, 1.2), (3, 2.1), (5, 4.0)])
def test_q2_many_servers(servers: int, rate: float) -> None:
    waits = [drive(servers, rate, exponential_service, seed)[0] for seed in range(12)]
    blocked = 1.0
    for k in range(1, servers + 1):
        blocked = rate * blocked / (k + rate * blocked)
    waiting = blocked / (1 - rate / servers * (1 - blocked))
    assert_mean(waits, waiting / (servers - rate))


@pytest.mark.parametrize("cv", [0.0, 0.5, 1.5])
def test_q3_general_service(cv: float) -> None:
    sigma = math.sqrt(math.log1p(cv**2))

    def service(random: np.random.Generator) -> float:
        return float(math.exp(random.normal(-sigma * sigma / 2, sigma))) if cv else 1.0

    waits = [drive(1, 0.6, service, seed)[0] for seed in range(16)]
    assert_mean(waits, 0.6 * (1 + cv**2) / (2 * 0.4))


@pytest.mark.parametrize(("rate", "room"), [(0.9, 5), (1.2, 3), (0.6, 2)])
def test_q4_room_for_few(rate: float, room: int) -> None:
    shares = [drive(1, rate, exponential_service, seed, room=room)[1] for seed in range(12)]
    assert_mean(shares, (1 - rate) * rate**room / (1 - rate ** (room + 1)))

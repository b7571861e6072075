"""Laws that tie two runs together, over scenarios drawn at random; exact wherever both see the same random numbers.

Statistical ones fail beyond 4.5 standard errors (7e-6 each).
"""

import math
from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis import HealthCheck, given, settings

from sim import engine
from sim.coverage import bound_s
from sim.engine.recording import Run
from sim.model.causes import Cause, Kind
from sim.model.strategies import Strategy
from sim.results import experiment
from sim.scenario import Scenario, load, with_changes
from sim.verification.worlds import exponential, textbook

few = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
seeds = st.integers(0, 2**31)
lifetimes = st.sampled_from([40.0, 90.0, 150.0, 300.0])
gaps = st.sampled_from([20.0, 60.0, 200.0])
causes = st.sampled_from(["deactivation", "permission_loss", "logout"])


def world(strategy: dict[str, Any], seed: int, **changes: Any) -> Scenario:
    """25 people, cases between 1000 s and 2000 s."""
    base = {
        "run.horizon": 2000.0,
        "run.drain": 2000.0,
        "run.seed": seed,
        "organisation.people": 25,
        "organisation.shift": {"start": "0s", "end": 2000.0},
        "organisation.visits": exponential(30.0),
        "workload.think": exponential(60.0),
        "cases.from": 1000.0,
        "cases.until": 2000.0,
    }
    return textbook(
        strategy, base | {key.replace("__", "."): value for key, value in changes.items()}
    )


def only(cause: str) -> dict[str, Any]:
    return {"cases__deactivation": {"share": 0}, f"cases__{cause}": {"share": 1}}


def ran(scenario: Scenario, replication: int = 0) -> Run:
    return engine.run(scenario, scenario.strategies["tried"], replication)


def background(lifetime_s: float, refresh_at: float = 1.0) -> dict[str, Any]:
    return {"token": {"lifetime": lifetime_s, "renewal": "host", "refresh_at": refresh_at}}


def requests(run: Run) -> np.ndarray:
    cases = run.cases
    return cases.unauthorised_reads + cases.unauthorised_writes + cases.unauthorised_admin


# -- lifetimes and refreshing -------------------------------------------------------------------


@few
@given(seeds, lifetimes, st.integers(2, 4))
def test_a_longer_lifetime_never_shortens_a_window(
    seed: int, lifetime_s: float, times: int
) -> None:
    """The expiries of k T are among those of T, so each single window is at least as long."""
    short = ran(world(background(lifetime_s), seed))
    long = ran(world(background(times * lifetime_s), seed))
    assert (long.cases.exposure_s >= short.cases.exposure_s - 1e-9).all()
    assert (requests(long) >= requests(short)).all()


@few
@given(seeds, lifetimes, gaps)
def test_a_longer_lifetime_on_demand_does_not_shorten_the_mean(
    seed: int, lifetime_s: float, gap_s: float
) -> None:
    think = exponential(gap_s)
    short, long = (
        ran(world({"token": {"lifetime": t, "renewal": "host"}}, seed, workload__think=think))
        for t in (lifetime_s, 2 * lifetime_s)
    )
    gain = long.cases.exposure_s - short.cases.exposure_s
    assert gain.mean() >= -4.5 * gain.std(ddof=1) / math.sqrt(len(gain))


@few
@given(seeds, lifetimes, st.sampled_from([(0.3, 0.6), (0.5, 0.9), (0.5, 1.0)]))
def test_refreshing_earlier_lengthens_windows_and_raises_load(
    seed: int, lifetime_s: float, fractions: tuple[float, float]
) -> None:
    early, late = (ran(world(background(lifetime_s, f), seed)) for f in fractions)
    assert early.cases.exposure_s.min() >= (1 - fractions[0]) * lifetime_s - 1e-6
    gain = early.cases.exposure_s - late.cases.exposure_s
    assert gain.mean() >= -4.5 * gain.std(ddof=1) / math.sqrt(len(gain))
    assert early.host_calls["renewal"].sum() > late.host_calls["renewal"].sum()


# -- the unit of time ---------------------------------------------------------------------------


def busy_world(unit_s: float, seed: int, strategy: dict[str, Any], workers: int) -> Scenario:
    """Latency, queues, a rate limit, loss and outages, all times in a unit of choice."""

    def law(mean: float) -> dict[str, Any]:
        return exponential(mean * unit_s)

    changes: dict[str, Any] = {
        "run.horizon": 2000.0 * unit_s,
        "run.drain": 1000.0 * unit_s,
        "run.seed": seed,
        "organisation.people": 15,
        "organisation.shift": {"start": 0, "end": 2000.0 * unit_s},
        "organisation.visits": law(60),
        "workload.think": law(20),
        "workload.requests_per_page": {"dist": "geometric", "mean": 6},
        "workload.visit_ends": {"close": 0.4, "leave_open": 0.6},
        "cases.from": 500.0 * unit_s,
        "cases.until": 1800.0 * unit_s,
        "cases.notice_lead": 32.0 * unit_s,
        "cases.detected_after": law(600),
        "cases.rollback_window": 900.0 * unit_s,
        "behaviour.probabilities": {"leave": 0.3, "continue": 0.5, "storm": 0.2},
        "behaviour.storm": {
            "think": law(2), "kinds": {"read": 1}, "gives_up_after": 3, "duration": 600 * unit_s,
        },
        "directory.propagation": law(100),
        "host.servers": 2,
        "host.page_load": law(1),
        "host.renewal": law(1),
        "host.check": law(1),
        "host.retry_after": 4.0 * unit_s,
        "host.rate_limit": {"per_second": 1.0 / unit_s, "burst": 5},
        "host.outages": {"every": 700.0 * unit_s, "lasts": 20.0 * unit_s},
        "app.workers": workers,
        "app.verify": law(0.25),
        "app.service": {kind: law(0.5) for kind in ("read", "write", "admin")},
        "push.delay": law(10),
        "push.loss": 0.3,
        "push.retries": {"most": 3, "wait": 16.0 * unit_s, "backoff": 2},
        "network.client_app": law(0.25),
        "network.client_host": law(0.25),
        "network.app_host": law(0.125),
    }  # fmt: skip
    return textbook(strategy, changes)


@st.composite
def strategies_in(draw: st.DrawFn) -> Any:
    """The settings of a strategy as a function of the unit of time."""
    renewal = draw(st.sampled_from(["page", "host", "sliding", "host_each"]))
    lifetime, leeway = draw(st.sampled_from([64.0, 256.0])), draw(st.sampled_from([0.0, 16.0]))
    gate = draw(st.sampled_from(["none", "check", "cached", "allowlist", "push"]))

    def at(unit_s: float) -> dict[str, Any]:
        token: dict[str, Any] = {
            "lifetime": lifetime * unit_s,
            "leeway": leeway * unit_s,
            "renewal": renewal,
        }
        found: dict[str, Any] = {"token": token}
        if gate in ("check", "cached"):
            allow = 32.0 * unit_s if gate == "cached" else 0
            found["check"] = {"allow_for": allow, "timeout": 4.0 * unit_s}
        if gate == "allowlist":
            found["allowlist"] = {"lifetime": 128.0 * unit_s}
        if gate == "push":
            found["push"] = {"causes": ["deactivation"], "effect": "denylist"}
        return found

    return at


@few
@given(seeds, strategies_in(), st.sampled_from([2.0, 0.5, 4.0]), st.sampled_from([1, 3]))
def test_the_unit_of_time_changes_no_number(
    seed: int, strategy: Any, unit_s: float, workers: int
) -> None:
    """Powers of two scale floats exactly, so everything is the same to the bit but for the factor."""
    plain = ran(busy_world(1.0, seed, strategy(1.0), workers))
    other = ran(busy_world(unit_s, seed, strategy(unit_s), workers))
    assert plain.requests == other.requests
    assert plain.honest_clicks == other.honest_clicks
    assert plain.interruptions == other.interruptions
    assert plain.rate_limited == other.rate_limited
    assert plain.events == other.events
    names = plain.cases.dtype.names or ()
    for name in names:
        factor = unit_s if name.endswith("_s") else 1.0
        assert np.array_equal(
            np.asarray(plain.cases[name], float) * factor,
            np.asarray(other.cases[name], float),
            equal_nan=True,
        ), name
    assert other.all_responses().max_s == unit_s * plain.all_responses().max_s


# -- loss ---------------------------------------------------------------------------------------


@few
@given(seeds, st.sampled_from([0.0, 5.0, 60.0]), st.sampled_from([0, 3, "unlimited"]))
def test_without_loss_the_window_is_the_delay(seed: int, delay_s: float, most: Any) -> None:
    push = {"causes": ["deactivation"], "effect": "denylist"}
    strategy = {"token": {"lifetime": "30d"}, "push": push}
    retries = {"most": most, "wait": 30.0, "backoff": 2}
    found = ran(world(strategy, seed, push__delay=delay_s, push__loss=0, push__retries=retries))
    assert np.allclose(found.cases.exposure_s, delay_s, atol=1e-9)
    drawn = {
        m: ran(
            world(
                strategy, seed, push__delay=exponential(20.0), push__loss=0,
                push__retries={"most": m, "wait": 30.0, "backoff": 1},
            )
        )
        for m in (0, 3)
    }  # fmt: skip
    assert drawn[0].cases.tobytes() == drawn[3].cases.tobytes()


# -- what is added changes nothing else ---------------------------------------------------------


def test_a_strategy_more_changes_no_other_number() -> None:
    scenario = with_changes(
        load("office"), {"organisation.people": 20, "run.horizon": "2h", "cases.until": "2h"}
    )
    names = ("short_token", "cached_check", "pushed_denylist")
    alone = experiment.compare(scenario, [scenario.strategies[names[0]]], replications=2)
    among = experiment.compare(scenario, [scenario.strategies[n] for n in names], replications=2)
    assert alone.figures == [f for f in among.figures if f.strategy == names[0]]


@few
@given(seeds, lifetimes, st.integers(1, 9))
def test_a_person_more_changes_no_other_case(seed: int, lifetime_s: float, more: int) -> None:
    """Where nobody queues; people do not share random numbers."""
    strategy = {"token": {"lifetime": lifetime_s, "renewal": "host"}}
    few_people, many = (ran(world(strategy, seed, organisation__people=n)) for n in (12, 12 + more))
    assert few_people.cases.tobytes() == many.cases[:12].tobytes()


@few
@given(seeds, lifetimes)
def test_a_stream_more_changes_no_other_number(seed: int, lifetime_s: float) -> None:
    """Sizes, events that nobody sends, storms that nobody makes: draws of their own."""
    strategy = {"token": {"lifetime": lifetime_s, "renewal": "host"}}
    plain = ran(world(strategy, seed))
    sizes = ran(
        world(strategy, seed, workload__read_size={"dist": "lognormal", "mean": 9, "cv": 2})
    )
    storms = ran(world(strategy, seed, behaviour__storm__think=exponential(0.5)))
    events = ran(
        world(
            strategy | {"push": {"causes": ["logout"], "effect": "denylist"}}, seed,
            push__delay=exponential(3.0), push__loss=0.5,
        )
    )  # fmt: skip
    assert storms.same_as(plain)
    for other in (sizes, events):
        for name in set(plain.cases.dtype.names or ()) - {"unauthorised_bytes", "bound_s"}:
            left, right = np.asarray(plain.cases[name]), np.asarray(other.cases[name])
            assert left.tobytes() == right.tobytes(), name


# -- gates --------------------------------------------------------------------------------------

tokens = st.builds(
    lambda lifetime, renewal, leeway: {
        "token": {"lifetime": lifetime, "renewal": renewal, "leeway": leeway}
    },
    lifetimes,
    st.sampled_from(["page", "host", "host_each"]),
    st.sampled_from([0.0, 30.0]),
)
added = st.sampled_from(
    [
        {"check": {"scope": "all", "asks": "permission"}},
        {"check": {"scope": "writes", "asks": "session"}},
        {"push": {"causes": ["deactivation", "logout"], "effect": "denylist"}},
        {"push": {"causes": ["permission_loss"], "effect": "not_before"}},
    ]
)


@few
@given(seeds, tokens, added, causes)
def test_an_added_gate_never_lets_more_through(
    seed: int, token: dict[str, Any], gate: dict[str, Any], cause: str
) -> None:
    """Case by case, for gates that never refuse honest people: then everybody walks the same path before."""
    changes = {**only(cause), "push__delay": exponential(40.0), "push__loss": 0.3}
    without, with_it = ran(world(token, seed, **changes)), ran(world(token | gate, seed, **changes))
    assert (with_it.cases.exposure_s <= without.cases.exposure_s + 1e-9).all()
    assert (requests(with_it) <= requests(without)).all()
    assert (with_it.cases.last_click_s <= without.cases.last_click_s + 1e-9).all()


gates = st.fixed_dictionaries(
    {},
    optional={
        "token": st.sampled_from(
            [
                {"lifetime": "5min"},
                {"lifetime": "15min", "renewal": "sliding", "absolute": "8h"},
                {"lifetime": "15min", "renewal": "host"},
            ]
        ),
        "allowlist": st.just({"lifetime": "1h"}),
        "check": st.sampled_from(
            [{"allow_for": "5min"}, {"scope": "writes"}, {"asks": "session"}, {"scope": "admin"}]
        ),
    },
)
OFFICE = with_changes(load("office"), {"push.loss": 0, "push.delay": "30s"})


@given(gates, added)
def test_an_added_gate_never_raises_a_bound(parts: dict[str, Any], gate: dict[str, Any]) -> None:
    if set(parts) & set(gate):
        return
    less = Strategy.model_validate({"name": "less", **parts})
    more = Strategy.model_validate({"name": "more", **parts, **gate})
    for cause in Cause:
        for kind in Kind:
            bounds = [bound_s(OFFICE, strategy, cause, kind, 0.0) for strategy in (more, less)]
            assert bounds[0] <= bounds[1]


# -- traps --------------------------------------------------------------------------------------


@few
@given(seeds, st.sampled_from([0.0, 0.1, 0.5, 1.0]))
def test_reads_and_writes_are_thinned_from_one_stream(seed: int, writes: float) -> None:
    """Whatever the share of writes, each person sends the same requests at the same times."""
    strategy = {"token": {"lifetime": 300.0, "renewal": "host"}}
    plain = ran(world(strategy, seed, workload__kinds={"read": 1}))
    mixed = ran(world(strategy, seed, workload__kinds={"read": 1 - writes, "write": writes}))
    assert np.array_equal(requests(plain), requests(mixed))
    assert np.array_equal(plain.cases.exposure_s, mixed.cases.exposure_s)
    total = requests(mixed).sum()
    if 0 < writes < 1 and total:
        error = math.sqrt(writes * (1 - writes) / total)
        assert abs(mixed.cases.unauthorised_writes.sum() / total - writes) <= 4.5 * error


def test_the_hit_ratio_of_a_fixed_lifetime_is_not_that_of_a_sliding_one() -> None:
    never = {"cases__deactivation": {"share": 0}, "run__warm_up": 500.0, "run__drain": 0}
    strategy = {"token": {"lifetime": 180.0, "renewal": "host"}}
    runs = [ran(world(strategy, 5, **never), replication) for replication in range(12)]
    misses = np.array([run.host_calls["renewal"].sum() for run in runs])
    clicks = np.array([run.honest_clicks for run in runs])
    hits, x = 1 - misses / clicks, 3.0
    error = hits.std(ddof=1) / math.sqrt(len(hits))
    assert abs(hits.mean() - x / (1 + x)) <= 4.5 * error
    assert abs(hits.mean() - (1 - math.exp(-x))) > 10 * error


def test_random_lifetimes_leave_more_than_half_their_mean() -> None:
    """The inspection paradox: long lifetimes are met more often."""
    law = {"dist": "uniform", "low": 20.0, "high": 280.0}
    strategy = {"token": {"lifetime": law, "renewal": "host", "refresh_at": 1.0}}
    found = ran(world(strategy, 3, organisation__people=900)).cases.exposure_s
    error = found.std(ddof=1) / math.sqrt(len(found))
    second = (280**3 - 20**3) / (3 * 260)
    assert abs(found.mean() - second / 300) <= 4.5 * error
    assert found.mean() - 75 > 4.5 * error


def test_a_logout_on_a_request_meets_a_longer_window() -> None:
    """Seen from its requests a token has more life left than seen from a random instant."""
    from sim import oracle
    from sim.theory import on_demand_exposure, on_demand_exposure_after_request_mean_s

    strategy = {"token": {"lifetime": 300.0, "renewal": "host"}}
    scenario = world(
        strategy, 8, cases__deactivation={"share": 0}, organisation__people=30, run__drain=0,
        workload__think=exponential(100.0), run__horizon=8000.0,
        organisation__shift={"start": 0, "end": 8000.0},
    )  # fmt: skip
    means = []
    for replication in range(6):
        trace = oracle.run(scenario, scenario.strategies["tried"], replication, tracing=True).trace
        left = [row[7] - row[1] for row in trace or [] if row[3] == "decided" and row[1] > 2000]
        means.append(np.mean(left))
    error = np.std(means, ddof=1) / math.sqrt(len(means))
    assert abs(np.mean(means) - on_demand_exposure_after_request_mean_s(0.01, 300.0)) <= 4.5 * error
    assert np.mean(means) - on_demand_exposure(0.01, 300.0).mean > 10 * error

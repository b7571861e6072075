"""Closed forms against exact values (to the digits known) and against limits and each other.

The exact values were computed apart from this code and agree with Monte Carlo.
"""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import theory as t

FIXED = t.fixed_lifetime_exposure(900)
EARLY = t.early_refresh_exposure(900, 0.8)
JITTERED = t.uniform_lifetime_exposure(600, 1200)
PUSH = t.push_exposure(0.5, 0.1, 30)
CLOSED_50 = t.closed_station(10, 0.25, 50)
CLOSED_30 = t.closed_station(10, 0.25, 30)
DAY_S = 86400.0
VISITS = 10 / DAY_S  # Cooper: validations of one relying party
LEASE, SHARED_LEASE = (t.Lease(20, 0.864, 0.04, shared=s) for s in (1, 10))
FIRST, OTHERS = t.priority_waits_mean_s(0.2, 0.5, 1)

PINNED = {
    "A1 mean": (FIXED.mean, "450"),
    "A1 var": (FIXED.variance, "67500"),
    "A1 cdf": (t.early_refresh_cdf(300, 900), "0.3333333"),
    "A2 mean": (EARLY.mean, "540"),
    "A2 var": (EARLY.variance, "43200"),
    "A2 cdf": (t.early_refresh_cdf(360, 900, 0.8), "0.25"),
    "A3 mean": (JITTERED.mean, "466.6667"),
    "A3 var": (JITTERED.variance, "82222.22"),
    "A3 cdf": (t.uniform_lifetime_cdf(900, 600, 1200), "0.9166667"),
    "A4 mean": (t.exponential_lifetime_exposure(900).mean, "900"),
    "B2 var": (t.on_demand_exposure(1 / 120, 900).variance, "80579.58"),
    "B2 cdf": (t.on_demand_cdf(450, 1 / 120, 900), "0.5588235"),
    "B3 var": (t.on_demand_requests(1 / 120, 900).variance, "8.904628"),
    "B6": (t.on_demand_erlang2_hit_share(120, 900), "0.8787879"),
    "C1": (t.sliding_live_share(1 / 300, 600), "0.8646647"),
    "C3 mean": (t.sliding_exposure_mean_s(1 / 300, 600), "1316.717"),
    "C3 requests": (t.sliding_requests_mean(1 / 300, 600), "4.389056"),
    "B7": (t.on_demand_lost_input_share(1 / 240, 300), "0.7615534"),
    "C7": (t.last_answer_exposure_mean_s(1 / 60, 300), "182.8299"),
    "C7 few clicks": (t.last_answer_exposure_mean_s(1 / 60, 30), "0.979599"),
    "C6 mean": (t.capped_session_exposure_mean_s(1 / 210, 380, 3000), "628.88"),
    "C6 late cap": (t.capped_session_exposure_mean_s(1 / 300, 600, 200_000), "1316.717"),
    "C6 live": (t.capped_session_live_share(1 / 300, 600, 200_000), "0.8646647"),
    "C3 long mean": (t.sliding_exposure_mean_s(1 / 60, 300), "8544.79"),
    "C3 long requests": (t.sliding_requests_mean(1 / 60, 300), "142.413"),
    "D4": (t.token_and_cache_exposure_mean_s(0.1, 900, 60), "25.14286"),
    "F1 mean": (PUSH.mean, "3.833333"),
    "F1 var": (PUSH.variance, "111.1111"),
    "F1 cdf": (t.push_cdf(30.5, 0.5, 0.1, 30), "0.99"),
    "F2": (t.push_backoff_exposure(0.5, 0.1, 10).mean, "1.75"),
    "F3": (t.push_or_expiry_exposure_mean_s(5, 0.02, 900), "13.87278"),
    "F3 no loss": (t.push_or_expiry_exposure_mean_s(5, 0, 900), "4.972222"),
    "F6": (t.limited_push_exposure_mean_s(0.5, 0.1, 30, 3, 900), "4.124561"),
    "F7": (t.held_push_exposure_mean_s(3600, 120, 1.5 * 120**2), "2.903226"),
    "R1": (t.denylist_entries(1 / 30, 3600).mean, "60"),
    "A load": (t.early_refresh_renewals_per_s(300, 0.8) * 50_000 * 5, "1041.667"),
    "A2 quantile": (t.early_refresh_quantile_s(0.25, 900, 0.8), "360"),
    "A1 p95": (t.early_refresh_quantile_s(0.95, 900), "855"),
    "A refresh at random": (t.random_refresh_exposure_mean_s(900, 720, 720**2), "540"),
    "B after a request": (t.on_demand_exposure_after_request_mean_s(1 / 120, 900), "502.9412"),
    "B2 quantile": (t.on_demand_quantile_s(0.5588235294117647, 1 / 120, 900), "450"),
    "B5 Poisson": (t.on_demand_hit_share(7.5), "0.8823529"),
    "B presets hit": (t.on_demand_live_share(2.5, 30), "0.9868421"),
    "B presets load": (t.on_demand_renewals_per_s(2.5, 30), "0.03289474"),
    "B presets exposure": (t.on_demand_exposure(2.5, 30).mean, "14.8026"),
    "B presets requests": (t.on_demand_requests(2.5, 30).mean, "37.0066"),
    "D1": (t.many_caches_exposure_mean_s(0.1, 60, 8), "44.5455"),
    "D1 requests": (t.many_caches_requests_mean(0.1, 60, 8), "1.285714"),
    "D2": (t.stale_served_share(1 / 20, 60, 1 / 600), "0.03628064"),
    "D3 fresh": (t.synchronised_fresh_share(3600, 1 / 7200), "0.7869387"),
    "D3 age": (t.synchronised_age_mean_s(3600, 1 / 7200), "265.9585"),
    "D5 bound": (t.quantised_bound_s(5, 0.1), "5.5"),
    "D5 mean": (t.quantised_exposure(5).mean, "2.5"),
    "E1": (t.in_flight_requests(50, 0.12).variance, "6"),
    "F4 mean": (t.fan_out_exposure(20, 0.2).mean, "17.98870"),
    "F4 var": (t.fan_out_exposure(20, 0.2).variance, "39.90408"),
    "F5 last": (t.last_poll_mean_s(30, 10), "27.27273"),
    "F5 first": (t.first_poll_mean_s(30, 10), "2.727273"),
    "F5 jittered": (t.uniform_lifetime_exposure(10, 20).mean, "7.777778"),
    "F6 all lost": (t.all_attempts_lost_share(0.01, 5), "1e-10"),
    "G term": (LEASE.term_s(10), "9.8985"),
    "G load": (LEASE.messages_per_s(10), "3.617975"),
    "G delay": (LEASE.added_delay_s(10) * 1e3, "0.30016"),
    "G load, no term": (LEASE.messages_per_s(0), "34.56"),
    "G delay, no term": (LEASE.added_delay_s(0) * 1e3, "2.86726"),
    "G load, shared": (SHARED_LEASE.messages_per_s(10), "11.61798"),
    "G delay, shared": (SHARED_LEASE.added_delay_s(10) * 1e3, "0.60990"),
    "G load, short": (SHARED_LEASE.messages_per_s(1), "27.4561"),
    "G benefit": (SHARED_LEASE.benefit, "4.32"),
    "G break-even": (SHARED_LEASE.break_even_s, "0.348617"),
    "G extensions": (2 * 0.864 / (1 + 0.864 * LEASE.term_s(10)), "0.1808988"),
    "PBS 2": (t.within_versions_share(2, 3, 1, 1), "0.55556"),
    "PBS 3": (t.within_versions_share(3, 3, 1, 1), "0.70370"),
    "PBS 5": (t.within_versions_share(5, 3, 1, 1), "0.86831"),
    "PBS 10": (t.within_versions_share(10, 3, 1, 1), "0.98266"),
    "PBS 4 of 1, 2": (t.within_versions_share(5, 3, 1, 2), "0.99588"),
    "AoI": (t.mm1_age_mean_s(0.5, 1), "3.5"),
    "AoI least": (t.mm1_age_mean_s(0.53101, 1), "3.48444"),
    "AoI snapshot": (t.snapshot_age_mean_s(60, 2), "32"),
    "N peak": (t.list_requests_per_s(0, 300_000, VISITS), "34.7222"),
    "N after 1 h": (t.list_requests_per_s(3600, 300_000, VISITS), "22.8903"),
    "N 2 segments": (t.list_requests_per_s(0, 300_000, VISITS, 2, DAY_S / 2), "18.7862"),
    "N1 1": (t.over_issued_peak_per_s(300_000, VISITS, DAY_S, 1), "34.7222"),
    "N1 2": (t.over_issued_peak_per_s(300_000, VISITS, DAY_S, 2), "17.4198"),
    "N1 4": (t.over_issued_peak_per_s(300_000, VISITS, DAY_S, 4), "9.25002"),
    "N1 8": (t.over_issued_peak_per_s(300_000, VISITS, DAY_S, 8), "5.79238"),
    "N1 24": (t.over_issued_peak_per_s(300_000, VISITS, DAY_S, 24), "3.92898"),
    "Q1 tail": (t.mm1_response_exceeds_share(14.978661368769955, 0.8, 1), "0.05"),
    "Q1 first 25": (t.mm1_first_waits_mean_s(1, 1 / 0.9, 25), "2.1244893"),
    "Q1 variance": (t.mm1_wait_average_variance_s2(0.8, 1), "1976"),
    "Q1 rare 10": (t.queue_reaches_before_empty_share(10, 1, 2) * 1e4, "9.775171"),
    "Q1 rare 20": (t.queue_reaches_before_empty_share(20, 1, 2) * 1e7, "9.536752"),
    "Q1 rare 30": (t.queue_reaches_before_empty_share(30, 1, 2) * 1e10, "9.313226"),
    "Q5 interactive": (t.interactive_response_s(50, CLOSED_50.throughput_per_s, 10), "2.738083"),
    "Q6": (t.two_stations_response_s(40, 60, 10, 0.15), "0.0875"),
    "Q7": (t.renewal_station_response_s(500, 1 / 60, 300, 2.2), "1.232877"),
    "Q8 urgent": (FIRST, "0.875"),
    "Q8 others": (OTHERS, "2.916667"),
    "H1 mean": (t.herd_response_mean_s(1000, 0.005), "2.5025"),
    "H1 last": (t.herd_response_last_s(1000, 0.005), "5"),
    "Q1 response": (t.mm1_response(0.8, 1).mean, "5"),
    "Q1 var": (t.mm1_response(0.8, 1).variance, "25"),
    "Q1 wait": (t.mm1_wait_mean_s(0.8, 1), "4"),
    "Q1 p95": (t.mm1_response_quantile_s(0.8, 1, 0.95), "14.978661"),
    "Q2 B": (t.erlang_b(3, 2.4), "0.2684063"),
    "Q2 C": (t.erlang_c(3, 2.4), "0.6471910"),
    "Q2 wait": (t.mmc_wait_mean_s(2.4, 1, 3), "1.078652"),
    "Q2 tail": (t.mmc_wait_exceeds_share(1.5, 2.4, 1, 3), "0.2631282"),
    "Q3 constant": (t.mg1_wait_mean_s(0.7, 1, 1), "1.166667"),
    "Q3 lognormal": (t.mg1_wait_mean_s(0.7, 1, 1 + 1.5**2), "3.791667"),
    "Q4": (t.mm1k_blocked_share(0.9, 1, 5), "0.1260225"),
    "Q5 50 response": (CLOSED_50.response_s, "2.738083"),
    "Q5 50 throughput": (CLOSED_50.throughput_per_s, "3.925237"),
    "Q5 30 response": (CLOSED_30.response_s, "0.7036839"),
    "Q5 30 throughput": (CLOSED_30.throughput_per_s, "2.802773"),
}

# request rate, lifetime; live share, renewals/s, exposure mean and sd, requests, none, last click
ON_DEMAND = [
    (1 / 120, 900, "0.8823529 0.000980392 397.0588 283.8654 3.308824 0.2352290 305.2863"),
    (1 / 60, 300, "0.8333333 0.002777778 125 96.82458 2.083333 0.3322103 84.93262"),
    (1 / 60, 3600, "0.9836066 0.000273224 1770.492 1055.717 29.50820 0.0327869 1712.459"),
    (1, 60, "0.9836066 0.01639344 29.50820 17.59529 29.50820 0.0327869 28.54098"),
    (0.1, 900, "0.9890110 0.001098901 445.0549 262.6006 44.50549 0.0219780 435.2747"),
]


def assert_printed(value: float, printed: str) -> None:
    """Equal to half a unit of the last digit; four digits or a whole number are exact, to 1e-9."""
    decimals = len(printed.partition(".")[2])
    rounded = decimals > 0 and len(printed.replace(".", "").lstrip("0")) >= 5
    slack = 0.5000001 * 10.0**-decimals if rounded else 1e-9 * abs(float(printed))
    assert value == pytest.approx(float(printed), rel=0, abs=slack)


@pytest.mark.parametrize("name", PINNED)
def test_exact_values(name: str) -> None:
    assert_printed(*PINNED[name])


@pytest.mark.parametrize(("rate", "lifetime", "row"), ON_DEMAND)
def test_on_demand_table(rate: float, lifetime: float, row: str) -> None:
    exposure = t.on_demand_exposure(rate, lifetime)
    values = (
        t.on_demand_live_share(rate, lifetime),
        t.on_demand_renewals_per_s(rate, lifetime),
        exposure.mean,
        math.sqrt(exposure.variance),
        t.on_demand_requests(rate, lifetime).mean,
        t.on_demand_none_share(rate, lifetime),
        t.on_demand_last_click_mean_s(rate, lifetime),
    )
    for value, printed in zip(values, row.split(), strict=True):
        assert_printed(value, printed)


def test_cao_and_liu_count_messages() -> None:
    """Control messages and transfers of their worked stream: exact."""
    stream = "r r r m m m r r m r r r m m r"
    assert t.polling_messages(stream) == t.Messages(14, 4)
    assert t.invalidation_messages(stream) == t.Messages(8, 4)


def test_a_volume_lease_is_renewed_as_one_object() -> None:
    assert t.volume_renewals_per_s([0.02, 0.03], 100) == pytest.approx(0.05 / 6)
    assert t.volume_write_wait_bound_s(3600, 30) == 30


def test_a_lease_helps_only_above_its_break_even() -> None:
    with_term = SHARED_LEASE.messages_per_s(SHARED_LEASE.break_even_s + 0.1015)
    assert with_term == pytest.approx(SHARED_LEASE.messages_per_s(0))
    many = t.Lease(20, 0.864, 0.04, shared=50)
    assert many.benefit < 1
    assert many.break_even_s == math.inf


rates = st.floats(1e-6, 10)
times = st.floats(1e-3, 1e5)
shares = st.floats(0, 0.99)


@given(rates, times)
def test_on_demand_is_below_background(rate: float, lifetime: float) -> None:
    last = t.on_demand_last_click_mean_s(rate, lifetime)
    assert 0 < last < t.on_demand_exposure(rate, lifetime).mean
    assert t.on_demand_exposure(rate, lifetime).mean < t.fixed_lifetime_exposure(lifetime).mean
    assert t.on_demand_none_share(rate, lifetime) > t.fixed_lifetime_none_share(rate, lifetime)


@given(times, st.floats(0.01, 0.98))
def test_refreshing_earlier_exposes_longer(lifetime: float, refresh_at: float) -> None:
    early, late = (t.early_refresh_exposure(lifetime, f) for f in (refresh_at, refresh_at + 0.01))
    assert early.mean > late.mean
    assert early.variance < late.variance


@given(times)
def test_jitter_of_no_width_is_the_fixed_lifetime(lifetime: float) -> None:
    fixed, jittered = (
        t.fixed_lifetime_exposure(lifetime),
        t.uniform_lifetime_exposure(lifetime, lifetime),
    )
    assert jittered.mean == pytest.approx(fixed.mean)
    assert jittered.variance == pytest.approx(fixed.variance)
    assert t.uniform_lifetime_cdf(lifetime / 3, lifetime, lifetime) == pytest.approx(1 / 3)


@given(rates, times)
def test_the_unit_of_time_does_not_matter(rate: float, lifetime: float) -> None:
    slow = t.on_demand_last_click_mean_s(rate / 8, lifetime * 8)
    assert slow == pytest.approx(8 * t.on_demand_last_click_mean_s(rate, lifetime), rel=1e-9)


@given(st.floats(0.05, 5), times, shares)
def test_no_cancellation(x: float, lifetime: float, loss: float) -> None:
    """Around the change of method at 1, against the plain formulas."""
    rate = x / lifetime
    plain = lifetime * (0.5 - 1 / x + (1 - math.exp(-x)) / x**2) * x / (1 + x)
    assert t.on_demand_last_click_mean_s(rate, lifetime) == pytest.approx(plain, rel=1e-9)
    assert t.sliding_requests_mean(rate, lifetime) == pytest.approx(math.exp(x) - 1 - x, rel=1e-9)
    pushed = (1 - loss) * lifetime * (1 / x - (1 - math.exp(-x)) / x**2) + loss * lifetime / 2
    found = t.push_or_expiry_exposure_mean_s(lifetime / x, loss, lifetime)
    assert found == pytest.approx(pushed, rel=1e-9)


@given(st.floats(0, 100), shares, times, times)
def test_push_is_bounded_by_the_token(
    delay: float, loss: float, wait: float, lifetime: float
) -> None:
    few, many = (
        t.limited_push_exposure_mean_s(delay, loss, wait, attempts, lifetime) for attempts in (2, 5)
    )
    assert many <= few * (1 + 1e-12)
    assert few <= lifetime / 2 * (1 + 1e-12)
    without = t.limited_push_exposure_mean_s(delay, loss, wait, 0, lifetime)
    assert without == t.fixed_lifetime_exposure(lifetime).mean


def test_push_with_a_long_token_is_the_endless_push() -> None:
    limited = t.limited_push_exposure_mean_s(0.5, 0.1, 30, 40, 1e9)
    assert limited == pytest.approx(PUSH.mean, rel=1e-6)


def test_backoff_has_no_mean_from_a_half_and_no_variance_from_a_quarter() -> None:
    assert t.push_backoff_exposure(0.5, 0.5, 10) == t.Moments(math.inf, math.inf)
    quarter = t.push_backoff_exposure(0.5, 0.25, 10)
    assert (quarter.mean, quarter.variance) == (5.5, math.inf)
    by_sum = [(0.9 * 0.1**k, 0.5 + 10 * (2.0**k - 1)) for k in range(60)]
    mean = sum(p * e for p, e in by_sum)
    variance = sum(p * (e - mean) ** 2 for p, e in by_sum)
    assert t.push_backoff_exposure(0.5, 0.1, 10).variance == pytest.approx(variance)


@given(rates, times)
def test_sliding_and_fixed_lifetimes_have_their_own_hit_ratios(
    rate: float, lifetime: float
) -> None:
    """The common mistake: 1 - exp(-x) is the ratio of a lifetime that use extends, and larger."""
    if rate * lifetime > 1e-6:
        assert t.sliding_live_share(rate, lifetime) > t.on_demand_live_share(rate, lifetime)


@given(rates, times)
def test_a_logout_meets_a_longer_window_than_a_random_instant(rate: float, lifetime: float) -> None:
    at_request = t.on_demand_exposure_after_request_mean_s(rate, lifetime)
    assert at_request > t.on_demand_exposure(rate, lifetime).mean
    assert at_request > t.fixed_lifetime_exposure(lifetime).mean


@given(times, st.floats(0.05, 0.5))
def test_the_inspection_paradox(mean: float, spread: float) -> None:
    jittered = t.uniform_lifetime_exposure(mean * (1 - spread), mean * (1 + spread))
    assert jittered.mean > t.fixed_lifetime_exposure(mean).mean
    assert jittered.mean < t.exponential_lifetime_exposure(mean).mean


@given(rates, st.floats(1, 1000), st.integers(1, 30))
def test_more_caches_expose_longer_and_let_fewer_through(
    rate: float, cached: float, caches: int
) -> None:
    few, more = (t.many_caches_exposure_mean_s(rate, cached, k) for k in (caches, caches + 1))
    assert few <= more * (1 + 1e-9)
    assert t.many_caches_exposure_mean_s(rate, cached, 1) == pytest.approx(
        t.on_demand_exposure(rate, cached).mean
    )
    let = [t.many_caches_requests_mean(rate, cached, k) for k in (caches, caches + 1)]
    assert let[1] <= let[0] * (1 + 1e-9)


@given(st.floats(0.05, 0.95), st.integers(1, 40))
def test_the_first_waits_grow_to_the_steady_mean(rho: float, customers: int) -> None:
    waits = [t.mm1_first_waits_mean_s(rho, 1, n) for n in (customers, customers + 1)]
    assert waits[0] <= waits[1] < t.mm1_wait_mean_s(rho, 1)
    # the second customer waits if the first is still there: service left, met by the arrival
    assert t.mm1_first_waits_mean_s(rho, 1, 2) == pytest.approx(rho / (1 + rho) / 2)


@given(st.floats(0.01, 0.99))
def test_one_server_is_one_of_many(rate: float) -> None:
    assert t.erlang_c(1, rate) == pytest.approx(rate)
    assert t.mmc_wait_mean_s(rate, 1, 1) == pytest.approx(t.mm1_wait_mean_s(rate, 1))
    assert t.mg1_wait_mean_s(rate, 1, 2) == pytest.approx(t.mm1_wait_mean_s(rate, 1))


def test_a_full_station_at_load_1_refuses_evenly() -> None:
    assert t.mm1k_blocked_share(1, 1, 4) == pytest.approx(1 / 5)


@given(st.floats(0, 100), st.floats(0.01, 10), st.integers(1, 200))
def test_closed_station_keeps_its_bound(think: float, service: float, users: int) -> None:
    station = t.closed_station(think, service, users)
    bound = t.closed_throughput_bound_per_s(think, service, users)
    assert station.throughput_per_s <= bound * (1 + 1e-9)
    users_found = station.throughput_per_s * (station.response_s + think)
    assert users_found == pytest.approx(users)


REFUSED: list[Callable[[], object]] = [
    lambda: t.fixed_lifetime_exposure(0),
    lambda: t.fixed_lifetime_requests(-1, 900),
    lambda: t.early_refresh_exposure(900, 0),
    lambda: t.early_refresh_exposure(900, 1.1),
    lambda: t.random_lifetime_exposure(10, 99, 2000),
    lambda: t.uniform_lifetime_exposure(3, 2),
    lambda: t.exponential_lifetime_exposure(math.inf),
    lambda: t.on_demand_exposure(0, 900),
    lambda: t.on_demand_exposure(1, math.nan),
    lambda: t.on_demand_erlang2_hit_share(0, 900),
    lambda: t.sliding_exposure_mean_s(0, 900),
    lambda: t.token_and_cache_exposure_mean_s(1, 60, 61),
    lambda: t.push_exposure(0.5, 1, 30),
    lambda: t.push_exposure(-0.5, 0.1, 30),
    lambda: t.limited_push_exposure_mean_s(0.5, 0.1, 30, -1, 900),
    lambda: t.held_push_exposure_mean_s(3600, 120, 100),
    lambda: t.random_refresh_exposure_mean_s(900, 901, 901**2),
    lambda: t.early_refresh_quantile_s(1, 900),
    lambda: t.on_demand_hit_share(-1),
    lambda: t.many_caches_exposure_mean_s(1, 60, 0),
    lambda: t.stale_served_share(1, 60, 0),
    lambda: t.quantised_bound_s(5, -0.1),
    lambda: t.fan_out_exposure(0, 1),
    lambda: t.last_poll_mean_s(30, 0),
    lambda: t.all_attempts_lost_share(0.1, -1),
    lambda: t.pending_list_law(0, 0.1, 30),
    lambda: t.pending_list_quantile(1, 800, 0.1, 30),
    lambda: LEASE.term_s(-1),
    lambda: t.polling_messages("r x m"),
    lambda: t.within_versions_share(1, 3, 4, 1),
    lambda: t.mm1_age_mean_s(1, 1),
    lambda: t.snapshot_age_mean_s(1, -1),
    lambda: t.list_requests_per_s(0, 0, 1),
    lambda: t.over_issued_peak_per_s(1, 1, 1, 0),
    lambda: t.queue_reaches_before_empty_share(0, 1, 2),
    lambda: t.two_stations_response_s(40, 60, 10, 1.1),
    lambda: t.priority_waits_mean_s(0.5, 0.5, 1),
    lambda: t.herd_response_mean_s(0, 1),
    lambda: t.denylist_entries(0, 10),
    lambda: t.mm1_response(1, 1),
    lambda: t.mm1_response_quantile_s(0.5, 1, 1),
    lambda: t.erlang_b(0, 1),
    lambda: t.erlang_c(2, 2),
    lambda: t.mmc_wait_exceeds_share(-1, 0.5, 1, 1),
    lambda: t.mg1_wait_mean_s(1, 1, 1),
    lambda: t.mm1k_blocked_share(1, 1, 0),
    lambda: t.closed_station(1, 1, 0),
    lambda: t.closed_throughput_bound_per_s(1, 1, 0),
]


@pytest.mark.parametrize("call", REFUSED)
def test_out_of_range(call: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="expected"):
        call()

"""Closed forms that the simulation must reproduce where their assumptions hold.

Common to all: a person sends requests in a Poisson stream and keeps sending after the revocation,
which falls at a random instant (independent of tokens and requests); messages take no time unless a
parameter says so. *Exposure* runs from the revocation to the last instant at which a request could
be accepted. Forms without a published source are derived from these assumptions. Every function
raises ValueError for arguments outside its range.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Moments:
    """Mean and variance, in the unit of the quantity and that unit squared."""

    mean: float
    variance: float


@dataclass(frozen=True)
class ClosedStation:
    """A station with a fixed number of users: mean response in seconds, answers per second."""

    response_s: float
    throughput_per_s: float


# --- A: the token is always held (renewed in the background) --------------------------------------


def fixed_lifetime_exposure(lifetime_s: float) -> Moments:
    """A1: exposure in s, renewed exactly at expiry: uniform on (0, lifetime)."""
    return early_refresh_exposure(lifetime_s, 1.0)


def fixed_lifetime_requests(rate_per_s: float, lifetime_s: float) -> Moments:
    """A1: unauthorised requests accepted; given the exposure they are Poisson."""
    return _poisson_over(rate_per_s, fixed_lifetime_exposure(lifetime_s))


def fixed_lifetime_none_share(rate_per_s: float, lifetime_s: float) -> float:
    """A1: probability that no unauthorised request is accepted."""
    return _mean_survival(_load(rate_per_s, lifetime_s))


def early_refresh_exposure(lifetime_s: float, refresh_at: float) -> Moments:
    """A2: exposure in s, renewed when the fraction `refresh_at` of the lifetime has gone.

    Uniform on ((1 - refresh_at) lifetime, lifetime): renewing earlier lengthens it.
    """
    _need_positive(lifetime_s=lifetime_s)
    _need(0 < refresh_at <= 1, "refresh_at", "above 0 and at most 1", refresh_at)
    width_s = refresh_at * lifetime_s
    return Moments(lifetime_s - 0.5 * width_s, width_s * width_s / 12)


def early_refresh_cdf(exposure_s: float, lifetime_s: float, refresh_at: float = 1.0) -> float:
    """A1, A2: probability that the exposure is at most `exposure_s`."""
    early_refresh_exposure(lifetime_s, refresh_at)
    return _within_1((exposure_s - (1 - refresh_at) * lifetime_s) / (refresh_at * lifetime_s))


def random_lifetime_exposure(mean_s: float, second_s2: float, third_s3: float) -> Moments:
    """A3: exposure in s with random lifetimes of these raw moments, renewed at expiry.

    The equilibrium law of renewal theory (Cox 1962, Renewal Theory): long lifetimes are met more
    often, so the mean exceeds half the mean lifetime.
    """
    _need_positive(mean_s=mean_s, second_s2=second_s2, third_s3=third_s3)
    _need(second_s2 >= mean_s**2 * (1 - 1e-12), "second_s2", "at least mean_s squared", second_s2)
    mean = second_s2 / (2 * mean_s)
    return Moments(mean, third_s3 / (3 * mean_s) - mean * mean)


def uniform_lifetime_exposure(low_s: float, high_s: float) -> Moments:
    """A3: exposure in s with lifetimes uniform on (low, high)."""
    _need_uniform(low_s, high_s)
    first, second, third = (
        sum(low_s**i * high_s ** (k - i) for i in range(k + 1)) / (k + 1) for k in (1, 2, 3)
    )
    return random_lifetime_exposure(first, second, third)


def uniform_lifetime_cdf(exposure_s: float, low_s: float, high_s: float) -> float:
    """A3: probability that the exposure is at most `exposure_s`, lifetimes uniform."""
    _need_uniform(low_s, high_s)
    below_s = min(max(exposure_s, 0.0), low_s)
    above_s = min(max(exposure_s - low_s, 0.0), high_s - low_s)
    ramp_s = above_s - (above_s * above_s / (2 * (high_s - low_s)) if above_s else 0.0)
    return (below_s + ramp_s) / (0.5 * (low_s + high_s))


def exponential_lifetime_exposure(mean_s: float) -> Moments:
    """A4: exposure in s with exponential lifetimes: exponential with the same mean."""
    _need_positive(mean_s=mean_s)
    return Moments(mean_s, mean_s * mean_s)


# --- B: renewed by the first request after expiry, lifetime not extended by use -------------------


def on_demand_live_share(rate_per_s: float, lifetime_s: float) -> float:
    """B1: probability that a token is live at a random instant; also the hit ratio (B5).

    Hit ratio: Jung, Berger and Balakrishnan, INFOCOM 2003. Not 1 - exp(-x), which is the hit ratio
    of a lifetime that use extends (`sliding_live_share`).
    """
    x = _load(rate_per_s, lifetime_s)
    return x / (1 + x)


def on_demand_exposure(rate_per_s: float, lifetime_s: float) -> Moments:
    """B2: exposure in s: none where no token is live, otherwise uniform on (0, lifetime)."""
    live = on_demand_live_share(rate_per_s, lifetime_s)
    mean = 0.5 * live * lifetime_s
    return Moments(mean, live * lifetime_s**2 / 3 - mean * mean)


def on_demand_cdf(exposure_s: float, rate_per_s: float, lifetime_s: float) -> float:
    """B2: probability that the exposure is at most `exposure_s`."""
    live = on_demand_live_share(rate_per_s, lifetime_s)
    return 0.0 if exposure_s < 0 else 1 - live + live * _within_1(exposure_s / lifetime_s)


def on_demand_requests(rate_per_s: float, lifetime_s: float) -> Moments:
    """B3: unauthorised requests accepted. Of those a share w are writes: w times the mean."""
    return _poisson_over(rate_per_s, on_demand_exposure(rate_per_s, lifetime_s))


def on_demand_none_share(rate_per_s: float, lifetime_s: float) -> float:
    """B3: probability that no unauthorised request is accepted."""
    live = on_demand_live_share(rate_per_s, lifetime_s)
    return 1 - live + live * _mean_survival(rate_per_s * lifetime_s)


def on_demand_last_click_mean_s(rate_per_s: float, lifetime_s: float) -> float:
    """B4: mean time from the revocation to the last accepted request, 0 where there is none."""
    x = _load(rate_per_s, lifetime_s)
    live = on_demand_live_share(rate_per_s, lifetime_s)
    return live * lifetime_s * -_exp_remainder(-x, 3) / (x * x)


def on_demand_renewals_per_s(rate_per_s: float, lifetime_s: float) -> float:
    """B5: renewals of one person per second: a cycle is a lifetime and one gap between requests."""
    return rate_per_s / (1 + _load(rate_per_s, lifetime_s))


def on_demand_erlang2_hit_share(gap_mean_s: float, lifetime_s: float) -> float:
    """B6: hit ratio where gaps between requests are Erlang of two stages, not exponential."""
    y = 4 * _load(1 / _positive("gap_mean_s", gap_mean_s), lifetime_s)
    renewals = 0.25 * (y + math.expm1(-y))
    return renewals / (1 + renewals)


# --- C: use extends the lifetime ------------------------------------------------------------------


def sliding_live_share(rate_per_s: float, idle_s: float) -> float:
    """C1, C2: hit ratio, and probability that a token is live at a random instant."""
    return -math.expm1(-_load(rate_per_s, idle_s))


def sliding_misses_per_s(rate_per_s: float, idle_s: float) -> float:
    """C1: requests per second that find no live token."""
    return rate_per_s * math.exp(-_load(rate_per_s, idle_s))


def sliding_exposure_mean_s(rate_per_s: float, idle_s: float) -> float:
    """C3: mean exposure where nobody is asked when use extends the token; has no bound."""
    return sliding_requests_mean(rate_per_s, idle_s) / rate_per_s


def sliding_requests_mean(rate_per_s: float, idle_s: float) -> float:
    """C3: mean number of unauthorised requests accepted (Wald)."""
    return _exp_remainder(_load(rate_per_s, idle_s), 2)


# --- D: two gates ---------------------------------------------------------------------------------


def token_and_cache_exposure_mean_s(rate_per_s: float, lifetime_s: float, cached_s: float) -> float:
    """D4: token renewed in the background, and a decision cached on demand for `cached_s`.

    The phases are independent and `cached_s` is at most `lifetime_s`.
    """
    live = on_demand_live_share(rate_per_s, cached_s)
    _need_positive(lifetime_s=lifetime_s)
    _need(cached_s <= lifetime_s, "cached_s", "at most lifetime_s", cached_s)
    return live * 0.5 * cached_s * (1 - cached_s / (3 * lifetime_s))


# --- F: the event is pushed -----------------------------------------------------------------------


def push_exposure(delay_s: float, loss: float, wait_s: float) -> Moments:
    """F1: exposure in s; attempts are lost independently and repeated without end, evenly spaced."""
    _need_push(delay_s, loss, wait_s)
    odds = loss / (1 - loss)
    return Moments(delay_s + wait_s * odds, wait_s**2 * loss / (1 - loss) ** 2)


def push_cdf(exposure_s: float, delay_s: float, loss: float, wait_s: float) -> float:
    """F1: probability that the exposure is at most `exposure_s`."""
    _need_push(delay_s, loss, wait_s)
    if exposure_s < delay_s:
        return 0.0
    return 1 - loss ** (math.floor((exposure_s - delay_s) / wait_s) + 1)


def push_backoff_exposure(delay_s: float, loss: float, wait_s: float) -> Moments:
    """F2: as F1, but each wait is twice the one before.

    The mean is infinite from a loss of 1/2, the variance from 1/4.
    """
    _need_push(delay_s, loss, wait_s)
    if loss >= 0.5:
        return Moments(math.inf, math.inf)
    growth = (1 - loss) / (1 - 2 * loss)  # the mean of 2 to the number of losses
    mean = delay_s + wait_s * loss / (1 - 2 * loss)
    if loss >= 0.25:
        return Moments(mean, math.inf)
    return Moments(mean, wait_s**2 * ((1 - loss) / (1 - 4 * loss) - growth * growth))


def push_or_expiry_exposure_mean_s(delay_mean_s: float, loss: float, lifetime_s: float) -> float:
    """F3: one attempt with an exponential delay; a token renewed at expiry ends it otherwise."""
    _need_positive(delay_mean_s=delay_mean_s, lifetime_s=lifetime_s)
    _need_share(loss)
    y = lifetime_s / delay_mean_s
    arrives_s = lifetime_s * _exp_remainder(-y, 2) / (y * y)
    return (1 - loss) * arrives_s + 0.5 * loss * lifetime_s


def limited_push_exposure_mean_s(
    delay_s: float, loss: float, wait_s: float, attempts: int, lifetime_s: float
) -> float:
    """F6: at most `attempts`, evenly spaced; a token renewed at expiry ends it otherwise."""
    _need_push(delay_s, loss, wait_s)
    _need_positive(lifetime_s=lifetime_s)
    _need(attempts >= 0, "attempts", "at least 0", attempts)

    def sooner_s(arrival_s: float) -> float:
        y = min(arrival_s, lifetime_s)
        return y - y * y / (2 * lifetime_s)

    pushed = ((1 - loss) * loss**j * sooner_s(delay_s + j * wait_s) for j in range(attempts))
    return math.fsum(pushed) + loss**attempts * 0.5 * lifetime_s


def held_push_exposure_mean_s(
    up_mean_s: float, outage_mean_s: float, outage_second_s2: float
) -> float:
    """F7: the receiver is down in an alternating renewal process; events wait until it is up."""
    _need_positive(up_mean_s=up_mean_s, outage_mean_s=outage_mean_s)
    enough = outage_second_s2 >= outage_mean_s**2 * (1 - 1e-12)
    _need(enough, "outage_second_s2", "at least outage_mean_s squared", outage_second_s2)
    return outage_second_s2 / (2 * (up_mean_s + outage_mean_s))


# --- R: lists -------------------------------------------------------------------------------------


def denylist_entries(revocations_per_s: float, lifetime_s: float) -> Moments:
    """R1: entries of a denylist (Poisson) that are dropped when the token expires anyway."""
    entries = 0.5 * _load(revocations_per_s, lifetime_s)
    return Moments(entries, entries)


# --- Q: stations ----------------------------------------------------------------------------------


def mm1_response(rate_per_s: float, service_per_s: float) -> Moments:
    """Q1: response in s of an M/M/1 station: exponential (Kleinrock 1975, Queueing Systems I)."""
    _need_stable(rate_per_s, service_per_s)
    mean = 1 / (service_per_s - rate_per_s)
    return Moments(mean, mean * mean)


def mm1_wait_mean_s(rate_per_s: float, service_per_s: float) -> float:
    """Q1: mean time in the queue of an M/M/1 station."""
    return rate_per_s / service_per_s * mm1_response(rate_per_s, service_per_s).mean


def mm1_response_quantile_s(rate_per_s: float, service_per_s: float, share: float) -> float:
    """Q1: response that the share `share` of requests stay below at an M/M/1 station."""
    _need_share(share)
    return -math.log1p(-share) * mm1_response(rate_per_s, service_per_s).mean


def erlang_b(servers: int, offered: float) -> float:
    """Q2: share lost by `servers` servers without a queue, offered so many servers' work."""
    _need(servers >= 1, "servers", "at least 1", servers)
    _need_positive(offered=offered)
    blocked = 1.0
    for k in range(1, servers + 1):
        blocked = offered * blocked / (k + offered * blocked)
    return blocked


def erlang_c(servers: int, offered: float) -> float:
    """Q2: share that must wait at an M/M/c station; `offered` is below `servers`."""
    _need(offered < servers, "offered", "below servers", offered)
    blocked = erlang_b(servers, offered)
    return blocked / (1 - offered / servers * (1 - blocked))


def mmc_wait_mean_s(rate_per_s: float, service_per_s: float, servers: int) -> float:
    """Q2: mean time in the queue of an M/M/c station."""
    _need_stable(rate_per_s, servers * service_per_s)
    waits = erlang_c(servers, rate_per_s / service_per_s)
    return waits / (servers * service_per_s - rate_per_s)


def mmc_wait_exceeds_share(
    wait_s: float, rate_per_s: float, service_per_s: float, servers: int
) -> float:
    """Q2: probability that a request waits longer than `wait_s` at an M/M/c station."""
    _need(wait_s >= 0, "wait_s", "at least 0", wait_s)
    _need_stable(rate_per_s, servers * service_per_s)
    waits = erlang_c(servers, rate_per_s / service_per_s)
    return waits * math.exp(-(servers * service_per_s - rate_per_s) * wait_s)


def mg1_wait_mean_s(rate_per_s: float, service_mean_s: float, service_second_s2: float) -> float:
    """Q3: mean time in the queue of an M/G/1 station (Pollaczek and Khinchine)."""
    _need_positive(service_mean_s=service_mean_s)
    _need_stable(rate_per_s, 1 / service_mean_s)
    enough = service_second_s2 >= service_mean_s**2 * (1 - 1e-12)
    _need(enough, "service_second_s2", "at least service_mean_s squared", service_second_s2)
    return rate_per_s * service_second_s2 / (2 * (1 - rate_per_s * service_mean_s))


def mm1k_blocked_share(rate_per_s: float, service_per_s: float, places: int) -> float:
    """Q4: share refused by an M/M/1 station with room for `places`, the served one included."""
    _need_positive(rate_per_s=rate_per_s, service_per_s=service_per_s)
    _need(places >= 1, "places", "at least 1", places)
    ratio = rate_per_s / service_per_s
    # the geometric sum itself: it needs no special case at ratio 1
    return ratio**places / math.fsum(ratio**k for k in range(places + 1))


def closed_station(think_s: float, service_s: float, users: int) -> ClosedStation:
    """Q5: `users` who think (any law) and then ask one server with exponential service.

    Mean value analysis (Reiser and Lavenberg 1980, J. ACM 27(2)).
    """
    _need_positive(service_s=service_s)
    _need(think_s >= 0, "think_s", "at least 0", think_s)
    _need(users >= 1, "users", "at least 1", users)
    response_s, throughput_per_s, queue = service_s, 0.0, 0.0
    for k in range(1, users + 1):
        response_s = service_s * (1 + queue)
        throughput_per_s = k / (response_s + think_s)
        queue = throughput_per_s * response_s
    return ClosedStation(response_s, throughput_per_s)


def closed_throughput_bound_per_s(think_s: float, service_s: float, users: int) -> float:
    """Q5: what the throughput cannot exceed: nobody waits, or the server never rests."""
    closed_station(think_s, service_s, 1)
    _need(users >= 1, "users", "at least 1", users)
    return min(users / (think_s + service_s), 1 / service_s)


# --- Shared steps ---------------------------------------------------------------------------------


def _poisson_over(rate_per_s: float, exposure: Moments) -> Moments:
    """Events of a Poisson stream within a random time that is independent of it."""
    _need_positive(rate_per_s=rate_per_s)
    mean = rate_per_s * exposure.mean
    return Moments(mean, mean + rate_per_s**2 * exposure.variance)


def _mean_survival(x: float) -> float:
    """The mean of exp(-x U), U uniform on (0, 1)."""
    return -math.expm1(-x) / x


def _exp_remainder(y: float, order: int) -> float:
    """exp(y) without the first `order` terms of its series, without cancellation near 0."""
    if abs(y) > 1:
        return math.exp(y) - math.fsum(y**k / math.factorial(k) for k in range(order))
    return math.fsum(y**k / math.factorial(k) for k in range(order, order + 20))


def _within_1(share: float) -> float:
    return min(max(share, 0.0), 1.0)


def _load(rate_per_s: float, time_s: float) -> float:
    """Mean number of events within a time."""
    return _positive("rate_per_s", rate_per_s) * _positive("time_s", time_s)


def _positive(name: str, value: float) -> float:
    _need(0 < value < math.inf, name, "above 0 and finite", value)
    return value


def _need_positive(**values: float) -> None:
    for name, value in values.items():
        _positive(name, value)


def _need_share(share: float) -> None:
    _need(0 <= share < 1, "share", "at least 0 and below 1", share)


def _need_uniform(low_s: float, high_s: float) -> None:
    _need(0 <= low_s <= high_s, "low_s", "from 0 to high_s", low_s)
    _need_positive(high_s=high_s)


def _need_push(delay_s: float, loss: float, wait_s: float) -> None:
    _need(0 <= delay_s < math.inf, "delay_s", "at least 0 and finite", delay_s)
    _need_share(loss)
    _need_positive(wait_s=wait_s)


def _need_stable(rate_per_s: float, served_per_s: float) -> None:
    _need_positive(rate_per_s=rate_per_s, served_per_s=served_per_s)
    _need(rate_per_s < served_per_s, "rate_per_s", f"below {served_per_s:g}", rate_per_s)


def _need(fine: bool, name: str, expected: str, value: float) -> None:
    if not fine:
        raise ValueError(f"expected {name} {expected}; found {value:g}")

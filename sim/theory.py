"""Closed forms that the simulation must reproduce where their assumptions hold, and bounds by settings.

Common to all: a person sends requests in a Poisson stream and keeps sending after the revocation,
which falls at a random instant (independent of tokens and requests); messages take no time unless a
parameter says so. *Exposure* runs from the revocation to the last instant at which a request could
be accepted. Forms without a published source are derived from these assumptions. Every function
raises ValueError for arguments outside its range.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise


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


@dataclass(frozen=True)
class Messages:
    """What a cache and its server exchange: small control messages, and transfers of the document."""

    control: int
    transfers: int


# --- Bounds: the longest exposure that settings allow ---------------------------------------------


def token_bound_s(lifetime_s: float, leeway_s: float = 0.0, absolute_s: float = math.inf) -> float:
    """A token that nobody renews after the revocation: its longest lifetime, capped, and the leeway."""
    return min(lifetime_s, absolute_s) + leeway_s


def refreshed_bound_s(
    refreshable_s: float, lifetime_s: float, leeway_s: float = 0.0, absolute_s: float = math.inf
) -> float:
    """A token renewed for `refreshable_s` after the revocation by someone who does not know of it."""
    return token_bound_s(refreshable_s + lifetime_s, leeway_s, absolute_s)


def cached_check_bound_s(allow_for_s: float, timeout_s: float, fails_open: bool = False) -> float:
    """The host is asked; a yes is kept for `allow_for_s`; without an answer the request passes or not."""
    return math.inf if fails_open else allow_for_s + timeout_s


def stale_check_bound_s(allow_for_s: float, timeout_s: float, stale_for_s: float) -> float:
    """The same where the last answer serves a failure for `stale_for_s`; a timeout for it, one for the question that fails."""
    return max(allow_for_s, stale_for_s) + 2 * timeout_s


def gates_bound_s(*gates_s: float) -> float:
    """A request must pass all gates, so the first to close ends it; infinite without a gate."""
    return min(gates_s, default=math.inf)


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


def early_refresh_renewals_per_s(lifetime_s: float, refresh_at: float) -> float:
    """A2: renewals of one session per second; those who refresh earlier ask more often."""
    early_refresh_exposure(lifetime_s, refresh_at)
    return 1 / (refresh_at * lifetime_s)


def early_refresh_quantile_s(share: float, lifetime_s: float, refresh_at: float = 1.0) -> float:
    """A1, A2: the exposure that the share `share` of cases stays below."""
    _need_share(share)
    early_refresh_exposure(lifetime_s, refresh_at)
    return lifetime_s * (1 - refresh_at * (1 - share))


def random_refresh_exposure_mean_s(
    lifetime_s: float, interval_mean_s: float, interval_second_s2: float
) -> float:
    """A: mean exposure where tokens of a fixed lifetime are renewed after random intervals below it.

    The age of the newest token at a random instant has the equilibrium law of the intervals.
    """
    _need_positive(lifetime_s=lifetime_s, interval_mean_s=interval_mean_s)
    _need(interval_mean_s <= lifetime_s, "interval_mean_s", "at most lifetime_s", interval_mean_s)
    enough = interval_second_s2 >= interval_mean_s**2 * (1 - 1e-12)
    _need(enough, "interval_second_s2", "at least interval_mean_s squared", interval_second_s2)
    return lifetime_s - interval_second_s2 / (2 * interval_mean_s)


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


def on_demand_hit_share(renewals_per_lifetime: float) -> float:
    """B5: hit ratio for any independent gaps between requests.

    `renewals_per_lifetime` is their renewal function at the lifetime: the mean number of requests
    within a lifetime that starts with one (Jung, Berger and Balakrishnan, INFOCOM 2003).
    """
    _need(renewals_per_lifetime >= 0, "renewals_per_lifetime", "at least 0", renewals_per_lifetime)
    return renewals_per_lifetime / (1 + renewals_per_lifetime)


def on_demand_erlang2_hit_share(gap_mean_s: float, lifetime_s: float) -> float:
    """B6: hit ratio where gaps between requests are Erlang of two stages, not exponential."""
    y = 4 * _load(1 / _positive("gap_mean_s", gap_mean_s), lifetime_s)
    return on_demand_hit_share(0.25 * (y + math.expm1(-y)))


def on_demand_lost_input_share(rate_per_s: float, lifetime_s: float) -> float:
    """B7: share of the time spent before requests that find the lifetime over, where only they begin the next.

    One a cycle of the lifetime and a pause 1 / rate. The gap that covers the end of the lifetime is what was left of it
    since the request before, mean (1 - e^-x) / rate, and the pause.
    """
    x = _load(rate_per_s, lifetime_s)
    return (2 - math.exp(-x)) / (1 + x)


def on_demand_exposure_after_request_mean_s(rate_per_s: float, lifetime_s: float) -> float:
    """B: mean exposure where the revocation falls on a request, as a logout does.

    The request found a live token of uniform age (share x / (1 + x)) or fetched a new one, so the
    exposure is longer than at a random instant (`on_demand_exposure`).
    """
    hit = on_demand_live_share(rate_per_s, lifetime_s)
    return (1 - hit) * lifetime_s + hit * 0.5 * lifetime_s


def on_demand_quantile_s(share: float, rate_per_s: float, lifetime_s: float) -> float:
    """B2: the exposure that the share `share` of cases stays below."""
    _need_share(share)
    live = on_demand_live_share(rate_per_s, lifetime_s)
    return max(0.0, 1 - (1 - share) / live) * lifetime_s


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


def sliding_none_share(rate_per_s: float, idle_s: float) -> float:
    """C3: probability that no unauthorised request is accepted.

    The gap between requests that covers a random instant has two exponential stages and exceeds `idle_s`.
    """
    x = _load(rate_per_s, idle_s)
    return math.exp(-x) * (1 + x)


def capped_session_alive_share(age_s: float, rate_per_s: float, idle_s: float) -> float:
    """C6: probability that what use extends is alive so long after a click that began it, no cap reached.

    It ends `idle_s` after the first click that no other follows within `idle_s`. By the renewal equation of that time, a sum
    of powers that alternate in sign: good to 1e-7 where `rate e^-x age` (x = rate idle) is at most 20.
    """
    none = math.exp(-_load(rate_per_s, idle_s))

    def term(j: int, since_s: float) -> float:
        u = rate_per_s * none * since_s
        if u <= 0:
            return float(u == 0 and j == 0)
        return math.copysign(math.exp(j * math.log(u) - math.lgamma(j + 1)), 0.5 - j % 2)

    _need(age_s >= 0, "age_s", "at least 0", age_s)
    return math.fsum(
        term(j, age_s - j * idle_s) - none * term(j, age_s - (j + 1) * idle_s)
        for j in range(math.floor(age_s / idle_s) + 1)
    )


def capped_session_exposure_mean_s(rate_per_s: float, idle_s: float, absolute_s: float) -> float:
    """C6: mean exposure of a session that use extends and that ends `absolute_s` after its page load at the latest.

    A click without one loads a page and begins the next. Of cycles (a session, then a pause until the next click) the
    revocation meets one at random, at a random age. Towards C3 as the cap grows.
    """
    weighed = _over_ages(lambda age_s: age_s, rate_per_s, idle_s, absolute_s)
    return weighed / (1 / rate_per_s + capped_session_mean_s(rate_per_s, idle_s, absolute_s))


def capped_session_mean_s(rate_per_s: float, idle_s: float, absolute_s: float) -> float:
    """C6: mean length of such a session, idle end included."""
    return _over_ages(lambda age_s: 1.0, rate_per_s, idle_s, absolute_s)


def capped_session_characteristic(
    omega: float, rate_per_s: float, idle_s: float, absolute_s: float
) -> complex:
    """C6: the characteristic function of that length, by parts."""
    waves = (math.cos, math.sin)
    real, other = (
        _over_ages(lambda age_s, wave=wave: wave(omega * age_s), rate_per_s, idle_s, absolute_s)  # type: ignore[misc]
        for wave in waves
    )
    return 1 + 1j * omega * complex(real, other)


def capped_session_live_share(rate_per_s: float, idle_s: float, absolute_s: float) -> float:
    """C6: probability that such a session is alive at a random instant."""
    lives_s = capped_session_mean_s(rate_per_s, idle_s, absolute_s)
    return lives_s / (1 / rate_per_s + lives_s)


def _over_ages(
    weight: Callable[[float], float], rate_per_s: float, idle_s: float, absolute_s: float
) -> float:
    """The integral of a weight over the ages at which a session is alive, up to where fewer than 1e-8 are left.

    Between two multiples of `idle_s` what is integrated is smooth: Gauss and Legendre's nodes.
    """
    from numpy.polynomial.legendre import leggauss

    _need_positive(absolute_s=absolute_s)
    left_s = 20.0 * math.exp(_load(rate_per_s, idle_s)) / rate_per_s
    until_s = min(absolute_s, idle_s + left_s)

    def weighed(age_s: float) -> float:
        return weight(age_s) * capped_session_alive_share(age_s, rate_per_s, idle_s)

    nodes = [(float(node), float(share)) for node, share in zip(*leggauss(24), strict=True)]
    edges = [k * idle_s for k in range(math.floor(until_s / idle_s) + 1)]
    return math.fsum(
        0.5 * (high - low) * share * weighed(low + 0.5 * (high - low) * (1 + node))
        for low, high in pairwise([*edges, until_s])
        for node, share in nodes
    )


# --- C4, C5: answers as real caches keep them -----------------------------------------------------


def whole_second_cache_exposure_mean_s(kept_s: float, gap_s: float) -> float:
    """C4: a yes of second s is kept to the end of second s + `kept_s`, and clicks come each `gap_s`, a part of a second.

    All clicks fall at the same place f in [0, `gap_s`) after a gap's edge, so the host is asked each `kept_s` + 1 s and the
    kept yes ends f before the next question: the mean over f of (kept + 1 - f)^2 / (2 (kept + 1)). Towards (kept + 1) / 2
    as gaps become short.
    """
    _need_positive(kept_s=kept_s, gap_s=gap_s)
    asked_each_s = kept_s + 1.0
    return (asked_each_s**3 - (asked_each_s - gap_s) ** 3) / (6.0 * gap_s * asked_each_s)


def stale_exposure_mean_s(
    rate_per_s: float, kept_s: float, stale_for_s: float, refusal_replaces: bool
) -> float:
    """C5: past `kept_s` an old yes answers, up to `stale_for_s` after it came, while the host is asked beside it at once.

    Yeses are renewed `kept_s` and an exponential time apart. Where a no replaces the old yes, the first click past
    `kept_s` is the last; otherwise the old yes answers to its end.
    """
    x = _load(rate_per_s, stale_for_s - kept_s) if stale_for_s > kept_s else 0.0
    within, mean_s = stale_for_s - kept_s, 1.0 / rate_per_s
    cycle_s = kept_s + mean_s
    if not refusal_replaces:  # (S^2 - E (S - cycle)+^2) / 2 over a mean cycle
        left = within**2 - 2 * within * mean_s - 2 * mean_s**2 * math.expm1(-x)
        return (stale_for_s**2 - left) / (2 * cycle_s)
    next_click_s = -mean_s * math.expm1(-x)  # or the end, whichever comes first
    squared = 2 * mean_s**2 * (1 - math.exp(-x) * (1 + x))
    return (0.5 * kept_s**2 + kept_s * next_click_s + 0.5 * squared) / cycle_s


def last_answer_exposure_mean_s(rate_per_s: float, stale_for_s: float) -> float:
    """C7: the host goes down for long as access ends; the last answer serves for `stale_for_s` after it came, nothing else is kept.

    The last answer is an exponential time old by then, and the last click that it serves is an exponential time before its end.
    """
    x, mean_s = _load(rate_per_s, stale_for_s), 1.0 / rate_per_s
    return stale_for_s * (1 + math.exp(-x)) + 2 * mean_s * math.expm1(-x)


# --- D: two gates ---------------------------------------------------------------------------------


def token_and_cache_exposure_mean_s(rate_per_s: float, lifetime_s: float, cached_s: float) -> float:
    """D4: token renewed in the background, and a decision cached on demand for `cached_s`.

    The phases are independent and `cached_s` is at most `lifetime_s`.
    """
    live = on_demand_live_share(rate_per_s, cached_s)
    _need_positive(lifetime_s=lifetime_s)
    _need(cached_s <= lifetime_s, "cached_s", "at most lifetime_s", cached_s)
    return live * 0.5 * cached_s * (1 - cached_s / (3 * lifetime_s))


def many_caches_exposure_mean_s(rate_per_s: float, cached_s: float, caches: int) -> float:
    """D1: decisions cached on demand by each of `caches` nodes that share the requests evenly.

    Requests are accepted until the last of them has forgotten: the largest of independent windows.
    """
    live = _live_per_cache(rate_per_s, cached_s, caches)
    return cached_s * (1 + math.expm1((caches + 1) * math.log1p(-live)) / ((caches + 1) * live))


def many_caches_cdf(exposure_s: float, rate_per_s: float, cached_s: float, caches: int) -> float:
    """D1: probability that the exposure is at most `exposure_s`."""
    live = _live_per_cache(rate_per_s, cached_s, caches)
    return 0.0 if exposure_s < 0 else (1 - live + live * _within_1(exposure_s / cached_s)) ** caches


def many_caches_requests_mean(rate_per_s: float, cached_s: float, caches: int) -> float:
    """D1: mean number of unauthorised requests accepted by all nodes together."""
    return 0.5 * rate_per_s * _live_per_cache(rate_per_s, cached_s, caches) * cached_s


def stale_served_share(rate_per_s: float, lifetime_s: float, changes_per_s: float) -> float:
    """D2: share of requests answered by a copy fetched on demand that has changed since.

    Permissions change in a Poisson stream. The complement of the "hit* rate" of Bahat and Makowski
    (2005, Performance Evaluation); the form is derived.
    """
    y = _load(changes_per_s, lifetime_s)
    fresh_s = -math.expm1(-y) / changes_per_s
    return rate_per_s * (lifetime_s - fresh_s) / (1 + _load(rate_per_s, lifetime_s))


def synchronised_fresh_share(every_s: float, changes_per_s: float) -> float:
    """D3: share of time in which a copy refreshed every `every_s` is still true.

    Cho and Garcia-Molina, SIGMOD 2000 (form re-derived).
    """
    return _mean_survival(_load(changes_per_s, every_s))


def synchronised_age_mean_s(every_s: float, changes_per_s: float) -> float:
    """D3: mean age of a copy refreshed every `every_s`: time since its first unseen change, 0 if none."""
    r = _load(changes_per_s, every_s)
    return every_s * -_exp_remainder(-r, 3) / (r * r)


def quantised_exposure(quantum_s: float) -> Moments:
    """D5: exposure in s where a revision is fixed at the start of each quantum: uniform below it."""
    return fixed_lifetime_exposure(quantum_s)


def quantised_bound_s(quantum_s: float, staleness: float) -> float:
    """D5: the longest exposure; a revision may serve for a further share `staleness` of the quantum."""
    _need_positive(quantum_s=quantum_s)
    _need(staleness >= 0, "staleness", "at least 0", staleness)
    return quantum_s * (1 + staleness)


# --- E: each request is checked -------------------------------------------------------------------


def in_flight_requests(rate_per_s: float, effect_mean_s: float) -> Moments:
    """E1: requests already decided but not yet done at the revocation: Poisson, for any law of the time.

    The busy servers of an M/G/infinity station.
    """
    mean = _load(rate_per_s, effect_mean_s)
    return Moments(mean, mean)


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


def sweep_exposure_mean_s(every_s: float, delay_s: float = 0.0, loss: float = 0.0) -> float:
    """A sweep each `every_s` tells what is new since the last; what is lost goes to the next one."""
    _need(0 <= loss < 1, "loss", "at least 0 and below 1", loss)
    return every_s * (0.5 + loss / (1 - loss)) + delay_s


def push_beside_sweep_exposure_mean_s(delay_mean_s: float, every_s: float) -> float:
    """What comes first of an event after an exponential delay, and a sweep: E min(D, U), U uniform on (0, `every_s`)."""
    _need_positive(delay_mean_s=delay_mean_s, every_s=every_s)
    d = delay_mean_s
    return d - d**2 / every_s * -math.expm1(-every_s / d)


def attempts_until_disabled_mean(loss: float, after: int) -> float:
    """Attempts of a sender that stops after so many failed ones in a row: the wait for a run of failures."""
    _need(0 < loss < 1, "loss", "above 0 and below 1", loss)
    return (loss**-after - 1) / (1 - loss)


def fan_out_exposure(nodes: int, rate_per_s: float) -> Moments:
    """F4: the event goes to all nodes at once, exponential delays of this rate; the last one counts."""
    _need(nodes >= 1, "nodes", "at least 1", nodes)
    _need_positive(rate_per_s=rate_per_s)
    steps = [1 / (i * rate_per_s) for i in range(1, nodes + 1)]
    return Moments(math.fsum(steps), math.fsum(step * step for step in steps))


def fan_out_cdf(exposure_s: float, nodes: int, rate_per_s: float) -> float:
    """F4: probability that the last node knows within `exposure_s`."""
    fan_out_exposure(nodes, rate_per_s)
    return (-math.expm1(-rate_per_s * max(0.0, exposure_s))) ** nodes


def last_poll_mean_s(period_s: float, nodes: int) -> float:
    """F5: nodes poll at this period with independent phases: mean time until the last has polled."""
    _need_positive(period_s=period_s)
    _need(nodes >= 1, "nodes", "at least 1", nodes)
    return period_s * nodes / (nodes + 1)


def first_poll_mean_s(period_s: float, nodes: int) -> float:
    """F5: mean time until the first of the nodes has polled."""
    return period_s - last_poll_mean_s(period_s, nodes)


def all_attempts_lost_share(loss: float, attempts: int) -> float:
    """F6: probability that every attempt is lost."""
    _need_share(loss)
    _need(attempts >= 0, "attempts", "at least 0", attempts)
    return loss**attempts


# --- R: lists -------------------------------------------------------------------------------------


def denylist_entries(revocations_per_s: float, lifetime_s: float) -> Moments:
    """R1: entries of a denylist (Poisson) that are dropped when the token expires anyway."""
    entries = 0.5 * _load(revocations_per_s, lifetime_s)
    return Moments(entries, entries)


def pending_list_law(credentials: int, per_step: float, stay_steps: float) -> tuple[int, float]:
    """R2: a list of revoked credentials out of a finite population is binomial: (n, probability).

    Each step a credential is revoked with probability `per_step`; entries stay `stay_steps` on average.
    """
    _need(credentials >= 1, "credentials", "at least 1", credentials)
    _need(0 <= per_step <= 1, "per_step", "from 0 to 1", per_step)
    _need_positive(stay_steps=stay_steps)
    return credentials, per_step * stay_steps / (1 + per_step * stay_steps)


def pending_list_quantile(
    share: float, credentials: int, per_step: float, stay_steps: float
) -> int:
    """R2: the least number of entries that the list does not exceed with probability `share`."""
    from scipy.stats import binom

    _need_share(share)
    return int(binom.ppf(share, *pending_list_law(credentials, per_step, stay_steps)))


# --- G: leases and invalidation -------------------------------------------------------------------


@dataclass(frozen=True)
class Lease:
    """Gray and Cheriton's lease (SOSP 1989); formulas from students' notes of the paper.

    `clients` each read at `reads_per_s` and write at `writes_per_s`; a file is held by `shared` caches.
    A message takes `propagation_s` and `processing_s` at each end; clocks differ by at most `clocks_s`.
    No queueing, no loss; terms are extended on demand. A client is an app's node, a file a person's
    entitlement, a write a permission that changes.
    """

    clients: int
    reads_per_s: float
    writes_per_s: float
    shared: int = 1
    propagation_s: float = 0.0005
    processing_s: float = 0.0005
    clocks_s: float = 0.1

    def term_s(self, server_term_s: float) -> float:
        """The part of the term that a client can use."""
        _need(server_term_s >= 0, "server_term_s", "at least 0", server_term_s)
        way_s = self.propagation_s + 2 * self.processing_s
        return max(0.0, server_term_s - way_s - self.clocks_s)

    def messages_per_s(self, server_term_s: float) -> float:
        """Messages per second that the server handles for consistency: extensions and approvals."""
        extended = 1 + self.reads_per_s * self.term_s(server_term_s)
        load = 2 * self.clients * self.reads_per_s / extended
        if server_term_s > 0 and self.shared > 1:
            load += self.clients * self.shared * self.writes_per_s
        return load

    def approval_s(self) -> float:
        """What a write waits for the other holders' approval (multicast; none if nobody shares)."""
        if self.shared == 1:
            return 0.0
        return 2 * self.propagation_s + (self.shared + 2) * self.processing_s

    def added_delay_s(self, server_term_s: float) -> float:
        """Mean delay that consistency adds to an operation."""
        extended = 1 + self.reads_per_s * self.term_s(server_term_s)
        ask_s = 2 * self.reads_per_s * (self.propagation_s + 2 * self.processing_s) / extended
        approve_s = self.writes_per_s * self.approval_s() if server_term_s > 0 else 0.0
        return (ask_s + approve_s) / (self.reads_per_s + self.writes_per_s)

    @property
    def benefit(self) -> float:
        """The benefit factor: a lease lowers the load only where it exceeds 1."""
        return 2 * self.reads_per_s / (self.shared * self.writes_per_s)

    @property
    def break_even_s(self) -> float:
        """The client's term above which a lease lowers the load; infinite where none does."""
        if self.benefit <= 1:
            return math.inf
        return 1 / (self.reads_per_s * (self.benefit - 1))


def volume_renewals_per_s(reads_per_s: Sequence[float], volume_term_s: float) -> float:
    """G: renewals of a volume lease that all objects of a volume share (Yin et al. 1999; from B5)."""
    return on_demand_renewals_per_s(math.fsum(reads_per_s), volume_term_s)


def volume_write_wait_bound_s(object_term_s: float, volume_term_s: float) -> float:
    """G: the longest wait of a write for a client that does not answer (Yin et al. 1999)."""
    _need_positive(object_term_s=object_term_s, volume_term_s=volume_term_s)
    return min(object_term_s, volume_term_s)


def polling_messages(stream: str) -> Messages:
    """CL: a stream of requests (r) and modifications (m) where every request asks (Cao and Liu 1998)."""
    requests, runs = _runs(stream)
    return Messages(2 * requests - runs, runs)


def invalidation_messages(stream: str) -> Messages:
    """CL: the same stream where the server tells of the first modification after a request.

    As published; where the stream ends with a request, one invalidation less is sent in fact.
    """
    _, runs = _runs(stream)
    return Messages(2 * runs, runs)


def _runs(stream: str) -> tuple[int, int]:
    """Requests, and maximal runs of requests between modifications."""
    letters = stream.replace(" ", "")
    _need(set(letters) <= {"r", "m"}, "stream", "of the letters r and m", math.nan)
    return letters.count("r"), sum(bool(run) for run in letters.split("m"))


# --- S: how stale a copy is -----------------------------------------------------------------------


def within_versions_share(versions: int, replicas: int, read: int, written: int) -> float:
    """PBS: probability that a quorum read is at most `versions` - 1 versions old (Bailis et al., VLDB 2012)."""
    _need(1 <= read <= replicas, "read", "from 1 to replicas", read)
    _need(1 <= written <= replicas, "written", "from 1 to replicas", written)
    _need(versions >= 1, "versions", "at least 1", versions)
    missed = math.comb(replicas - written, read) / math.comb(replicas, read)
    return 1 - missed**versions


def mm1_age_mean_s(rate_per_s: float, service_per_s: float) -> float:
    """AoI: mean age of what a monitor knows, updates through an M/M/1 queue (Kaul et al., INFOCOM 2012)."""
    _need_stable(rate_per_s, service_per_s)
    rho = rate_per_s / service_per_s
    return (1 + 1 / rho + rho * rho / (1 - rho)) / service_per_s


def snapshot_age_mean_s(every_s: float, latency_s: float) -> float:
    """AoI: mean age of a snapshot taken every `every_s` and seen after `latency_s`."""
    _need_positive(every_s=every_s)
    _need(latency_s >= 0, "latency_s", "at least 0", latency_s)
    return 0.5 * every_s + latency_s


# --- N: certificate revocation lists --------------------------------------------------------------


def list_requests_per_s(
    time_s: float, parties: int, per_party_s: float, segments: int = 1, stagger_s: float = 0.0
) -> float:
    """N: requests for a list of which everybody's copy expires at once (Cooper, ACSAC 1999).

    `parties` validate in Poisson streams of `per_party_s` and fetch at the first validation after a
    segment's issue; segment i is issued i `stagger_s` after the first. Rate at `time_s` after the issue
    of the newest, each segment being asked for evenly.
    """
    _need(time_s >= 0, "time_s", "at least 0", time_s)
    _need(parties >= 1, "parties", "at least 1", parties)
    _need(segments >= 1, "segments", "at least 1", segments)
    each = _positive("per_party_s", per_party_s) / segments
    ages = (time_s + i * stagger_s for i in range(segments))
    return parties * each * math.fsum(math.exp(-each * age) for age in ages)


def over_issued_peak_per_s(
    parties: int, per_party_s: float, lifetime_s: float, lists: int
) -> float:
    """N1: peak of requests where `lists` lists are valid at once, issued evenly within a lifetime.

    The oracle for staggered against synchronised expiry. Derived; agrees with Cooper's.
    """
    _need(parties >= 1, "parties", "at least 1", parties)
    _need(lists >= 1, "lists", "at least 1", lists)
    seen = -math.expm1(-_load(per_party_s, lifetime_s) / lists)
    return parties * per_party_s / (1 + (lists - 1) * seen)


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


def mm1_response_exceeds_share(response_s: float, rate_per_s: float, service_per_s: float) -> float:
    """Q1: probability that a response takes longer than `response_s` at an M/M/1 station."""
    _need(response_s >= 0, "response_s", "at least 0", response_s)
    return math.exp(-response_s / mm1_response(rate_per_s, service_per_s).mean)


def mm1_first_waits_mean_s(rate_per_s: float, service_per_s: float, customers: int) -> float:
    """Mean wait of the first customers of an M/M/1 station that starts empty.

    Exact, by the law of the number that an arrival finds: before the next, k of n + 1 are served.
    """
    _need_positive(rate_per_s=rate_per_s, service_per_s=service_per_s)
    _need(customers >= 1, "customers", "at least 1", customers)
    arrives = rate_per_s / (rate_per_s + service_per_s)
    found, total_s = [1.0], 0.0
    for _ in range(customers):
        total_s += math.fsum(n * p for n, p in enumerate(found)) / service_per_s
        found = _next_found(found, arrives)
    return total_s / customers


def _next_found(found: list[float], arrives: float) -> list[float]:
    """From what one arrival finds to what the next one finds."""
    after = [0.0, *found]  # the arrival itself is present
    reached = 0.0  # probability of passing through n on the way down
    result = [0.0] * len(after)
    for n in range(len(after) - 1, 0, -1):
        reached += after[n]
        result[n] = reached * arrives
        reached *= 1 - arrives
    result[0] = reached
    return result


def queue_reaches_before_empty_share(level: int, rate_per_s: float, service_per_s: float) -> float:
    """Probability that an M/M/1 queue of one reaches `level` before it empties (the gambler's ruin)."""
    _need_positive(rate_per_s=rate_per_s, service_per_s=service_per_s)
    _need(level >= 1, "level", "at least 1", level)
    ratio = service_per_s / rate_per_s
    return 1 / math.fsum(ratio**k for k in range(level))


def mm1_wait_average_variance_s2(rate_per_s: float, service_per_s: float) -> float:
    """Asymptotic variance of the mean wait over n customers, times n (Whitt 1989, Management Science)."""
    _need_stable(rate_per_s, service_per_s)
    r = rate_per_s / service_per_s
    return r * (2 + 5 * r - 4 * r**2 + r**3) / (1 - r) ** 4 / service_per_s**2


def erlang_b(servers: int, offered: float) -> float:
    """Q2: share lost by `servers` servers without a queue, offered so many servers' work."""
    _need(servers >= 1, "servers", "at least 1", servers)
    _need_positive(offered=offered)
    blocked = 1.0
    for k in range(1, servers + 1):
        blocked = offered * blocked / (k + offered * blocked)
    return blocked


def log_refused_share(
    rate_per_s: float, most: int, span_s: float, counts_refused: bool = False
) -> float:
    """Share of Poisson calls that a log of `most` in the last `span_s` turns away.

    An admitted call takes one of `most` places for `span_s`: Erlang's loss formula, which asks for the mean only. Where refused
    calls count as well, a call is turned away that comes after `most` others in `span_s`.
    """
    _need(most >= 1, "most", "at least 1", most)
    _need_positive(rate_per_s=rate_per_s, span_s=span_s)
    offered = rate_per_s * span_s
    return 1 - _poisson_cdf(most - 1, offered) if counts_refused else erlang_b(most, offered)


def fixed_window_refused_share(rate_per_s: float, most: int, span_s: float) -> float:
    """Share of Poisson calls that windows turn away which the first call after the last one opens.

    Of the 1 + N calls of a window, N of a Poisson law, `most` pass.
    """
    _need(most >= 1, "most", "at least 1", most)
    _need_positive(rate_per_s=rate_per_s, span_s=span_s)
    offered = rate_per_s * span_s
    passed = 1 + sum(1 - _poisson_cdf(n, offered) for n in range(most - 1))
    return 1 - passed / (1 + offered)


def _poisson_cdf(most: int, mean: float) -> float:
    return math.fsum(
        math.exp(n * math.log(mean) - mean - math.lgamma(n + 1)) for n in range(most + 1)
    )


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


def interactive_response_s(users: int, throughput_per_s: float, think_s: float) -> float:
    """Q5: the interactive response law (Denning and Buzen 1978): users = throughput (response + think)."""
    _need_positive(throughput_per_s=throughput_per_s)
    return users / throughput_per_s - think_s


def two_stations_response_s(
    rate_per_s: float, first_per_s: float, second_per_s: float, onward: float
) -> float:
    """Q6: mean response of M/M/1 stations in series, the second visited by the share `onward` (Jackson)."""
    _need(0 <= onward <= 1, "onward", "from 0 to 1", onward)
    first_s = mm1_response(rate_per_s, first_per_s).mean
    if onward == 0:
        return first_s
    return first_s + onward * mm1_response(onward * rate_per_s, second_per_s).mean


def renewal_station_response_s(
    clients: int, rate_per_s: float, lifetime_s: float, service_per_s: float
) -> float:
    """Q7: response of an authority to clients that renew on demand, taken as M/M/1.

    An approximation: the merged stream of many clients is nearly Poisson (about 1 % at 500 clients).
    """
    _need(clients >= 1, "clients", "at least 1", clients)
    arrivals = clients * on_demand_renewals_per_s(rate_per_s, lifetime_s)
    return mm1_response(arrivals, service_per_s).mean


def priority_waits_mean_s(
    urgent_per_s: float, other_per_s: float, service_per_s: float
) -> tuple[float, float]:
    """Q8: mean waits of urgent and other requests at one exponential server, not preempted (Cobham 1954)."""
    _need_positive(urgent_per_s=urgent_per_s, other_per_s=other_per_s)
    _need_stable(urgent_per_s + other_per_s, service_per_s)
    all_s = (urgent_per_s + other_per_s) / service_per_s**2
    urgent_share = 1 - urgent_per_s / service_per_s
    free_share = 1 - (urgent_per_s + other_per_s) / service_per_s
    return all_s / urgent_share, all_s / (urgent_share * free_share)


def herd_response_mean_s(clients: int, service_s: float) -> float:
    """H1: mean response of clients that all ask one server of fixed service at the same instant."""
    return 0.5 * (clients + 1) * herd_response_last_s(clients, service_s) / clients


def herd_response_last_s(clients: int, service_s: float) -> float:
    """H1: response of the last of them."""
    _need_positive(service_s=service_s)
    _need(clients >= 1, "clients", "at least 1", clients)
    return clients * service_s


# --- Shared steps ---------------------------------------------------------------------------------


def _poisson_over(rate_per_s: float, exposure: Moments) -> Moments:
    """Events of a Poisson stream within a random time that is independent of it."""
    _need_positive(rate_per_s=rate_per_s)
    mean = rate_per_s * exposure.mean
    return Moments(mean, mean + rate_per_s**2 * exposure.variance)


def _live_per_cache(rate_per_s: float, cached_s: float, caches: int) -> float:
    _need(caches >= 1, "caches", "at least 1", caches)
    return on_demand_live_share(_positive("rate_per_s", rate_per_s) / caches, cached_s)


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

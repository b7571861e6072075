"""Where a scenario meets the assumptions of a closed form exactly, and what the form says there.

Strict on purpose: a value beside an estimate must be the truth that the interval may be held against. Everybody
keeps one page from before the first case to the end, nothing takes time except what a form names, the revocation
falls at a random phase (bias of the phase below `PHASE_BIAS`), and no case outlives the run.
"""

import cmath
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from sim import theory
from sim.basics.distributions import Constant, Exponential, Law, Uniform
from sim.basics.statistics import QUANTILES
from sim.model.causes import CAUSES, Cause
from sim.model.mechanisms import PUSH, Allowlist, Check, Clock, Push, Token
from sim.model.strategies import Strategy
from sim.results.metrics import Figure
from sim.scenario import Scenario

PHASE_BIAS = (
    1e-3  # largest harmonic left of the phase: the mean exposure is then off by less than 0.1 %
)
SURE = 1 - 1e-9

Key = tuple[str | None, str | None, str, str]  # cause, of, metric, statistic


@dataclass(frozen=True)
class Expected:
    """What a form says of a figure; `form` is its name in `sim.theory`."""

    form: str
    value: float


def with_theory(scenario: Scenario, strategy: Strategy, figures: Sequence[Figure]) -> list[Figure]:
    """The figures of a strategy, each with the value of the form that holds for it, if one does.

    Where cases of a cause outlived the run nothing is put beside its figures.
    """
    known = expected(scenario, strategy)
    if not known:
        return list(figures)
    cut = {
        f.cause for f in figures if (f.metric, f.statistic) == ("censored", "count") and f.estimate
    }
    return [_beside(figure, known) if figure.cause not in cut else figure for figure in figures]


def _beside(figure: Figure, known: dict[Key, Expected]) -> Figure:
    # in these worlds everybody has a page open
    statistic = figure.statistic.removesuffix("_if_open")
    found = known.get((figure.cause, figure.of, figure.metric, statistic))
    return figure if found is None else replace(figure, theory=found.value)


def expected(scenario: Scenario, strategy: Strategy) -> dict[Key, Expected]:
    """Every figure of this strategy that a closed form gives in this scenario; often none."""
    if type(strategy) is not Strategy or not _endless_pages(scenario):
        return {}
    if strategy.token is not None and strategy.token.uses is not None:
        return {}
    world = _World(scenario, strategy)
    if not _no_latency(scenario):
        return dict(_closed_station(world))
    found: dict[Key, Expected] = dict(_denylist(world))
    for cause in (Cause.DEACTIVATION, Cause.PERMISSION_LOSS, Cause.LOGOUT):
        if scenario.cases.share_of(CAUSES[cause]) > 0:
            found |= dict(_exposures(world, cause))
    return found


@dataclass(frozen=True)
class _World:
    """A scenario of endless pages and a strategy, with the times that the predicates ask for."""

    scenario: Scenario
    strategy: Strategy

    @property
    def opened_s(self) -> float:
        """Everybody has a page by now."""
        organisation = self.scenario.organisation
        return organisation.shift.start_s + organisation.visits.quantile(SURE)

    @property
    def cases_s(self) -> tuple[float, float]:
        """When cases happen."""
        cases = self.scenario.cases
        return cases.from_s, min(cases.until_s, self.scenario.run.horizon_s)

    @property
    def rate_per_s(self) -> float | None:
        """The rate of a person's clicks, if they are a Poisson stream."""
        think = self.scenario.workload.think
        return 1 / think.mean if isinstance(think, Exponential) and think.max is None else None

    @property
    def met_nodes(self) -> int:
        """How many nodes a person's requests meet, where he has one device."""
        app = self.scenario.app
        return 1 if app.routing == "sticky" else app.nodes

    def ends_in_time(self, longest_s: float) -> bool:
        """Whether the run goes on for `longest_s` after the last case."""
        return self.cases_s[1] + longest_s <= self.scenario.run.end_s * (1 + 1e-12)

    def at_random_phase(self, cycle: Law, more_s: float = 0.0) -> bool:
        """Whether revocations meet a cycle (a draw of the law and an exponential pause) at a random phase."""
        return self._at_random_phase(
            cycle.expectation(), more_s, lambda omega: _characteristic(cycle, omega)
        )

    def meets_sessions_at_random(self, rate: float, idle_s: float, cap_s: float) -> bool:
        """The same where the cycle is a session that use prolongs, up to its cap."""
        lives_s = theory.capped_session_mean_s(rate, idle_s, cap_s)
        return self._at_random_phase(
            lives_s,
            1 / rate,
            lambda omega: theory.capped_session_characteristic(omega, rate, idle_s, cap_s),
        )

    def _at_random_phase(
        self, lasts_s: float, more_s: float, characteristic: Callable[[float], complex]
    ) -> bool:
        from_s, until_s = self.cases_s
        period_s = lasts_s + more_s
        cycles = max(0, math.floor(0.9 * (from_s - self.opened_s) / period_s))
        for harmonic in (1, 2, 3):
            omega = 2 * math.pi * harmonic / period_s
            left = abs(characteristic(omega)) / math.hypot(1.0, omega * more_s)
            start = abs(_characteristic(self.scenario.organisation.visits, omega))
            spread = abs(_sinc(omega * (until_s - from_s) / 2))
            if start * spread * left**cycles > PHASE_BIAS:
                return False
        return True


# -- assumptions --------------------------------------------------------------------------------


def _endless_pages(scenario: Scenario) -> bool:
    """Everybody opens one page before the first case and the end of the warm-up, and clicks on it for ever."""
    run, workload = scenario.run, scenario.workload
    shift = scenario.organisation.shift
    opened_s = _World(scenario, Strategy(name="none")).opened_s
    return (
        workload.mode == "synthetic"
        and workload.daily is None
        and workload.requests_per_page.support()[0] == math.inf
        and scenario.behaviour.probabilities.continue_ == 1
        and scenario.cases.notice_lead.support() == (0.0, 0.0)
        and opened_s <= min(shift.end_s, scenario.cases.from_s, run.horizon_s)
        and _zero(*map(scenario.propagation_of, CAUSES), scenario.host.page_load)
        and scenario.host.rate_limit is None
        and scenario.host.outages is None
    )


def _no_latency(scenario: Scenario) -> bool:
    service = scenario.app.service
    return _no_latency_elsewhere(scenario) and _zero(service.read, service.write, service.admin)


def _no_latency_elsewhere(scenario: Scenario) -> bool:
    """Nothing but the app's own work takes time."""
    network = scenario.network
    return _zero(
        scenario.host.renewal,
        scenario.host.check,
        scenario.app.verify,
        scenario.store.lookup,
        network.client_app,
        network.client_host,
        network.app_host,
    )


def _zero(*laws: Law) -> bool:
    return all(law.support() == (0.0, 0.0) for law in laws)


def _constant(law: Law | None) -> float | None:
    return law.support()[0] if isinstance(law, Constant) else None


def _characteristic(law: Law, omega: float) -> complex:
    """The characteristic function of a law; by its quantiles where no formula is at hand."""
    if isinstance(law, Exponential) and law.max is None:
        return 1 / (1 - 1j * omega * law.mean)
    if isinstance(law, Constant):
        return cmath.exp(1j * omega * law.support()[0])
    if type(law) is Uniform:
        return cmath.exp(1j * omega * (law.low + law.high) / 2) * _sinc(
            omega * (law.high - law.low) / 2
        )
    quantile, n = law.sampler(), 4000
    return sum(cmath.exp(1j * omega * quantile((i + 0.5) / n)) for i in range(n)) / n


def _sinc(x: float) -> float:
    return math.sin(x) / x if x else 1.0


def _background(strategy: Strategy, cause: Cause) -> Token | None:
    """The strategy's token if it is held always: renewed by the host, which sees the cause, in the background."""
    token = strategy.token
    if token is None or token.refresh_at is None or not _plain(token):
        return None
    return token if token.renewal == "host" and token.renewal_sees(cause) else None


def _kept_otherwise(strategy: Strategy) -> bool:
    """Whether a clock of whole seconds, or use, has a say in how long something is kept."""
    check = strategy.only_check
    clocks = [part.keeps_to for part in (strategy.token, check) if part is not None]
    used = check is not None and any(
        word is not None for word in (check.slides, check.refresh, check.stale_for_s)
    )
    return used or any(clock is not Clock.EXACT for clock in clocks)


def _plain(token: Token) -> bool:
    return token.leeway_s == 0 and token.absolute_s is None


# -- what the forms say -------------------------------------------------------------------------


def _exposures(world: _World, cause: Cause) -> Iterator[tuple[Key, Expected]]:
    strategy = world.strategy
    if strategy.allowlist is not None:
        yield from _sessions(world, cause, strategy.allowlist)
        return
    if len(strategy.checks) > 1 or _kept_otherwise(strategy):
        return
    if strategy.pushes:
        yield from _pushed(world, cause, strategy.pushes)
    elif strategy.only_check is not None:
        yield from _checked(world, cause, strategy.only_check)
    elif strategy.token is not None:
        yield from _tokens(world, cause, strategy.token)


def _tokens(world: _World, cause: Cause, token: Token) -> Iterator[tuple[Key, Expected]]:
    lifetime_s = _constant(token.lifetime)
    if _background(world.strategy, cause) is not None:
        if lifetime_s is not None:
            yield from _fixed(world, cause, lifetime_s, token.refresh_at or 1.0)
        elif token.refresh_at == 1:
            yield from _random_lifetimes(world, cause, token.lifetime)
    elif token.refresh_at is None and _plain(token) and lifetime_s is not None:
        if token.renewal == "host" and token.renewal_sees(cause):
            yield from _on_demand(world, cause, lifetime_s)
        elif token.renewal == "sliding":
            yield from _sliding(world, cause, lifetime_s)


def _checked(world: _World, cause: Cause, check: Check) -> Iterator[tuple[Key, Expected]]:
    """B by a cached decision, D1 by one of each node, or D4 with a token beside it."""
    strategy, cached_s = world.strategy, check.allow_for_s
    if check.scope != "all" or not check.sees(cause) or cached_s == 0:
        return
    if check.cached == "node" and world.met_nodes > 1:
        yield from _cached_by_nodes(world, cause, cached_s)
        return
    if strategy.token is None:
        yield from _on_demand(world, cause, cached_s)
        return
    token, rate = _background(strategy, cause), world.rate_per_s
    lifetime_s = None if token is None else _constant(token.lifetime)
    if token is None or lifetime_s is None or token.refresh_at != 1 or rate is None:
        return
    if not (cached_s <= lifetime_s and world.ends_in_time(cached_s)):
        return
    if world.at_random_phase(token.lifetime) and world.at_random_phase(
        _fixed_law(cached_s), 1 / rate
    ):
        mean_s = theory.token_and_cache_exposure_mean_s(rate, lifetime_s, cached_s)
        yield from _rows(cause, "D4", "exposure", {"mean": mean_s})


def _cached_by_nodes(
    world: _World, cause: Cause, cached_s: float
) -> Iterator[tuple[Key, Expected]]:
    """D1; its requests are those of people whom no refusal stops."""
    rate, nodes = world.rate_per_s, world.met_nodes
    if world.strategy.token is not None or rate is None or not world.ends_in_time(cached_s):
        return
    if world.at_random_phase(_fixed_law(cached_s), nodes / rate):
        mean_s = theory.many_caches_exposure_mean_s(rate, cached_s, nodes)
        yield from _rows(cause, "D1", "exposure", {"mean": mean_s})


def _fixed_law(value_s: float) -> Law:
    return Constant(value=value_s)


def _fixed(
    world: _World, cause: Cause, lifetime_s: float, refresh_at: float
) -> Iterator[tuple[Key, Expected]]:
    renewed = _fixed_law(refresh_at * lifetime_s)
    if not (world.ends_in_time(lifetime_s) and world.at_random_phase(renewed)):
        return
    form = "A1" if refresh_at == 1 else "A2"
    mean_s = theory.early_refresh_exposure(lifetime_s, refresh_at).mean
    quantiles = {
        name: theory.early_refresh_quantile_s(q, lifetime_s, refresh_at)
        for name, q in QUANTILES.items()
    }
    yield from _rows(cause, form, "exposure", {"mean": mean_s, "share_zero": 0.0, **quantiles})
    if refresh_at == 1 and world.rate_per_s is not None:
        yield from _requests(world, cause, form, mean_s)
        none = theory.fixed_lifetime_none_share(world.rate_per_s, lifetime_s)
        yield from _none_accepted(cause, form, none)


def _random_lifetimes(world: _World, cause: Cause, law: Law) -> Iterator[tuple[Key, Expected]]:
    longest_s = min(law.support()[1], law.quantile(SURE))
    if not (world.ends_in_time(longest_s) and world.at_random_phase(law)):
        return
    if isinstance(law, Exponential) and law.max is None:
        mean_s = theory.exponential_lifetime_exposure(law.mean).mean
        quantiles = {name: law.quantile(q) for name, q in QUANTILES.items()}
        form = "A4"
    elif type(law) is Uniform:
        mean_s = theory.uniform_lifetime_exposure(law.low, law.high).mean
        form, quantiles = "A3", {}
    else:
        return
    yield from _rows(cause, form, "exposure", {"mean": mean_s, **quantiles})
    yield from _requests(world, cause, form, mean_s)


def _on_demand(world: _World, cause: Cause, lifetime_s: float) -> Iterator[tuple[Key, Expected]]:
    rate = world.rate_per_s
    if rate is None or not world.ends_in_time(lifetime_s):
        return
    if not world.at_random_phase(_fixed_law(lifetime_s), 1 / rate):
        return
    mean_s = theory.on_demand_exposure(rate, lifetime_s).mean
    quantiles = {
        name: theory.on_demand_quantile_s(q, rate, lifetime_s) for name, q in QUANTILES.items()
    }
    none = 1 - theory.on_demand_live_share(rate, lifetime_s)
    yield from _rows(cause, "B2", "exposure", {"mean": mean_s, "share_zero": none, **quantiles})
    yield from _requests(world, cause, "B3", mean_s)
    yield from _none_accepted(cause, "B3", theory.on_demand_none_share(rate, lifetime_s))
    if cause is not Cause.LOGOUT:
        last_s = theory.on_demand_last_click_mean_s(rate, lifetime_s)
        yield (CAUSES[cause], None, "last_click", "mean"), Expected("B4", last_s)


def _sliding(world: _World, cause: Cause, idle_s: float) -> Iterator[tuple[Key, Expected]]:
    """C3. After a logout nobody clicks, so nothing extends the token: other forms would hold."""
    rate = world.rate_per_s
    if rate is None or cause is Cause.LOGOUT or world.opened_s + idle_s > world.cases_s[0]:
        return
    # the tail is at most exponential with the mean session life (e^x - 1) / rate
    longest_s = -math.log(1 - SURE) * math.expm1(rate * idle_s) / rate
    if not world.ends_in_time(longest_s):
        return
    mean_s = theory.sliding_exposure_mean_s(rate, idle_s)
    dead = 1 - theory.sliding_live_share(rate, idle_s)
    yield from _rows(cause, "C3", "exposure", {"mean": mean_s, "share_zero": dead})
    yield from _requests(world, cause, "C3", mean_s)
    yield from _none_accepted(cause, "C3", theory.sliding_none_share(rate, idle_s))


def _sessions(world: _World, cause: Cause, allowlist: Allowlist) -> Iterator[tuple[Key, Expected]]:
    """C3 or, with a cap, C6: entries that use prolongs, alone."""
    strategy, idle_s = world.strategy, _constant(allowlist.lifetime)
    alone = strategy.check is None and strategy.push is None and _outlives_the_run(world)
    exact = allowlist.keeps_to is Clock.EXACT and allowlist.step == 0
    if not (alone and exact and allowlist.renewal == "sliding") or idle_s is None:
        return
    rate, cap_s = world.rate_per_s, allowlist.absolute_s
    if cap_s is None:
        yield from _sliding(world, cause, idle_s)
    elif rate is not None and cause is not Cause.LOGOUT and world.ends_in_time(cap_s):
        if world.meets_sessions_at_random(rate, idle_s, cap_s):
            mean_s = theory.capped_session_exposure_mean_s(rate, idle_s, cap_s)
            dead = 1 - theory.capped_session_live_share(rate, idle_s, cap_s)
            yield from _rows(cause, "C6", "exposure", {"mean": mean_s, "share_zero": dead})
            yield from _requests(world, cause, "C6", mean_s)


def _pushed(world: _World, cause: Cause, pushes: Sequence[Push]) -> Iterator[tuple[Key, Expected]]:
    channel, strategy, push = world.scenario.push, world.strategy, pushes[0]
    if (
        len(pushes) > 1
        or push.channel != PUSH
        or not channel.as_ever
        or push.effect not in ("denylist", "not_before")
        or not push.carries(cause)
        or strategy.check
    ):
        return
    token = _background(strategy, cause)
    lifetime_s = None if token is None or token.refresh_at != 1 else _constant(token.lifetime)
    if channel.outages is not None:
        mean_s, form = _held(world), "F7"
    elif _outlives_the_run(world):
        mean_s, form = _endless_push(world)
    elif lifetime_s is None or token is None or not world.at_random_phase(token.lifetime):
        return
    else:
        mean_s, form = _push_or_expiry(world, lifetime_s)
    if mean_s is not None:
        yield from _rows(cause, form, "exposure", {"mean": mean_s})


def _delay(world: _World) -> Law:
    """That of all events, where none of the later words of a channel is used."""
    return world.scenario.push.delay_of("deactivation")


def _outlives_the_run(world: _World) -> bool:
    token = world.strategy.token
    if token is None:
        return True
    return token.renewal == "page" and token.lifetime.support()[0] >= world.scenario.run.end_s


def _endless_push(world: _World) -> tuple[float | None, str]:
    """F1, F2: nothing but the event ends it, and it is sent until it arrives."""
    channel = world.scenario.push
    delay_s, wait_s = _constant(_delay(world)), _constant(channel.retries.wait)
    loss = channel.loss
    if (
        delay_s is None
        or wait_s is None
        or not wait_s
        or channel.retries.most != math.inf
        or loss >= 1
    ):
        return None, ""
    lost = math.ceil(math.log(1 - SURE) / math.log(loss)) if loss else 0
    if channel.retries.backoff == 1:
        longest_s, mean_s, form = lost * wait_s, theory.push_exposure, "F1"
    elif channel.retries.backoff == 2 and loss < 0.25:
        longest_s, mean_s, form = 2.0**lost * wait_s, theory.push_backoff_exposure, "F2"
    else:
        return None, ""
    if not world.ends_in_time(delay_s + longest_s):
        return None, ""
    return mean_s(delay_s, loss, wait_s).mean, form


def _push_or_expiry(world: _World, lifetime_s: float) -> tuple[float | None, str]:
    """F3, F6: what the event does not end, the token's expiry does."""
    channel = world.scenario.push
    if not world.ends_in_time(lifetime_s) or channel.loss >= 1:
        return None, ""
    delay = _delay(world)
    if isinstance(delay, Exponential) and delay.max is None and channel.retries.most == 0:
        return theory.push_or_expiry_exposure_mean_s(delay.mean, channel.loss, lifetime_s), "F3"
    delay_s, wait_s, most = _constant(delay), _constant(channel.retries.wait), channel.retries.most
    if delay_s is None or not wait_s or most == math.inf or channel.retries.backoff != 1:
        return None, ""
    return (
        theory.limited_push_exposure_mean_s(
            delay_s, channel.loss, wait_s, int(most) + 1, lifetime_s
        ),
        "F6",
    )


def _held(world: _World) -> float | None:
    """F7: no delay, no loss; the receiver's outages hold events."""
    channel = world.scenario.push
    outages = channel.outages
    if outages is None or outages.every is None or channel.on_outage != "hold":
        return None
    up, down = outages.every, outages.lasts
    if not isinstance(up, Exponential) or up.max is not None or channel.loss:
        return None
    cycle_s = up.mean + down.expectation()
    settled = world.cases_s[0] >= 10 * cycle_s
    longest_s = min(down.support()[1], down.quantile(SURE))
    if not (settled and _zero(_delay(world)) and _outlives_the_run(world)):
        return None
    if not world.ends_in_time(longest_s):
        return None
    return theory.held_push_exposure_mean_s(up.mean, down.expectation(), _second_moment(down))


def _second_moment(law: Law) -> float:
    from scipy.integrate import quad

    quantile = law.sampler()
    area, _ = quad(lambda u: quantile(u) ** 2, 0.0, 1.0, limit=200, epsabs=0.0, epsrel=1e-9)
    return float(area)


def _denylist(world: _World) -> Iterator[tuple[Key, Expected]]:
    """R1: one entry a case, kept until the newest token would have expired."""
    channel, run = world.scenario.push, world.scenario.run
    push = world.strategy.pushes[0] if len(world.strategy.pushes) == 1 else None
    if (
        push is None
        or push.channel != PUSH
        or not channel.as_ever
        or push.effect != "denylist"
        or world.strategy.check
        or world.strategy.allowlist
    ):
        return
    cases = world.scenario.cases
    carried = [c for c in Cause if push.carries(c) and cases.share_of(CAUSES[c]) > 0]
    tokens = [_background(world.strategy, cause) for cause in carried]
    token = tokens[0] if tokens else None
    lifetime_s = None if token is None else _constant(token.lifetime)
    if token is None or None in tokens or lifetime_s is None or token.refresh_at != 1:
        return
    from_s, until_s = world.cases_s
    seen = (
        run.warm_up_s != "auto" and from_s + lifetime_s <= run.warm_up_s < run.horizon_s <= until_s
    )
    sent = channel.loss == 0 and channel.outages is None and _zero(_delay(world))
    if seen and sent and world.at_random_phase(token.lifetime):
        share = math.fsum(cases.share_of(CAUSES[c]) for c in carried)
        per_s = share * world.scenario.organisation.people / (cases.until_s - from_s)
        entries = theory.denylist_entries(per_s, lifetime_s).mean
        yield (None, None, "denylist_entries", "mean"), Expected("R1", entries)


def _closed_station(world: _World) -> Iterator[tuple[Key, Expected]]:
    """Q5: everybody thinks, then asks the app's one worker; no gate takes time, nobody is revoked."""
    scenario, strategy = world.scenario, world.strategy
    service, kinds = scenario.app.service, scenario.workload.kinds
    used = {
        law for law, share in ((service.read, kinds.read), (service.write, kinds.write)) if share
    }
    nobody = all(scenario.cases.share_of(cause) == 0 for cause in CAUSES)
    plain = strategy.check is None and strategy.allowlist is None and strategy.push is None
    if not (nobody and plain and _outlives_the_run(world) and _no_latency_elsewhere(scenario)):
        return
    law = next(iter(used))
    if len(used) != 1 or kinds.admin or scenario.app.workers != 1 or scenario.app.nodes != 1:
        return
    if not isinstance(law, Exponential) or law.max is not None:
        return
    people, think = scenario.organisation.people, scenario.workload.think
    if not isinstance(think, Law):
        return
    think_s = think.expectation()
    station = theory.closed_station(think_s, law.mean, people)
    settled_s = world.opened_s + 10 * (think_s + station.response_s)
    if scenario.run.warm_up_s == "auto" or scenario.run.warm_up_s < settled_s:
        return
    for of in (None, *(kind for kind in ("read", "write") if getattr(kinds, kind))):
        yield (None, of, "response", "mean"), Expected("Q5", station.response_s)
    busy = station.throughput_per_s * law.mean
    waiting = station.throughput_per_s * station.response_s - busy
    yield (None, "app", "utilisation", "mean"), Expected("Q5", busy)
    yield (None, "app", "queue", "mean"), Expected("Q5", waiting)


# -- rows ---------------------------------------------------------------------------------------


def _rows(
    cause: Cause, form: str, metric: str, statistics: dict[str, float]
) -> Iterator[tuple[Key, Expected]]:
    """A figure as a whole and by the kinds that everybody loses."""
    for of in (None, "read", "write"):
        for statistic, value in statistics.items():
            yield (CAUSES[cause], of, metric, statistic), Expected(form, value)


def _requests(
    world: _World, cause: Cause, form: str, exposure_mean_s: float
) -> Iterator[tuple[Key, Expected]]:
    """Accepted requests: the rate times the mean exposure, thinned by kind. After a logout nobody clicks."""
    rate = world.rate_per_s
    if rate is None or cause is Cause.LOGOUT:
        return
    number, kinds = rate * exposure_mean_s, world.scenario.workload.kinds
    yield (CAUSES[cause], None, "unauthorised_requests", "mean"), Expected(form, number)
    if world.scenario.organisation.admins == 0:
        for metric, share in (("reads", kinds.read + kinds.admin), ("writes", kinds.write)):
            key: Key = (CAUSES[cause], None, f"unauthorised_{metric}", "mean")
            yield key, Expected(form, number * share)


def _none_accepted(cause: Cause, form: str, none: float) -> Iterator[tuple[Key, Expected]]:
    if cause is Cause.LOGOUT:
        return
    for metric in ("unauthorised_requests", "last_click"):
        yield (CAUSES[cause], None, metric, "share_zero"), Expected(form, none)

"""The host: who it still knows as revoked, its station, its rate limit and its outages."""

from collections.abc import Iterable

import simpy

from sim.basics.streams import Stream, stream_key, uniform
from sim.engine.limits import OUTAGES
from sim.engine.recording import Recorder
from sim.model.causes import SEEN_THROUGH, Cause, Kind
from sim.oracle.clock import WORLD, Clock, Lane, Priority
from sim.oracle.station import Process, Station
from sim.scenario import Scenario

OK, RATE_LIMITED, HOST_DOWN, TIMEOUT = "ok", "rate_limited", "host_down", "timeout"


class TokenBucket:
    """A rate limit with continuous refill, full at the start."""

    def __init__(self, rate_per_s: float, capacity: float):
        self._rate_per_s, self._capacity = rate_per_s, capacity
        self._level, self._last_s = capacity, 0.0

    def wait_s(self, now_s: float) -> float:
        """Seconds until one more call is allowed; 0 if it is allowed now."""
        self._level = min(self._capacity, self._level + (now_s - self._last_s) * self._rate_per_s)
        self._last_s = now_s
        if self._level >= 1.0:
            return 0.0
        return (1.0 - self._level) / self._rate_per_s if self._rate_per_s else float("inf")

    def take(self) -> None:
        """Spend one call; ask `wait_s` first."""
        self._level -= 1.0


class Outages:
    """Alternating up and down times of something, or one announced outage."""

    def __init__(
        self, clock: Clock, settings: object, key_up: int, key_down: int, rec: Recorder, name: str
    ):
        self.down = False
        self._clock, self._rec, self._name = clock, rec, name
        self._over = clock.event()
        if settings is not None:
            clock.process(self._alternate(settings, key_up, key_down))

    def over(self) -> simpy.Event:
        """The event of the recovery from the outage under way."""
        return self._over

    def _alternate(self, settings: object, key_up: int, key_down: int) -> Process:
        number = 0
        while True:
            every = settings.every  # type: ignore[attr-defined]
            if every is None:
                up_s = settings.starts_s  # type: ignore[attr-defined]
            else:
                up_s = every.quantile(uniform(key_up, number))
            yield self._clock.after(up_s, Priority.OUTAGE)
            self.down = True
            self._rec.watch.act(self._clock.now, OUTAGES)
            self._rec.event(self._clock.now, WORLD, f"{self._name}_down")
            down_s = settings.lasts.quantile(uniform(key_down, number))  # type: ignore[attr-defined]
            yield self._clock.after(down_s, Priority.OUTAGE)
            self.down = False
            self._rec.event(self._clock.now, WORLD, f"{self._name}_up")
            self._over.succeed()
            self._over = self._clock.event()
            if every is None:
                return
            number += 1


class Host:
    """Grants page loads, renewals and checks by what it knows when its service ends."""

    def __init__(
        self, clock: Clock, scenario: Scenario, rec: Recorder, seed: int, replication: int
    ):
        self.station = Station(clock, "host", scenario.host.servers, rec.window_s)
        self._clock, self._rec = clock, rec
        self._known: dict[int, Cause] = {}
        limit = scenario.host.rate_limit
        self._buckets: list[TokenBucket] = []
        if limit is not None:
            self._buckets.append(TokenBucket(limit.per_second, limit.burst or 1.0))
            if limit.per_hour is not None:
                self._buckets.append(TokenBucket(limit.per_hour / 3600.0, limit.per_hour))
        self._outages = Outages(
            clock,
            scenario.host.outages,
            stream_key(seed, replication, WORLD, Stream.HOST_UP),
            stream_key(seed, replication, WORLD, Stream.HOST_DOWN),
            rec,
            "host",
        )

    def learns(self, person: int, cause: Cause) -> None:
        """The host comes to know of a revocation."""
        self._known[person] = cause

    def grants(self, person: int, contacts: Iterable[str]) -> bool:
        """Whether a contact that revalidates these things is granted now."""
        cause = self._known.get(person)
        return cause is None or SEEN_THROUGH[cause] not in contacts

    def vouches_admin(self, person: int, administrator: bool) -> bool:
        """Whether the host takes the person for an administrator now."""
        return administrator and self._known.get(person) is not Cause.ADMIN_LOSS

    def grants_kind(
        self, person: int, administrator: bool, sees: frozenset[str], kind: Kind
    ) -> bool:
        """What a check answers for a kind of request: losing administration takes only `ADMIN` away."""
        if kind is Kind.ADMIN and "admin" in sees and not self.vouches_admin(person, administrator):
            return False
        return self.grants(person, sees - {"admin"})

    def serve(self, person: int, reason: str, service_s: float, lane: int = Lane.MAIN) -> Process:
        """A call that has arrived: OK after its service, or the failure it meets."""
        now_s = self._clock.now
        self._rec.host_call(now_s, reason)
        if self._outages.down:
            return HOST_DOWN
        if reason != "page_load":
            wait_s = max((bucket.wait_s(now_s) for bucket in self._buckets), default=0.0)
            if wait_s > 0:
                self._rec.rate_limited(now_s, reason, wait_s)
                return RATE_LIMITED
            for bucket in self._buckets:
                bucket.take()
        yield from self.station.serve(person, service_s, lane)
        return OK

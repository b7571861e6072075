"""The push channel: events from the host to the app, with delay, loss, retries and receiver outages."""

from dataclasses import dataclass

from sim.basics.quantiles import backed_off
from sim.basics.streams import Stream, stream_key, uniform
from sim.engine.limits import PUSH_ATTEMPTS
from sim.engine.recording import Recorder
from sim.model.causes import Cause
from sim.oracle.clock import WORLD, Clock, Lane, Priority
from sim.oracle.host import Outages
from sim.oracle.station import Process
from sim.scenario import Scenario


@dataclass(frozen=True)
class EventKeys:
    """The addresses of one person's events."""

    delay: int
    loss: int
    wait: int


class PushChannel:
    """Delivers an event about a person, or loses it for good."""

    def __init__(
        self,
        clock: Clock,
        scenario: Scenario,
        rec: Recorder,
        seed: int,
        replication: int,
        carries: bool,
    ):
        self._clock, self._rec = clock, rec
        self._settings = scenario.push
        self._delay = scenario.push.delay_of("deactivation").sampler()  # it speaks of one for all
        self._wait = scenario.push.retries.wait.sampler()
        self._outages = Outages(
            clock,
            scenario.push.outages if carries else None,
            stream_key(seed, replication, WORLD, Stream.PUSH_UP),
            stream_key(seed, replication, WORLD, Stream.PUSH_DOWN),
            rec,
            "push",
        )

    def deliver(self, person: int, cause: Cause, keys: EventKeys, n: int) -> Process:
        """Returns True when the event has arrived, False when the sender has given it up."""
        retries, attempt = self._settings.retries, 0
        self._rec.events["pushed"] += 1
        while True:
            self._rec.watch.act(self._clock.now, PUSH_ATTEMPTS, attempt)
            self._rec.event(self._clock.now, person, "push_sent", reason=cause.name.lower())
            arrived = yield from self._attempt(person, keys, n, attempt)
            if arrived:
                return True
            if attempt >= retries.most:
                self._rec.events["lost"] += 1
                self._rec.event(self._clock.now, person, "push_lost", reason=cause.name.lower())
                return False
            first_s = self._wait(uniform(keys.wait, n, attempt))
            wait_s = backed_off(first_s, retries.backoff, float(attempt))
            yield self._clock.after(wait_s, Priority.PUSH, person, Lane.CASE)
            attempt += 1

    def _attempt(self, person: int, keys: EventKeys, n: int, attempt: int) -> Process:
        if uniform(keys.loss, n, attempt) < self._settings.loss:
            return False
        delay_s = self._delay(uniform(keys.delay, n, attempt))
        yield self._clock.after(delay_s, Priority.PUSH, person, Lane.CASE)
        if not self._outages.down:
            return True
        if self._settings.on_outage == "lose":
            return False
        yield self._outages.over()
        yield self._clock.after(0.0, Priority.PUSH, person, Lane.CASE)
        return True

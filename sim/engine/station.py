"""A station: servers with one queue, first come, first served; it keeps its own books."""

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import simpy

from sim.engine.clock import Clock, Priority

Process = Generator[simpy.Event, Any, Any]


@dataclass(frozen=True)
class StationBooks:
    """What a station did. Little's law: `presence_s` (integral of the number present) equals `sojourns_s`."""

    name: str
    arrivals: int
    departures: int
    presence_s: float
    sojourns_s: float
    utilisation: (
        float  # share of the servers busy in the observed window; 0 where they are unlimited
    )
    queue: float  # mean number waiting in the observed window


class Station:
    """`servers` may be infinite. Joining the queue is an event of priority ARRIVAL, so ties go by person."""

    def __init__(self, clock: Clock, name: str, servers: float, window_s: tuple[float, float]):
        self.name = name
        self.arrivals = self.departures = 0
        self._clock, self._servers = clock, servers
        self._busy = 0
        self._waiting: deque[simpy.Event] = deque()
        self._from_s, self._until_s = window_s
        self._last_s = self._presence_s = self._sojourns_s = self._entered_s = 0.0
        self._busy_s = self._queue_s = 0.0

    def seize(self) -> Process:
        """Wait for a server; returns the time of joining, which `release` wants back."""
        self._account()
        self.arrivals += 1
        joined_s = self._clock.now
        self._entered_s += joined_s
        if self._busy < self._servers:
            self._busy += 1
        else:
            turn = self._clock.event()
            self._waiting.append(turn)
            yield turn
        return joined_s

    def release(self, joined_s: float) -> None:
        """Free the server; the head of the queue takes it in the same instant."""
        self._account()
        self.departures += 1
        self._entered_s -= joined_s
        self._sojourns_s += self._clock.now - joined_s
        if self._waiting:
            self._waiting.popleft().succeed()
        else:
            self._busy -= 1

    def serve(self, person: int, service_s: float) -> Process:
        """Queue, be served, leave."""
        joined_s = yield from self.seize()
        yield self._clock.after(service_s, Priority.COMPLETION, person)
        self.release(joined_s)

    def books(self) -> StationBooks:
        """The accounts up to now; who is still here counts with the time he has been here."""
        self._account()
        present = self.arrivals - self.departures
        width_s = max(0.0, min(self._clock.now, self._until_s) - self._from_s)
        return StationBooks(
            self.name,
            self.arrivals,
            self.departures,
            self._presence_s,
            self._sojourns_s + present * self._clock.now - self._entered_s,
            self._busy_s / (width_s * self._servers) if width_s else 0.0,
            self._queue_s / width_s if width_s else 0.0,
        )

    def _account(self) -> None:
        now_s, waiting = self._clock.now, len(self._waiting)
        self._presence_s += (now_s - self._last_s) * (self._busy + waiting)
        seen_s = min(now_s, self._until_s) - max(self._last_s, self._from_s)
        if seen_s > 0:
            self._busy_s += seen_s * self._busy
            self._queue_s += seen_s * waiting
        self._last_s = now_s

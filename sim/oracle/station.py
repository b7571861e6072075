"""A station: servers with one queue, first come, first served; it keeps its own account."""

import math
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import simpy

from sim.engine.histogram import TICKS_PER_S, ticks
from sim.engine.limits import STATIONS, check_sum
from sim.engine.recording import StationAccount
from sim.oracle.clock import Clock, Lane, Priority

Process = Generator[simpy.Event, Any, Any]


@dataclass(slots=True, eq=False)
class Visitor:
    """Somebody at a station: in the queue since `joined_s`, at a server since `served_s`."""

    joined_s: float
    served_s: float = math.inf


class Station:
    """`servers` may be infinite. Joining the queue is an event of priority ARRIVAL, so ties go by person."""

    def __init__(self, clock: Clock, name: str, servers: float, window_s: tuple[float, float]):
        self.name = name
        self.arrivals = self.departures = 0
        self._clock, self._servers = clock, servers
        self._busy = 0
        self._here: set[Visitor] = set()
        self._waiting: deque[simpy.Event] = deque()
        self._from_s, self._until_s = window_s
        self._presence = self._sojourns = self._busy_ticks = self._queue_ticks = 0

    def seize(self) -> Process:
        """Wait for a server; returns the visitor, which `release` wants back."""
        self.arrivals += 1
        visitor = Visitor(self._clock.now)
        self._here.add(visitor)
        self._presence -= ticks(self._clock.now)
        if self._busy < self._servers:
            self._busy += 1
        else:
            turn = self._clock.event()
            self._waiting.append(turn)
            yield turn
        visitor.served_s = self._clock.now
        return visitor

    def release(self, visitor: Visitor) -> None:
        """Free the server; the head of the queue takes it in the same instant."""
        self.departures += 1
        self._here.remove(visitor)
        self._count(visitor)
        if self._waiting:
            self._waiting.popleft().succeed()
        else:
            self._busy -= 1

    def serve(self, person: int, service_s: float, lane: int = Lane.MAIN) -> Process:
        """Queue, be served, leave."""
        visitor = yield from self.seize()
        yield self._clock.after(service_s, Priority.COMPLETION, person, lane)
        self.release(visitor)

    def account(self) -> StationAccount:
        """The accounts up to now; who is still here counts with the time he has been here."""
        for visitor in self._here:
            self._count(visitor)
        self._here.clear()
        width_s = self._until_s - self._from_s
        return StationAccount(
            self.name,
            self.arrivals,
            self.departures,
            self._presence / TICKS_PER_S,
            self._sojourns / TICKS_PER_S,
            self._busy_ticks / TICKS_PER_S / (width_s * self._servers) if width_s > 0 else 0.0,
            self._queue_ticks / TICKS_PER_S / width_s if width_s > 0 else 0.0,
        )

    def _count(self, visitor: Visitor) -> None:
        """Somebody leaves, or the run ends."""
        now_s = self._clock.now
        self._presence += ticks(now_s)
        self._sojourns += ticks(now_s - visitor.joined_s)
        check_sum(self._sojourns, STATIONS)
        self._busy_ticks += self._in_window(visitor.served_s, now_s)
        self._queue_ticks += self._in_window(visitor.joined_s, min(visitor.served_s, now_s))

    def _in_window(self, from_s: float, until_s: float) -> int:
        return ticks(max(0.0, min(until_s, self._until_s) - max(from_s, self._from_s)))

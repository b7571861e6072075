"""SimPy's environment with the model's order of events: (time, priority, person, lane, serial)."""

from enum import IntEnum

import simpy

WORLD = -1  # the "person" of events that belong to nobody: outages


class Priority(IntEnum):
    """Which of two events of the same time comes first (model, section 6)."""

    REVOCATION = 0
    PUSH = 1
    OUTAGE = 2
    COMPLETION = 3
    ARRIVAL = 4
    ACTION = 5


class Lane(IntEnum):
    """What goes on beside what at one person: ties of the same time and priority go by lane, then by insertion."""

    MAIN = 0  # the person's own acts, or those of whoever acts in his place
    NOTICE = 1
    BACKGROUND = 2  # renewals in the background
    TAKER = 3
    CHECK = 4  # the app's questions to the host
    CASE = 5  # the revocation, and events on their way to the app


class ModelEvent(simpy.Event):
    """An event of the model, due after a delay.

    SimPy's heap key has a slot for a priority; it takes priority, person and lane as one number. SimPy's own bookkeeping
    (a process that starts, an event that succeeds) uses 0 and 1 there: it belongs to the model event under way and
    so runs before every other model event of the same time.
    """

    def __init__(self, clock: "Clock", delay_s: float, priority: int, person: int, lane: int):
        self.env = clock
        self.callbacks = []
        self._ok = True
        self._value = None
        clock.schedule(self, ((priority + 1) << 48) + ((person + 1) << 4) + lane, delay_s)  # type: ignore[arg-type]


class Clock(simpy.Environment):
    """The environment; times are always sums now + delay."""

    def after(
        self, delay_s: float, priority: int, person: int = WORLD, lane: int = Lane.MAIN
    ) -> ModelEvent:
        """An event `delay_s` from now."""
        return ModelEvent(self, delay_s, priority, person, lane)

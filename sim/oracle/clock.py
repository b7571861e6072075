"""SimPy's environment with the model's order of events: (time, priority, person, lane, serial)."""

import simpy

from sim.basics.streams import WORLD
from sim.model.order import Lane, Priority


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


__all__ = ["WORLD", "Clock", "Lane", "ModelEvent", "Priority"]

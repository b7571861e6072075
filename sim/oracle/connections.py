"""Long-lived connections alone, as SimPy processes: opened, asked about again, closed and opened anew (model, section 19).

A text of its own beside the engine's: one gate, which says no from the revocation on; no latency, nobody at the page, random
numbers of its own. So it agrees in law, not in bits.
"""

import math
import random
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import simpy


@dataclass(frozen=True)
class Habits:
    """Of all connections alike. `lasts`: draws how long the server keeps one; `kept_s`: how long the gate keeps a yes."""

    recheck_s: float = math.inf
    lasts: Callable[[random.Random], float] | None = None
    message_s: float = math.inf
    kept_s: float = 0.0


class Connection:
    """The connection of a page that is never left, and what passes over it once its person has no access any more."""

    def __init__(self, clock: simpy.Environment, habits: Habits, dice: random.Random):
        self.clock, self.habits, self.dice = clock, habits, dice
        self.revoked_s = math.inf
        self.yes_until_s = -math.inf
        self.ended_s = math.inf
        self.messages = 0
        clock.process(self.life())

    def gate(self) -> bool:
        """What the gate says now."""
        if self.clock.now < self.yes_until_s:
            return True
        granted = self.clock.now < self.revoked_s
        if granted:
            self.yes_until_s = self.clock.now + self.habits.kept_s
        return granted

    def life(self) -> Generator[simpy.Event, Any, None]:
        """Opened as long as the gate says yes."""
        yield self.clock.timeout(self.dice.uniform(0.0, 200.0))
        while self.gate():
            sender = self.clock.process(self.send())
            if (yield from self.stay(sender)):
                break
        self.ended_s = self.clock.now

    def stay(self, sender: simpy.Process) -> Generator[simpy.Event, Any, bool]:
        """One connection: until it is refused (True) or has lasted long enough."""
        lasts = self.habits.lasts
        closes_s = self.clock.now + (math.inf if lasts is None else lasts(self.dice))
        while True:
            due_s = self.clock.now + self.habits.recheck_s
            if min(due_s, closes_s) == math.inf:
                yield self.clock.event()
            yield self.clock.timeout(min(due_s, closes_s) - self.clock.now)
            if closes_s <= due_s or not self.gate():
                sender.interrupt()
                return closes_s > due_s

    def send(self) -> Generator[simpy.Event, Any, None]:
        """Messages, of which those after the revocation are counted."""
        try:
            while self.habits.message_s < math.inf:
                yield self.clock.timeout(self.dice.expovariate(1.0 / self.habits.message_s))
                self.messages += self.clock.now >= self.revoked_s
        except simpy.Interrupt:
            return

    def revoke(self, at_s: float) -> Generator[simpy.Event, Any, None]:
        """Access ends."""
        yield self.clock.timeout(at_s)
        self.revoked_s = self.clock.now


def observed(
    habits: Habits, number: int, at_s: tuple[float, float], end_s: float, seed: int
) -> list[tuple[float, int]]:
    """(window, messages after the revocation) of so many connections, each revoked at an instant of its own between two.

    The window is how long after the revocation the connection, or what the gate keeps, still passed.
    """
    clock, dice = simpy.Environment(), random.Random(seed)
    crowd = [Connection(clock, habits, dice) for _ in range(number)]
    for one in crowd:
        clock.process(one.revoke(dice.uniform(*at_s)))
    clock.run(until=end_s)
    found = []
    for one in crowd:
        last_s = max(min(one.ended_s, end_s), one.yes_until_s)
        found.append((max(0.0, last_s - one.revoked_s), one.messages))
    return found

"""A hidden tab alone, as a SimPy process: tokens renewed by a timer that runs once a tick (model, section 18).

A text of its own beside the engine's: no latency, nobody at the page, random numbers of its own. So it agrees in law, not in bits.
"""

import math
import random
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import simpy


@dataclass(frozen=True)
class Habits:
    """Of all pages alike: lifetimes are uniform between two values; the timer is due at a share of each."""

    low_s: float
    high_s: float
    refresh_at: float
    after_s: float
    tick_s: float


class Page:
    """Left as soon as it is seen."""

    def __init__(self, clock: simpy.Environment, habits: Habits, dice: random.Random):
        self.clock, self.habits, self.dice = clock, habits, dice
        self.expires_s = 0.0
        clock.process(self.life())

    def life(self) -> Generator[simpy.Event, Any, None]:
        """Seen some time, and renewed by its timer ever after."""
        habits = self.habits
        yield self.clock.timeout(self.dice.expovariate(0.01))
        hidden_s = self.clock.now + habits.after_s
        while True:
            lifetime_s = self.dice.uniform(habits.low_s, habits.high_s)
            self.expires_s = self.clock.now + lifetime_s
            yield self.clock.timeout(habits.refresh_at * lifetime_s)
            if self.clock.now >= hidden_s:
                tick = math.ceil(self.clock.now / habits.tick_s)
                yield self.clock.timeout(tick * habits.tick_s - self.clock.now)


def windows_s(habits: Habits, pages: int, at_s: tuple[float, float], seed: int) -> list[float]:
    """What is left of the token of each page at an instant of its own between two."""
    clock, dice = simpy.Environment(), random.Random(seed)
    found: list[float] = []

    def look(page: Page) -> Generator[simpy.Event, Any, None]:
        yield clock.timeout(dice.uniform(*at_s))
        found.append(max(0.0, page.expires_s - clock.now))

    for _ in range(pages):
        clock.process(look(Page(clock, habits, dice)))
    clock.run(until=at_s[1])
    return found

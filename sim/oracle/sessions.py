"""A server session that use keeps alive, alone, as SimPy processes: one person clicks, one table remembers, one revocation.

A text of its own beside the engine's (docs/model.md, section 14): no latency, no page but the session's, no clock but SimPy's,
random numbers of its own. So it agrees in law, not in bits.
"""

import math
import random
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import simpy

Dice = random.Random


@dataclass
class Entry:
    """What the table remembers of a session."""

    idle_s: float
    begun_s: float
    moved_s: float
    ends_s: float


@dataclass(frozen=True)
class Rules:
    """For how long a session is kept without use (a draw a session), at most in all, and how seldom its end is moved."""

    idle_s: Callable[[Dice], float]
    absolute_s: float = math.inf
    step: float = 0.0


class Table:
    """Sessions of one person, one after the other."""

    def __init__(self, clock: simpy.Environment, rules: Rules, dice: Dice):
        self.clock, self.rules, self.dice = clock, rules, dice
        self.entry: Entry | None = None

    def sign_in(self) -> None:
        """A new session in place of the old one."""
        now, idle_s = self.clock.now, self.rules.idle_s(self.dice)
        ends_s = now + min(idle_s, self.rules.absolute_s)
        self.entry = Entry(idle_s, now, now, ends_s)

    def touch(self) -> bool:
        """A click: whether the session is alive, which moves its end."""
        now, entry = self.clock.now, self.entry
        if entry is None or now >= entry.ends_s:
            return False
        if now - entry.moved_s >= self.rules.step * entry.idle_s:
            entry.moved_s = now
            ends_s = min(now + entry.idle_s, entry.begun_s + self.rules.absolute_s)
            entry.ends_s = max(entry.ends_s, ends_s)
        return True


def window_s(rules: Rules, gap_s: float, revoked_s: float, seed: int) -> tuple[float, int]:
    """The exposure window of one person who clicks at random, and the requests that passed in it.

    Until the revocation a click without a session signs in anew; after it, the first refusal ends him.
    """
    clock, dice = simpy.Environment(), random.Random(seed)
    table, at_s = Table(clock, rules, dice), revoked_s + dice.uniform(0.0, 100.0 * gap_s)
    passed = 0

    def person() -> Generator[simpy.Event, Any, None]:
        nonlocal passed
        while True:
            yield clock.timeout(dice.expovariate(1.0 / gap_s))
            if table.touch():
                passed += clock.now >= at_s
            elif clock.now >= at_s:
                return
            else:
                table.sign_in()

    clock.run(clock.process(person()))
    ends_s = -math.inf if table.entry is None else table.entry.ends_s
    return max(0.0, ends_s - at_s), passed

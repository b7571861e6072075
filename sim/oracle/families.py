"""Refresh tokens that rotate, alone, as SimPy processes: tabs of one browser, a store of families, nobody else.

A text of its own beside the engine's (docs/model.md, sections 18 and 21): visits without clicks, each a page load that starts a
family in a new tab or in that used longest ago; random round trips; random numbers of its own. So it agrees in law, not in bits.
"""

import random
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import simpy

Process = Generator[simpy.Event, Any, Any]


@dataclass
class Family:
    """What the store knows: the token that is not spent, when the one before it was, whether reuse has ended it."""

    current: int = 0
    spent_s: float = float("-inf")
    ended: bool = False


@dataclass(frozen=True)
class Rules:
    """Of all alike. `trip_s` and `pause_s` are means of exponential laws."""

    tabs: int
    lifetime_s: float
    pause_s: float
    trip_s: float
    grace_s: float
    ends_family: bool


class Browser:
    """One browser with its tabs; what it holds is (family, token, stamp)."""

    def __init__(self, clock: simpy.Environment, rules: Rules, seed: int):
        self.clock, self.rules, self.dice = clock, rules, random.Random(seed)
        self.open: list[int] = []
        self.holds: tuple[Family, int, float] = (Family(), 0, 0.0)
        self.reuses = self.logouts = self.pages = self.clicks_in = 0
        clock.process(self.visits())

    def trip_s(self) -> float:
        """A round trip."""
        return self.dice.expovariate(1.0 / self.rules.trip_s)

    def visits(self) -> Process:
        """Page after page."""
        while True:
            yield self.clock.timeout(self.dice.expovariate(1.0 / self.rules.pause_s))
            number = self.pages = self.pages + 1
            self.open = [*self.open, number][-self.rules.tabs :]
            self.holds, self.clicks_in = (Family(), 0, self.clock.now), number
            self.clock.process(self.page(number))
            yield self.clock.timeout(self.trip_s())  # a click without a consequence
            self.clicks_in = 0

    def left_s(self) -> float:
        """What is left of the token that the browser holds."""
        return max(0.0, self.holds[2] + self.rules.lifetime_s - self.clock.now)

    def page(self, number: int) -> Process:
        """Renews when what the browser held at the last look ends, until the tab is closed or has nothing new to wait for."""
        while True:
            yield self.clock.timeout(self.left_s())
            if number not in self.open:
                return
            stamp_s = self.holds[2]
            yield from self.renewed(number)
            if not self.holds[2] > stamp_s:
                return

    def renewed(self, number: int, also_closed: bool = True) -> Process:
        """A tab asks for a token with what the browser holds, which then holds what comes (`also_closed`: for a closed tab too)."""
        family, token, _ = self.holds
        half_s = 0.5 * self.trip_s()
        yield self.clock.timeout(half_s)
        granted, brings = self.presented(family, token), (family, family.current, self.clock.now)
        yield self.clock.timeout(half_s)
        if granted and self.holds[0] is family and (also_closed or number in self.open):
            self.holds = brings

    def presented(self, family: Family, token: int) -> bool:
        """The store's decision. A family that another page load has replaced is over."""
        if family.ended or family is not self.holds[0]:
            return False
        if token == family.current:
            family.current, family.spent_s = token + 1, self.clock.now
            return True
        if token == family.current - 1 and self.clock.now < family.spent_s + self.rules.grace_s:
            return True
        self.reuses += 1
        self.logouts += self.rules.ends_family
        family.ended = self.rules.ends_family
        return False

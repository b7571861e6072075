"""Refresh tokens that rotate, alone, as SimPy processes: tabs of one browser, a store of families, nobody else.

A text of its own beside the engine's (docs/model.md, section 21): visits without clicks, each a page load that starts a family in a
new tab or in that used longest ago; random round trips; random numbers of its own. So it agrees in law, not in bits.
"""

import random
from collections.abc import Generator
from dataclasses import dataclass
from itertools import count
from typing import Any

import simpy

Process = Generator[simpy.Event, Any, None]


@dataclass
class Family:
    """What the store knows: the token that is not spent, when the one before it was, whether reuse has ended it."""

    current: int = 0
    spent_s: float = float("-inf")
    ended: bool = False


@dataclass(frozen=True)
class Rules:
    """Of all alike. Times in s; `trip_s` and `pause_s` are means of exponential laws."""

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
        self.reuses = self.logouts = 0
        clock.process(self.visits())

    def trip_s(self) -> float:
        """A round trip."""
        return self.dice.expovariate(1.0 / self.rules.trip_s)

    def visits(self) -> Process:
        """Page after page."""
        for number in count():
            yield self.clock.timeout(self.dice.expovariate(1.0 / self.rules.pause_s))
            if len(self.open) >= self.rules.tabs:
                self.open.pop(0)
            self.open.append(number)
            self.holds = (Family(), 0, self.clock.now)
            self.clock.process(self.tab(number))
            yield self.clock.timeout(self.trip_s())  # a click without a consequence

    def tab(self, number: int) -> Process:
        """Renews when what the browser held at the last look ends, until it is closed or has nothing new to wait for."""
        while True:
            due_s = self.holds[2] + self.rules.lifetime_s
            yield self.clock.timeout(max(0.0, due_s - self.clock.now))
            if number not in self.open:
                return
            family, token, stamp_s = self.holds
            half_s = 0.5 * self.trip_s()
            yield self.clock.timeout(half_s)
            granted, decided_s = self.presented(family, token), self.clock.now
            brings = family.current
            yield self.clock.timeout(half_s)
            if granted and self.holds[0] is family:
                self.holds = (family, brings, decided_s)
            if number not in self.open or not self.holds[2] > stamp_s:
                return

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


def counted(rules: Rules, until_s: float, seed: int) -> tuple[int, int]:
    """Reuses and false logouts of one browser in a time."""
    browser = Browser(simpy.Environment(), rules, seed)
    browser.clock.run(until=until_s)
    return browser.reuses, browser.logouts

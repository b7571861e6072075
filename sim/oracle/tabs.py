"""Devices and tabs alone, as SimPy processes: people open pages, leave, close or sign out; then access ends.

A text of its own beside the engine's (docs/model.md, section 13): one lifetime, issued by page loads; no latency, no request, no
clock but SimPy's, random numbers of its own. So it agrees in law, not in bits.
"""

import random
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import simpy


@dataclass
class Browser:
    """Its tabs, by when each page was loaded, the one used longest ago first; when its cookie was set; its session."""

    tabs: list[float] = field(default_factory=list)
    cookie_s: float | None = None
    signed_in: bool = False


@dataclass(frozen=True)
class Habits:
    """Of all people alike. `ends`: the probabilities that a visit ends in a sign-out, and in a closed tab."""

    devices: int
    tabs: int
    lifetime_s: float
    pause_s: float
    ends: tuple[float, float]
    cookie: bool = False


class Person:
    """One who comes again and again, each time to one of his browsers."""

    def __init__(self, clock: simpy.Environment, habits: Habits, dice: random.Random):
        self.clock, self.habits, self.dice = clock, habits, dice
        self.browsers = [Browser() for _ in range(habits.devices)]
        self.used: list[int] = []  # browsers, the last one used last
        clock.process(self.come_and_go())

    def come_and_go(self) -> Generator[simpy.Event, Any, None]:
        """Visits without length."""
        while True:
            yield self.clock.timeout(self.dice.expovariate(1.0 / self.habits.pause_s))
            number = self.dice.randrange(len(self.browsers))
            self.used = [*(one for one in self.used if one != number), number]
            self.visit(self.browsers[number])

    def visit(self, browser: Browser) -> None:
        """Load a page in a new tab, or over that used longest ago."""
        if len(browser.tabs) >= self.habits.tabs:
            browser.tabs.pop(0)
        browser.tabs.append(self.clock.now)
        browser.cookie_s, browser.signed_in = self.clock.now, True
        u, (signs_out, closes) = self.dice.random(), self.habits.ends
        if u < signs_out:
            browser.tabs, browser.cookie_s, browser.signed_in = [], None, False
        elif u < signs_out + closes:
            browser.tabs.pop()

    def window_s(self, one_session: bool) -> float:
        """How long what is held now will pass: of all browsers, or of the one used last that has a session."""
        signed_in = [number for number in self.used if self.browsers[number].signed_in]
        concerned = signed_in[-1:] if one_session else range(len(self.browsers))
        loads_s: list[float] = []
        for browser in (self.browsers[number] for number in concerned):
            if not self.habits.cookie:
                loads_s += browser.tabs
            elif browser.cookie_s is not None:
                loads_s.append(browser.cookie_s)
        ends_s = max(loads_s, default=-self.habits.lifetime_s) + self.habits.lifetime_s
        return max(0.0, ends_s - self.clock.now)


def windows_s(
    habits: Habits, people: int, at_s: float, seed: int, one_session: bool = False
) -> list[float]:
    """The windows of so many people whose access ends at an instant; `one_session`: only that of the browser used last."""
    clock, dice = simpy.Environment(), random.Random(seed)
    crowd = [Person(clock, habits, dice) for _ in range(people)]
    clock.run(until=at_s)
    return [person.window_s(one_session) for person in crowd]

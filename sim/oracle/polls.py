"""Polls alone, as SimPy processes: a page asks by itself, its person clicks now and then, and access ends (model, section 18).

A text of its own beside the engine's: no latency, one page, random numbers of its own. So it agrees in law, not in bits.
"""

import random
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import simpy


@dataclass(frozen=True)
class Habits:
    """Of all people alike. `think_s` is the mean time between clicks; `renewal`: host (on demand), sliding, or page."""

    lifetime_s: float
    every_s: float
    think_s: float
    renewal: str = "host"
    absolute_s: float = float("inf")


class Page:
    """A page that polls, and whoever clicks in it."""

    def __init__(self, clock: simpy.Environment, habits: Habits, dice: random.Random):
        self.clock, self.habits, self.dice = clock, habits, dice
        self.revoked = False
        self.polls_after = 0
        clock.process(self.life())

    def life(self) -> Generator[simpy.Event, Any, None]:
        """Seen at a time of its own, so that no two are in step; then polls and clicks."""
        yield self.clock.timeout(self.dice.uniform(0.0, 10.0 * self.habits.every_s))
        self.load()
        self.clock.process(self.click())

    def load(self) -> None:
        """The page, its token, and its timer."""
        self.seen_s = self.expires_s = self.clock.now
        self.silent = False
        self.issue()
        self.timer = self.clock.process(self.poll(self.seen_s))

    def issue(self) -> None:
        """A token from now on."""
        cap_s = self.seen_s + self.habits.absolute_s
        self.expires_s = min(self.clock.now + self.habits.lifetime_s, cap_s)

    def passes(self) -> bool:
        """Whether a request is accepted now, after what it renews."""
        capped = self.clock.now >= self.seen_s + self.habits.absolute_s
        if not self.clock.now < self.expires_s:
            if self.habits.renewal != "host" or self.revoked or capped:
                return False
            self.issue()
        if self.habits.renewal == "sliding":
            self.issue()
        return True

    def poll(self, seen_s: float) -> Generator[simpy.Event, Any, None]:
        """Again and again until the page is replaced; silent from a refusal to the next click."""
        while True:
            yield self.clock.timeout(self.habits.every_s)
            if self.seen_s != seen_s:
                return
            if not self.silent and not (passed := self.passes()):
                self.silent = True
            elif not self.silent:
                self.polls_after += self.revoked and passed

    def click(self) -> Generator[simpy.Event, Any, None]:
        """A refused click reloads the page, while the host grants it."""
        while True:
            yield self.clock.timeout(self.dice.expovariate(1.0 / self.habits.think_s))
            self.silent = False
            if not self.passes():
                if self.revoked:
                    return
                self.load()

    def window_s(self) -> float:
        """What is left of the token."""
        return max(0.0, self.expires_s - self.clock.now)


def observed(habits: Habits, people: int, at_s: float, seed: int) -> list[tuple[float, int]]:
    """(window at an instant if nothing more is asked for, polls accepted after it) of so many people revoked then."""
    clock, dice = simpy.Environment(), random.Random(seed)
    crowd = [Page(clock, habits, dice) for _ in range(people)]
    clock.run(until=at_s)
    windows_s = [page.window_s() for page in crowd]
    for page in crowd:
        page.revoked = True
    clock.run(until=at_s + 4.0 * habits.lifetime_s + habits.every_s)
    return [(w, page.polls_after) for w, page in zip(windows_s, crowd, strict=True)]

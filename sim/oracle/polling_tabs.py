"""Tabs that poll and renew, as they find it ended, a token whose refresh tokens rotate (docs/model.md, sections 18 and 21).

Beside `sim.oracle.families`, whose browser and store these are: no timer renews, each poll looks at what the browser holds.
"""

from itertools import count

import simpy

from sim.oracle.families import Browser, Process, Rules


class PollingBrowser(Browser):
    """One browser whose tabs poll."""

    def __init__(self, clock: simpy.Environment, rules: Rules, every_s: float, seed: int):
        super().__init__(clock, rules, seed)
        self.every_s = every_s

    def page(self, number: int) -> Process:
        """Polls until the tab is closed, or has been refused: nobody clicks in it again."""
        seen_s = self.clock.now
        for k in count(1):
            due_s = seen_s + k * self.every_s
            if due_s < self.clock.now:  # the last one was under way
                continue
            yield self.clock.timeout(due_s - self.clock.now)
            if number not in self.open:
                return
            if self.clicks_in != number and not (yield from self.answered(number)):
                return

    def answered(self, number: int) -> Process:
        """A poll, sent once more where its token ends on the way; whether it was accepted."""
        for _ in range(2):
            if self.left_s() == 0:
                yield from self.renewed(number, also_closed=False)
                if self.left_s() == 0:
                    return False
            ends_s = self.clock.now + self.left_s()
            half_s = 0.5 * self.trip_s()
            yield self.clock.timeout(half_s)
            accepted = self.clock.now < ends_s
            yield self.clock.timeout(half_s)
            if accepted or number not in self.open:
                return True
        return False


def counted(
    rules: Rules, until_s: float, seed: int, every_s: float | None = None
) -> tuple[int, int]:
    """Reuses and false logouts of one browser in a time, whose tabs poll, or renew by timers."""
    clock = simpy.Environment()
    browser = (
        Browser(clock, rules, seed)
        if every_s is None
        else PollingBrowser(clock, rules, every_s, seed)
    )
    clock.run(until=until_s)
    return browser.reuses, browser.logouts

"""A kept yes alone, as a SimPy process of its own: one person clicks, one cache asks, one revocation (model, section 12).

It knows nothing of the engine: times are drawn by Python's generator, the window is read off what the cache did.
"""

import math
import random
from dataclasses import dataclass

import simpy


@dataclass
class Kept:
    """A yes of the cache: when it came, and until when it answers, fresh and old."""

    came_s: float
    fresh_s: float
    old_s: float


class Cache:
    """Keeps a yes for `kept_s` by a clock; hits prolong it after a `step` of that; an old one may answer while it is asked."""

    def __init__(
        self,
        env: simpy.Environment,
        kept_s: float,
        clock: str = "exact",
        step: float | None = None,
        stale_for_s: float | None = None,
        refusal_replaces: bool = False,
    ):
        self.env, self.kept_s, self.clock, self.step = env, kept_s, clock, step
        self.stale_for_s, self.refusal_replaces = stale_for_s, refusal_replaces
        self.yes: Kept | None = None
        self.revoked = False
        self.asked = 0

    def _end_s(self) -> float:
        now = self.env.now
        return (
            now + self.kept_s
            if self.clock == "exact"
            else math.floor(now) + self.kept_s + (self.clock == "floor_plus_1")
        )

    def _ask(self) -> bool:
        self.asked += 1
        if not self.revoked:
            old_s = -math.inf if self.stale_for_s is None else self.env.now + self.stale_for_s
            self.yes = Kept(self.env.now, self._end_s(), old_s)
        return not self.revoked

    def passes(self) -> bool:
        """A click now."""
        now, yes = self.env.now, self.yes
        if yes is not None and now < yes.fresh_s:
            if self.step is not None and now - yes.came_s >= self.step * self.kept_s:
                yes.came_s, yes.fresh_s = now, self._end_s()
            return True
        if yes is not None and now < yes.old_s:
            if not self._ask() and self.refusal_replaces:
                self.yes = None
            return True
        return self._ask()

    def until_s(self) -> float:
        """How far a click would pass if nothing changed."""
        return -math.inf if self.yes is None else max(self.yes.fresh_s, self.yes.old_s)


def window_s(
    seed: int, gap_s: float, revoked_s: float, **cache: float | str | bool | None
) -> float:
    """The exposure window of one person who clicks after exponential gaps of mean `gap_s` until he is refused."""
    draw, env = random.Random(seed), simpy.Environment()
    kept = Cache(env, **cache)  # type: ignore[arg-type]
    reached = revoked_s

    def person() -> simpy.events.ProcessGenerator:
        nonlocal reached
        while True:
            before_s = kept.until_s()
            yield env.timeout(draw.expovariate(1 / gap_s))
            if kept.revoked:
                reached = max(reached, min(before_s, env.now))
            if not kept.passes():
                return

    def revocation() -> simpy.events.ProcessGenerator:
        yield env.timeout(revoked_s + draw.random())
        kept.revoked = True
        nonlocal reached
        reached = env.now
        times.append(env.now)

    times: list[float] = []
    env.process(revocation())
    env.run(env.process(person()))
    return reached - times[0]

"""Several deciders alone, as SimPy processes: one person clicks, each decider knows at a time of its own and keeps a yes (model, section 22).

It knows nothing of the engine: times are drawn by Python's generator, and the window is read off what each decider would say.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import simpy

Draw = Callable[[random.Random], float]


@dataclass
class Decider:
    """Answers yes until it knows; a yes is kept for a while after it came, and comes after a trip and back."""

    knows_after: Draw
    kept_s: float = 0.0
    trip_s: float = 0.0
    knows_s: float = math.inf
    until_s: float = -math.inf

    def answer(self, env: simpy.Environment) -> simpy.events.ProcessGenerator:
        """Whether a click may pass, by what is kept or by asking."""
        if env.now < self.until_s:
            return True
        yield env.timeout(self.trip_s / 2)
        says = env.now < self.knows_s
        yield env.timeout(self.trip_s / 2)
        if says and self.kept_s:
            self.until_s = env.now + self.kept_s
        return says

    def passes_until(self) -> float:
        """How far a click would pass if nothing changed: by what is kept, and while it does not know."""
        return max(self.until_s, self.knows_s)


def window_s(seed: int, gap_s: float, revoked_s: float, deciders: Sequence[Decider]) -> float:
    """The window of one person who clicks after exponential gaps until a decider refuses; the host knows at once."""
    dice, env = random.Random(seed), simpy.Environment()
    revoked_s += dice.random() * gap_s
    for decider in deciders:
        decider.until_s, decider.knows_s = -math.inf, revoked_s + decider.knows_after(dice)
    reached_s = last_s = revoked_s

    def person() -> simpy.events.ProcessGenerator:
        nonlocal reached_s, last_s
        while True:
            yield env.timeout(dice.expovariate(1 / gap_s))
            for decider in deciders:
                before_s = min(d.passes_until() for d in deciders)
                if not (yield env.process(decider.answer(env))):
                    reached_s = max(reached_s, before_s)
                    return
            last_s = env.now

    env.run(env.process(person()))
    return max(reached_s, last_s) - revoked_s

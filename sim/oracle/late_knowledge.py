"""A host that learns late, alone, as SimPy processes: one person clicks, one cache asks, the host acts by it after a while.

A text of its own beside the engine's (model, section 4): times are drawn by Python's generator, the window is read off what the
cache did.
"""

import random

import simpy


class Gate:
    """Asks the host at a click, unless it has said yes in the last `kept_s`."""

    def __init__(self, env: simpy.Environment, kept_s: float):
        self.env, self.kept_s = env, kept_s
        self.host_knows = False
        self.until_s = 0.0

    def passes(self) -> bool:
        """A click now."""
        if self.env.now < self.until_s:
            return True
        if self.host_knows:
            return False
        self.until_s = self.env.now + self.kept_s
        return True


def window_s(seed: int, gap_s: float, kept_s: float, late_s: float, revoked_s: float) -> float:
    """The window of one who clicks after exponential gaps; the host needs an exponential time of mean `late_s`."""
    draw, env = random.Random(seed), simpy.Environment()
    gate = Gate(env, kept_s)
    windows_s: list[float] = []

    def person() -> simpy.events.ProcessGenerator:
        passed = True
        while passed:
            yield env.timeout(draw.expovariate(1 / gap_s))
            passed = gate.passes()

    def host() -> simpy.events.ProcessGenerator:
        yield env.timeout(revoked_s)
        late = draw.expovariate(1 / late_s)
        yield env.timeout(late)
        gate.host_knows = True
        rest_s = max(0.0, gate.until_s - env.now)
        yield env.timeout(rest_s)
        windows_s.append(late + rest_s)

    env.process(person())
    env.run(env.process(host()))
    return windows_s[0]

"""A last answer that serves failures, alone, as a SimPy process: one person clicks, one host goes down once (model, section 12).

It knows nothing of the engine: times are drawn by Python's generator, and what was said last is remembered as a pair.
"""

import random

import simpy


class Host:
    """Answers what holds now, or nothing."""

    def __init__(self, env: simpy.Environment, down_s: float, revoked_s: float):
        self.env, self.down_s, self.revoked_s = env, down_s, revoked_s

    def answer(self) -> bool | None:
        """Yes, no, or None while it is down, which it stays."""
        if self.env.now >= self.down_s:
            return None
        return self.env.now < self.revoked_s


class Gate:
    """Asks each time; where nobody answers, the last answer serves for a while after it came."""

    def __init__(self, host: Host, stale_for_s: float):
        self.host, self.stale_for_s = host, stale_for_s
        self.last: tuple[float, bool] | None = None

    def passes(self) -> bool:
        """A click now."""
        said, now = self.host.answer(), self.host.env.now
        if said is not None:
            self.last = (now, said)
            return said
        if self.last is None or now - self.last[0] >= self.stale_for_s:
            return False
        return self.last[1]


def last_click_s(
    seed: int, gap_s: float, stale_for_s: float, down_s: float, revoked_s: float
) -> float:
    """From the revocation to the last click that passed, of one who clicks after exponential gaps until he is stopped."""
    draw, env = random.Random(seed), simpy.Environment()
    gate = Gate(Host(env, down_s, revoked_s), stale_for_s)
    passed_s = 0.0

    def person() -> simpy.events.ProcessGenerator:
        nonlocal passed_s
        while True:
            yield env.timeout(draw.expovariate(1 / gap_s))
            if not gate.passes():
                return
            passed_s = env.now

    env.run(env.process(person()))
    return max(0.0, passed_s - revoked_s)

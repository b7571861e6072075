"""Forms that are filled in while a token runs out, alone, as a SimPy process: what is typed is lost at a reload.

A text of its own beside the engine's (docs/model.md, section 20): one person, one token that page loads renew, no latency, random
numbers of its own. So it agrees in law, not in bits.
"""

import random
from collections.abc import Generator, Mapping
from typing import Any

import simpy


def lost_s(
    think_s: Mapping[str, float],
    shares: Mapping[str, float],
    lifetime_s: float,
    until_s: float,
    seed: int,
) -> float:
    """Seconds thought before writes that met an expired token, by a time; means of exponential think times, by kind."""
    clock, dice = simpy.Environment(), random.Random(seed)
    lost = 0.0

    def person() -> Generator[simpy.Event, Any, None]:
        nonlocal lost
        loaded_s = clock.now
        while True:
            (kind,) = dice.choices(list(shares), list(shares.values()))
            thought_s = dice.expovariate(1.0 / think_s[kind])
            yield clock.timeout(thought_s)
            if clock.now >= loaded_s + lifetime_s:
                loaded_s = clock.now
                lost += thought_s if kind == "write" else 0.0

    clock.process(person())
    clock.run(until=until_s)
    return lost

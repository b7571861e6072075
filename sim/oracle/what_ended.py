"""What ends access first, alone, as SimPy processes: each gate is one that shuts when its time comes (model, section 7).

It knows nothing of the engine: times are drawn by Python's generator, and the first to shut is what is said.
"""

import random
from collections import Counter
from collections.abc import Callable, Generator

import simpy

Gate = Callable[[simpy.Environment, random.Random], Generator[simpy.Event, None, None]]


def token(lifetime_s: float) -> Gate:
    """Held always, renewed at its end until somebody knows: what is left of it is at a random phase."""

    def shuts(env: simpy.Environment, dice: random.Random) -> Generator[simpy.Event, None, None]:
        yield env.timeout(lifetime_s * dice.random())

    return shuts


def event(mean_s: float) -> Gate:
    """Sent at once, there after an exponential time."""

    def shuts(env: simpy.Environment, dice: random.Random) -> Generator[simpy.Event, None, None]:
        yield env.timeout(dice.expovariate(1 / mean_s))

    return shuts


def sweep(every_s: float) -> Gate:
    """Goes round; the next one tells."""

    def shuts(env: simpy.Environment, dice: random.Random) -> Generator[simpy.Event, None, None]:
        yield env.timeout(every_s * dice.random())

    return shuts


def kept_yes(kept_s: float, gap_s: float) -> Gate:
    """Asked for by the first click after the last yes has ended: before access ends that is long so."""

    def shuts(env: simpy.Environment, dice: random.Random) -> Generator[simpy.Event, None, None]:
        left_s = -dice.random() * 100 * (kept_s + gap_s)
        while left_s <= 0:
            ends_s = left_s + dice.expovariate(1 / gap_s) + kept_s
            if ends_s - kept_s > 0:  # the click that would ask comes after access has ended
                break
            left_s = ends_s
        yield env.timeout(max(0.0, left_s))

    return shuts


def ended_by(seed: int, gates: dict[str, Gate]) -> str:
    """The name of the gate that shuts first."""
    env, dice, shut = simpy.Environment(), random.Random(seed), []

    def one(name: str, gate: Gate) -> Generator[simpy.Event, None, None]:
        yield env.process(gate(env, dice))
        shut.append(name)

    for name, gate in gates.items():
        env.process(one(name, gate))
    while not shut:
        env.step()
    return str(shut[0])


def shares(number: int, gates: dict[str, Gate]) -> dict[str, float]:
    """How often each is the first."""
    counted = Counter(ended_by(seed, gates) for seed in range(number))
    return {name: counted[name] / number for name in gates}

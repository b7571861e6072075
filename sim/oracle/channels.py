"""Channels alone, as SimPy processes: sweeps, an event beside a sweep, a sender that stops (model, "Channels").

A text of its own beside the engine's: times are drawn by Python's generator, sweeps are a process that wakes.
"""

import random
from collections.abc import Callable

import simpy

Draw = Callable[[random.Random], float]


class Receiver:
    """Told of one fact; the first to tell counts."""

    def __init__(self, env: simpy.Environment):
        self.env = env
        self.told_s: float | None = None

    def tell(self) -> None:
        """Now."""
        if self.told_s is None:
            self.told_s = self.env.now


def sweep(
    env: simpy.Environment,
    dice: random.Random,
    to: Receiver,
    every_s: float,
    loss: float,
    delay_s: float,
) -> simpy.events.ProcessGenerator:
    """Wakes up for ever; a fact that is there is told unless it is lost."""
    yield env.timeout(dice.random() * every_s)
    while True:
        if env.now >= 0 and dice.random() >= loss:
            yield env.timeout(delay_s)
            to.tell()
            return
        yield env.timeout(every_s)


def event(
    env: simpy.Environment, dice: random.Random, to: Receiver, delay: Draw
) -> simpy.events.ProcessGenerator:
    """Sent once."""
    yield env.timeout(delay(dice))
    to.tell()


def window_s(
    seed: int, every_s: float, loss: float = 0.0, delay_s: float = 0.0, beside: Draw | None = None
) -> float:
    """How long until the app is told of a fact that the host knows at a random phase of the sweeps."""
    env, dice = simpy.Environment(), random.Random(seed)
    to = Receiver(env)
    env.process(sweep(env, dice, to, every_s, loss, delay_s))
    if beside is not None:
        env.process(event(env, dice, to, beside))
    while to.told_s is None:
        env.step()
    return to.told_s


class Sender:
    """Sends each event once, and stops for good after so many failures in a row."""

    def __init__(self, env: simpy.Environment, dice: random.Random, loss: float, after: int):
        self.env, self.dice, self.loss, self.after = env, dice, loss, after
        self.sent = self.failures = 0

    def run(self, gap_s: float) -> simpy.events.ProcessGenerator:
        """Events come after exponential gaps."""
        while self.failures < self.after:
            yield self.env.timeout(self.dice.expovariate(1 / gap_s))
            self.sent += 1
            self.failures = self.failures + 1 if self.dice.random() < self.loss else 0


def attempts(seed: int, loss: float, after: int) -> int:
    """How many attempts a sender makes until it stops."""
    env, dice = simpy.Environment(), random.Random(seed)
    sender = Sender(env, dice, loss, after)
    env.run(env.process(sender.run(60.0)))
    return sender.sent

"""A host's limit alone, as SimPy processes: calls arrive by themselves, a limiter lets them pass or not (model, "Limits as hosts keep them").

A text of its own beside the engine's: windows end by processes that sleep, logs are lists, turns are taken at a server. Times are
drawn by Python's generator.
"""

import random
from collections.abc import Callable

import simpy

Admits = Callable[[], bool]


def fixed_window(env: simpy.Environment, most: int, span_s: float) -> Admits:
    """A window opens with a call and is closed by a process that sleeps until its end."""
    passed: list[int] = []  # of the open window, one number

    def close() -> simpy.events.ProcessGenerator:
        yield env.timeout(span_s)
        passed.clear()

    def admits() -> bool:
        if not passed:
            passed.append(0)
            env.process(close())
        passed[0] += passed[0] < most + 1
        return passed[0] <= most

    return admits


def log(env: simpy.Environment, most: int, span_s: float, counts_refused: bool = False) -> Admits:
    """A list of the calls that count, looked through at each."""
    calls: list[float] = []

    def admits() -> bool:
        calls[:] = [at_s for at_s in calls if at_s > env.now - span_s]
        passes = len(calls) < most
        if passes or counts_refused:
            calls.append(env.now)
        return passes

    return admits


def counter(
    env: simpy.Environment, most: int, span_s: float, counts_refused: bool = False
) -> Admits:
    """Two numbers, which a clock moves on."""
    count = {"now": 0, "before": 0}

    def tick() -> simpy.events.ProcessGenerator:
        while True:
            yield env.timeout(span_s)
            count["before"], count["now"] = count["now"], 0

    env.process(tick())

    def admits() -> bool:
        left = 1 - env.now / span_s % 1
        passes = count["now"] + left * count["before"] < most
        count["now"] += passes or counts_refused
        return passes

    return admits


def paced(env: simpy.Environment, rate_per_s: float, burst: float) -> Admits:
    """A server that takes 1 / rate for each; who would find more than `burst` turns' work before him goes away."""
    free_s = [0.0]

    def admits() -> bool:
        work_s = max(0.0, free_s[0] - env.now)
        if work_s * rate_per_s > burst:
            return False
        free_s[0] = env.now + work_s + 1 / rate_per_s
        return True

    return admits


def refused_share(
    make: Callable[[simpy.Environment], Admits], rate_per_s: float, for_s: float, seed: int
) -> float:
    """The share of Poisson arrivals that are turned away."""
    env, draw, answers = simpy.Environment(), random.Random(seed), list[bool]()
    admits = make(env)

    def arrivals() -> simpy.events.ProcessGenerator:
        while True:
            yield env.timeout(draw.expovariate(rate_per_s))
            answers.append(admits())

    env.process(arrivals())
    env.run(until=for_s)
    return answers.count(False) / len(answers)

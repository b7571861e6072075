"""Nodes of an app that keep what they know each for itself, as SimPy processes (model, "App nodes").

A text of its own beside the engine's: one person clicks at random and is never stopped by a refusal, a balancer draws a node for
each click, a node remembers a yes of the host.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import simpy

Draw = Callable[[random.Random], float]


@dataclass
class Node:
    """What one node holds in memory."""

    env: simpy.Environment
    cached_s: float
    asked: int = 0
    remembers_until_s: float = field(default=-1.0)

    def lets_pass(self, allowed: bool) -> bool:
        """Whether it accepts a request now; it asks where it remembers nothing."""
        if self.env.now < self.remembers_until_s:
            return True
        self.asked += 1
        if allowed:
            self.remembers_until_s = self.env.now + self.cached_s
        return allowed


@dataclass
class Seen:
    """Of a case: how long a yes was remembered somewhere, what was accepted meanwhile, and questions before it."""

    window_s: float
    accepted: int
    asked: int


class Cluster:
    """Nodes behind a balancer, a person who clicks, and a revocation."""

    def __init__(self, seed: int, nodes: int, cached_s: float, rate_per_s: float):
        self.env, self.dice = simpy.Environment(), random.Random(seed)
        self.nodes = [Node(self.env, cached_s) for _ in range(nodes)]
        self.rate_per_s, self.cached_s = rate_per_s, cached_s
        self.allowed, self.accepted = True, 0
        self.env.process(self.person())

    def person(self) -> simpy.events.ProcessGenerator:
        """Clicks for ever."""
        while True:
            yield self.env.timeout(self.dice.expovariate(self.rate_per_s))
            passed = self.dice.choice(self.nodes).lets_pass(self.allowed)
            self.accepted += passed and not self.allowed

    def case(self, after_s: float, dropped: int) -> Seen:
        """The revocation after a while; who takes it down is `dropped` nodes, which forget what they remember."""
        self.env.run(after_s)
        asked = sum(node.asked for node in self.nodes)
        self.allowed = False
        for node in self.dice.sample(self.nodes, dropped):
            node.remembers_until_s = -1.0
        until_s = max(node.remembers_until_s for node in self.nodes)
        self.env.run(after_s + self.cached_s)
        return Seen(max(0.0, until_s - after_s), self.accepted, asked)


def told_s(seed: int, nodes: int, takes: Draw) -> float:
    """How long until the last of the nodes has been told of one event, each after a time of its own."""
    env, dice = simpy.Environment(), random.Random(seed)
    told = []

    def go(node: int) -> simpy.events.ProcessGenerator:
        yield env.timeout(takes(dice))
        told.append(node)

    for node in range(nodes):
        env.process(go(node))
    while len(told) < nodes:
        env.step()
    return float(env.now)


def case(
    seed: int, nodes: int, cached_s: float, rate_per_s: float, after_s: float, dropped: int = 0
) -> Seen:
    """One case; `after_s`: long against the caches, so that it falls at a random phase."""
    return Cluster(seed, nodes, cached_s, rate_per_s).case(after_s, dropped)

"""Clocks that are wrong, alone, as SimPy processes: an issuer stamps by its clock, a verifier judges by its own (model, "Clocks").

A text of its own beside the engine's: tokens carry times of a clock face, and nobody subtracts offsets. Times are drawn by Python's
generator.
"""

import random
from dataclasses import dataclass

import simpy


@dataclass(frozen=True)
class Clocks:
    """By how much each is ahead of true time."""

    issuer_s: float
    verifier_s: float


@dataclass(frozen=True)
class Token:
    """What is written in it, by the issuer's clock."""

    issued_at_s: float
    expires_at_s: float


class Person:
    """Clicks after exponential gaps; who is refused loads a page, which has a new token, and clicks once more."""

    def __init__(
        self,
        env: simpy.Environment,
        clocks: Clocks,
        lifetime_s: float,
        gap_s: float,
        seed: int,
        not_before: bool = False,
    ):
        self.env, self.clocks, self.lifetime_s = env, clocks, lifetime_s
        self.gap_s, self.not_before = gap_s, not_before
        self.draw = random.Random(seed)
        self.reloads = self.refused = self.clicks = 0
        self.token = self.issue()
        env.process(self.click())

    def issue(self) -> Token:
        """A token of now."""
        reads_s = self.env.now + self.clocks.issuer_s
        return Token(reads_s, reads_s + self.lifetime_s)

    def passes(self) -> bool:
        """Whether the verifier takes the token that is held."""
        reads_s = self.env.now + self.clocks.verifier_s
        if self.not_before and reads_s < self.token.issued_at_s:
            return False
        return reads_s < self.token.expires_at_s

    def click(self) -> simpy.events.ProcessGenerator:
        """For ever."""
        while True:
            yield self.env.timeout(self.draw.expovariate(1 / self.gap_s))
            self.clicks += 1
            if not self.passes():
                self.reloads += 1
                self.token = self.issue()
                self.refused += not self.passes()

    def window_s(self) -> float:
        """How long the token held now would be taken if nothing was issued any more."""
        ends_s = self.token.expires_at_s - self.clocks.verifier_s
        return max(0.0, ends_s - self.env.now)


def people(
    number: int, for_s: float, clocks: Clocks, lifetime_s: float, gap_s: float, **more: bool
) -> list[Person]:
    """So many, each by himself, after so long."""
    found = []
    for seed in range(number):
        env = simpy.Environment()
        found.append(Person(env, clocks, lifetime_s, gap_s, seed, **more))
        env.run(until=for_s)
    return found

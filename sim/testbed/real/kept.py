"""What a strategy keeps: how long, by which clock, whether clicks prolong it, and until when at most."""

import math
from dataclasses import dataclass

from sim.model.mechanisms import Clock
from sim.model.strategies import Strategy


@dataclass(frozen=True)
class Kept:
    """`life_s` from a yes (or a sign-in) on; `cap_s` from the sign-in on; `most_s`: an end after every yes, or infinite."""

    life_s: float
    cap_s: float
    most_s: float
    clock: Clock
    prolongs: bool

    @classmethod
    def of(cls, strategy: Strategy) -> "Kept":
        """Of the check, or else of the entry, or else of the token."""
        check, entry, token = strategy.only_check, strategy.allowlist, strategy.token
        if check is not None:
            slides = check.slides is not None
            return cls(check.allow_for_s, math.inf, check.kept_for_s, check.keeps_to, slides)
        if entry is not None:
            life_s, cap_s = entry.lifetime.support()[0], entry.absolute_s or math.inf
            slides = entry.renewal == "sliding"
            return cls(life_s, cap_s, math.inf if slides else life_s, entry.keeps_to, slides)
        assert token is not None
        life_s, cap_s = token.lifetime.support()[0], token.absolute_s or math.inf
        return cls(life_s, cap_s, math.inf, token.keeps_to, token.renewal == "sliding")

    @property
    def whole(self) -> bool:
        """Whether its clock counts in whole seconds."""
        return self.clock is not Clock.EXACT

    def ends_s(self, at_s: float, lasts_s: float) -> float:
        """When what begins now and lasts so long ends."""
        return lasts_s + (math.floor(at_s) + self.clock.adds_s if self.whole else at_s)

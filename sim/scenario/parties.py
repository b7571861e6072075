"""What parties have in common: servers, and a limit on calls."""

import math
from typing import Annotated

from pydantic import Field, model_validator

from sim.basics.ranges import Positive, Rate, whole
from sim.model.limits import Limiter, LimiterName, Told, ToldName
from sim.model.mechanisms import LATER
from sim.scenario.table import Table

Servers = Annotated[float, whole(1, 10_000_000, unlimited=math.inf)]


class RateLimit(Table):
    """So many calls a second and an hour, by the rule of `kind` (`Limiter`)."""

    per_second: Rate
    burst: Positive | None = None
    per_hour: Positive | None = None
    kind: LimiterName = Field("bucket", json_schema_extra=LATER)
    counts_refused: Annotated[bool, Field(strict=True)] = Field(False, json_schema_extra=LATER)
    retry_after: ToldName = Field("exact", json_schema_extra=LATER)

    @model_validator(mode="after")
    def _of_its_kind(self) -> "RateLimit":
        if self.limiter.bursts:
            if self.counts_refused:
                raise ValueError(f"counts_refused: expected false, since {self._said}")
            if self.limiter is Limiter.PACED and self.per_second == 0:
                raise ValueError(f"per_second: expected a rate above 0, since {self._said}")
            if self.burst is None:
                object.__setattr__(self, "burst", max(1.0, self.per_second))
            return self
        if self.burst is not None:
            raise ValueError(f"burst: nothing to set, since {self._said} has none")
        for key, most in (("per_second", self.per_second), ("per_hour", self.per_hour)):
            if most is not None and most != int(most):
                raise ValueError(f"{key}: expected a whole number of calls, since {self._said}")
        return self

    @property
    def limiter(self) -> Limiter:
        """The rule."""
        return Limiter[self.kind.upper()]

    @property
    def told(self) -> Told:
        """What Retry-After says."""
        return Told[self.retry_after.upper()]

    @property
    def _said(self) -> str:
        return f'kind = "{self.kind}"'

    @property
    def mosts(self) -> tuple[float, ...]:
        """Calls a second and, where there is such a limit, an hour."""
        return (self.per_second,) if self.per_hour is None else (self.per_second, self.per_hour)

    @property
    def remembers(self) -> tuple[int, ...]:
        """How many calls a log keeps, of a second and an hour."""
        return tuple(int(most) for most in self.mosts) if self.limiter is Limiter.LOG else ()

    @property
    def text(self) -> str:
        """As a sentence says it: 10/s, or 10/s and 720/h."""
        return " and ".join(
            f"{most:g}/{span}" for most, span in zip(self.mosts, "sh", strict=False)
        )

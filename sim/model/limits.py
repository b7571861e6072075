"""How a host counts calls against its rate limit: the kinds of limiter that people run, and what a refusal tells."""

from enum import IntEnum
from typing import TYPE_CHECKING, Literal


class Limiter(IntEnum):
    """By what rule a call is turned away. `bursts`: it has a `burst`; else it counts calls in windows.

    `BUCKET`: a bucket that is refilled all the time, full at the start. `FIXED_WINDOW`: windows that the first call after
    the last one opens. `LOG`: the calls of the last second or hour. `COUNTER`: those of this second or hour of the clock, and
    of the one before as much as is not yet gone of it. `PACED`: a call waits for its turn.
    """

    bursts: bool

    BUCKET = True
    FIXED_WINDOW = False
    LOG = False
    COUNTER = False
    PACED = True

    def __new__(cls, bursts: bool = False) -> "Limiter":
        """Number them in the order in which they stand."""
        kind = int.__new__(cls, len(cls.__members__))
        kind._value_ = len(cls.__members__)
        kind.bursts = bursts
        return kind


class Told(IntEnum):
    """What Retry-After says of the wait."""

    EXACT = 0
    WHOLE_SECONDS = 1
    NONE = 2


LIMITERS = tuple(kind.name.lower() for kind in Limiter)
TOLD = tuple(told.name.lower() for told in Told)
SPANS_S = (1.0, 3600.0)  # of `per_second`, of `per_hour`
if TYPE_CHECKING:
    LimiterName = str
    ToldName = str
else:
    LimiterName, ToldName = Literal[LIMITERS], Literal[TOLD]

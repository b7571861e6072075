"""Ranges: every number of a scenario has one. Validation, the JSON Schema and the text of the error follow from it.

What the limits keep apart from nonsense: times are counted in ticks of 2^-26 s in 64 bits (137,000,000,000 s in all), whole
numbers that index arrays have 32 bits, and no draw, product or sum of products leaves the floats.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from pydantic_core import core_schema

from sim.basics.units import (
    DURATION,
    DURATION_HINT,
    RATE,
    RATE_HINT,
    parse_duration,
    parse_rate,
)
from sim.basics.wording import format_duration

LONGEST_S = 100_000 * 86400.0  # 273 years
SHORTEST = 1e-9  # of what must be above 0
LONGEST_RUN = 1e11  # people x seconds: whose ticks an int64 holds


def _number(value: Any) -> float:
    """A number as it is. Raises ValueError for anything else, also for NaN and infinity."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < math.inf:
        raise ValueError("no number")
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("no whole number")
    return value


def _counted(value: Any) -> float:
    """A whole number, also one that is written as a float."""
    number = _number(value)
    if number != math.floor(number):
        raise ValueError("no whole number")
    return number


def _plain(value: float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if 1 <= abs(value) < 1e12 and value == int(value) else f"{value:g}"


def _time(value: float) -> str:
    return format_duration(value) if abs(value) >= 1 else f"{value:g} s"


@dataclass(frozen=True, eq=False)  # hashed by identity, as pydantic wants of an annotation
class Range:
    """From `least` to `most`, both taken; with `zero` 0 as well. As an annotation it is the type of a field.

    `read` turns what is written into a number, `words` says which words may stand instead and for what.
    """

    what: str
    least: float
    most: float
    zero: bool = False
    read: Callable[[Any], float] = _number
    said: Callable[[float], str] = _plain
    words: Mapping[str, Any] = field(default_factory=dict)
    pattern: str = ""  # of a text with a unit
    hint: str = ""
    whole: bool = False

    def __call__(self, value: Any) -> Any:
        """The number that a value stands for. Raises ValueError, which says what was expected."""
        if isinstance(value, str) and value in self.words:
            return self.words[value]
        try:
            number = self.read(value)
        except ValueError as error:
            # what a text should look like is said by its reader, what a number should be is said here
            raise ValueError(str(error) if self.pattern else self.expected) from None
        # compared before it is made a float, since a whole number can be too large for one
        if not (self.least <= number <= self.most or (self.zero and number == 0)):
            raise ValueError(self.expected)
        return int(number) if self.whole else float(number)

    @property
    def expected(self) -> str:
        """What an error says."""
        words = "".join(f', or "{word}"' for word in self.words)
        return f"expected {self.what} {self._limits()}{words}"

    def _limits(self) -> str:
        least, most = self.said(self.least), self.said(self.most)
        if self.least < 0:
            return f"from {least} to {most}"
        if self.zero:
            return f"of at least 0 and at most {most} (above 0: at least {least})"
        if 0 < self.least < 0.01:
            return f"above 0 (from {least}) and at most {most}"
        return f"of at least {least} and at most {most}"

    def schema(self) -> dict[str, Any]:
        """JSON Schema of what may be written."""
        limits = {"minimum": self._limit(self.least), "maximum": self._limit(self.most)}
        kinds: list[dict[str, Any]] = [
            {"type": "integer" if self.whole else "number", **limits},
            *([{"const": 0}] if self.zero else []),
            *([{"type": "string", "pattern": self.pattern}] if self.pattern else []),
            *({"const": word} for word in self.words),
        ]
        found = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
        said = f"{self.hint}, " if self.hint else ""
        return {**found, "description": said + self.expected.removeprefix("expected ")}

    def _limit(self, value: float) -> float:
        return int(value) if self.whole else value

    def above_0(self) -> "Range":
        """The same without 0 and what is below."""
        least = self.least if self.least > 0 else SHORTEST
        return replace(self, least=least, zero=False)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return self.schema()


TIME = Range(
    *("a time", 0.0, LONGEST_S, False, parse_duration, _time),
    pattern=DURATION,
    hint=DURATION_HINT,
)
SIGNED_TIME = replace(TIME, least=-LONGEST_S)
RATES = Range(
    *("a rate", 1e-9, 1e9, True, parse_rate, lambda value: f"{value:g}/s"),
    pattern=RATE,
    hint=RATE_HINT,
)
BYTES = Range("a number of bytes", 0.0, 1e15)
COUNTS = Range("a whole number", 1, 1_000_000_000, read=_whole, whole=True)
LAW_COUNTS = replace(COUNTS, read=_counted)
NUMBERS = Range("a number", 1e-12, 1e12)
ANY_NUMBER = Range("a number", -1e15, 1e15, read=parse_duration)  # of a law that is in no field


def whole(least: int, most: int, **words: float) -> Range:
    """Whole numbers from one to another."""
    return replace(COUNTS, least=least, most=most, words=words)


def number(least: float, most: float, *, zero: bool = False) -> Range:
    """Numbers from one to another."""
    return Range("a number", least, most, zero)


# A field's type says which numbers it takes; times are always float seconds, rates per second.
SignedDuration = Annotated[float, SIGNED_TIME]
Duration = Annotated[float, TIME]
PositiveDuration = Annotated[float, TIME.above_0()]
Rate = Annotated[float, RATES]
Share = Annotated[float, number(0.0, 1.0)]
Positive = Annotated[float, NUMBERS]
NotNegative = Annotated[float, replace(NUMBERS, zero=True)]

"""Durations and rates as people write them: "5min" is 300.0 seconds, "10/s" is 10.0 per second."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

_SECONDS = {
    "us": Decimal("1e-6"),
    "µs": Decimal("1e-6"),
    "ms": Decimal("1e-3"),
    "s": Decimal(1),
    "min": Decimal(60),
    "h": Decimal(3600),
    "d": Decimal(86400),
}
LARGEST = sys.float_info.max  # a whole number can be larger
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(us|µs|ms|min|s|h|d)")
_DURATION = re.compile(rf"-?\s*(?:{_PART.pattern}\s*)+")
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(us|µs|ms|min|s|h|d)")
# as JSON Schema has it
DURATION = r"^\s*-?\s*(\d+(\.\d+)?\s*(us|µs|ms|min|s|h|d)\s*)+$"
RATE = r"^\s*\d+(\.\d+)?\s*/\s*(us|µs|ms|min|s|h|d)\s*$"
DURATION_HINT = 'a duration such as "250ms", "7s", "5min", "1h30min" or a number of seconds'
RATE_HINT = 'a rate such as "10/s", "600/min" or a number per second'


def parse_duration(value: Any) -> float:
    """Seconds of a duration: a number of seconds, or numbers with units (us ms s min h d), added up.

    >>> parse_duration("5min"), parse_duration("1h30min"), parse_duration(7)
    (300.0, 5400.0, 7.0)

    Raises ValueError, which says what was expected, for anything else (also for NaN and infinity).
    """
    if isinstance(value, str) and _DURATION.fullmatch(value.strip()):
        # decimal, so that "0.3ms" and "300us", "1h30min" and "90min" give the same bits
        with _short():
            total = sum(Decimal(number) * _SECONDS[unit] for number, unit in _PART.findall(value))
            value = float(-total if value.strip().startswith("-") else total)
    return _finite(value, DURATION_HINT)


def parse_rate(value: Any) -> float:
    """Events per second of a rate: "10/s", "600/min", or a number per second.

    >>> parse_rate("600/min"), parse_rate(0.5)
    (10.0, 0.5)
    """
    if isinstance(value, str) and (match := _RATE.fullmatch(value.strip())):
        with _short():
            value = float(Decimal(match[1]) / _SECONDS[match[2]])
    return _finite(value, RATE_HINT)


@contextmanager
def _short() -> Iterator[None]:
    """A number of more digits than arithmetic takes is a wrong value like others."""
    try:
        yield
    except ArithmeticError as error:
        raise ValueError("expected a number of fewer digits") from error


def _finite(value: Any, hint: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"expected {hint}")
    if not -LARGEST <= value <= LARGEST:
        raise ValueError(f"expected {hint}; it must be finite")
    return float(value)

"""Durations and rates as people write them: "5min" <-> 300.0 seconds, "10/s" <-> 10.0 per second."""

import math
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

_SECONDS = {
    "us": Decimal("1e-6"),
    "ms": Decimal("1e-3"),
    "s": Decimal(1),
    "min": Decimal(60),
    "h": Decimal(3600),
    "d": Decimal(86400),
}
LARGEST = sys.float_info.max  # a whole number can be larger
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(us|ms|min|s|h|d)")
_DURATION = re.compile(rf"-?\s*(?:{_PART.pattern}\s*)+")
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(us|ms|min|s|h|d)")
# as JSON Schema has it
DURATION = r"^\s*-?\s*(\d+(\.\d+)?\s*(us|ms|min|s|h|d)\s*)+$"
RATE = r"^\s*\d+(\.\d+)?\s*/\s*(us|ms|min|s|h|d)\s*$"
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


def format_duration(seconds: float) -> str:
    """A duration as people say it, exact to 10 ms (from an hour on: to the second, from two days
    on: to the minute); `parse_duration` reads it.

    >>> format_duration(300), format_duration(301), format_duration(3720), format_duration(0.25), format_duration(0)
    ('5 min', '5 min 1 s', '1 h 2 min', '250 ms', '0 s')
    >>> format_duration(28 * 3600), format_duration(100_000), format_duration(30 * 86400)
    ('28 h', '27 h 46 min 40 s', '30 d')
    """
    if seconds == 0 or not math.isfinite(seconds):
        return "0 s" if seconds == 0 else str(seconds)
    if abs(seconds) < 60:
        return _in_one_unit(seconds, 4)
    exact = next(
        step for step, least in ((60, 172_800), (1, 3600), (0.01, 0)) if abs(seconds) >= least
    )
    rest = round(abs(seconds) / exact) * exact
    parts = []
    for unit in ("d", "h", "min"):
        size = int(_SECONDS[unit])
        if unit != "d" or rest >= 2 * size:
            number, rest = divmod(rest, size)
            parts += [f"{number:.0f} {unit}"] if number else []
    if round(rest, 2):
        parts.append(f"{rest:.4g} s")
    return ("-" if seconds < 0 else "") + " ".join(parts)


def about(seconds: float) -> str:
    """A measured duration to three digits in the unit that people say it in.

    >>> about(187.4), about(900), about(44.43), about(0.000955)
    ('3.12 min', '15 min', '44.4 s', '955 us')
    """
    if abs(seconds) % 60 == 0:
        return format_duration(seconds)
    return _in_one_unit(seconds, 3)


def _in_one_unit(seconds: float, digits: int) -> str:
    least = {"d": 2, "h": 2, "min": 2, "s": 1, "ms": 1}
    unit = next((u for u, n in least.items() if abs(seconds) >= n * _SECONDS[u]), "us")
    return f"{float(f'{seconds / float(_SECONDS[unit]):.{digits}g}'):g} {unit}"


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

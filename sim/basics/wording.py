"""How values are said: one text for a value, wherever it is shown.

A time alone is said as people say it, exactly where somebody set it and to three digits where it was measured; 7,000 s is
`1 h 56 min 40 s` either way. A time with its interval is said in one unit, to the digits that the interval supports.
"""

import math
from typing import Protocol

UNITS_S = {"d": 86400.0, "h": 3600.0, "min": 60.0, "s": 1.0, "ms": 1e-3, "µs": 1e-6}
_LEAST = {"d": 2.0}  # so many of a unit before it is used; of the others one
_ROUND_S = (86400.0, 3600.0, 600.0, 60.0, 10.0, 1.0)  # what people round long times to


class Measured(Protocol):
    """A value with its interval, if it has one."""

    @property
    def value(self) -> float: ...

    @property
    def low(self) -> float | None: ...

    @property
    def high(self) -> float | None: ...


# -- times --------------------------------------------------------------------------------------


def format_duration(seconds: float) -> str:
    """A time that somebody set: to 10 ms (below a minute: four digits; from an hour on: to the second, from two days on:
    to the minute).

    `units.parse_duration` reads it.

    >>> format_duration(300), format_duration(301), format_duration(3720), format_duration(0.25), format_duration(0)
    ('5 min', '5 min 1 s', '1 h 2 min', '250 ms', '0 s')
    >>> format_duration(28 * 3600), format_duration(7000), format_duration(30 * 86400), format_duration(2.7e-5)
    ('28 h', '1 h 56 min 40 s', '30 d', '27 µs')
    """
    size = abs(seconds)
    if size < 60 or not math.isfinite(seconds):
        return _short(seconds, 4)
    exact = next(step for step, least in ((60, 172_800), (1, 3600), (0.01, 0)) if size >= least)
    return _long(seconds, exact)


def about(seconds: float) -> str:
    """A time that was measured, to three digits; one that has no more digits is said exactly.

    >>> about(187.4), about(900), about(44.43), about(0.000955), about(7000), about(math.inf)
    ('3 min 7 s', '15 min', '44.4 s', '955 µs', '1 h 56 min 40 s', 'no end')
    >>> about(26_040), about(1_052_345)
    ('7 h 14 min', '12 d 4 h')
    """
    size = abs(seconds)
    if size < 60 or not math.isfinite(seconds) or size == float(f"{size:.3g}"):
        return _short(seconds, 3) if not 60 <= size < math.inf else format_duration(seconds)
    resolution = 10.0 ** (math.floor(math.log10(size)) - 2)
    return _long(seconds, next((step for step in _ROUND_S if step <= resolution), 1.0))


def _long(seconds: float, step: float) -> str:
    """Days, hours, minutes and seconds of a time, rounded to a step."""
    rest = round(round(abs(seconds) / step) * step, 2)
    parts = []
    for unit in ("d", "h", "min"):
        size = int(UNITS_S[unit])
        if rest >= _LEAST.get(unit, 1.0) * size:
            number, rest = divmod(rest, size)
            parts.append(f"{number:.0f} {unit}")
    if round(rest, 2):
        parts.append(f"{rest:.4g} s")
    return ("-" if seconds < 0 else "") + " ".join(parts)


def _short(seconds: float, digits: int) -> str:
    """A time in one unit; what is no number of seconds in words."""
    if not seconds or not math.isfinite(seconds):
        return "0 s" if not seconds else "-" if math.isnan(seconds) else "no end"
    size_s, unit = unit_of(seconds)
    number = float(f"{seconds / size_s:.{digits}g}")
    if abs(number) * size_s >= _above(size_s):  # 999.9 ms are 1 s
        return about(number * size_s)
    return f"{number:g} {unit}"


def _above(size_s: float) -> float:
    """From where on a time is said in the next larger unit."""
    return min((s for s in UNITS_S.values() if s > size_s), default=math.inf)


def unit_of(seconds: float) -> tuple[float, str]:
    """The unit that a time is said in: its seconds and its name."""
    size = abs(seconds)
    return next(
        ((s, unit) for unit, s in UNITS_S.items() if size >= s * _LEAST.get(unit, 1.0)),
        (UNITS_S["µs"], "µs"),
    )


# -- values with their intervals ----------------------------------------------------------------


def seconds_text(e: Measured) -> str:
    """A time with its half width: `2.52 ±0.15 min`; alone where it has none."""
    if e.low is None or e.high is None or not e.value or not math.isfinite(e.value):
        return about(e.value)
    size_s, unit = unit_of(e.value)
    return f"{plus_minus(e, size_s)} {unit}"


def number_text(e: Measured) -> str:
    """A number with its half width: `0.641 ±0.010`."""
    return plus_minus(e)


def percent_text(e: Measured) -> str:
    """A share with its half width: `12.1 ±0.8 %`."""
    return "-" if math.isnan(e.value) else f"{plus_minus(e, 0.01)} %"


def seconds_between(e: Measured) -> str:
    """A time with the ends of its interval: `285 s [281, 289]`; alone where it has none."""
    if e.low is None or e.high is None or (e.low == e.high and e.value == e.low):
        return about(e.value)
    if not math.isfinite(e.value + e.low + e.high):
        return f"{about(e.value)} [{about(e.low)}, {about(e.high)}]"
    size_s, unit = unit_of(e.value or e.high)
    return between(e, size_s, f" {unit}")


def plus_minus(e: Measured, size: float = 1.0) -> str:
    """A value with its half width, in units of `size`, to the digits that the interval supports.

    The half width has two digits, or one where the value would have more than three; a value that is known better
    than to four digits stops there. Three digits without an interval.
    """
    if math.isnan(e.value):
        return "-"
    value, half = e.value / size, _half(e) / size
    if not half:
        said = rounded(value, _place(value, 3))
        return f"{said} ±0" if value and e.low is not None and e.high is not None else said
    place = _supported(value, half)
    shown = rounded(half, place)
    return f"{rounded(value, place)} ±{shown if float(shown) else f'<{10.0**-place:.{max(0, place)}f}'}"


def between(e: Measured, size: float = 1.0, unit: str = "") -> str:
    """A value with the ends of its interval, in units of `size`, to the digits that the interval supports."""
    value, half = e.value / size, _half(e) / size
    place = _supported(value, half) if half else _place(value, 3)
    said = f"{rounded(value, place, ',')}{unit}"
    if e.low is None or e.high is None or not half:
        return said
    low, high = (rounded(end / size, place, ",") for end in (max(0.0, e.low), e.high))
    return said if low == high else f"{said} [{low}, {high}]"


def _half(e: Measured) -> float:
    return 0.0 if e.low is None or e.high is None else (e.high - e.low) / 2


def _supported(value: float, half: float) -> int:
    place = _place(half, 2)
    if value and place > _place(value, 3):
        place = min(_place(half, 1), _place(value, 4))
    return place


def _place(number: float, digits: int) -> int:
    """How many decimal places show so many digits of a number; negative: tens, hundreds."""
    return digits - 1 - math.floor(math.log10(abs(number))) if number else 0


def rounded(number: float, place: int, separator: str = "") -> str:
    """A number with so many decimal places; negative: rounded to tens, hundreds."""
    return f"{round(number, place):z{separator}.{max(0, place)}f}"

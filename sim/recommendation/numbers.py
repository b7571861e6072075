"""Values with their intervals, in one unit and to the digits that the interval supports."""

import math
from collections.abc import Callable

from sim.basics.statistics import Estimate
from sim.basics.units import about, format_duration

Show = Callable[[Estimate], str]


def seconds(e: Estimate) -> str:
    """A time in the unit of its value: 285 s [281, 289]."""
    sizes = [v for v in (e.value, e.high, e.low) if v is not None and v and math.isfinite(v)]
    if not sizes or not all(v is None or math.isfinite(v) for v in (e.value, e.low, e.high)):
        return _apart(e, lambda v: "no end" if math.isinf(v) else about(v))
    unit = about(sizes[0]).rpartition(" ")[2]
    return _scaled(e, _UNITS[unit], f" {unit}")


_UNITS = {"d": 86400.0, "h": 3600.0, "min": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6}


def share(e: Estimate) -> str:
    """A share in per cent."""
    return _scaled(e, 0.01, " %")


def plain(e: Estimate) -> str:
    """A number: 0.641 [0.632, 0.651]."""
    return _scaled(e, 1.0, "")


def count(e: Estimate) -> str:
    """A number of things: 1,204 [1,150, 1,260]."""
    if e.low is None or e.high is None:
        return f"{e.value:,.0f}"
    return f"{e.value:,.0f} [{max(0.0, e.low):,.0f}, {e.high:,.0f}]"


def inwards(shortest_s: float, longest_s: float) -> tuple[str, str]:
    """The ends of a range of lifetimes to two digits, rounded inwards: nothing outside is promised."""
    low_s, high_s = _to_two_digits(shortest_s, math.ceil), _to_two_digits(longest_s, math.floor)
    if low_s > high_s:
        low_s, high_s = shortest_s, longest_s
    return format_duration(low_s), format_duration(high_s)


def _to_two_digits(value: float, towards: Callable[[float], int]) -> float:
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    return towards(round(value / unit, 6)) * unit


def _scaled(e: Estimate, size: float, unit: str) -> str:
    value, half = e.value / size, 0.0
    if e.low is not None and e.high is not None:
        half = (e.high - e.low) / size / 2
    largest = max(abs(value), half)
    places = _places(largest, 3) if largest else 0
    if half:
        places = min(places, _places(half, 2))
    shown = _rounded(value, places)
    if e.low is None or e.high is None or not half:
        return f"{shown}{unit}"
    low, high = _rounded(max(0.0, e.low / size), places), _rounded(e.high / size, places)
    return f"{shown}{unit}" if low == high else f"{shown}{unit} [{low}, {high}]"


def _places(number: float, digits: int) -> int:
    return digits - 1 - math.floor(math.log10(abs(number)))


def _rounded(number: float, places: int) -> str:
    rounded = round(number, places)
    return "0" if rounded == 0 else f"{rounded:,.{max(0, places)}f}"


def _apart(e: Estimate, show: Callable[[float], str]) -> str:
    if e.low is None or e.high is None or e.low == e.high:
        return show(e.value)
    return f"{show(e.value)} [{show(e.low)}, {show(e.high)}]"

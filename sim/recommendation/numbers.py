"""Values with their intervals, in one unit and to the digits that the interval supports."""

import math
from collections.abc import Callable

from sim.basics.statistics import Estimate
from sim.basics.wording import between, format_duration, seconds_between

seconds = seconds_between
Show = Callable[[Estimate], str]


def share(e: Estimate) -> str:
    """A share in per cent."""
    return between(e, 0.01, " %")


def plain(e: Estimate) -> str:
    """A number: 0.641 [0.632, 0.651]."""
    return between(e)


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

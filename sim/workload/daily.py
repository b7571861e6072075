"""The shape of the day: pauses run faster in busy hours and stand still in dead ones."""

from collections.abc import Sequence
from functools import cache

HOUR_S, HOURS = 3600.0, 24


@cache
def weights_of(daily: tuple[float, ...]) -> tuple[float, ...]:
    """24 weights of mean 1."""
    mean = sum(daily) / HOURS
    return tuple(weight / mean for weight in daily)


def operational_start_s(after_s: float, pause_s: float, daily: tuple[float, ...]) -> float:
    """When a pause that begins at `after_s` ends, if time runs at 24 hourly weights (normalised to mean 1).

    This is the time change of a non-homogeneous Poisson process (Cinlar 1975): an exponential pause gives visits at a
    rate proportional to the weight of the hour. Hour 0 starts with the run, and the day repeats.
    """
    return weighted_end_s(after_s, pause_s, weights_of(daily))


def weighted_end_s(after_s: float, pause_s: float, weights: Sequence[float]) -> float:
    """`operational_start_s` with the weights already of mean 1; plain arithmetic, so that it can be compiled."""
    hour = int(after_s // HOUR_S)
    now_s, left_s = after_s, pause_s
    days = int(left_s // (HOURS * HOUR_S))  # a whole day takes a whole day
    now_s, left_s, hour = (
        now_s + days * HOURS * HOUR_S,
        left_s - days * HOURS * HOUR_S,
        hour + days * HOURS,
    )
    while True:
        weight = weights[hour % HOURS]
        end_s = (hour + 1) * HOUR_S
        if weight > 0 and left_s <= (end_s - now_s) * weight:
            return now_s + left_s / weight
        left_s -= (end_s - now_s) * weight
        now_s, hour = end_s, hour + 1

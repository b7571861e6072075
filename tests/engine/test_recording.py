"""What a run keeps of its answers: histograms against the answers themselves, and the account of a list."""

import math
from collections.abc import Callable
from functools import cache

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given

from sim.engine.histogram import (
    BUCKETS,
    HIGH_EXPONENT,
    LOW_EXPONENT,
    Histogram,
    bucket_of,
    lower_edges,
    merged,
)
from sim.engine.recording import ListAccount

times = st.floats(1e-6, 1e9)


@given(times)
def test_a_time_falls_between_the_edges_of_its_bucket(time_s: float) -> None:
    edges = lower_edges()
    bucket = bucket_of(time_s)
    assert edges[bucket] <= time_s < edges[bucket + 1]
    if edges[bucket] > 0:
        assert edges[bucket + 1] / edges[bucket] <= 1 + 1 / 128


@given(st.floats(0.0, allow_nan=False))
@example(0.0)
@example(5e-324)
@example(math.ldexp(1.0, LOW_EXPONENT - 1))
@example(math.nextafter(math.ldexp(1.0, LOW_EXPONENT - 1), 0.0))
@example(math.ldexp(1.0, HIGH_EXPONENT - 1))
@example(math.nextafter(math.ldexp(1.0, HIGH_EXPONENT - 1), 0.0))
@example(math.inf)
def test_the_compiled_engine_finds_the_same_bucket(time_s: float) -> None:
    expected = BUCKETS - 1 if time_s == math.inf else bucket_of(time_s)
    assert compiled_bucket()(time_s) == expected


@cache
def compiled_bucket() -> Callable[[float], int]:
    """The engine's own, with a way in from Python."""
    import numba

    from sim.engine.compiled.machine import steps

    bucket_of = steps()["draws"].bucket_of
    found: Callable[[float], int] = numba.njit(lambda time_s: bucket_of(time_s))
    return found


def test_times_outside_the_buckets_are_counted_at_the_ends() -> None:
    assert bucket_of(0.0) == bucket_of(1e-9) == 0
    assert bucket_of(1e300) == BUCKETS - 1


@given(st.lists(times, min_size=1, max_size=200), st.floats(0, 1))
def test_quantiles_are_within_one_per_cent(values: list[float], q: float) -> None:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    below = np.quantile(values, q, method="lower")
    above = np.quantile(values, q, method="higher")
    assert below * 0.99 <= histogram.quantile(q) <= above * 1.01
    assert (histogram.min_s, histogram.max_s) == (min(values), max(values))
    assert histogram.mean() == pytest.approx(np.mean(values), rel=1e-6, abs=2e-8)


@given(st.lists(times, max_size=50), st.lists(times, max_size=50))
def test_merging_is_adding_all(first: list[float], second: list[float]) -> None:
    parts = Histogram(), Histogram()
    whole = Histogram()
    for part, values in zip(parts, (first, second), strict=True):
        for value in values:
            part.add(value)
            whole.add(value)
    found = merged(parts)
    assert (found.counts == whole.counts).all()
    assert (found.n, found.total_ticks, found.max_s) == (whole.n, whole.total_ticks, whole.max_s)


def test_nothing_has_no_mean_and_no_quantile() -> None:
    assert math.isnan(Histogram().mean()) and math.isnan(Histogram().quantile(0.5))


def test_a_list_book_counts_what_is_alive_inside_the_window() -> None:
    account = ListAccount((100.0, 200.0))
    for from_s, until_s in ((0.0, 150.0), (120.0, math.inf), (0.0, 50.0), (250.0, 300.0)):
        account.count(from_s, until_s)
    mean, peak = account.mean_and_peak()
    assert (mean, peak) == (pytest.approx((50 + 80) / 100), 2.0)
    account.count(140.0, 150.0, -1)  # the first entry is dropped at 140
    assert account.mean_and_peak() == (pytest.approx(1.2), 2.0)

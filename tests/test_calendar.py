"""The event calendar of compiled code against Python's heapq: the same events in the same order, whatever the times."""

import heapq
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.calendar import (
    Calendar,
    borrowed_calendar,
    bytes_per_slot,
    cancel,
    is_pending,
    new_calendar,
    next_s,
    now_s,
    pop,
    push,
)
from benchmarks.jit import compiled

PUSH, POP, CANCEL = range(3)
Steps = list[tuple[int, int, float, int]]  # what, slot, delay in seconds, key


@compiled
def _play(
    calendar: Calendar,
    what: npt.NDArray[np.int64],
    slots: npt.NDArray[np.int64],
    delays_s: npt.NDArray[np.float64],
    keys: npt.NDArray[np.int64],
    taken: npt.NDArray[np.int64],
    times_s: npt.NDArray[np.float64],
) -> None:
    calendar = borrowed_calendar(calendar)
    for i in range(len(what)):
        slot = slots[i]
        if what[i] == POP:
            times_s[i] = next_s(calendar)
            taken[i] = pop(calendar)
        elif what[i] == CANCEL:
            taken[i] = cancel(calendar, slot)
        elif is_pending(calendar, slot):
            taken[i] = -2
        else:
            push(calendar, slot, max(0.0, now_s(calendar)) + delays_s[i], keys[i])


def _played(steps: Steps, slots: int) -> tuple[list[int], list[float]]:
    what, which, delays, keys = (list(column) for column in zip(*steps, strict=True))
    taken = np.full(len(steps), -9)
    times_s = np.full(len(steps), -9.0)
    arrays = (np.array(what), np.array(which), np.array(delays, float), np.array(keys))
    _play(new_calendar(slots), *arrays, taken, times_s)
    return taken.tolist(), times_s.tolist()


def _expected(steps: Steps) -> tuple[list[int], list[float]]:
    """The same with heapq and lazy cancelling."""
    heap: list[tuple[float, int, int, int]] = []
    serial_of: dict[int, int] = {}
    now, taken, times_s = 0.0, [-9] * len(steps), [-9.0] * len(steps)
    for i, (what, slot, delay_s, key) in enumerate(steps):
        if what == POP:
            while heap and serial_of.get(heap[0][3]) != heap[0][2]:
                heapq.heappop(heap)
            taken[i], times_s[i] = -1, math.inf
            if heap:
                times_s[i], _, _, taken[i] = heapq.heappop(heap)
                now = times_s[i]
                del serial_of[taken[i]]
        elif what == CANCEL:
            taken[i] = int(slot in serial_of)
            serial_of.pop(slot, None)
        elif slot in serial_of:
            taken[i] = -2
        else:
            serial_of[slot] = i
            heapq.heappush(heap, (now + delay_s, key, i, slot))
    return taken, times_s


def _steps(
    slots: int, delays: st.SearchStrategy[float], most: int = 300
) -> st.SearchStrategy[Steps]:
    what = st.sampled_from([PUSH, PUSH, PUSH, POP, POP, CANCEL])
    return st.lists(
        st.tuples(what, st.integers(0, slots - 1), delays, st.integers(0, 2)),
        min_size=1,
        max_size=most,
    )


DELAYS = st.one_of(
    st.floats(0, 10),
    st.sampled_from([0.0, 1.0, 1.0, 60.0, 5e-324, 1e9, 1e300, math.inf]),
    st.floats(0, allow_nan=False),
)


@settings(deadline=None, max_examples=300)
@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.just(n), _steps(n, DELAYS))))
def test_order_of_heapq(case: tuple[int, Steps]) -> None:
    slots, steps = case
    assert _played(steps, slots) == _expected(steps)


def _delays(shape: str, rng: np.random.Generator, size: int) -> npt.NDArray[np.float64]:
    exponential = rng.exponential(size=size)
    return {
        "hold": 10 * exponential,
        "office": np.where(rng.random(size) < 0.8, 0.02, 30.0) * exponential,
        "equal": np.ones(size),
        "all at once": np.where(np.arange(size) < size // 10, 9.0, 0.02 * exponential),
        "whole seconds": np.floor(3 * exponential),
        "decades": 10.0 ** rng.uniform(-12, 12, size),
        "pauses": np.where(rng.random(size) < 0.001, 1e7, 1e-3) * exponential,
        "never": np.where(rng.random(size) < 0.3, np.inf, exponential),
        "one long gap then dense": np.where(np.arange(size) < size // 4, 1e5, 1e-6) * exponential,
    }[shape]


@pytest.mark.parametrize("slots", [1, 30, 1000, 20_000])
@pytest.mark.parametrize(
    "shape",
    [
        "hold",
        "office",
        "equal",
        "all at once",
        "whole seconds",
        "decades",
        "pauses",
        "never",
        "one long gap then dense",
    ],
)
def test_many_events(shape: str, slots: int) -> None:
    """Fill all slots, then take, cancel and push at random, then take all."""
    rng = np.random.default_rng(slots)
    size = max(2000, 3 * slots)
    what = rng.choice([PUSH, PUSH, POP, POP, POP, CANCEL], size=size)
    what[:slots], what[-slots:] = PUSH, POP
    which = rng.integers(0, slots, size)
    which[:slots] = rng.permutation(slots)
    delays_s, keys = _delays(shape, rng, size), rng.integers(0, 3, size)
    steps = list(zip(what.tolist(), which.tolist(), delays_s.tolist(), keys.tolist(), strict=True))
    assert _played(steps, slots) == _expected(steps)


def test_memory_and_limits() -> None:
    assert bytes_per_slot(1_000_000) <= 60
    with pytest.raises(ValueError, match="slots"):
        new_calendar(0)

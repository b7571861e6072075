"""Rows grouped by a number, whichever way the order is found."""

import numpy as np
import pytest

from sim.workload.order import grouped


@pytest.mark.parametrize("rows", [1, 2, 3, 1000])
@pytest.mark.parametrize("spread", [1, 7, 2**62])
def test_equal_numbers_stand_together_in_the_order_of_the_rows(rows: int, spread: int) -> None:
    random = np.random.default_rng(rows)
    numbers = random.integers(0, spread, rows).astype(np.uint64)
    keys = random.integers(0, 2, rows)
    order, first = grouped(keys, numbers)
    pairs = list(zip(keys[order], numbers[order], strict=True))
    assert sorted(order.tolist()) == list(range(rows))
    assert np.count_nonzero(first) == len(set(pairs))
    for at in np.flatnonzero(~first):
        assert pairs[at] == pairs[at - 1]
        assert order[at] > order[at - 1]


def test_numbers_alike_in_their_high_bits_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The low bits make room for the row's place, so that by the others 0, 1, 0, 1 would be one group."""
    monkeypatch.setattr("sim.workload.order.mixed", lambda numbers, _: numbers)
    order, first = grouped(np.zeros(5, dtype=np.int64), np.array([0, 1, 0, 1, 2**40], np.uint64))
    assert order.tolist() == [0, 2, 1, 3, 4]
    assert first.tolist() == [True, False, True, False, True]

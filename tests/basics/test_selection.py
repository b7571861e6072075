"""Ranking and selection against published constants and its promised probability of a correct choice."""

import numpy as np
import pytest

from sim.basics.selection import (
    drop_contenders,
    dudewicz_dalal_h,
    kim_nelson,
    optimal_shares,
    rinott_h,
    select_smallest,
)
from sim.basics.statistics import Totals


@pytest.mark.parametrize(
    ("k", "first_runs", "eta", "h_squared"),
    [(4, 10, 0.5646802, 10.164243), (2, 20, 0.1371375, 5.211225), (10, 24, 0.2394420, 11.014334)],
)
def test_constants_of_kim_and_nelson(k: int, first_runs: int, eta: float, h_squared: float) -> None:
    found = kim_nelson(k, first_runs)
    assert found.eta == pytest.approx(eta, abs=5e-8)
    assert found.h_squared == pytest.approx(h_squared, abs=5e-7)


@pytest.mark.parametrize(
    ("first_runs", "level", "printed"),
    [
        (10, 0.95, "2.614 3.166 3.476 3.693 3.859 3.993 4.106 4.204 4.290"),
        (20, 0.95, "2.452 2.937 3.203 3.385 3.523 3.634 3.727 3.806 3.875"),
        (20, 0.90, "1.896 2.431 2.720 2.916 3.064 3.182 3.280 3.364 3.437"),
    ],
)
def test_constants_of_rinott(first_runs: int, level: float, printed: str) -> None:
    found = [rinott_h(k, first_runs, level) for k in range(2, 11)]
    assert found == pytest.approx([float(h) for h in printed.split()], abs=5.1e-4)


@pytest.mark.parametrize(
    ("first_runs", "level", "printed"),
    [
        (20, 0.90, "1.896 2.342 2.583 2.747 2.870 2.969 3.051 3.121 3.182"),
        (20, 0.95, "2.452 2.872 3.101 3.258 3.377 3.472 3.551 3.619 3.679"),
        (40, 0.90, "1.852 2.283 2.514 2.669 2.785 2.878 2.954 3.019 3.076"),
        (40, 0.95, "2.386 2.786 3.003 3.150 3.260 3.349 3.422 3.484 3.539"),
    ],
)
def test_constants_of_dudewicz_and_dalal(first_runs: int, level: float, printed: str) -> None:
    found = [dudewicz_dalal_h(k, first_runs, level) for k in range(2, 11)]
    assert found == pytest.approx([float(h) for h in printed.split()], abs=5.1e-4)


@pytest.mark.parametrize(("first_runs", "level"), [(10, 0.95), (20, 0.9), (40, 0.95)])
def test_for_two_strategies_both_constants_are_one(first_runs: int, level: float) -> None:
    assert rinott_h(2, first_runs, level) == pytest.approx(
        dudewicz_dalal_h(2, first_runs, level), abs=1e-6
    )


def test_kim_and_nelson_choose_right_in_the_hardest_case() -> None:
    """Four strategies, the best better by exactly the indifference of 1, deviation 3: 95 % promised."""
    random = np.random.default_rng(4)
    right, observed, studies = 0, [], 500
    for _ in range(studies):
        draws = random.normal(0, 3, (4, 400)) + np.array([0, 1, 1, 1])[:, None]
        dropped = drop_contenders(dict(zip("abcd", draws, strict=True)), 1.0, 10)
        kept = [name for name, runs in dropped.items() if runs is None]
        right += kept == ["a"]
        last = max(runs or 0 for runs in dropped.values())
        observed.append(sum(runs or last for runs in dropped.values()))
    assert right / studies >= 0.95 - 4.5 * (0.05 * 0.95 / studies) ** 0.5
    assert np.mean(observed) == pytest.approx(
        258.5, abs=4.5 * (1.9 + np.std(observed) / studies**0.5)
    )


def test_rinott_chooses_right_in_the_hardest_case() -> None:
    random = np.random.default_rng(4)
    h, studies, right, used = rinott_h(4, 20), 2000, 0, []
    for _ in range(studies):
        means, total = [], 0
        for shift in (0.0, 1.0, 1.0, 1.0):
            first = random.normal(shift, 3, 20)
            n = max(20, int(np.ceil(h * h * first.var(ddof=1))))
            means.append((first.sum() + random.normal(shift, 3, n - 20).sum()) / n)
            total += n
        right += int(np.argmin(means)) == 0
        used.append(total)
    assert right / studies >= 0.95 - 4.5 * (0.05 * 0.95 / studies) ** 0.5
    assert np.mean(used) == pytest.approx(4 * h * h * 9, rel=0.03)


def test_optimal_shares_of_a_budget() -> None:
    shares = 1000 * optimal_shares([1, 2, 3, 4, 5], [1] * 5)
    assert shares == pytest.approx([421.823, 406.134, 101.534, 45.126, 25.383], abs=5e-4)
    with pytest.raises(ValueError, match="one smallest"):
        optimal_shares([1, 1], [1, 1])


def test_the_best_is_named_only_where_the_replications_tell() -> None:
    common = np.random.default_rng(1).normal(0, 5, 12)
    noise = np.random.default_rng(2).normal(0, 0.1, (3, 12))
    means = {
        "short": Totals.of(list(10 + common + noise[0])),
        "long": Totals.of(list(11 + common + noise[1])),
        "same": Totals.of(list(10 + common + noise[2])),
    }
    clear = select_smallest({name: means[name] for name in ("short", "long")})
    assert clear is not None
    assert str(clear) == "short is best with 95 % confidence"
    unclear = select_smallest(means)
    assert unclear is not None
    assert not unclear.told_apart
    assert {unclear.best, *unclear.rivals} == {"short", "same"}
    assert str(unclear).startswith("not told apart with 95 % confidence: ")


def test_one_replication_tells_nothing_and_one_strategy_is_best() -> None:
    one = select_smallest({"a": Totals.of([1.0]), "b": Totals.of([2.0])})
    assert one is not None
    assert one.rivals == ("b",)
    alone = select_smallest({"a": Totals.of([1.0])})
    assert alone is not None
    assert alone.told_apart
    assert select_smallest({"a": Totals([0.0], [0.0])}) is None


def test_a_wrong_best_is_rare() -> None:
    """Five equal strategies under common random numbers: naming any as best is an error, at most 5 %."""
    random = np.random.default_rng(8)
    named = 0
    for _ in range(1500):
        common = random.normal(0, 3, 10)
        means = {str(i): Totals.of(list(common + random.normal(0, 1, 10))) for i in range(5)}
        found = select_smallest(means)
        named += found is not None and found.told_apart
    assert named / 1500 <= 0.05


def test_contenders_need_their_first_replications() -> None:
    with pytest.raises(ValueError, match="at least 10"):
        drop_contenders({"a": [1.0], "b": [2.0]}, 1.0, 10)
    with pytest.raises(ValueError, match="expected 2"):
        kim_nelson(1, 10)
    assert drop_contenders({"a": [1.0, 2.0]}, 1.0, 2) == {"a": None}

"""Statistics against known constants, exact results, other libraries, and their own promised coverage.

Random tests have fixed seeds; a share fails beyond 4.5 standard errors (7e-6 a comparison).
"""

import math
import warnings
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sim_tools.output_analysis import ReplicationsAlgorithm, confidence_interval_method

from sim import theory
from sim.basics import statistics as s

Z = 4.5
ALTERNATING = [10 + 2 * (-1) ** i for i in range(40)]


def assert_share(hits: Sequence[bool] | np.ndarray, expected: float) -> None:
    n = len(hits)
    z = (np.mean(hits) - expected) / math.sqrt(expected * (1 - expected) / n)
    assert abs(z) <= Z, f"share {np.mean(hits):.4f} of {n}, expected {expected}, z = {z:.2f}"


# -- intervals ----------------------------------------------------------------------------------


def test_student_interval_of_the_alternating_series() -> None:
    found = s.mean_of_runs(ALTERNATING[:20], 20)
    assert found.value == 10
    assert np.std(ALTERNATING[:20], ddof=1) == pytest.approx(2.0520, abs=5e-5)
    assert found.half_width == pytest.approx(0.9603, abs=1e-4)
    assert found.relative_half_width == pytest.approx(0.0960, abs=5e-5)


# coverage of nominal 90 % intervals of the mean wait of the first 25 customers, M/M/1 at 0.9
@pytest.mark.parametrize(("runs", "coverage", "width"), [(5, 0.8365, 0.669), (10, 0.8598, 0.436)])
def test_coverage_of_student_intervals_of_skewed_waits(
    runs: int, coverage: float, width: float
) -> None:
    studies = 12_000
    mean = theory.mm1_first_waits_mean_s(1, 1 / 0.9, 25)
    waits = first_waits(np.random.default_rng(25), studies * runs, 25, 1.0, 0.9)
    waits = waits.reshape(studies, runs)
    half = s.student(runs - 1, 0.90) * waits.std(axis=1, ddof=1) / math.sqrt(runs)
    hits = np.abs(waits.mean(axis=1) - mean) <= half
    assert_share(hits, coverage)
    assert (half / waits.mean(axis=1)).mean() == pytest.approx(width, abs=0.01)


def first_waits(
    random: np.random.Generator, runs: int, customers: int, gap: float, service: float
) -> np.ndarray:
    """Mean wait of the first customers in each run (Lindley's recursion)."""
    wait, total = np.zeros(runs), np.zeros(runs)
    for _ in range(customers - 1):
        step = random.exponential(service, runs) - random.exponential(gap, runs)
        wait = np.maximum(0.0, wait + step)
        total += wait
    return total / customers


def test_first_waits_agree_with_the_exact_mean() -> None:
    waits = first_waits(np.random.default_rng(7), 60_000, 25, 1.0, 0.9)
    z = (waits.mean() - 2.1244893) / (waits.std() / math.sqrt(len(waits)))
    assert abs(z) <= Z


def test_jackknife_of_constant_denominators_is_student() -> None:
    values = [3.0, 1.0, 4.0, 1.0, 5.0]
    plain, ratio = s.mean_of_runs(values, 5), s.ratio_of_runs([2 * v for v in values], [2.0] * 5, 5)
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx(
        (plain.value, plain.low, plain.high)
    )


def test_jackknife_covers_a_ratio_that_the_mean_of_ratios_misses() -> None:
    """Cases last shorter where there are more of them; the true ratio is a finite sum."""
    random = np.random.default_rng(3)
    hits, naive = [], []
    pmf = np.array([math.exp(-4) * 4.0**k / math.factorial(k) for k in range(40)])
    true = sum(p * k * (2 + 8 / (1 + k)) for k, p in enumerate(pmf)) / 4
    for _ in range(800):
        cases = random.poisson(4, 200)
        tops = random.gamma(np.maximum(cases, 1e-9), 2.0 + 8 / (1 + cases))
        found = s.ratio_of_runs(list(tops), list(map(float, cases)), 0)
        hits.append(found.low is not None and found.low <= true <= (found.high or 0))
        used = cases > 0
        own = s.mean_of_runs(list(tops[used] / cases[used]), 0)
        naive.append(own.low is not None and own.low <= true <= (own.high or 0))
    assert 0.93 <= np.mean(hits) <= 0.97
    assert np.mean(naive) < 0.7


def test_wilson_interval_is_the_one_of_statsmodels() -> None:
    from statsmodels.stats.proportion import proportion_confint

    for k, n in ((0, 10), (3, 10), (10, 10), (117, 400)):
        found = s.share(k, n, 2)
        assert (found.low, found.high) == pytest.approx(
            proportion_confint(k, n, method="wilson"), abs=1e-12
        )


def test_bootstrap_covers_the_median_and_agrees_with_student_on_the_mean() -> None:
    random = np.random.default_rng(11)
    values = list(random.normal(10, 2, 60))
    by_t, by_b = s.mean_of_runs(values, 60), s.bootstrap(values)
    assert (by_b.low, by_b.high) == pytest.approx((by_t.low, by_t.high), abs=0.08)
    hits = []
    for seed in range(300):
        draws = random.exponential(1.0, 41)
        found = s.bootstrap(list(draws), np.median, seed=seed, resamples=499)
        hits.append(found.low is not None and found.low <= math.log(2) <= (found.high or 0))
    assert 0.90 <= np.mean(hits) <= 0.985
    assert s.bootstrap([4.0, 4.0]).low is None
    assert s.bootstrap([4.0]).low is None


@pytest.mark.parametrize(
    ("n", "q", "ranks", "coverage"),
    [
        (50, 0.5, (18, 33), 0.9672),
        (100, 0.95, (90, 100), 0.9826),
        (200, 0.95, (184, 197), 0.9672),
        (1000, 0.99, (983, 997), 0.9761),
    ],
)
def test_ranks_of_quantile_intervals(
    n: int, q: float, ranks: tuple[int, int], coverage: float
) -> None:
    from scipy.stats import binom

    assert s.quantile_ranks(n, q) == ranks
    low, high = ranks
    assert binom.cdf(high - 1, n, q) - binom.cdf(low - 1, n, q) == pytest.approx(coverage, abs=5e-5)


def test_a_quantile_beyond_the_data_is_refused() -> None:
    assert s.quantile_ranks(100, 0.99) is None
    assert s.quantile(np.arange(100.0), 0.99, 5).low is None
    assert s.quantile(np.arange(100.0), 0.95, 5).low is not None
    assert s.quantile(np.arange(100.0), 0.95, 1).low is None


# -- differences --------------------------------------------------------------------------------


def test_pairing_two_lifetimes_of_one_phase() -> None:
    """Two token lifetimes cut by the same phase: the variance of the difference is (T2 - T1)^2 / 12."""
    u = np.random.default_rng(5).uniform(size=40_000)
    short, long = 300 * u, 900 * u
    assert (long - short).var() == pytest.approx(30_000, rel=0.02)
    found = s.paired_difference(s.Totals.of(list(long)), s.Totals.of(list(short)))
    assert found.value == pytest.approx(300, abs=4)
    # against independent runs: 75,000
    assert found.reduction == pytest.approx(0.6, abs=1e-6)
    assert found.p == pytest.approx(0.0)


def test_antithetic_phases_leave_no_variance() -> None:
    u = np.random.default_rng(5).uniform(size=200)
    assert (900 * u + 900 * (1 - u)).var() == pytest.approx(0, abs=1e-20)
    # seen as a difference against the mirrored runs, pairing doubles the variance
    ours, mirrored = s.Totals.of(list(900 * u)), s.Totals.of(list(900 * (1 - u)))
    assert s.paired_difference(ours, mirrored).reduction == pytest.approx(-1)


def test_differences_that_do_not_vary() -> None:
    same = s.Totals.of([2.0, 2.0, 2.0])
    none = s.paired_difference(same, same)
    assert (none.value, none.low, none.high, none.p, none.reduction) == (0, 0, 0, 1.0, None)
    one = s.paired_difference(s.Totals.of([3.0]), s.Totals.of([1.0]))
    assert (one.value, one.low, one.p) == (2.0, None, None)
    nothing = s.paired_difference(s.Totals([0.0], [0.0]), s.Totals([0.0], [0.0]))
    assert math.isnan(nothing.value)


@given(st.lists(st.floats(-100, 100), min_size=3, max_size=20), st.floats(-50, 50))
def test_a_paired_difference_is_the_interval_of_the_differences(
    values: list[float], shift: float
) -> None:
    from hypothesis import assume

    other = [v * 0.5 + shift for v in values]
    found = s.paired_difference(s.Totals.of(values), s.Totals.of(other))
    plain = s.mean_of_runs([a - b for a, b in zip(values, other, strict=True)], len(values))
    assume(plain.half_width > 1e-6)
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high), abs=1e-6)


def test_multiplicity() -> None:
    assert s.holm([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])
    assert s.holm([]) == []


def test_holm_is_that_of_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests

    @settings(max_examples=30)  # theirs takes 70 ms a call
    @given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
    def same(p_values: list[float]) -> None:
        expected = multipletests(p_values, method="holm")[1]
        assert s.holm(p_values) == pytest.approx(list(expected), abs=1e-15)

    same()


# -- one long run -------------------------------------------------------------------------------


def step_down() -> list[float]:
    return [10.0] * 50 + [1.0 if i % 2 == 0 else -1.0 for i in range(450)]


def decaying() -> list[float]:
    return [100 * math.exp(-i / 20) + (1 if i % 2 else -1) for i in range(1000)]


def test_mser_cuts_where_hand_and_pymser_cut() -> None:
    """50 and 120 are also what pymser 1.0.22 finds; it is no requirement, since it brings torch, some gigabytes."""
    assert s.mser(step_down()) == 50
    assert s.mser([0.0] * 30 + [5.0] * 470) == 30
    assert s.mser(decaying()) == 120
    assert s.mser(decaying(), batch=1) == 92
    assert s.mser([1.0, 2.0]) == 0


def autoregressive(random: np.random.Generator, runs: int, n: int, phi: float) -> np.ndarray:
    from scipy.signal import lfilter

    start = random.normal(size=(runs, 1)) / math.sqrt(1 - phi * phi)
    noise = random.normal(size=(runs, n - 1))
    rest, _ = lfilter([1.0], [1.0, -phi], noise, axis=1, zi=phi * start)
    return np.hstack((start, rest))


def test_batch_means_hold_where_the_naive_interval_fails() -> None:
    """AR(1), phi = 0.9: the variance of the mean is known; 90 % intervals of 10,000 values."""
    n, phi = 10_000, 0.9
    variance = (
        1
        / (1 - phi**2)
        / n
        * ((1 + phi) / (1 - phi) - 2 * phi * (1 - phi**n) / (n * (1 - phi) ** 2))
    )
    assert variance == pytest.approx(0.009990526, rel=1e-6)
    series = autoregressive(np.random.default_rng(9), 1500, n, phi)
    means = series.mean(axis=1)
    z = (means.var() / variance - 1) / math.sqrt(2 / len(means))
    assert abs(z) <= Z
    coverage = {}
    for batches in (5, 20, 40, 500):
        found = [s.batch_means(row, batches, 0.90) for row in series]
        coverage[batches] = np.mean(
            [e.low is not None and e.low <= 0 <= (e.high or 0) for e in found]
        )
    assert all(0.865 <= coverage[b] <= 0.935 for b in (5, 20, 40))
    assert coverage[500] == pytest.approx(0.79, abs=0.045)
    naive = s.student(n - 1, 0.90) * series.std(axis=1, ddof=1) / math.sqrt(n)
    assert_share(np.abs(means) <= naive, 0.294)


def test_batches_must_hold_something() -> None:
    with pytest.raises(ValueError, match="batches"):
        s.batch_means([1.0, 2.0], 3)
    with pytest.raises(ValueError, match="batches"):
        s.batch_means([1.0, 2.0], 1)


def test_the_variance_of_mean_waits_approaches_its_asymptote() -> None:
    """M/M/1 at 0.8: 1976 times the squared service time over n; a start from empty takes a little off."""
    n, runs = 20_000, 2000
    random = np.random.default_rng(2)
    wait, total = np.zeros(runs), np.zeros(runs)
    for _ in range(n):
        total += wait
        wait = np.maximum(
            0.0, wait + random.exponential(1.0, runs) - random.exponential(1.25, runs)
        )
    found = n * (total / n).var()
    assert found == pytest.approx(theory.mm1_wait_average_variance_s2(0.8, 1), rel=0.15)


# -- how many replications ----------------------------------------------------------------------


def deviations(values: Sequence[float]) -> list[float]:
    return [
        s.mean_of_runs(values[:n], n).relative_half_width if n > 1 else math.inf
        for n in range(1, len(values) + 1)
    ]


@pytest.mark.parametrize(("precision", "n"), [(0.10, 19), (0.15, 11), (0.20, 7)])
def test_replications_of_the_alternating_series(precision: float, n: int) -> None:
    by_sim_tools, _ = confidence_interval_method(
        ALTERNATING, desired_precision=precision, min_rep=5
    )
    assert by_sim_tools == n
    values = deviations(ALTERNATING)
    assert values[n - 1] <= precision
    held = s.precise_from(values, precision)
    first = next(k for k in range(3, 41) if all(v <= precision for v in values[k - 1 : k + 5]))
    assert held == first


@pytest.mark.parametrize("seed", range(12))
def test_stopping_is_the_rule_of_sim_tools(seed: int) -> None:
    values = list(np.random.default_rng(seed).gamma(4, 2.5, 400))

    class Model:
        def single_run(self, replication_index: int) -> dict[str, float]:
            return {"metric": values[replication_index]}

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rule = ReplicationsAlgorithm(half_width_precision=0.08, replication_budget=390)
        found, _ = rule.select(Model(), ["metric"])
    assert s.precise_from(deviations(values[: rule.n]), 0.08) == found["metric"]
    # and not one replication sooner
    assert s.precise_from(deviations(values[: rule.n - 1]), 0.08) is None


def test_the_look_ahead_grows_beyond_100() -> None:
    assert [s.look_ahead_at(n) for n in (3, 100, 140, 400)] == [5, 5, 7, 20]

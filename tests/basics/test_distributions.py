"""Laws: moments against numerical integration and scipy, bits by every road, and what is refused."""

import json
import math
from collections.abc import Callable
from itertools import pairwise
from types import FunctionType
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from scipy import integrate, stats

import sim.basics.quantiles as module
from sim.basics.distributions import (
    CountLaw,
    DurationLaw,
    Law,
    PositiveDurationLaw,
    SignedDurationLaw,
    SizeLaw,
)
from sim.basics.quantiles import draw, gamma_table, normal_quantile

FIELDS: dict[str, TypeAdapter[Law]] = {
    "duration": TypeAdapter(DurationLaw),
    "signed": TypeAdapter(SignedDurationLaw),
    "positive": TypeAdapter(PositiveDurationLaw),
    "size": TypeAdapter(SizeLaw),
    "count": TypeAdapter(CountLaw),
}


def duration(value: Any) -> Law:
    return FIELDS["duration"].validate_python(value)


def count(value: Any) -> Law:
    return FIELDS["count"].validate_python(value)


def table(dist: str, **parameters: Any) -> dict[str, Any]:
    return {"dist": dist, **parameters}


CONTINUOUS: list[tuple[dict[str, Any], Any]] = [
    (table("uniform", low="5min", high="15min"), stats.uniform(300, 600)),
    (table("exponential", mean="7s"), stats.expon(scale=7)),
    (
        table("lognormal", median="250ms", p95="400ms"),
        stats.lognorm(math.log(1.6) / stats.norm.ppf(0.95), scale=0.25),
    ),
    (
        table("lognormal", median="0.42ms", p99="1.29ms"),
        stats.lognorm(math.log(1.29 / 0.42) / stats.norm.ppf(0.99), scale=0.42e-3),
    ),
    (
        table("lognormal", mean=2, cv=1.5),
        stats.lognorm(math.sqrt(math.log(3.25)), scale=2 / math.sqrt(3.25)),
    ),
    (
        table("weibull", mean=10, shape=0.7),
        stats.weibull_min(0.7, scale=10 / math.gamma(1 + 1 / 0.7)),
    ),
    (table("weibull", mean=10, shape=3), stats.weibull_min(3, scale=10 / math.gamma(1 + 1 / 3))),
    (table("gamma", mean=8, shape=0.25), stats.gamma(0.25, scale=32)),
    (table("gamma", mean=8, shape=2.5), stats.gamma(2.5, scale=3.2)),
    (table("gamma", mean=8, shape=100), stats.gamma(100, scale=0.08)),
    (table("erlang", mean="2min", shape=2), stats.gamma(2, scale=60)),
]
COUNTS: list[tuple[Any, Any]] = [
    (table("geometric", mean=6), stats.geom(1 / 6)),
    (table("geometric", mean=1.25), stats.geom(0.8)),
    (table("uniform", low=2, high=9), stats.randint(2, 10)),
]
SAME_BITS: list[tuple[str, Any]] = [
    *(("duration", written) for written, _ in CONTINUOUS),
    *(("duration", {**w, "max": 5}) for w, _ in CONTINUOUS if w["dist"] != "uniform"),
    *(("count", written) for written, _ in COUNTS),
    ("duration", "5min"),
    ("signed", "-5min"),
    ("signed", table("uniform", low="-1h", high="1h")),
    ("duration", table("empirical", quantiles=[0, 1, 1, 4, "1min"])),
    ("count", table("empirical", quantiles=[1, 1, 2, 3.5, 40])),
    ("count", table("geometric", mean=1)),
    ("count", 3),
    ("count", "unlimited"),
    ("size", table("lognormal", median=8000, p95=60000)),
]
# both ends of what a stream gives, both tails, and the middle
U = [
    2.0**-53,
    1e-12,
    1e-9,
    1e-4,
    0.07,
    0.0751,
    0.25,
    0.5,
    0.75,
    0.93,
    0.999,
    1 - 1e-9,
    1 - 2.0**-53,
]


def mean_by_integration(quantile: Callable[[float], float], power: int = 1) -> float:
    """The integral of quantile^power over u, taken over normal scores, where tails are tame."""

    def at(z: float) -> float:
        # in the upper tail u cannot tell values apart, but its weight is below 1e-15 there
        u = min(max(0.5 * math.erfc(-z / math.sqrt(2)), 2.0**-53), 1 - 2.0**-53)
        return quantile(u) ** power * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    return float(integrate.quad(at, -8.1, 8.1, limit=400, epsabs=0, epsrel=1e-9)[0])


# --- Moments and shape ----------------------------------------------------------------------------


@pytest.mark.parametrize(("written", "known"), CONTINUOUS)
def test_moments(written: dict[str, Any], known: Any) -> None:
    law = duration(written)
    assert law.expectation() == pytest.approx(known.mean(), rel=1e-12)
    assert mean_by_integration(law.quantile) == pytest.approx(law.expectation(), rel=2e-6)
    second = known.var() + known.mean() ** 2
    assert mean_by_integration(law.quantile, 2) == pytest.approx(second, rel=1e-5)


@pytest.mark.parametrize(("written", "known"), CONTINUOUS)
def test_quantiles_in_both_tails(written: dict[str, Any], known: Any) -> None:
    law = duration(written)
    for u in U[2:-1]:
        # 1 - u is exact for floats above 1/2, and scipy's isf takes it as it is
        exact = known.ppf(u) if u < 0.5 else known.isf(1 - u)
        assert law.quantile(u) == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("max_s", [0.1, 1.0, 20.0])
@pytest.mark.parametrize(("written", "known"), [c for c in CONTINUOUS if c[0]["dist"] != "uniform"])
def test_the_mean_is_after_the_cap(written: dict[str, Any], known: Any, max_s: float) -> None:
    law = duration({**written, "max": max_s})

    # over the logarithm: milliseconds and minutes alike are found by the integration
    def at(log_x: float) -> float:
        return float(known.sf(math.exp(log_x))) * math.exp(log_x)

    places = np.linspace(-60, math.log(max_s), 200).tolist()
    expected = sum(
        integrate.quad(at, a, b, epsabs=1e-15, epsrel=1e-10)[0] for a, b in pairwise(places)
    )
    assert law.expectation() == pytest.approx(expected, rel=1e-7)
    assert law.support() == (0, max_s)
    assert law.quantile(1 - 2.0**-53) <= max_s


@pytest.mark.parametrize(("written", "known"), COUNTS)
def test_counts(written: Any, known: Any) -> None:
    """Steps stand where the cumulative probability says, to either side by 1e-9."""
    law = count(written)
    assert law.expectation() == pytest.approx(known.mean())
    low, high = known.support()
    assert law.support() == (low, high)
    for k in range(int(low), int(min(high, low + 30))):
        below = float(known.cdf(k))
        if below > 1 - 1e-6:
            break
        assert law.quantile(below - 1e-9) == k
        assert law.quantile(below + 1e-9) == k + 1


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=30).map(sorted))
def test_empirical_joins_its_quantiles(quantiles: list[float]) -> None:
    law = duration(table("empirical", quantiles=quantiles))
    steps = len(quantiles) - 1
    for i in range(1, steps):
        width = quantiles[i + 1] - quantiles[i - 1]
        assert law.quantile(i / steps) == pytest.approx(quantiles[i], abs=1e-9 * width + 1e-300)
    places = np.linspace(0, 1, steps + 1)
    expected = integrate.trapezoid(quantiles, places)
    assert law.expectation() == pytest.approx(expected, rel=1e-12, abs=1e-300)
    assert law.support() == (quantiles[0], quantiles[-1])


@example([49.99999999999999, 50.0])
@given(st.lists(st.floats(1, 50), min_size=2, max_size=6).map(sorted))
def test_empirical_counts_are_rounded(quantiles: list[float]) -> None:
    law = count(table("empirical", quantiles=quantiles))
    u = (np.arange(20_000) + 0.5) / 20_000
    values = [law.quantile(float(x)) for x in u]
    assert all(value == int(value) >= 1 for value in values)
    # midpoint sums of a monotone function err by at most its range over the number of points
    assert np.mean(values) == pytest.approx(law.expectation(), abs=51 / 20_000)


def test_unlimited_never_ends() -> None:
    law = count("unlimited")
    assert (law.quantile(0.5), law.expectation()) == (math.inf, math.inf)


@pytest.mark.parametrize(("field", "written"), SAME_BITS)
def test_monotone_and_inside_the_support(field: str, written: Any) -> None:
    law = FIELDS[field].validate_python(written)
    values = [law.quantile(u) for u in U]
    low, high = law.support()
    assert values == sorted(values)
    assert all(low <= value <= high for value in values)


# --- Functions behind the laws --------------------------------------------------------------------


def test_normal_quantile() -> None:
    for u in U:
        exact = stats.norm.ppf(u) if u < 0.5 else stats.norm.isf(1 - u)
        assert normal_quantile(u) == pytest.approx(exact, rel=1e-14, abs=1e-16)


@given(st.floats(2.0**-53, 0.5))
def test_normal_quantile_is_odd(u: float) -> None:
    mirrored = 1 - u
    assert normal_quantile(1 - mirrored) == -normal_quantile(mirrored)


@pytest.mark.parametrize("shape", [0.25, 0.3, 0.5, 1, 1.7, 5, 30, 100, 1000])
def test_gamma_table_keeps_its_stated_error(shape: float) -> None:
    """1e-6 relative for u in [1e-9, 1 - 1e-9], tried between the points of the table too."""
    log_quantile = module.gamma_log_quantile
    for z in np.linspace(-5.99, 5.99, 2001):
        known = stats.gamma(shape)
        exact = known.ppf(stats.norm.cdf(z)) if z < 0 else known.isf(stats.norm.cdf(-z))
        found = math.exp(log_quantile(gamma_table(shape), float(z)))
        assert found == pytest.approx(exact, rel=1e-6)


# --- The same bits --------------------------------------------------------------------------------


@pytest.mark.parametrize(("field", "written"), SAME_BITS)
@given(st.floats(2.0**-53, 1 - 2.0**-53))
def test_three_roads_to_the_same_bits(field: str, written: Any, u: float) -> None:
    law = FIELDS[field].validate_python(written)
    expected = law.quantile(u)
    assert law.sampler()(u) == expected
    assert draw(*law.coefficients(), u) == expected


def test_compiled_code_gives_the_same_bits() -> None:
    numba = pytest.importorskip("numba")
    compiled = compiled_draw(numba)
    uniforms = [*U, *np.random.default_rng(3).random(300).tolist()]
    for field, written in SAME_BITS:
        code, a, b, c, cap, numbers = FIELDS[field].validate_python(written).coefficients()
        array = np.array(numbers, dtype=np.float64)
        for u in uniforms:
            found = compiled(code, a, b, c, cap, array, u)
            assert found == draw(code, a, b, c, cap, numbers, u), (written, u)


def compiled_draw(numba: Any) -> Any:
    """`draw` and its helpers compiled; the module itself does not import numba."""
    scope = dict(vars(module))
    for name in (
        "_normal_middle",
        "_normal_tail",
        "_normal_far_tail",
        "normal_quantile",
        "gamma_log_quantile",
        "joined",
        "draw",
    ):
        scope[name] = numba.njit(FunctionType(scope[name].__code__, scope))
    return scope["draw"]


# --- Written down ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("field", "written"), SAME_BITS)
def test_what_is_dumped_is_the_same_law(field: str, written: Any) -> None:
    adapter = FIELDS[field]
    law = adapter.validate_python(written)
    dumped = law.model_dump()
    assert adapter.validate_python(dumped) == law
    assert adapter.validate_python(json.loads(json.dumps(dumped))) == law


def test_the_spelling_of_a_unit_does_not_matter() -> None:
    assert duration("5min").model_dump() == duration(300).model_dump()
    spelled = duration(table("exponential", mean="1h30min", max="1d"))
    assert spelled == duration(table("exponential", mean=5400.0, max=86400))


def test_laws_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        duration(table("exponential", mean=7)).mean = 8  # type: ignore[attr-defined]


# --- Refused --------------------------------------------------------------------------------------

REFUSED: list[tuple[str, Any, tuple[str | int, ...], str]] = [
    ("duration", table("exponentail", mean=7), ("dist",), "exponential"),
    ("duration", table("geometric", mean=7), ("dist",), "expected the law of a duration"),
    ("duration", {"mean": 7}, ("dist",), "expected dist"),
    ("duration", {"dist": 3}, ("dist",), "expected"),
    ("duration", {}, ("dist",), "expected dist"),
    ("duration", "7 parsecs", (), "duration"),
    ("duration", True, (), "duration"),
    ("duration", -1, (), "at least 0"),
    ("duration", math.nan, (), "finite"),
    ("duration", None, (), "duration"),
    ("duration", [1, 2], (), "duration"),
    ("duration", table("exponential"), ("mean",), "required"),
    ("duration", table("exponential", mean="7 s o"), ("mean",), "duration"),
    ("duration", table("exponential", mean=0), ("mean",), "above 0"),
    ("duration", table("exponential", mean=math.inf), ("mean",), "finite"),
    ("duration", table("exponential", mean=7, maxx=70), ("maxx",), ""),
    ("duration", table("exponential", mean=7, max=0), ("max",), "above 0"),
    ("duration", table("uniform", low=2, high=1), (), "low <= high"),
    ("duration", table("uniform", low=-1, high=1), ("low",), "at least 0"),
    ("duration", table("lognormal", median=1), (), "median and p95"),
    ("duration", table("lognormal", median=1, p95=2, p99=3), (), "found: median, p95, p99"),
    ("duration", table("lognormal", median=2, p95=1), (), "above the median"),
    ("duration", table("lognormal", mean=2, cv=0), ("cv",), "above 0"),
    ("duration", table("weibull", mean=2, shape=0), ("shape",), ""),
    ("duration", table("gamma", mean=2, shape="a"), ("shape",), "number"),
    ("duration", table("erlang", mean=2, shape=2.5), ("shape",), "whole"),
    ("duration", table("empirical", quantiles=[1]), ("quantiles",), ""),
    ("duration", table("empirical", quantiles=[2, 1]), ("quantiles",), "never decrease"),
    ("duration", table("empirical", quantiles=[1, 2, "x"]), ("quantiles", 2), "duration"),
    ("positive", 0, (), "above 0"),
    ("positive", table("uniform", low=0, high=0), (), "above 0"),
    ("positive", table("empirical", quantiles=[0, 0, 1]), (), "above 0"),
    ("size", "8kB", (), "bytes"),
    ("size", -1, (), "bytes"),
    ("size", table("exponential", mean="7s"), ("mean",), "bytes"),
    ("count", 0, (), "at least 1"),
    ("count", 2.5, (), "whole number"),
    ("count", "endless", (), "unlimited"),
    ("count", table("exponential", mean=7), ("dist",), "geometric"),
    ("count", table("geometric", mean=0.5), ("mean",), "1"),
    ("count", table("uniform", low=0, high=3), ("low",), "1"),
    ("count", table("empirical", quantiles=[0, 3, 4]), ("quantiles", 0), "1"),
]


@pytest.mark.parametrize(("field", "written", "loc", "said"), REFUSED)
def test_refused_at_the_key_that_is_wrong(
    field: str, written: Any, loc: tuple[str | int, ...], said: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        FIELDS[field].validate_python(written)
    errors = caught.value.errors()
    assert [error["loc"] for error in errors] == [loc]
    assert said in errors[0]["msg"]


def test_all_errors_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        duration(table("gamma", mean=-1, shape=0, colour="red"))
    assert {error["loc"] for error in caught.value.errors()} == {("mean",), ("shape",), ("colour",)}


@pytest.mark.parametrize("field", FIELDS)
def test_schema_is_json(field: str) -> None:
    schema = FIELDS[field].json_schema()
    assert "dist" in json.dumps(schema)

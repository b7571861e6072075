"""Figures from virtual cases: they agree with real ones and with closed forms, and their intervals are what they say."""

import math
from dataclasses import replace

import numpy as np
import pytest

from sim.basics.statistics import Estimate, ratio_of_runs, student
from sim.engine.histogram import BUCKETS, bucket_of
from sim.explore.points import _over_all_cases as data_of_study
from sim.model.causes import CAUSES, Cause
from sim.model.strategies import CATALOGUE
from sim.results import virtual
from sim.results.experiment import Comparison, compare
from sim.results.metrics import Figure, pooled_mean, totals
from sim.results.study import study_of
from sim.results.tables import notes, ranked
from sim.scenario import Scenario, load, with_changes
from sim.verification.worlds import exponential, textbook

READ = ("short_token", "host_token", "allowlist", "allowlist_webhook")
RUNS = 20


@pytest.fixture(scope="module")
def drills() -> Scenario:
    """The office with half of its people drilled, an administrator in three."""
    changes = {cause: {"share": 0.125} for cause in CAUSES}
    return with_changes(
        load("office"),
        {"organisation.people": 120, "organisation.admins": 0.34}
        | {f"cases.{cause}": share for cause, share in changes.items()},
    )


@pytest.fixture(scope="module")
def both(drills: Scenario) -> tuple[Comparison, Comparison]:
    chosen = [CATALOGUE[name] for name in READ]
    ours, real = (
        compare(drills, chosen, replications=RUNS, virtual=asked) for asked in (True, False)
    )
    return ours, real


def _exposures(comparison: Comparison) -> dict[tuple[str, str, str, str | None], Figure]:
    found = (f for f in comparison.figures if f.metric == "exposure" and f.cause is not None)
    return {(f.strategy, str(f.cause), f.statistic, f.of): f for f in found}


def test_every_figure_names_its_estimator_and_the_others_are_as_they_were(
    both: tuple[Comparison, Comparison],
) -> None:
    ours, real = both
    assert {f.estimator for f in real.figures} == {"cases", "replications"}
    read = {f for f in ours.figures if f.estimator == "virtual"}
    assert {f.metric for f in read} == {"exposure"}
    assert {(f.strategy, f.cause) for f in read} == {
        *((name, cause) for name in READ if name != "host_token" for cause in (*CAUSES, None)),
        *(("host_token", cause) for cause in ("deactivation", "logout")),
    }
    rest = [f for f in ours.figures if f not in read]
    why = {f.estimator for f in rest if f.strategy == "host_token" and f.metric == "exposure"}
    assert why == {"cases: token.renewal"}
    rest = [replace(f, estimator=f.estimator.partition(":")[0]) for f in rest]
    pairs = {(f.strategy, f.cause) for f in read}
    assert rest == [
        f for f in real.figures if f.metric != "exposure" or (f.strategy, f.cause) not in pairs
    ]
    for name in READ:
        for a, b in zip(ours.runs[name], real.runs[name], strict=True):
            assert set(a.differences(b)) <= {"virtual"}


def test_same_figures_as_from_real_cases(both: tuple[Comparison, Comparison]) -> None:
    """Means and shares of none. Of 100 figures at 1e-6 each: once in 10,000 seeds."""
    ours, real = map(_exposures, both)
    assert set(ours) == set(real)
    compared = 0
    for key, a in ours.items():
        b = real[key]
        is_compared = key[2].removesuffix("_if_open") in ("mean", "share_zero")
        if a.estimator != "virtual" or not is_compared or b.high is None or b.n < 100:
            continue
        assert a.high is not None
        widths = [(f.high or 0.0) - f.estimate for f in (a, b)]
        error = math.hypot(*widths) / student(RUNS - 1)
        assert abs(a.estimate - b.estimate) <= student(RUNS - 1, 1 - 1e-6) * error + 1e-3, (
            key,
            a,
            b,
        )
        compared += 1
    assert compared > 50


def test_they_are_narrower_where_there_are_few_cases(
    both: tuple[Comparison, Comparison],
) -> None:
    ours, real = map(_exposures, both)
    key = ("short_token", "admin_loss", "mean", None)
    a, b = ours[key], real[key]
    assert a.high is not None and b.high is not None
    assert a.high - a.estimate < (b.high - b.estimate) / 3


def test_persons_stand_behind_a_figure(
    drills: Scenario, both: tuple[Comparison, Comparison]
) -> None:
    figure = both[0].find("short_token", "exposure", "mean", "deactivation")
    assert figure is not None
    expected = RUNS * drills.organisation.people * 0.5
    assert abs(figure.n - expected) < 6 * math.sqrt(expected * 0.5)  # 1e-9


def test_the_mean_is_that_of_totals(both: tuple[Comparison, Comparison]) -> None:
    ours = both[0]
    for name in READ:
        of = totals(ours.runs[name], "exposure", ["deactivation"])
        figure = ours.find(name, "exposure", "mean", "deactivation")
        assert figure is not None
        assert figure.estimate == sum(of.tops) / sum(of.bottoms)


def test_closed_forms_hold() -> None:
    """A token renewed on demand, clicks that never end: each interval holds its form (99.9 % each, of six)."""
    scenario = textbook(
        {},
        {
            "run.horizon": 4000.0,
            "run.drain": 300.0,
            "organisation.people": 200,
            "organisation.shift": {"start": "0s", "end": 4000.0},
            "organisation.visits": exponential(30.0),
            "workload.think": exponential(100.0),
            "cases.from": 2400.0,
            "cases.until": 3600.0,
            "cases.deactivation": {"share": 0.5},
            "strategies": {"tried": {"token": {"lifetime": 300.0, "renewal": "host"}}},
        },
    )
    found = compare(scenario, replications=RUNS, seed=3)
    held = [f for f in _exposures(found).values() if f.theory is not None and f.of is None]
    assert len(held) >= 5
    wider = student(RUNS - 1, 0.999) / student(RUNS - 1)
    for f in held:
        assert f.estimator == "virtual" and f.theory is not None
        if f.low is not None and f.high is not None:
            assert f.estimate - wider * (f.estimate - f.low) - 1e-9 <= f.theory, f
            assert f.theory <= f.estimate + wider * (f.high - f.estimate) + 1e-9, f


def _asked(samples: list[list[float]]) -> virtual.Asked:
    shares = np.zeros((len(samples), BUCKETS))
    for row, windows in zip(shares, samples, strict=True):
        np.add.at(row, [bucket_of(x) for x in windows], 1.0)
    return virtual.Asked(
        moments=1,
        tops=np.array([sum(windows) for windows in samples]),
        zeros=np.array([windows.count(0.0) for windows in samples], float),
        numbers=np.array([len(windows) for windows in samples], float),
        max_s=max(map(max, samples)),
        shares=shares,
    )


def test_quantiles_of_known_windows() -> None:
    random = np.random.default_rng(4)
    samples = [(300.0 * random.random(400)).tolist() for _ in range(30)]
    asked = _asked(samples)
    pooled = np.sort(np.concatenate(samples))
    for q in (0.05, 0.5, 0.95):
        e, exact = asked.quantile(q), float(np.quantile(pooled, q))
        assert e.value == pytest.approx(exact, rel=0.008)
        assert e.low is not None and e.high is not None and e.low <= exact <= e.high
        below = [float(sum(x < exact for x in windows)) for windows in samples]
        half = ratio_of_runs(below, [400.0] * 30, 0).half_width
        assert e.low == pytest.approx(float(np.quantile(pooled, q - half)), rel=0.02)
        assert e.high == pytest.approx(float(np.quantile(pooled, q + half)), rel=0.02)


def test_windows_of_no_length_are_zero() -> None:
    e = _asked([[0.0, 0.0, 0.0, 200.0]] * 3).quantile(0.5)
    assert (e.value, e.low, e.high) == (0.0, 0.0, 0.0)


def test_where_the_end_cuts_a_window_real_cases_are_taken() -> None:
    cut = with_changes(load("office"), {"organisation.people": 60, "run.drain": "0s"})
    open_ended = cut.strategies["no_check"].model_copy(update={"token": None, "name": "none"})
    found = compare(cut, [open_ended], replications=2)
    runs = found.runs["none"]
    assert all(run.virtual is not None for run in runs)
    assert not virtual.readable(runs, Cause.DEACTIVATION)
    why = {f.estimator for f in found.figures if f.cause and f.metric == "exposure"}
    assert why == {"cases: a window that outlasts the run"}


def test_several_causes_count_as_often_as_each_happens() -> None:
    """Two causes, three of whose persons in four meet the second; how many a replication asked is no chance of the pool."""
    first, second = _asked([[1.0] * 10, [1.0] * 30]), _asked([[5.0] * 40, [5.0] * 20])
    both = virtual.Asked.pooled([(0.1, first), (0.3, second)])
    assert both.mean.value == pytest.approx(4.0, rel=1e-12)
    assert both.mean.high == pytest.approx(4.0, rel=1e-9)  # within a cause nothing varies
    assert both.persons == 60
    assert both.quantile(0.2).value == pytest.approx(1.0, rel=0.01)
    assert both.quantile(0.3).value == pytest.approx(5.0, rel=0.01)
    assert both.share_over(2.0) == pytest.approx(0.75, rel=1e-12)
    assert (both.share_over(5.0), both.share_over(0.5)) == (0.0, pytest.approx(1.0))


def test_a_pool_varies_as_its_causes_do() -> None:
    """Its error is that of the weighted sum of two independent means."""
    random = np.random.default_rng(7)
    runs = 400
    first, second = (
        _asked([(most * random.random(20)).tolist() for _ in range(runs)]) for most in (10.0, 100.0)
    )
    both = virtual.Asked.pooled([(0.5, first), (0.5, second)])
    assert both.mean.value == pytest.approx((first.mean.value + second.mean.value) / 2, rel=1e-12)

    def half(e: Estimate) -> float:
        assert e.high is not None
        return e.high - e.value

    expected = math.hypot(half(first.mean), half(second.mean)) / 2
    assert half(both.mean) == pytest.approx(expected, rel=0.1)  # correlation of 400: 0.05 each sd


def test_the_share_over_a_limit_within_a_bucket() -> None:
    windows = np.linspace(200.0, 300.0, 10_001).tolist()
    asked = _asked([windows])
    for limit in (0.0, 210.0, 250.0, 299.0):
        exact = sum(x > limit for x in windows) / len(windows)
        assert asked.share_over(limit) == pytest.approx(exact, abs=0.002)
    assert asked.share_over(300.0) == 0.0


def test_all_causes_together_agree_with_real_cases(both: tuple[Comparison, Comparison]) -> None:
    """Of three strategies at 1e-6 each: once in 300,000 seeds."""
    for name in ("short_token", "allowlist", "allowlist_webhook"):
        a, b = (pooled_mean(found.runs[name], "exposure", CAUSES) for found in both)
        assert a.high is not None and b.high is not None
        error = math.hypot(a.high - a.value, b.high - b.value) / student(RUNS - 1)
        assert abs(a.value - b.value) <= student(RUNS - 1, 1 - 1e-6) * error
        assert a.high - a.value < (b.high - b.value) / 2
    assert virtual.asked(both[0].runs["host_token"]) is None  # a renewal is granted after some


def test_tables_and_the_explorer_read_them_too(both: tuple[Comparison, Comparison]) -> None:
    for found, estimator in zip(both, ("virtual", "cases"), strict=True):
        study = study_of(found)
        assert study.ranked() == ranked(found)
        for name in READ:
            e, shown = (
                pooled_mean(found.runs[name], "exposure", CAUSES),
                study.pooled(name, "exposure"),
            )
            assert (shown.value, shown.n) == pytest.approx((e.value, e.n), rel=1e-12)
        (some,) = {e for n, c, e in study.exposures_rest_on if (n, c) == ("allowlist", "logout")}
        assert some == estimator
    said, silent = map(notes, both)
    assert (
        "asked at 32 moments" in said
        and "On real cases, after some causes at least: host_token (token.renewal)." in said
    )
    assert "moments" not in silent
    of_all = both[0].find("short_token", "exposure", "p95")
    points = data_of_study(study_of(both[0]), "short_token")
    assert of_all is not None and points["exposure.p95.all"][0] == pytest.approx(
        of_all.estimate, rel=1e-5
    )

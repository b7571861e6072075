"""Stopping, warm-up, theory beside estimates, differences and selection, through the real `compare`."""

import json
import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from sim.basics.statistics import look_ahead_at
from sim.cli import main
from sim.cli.compare import as_document
from sim.engine.recording import Run
from sim.results import experiment, tables
from sim.results.applicability import expected
from sim.results.experiment import Comparison
from sim.results.precision import enough, judge, next_batch, targets
from sim.results.ranking import best, default_baseline, differences
from sim.results.warmup import warm_up_s
from sim.scenario import Scenario, load, with_changes
from sim.verdict import verdict_of

FORMS = {
    "renewed": "A1",
    "renewed_early": "A2",
    "jittered": "A3",
    "on_demand": "B2",
    "sliding": "C3",
    "cached_decision": "B2",
    "token_and_cache": "D4",
    "pushed": "F1",
}


def textbook(**changes: Any) -> Scenario:
    keys = {key.replace("__", "."): value for key, value in changes.items()}
    return with_changes(load("textbook"), {"organisation.people": 12, **keys})


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    scenario = textbook()
    names = ("on_demand", "renewed", "token_and_cache", "sliding")
    return experiment.compare(scenario, [scenario.strategies[n] for n in names], replications=6)


# -- theory beside the estimate -----------------------------------------------------------------


@pytest.mark.parametrize("name", FORMS)
def test_every_textbook_strategy_has_its_form(name: str) -> None:
    found = expected(textbook(), textbook().strategies[name])
    assert found["deactivation", None, "exposure", "mean"].form == FORMS[name]


def test_theory_stands_in_rows_and_tables_and_intervals_hold_it(comparison: Comparison) -> None:
    rows = [f for f in comparison.figures if f.theory is not None and f.low is not None]
    assert {row.metric for row in rows} >= {"exposure", "unauthorised_requests", "last_click"}
    held = [row.low <= row.theory <= (row.high or 0) for row in rows if row.low != row.high]  # type: ignore[operator]
    assert np.mean(held) > 0.85  # rows of a strategy go together; coverage has a study of its own
    assert "[2 min 30 s]" in tables.comparison_table(comparison)
    document = as_document(comparison, verdict_of(comparison, second=False))
    assert any(row["theory"] == 150.0 for row in document["results"])


BROKEN = [
    ("network.client_app", "1ms"),
    ("network.client_host", "1ms"),
    ("host.renewal", "1ms"),
    ("host.page_load", "1ms"),
    ("app.verify", "1us"),
    ("app.service", {"read": "1ms", "write": "0s", "admin": "0s"}),
    ("directory.propagation", "1s"),
    ("host.rate_limit", {"per_second": 1000}),
    ("host.outages", {"every": "30d", "lasts": "1s"}),
    ("workload.requests_per_page", 100),
    ("workload.think", {"dist": "exponential", "mean": "1min", "max": "2min"}),
    ("behaviour.probabilities", {"continue": 0.9, "leave": 0.1}),
    ("cases.notice_lead", "1s"),
    ("cases.from", "5min"),  # not everybody has a page
    ("cases.until", "2.05h"),  # half a lifetime: no random phase
    ("organisation.shift", {"start": "0s", "end": "5min"}),
    ("run.drain", "4min"),  # cases outlive the run
]


@pytest.mark.parametrize(("key", "value"), BROKEN)
def test_one_assumption_less_and_nothing_is_claimed(key: str, value: Any) -> None:
    scenario = with_changes(load("textbook"), {key: value})
    found = expected(scenario, scenario.strategies["on_demand"])
    assert ("deactivation", None, "exposure", "mean") not in found


@pytest.mark.parametrize(
    "token",
    [
        {"lifetime": "5min", "renewal": "host", "leeway": "1s"},
        {"lifetime": "5min", "renewal": "host", "absolute": "1h"},
        {"lifetime": "5min", "renewal": "host_each"},
        {"lifetime": "5min", "renewal": "app"},
        {"lifetime": "5min", "renewal": "page"},
        {"lifetime": "5min", "renewal": "host", "revalidates": ["session"]},
    ],
)
def test_other_tokens_have_no_form(token: dict[str, Any]) -> None:
    scenario = with_changes(load("textbook"), {"strategies.other": {"token": token}})
    assert expected(scenario, scenario.strategies["other"]) == {}


def test_the_office_is_no_textbook() -> None:
    office = load("office")
    assert all(expected(office, strategy) == {} for strategy in office.strategies.values())


# -- precision ----------------------------------------------------------------------------------


def test_a_study_stops_when_its_precision_has_held() -> None:
    scenario = textbook(
        **{"run.precision": {"exposure": 0.25, "host_calls": 0.1}, "run.max_replications": 60}
    )
    chosen = [scenario.strategies[name] for name in ("renewed", "on_demand")]
    found = experiment.compare(scenario, chosen)
    assert found.reached is not None
    assert found.reached.missed == []
    since = max(n for n in found.reached.targets.values() if n is not None)
    assert found.replications == max(since + look_ahead_at(since), 8)
    for name in ("renewed", "on_demand"):
        row = next(
            f for f in found.figures
            if (f.strategy, f.metric, f.statistic, f.of) == (name, "exposure", "mean", None)
        )  # fmt: skip
        assert row.low is not None
        assert (row.high - row.low) / 2 <= 0.25 * row.estimate  # type: ignore[operator]
    assert "held after" in tables.notes(found)
    # replications by hand overrule it, and are the same replications
    fixed = experiment.compare(scenario, chosen, replications=found.replications)
    assert fixed.reached is None
    assert fixed.figures == found.figures


def test_a_precision_out_of_reach_is_said() -> None:
    scenario = textbook(**{"run.precision": {"exposure": 0.001}, "run.max_replications": 9})
    found = experiment.compare(scenario, [scenario.strategies["renewed"]])
    assert found.replications == 9
    assert found.reached is not None
    assert [str(target) for target in found.reached.missed] == [
        "exposure after deactivation, renewed"
    ]
    assert "9 replications were not enough" in tables.notes(found)


def test_open_pairs_are_no_targets(comparison: Comparison) -> None:
    scenario = textbook(**{"run.precision": {"exposure": 0.2, "response": 0.1}})
    names = {(t.strategy, t.metric) for t in targets(scenario, comparison.coverage)}
    assert ("sliding", "exposure") not in names
    assert ("sliding", "response") in names
    judged = judge(targets(scenario, comparison.coverage), comparison.runs)
    assert enough(judged, 6) is None  # six replications cannot have held for five more after three


def test_batches_grow_to_the_limit() -> None:
    sizes = [next_batch(0, 50)]
    while sizes[-1] < 50:
        sizes.append(next_batch(sizes[-1], 50))
    assert sizes[0] == 8
    assert all(b > a for a, b in pairwise(sizes))
    assert next_batch(0, 2) == 2


def test_a_wrong_metric_name_is_an_input_error(tmp_path: Any) -> None:
    path = tmp_path / "x.toml"
    path.write_text("format = 1\n[run]\nprecision = { exposre = 0.1 }\n")
    shown = CliRunner().invoke(main, ["compare", str(path), "--strategy", "short_token"])
    assert shown.exit_code == 2
    assert 'did you mean "exposure"' in shown.output


# -- warm-up ------------------------------------------------------------------------------------


class _Minutes:
    """The two series that a pilot replication gives."""

    def __init__(self, means: list[float]):
        self.response_n = np.full(len(means), 4)
        self.response_sum_s = 4 * np.array(means)


def test_the_longest_warm_up_of_any_strategy_counts() -> None:
    def runs(cut: int) -> list[Run]:
        return [_Minutes([9.0] * cut + [1.0] * (200 - cut))] * 3  # type: ignore[list-item]

    assert warm_up_s({"a": runs(15), "b": runs(40)}) == 40 * 60.0
    assert warm_up_s({"a": runs(0)}) == 0.0


def test_an_automatic_warm_up_cuts_honest_figures_and_no_case() -> None:
    slow = {"dist": "exponential", "mean": "2s"}
    changes = {
        "app.workers": 1,
        "app.service": {"read": slow, "write": slow, "admin": slow},
        "organisation.people": 30,
        "organisation.visits": {"dist": "exponential", "mean": "10min"},
        "run.horizon": "2h",
        "cases.from": "1h",
        "cases.until": "2h",
        "cases.deactivation": {"share": 0.1},
        "run.warm_up": "auto",
    }
    scenario = with_changes(load("textbook"), changes)
    chosen = [scenario.strategies["on_demand"]]
    auto = experiment.compare(scenario, chosen, replications=3)
    none = experiment.compare(with_changes(scenario, {"run.warm_up": "0s"}), chosen, replications=3)
    assert 0 < auto.warm_up_s <= 3600
    assert all(run.window_s[0] == auto.warm_up_s for run in auto.runs["on_demand"])
    assert sum(run.honest_clicks for run in auto.runs["on_demand"]) < sum(
        run.honest_clicks for run in none.runs["on_demand"]
    )
    for cut, whole in zip(auto.runs["on_demand"], none.runs["on_demand"], strict=True):
        assert cut.cases.tobytes() == whole.cases.tobytes()
    assert "MSER-5" in tables.notes(auto)


# -- differences and the best -------------------------------------------------------------------


def test_differences_are_paired_and_corrected(comparison: Comparison) -> None:
    rows = differences(comparison, "on_demand")
    calls = {row.strategy: row for row in rows if row.metric == "host_calls"}
    assert set(calls) == {"renewed", "token_and_cache", "sliding"}
    assert calls["renewed"].reduction is not None
    assert calls["renewed"].reduction > 0.5
    assert calls["token_and_cache"].p is not None
    assert calls["token_and_cache"].p < 1e-3
    means = {
        name: np.mean([sum(c.sum() for c in r.host_calls.values()) / 14400 for r in runs])
        for name, runs in comparison.runs.items()
    }
    assert calls["renewed"].estimate == pytest.approx(means["renewed"] - means["on_demand"])
    # sliding is open: no exposure beside it
    assert {row.strategy for row in rows if row.metric == "exposure"} == {
        "renewed",
        "token_and_cache",
    }
    with pytest.raises(ValueError, match="baseline"):
        differences(comparison, "nobody")


def test_the_default_baseline_is_what_is_in_use_else_the_first(comparison: Comparison) -> None:
    first = next(iter(comparison.strategies))
    assert default_baseline(comparison) == first
    named = {**comparison.strategies, "today": comparison.strategies[first]}
    assert default_baseline(replace(comparison, strategies=named)) == "today"


def test_the_best_is_named_or_not_told_apart(comparison: Comparison) -> None:
    found = best(comparison, "exposure")
    assert found is not None
    assert str(found) == "token_and_cache is best with 95 % confidence"
    response = best(comparison, "response")
    assert response is not None
    assert not response.told_apart  # nothing takes time
    text = tables.ranking_text(comparison)
    assert "token_and_cache is best with 95 % confidence" in text
    assert "not told apart" in text
    assert "%)" in text


def test_baseline_on_the_command_line() -> None:
    args = ["compare", "textbook", "--strategy", "renewed", "--baseline", "on_demand"]
    args += ["--replications", "2", "--workers", "1", "--quiet", "--json"]
    shown = CliRunner().invoke(main, args)
    assert shown.exit_code == 0
    document = json.loads(shown.stdout)
    assert {row["baseline"] for row in document["differences"]} == {"on_demand"}
    assert {row["strategy"] for row in document["results"]} == {"renewed", "on_demand"}
    wrong = CliRunner().invoke(main, ["compare", "textbook", "--baseline", "on_demnd"])
    assert wrong.exit_code == 2
    assert '--baseline: there is no strategy "on_demnd"; did you mean "on_demand"?' in wrong.output


# -- horizon and censoring ----------------------------------------------------------------------


def test_cases_that_outlive_the_run_are_shown_and_bias_nothing_silently() -> None:
    """Events that take 20 minutes on average, and a run that ends five minutes after the last case."""
    slow = {"push.delay": {"dist": "exponential", "mean": "20min"}, "push.loss": 0}
    cut = textbook(**slow, **{"run.drain": "5min"})
    found = experiment.compare(cut, [cut.strategies["pushed"]], replications=3)
    whole = textbook(**slow, **{"run.drain": "8h"})
    true = experiment.compare(whole, [whole.strategies["pushed"]], replications=3)

    def row(of: Comparison, metric: str, statistic: str) -> Any:
        return next(
            f for f in of.figures
            if (f.metric, f.statistic, f.cause, f.of) == (metric, statistic, "deactivation", None)
        )  # fmt: skip

    censored = row(found, "censored", "count").estimate
    assert censored > 0
    assert row(true, "censored", "count").estimate == 0
    # a lower bound: marked and counted
    assert row(found, "exposure", "mean").estimate < row(true, "exposure", "mean").estimate
    assert ">= " in tables.comparison_table(found)
    assert f"pushed {censored}" in tables.notes(found)
    assert ">=" not in tables.comparison_table(true)
    # exactly: what was cut is the part of each window beyond the end of the run
    cases = np.concatenate([r.cases for r in found.runs["pushed"]])
    full = np.concatenate([r.cases for r in true.runs["pushed"]])
    end_s = cut.run.end_s
    clipped = np.minimum(full["exposure_s"], end_s - full["revoked_at_s"])
    assert np.allclose(cases["exposure_s"], clipped)
    assert math.isclose(censored, (full["exposure_s"] > end_s - full["revoked_at_s"]).sum())

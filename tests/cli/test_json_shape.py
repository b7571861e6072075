"""The document of `compare --json`: exactly these keys, metrics, statistics and units, and null only where allowed."""

import json
import math
from typing import Any

import pytest
from click.testing import CliRunner

from sim.cli import main
from sim.model.causes import CAUSES, KINDS

# A world with every party at work: two strategies that renew, check, look up and push; tiny, so that runs are quick.
WORLD = """
format = 1
title = "Two strategies"
question = "Which?"
[run]
horizon = "2h"
drain = "30min"
[organisation]
people = {people}
admins = 0.5
visits = {{ dist = "exponential", mean = "10min" }}
[cases]
from = "20min"
until = "100min"
deactivation = {{ share = 0.25 }}
permission_loss = {{ share = 0.25 }}
logout = {{ share = 0.25 }}
admin_loss = {{ share = 0.25 }}
notice_lead = {{ dist = "uniform", low = "-10min", high = "10min" }}
[push]
loss = 0.5
[strategies.layered]
[strategies.allowlist_webhook]
"""
TIMES = {"mean", "p50", "p95", "p99", "max"}
WINDOW = TIMES | {"share_zero"}
COUNT = {"mean", "p95", "max", "share_zero"}
STATIONS, REASONS = {"app", "host", "auth_server"}, {"page_load", "renewal", "check"}

# metric -> unit, statistics, what `of` may be beside null, whether null may stand
PER_CASE: dict[str, tuple[str, set[str], set[str]]] = {
    "exposure": ("s", WINDOW, set(KINDS)),
    "last_click": ("s", WINDOW, set()),
    **{
        name: ("requests", COUNT, set())
        for name in (
            *("unauthorised_requests", "unauthorised_reads", "unauthorised_writes"),
            *("unauthorised_admin", "refused"),
        )
    },
    **{
        name: ("requests", {"mean"}, set())
        for name in (
            *("recoverable_writes", "forewarned_reads", "forewarned_writes", "forewarned_admin"),
        )
    },
    "unauthorised_bytes": ("B", {"mean"}, set()),
    "censored": ("cases", {"mean", "count"}, set()),
}
PER_RUN: dict[str, tuple[str, set[str], set[str]]] = {
    "response": ("s", TIMES, set(KINDS)),
    "auth_overhead": ("s", TIMES, set()),
    "host_calls": ("1/s", {"mean", "max"}, REASONS),
    "interruptions": ("1/h", {"mean"}, set()),
    "reuses": ("1/month", {"mean"}, set()),
    "false_logouts": ("1/month", {"mean"}, set()),
    "lost_input": ("s/h", {"mean"}, set()),
    "honest_refused": ("share", {"mean"}, set()),
    "allowlist_entries": ("entries", {"mean", "max"}, set()),
    "denylist_entries": ("entries", {"mean", "max"}, set()),
    "rate_limited": ("calls", {"mean"}, REASONS),
    "events_lost": ("events", {"mean"}, set()),
    "utilisation": ("share", {"mean"}, STATIONS),
    "queue": ("requests", {"mean"}, STATIONS),
}


def document(tmp_path: Any, *options: str, people: int = 40) -> dict[str, Any]:
    path = tmp_path / "world.toml"
    path.write_text(WORLD.format(people=people))
    command = ["compare", str(path), "--json", "--workers", "1", *options]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    parsed: dict[str, Any] = json.loads(done.stdout, parse_constant=refuse)
    return parsed


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def check_head(made: dict[str, Any], replications: int) -> None:
    keys = [
        "scenario",
        "version",
        "engine",
        "seed",
        "replications",
        "verdict",
        "coverage",
        "results",
    ]
    assert list(made) == keys
    assert list(made["scenario"]) == ["title", "id", "path"]
    assert made["scenario"]["title"] == "Two strategies"
    assert made["replications"] == replications
    assert made["engine"] in ("reference", "compiled")
    assert isinstance(made["seed"], int)


def check_verdict(made: dict[str, Any]) -> None:
    verdict = made["verdict"]
    assert verdict["assumed_goals"][0] == "[goals]"
    assert {row["strategy"] for row in verdict["rows"]} == {"layered", "allowlist_webhook"}
    open_ = {
        (row["strategy"], cell["cause"], cell["kind"], cell["of"])
        for row in verdict["rows"]
        for cell in row["open"]
    }
    assert open_ == {
        ("layered", "permission_loss", "read", None),
        ("layered", "permission_loss", "admin", None),
        ("layered", "admin_loss", None, None),
    }
    assert isinstance(verdict["paragraph"], str)


def check_coverage(rows: list[dict[str, Any]]) -> None:
    assert {(row["strategy"], row["cause"]) for row in rows if row["of"] is None} == {
        (strategy, cause) for strategy in ("layered", "allowlist_webhook") for cause in CAUSES
    }
    for row in rows:
        assert list(row) == ["strategy", "cause", "of", "covered", "bound_s"]
        assert row["of"] is None or row["of"] in KINDS
        assert isinstance(row["covered"], bool)
        assert is_number(row["bound_s"]) if row["covered"] else row["bound_s"] is None


def check_result(row: dict[str, Any], replications: int) -> None:
    keys = [*("strategy", "cause", "of", "metric", "statistic", "unit")]
    assert list(row) == [*keys, *("estimate", "low", "high", "n", "theory", "estimator")]
    metric, statistic = row["metric"], row["statistic"].removesuffix("_if_open")
    if row["cause"] is None:
        unit, statistics, parts = PER_RUN[metric]
        assert statistic == row["statistic"]
    elif metric == "page_open":
        unit, statistics, parts = "share", {"mean"}, set()
    else:
        assert row["cause"] in CAUSES
        unit, statistics, parts = PER_CASE[metric]
    assert statistic in statistics
    assert row["unit"] == ("share" if statistic == "share_zero" else unit)
    assert row["of"] in parts if metric in ("utilisation", "queue") else True
    assert row["of"] is None or row["of"] in parts
    assert is_number(row["estimate"])
    assert isinstance(row["n"], int)
    assert row["theory"] is None or is_number(row["theory"])
    of_cases = {"cases"} | ({"virtual"} if row["metric"] == "exposure" else set())
    estimator, _, why = row["estimator"].partition(": ")
    assert estimator in (of_cases if row["cause"] else {"replications"})
    assert not why or (estimator, row["metric"]) == ("cases", "exposure")
    if row["low"] is None or row["high"] is None or replications == 1:
        assert row["low"] is None and row["high"] is None
    else:
        assert row["low"] <= row["estimate"] <= row["high"]


@pytest.mark.parametrize("replications", [1, 3])
def test_it_has_exactly_the_shape(replications: int, tmp_path: Any) -> None:
    made = document(tmp_path, "--replications", str(replications))
    check_head(made, replications)
    check_coverage(made["coverage"])
    check_verdict(made)
    for row in made["results"]:
        check_result(row, replications)
    addresses = [
        tuple(row[key] for key in ("strategy", "cause", "of", "metric", "statistic"))
        for row in made["results"]
    ]
    assert len(set(addresses)) == len(addresses)
    by_cause = {(row["cause"], row["metric"]) for row in made["results"]}
    for cause in CAUSES:
        assert {m for c, m in by_cause if c == cause} == {*PER_CASE, "page_open"}
    assert {metric for cause, metric in by_cause if cause is None} == set(PER_RUN)
    assert {row["of"] for row in made["results"] if row["metric"] == "queue"} == STATIONS
    if replications > 1:  # an interval is the rule, not the exception
        means = [r for r in made["results"] if (r["metric"], r["of"]) == ("auth_overhead", None)]
        means = [row for row in means if row["statistic"] == "mean"]
        assert len(means) == 2
        assert all(row["low"] < row["estimate"] < row["high"] for row in means)


def test_each_metric_has_each_of_its_statistics(tmp_path: Any) -> None:
    rows = document(tmp_path, "--replications", "2")["results"]
    for metric, (_, statistics, parts) in {**PER_CASE, **PER_RUN}.items():
        found = [row for row in rows if row["metric"] == metric]
        wanted = set(statistics)
        if metric in PER_CASE:
            wanted |= {f"{statistic}_if_open" for statistic in statistics}
        assert {row["statistic"] for row in found} == wanted, metric
        assert {row["of"] for row in found} - {None} == parts, metric


@pytest.mark.parametrize("people", [1, 2])
def test_what_had_nothing_to_count_is_left_out(people: int, tmp_path: Any) -> None:
    """Where everybody is dismissed early there may be no click, no visit and no case of a cause."""
    for row in document(tmp_path, "--replications", "1", people=people)["results"]:
        check_result(row, 1)


def test_it_is_the_same_to_the_byte(tmp_path: Any) -> None:
    """Any number of workers, either engine but for its name, and for what ended a case, which the oracle does not say."""
    made = document(tmp_path, "--replications", "3")
    assert document(tmp_path, "--replications", "3", "--workers", "2") == made
    other = document(tmp_path, "--replications", "3", "--engine", "reference")
    assert all(row.pop("ended") == [] for row in other["verdict"]["rows"])
    assert all(row.pop("ended") for row in made["verdict"]["rows"])
    for found in (made, other):
        found["verdict"].pop("paragraph")
    assert other == made | {"engine": "reference"}
    assert made["engine"] == "compiled"


def test_an_audit_takes_real_cases_for_all(tmp_path: Any) -> None:
    path = tmp_path / "audit.toml"
    path.write_text('include = ["office"]\n[organisation]\npeople = 60\n[strategies.short_token]\n')
    found = {}
    for option in ((), ("--no-virtual",)):
        words = ["compare", str(path), "--json", "--quiet", "--replications", "2", *option]
        shown = CliRunner().invoke(main, words)
        assert shown.exit_code == 0, shown.output
        rows = json.loads(shown.stdout)["results"]
        found[option] = {row["estimator"] for row in rows if row["metric"] == "exposure"}
    assert found == {(): {"virtual"}, ("--no-virtual",): {"cases"}}

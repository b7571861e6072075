"""The comparison as a user gets it: the same for any number of workers, as tables, as JSON, on disk."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sim import oracle
from sim.basics.statistics import Estimate
from sim.basics.units import parse_duration
from sim.basics.wording import format_duration
from sim.cli import main
from sim.cli.compare import as_document
from sim.model.strategies import CATALOGUE
from sim.results import experiment
from sim.results.store import TABLES
from sim.results.tables import seconds_text
from sim.scenario import load, with_changes
from sim.verdict import verdict_of

SMALL = {
    "organisation.people": 20,
    "run.horizon": "2h",
    "run.drain": "30min",
    "cases.from": "30min",
    "cases.until": "100min",
    "cases.deactivation": {"share": 0.4},
}


def small() -> Any:
    return with_changes(load("office"), SMALL)


def test_workers_and_order_change_nothing() -> None:
    chosen = [CATALOGUE[n] for n in ("short_token", "layered", "per_request")]
    one = experiment.compare(small(), chosen, replications=2, workers=1)
    two = experiment.compare(small(), chosen[::-1], replications=2, workers=2)
    a = {(f.strategy, f.cause, f.of, f.metric, f.statistic): f for f in one.figures}
    b = {(f.strategy, f.cause, f.of, f.metric, f.statistic): f for f in two.figures}
    assert a == b


def test_the_same_people_and_cases_under_every_strategy() -> None:
    runs = [oracle.run(small(), s, 0) for s in CATALOGUE.values()]
    cases = [[(c.person, c.cause, c.revoked_at_s, c.behaviour) for c in run.cases] for run in runs]
    assert all(c == cases[0] for c in cases)
    assert cases[0]


def test_what_is_known_so_far_comes_first_and_changes_nothing() -> None:
    chosen, told = [CATALOGUE["short_token"]], list[experiment.Comparison]()
    whole = experiment.compare(small(), chosen, replications=3, provisional=told.append)
    assert [c.replications for c in (*told, whole)] == [2, 3]
    assert told[0].figures == experiment.compare(small(), chosen, replications=2).figures
    assert whole.figures == experiment.compare(small(), chosen, replications=3).figures
    experiment.compare(small(), chosen, replications=2, provisional=told.append)
    assert len(told) == 1, "two replications are all there is"


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_a_terminal_gets_a_provisional_table() -> None:
    import pty

    ours, theirs = pty.openpty()
    command = "compare shared_computer --strategy short_token --replications 3"
    with subprocess.Popen(
        [sys.executable, "-m", "sim", *command.split()], stdout=theirs, stderr=subprocess.PIPE
    ) as child:
        os.close(theirs)
        said = b""
        try:
            while part := os.read(ours, 65536):
                said += part
        except OSError:  # how Linux says that the other end is closed
            pass
        assert child.wait() == 0
    os.close(ours)
    text = said.decode()
    assert text.count("Provisional, from 2 replications") == 1
    first, whole = text.split("Provisional, from 2 replications")[1].split("2 runs; rarest cause")
    assert "short_token" in first
    assert "3 runs; rarest cause" in whole


def test_without_a_scenario_the_whole_office_runs() -> None:
    args = ["compare", "--strategy", "no_check", "--replications", "1", "--json", "--quiet"]
    shown = CliRunner().invoke(main, args)
    assert json.loads(shown.stdout)["scenario"]["id"] == load("office").id
    assert load("office").organisation.people == 500
    assert load("office").run.replications == 20
    assert set(load("office").strategies) == set(CATALOGUE)


@pytest.mark.parametrize(
    ("value", "half", "text"),
    [
        (8.21, 12.87, "8 ±13 s"),
        (23.14, 5.23, "23.1 ±5.2 s"),
        (1058400.0, 435600.0, "12.2 ±5.0 d"),
        (0.11612, 0.0003, "116.1 ±0.3 ms"),
        (0.28, 3e-6, "280.0 ±<0.1 ms"),
        (0.027, 0.0, "27.0 ±0 ms"),
        (0.0, 0.0, "0 s"),
        (9.996, 0.0996, "10.00 ±0.10 s"),
    ],
)
def test_an_estimate_has_the_digits_that_its_interval_supports(
    value: float, half: float, text: str
) -> None:
    assert seconds_text(Estimate(value, value - half, value + half, 20)) == text
    if value:
        assert seconds_text(Estimate(-value, -value - half, -value + half, 20)) == f"-{text}"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (301, "5 min 1 s"),
        (300.25, "5 min 0.25 s"),
        (3720, "1 h 2 min"),
        (3601, "1 h 1 s"),
        (28 * 3600, "28 h"),
        (30 * 86400, "30 d"),
        (59.9999, "1 min"),
        (3599.9999, "1 h"),
        (0.25, "250 ms"),
        (-300, "-5 min"),
    ],
)
def test_a_duration_is_said_as_people_say_it_and_read_back(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
    assert parse_duration(text) == pytest.approx(seconds, abs=0.005)


def test_the_document_has_its_shape_and_no_interval_with_one_replication() -> None:
    chosen = [CATALOGUE["short_token"]]
    found = experiment.compare(small(), chosen, replications=1)
    document = as_document(found, verdict_of(found, second=False))
    json.dumps(document, allow_nan=False)
    assert list(document) == [
        "scenario",
        "version",
        "engine",
        "seed",
        "replications",
        "verdict",
        "coverage",
        "results",
    ]
    assert {c["cause"] for c in document["coverage"]} == {
        "deactivation", "permission_loss", "logout", "admin_loss",
    }  # fmt: skip
    assert all(r["low"] is None and r["high"] is None for r in document["results"])
    metrics = {r["metric"] for r in document["results"]}
    assert {
        "exposure",
        "response",
        "auth_overhead",
        "host_calls",
        "interruptions",
        "utilisation",
    } <= metrics


def test_the_command_line(tmp_path: Path) -> None:
    args = ["compare", "shared_computer", "--strategy", "short_token", "--replications", "1"]
    done = subprocess.run(
        [sys.executable, "-m", "sim", *args, "--out", str(tmp_path / "out"), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    document = json.loads(done.stdout)
    assert document["scenario"]["id"] == load("shared_computer").id
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert names == sorted(
        [f"{t}.{ending}" for t in (*TABLES, "differences") for ending in ("csv", "parquet")]
        + ["manifest.json", "scenario.toml", "verdict.json"]
    )
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["scenario"]["id"] == document["scenario"]["id"]


GOALS = """
format = 1
[run]
horizon = "2h"
drain = "2h"
replications = 2
[organisation]
people = 30
[cases]
from = "30min"
until = "100min"
[strategies.first]
token = {{ lifetime = "10min" }}
[strategies.{other}]
token = {{ lifetime = "1min", renewal = "host" }}
[goals]
exposure_max = "{limit}"
auth_overhead_p95 = "50ms"
"""


@pytest.mark.parametrize(
    ("other", "limit", "named", "judged", "code"),
    [
        ("other", "10min", [], "first", 0),
        ("other", "5min", [], "first", 1),
        ("today", "10min", [], "today", 1),  # open after a lost permission
        ("today", "10min", ["--strategy", "first"], "first", 0),
    ],
)
def test_a_check_judges_what_is_in_use_and_its_code_says_so(
    other: str, limit: str, named: list[str], judged: str, code: int, tmp_path: Path
) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(GOALS.format(other=other, limit=limit))
    shown = CliRunner().invoke(main, ["compare", str(path), "--check", *named])
    assert shown.exit_code == code, shown.output
    lines = [line.split() for line in shown.stdout.splitlines()]
    goals = [line for line in lines if line[0] != "open"]
    assert [line[-1 - len(line) :][line.index(judged) + 1] for line in goals] == [
        "goals.exposure_max",
        "goals.auth_overhead_p95",
    ]
    assert ([line[0] for line in lines if line[0] == "open"] == ["open"]) == (judged == "today")
    as_json = CliRunner().invoke(main, ["compare", str(path), "--check", "--json", *named])
    assert as_json.exit_code == code
    assert json.loads(as_json.stdout)["verdict"]["use"] == (judged if code == 0 else None)


def test_orders_of_the_organisation_are_printed_kept_and_in_the_document(tmp_path: Path) -> None:
    path, out = tmp_path / "ours.toml", tmp_path / "out"
    path.write_text(GOALS.format(other="today", limit="10min"))
    args = ["compare", str(path), "--organisation", "--out", str(out), "--workers", "1"]
    shown = CliRunner().invoke(main, args)
    assert shown.exit_code == 0, shown.output
    assert "VPN cut or escort at the cut" in shown.stdout
    kept = json.loads((out / "organisation.json").read_text())
    assert len(kept["rows"]) == 4 * 2
    assert kept["finding"] in shown.stdout
    made = json.loads(CliRunner().invoke(main, [*args, "--json"]).stdout)["organisation"]
    assert {(row["order"], row["strategy"]) for row in made} == {
        tuple(row[:2]) for row in kept["rows"]
    }
    page = CliRunner().invoke(main, ["report", str(out), "--no-timeline"])
    assert page.exit_code == 0
    assert 'id="organisation"' in (out / "review.html").read_text()
    CliRunner().invoke(main, ["compare", str(path), "--out", str(out), "--quiet"])
    assert not (out / "organisation.json").exists()  # nothing of an older run stays


def test_a_check_needs_goals() -> None:
    shown = CliRunner().invoke(main, ["compare", "office", "--check"])
    assert shown.exit_code == 2
    assert "at least one limit" in shown.output


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["compare", "--strategy", "short_tokn"], 'did you mean "short_token"?'),
        (["compare", "nowhere.toml"], "no such file"),
        (["compare", "--replications", "0"], "--replications"),
        (["compare", "--sed", "1"], "--seed"),
        (["fit", "nowhere.log"], "nowhere.log"),
    ],
)
def test_bad_input_exits_with_2(args: list[str], said: str) -> None:
    shown = CliRunner().invoke(main, args)
    assert shown.exit_code == 2
    assert said in shown.output
    assert "Traceback" not in shown.output

"""The tables of a study: the same from memory and from disk, the same numbers as the command line; its scenario file."""

import math
from pathlib import Path

import pytest

from sim.results import tables
from sim.results.experiment import Comparison, compare
from sim.results.store import TABLES, read_study, write_comparison
from sim.results.study import Study, study_of
from sim.scenario import load, shipped, with_changes
from sim.scenario.parameters import grade_of, parameters
from sim.scenario.write import scenario_file_text


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    changes = {"organisation.people": 20, "cases.deactivation": {"share": 0.4}, "run.horizon": "5h"}
    scenario = with_changes(load("office"), {**changes, "cases.until": "4h", "run.drain": "1h"})
    names = ("no_check", "short_token", "cached_check", "layered")
    return compare(scenario, [scenario.strategies[n] for n in names], replications=2)


@pytest.fixture(scope="module")
def folder(comparison: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("study")
    write_comparison(comparison, path)
    return path


def test_folder_and_memory_hold_the_same_tables(comparison: Comparison, folder: Path) -> None:
    memory, disk = study_of(comparison), read_study(folder)
    for name in TABLES:
        left, right = getattr(memory, name), getattr(disk, name)
        assert list(left.columns) == list(right.columns[: len(left.columns)])
        assert (
            left.astype(str)
            .replace("None", "nan")
            .equals(right[left.columns].astype(str).replace("None", "nan"))
        ), name
    assert memory.manifest["parameters"] == disk.manifest["parameters"]


def test_ranking_and_pooled_means_are_those_of_the_command_line(comparison: Comparison) -> None:
    study = study_of(comparison)
    assert study.ranked() == tables.ranked(comparison)
    for figure in comparison.figures:
        found = study.find(
            figure.strategy, figure.metric, figure.statistic, figure.cause, figure.of
        )
        assert (found.value if found else None) == figure.estimate


def test_every_honest_click_is_in_the_histogram(comparison: Comparison) -> None:
    study = study_of(comparison)
    for metric in ("response", "auth_overhead"):
        table = study.response_times[study.response_times["metric"] == metric]
        for name, runs in comparison.runs.items():
            counted = table.loc[table["strategy"] == name, "clicks"].sum()
            assert counted == sum(run.honest_clicks for run in runs)


def test_host_load_adds_up_to_the_calls_per_second_of_the_results(study: Study) -> None:
    for name in study.names:
        load_rows = study.host_load[study.host_load["strategy"] == name]
        total = load_rows["calls_per_s"].sum() * 60.0 / study.manifest["resolved"]["run"]["horizon"]
        found = study.find(name, "host_calls")
        assert found is not None
        assert math.isclose(total, found.value, rel_tol=1e-9)


@pytest.fixture(scope="module")
def study(comparison: Comparison) -> Study:
    return study_of(comparison)


@pytest.mark.parametrize("name", shipped())
def test_a_written_scenario_is_the_same_study(name: str, tmp_path: Path) -> None:
    scenario = load(name)
    file = tmp_path / "scenario.toml"
    file.write_text(scenario_file_text(scenario, tmp_path), encoding="utf-8")
    again = load(str(file))
    assert again.id == scenario.id
    assert (again.title, again.question) == (scenario.title, scenario.question)
    assert (again.sources, again.goals, again.swept) == (
        scenario.sources,
        scenario.goals,
        scenario.swept,
    )


def test_text_that_toml_would_misread_survives(tmp_path: Path) -> None:
    title = 'A "quoted" \\ title\twith\xa0 blanks, ümlauts, \U0001f642 and <script>'
    scenario = load("office").model_copy(update={"title": title})
    scenario._raw["title"] = title
    file = tmp_path / "scenario.toml"
    file.write_text(scenario_file_text(scenario), encoding="utf-8")
    assert load(str(file)).title == title


def test_a_changed_value_loses_the_source_of_the_value_it_replaced() -> None:
    changed = with_changes(load("office"), {"host.check.median": "1ms", "organisation.people": 7})
    by_key = {p.key: p for p in parameters(changed)}
    assert by_key["host.check"].origin == by_key["organisation.people"].origin == "changes"
    assert by_key["host.check"].grade == by_key["organisation.people"].grade == "none"
    assert by_key["workload.think"].grade == "A"


def test_grades_are_read_from_sources() -> None:
    assert grade_of("TPC-W clause 5.3.2.1 (A)") == "A"
    assert grade_of("forum report (grade C); the shape is an assumption") == "C, assumption"
    assert grade_of("AP.context.getToken (A*)") == "A*"
    assert grade_of("a framework (Shared Signals, A)") == "A"
    assert grade_of("somebody said so") == "none"


def test_a_folder_that_is_no_result_is_named(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ValueError, match=r"there is no manifest\.json"):
        read_study(tmp_path)
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(ValueError, match=r"there is no results\.parquet"):
        read_study(tmp_path)
    for name in TABLES:
        (tmp_path / f"{name}.parquet").write_bytes((folder / f"{name}.parquet").read_bytes())
    with pytest.raises(ValueError, match="not the manifest of a comparison"):
        read_study(tmp_path)
    (tmp_path / "results.parquet").write_text("no Parquet")
    with pytest.raises(ValueError, match="cannot be read as results"):
        read_study(tmp_path)


def test_every_case_row_is_written(comparison: Comparison) -> None:
    cases = study_of(comparison).cases
    records = [c for runs in comparison.runs.values() for run in runs for c in run.cases]
    assert len(cases) == len(records)
    assert cases["exposure_s"].tolist() == [c.exposure_s for c in records]

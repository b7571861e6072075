"""Sweeps: what is planned, that results depend on the plan alone, and what a folder of results looks like."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from support import ROOT

from sim.cli import main
from sim.results import experiment
from sim.results.provenance import determining_files
from sim.scenario import Scenario, ScenarioError, load, with_changes
from sim.sweeps import FolderInUse, NotASweep, make_plan, sweep
from sim.sweeps.executors import Given
from sim.sweeps.ledger import Ledger

TINY = {
    "organisation.people": 6,
    "run.horizon": "10min",
    "run.drain": "1min",
    "run.replications": 3,
    "cases.from": "1min",
    "cases.until": "9min",
    "cases.deactivation": {"share": 0.4},
    "organisation.visits": {"dist": "exponential", "mean": "5min"},
}
LIFETIME = "strategies.short_token.token.lifetime"
PAGE = "host.page_load.median"
VARY = {LIFETIME: ["30s", "1min", "2min", "5min"], PAGE: ["10ms", "250ms"]}
NAMES = ("short_token", "per_request")


def tiny() -> Scenario:
    return with_changes(load("office"), TINY)


def chosen(scenario: Scenario) -> list[Any]:
    return [scenario.strategies[name] for name in NAMES]


def run(folder: Path, **options: Any) -> Any:
    scenario = options.pop("scenario", None) or tiny()
    options = {"vary": VARY, "progress": "none", **options}
    if "workers" not in options and "cluster" not in options:
        options.setdefault("executor", ThreadPoolExecutor(1))
    return sweep(scenario, folder, chosen(scenario), **options)


def results(folder: Path) -> dict[str, str]:
    """Digest of each file of results."""
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*.parquet"))
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    run(folder)
    return folder


# -- the plan -----------------------------------------------------------------------------------


def test_a_strategy_runs_once_a_point_of_the_paths_that_concern_it() -> None:
    plan = make_plan(tiny(), chosen(tiny()), vary=VARY)
    assert {g.strategy: len(g.points) for g in plan.groups} == {"short_token": 8, "per_request": 2}
    assert len({plan.key(cell) for cell in plan.cells()}) == len(plan) == 10


def test_cells_of_the_reference_which_has_no_virtual_cases_are_others(tmp_path: Path) -> None:
    """What a sweep began on one engine is not taken for what another one estimates otherwise."""
    vary = {LIFETIME: ["30s"]}
    assert run(tmp_path, vary=vary, engine="reference", replications=1).ran == 2
    assert run(tmp_path, vary=vary, engine="plain", replications=1).ran == 2
    assert run(tmp_path, vary=vary, engine="compiled", replications=1).ran == 0


def test_zip_pairs_values() -> None:
    vary = {LIFETIME: ["30s", "1min"], PAGE: ["10ms", "250ms"]}
    plan = make_plan(tiny(), chosen(tiny()), vary=vary, method="zip")
    short = [cell.changes for cell in plan.cells() if cell.strategy == "short_token"]
    assert short == [{LIFETIME: "30s", PAGE: "10ms"}, {LIFETIME: "1min", PAGE: "250ms"}]
    with pytest.raises(ScenarioError, match="lists of one length"):
        make_plan(tiny(), vary=VARY, method="zip")


@settings(deadline=None, max_examples=20)
@given(number=st.integers(2, 40), seed=st.integers(0, 5))
def test_a_latin_hypercube_has_one_point_in_each_stratum(number: int, seed: int) -> None:
    vary = {
        LIFETIME: [10, 110.5],
        "organisation.people": [1, 1000],
        "app.holds_worker": [True, False],
    }
    plan = make_plan(
        tiny(), chosen(tiny())[:1], vary=vary, method={"latin_hypercube": number}, seed=seed
    )
    cells = [cell.changes for cell in plan.cells()]
    assert len(cells) == number
    strata = sorted(int((c[LIFETIME] - 10) / 100.5 * number) for c in cells)
    assert strata == list(range(number))
    assert all(isinstance(c["organisation.people"], int) for c in cells)
    held = sum(c["app.holds_worker"] for c in cells)
    assert number // 2 <= held <= number // 2 + 1


def test_values_of_a_hypercube_are_quantiles_joined_by_lines() -> None:
    plan = make_plan(
        tiny(),
        chosen(tiny())[:1],
        vary={LIFETIME: ["10s", "20s", "100s"]},
        method={"latin_hypercube": 100},
    )
    values = [cell.changes[LIFETIME] for cell in plan.cells()]
    assert sum(v < 20 for v in values) == 50


@pytest.mark.parametrize(
    ("vary", "said"),
    [
        ({"strategies.short_tokn.token.lifetime": ["1min"]}, 'did you mean "short_token"'),
        ({"host.chek.median": ["1ms"]}, 'did you mean "check"'),
        ({"host.page_load.median": ["1ms", "soon"]}, "a duration such as"),
        ({"organisation.people": [0]}, "= 0: expected a whole number of at least 1"),
        ({"organisation.people": []}, "expected a list of values"),
        ({}, "nothing to sweep"),
    ],
)
def test_bad_paths_and_values_are_named(vary: dict[str, Any], said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        make_plan(tiny(), vary=vary)


FITTING_TOGETHER = {  # neither value of the second half fits the scenario without the other
    "run.warm_up": ["1min", "20min"],
    "run.horizon": ["10min", "30min"],
}


@pytest.mark.parametrize("method", ["grid", "zip", {"latin_hypercube": 4}])
def test_values_that_fit_only_together_are_a_sweep(method: Any) -> None:
    assert len(make_plan(tiny(), chosen(tiny()), vary=FITTING_TOGETHER, method=method)) >= 4
    others = {"host.check.median": ["1ms", "2ms"], **FITTING_TOGETHER}
    assert len(make_plan(tiny(), chosen(tiny()), vary=others, method=method)) >= 4


@pytest.mark.parametrize(
    ("vary", "method"),
    [
        (FITTING_TOGETHER | {"run.warm_up": ["1min", "40min"]}, "grid"),
        (FITTING_TOGETHER | {"run.horizon": ["30min", "10min"]}, "zip"),
        (FITTING_TOGETHER | {"run.warm_up": ["1min", "2h"]}, {"latin_hypercube": 4}),
    ],
)
def test_a_value_that_fits_in_no_cell_is_refused(vary: dict[str, Any], method: Any) -> None:
    with pytest.raises(ScenarioError, match=r"sweep\.run\.warm_up = .*a time before run.horizon"):
        make_plan(tiny(), vary=vary, method=method)


def test_values_of_two_strategies_are_never_in_one_cell() -> None:
    """The leeway would fit beside the other strategy's lifetime, which says nothing."""
    vary = {
        "strategies.short_token.token.refresh_at": [0.5, 2.0],
        "strategies.layered.token.lifetime": ["1min", "2min"],
    }
    with pytest.raises(ScenarioError, match=r"short_token\.token\.refresh_at = 2\.0"):
        make_plan(tiny(), vary=vary)


def test_a_file_with_values_that_fit_only_together_is_read_and_runs(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        "format = 1\n[run]\nhorizon = '10min'\ndrain = '1min'\nreplications = 1\n[organisation]\npeople = 4\n"
        "[strategies.short_token]\n[sweep]\nmethod = 'zip'\n"
        "'run.warm_up' = ['1min', '20min']\n'run.horizon' = ['10min', '30min']\n"
    )
    done = sweep(load(str(path)), tmp_path / "swept", workers=1, progress="none")
    assert (done.ran, done.failures) == (2, {})


def test_the_plan_of_a_file_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'format = 1\n[strategies.short_token]\n[sweep]\n"host.page_load.median" = ["1ms", "-1s"]\n'
    )
    with pytest.raises(
        ScenarioError, match=r'mine\.toml:4: sweep\.host\.page_load\.median = "-1s"'
    ):
        make_plan(load(path))


@pytest.mark.parametrize(
    "path",
    ["organisation.people", "host.page_load.median", LIFETIME, "run.horizon", "cases.logout.share"],
)
def test_a_scenario_that_shares_tables_has_the_id_of_one_made_anew(
    path: str, tmp_path: Path
) -> None:
    value = {"organisation.people": 7, "cases.logout.share": 0.01, PAGE: "9ms"}.get(path, "3h")
    known = load("office")
    assert known.id  # the texts of its tables are kept from here on
    changed = with_changes(known, {path: value})
    table, _, rest = path.partition(".")
    (tmp_path / "mine.toml").write_text(f"format = 1\n[{table}]\n{rest} = {json.dumps(value)}\n")
    assert with_changes(load("office"), {path: value}).id == changed.id != known.id
    if table != "strategies" and rest.count(".") == 0:
        assert load(tmp_path / "mine.toml").id == changed.id
    assert known == load("office")


def test_a_mechanism_taken_away_stays_away() -> None:
    bare = with_changes(load("office"), {"strategies.layered.push": "none"})
    assert with_changes(bare, {"organisation.people": 3}).strategies["layered"].push is None


# -- results ------------------------------------------------------------------------------------


def test_the_rows_are_those_of_compare(undisturbed: Path) -> None:
    table = pd.read_parquet(undisturbed / "results")
    cell = table[(table[LIFETIME] == 120.0) & (table[PAGE] == 0.01)]
    scenario = with_changes(tiny(), {LIFETIME: "2min", PAGE: "10ms"})
    compared = experiment.compare(scenario, [scenario.strategies["short_token"]])
    ours = cell[cell.metric != "bound"]
    assert set(cell.scenario_id) == {scenario.id}
    assert len(ours) == len(compared.figures)
    for row, figure in zip(ours.itertuples(), compared.figures, strict=True):
        assert (row.metric, row.statistic) == (figure.metric, figure.statistic)
        for mine, theirs in ((row.estimate, figure.estimate), (row.low, figure.low)):
            assert mine == theirs or (theirs is None and pd.isna(mine))
    bounds = cell[cell.metric == "bound"].set_index("cause").estimate
    assert bounds["deactivation"] == 120.0


def test_cells_that_stop_at_a_precision_hold_what_compare_finds(tmp_path: Path) -> None:
    precise = {"run.precision": {"interruptions": 0.5}, "run.max_replications": 6}
    scenario = with_changes(tiny(), precise)
    done = run(tmp_path, scenario=scenario, vary={PAGE: ["10ms", "250ms"]})
    table = done.frame()
    mine = table[
        (table.strategy == "short_token") & (table[PAGE] == 0.01) & (table.metric != "bound")
    ]
    alone = with_changes(scenario, {PAGE: "10ms"})
    compared = experiment.compare(alone, [alone.strategies["short_token"]])
    assert set(mine.replications) == {compared.replications}
    assert mine.estimate.dropna().tolist() == [
        f.estimate for f in compared.figures if f.estimate is not None
    ]


def test_columns_are_parameters_and_scalars_without_clock_or_machine(undisturbed: Path) -> None:
    table = duckdb.sql(f"select * from '{undisturbed}/results/*.parquet'").df()
    assert {LIFETIME, PAGE} <= set(table.columns)
    assert table[table.strategy == "per_request"][LIFETIME].isna().all()
    described = (ROOT / "docs" / "results.md").read_text()
    assert all(f"`{name}`" in described for name in set(table.columns) - {LIFETIME, PAGE})
    assert not {"host", "worker", "process", "time", "engine"} & set(table.columns)


def test_workers_blocks_and_order_change_no_byte(undisturbed: Path, tmp_path: Path) -> None:
    run(tmp_path / "two", workers=2)
    assert results(tmp_path / "two") == results(undisturbed) != {}


def test_replications_spread_over_tasks_change_no_byte(
    undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.sweeps.driver.LONG_CELL_S", 0.0)
    monkeypatch.setattr("sim.sweeps.driver.TASK_S", 1e-9)
    run(tmp_path / "blocks")
    assert results(tmp_path / "blocks") == results(undisturbed)


def test_a_second_run_does_nothing_and_says_so(undisturbed: Path) -> None:
    before = results(undisturbed)
    again = run(undisturbed)
    assert (again.skipped, again.ran) == (10, 0)
    assert results(undisturbed) == before
    assert json.loads((undisturbed / "manifest.json").read_text())["state"] == "complete"


def test_a_longer_list_runs_only_what_is_new(tmp_path: Path) -> None:
    run(tmp_path / "a")
    longer = {LIFETIME: [*VARY[LIFETIME], "10min"], PAGE: VARY[PAGE]}
    grown = run(tmp_path / "a", vary=longer)
    assert (grown.skipped, grown.ran) == (10, 2)
    run(tmp_path / "b", vary=longer)
    assert results(tmp_path / "a") == results(tmp_path / "b")


@pytest.mark.parametrize(
    "changed",
    [
        {"scenario": {"organisation.people": 13}},
        {"seed": 5},
        {"replications": 2},
        {"code": "another version"},
    ],
)
def test_another_scenario_seed_or_version_reuses_nothing(
    changed: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vary = {PAGE: VARY[PAGE]}
    run(tmp_path / "a", vary=vary)
    changed = dict(changed)
    if "scenario" in changed:
        changed["scenario"] = with_changes(tiny(), changed["scenario"])
    if "code" in changed:
        code = changed.pop("code")
        monkeypatch.setattr("sim.sweeps.plan.code_digest", lambda: code)
        monkeypatch.setattr("sim.sweeps.executors.code_digest", lambda: code)
    second = run(tmp_path / "a", vary=vary, **changed)
    assert (second.skipped, second.ran) == (0, 4)
    run(tmp_path / "b", vary=vary, **changed)
    assert results(tmp_path / "a") == results(tmp_path / "b")


def test_files_of_somebody_else_are_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "mine.parquet").write_bytes(b"precious")
    with pytest.raises(NotASweep, match=r"mine\.parquet"):
        run(tmp_path)
    assert (tmp_path / "mine.parquet").read_bytes() == b"precious"


def test_one_writer_a_folder(tmp_path: Path) -> None:
    plan = make_plan(tiny(), chosen(tiny()), vary=VARY)
    with Ledger(tmp_path, plan), pytest.raises(FolderInUse, match="another sweep"):
        run(tmp_path)
    assert run(tmp_path).ran == 10


# -- the command --------------------------------------------------------------------------------


def test_dry_run_says_how_many_how_long_and_how_much(tmp_path: Path) -> None:
    args = ["sweep", "shared_computer", "--vary", "organisation.people=5,6", "--replications", "2"]
    done = CliRunner().invoke(main, [*args, "--strategy", "short_token", "--dry-run"])
    assert done.exit_code == 0, done.output
    assert "2 cells of 2 replication(s), grid: short_token 2" in done.output
    assert "a replication, measured on 2 samples" in done.output
    assert "MB in 2 file(s)" in done.output


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["office", "--out", "x"], "nothing to sweep"),
        (["office", "--vary", "host.page_load.median"], "expected PATH=VALUE"),
        (["office", "--vary", "host.page_load.median=1ms"], "--out"),
        (
            ["office", "--vary", "host.page_load.median=1ms", "--method", "random", "--out", "x"],
            "--method",
        ),
        (["office", "--vary", "host.chk.median=1ms", "--out", "x"], 'did you mean "check"'),
        (["nowhere.toml", "--out", "x"], "no such file"),
    ],
)
def test_bad_input_exits_with_2(
    args: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = CliRunner().invoke(main, ["sweep", *args])
    assert shown.exit_code == 2, shown.output
    assert said in shown.output
    assert "Traceback" not in shown.output


def test_an_executor_of_the_callers_is_left_open(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as mine:
        run(tmp_path, executor=mine)
        assert mine.submit(int).result() == 0
    assert Given(mine).slots == 1


def test_the_digest_of_the_code_covers_what_determines_results_and_nothing_else() -> None:
    covered = determining_files()
    rooms = {name.split("/")[0] for name in covered}
    assert {"basics", "engine", "model", "results", "scenario", "sweeps", "workload"} <= rooms
    assert {"engine/steps/client.py", "coverage.py", "scenario/model.py"} <= set(covered)
    assert not rooms & {"cli", "plot", "report", "explore", "face", "testbed"}

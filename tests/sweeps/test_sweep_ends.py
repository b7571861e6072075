"""What a sweep is worth looking at: no cell twice, a table that fits, a picture, and pages of its folder."""

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support import browser

from sim.cli import main
from sim.model.concerns import _USED, concerns
from sim.model.strategies import CATALOGUE, Strategy
from sim.results.store import read_sweep
from sim.scenario import Scenario, load, with_changes
from sim.sweeps import make_plan
from sim.sweeps.cells import Item, Study, run_item
from sim.verdict.swept import swept
from sim.verdict.terminal import swept_text

MORNING = {
    "organisation.people": 12,
    "run.horizon": "1h",
    "run.drain": "20min",
    "cases.from": "10min",
    "cases.until": "50min",
    "cases.deactivation": {"share": 0.5},
    "cases.logout": {"share": 0.3},
    "organisation.visits": {"dist": "exponential", "mean": "5min"},
    "deciders": {"policy": {"check": "10ms", "trip": "5ms"}},
}
TRIED = [*CATALOGUE.values(), Strategy(name="asks_another", check={"scope": "all", "at": "policy"})]
FAR: dict[str, list[Any]] = {
    "host.check": ["1ms", "3s"],
    "network.app_host": ["1ms", "900ms"],
    "host.renewal": ["1ms", "3s"],
    "auth_server.renewal": ["1ms", "3s"],
    "store.lookup": ["1ms", "800ms"],
    "push.delay": ["1s", "20min"],
    "deciders.policy.check": ["1ms", "900ms"],
}


@pytest.fixture(scope="module")
def morning() -> Scenario:
    return with_changes(load("office"), MORNING)


def _figures(scenario: Scenario, strategy: Strategy) -> bytes:
    """The rows of a study of two replications, but for the id of the scenario."""
    plan = make_plan(scenario, [strategy], vary={"run.seed": [scenario.run.seed]}, replications=2)
    outcome = run_item(Study(plan), Item(plan.cell(0), 0, 2, True))
    assert outcome.rows is not None, outcome.error
    return outcome.rows.partition(b",")[2]


@pytest.mark.parametrize("path", FAR)
def test_what_does_not_concern_a_strategy_leaves_every_figure_as_it_is(
    morning: Scenario, path: str
) -> None:
    """To the bit, for each strategy of the catalogue and one more; and what concerns some moves a figure of one at least."""
    worlds = [with_changes(morning, {path: value}) for value in FAR[path]]
    moved = {s.name for s in TRIED if len({_figures(w, s) for w in worlds}) > 1}
    concerned = {s.name for s in TRIED if concerns(path, s, [path])}
    assert moved and moved <= concerned < {s.name for s in TRIED}


def test_every_rule_of_what_concerns_whom_is_tried() -> None:
    assert {rule[0] for rule in _USED} == {
        next(rule[0] for rule in _USED if path.startswith(rule[0])) for path in FAR
    }


def test_a_sweep_that_adds_a_mechanism_crosses_it_with_what_that_uses(morning: Scenario) -> None:
    check = "strategies.short_token.check"
    vary = {check: ["none", {"scope": "all"}], "host.check": ["10ms", "1s"]}
    plan = make_plan(morning, [CATALOGUE["short_token"], CATALOGUE["no_check"]], vary=vary)
    assert {g.strategy: len(g.points) for g in plan.groups} == {"short_token": 4, "no_check": 1}


def test_a_strategy_in_python_may_use_anything() -> None:
    class Ours(Strategy):
        pass

    assert concerns("host.check.median", Ours(name="ours"), [])


FILE = """\
format = 1
title = "A morning"
run = { seed = 1, horizon = "1h", drain = "20min", replications = 4 }
organisation = { people = 60, visits = { dist = "exponential", mean = "5min" } }
cases = { from = "10min", until = "50min", deactivation = { share = 0.5 }, logout = { share = 0.3 } }
[strategies.short_token]
[strategies.per_request]
[strategies.no_check]
[sweep]
"strategies.short_token.token.lifetime" = ["1min", "5min", "20min"]
"host.check.median" = ["10ms", "250ms"]
[goals]
auth_overhead_p95 = "5s"
deactivation = { exposure_p95 = "6min" }
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("ends")
    (folder / "morning.toml").write_text(FILE)
    ran = CliRunner(env={"COLUMNS": "80"}).invoke(
        main, ["sweep", str(folder / "morning.toml"), "--out", str(folder / "out"), "--workers", "1"]
    )  # fmt: skip
    assert ran.exit_code == 0, ran.output
    return folder / "out", ran.output


def test_it_ends_with_a_verdict_a_table_a_picture_and_the_next_command(done: tuple[Path, str]) -> None:  # fmt: skip
    folder, said = done
    assert "USE short_token (lifetime 5 min)" in said or "USE per_request" in said
    head = said.index("deactivation")
    assert said.index("shown to meet every goal") < head < said.index("Next: lastclick explore")
    assert len(re.findall(r"^(?:ok|no|\?) +short_token ", said, re.MULTILINE)) == 3
    assert len(re.findall(r"^(?:ok|no|\?) +per_request ", said, re.MULTILINE)) == 2
    assert len(re.findall(r"^(?:ok|no|\?) +no_check ", said, re.MULTILINE)) == 1
    picture = re.search(r"Picture: (\S+\.svg)", said.replace("\n", ""))
    assert picture is not None and list(folder.glob("lines-short_token-*.svg"))


def test_its_table_fits_80_columns_whatever_has_no_room_is_named(done: tuple[Path, str]) -> None:
    found = swept(*read_sweep(done[0]))
    for width in (60, 80, 200):
        text = swept_text(found, 50, width)
        assert max(map(len, text.splitlines())) <= width
        for goal in found.goals:
            assert goal.head.split(", ")[0] in text


def test_it_is_judged_as_compare_judges_the_same_settings(done: tuple[Path, str]) -> None:
    """Its figures may rest on virtual cases, so that one of the two may leave open what the other decides, never against it."""
    from sim.results.experiment import compare
    from sim.verdict.goals import goals_of, judge

    found = swept(*read_sweep(done[0]))
    scenario = load(done[0].parent / "morning.toml")
    for cell in found.cells:
        world = with_changes(scenario, cell.settings)
        strategy = world.strategies[cell.strategy]
        runs = compare(world, [strategy], workers=1).runs[cell.strategy]
        for goal, ours in zip(goals_of(world), cell.found, strict=True):
            theirs = judge(goal, world, strategy, runs)
            assert ours.goal == goal
            assert {ours.verdict, theirs.verdict} != {"met", "missed"}, f"{cell.name}: {theirs}"
            if goal.metric != "exposure":
                assert ours.verdict == theirs.verdict, f"{cell.name}: {theirs}"


def test_report_and_figures_read_its_folder(done: tuple[Path, str], tmp_path: Path) -> None:
    folder, page = done[0], tmp_path / "review.html"
    ran = CliRunner().invoke(main, ["report", str(folder), "-o", str(page)])
    assert ran.exit_code == 0, ran.output
    ran = CliRunner().invoke(main, ["figures", str(folder), "--out", str(tmp_path), "--format", "png"])  # fmt: skip
    assert ran.exit_code == 0, ran.output
    assert len(list(tmp_path.glob("lines-*.png"))) == 2
    found = swept(*read_sweep(folder))
    with browser.chromium() as engine, browser.page(engine, page.as_uri(), 400, True) as (opened, said, asked):  # fmt: skip
        assert said == [] and asked == [page.as_uri()]
        assert opened.evaluate("document.documentElement.scrollWidth") <= 400
        assert found.headline in opened.text_content("#answer")
        assert opened.locator("#settings tbody tr").count() == len(found.cells) == 6
        assert opened.locator("figure svg").count() == 4  # each wide and narrow


@pytest.mark.parametrize("more", [["--format", "md"], ["--against", "x"]])
def test_what_a_sweep_has_not_is_refused(done: tuple[Path, str], more: list[str]) -> None:
    ran = CliRunner().invoke(main, ["report", str(done[0]), *more])
    assert ran.exit_code == 2
    assert "lastclick compare" in ran.output

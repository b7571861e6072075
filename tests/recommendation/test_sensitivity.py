"""What would change a recommendation: against arithmetic, what cannot be judged, and what is kept of an interrupted run."""

import json
import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from support.worlds import endless

from sim.basics.statistics import quantile
from sim.cli import main
from sim.model.strategies import CATALOGUE
from sim.recommendation import (
    Recommendation,
    inputs,
    kept,
    recommend,
    sensitivity,
    sensitivity_words,
    sobol,
    worlds,
)
from sim.scenario import Scenario, load, with_changes
from sim.sweeps import FolderInUse
from sim.sweeps.executors import in_this_process
from sim.verdict.goals import Goal


def answer(scenario: Scenario, **options: Any) -> Recommendation:
    return recommend(scenario, pool=in_this_process(), **options)


def analysed(recommended: Recommendation, **options: Any) -> sensitivity.Sensitivity:
    return sensitivity.analyse(recommended, pool=in_this_process(), **options)


@given(factor=st.floats(0.5, 2.0))
@settings(max_examples=30)
def test_scaling_keeps_the_kind_of_a_value(factor: float) -> None:
    scaled = inputs.scaled
    assert scaled("2min", factor) == pytest.approx(120 * factor, rel=1e-5)
    law = scaled({"dist": "lognormal", "median": "10ms", "p95": "20ms"}, factor)
    assert law["p95"] / law["median"] == pytest.approx(2.0, rel=1e-4)
    assert isinstance(scaled(16, factor), int)
    assert 0 <= scaled(0.8, factor) <= 1
    shares = scaled({"leave": 0.5, "continue": 0.3, "storm": 0.2, "cut_off": 0}, factor)
    assert math.fsum(shares.values()) == pytest.approx(1.0, abs=1e-12)
    assert shares["continue"] / shares["storm"] == pytest.approx(1.5)
    for switch in (True, "none"):
        with pytest.raises(ValueError, match=r"expected|size"):
            scaled(switch, factor)


def test_every_uncertain_input_of_the_office_is_varied_or_named() -> None:
    varied, left_out = inputs.inputs_of(load("office"))
    names = {one.key for one in varied}
    assert {
        "host.check",
        "organisation.visits",
        "behaviour.probabilities",
        "app.service.read",
    } <= names
    assert {"host.servers", "app.holds_worker"} & {*names, *left_out} == {
        "host.servers",
        "app.holds_worker",
    }
    assert "workload.think" not in names  # grade A
    assert not any(name.startswith("run.") for name in names)


def test_the_threshold_is_where_arithmetic_puts_it() -> None:
    # per_request has no lifetime, so it is preferred as soon as its overhead is within the limit. With constant times
    # the overhead is the round trip of 20 ms and the check: the limit of 60 ms is met below a check of 40 ms.
    scenario = endless(
        {"deactivation": {"exposure_mean": "50s"}, "auth_overhead_mean": "60ms"},
        host={**_quiet_host(), "check": {"dist": "constant", "value": "100ms"}},
        network={"client_app": "0s", "client_host": "0s", "app_host": "20ms"},
        strategies={"per_request": {"check": {"scope": "all"}}, **_tried()},
        sources={"host.check": "a guess (C)"},
    )
    recommended = answer(scenario, replications=2)
    assert recommended.best is not None
    assert recommended.best.name == "tried"
    inputs_ = [one for one in inputs.inputs_of(scenario)[0] if one.key == "host.check"]
    found = sensitivity.analyse(recommended, replications=1, pool=in_this_process())
    (effect,) = [one for one in found.effects if one.input == inputs_[0]]
    (threshold,) = effect.thresholds
    assert threshold.best == "per_request"
    assert 0.4 / 1.03 <= threshold.factor <= 0.4
    said = sensitivity_words.statement(effect, threshold)
    assert "changes to per_request if host.check (value) is at most" in said
    assert "(now 100 ms)" in said


def test_sensitivity_of_a_strategy_that_the_scenario_does_not_list() -> None:
    scenario = endless({"deactivation": {"exposure_mean": "50s"}})
    both = [scenario.strategies["tried"], CATALOGUE["per_request"]]
    recommended = answer(scenario, strategies=both, replications=2)
    assert {f.name for f in recommended.found} == {"tried", "per_request"}
    found = sensitivity.analyse(
        recommended,
        replications=1,
        full=True,
        factors=1,
        samples=2,
        most_samples=2,
        pool=in_this_process(),
    )
    assert found.base.best is not None


def _quiet_host() -> dict[str, Any]:
    return {
        "servers": "unlimited", "page_load": "0s", "renewal": "0s", "retry_after": "5s",
        "rate_limit": "none", "outages": "none",
    }  # fmt: skip


def _tried() -> dict[str, Any]:
    return {"tried": {"token": {"lifetime": "5min", "renewal": "host", "refresh_at": 1.0}}}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("2min", "app.x is at least 4 min (now 2 min)"),
        (6, "app.x is at least 12 (now 6)"),
        (2115, "app.x is at least 4,230 (now 2,115)"),
        (0.12345, "app.x is at least 0.247 (now 0.123)"),
        ({"dist": "geometric", "mean": 6}, "app.x (mean) is at least 12 (now 6)"),
        (
            {"dist": "exponential", "mean": "45min"},
            "app.x (mean) is at least 1 h 30 min (now 45 min)",
        ),
        ({"leave": 0.2, "stay": 0.8}, "app.x (leave) is at least 0.4 (now 0.2)"),
    ],
)
def test_a_threshold_is_written_as_the_file_writes_the_value(value: Any, said: str) -> None:
    one = inputs.Input("app.x", "C", "a guess", value)
    nothing = worlds.Decision(None, ())
    threshold = sensitivity.Threshold(2.0, one.at(2.0), "other")
    effect = sensitivity.Effect(one, nothing, nothing, (threshold,))
    assert sensitivity_words.statement(effect, threshold).endswith(f"if {said}.")


# -- what cannot be judged ----------------------------------------------------------------------


def thin(**tables: Any) -> Scenario:
    """Two people a run: a 95th percentile of their windows needs many runs."""
    scenario = endless({"deactivation": {"exposure_p95": "285s"}}, **tables)
    return with_changes(scenario, {"organisation.people": 2})


def test_where_cases_are_too_few_the_settings_decide() -> None:
    recommended = answer(thin(), replications=2, max_replications=2)
    found = analysed(recommended, replications=1)
    assert found.base.best == found.recommended
    assert found.unjudged == ()
    assert found.base.ratios == (240 / 285,)
    assert not any(effect.changes(found.base) for effect in found.effects)
    text = sensitivity_words.whole([], found, full=True)
    assert "nan" not in text
    assert "It stays tried at 4 min" in text
    json.dumps(sensitivity_words.document(found), allow_nan=False)


def test_what_cannot_be_judged_is_said_and_decides_nothing() -> None:
    laws = {"dist": "lognormal", "median": 20.0, "p95": 40.0}  # no bound
    scenario = with_changes(thin(), {"strategies.tried.token.lifetime": laws})
    scenario = with_changes(
        scenario, {"goals": {"host_calls_per_s": 10, "deactivation": {"exposure_p95": "285s"}}}
    )
    recommended = answer(scenario, replications=2, max_replications=100)
    found = analysed(recommended, replications=2, full=True, samples=2, most_samples=2)
    (unjudged,) = found.unjudged
    assert (unjudged.goal.key, unjudged.needed) == ("goals.deactivation.exposure_p95", 20)
    assert unjudged.cases < 20
    assert found.base.best == found.recommended == "tried"
    assert math.isnan(found.base.ratios[0])
    assert not any(effect.thresholds for effect in found.effects)
    assert {i.goal for i in found.indices} <= {"goals.host_calls_per_s"}
    said = sensitivity_words.paragraph(found)
    assert (
        f"exposure after deactivation, p95 is not judged: {unjudged.cases} cases in the runs"
        in said
    )
    assert "and it takes 20; --each" in said
    assert "nan" not in sensitivity_words.whole([said], found, full=True)
    json.dumps(sensitivity_words.document(found), allow_nan=False)


def test_a_goal_without_cases_in_one_world_is_neither_met_nor_missed_there() -> None:
    nan, inf = math.nan, math.inf
    base = worlds.Decision("a", (0.5, inf, 0.9, nan))
    assert worlds.Decision("a", (nan, inf, 1.2, 0.5)).moved(base) == (
        0.0,
        0.0,
        pytest.approx(0.3),
        0.0,
    )
    assert worlds.Decision("a", (nan, inf)).worst == inf
    assert math.isnan(worlds.Decision("a", (nan,)).worst)


def test_digits_of_rounding_decide_and_explain_nothing() -> None:
    one = inputs.Input("app.x", "C", "a guess", 1.0)
    base = worlds.Decision("a", (1 - 1e-9, 0.2))
    effect = sensitivity.Effect(one, worlds.Decision("a", (1 + 1e-9, 0.2)), base)
    assert effect.swing(base) == 0.0
    moved = sensitivity.Effect(one, worlds.Decision("a", (1 + 0.011, 0.2)), base)
    assert moved.swing(base) == pytest.approx(0.011)
    assert not sobol.moves(np.array([1.0, 1 + 1e-9, 1.0]))
    assert sobol.moves(np.array([1.0, 1.011]))
    assert not sobol.moves(np.array([1.0, math.nan, 3.0]))


def test_a_goal_at_its_limit_changes_nothing_by_a_hair() -> None:
    tried = worlds.Tried((1 - 1e-6,), (1.0, 1.0), (9,))
    judge = replace(_judge(2), by=("runs",), base=(tried, replace(tried, ratios=(1 + 1e-6,))))
    assert judge.meets(0, (1 + 1e-6,))
    assert not judge.meets(0, (1.02,))
    assert not judge.meets(1, (1 - 1e-6,))
    assert judge.meets(1, (0.98,))
    assert judge.preferred({0: (1.0, 1.0), 1: (1.0 - 1e-9, 1.0)}) == 0
    assert judge.preferred({0: (1.0, 1.0), 1: (0.9, 1.0)}) == 1
    assert judge.preferred({1: (1.0, 1.0)}) == 1


def _judge(settings_: int) -> worlds.Judge:
    names = tuple((f"s{n}", None, None) for n in range(settings_))
    goal = Goal("goals.host_calls_per_s", "host_calls", "mean", None, 1.0, "1/s")
    return worlds.Judge(load("office"), names, (goal,), "lowest_overhead", 1, 1, "compiled")


# -- what is not simulated ----------------------------------------------------------------------


@given(
    windows=st.lists(st.lists(st.floats(0, 10), max_size=8), min_size=1, max_size=6),
    q=st.sampled_from(["p50", "p95", "p99"]),
)
@settings(max_examples=300)
def test_what_is_surely_missed_is_missed(windows: list[list[float]], q: str) -> None:
    goal = Goal("goals.exposure", "exposure", q, None, 5.0, "s")
    runs: list[Any] = [_run(values) for values in windows]
    cases = sum(map(len, windows))
    for seen in range(1, len(runs) + 1):
        if worlds.surely_missed(goal, runs[:seen], cases):
            value = quantile(np.concatenate(windows), worlds.quantile_of(goal) or 0, 2).value
            assert value > goal.limit
            return
    if cases >= worlds.fewest_shown(goal) and min(min(w, default=9) for w in windows) > 5.1:
        raise AssertionError("every window is beyond the limit")


def _run(windows: list[float]) -> Any:
    rows = np.zeros(
        len(windows),
        [("censored", bool), ("exposure_s", float), ("bound_s", float), ("cause", int)],
    )
    rows["exposure_s"] = windows
    return SimpleNamespace(cases=rows.view(np.recarray), virtual=None)


@pytest.fixture(scope="module")
def checked() -> Recommendation:
    """A token and a check: the check is dear, the token open for a while."""
    scenario = endless(
        {"deactivation": {"exposure_p95": "100s"}, "auth_overhead_mean": "60ms"},
        host={**_quiet_host(), "check": {"dist": "constant", "value": "100ms"}},
        network={"client_app": "0s", "client_host": "0s", "app_host": "20ms"},
        strategies={
            "per_request": {"check": {"scope": "all"}},
            **_tried(),
            "long": {"token": {"lifetime": "1h", "renewal": "app"}},
        },
        sources={"host.check": "a guess (C)", "network.app_host": "a guess (C)"},
    )
    return answer(scenario, replications=2)


def test_what_is_not_run_on_would_not_have_been_preferred(checked: Recommendation) -> None:
    judge = sensitivity.judge_of(checked, 2).prepared()
    for factor in (0.1, 0.35, 0.5, 2.0):
        for key in ("host.check", "network.app_host", "workload.think"):
            changes = {key: inputs.scaled(_raw(checked.scenario, key), factor)}
            world = with_changes(checked.scenario, changes)
            tried = {place: judge.tried(world, place) for place in range(len(judge.settings))}
            fit = {place: t.rank for place, t in tried.items() if judge.meets(place, t.ratios)}
            best = judge.preferred(fit)
            expected = worlds.Decision(None if best is None else judge.label(best), tried[0].ratios)
            assert judge.decide(changes) == expected


def _raw(scenario: Scenario, key: str) -> Any:
    table, name = key.split(".")
    return scenario._raw[table][name]


# -- thresholds and indices ---------------------------------------------------------------------


def test_counts_step_by_one_and_shares_end_at_one() -> None:
    for value, inside, edge, change, expected in (
        (3, 1.0, 2.0, lambda v: v >= 4, 4),
        (16, 0.5, 0.1, lambda v: v <= 5, 5),
        (0.2, 2.0, 10.0, lambda v: v >= 1.0, 1.0),
        (0.2, 1.0, 2.0, lambda v: v > 0.3, 0.3),
    ):
        one = inputs.Input("app.x", "C", "", value)
        search = sensitivity._Search(one, inside, edge, "other")
        while (middle := search.middle()) is not None:
            if change(one.at(middle)):
                search.edge = middle
            else:
                search.inside = middle
        found = search.threshold().value
        assert found == pytest.approx(expected, rel=0.03)
        assert found != value
        assert change(found)


def test_indices_are_those_of_an_additive_model() -> None:
    # value over limit = 3 log2 x + log2 y on a cube: 9 / 10 and 1 / 10 of the variance, no interaction
    both = [inputs.Input("app.x", "C", "", 1.0e3), inputs.Input("app.y", "C", "", 1.0e3)]
    goals = (
        Goal("goals.a", "host_calls", "mean", None, 1, ""),
        Goal("goals.b", "host_calls", "mean", None, 1, ""),
    )

    def values(worlds_: Any) -> list[tuple[float, ...]]:
        return [
            (3 * math.log2(w["app.x"] / 1e3) + math.log2(w["app.y"] / 1e3), 1 + 1e-9 * w["app.x"])
            for w in worlds_
        ]

    x, y = sobol.indices_of(both, goals, 512, 1, values)
    assert (x.goal, y.goal) == ("goals.a", "goals.a")  # the other moves by digits only
    assert x.conclusive and y.conclusive
    for found, exact in ((x, 0.9), (y, 0.1)):
        assert found.first == pytest.approx(exact, abs=0.1)
        assert found.total == pytest.approx(exact, abs=0.1)
    assert not any(i.conclusive for i in sobol.indices_of(both, goals, 2, 1, values))
    shown = SimpleNamespace(indices=sobol.indices_of(both, goals, 2, 1, values), samples=2)
    assert "2.00" not in sensitivity_words.sobol_table(shown)  # type: ignore[arg-type]
    assert "not told" in sensitivity_words.sobol_table(shown)  # type: ignore[arg-type]


def test_inputs_are_grouped_by_whose_they_are() -> None:
    def group(grade: str, origin: str = inputs.DEFAULT) -> str:
        return inputs.Input("app.x", grade, "", 1, origin).group

    assert group("assumption") == group("none") == group("assumption, A") == "guessed"
    assert group("C") == group("B, assumption") == "sourced"
    assert group("none", "mine.toml:3") == "yours"


# -- interrupted --------------------------------------------------------------------------------


def test_what_was_finished_is_not_simulated_again(
    checked: Recommendation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = analysed(checked, replications=1)
    asked: list[Any] = []
    decide = worlds.Judge.decide

    def counted(self: worlds.Judge, changes: Any, *more: Any) -> worlds.Decision:
        asked.append(changes)
        return decide(self, changes, *more)

    def stop(found: sensitivity.Sensitivity) -> None:
        assert not found.searched
        raise KeyboardInterrupt

    monkeypatch.setattr(worlds.Judge, "decide", counted)
    with pytest.raises(KeyboardInterrupt):
        analysed(checked, replications=1, folder=tmp_path, first=stop)
    begun = len(asked)
    assert begun == 2 * len(whole.effects)
    with (tmp_path / kept.JOURNAL).open("ab") as file:
        file.write(b"torn off")
    assert analysed(checked, replications=1, folder=tmp_path) == whole
    done = len(asked)
    assert done > begun
    assert all(one not in asked[begun:] for one in asked[:begun])
    assert analysed(checked, replications=1, folder=tmp_path) == whole
    assert len(asked) == done
    analysed(checked, replications=2, folder=tmp_path, first=lambda found: None)
    assert len(asked) > done


def test_two_at_once_do_not_write_into_one_folder(checked: Recommendation, tmp_path: Path) -> None:
    def again(found: sensitivity.Sensitivity) -> None:
        with pytest.raises(FolderInUse):
            analysed(checked, replications=1, folder=tmp_path)

    analysed(checked, replications=1, folder=tmp_path, first=again)


# -- the command --------------------------------------------------------------------------------

MINE = """\
format = 1
[run]
horizon = "20min"
drain = "10min"
replications = 2
[organisation]
people = 6
shift = { start = "0s", end = "20min" }
visits = { dist = "exponential", mean = "3min" }
[cases]
from = "5min"
until = "15min"
deactivation = { share = 0.8 }
[strategies.short_token]
[strategies.per_request]
[goals]
auth_overhead_p95 = "1s"
[goals.admin_loss]
exposure_p95 = "1ms"
"""


def test_the_first_answer_comes_before_thresholds_in_80_columns(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(MINE)
    arguments = [
        "sensitivity",
        str(tmp_path / "mine.toml"),
        "--each",
        "1",
        "--workers",
        "1",
        "--quiet",
    ]
    shown = CliRunner().invoke(main, arguments)
    assert shown.exit_code == 0, shown.output
    said = shown.stdout
    assert 0 < said.index("not tried yet") < said.index("--full adds")
    assert "exposure after admin loss, p95 is not judged: no case of it" in " ".join(said.split())
    assert "nan" not in said
    assert max(map(len, said.splitlines())) <= 80


def test_a_dry_run_names_inputs_worlds_and_time(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(MINE)
    shown = CliRunner().invoke(main, ["sensitivity", str(tmp_path / "mine.toml"), "--dry-run"])
    assert shown.exit_code == 0, shown.output
    assert "guessed: organisation.admins" in shown.stdout
    assert "yours: organisation.people, organisation.visits" in shown.stdout
    assert "worlds at half and twice" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80

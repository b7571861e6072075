"""A scenario as people hold it: the model's to all who ask, with methods, and short on a screen."""

import html
import pickle
from pathlib import Path

import pytest

import sim
from sim import scenario as room
from sim.basics.names import UnknownName

SMALL = {
    "organisation.people": 8,
    "run.horizon": "1h",
    "cases.from": "10min",
    "cases.until": "50min",
}
OURS = sim.Strategy(name="ours", token=sim.Token(lifetime="3min"))


def test_it_equals_the_scenario_of_the_model_and_has_its_id() -> None:
    held, plain = sim.load("office"), room.load("office")
    assert held == plain
    assert plain == held
    assert held.id == plain.id
    assert held != held.with_changes(SMALL)
    assert plain != held.with_changes(SMALL)
    assert held.with_changes(SMALL).id == room.with_changes(plain, SMALL).id
    assert held != "office"


def test_it_survives_pickling_and_copies_as_what_it_is() -> None:
    held = sim.load("which_timeout")
    for other in (pickle.loads(pickle.dumps(held)), held.model_copy(), held.with_changes({})):
        assert type(other) is sim.Scenario
        assert other == held
        assert other.id == held.id
        assert other.swept == held.swept


def test_it_fits_a_screen_and_a_notebook_shows_what_validate_does() -> None:
    for name in room.shipped():
        held = sim.load(name)
        assert len(repr(held)) < 200
        assert held.id in repr(held)
        assert "\n" not in repr(held)
    titled = sim.load("office").model_copy(update={"title": "<script>"})
    shown = titled._repr_html_()
    assert "<script>" not in shown
    for line in room.resolved_text(sim.load("office")).splitlines()[3:8]:
        assert html.escape(line.split("#")[0].strip()) in shown


def test_strategies_are_names_or_objects_alike(tmp_path: Path) -> None:
    small = sim.load("office").with_changes(SMALL)
    both = small.compare(["short_token", OURS], replications=1, progress=False)
    assert list(both.strategies) == ["short_token", "ours"]
    one = small.compare([sim.CATALOGUE["short_token"]], replications=1, progress=False)
    assert one.figures == [f for f in both.figures if f.strategy == "short_token"]
    swept = small.sweep(
        tmp_path, ["short_token", OURS], vary={"host.check.median": ["10ms"]}, replications=1, workers=1, progress=False
    )  # fmt: skip
    assert set(swept.frame()["strategy"]) == {"short_token", "ours"}
    assert repr(swept) == f"<sweep in {tmp_path}: 2 cells run, 0 there already, 0 failed, of 2>"
    assert repr(OURS) == "<strategy ours: token 3 min, page>"
    assert len(repr(both.study)) < 200
    goals = small.with_changes({"goals": {"exposure_max": "1h"}})
    advice = goals.recommend([OURS, "short_token"], replications=2, workers=1, progress=False)
    assert {found.name for found in advice.found} | {n for f in advice.found for n in f.also} >= {"ours", "short_token"}  # fmt: skip
    assert str(advice).startswith(advice.paragraph)
    assert len(repr(advice)) < 200
    assert small.trace(OURS, progress=False).equals(sim.trace(small, OURS, progress=False))


@pytest.mark.parametrize("name", ["compare", "recommend", "sensitivity", "trace"])
def test_an_unknown_strategy_is_answered_with_the_nearest(name: str) -> None:
    wanted = "shrt_token" if name == "trace" else ["shrt_token"]
    with pytest.raises(UnknownName, match='did you mean "short_token"'):
        getattr(sim, name)("office", wanted, progress=False)


def test_a_sweep_tells_strategies_of_one_name_apart(tmp_path: Path) -> None:
    changes = {**SMALL, "organisation.people": 40, "cases.deactivation": {"share": 0.8}}
    small, vary = sim.load("office").with_changes(changes), {"host.check.median": ["10ms"]}
    found = []
    for lifetime in ("3min", "1h", "3min"):
        ours = sim.Strategy(name="ours", token=sim.Token(lifetime=lifetime))
        swept = small.sweep(tmp_path, [ours], vary=vary, replications=1, workers=1, progress=False)
        rows = swept.frame()
        bound = rows[(rows["metric"] == "exposure") & (rows["statistic"] == "max")]["estimate"]
        found.append((swept.ran, float(bound.max())))
    assert [ran for ran, _ in found] == [1, 1, 1]
    assert found[0] == found[2] != found[1]

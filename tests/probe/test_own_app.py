"""The testbed's own app, probed under every strategy of the catalogue: windows as the model has them, within the sampling."""

from pathlib import Path

import pytest
from support import ROOT
from support.own_app import MARKS, SAMPLING_S, Repetition, predicted_s, probed, world

from sim.model.strategies import CATALOGUE
from sim.probe.windows import Window


@pytest.mark.nightly
@pytest.mark.parametrize("name", CATALOGUE)
def test_windows_are_the_models(name: str, tmp_path: Path) -> None:
    repetitions = probed(name, tmp_path)
    assert len(repetitions) >= 3
    assert [r for r in repetitions if not r.agrees] == []


def test_the_models_window_of_a_token_is_what_is_left_of_it() -> None:
    """5 min at sixty seconds a second, fired 2 s after the page load: 3 s, give and take the sampling."""
    windows = predicted_s("short_token", (2.0, 2.0))
    assert 3.0 - SAMPLING_S <= min(windows) < max(windows) <= 3.0 + SAMPLING_S
    assert max(windows) - min(windows) > SAMPLING_S


def test_another_window_does_not_agree() -> None:
    windows = predicted_s("short_token", (2.0, 2.0))
    assert Repetition(Window(2.9, 3.1, False, 0), windows).agrees
    assert not Repetition(Window(1.9, 2.1, False, 0), windows).agrees
    assert not Repetition(Window(17.9, 18.1, True, 0), windows).agrees
    assert Repetition(Window(17.9, 18.1, True, 0), predicted_s("no_check", (2.0, 2.0))).agrees


@pytest.mark.parametrize("name", CATALOGUE)
def test_its_world_is_the_strategys(name: str) -> None:
    """With all that the catalogue sets but the patience of a check."""
    drawn, own = world(name).strategies["tried"], CATALOGUE[name]
    for mechanism in ("token", "allowlist", "push"):
        assert getattr(drawn, mechanism) == getattr(own, mechanism)
    if own.check is not None:
        assert drawn.check == own.check.model_copy(update={"timeout_s": 60.0})


def test_results_stand_in_the_page() -> None:
    page = (ROOT / "docs" / "probe.md").read_text(encoding="utf-8")
    first, last = MARKS
    rows = page.partition(first)[2].partition(last)[0]
    assert all(f"\n| `{name}` | " in rows for name in CATALOGUE)

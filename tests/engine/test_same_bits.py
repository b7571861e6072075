"""Every shipped scenario under each of its strategies records what it recorded before the rules stood in one place."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.digests import PARTS, cells, fingerprints

from sim.engine import run

KEPT = json.loads(Path(__file__).with_name("digests.json").read_text(encoding="utf-8"))
FEW = {name: cell for name, *cell in cells(whole=False)}
EACH_SCENARIO = {name.split()[0]: name for name in FEW}.values()  # with its last strategy


def assert_same_bits(size: str, name: str, recorded: Any) -> None:
    """The parts of the record, by their fingerprints."""
    kept = dict(zip(("cases", *PARTS), KEPT[size][name].split(), strict=True))
    assert fingerprints(recorded) == kept, name


def test_nothing_that_is_shipped_is_left_out() -> None:
    assert set(FEW) == set(KEPT["few"]) == set(KEPT["whole"])


@pytest.mark.parametrize("name", FEW)
def test_compiled(name: str) -> None:
    scenario, strategy = FEW[name]
    assert_same_bits("few", name, run(scenario, strategy, tracing=True))


@pytest.mark.parametrize("engine", ["plain", "reference"])
@pytest.mark.parametrize("name", EACH_SCENARIO)
def test_a_strategy_of_each_scenario(name: str, engine: str) -> None:
    scenario, strategy = FEW[name]
    assert_same_bits("few", name, run(scenario, strategy, tracing=True, engine=engine))


@pytest.mark.nightly
@pytest.mark.parametrize("engine", ["plain", "reference"])
@pytest.mark.parametrize("name", FEW)
def test_other_engines(name: str, engine: str) -> None:
    scenario, strategy = FEW[name]
    assert_same_bits("few", name, run(scenario, strategy, tracing=True, engine=engine))


@pytest.mark.nightly
def test_whole_scenarios() -> None:
    for name, scenario, strategy in cells(whole=True):
        assert_same_bits("whole", name, run(scenario, strategy))

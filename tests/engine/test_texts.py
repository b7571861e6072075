"""The two texts of the model stay apart, and the oracle says which words it speaks."""

import subprocess
import sys

import pytest
from support import ROOT
from support.digests import cells

from sim import oracle
from sim.engine import steps
from sim.engine.binder import STEPS
from sim.engine.given import Given
from sim.engine.state import Law, Settings, Station
from sim.model.strategies import CATALOGUE
from sim.oracle import vocabulary
from sim.scenario import load


@pytest.mark.parametrize(
    ("module", "apart_from"),
    [
        ("sim.engine.compiled.memory", ("simpy", "sim.oracle", "sim.engine.plain")),
        ("sim.engine.plain", ("simpy", "numba", "sim.oracle", "sim.engine.compiled")),
        ("sim.oracle.replication", ("numba", "sim.engine.steps", "sim.engine.state")),
    ],
)
def test_no_text_loads_another(module: str, apart_from: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()
    assert [n for n in loaded if any(f"{n}.".startswith(f"{a}.") for a in apart_from)] == []


def test_every_module_of_steps_is_bound() -> None:
    found = {path.stem for path in (ROOT / "sim" / "engine" / "steps").glob("*.py")}
    assert found - {"__init__", "binding"} == set(STEPS)


def test_steps_say_where_they_run() -> None:
    from sim.engine.steps import accounting

    with pytest.raises(RuntimeError, match="a runner has bound"):
        accounting.entry_of(type("W", (), {"allowlist": 1})(), 0)
    assert "bound" in (steps.__doc__ or "")


@pytest.mark.parametrize("name", ["no_check", "layered", "allowlist_webhook"])
def test_what_is_written_somewhere_is_found_there(name: str) -> None:
    given = Given.of(load("agency_rate_limited"), CATALOGUE[name], tracing=False)
    for named in (*Law, *Station):
        given.at(named.path)
    for field in Settings.fields.values():
        assert field.meaning and field.source is not None
        if isinstance(field.source, str):
            given.at(field.source)


def test_the_oracle_speaks_every_shipped_scenario() -> None:
    for name, scenario, strategy in cells(whole=True):
        assert list(vocabulary.unspoken(scenario, strategy)) == [], name


def test_a_word_that_it_does_not_speak_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    fewer = vocabulary.KEYS["strategy.check"].replace("allow_for ", "")
    monkeypatch.setitem(vocabulary.KEYS, "strategy.check", fewer)
    office = load("office")
    with pytest.raises(vocabulary.Unspoken, match=r"strategy\.check\.allow_for = 300"):
        oracle.run(office, CATALOGUE["cached_check"])
    assert list(vocabulary.unspoken(office, CATALOGUE["per_request"])) == []  # at its default


def test_a_value_that_it_does_not_know_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vocabulary.VALUES, "strategy.push.effect", "drop_entries")
    with pytest.raises(vocabulary.Unspoken, match=r"strategy\.push\.effect = 'denylist'"):
        oracle.run(load("office"), CATALOGUE["layered"])

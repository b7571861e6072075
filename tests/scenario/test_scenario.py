"""Merging, the content id, what is shipped."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import ROOT

from sim.model.strategies import CATALOGUE
from sim.scenario import Scenario, load, resolved_text, schema, shipped, with_changes
from sim.scenario.parameters import grade_of

EXAMPLE = ROOT.parent / "shared" / "design" / "scenario.example.toml"


def written(tmp_path: Path, text: str, name: str = "s.toml") -> Scenario:
    path = tmp_path / name
    path.write_text(text)
    return load(str(path))


def _keys_with_a_value(raw: dict[str, Any]) -> Iterator[str]:
    for table, content in raw.items():
        if isinstance(content, dict) and table not in ("strategies", "sources"):
            for key in content:
                parts = content[key] if (table, key) == ("app", "service") else [""]
                yield from (f"{table}.{key}.{part}".rstrip(".") for part in parts)


@pytest.mark.parametrize("name", shipped())
def test_what_is_shipped_loads_and_is_sourced(name: str) -> None:
    scenario = load(name)
    assert scenario.question.endswith("?")
    assert not scenario.warnings
    raw = scenario._raw
    for key in _keys_with_a_value(raw):
        source = scenario.sources.get(key) or scenario.sources.get(key.partition(".")[0])
        assert source, f"{name}: {key} has no source"
        assert grade_of(source) != "none", f"{name}: {key} has no grade"
    for strategy in scenario.strategies.values():
        assert strategy.source or "strategies" in scenario.sources
    assert scenario.id in resolved_text(scenario)


def test_the_office_runs_the_whole_catalogue() -> None:
    assert list(load("office").strategies) == list(CATALOGUE)
    assert len(CATALOGUE) == 15


@pytest.mark.skipif(not EXAMPLE.exists(), reason="../shared is not here")
def test_the_example_file_loads() -> None:
    example = load(str(EXAMPLE))
    assert list(example.strategies)[-1] == "token_and_admin_check"
    assert example.host.check.quantile(0.5) == pytest.approx(0.25)


def test_the_id_is_of_content_not_of_spelling(tmp_path: Path) -> None:
    a = written(tmp_path, '[run]\nhorizon = "90min"\n[app]\nverify = "300us"\nworkers = 4\n')
    b = written(
        tmp_path,
        '# words\n[app]\nworkers = 4\nverify = "0.3ms"\n[run]\nseed = 7\nhorizon = "1h30min"\n',
        "t.toml",
    )
    assert a.id == b.id
    assert a.id != with_changes(a, {"app.workers": 5}).id
    assert load("office").id == written(tmp_path, "format = 1\n").id


@settings(deadline=None)
@given(st.integers(1, 10_000), st.floats(0, 1))
def test_changes_are_validated_and_kept(people: int, admins: float) -> None:
    changed = with_changes(
        load("office"), {"organisation.people": people, "organisation.admins": admins}
    )
    assert (changed.organisation.people, changed.organisation.admins) == (people, admins)


def test_merging(tmp_path: Path) -> None:
    (tmp_path / "part.toml").write_text(
        '[host]\nretry_after = "9s"\nservers = 3\n[strategies.short_token]\n'
    )
    merged = written(
        tmp_path,
        'include = ["part.toml"]\n[host]\nservers = 5\nrate_limit = { per_second = 2 }\n'
        '[strategies.short_token]\ntoken = { lifetime = "2min" }\n[strategies.layered]\ncheck = "none"\n',
    )
    assert (merged.host.servers, merged.host.retry_after_s) == (5, 9.0)
    assert merged.host.rate_limit is not None
    assert merged.host.rate_limit.per_hour is None  # replaced whole
    token = merged.strategies["short_token"].token
    assert token is not None and token.lifetime.support() == (120.0, 120.0)
    assert token.renewal == "page"
    assert merged.strategies["layered"].check is None
    assert merged.strategies["layered"].push is not None


def test_a_source_speaks_for_its_own_value_only(tmp_path: Path) -> None:
    """Also across includes: what a stronger file overrides without a source has none."""
    (tmp_path / "part.toml").write_text(
        '[host]\ncheck = "9ms"\n[store]\nlookup = "1ms"\n'
        '[sources]\n"host.check" = "our dashboard (M)"\n"store.lookup" = "our Redis (M)"\n'
    )
    merged = written(
        tmp_path,
        'include = ["part.toml"]\n[host]\ncheck = "7ms"\n[workload]\nthink = "3s"\n'
        '[app]\nservice = { read = "1ms" }\n[push]\nloss = 0.5\n[sources]\n"push.loss" = "a bad week (M)"\n',
    )
    shown = dict(
        line.split("  # ", 1) for line in resolved_text(merged).splitlines() if "  # " in line
    )
    origin = {key.split(" = ")[0]: text for key, text in shown.items()}
    assert origin["host.check"] == f"{tmp_path / 's.toml'}:3"
    assert origin["workload.think"] == f"{tmp_path / 's.toml'}:5"
    assert origin["store.lookup"] == f"{tmp_path / 'part.toml'}:4: our Redis (M)"
    assert origin["push.loss"] == f"{tmp_path / 's.toml'}:9: a bad week (M)"
    assert origin["app.service.read"] == f"{tmp_path / 's.toml'}:7"
    assert origin["app.service.write"] == "office default: assumption"
    assert origin["host.renewal"].startswith("office default: assumption")
    assert "workload.think" not in with_changes(load("office"), {"workload.think": "1s"}).sources


def test_the_page_of_parameters_is_that_of_the_office() -> None:
    """Renew it with: python docs/make_parameters.py"""
    import runpy

    docs = ROOT / "docs"
    page: str = runpy.run_path(str(docs / "make_parameters.py"))["page"]()
    assert (docs / "parameters.md").read_text(encoding="utf-8") == page


def test_schema_has_no_requirements_and_knows_the_tables() -> None:
    document = schema()
    assert {"run", "host", "strategies", "include"} <= set(document["properties"])
    assert "required" not in document

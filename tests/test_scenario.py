"""Merging, the content id, what is shipped."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.scenario import Scenario, load, resolved_text, schema, shipped, with_changes
from sim.strategies import CATALOGUE

EXAMPLE = Path(__file__).parents[2] / "shared" / "design" / "scenario.example.toml"


def written(tmp_path: Path, text: str, name: str = "s.toml") -> Scenario:
    path = tmp_path / name
    path.write_text(text)
    return load(str(path))


@pytest.mark.parametrize("name", shipped())
def test_what_is_shipped_loads_and_is_sourced(name: str) -> None:
    scenario = load(name)
    assert scenario.question.endswith("?")
    assert not scenario.warnings
    raw = scenario._raw
    for table in ("run", "organisation", "workload", "cases", "host", "push", "network"):
        for key in raw[table]:
            assert f"{table}.{key}" in scenario.sources, f"{name}: {table}.{key}"
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


def test_schema_has_no_requirements_and_knows_the_tables() -> None:
    document = schema()
    assert {"run", "host", "strategies", "include"} <= set(document["properties"])
    assert "required" not in document

"""Profiles of real parts: complete, sayable, startable from, and on the page."""

import importlib.util
import json
import re
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner
from support import ROOT

from sim.cli import main
from sim.coverage import pair_bound_s
from sim.gates import Profile, profile, profiles
from sim.gates.words import mechanisms, part
from sim.model.causes import Cause
from sim.model.strategies import Strategy
from sim.probe.rules import GATES
from sim.scenario import Scenario, ScenarioError, load, resolved_text, schema, with_changes
from sim.scenario.parameters import GRADES

EACH = pytest.mark.parametrize("one", profiles().values(), ids=lambda one: one.name)


def written(tmp_path: Path, text: str) -> Scenario:
    path = tmp_path / "ours.toml"
    path.write_text(f"format = 1\n{text}", encoding="utf-8")
    return load(path)


def test_there_are_enough() -> None:
    assert f"{len(profiles())} real parts" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(profiles()) >= 25
    assert sum(one.how == "measured" for one in profiles().values()) >= 25


@EACH
def test_a_profile_says_all_that_is_asked_of_it(one: Profile) -> None:
    for column in ("part", "source", "defaults", "does", "blind"):
        assert getattr(one, column), f"{one.name} lacks {column}"
    assert one.how in ("measured", "documented")
    assert one.grade in GRADES
    assert (one.grade == "M") == (one.how == "measured")
    assert bool(one.version) != bool(one.read), "either a version or the day of reading"
    assert not one.read or date.fromisoformat(one.read)
    assert one.probe in {"", *(gate.name for gate in GATES)}


@pytest.mark.parametrize("column", ["part", "how", "source", "grade", "defaults", "does", "blind"])
def test_a_column_left_out_is_an_error(column: str) -> None:
    table = profile("nginx_auth_request").as_json()
    del table[column]
    with pytest.raises(TypeError, match=column):
        Profile(**table)


@EACH
def test_a_strategy_starts_from_it(one: Profile, tmp_path: Path) -> None:
    """And is, keys and content id, what it would be had it been written out."""
    started = written(tmp_path, part(one))
    spelled = "\n".join(mechanisms(one.strategy)) or 'sentence = "no gate"'
    by_hand = written(tmp_path, f"[strategies.ours]\n{spelled}")
    kept = {"token", "allowlist", "check", "push"}
    both = (started.strategies["ours"], by_hand.strategies["ours"])
    assert both[0].model_dump(include=kept) == both[1].model_dump(include=kept)
    assert started.id == by_hand.id
    assert load("office").strategy(one.name).model_dump(include=kept) == both[0].model_dump(
        include=kept
    )


@EACH
def test_what_it_is_found_as_is_what_it_says(one: Profile) -> None:
    """The rule that a probe finds has the settings of the profile, but for its times and whom it asks."""
    gate = next((g for g in GATES if g.name == one.probe and g.settings), None)
    if gate is None or one.probe == "open":
        return
    # a session may be kept by the server as well as by a cookie
    table = one.strategy.get(gate.mechanism) or one.strategy["allowlist"]
    for key, value in gate.settings:
        if key == "refresh":
            assert table[key]["refusal_replaces"]
        elif one.name != "nginx_auth_request_stale_401":
            assert table[key] == value or (key, one.probe) == ("lifetime", "open")


def test_the_stale_nginx_is_open_and_the_plain_one_is_not() -> None:
    office = load("office")
    plain, stale = (office.strategy(f"nginx_auth_request{s}") for s in ("", "_stale"))
    assert pair_bound_s(office, plain, Cause.DEACTIVATION) == pytest.approx(5 + 1 + 60)
    for cause in Cause:
        assert pair_bound_s(office, stale, cause) == float("inf")


def test_keys_change_what_it_starts_from(tmp_path: Path) -> None:
    ours = written(
        tmp_path,
        '[strategies.ours]\nfrom = "nginx_auth_request"\ncheck = { allow_for = "10s" }\ntoken = { lifetime = "1h" }',
    ).strategies["ours"]
    assert ours.check is not None and ours.token is not None
    assert (ours.check.allow_for_s, ours.check.clock, ours.check.asks) == (
        10,
        "floor_plus_1",
        "session",
    )


def test_a_mechanism_can_be_taken_away(tmp_path: Path) -> None:
    text = '[strategies.ours]\nfrom = "django_session"\ncheck = "none"'
    ours = written(tmp_path, text).strategies["ours"]
    assert ours.check is None and ours.token is not None


def test_a_name_of_the_catalogue_starts_from_the_profile_alone(tmp_path: Path) -> None:
    text = '[strategies.per_request]\nfrom = "redis_allowlist"'
    loaded = written(tmp_path, text)
    for scenario in (loaded, with_changes(loaded, {"organisation.people": 10})):
        ours = scenario.strategies["per_request"]
        assert ours.check is None and ours.allowlist is not None


def test_validate_shows_what_came_from_the_profile(tmp_path: Path) -> None:
    text = '[strategies.ours]\nfrom = "nginx_auth_request"\ncheck = { allow_for = "10s" }'
    shown = resolved_text(written(tmp_path, text))
    origins = dict(re.findall(r"^strategies\.ours\.check\.(\w+) = .*?# (.*)$", shown, re.MULTILINE))
    assert origins["clock"] == origins["timeout"] == "profile nginx_auth_request"
    assert origins["allow_for"].endswith("ours.toml:4")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'from = "nginx_auth_reqest"',
            r"ours\.toml:3: strategies\.ours\.from .*nginx_auth_request",
        ),
        ("from = 3", r'ours\.toml:3: strategies\.ours\.from = 3: there is no gate "3"'),
        ('form = "squid"', r'ours\.toml:3: .*unknown key; did you mean "from"\?'),
        (
            'from = "squid"\ncheck = { alow_for = "1h" }',
            r'ours\.toml:4: .*unknown key; did you mean "allow_for"\?',
        ),
        (
            'from = "squid"\ncheck = { clock = "floor", allow_for = "1.5s" }',
            r"ours\.toml:4: .*whole",
        ),
    ],
)
def test_mistakes_are_said(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=said):
        written(tmp_path, f"[strategies.ours]\n{text}")


def test_a_sweep_cannot_change_the_start(tmp_path: Path) -> None:
    ours = written(tmp_path, '[strategies.ours]\nfrom = "squid"')
    with pytest.raises(ScenarioError, match="a strategy keeps its start"):
        with_changes(ours, {"strategies.ours.from": "varnish"})


def test_the_schema_knows_them() -> None:
    start = schema()["properties"]["strategies"]["additionalProperties"]["$ref"].split("/")[-1]
    assert schema()["$defs"][start]["properties"]["from"]["enum"] == list(profiles())
    assert "from" not in Strategy.model_fields


def test_the_command_lists_and_prints() -> None:
    run = CliRunner().invoke
    listed = run(main, ["gates"])
    assert listed.exit_code == 0
    for name in profiles():
        assert f"  {name} " in listed.output
    printed = run(main, ["gates", "varnish"]).output
    assert 'from = "varnish"' in printed and "blind to" in printed
    documents = json.loads(run(main, ["gates", "--json"]).output)
    asked = {"name", "version", "read", "how", "source", "grade"}
    assert all(asked <= set(document) for document in documents)
    assert json.loads(run(main, ["gates", "squid", "--json"]).output)["name"] == "squid"
    wrong = run(main, ["gates", "ngnix_auth_request"])
    assert wrong.exit_code == 2 and 'did you mean "nginx_auth_request"' in wrong.output


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_gates", ROOT / "docs" / "make_gates.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date_in_form(maker: ModuleType) -> None:
    text = maker.PAGE.read_text(encoding="utf-8")
    rows = [[c.strip() for c in line.split(" | ")] for line in text.splitlines() if "| `" in line]
    assert len(rows) == len(profiles())
    for row, one in zip(rows, profiles().values(), strict=True):
        figures = row[2:7]
        said = " | ".join(maker.row_of(one, figures))
        assert " | ".join(row).strip("| ") == said.strip()
        assert all(figures) and re.search(r"\d|open", figures[0])
    assert maker.HEAD in text and maker.FOOT in text
    stale = next(row for row in rows if row[0] == "| `nginx_auth_request_stale`")
    assert stale[3:6] == ["**open**"] * 3


@pytest.mark.nightly
def test_the_page_is_up_to_date_in_its_figures(maker: ModuleType) -> None:
    assert maker.page() == maker.PAGE.read_text(encoding="utf-8")

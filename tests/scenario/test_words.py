"""Words and units: what is meant by an unknown key, numbers without a unit, values as people write them, a line about each key."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from sim.basics.distributions import Constant
from sim.cli import main
from sim.model.strategies import CATALOGUE
from sim.scenario import ScenarioError, load, resolved_text, schema, shipped
from sim.scenario.described import description_of
from sim.scenario.keys import numbers_in, quantity_of
from sim.scenario.schema import keys_of


def _written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text("format = 1\n" + text)
    return path


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('[webhook]\ndelay = "3s"', "push"),
        ('[goals]\nmax_exposure = "5min"', "exposure_max"),
        ('[goals]\np95_overhead_auth = "5min"', "auth_overhead_p95"),
        ("users = 4", "organisation.people"),
        ("[run]\npeople = 5", "organisation.people"),
        ("[app]\nthreads = 5", "workers"),
        ("[goals]\nreplications = 5", "run.replications"),
        ('[strategies.short_token]\ntoken = { ttl = "5min" }', "lifetime"),
        ('[strategies.short_token]\nwhitelist = { lifetime = "5min" }', "allowlist"),
        ('[strategies.short_token]\ntoken = { liftime = "5min" }', "lifetime"),
    ],
)
def test_an_unknown_key_is_found_wherever_what_it_means_stands(
    tmp_path: Path, text: str, meant: str
) -> None:
    with pytest.raises(ScenarioError, match=f'did you mean "{meant}"'):
        load(_written(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[app]\nverify = 0.3", "app.verify = 0.3 is 300 ms"),
        ('[host]\ncheck = { dist = "lognormal", median = 250, p95 = 400 }', '"250ms"'),
        ("[organisation]\nvisits = 0.5", "organisation.visits = 0.5 is 500 ms"),
        ("[goals]\nauth_overhead_p95 = 50", '"50ms"'),
        ("[strategies.short_token]\ntoken = { lifetime = 5 }", '"5min"'),
    ],
)
def test_a_bare_number_that_cannot_be_seconds_is_warned_of(
    tmp_path: Path, text: str, said: str
) -> None:
    found = load(_written(tmp_path, text)).warnings
    assert found and said in found[0]
    shown = CliRunner().invoke(main, ["validate", str(tmp_path / "mine.toml")])
    assert f"warning: {found[0]}" in shown.output


@pytest.mark.parametrize(
    "text",
    [
        "[workload]\nthink = 7",
        '[workload]\nthink = { dist = "exponential", mean = 7, max = 70 }',
        "[run]\nhorizon = 36000",
        "[app]\nverify = 0.00003",
        "[directory]\npropagation = 2400",
        '[app]\nverify = "300ms"',
        "[strategies.short_token]\ntoken = { lifetime = 300 }",
    ],
)
def test_seconds_that_are_meant_are_not(tmp_path: Path, text: str) -> None:
    assert load(_written(tmp_path, text)).warnings == ()


def test_what_is_shipped_warns_of_nothing() -> None:
    assert {name: load(name).warnings for name in shipped()} == dict.fromkeys(shipped(), ())


@pytest.mark.parametrize("name", ["office", "which_timeout", "agency_rate_limited"])
def test_values_of_validate_are_those_of_the_scenario_when_pasted(
    tmp_path: Path, name: str
) -> None:
    """Each line as it is printed, written into a file, changes nothing: the content id stays."""
    scenario = load(name)
    lines = resolved_text(scenario).splitlines()
    kept = [line.rpartition("  # ")[0].strip() for line in lines[lines.index("") + 1 :]]
    own = [k for k in kept if k.startswith(("app.", "cases.", "host.r", "organisation.", "network.")) and not k.endswith('..."')]  # fmt: skip
    assert len(own) > 20
    path = _written(tmp_path, f'include = ["{name}"]\n' + "\n".join(own) + "\n")
    assert load(path).id == scenario.id


def test_every_key_is_described_and_the_schema_is_small() -> None:
    document = schema()
    assert [path for path, key in keys_of(document) if not key.get("description")] == []
    shown = CliRunner().invoke(main, ["schema"]).output
    assert json.loads(shown) == document
    assert len(shown) < 100_000


def test_every_number_has_a_quantity_and_a_description() -> None:
    for name in shipped():
        for path in numbers_in(load(name)):
            assert quantity_of(path) and description_of(path), path


def test_a_reference_of_the_schema_leads_somewhere() -> None:
    text = json.dumps(schema())
    names = {part.split('"')[0] for part in text.split('"#/$defs/')[1:]}
    assert names <= set(schema()["$defs"])


# -- completion -----------------------------------------------------------------------------------


def _offered(words: str) -> list[str]:
    """What the shell is told: lines of `type,value` for bash."""
    env = {
        "_LASTCLICK_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    done = CliRunner(env=env).invoke(main, [], prog_name="lastclick")
    return [line.partition(",")[2] for line in done.output.splitlines()]


def test_tab_offers_scenarios_strategies_and_paths() -> None:
    assert "which_timeout" in _offered("lastclick compare whi")
    assert set(CATALOGUE) <= set(_offered("lastclick compare office --strategy "))
    assert _offered("lastclick compare which_timeout --strategy token_and") == ["token_and_admin_check"]  # fmt: skip
    assert "host.check.median=" in _offered("lastclick sweep which_timeout --vary host.ch")
    assert "sweep" in _offered("lastclick swe")


def test_a_constant_is_no_law_with_settings() -> None:
    assert isinstance(load("office").app.verify, Constant)
    assert "app.verify" in numbers_in(load("office"))

"""Mistakes in a probe file are named: file, line, key, value, what was expected, the nearest name."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from sim.cli import main
from sim.probe.settings import ProbeError, load_probe
from sim.probe.template import TEXT, dry_run_text

WRONG = [
    (
        'rate        = "5/s"',
        'rate = "50/s"',
        'run.rate = "50/s": expected at most 5 requests a second',
    ),
    ('rate        = "5/s"', 'rate = "0/s"', "run.rate"),
    (
        "repetitions = 12",
        "repetition = 12",
        'run.repetition = 12: unknown key; did you mean "repetitions"?',
    ),
    ('watch       = "2min"', 'watch = "soon"', "run.watch"),
    ('quiet       = "5s"', 'quiet = "5min"', "run.quiet"),
    ("[try] ", "[trial] ", "trial: unknown key"),
    ("{password}", "{passwrd}", 'nothing is called {passwrd} here; did you mean "password"?'),
    ("Bearer {credential}", "Bearer mine", "the credential is not presented"),
    ('{ json = "access_token" }', '{ json = "a", cookie = "b" }', "expected one of"),
    ('{ env = "PROBE_PASSWORD" }', '"hunter2"', "secrets.password"),
    ('base = "http://127.0.0.1:8080"', 'base = "127.0.0.1:8080"', "target.base"),
    ('command = ["./revoke", "probe"]', "command = []", "revoke.command"),
    ("format = 1", "format = 2", "format"),
    ("[give_back]", "[give_back", "not TOML"),
]


@pytest.mark.parametrize(("right", "wrong", "said"), WRONG)
def test_a_mistake_is_named_with_its_line(
    tmp_path: Path, right: str, wrong: str, said: str
) -> None:
    text = TEXT.replace(right, wrong)
    assert text != TEXT
    path = tmp_path / "probe.toml"
    path.write_text(text)
    with pytest.raises(ProbeError) as raised:
        load_probe(path)
    assert said in str(raised.value)
    assert f"{path}:" in str(raised.value)
    assert "hunter2" not in str(raised.value) or "password" in str(raised.value)
    result = CliRunner().invoke(main, ["probe", str(path)])
    assert result.exit_code == 2 and said in result.output


def test_the_template_is_valid_and_shown(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    result = CliRunner().invoke(main, ["probe", "new", str(path)])
    assert result.exit_code == 0, result.output
    shown = dry_run_text(load_probe(path))
    assert "22 repetitions (12 busy, 6 idle, 4 second)" in shown
    assert CliRunner().invoke(main, ["probe", "new", str(path)]).exit_code == 2


@pytest.mark.parametrize("name", ["nowhere.toml", "."])
def test_what_cannot_be_read_is_said(name: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["probe", str(tmp_path / name)])
    assert result.exit_code == 2 and ("probe new" in result.output or "directory" in result.output)

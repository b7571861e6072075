"""Files made to hurt: includes that include twice, nesting without end, names and texts that no reader expects."""

import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from sim.cli import main
from sim.scenario import ScenarioError, load


def _refused(path: Path) -> str:
    with pytest.raises(ScenarioError) as caught:
        load(path)
    shown = CliRunner().invoke(main, ["validate", str(path)])
    assert shown.exit_code == 2
    assert "Traceback" not in shown.output
    said = str(caught.value)
    assert len(said) < 1_500
    assert said.isprintable() or all(line.isprintable() for line in said.splitlines())
    return said


def test_an_include_is_read_once(tmp_path: Path) -> None:
    last = 18
    for i in range(last):
        name = f"f{i + 1}.toml"
        (tmp_path / f"f{i}.toml").write_text(
            f'include = ["{name}", "./{name}"]\n[run]\ndrain = {i}\n'
        )
    (tmp_path / f"f{last}.toml").write_text("[run]\nseed = 77\n")
    began = time.process_time()
    found = load(tmp_path / "f0.toml")
    assert time.process_time() - began < 2
    assert (found.run.seed, found.run.drain_s) == (77, 0.0)


def test_what_is_included_twice_counts_where_it_overrides_most(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("[run]\nseed = 1\n")
    (tmp_path / "b.toml").write_text("[run]\nseed = 2\ndrain = 5\n")
    for order, seed in (('"a.toml", "b.toml", "a.toml"', 1), ('"b.toml", "a.toml", "b.toml"', 2)):
        (tmp_path / "c.toml").write_text(f"include = [{order}]\n")
        found = load(tmp_path / "c.toml")
        assert (found.run.seed, found.run.drain_s) == (seed, 5.0)
    (tmp_path / "d.toml").write_text('include = ["a.toml"]\n[run]\nseed = 3\n')
    (tmp_path / "e.toml").write_text('include = ["d.toml", "a.toml"]\n')
    assert load(tmp_path / "e.toml").run.seed == 1


def test_includes_without_end(tmp_path: Path) -> None:
    for i in range(1_500):
        (tmp_path / f"f{i}.toml").write_text(f'include = ["f{i + 1}.toml"]\n')
    assert "more than 20 deep" in _refused(tmp_path / "f0.toml")
    wide = ", ".join(f'"f{i}.toml"' for i in range(200))
    for i in range(200):
        (tmp_path / f"f{i}.toml").write_text(f"[run]\nseed = {i}\n")
    (tmp_path / "wide.toml").write_text(f"include = [{wide}]\n")
    assert "more than 100 files" in _refused(tmp_path / "wide.toml")


DEEP = ".".join(["a"] * 3000)
LONG = "x" * 5000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"[run]\n{DEEP} = 1\n", '"run": tables lie more than 20 deep'),
        (f"[{DEEP}]\nb = 1\n", '"a": tables lie more than 20 deep'),
        (f'[sweep]\n"{DEEP}" = [1]\n', "there is no such path"),
        ("[workload]\nthink = " + "{ a = " * 900 + "1" + " }" * 900, "not TOML that can be read"),
        ("[workload]\nthink = " + "{ a = " * 60 + "1" + " }" * 60, "more than 20 deep"),
        (f"[strategies.{LONG}]\ntoken = {{ lifetime = 5 }}\n", "at most 80"),
        (f"[{LONG}]\nb = 1\n", "unknown key"),
        (f'include = ["{LONG}"]\n', "not a usable file name"),
        ('include = ["a\\u0000b"]\n', 'include = "a'),
        ('title = "\\u001b[2J"\n', "without control characters; found U+001B"),
        ('question = "\\u202Etxt.exe"\n', "found U+202E"),
        ('[sources]\n"run.seed" = "\\u0007"\n', "found U+0007"),
        ('[strategies."a\\u0007b"]\ntoken = { lifetime = 5 }\n', "strategies.a?b.name"),
        ('[strategies."a\\nb"]\ntoken = { lifetime = 5 }\n', "a name on one line"),
        ('[strategies." "]\ntoken = { lifetime = 5 }\n', "a name on one line"),
    ],
)  # fmt: skip
def test_what_is_too_deep_too_long_or_not_text(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    assert said in _refused(path)


def test_a_log_of_a_long_name_and_a_long_name_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "log.toml"
    path.write_text(f'[workload]\nlog = "{LONG}"\nmode = "fitted"\n')
    for arguments in (["validate", str(path)], ["validate", LONG], ["compare", LONG]):
        shown = CliRunner().invoke(main, arguments)
        assert shown.exit_code == 2
        assert "Traceback" not in shown.output
        assert len(shown.output) < 1_000

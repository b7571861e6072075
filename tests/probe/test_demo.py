"""`lastclick probe demo`: a real part to try the probe on, and nothing of it left."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from support import ROOT

from sim.cli import main
from sim.probe.settings import load_probe
from sim.testbed.real.part import program
from sim.testbed.real.stand import PROBED

needs_nginx = pytest.mark.skipif(program("nginx") is None, reason="no nginx here")


@needs_nginx
def test_it_stands_until_it_is_told_to_stop(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sim", "probe", "demo", "--life", "1s"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    child = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    said = child.stdout.readline() + child.stdout.readline()
    assert "nginx_auth_request" in said and "probe.toml: written" in said
    probe = load_probe(tmp_path / "probe.toml")
    assert set(probe.hosts()) == {"127.0.0.1"}
    child.send_signal(signal.SIGTERM)
    assert child.wait(20) == 128 + signal.SIGTERM
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert str(tmp_path) not in listed
    assert list(tmp_path.glob("lastclick-*")) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ngnix_auth_request"], 'did you mean "nginx_auth_request'),
        (["apache_socache"], PROBED[0]),
        (["--life", "1.5s"], "expected whole seconds"),
        (["--life", "0s"], "at least 1 s"),
        (["--life", "soon"], "--life soon"),
        (["--file", __file__], "exists"),
    ],
)
def test_mistakes_are_said(words: list[str], said: str) -> None:
    done = CliRunner().invoke(main, ["probe", "demo", *words])
    assert done.exit_code == 2 and said in done.output


def test_what_is_not_installed_is_named_with_its_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sim.testbed.real.part.program", lambda _: None)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["probe", "demo"])
    assert done.exit_code == 2 and "apt-get install nginx-light" in done.output
    assert not (tmp_path / "probe.toml").exists()

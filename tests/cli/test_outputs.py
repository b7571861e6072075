"""Outputs that are full, closed, or a pipe that nobody reads any more: a line and 1, or quiet and 0; never a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")

SMALL = "[run]\nreplications = 2\n[organisation]\npeople = 5\n[strategies.short_token]\n"
COMMANDS = [
    "--help", "--version", "compare --help", "list", "schema", "validate", "strategies",
    "compare small.toml --workers 1", "compare small.toml --json --quiet", "compare small.toml --engine reference --workers 2",
]  # fmt: skip


def _run(command: str, redirected: str, folder: Path) -> tuple[int, str]:
    (folder / "small.toml").write_text(SMALL)
    line = f"set -o pipefail; {sys.executable} -m sim {command} {redirected}"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_a_line(command: str, tmp_path: Path) -> None:
    code, said = _run(command, ">/dev/full", tmp_path)
    assert (code, said.strip().splitlines()[-1]) == (
        1,
        "Error: the output cannot be written: No space left on device",
    )
    assert "Traceback" not in said
    assert "Exception ignored" not in said


@pytest.mark.parametrize("command", COMMANDS)
def test_a_closed_output_is_a_line(command: str, tmp_path: Path) -> None:
    code, said = _run(command, ">&-", tmp_path)
    assert code == 1
    assert "Error: the output cannot be written: Bad file descriptor" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("reader", ["| head -c 10", "| true"])
def test_a_pipe_that_nobody_reads_is_quiet(command: str, reader: str, tmp_path: Path) -> None:
    code, said = _run(command, reader, tmp_path)
    assert code == 0
    assert "rror" not in said
    assert "Traceback" not in said


def test_wrong_input_keeps_its_exit_code_whatever_the_outputs_are(tmp_path: Path) -> None:
    for redirected in (">/dev/full", ">&-", "| true", "2>&- >&-"):
        assert _run("validate nowhere.toml", redirected, tmp_path)[0] == 2

"""README's commands work as written."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
SHELL_BLOCKS = [block for block in BLOCKS if not block.startswith("make ")]
MAKE_LINES = [line for block in BLOCKS for line in block.splitlines() if line.startswith("make ")]
COMMANDS = ("compare", "strategies", "validate", "schema", "new", "list", "fit", "trace")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder but for a log to fit."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "access.log").write_text("".join(_log_lines()), encoding="utf-8")
    return work


def _log_lines() -> list[str]:
    """Three people who click every 20 s to 95 s for a while, twice a day."""
    return [
        f"192.0.2.{person} - user{person} [24/Nov/2026:{hour:02}:{second // 60:02}:{second % 60:02} +0000] "
        f'"{"POST" if click % 7 == 0 else "GET"} /item/{click} HTTP/1.1" 200 {900 + 50 * click}\n'
        for hour in (9, 14)
        for click in range(30)
        for person in (1, 2, 3)
        for second in [click * (20 + 25 * person)]
        if second < 3600
    ]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """`lastclick` is this checkout's, whatever else is installed."""
    command = tmp_path / "bin" / "lastclick"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sim "$@"\n')
    command.chmod(0o755)
    path = os.pathsep.join([str(command.parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg"}


@pytest.mark.parametrize("block", SHELL_BLOCKS, ids=lambda block: " ".join(block.split()[:2]))
def test_commands_run(block: str, folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["sh", "-e", "-c", block], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_every_command_is_shown() -> None:
    shown = {
        word for block in SHELL_BLOCKS for word in re.findall(r"^lastclick (\w+)", block, re.M)
    }
    assert shown == set(COMMANDS)


@pytest.mark.parametrize("line", MAKE_LINES)
def test_make_targets_exist(line: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in line.split()[1:]:
        assert re.search(rf"^{target}:.*## ", makefile, re.MULTILINE), target


def test_two_commands_come_first() -> None:
    assert MAKE_LINES == ["make demo", "make test"]
    assert BLOCKS[0].splitlines() == MAKE_LINES


@pytest.mark.parametrize("link", re.findall(r"(?<!!)\[[^]]*\]\(([^)]+)\)", README))
def test_links_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()

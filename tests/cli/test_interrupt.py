"""Ctrl-C, and places that cannot be written to: whole files or none, and no process left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from support import ROOT
from support.worlds import hear_interrupts

from sim.cli import main
from sim.results.store import write_atomically

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals as POSIX has them")


def _members(group: int) -> list[int]:
    """The living processes of a process group."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == group and fields[0] != "Z":
                found.append(int(entry.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize(
    "how",
    [
        "--replications 5000 --workers 1",
        "--replications 5000 --workers 2",
        "--replications 200 --workers 2 --engine reference",
    ],
)
def test_ctrl_c_ends_everything_and_writes_nothing(how: str, tmp_path: Path) -> None:
    file = tmp_path / "small.toml"
    file.write_text("format = 1\n[organisation]\npeople = 500\n[strategies.short_token]\n")
    command = [sys.executable, "-m", "sim", "compare", file.name, *how.split(), "--out", "results"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    started = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=hear_interrupts,
    )
    group = started.pid
    try:
        assert started.stderr is not None
        while "s left" not in (line := started.stderr.readline()):  # until the work is under way
            assert line, "it ended before it was interrupted"
        assert started.poll() is None
        os.killpg(group, signal.SIGINT)  # as a terminal does: to the whole group
        said = started.communicate(timeout=60)[1]
        assert started.returncode == 130
        assert "interrupted" in said
        assert "Traceback" not in said
        deadline_s = time.monotonic() + 20
        while _members(group) and time.monotonic() < deadline_s:
            time.sleep(0.1)
        assert _members(group) == []
        assert list(tmp_path.rglob("*")) == [file]
    finally:
        if _members(group):
            os.killpg(group, signal.SIGKILL)


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "results.csv"
    target.write_text("old")

    def half(path: Path) -> None:
        path.write_text("ha")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(target, half)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    "arguments",
    [
        ["compare", "office", "--replications", "100000", "--out", "file/results"],
        ["compare", "office", "--replications", "100000", "--figure", "file/figure.svg"],
        ["trace", "office", "--strategy", "short_token", "-o", "file/events.parquet"],
        ["fit", "access.log", "-o", "file/workload.toml"],
        ["new", "file/x.toml"],
    ],
    ids=lambda arguments: arguments[0] + arguments[-2],
)
def test_where_nothing_can_be_written_is_said_before_the_work(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("not a folder")
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 2, done.output
    assert arguments[-1] in done.stderr
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.output

"""Compiling with a cold cache: a signal is heard within a second, and nothing is left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import ROOT
from support.worlds import hear_interrupts

from sim.engine.compiled import apart

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes as Linux has them")

COMMANDS = {
    "compare": ("compare", "shared_computer", "--workers", "1"),
    "recommend": ("recommend", "which_timeout", "--workers", "2"),
    "sweep": ("sweep", "which_timeout", "--out", "swept", "--workers", "2"),
    "trace": ("trace", "office", "--strategy", "short_token", "-o", "events.parquet"),
}


def _below(pid: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True
    )
    return list(map(int, listed.stdout.split()))


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _signalled(command: str, how: signal.Signals, after_s: float, folder: Path) -> None:
    cold = os.environ | {"PYTHONPATH": str(ROOT), "LASTCLICK_CACHE_DIR": str(folder / "cold")}
    process = subprocess.Popen(
        [sys.executable, "-m", "sim", *COMMANDS[command]], cwd=folder, env=cold,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, preexec_fn=hear_interrupts,
    )  # fmt: skip
    assert process.stderr is not None
    assert "compiling the engine" in process.stderr.readline()
    time.sleep(after_s)
    compiling = _below(process.pid)
    assert process.poll() is None, "it ended before the signal"
    assert compiling
    sent = time.monotonic()
    process.send_signal(how)
    said = process.communicate(timeout=30)[1]
    assert time.monotonic() - sent < 5  # a second, on a machine that does nothing else
    assert process.returncode in {
        signal.SIGINT: (130,), signal.SIGTERM: (-15, 143), signal.SIGKILL: (-9,),
    }[how], said  # fmt: skip
    assert "Traceback" not in said
    assert ("interrupted" in said) == (how is signal.SIGINT)
    while any(map(_alive, compiling)):  # they hear it too, or see that nobody waits any more
        assert time.monotonic() - sent < 10, "somebody still compiles"
        time.sleep(0.05)
    assert list((folder / "cold").rglob("*.bin")) == []


@pytest.mark.parametrize(
    ("command", "how", "after_s"),
    [
        ("compare", signal.SIGINT, 2.0), ("compare", signal.SIGTERM, 0.1), ("sweep", signal.SIGINT, 0.5),
        ("recommend", signal.SIGINT, 1.0), ("trace", signal.SIGKILL, 0.5),
    ],
)  # fmt: skip
def test_a_signal_is_heard_while_the_engine_compiles(
    command: str, how: signal.Signals, after_s: float, tmp_path: Path
) -> None:
    _signalled(command, how, after_s, tmp_path)


@pytest.mark.nightly
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after_s", [0.0, 0.3, 1.0, 3.0, 4.5, 6.0, 7.5])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_signal_is_heard_at_any_time_while_the_engine_compiles(
    command: str, after_s: float, how: signal.Signals, tmp_path: Path
) -> None:
    _signalled(command, how, after_s, tmp_path)


def test_where_no_other_process_starts_this_one_compiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a program that Python is part of."""
    for executable in ("", str(tmp_path / "none"), str(ROOT)):
        monkeypatch.setattr(sys, "executable", executable)
        assert not apart.compiled_into(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_fails_leaves_it_to_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "_PROGRAM", "import sys; sys.exit(3)")
    assert not apart.compiled_into(tmp_path)

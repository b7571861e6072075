"""A part of the testbed dies in the middle: which, when, its last lines; what was measured is kept, no folder stays."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("jwt")
from support import ROOT
from support.live import NO_REDIS, REDIS
from support.worlds import hear_interrupts

from sim.testbed.folder import LOCK, run_folder, sweep_dead
from sim.testbed.servers import RedisServer, ServerFailed

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")

SCENARIO = """
[run]
horizon = "2h"
drain = "10min"
[organisation]
people = 10
shift = { start = 0, end = "2h" }
visits = "10s"
[cases]
from = "1h"
until = "2h"
[strategies.allowlist]
[strategies.short_token]
"""


@pytest.fixture(params=["short", "with a blank", "x" * 120])
def temporary(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / str(request.param)
    folder.mkdir()
    return folder


@pytest.fixture
def started(tmp_path: Path) -> Iterator["Started"]:
    one = Started(tmp_path)
    yield one
    one.process.kill()
    one.process.wait()


class Started:
    """`lastclick testbed` under way, its folders where the test can see them."""

    def __init__(self, folder: Path):
        (folder / "live.toml").write_text(SCENARIO)
        self.folder = folder
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "sim", "testbed", "live.toml", "--compression", "60"),
                *("--store", "redis" if REDIS else "sqlite"),
            ],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=hear_interrupts,
        )

    def children(self, word: str) -> list[int]:
        """The processes below it whose command holds a word, once they are there."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            found = [pid for pid in _below(self.process.pid) if word in _command(pid)]
            if found:
                return found
            time.sleep(0.1)
        raise AssertionError(f"no {word}: {self.process.communicate(timeout=5)}")

    def folders(self) -> list[Path]:
        return list(self.folder.glob("lastclick-*"))


def _below(pid: int) -> list[int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(
                    (entry / "stat").read_text().rpartition(")")[2].split()[1]
                )
            except OSError:
                continue
    found, new = [], [pid]
    while new:
        new = [child for child, parent in parents.items() if parent in new]
        found += new
    return found


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


@pytest.mark.parametrize("who", ["redis", "host", "app"])
def test_a_server_that_is_killed_is_named(who: str, started: Started) -> None:
    if who == "redis" and REDIS is None:
        pytest.skip(NO_REDIS)
    word = {"redis": "redis.conf", "host": "serve host", "app": "serve app"}[who]
    started.children("serve app")
    time.sleep(14)  # what parts cost is measured for five seconds; then people act
    victims = [pid for pid in started.children(word) if "guard.py" not in _command(pid)]
    if who == "redis":
        victims = [
            pid for pid in _below(started.process.pid) if "server" in _command(pid).split(" ")[0]
        ]
    os.kill(victims[0], signal.SIGKILL)
    out, err = started.process.communicate(timeout=60)
    name = {"redis": "Redis server", "host": "host", "app": "app"}[who]
    assert started.process.returncode == 1, err
    last = err.strip().splitlines()[-1]
    assert last.startswith(f"Error: the {name} died (killed by signal 9"), err
    assert last.endswith("after the start") or "before anybody acted" in last
    assert "Traceback" not in err
    assert "Measured until a server died" in out or "Nothing was measured" in out
    assert started.folders() == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing_behind(how: signal.Signals, started: Started) -> None:
    (first, *_) = started.children("serve app")
    assert started.folders()
    below = _below(started.process.pid)
    started.process.send_signal(how)
    _, err = started.process.communicate(timeout=30)
    assert started.process.returncode == 128 + how
    assert "Traceback" not in err
    assert started.folders() == []
    time.sleep(0.5)
    assert first in below
    assert [pid for pid in below if "sim.testbed" in _command(pid)] == []


def test_the_folder_of_a_killed_run_is_swept_by_the_next(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    started.children("serve app")
    (left,) = started.folders()
    monkeypatch.setattr(tempfile, "tempdir", str(started.folder))
    sweep_dead()
    assert left.exists()  # its owner lives
    started.process.kill()
    started.process.wait()
    assert left.exists()
    with run_folder() as mine:
        assert not left.exists()
        sweep_dead()
        assert mine.exists()
    assert started.folders() == []


def test_what_is_no_folder_of_ours_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "lastclick-new").mkdir()  # just made: its lock is to come
    (tmp_path / "lastclick-file").write_text("x")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / LOCK).touch()
    (tmp_path / "lastclick-link").symlink_to(elsewhere)
    sweep_dead()
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        *("elsewhere", "lastclick-file", "lastclick-link", "lastclick-new")
    ]


@pytest.mark.skipif(REDIS is None, reason=NO_REDIS)
def test_redis_starts_in_any_folder(temporary: Path) -> None:
    import redis

    server = RedisServer(str(REDIS), temporary, "secret")
    try:
        for url in filter(None, (server.url, server.unix_url)):
            client = redis.Redis.from_url(url)
            assert client.ping()
            client.close()
        assert (server.unix_url is None) == (len(str(temporary)) > 90)
    finally:
        server.stop()


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    program = tmp_path / "no-redis"
    program.write_text("#!/bin/sh\necho 'I will not' >&2\nexit 3\n")
    program.chmod(0o700)
    with pytest.raises(ServerFailed, match="did not start; its last lines: I will not"):
        RedisServer(str(program), tmp_path, "secret")

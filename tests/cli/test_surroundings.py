"""What is around the program: signals, limits of the machine, addresses where nobody listens, folders that were changed."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from support import ROOT
from support.worlds import hear_interrupts

from sim.cli import main

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="limits and signals as Linux has them"
)

SMALL = """title = "A <b>bold</b> & <script>alert(1)</script> title"
[run]
replications = 3
[organisation]
people = 30
[strategies.short_token]
[strategies."<i>per</i> & request"]
check = { scope = "all" }
"""


def _finished(
    folder: Path, *arguments: str, **settings: object
) -> subprocess.CompletedProcess[str]:
    (folder / "small.toml").write_text(SMALL)
    environment = {"PYTHONPATH": str(ROOT), **settings.pop("env", {})}  # type: ignore[dict-item]
    return subprocess.run(
        [sys.executable, "-m", "sim", *arguments], cwd=folder, env=os.environ | environment, text=True,
        capture_output=True, timeout=300, **settings,  # type: ignore[call-overload]
    )  # fmt: skip


def _results(folder: Path) -> bytes:
    return (folder / "out" / "results.csv").read_bytes()


COMPARE = ("compare", "small.toml", "--quiet", "--out", "out")


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("usual")
    done = _finished(folder, *COMPARE)
    assert done.returncode == 0, done.stderr
    return folder


def _one_core() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _four_gibibytes() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))


@pytest.mark.parametrize(
    ("arguments", "limit"),
    [
        (("--workers", "1"), None), (("--workers", "50"), None), ((), _one_core), (("--workers", "8"), _one_core),
        (("--workers", "2"), _four_gibibytes),
    ],
)  # fmt: skip
def test_any_machine_gives_the_same_bytes(
    arguments: tuple[str, ...], limit: object, usual: Path, tmp_path: Path
) -> None:
    done = _finished(tmp_path, *COMPARE, *arguments, preexec_fn=limit)
    assert done.returncode == 0, done.stderr
    assert _results(tmp_path) == _results(usual)


def test_a_hang_up_loses_no_cell(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(SMALL)
    command = [
        *(sys.executable, "-m", "sim", "sweep", "small.toml", "--out", "swept", "--workers", "1", "--strategy", "short_token"),
        *("--vary", "organisation.people=" + ",".join(map(str, range(300, 420)))),
    ]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_interrupts,
    )
    journal, deadline = tmp_path / "swept" / "journal.tmp", time.monotonic() + 120
    while not (journal.exists() and journal.stat().st_size) and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGHUP)
    _, said = process.communicate(timeout=30)
    assert process.returncode in (-signal.SIGHUP, 128 + signal.SIGHUP)
    assert "Traceback" not in said
    again = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert " kept" in again.stderr + again.stdout or "already" in again.stderr + again.stdout


def test_a_redis_address_where_nobody_listens(tmp_path: Path) -> None:
    pytest.importorskip("aiohttp")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = _finished(
        tmp_path, "testbed", "small.toml", "--compression", "1000", "--store", "redis", "--quiet",
        env={"LASTCLICK_REDIS_URL": f"redis://127.0.0.1:{port}/0"},
    )  # fmt: skip
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr, done.stderr[-1500:]
    assert str(port) in done.stderr or "edis" in done.stderr


def test_a_cluster_where_nobody_listens(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    done = _finished(
        tmp_path, "sweep", "small.toml", "--out", "swept", "--cluster", "tcp://127.0.0.1:1", "--quiet",
        "--vary", "organisation.people=3,4",
    )  # fmt: skip
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr, done.stderr[-1500:]


@pytest.mark.parametrize("to", [0, 1, 2])
def test_a_clock_that_is_set_back_changes_nothing(to: int, usual: Path, tmp_path: Path) -> None:
    """Only how long something took may hang on a clock, and that one runs forward alone."""
    code = (
        "import itertools, time, sys\n"
        "back = itertools.count(2e9, -3600.0)\n"
        f"time.time = lambda: next(back) if {to} else 0.0\n"
        "from sim.cli import main\n"
        "main(sys.argv[1:])"
    )
    (tmp_path / "small.toml").write_text(SMALL)
    done = subprocess.run(
        [sys.executable, "-c", code, *COMPARE, "--workers", str(max(1, to))], cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert _results(tmp_path) == _results(usual)


def test_markup_in_titles_and_names_is_text_in_the_report(usual: Path) -> None:
    shown = CliRunner().invoke(main, ["report", str(usual / "out"), "--no-timeline"])
    assert shown.exit_code == 0, shown.output
    page = (usual / "out" / "review.html").read_text()
    assert "<script>alert(1)" not in page
    assert "<i>per</i>" not in page
    assert "&lt;i&gt;per&lt;/i&gt; &amp; request" in page


OTHERS = ("verdict.json", "results.parquet", "cases.parquet", "coverage.parquet", "scenario.toml")
TAMPERED = {
    "empty": b"", "junk": b"\x00\xff" * 50, "a list": b"[]", "a number": b"5", "null": b"null", "deep": b"[" * 100_000, "gone": None,
    "0.1.0": json.dumps({"version": "0.1.0", "scenario": {"id": "x"}, "replications": 1, "seed": 1}).encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERED)
@pytest.mark.parametrize(
    "file", ["manifest.json", *(pytest.param(f, marks=pytest.mark.nightly) for f in OTHERS)]
)
def test_a_report_of_a_tampered_folder(name: str, file: str, usual: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    shutil.copytree(usual / "out", folder)
    (folder / "review.html").unlink(missing_ok=True)
    content = TAMPERED[name]
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(content)
    shown = CliRunner().invoke(main, ["report", str(folder), "--no-timeline"])
    assert isinstance(shown.exception, SystemExit | None), (shown.exception, shown.exc_info)
    assert shown.exit_code in (0, 2)
    if shown.exit_code == 2:
        assert shown.output.startswith("Error: ")

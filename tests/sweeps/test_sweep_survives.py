"""What a sweep survives: the disturbed folder ends with the same bytes as an undisturbed one."""

import hashlib
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support import ROOT
from support.poison import Poison
from support.worlds import hear_interrupts

from sim.model.strategies import CATALOGUE
from sim.scenario import load, with_changes
from sim.sweeps import sweep
from sim.sweeps.executors import in_this_process

SCENARIO = """\
format = 1
[run]
horizon = "10min"
drain = "1min"
replications = 2
[organisation]
people = 6
visits = { dist = "exponential", mean = "5min" }
[cases]
from = "1min"
until = "9min"
deactivation = { share = 0.4 }
[strategies.short_token]
[strategies.per_request]
[sweep]
"strategies.short_token.token.lifetime" = ["30s", "1min", "2min", "5min", "10min"]
"host.page_load.median" = ["10ms", "50ms", "250ms"]
"""
CELLS = 18
LONG = 24  # replications of a sweep that is still under way when something happens to it
WAIT_S = 120.0


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scenario") / "mine.toml"
    path.write_text(SCENARIO)
    return path


@pytest.fixture(scope="module")
def expected(file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The results of an undisturbed sweep in this process."""
    folder = tmp_path_factory.mktemp("undisturbed")
    sweep(load(file), folder, executor=in_this_process().executor, progress="none")
    assert len(results(folder)) == CELLS
    return results(folder)


@pytest.fixture(scope="module")
def expected_long(file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The same with more replications."""
    folder = tmp_path_factory.mktemp("undisturbed_long")
    inline = in_this_process().executor
    sweep(load(file), folder, replications=LONG, executor=inline, progress="none")
    return results(folder)


def results(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*.parquet"))
    }


def start(file: Path, folder: Path, *options: str, **how: Any) -> "subprocess.Popen[str]":
    """The command as a user gives it, in a process group of its own.

    On the plain engine, whose workers start sooner; the bytes are those of the compiled one.
    """
    if "--engine" not in options:
        options = (*options, "--engine", "plain")
    how.setdefault("preexec_fn", hear_interrupts)
    return subprocess.Popen(
        [sys.executable, "-m", "sim", "sweep", str(file), "--out", str(folder), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        **how,
    )


def finish(process: "subprocess.Popen[str]") -> tuple[int, str]:
    text, _ = process.communicate(timeout=WAIT_S)
    return process.returncode, text


def until(true: Callable[[], Any], within_s: float = WAIT_S) -> Any:
    end = time.monotonic() + within_s
    while not (value := true()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return value


def children(pid: int) -> list[int]:
    """The processes below a process that run Python, grandchildren included."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == pid:
                found += [int(entry.name), *children(int(entry.name))]
    return found


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kept(folder: Path) -> int:
    return len(list(folder.glob("results/*.parquet")))


@pytest.mark.nightly
def test_kill_at_random_moments(file: Path, expected: dict[str, str], tmp_path: Path) -> None:
    chance = random.Random(20261125)
    for _ in range(3):
        process = start(file, tmp_path)
        time.sleep(chance.uniform(0.5, 6.0))
        process.kill()
        finish(process)
    code, text = finish(start(file, tmp_path))
    assert code == 0, text
    assert results(tmp_path) == expected


def test_orphaned_workers_end_and_the_lock_is_free(file: Path, tmp_path: Path) -> None:
    options = ("--workers", "2", "--replications", "50", "--engine", "compiled")
    process = start(file, tmp_path, *options)  # workers end in the middle of compiled code too
    until(lambda: (tmp_path / "journal.tmp").exists() and len(children(process.pid)) >= 2)
    until(lambda: kept(tmp_path) or (tmp_path / "journal.tmp").stat().st_size)
    workers = children(process.pid)
    process.kill()
    process.wait()
    until(lambda: not any(map(alive, workers)), within_s=2.0)
    second = start(file, tmp_path, "--workers", "1")
    code, text = finish(second)
    assert code == 0, text


def test_interrupted_by_the_keyboard(
    file: Path, expected_long: dict[str, str], tmp_path: Path
) -> None:
    process = start(file, tmp_path, "--replications", str(LONG))
    until(lambda: kept(tmp_path))
    workers = children(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    code, text = finish(process)
    assert code == 130
    assert "run it again to go on" in text
    assert "Traceback" not in text
    until(lambda: not any(map(alive, workers)), within_s=2.0)
    code, text = finish(start(file, tmp_path, "--replications", str(LONG), "--engine", "compiled"))
    assert code == 0
    assert f"of {CELLS} cells are there already" in text
    assert results(tmp_path) == expected_long


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A folder on a file system of 128 kB; where none may be mounted, a process that may write no large file."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k", "none", str(folder)], capture_output=True
    )
    if mounted.returncode == 0:
        yield folder, {}
        subprocess.run(["umount", str(folder)], check=True)
    else:
        limit = 12_000
        yield (
            folder,
            {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))},
        )


def test_a_full_disk(
    file: Path, expected: dict[str, str], small_disk: tuple[Path, dict[str, Any]]
) -> None:
    folder, limits = small_disk
    code, text = finish(start(file, folder, "--workers", "1", **limits))
    assert code == 1, text
    assert "No space left" in text or "too large" in text
    assert "run it again to go on" in text
    assert "Traceback" not in text
    assert results(folder).items() < expected.items()
    if not limits:
        subprocess.run(["mount", "-o", "remount,size=4m", str(folder)], check=True)
    code, text = finish(start(file, folder, "--workers", "1"))
    assert code == 0, text
    assert results(folder) == expected


def test_a_cell_that_raises_is_named_and_tried_again(
    file: Path, expected: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sim import engine

    whole = engine.run

    def fails_once_in_a_cell(scenario: Any, strategy: Any, *rest: Any, **options: Any) -> Any:
        if strategy.name == "short_token" and strategy.token.lifetime.support()[0] == 120:
            raise ArithmeticError("cannot go on")
        return whole(scenario, strategy, *rest, **options)

    monkeypatch.setattr(engine, "run", fails_once_in_a_cell)
    here = {"executor": in_this_process().executor, "progress": "none"}
    first = sweep(load(file), tmp_path, **here)
    assert (first.ran, len(first.failures)) == (CELLS - 3, 3)
    name = (
        "short_token (strategies.short_token.token.lifetime = 2min, host.page_load.median = 10ms)"
    )
    assert "ArithmeticError: cannot go on" in first.failures[name]
    assert results(tmp_path).items() < expected.items()
    monkeypatch.setattr(engine, "run", whole)
    second = sweep(load(file), tmp_path, **here)
    assert (second.skipped, second.ran, second.failures) == (CELLS - 3, 3, {})
    assert results(tmp_path) == expected


def test_values_that_do_not_fit_together_fail_their_cell_alone(file: Path, tmp_path: Path) -> None:
    vary = "organisation.shift.start=0s,8min", "organisation.shift.end=5min,10min"
    options = [word for path in vary for word in ("--vary", path)]
    code, text = finish(
        start(file, tmp_path, *options, "--strategy", "short_token", "--workers", "1")
    )
    assert code == 1
    assert "3 cells run" in text
    assert "start = 8min, organisation.shift.end = 5min" in text
    assert "expected a time after start" in text


def test_two_sweeps_into_one_folder(file: Path, expected: dict[str, str], tmp_path: Path) -> None:
    one = start(file, tmp_path, "--workers", "1")
    until(lambda: (tmp_path / "manifest.json").exists())
    code, text = finish(start(file, tmp_path))
    assert (code, "another sweep is writing here" in text) == (2, True)
    assert finish(one)[0] == 0
    assert results(tmp_path) == expected


@pytest.mark.parametrize(
    "damage",
    ["a byte", *(pytest.param(d, marks=pytest.mark.nightly) for d in ("cut", "empty", "gone"))],
)
def test_a_damaged_file_is_made_again(
    damage: str, file: Path, expected: dict[str, str], tmp_path: Path
) -> None:
    here = {"executor": in_this_process().executor, "progress": "none"}
    vary = {"host.page_load.median": ["10ms", "50ms"]}
    sweep(load(file), tmp_path, vary=vary, **here)
    whole = results(tmp_path)
    part = tmp_path / "results" / "part-00001.parquet"
    data = part.read_bytes()
    middle = len(data) // 2
    if damage == "gone":
        part.unlink()
    else:
        broken = {"a byte": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]}
        part.write_bytes(broken.get(damage, data[: middle if damage == "cut" else 0]))
    again = sweep(load(file), tmp_path, vary=vary, **here)
    assert (again.skipped, again.ran) == (3, 1)
    assert again.damaged == ([] if damage == "gone" else ["part-00001.parquet"])
    assert results(tmp_path) == whole


def test_a_torn_journal_loses_only_what_was_torn(file: Path, tmp_path: Path) -> None:
    from sim.sweeps import make_plan
    from sim.sweeps.cells import Item, Study, run_item
    from sim.sweeps.ledger import Ledger

    plan = make_plan(load(file), vary={"organisation.people": list(range(2, 104))}, replications=1)
    assert plan.cells_a_part > 2
    rows = [run_item(Study(plan), Item(plan.cell(i), 0, 1, True)).rows or b"" for i in range(2)]
    with Ledger(tmp_path, plan) as ledger:
        for index, data in enumerate(rows):
            ledger.add(index, data)
    journal = tmp_path / "journal.tmp"
    journal.write_bytes(journal.read_bytes()[:-7])
    with Ledger(tmp_path, plan) as ledger:
        assert ledger.done == {0}


OTHER_LINES = (
    "[]", "5", "null", '"text"', "{}", '{"plan": 5}', '{"plan": ["x"]}', '{"part": 7}', '{"part": ["x"]}',
    '{"part": "../../x", "sha256": "a", "cells": [0]}', '{"part": "part-00000.parquet"}',
    '{"part": "part-00000.parquet", "sha256": 5, "cells": [0]}', '{"part": "part-00000.parquet", "sha256": "a", "cells": "abc"}',
    '{"part": "part-00000.parquet", "sha256": "a", "cells": [true, null]}',
    '{"part": "part-00000.parquet", "sha256": "a", "cells": [-1]}', "[" * 100_000, "{" + '"a":{' * 100_000, "\x00\xff", "NaN",
)  # fmt: skip


def test_lines_and_records_that_say_something_else_are_passed_over(
    file: Path, tmp_path: Path
) -> None:
    from sim.sweeps import make_plan
    from sim.sweeps.journal import Journal

    here = {"executor": in_this_process().executor, "progress": "none"}
    vary = {"host.page_load.median": ["10ms", "50ms"]}
    sweep(load(file), tmp_path, vary=vary, **here)
    whole = results(tmp_path)
    with (tmp_path / "ledger.jsonl").open("a", encoding="utf-8") as ledger:
        ledger.write("\n".join(["", *OTHER_LINES, ""]))
    (tmp_path / "results" / "part-00001.parquet").unlink()
    plan = make_plan(load(file), vary=vary)
    journal = Journal(tmp_path / "journal.tmp")
    for record in (b"[]", b"5", b"null", b'["a", 1, [[1]]]', b'{"a": 1}', b"\xff"):
        for cell in plan.cells():
            journal.append(plan.key(cell), record)
    journal.close(remove=False)
    again = sweep(load(file), tmp_path, vary=vary, **here)
    assert (again.skipped, again.ran, again.failures) == (3, 1, {})
    assert results(tmp_path) == whole


def test_the_table_of_a_sweep_is_its_parts_and_nothing_else(file: Path, tmp_path: Path) -> None:
    here = {"executor": in_this_process().executor, "progress": "none"}
    done = sweep(load(file), tmp_path, vary={"host.page_load.median": ["10ms", "50ms"]}, **here)
    rows = len(done.frame())
    (tmp_path / "results" / "notes.txt").write_text("what I think of it")
    (tmp_path / "results" / ".DS_Store").write_bytes(b"\x00")
    assert len(done.frame()) == rows
    (tmp_path / "results" / "part-00000.parquet").write_text("no Parquet")
    with pytest.raises(ValueError, match="cannot be read as a sweep"):
        done.frame()


def test_a_worker_that_is_killed(file: Path, expected_long: dict[str, str], tmp_path: Path) -> None:
    process = start(file, tmp_path, "--workers", "2", "--replications", str(LONG))
    until(lambda: kept(tmp_path))
    victims = [pid for pid in children(process.pid) if b"popen_loky" in _command(pid)]
    os.kill(victims[0], signal.SIGKILL)
    code, text = finish(process)
    assert code == 0, text
    assert results(tmp_path) == expected_long


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_a_cell_that_kills_its_workers_is_named_and_harms_no_neighbour(tmp_path: Path) -> None:
    scenario = with_changes(
        load("office"),
        {
            "organisation.people": 4,
            "run.horizon": "10min",
            "cases.until": "9min",
            "cases.from": "1min",
            "organisation.visits": "1min",
        },
    )
    poison = Poison(name="poison", token=CATALOGUE["short_token"].token)
    done = sweep(
        scenario,
        tmp_path,
        [CATALOGUE["short_token"], poison, CATALOGUE["per_request"]],
        vary={"strategies.short_token.token.lifetime": ["1min", "2min", "3min"]},
        replications=2,
        workers=2,
        engine="reference",
        progress="none",
    )
    assert done.ran == 4
    assert list(done.failures) == ["poison"]
    assert "killed the worker" in done.failures["poison"]


# -- a cluster ----------------------------------------------------------------------------------


def _free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


@dataclass
class Running:
    """A real scheduler and two worker processes on loopback."""

    address: str
    scheduler: "subprocess.Popen[bytes]"
    workers: "list[subprocess.Popen[bytes]]"


@pytest.fixture
def cluster() -> Iterator[Running]:
    with _running() as found:
        yield found


@contextmanager
def _running(source: Path = ROOT) -> Iterator[Running]:
    """The source is that of the scheduler and its workers."""
    pytest.importorskip("distributed")
    address = f"tcp://127.0.0.1:{_free_port()}"
    environment = os.environ | {"PYTHONPATH": str(source)}
    how: dict[str, Any] = {
        "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": source, "env": environment,
    }  # fmt: skip
    python = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    scheduler = subprocess.Popen([*python, "--host", address, "--no-dashboard", "--no-show"], **how)
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1"]
    workers = [
        subprocess.Popen([*command, "--no-nanny", "--no-dashboard"], **how) for _ in range(2)
    ]
    try:
        _wait_for(address, 2)
        yield Running(address, scheduler, workers)
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()


def _wait_for(address: str, workers: int) -> None:
    from distributed import Client

    with Client(address, timeout=60, set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=60)


def test_a_cluster_that_loses_a_worker_ends_complete_and_identical(
    cluster: Running,
    file: Path,
    expected_long: dict[str, str],
    tmp_path: Path,
) -> None:
    process = start(file, tmp_path, "--cluster", cluster.address, "--replications", str(LONG))
    until(lambda: kept(tmp_path))
    assert kept(tmp_path) < CELLS
    cluster.workers[0].kill()
    code, text = finish(process)
    assert code == 0, text
    assert f"{CELLS} cells run" in text
    assert results(tmp_path) == expected_long


@pytest.mark.parametrize(
    "how", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.nightly)]
)
def test_a_scheduler_that_dies_loses_no_finished_cell(
    how: signal.Signals,
    cluster: Running,
    file: Path,
    expected_long: dict[str, str],
    tmp_path: Path,
) -> None:
    many = ("--replications", str(LONG))
    process = start(file, tmp_path, "--cluster", cluster.address, *many)
    until(lambda: kept(tmp_path))
    assert kept(tmp_path) < CELLS
    cluster.scheduler.send_signal(how)
    code, text = finish(process)
    assert code == 1, text
    assert f"{cluster.address}: the connection to the cluster is lost" in text
    assert "what was finished is kept" in text
    assert "Traceback" not in text
    assert len(text.splitlines()) <= 3, text
    code, text = finish(start(file, tmp_path, *many))
    assert code == 0, text
    assert "are there already" in text
    assert results(tmp_path) == expected_long


RECOMMEND = ("recommend", "--replications", "40", "--engine", "reference", "--quiet")


@pytest.mark.nightly
def test_a_scheduler_that_dies_ends_a_recommendation_with_a_line(
    cluster: Running, file: Path
) -> None:
    command = [sys.executable, "-m", "sim", *RECOMMEND, str(file), "--cluster", cluster.address]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    time.sleep(5)
    assert process.poll() is None, process.communicate()
    cluster.scheduler.kill()
    code, text = finish(process)
    assert code == 1, text
    assert f"{cluster.address}: the connection to the cluster is lost" in text
    assert "Traceback" not in text
    assert len(text.splitlines()) <= 3, text


@pytest.mark.parametrize(
    "source", ["another version", pytest.param("none", marks=pytest.mark.nightly)]
)
def test_workers_of_another_version_are_named(source: str, file: Path, tmp_path: Path) -> None:
    """Whatever they would compute is not mixed in, by a sweep or by a recommendation."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    if source == "none":
        (theirs / "sim.py").write_text("raise ModuleNotFoundError('no sim', name='sim')\n")
    else:
        shutil.copytree(ROOT / "sim", theirs / "sim", ignore=shutil.ignore_patterns("__pycache__"))
        limits = theirs / "sim" / "engine" / "limits.py"
        limits.write_text(limits.read_text() + "# another\n")
    said = "another lastclick" if source != "none" else "no lastclick"
    with _running(theirs) as cluster:
        code, text = finish(start(file, tmp_path / "swept", "--cluster", cluster.address))
        assert code == 1, text
        assert f"Error: {cluster.address}: " in text
        assert said in text
        assert "Traceback" not in text
        assert kept(tmp_path / "swept") == 0
        command = [sys.executable, "-m", "sim", *RECOMMEND, str(file), "--cluster", cluster.address]
        done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_S)
        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_a_cluster_that_is_not_there(file: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    address = f"tcp://127.0.0.1:{_free_port()}"
    code, text = finish(start(file, tmp_path, "--cluster", address))
    assert code == 1
    assert address in text
    assert "Traceback" not in text

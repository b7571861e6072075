"""What a tiny cell of a sweep costs on a Dask cluster beside its simulation: driver, scheduler and worker together.

    python -m benchmarks.cluster TREE

Of two sweeps of different length the difference is taken, so that starting and connecting do not count.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

FEW, MANY = 100, 1100
# Run in the tree that is measured: `benchmarks.harness` of both builds has the cells.
_SWEPT = """
import sys
from benchmarks.harness import NAME, TINY, vary
from sim.scenario import load, with_changes
from sim.sweeps import sweep
tiny = with_changes(load("office"), TINY)
chosen = [tiny.strategies[NAME]]
found = sweep(tiny, sys.argv[1], chosen, vary=vary(int(sys.argv[2])), cluster=sys.argv[3], progress="none")
assert not found.failures, found.failures
"""
_ALONE = """
import sys
from benchmarks.harness import SCENARIOS, alone
from sim.scenario import load, with_changes
alone(with_changes(load("office"), SCENARIOS["tiny"]), int(sys.argv[1]))
"""


def beside_a_cell(tree: Path, folder: Path) -> Any:
    """The CPU and wall time of a further cell, less its simulation and figures. Linux, with Dask Distributed."""
    from benchmarks.waits import Spent

    def alone(cells: int) -> float:
        return _run(tree, _ALONE, str(cells))

    with _cluster(tree) as (address, processes), TemporaryDirectory() as name:

        def swept(cells: int) -> tuple[float, float]:
            before, began_s = sum(map(_cpu_s, processes)), time.perf_counter()
            driver_s = _run(tree, _SWEPT, f"{name}/{cells}", str(cells), address)
            wall_s = time.perf_counter() - began_s
            return driver_s + sum(map(_cpu_s, processes)) - before, wall_s

        swept(FEW)  # the worker has loaded what it needs
        few, many = swept(FEW + 1), swept(MANY)
        work_s = (alone(MANY) - alone(FEW)) / (MANY - FEW)
        cells = MANY - FEW - 1
        return Spent((many[0] - few[0]) / cells - work_s, (many[1] - few[1]) / cells)


def _run(tree: Path, code: str, *words: str) -> float:
    """CPU time of a process."""
    process = subprocess.Popen([sys.executable, "-c", code, *words], cwd=tree, env=_environment(tree))  # fmt: skip
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError("a sweep on the cluster failed")
    return used.ru_utime + used.ru_stime


def _environment(tree: Path) -> dict[str, str]:
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


@contextmanager
def _cluster(tree: Path) -> Iterator[tuple[str, list[int]]]:
    """A scheduler and a worker of one thread on loopback, both with the code of the tree: the address, their processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    quiet = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "cwd": tree,
        "env": _environment(tree),
    }
    python = [sys.executable, "-m"]
    started: list[subprocess.Popen[bytes]] = []
    try:
        for command in (
            ["distributed.cli.dask_scheduler", "--host", address, "--no-dashboard", "--no-show"],
            [
                "distributed.cli.dask_worker",
                address,
                "--nthreads",
                "1",
                "--no-nanny",
                "--no-dashboard",
            ],
        ):
            started.append(subprocess.Popen([*python, *command], **quiet))  # type: ignore[call-overload]
        _wait_for(address)
        yield address, [process.pid for process in started]
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def _wait_for(address: str) -> None:
    from distributed import Client

    client: Any = Client
    with client(address, timeout=60, set_as_default=False) as connected:
        connected.wait_for_workers(1, timeout=60)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    print(beside_a_cell(Path(sys.argv[1]).resolve(), Path()))

"""What people wait for, beside the build before: both in one run, in turns, in CPU seconds. Writes waits.md beside itself.

    python -m benchmarks.waits [--before FOLDER] [--rounds N] [--only NAME] [--all]

The build before is commit 00b7a89, taken out of git into a temporary folder, or the tree named by `--before`. Every command runs
in a process of its own, on warm caches of machine code and bytecode. CPU time is user and system, of the process and of
those that it waited for; of several rounds the least counts, since what else runs can only add. `--all` includes what takes
the build before many minutes.
"""

import argparse
import os
import platform
import pty
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import cluster

HERE = Path(__file__).parent
BEFORE = "00b7a89"
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Spent:
    """What a command took until it ended, or until it had said what was waited for."""

    cpu_s: float
    wall_s: float
    peak_mb: float = 0.0


Measured = Callable[[Path, Path], Spent]  # the tree that runs, a folder of its own


@dataclass(frozen=True)
class Wait:
    """Something a user waits for: how it is measured on a tree, and what it shall take. `slow`: minutes on the build before."""

    name: str
    said: str
    target: str
    measured: Measured
    measured_before: Measured | None = None
    slow: bool = False


def lastclick(*words: str) -> Measured:
    """A whole command."""
    return lambda tree, folder: _spent(tree, _filled(words, folder))


def until(said: str, *words: str) -> Measured:
    """A command until it has printed a word; then it is stopped."""
    return lambda tree, folder: _spent_until(tree, _filled(words, folder), said)


def _filled(words: tuple[str, ...], folder: Path) -> list[str]:
    return [sys.executable, "-m", "sim", *(word.format(folder=folder) for word in words)]


WAITS = (
    Wait("start", "compare shared_computer, one strategy, 2 replications", "0.9 s where 1.4 were",
         lastclick("compare", "shared_computer", "--strategy", "short_token", "--replications", "2")),
    Wait("report", "report of the office, 20 replications", "8 s, 400 MB", lastclick("report", "{folder}/office")),
    Wait("recommend", "recommend which_timeout", "5 s", lastclick("recommend", "which_timeout", "--quiet")),
    Wait("sensitivity", "sensitivity which_timeout, a first answer (before: the only one)", "30 s",
         until("tried yet", "sensitivity", "which_timeout", "--quiet"),
         lastclick("sensitivity", "which_timeout", "--quiet"), slow=True),
    Wait("table", "compare, the first table", "1 s of the clock after the start", until("Provisional", "compare")),
    Wait("compare", "compare, all", "4 s of the clock on two cores", lastclick("compare")),
    Wait("cluster", "a tiny cell of a sweep on a Dask cluster, beside its simulation", "5 ms", cluster.beside_a_cell),
)  # fmt: skip


# -- one command --------------------------------------------------------------------------------


def _environment(tree: Path) -> dict[str, str]:
    environment = {**os.environ, "PYTHONPATH": str(tree), "MPLBACKEND": "agg"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def _spent(tree: Path, command: list[str]) -> Spent:
    began_s = time.perf_counter()
    process = subprocess.Popen(command, cwd=tree, env=_environment(tree), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)  # fmt: skip
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: {said.decode()}")
    wall_s = time.perf_counter() - began_s
    return Spent(used.ru_utime + used.ru_stime, wall_s, used.ru_maxrss / 1024)


def _spent_until(tree: Path, command: list[str], said: str) -> Spent:
    """On a terminal, since some of it is said on one alone."""
    ours, theirs = pty.openpty()
    began_s = time.perf_counter()
    process = subprocess.Popen(command, cwd=tree, env=_environment(tree), stdout=theirs, stderr=subprocess.DEVNULL)  # fmt: skip
    os.close(theirs)
    text = b""
    try:
        while said.encode() not in text:
            text = text[-200:] + os.read(ours, 65536)
        return Spent(_cpu_s(process.pid), time.perf_counter() - began_s)
    except OSError:
        raise RuntimeError(f"{' '.join(command)} ended without {said!r}") from None
    finally:
        drained = threading.Thread(target=_drain, args=(ours,))
        drained.start()
        process.kill()
        process.wait()
        drained.join()
        os.close(ours)


def _drain(terminal: int) -> None:
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        pass


def _cpu_s(pid: int) -> float:
    """User and system time of a process that runs (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


# -- both builds --------------------------------------------------------------------------------


@contextmanager
def the_build_before(given: Path | None) -> Iterator[Path]:
    """The tree of the build before."""
    if given is not None:
        yield given.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="lastclick-") as name:
        archive = Path(name) / "before.tar"
        subprocess.run(["git", "archive", "-o", str(archive), BEFORE], cwd=HERE.parent, check=True)
        tree = Path(name) / "before"
        with tarfile.open(archive) as packed:
            packed.extractall(tree, filter="data")
        yield tree


def measured(
    waits: list[Wait], trees: dict[str, Path], rounds: int, slow: bool, say: Callable[[str], None]
) -> dict[tuple[str, str], list[Spent]]:
    """Each wait on each tree, the trees in turns; a slow one of the build before only where asked for, and once."""
    found: dict[tuple[str, str], list[Spent]] = {}
    with tempfile.TemporaryDirectory(prefix="lastclick-") as name:
        folders = {build: Path(name) / build for build in trees}
        for (
            build,
            tree,
        ) in trees.items():  # caches are warm, and there is something to report on, from here on
            _spent(
                tree, _filled(("compare", "--quiet", "--out", "{folder}/office"), folders[build])
            )
        for number in range(rounds):
            for wait in waits:
                for build, tree in trees.items():
                    if build == "before" and wait.slow and (not slow or number):
                        continue
                    how = wait.measured_before if build == "before" else None
                    spent = (how or wait.measured)(tree, folders[build])
                    found.setdefault((wait.name, build), []).append(spent)
                    say(
                        f"round {number + 1}, {wait.name}, {build}: {spent.cpu_s:.3g} s of CPU, {spent.wall_s:.3g} s"
                    )
    return found


def page(
    waits: list[Wait], found: dict[tuple[str, str], list[Spent]], rounds: int, load: float
) -> str:
    """The table."""
    lines = [
        "# What people wait for, beside the build before",
        "",
        f"Made by `python -m benchmarks.waits` on {platform.machine()}, {os.cpu_count()} cores, Python"
        f" {platform.python_version()}, {rounds} round(s), load {load:.1f} at the start. CPU seconds, the least of the rounds;",
        f"*before* is commit {BEFORE}, run in turns with this build. The clock moves with what else runs: it counts on a quiet",
        "machine only.",
        "",
        "| what | before | now | ratio | clock, before | clock, now | memory, before | memory, now | wanted |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for wait in waits:
        before, now = (_least(found.get((wait.name, build), [])) for build in ("before", "now"))
        ratio = "" if before is None or now is None else f"{now.cpu_s / before.cpu_s:.2f}"
        cells = [
            wait.said, _s(before and before.cpu_s), _s(now and now.cpu_s), ratio,
            _s(before and before.wall_s), _s(now and now.wall_s), _mb(before), _mb(now), wait.target,
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _least(rounds: list[Spent]) -> Spent | None:
    if not rounds:
        return None
    return Spent(
        *(min(getattr(one, name) for one in rounds) for name in ("cpu_s", "wall_s", "peak_mb"))
    )


def _s(value: float | None) -> str:
    if value is None:
        return "not run"
    return f"{1e3 * value:.2g} ms" if value < 0.1 else f"{value:.3g} s"


def _mb(spent: Spent | None) -> str:
    return f"{spent.peak_mb:.0f} MB" if spent is not None and spent.peak_mb else ""


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.waits")
    parser.add_argument("--before", type=Path, help="a tree instead of the commit")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", choices=[wait.name for wait in WAITS])
    parser.add_argument(
        "--all", action="store_true", help="what takes the build before many minutes too"
    )
    asked = parser.parse_args()
    waits = [wait for wait in WAITS if asked.only is None or wait.name in asked.only]
    load = os.getloadavg()[0]
    with the_build_before(asked.before) as tree:
        trees = {"before": tree, "now": HERE.parent}
        found = measured(
            waits, trees, asked.rounds, asked.all, lambda text: print(text, file=sys.stderr)
        )
    text = page(waits, found, asked.rounds, load)
    if asked.only is None:
        (HERE / "waits.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()

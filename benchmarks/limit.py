"""The program in C that stands for the practical limit: compiled here, when it is needed."""

import subprocess
import tempfile
from functools import cache
from pathlib import Path
from shutil import which

from benchmarks.works import PEOPLE, SEED, Outcome

SOURCE = Path(__file__).with_name("limit.c")
OPTIONS = ("-O3", "-march=native", "-ffp-contract=off")


class NoCompilerError(Exception):
    """There is no C compiler here, or it does not compile."""


@cache
def program() -> Path:
    """The compiled program. Raises NoCompilerError."""
    compiler = which("gcc") or which("cc") or which("clang")
    if compiler is None:
        raise NoCompilerError("no C compiler (gcc, cc, clang) on this machine")
    folder = _folder()
    target = Path(folder.name) / "limit"
    command = [compiler, *OPTIONS, str(SOURCE), "-o", str(target), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise NoCompilerError(f"{compiler} failed: {done.stderr.strip().splitlines()[-1]}")
    return target


@cache
def _folder() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="lastclick-")  # removed when the process ends


def closed(horizon_s: float, people: int = PEOPLE) -> Outcome:
    """The closed work in C."""
    return _run("closed", str(people), repr(horizon_s), str(SEED))


def queue(customers: float) -> Outcome:
    """The queue in C: Lindley's recursion."""
    return _run("queue", str(int(customers)), str(SEED))


def _run(*words: str) -> Outcome:
    done = subprocess.run([str(program()), *words], capture_output=True, text=True, check=True)
    customers, mean_s, cpu_s = done.stdout.split()
    return Outcome(int(customers), float(mean_s), float(cpu_s))

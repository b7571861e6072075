"""Instructions per request, counted by callgrind: the kernel of the closed work and the C program.

Steadier than time where the machine is busy. A program runs twice, for a shorter and a longer time; the difference
is free of starting up. Part of `python -m benchmarks`; alone: `python -m benchmarks.instructions` (valgrind is needed).
"""

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from shutil import which

from benchmarks import limit
from benchmarks.works import PEOPLE, SEED

SHORT_S, LONG_S = 30.0, 7200.0  # what starting Python takes varies by some millions
# valgrind does not know the newest instructions, so both are compiled for a machine that has AVX2 and no more
PLAIN = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+fma,+bmi2"}
_KERNEL = "from benchmarks import kernels; print(kernels.closed({}).customers)"


@dataclass(frozen=True)
class Counts:
    """Instructions a request, or why there are none."""

    c_program: float
    kernel: float
    skipped: str = ""


def counted(command: list[str]) -> tuple[int, int]:
    """(customers, instructions) of a program that prints its customers first."""
    with tempfile.TemporaryDirectory() as folder:
        valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out"]
        done = subprocess.run(
            [*valgrind, *command],
            env={**os.environ, **PLAIN, "PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            check=True,
        )
    refs = re.search(r"Collected : (\d+)", done.stderr)
    assert refs is not None, done.stderr
    return int(done.stdout.split()[0]), int(refs[1])


def per_request(short: list[str], long: list[str]) -> float:
    """Instructions a request."""
    (fewer, first), (more, second) = counted(short), counted(long)
    return (second - first) / (more - fewer)


def kernel() -> float:
    """Of our kernel."""
    commands = [[sys.executable, "-c", _KERNEL.format(size)] for size in (SHORT_S, LONG_S)]
    subprocess.run(
        commands[0],
        env={**os.environ, **PLAIN, "PYTHONHASHSEED": "0"},
        check=True,
        capture_output=True,
    )
    return per_request(*commands)


def c_program() -> float:
    """Of the C program."""
    name = str(limit.program())
    sizes = (repr(SHORT_S), repr(LONG_S))
    short, long = ([name, "closed", str(PEOPLE), size, str(SEED)] for size in sizes)
    return per_request(short, long)


def measure() -> Counts:
    """Both, one after the other; what is missing is said."""
    if which("valgrind") is None:
        return Counts(0.0, 0.0, "no valgrind on this machine")
    try:
        return Counts(c_program(), kernel())
    except limit.NoCompilerError as error:
        return Counts(0.0, 0.0, str(error))


if __name__ == "__main__":
    print(measure())

"""Instructions per request, counted by callgrind: the kernel of the closed work and the C program.

Steadier than time where the machine is busy. A program runs twice, for a shorter and a longer time; the difference is free
of starting up. The kernel's object code is linked and called by a small program in C, since Python and Numba take
minutes to start under callgrind. Part of `python -m benchmarks`; alone: `python -m benchmarks.instructions`.
"""

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any

from benchmarks import limit
from benchmarks.works import PEOPLE, SEED, SERVERS, THINK_S, service_s

SHORT_S, LONG_S = 60.0, 660.0
# valgrind does not know the newest instructions, so both are compiled for a machine that has AVX2 and no more
PLAIN = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+fma,+bmi2"}
C_PLAIN = ("-O3", "-march=haswell", "-ffp-contract=off")
# Numba's convention: an array is its owner (two pointers), number of items, size of one, data, shape and stride
_CALLER = """
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#define ARRAY_OF(n, size, data) (void *)0, (void *)0, (int64_t)(n), (int64_t)(size), (void *)(data), (int64_t)(n), (int64_t)(size)
#define ARRAY void *, void *, int64_t, int64_t, void *, int64_t, int64_t
struct result { int64_t requests; double total_s; };
extern int32_t ENTRY(struct result *, void **, ARRAY, ARRAY, ARRAY, ARRAY, double, double, double, double);
int main(int count, char **words) {
    int64_t people = PEOPLE, rows = 64;
    while (rows < people) rows *= 2;
    void *events = calloc(people, 16), *error = 0;
    int32_t *heads = malloc(4 * rows);
    double *free_s = calloc(SERVERS, 8);
    uint64_t bases[2] = {THINKING, SERVING};
    struct result result;
    for (int64_t i = 0; i < rows; i++) heads[i] = -1;
    int32_t status = ENTRY(&result, &error, ARRAY_OF(people, 16, events), ARRAY_OF(rows, 4, heads),
                           ARRAY_OF(SERVERS, 8, free_s), ARRAY_OF(2, 8, bases), PER_S, THINK, SERVICE, atof(words[1]));
    printf("%lld %.17g\\n", (long long)result.requests, result.total_s / result.requests);
    return status;
}
"""


@dataclass(frozen=True)
class Counts:
    """Instructions a request, or why there are none."""

    c_program: float
    kernel: float
    skipped: str = ""


def counted(command: list[str]) -> tuple[int, float, int]:
    """(customers, mean time in system, instructions) of a program that prints the first two."""
    with tempfile.TemporaryDirectory() as folder:
        valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out"]
        done = subprocess.run([*valgrind, *command], capture_output=True, text=True, check=True)
    refs = re.search(r"Collected : (\d+)", done.stderr)
    assert refs is not None, done.stderr
    customers, mean_s = done.stdout.split()[:2]
    return int(customers), float(mean_s), int(refs[1])


def measure() -> Counts:
    """Both, which must find the same; what is missing is said."""
    missing = [program for program in ("valgrind", "gcc") if which(program) is None]
    if missing:
        return Counts(0.0, 0.0, f"no {' and no '.join(missing)} on this machine")
    with tempfile.TemporaryDirectory(prefix="lastclick-") as name:
        folder = Path(name)
        program, caller = folder / "limit", folder / "caller"
        subprocess.run(["gcc", *C_PLAIN, limit.SOURCE, "-o", program, "-lm"], check=True)
        environment = {**os.environ, **PLAIN, "NUMBA_CACHE_DIR": name}
        link = [sys.executable, "-m", "benchmarks.instructions", name]
        subprocess.run(link, check=True, env=environment)
        found = {
            kind: [counted([*command, repr(size), *more]) for size in (SHORT_S, LONG_S)]
            for kind, command, more in (
                ("c", [str(program), "closed", str(PEOPLE)], [str(SEED)]),
                ("kernel", [str(caller)], []),
            )
        }
    assert [run[:2] for run in found["c"]] == [run[:2] for run in found["kernel"]], "another path"
    return Counts(_per_request(found["c"]), _per_request(found["kernel"]))


def _per_request(runs: list[tuple[int, float, int]]) -> float:
    (fewer, _, first), (more, _, second) = runs
    return (second - first) / (more - fewer)


def link(folder: Path) -> None:
    """Compile the kernel anew for a plain machine and link it with the program that calls it."""
    import numba

    from benchmarks import kernels
    from benchmarks.profile import shared_library
    from sim.basics.streams import Stream, stream_base

    kernels.closed(1.0)
    dispatcher: Any = kernels._closed
    ((types, _),) = dispatcher.overloads.items()
    options: dict[str, Any] = {"error_model": "numpy", "nogil": True, "cache": True}
    plain = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **options)
    alone: Any = plain(dispatcher.py_func)  # without the ways in from Python
    alone.compile(types)
    ((_, compiled),) = alone.overloads.items()
    entry = compiled.fndesc.llvm_func_name
    shared_library(folder, "kernel", compiled.library._compiled_object, entry)
    values = {
        "PEOPLE": PEOPLE,
        "SERVERS": SERVERS,
        "THINKING": f"{stream_base(SEED, 0, Stream.THINK)}u",
        "SERVING": f"{stream_base(SEED, 0, Stream.HANDLER)}u",
        "PER_S": PEOPLE / (4.0 * THINK_S),
        "THINK": kernels._scale(THINK_S),
        "SERVICE": kernels._scale(service_s()),
        "ENTRY": entry,
    }
    (folder / "caller.c").write_text(_CALLER)
    given = [f"-D{name}={value}" for name, value in values.items()]
    command = ["gcc", "-O2", *given, "caller.c", "kernel.so", "-Wl,-rpath," + str(folder), "-lm"]
    subprocess.run([*command, "-o", "caller"], cwd=folder, check=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        link(Path(sys.argv[1]))
    else:
        print(measure())

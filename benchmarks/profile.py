"""Where the engine's time goes: the office model under `perf`, its machine code as a shared library with its names.

`perf` knows no functions in memory that Numba filled. So the object code that the engine keeps on disk is linked (gcc),
loaded beside the engine, and sampled. What the compiler put into its caller counts there.
Linux, perf and gcc are needed; `measure` says what is missing.
"""

import ctypes
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any

STRATEGY, RUNS, PER_S = "short_token", 60, 1999
# What Numba's wrappers for Python name and the kernel never calls.
_STUBS = """
#include <stdlib.h>
#define NEVER(name) void name(void) { abort(); }
NEVER(NRT_Free) NEVER(NRT_MemInfo_call_dtor) NEVER(numba_do_raise) NEVER(numba_gil_ensure)
NEVER(numba_gil_release) NEVER(numba_runtime_build_excinfo_struct) NEVER(numba_unpickle)
"""
ROOMS = {  # room of the engine -> what is done there
    "calendar": "the calendar: pending events",
    "kernel": "the loop of events and its dispatch",
    "draws": "drawing: random numbers and laws",
    "quantiles": "drawing: random numbers and laws",
    "streams": "drawing: random numbers and laws",
    "libm": "libm (log, exp, pow)",
    "client": "a person's steps",
    "plan": "a person's plan: pages, kinds, pauses",
    "gates": "gates: what decides on a request",
    "parties": "host, app and stations",
    "accounting": "accounting: histograms and counts",
    "pool": "pages and credentials",
    "revocation": "cases and their windows",
    "beside": "what goes on beside: renewals, push, outages",
    "python": "Python: arrays before, records after",
}


@dataclass(frozen=True)
class Profile:
    """Shares of the samples by what is done, largest first, and the names that take most."""

    samples: int
    rooms: list[tuple[str, float]]
    functions: list[tuple[str, float]]
    skipped: str = ""


def measure(runs: int = RUNS) -> Profile:
    """Sample the office of 500 at `STRATEGY`, so many days."""
    missing = [program for program in ("perf", "gcc") if which(program) is None]
    if missing:
        return Profile(0, [], [], f"no {' and no '.join(missing)} on this machine")
    with tempfile.TemporaryDirectory(prefix="lastclick-") as name:
        folder = Path(name)
        ours = [sys.executable, "-m", "benchmarks.profile", name]
        subprocess.run([*ours, "link"], check=True)
        data, control = str(folder / "perf.data"), [folder / "control", folder / "ready"]
        for pipe in control:
            os.mkfifo(pipe)
        sampled = ["perf", "record", "-q", "-e", "cpu-clock", "-F", str(PER_S), "-o", data]
        # sleeps until the work writes to the pipe: starting Python is not the engine's time
        sampled += ["--delay=-1", f"--control=fifo:{control[0]},{control[1]}"]
        subprocess.run([*sampled, "--", *ours, str(runs)], check=True)
        shown = subprocess.run(
            ["perf", "script", "-i", data, "-F", "ip,sym,dso"],
            check=True,
            capture_output=True,
            text=True,
        )
    return _summed(shown.stdout.splitlines())


def _summed(lines: list[str]) -> Profile:
    """From lines such as `7f12 sim::engine::steps::client::send[abi:v76][...](...) (.../advance.so)`."""
    rooms, functions = Counter[str](), Counter[str]()
    for line in lines:
        if not (match := re.match(r"\s*[0-9a-f]+ (.*) \((\S+)\)$", line)):
            continue
        symbol, library = match[1], Path(match[2]).name
        path = re.match(
            r"(?:cfunc\.)?sim::(?:(?:engine|basics|workload|steps)::)*(\w+)::(\w+)", symbol
        )
        if library.startswith("libm"):
            room, function = "libm", symbol.strip("_").split("@")[0]
        elif path:
            room, function = path[1], f"{path[1]}.{path[2]}"
        else:
            room, function = "python", ""
        rooms[ROOMS.get(room, room)] += 1
        if function:
            functions[function] += 1
    total = sum(rooms.values()) or 1
    return Profile(
        total,
        [(name, n / total) for name, n in rooms.most_common()],
        [(name, n / total) for name, n in functions.most_common(12)],
    )


# -- in processes of their own ------------------------------------------------------------------


def link(folder: Path) -> None:
    """The object code of the three kernels as shared libraries, each with the name of its entry."""
    from sim.engine.compiled import objects
    from sim.engine.compiled.machine import cache_folder, kernels

    kernels()  # compiles where nothing is kept yet
    place = cache_folder()
    assert place is not None, "object code is kept nowhere on this machine"
    described, codes = objects.read(place / objects.FILE)
    for kernel, code in zip(described["kernels"], codes, strict=True):
        shared_library(folder, kernel["name"], code, kernel["entry"])


def shared_library(folder: Path, name: str, code: bytes, entry: str) -> None:
    """Object code of Numba as a shared library NAME.so, and the name of its entry beside it."""
    (folder / "stubs.c").write_text(_STUBS)
    (folder / f"{name}.o").write_bytes(code)
    (folder / f"{name}.entry").write_text(entry)
    options = ["-O2", "-fPIC", "-shared", "-Wl,-z,notext", "-o", f"{name}.so"]
    subprocess.run(["gcc", *options, f"{name}.o", "stubs.c", "-lm"], cwd=folder, check=True)


def linked(folder: Path, name: str, *arguments: Any) -> Any:
    """A kernel out of its shared library, with Numba's convention: status = f(&result, &error, ...)."""
    function = getattr(
        ctypes.CDLL(str(folder / f"{name}.so")), (folder / f"{name}.entry").read_text()
    )
    function.restype = ctypes.c_int32

    def call(*values: Any) -> int:
        result, error = ctypes.c_int64(), ctypes.c_void_p()
        pairs = zip(arguments, values, strict=True)
        status = function(
            ctypes.byref(result), ctypes.byref(error), *(kind(value) for kind, value in pairs)
        )
        assert status in (0, -2), f"{name}: status {status}"  # -2: returns None
        return result.value

    return call


def work(folder: Path, runs: int) -> None:
    """Days of the office on the linked kernels."""
    from sim.engine import compiled
    from sim.model.strategies import CATALOGUE
    from sim.scenario import load

    whole, real = ctypes.c_int64, ctypes.c_double
    kernels = (
        linked(folder, "advance", whole, real),
        linked(folder, "count_cases", whole),
        linked(folder, "close", whole),
    )
    vars(compiled)["kernels"] = lambda: kernels
    scenario = load("office")
    compiled.run(scenario, CATALOGUE[STRATEGY])
    (folder / "control").write_text("enable\n")
    with (folder / "ready").open("rb", buffering=0) as ready:
        ready.read(4)  # "ack"; the pipe stays open
    for replication in range(runs):
        compiled.run(scenario, CATALOGUE[STRATEGY], replication)


if __name__ == "__main__":
    _place, _what = Path(sys.argv[1]), sys.argv[2]
    if _what == "link":
        link(_place)
    else:
        work(_place, int(_what))

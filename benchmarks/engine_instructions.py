"""Instructions a request that the engine takes, counted by callgrind: the office of 500 for a day under five strategies.

    python -m benchmarks.engine_instructions [--folder FOLDER] [--moments N] [--together] [STRATEGY ...]

Steadier than time where the machine is busy: a change of a tenth of a per cent is seen. Python takes minutes to start under
callgrind, so the arrays of a run are written to a file, and a program in C that is linked with the kernel's object code reads
them, puts their addresses into the world and calls `advance`. To compare with another build, run it there as well
(`PYTHONPATH=... python -m benchmarks.engine_instructions`).
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.instructions import PLAIN

STRATEGIES = ("no_check", "short_token", "allowlist_webhook", "per_request", "layered")
_CALLER = """
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
extern int32_t ENTRY(int64_t *, void **, int64_t, double);
static FILE *file;
static int64_t whole(void) { int64_t n; return fread(&n, 8, 1, file) == 1 ? n : (exit(1), 0); }
static char *array(int64_t size) {
    char *a = aligned_alloc(64, (size + 127) / 64 * 64);
    return fread(a, 1, size, file) == (size_t)size ? a : (exit(1), a);
}
int main(int count, char **words) {
    file = fopen(words[1], "rb");
    int64_t arrays = whole(), end_s = whole(), sent = whole(), code;
    char *world = array(whole());
    void *error = 0;
    while (arrays-- > 0) {
        int64_t place = whole();
        *(int64_t *)(world + place) = (int64_t)array(whole());
    }
    do ENTRY(&code, &error, (int64_t)world, (double)end_s); while (code == WORKING);
    printf("%lld %lld\\n", (long long)code, (long long)*(int64_t *)(world + sent));
    return 0;
}
"""


def measure(
    folder: Path, moments: int = 0, together: bool = False, names: tuple[str, ...] = STRATEGIES
) -> dict[str, float]:
    """Instructions a request by strategy, with virtual cases at so many moments. Needs valgrind and gcc.

    People are run one after the other, or `together`, whether or not they meet; without what looks after that.
    """
    environment = {**os.environ, **PLAIN, "LASTCLICK_CACHE_DIR": str(folder / "cache")}
    command = [sys.executable, "-m", "benchmarks.engine_instructions", "--folder", str(folder)]
    command += ["--moments", str(moments), "--link", *(["--together"] if together else []), *names]
    subprocess.run(command, check=True, env=environment)
    return {name: _counted(folder, name) for name in names}


def _counted(folder: Path, name: str) -> float:
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "./caller"]
    done = subprocess.run(
        [*command, f"{name}.run"], cwd=folder, capture_output=True, text=True, check=True
    )
    code, requests = map(int, done.stdout.split())
    instructions = re.search(r"Collected : (\d+)", done.stderr)
    assert instructions is not None, done.stderr
    from sim.engine.state import Code

    assert code == Code.PAUSED, f"{name}: an array was full"
    return int(instructions[1]) / requests


def link(folder: Path, moments: int, together: bool, names: list[str]) -> None:
    """The kernel's object code with the program that calls it, and a run's arrays of each strategy."""
    from benchmarks import profile
    from sim.engine.state import Code
    from sim.model.strategies import CATALOGUE
    from sim.scenario import load

    profile.link(folder)
    (folder / "caller.c").write_text(_CALLER)
    entry = (folder / "advance.entry").read_text()
    library = f"{sys.base_prefix}/lib"
    python = f"-lpython{sys.version_info.major}.{sys.version_info.minor}"
    subprocess.run(
        [
            *("gcc", "-O2", f"-DENTRY={entry}", f"-DWORKING={Code.WORKING.value}", "caller.c"),
            *("advance.so", f"-Wl,-rpath,{folder}", f"-L{library}", f"-Wl,-rpath,{library}"),
            *(python, "-lm", "-o", "caller"),
        ],
        cwd=folder,
        check=True,
    )
    office = load("office")
    for name in names:
        _write(folder / f"{name}.run", office, CATALOGUE[name], moments, together)


def _write(path: Path, scenario: Any, strategy: Any, moments: int, together: bool) -> None:
    """The arrays before the first event, with room that lasts."""
    from sim.engine.arrays import FULL, arrays_of, grown, wired, with_cases
    from sim.engine.compiled.machine import kernels
    from sim.engine.given import Given

    given = Given.of(scenario, strategy, tracing=False, moments=moments)
    arrays = wired(arrays_of(given, 0, scenario.run.seed, 0 if together else 2))
    arrays["world"][0]["turn_until"] = scenario.organisation.people
    arrays = with_cases(arrays, kernels()[1](arrays["world"].ctypes.data))
    for code, name in 3 * list(FULL.items()):
        if name != "trace":
            arrays = grown(arrays, code)
    world = arrays.pop("world")
    places = world.dtype.fields

    def put(*numbers: float) -> bytes:
        return np.array(numbers, np.int64).tobytes()

    with path.open("wb") as file:
        file.write(put(len(arrays), scenario.run.end_s, places["sent"][1], world.nbytes))
        file.write(world.tobytes())
        for name, array in arrays.items():
            file.write(put(places[f"at_{name}"][1], array.nbytes) + array.tobytes())


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine_instructions")
    parser.add_argument("--folder", type=Path, help="where to keep what is linked")
    parser.add_argument("--moments", type=int, default=0, help="at which each person is asked")
    parser.add_argument("--link", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--together", action="store_true", help="everybody in one calendar")
    parser.add_argument("strategies", nargs="*", default=list(STRATEGIES))
    asked = parser.parse_args()
    if asked.link:
        link(asked.folder, asked.moments, asked.together, asked.strategies)
        return
    with tempfile.TemporaryDirectory(prefix="lastclick-") as name:
        folder = Path(name) if asked.folder is None else asked.folder
        folder.mkdir(parents=True, exist_ok=True)
        for strategy, instructions in measure(
            folder, asked.moments, asked.together, tuple(asked.strategies)
        ).items():
            print(f"{strategy:20} {instructions:8.1f} instructions a request")


if __name__ == "__main__":
    main()

"""One million people for a working day: time and memory of the compiled engine. Writes million.md beside itself.

    python -m benchmarks.million [--people N] [--hours H] [--cores C] [strategy ...]

The office with its stations and rate limit grown with the people (`benchmarks/office.py`), one replication a strategy, each in
a process of its own on one core, C at a time; without names the whole catalogue. The page is written anew after each strategy,
so an interruption keeps what was measured. A million people for ten hours are about 280 million requests, a minute
a strategy. Entries of the two with an allowlist live longer in all than 64 bits of ticks hold: they are refused at a million.
"""

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.office import office
from sim.model.strategies import CATALOGUE

HERE = Path(__file__).parent
WARM_UP = (
    500  # people of the run before, so that memory of libraries and machine code does not count
)


# -- in a process of its own --------------------------------------------------------------------


def array_bytes(people: int, hours: float, name: str) -> int:
    """What the arrays of a run take at its start."""
    from sim.engine.alone import what_couples
    from sim.engine.arrays import arrays_of, wired, with_cases
    from sim.engine.compiled.machine import kernels
    from sim.engine.given import Given
    from sim.engine.limits import ALONE_FROM

    scenario = office(people, hours)
    given = Given.of(scenario, CATALOGUE[name], tracing=False)
    alone = people >= ALONE_FROM and not what_couples(given)
    arrays = wired(arrays_of(given, 0, scenario.run.seed, 2 if alone else 0))
    arrays = with_cases(arrays, kernels()[1](arrays["world"].ctypes.data))
    return sum(array.nbytes for array in arrays.values())


def measured(people: int, hours: float, name: str) -> dict[str, Any]:
    """One run; times in seconds, memory in bytes."""
    from sim.engine import compiled

    scenario = office(people, hours)
    compiled.run(office(WARM_UP, 0.1), CATALOGUE[name])
    before = _peak_bytes()
    wall_s, cpu_s, said_s = time.perf_counter(), time.process_time(), time.perf_counter()

    def say(share: float) -> None:
        nonlocal said_s
        if time.perf_counter() - said_s > 10:
            said_s = time.perf_counter()
            left_s = (said_s - wall_s) * (1 - share) / share
            print(f"{name}: {share:4.0%}, {left_s:.0f} s left", file=sys.stderr, flush=True)

    run = compiled.run(scenario, CATALOGUE[name], progress=say)
    return {
        "strategy": name,
        "requests": run.requests["sent"],
        "cases": len(run.cases),
        "wall_s": time.perf_counter() - wall_s,
        "cpu_s": time.process_time() - cpu_s,
        "peak": _peak_bytes() - before,
        "whole": _peak_bytes(),
        "arrays": array_bytes(people, hours, name),
    }


def _peak_bytes() -> int:
    """The most memory this process has held; Linux counts in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


# -- the command --------------------------------------------------------------------------------


def page(people: int, hours: float, cores: int, clock_s: float, rows: list[dict[str, Any]]) -> str:
    """million.md."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("numba", "numpy"))
    head = f"""# {people:,} people, {hours:g} hours

Made by `python -m benchmarks.million` on {datetime.now(UTC):%Y-%m-%d}: {platform.machine()}, {platform.system()}, Python
{platform.python_version()}, {versions}. One replication a strategy on one core, {cores} at a time, the office with its stations
grown with the people: {len(rows)} strategies in {clock_s / 60:.1f} minutes. *Arrays* are what the engine allocates at the start;
*peak* is by how much the resident memory of the process grew, the record of the cases included, against a run of {WARM_UP}
people. Wall and CPU time differ by what else the machine did.

| strategy | requests | wall s | CPU s | CPU ns a request | arrays, bytes a person | peak, bytes a person | whole process, MB |
|---|---:|---:|---:|---:|---:|---:|---:|
"""
    lines = [
        f"| `{r['strategy']}` | {r['requests']:,} | {r['wall_s']:.0f} | {r['cpu_s']:.0f} | {r['cpu_s'] / r['requests'] * 1e9:.0f} "
        f"| {r['arrays'] / people:.0f} | {r['peak'] / people:.0f} | {r['whole'] / 1e6:.0f} |"
        for r in rows
    ]
    return head + "\n".join(lines) + "\n"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.million")
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--hours", type=float, default=10.0)
    parser.add_argument("--cores", type=int, default=1, help="strategies at a time")
    parser.add_argument("--out", type=Path, default=HERE / "million.md")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("strategies", nargs="*", metavar="strategy")
    asked = parser.parse_args()
    names = asked.strategies or list(CATALOGUE)
    if unknown := set(names) - set(CATALOGUE):
        parser.error(
            f"no such strategy: {', '.join(sorted(unknown))}; there are {', '.join(CATALOGUE)}"
        )
    if asked.cores < 1:
        parser.error(f"--cores {asked.cores}: expected 1 or more")
    if asked.one:
        print(json.dumps(measured(asked.people, asked.hours, names[0])))
        return
    size = ["--people", str(asked.people), "--hours", str(asked.hours)]
    began_s = time.monotonic()
    rows: list[dict[str, Any]] = []

    def one(name: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "benchmarks.million", "--one", *size, name]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        row: dict[str, Any] = json.loads(done.stdout)
        return row

    with ThreadPoolExecutor(asked.cores) as pool:
        for done in as_completed([pool.submit(one, name) for name in names]):
            rows.append(done.result())
            rows.sort(key=lambda row: names.index(row["strategy"]))
            clock_s = time.monotonic() - began_s
            text = page(asked.people, asked.hours, asked.cores, clock_s, rows)
            asked.out.write_text(text, encoding="utf-8")
            print(f"{asked.out}: {done.result()['strategy']}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

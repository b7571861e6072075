"""What a sweep costs beside its simulations: overhead a cell, resuming, memory, scaling. Writes sweeps.md beside itself.

    python -m benchmarks.harness [--quick]

Every figure comes from processes of its own. Overhead is what a sweep takes beyond the simulations and figures of its
cells; of two sweeps of different length the difference is taken, so that starting workers does not count. CPU time counts
driver and workers together, and hardly depends on what else the machine does; wall time and scaling want a quiet machine.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sim.scenario import Scenario, load, with_changes
from sim.sweeps import make_plan, sweep
from sim.sweeps.cells import figures_of, opened

HERE = Path(__file__).parent
TINY = {
    "organisation.people": 1, "run.horizon": "2min", "run.drain": "1s", "cases.from": "10s", "cases.until": "1min",
    "run.replications": 1, "organisation.visits": "1min",
}  # fmt: skip
DEAR = {  # about a second
    **TINY, "organisation.people": 500, "run.horizon": "8h", "run.drain": "1h", "cases.from": "1h",
    "cases.until": "7h", "organisation.visits": "45min", "run.replications": 16,
}  # fmt: skip
SCENARIOS = {"tiny": TINY, "dear": DEAR}
NAME = "short_token"


def vary(cells: int) -> dict[str, list[float]]:
    """As many values that hardly differ."""
    return {"host.check.median": [0.25 + 1e-6 * n for n in range(cells)]}


# -- in a process of its own --------------------------------------------------------------------


def swept(scenario: Scenario, cells: int, workers: int, folder: str) -> dict[str, float]:
    """A sweep as a user runs it; `cpu_s` is of driver and workers."""
    started = time.perf_counter()
    chosen = [scenario.strategies[NAME]]
    done = sweep(
        scenario, folder, chosen, vary=vary(cells), workers=workers or None, progress="none"
    )
    wall_s = time.perf_counter() - started
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "wall_s": wall_s,
        "cpu_s": sum(u.ru_utime + u.ru_stime for u in used),
        "driver_mb": used[0].ru_maxrss / 1024,
        "worker_mb": used[1].ru_maxrss / 1024,
        "ran": done.ran,
        "skipped": done.skipped,
    }


def alone(scenario: Scenario, cells: int, *_: object) -> dict[str, float]:
    """The simulations and figures of the same cells one after the other: no workers, no files."""
    from sim.engine import run

    plan = make_plan(scenario, [scenario.strategies[NAME]], vary=vary(cells))
    prepared = [opened(plan, cell) for cell in plan.cells()]
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    for world, strategy in prepared:
        runs = [run(world, strategy, r, seed=plan.seed) for r in range(plan.replications)]
        figures_of(world, strategy, runs)
    return {"wall_s": time.perf_counter() - wall_s, "cpu_s": time.process_time() - cpu_s}


JOBS: dict[str, Callable[..., dict[str, float]]] = {"swept": swept, "alone": alone}


def apart(job: str, size: str, cells: int, workers: int = 1, folder: str = "") -> Any:
    """A job in a new process; what it measured."""
    with TemporaryDirectory() as own:
        arguments = [job, size, str(cells), str(workers), folder or own]
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.harness", "--job", *arguments],
            capture_output=True, text=True, check=True, cwd=HERE.parent,
        )  # fmt: skip
    return json.loads(done.stdout)


# -- the figures --------------------------------------------------------------------------------


def per_cell(job: str, size: str, few: int, many: int, rounds: int) -> tuple[float, float]:
    """(CPU, wall) seconds that a further cell takes: the least of some rounds each, since others' work only adds."""
    pairs = [(apart(job, size, few), apart(job, size, many)) for _ in range(rounds)]
    return (
        *(
            (min(b[key] for _, b in pairs) - min(a[key] for a, _ in pairs)) / (many - few)
            for key in ("cpu_s", "wall_s")
        ),
    )  # type: ignore[return-value]


def overhead(size: str, few: int, many: int, rounds: int) -> list[str]:
    """A line of the table."""
    work_s, _ = per_cell("alone", size, few, many, rounds)
    all_s, wall_s = per_cell("swept", size, few, many, rounds)
    beside_s = all_s - work_s
    return [
        f"{size} cells",
        f"{1e3 * work_s:,.1f} ms",
        f"{1e3 * beside_s:.2f} ms ({100 * beside_s / work_s:.1f} %)",
        f"{1e3 * wall_s:,.1f} ms",
    ]


def scaling(cells: int, rounds: int) -> tuple[list[float], list[float], float]:
    """Wall seconds of one worker and of two, in turns, less those of a sweep of two tiny cells; and the cores' own.

    The last figure is what two processes that share nothing reach beside each other on this machine at that time.
    """
    starts = {n: min(apart("swept", "tiny", 2, n)["wall_s"] for _ in range(rounds)) for n in (1, 2)}
    walls: dict[int, list[float]] = {1: [], 2: []}
    ideal = []
    for _ in range(rounds):
        for n in walls:
            walls[n].append(apart("swept", "dear", cells, n)["wall_s"] - starts[n])
        ideal.append(_beside_each_other(cells))
    return walls[1], walls[2], max(ideal)


def _beside_each_other(cells: int) -> float:
    one_s = apart("alone", "dear", cells)["wall_s"]
    arguments = ["--job", "alone", "dear", str(cells), "1", ""]
    command = [sys.executable, "-m", "benchmarks.harness", *arguments]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE.parent)
        for _ in range(2)
    ]
    walls = [float(json.loads(process.communicate()[0])["wall_s"]) for process in both]
    return 2 * float(one_s) / max(walls)


def resuming(cells: int) -> tuple[dict[str, float], dict[str, float]]:
    """A sweep, and the same again when all is there."""
    with TemporaryDirectory() as folder:
        return apart("swept", "tiny", cells, 2, folder), apart("swept", "tiny", cells, 2, folder)


# -- the page -----------------------------------------------------------------------------------


def page(quick: bool) -> str:
    """All figures as Markdown."""
    few, many, rounds = (20, 60, 1) if quick else (200, 1_200, 2)
    sizes = (30, 100) if quick else (1_000, 10_000)
    dear = 4 if quick else 24
    lines = [
        "# What a sweep costs beside its simulations",
        "",
        f"Made by `python -m benchmarks.harness` on {platform.machine()}, {os.cpu_count()} cores, Python"
        f" {platform.python_version()}, load {os.getloadavg()[0]:.1f} at the start.",
        "What a further cell of a sweep with one worker takes; *beside it* is CPU time of driver and worker beyond the",
        "simulations and their figures. A load above 0 makes the figures noisy: below 0 they say no more than *not seen*.",
        "",
        "| | simulation and figures | beside it | wall time, all |",
        "|---|---|---|---|",
    ]
    for row in (overhead("tiny", few, many, rounds), overhead("dear", 2, dear, rounds)):
        lines.append(f"| {' | '.join(row)} |")
    lines += [
        "",
        "Memory of the driver, and running a complete sweep again:",
        "",
        "| tiny cells | first run | driver, at most | a worker, at most | again | cells run again |",
        "|---|---|---|---|---|---|",
    ]
    for cells in sizes:
        first, again = resuming(cells)
        lines.append(
            f"| {cells:,} | {first['wall_s']:.1f} s | {first['driver_mb']:.0f} MB | {first['worker_mb']:.0f} MB |"
            f" {again['wall_s']:.2f} s | {again['ran']:.0f} |"
        )
    one, two, ideal = scaling(dear, rounds)
    lines += [
        "",
        f"{dear} dear cells, start-up taken off: {min(one):.1f} s with one worker, {min(two):.1f} s with two, a scaling of",
        f"**{min(one) / min(two):.2f}**. Two processes with nothing in common reached {ideal:.2f} beside each other.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes; print, write nothing")
    parser.add_argument("--job", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        job, size, cells, workers, folder = options.job
        scenario = with_changes(load("office"), SCENARIOS[size])
        print(json.dumps(JOBS[job](scenario, int(cells), int(workers), folder)))
    elif options.quick:
        print(page(True))
    else:
        (HERE / "sweeps.md").write_text(page(False), encoding="utf-8")


if __name__ == "__main__":
    main()

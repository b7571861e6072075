"""What a sweep costs beside its simulations: overhead a cell, resuming, memory, scaling. Prints one figure a line.

    python benchmarks/harness.py [--cells 10000] [--replications 12]

Overhead is wall time of a sweep with one worker, begun and ended, less the same items run one after the other here.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from sim.scenario import Scenario, load, with_changes
from sim.sweeps import make_plan, sweep
from sim.sweeps.cells import Item, Study, run_item

TINY = {
    "organisation.people": 1, "run.horizon": "2min", "run.drain": "1s", "cases.from": "10s", "cases.until": "1min",
    "run.replications": 1, "organisation.visits": "1min",
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=10_000)
    parser.add_argument("--replications", type=int, default=2)
    options = parser.parse_args()
    tiny = with_changes(load("office"), TINY)
    overhead(tiny, 300, "tiny cells")
    dear = with_changes(
        tiny, {"organisation.people": 60, "run.horizon": "30min", "cases.until": "20min"}
    )
    scaling(with_changes(dear, {"run.replications": options.replications}))
    resume(options.cells)


def vary(cells: int) -> dict[str, list[float]]:
    return {"host.check.median": [0.25 + 1e-6 * n for n in range(cells)]}


def timed(scenario: Scenario, cells: int, workers: int) -> float:
    with TemporaryDirectory() as folder:
        started = time.perf_counter()
        sweep(
            scenario,
            folder,
            [scenario.strategies["short_token"]],
            vary=vary(cells),
            workers=workers,
            progress="none",
        )
        return time.perf_counter() - started


def alone(scenario: Scenario, cells: int) -> float:
    plan = make_plan(scenario, [scenario.strategies["short_token"]], vary=vary(cells))
    study = Study(plan)
    started = time.perf_counter()
    for cell in plan.cells():
        run_item(study, Item(cell, 0, plan.replications, True))
    return time.perf_counter() - started


def overhead(scenario: Scenario, cells: int, name: str) -> None:
    """In turns, the least of three each: what other programs on the machine take only adds."""
    alone(scenario, 2)
    rounds = [
        (timed(scenario, 2, 1), alone(scenario, cells), timed(scenario, cells, 1)) for _ in range(3)
    ]
    start_s, bare_s, swept_s = (min(column) for column in zip(*rounds, strict=True))
    beside_ms = 1e3 * (swept_s - start_s - bare_s) / cells
    print(
        f"{name}: {beside_ms:.2f} ms a cell beside {1e3 * bare_s / cells:.2f} ms of work; start-up {start_s:.2f} s",
        flush=True,
    )


def scaling(scenario: Scenario, cells: int = 8) -> None:
    """Wall time of one worker and of two, start-up taken off both."""
    start_s = timed(with_changes(scenario, TINY), 2, 2)
    bare_s, one_s, two_s = (
        alone(scenario, cells), timed(scenario, cells, 1) - start_s, timed(scenario, cells, 2) - start_s,
    )  # fmt: skip
    print(
        f"dear cells: {bare_s / cells:.2f} s each; one worker {one_s:.1f} s"
        f" (overhead {100 * (one_s / bare_s - 1):.1f} %), two {two_s:.1f} s: scaling {one_s / two_s:.2f}",
        flush=True,
    )


def resume(cells: int) -> None:
    code = (
        "import sys, time, resource; sys.path.insert(0, sys.argv[3]); import harness; from sim.sweeps import sweep\n"
        "from sim.scenario import load, with_changes\n"
        "s = with_changes(load('office'), harness.TINY); n = int(sys.argv[2]); t = time.perf_counter()\n"
        "r = sweep(s, sys.argv[1], [s.strategies['short_token']], vary=harness.vary(n), workers=2, progress='none')\n"
        "print(r.ran, r.skipped, round(time.perf_counter() - t, 2), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)\n"
    )
    here = str(Path(__file__).parent)
    for number in (cells // 10, cells):
        with TemporaryDirectory() as folder:
            for _ in range(2):
                done = subprocess.run(
                    [sys.executable, "-c", code, folder, str(number), here],
                    capture_output=True,
                    text=True,
                    check=True,
                )
                ran, skipped, seconds, megabytes = done.stdout.split()
                print(
                    f"{number} tiny cells: {ran} run, {skipped} skipped in {seconds} s, driver at most {megabytes} MB"
                )


if __name__ == "__main__":
    main()

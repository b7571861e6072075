"""Variance x CPU of the mean exposure after a deactivation in the office, beside the build before: both in one run, in turns.

    python -m benchmarks.virtual [--before FOLDER] [--replications N] [--strategy NAME ...]

The build before is commit 00b7a89, taken out of git, or the tree named by `--before`; it knows real cases only. Blocks of
replications run in turns, each build in a process of its own on warm machine code. CPU time is that of the process
inside `run`; of all blocks the least a replication counts. Variance is that of the mean of one replication, by the jackknife of
the ratio over all replications of several seeds. Writes virtual.md beside itself.
"""

import argparse
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.waits import the_build_before

TARGETS = dict.fromkeys(("short_token", "allowlist", "allowlist_webhook", "pushed_denylist"), 200)
OTHERS = 50  # the target of the strategies that are not named
BLOCK = 25
# What each build runs: lines of (CPU s, sum of windows, number of them) a replication; ours with what moments met.
_CHILD = """
import json, sys, time
from sim.engine import run
from sim.scenario import load
try:
    from sim.model.strategies import CATALOGUE
    from sim.results.metrics import totals
    from sim.results.virtual import MOMENTS
    options = {"moments": MOMENTS}
except ImportError:
    from sim.strategies import CATALOGUE
    options = {}
name, seed, number = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
office = load("office")
run(office, CATALOGUE[name], 0, seed=seed, **options)
for replication in range(number):
    began = time.process_time()
    found = run(office, CATALOGUE[name], replication, seed=seed, **options)
    spent = time.process_time() - began
    if options:
        of = totals([found], "exposure", ["deactivation"])
        top, bottom = of.tops[0], of.bottoms[0]
    else:
        windows = found.cases.exposure_s[found.cases.cause == 0]
        top, bottom = float(windows.sum()), len(windows)
    print(json.dumps([spent, top, bottom]))
"""


@dataclass
class Spent:
    """Of one build under one strategy: CPU s, sums of windows and their numbers, a replication each."""

    cpu_s: list[float] = field(default_factory=list)
    tops: list[float] = field(default_factory=list)
    bottoms: list[float] = field(default_factory=list)

    @property
    def mean_s(self) -> float:
        """The mean window."""
        return math.fsum(self.tops) / math.fsum(self.bottoms)

    @property
    def variance(self) -> float:
        """Of the mean of one replication."""
        mean_s, size = self.mean_s, math.fsum(self.bottoms) / len(self.bottoms)
        pairs = zip(self.tops, self.bottoms, strict=True)
        squares = math.fsum((top - mean_s * bottom) ** 2 for top, bottom in pairs)
        return squares / (len(self.tops) - 1) / size**2

    @property
    def price(self) -> float:
        """Variance x CPU of one replication."""
        return self.variance * min(self.cpu_s)


def measure(before: Path, ours: Path, names: Sequence[str], replications: int) -> Iterator[str]:
    """A row of the table a strategy."""
    for name in names:
        found = {before: Spent(), ours: Spent()}
        for block in range(math.ceil(replications / BLOCK)):
            for tree, spent in found.items():
                for cpu_s, top, bottom in _block(tree, name, 1000 + block):
                    spent.cpu_s.append(cpu_s)
                    spent.tops.append(top)
                    spent.bottoms.append(bottom)
        if min(found[before].mean_s, found[ours].mean_s) > 0:
            yield _row(name, found[before], found[ours])


def _block(tree: Path, name: str, seed: int) -> Iterator[list[float]]:
    command = [sys.executable, "-c", _CHILD, name, str(seed), str(BLOCK)]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, check=True
    )
    yield from map(json.loads, done.stdout.splitlines())


def bounded() -> list[str]:
    """The strategies of the catalogue whose settings bound the window: the four of the first target, then the others."""
    from sim.coverage import pair_bound_s
    from sim.model.causes import Cause
    from sim.model.strategies import CATALOGUE
    from sim.scenario import load

    office = load("office")
    ends = [
        name
        for name, strategy in CATALOGUE.items()
        if math.isfinite(pair_bound_s(office, strategy, Cause.DEACTIVATION))
    ]
    return sorted(ends, key=lambda name: name not in TARGETS)


def _row(name: str, before: Spent, now: Spent) -> str:
    def half(spent: Spent) -> str:
        error = 1.96 * math.sqrt(spent.variance / len(spent.tops))
        return f"{spent.mean_s:.4g} +- {error / spent.mean_s:.2%}"

    ratio, target = before.price / now.price, TARGETS.get(name, OTHERS)
    cells = [
        name,
        half(before),
        half(now),
        f"{1e3 * min(before.cpu_s):.1f}",
        f"{1e3 * min(now.cpu_s):.1f}",
        f"{before.variance / now.variance:.0f}",
        f"**{ratio:.0f}**" + ("" if ratio >= target else f" (target {target})"),
    ]
    return f"| {' | '.join(cells)} |"


HEAD = """| strategy | mean before, s | mean now, s | CPU before, ms | CPU now, ms | variance, times less | variance x CPU, times less |
|---|---|---|---|---|---|---|"""


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--before", type=Path, metavar="FOLDER")
    parser.add_argument("--replications", type=int, default=100, metavar="N")
    parser.add_argument("--strategy", action="append", metavar="NAME")
    asked = parser.parse_args()
    here = Path(__file__).parent
    lines = ["# Virtual cases: mean exposure after a deactivation, office", "", HEAD]
    print(HEAD)
    with the_build_before(asked.before) as before:
        for row in measure(before, here.parent, asked.strategy or bounded(), asked.replications):
            print(row, flush=True)
            lines.append(row)
    said = f"{math.ceil(asked.replications / BLOCK) * BLOCK} replications, a seed for each {BLOCK} of them."
    (here / "virtual.md").write_text("\n".join([*lines, "", said, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()

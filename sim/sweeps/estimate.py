"""How long a sweep will take and how much disk it needs, from a measured sample of its cells."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from sim.sweeps.cells import Item, Study, figures_of, opened, run_item
from sim.sweeps.plan import Cell, Plan
from sim.sweeps.rows import packed, table_of

if TYPE_CHECKING:
    from sim.engine.recording import Run

_MOST_SAMPLES = 16


@dataclass(frozen=True)
class Estimate:
    """Of a whole sweep; times in seconds, of one worker."""

    cells: int
    files: int
    replications: int
    sampled: int
    worker_s: float
    bytes: int


def estimate(plan: Plan) -> Estimate:
    """Run one replication of the first and the last cell of each strategy (16 cells at most), here, and extrapolate."""
    seconds: dict[str, list[float]] = {}
    sizes = []
    for cell in islice(_samples(plan), 1):
        run_item(
            Study(plan), Item(cell, 0, 1, False)
        )  # the first run of a process loads or compiles
    for cell in _samples(plan):
        outcome = run_item(Study(plan), Item(cell, 0, 1, False))
        if outcome.runs is None:
            continue
        seconds.setdefault(cell.strategy, []).append(outcome.seconds)
        sizes.append(_file_bytes(plan, cell, outcome.runs * min(2, plan.replications)))
    known = [s for one in seconds.values() for s in one]
    usual_s = sum(known) / len(known) if known else 0.0
    total_s = sum(
        len(group.points) * plan.replications * sum(mine) / len(mine)
        if (mine := seconds.get(group.strategy))
        else len(group.points) * plan.replications * usual_s
        for group in plan.groups
    )
    size = len(plan) * sum(sizes) / len(sizes) if sizes else 0.0
    files = -(-len(plan) // plan.cells_a_part)
    return Estimate(
        len(plan), files, len(plan) * plan.replications, len(sizes), total_s, round(size)
    )


def _samples(plan: Plan) -> Iterator[Cell]:
    ends, start = [], 0
    for group in plan.groups:
        ends += sorted({start, start + len(group.points) - 1})
        start += len(group.points)
    step = max(1, -(-len(ends) // _MOST_SAMPLES))
    return map(plan.cell, ends[::step])


def _file_bytes(plan: Plan, cell: Cell, runs: "list[Run]") -> float:
    """What a cell takes in a file of the size that the plan's files have."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    scenario, strategy = opened(plan, cell)
    rows = packed(scenario, strategy, len(runs), figures_of(scenario, strategy, runs))
    number = min(8, plan.cells_a_part)
    sink = pa.BufferOutputStream()
    pq.write_table(table_of(plan, [(cell, rows)] * number), sink, compression="zstd")
    return float(sink.tell() / number)

"""One cell, wherever it runs: the scenario with its changes, its replications, its rows.

This module is all that a worker needs; it gets one pickled `Study` and a few cells at a time.
"""

import pickle
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from sim.provenance import code_digest
from sim.scenario import Scenario, with_changes
from sim.strategies import Strategy
from sim.sweeps.plan import Cell, Plan, column_value

if TYPE_CHECKING:
    import pyarrow as pa

    from sim.engine.recording import Run
    from sim.metrics import Figure

_FIGURE_COLUMNS = (
    ("cause", "string"),
    ("of", "string"),
    ("metric", "string"),
    ("statistic", "string"),
    ("unit", "string"),
    ("estimate", "double"),
    ("low", "double"),
    ("high", "double"),
    ("n", "int64"),
    ("theory", "double"),
)


@dataclass(frozen=True)
class Study:
    """What all cells of a plan have in common."""

    plan: Plan
    engine: str = "compiled"


@dataclass(frozen=True)
class Item:
    """A cell, or a block of its replications where a whole cell would take too long for one task."""

    cell: Cell
    first: int
    number: int
    whole: bool


@dataclass(frozen=True)
class Outcome:
    """What came of an item: the rows of a whole cell (an Arrow stream), the runs of a block, or why it failed."""

    item: Item
    seconds: float
    rows: bytes | None = None
    runs: "list[Run] | None" = None
    error: str | None = None


class OtherVersion(RuntimeError):
    """A worker runs another version of this program; its results must not be mixed in."""


def run_items(study: bytes, items: Sequence[Item]) -> bytes:
    """Run items one after the other; an item that raises harms no other. Returns the outcomes, pickled.

    Pickled here, because executors differ in how they pickle (by value, what they cannot find by name).
    """
    shared = _open(study)
    return pickle.dumps([run_item(shared, item) for item in items])


@lru_cache(maxsize=2)
def _open(study: bytes) -> Study:
    shared: Study = pickle.loads(study)
    if shared.plan.code != code_digest():
        raise OtherVersion("a worker runs another version of sim than the driver")
    return shared


def run_item(study: Study, item: Item) -> Outcome:
    """Run one item here."""
    started = time.perf_counter()
    try:
        scenario, strategy = opened(study.plan, item.cell)
        if item.whole and study.plan.adaptive:
            runs, found = _compared(study, scenario, strategy)
        else:
            runs = [
                _simulate(study, scenario, strategy, replication)
                for replication in range(item.first, item.first + item.number)
            ]
            found = figures_of(scenario, strategy, runs) if item.whole else []
        rows = (
            to_stream(rows_of(study.plan, item.cell, scenario, len(runs), found))
            if item.whole
            else None
        )
    except Exception as error:
        return Outcome(item, time.perf_counter() - started, error=_described(error))
    return Outcome(item, time.perf_counter() - started, rows, None if item.whole else runs)


def _compared(
    study: Study, scenario: Scenario, strategy: Strategy
) -> "tuple[list[Run], list[Figure]]":
    """A cell that decides itself how long to run, or what to cut: as `compare` does for this strategy alone."""
    from sim.experiment import compare

    plan = study.plan
    compared = compare(
        scenario,
        [strategy],
        replications=None if plan.precise else plan.replications,
        seed=plan.seed,
        engine=study.engine,
    )
    return compared.runs[strategy.name], compared.figures


def figures_of(scenario: Scenario, strategy: Strategy, runs: "Sequence[Run]") -> "list[Figure]":
    """The figures of a cell, closed forms beside them."""
    from sim.applicability import with_theory
    from sim.metrics import figures

    return with_theory(scenario, strategy, figures(strategy.name, runs))


def _simulate(study: Study, scenario: Scenario, strategy: Strategy, replication: int) -> "Run":
    from sim.engine import run

    return run(scenario, strategy, replication, seed=study.plan.seed, engine=study.engine)


def opened(plan: Plan, cell: Cell) -> tuple[Scenario, Strategy]:
    """The scenario of a cell and its strategy (one given from outside the scenario stays as it is).

    Raises ScenarioError where the cell's values do not fit together.
    """
    scenario = with_changes(plan.scenario, cell.changes) if cell.changes else plan.scenario
    return scenario, scenario.strategies.get(cell.strategy, plan.strategies[cell.strategy])


def _described(error: Exception) -> str:
    """One line that says what and where, for a list of failures."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno})" if frames else ""
    lines = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:300]}{place}"


# -- rows ---------------------------------------------------------------------------------------


def schema_of(plan: Plan) -> "pa.Schema":
    """The columns of the results, in order; documented in docs/results.md."""
    import pyarrow as pa

    columns = [("cell", "string"), ("scenario_id", "string"), *plan.paths.items()]
    columns += [("strategy", "string"), ("replications", "int64"), ("seed", "int64")]
    columns += [("version", "string"), *_FIGURE_COLUMNS]
    return pa.schema([(name, pa.type_for_alias(alias)) for name, alias in columns])


def rows_of(
    plan: Plan, cell: Cell, scenario: Scenario, replications: int, figures: "Sequence[Figure]"
) -> "pa.Table":
    """The figures of a cell and its bounds as rows; they depend on the plan and the cell only."""
    import pyarrow as pa

    from sim import __version__
    from sim.coverage import coverage

    strategy = scenario.strategies.get(cell.strategy, plan.strategies[cell.strategy])
    found = [[getattr(f, name) for name, _ in _FIGURE_COLUMNS] for f in figures]
    found += [
        [c.cause, c.of, "bound", "max", "s", c.bound_s, None, None, 0, None]
        for c in coverage(scenario, {cell.strategy: strategy})
    ]
    constants = {
        "cell": plan.key(cell),
        "scenario_id": scenario.id,
        **{
            path: column_value(cell.changes[path], column) if path in cell.changes else None
            for path, column in plan.paths.items()
        },
        "strategy": cell.strategy,
        "replications": replications,
        "seed": plan.seed,
        "version": __version__,
    }
    schema = schema_of(plan)
    columns = [
        pa.repeat(pa.scalar(v, schema.field(k).type), len(found)) for k, v in constants.items()
    ]
    columns += [
        pa.array(values, schema.field(name).type)
        for (name, _), values in zip(_FIGURE_COLUMNS, zip(*found, strict=True), strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def to_stream(table: "pa.Table") -> bytes:
    """A table as a compressed Arrow stream."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(
        sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")
    ) as w:
        w.write_table(table)
    return bytes(sink.getvalue())


def from_stream(data: bytes) -> "pa.Table":
    """The table of an Arrow stream."""
    import pyarrow as pa

    with pa.ipc.open_stream(data) as reader:
        return reader.read_all()

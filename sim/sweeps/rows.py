"""The rows of a cell: as JSON on their way from a worker and in the journal, as columns in a file of results.

A worker sends what the plan does not know: the scenario's id, the replications and the figures. The driver adds the rest
when it writes a file, so a worker needs neither Arrow nor pandas, and columns are made once a file, not once a cell.
"""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sim.coverage import coverage
from sim.model.strategies import Strategy
from sim.scenario import Scenario
from sim.sweeps.plan import Cell, Plan, column_value

if TYPE_CHECKING:
    import pyarrow as pa

    from sim.results.metrics import Figure

_OF_PLAN = {"strategy": "string", "replications": "int64", "seed": "int64", "version": "string"}
_OF_FIGURE = {
    "cause": "string", "of": "string", "metric": "string", "statistic": "string", "unit": "string",
    "estimate": "double", "low": "double", "high": "double", "n": "int64", "theory": "double",
    "estimator": "string",
}  # fmt: skip


def packed(
    scenario: Scenario, strategy: Strategy, replications: int, figures: "Sequence[Figure]"
) -> bytes:
    """The figures of a cell and its bounds."""
    rows = [[getattr(figure, name) for name in _OF_FIGURE] for figure in figures]
    rows += [
        [c.cause, c.of, "bound", "max", "s", c.bound_s, None, None, 0, None, "settings"]
        for c in coverage(scenario, {strategy.name: strategy})
    ]
    return _packed(scenario.id, replications, rows)


def _packed(scenario_id: str, replications: int, rows: list[list[Any]]) -> bytes:
    # Python writes a float so that it is read back to the bit
    return json.dumps([scenario_id, replications, rows], separators=(",", ":")).encode()


def columns_of(plan: Plan) -> dict[str, str]:
    """The columns of the results and their types, in order; documented in docs/results.md."""
    return {"cell": "string", "scenario_id": "string", **plan.paths, **_OF_PLAN, **_OF_FIGURE}


def table_of(plan: Plan, cells: Sequence[tuple[Cell, bytes]]) -> "pa.Table":
    """The rows of some cells under the plan's columns; they depend on the plan and the cells only."""
    import pyarrow as pa

    from sim import __version__

    columns: dict[str, list[Any]] = {name: [] for name in columns_of(plan)}
    for cell, data in cells:
        scenario_id, replications, rows = json.loads(data)
        constants = {
            "cell": plan.key(cell),
            "scenario_id": scenario_id,
            **dict.fromkeys(plan.paths),
            **{path: column_value(v, plan.paths[path]) for path, v in cell.changes.items()},
            "strategy": cell.strategy,
            "replications": replications,
            "seed": plan.seed,
            "version": __version__,
        }
        for name, value in constants.items():
            columns[name] += [value] * len(rows)
        for name, values in zip(_OF_FIGURE, zip(*rows, strict=True), strict=True):
            columns[name] += values
    schema = pa.schema([(n, pa.type_for_alias(alias)) for n, alias in columns_of(plan).items()])
    return pa.table(columns, schema=schema)


def is_rows(data: bytes) -> bool:
    """Whether bytes are the rows of a cell, as a worker sends them; what a damaged journal holds may be anything."""
    try:
        scenario_id, replications, rows = json.loads(data)
    except (ValueError, TypeError, RecursionError):
        return False
    if type(scenario_id) is not str or type(replications) is not int or type(rows) is not list:
        return False
    return all(type(row) is list and len(row) == len(_OF_FIGURE) for row in rows)


def unpacked_parts(table: "pa.Table") -> Iterator[tuple[str, bytes]]:
    """The cells in a table of results: (key, rows as a worker sends them)."""
    frame = {
        name: table.column(name).to_pylist() for name in ("cell", "scenario_id", "replications")
    }
    figures = list(zip(*(table.column(name).to_pylist() for name in _OF_FIGURE), strict=True))
    keys, start = frame["cell"], 0
    for end in range(1, len(keys) + 1):
        if end == len(keys) or keys[end] != keys[start]:
            rows = [list(row) for row in figures[start:end]]
            yield (
                keys[start],
                _packed(frame["scenario_id"][start], frame["replications"][start], rows),
            )
            start = end

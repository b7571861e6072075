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

from sim.model.strategies import Strategy
from sim.scenario import Scenario, with_changes
from sim.sweeps.executors import require_version
from sim.sweeps.plan import Cell, Plan
from sim.sweeps.rows import packed

if TYPE_CHECKING:
    from sim.engine.recording import Run
    from sim.results.metrics import Figure


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
    """What came of an item: the rows of a whole cell (packed), the runs of a block, or why it failed."""

    item: Item
    seconds: float
    rows: bytes | None = None
    runs: "list[Run] | None" = None
    error: str | None = None


def run_items(study: bytes, items: Sequence[Item]) -> bytes:
    """Run items one after the other; an item that raises harms no other. Returns the outcomes, pickled.

    Pickled here, because executors differ in how they pickle (by value, what they cannot find by name).
    """
    shared = _open(study)
    return pickle.dumps([run_item(shared, item) for item in items])


@lru_cache(maxsize=2)
def _open(study: bytes) -> Study:
    shared: Study = pickle.loads(study)
    require_version(shared.plan.code)
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
        rows = packed(scenario, strategy, len(runs), found) if item.whole else None
    except Exception as error:
        return Outcome(item, time.perf_counter() - started, error=_described(error))
    return Outcome(item, time.perf_counter() - started, rows, None if item.whole else runs)


def _compared(
    study: Study, scenario: Scenario, strategy: Strategy
) -> "tuple[list[Run], list[Figure]]":
    """A cell that decides itself how long to run, or what to cut: as `compare` does for this strategy alone."""
    from sim.results.experiment import compare

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
    from sim.results.applicability import with_theory
    from sim.results.metrics import figures

    return with_theory(scenario, strategy, figures(strategy.name, runs))


def _simulate(study: Study, scenario: Scenario, strategy: Strategy, replication: int) -> "Run":
    from sim.engine import run
    from sim.results.virtual import MOMENTS

    seed, engine = study.plan.seed, study.engine
    return run(scenario, strategy, replication, seed=seed, moments=MOMENTS, engine=engine)


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

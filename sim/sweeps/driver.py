"""The driver: gives cells to workers in tasks of about a second, keeps what comes back, and survives what does not.

Only the driver writes. The order in which cells finish decides nothing: blocks of replications are put together in
their order, and parts hold fixed cells.
"""

import json
import pickle
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    wait,
)
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.engine import engine_for, prepare
from sim.model.strategies import Strategy
from sim.scenario import Scenario
from sim.sweeps.cells import Item, Outcome, Study, figures_of, opened, run_items
from sim.sweeps.executors import LOST, Given, Pool, died, make_pool, said_of_cluster
from sim.sweeps.ledger import RESULTS, Ledger
from sim.sweeps.plan import Cell, Plan, make_plan
from sim.sweeps.progress import Progress
from sim.sweeps.rows import packed

if TYPE_CHECKING:
    import pandas as pd

    from sim.engine.recording import Run

TASK_S = 1.0  # what a task should take: dear enough to send, cheap enough to lose
LONG_CELL_S = 2.0  # from here on the replications of a cell are spread over tasks
_MOST_ITEMS = 200
_IN_FLIGHT = 2  # tasks for each slot: one runs, one waits


@dataclass
class Sweep:
    """A folder of results. `failures` names the cells that failed, and why."""

    folder: Path
    plan: Plan
    skipped: int
    ran: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        there = (
            f"{self.ran:,} cells run, {self.skipped:,} there already, {len(self.failures):,} failed"
        )
        return f"<sweep in {self.folder}: {there}, of {len(self.plan):,}>"

    def frame(self) -> "pd.DataFrame":
        """All results so far as one tidy table; columns: docs/results.md. Raises ValueError where a part is damaged."""
        import pandas as pd

        parts = sorted((self.folder / RESULTS).glob("part-*.parquet"))
        try:
            return (
                pd.concat(map(pd.read_parquet, parts), ignore_index=True)
                if parts
                else pd.DataFrame()
            )
        except (OSError, ValueError) as error:
            raise ValueError(f"{self.folder}: cannot be read as a sweep: {error}") from None


def sweep(
    scenario: Scenario,
    folder: str | Path,
    strategies: Sequence[Strategy] | None = None,
    *,
    vary: Mapping[str, Sequence[Any]] | None = None,
    method: Any = None,
    replications: int | None = None,
    seed: int | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    executor: Executor | None = None,
    engine: str = "compiled",
    progress: str | Progress = "auto",
) -> Sweep:
    """Run the scenario's `[sweep]` (or `vary`: {path: values}) into a folder; go on where an earlier run stopped.

    `workers` local processes (default: the cores here), the Dask cluster at the address `cluster`, or an `executor` of
    yours. The bytes of the results depend on the plan and the version only. Raises ScenarioError, FolderInUse,
    NotASweep, OSError; a cell that fails stops nothing and is named in `failures`.
    """
    plan = make_plan(
        scenario, strategies, vary=vary, method=method, replications=replications, seed=seed
    )
    plan = replace(plan, virtual=engine != "reference")
    shown = progress if isinstance(progress, Progress) else Progress(progress)
    with Ledger(Path(folder), plan) as ledger, shown:
        result = Sweep(ledger.folder, plan, skipped=len(ledger.done), damaged=ledger.damaged)
        for name in ledger.damaged:
            shown.say(f"{name} is damaged: set aside, its cells run again")
        shown.start(len(plan), result.skipped)
        if result.skipped < len(plan):
            if cluster is None:
                prepare(plan.strategies.values(), engine)
            pool = Given(executor) if executor is not None else make_pool(workers, cluster)
            _Driver(Study(plan, engine), ledger, pool, shown, result).run()
        else:
            _write_manifest(result, "complete", engine)
    return result


def _write_manifest(result: Sweep, state: str, engine: str) -> None:
    """What it takes to make the results again, and how far they are; the only file with a clock in it."""
    from sim.results.provenance import provenance
    from sim.results.store import write_atomically
    from sim.scenario.parameters import parameters

    plan = result.plan
    document = {
        "scenario": {
            "title": plan.scenario.title,
            "id": plan.scenario.id,
            "path": plan.scenario.path,
        },
        "resolved": plan.scenario.resolved(),
        "parameters": [asdict(p) for p in parameters(plan.scenario) if p.key not in plan.paths],
        "plan": plan.id,
        "method": plan.method,
        "paths": plan.paths,
        "strategies": list(plan.strategies),
        "engines": {name: engine_for(s, engine) for name, s in plan.strategies.items()},
        "seed": plan.seed,
        "replications": plan.replications,
        "cells": len(plan),
        "done": result.skipped + result.ran,
        "failures": result.failures,
        "state": state,
        **provenance(),
        "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    text = json.dumps(document, indent=2, sort_keys=True, default=str) + "\n"
    write_atomically(result.folder / "manifest.json", lambda path: _text(path, text))


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _error_of(future: "Future[Any]") -> BaseException | None:
    try:
        error = future.exception()
    except CancelledError as cancelled:
        error = cancelled
    lost = error is not None and said_of_cluster(error) == LOST
    return ConnectionError(LOST) if lost else error


class _Driver:
    def __init__(self, study: Study, ledger: Ledger, pool: Pool, shown: Progress, result: Sweep):
        self._plan, self._ledger, self._pool = study.plan, ledger, pool
        self._engine = study.engine
        self._shown, self._result = shown, result
        self._study = pickle.dumps(study)
        self._seconds: dict[str, float] = {}  # strategy -> of one replication, measured
        self._blocks: dict[int, dict[int, list[Run]]] = {}  # cell -> first replication -> runs
        self._flying: dict[Future[bytes], list[Item]] = {}
        self._suspects: deque[Item] = deque()
        self._failed: set[int] = set()

    def run(self) -> None:
        _write_manifest(self._result, "running", self._engine)
        state = "interrupted"
        try:
            self._work()
            self._ledger.flush()
            state = "failures" if self._result.failures else "complete"
        finally:
            self._pool.close(now=state == "interrupted")
            try:
                _write_manifest(self._result, state, self._engine)
            except OSError:
                if state != "interrupted":
                    raise

    def _work(self) -> None:
        tasks = self._tasks()
        more = True
        while more or self._flying:
            while more and len(self._flying) < _IN_FLIGHT * max(1, self._pool.slots):
                task = next(tasks, None)
                if task is None:
                    more = False
                else:
                    self._submit(task)
            if self._flying:
                self._collect()
            if self._suspects:
                self._settle()

    def _submit(self, items: list[Item]) -> None:
        try:
            future = self._pool.submit(run_items, self._study, items)
        except BrokenExecutor:  # it broke since the last look; these items have not begun
            self._after_a_crash()
            future = self._pool.submit(run_items, self._study, items)
        self._flying[future] = items

    # -- giving out -----------------------------------------------------------------------------

    def _tasks(self) -> Iterator[list[Item]]:
        """Missing cells in tasks of about a second, by what replications have taken so far."""
        task: list[Item] = []
        expected_s = 0.0
        for item in self._items():
            task.append(item)
            expected_s += self._seconds.get(item.cell.strategy, TASK_S) * item.number
            if expected_s >= TASK_S or len(task) >= _MOST_ITEMS:
                yield task
                task, expected_s = [], 0.0
        if task:
            yield task

    def _items(self) -> Iterator[Item]:
        for index in range(len(self._plan)):
            if index not in self._ledger.done:
                yield from self._items_of(self._plan.cell(index))

    def _items_of(self, cell: Cell) -> Iterator[Item]:
        """The cell as a whole, or its replications in blocks (one by one until a time is known)."""
        every, first = self._plan.replications, 0
        if self._plan.adaptive:
            yield Item(cell, 0, every, True)
            return
        while first < every:
            if cell.index in self._failed:
                return
            one_s = self._seconds.get(cell.strategy)
            number = 1 if one_s is None else max(1, int(TASK_S / max(one_s, 1e-9)))
            if first == 0 and one_s is not None and one_s * every <= LONG_CELL_S:
                number = every
            number = min(number, every - first)
            yield Item(cell, first, number, number == every)
            first += number

    # -- taking in ------------------------------------------------------------------------------

    def _collect(self) -> None:
        """Wait for a task; what its worker's death took with it becomes suspect."""
        finished, _ = wait(self._flying, return_when=FIRST_COMPLETED)
        crashed = False
        for future in finished:
            items = self._flying.pop(future)
            crashed |= not self._take(future, items)
        if crashed:
            self._after_a_crash()
        self._show_progress()

    def _take(self, future: "Future[bytes]", items: list[Item]) -> bool:
        """Keep a task's outcomes; False if its worker died."""
        error = _error_of(future)
        if error is None:
            for outcome in pickle.loads(future.result()):
                self._keep(outcome)
            return True
        if not died(error):
            raise error
        self._suspects.extend(items)
        return False

    def _after_a_crash(self) -> None:
        """Local processes all end with the one that died: take what had finished, suspect the rest, begin anew."""
        if self._pool.restarts:
            wait(self._flying)
            for future, items in self._flying.items():
                self._take(future, items)
            self._flying.clear()
        self._pool.restart()

    def _settle(self) -> None:
        """Run suspects one at a time with nothing beside them, so that a cell that kills its worker is named."""
        if self._pool.restarts:
            while self._flying:
                self._collect()
        while self._suspects:
            self._alone(self._suspects.popleft())
            self._show_progress()

    def _alone(self, item: Item) -> None:
        if item.cell.index in self._failed:
            return
        for _ in range(self._pool.attempts):
            future = self._pool.submit(run_items, self._study, [item])
            error = _error_of(future)
            if error is None:
                return self._keep(pickle.loads(future.result())[0])
            if not died(error):
                raise error
            self._pool.restart()
        self._fail(item.cell, f"killed the worker that ran it, {self._pool.attempts_text}")

    def _keep(self, outcome: Outcome) -> None:
        item = outcome.item
        if outcome.error is not None:
            return self._fail(item.cell, outcome.error)
        one_s = outcome.seconds / item.number
        before_s = self._seconds.get(item.cell.strategy, one_s)
        self._seconds[item.cell.strategy] = 0.5 * (before_s + one_s)
        if outcome.rows is not None:
            self._finish(item.cell, outcome.rows)
        elif outcome.runs is not None and item.cell.index not in self._failed:
            self._put_together(item, outcome.runs)

    def _put_together(self, item: Item, runs: "list[Run]") -> None:
        blocks = self._blocks.setdefault(item.cell.index, {})
        blocks[item.first] = runs
        if sum(map(len, blocks.values())) < self._plan.replications:
            return
        del self._blocks[item.cell.index]
        ordered = [run for first in sorted(blocks) for run in blocks[first]]
        scenario, strategy = opened(self._plan, item.cell)
        found = figures_of(scenario, strategy, ordered)
        self._finish(item.cell, packed(scenario, strategy, len(ordered), found))

    def _finish(self, cell: Cell, rows: bytes) -> None:
        self._ledger.add(cell.index, rows)
        self._result.ran += 1

    def _fail(self, cell: Cell, why: str) -> None:
        self._blocks.pop(cell.index, None)
        if cell.index not in self._failed:
            self._failed.add(cell.index)
            self._result.failures[str(cell)] = why
            self._shown.say(f"failed: {cell}: {why}")

    def _show_progress(self) -> None:
        under_way = sum(len(runs) for blocks in self._blocks.values() for runs in blocks.values())
        done = self._result.skipped + self._result.ran + under_way / self._plan.replications
        self._shown.update(done, len(self._failed))

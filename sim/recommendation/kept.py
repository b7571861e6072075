"""Worlds that are simulated once: side by side on a pool, remembered, and kept in a folder across interruptions."""

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future, as_completed
from contextlib import suppress
from pathlib import Path
from typing import Any

from sim.recommendation.worlds import Decision, Judge
from sim.results.provenance import code_digest
from sim.scenario import ScenarioError
from sim.sweeps.executors import Pool
from sim.sweeps.journal import Journal, locked

JOURNAL = "sensitivity.worlds"


def decided(judge: Judge, changes: Mapping[str, Any], *progress: Any) -> Decision | None:
    """In a worker: the decision in a world, None where the scenario cannot hold such values."""
    try:
        return judge.decide(changes, *progress)
    except (ValueError, ScenarioError):
        return None


def measured(judge: Judge, changes: Mapping[str, Any], *progress: Any) -> Decision | None:
    """In a worker: the goals of the recommended setting alone."""
    try:
        return Decision(None, judge.ratios(changes, *progress))
    except (ValueError, ScenarioError):
        return None


class Worlds:
    """Decisions in changed worlds. With a `folder`, those that were finished before are there at once.

    Raises FolderInUse where somebody else writes into the folder, OSError.
    """

    def __init__(
        self,
        judge: Judge,
        pool: Pool,
        report: Callable[[float, int], None] | None = None,
        folder: Path | None = None,
    ):
        self._pool, self._report = pool, report
        self._done = self._expected = 0
        self._closed = False
        self._known: dict[str, Decision | None] = {}
        self._journal: Journal | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = locked(folder)
            self._journal = Journal(folder / JOURNAL)
        try:
            self.judge = pool.submit(judge.prepared, *self._hears()).result()
            self._study = _study_key(self.judge)
            self._take_over()
        except BaseException:
            self.close()
            raise
        ranks = {
            place: tried.rank
            for place, tried in enumerate(self.judge.base)
            if self.judge.meets(place, tried.ratios)
        }
        best = self.judge.preferred(ranks)
        self.base = Decision(
            None if best is None else self.judge.label(best), self.judge.base[0].ratios
        )

    def close(self) -> None:
        """Let what is running end; give the folder up."""
        self._closed = True
        if self._journal is not None:
            self._journal.close(remove=False)
            self._lock.close()
            self._journal = None

    def expect(self, worlds: int) -> None:
        """So many more will be asked for."""
        self._expected += worlds

    def decide(self, worlds: Sequence[Mapping[str, Any]]) -> list[Decision | None]:
        """The decisions in worlds with these values, in order; None where the scenario cannot hold them."""
        return self._all("decided", decided, worlds)

    def ratios(self, worlds: Sequence[Mapping[str, Any]]) -> list[tuple[float, ...]]:
        """The goals of the recommended setting in each world, over their limits."""
        nothing = (math.nan,) * len(self.judge.goals)
        found = self._all("measured", measured, worlds)
        return [nothing if one is None else one.ratios for one in found]

    def _all(
        self, kind: str, function: Any, worlds: Sequence[Mapping[str, Any]]
    ) -> list[Decision | None]:
        keys = [self._key(kind, changes) for changes in worlds]
        wanted = {
            key: changes
            for key, changes in zip(keys, worlds, strict=True)
            if key not in self._known
        }
        futures: dict[Future[Decision | None], str] = {
            self._pool.submit(function, self.judge, changes, *self._hears()): key
            for key, changes in wanted.items()
        }
        self._tell(len(worlds) - len(futures))
        for future in as_completed(futures):
            self._keep(futures[future], future.result())
            self._tell(1)
        return [self._known[key] for key in keys]

    def _hears(self) -> tuple[Any, ...]:
        return (self._go_on,) if self._pool.shares_memory else ()

    def _go_on(self, share: float) -> None:
        if self._closed:
            raise CancelledError

    def _tell(self, worlds: int) -> None:
        self._done += worlds
        self._expected = max(self._expected, self._done)
        if self._report and self._done:
            self._report(float(self._done), self._expected)

    # -- the folder -----------------------------------------------------------------------------

    def _key(self, kind: str, changes: Mapping[str, Any]) -> str:
        text = json.dumps([self._study, kind, changes], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _keep(self, key: str, decision: Decision | None) -> None:
        self._known[key] = decision
        if self._journal is not None:
            row = None if decision is None else [decision.best, decision.ratios]
            self._journal.append(key, json.dumps(row).encode())

    def _take_over(self) -> None:
        if self._journal is None:
            return
        for key, place in list(self._journal.places()):
            with suppress(
                ValueError, TypeError, IndexError, RecursionError
            ):  # what is damaged is worked out again
                row = json.loads(self._journal.read(place))
                self._known[key] = None if row is None else Decision(row[0], tuple(row[1]))


def _study_key(judge: Judge) -> str:
    """What a world's decision rests on beside its changes."""
    rests_on = [
        judge.scenario.id, code_digest(), judge.settings, [(g.key, g.limit) for g in judge.goals], judge.prefer,
        judge.seed, judge.replications, judge.engine, judge.by,
        {name: strategy.model_dump_json() for name, strategy in judge.given.items()},
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(rests_on, sort_keys=True).encode()).hexdigest()

"""The process behind one page: simulates what its controls ask for, more and more replications, the last wish first.

Lines of JSON in and out: `{"job": 3, "changes": {...}}` comes in; a document of figures goes out after each stage. It
ends with its input. What was simulated is kept, so that a change runs only the strategies that it concerns.
"""

import json
import sys
import threading
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from sim.basics.machine import cores
from sim.coverage import coverage
from sim.engine import engine_for, run
from sim.engine.limits import TooMuch
from sim.engine.recording import Run
from sim.explore.changes import changed, mine
from sim.explore.points import of_study
from sim.explore.screening import matters_most
from sim.model.strategies import Strategy
from sim.results.applicability import with_theory
from sim.results.experiment import Comparison
from sim.results.metrics import figures
from sim.results.study import study_of
from sim.results.virtual import MOMENTS
from sim.scenario import Scenario, ScenarioError, load
from sim.verdict import verdict_of
from sim.verdict.html import verdict_html

MOST_KEPT = 3000  # runs
LEAST_STAGES = (1, 2, 4, 8, 16)


class Superseded(Exception):
    """A newer wish has come."""


@dataclass
class Wishes:
    """What the page asked for last; `None` when it is gone."""

    job: int = 0
    changes: dict[str, Any] = field(default_factory=dict)
    gone: bool = False
    news: threading.Condition = field(default_factory=threading.Condition)

    def read(self) -> None:
        """Take in what comes until the input ends."""
        for line in sys.stdin:
            wish = json.loads(line)
            with self.news:
                self.job, self.changes = int(wish["job"]), dict(wish["changes"])
                self.news.notify_all()
        with self.news:
            self.gone = True
            self.news.notify_all()

    def after(self, job: int) -> tuple[int, dict[str, Any]] | None:
        """Wait for a newer wish; None when the page is gone."""
        with self.news:
            self.news.wait_for(lambda: self.gone or self.job != job)
            return None if self.gone else (self.job, self.changes)


class Explorer:
    """Answers wishes about one scenario."""

    def __init__(self, scenario: Scenario, wishes: Wishes, say: Any):
        self._scenario, self._wishes, self._say = scenario, wishes, say
        self._kept: OrderedDict[Any, dict[int, Run]] = OrderedDict()
        self._pool = ThreadPoolExecutor(cores())

    def answer(self, job: int, changes: Mapping[str, Any]) -> None:
        """All stages of a wish, each said as soon as it is there. Raises Superseded."""
        try:
            scenario = changed(self._scenario, changes)
            most = _stages(scenario)[-1]
            for stage in _stages(scenario):
                runs = self._runs(job, scenario, changes, stage)
                document = _document(scenario, runs, stage)
                self._say({"job": job, "stage": stage, "most": most, "done": stage == most, **document})  # fmt: skip
        except (ScenarioError, TooMuch, ValueError, MemoryError) as error:
            self._say({"job": job, "error": _said(error), "done": True})

    def screen(self, job: int) -> None:
        """Which numbers matter most, said once. Raises Superseded."""
        found = matters_most(self._scenario, self._go_on(job), self._pool)
        self._say({"order": found})

    def _go_on(self, job: int) -> Any:
        def progress(share: float) -> None:
            if self._wishes.gone or self._wishes.job != job:
                raise Superseded

        return progress

    def _runs(
        self, job: int, scenario: Scenario, changes: Mapping[str, Any], number: int
    ) -> dict[str, list[Run]]:
        """The first so many replications of each strategy; those there are not run again."""
        progress, waiting, shelves = self._go_on(job), [], {}
        for name, strategy in scenario.strategies.items():
            shelves[name] = self._shelf(strategy, changes)
        for replication in range(number):
            for name, strategy in scenario.strategies.items():
                if replication not in shelves[name]:
                    task = self._pool.submit(_simulate, scenario, strategy, replication, progress)
                    waiting.append((name, replication, task))
        try:
            for name, replication, task in waiting:
                shelves[name][replication] = task.result()
        finally:
            for *_, task in waiting:
                task.cancel()
        self._forget()
        return {name: [shelf[r] for r in range(number)] for name, shelf in shelves.items()}

    def _shelf(self, strategy: Strategy, changes: Mapping[str, Any]) -> dict[int, Run]:
        key = json.dumps([strategy.name, mine(strategy, changes, changes)])
        self._kept[key] = self._kept.pop(key, {})
        return self._kept[key]

    def _forget(self) -> None:
        while len(self._kept) > 1 and sum(map(len, self._kept.values())) > MOST_KEPT:
            self._kept.popitem(last=False)


def _simulate(scenario: Scenario, strategy: Strategy, replication: int, progress: Any) -> Run:
    progress(0.0)
    engine = engine_for(strategy)
    return run(scenario, strategy, replication, moments=MOMENTS, progress=progress, engine=engine)


def _stages(scenario: Scenario) -> tuple[int, ...]:
    """Replications after which figures are shown: doubled until as many as the scenario asks for."""
    most = max(scenario.run.replications, LEAST_STAGES[-1])
    found = list(LEAST_STAGES)
    while found[-1] * 2 < most:
        found.append(found[-1] * 2)
    return (*[n for n in found if n < most], most)


def _document(scenario: Scenario, runs: dict[str, list[Run]], number: int) -> dict[str, Any]:
    """What the page shows: as of a folder of `compare`, with the verdict's markup."""
    strategies = dict(scenario.strategies)
    comparison = Comparison(
        scenario=scenario,
        strategies=strategies,
        seed=scenario.run.seed,
        replications=number,
        engine="compiled",
        coverage=coverage(scenario, strategies),
        figures=[
            figure
            for name, strategy in strategies.items()
            for figure in with_theory(scenario, strategy, figures(name, runs[name]))
        ],
        runs=runs,
    )
    verdict = verdict_of(comparison, second=False)
    return {"data": of_study(study_of(comparison), verdict), "verdict": verdict_html(verdict)}


def _said(error: Exception) -> str:
    if isinstance(error, ScenarioError):
        return "; ".join(f"{p.key}: {p.message}" if p.key else p.message for p in error.problems[:3])  # fmt: skip
    return str(error) or "there is not memory enough"


def main() -> None:
    """Answer the wishes of one page about the scenario that the first argument names."""
    say_lock = threading.Lock()

    def say(document: dict[str, Any]) -> None:
        with say_lock:
            sys.stdout.write(json.dumps(document, allow_nan=False) + "\n")
            sys.stdout.flush()

    wishes = Wishes()
    threading.Thread(target=wishes.read, daemon=True).start()
    explorer, job, screened = Explorer(load(sys.argv[1]), wishes, say), 0, False
    while (wish := wishes.after(job)) is not None:
        job, changes = wish
        try:
            explorer.answer(job, changes)
            if not screened:
                explorer.screen(job)
                screened = True
        except Superseded:
            continue


if __name__ == "__main__":
    main()

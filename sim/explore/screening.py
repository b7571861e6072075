"""Which numbers of a scenario matter most: each doubled (or halved) alone, on the same draws, in a small copy of the world."""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Any

from sim.basics.statistics import ratio_of_runs
from sim.engine import engine_for, run
from sim.engine.limits import TooMuch
from sim.engine.recording import Run
from sim.explore.changes import changed
from sim.explore.controls import Control, controls_of
from sim.model.causes import CAUSES
from sim.model.concerns import concerns
from sim.model.strategies import Strategy
from sim.results.metrics import totals
from sim.scenario import Scenario, ScenarioError, with_changes

PEOPLE = 150  # as many make a run of some ten milliseconds
FIRST = 10
_STUDY = ("run.", "cases.from", "cases.until", "cases.rollback_window", *(f"cases.{c}" for c in CAUSES), "organisation.people", "organisation.shift")  # fmt: skip
_PRICES = ("auth_overhead", "host_calls", "interruptions")
_NOTHING = (
    1e-6  # figures below are taken as this: from nothing to something is much, not without end
)

Progress = Callable[[float], None]
Figures = tuple[float, ...]


def matters_most(scenario: Scenario, progress: Progress, pool: Executor) -> list[str]:
    """The paths of the controls that move the figures most, the first `FIRST` of them.

    The figures are the mean exposure of each cause and three prices; what a path moves is the sum of the absolute
    logarithms of their ratios, over the strategies that it concerns. What is chosen for the study (seed, horizon,
    people) is left out. `progress` may raise to end it.
    """
    small = _small(scenario)
    strategies = list(small.strategies.values())
    base = dict(zip((s.name for s in strategies), _all(small, strategies, progress, pool), strict=True))  # fmt: skip
    moved: dict[str, float] = {}
    for control in controls_of(small):
        if control.path.startswith(_STUDY) or not control.value:
            continue
        concerned = [s for s in strategies if concerns(control.path, s, ())]
        world = _moved(small, control)
        if world is None or not concerned:
            continue
        again = [world.strategies[s.name] for s in concerned]
        found = _all(world, again, progress, pool)
        moved[control.path] = sum(_distance(base[s.name], f) for s, f in zip(concerned, found, strict=True))  # fmt: skip
    ranked = sorted(moved, key=lambda path: -moved[path])
    return [path for path in ranked if moved[path] > 0][:FIRST]


def _small(scenario: Scenario) -> Scenario:
    people = min(PEOPLE, scenario.organisation.people)
    try:
        return with_changes(scenario, {"organisation.people": people})
    except ScenarioError:  # a log decides who is there
        return scenario


def _moved(scenario: Scenario, control: Control) -> Scenario | None:
    """The scenario with a number doubled, or halved where it cannot be twice."""
    for factor in (2.0, 0.5):
        value: Any = control.value * factor
        try:
            return changed(scenario, {control.path: max(1, round(value)) if control.whole else value})  # fmt: skip
        except (ScenarioError, ValueError):
            continue
    return None


def _all(
    scenario: Scenario, strategies: Sequence[Strategy], progress: Progress, pool: Executor
) -> list[Figures]:
    return list(pool.map(lambda strategy: _figures(scenario, strategy, progress), strategies))


def _figures(scenario: Scenario, strategy: Strategy, progress: Progress) -> Figures:
    progress(0.0)
    try:
        found = run(scenario, strategy, 0, progress=progress, engine=engine_for(strategy))
    except TooMuch:
        return ()
    return (*(_exposure(found, cause) for cause in range(len(CAUSES))), *(_price(found, metric) for metric in _PRICES))  # fmt: skip


def _exposure(found: Run, cause: int) -> float:
    own = found.cases[found.cases.cause == cause]
    return float(own.exposure_s.mean()) if len(own) else 0.0


def _price(found: Run, metric: str) -> float:
    sums = totals([found], metric)
    value = ratio_of_runs(sums.tops, sums.bottoms, 0).value if sum(sums.bottoms) else 0.0
    return 0.0 if math.isnan(value) else value


def _distance(before: Figures, after: Figures) -> float:
    return sum(
        abs(math.log(max(b, _NOTHING) / max(a, _NOTHING)))
        for a, b in zip(before, after, strict=False)
    )

"""What somebody moved, as changes of a scenario that stay possible: shares sum to 1, a law keeps its shape."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from sim.basics.units import parse_duration
from sim.explore.controls import controls_of, value_at
from sim.model.concerns import concerns
from sim.model.strategies import Strategy
from sim.scenario import Problem, Scenario, ScenarioError, with_changes
from sim.scenario.model import Goals
from sim.scenario.parameters import value_text
from sim.verdict.goals import STAND_INS

Changes = Mapping[str, Any]
_SUM_TO_1 = ("workload.kinds", "workload.visit_ends", "behaviour.probabilities", "behaviour.storm.kinds")  # fmt: skip
_ABOVE_MEDIAN = ("p95", "p99")
MOST_CHANGES = 200


def changed(scenario: Scenario, changes: Changes) -> Scenario:
    """The scenario with the changes of a page. Raises ScenarioError for what is no control or does not fit."""
    if len(changes) > MOST_CHANGES:
        raise ScenarioError([Problem("changes", None, "", "", f"expected at most {MOST_CHANGES}")])
    goals = {path: value for path, value in changes.items() if path.startswith("goals.")}
    numbers = {path: value for path, value in changes.items() if path not in goals}
    known = {control.path for control in controls_of(scenario)}
    for path, value in numbers.items():
        if path not in known:
            message = "this is no number of the scenario"
            raise ScenarioError([Problem("changes", None, path, value_text(value), message)])
    whole: dict[str, Any] = dict(numbers)
    whole |= _scaled_laws(scenario, numbers)
    whole |= _shares(scenario, numbers)
    if goals:
        whole["goals"] = _goals(scenario, goals)
    return with_changes(scenario, whole) if whole else scenario


def _scaled_laws(scenario: Scenario, numbers: Changes) -> dict[str, Any]:
    """A law whose median moves takes its quantiles along, unless they were moved too."""
    found = {}
    for path, value in numbers.items():
        above, _, key = path.rpartition(".")
        if key == "median" and (before := value_at(scenario, path)):
            for other in _ABOVE_MEDIAN:
                beside = f"{above}.{other}"
                if beside not in numbers and _there(scenario, beside):
                    factor = parse_duration(value) / before
                    found[beside] = float(f"{value_at(scenario, beside) * factor:.9g}")
    return found


def _there(scenario: Scenario, path: str) -> bool:
    try:
        value_at(scenario, path)
    except (KeyError, ValueError, TypeError):
        return False
    return True


def _shares(scenario: Scenario, numbers: Changes) -> dict[str, Any]:
    """Tables of shares: those that were moved stay, the others share what is left in their proportions."""
    found: dict[str, Any] = {}
    for table in _SUM_TO_1:
        moved = {p.rpartition(".")[2]: float(v) for p, v in numbers.items() if p.rpartition(".")[0] == table}  # fmt: skip
        if not moved:
            continue
        place: Any = scenario._raw
        for part in table.split("."):
            place = place[part]
        fixed = math.fsum(moved.values())
        if fixed > 1 + 1e-9:
            message = f"the shares that were moved sum to {fixed:g}; expected at most 1"
            raise ScenarioError([Problem("changes", None, table, "", message)])
        rest = {key: float(v) for key, v in place.items() if key not in moved}
        found |= {f"{table}.{key}": v for key, v in (moved | _filled(rest, 1 - fixed)).items()}
    return found


def _filled(rest: dict[str, float], left: float) -> dict[str, float]:
    total = math.fsum(rest.values())
    if not rest:
        return {}
    parts = {key: left * (v / total if total else 1 / len(rest)) for key, v in rest.items()}
    last = max(parts, key=lambda key: parts[key])
    parts[last] += left - math.fsum(parts.values())
    return {key: max(0.0, v) for key, v in parts.items()}


def goals_now(scenario: Scenario) -> dict[str, Any]:
    """The goals that judge, by the keys of the file; stand-ins where it has none."""
    table = scenario.goals or Goals.model_validate(STAND_INS)
    return table.model_dump(by_alias=True, exclude_none=True)


def _goals(scenario: Scenario, changes: Changes) -> dict[str, Any]:
    """The goals with changes; null takes a limit away."""
    table = goals_now(scenario)
    for path, value in changes.items():
        _, *above, key = path.split(".")
        place = table
        for part in above:
            place = place.setdefault(part, {})
        if value is None:
            place.pop(key, None)
        else:
            place[key] = value
    return {key: value for key, value in table.items() if value != {}}


def mine(strategy: Strategy, changes: Changes, paths: Iterable[str]) -> tuple[tuple[str, Any], ...]:
    """The changes that can move a strategy's runs: with the same ones its runs are the same."""
    return tuple(sorted((p, changes[p]) for p in paths if not p.startswith("goals.") and concerns(p, strategy, changes)))  # fmt: skip

"""The uncertain inputs of a scenario, whose they are, and how each is scaled.

An input is uncertain if its source is of grade C, an assumption, or missing. Laws keep their shape; a table of shares
gives its first share the factor and the others what is left.
"""

import math
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from sim.basics.units import parse_duration
from sim.model.causes import CAUSES
from sim.scenario import Scenario, ScenarioError, with_changes
from sim.scenario.parameters import parameters, value_text

RANGE = 2.0  # inputs are taken at half and at twice
GROUPS = ("guessed", "sourced", "yours")
DEFAULT = "office default"
# What is chosen for the study and is no guess about the world.
_CHOSEN = ("run.", "organisation.shift", "cases.from", "cases.until", "cases.rollback_window")
_SHARES = tuple(f"cases.{cause}" for cause in CAUSES)
_SCALES = ("mean", "median", "p95", "p99", "low", "high", "max", "value", "quantiles")


@dataclass(frozen=True)
class Input:
    """An uncertain input of the scenario and what is known about it."""

    key: str
    grade: str
    source: str
    value: Any
    origin: str = DEFAULT

    @property
    def group(self) -> str:
        """One of `GROUPS`: what your file says, what a source says at least in part, what nobody does."""
        if self.origin != DEFAULT:
            return "yours"
        return "guessed" if self.grade.split(", ")[0] in ("assumption", "none") else "sourced"

    @property
    def assumed(self) -> bool:
        """Whether nobody measured it or published a number for it, at least in part."""
        return bool({"assumption", "none"} & set(self.grade.split(", ")))

    @property
    def text(self) -> str:
        """The value as it is read."""
        return value_text(self.value)

    def at(self, factor: float) -> Any:
        """The value times the factor. Raises ValueError where it cannot be scaled."""
        return scaled(self.value, factor)


def inputs_of(scenario: Scenario) -> tuple[list[Input], list[str]]:
    """The uncertain inputs that can be scaled, and the names of those that cannot ("none", "unlimited", switches, 0)."""
    found: list[Input] = []
    left_out: list[Input] = []
    for p in parameters(scenario):
        grades = p.grade.split(", ")
        if (
            p.key.startswith(_CHOSEN)
            or p.key in _SHARES
            or not {"C", "assumption", "none"} & set(grades)
        ):
            continue
        one = Input(p.key, p.grade, p.source, _raw(scenario, p.key), p.origin)
        try:
            fits = one.at(RANGE) != one.at(1 / RANGE)
            for factor in (1 / RANGE, RANGE):
                with_changes(scenario, {one.key: one.at(factor)})
        except (ValueError, ScenarioError):
            fits = False
        (found if fits else left_out).append(one)
    return found, [i.key for i in left_out]


def _raw(scenario: Scenario, key: str) -> Any:
    place: Any = scenario._raw
    for part in key.split("."):
        place = place[part]
    return place


def scaled(value: Any, factor: float) -> Any:
    """A value of a scenario file times a factor. Raises ValueError for what has no size."""
    if isinstance(value, bool):
        raise ValueError("a switch has no size")
    if isinstance(value, int):
        return max(1, round(value * factor)) if value else 0
    if isinstance(value, float):
        return min(1.0, value * factor) if 0 <= value <= 1 else value * factor
    if isinstance(value, str):
        return _digits(parse_duration(value) * factor)
    if isinstance(value, Mapping) and "dist" in value:
        return {
            k: _scaled_setting(v, factor, value) if k in _SCALES else v for k, v in value.items()
        }
    if isinstance(value, Mapping) and _are_shares(value):
        return _other_shares(value, factor)
    if isinstance(value, Mapping):
        return {k: _scaled_if_possible(v, factor) for k, v in value.items()}
    raise ValueError("has no size")


def _scaled_setting(value: Any, factor: float, law: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_scaled_setting(v, factor, law) for v in value]
    number = value if isinstance(value, int | float) else parse_duration(value)
    least = 1.0 if law["dist"] == "geometric" else 0.0
    return max(least, _digits(number * factor))


def _scaled_if_possible(value: Any, factor: float) -> Any:
    try:
        return scaled(value, factor)
    except ValueError:
        return deepcopy(value)


def _are_shares(value: Mapping[str, Any]) -> bool:
    numbers = [v for v in value.values() if isinstance(v, int | float) and not isinstance(v, bool)]
    return len(numbers) == len(value) and abs(sum(numbers) - 1) < 1e-9


def _other_shares(value: Mapping[str, float], factor: float) -> dict[str, float]:
    """The first share times the factor (at most 0.95), the others in their proportions."""
    first = next(key for key, share in value.items() if share > 0)
    if value[first] == 1:
        raise ValueError("there is only one share")
    share = min(0.95, value[first] * factor)
    rest = (1 - share) / (1 - value[first])
    shares = {key: share if key == first else old * rest for key, old in value.items()}
    last = max(shares, key=lambda key: shares[key] if key != first else -1.0)
    shares[last] += 1 - math.fsum(shares.values())
    return shares


def _digits(value: float) -> float:
    return float(f"{value:.6g}")

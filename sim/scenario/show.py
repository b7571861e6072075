"""A scenario as text: resolved, with sources."""

import math
from typing import Any

from sim.basics.units import parse_duration
from sim.basics.wording import format_duration
from sim.scenario.keys import is_time
from sim.scenario.model import Scenario
from sim.scenario.write import value_as_written

_SKIPPED = ("title", "question", "path", "format")


def resolved_text(scenario: Scenario) -> str:
    """Every resolved value, in the units that people write, with the place or the source it comes from."""
    rows = [
        (key, value, _origin(scenario, key))
        for table, content in scenario.resolved().items()
        if table not in _SKIPPED and content is not None
        for key, value in _leaves(table, content)
        if not (key.startswith("strategies.") and key.endswith(".name"))
    ]
    left = [f"{key} = {value}" for key, value, _ in rows]
    width = min(72, max(map(len, left)))
    body = [f"{text:<{width}}  # {origin}" for text, (_, _, origin) in zip(left, rows, strict=True)]
    head = [scenario.title, scenario.question, f"id {scenario.id}"]
    warnings = [f"warning: {warning}" for warning in scenario.warnings]
    return "\n".join([*head, *warnings, "", *body])


def _origin(scenario: Scenario, key: str) -> str:
    path = key.split(".")
    source = next(
        (s for n in range(len(path), 0, -1) if (s := scenario.sources.get(".".join(path[:n])))), ""
    )
    for n in range(len(path), 1, -1):
        origin = scenario._origins.get(".".join(path[:n]))
        if origin:
            return f"{origin}: {source}" if source else origin
        if origin == "":
            break
    if path[0] == "strategies" and len(path) > 1:
        return f"catalogue: {scenario.strategies[path[1]].source}"
    return f"office default: {source}" if source else "office default"


def _leaves(prefix: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict) and value and "dist" not in value:
        rows = []
        for key, below in value.items():
            if below not in (None, {}, ""):
                rows += _leaves(f"{prefix}.{key}", below)
        return rows
    text = value_as_written(in_units(prefix, value))
    return [(prefix, text if len(text) <= 100 else text[:97] + "...")]


def in_units(path: str, value: Any) -> Any:
    """A resolved value as people write it: times with their units, whole numbers without a point, infinity as a word.

    >>> in_units("run.horizon", 36000.0), in_units("host.check", {"dist": "exponential", "mean": 0.25})
    ('10 h', {'dist': 'exponential', 'mean': '250 ms'})
    """
    if isinstance(value, dict):
        return {key: in_units(f"{path}.{key}", below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [in_units(path, one) for one in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if math.isinf(value):
        return "unlimited"
    if is_time(path):
        said = format_duration(value)
        return said if parse_duration(said) == value else f"{value!r} s"
    return int(value) if value == int(value) and abs(value) < 1e15 else value

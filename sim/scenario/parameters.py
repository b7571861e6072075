"""Every parameter of a scenario with its value, the place it comes from, its source and how far that carries."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sim.scenario.model import Scenario

GRADES = {
    "A": "primary source read",
    "A*": "primary source read in part",
    "B": "second-hand",
    "C": "one report",
    "M": "measured",
    "D": "derived",
    "assumption": "an assumption",
    "none": "no source given",
}
_SKIPPED = ("format", "title", "question", "path", "sources", "strategies", "sweep", "goals")
_GRADE = re.compile(r"\((?:grade )?([^()]*,\s*)?(A\*|A|B|C|D|M)\)|(assumption)")


@dataclass(frozen=True)
class Parameter:
    """One key of the scenario file. `grade` holds one or more of `GRADES`, joined by a comma."""

    key: str
    value: str
    origin: str
    source: str
    grade: str


def parameters(scenario: Scenario) -> list[Parameter]:
    """The parameters below the top-level tables, in the file's order, without strategies and goals."""
    rows = []
    for table, content in scenario._raw.items():
        if table not in _SKIPPED and isinstance(content, Mapping):
            rows += [_parameter(scenario, key, value) for key, value in _leaves(table, content)]
    return rows


def grade_of(source: str) -> str:
    """The grades that a source names: "one log (C); the rest is an assumption" is `C, assumption`."""
    found = [match[2] or match[3] for match in _GRADE.finditer(source)]
    return ", ".join(dict.fromkeys(found)) or "none"


def value_text(value: Any) -> str:
    """A value as it is read: "lognormal: median 400ms, p95 900ms"."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        law = value.get("dist")
        parts = [f"{k} {value_text(v)}" for k, v in value.items() if k != "dist"]
        return (f"{law}: " if law else "") + ", ".join(parts)
    if isinstance(value, list | tuple):
        text = ", ".join(map(value_text, value))
        return text if len(value) <= 8 else f"{len(value)} values from {value[0]} to {value[-1]}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _leaves(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping) and "dist" not in value and prefix == "app":
            yield from _leaves(f"{prefix}.{key}", value)
        elif value is not None:
            yield f"{prefix}.{key}", value


def _parameter(scenario: Scenario, key: str, value: Any) -> Parameter:
    path = key.split(".")
    above = [".".join(path[:n]) for n in range(len(path), 1, -1)]
    origin = next((scenario._origins[name] for name in above if name in scenario._origins), "")
    spoken = [name for name in (*above, path[0]) if name in scenario.sources]
    source = scenario.sources[spoken[0]] if spoken else ""
    return Parameter(key, value_text(value), origin or "office default", source, grade_of(source))

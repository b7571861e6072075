"""A control for every number of a scenario: what it is, between which ends it moves, and what it means."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sim.basics.ranges import Range
from sim.basics.units import parse_duration, parse_rate
from sim.scenario import Scenario
from sim.scenario.described import description_of
from sim.scenario.keys import numbers_in, quantity_of, range_of
from sim.scenario.parameters import grade_of

_SPREAD = 100.0  # a slider goes from a hundredth of the value to a hundred times
_FROM_ZERO = {"time": 1.0, "rate": 1.0, "bytes": 1000.0, "count": 1.0, "number": 1.0}
_GROUPS = {
    "strategies": "Strategies",
    "host": "Host",
    "network": "Network",
    "push": "Push channel",
    "store": "Store",
    "auth_server": "Authorization server",
    "app": "App",
    "directory": "Directory",
    "organisation": "Organisation",
    "workload": "Workload",
    "cases": "Cases",
    "behaviour": "Behaviour",
    "run": "Run",
}


@dataclass(frozen=True)
class Control:
    """A number: `value` in seconds, per second, bytes or as it is; `low` and `high` are the ends of its slider.

    `kind` is a quantity of `sim.scenario.keys` or `share`, which moves linearly from 0 to 1; what is counted is `whole`.
    """

    path: str
    group: str
    label: str
    kind: str
    value: float
    low: float
    high: float
    whole: bool
    about: str
    grade: str


def controls_of(scenario: Scenario) -> list[Control]:
    """The controls in the order of their groups."""
    found = list(_controls(scenario))
    order = list(_GROUPS.values())
    return sorted(found, key=lambda control: order.index(control.group))


def as_json(controls: list[Control]) -> list[dict[str, Any]]:
    """As the page reads them."""
    return [asdict(control) for control in controls]


def _controls(scenario: Scenario) -> Iterator[Control]:
    for path in numbers_in(scenario):
        group = _GROUPS.get(path.split(".")[0])
        numbers = range_of(path)
        if group is None or numbers is None or path == "run.max_replications":
            continue
        value = value_at(scenario, path)
        kind = "share" if (numbers.least, numbers.most) == (0.0, 1.0) else quantity_of(path)
        low, high = (0.0, 1.0) if kind == "share" else _ends(kind, value, numbers)
        whole = numbers.whole
        yield Control(path, group, label_of(path), kind, value, low, high, whole, description_of(path), _grade(scenario, path))  # fmt: skip


def value_at(scenario: Scenario, path: str) -> float:
    """The number at a path, as it was written. Raises KeyError and ValueError where there is none."""
    place: Any = scenario._raw
    for part in path.split("."):
        place = place[part]
    return parse_rate(place) if isinstance(place, str) and "/" in place else parse_duration(place)


def label_of(path: str) -> str:
    """A path as a label: `short_token: token lifetime`, `check median`."""
    table, *parts = path.split(".")
    if table == "strategies":
        return f"{parts[0]}: {' '.join(parts[1:]).replace('_', ' ')}"
    return " ".join(parts).replace("_", " ")


def _ends(kind: str, value: float, numbers: Range) -> tuple[float, float]:
    middle = abs(value) or _FROM_ZERO[kind]
    low, high = middle / _SPREAD, middle * _SPREAD
    if numbers.whole:
        low, high = max(1.0, low), max(10.0, high)
    least = numbers.least if numbers.least > 0 else 0.0
    return max(low, least), min(high, numbers.most)


def _grade(scenario: Scenario, path: str) -> str:
    """How far the value's source carries; what the file says itself is the user's."""
    parts = path.split(".")
    above = [".".join(parts[:n]) for n in range(len(parts), 0, -1)]
    source = next((scenario.sources[name] for name in above if name in scenario.sources), "")
    return grade_of(source)

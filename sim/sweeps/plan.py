"""What a sweep runs: the swept paths, their points, and for each strategy the points that concern it."""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sim.basics.units import parse_duration, parse_rate
from sim.model.concerns import concerns
from sim.model.strategies import Strategy
from sim.results.provenance import code_digest
from sim.scenario import Problem, Scenario, ScenarioError
from sim.scenario.errors import shown
from sim.scenario.files import wrong
from sim.scenario.swept import misfits

Point = tuple[Any, ...]  # one value for each path, in the order of the paths
MOST_CELLS_A_PART = 64
PARTS_AIMED_AT = 32


@dataclass(frozen=True)
class Cell:
    """One row group of the results: a strategy at one point of the paths that concern it."""

    index: int
    strategy: str
    changes: dict[str, Any]

    def __str__(self) -> str:
        settings = ", ".join(f"{path} = {value}" for path, value in self.changes.items())
        return f"{self.strategy} ({settings})" if settings else self.strategy


class Grid(Sequence[Point]):
    """Every combination of values, the last path fastest; nothing is stored but the values."""

    def __init__(self, values: Sequence[Sequence[Any]]):
        self._values = values

    def __len__(self) -> int:
        return math.prod(map(len, self._values))

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(index)
        point = []
        for values in reversed(self._values):
            index, place = divmod(index, len(values))
            point.append(values[place])
        return tuple(reversed(point))


@dataclass(frozen=True)
class Group:
    """The cells of one strategy: the paths that concern it and their points."""

    strategy: str
    paths: tuple[str, ...]
    points: Sequence[Point]


@dataclass(frozen=True)
class Plan:
    """All cells of a sweep in their order. Cells are numbered strategy by strategy; nothing is run here."""

    scenario: Scenario
    strategies: dict[str, Strategy]
    seed: int
    replications: int
    method: str
    paths: dict[str, str]  # path -> type of its column: "double", "int64", "bool" or "string"
    groups: tuple[Group, ...]
    precise: bool  # replications as the scenario's `precision` needs, not the number above
    code: str
    virtual: bool = (
        True  # exposure rests on virtual cases; the reference has none, so its cells are others
    )

    def __len__(self) -> int:
        return sum(len(group.points) for group in self.groups)

    def cell(self, index: int) -> Cell:
        """The cell of a number from 0. Raises IndexError beyond the last."""
        place = index
        for group in self.groups:
            if place < len(group.points):
                changes = dict(zip(group.paths, group.points[place], strict=True))
                return Cell(index, group.strategy, changes)
            place -= len(group.points)
        raise IndexError(index)

    def cells(self) -> Iterator[Cell]:
        """All cells in order."""
        return map(self.cell, range(len(self)))

    @property
    def cells_a_part(self) -> int:
        """Cells in one file of results: by the number of cells alone, so the same for any number of workers."""
        return max(1, min(MOST_CELLS_A_PART, math.ceil(len(self) / PARTS_AIMED_AT)))

    @cached_property
    def _base(self) -> str:
        from sim import __version__

        parts = [self.scenario.id, __version__, self.code, self.seed, self._stopping]
        return json.dumps([*parts, *([] if self.virtual else ["real cases"])], sort_keys=True)

    def _settings(self, name: str) -> Any:
        """The strategy as a key holds it: its name if it is the scenario's, whose id tells the rest; else all of it."""
        strategy = self.strategies[name]
        if strategy == self.scenario.strategies.get(name):
            return name
        settings = strategy.model_dump_json(by_alias=True, exclude={"sentence", "source"})
        return [type(strategy).__qualname__, settings]

    @property
    def _stopping(self) -> Any:
        run = self.scenario.run
        return [run.precision, run.max_replications] if self.precise else self.replications

    @property
    def adaptive(self) -> bool:
        """Whether a cell decides itself how many replications it needs or what to cut, so that it runs as a whole."""
        return self.precise or self.scenario.run.warm_up_s == "auto"

    def key(self, cell: Cell) -> str:
        """16 hexadecimal digits of all that determines the rows of a cell."""
        text = json.dumps([self._base, self._settings(cell.strategy), cell.changes], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @cached_property
    def id(self) -> str:
        """16 hexadecimal digits of the cells and the columns: folders of the same id hold the same bytes."""
        digest = hashlib.sha256(json.dumps([self._base, list(self.paths.items())]).encode())
        for group in self.groups:
            digest.update(json.dumps([self._settings(group.strategy), group.paths]).encode())
            for point in group.points:
                digest.update(json.dumps(point, sort_keys=True).encode())
        return digest.hexdigest()[:16]


def make_plan(
    scenario: Scenario,
    strategies: Sequence[Strategy] | None = None,
    *,
    vary: Mapping[str, Sequence[Any]] | None = None,
    method: Any = None,
    replications: int | None = None,
    seed: int | None = None,
) -> Plan:
    """The plan of the scenario's `[sweep]`, or of `vary` ({path: values}) and `method` instead.

    A strategy gets one cell for each point of the paths that concern it (`concerns`). Raises ScenarioError for a path
    that does not exist, a value that does not fit, or a scenario without a sweep.
    """
    table: dict[str, Any] = dict(scenario.swept or {}) if vary is None else dict(vary)
    method = table.pop("method", "grid") if method is None else method
    table.pop("method", None)
    if not table:
        raise _problem("sweep", None, "there is nothing to sweep; name a path and its values")
    for path, values in table.items():
        if not isinstance(values, list | tuple) or not values:
            raise _problem(path, values, "expected a list of values")
    chosen = {s.name: s for s in (strategies or tuple(scenario.strategies.values()))}
    lists = {path: list(values) for path, values in table.items()}
    types = {path: _column_type(values) for path, values in lists.items()}
    seed = scenario.run.seed if seed is None else seed
    points, name = _points(lists, types, method, seed)
    _try_values(scenario, lists, name, chosen)
    return Plan(
        scenario=scenario,
        strategies=chosen,
        seed=seed,
        replications=scenario.run.replications if replications is None else replications,
        method=name,
        paths=types,
        groups=tuple(_group(s, list(lists), points, lists) for s in chosen.values()),
        precise=replications is None and scenario.run.precision is not None,
        code=code_digest(),
    )


def column_value(value: Any, column: str) -> Any:
    """A value as its column holds it: durations in seconds, rates per second, what has no order as JSON text."""
    if column == "string":
        return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    if column == "double":
        return _number(value)
    return value


# -- points -------------------------------------------------------------------------------------


def _group(
    strategy: Strategy, paths: list[str], points: Sequence[Point], values: dict[str, list[Any]]
) -> Group:
    mine = tuple(path for path in paths if concerns(path, strategy, paths))
    if isinstance(points, Grid):
        return Group(strategy.name, mine, Grid([values[path] for path in mine]))
    places = [paths.index(path) for path in mine]
    seen: dict[str, Point] = {}
    for point in points:
        projected = tuple(point[place] for place in places)
        seen.setdefault(json.dumps(projected, sort_keys=True), projected)
    return Group(strategy.name, mine, list(seen.values()))


def _points(
    values: dict[str, list[Any]], types: dict[str, str], method: Any, seed: int
) -> tuple[Sequence[Point], str]:
    if method == "grid":
        return Grid(list(values.values())), "grid"
    if method == "zip":
        lengths = {path: len(v) for path, v in values.items()}
        if len(set(lengths.values())) > 1:
            raise _problem("sweep.method", "zip", f"expected lists of one length; found {lengths}")
        return list(zip(*values.values(), strict=True)), "zip"
    if isinstance(method, Mapping) and list(method) == ["latin_hypercube"]:
        number = method["latin_hypercube"]
        if isinstance(number, int) and not isinstance(number, bool) and number >= 2:
            return _latin_hypercube(values, types, number, seed), f"latin_hypercube = {number}"
    message = 'expected "grid", "zip" or { latin_hypercube = number of at least 2 }'
    raise _problem("sweep.method", method, message)


def _latin_hypercube(
    values: dict[str, list[Any]], types: dict[str, str], number: int, seed: int
) -> list[Point]:
    """Points in strata (McKay, Beckman and Conover 1979), carried by each path's values to its law.

    As in the file's `empirical`, numbers and times are quantiles equally spaced from 0 to 1, joined by lines: two
    values are a range. What is no number is a level, each as often as the others.
    """
    from scipy.stats import qmc

    unit = qmc.LatinHypercube(len(values), rng=seed).random(number)
    columns = [
        [_from_unit(float(u), listed, types[path]) for u in unit[:, place]]
        for place, (path, listed) in enumerate(values.items())
    ]
    return list(zip(*columns, strict=True))


def _from_unit(u: float, listed: list[Any], column: str) -> Any:
    if column in ("string", "bool") or len(listed) == 1:
        return listed[min(int(u * len(listed)), len(listed) - 1)]
    numbers = sorted(map(_number, listed))
    place = u * (len(numbers) - 1)
    below = min(int(place), len(numbers) - 2)
    value = numbers[below] + (place - below) * (numbers[below + 1] - numbers[below])
    return round(value) if column == "int64" else float(f"{value:.9g}")


def _column_type(values: list[Any]) -> str:
    if all(isinstance(value, bool) for value in values):
        return "bool"
    if any(isinstance(value, bool) for value in values):
        return "string"
    if all(isinstance(value, int) for value in values):
        return "int64"
    try:
        for value in values:
            _number(value)
    except ValueError:
        return "string"
    return "double"


def _number(value: Any) -> float:
    """Seconds of a duration, events per second of a rate, or the number itself."""
    return parse_rate(value) if isinstance(value, str) and "/" in value else parse_duration(value)


# -- errors -------------------------------------------------------------------------------------


def _try_values(
    scenario: Scenario, lists: dict[str, list[Any]], method: str, strategies: Iterable[str]
) -> None:
    """Each value must fit in some cell; a cell whose values do not fit together fails alone."""
    names = list(dict.fromkeys((*scenario.strategies, *strategies)))
    found = misfits(lists, method, names, lambda cell: wrong(scenario, cell))
    if found:
        raise ScenarioError(
            [
                Problem(*_place(scenario, path), f"sweep.{path}", shown(value), message)
                for path, value, message in found
            ]
        )


def _place(scenario: Scenario, path: str) -> tuple[str, int | None]:
    """Where the sweep names the path."""
    place = scenario._origins.get(f"sweep.{path}", "")
    file, _, line = place.rpartition(":")
    return (file, int(line)) if line.isdigit() else (scenario.path or "sweep", None)


def _problem(key: str, value: Any, message: str) -> ScenarioError:
    return ScenarioError(
        [Problem("sweep", None, key, "" if value is None else shown(value), message)]
    )

"""From files to a scenario: reading, includes, merging, and what is wrong with it all."""

import re
import stat
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, get_args, get_origin

from pydantic import BaseModel, ValidationError

from sim.basics.distributions import LAWS
from sim.basics.names import UnknownName, nearest
from sim.gates import Profile, profile
from sim.model.strategies import CATALOGUE, Strategy
from sim.scenario.bare import bare_numbers
from sim.scenario.errors import KeyPath, Problem, ScenarioError, key_lines, line_of, shown
from sim.scenario.meant import hint
from sim.scenario.model import Scenario
from sim.scenario.swept import misfits

LARGEST_BYTES = 1_000_000
DEEPEST, MOST_FILES = 20, 100  # files that include one another; tables in tables too
MECHANISMS = ("token", "allowlist", "check", "push")
START = "from"  # a strategy's: the profile of a real part that it starts from
Raw = dict[str, Any]
# Tables whose missing keys take the office's although the table is replaced whole.
_FILLED = (("behaviour", "storm"), ("behaviour", "takeover"), ("push", "retries"))


@dataclass(frozen=True, eq=False)
class Layer:
    """One file; later layers override earlier ones."""

    file: str
    raw: Raw
    text: str


def folder() -> Path:
    """Where the shipped scenarios are: in the package when installed, beside it in a checkout."""
    inside = Path(__file__).parent.parent / "scenarios"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "scenarios"


def shipped() -> list[str]:
    """The names of the shipped scenarios, the office first."""
    names = sorted(path.stem for path in folder().glob("*.toml"))
    return sorted(names, key=lambda name: name != "office")


def load(name_or_path: str | Path) -> Scenario:
    """A scenario from the name of a shipped one or from a file.

    Raises ScenarioError, which lists every problem found.
    """
    name = str(name_or_path)
    own = _Files().layers(_locate(name), name)
    layers = [_office(), *own]
    scenario = resolve(layers)
    if problems := _sweep_misfits(scenario, layers):
        raise ScenarioError(problems)
    if name not in shipped():
        scenario._bare = _bare(own)
    return scenario.model_copy(update={"path": None if name in shipped() else name})


def _bare(own: list[Layer]) -> tuple[str, ...]:
    office = resolve([_office()])
    return tuple(said for layer in own for said in bare_numbers(layer.raw, office))


def with_changes(scenario: Scenario, changes: dict[str, Any]) -> Scenario:
    """The scenario with some values replaced: {"organisation.people": 100, "host.check.median": "10ms"}.

    Raises ScenarioError for a path that does not exist or a value that does not fit.
    """
    touched = {path.split(".")[0] for path in changes}
    raw: Raw = {
        table: _copied(value) if table in touched or table == "sources" else value
        for table, value in scenario._raw.items()
    }
    for path, value in changes.items():
        _put(raw, path.split("."), value, path)
        for name in _above([path]):
            raw.get("sources", {}).pop(name, None)
    anew = {*touched, "sources", "sweep"}
    kept = {table: getattr(scenario, table) for table in raw if table not in anew}
    changed = validate([Layer("changes", raw, "")], raw, kept)
    changed._texts.update(scenario._texts)
    changed._origins.update(scenario._origins | dict.fromkeys(_above(changes), "changes"))
    return changed.model_copy(update={"path": scenario.path})


def wrong(scenario: Scenario, changes: dict[str, Any]) -> str | None:
    """What `with_changes` would say first against the changes; None if they fit."""
    try:
        with_changes(scenario, changes)
    except ScenarioError as error:
        return error.problems[0].message
    return None


def _copied(value: Any) -> Any:
    """A copy of parsed tables, whose leaves never change (copy.deepcopy takes three times as long, cell by cell)."""
    if isinstance(value, dict):
        return {key: _copied(below) for key, below in value.items()}
    return [_copied(below) for below in value] if isinstance(value, list) else value


def _above(paths: Iterable[str]) -> Iterator[str]:
    """The paths and their parents below the top-level tables."""
    for path in paths:
        parts = path.split(".")
        yield from (".".join(parts[:n]) for n in range(2, len(parts) + 1))


def _put(raw: Raw, path: list[str], value: Any, whole: str) -> None:
    *parents, last = path
    if last == START and path[0] == "strategies":
        message = "a strategy keeps its start; name a strategy for each profile"
        raise ScenarioError([Problem("changes", None, whole, shown(value), message)])
    place: Any = raw
    for part in parents:
        if not _has(place, part):
            names = [str(key) for key in place] if isinstance(place, dict) else []
            message = f'there is no "{part}"{nearest(part, names)}'
            raise ScenarioError([Problem("changes", None, whole, shown(value), message)])
        if not isinstance(_below(place, part), dict | list):
            place[part] = {"dist": "constant", "value": place[part]}
        place = _below(place, part)
    place[last] = value


# -- reading ------------------------------------------------------------------------------------


@cache
def _office() -> Layer:
    path = folder() / "office.toml"
    text = path.read_text(encoding="utf-8")
    return Layer("office", tomllib.loads(text), text)


def _locate(name: str) -> Path:
    if name in shipped():
        return folder() / f"{name}.toml"
    path = Path(name)
    try:
        if path.exists():
            return path
    except (OSError, ValueError):
        _fail(name, "cannot be opened: not a usable file name")
    near = nearest(name, shipped())
    _fail(name, f"there is no such file, and no shipped scenario of this name{near}")


def _fail(file: str, message: str, line: int | None = None) -> NoReturn:
    raise ScenarioError([Problem(file, line, "", "", message)])


def _read(path: Path, name: str) -> tuple[Raw, str]:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            _fail(name, "is not a regular file; expected a scenario in TOML")
        if status.st_size > LARGEST_BYTES:
            _fail(
                name, f"is {status.st_size:,} bytes long; a scenario has at most {LARGEST_BYTES:,}"
            )
        data = path.read_bytes()
    except OSError as error:
        _fail(name, f"cannot be read: {error.strerror}")
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        _fail(name, f"is not UTF-8 text (byte {error.start}); expected a scenario in TOML")
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+)", str(error))
        _fail(name, f"not TOML: {error}", int(place[1]) if place else None)
    except (RecursionError, ValueError) as error:
        _fail(name, f"not TOML that can be read: {type(error).__name__}")
    if not raw:
        _fail(name, "there is no key in it; begin with: format = 1")
    if (deep := _too_deep(raw)) is not None:
        _fail(name, f"{shown(deep)}: tables lie more than {DEEPEST} deep in one another")
    return raw, text


def _too_deep(raw: Raw) -> str | None:
    """The top-level key of what is nested too deep for anything that is to come."""
    for name, value in raw.items():
        level: list[Any] = [value]
        for _ in range(DEEPEST):
            level = [below for item in level for below in _inside(item)]
        if level:
            return str(name)
    return None


def _inside(item: Any) -> Iterable[Any]:
    return item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()


class _Files:
    """The files of one scenario, each read once."""

    def __init__(self) -> None:
        self._layers: dict[Path, list[Layer]] = {}  # of a file: those of its includes, then its own

    def layers(self, path: Path, name: str, seen: tuple[Path, ...] = ()) -> list[Layer]:
        """The includes of a file, then the file; what is included twice counts where it overrides most."""
        real = path.resolve()
        if real in seen:
            chain = " -> ".join(p.name for p in (*seen, real))
            _fail(name, f"include: a file includes itself ({chain})")
        if len(seen) > DEEPEST:
            _fail(name, f"include: files include one another more than {DEEPEST} deep")
        if real not in self._layers:
            if len(self._layers) > MOST_FILES:
                _fail(name, f"include: there are more than {MOST_FILES} files")
            self._layers[real] = self._read(path, name, (*seen, real))
        return self._layers[real]

    def _read(self, path: Path, name: str, seen: tuple[Path, ...]) -> list[Layer]:
        raw, text = _read(path, name)
        includes = raw.pop("include", [])
        if not isinstance(includes, list) or not all(isinstance(i, str) for i in includes):
            line = key_lines(text).get(("include",))
            message = "expected a list of file names"
            raise ScenarioError([Problem(name, line, "include", shown(includes), message)])
        found: list[Layer] = []
        for include in dict.fromkeys(reversed(includes)):  # the last of a name counts
            target = _locate_include(include, path, name, text)
            found = [
                layer for layer in self.layers(target, str(target), seen) if layer not in found
            ] + found
        _resolve_log(raw, path)
        return [*found, Layer(name, raw, text)]


def _locate_include(include: str, path: Path, name: str, text: str) -> Path:
    beside = path.parent / include
    try:
        if beside.exists():
            return beside
        message = f"there is no such file{nearest(include, shipped())}"
    except (OSError, ValueError):
        message = "cannot be opened: not a usable file name"
    if include in shipped():
        return folder() / f"{include}.toml"
    line = key_lines(text).get(("include",))
    raise ScenarioError([Problem(name, line, "include", shown(include), message)])


def _resolve_log(raw: Raw, path: Path) -> None:
    """A log's path is relative to the file that names it."""
    workload = raw.get("workload")
    if isinstance(workload, dict) and isinstance(workload.get("log"), str):
        workload["log"] = str(path.parent / workload["log"])


# -- merging ------------------------------------------------------------------------------------


def resolve(layers: list[Layer]) -> Scenario:
    """Merge files, the weakest first, and validate the result."""
    raw: Raw = {}
    for layer in layers:
        _merge(raw, layer.raw)
        _forget_sources(raw, layer.raw)
    for table, key in _FILLED:
        given, office = raw.get(table, {}), layers[0].raw[table][key]
        if isinstance(given, dict) and isinstance(given.get(key), dict):
            given[key] = {**office, **given[key]}
    return validate(layers, raw)


def _merge(raw: Raw, over: Raw) -> None:
    """Key by key inside top-level tables; what stands below is replaced whole, with few exceptions."""
    for table, value in over.items():
        if not isinstance(value, dict) or not isinstance(raw.get(table), dict):
            raw[table] = _copied(value)
        elif table == "strategies":
            _merge_deep(raw[table], value, 2)
        else:
            for key, below in value.items():
                if (table, key) == ("app", "service") or table == "goals":
                    _merge_deep(raw[table], {key: below}, 1)
                else:
                    raw[table][key] = _copied(below)


def _forget_sources(raw: Raw, over: Raw) -> None:
    """A source speaks for the value it was written for, not for one that a stronger file puts in its place."""
    sources, own = raw.get("sources"), over.get("sources")
    if isinstance(sources, dict):
        own = own if isinstance(own, dict) else {}
        for name in [n for n in sources if n not in own and _written(over, tuple(n.split(".")))]:
            del sources[name]


def _merge_deep(raw: Raw, over: Raw, levels: int) -> None:
    for key, value in over.items():
        if levels and isinstance(value, dict) and isinstance(raw.get(key), dict):
            _merge_deep(raw[key], value, levels - 1)
        else:
            raw[key] = _copied(value)


def _strategies(given: Any, problems: list[tuple[KeyPath, Any, str]]) -> dict[str, Any]:
    """The tables of the strategies, those of the catalogue filled in."""
    if given is None or given == {}:
        return {name: _as_table(strategy) for name, strategy in CATALOGUE.items()}
    if not isinstance(given, dict):
        problems.append((("strategies",), given, "expected a table"))
        return {}
    tables = {}
    for name, table in given.items():
        if not isinstance(table, dict):
            problems.append((("strategies", name), table, "expected a table"))
        elif not table and name not in CATALOGUE:
            hint = nearest(name, list(CATALOGUE))
            message = f"unknown strategy, and no mechanism is given for a new one{hint}"
            problems.append((("strategies", name), None, message))
        else:
            try:
                tables[name] = _strategy(name, table)
            except UnknownName as error:
                problems.append((("strategies", name, START), table[START], str(error)))
    return tables


def _strategy(name: str, table: Raw) -> Raw:
    """The table filled in: from the profile it starts from, else from the catalogue's strategy of its name."""
    base: Raw = {"name": name}
    if (start := _start(table)) is not None:
        base |= {
            "sentence": f"Starts from {start.part}.",
            "source": f"profile {start.name}: {start.source}",
        }
        base |= _copied(start.strategy)
    elif name in CATALOGUE:
        base = _as_table(CATALOGUE[name])
    for key, value in table.items():
        if key == START:
            continue
        if key in MECHANISMS and value == "none":
            base.pop(key, None)
        elif key in MECHANISMS and isinstance(value, dict) and isinstance(base.get(key), dict):
            base[key] = {**base[key], **value}
        else:
            base[key] = value
    return base


def _start(table: Raw) -> Profile | None:
    """The profile that a strategy starts from. Raises UnknownName."""
    if START not in table:
        return None
    return profile(table[START] if isinstance(table[START], str) else shown(table[START]))


def _profiled(given: Any) -> Iterator[tuple[str, str]]:
    """Paths whose value comes from a profile, and where that is said."""
    for name, table in (given if isinstance(given, dict) else {}).items():
        start = _start(table)
        for mechanism, settings in ({} if start is None else start.strategy).items():
            own = table.get(mechanism, {})
            for key in settings if isinstance(own, dict) else ():
                if key not in own and start is not None:
                    yield f"strategies.{name}.{mechanism}.{key}", f"profile {start.name}"


def _explicit(tables: Raw) -> Raw:
    """Tables that resolve to themselves: a mechanism taken from a strategy of the catalogue stays away."""
    explicit: Raw = _copied(tables)
    for name, table in explicit.items():
        if name in CATALOGUE:
            for mechanism in MECHANISMS:
                table.setdefault(mechanism, "none")
    return explicit


def _as_table(strategy: Strategy) -> Raw:
    return strategy.model_dump(by_alias=True, exclude_unset=True)


# -- validating ---------------------------------------------------------------------------------


def validate(layers: list[Layer], raw: Raw, kept: Raw | None = None) -> Scenario:
    """The scenario of merged tables, of which `kept` were validated before. Raises ScenarioError with every problem."""
    found: list[tuple[KeyPath, Any, str]] = []
    kept = kept or {}
    tables = {key: value for key, value in raw.items() if key != "strategies"}
    if "strategies" not in kept:
        tables["strategies"] = _strategies(raw.get("strategies"), found)
    if "path" in tables:
        found.append((("path",), tables.pop("path"), f"unknown key{nearest('path', _names(()))}"))
    try:
        scenario = Scenario.model_validate(tables | kept)
    except ValidationError as error:
        found += [_readable(e, raw) for e in error.errors(include_url=False)]
    else:
        found += _sweep_problems(scenario, raw)
    if found:
        raise ScenarioError([_problem(layers, *item) for item in found])
    scenario._raw.update({k: v if k in kept else _copied(v) for k, v in raw.items()})
    if "strategies" in tables:
        scenario._raw["strategies"] = _explicit(tables["strategies"])
    scenario._origins.update(_origins(layers))
    scenario._origins.update(_profiled(raw.get("strategies")))
    return scenario


def _readable(error: Any, raw: Raw) -> tuple[KeyPath, Any, str]:
    path = tuple(str(part) for part in error["loc"])
    kind, message = error["type"], error["msg"].removeprefix("Value error, ")
    if kind == "extra_forbidden":
        names = _law_names(raw, path[:-1]) or _names(path[:-1])
        return path, error["input"], f"unknown key{hint(path, names)}"
    if kind == "missing":
        return path, None, "is missing"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        message = "expected a table"
    value, (part, colon, rest) = error["input"], message.partition(": ")
    keys = tuple(part.split("."))
    if not path:  # about tables, of which some may be objects already
        value = raw
    if colon and _written(value, keys):  # about one key of a table
        path, value, message = (*path, *keys), _at(value, keys), rest
    elif colon and not path and keys[0] in raw:  # about one that a list of one holds
        path, value, message = keys, None, rest
    for said, meant in _PLAINER.items():
        message = message.replace(said, meant)
    # a whole table of a file, filled up with defaults, would not help
    return path, None if isinstance(value, dict) and len(path) < 2 else value, message


_PLAINER = {
    "Input should be ": "expected ",
    "greater than or equal to": "at least",
    "less than or equal to": "at most",
    "greater than": "above",
    "less than": "below",
    "a valid integer": "a whole number",
    "a valid tuple": "a list",
    "a valid list": "a list",
    "a valid string": "text",
    "a valid boolean": "true or false",
    "a valid number": "a number",
    "a valid dictionary": "a table",
    ", unable to interpret input": "",
}


def _at(table: Any, path: KeyPath) -> Any:
    for part in path:
        table = _below(table, part)
    return table


def _law_names(tables: Raw, path: KeyPath) -> list[str]:
    """The keys of the law that a table describes; empty where it describes none."""
    place: Any = tables
    for part in path:
        place = place.get(part) if isinstance(place, dict) else None
    law = LAWS.get(str(place.get("dist"))) if isinstance(place, dict) else None
    return [] if law is None else _field_names(law)


def _names(path: KeyPath) -> list[str]:
    """The valid keys at a place."""
    place: Any = Scenario
    named = False  # the part before is a table of tables: this one is a name that the file gives
    for part in path:
        if named:
            named = False
            continue
        if place is None:
            return []
        field = next((f for n, f in place.model_fields.items() if part in (n, f.alias)), None)
        if field is None:
            return [] if place is not Strategy else _field_names(place)
        place = (
            Strategy if path[0] == "strategies" and part == path[0] else _model(field.annotation)
        )
        named = place is not Strategy and get_origin(field.annotation) is dict
        if place is Strategy and len(path) == 2 and path[0] == "strategies":
            return [*_field_names(place), START]
        if place is Strategy:
            return _strategy_names(path[2:])
    return [] if place is None else _field_names(place)


def _strategy_names(path: KeyPath) -> list[str]:
    place: Any = Strategy
    for part in path:
        if part.isdecimal():  # of a list, whose tables are alike
            continue
        field = place.model_fields.get(part) if place is not None else None
        place = None if field is None else _model(field.annotation)
    return [] if place is None else _field_names(place)


def _field_names(model: type[BaseModel]) -> list[str]:
    hidden = {"path", "name"}
    return [f.alias or n for n, f in model.model_fields.items() if n not in hidden]


def _model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in get_args(annotation):
        if (model := _model(part)) is not None:
            return model
    return None


def _sweep_problems(scenario: Scenario, raw: Raw) -> list[tuple[KeyPath, Any, str]]:
    """Paths of a sweep must exist, values must be lists."""
    problems: list[tuple[KeyPath, Any, str]] = []
    for key, values in (scenario.swept or {}).items():
        if key == "method":
            if values not in ("grid", "zip") and not (
                isinstance(values, dict) and list(values) == ["latin_hypercube"]
            ):
                message = 'expected "grid", "zip" or { latin_hypercube = number }'
                problems.append((("sweep", key), values, message))
        elif not isinstance(values, list) or not values:
            problems.append((("sweep", key), values, "expected a list of values"))
        elif key.split(".")[0] not in raw and key.split(".")[0] != "strategies":
            names = [str(n) for n in raw]
            message = f"there is no such path{nearest(key.split('.')[0], names)}"
            problems.append((("sweep", key), None, message))
    return problems


def _sweep_misfits(scenario: Scenario, layers: list[Layer]) -> list[Problem]:
    """Values of a sweep that no cell of it takes, each said at the sweep's own line."""
    values = {key: listed for key, listed in (scenario.swept or {}).items() if key != "method"}
    method = (scenario.swept or {}).get("method", "grid")
    trial = scenario.model_copy()
    trial._raw = {key: value for key, value in scenario._raw.items() if key != "sweep"}
    found = misfits(values, method, list(scenario.strategies), lambda cell: wrong(trial, cell))
    return [_problem(layers, ("sweep", key), value, message) for key, value, message in found]


def _problem(layers: list[Layer], path: KeyPath, value: Any, message: str) -> Problem:
    layer = _origin(layers, path)
    line = line_of(key_lines(layer.text), path)
    return Problem(layer.file, line, ".".join(path), "" if value is None else shown(value), message)


def _origin(layers: list[Layer], path: KeyPath) -> Layer:
    """The strongest file that writes the path, or as much of it as any does; what is replaced whole has one file."""
    if not path:
        return layers[-1]
    merged = 4 if path[0] == "strategies" else 3 if path[:2] == ("app", "service") else 2
    merged = 3 if path[0] == "goals" else merged
    for length in range(min(len(path), merged), 0, -1):
        for layer in reversed(layers):
            if _written(layer.raw, path[:length]):
                return layer
    return layers[-1]


def _written(raw: Any, path: KeyPath) -> bool:
    for part in path:
        if not _has(raw, part):
            return False
        raw = _below(raw, part)
    return True


def _has(place: Any, part: str) -> bool:
    """Whether a table has a key, or a list a place of this number."""
    if isinstance(place, list):
        return part.isdecimal() and int(part) < len(place)
    return isinstance(place, dict) and part in place


def _below(place: Any, part: str) -> Any:
    return place[int(part)] if isinstance(place, list) else place[part]


def _origins(layers: list[Layer]) -> dict[str, str]:
    """For each path of depth one and two: the file and line that decided it."""
    origins: dict[str, str] = {}
    for number, layer in enumerate(layers):
        for path, line in key_lines(layer.text).items():
            origin = "" if number == 0 and layer.file == "office" else f"{layer.file}:{line}"
            parts = layer.raw["app"]["service"] if path == ("app", "service") else [""]
            origins.update((".".join((*path, part)).rstrip("."), origin) for part in parts)
    return origins

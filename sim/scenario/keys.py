"""What a path of a scenario holds: a time, a rate, a size, a count, a number; found from the fields' types."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, get_args

from pydantic import BaseModel

from sim.basics.distributions import LawType
from sim.basics.ranges import Range
from sim.model.causes import CAUSES
from sim.model.strategies import Strategy
from sim.scenario.channels import Channel
from sim.scenario.deciders import Decider
from sim.scenario.model import Scenario

Quantity = Literal["time", "rate", "bytes", "count", "number", ""]
_SETTINGS_IN_ITS_UNIT = ("mean", "median", "p95", "p99", "low", "high", "max", "value", "quantiles")
_QUANTITIES: dict[str, Quantity] = {"a time": "time", "a rate": "rate", "a number of bytes": "bytes", "a whole number": "count", "a number": "number"}  # fmt: skip


@cache
def quantity_of(path: str) -> Quantity:
    """What a path of a scenario file holds; empty for words, switches, tables and paths that do not exist.

    >>> quantity_of("host.check.median"), quantity_of("host.rate_limit.per_second"), quantity_of("app.workers")
    ('time', 'rate', 'count')
    """
    found = range_of(path)
    return "" if found is None else _QUANTITIES[found.what]


def is_time(path: str) -> bool:
    """Whether a path holds seconds."""
    return quantity_of(path) == "time"


@cache
def range_of(path: str) -> Range | None:
    """The numbers that a path takes; None where it takes none."""
    place: Any = Scenario
    parts = path.split(".")
    while parts:
        part = parts.pop(0)
        if part == "strategies" and place is Scenario:
            parts, place = parts[1:], Strategy
            continue
        if part == "channels" and place is Scenario:
            parts, place = parts[1:], Channel
            continue
        if part == "deciders" and place is Scenario:
            parts, place = parts[1:], Decider
            continue
        if part.isdecimal():  # of a list, whose tables are alike
            continue
        field = _field(place, part)
        if field is None:
            return None
        law, numbers, below = _parts(field)
        if law is not None:
            return _of_law(law, parts)
        if not parts:
            return numbers
        place = below
    return None


def _field(place: Any, key: str) -> Any:
    fields = place.model_fields if isinstance(place, type) and issubclass(place, BaseModel) else {}
    return next((f for n, f in fields.items() if key == (f.alias or n)), None)


def _parts(field: Any) -> tuple[LawType | None, Range | None, type[BaseModel] | None]:
    """The law's type, the range and the table that a field's type names."""
    law, numbers, table = None, None, None
    for one in (*field.metadata, *_within(field.annotation)):
        if isinstance(one, LawType):
            law = law or one
        elif isinstance(one, Range):
            numbers = numbers or one
        elif isinstance(one, type) and issubclass(one, BaseModel):
            table = table or one
    return law, numbers, table


def _within(annotation: Any) -> Iterator[Any]:
    """All that an annotation is made of: the type, its parts, what stands beside it in `Annotated`."""
    yield annotation
    yield from getattr(annotation, "__metadata__", ())
    for part in get_args(annotation):
        yield from _within(part)


def _of_law(law: LawType, rest: list[str]) -> Range | None:
    numbers: Range = law.range.above_0() if law.above_0 else law.range
    rest = rest[1:] if rest and rest[0] in CAUSES else rest
    if not rest or rest[0] in _SETTINGS_IN_ITS_UNIT:
        return numbers
    return None if rest[0] == "dist" else Range("a number", 1e-6, 1e6)


def numbers_in(scenario: Scenario) -> list[str]:
    """The paths of a scenario's numbers, as it was written: those of its tables, then those of its strategies."""
    found: list[str] = []
    for table, content in scenario._raw.items():
        if table not in ("sweep", "sources", "goals") and isinstance(content, dict):
            found += _numbers_below(table, content)
    return sorted(found, key=lambda path: path.startswith("strategies."))


def _numbers_below(above: str, table: dict[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        path = f"{above}.{key}"
        if isinstance(value, dict):
            yield from _numbers_below(path, value)
        elif isinstance(value, list) and all(isinstance(one, dict) for one in value):
            for place, one in enumerate(value):
                yield from _numbers_below(f"{path}.{place}", one)
        elif quantity_of(path) and not isinstance(value, bool | list | tuple):
            if value not in ("none", "unlimited", "auto"):
                yield path

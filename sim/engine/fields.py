"""How the engine's memory is declared: a field once, with its type, unit and meaning; all else follows from that.

`Record.dtype()` is what lies in an array, `Record.slots()` the class of a plain Python object with the same fields.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, ClassVar

import numpy as np


@dataclass(frozen=True)
class Field:
    """One value of a record. `source`: of a setting, a path from `Given`, or a function of it."""

    type: str
    unit: str
    meaning: str
    source: "str | Callable[[Any], Any] | None" = None
    without: float = 0  # the value of a setting whose path ends early, at None


def _of(type_: str) -> Callable[..., Any]:
    def field(
        unit: str = "",
        meaning: str = "",
        source: "str | Callable[[Any], Any] | None" = None,
        without: float = 0,
    ) -> Any:
        return Field(type_, unit, meaning, source, without)

    return field


f8, i8, i4, u2, i1 = (_of(name) for name in ("f8", "i8", "i4", "u2", "i1"))


class Record:
    """A record: its fields are the class's attributes, in their order."""

    fields: ClassVar[dict[str, Field]] = {}
    packed: ClassVar[bool] = False

    def __init_subclass__(cls, packed: bool = False) -> None:
        inherited = {name: field for base in cls.__bases__ for name, field in _fields(base)}
        cls.fields = inherited | {
            name: field for name, field in vars(cls).items() if isinstance(field, Field)
        }
        cls.packed = packed

    @classmethod
    def dtype(cls) -> Any:
        """As an array holds it."""
        return np.dtype([(n, f.type) for n, f in cls.fields.items()], align=not cls.packed)

    @classmethod
    def slots(cls) -> Any:
        """A class of plain objects with these fields, all zero at first."""
        zeros = {name: 0.0 if field.type == "f8" else 0 for name, field in cls.fields.items()}

        def begin(self: Any) -> None:
            for name, zero in zeros.items():
                setattr(self, name, zero)

        return type(cls.__name__, (), {"__slots__": tuple(zeros), "__init__": begin})


def _fields(base: type) -> Any:
    return base.fields.items() if issubclass(base, Record) else ()


@dataclass(frozen=True)
class Rows:
    """An array: what one item is (a record, or the type of a number), by which name it is reached, and what it is.

    Of a pool `link` is the field that names the next free place. `whole`: it is reached as a whole.
    """

    item: "type[Record] | str"
    one: str
    meaning: str = ""
    link: str = ""
    whole: bool = False

    def dtype(self) -> Any:
        """Of one item."""
        return np.dtype(self.item) if isinstance(self.item, str) else self.item.dtype()


class Numbered(IntEnum):
    """Names that stand for 0, 1, 2, ... in the order in which they are written."""

    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last: list[int]) -> int:
        return count


class FromPath(IntEnum):
    """The same; each name with the path from `Given` to what it stands for."""

    path: str

    def __new__(cls, path: str = "") -> "FromPath":
        """Number them in the order in which they stand."""
        member = int.__new__(cls, len(cls.__members__))
        member._value_ = len(cls.__members__)
        member.path = path
        return member

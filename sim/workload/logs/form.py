"""A form of log: a record that says where it comes from, how it is recognised, and how its lines become columns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from sim.workload.logs.fields import words
from sim.workload.logs.problems import BadLines

if TYPE_CHECKING:
    from sim.workload.logs.blocks import Block, Numbers
    from sim.workload.logs.options import FitOptions


@dataclass(frozen=True)
class Part:
    """Some rows of a log: columns of text under the log's own names, and the number of each row's line."""

    columns: Mapping[str, Any]  # pyarrow.StringArray
    numbers: "Numbers"
    trimmed: bool = False  # whether no text has blanks around it


class Named(Protocol):
    """Knows the columns of one file."""

    name: str  # the form, as summaries name it

    @property
    def names(self) -> list[str]:
        """The columns that a block may have, all that are known so far."""

    def candidates(self) -> Mapping[str, list[str]]:
        """Field -> the columns that may hold it, most telling first."""


class Reader(Named, Protocol):
    """Reads one file of a form, block by block."""

    def read(self, block: "Block", wanted: set[str]) -> Part:
        """The columns that are wanted, without the lines that cannot be read (they are noted)."""


@dataclass(frozen=True)
class Head:
    """The first lines of a file, by which its form is told."""

    block: "Block"
    texts: list[str] = field(repr=False)
    options: "FitOptions"
    seen: dict[str, Any] = field(default_factory=dict, repr=False)  # what forms found out, once

    @staticmethod
    def of(block: "Block", options: "FitOptions", lines: int = 1000) -> "Head":
        """The first lines of a block that are not blank."""
        from sim.workload.logs.blocks import Block
        from sim.workload.logs.texts import places

        texts = [text.rstrip("\n") for text in block.lines[:lines].to_pylist()]
        at = [i for i, text in enumerate(texts) if text.strip()]
        lines_left = block.lines.take(places(at))
        return Head(Block(lines_left, block.numbers[at]), [texts[i] for i in at], options)


@dataclass(frozen=True)
class Form:
    """One form of log.

    `share` tells which part of a head's lines is of this form; `reader` opens it. `finds` are the fields that the form
    has by itself, `remark` what to know about it. Its naive times are UTC where `utc`.
    """

    name: str
    where: str
    finds: tuple[str, ...]
    share: Callable[[Head], float] = field(repr=False)
    reader: Callable[[Head, BadLines], Reader] = field(repr=False)
    remark: str = ""
    utc: bool = False

    def found_words(self) -> str:
        """What the form tells about a request, in words."""
        return words(self.finds) or "what it has columns for"

    def missing_words(self) -> str:
        """What it does not tell."""
        if not self.finds:
            return self.remark
        told = set(self.finds) | ({"method", "path"} if "request" in self.finds else set())
        missing = [f for f in ("ts", "user", "method", "path", "status", "bytes") if f not in told]
        return "; ".join(filter(None, (words(missing), self.remark)))

"""Reads lines of one shape, a block at a time."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from sim.workload.logs.blocks import Block
from sim.workload.logs.fields import FIELDS
from sim.workload.logs.form import Head, Part
from sim.workload.logs.problems import BadLines
from sim.workload.logs.shape import Shape, unnamed
from sim.workload.logs.texts import column_of, cut_at, empty, places, spans, text, truths, values_of

Columns = dict[str, Any]


def share_of(shape: Shape, head: Head) -> float:
    """The share of a head's lines that have a shape."""
    import pyarrow.compute as pc

    hits = pc.match_substring_regex(head.block.lines, unnamed(shape.pattern, set()))
    return float(np.mean(values_of(hits)))


class PatternReader:
    """Reads lines of one shape."""

    def __init__(self, name: str, shape: Shape, bad: BadLines):
        self.name, self._shape, self._bad = name, shape, bad
        self.names = shape.names()

    def candidates(self) -> Mapping[str, list[str]]:
        return {name: [name] for name in self.names if name in FIELDS}

    def read(self, block: Block, wanted: set[str]) -> Part:
        shape = self._shape
        if "agent" in wanted and shape.with_agent:
            groups, numbers = self._matched(block, [shape.with_agent], wanted)
        else:
            patterns = [p for p in (shape.plain, shape.pattern) if p is not None]
            extra = wanted - set(FIELDS)  # a column that only the whole pattern has
            groups, numbers = self._matched(block, patterns[-1:] if extra else patterns, wanted)
        columns = _with_spaces(groups) if shape.spaced else groups
        kept = {name: _as_meant(columns[name]) for name in wanted if name in columns}
        return Part(kept, numbers, trimmed=True)

    def _matched(self, block: Block, patterns: list[str], wanted: set[str]) -> tuple[Columns, Any]:
        """The groups of the lines that match the first pattern, or else the next."""
        import pyarrow as pa
        import pyarrow.compute as pc

        kept = wanted | {"before", "ident"}
        names = [n for n in re.compile(patterns[-1]).groupindex if n in kept]
        found, numbers, left = [], [], block
        for pattern in patterns:
            joint = {name for name in _groups_of(pattern) if _JOINT in name}
            groups = pc.extract_regex(left.lines, unnamed(pattern, kept | joint))
            hit = values_of(groups.is_valid())
            columns = _columns(groups if hit.all() else groups.filter(truths(hit)))
            nothing = pa.nulls(int(hit.sum()), pa.string())
            found.append([columns.get(name, nothing) for name in names])
            numbers.append(left.numbers[hit])
            left = left.only(~hit)
            if not len(left):
                break
        self._note(left)
        columns = dict(zip(names, found[0], strict=True))
        if len(found) == 1:
            return columns, numbers[0]
        order = np.argsort(np.concatenate(numbers), kind="stable")
        columns = {
            name: pa.concat_arrays(parts).take(places(order))
            for name, parts in zip(names, zip(*found, strict=True), strict=True)
        }
        return columns, np.concatenate(numbers)[order]

    def _note(self, left: Block) -> None:
        import pyarrow.compute as pc

        blank = empty(pc.utf8_trim_whitespace(left.lines))
        left = left.only(~blank)
        self._bad_lines(left)

    def _bad_lines(self, left: Block) -> None:
        reason = f"not in {self.name}"
        for at in range(len(left)):
            if not self._bad.open:
                self._bad.add_more(len(left) - at, reason)
                return
            self._bad.add(int(left.numbers[at]), reason, left.lines[at].as_py())


_ESCAPED = re.compile(r'\\(?:x([0-9A-Fa-f]{2})|(["\\]))')


def _as_meant(column: Any) -> Any:
    """Text without the quotes around it and the escapes in it that servers write."""
    import pyarrow.compute as pc

    _, _, data = spans(column)
    if not ((data == ord('"')) | (data == ord("\\"))).any():
        return column
    odd = pc.match_substring_regex(column, r'\\|^".*"$')
    odd = values_of(odd)
    if not odd.any():
        return column
    texts = column.to_pylist()
    for at in np.flatnonzero(odd):
        texts[at] = _plain(texts[at])
    return column_of(texts)


def _plain(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    # \xHH are bytes of UTF-8
    raw = _ESCAPED.sub(lambda m: m[2] or chr(0xDC00 + int(m[1], 16)), text)
    return b"".join(
        bytes([ord(c) - 0xDC00]) if 0xDC00 <= ord(c) <= 0xDCFF else c.encode() for c in raw
    ).decode(errors="replace")


_JOINT = "__"  # joins the names of two fields that one group holds


def _groups_of(pattern: str) -> list[str]:
    return list(re.compile(pattern).groupindex)


def _columns(groups: Any) -> Columns:
    """The groups of a match as columns; a group of two fields is cut at its blank."""

    found = {}
    for field in groups.type:
        if _JOINT not in field.name:
            found[field.name] = groups.field(field.name)
            continue
        one, other = field.name.split(_JOINT)
        found[one], found[other] = cut_at(groups.field(field.name), " ")
    return found


def _with_spaces(columns: Columns) -> Columns:
    """A user with spaces in it: all that stands behind the client and an ident of `-`."""
    import pyarrow.compute as pc

    if "user" not in columns:
        return columns
    idents = columns["ident"]
    other = values_of(idents.is_valid()) & ~values_of(pc.equal(idents, text("-")))
    if not other.any():
        return columns
    users = columns["user"].to_pylist()
    for at in np.flatnonzero(other):
        _, dash, begin = columns["before"][int(at)].as_py().rpartition(" - ")
        if dash and users[at] != "-":
            users[at] = f"{begin}{columns['ident'][int(at)].as_py()} {users[at]}"
    return {**columns, "user": column_of(users)}

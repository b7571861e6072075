"""Tables under a line of column names: CSV and its like, the W3C Extended Log Format; and LTSV, which names each cell."""

import csv
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from sim.workload.logs.blocks import Block
from sim.workload.logs.fields import FIELD_OF, guessed, normal
from sim.workload.logs.form import Head, Part
from sim.workload.logs.options import FitOptions
from sim.workload.logs.problems import BadLines
from sim.workload.logs.texts import column_of, empty, places, truths, values_of

_DELIMITERS = ",\t;|"


def _is_wanted(name: str, options: FitOptions) -> bool:
    return normal(name) in FIELD_OF or name in options.columns.values()


# -- CSV ----------------------------------------------------------------------------------------------


def _delimiter(header: str, options: FitOptions) -> str | None:
    """What separates the columns under this header, if it is one: two names in it must be known."""

    def known(delimiter: str) -> int:
        return sum(_is_wanted(name, options) for name in _cells(header, delimiter) or [])

    best = max(_DELIMITERS, key=known)
    return best if known(best) >= 2 else None


def _cells(line: str, delimiter: str) -> list[str] | None:
    """The cells of a line; None where its quotes do not match."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


class TableReader:
    """Reads lines of cells under names; lines with quotes by the rules of CSV where `quoted`."""

    def __init__(
        self, name: str, names: list[str], delimiter: str, quoted: bool, bad: BadLines, begins: int
    ):
        self.name, self.names, self._delimiter = name, names, delimiter
        self._quoted, self._bad, self._begins = quoted, bad, begins

    def candidates(self) -> Mapping[str, list[str]]:
        return guessed(self.names)

    def read(self, block: Block, wanted: set[str]) -> Part:
        import pyarrow as pa
        import pyarrow.compute as pc

        text = pc.utf8_rtrim(block.lines, "\n")
        filled = ~empty(pc.utf8_trim_whitespace(text))
        filled = filled & (block.numbers > self._begins)
        block = Block(text, block.numbers).only(filled)
        if not self._quoted:
            return self._split(block, wanted)
        quotes = values_of(pc.match_substring(block.lines, '"'))
        if not quotes.any():
            return self._split(block, wanted)
        plain, odd = (
            self._split(block.only(~quotes), wanted),
            self._by_csv(block.only(quotes), wanted),
        )
        columns = {
            name: pa.concat_arrays([plain.columns[name], odd.columns[name]])
            for name in plain.columns
        }
        order = np.argsort(np.concatenate((plain.numbers, odd.numbers)), kind="stable")
        taken = {name: column.take(places(order)) for name, column in columns.items()}
        return Part(taken, np.concatenate((plain.numbers, odd.numbers))[order])

    def _kept(self, wanted: set[str]) -> dict[str, int]:
        return {name: self.names.index(name) for name in self.names if name in wanted}

    def _split(self, block: Block, wanted: set[str]) -> Part:
        import pyarrow.compute as pc

        cells = pc.split_pattern(block.lines, self._delimiter)
        counts = values_of(pc.list_value_length(cells))
        right = counts == len(self.names)
        for number, count, line in zip(
            block.numbers[~right], counts[~right], block.lines.filter(truths(~right)), strict=True
        ):
            self._bad.add(int(number), self._wrong_count(int(count)), line.as_py())
        flat = cells.filter(truths(right)).flatten()
        n = int(right.sum())
        columns = {
            name: flat.take(places(np.arange(n) * len(self.names) + at))
            for name, at in self._kept(wanted).items()
        }
        return Part(columns, block.numbers[right])

    def _by_csv(self, block: Block, wanted: set[str]) -> Part:

        rows, numbers = [], []
        for number, line in zip(block.numbers, block.lines.to_pylist(), strict=True):
            cells = _cells(line, self._delimiter)
            if cells is None or len(cells) != len(self.names):
                wrong = "quotes that do not match" if cells is None else None
                self._bad.add(int(number), wrong or self._wrong_count(len(cells or [])), line)
            else:
                rows.append(cells)
                numbers.append(number)
        columns = {
            name: column_of([row[at] for row in rows]) for name, at in self._kept(wanted).items()
        }
        return Part(columns, np.array(numbers, dtype=np.int64))

    def _wrong_count(self, count: int) -> str:
        return f"{count} fields where the header has {len(self.names)}"


def csv_share(head: Head) -> float:
    """1 where the first line has names that are known."""
    return float(_delimiter(head.texts[0], head.options) is not None)


def csv_reader(head: Head, bad: BadLines) -> TableReader:
    """Reads what stands under the first line."""
    delimiter = _delimiter(head.texts[0], head.options) or ","
    names = [name.strip() for name in _cells(head.texts[0], delimiter) or []]
    return TableReader("CSV", names, delimiter, True, bad, int(head.block.numbers[0]))


# -- W3C ----------------------------------------------------------------------------------------------

_FIELDS_LINE = re.compile(r"#Fields:\s*(.*)")


class W3CReader:
    """Reads W3C logs; a `#Fields:` line may come again, with other fields."""

    def __init__(self, name: str, head: Head, bad: BadLines):
        self.name, self._bad = name, bad
        lines = [match[1] for text in head.texts if (match := _FIELDS_LINE.match(text))]
        self._table = self._of(lines[0])
        self.names = list(dict.fromkeys(name for line in lines for name in line.split()))

    def _of(self, names: str, begins: int = 0) -> TableReader:
        return TableReader(self.name, names.split(), " ", False, self._bad, begins)

    def candidates(self) -> Mapping[str, list[str]]:
        return guessed(self.names)

    def read(self, block: Block, wanted: set[str]) -> Part:
        import pyarrow.compute as pc

        lines = pc.replace_substring(pc.utf8_rtrim(block.lines, " \t\n"), "\t", " ")
        comment = values_of(pc.starts_with(lines, "#"))
        parts, start = [], 0
        for at in (*np.flatnonzero(comment), len(lines)):
            if at > start:
                stretch = Block(lines[start:at], block.numbers[start:at])
                parts.append(self._table.read(stretch, wanted))
            if at < len(lines) and (match := _FIELDS_LINE.match(lines[int(at)].as_py())):
                self._table = self._of(match[1])
            start = int(at) + 1
        names = [name for name in self.names if name in wanted]
        columns = {name: _joined([_column(part, name) for part in parts]) for name in names}
        numbers = [part.numbers for part in parts] or [np.zeros(0, dtype=np.int64)]
        return Part(columns or {"": column_of([])}, np.concatenate(numbers))


def _column(part: Part, name: str) -> Any:
    import pyarrow as pa

    found = part.columns.get(name)
    return pa.nulls(len(part.numbers), pa.string()) if found is None else found


def _joined(columns: list[Any]) -> Any:
    import pyarrow as pa

    return pa.concat_arrays(columns) if columns else column_of([])


def w3c_share(head: Head) -> float:
    """1 where fields are named near the begin."""
    return float(any(_FIELDS_LINE.match(text) for text in head.texts[:20]))


def cloudfront_share(head: Head) -> float:
    """1 where CloudFront's own field is among them."""
    return float(w3c_share(head) and any("x-edge-location" in text for text in head.texts[:20]))


# -- LTSV ---------------------------------------------------------------------------------------------

_LABEL = re.compile(r"([\w.-]+):")


class LtsvReader:
    """Reads lines of `label:value`, separated by tabs."""

    def __init__(self, head: Head, bad: BadLines):
        self.name, self._bad = "LTSV", bad
        cells = (cell for text in head.texts for cell in text.split("\t"))
        labels = (match[1] for cell in cells if (match := _LABEL.match(cell)))
        self.names = list(dict.fromkeys(labels))

    def candidates(self) -> Mapping[str, list[str]]:
        return guessed(self.names)

    def read(self, block: Block, wanted: set[str]) -> Part:

        rows, numbers = [], []
        for number, line in zip(block.numbers, block.lines.to_pylist(), strict=True):
            pairs = [cell.partition(":") for cell in line.strip("\n").split("\t")]
            if line.strip() and all(colon for _, colon, _ in pairs):
                rows.append({label: value for label, _, value in pairs})
                numbers.append(number)
            elif line.strip():
                self._bad.add(int(number), "not in LTSV", line)
        columns = {
            name: column_of([row.get(name) for row in rows])
            for name in self.names
            if name in wanted
        }
        return Part(columns, np.array(numbers, dtype=np.int64))


def ltsv_share(head: Head) -> float:
    """The share of lines of three labelled values and more."""

    def fits(text: str) -> bool:
        cells = text.split("\t")
        return len(cells) >= 3 and all(_LABEL.match(cell) for cell in cells)

    return sum(map(fits, head.texts)) / len(head.texts)

"""Reads records of JSON: one or more a line, over several lines, or with a line of another form in them."""

from collections.abc import Mapping

import numpy as np

from sim.workload.logs.blocks import LONGEST, Block
from sim.workload.logs.fields import guessed
from sim.workload.logs.form import Form, Head, Part
from sim.workload.logs.forms.patterns import PATTERNS
from sim.workload.logs.problems import BadLines
from sim.workload.logs.readers.json_records import (
    Look,
    Record,
    Stream,
    as_text,
    inside,
    look,
    many_objects,
    merged,
    names_in,
)
from sim.workload.logs.texts import column_of

_LEARNED = 100  # records of each block in which new names are looked for


def _text_form(head: Head) -> Form | None:
    """The form without JSON that most of these lines have."""
    shares = [(form.share(head), form) for form in PATTERNS]
    share, form = max(shares, key=lambda pair: pair[0])
    return form if share > 0.5 else None


def _head_of(texts: list[str], head: Head) -> Head:

    numbers = np.arange(1, len(texts) + 1)
    return Head(Block(column_of(texts), numbers), texts, head.options)


def look_at(head: Head) -> Look:
    """What a head is as JSON, found out once."""
    return look(head, lambda texts: _text_form(_head_of(texts, head)) is not None)


class JsonReader:
    """Reads records, one or more a line."""

    _learning: int | None = None  # all of the first block

    def __init__(self, name: str, fields: Mapping[str, str], head: Head, bad: BadLines):
        self._look, self._bad, self._fields = look_at(head), bad, fields
        self.name = name + ", each line behind a prefix" * self._look.prefixed
        if self._look.wrapper:
            self.name += f', as text in "{self._look.wrapper}"'
        self.names = list(self._look.names)

    def candidates(self) -> Mapping[str, list[str]]:
        found = guessed(self.names)
        own = {field: [name] for field, name in self._fields.items() if name in self.names}
        return {**found, **{field: own[field] + found.get(field, []) for field in own}}

    def read(self, block: Block, wanted: set[str]) -> Part:
        return self._part(*self._records(block), wanted)

    def _records(self, block: Block) -> tuple[list[Record], list[int]]:
        texts = block.lines.to_pylist()
        at = [i for i, text in enumerate(texts) if text.strip()]
        kept = [texts[i] for i in at]
        if self._look.prefixed:
            kept = [text[max(text.find("{"), 0) :] for text in kept]
        records, numbers = [], []
        for i, found in zip(at, many_objects(kept), strict=True):
            if found is None:
                self._bad.add(int(block.numbers[i]), "no JSON object", texts[i])
            for record in found or ():
                records.append(merged(record, self._look.wrapper))
                numbers.append(int(block.numbers[i]))
        return records, numbers

    def _part(self, records: list[Record], numbers: list[int], wanted: set[str]) -> Part:
        learned = (name for record in records[: self._learning] for name in names_in(record))
        self.names = list(dict.fromkeys((*self.names, *learned)))
        self._learning = _LEARNED
        columns = {
            name: column_of([as_text(inside(record, name)) for record in records])
            for name in self.names
            if name in wanted
        }
        return Part(columns, np.array(numbers, dtype=np.int64))


class StreamReader(JsonReader):
    """Reads an array, or objects over several lines."""

    def __init__(self, head: Head, bad: BadLines):
        self._stream, self._bad = Stream(), bad
        self._fields: Mapping[str, str] = {}
        self.name = "JSON, an array or objects over several lines"
        records = [record for _, record in Stream().objects("\n".join(head.texts))]
        self.names = list(dict.fromkeys(name for record in records for name in names_in(record)))

    def _records(self, block: Block) -> tuple[list[Record], list[int]]:
        found = list(self._stream.objects("".join(block.lines.to_pylist())))
        if self._stream.left > LONGEST:
            self._drop()
        return [record for _, record in found], [number for number, _ in found]

    def end(self) -> None:
        """Note what never came to its end."""
        if self._stream.left:
            self._drop()

    def _drop(self) -> None:
        line, text = self._stream.drop()
        if text.strip(" \t\r\n,[]"):
            self._bad.add(line, "no JSON object, or one without its end, begins here", text)


class HeldReader:
    """Reads lines of another form that a field of each record holds as text."""

    def __init__(self, head: Head, bad: BadLines):
        seen = look_at(head)
        assert seen.inner is not None
        self._field, self._bad, self._prefixed = seen.inner, bad, seen.prefixed
        inner = _head_of([str(inside(record, self._field)) for record in seen.records], head)
        form = _text_form(inner)
        assert form is not None
        self._reader = form.reader(inner, bad)
        self.name = f'{form.name}, as text in "{self._field}" of JSON lines'

    @property
    def names(self) -> list[str]:
        return self._reader.names

    def candidates(self) -> Mapping[str, list[str]]:
        return self._reader.candidates()

    def read(self, block: Block, wanted: set[str]) -> Part:
        texts, numbers = [], []
        lines = [text[max(text.find("{"), 0) :] for text in block.lines.to_pylist()]
        for number, line, found in zip(block.numbers, lines, many_objects(lines), strict=True):
            if found is None and line.strip():
                self._bad.add(int(number), "no JSON object", line)
            for record in found or ():
                texts.append(as_text(inside(record, self._field)) or "")
                numbers.append(number)
        held = Block(column_of(list(texts)), np.array(numbers, dtype=np.int64))
        return self._reader.read(held, wanted)

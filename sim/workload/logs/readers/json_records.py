"""Records of JSON: objects one a line or over several, in arrays, behind prefixes, or as text within other records."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sim.workload.logs.form import Head

Record = dict[str, Any]
# Fields that hold a whole log line or record as text: Docker, fluentd, journald, Azure, GCP, Keycloak.
_WRAPPERS = (
    *("log", "message", "msg", "properties", "MESSAGE", "textPayload", "line", "event.original"),
    *("@message", "jsonPayload.message"),
)
_LISTS = ("records", "Records", "logEvents")  # exports that hold the records in a list
_PAIR = re.compile(r'(\w+)="?([^",]*)"?(?:, |$)')


def objects_of(text: str) -> list[Record] | None:
    """The records of one line; None where it is no JSON object (nor one written as a string, nor a list of them)."""
    try:
        value = json.loads(text)
        if isinstance(value, str):
            value = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return _expanded(value)


def _expanded(value: Any) -> list[Record] | None:
    if isinstance(value, dict):
        held = next((value[key] for key in _LISTS if isinstance(value.get(key), list)), None)
        return [value] if held is None else [item for item in held if isinstance(item, dict)]
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return value
    return None


def many_objects(texts: Sequence[str]) -> list[list[Record] | None]:
    """`objects_of` each line, all at once where they are plain objects."""
    try:
        values = json.loads("[" + ",".join(texts) + "]")
    except (ValueError, RecursionError):
        return [objects_of(text) for text in texts]
    if len(values) != len(texts) or not all(isinstance(value, dict) for value in values):
        return [objects_of(text) for text in texts]
    return [_expanded(value) for value in values]


def inside(record: Any, name: str) -> Any:
    """The value under a name with dots as joints; a key that holds the dots itself comes first."""
    if not isinstance(record, dict):
        return None
    if name in record or "." not in name:
        return record.get(name)
    key, _, below = name.partition(".")
    return inside(record.get(key), below)


def as_text(value: Any) -> str | None:
    """A scalar, or a list of one, as text."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if value is None or isinstance(value, str):
        return value
    return None if isinstance(value, dict | list) else str(value)


def names_in(record: Record, before: str = "") -> Iterator[str]:
    """The names of a record's scalars, with dots as joints."""
    for key, value in record.items():
        if isinstance(value, dict):
            yield from names_in(value, f"{before}{key}.")
        elif not isinstance(value, list) or len(value) == 1:
            yield before + key


# -- records within records -----------------------------------------------------------------------


def merged(record: Record, wrapper: str | None) -> Record:
    """A record with the one that a field of it holds as text: JSON, or Keycloak's `name="value"`."""
    held = inside(record, wrapper) if wrapper else None
    if not isinstance(held, str):
        return record
    if held.lstrip().startswith("{"):
        found = objects_of(held) or [{}]
        return {**record, **found[0]}
    return {**record, **dict(_PAIR.findall(held))}


@dataclass(frozen=True)
class Look:
    """What the head of a log is as JSON."""

    share: float  # of lines that are objects
    prefixed: bool  # whether something stands before the object
    wrapper: str | None  # the field that holds another record as text
    inner: str | None  # the field that holds a line of another form as text
    names: tuple[str, ...]
    records: list[Record]


def look(head: Head, is_line: Callable[[list[str]], bool]) -> Look:
    """Look at the head of a log; `is_line` tells whether texts are lines of a form without JSON."""
    if "json" not in head.seen:
        head.seen["json"] = _look(head.texts, is_line)
    found: Look = head.seen["json"]
    return found


def _look(texts: list[str], is_line: Callable[[list[str]], bool]) -> Look:
    bare = [objects_of(text) for text in texts]
    prefixed = not any(bare)
    if prefixed:
        bare = [objects_of(text[text.find("{") :]) if "{" in text else None for text in texts]
    records = [record for found in bare if found for record in found]
    share = sum(map(bool, bare)) / len(texts)
    wrapper, inner = _held(records, is_line)
    records = [merged(record, wrapper) for record in records]
    names = tuple(dict.fromkeys(name for record in records for name in names_in(record)))
    return Look(share, prefixed, wrapper, inner, names, records)


def _held(
    records: list[Record], is_line: Callable[[list[str]], bool]
) -> tuple[str | None, str | None]:
    """Which field holds records as text, and which holds lines of another form."""
    for name in _WRAPPERS:
        held = [value for record in records if isinstance(value := inside(record, name), str)]
        if len(held) <= len(records) / 2:
            continue
        if _mostly(held, lambda text: bool(text.lstrip().startswith("{") and objects_of(text))):
            return name, None
        if _mostly(held, lambda text: "type=" in text and len(_PAIR.findall(text)) >= 3):
            return name, None
        if is_line(held):
            return None, name
    return None, None


def _mostly(texts: list[str], fits: Callable[[str], bool]) -> bool:
    return sum(map(fits, texts)) > len(texts) / 2


# -- objects over several lines -----------------------------------------------------------------------


class Stream:
    """Objects of a text that comes in parts: an array, or objects one behind the other, over any number of lines."""

    def __init__(self) -> None:
        self._left, self._line = "", 1
        self._decoder = json.JSONDecoder()

    @property
    def left(self) -> int:
        """How much of the text waits for its end."""
        return len(self._left)

    def objects(self, text: str) -> Iterator[tuple[int, Record]]:
        """The objects that are whole now, each with the number of its first line."""
        text, at = self._left + text, 0
        counted = 0
        while True:
            at = _skip(text, at)
            try:
                value, end = self._decoder.raw_decode(text, at)
            except (ValueError, RecursionError):
                break
            self._line += text.count("\n", counted, at)
            counted = at
            yield from ((self._line, record) for record in _expanded(value) or ())
            at = end
        self._line += text.count("\n", counted, at)
        self._left = text[at:]

    def drop(self) -> tuple[int, str]:
        """Give up on the object that waits for its end: its line and its text."""
        line, text = self._line, self._left
        self._line, self._left = line + text.count("\n"), ""
        return line, text


_BETWEEN = re.compile(r"[\s,\]]*\[?[\s,]*(?=[{])|[\s,\]]*")


def _skip(text: str, at: int) -> int:
    """The begin of the next object."""
    match = _BETWEEN.match(text, at)
    return match.end() if match else at


def several_lines(texts: Iterable[str]) -> bool:
    """Whether these lines begin an array, or an object over several lines."""
    text = "\n".join(texts).lstrip()
    if not text.startswith(("[", "{")):
        return False
    return next(Stream().objects(text), None) is not None

"""Every problem of a scenario at once: file, line, key, value, what was expected, the nearest valid name."""

import json
import re
from dataclasses import dataclass
from typing import Any

from sim.basics.names import shortened

KeyPath = tuple[str, ...]
_HEADER = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong; `line` is None where the file has none to show."""

    file: str
    line: int | None
    key: str
    value: str
    message: str

    def __str__(self) -> str:
        file = _short(self.file, 300)
        place = file if self.line is None else f"{file}:{self.line}"
        key = f": {_short(self.key, 120)}" if self.key else ""
        value = f" = {self.value}" if self.value else ""
        return f"{place}{key}{value}: {self.message}"


class ScenarioError(ValueError):
    """A scenario that cannot be used; `problems` holds all that is wrong with it."""

    def __init__(self, problems: list[Problem]):
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


def _short(text: str, most: int) -> str:
    """Names as a message shows them: long ones cut in the middle, without control characters."""
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= most else f"{text[: most // 2]}...{text[-most // 3 :]}"


def shown(value: Any) -> str:
    """A value as it is shown in a message: as TOML spells it, short, on one line, without control characters."""
    text = _spelled(value)
    text = "".join(c if c.isprintable() else "?" for c in text)
    return shortened(text, 60)


def _spelled(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_spelled, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_spelled(item)}' for key, item in value.items())} }}"
    if isinstance(value, int) and abs(value) >= 1 << 200:
        return (
            f"a number of {value.bit_length():,} bits"  # Python does not spell out very long ones
        )
    return repr(value)


def key_lines(text: str) -> dict[KeyPath, int]:
    """Where each table and key of a TOML document stands: path -> line, from 1.

    Keys inside an inline table stand on the line of the key that holds it and are not listed.
    """
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    inside = _Inside()
    for number, line in enumerate(text.splitlines(), 1):
        if not inside.value:
            if match := _HEADER.match(line):
                table = _parts(match[1])
                lines.setdefault(table, number)
                continue
            if match := _KEY.match(line):
                path = table + _parts(match[1])
                lines.setdefault(path, number)
                line = line[match.end() :]
        inside.read(line)
    return lines


def line_of(lines: dict[KeyPath, int], path: KeyPath) -> int | None:
    """The line of a path, else of the first key in it, else of the nearest parent that has one."""
    if path not in lines:
        within = [line for key, line in lines.items() if key[: len(path)] == path]
        if within:
            return min(within)
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _parts(text: str) -> KeyPath:
    return tuple(part.strip("\"'") for part in _PART.findall(text))


class _Inside:
    """Whether a line begins inside a value: an array over several lines, or a long string."""

    def __init__(self) -> None:
        self._brackets, self._quote = 0, ""

    @property
    def value(self) -> bool:
        return self._brackets > 0 or bool(self._quote)

    def read(self, line: str) -> None:
        i = 0
        while i < len(line):
            i += self._step(line, i)
        if len(self._quote) == 1:
            self._quote = ""  # a short string ends with its line

    def _step(self, line: str, i: int) -> int:
        if self._quote:
            return self._in_string(line, i)
        for quote in ('"""', "'''", '"', "'"):
            if line.startswith(quote, i):
                self._quote = quote
                return len(quote)
        if line[i] == "#":
            return len(line) - i
        self._brackets = max(0, self._brackets + (line[i] in "[{") - (line[i] in "]}"))
        return 1

    def _in_string(self, line: str, i: int) -> int:
        if line[i] == "\\" and self._quote[0] == '"':
            return 2
        if line.startswith(self._quote, i):
            length, self._quote = len(self._quote), ""
            return length
        return 1

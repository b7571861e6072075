"""The first rows of a log as they are understood, before anything is fitted from them."""

import hashlib
import secrets
from collections.abc import Iterable
from shutil import get_terminal_size
from textwrap import wrap
from typing import Any

from sim.workload.logs.problems import printable
from sim.workload.logs.read import Log, nothing_usable

_ROWS = 10
_WIDTHS = {"line": 5, "time (UTC)": 19, "person": 14, "method": 6, "status": 6, "bytes": 7}
_SALT = secrets.token_bytes(
    16
)  # a name has another number the next time, so that it cannot be looked up


def hashed(name: str, what: str = "user") -> str:
    """A name as a number that does not tell it."""
    return f"{what}-" + hashlib.blake2b(name.encode(), key=_SALT, digest_size=4).hexdigest()


def without_names(text: str, names: Iterable[str]) -> str:
    """Text in which names of persons are numbers."""
    for name in sorted(names, key=len, reverse=True):
        if name and name in text:
            text = text.replace(name, hashed(name))
    return text


def preview_text(log: Log) -> str:
    """The form, which column is which field, and the first rows as a table of at most 80 signs. Raises LogError."""
    rows, veiled = _first_rows(log), log.bad.veiled
    columns = ", ".join(f"{field} = {name}" for field, name in log.columns.items())
    lines = [f"{', '.join(log.names)}: {log.form}", *wrap(f"columns: {columns}", 80)]
    header = [*(f"{name:<{width}}" for name, width in _WIDTHS.items()), "path"]
    lines.append(" ".join(header))
    for row in rows:
        path = str(row["path"] or "-")
        # whose names are in it cannot be known from a few rows
        lines.append(_line(row, hashed(path, "path") if veiled else path, veiled))
    lines += [f"bad: {sample}" for sample in log.bad.first]
    return "\n".join(lines)


def _first_rows(log: Log) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for rows in log:
        names = ("user", "session", "method", "path")
        texts = {name: getattr(rows, name)[:_ROWS].to_pylist() for name in names}
        times = rows.time[:_ROWS].astype("datetime64[us]").astype("datetime64[ms]").astype(str)
        for i in range(min(len(rows), _ROWS - len(found))):
            row = {name: values[i] for name, values in texts.items()}
            numbers = {"line": rows.numbers[i], "status": rows.status[i], "bytes": rows.bytes[i]}
            shown = str(times[i]).replace("T", " ").removesuffix(".000")
            found.append({**row, **numbers, "time": shown})
        if len(found) == _ROWS:
            break
    if not found:
        raise nothing_usable(log)
    return found


def _line(row: dict[str, Any], path: str, veiled: bool) -> str:
    person = row["user"] or row["session"] or "-"
    if veiled and person != "-":
        person = hashed(person)
    cells = (
        str(row["line"]),
        row["time"],
        printable(person, 11),
        row["method"] or "-",
        _whole(row["status"]),
        _whole(row["bytes"]),
    )
    shown = [f"{cell:<{width}}" for cell, width in zip(cells, _WIDTHS.values(), strict=True)]
    return " ".join((*shown, printable(path, _path_width()))).rstrip()


def _path_width() -> int:
    """What the terminal leaves for paths, besides dots."""
    return max(get_terminal_size().columns - sum(_WIDTHS.values()) - len(_WIDTHS) - 3, 12)


def _whole(number: float) -> str:
    return f"{number:.0f}" if number == number else "-"

"""A scenario as a file again: one that loads to the same content id, includes and changes merged in."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.scenario.model import Scenario

_HEAD = "# Written by Last Click {version}: the whole scenario of this result, what was left out filled in.\n"


def scenario_file_text(scenario: Scenario, folder: Path | None = None) -> str:
    """The scenario as TOML. A log stays where it is: its path is written relative to `folder`, where the file will be."""
    from sim import __version__

    raw = {key: value for key, value in scenario._raw.items() if value is not None}
    workload = dict(raw["workload"])
    if folder is not None and workload.get("log"):
        workload["log"] = os.path.relpath(workload["log"], folder)
    raw["workload"] = workload
    tables = {key: value for key, value in raw.items() if isinstance(value, Mapping)}
    lines = [f"{key} = {_value(value)}" for key, value in raw.items() if key not in tables]
    for name, table in tables.items():
        lines += _strategies(table) if name == "strategies" else ["", *_table(name, table)]
    return _HEAD.format(version=__version__) + "\n".join(lines) + "\n"


def value_as_written(value: Any) -> str:
    """A value as a file holds it."""
    return _value(value)


def _strategies(tables: Mapping[str, Mapping[str, Any]]) -> list[str]:
    lines = []
    for name, table in tables.items():
        # a name of the catalogue starts from its mechanisms: what is not there must be taken away
        missing = {
            key: "none" for key in ("token", "allowlist", "check", "push") if key not in table
        }
        kept = {key: value for key, value in {**table, **missing}.items() if key != "name"}
        lines += ["", *_table(f"strategies.{_key(name)}", kept)]
    return lines


def _table(name: str, table: Mapping[str, Any]) -> list[str]:
    return [f"[{name}]", *(f"{_key(k)} = {_value(v)}" for k, v in table.items() if v is not None)]


def _key(key: str) -> str:
    plain = key.replace("_", "").replace("-", "")
    return key if plain.isascii() and plain.isalnum() else _text(key)


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        pairs = (f"{_key(k)} = {_value(v)}" for k, v in value.items() if v is not None)
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(_value, value)) + "]"
    return repr(value)

"""The content id of a scenario: two files have the same id if they describe the same study."""

import glob
import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Texts = dict[str, tuple[Any, str]]  # a table: its value, and how the id writes it
# What stands beside the id in every result, or changes no result.
_LEFT_OUT = ("title", "question", "path", "format", "sources", "swept", "goals")
_RUN_LEFT_OUT = ("seed", "replications", "precision", "max_replications")


def content_id(scenario: BaseModel, texts: Texts) -> str:
    """16 hexadecimal digits of the SHA-256 of what determines results, a log by its bytes.

    `texts` remembers what tables are written as.
    """
    fields = type(scenario).model_fields
    later = {name for name, f in fields.items() if _came_later(f) and not getattr(scenario, name)}
    tables = sorted(set(fields) - set(_LEFT_OUT) - later)
    text = ",".join(f'"{table}":{_text(scenario, table, texts)}' for table in tables)
    return hashlib.sha256(f"{{{text}}}".encode()).hexdigest()[:16]


def _text(scenario: BaseModel, table: str, texts: Texts) -> str:
    """A table as JSON."""
    value = getattr(scenario, table)
    known, text = texts.get(table, (None, ""))
    if not _same(known, value):
        dumped = scenario.model_dump(by_alias=True, mode="python", include={table})[table]
        _leave_out_added(value, dumped)
        content = _that_matters(table, dumped)
        text = json.dumps(_plain(content), sort_keys=True, separators=(",", ":"))
        texts[table] = (value, text)
    return text


def _leave_out_added(value: Any, dumped: Any) -> None:
    """Keys that the format was given later (`since`) change no id of a scenario that does not use them."""
    if isinstance(value, dict):
        for name, below in value.items():
            _leave_out_added(below, dumped.get(name))
    if not isinstance(value, BaseModel) or not isinstance(dumped, dict):
        return
    for name, field in type(value).model_fields.items():
        key, below = field.alias or name, getattr(value, name)
        if _came_later(field) and below == field.default:
            dumped.pop(key, None)
        else:
            _leave_out_added(below, dumped.get(key))


def _came_later(field: FieldInfo) -> bool:
    extra = field.json_schema_extra
    return isinstance(extra, dict) and "since" in extra


def _same(known: Any, value: Any) -> bool:
    """Whether both are one object, or tables of the same objects."""
    if isinstance(known, dict) and isinstance(value, dict):
        return known.keys() == value.keys() and all(known[name] is value[name] for name in value)
    return known is not None and known is value


def _that_matters(table: str, content: Any) -> Any:
    """What of a table determines results."""
    if table == "run":
        return {k: v for k, v in content.items() if k not in _RUN_LEFT_OUT}
    if table == "workload" and content["log"] is not None:
        return {**content, "log": _digest(content["log"])}
    if table == "strategies":
        left_out = ("sentence", "source")
        return {
            name: {k: v for k, v in strategy.items() if k not in left_out}
            for name, strategy in content.items()
        }
    return content


def _digest(path: str) -> str:
    """Of one file by its bytes; of a folder or a glob by those of its files, in whatever order they lie there."""
    try:
        files = _files(path)
        digests = sorted(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)
    except OSError:
        return f"missing {path}"
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("".join(digests).encode()).hexdigest() if digests else f"missing {path}"


def _files(name: str) -> list[Path]:
    path = Path(name)
    if path.is_dir():
        return [file for file in path.iterdir() if file.is_file() and file.name[0] != "."]
    return [path] if path.exists() else [Path(match) for match in glob.glob(name, recursive=True)]


def _plain(value: Any) -> Any:
    """Numbers as floats, so that 5 and 5.0 are the same."""
    if isinstance(value, dict):
        return {str(key): _plain(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(float(value))
    return value

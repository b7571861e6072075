"""A log of whatever form as one tidy table: a row a request, with who, when, what and how much."""

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.workload.formats import BadLines, LogError, Raw, printable, read_raw
from sim.workload.options import ALIASES, FitOptions, KindRule, normal
from sim.workload.timestamps import parse_times

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BadLines", "FitOptions", "KindRule", "Log", "LogError", "read_log"]

# How logs say that there is nothing, beside an empty field.
_NOTHING = ("-", "null", "NULL", "None", "nan", "NaN", "<NA>", "\\N", "(null)", '""')
_TEXTS = ("user", "session", "client", "event", "host", "method", "path", "address")


@dataclass(frozen=True)
class Log:
    """A log that was read.

    `rows`, in the order of the file: `time` (datetime64[us, UTC]), `user`, `session`, `client`, `event`, `method` (upper
    case), `path`, `address` (what tells one resource from another) as text, `status` and `bytes` as float; missing
    where the log says nothing. Its index is the number of the line. `columns`: the log's name of each field found.
    """

    name: str
    form: str
    rows: "pd.DataFrame"
    columns: dict[str, str]
    lines: int
    bad: BadLines


def read_log(path: str | Path, options: FitOptions | None = None) -> Log:
    """Read a log (Common or Combined Log Format, JSON lines, CSV, Parquet; plain or gzip) into a table.

    Lines that cannot be read are counted in `bad`. Raises LogError if nothing in the log can be used.
    """
    path, options = Path(path), options or FitOptions()
    raw = read_raw(path, options)
    columns = _columns(path, raw, options)
    rows = _tidy(raw, columns, options)
    missing = rows["time"].isna().to_numpy()
    if missing.any():
        _note_timeless(raw, columns["ts"], missing)
        rows = rows[~missing]
    if rows.empty:
        raise LogError(
            f"{path}: not one line can be used; {'; '.join(raw.bad.first) or 'it has no rows'}"
        )
    return Log(path.name, raw.form, rows, columns, raw.lines, raw.bad)


def _columns(path: Path, raw: Raw, options: FitOptions) -> dict[str, str]:
    """Which column holds a field: as the options say, else by the names that logs use."""
    for field, column in options.columns.items():
        if column not in raw.frame.columns:
            near = get_close_matches(column, raw.names, 1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            raise LogError(f'{path}: no column "{column}" for {field}{hint} {_listed(raw.names)}')
    taken = set(options.columns.values())
    by_name = {normal(name): name for name in reversed(raw.frame.columns) if name not in taken}
    guessed = {
        field: by_name[alias]
        for field, aliases in ALIASES.items()
        if (alias := next((alias for alias in aliases if alias in by_name), None))
    }
    found = {**guessed, **options.columns}
    _require(path, raw, found)
    return found


def _require(path: Path, raw: Raw, found: dict[str, str]) -> None:
    for field, what in (("ts", "a time"), ("user", "a person")):
        if field not in found and not (field == "user" and "session" in found):
            raise LogError(
                f"{path}: no column with {what}. {_listed(raw.names)} Say which it is by columns = {{{field} = ...}}"
            )


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(printable(name, 40) for name in names[:30])
    return f"The log has: {shown}{', ...' if len(names) > 30 else ''}."


def _tidy(raw: Raw, columns: dict[str, str], options: FitOptions) -> "pd.DataFrame":
    import pandas as pd

    given = {field: _cleaned(raw.frame[name]) for field, name in columns.items()}
    nothing = pd.Series(pd.NA, index=raw.frame.index, dtype="string[pyarrow]")
    texts = {field: given.get(field, nothing) for field in _TEXTS}
    if "request" in given:
        split = _request_line(given["request"])
        texts |= {field: texts[field].fillna(split[field]) for field in ("method", "path")}
    texts["method"] = texts["method"].str.upper()
    texts["address"] = texts["address"].fillna(texts.pop("host").fillna("") + texts["path"])
    time = parse_times(given["ts"], options.naive_zone)
    numbers = {field: _numbers(given.get(field, nothing)) for field in ("status", "bytes")}
    return pd.DataFrame({"time": time, **texts, **numbers})


def _cleaned(texts: "pd.Series[str]") -> "pd.Series[str]":
    import pandas as pd

    plain = texts.str.strip()
    return plain.mask((plain == "") | plain.isin(_NOTHING), pd.NA)


def _request_line(texts: "pd.Series[str]") -> "pd.DataFrame":
    """Method and path of `GET /x HTTP/1.1`; nothing of what is no request line (a TLS handshake, say)."""
    return texts.str.extract(r"^(?P<method>[A-Za-z]+) (?P<path>.*?)(?: HTTP/[0-9.]+)?$")


def _numbers(texts: "pd.Series[str]") -> Any:
    import pandas as pd

    numbers = pd.to_numeric(texts, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    return np.where(np.isfinite(numbers) & (numbers >= 0), numbers, np.nan)


def _note_timeless(raw: Raw, column: str, missing: Any) -> None:
    texts = raw.frame.loc[missing, column]
    for line, text in zip(texts.index, texts.fillna(""), strict=True):
        raw.bad.add(int(line), "no valid time", text)

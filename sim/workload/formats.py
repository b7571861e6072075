"""Forms of logs: a file in Common Log Format, JSON lines, CSV or Parquet, plain or gzip, as columns of text.

What a column means is decided later (`logs.py`). The form is told from the content; an extension may lie. A line that
cannot be read is noted and left out.
"""

import csv
import gzip
import io
import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sim.workload.options import FIELD_OF, FitOptions, normal

if TYPE_CHECKING:
    import pandas as pd

Numbered = Iterator[tuple[int, str]]
Record = Any  # a tuple of cells, or a dict of them

_BLOCK = 65_536  # lines turned into columns at a time: cells kept as Python objects cost ten times the memory
_SNIFFED = 1000  # lines looked at to tell the form
_SHOWN = 5  # bad lines kept to be shown

_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_COMPRESSED = {
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"PK\x03\x04": "zip",
    b"\xfd7zXZ": "xz",
}

# Common and Combined Log Format (Apache mod_log_config, nginx `combined`); what stands behind is ignored. Servers with
# many virtual hosts put host:port in front.
_CLF = re.compile(
    r"(?:[\w.-]+:\d+ (?=[0-9a-fA-F:.]+ ))?"
    r"(?P<client>\S+) \S+ (?P<user>.+?) "
    r"\[(?P<ts>\d{1,2}/\w{3}/\d{4}:\d\d:\d\d:\d\d(?:\.\d+)? [+-]\d{4})\] "
    r'"(?P<request>[^"\\]*(?:\\.[^"\\]*)*)" (?P<status>\d{3}|-) (?P<bytes>\d+|-)(?=\s|$)'
)
_CLF_COLUMNS = ("user", "ts", "request", "status", "bytes")
_ESCAPED = re.compile(r'\\(["\\])')


class LogError(ValueError):
    """A log in which nothing can be used; the message names the file and what was missing."""


class BadLine(ValueError):
    """Why one line cannot be read."""


@dataclass
class BadLines:
    """What could not be read: how much of it, why, and the first few lines."""

    count: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    first: list[str] = field(default_factory=list)

    def add(self, line: int, reason: str, text: str | None) -> None:
        """Note a line; `text` is shown shortened, with signs that a terminal would obey escaped."""
        self.count += 1
        self.reasons[reason] += 1
        if len(self.first) < _SHOWN:
            shown = "" if text is None else ": " + printable(text)
            self.first.append(f"line {line}: {reason}{shown}")


@dataclass(frozen=True)
class Raw:
    """A log as text: `frame` holds a column for each that could matter, under the log's own names.

    Its index is the number of the line (of the row, in Parquet), from 1. `names` are all the columns seen.
    """

    frame: "pd.DataFrame"
    form: str
    names: tuple[str, ...]
    lines: int
    bad: BadLines


def printable(text: str, most: int = 80) -> str:
    """Text cut to `most` signs, with control signs escaped."""
    cut = text[:most] + ("..." if len(text) > most else "")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)


def read_raw(path: Path, options: FitOptions) -> Raw:
    """Read a log in whatever form it has. Raises LogError where no form fits or the file cannot be read."""
    try:
        with path.open("rb") as file:
            return _read(path, file, options)
    except OSError as error:
        raise LogError(f"{path}: cannot be read: {error.strerror or error}") from None


def _read(path: Path, file: io.BufferedReader, options: FitOptions) -> Raw:
    packed = file.peek(2)[:2] == _GZIP
    stream: Any = gzip.GzipFile(fileobj=file) if packed else file
    head = _head(path, stream)
    if head.startswith(_PARQUET):
        raw = _parquet(path, stream, options)
    else:
        _refuse_binary(path, head)
        raw = _text(path, _numbered(stream, head), options)
    return Raw(raw.frame, raw.form + ", gzip" * packed, raw.names, raw.lines, raw.bad)


def _head(path: Path, stream: Any) -> bytes:
    try:
        head = bytes(stream.peek(4096)[:4096])
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise LogError(f"{path}: a damaged gzip file") from None
    if not head.strip():
        raise LogError(f"{path}: the file is empty")
    return head


def _refuse_binary(path: Path, head: bytes) -> None:
    for magic, name in _COMPRESSED.items():
        if (head.startswith(magic) and not head.isascii()) or head.startswith(b"PK\x03\x04"):
            raise LogError(f"{path}: compressed with {name}; of compressed logs only gzip is read")
    if b"\0" in head and not head.startswith(_UTF_16):
        raise LogError(
            f"{path}: binary, and neither Parquet nor gzip; it holds no log that can be read"
        )


# -- Text -----------------------------------------------------------------------------------------


def _numbered(stream: IO[bytes], head: bytes) -> Numbered:
    encoding = "utf-16" if head.startswith(_UTF_16) else "utf-8-sig"
    text = io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="\n")
    number = 0
    try:
        for number, line in enumerate(text, 1):
            if not line.isspace():
                yield number, line.rstrip("\r\n")
    except (EOFError, zlib.error, gzip.BadGzipFile):
        yield number + 1, "(here the gzip stream is cut off)"


def _text(path: Path, lines: Numbered, options: FitOptions) -> Raw:
    first = list(islice(lines, _SNIFFED))
    lines = chain(first, lines)
    delimiter = _delimiter(first[0][1], options)
    if delimiter:
        return _csv(lines, delimiter, options)
    json_lines = sum(line.lstrip().startswith("{") for _, line in first)
    clf_lines = sum(_CLF.match(line) is not None for _, line in first)
    if json_lines > clf_lines:
        return _json(path, lines, options)
    if clf_lines:
        return _clf(lines)
    raise LogError(
        f"{path}: no log in a known form. Neither Common or Combined Log Format, nor JSON lines, nor CSV under a"
        f" line of column names, nor Parquet; it begins: {printable(first[0][1])}"
    )


def _wanted(name: str, options: FitOptions) -> bool:
    return normal(name) in FIELD_OF or name in options.columns.values()


def _table(
    lines: Numbered,
    parse: Callable[[str], Record],
    columns_of: Callable[[list[Record]], dict[str, Sequence[str | None]]],
) -> tuple["pd.DataFrame", int, BadLines]:
    """Lines through `parse`, a block at a time into columns of text. Returns them, the lines seen, the bad ones."""
    import pandas as pd

    bad, seen, blocks = BadLines(), 0, []
    while block := list(islice(lines, _BLOCK)):
        seen += len(block)
        numbers, records = [], []
        for number, line in block:
            try:
                records.append(parse(line))
            except BadLine as reason:
                bad.add(number, str(reason), line)
            else:
                numbers.append(number)
        cells = {name: _strings(column) for name, column in columns_of(records).items()}
        blocks.append(pd.DataFrame(cells, index=pd.Index(numbers, dtype="int64")))
    empty = pd.DataFrame(columns_of([]), dtype="string[pyarrow]")
    return pd.concat(blocks) if blocks else empty, seen, bad


def _strings(cells: Sequence[str | None]) -> Any:
    import pandas as pd

    try:
        return pd.array(list(cells), dtype="string[pyarrow]")
    except (
        UnicodeEncodeError
    ):  # JSON can spell half a surrogate pair, which no text encoding can hold
        whole = [c if c is None else c.encode(errors="replace").decode() for c in cells]
        return pd.array(whole, dtype="string[pyarrow]")


def _in_columns(names: Sequence[str], records: list[Record]) -> dict[str, Sequence[str | None]]:
    columns: Iterable[Any] = zip(*records, strict=True) if records else [()] * len(names)
    return dict(zip(names, columns, strict=True))


def _clf(lines: Numbered) -> Raw:
    def parse(line: str) -> tuple[str, ...]:
        match = _CLF.match(line)
        if match is None:
            raise BadLine("not in Common or Combined Log Format")
        user, ts, request, status, size = match.group(*_CLF_COLUMNS)
        if "\\" in request:
            request = _ESCAPED.sub(r"\1", request)
        return user, ts, request, status, size

    frame, seen, bad = _table(lines, parse, lambda records: _in_columns(_CLF_COLUMNS, records))
    return Raw(frame, "Common or Combined Log Format", _CLF_COLUMNS, seen, bad)


def _delimiter(header: str, options: FitOptions) -> str | None:
    """What separates the columns of a CSV file with this header, if it is one: two names in it must be known."""

    def known(delimiter: str) -> int:
        return sum(_wanted(name, options) for name in _cells(header, delimiter))

    best = max(",\t;|", key=known)
    return best if known(best) >= 2 else None


def _cells(line: str, delimiter: str) -> list[str]:
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise BadLine(f"quotes that do not match ({error})") from None


def _csv(lines: Numbered, delimiter: str, options: FitOptions) -> Raw:
    names = [name.strip() for name in _cells(next(lines)[1], delimiter)]
    kept = {name: at for at, name in reversed(list(enumerate(names))) if _wanted(name, options)}

    def parse(line: str) -> list[str]:
        cells = _cells(line, delimiter)
        if len(cells) != len(names):
            raise BadLine(f"{len(cells)} fields where the header has {len(names)}")
        return [cells[at] for at in kept.values()]

    frame, seen, bad = _table(lines, parse, lambda records: _in_columns(list(kept), records))
    return Raw(frame, "CSV", tuple(names), seen, bad)


def _json(path: Path, lines: Numbered, options: FitOptions) -> Raw:
    names: dict[str, bool] = {}  # every key seen, and whether it may matter
    nested = [column for column in options.columns.values() if "." in column]

    def parse(line: str) -> dict[str, Any]:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            raise BadLine("not JSON") from None
        if not isinstance(record, dict):
            raise BadLine("not a JSON object")
        for name in record.keys() - names.keys():
            names[name] = _wanted(name, options)
        record.update((name, _inside(record, name)) for name in nested if name not in record)
        return record

    def columns_of(records: list[Record]) -> dict[str, Sequence[str | None]]:
        wanted = [*(name for name, may in names.items() if may), *nested]
        return {name: [_as_text(record.get(name)) for record in records] for name in wanted}

    frame, seen, bad = _table(lines, parse, columns_of)
    if frame.empty:
        raise LogError(f"{path}: not one line is a JSON object; {'; '.join(bad.first[:2])}")
    return Raw(frame, "JSON lines", tuple(names), seen, bad)


def _inside(record: Any, dotted: str) -> Any:
    for key in dotted.split("."):
        record = record.get(key) if isinstance(record, dict) else None
    return record


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return None if isinstance(value, dict | list) else str(value)


# -- Parquet --------------------------------------------------------------------------------------


def _parquet(path: Path, stream: Any, options: FitOptions) -> Raw:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(stream.read()))
        names = tuple(file.schema_arrow.names)
        table = file.read(columns=[name for name in names if _wanted(name, options)])
    except (pa.ArrowException, OSError, EOFError, zlib.error) as error:
        raise LogError(f"{path}: a damaged Parquet file: {error}") from None
    texts = {name: _arrow_text(table.column(name)) for name in table.column_names}
    frame = pd.DataFrame(
        {
            name: pd.array(text, dtype="string[pyarrow]")
            for name, text in texts.items()
            if text is not None
        },
        index=pd.RangeIndex(1, table.num_rows + 1),
    )
    return Raw(frame, "Parquet", names, table.num_rows, BadLines())


def _arrow_text(column: Any) -> Any:
    """A column of any simple type as text (times without a zone stay so); None for lists and the like."""
    import pyarrow as pa

    try:
        if pa.types.is_timestamp(column.type) and column.type.tz:
            # the cast to text would otherwise need Arrow's own time zone database
            return column.cast(pa.timestamp(column.type.unit, "UTC")).cast(pa.string())
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None

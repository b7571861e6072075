"""A log of whatever form as tidy rows: who, when, what and how much; some thousand rows at a time, or all in a table."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim.workload.logs.blocks import UTF_16, Block, blocks_of
from sim.workload.logs.columns import Chosen
from sim.workload.logs.fields import normal
from sim.workload.logs.form import Head, Part, Reader
from sim.workload.logs.forms import form_of
from sim.workload.logs.options import FitOptions
from sim.workload.logs.problems import BadLines, LogError
from sim.workload.logs.readers.json_lines import StreamReader
from sim.workload.logs.readers.parquet import MAGIC, ParquetReader
from sim.workload.logs.sources import CutOff, Source, names_of
from sim.workload.logs.texts import (
    all_begin_with,
    blanked,
    clean,
    codes_of,
    places,
    text,
    truths,
    values_of,
)
from sim.workload.logs.times import Clock, Micros

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
# Who asks with a wrong password is not who he says; 403 is said to somebody who is known.
_CLAIMED = (401, 407)
_REFUSED = (401, 403, 407)


@dataclass(frozen=True)
class Rows:
    """Rows as they were understood: `time` in microseconds UTC, text as Arrow columns with nulls, numbers with NaN.

    `address` is a name that the log itself gives the resource, beside host and path. `user` and `session` are null in rows that
    were refused.
    """

    time: Micros
    user: Any
    session: Any
    client: Any
    event: Any
    method: Any
    host: Any
    path: Any
    address: Any
    status: Floats
    bytes: Floats
    numbers: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.time)


@dataclass
class File:
    """What is known about one file of a log once it was read."""

    name: str
    form: str
    chosen: Chosen
    hosts: bool  # whether it has a column of machines, which is not looked at


@dataclass
class Log:
    """A log of one or several files, read in the order of their first rows; iterating reads it, once."""

    names: list[str]
    options: FitOptions
    bad: BadLines = field(default_factory=BadLines)
    files: list[File] = field(default_factory=list)
    rows: int = 0  # that were read, whether used or left out
    refused: int = 0  # rows whose person was not believed
    denied: int = 0  # rows answered with 401, 403 or 407
    excluded: int = 0
    progress: "Progress | None" = None

    @property
    def form(self) -> str:
        """The forms of the files, in words."""
        return " and ".join(dict.fromkeys(file.form for file in self.files))

    @property
    def lines(self) -> int:
        """Rows and lines that cannot be read."""
        return self.rows + self.bad.count

    @property
    def columns(self) -> dict[str, str]:
        """Field -> the log's name for it, of those found in any file."""
        return {k: v for file in reversed(self.files) for k, v in file.chosen.columns.items()}

    def __iter__(self) -> Iterator[Rows]:
        """The rows, in parts. Raises LogError where a file cannot be used."""
        names = names_of(self.names)
        for name in _in_order(names, self.options):
            self.bad.source = f"{Path(name).name}, " if len(names) > 1 else ""
            yield from _rows_of(name, self)


def _in_order(names: list[str], options: FitOptions) -> list[str]:
    """Files by the time of their first row."""
    if len(names) < 2:
        return names
    if "-" in names:
        raise LogError("standard input (-) is read alone, not together with files")
    return sorted(names, key=lambda name: _first_us(name, options))


def _first_us(name: str, options: FitOptions) -> int:
    beginning = Log([name], options, BadLines())
    first = next((rows for rows in _rows_of(name, beginning, only_head=True) if len(rows)), None)
    return 0 if first is None else int(first.time[0])


def _rows_of(name: str, log: Log, only_head: bool = False) -> Iterator[Rows]:
    """The rows of one file (or the first of them)."""
    source = Source.open(name)
    try:
        pieces = source.pieces()
        first = _first_piece(pieces, source.name)
        if first.startswith(MAGIC):
            form, parts = _parquet(ParquetReader(source, chain((first,), pieces)), source, log)
        else:
            _refuse_binary(source.name, first)
            pieces = iter((first[: 1 << 17],)) if only_head else chain((first,), pieces)
            form, parts = _text(source, blocks_of(pieces, log.bad), log)
        yield from _tidied(parts, form, source, log)
    finally:
        source.close()


def _first_piece(pieces: Iterator[bytes], name: str) -> bytes:
    try:
        first = next(pieces, b"")
    except CutOff as error:
        raise LogError(f"{name}: damaged, not a byte can be unpacked ({error})") from None
    if not first.strip():
        raise LogError(f"{name}: the file is empty")
    return first


def _refuse_binary(name: str, first: bytes) -> None:
    if b"\0" in first[:4096] and not first.startswith(UTF_16):
        raise LogError(
            f"{name}: binary, and neither Parquet nor compressed in a way that is read (gzip, bzip2, xz, zstd)"
        )


class Progress:
    """A bar by bytes, on the terminal."""

    def __init__(self, total: int | None) -> None:
        from tqdm import tqdm

        self._bar = tqdm(
            total=total, unit="B", unit_scale=True, unit_divisor=1024, leave=False, desc="reading"
        )
        self._before, self._name = 0, ""

    @staticmethod
    def bar(names: list[str]) -> "Progress":
        """A bar for these files."""
        sizes = [Path(name).stat().st_size for name in names if Path(name).is_file()]
        return Progress(sum(sizes) if len(sizes) == len(names) else None)

    def move(self, name: str, taken: int) -> None:
        """So many bytes of a file were taken."""
        if name != self._name:
            self._before, self._name = 0, name
        self._bar.update(taken - self._before)
        self._before = taken

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()


# -- one file ---------------------------------------------------------------------------------------


@dataclass
class _Open:
    """A file with its form and the parts of it that are still to come."""

    name: str
    form: str
    chosen: Chosen
    clock: Clock


def _parquet(reader: ParquetReader, source: Source, log: Log) -> tuple[_Open, Iterator[Part]]:
    chosen = Chosen(source.name, reader, log.options)
    opened = _Open(source.name, _packed(reader.name, source), chosen, _clock(log.options, False))
    wanted = {name for names in reader.candidates().values() for name in names} | chosen.wanted()
    return opened, reader.parts(wanted)


def _text(source: Source, blocks: Iterator[Block], log: Log) -> tuple[_Open, Iterator[Part]]:
    first = next((block for block in blocks if _filled(block)), None)
    if first is None:
        raise LogError(f"{source.name}: not one line can be used; {'; '.join(log.bad.first)}")
    head = Head.of(first, log.options)
    form = form_of(head, source.name)
    reader = form.reader(head, log.bad)
    chosen = Chosen(source.name, reader, log.options)
    # what stands in the head decides which columns are looked at; its bad lines are noted when they are read again
    quiet = form.reader(head, BadLines())
    chosen.settle(quiet.read(head.block, chosen.wanted()))
    opened = _Open(source.name, _packed(reader.name, source), chosen, _clock(log.options, form.utc))
    return opened, _parts(reader, chain((first,), blocks), chosen)


def _parts(reader: Reader, blocks: Iterable[Block], chosen: Chosen) -> Iterator[Part]:
    for block in blocks:
        yield reader.read(block, chosen.wanted())
    if isinstance(reader, StreamReader):
        reader.end()


def _filled(block: Block) -> bool:
    return any(text.strip() for text in block.lines.to_pylist())


def _packed(form: str, source: Source) -> str:
    return f"{form}, {source.packing}" if source.packing else form


def _clock(options: FitOptions, utc: bool) -> Clock:
    zone = UTC if utc and options.naive_time_zone is None else options.naive_zone
    return Clock(zone, options.time_format)


def _tidied(parts: Iterable[Part], opened: _Open, source: Source, log: Log) -> Iterator[Rows]:
    chosen = opened.chosen
    file = File(opened.name, opened.form, chosen, False)
    log.files.append(file)
    for part in parts:
        if len(part.numbers):
            chosen.settle(part)
            yield _Tidy(part, chosen, log).rows(opened.clock)
        if log.progress:
            log.progress.move(opened.name, source.taken)
    file.hosts = not {"host", "address"} & chosen.columns.keys() and any(
        normal(name) == "host" for name in chosen.reader.names
    )
    chosen.require_person()
    chosen.require_excluded()


class _Tidy:
    """The columns of one part, made into rows."""

    def __init__(self, part: Part, chosen: Chosen, log: Log):
        self._part, self._columns, self._log = part, chosen.columns, log
        self._date = chosen.date

    def _text(self, field: str) -> Any:
        import pyarrow as pa

        column = self._part.columns.get(self._columns.get(field, ""))
        return (
            pa.nulls(len(self._part.numbers), pa.string())
            if column is None
            else clean(column, self._part.trimmed)
        )

    def rows(self, clock: Clock) -> Rows:
        """All rows that have a time and are not to be left out."""
        log = self._log
        log.rows += len(self._part.numbers)
        method, path, host = self._request()
        user, session, event = self._text("user"), self._text("session"), self._text("event")
        status = numbers_of(self._text("status"))
        times, known = clock.read(self._times())
        self._note_timeless(known)
        kept = known & ~self._excluded(path, user, status)
        log.excluded += int((known & ~kept).sum())
        claimed = np.isin(status, _CLAIMED) | _is_error(event)
        log.denied += int((np.isin(status, _REFUSED) & kept).sum())
        log.refused += int((claimed & kept & (_given(user) | _given(session))).sum())
        rows = Rows(
            time=times,
            user=_without(user, claimed),
            session=_without(session, claimed),
            client=self._text("client"),
            event=event,
            method=method,
            host=host,
            path=path,
            address=self._text("address"),
            status=status,
            bytes=numbers_of(self._text("bytes")),
            numbers=self._part.numbers,
        )
        return rows if kept.all() else _only(rows, kept)

    def _times(self) -> Any:
        import pyarrow.compute as pc

        times = self._text("ts")
        if self._date is None:
            return times
        return pc.binary_join_element_wise(clean(self._part.columns[self._date]), times, text(" "))

    def _note_timeless(self, known: Any) -> None:
        bad, log = self._log.bad, self._log
        missing = np.flatnonzero(~known)
        log.rows -= len(missing)
        texts = self._times() if len(missing) else []
        for done, at in enumerate(missing):
            if not bad.open:
                bad.add_more(len(missing) - done, "no valid time")
                return
            bad.add(int(self._part.numbers[at]), "no valid time", texts[int(at)].as_py() or "")

    def _request(self) -> tuple[Any, Any, Any]:
        """Method, path with its query, and the site that was asked."""
        import pyarrow.compute as pc

        method, path, host = self._text("method"), self._text("path"), self._text("host")
        if "request" in self._columns:
            split = pc.extract_regex(self._text("request"), _REQUEST)
            method = pc.coalesce(method, clean(pc.struct_field(split, "method")))
            path = pc.coalesce(path, clean(pc.struct_field(split, "path")))
        if "query" in self._columns:
            path = _with_query(path, self._text("query"))
        path, site = _without_site(path)
        return pc.utf8_upper(method), path, pc.coalesce(host, site)

    def _excluded(self, path: Any, user: Any, status: Floats) -> Any:
        import pyarrow as pa

        out = np.zeros(len(status), dtype=bool)
        for rule in self._log.options.exclude:
            column = {
                "path": path,
                "user": user,
                "status": places(np.nan_to_num(status)).cast(pa.string()),
                "agent": self._text("agent"),
            }[rule.by]
            encoded = column.dictionary_encode()
            hits = [
                text is not None and rule.takes(text) for text in encoded.dictionary.to_pylist()
            ]
            codes = codes_of(encoded)
            out |= np.append(hits, False).astype(bool)[codes]
        return out


_REQUEST = r"^(?P<method>[A-Za-z]+) (?P<path>.*?)(?: HTTP/[0-9.]+)?$"
_SITE = r"^(?:[a-z]+:)?//(?P<site>[^/?#]*)(?P<path>.*)$"


def _with_query(path: Any, query: Any) -> Any:
    import pyarrow.compute as pc

    query = pc.utf8_ltrim(query, "?")
    bare = values_of(pc.is_valid(query)) & ~values_of(pc.match_substring(path, "?"))
    return pc.if_else(truths(bare), pc.binary_join_element_wise(path, query, text("?")), path)


def _without_site(path: Any) -> tuple[Any, Any]:
    """A whole address as its path and its site."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if all_begin_with(path, "/"):
        return path, pa.nulls(len(path), pa.string())
    split = pc.extract_regex(path, _SITE)
    below = pc.struct_field(split, "path")
    below = pc.if_else(pc.equal(below, text("")), text("/"), below)
    # the port that the scheme implies is no part of a site
    site = pc.replace_substring_regex(pc.struct_field(split, "site"), r":(?:80|443)$", "")
    return pc.coalesce(below, path), site


def _given(column: Any) -> Any:
    return values_of(column.is_valid())


def _is_error(event: Any) -> Any:
    """Events that say that somebody was not let in (Keycloak's LOGIN_ERROR)."""
    import pyarrow.compute as pc

    if event.null_count == len(event):
        return np.zeros(len(event), dtype=bool)
    return values_of(pc.ends_with(event, "_ERROR"))


def _without(column: Any, claimed: Any) -> Any:
    return blanked(column, claimed) if claimed.any() else column


def _only(rows: Rows, kept: Any) -> Rows:

    mask = truths(kept)
    return Rows(
        **{
            name: value[kept] if isinstance(value, np.ndarray) else value.filter(mask)
            for name, value in vars(rows).items()
        }
    )


def numbers_of(column: Any) -> Floats:
    """Numbers of at least 0 in a column of text; NaN for what is none."""
    import pyarrow as pa

    try:
        found = values_of(column.cast(pa.float64()))
    except pa.ArrowInvalid:
        encoded = column.dictionary_encode()
        values = [_number(text) for text in encoded.dictionary.to_pylist()]
        codes = codes_of(encoded)
        found = np.append(values, np.nan)[codes]
    return np.where(np.isfinite(found) & (found >= 0), found, np.nan)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


# -- all of it ---------------------------------------------------------------------------------------


def read_log(
    logs: str | Path | Sequence[str | Path], options: FitOptions | None = None
) -> tuple[Log, "pd.DataFrame"]:
    """Read all rows of a log into a table, in the order of the file; its index is the number of the line.

    Columns: `time` (datetime64[us, UTC]), `user`, `session`, `client`, `event`, `method` (upper case), `host`, `path`,
    `address` as text, `status` and `bytes` as float; missing where the log says nothing. Its memory grows with the rows; a fit
    needs no such table. Raises LogError if nothing in the log can be used.
    """
    import pandas as pd

    log = Log(names_given(logs), options or FitOptions())
    frames = [_frame(rows) for rows in log if len(rows)]
    if not frames:
        raise nothing_usable(log)
    return log, pd.concat(frames)


def names_given(logs: str | Path | Sequence[str | Path]) -> list[str]:
    """One log or several, as names."""
    return [str(log) for log in ([logs] if isinstance(logs, str | Path) else logs)]


def nothing_usable(log: Log) -> LogError:
    """The error of a log without one row that can be used."""
    said = "; ".join(log.bad.first) or "it has no rows"
    if log.excluded:
        said = f"all {log.excluded:,} rows are left out by --exclude"
    hint = "; --time-format says how its times are written" if _only_times(log) else ""
    return LogError(f"{', '.join(log.names)}: not one line can be used; {said}{hint}")


def _only_times(log: Log) -> bool:
    return set(log.bad.reasons) == {"no valid time"}


def _frame(rows: Rows) -> "pd.DataFrame":
    import pandas as pd

    texts = ("user", "session", "client", "event", "method", "host", "path", "address")
    columns: dict[str, Any] = {
        "time": pd.to_datetime(rows.time.astype("datetime64[us]"), utc=True),
        **{name: pd.array(getattr(rows, name).to_pylist(), dtype="string") for name in texts},
        "status": rows.status,
        "bytes": rows.bytes,
    }
    return pd.DataFrame(columns, index=rows.numbers)

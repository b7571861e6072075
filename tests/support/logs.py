"""Access logs for tests: one list of requests, written in every form that `lastclick fit` reads."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

START_S = 1_718_000_000  # a Monday, 06:13:20 UTC


@dataclass(frozen=True)
class Row:
    """One request; `at_s` counts from START_S."""

    at_s: int
    user: str
    path: str
    method: str = "GET"
    bytes: int = 100

    @property
    def time(self) -> datetime:
        return datetime.fromtimestamp(START_S + self.at_s, UTC)


def an_office_log(people: int = 12, seed: int = 3) -> list[Row]:
    """Several sessions a person over a day, with loads of several requests, writes, and addresses seen twice."""
    random = np.random.default_rng(seed)
    rows = []
    for person in range(people):
        at_s = int(random.integers(0, 20_000))
        for _ in range(3):
            for _ in range(int(random.integers(2, 9))):
                path = f"/page/{random.integers(0, 4)}"
                method = "POST" if random.random() < 0.2 else "GET"
                rows.append(Row(at_s, f"user{person}", path, method, int(random.integers(1, 9999))))
                rows.append(Row(at_s + 1, f"user{person}", "/style.css"))
                at_s += int(random.integers(5, 600))
            at_s += int(random.integers(4000, 20_000))
    return sorted(rows, key=lambda row: row.at_s)


def common(rows: Sequence[Row]) -> bytes:
    """Common Log Format."""
    return "".join(_clf(row) + "\n" for row in rows).encode()


def combined(rows: Sequence[Row]) -> bytes:
    """Combined Log Format."""
    return "".join(f'{_clf(row)} "-" "Mozilla/5.0"\n' for row in rows).encode()


def _clf(row: Row) -> str:
    stamp = row.time.strftime("%d/%b/%Y:%H:%M:%S +0000")
    return f'192.0.2.1 - {row.user} [{stamp}] "{row.method} {row.path} HTTP/1.1" 200 {row.bytes}'


def json_lines(rows: Sequence[Row]) -> bytes:
    """One JSON object a line."""
    records = (
        {
            "time": row.time.isoformat(),
            "user": row.user,
            "method": row.method,
            "path": row.path,
            "status": 200,
            "bytes": row.bytes,
        }
        for row in rows
    )
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def csv_of(delimiter: str = ",") -> Callable[[Sequence[Row]], bytes]:
    """A table with a header, times as milliseconds."""

    def write(rows: Sequence[Row]) -> bytes:
        text = io.StringIO()
        table = csv.writer(text, delimiter=delimiter, lineterminator="\n")
        table.writerow(["ts_utc_ms", "user", "method", "path", "status", "bytes"])
        for row in rows:
            at_ms = (START_S + row.at_s) * 1000
            table.writerow([at_ms, row.user, row.method, row.path, 200, row.bytes])
        return text.getvalue().encode()

    return write


def parquet(rows: Sequence[Row]) -> bytes:
    """A Parquet file with a typed time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "timestamp": pa.array([row.time for row in rows], pa.timestamp("ms", "UTC")),
            "user": [row.user for row in rows],
            "method": [row.method for row in rows],
            "path": [row.path for row in rows],
            "bytes": pa.array([row.bytes for row in rows], pa.int32()),
        }
    )
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


FORMS: dict[str, Callable[[Sequence[Row]], bytes]] = {
    "common": common,
    "combined": combined,
    "json": json_lines,
    "csv": csv_of(),
    "tsv": csv_of("\t"),
    "semicolons": csv_of(";"),
    "parquet": parquet,
}


def put(folder: Path, content: bytes | str, name: str = "access.log", packed: bool = False) -> Path:
    """Write a log, gzipped where asked."""
    data = content.encode() if isinstance(content, str) else content
    path = folder / name
    path.write_bytes(gzip.compress(data) if packed else data)
    return path

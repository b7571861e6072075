"""Rows of a log in few bytes each, by person: in memory while they are few, in a temporary file beyond."""

import tempfile
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from sim.workload.logs.texts import codes_of, column_of, values_of
from sim.workload.order import coded

Codes = npt.NDArray[np.int32]

# `person` and `session` are codes, -1 where there is none; `place` and `trail` stand for the address and for the path
# without its query (0 where there is none): equal numbers for equal texts.
ROW = np.dtype(
    [
        ("time", "i8"),
        ("place", "u8"),
        ("trail", "u8"),
        ("bytes", "f8"),
        ("person", "i4"),
        ("session", "i4"),
        ("kind", "i1"),
        ("polls", "?"),  # whether the path is one that pages ask by themselves
    ],
    align=True,
)
Table = dict[str, npt.NDArray[Any]]  # columns of rows
_IN_MEMORY = 1_500_000  # rows
_PART = 250_000  # rows looked at together
_MOST_PARTS = 256


class Names:
    """Texts, each with a number."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self._column = column_of([])  # the same names, for Arrow

    def __len__(self) -> int:
        return len(self._codes)

    def __iter__(self) -> Iterator[str]:
        return iter(self._codes)

    def codes(self, names: list[str]) -> Codes:
        """The numbers of names, new ones for those that are new."""
        known = self._codes
        return np.array([known.setdefault(name, len(known)) for name in names], dtype=np.int32)

    def codes_in(self, column: Any) -> Codes:
        """The numbers of the texts of an Arrow column, -1 where there is none."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if len(self._codes) > 4 * len(column) or column.null_count == len(column):
            encoded = column.dictionary_encode()
            known = np.append(self.codes(encoded.dictionary.to_pylist()), np.int32(-1))
            return np.asarray(known[codes_of(encoded)])
        if len(self._column) != len(self._codes):
            self._column = column_of(list(self._codes))
        found = pc.index_in(column, value_set=self._column)
        new = column.filter(pc.and_(pc.is_null(found), pc.is_valid(column))).unique()
        if len(new):
            self.codes(new.to_pylist())
            self._column = pa.concat_arrays([self._column, new])
            found = pc.index_in(column, value_set=self._column)
        return np.where(values_of(found.is_valid()), values_of(found), np.int32(-1))

    def ranks(self) -> npt.NDArray[np.int64]:
        """The place of each number's name among all names in order."""
        ranks = np.empty(len(self._codes), dtype=np.int64)
        order = sorted(range(len(self._codes)), key=list(self._codes).__getitem__)
        ranks[order] = np.arange(len(order))
        return ranks


class Store:
    """Rows in the order in which they were put in, to be taken out by person."""

    def __init__(self) -> None:
        self._chunks: list[npt.NDArray[Any]] = []
        self._rows = 0
        self._file: IO[bytes] | None = None

    def put(self, rows: npt.NDArray[Any]) -> None:
        """Put rows in."""
        self._chunks.append(rows)
        self._rows += len(rows)
        if self._rows > _IN_MEMORY:
            self._spill()

    def _spill(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the store
        for chunk in self._chunks:
            chunk.tofile(self._file)
        self._chunks = []

    def _all(self) -> Iterator[npt.NDArray[Any]]:
        if self._file is not None:
            yield from _chunks(self._file)
        yield from self._chunks

    def by(
        self, key: str, ranks: npt.NDArray[np.int64], gap_us: float | None = None
    ) -> Iterator[npt.NDArray[Any]]:
        """The rows that have this key, all of one key together and keys by their rank, some keys at a time.

        A key with very many rows comes in several parts, cut at pauses longer than `gap_us`.
        """
        counts = np.zeros(len(ranks), dtype=np.int64)
        for chunk in self._all():
            codes = chunk[key]
            counts += np.bincount(codes[codes >= 0], minlength=len(ranks))
        part_of = _parts(counts, ranks)
        number = int(part_of.max()) + 1 if len(part_of) else 0
        if self._file is None:
            ends = self._sort_chunks(key, part_of, number)
            for part in range(number):
                yield np.concatenate(
                    [c[e[part] : e[part + 1]] for c, e in zip(self._chunks, ends, strict=True)]
                )
        else:
            yield from self._by_files(key, part_of, number, gap_us)

    def _sort_chunks(self, key: str, part_of: Codes, number: int) -> list[npt.NDArray[np.int64]]:
        """Sort each chunk by part; where each part begins in it, and the last one ends. What has no key comes last."""
        ends = []
        by_code = np.append(part_of, number).astype(np.uint16)
        for at, chunk in enumerate(self._chunks):
            parts = by_code[chunk[key]]
            self._chunks[at] = chunk[np.argsort(parts, kind="stable")]
            counts = np.bincount(parts, minlength=number)[:number]
            ends.append(np.append(0, counts.cumsum()))
        return ends

    def _by_files(
        self, key: str, part_of: Codes, number: int, gap_us: float | None
    ) -> Iterator[npt.NDArray[Any]]:
        self._spill()
        files = [tempfile.TemporaryFile() for _ in range(number)]  # noqa: SIM115
        for chunk in self._all():
            kept = chunk[chunk[key] >= 0]
            parts = part_of[kept[key]]
            kept = kept[np.argsort(parts, kind="stable")]
            ends = np.bincount(parts, minlength=number).cumsum()
            for file, begin, end in zip(files, np.r_[0, ends], ends, strict=False):
                kept[begin:end].tofile(file)
        for file in files:
            yield from _parts_of(file, key, gap_us)
            file.close()


def _chunks(file: IO[bytes]) -> Iterator[npt.NDArray[Any]]:
    file.seek(0)
    while data := file.read(ROW.itemsize * _PART):
        yield np.frombuffer(data, dtype=ROW)


def _parts_of(file: IO[bytes], key: str, gap_us: float | None) -> Iterator[npt.NDArray[Any]]:
    """The rows of a file: together, or those of a single key in the order of time and cut at pauses."""
    late_us = None if gap_us is None else _lateness_us(file, key)
    if late_us is None or gap_us is None:
        yield np.concatenate(list(_chunks(file)))
        return
    held = np.zeros(0, dtype=ROW)
    for chunk in _chunks(file):
        held = np.concatenate((held, chunk))
        held = held[np.argsort(held["time"], kind="stable")]
        time = held["time"]
        # rows that are still to come are later than this, so they cannot join what ends a gap before
        sure_us = time[-1] - late_us - gap_us
        cuts = np.flatnonzero((np.diff(time) > gap_us) & (time[:-1] < sure_us))
        if len(cuts):
            yield held[: cuts[-1] + 1]
            held = held[cuts[-1] + 1 :]
    yield held


def _lateness_us(file: IO[bytes], key: str) -> int | None:
    """By how much rows come after later ones, where they are many and of one key; else None."""
    latest, late_us, codes, rows = 0, 0, set(), 0
    for chunk in _chunks(file):
        newest = np.maximum.accumulate(np.append(latest, chunk["time"]))
        late_us = max(late_us, int((newest[1:] - chunk["time"]).max()))
        latest, rows = int(newest[-1]), rows + len(chunk)
        codes |= {int(chunk[key].min()), int(chunk[key].max())}
    return late_us if len(codes) == 1 and rows > 2 * _PART else None


def _parts(counts: npt.NDArray[np.int64], ranks: npt.NDArray[np.int64]) -> Codes:
    """Which part each key is in: neighbours in rank together, as many as make a part."""
    total = int(counts.sum())
    size = max(_PART, -(-total // _MOST_PARTS))
    by_rank = np.zeros(len(counts), dtype=np.int64)
    by_rank[ranks] = counts
    begins = by_rank.cumsum() - by_rank
    _, _, parts = coded(begins // size)
    return parts[ranks].astype(np.int32)

"""Columns of text seen as bytes: what Arrow has no function for, or only a slower one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

# How logs say that there is nothing, beside an empty field.
NOTHING = ("", "-", "null", "NULL", "None", "nan", "NaN", "<NA>", "\\N", "(null)", '""')
_LONGEST_NOTHING = max(map(len, NOTHING))

Hashes = npt.NDArray[np.uint64]
_AT_ONCE = 1 << 20  # bytes hashed at once
_FACTOR = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64
_MIX = np.uint64(0xD6E8FEB86659FD93)
_QUESTION = ord("?")


# Where Arrow takes or gives Python's or NumPy's values by itself it asks pandas what they are, and so loads pandas, which
# takes half a second and 40 MB; these do not.


def truths(values: Any) -> Any:
    """An Arrow column of truth values."""
    import pyarrow as pa

    packed = np.packbits(values, bitorder="little")
    return pa.BooleanArray.from_buffers(pa.bool_(), len(values), [None, pa.py_buffer(packed)])


def places(values: Any) -> Any:
    """An Arrow column of whole numbers."""
    import pyarrow as pa

    numbers = np.ascontiguousarray(values, dtype=np.int64)
    return pa.Int64Array.from_buffers(pa.int64(), len(numbers), [None, pa.py_buffer(numbers)])


_TYPES = {"int32": np.int32, "int64": np.int64, "uint64": np.uint64, "double": np.float64}


def values_of(column: Any) -> Any:
    """The values of an Arrow column of numbers or truth values; missing ones are NaN, false, or any whole number."""
    first, last = column.offset, column.offset + len(column)
    known, data = column.buffers()
    if str(column.type) == "bool":
        values = _bits(data, first, last)
        return values & _bits(known, first, last) if column.null_count else values
    values = np.frombuffer(data, dtype=_TYPES[str(column.type)])[first:last]
    if column.null_count and values.dtype == np.float64:
        return np.where(_bits(known, first, last), values, np.nan)
    return values


def _bits(data: Any, first: int, last: int) -> Any:
    raw = np.frombuffer(data, dtype=np.uint8)[first // 8 : last // 8 + 1]
    return np.unpackbits(raw, bitorder="little")[first % 8 :][: last - first].astype(bool)


def column_of(texts: Sequence[str | None]) -> Any:
    """An Arrow column of texts; half a surrogate pair, which JSON can spell and text cannot hold, becomes a question mark."""
    import pyarrow as pa

    raw = [b"" if text is None else text.encode(errors="replace") for text in texts]
    offsets = np.zeros(len(raw) + 1, dtype=np.int32)
    np.cumsum(np.fromiter(map(len, raw), dtype=np.int32, count=len(raw)), out=offsets[1:])
    known = np.fromiter((text is not None for text in texts), dtype=bool, count=len(raw))
    missing = None if known.all() else pa.py_buffer(np.packbits(known, bitorder="little"))
    buffers = [missing, pa.py_buffer(offsets), pa.py_buffer(b"".join(raw))]
    return pa.StringArray.from_buffers(len(raw), buffers[1], buffers[2], buffers[0])


def spans(column: Any) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], Any]:
    """Where each text of a StringArray begins and ends, and the bytes of all of them."""
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[column.offset : column.offset + len(column) + 1]
    raw = np.frombuffer(data, dtype=np.uint8) if data is not None else np.zeros(0, dtype=np.uint8)
    return ends[:-1], ends[1:], raw


def clean(column: Any, trimmed: bool = False) -> Any:
    """Text without blanks around it (unless it is `trimmed` already); null where it says that there is nothing."""
    import pyarrow.compute as pc

    begins, ends, data = spans(column)
    if not trimmed and _has_edges(begins, ends, data):
        column = pc.utf8_trim_whitespace(column)
        begins, ends, _ = spans(column)
    short = np.flatnonzero(ends - begins <= _LONGEST_NOTHING)
    if not len(short):
        return column
    nothing = pc.is_in(column.take(places(short)), value_set=column_of(NOTHING))
    said = short[values_of(nothing)]
    if not len(said):
        return column
    mask = np.zeros(len(column), dtype=bool)
    mask[said] = True
    return blanked(column, mask)


def _has_edges(begins: Any, ends: Any, data: Any) -> bool:
    """Whether a text begins or ends with a sign that may be blank."""
    filled = ends > begins
    edges = data[np.concatenate((begins[filled], ends[filled] - 1))]
    return bool(((edges <= 32) | (edges > 127)).any())


def cut_at(column: Any, sign: str) -> tuple[Any, Any]:
    """What stands before and behind the only such (ASCII) sign of each text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    begins, ends, data = spans(column)
    marks = np.flatnonzero(data[: ends[-1]] == ord(sign)) if len(ends) else np.zeros(0)
    # twice as many texts over the same bytes: up to and with the sign, and what is behind it
    offsets = np.empty(2 * len(column) + 1, dtype=np.int32)
    offsets[0:-1:2], offsets[1::2], offsets[-1] = begins, marks + 1, ends[-1] if len(ends) else 0
    both = pa.StringArray.from_buffers(2 * len(column), pa.py_buffer(offsets), column.buffers()[2])
    at = np.arange(0, 2 * len(column), 2)
    before, behind = both.take(places(at)), both.take(places(at + 1))
    return pc.utf8_rtrim(before, sign), behind


def blanked(column: Any, mask: Any) -> Any:
    """Texts without those where the mask (NumPy) holds."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(truths(mask), pa.nulls(1, pa.string())[0], column)


def empty(column: Any) -> Any:
    """Which texts have no length."""
    begins, ends, _ = spans(column)
    return ends == begins


def text(value: str) -> Any:
    """One text for Arrow's functions."""
    return column_of([value])[0]


def codes_of(encoded: Any) -> Any:
    """The code of each value of a dictionary column; the number of codes for those that are missing."""
    codes = values_of(encoded.indices)
    if not encoded.null_count:
        return codes
    known = values_of(encoded.indices.is_valid())
    return np.where(known, codes, np.int32(len(encoded.dictionary)))


def all_begin_with(column: Any, sign: str) -> bool:
    """Whether each text that there is begins with this (ASCII) sign."""
    begins, ends, data = spans(column)
    return bool((data[begins[ends > begins]] == ord(sign)).all())


def hashes(column: Any) -> Hashes:
    """A number for each text, 0 for none; equal ones for equal texts, and different ones but by luck of 1 in 10^19.

    The number is a polynomial in the bytes, modulo 2^64.
    """
    begins, ends, data = spans(column)
    return _hashed(column, data, begins, [ends])[0]


def path_hashes(column: Any) -> tuple[Hashes, Hashes]:
    """The numbers of paths, and of what stands before the question mark in them."""
    begins, ends, data = spans(column)
    marks = np.append(np.flatnonzero(data == _QUESTION), len(data))
    marks = np.minimum(ends, marks[np.searchsorted(marks, begins)])
    whole, before = _hashed(column, data, begins, [ends, marks])
    return whole, before


def _hashed(column: Any, data: Any, begins: Any, all_ends: list[Any]) -> list[Hashes]:
    """Numbers of the texts from `begins` to each of the ends; the first ends are those of the column."""
    found = [np.zeros(len(column), dtype=np.uint64) for _ in all_ends]
    start = 0
    while start < len(column):
        # as many texts as have so many bytes together, at least one
        stop = int(np.searchsorted(all_ends[0], begins[start] + _AT_ONCE, side="right"))
        here = slice(start, min(max(stop, start + 1), len(column)))
        sums, inverses = _sums(data[begins[here][0] : all_ends[0][here][-1]])
        at = begins[here] - begins[start]
        for numbers, ends in zip(found, all_ends, strict=True):
            lengths = ends[here] - begins[here]
            terms = (sums[at + lengths] - sums[at]) * inverses[at]
            numbers[here] = np.maximum(mixed(terms, lengths.astype(np.uint64)), np.uint64(1))
        start = here.stop
    if column.null_count:
        missing = ~values_of(column.is_valid())
        for numbers in found:
            numbers[missing] = 0
    return found


_powers: list[Hashes] = [np.ones(1, dtype=np.uint64), np.ones(1, dtype=np.uint64)]


def _powers_to(count: int) -> tuple[Hashes, Hashes]:
    """The powers of the factor, and of its inverse."""
    if len(_powers[0]) < count:
        for at, factor in enumerate((_FACTOR, pow(_FACTOR, -1, 1 << 64))):
            powers = np.full(max(count, _AT_ONCE), factor, dtype=np.uint64)
            powers[0] = 1
            _powers[at] = powers.cumprod()
    return _powers[0], _powers[1]


def _sums(data: Any) -> tuple[Hashes, Hashes]:
    """Sums of the bytes before each place, weighed by powers, and what divides them."""
    powers, inverses = _powers_to(len(data) + 1)
    sums = np.zeros(len(data) + 1, dtype=np.uint64)
    np.multiply(data, powers[: len(data)], out=sums[1:])
    np.cumsum(sums, out=sums)
    return sums, inverses


def mixed(one: Hashes, other: Hashes) -> Hashes:
    """One number for each pair."""
    both = (one ^ (other * _MIX)) * np.uint64(_FACTOR)
    return np.asarray((both ^ (both >> np.uint64(29))) * _MIX)

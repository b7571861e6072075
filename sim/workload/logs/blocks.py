"""Lines of a log, some megabytes at a time, as an Arrow column: memory does not grow with the file."""

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.workload.logs.problems import BadLines
from sim.workload.logs.sources import CutOff
from sim.workload.logs.texts import truths

LONGEST = 1 << 20  # bytes of a line; what is longer is no line of a log
_MOST = 1 << 16  # lines of a block, however short
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """Lines, each with its end, and their numbers in the file."""

    lines: Any  # pyarrow.StringArray
    numbers: Numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def parts(self) -> "Iterator[Block]":
        """The same lines, not too many at a time."""
        for at in range(0, len(self), _MOST):
            yield Block(self.lines[at : at + _MOST], self.numbers[at : at + _MOST])

    def only(self, kept: Any) -> "Block":
        """The lines where `kept` (an array of truth values) holds."""

        return Block(self.lines.filter(truths(kept)), self.numbers[kept])


def blocks_of(pieces: Iterable[bytes], bad: BadLines) -> Iterator[Block]:
    """Cut a stream of bytes into lines. A line longer than `LONGEST` and a stream that is cut off are noted in `bad`."""
    number, pending, dropping = 1, b"", False
    try:
        for piece in _utf_8(pieces):
            if dropping:
                end = piece.find(b"\n") + 1
                if not end:
                    continue
                number, piece, dropping = number + 1, piece[end:], False
            cut = piece.rfind(b"\n") + 1
            if cut:
                block = block_of(b"".join((pending, memoryview(piece)[:cut])), number)
                number += len(block)
                yield from block.parts()
            pending = piece[cut:] if cut else pending + piece
            if len(pending) > LONGEST:
                shown = pending[:200].decode(errors="replace")
                bad.add(number, f"a line longer than {LONGEST:,} bytes", shown)
                pending, dropping = b"", True
    except CutOff as error:
        bad.add(number, f"here the compressed data are cut off or damaged ({error})")
    if pending:
        yield block_of(pending, number)  # without the end of a line it has only one


def block_of(data: bytes, number: int = 1) -> Block:
    """Whole lines as a block; bytes that are not UTF-8 become replacement characters."""
    import pyarrow as pa

    if not _is_utf_8(data):
        data = data.decode(errors="replace").encode()
    if b"\r" in data:  # a search for one byte is ten times the faster
        data = data.replace(b"\r\n", b"\n")
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == 10).astype(np.int32) + 1
    if not len(ends) or ends[-1] != len(data):
        ends = np.append(ends, np.int32(len(data)))
    offsets = np.concatenate((np.zeros(1, dtype=np.int32), ends))
    lines = pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(data))
    return Block(lines, np.arange(number, number + len(ends), dtype=np.int64))


def _is_utf_8(data: bytes) -> bool:
    try:
        data.isascii() or data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _utf_8(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same text in UTF-8 without a mark of the byte order."""
    decoder = None
    for at, piece in enumerate(pieces):
        if at == 0 and piece.startswith(UTF_16):
            decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
        if decoder is not None:
            yield decoder.decode(piece).encode(errors="replace")
        else:
            yield piece.removeprefix(codecs.BOM_UTF8) if at == 0 else piece

"""Where a log comes from: files, globs, folders, standard input; plain or compressed."""

import bz2
import glob
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from sim.workload.logs.problems import LogError

PIECE = 1 << 23  # bytes handed on at a time
_READ = 1 << 14  # small enough that what comes out of it stays in the processor's cache
_ZSTD = b"\x28\xb5\x2f\xfd"


def _gzip() -> Any:
    return zlib.decompressobj(wbits=31)


# first bytes -> (name, maker of what unpacks one member)
_PACKED: dict[bytes, tuple[str, Callable[[], Any]]] = {
    b"\x1f\x8b": ("gzip", _gzip),
    b"BZh": ("bzip2", bz2.BZ2Decompressor),
    b"\xfd7zXZ\x00": ("xz", lzma.LZMADecompressor),
}
_BROKEN = (EOFError, zlib.error, lzma.LZMAError, OSError)


class CutOff(Exception):
    """Compressed data end in the middle, or are damaged; what came before is good."""


@dataclass
class Source:
    """One file of a log (or standard input): its bytes, unpacked."""

    name: str
    file: BinaryIO = field(repr=False)
    packing: str = ""
    _start: bytes = field(default=b"", repr=False)
    taken: int = 0  # bytes taken from the file so far, as they lie there

    @staticmethod
    def open(name: str) -> "Source":
        """Open a file, or standard input for `-`, and tell its packing. Raises LogError."""
        try:
            file = sys.stdin.buffer if name == "-" else Path(name).open("rb")  # noqa: SIM115
            start = file.read(_READ)
        except OSError as error:
            raise LogError(f"{name}: cannot be read: {error.strerror or error}") from None
        source = Source("standard input" if name == "-" else name, file, _packing(start), start)
        if start.startswith(b"PK\x03\x04"):
            raise LogError(f"{name}: a zip archive; unpack it (gzip, bzip2, xz and zstd are read)")
        return source

    def raw(self, size: int = _READ) -> Iterator[bytes]:
        """The bytes as they lie in the file."""
        piece, self._start = self._start, b""
        while piece:
            self.taken += len(piece)
            yield piece
            piece = self.file.read(size)

    def pieces(self) -> Iterator[bytes]:
        """The bytes unpacked, some megabytes at a time. Raises CutOff where they end too early."""
        if not self.packing:
            yield from self.raw(PIECE)
            return
        parts, size = [], 0
        try:
            for part in self._unpacked():
                parts.append(part)
                size += len(part)
                if size >= PIECE:
                    yield b"".join(parts)
                    parts, size = [], 0
        except _BROKEN as error:
            yield b"".join(parts)
            raise CutOff(str(error)) from None
        yield b"".join(parts)

    def close(self) -> None:
        """Close the file."""
        if self.file is not sys.stdin.buffer:
            self.file.close()

    def _unpacked(self) -> Iterator[bytes]:
        if self.packing == "zstd":
            return _zstd(self.raw())
        maker = next(maker for name, maker in _PACKED.values() if name == self.packing)
        return _members(self.raw(), maker)


def _packing(start: bytes) -> str:
    if start.startswith(_ZSTD):
        return "zstd"
    return next((name for magic, (name, _) in _PACKED.items() if start.startswith(magic)), "")


def _members(raw: Iterator[bytes], maker: Callable[[], Any]) -> Iterator[bytes]:
    """Unpack members that stand one behind the other, never more than a piece at a time."""
    unpacker = maker()
    for left in raw:
        while left or _holds_more(unpacker):
            if unpacker.eof:
                unpacker = maker()
            yield unpacker.decompress(left, PIECE)
            # what is behind a member is the next one, or zeros that fill a block
            behind = unpacker.unused_data if unpacker.eof else b""
            left = behind if behind.strip(b"\0") else getattr(unpacker, "unconsumed_tail", b"")
    if not unpacker.eof:
        yield getattr(unpacker, "flush", bytes)()
    if not unpacker.eof:
        raise EOFError("the compressed data end in the middle")


def _holds_more(unpacker: Any) -> bool:
    """Whether more can come out without more going in."""
    return not unpacker.eof and not getattr(unpacker, "needs_input", True)


def _zstd(raw: Iterator[bytes]) -> Iterator[bytes]:
    import pyarrow as pa

    stream = pa.CompressedInputStream(pa.PythonFile(_Joined(raw), "r"), "zstd")
    while piece := stream.read(PIECE):
        yield piece


class _Joined:
    """Pieces of bytes as a file that can be read."""

    closed = False

    def __init__(self, pieces: Iterator[bytes]):
        self._pieces, self._left = pieces, b""

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._left) < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._left += piece
        taken, self._left = (
            (self._left, b"") if size < 0 else (self._left[:size], self._left[size:])
        )
        return taken


def names_of(logs: Sequence[str | Path]) -> list[str]:
    """The files that are meant: globs and folders spelled out, each file once. Raises LogError where there are none."""
    found = [name for log in logs for name in _files(str(log))]
    once = {name if name == "-" else str(Path(name).resolve()): name for name in reversed(found)}
    return list(reversed(once.values()))


def _files(name: str) -> list[str]:
    path = Path(name)
    if name == "-" or path.is_file():
        return [name]
    if path.is_dir():
        inside = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
        if not inside:
            raise LogError(f"{name}: a folder without files")
        return [str(p) for p in inside]
    matches = [match for match in sorted(glob.glob(name, recursive=True)) if Path(match).is_file()]
    if glob.has_magic(name) and not matches:
        raise LogError(f"{name}: no file has such a name")
    return matches or [name]

"""Finished work on disk: records appended one by one, whole or not there, and one writer a folder."""

import fcntl
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from sim.results.store import write_atomically

_HEAD = struct.Struct("<16sII")  # key, bytes of the rows, their CRC-32
LOCK = ".lock"


class FolderInUse(RuntimeError):
    """Somebody else is writing into the folder."""


class Journal:
    """Rows by key of 16 letters, appended; what an interruption tore off at the end is cut."""

    def __init__(self, path: Path):
        self._path = path
        self._file = path.open("a+b")
        self.bytes = 0
        for _, place in self.places():
            self.bytes = place + _HEAD.size + self._length(place)
        self._file.truncate(self.bytes)

    def append(self, key: str, rows: bytes) -> int:
        """Add a record; returns its place. What could not be written whole is taken back."""
        place = self.bytes
        try:
            self._file.write(_record(key, rows))
            self._file.flush()
        except OSError:
            self._reopen()
            raise
        self.bytes += _HEAD.size + len(rows)
        return place

    def _reopen(self) -> None:
        """A buffered writer that failed keeps the bytes and would write them again: begin anew."""
        with suppress(OSError):
            self._file.close()
        self._file = self._path.open("a+b")
        self._file.truncate(self.bytes)

    def read(self, place: int) -> bytes:
        self._file.seek(place + _HEAD.size)
        return self._file.read(self._length(place))

    def _length(self, place: int) -> int:
        self._file.seek(place)
        return int(_HEAD.unpack(self._file.read(_HEAD.size))[1])

    def places(self) -> Iterator[tuple[str, int]]:
        """(key, place) of every whole record."""
        place = 0
        while True:
            self._file.seek(place)
            head = self._file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                return
            key, length, checksum = _HEAD.unpack(head)
            rows = self._file.read(length)
            if len(rows) < length or zlib.crc32(key + rows) != checksum:
                return
            yield key.decode(), place
            place += _HEAD.size + length

    def replace(self, records: Iterable[tuple[str, bytes]]) -> list[int]:
        """Write a new journal with these records and go on with it; returns their places."""
        places, end = [], 0

        def write(temporary: Path) -> None:
            nonlocal end
            with temporary.open("wb") as file:
                for key, rows in records:
                    places.append(end)
                    end += file.write(_record(key, rows))

        write_atomically(self._path, write)
        self._file.close()
        self._file, self.bytes = self._path.open("a+b"), end
        return places

    def close(self, remove: bool) -> None:
        self._file.close()
        if remove:
            self._path.unlink(missing_ok=True)


def _record(key: str, rows: bytes) -> bytes:
    name = key.encode()
    return _HEAD.pack(name, len(rows), zlib.crc32(name + rows)) + rows


def locked(folder: Path) -> IO[str]:
    """The operating system's lock on the folder: it dies with its holder, and no child inherits it."""
    file = (folder / LOCK).open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        message = f"{folder}: another sweep is writing here; wait for it, or choose another folder"
        raise FolderInUse(message) from None
    return file

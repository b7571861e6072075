"""What was measured, kept line by line: after each repetition, and before and after anything is taken away."""

import json
import os
from pathlib import Path
from typing import Any

from sim import __version__
from sim.probe.record import Record
from sim.probe.settings import Probe

NAME = "probe.jsonl"


class JournalError(ValueError):
    """The folder holds something else, or lines that are no journal."""


class Journal:
    """Appended to and synced line by line; a line that a crash cut off is left out when read again."""

    def __init__(self, folder: Path, probe: Probe):
        self.path = folder / NAME
        self.records: list[Record] = []
        self.taken = False  # something was taken away and not given back
        folder.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            self._read(probe)
        else:
            self._write(
                {
                    "probe": probe.digest,
                    "version": __version__,
                    "title": probe.title,
                    "rate_per_s": probe.run.rate_per_s,
                    "watch_s": probe.run.watch_s,
                    "base": probe.target.base,
                }
            )

    def _read(self, probe: Probe) -> None:
        head, self.records, self.taken = read_journal(self.path)
        if head.get("probe") != probe.digest:
            raise JournalError(
                f"{self.path}: holds a probe with other settings; name another folder with --out"
            )
        _drop_torn_line(self.path)

    def revoking(self) -> None:
        """Access is about to be taken away."""
        self._write({"taken": True})

    def given_back(self) -> None:
        """Access was returned."""
        self._write({"taken": False})

    def keep(self, record: Record) -> None:
        """A repetition is complete."""
        self.records.append(record)
        self._write(record.as_json())

    def _write(self, content: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(content) + "\n")
            file.flush()
            os.fsync(file.fileno())


def read_journal(path: Path) -> tuple[dict[str, Any], list[Record], bool]:
    """Head, repetitions, and whether something is still taken away. Raises JournalError with file and line."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise JournalError(f"{path}: cannot be read: {error}") from None
    head: dict[str, Any] = {}
    records, taken = [], False
    for number, line in enumerate(lines[:-1], 1):  # what follows the last newline was cut off
        try:
            content = json.loads(line)
            if "probe" in content:
                head = content
            elif "taken" in content:
                taken = bool(content["taken"])
            else:
                records.append(Record.from_json(content))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise JournalError(
                f"{path}:{number}: not a line of a probe's journal ({error})"
            ) from None
    if not head:
        raise JournalError(f"{path}: not a probe's journal: the first line names no probe")
    return head, records, taken


def _drop_torn_line(path: Path) -> None:
    data = path.read_bytes()
    if data and not data.endswith(b"\n"):
        with path.open("r+b") as file:
            file.truncate(data.rfind(b"\n") + 1)

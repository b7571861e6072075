"""The folder of a sweep: results in parts, a journal of finished cells, a ledger of parts, one writer.

Only `results/part-*.parquet` are results. A finished cell goes to the journal at once; when all cells of a part are there, the
part is written in one step and its digest noted. Both are addressed by the content of the cells, so whatever was
interrupted, changed or damaged, the next run takes over what is still valid and nothing else.
"""

import hashlib
import json
import os
import re
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sim.results.store import write_atomically
from sim.sweeps.journal import Journal, locked
from sim.sweeps.plan import Plan
from sim.sweeps.rows import is_rows, table_of, unpacked_parts

RESULTS, JOURNAL, LEDGER = "results", "journal.tmp", "ledger.jsonl"
_COMPACT_ABOVE_BYTES = 64_000_000
_TEXTS = ("plan", "part", "sha256")
_PART = re.compile(r"part-\d+\.parquet")


class NotASweep(ValueError):
    """The folder holds Parquet files that no sweep wrote."""


class Ledger:
    """Opens a folder for one plan; holds its lock until closed.

    `done` numbers the cells that need not run again, `damaged` names the files that were set aside. Raises FolderInUse,
    NotASweep, OSError.
    """

    def __init__(self, folder: Path, plan: Plan):
        self.folder, self.plan = folder, plan
        self._results = folder / RESULTS
        self.damaged: list[str] = []
        self.done: set[int] = set()
        self._pending: dict[int, dict[int, int]] = {}  # part -> cell -> place in the journal
        self._keys: dict[str, int] | None = None
        self._compact_above_bytes = _COMPACT_ABOVE_BYTES
        self._results.mkdir(parents=True, exist_ok=True)
        self._lock = locked(folder)
        try:
            self._refuse_foreign_files()
            self._journal = Journal(folder / JOURNAL)
            self._take_over()
        except BaseException:
            self._lock.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, t: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give up the lock. The journal goes when it holds nothing that a part does not."""
        self._journal.close(remove=not self._pending)
        self._lock.close()

    def add(self, index: int, rows: bytes) -> None:
        """Keep the rows of a finished cell; write its part if it was the last one missing."""
        if index in self.done:
            return
        part = index // self.plan.cells_a_part
        place = self._journal.append(self.plan.key(self.plan.cell(index)), rows)
        self._pending.setdefault(part, {})[index] = place
        self.done.add(index)
        if len(self._pending[part]) == len(self._cells_of(part)):
            self._write_part(part)

    def flush(self) -> None:
        """Write the parts that lack cells (which failed), so that what succeeded can be read."""
        for part in sorted(self._pending):
            self._write_part(part)

    def _cells_of(self, part: int) -> range:
        size = self.plan.cells_a_part
        return range(part * size, min((part + 1) * size, len(self.plan)))

    # -- parts ----------------------------------------------------------------------------------

    def _write_part(self, part: int) -> None:
        import pyarrow.parquet as pq

        places = self._pending[part]
        cells = [(self.plan.cell(i), self._journal.read(places[i])) for i in sorted(places)]
        table = table_of(self.plan, cells)
        path = self._results / f"part-{part:05d}.parquet"

        def write(temporary: Path) -> None:
            pq.write_table(table, temporary, compression="zstd")
            self._note({"part": path.name, "sha256": _sha256(temporary), "cells": sorted(places)})

        write_atomically(path, write)
        if len(places) == len(self._cells_of(part)):
            del self._pending[part]
            if self._journal.bytes > self._compact_above_bytes:
                self._compact()

    def _note(self, entry: dict[str, Any]) -> None:
        """The digest is noted before the file has its name: a part without a note can only follow a power cut.

        It counts as damaged then and runs again, which is cheaper than to wait for the disk at each note.
        """
        with (self.folder / LEDGER).open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps(entry) + "\n")  # a torn line before it stays alone

    def _compact(self) -> None:
        """A new journal with only what no part holds yet."""
        waiting = [
            (part, index, place)
            for part, cells in self._pending.items()
            for index, place in cells.items()
        ]
        rows = ((self.plan.key(self.plan.cell(i)), self._journal.read(p)) for _, i, p in waiting)
        places = self._journal.replace(rows)
        for (part, index, _), place in zip(waiting, places, strict=True):
            self._pending[part][index] = place
        self._compact_above_bytes = max(_COMPACT_ABOVE_BYTES, 2 * self._journal.bytes)

    # -- taking over ----------------------------------------------------------------------------

    def _take_over(self) -> None:
        plan_id, notes = self._read_notes()
        same = plan_id == self.plan.id
        for name, noted in notes.items():
            cells = self._cells_held(name, noted)
            if (
                cells
                and same
                and len(cells) == len(self._cells_of(cells[0] // self.plan.cells_a_part))
            ):
                self.done.update(cells)
            elif cells:
                self._save_rows(name)
        if not same:
            self._set_aside_old(plan_id, notes)
        self._read_journal()

    def _read_notes(self) -> tuple[str, dict[str, dict[str, list[int]]]]:
        """The plan that the folder was written for, and for each part its digests and the cells they stand for."""
        path = self.folder / LEDGER
        notes: dict[str, dict[str, list[int]]] = {}
        plan_id = ""
        for line in (
            path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else ()
        ):
            entry = _entry(line)
            plan_id = entry.get("plan", plan_id)
            if "part" in entry:
                notes.setdefault(entry["part"], {})[entry["sha256"]] = entry["cells"]
        return plan_id, notes

    def _cells_held(self, name: str, noted: dict[str, list[int]]) -> list[int]:
        """The cells of a part whose bytes are those that were written; one that is not is set aside."""
        path = self._results / name
        if not path.exists():
            return []
        cells = noted.get(_sha256(path), [])
        if not cells:
            self._set_aside_damaged(path)
        return cells

    def _set_aside_damaged(self, path: Path) -> None:
        os.replace(path, self.folder / f"{path.name}.damaged")
        self.damaged.append(path.name)

    def _save_rows(self, name: str) -> None:
        """The rows of an incomplete part, or of a part of another plan, go to the journal where cells still count."""
        import pyarrow.parquet as pq

        wanted = self._wanted()
        for key, rows in unpacked_parts(pq.read_table(self._results / name)):
            if key in wanted:
                self._journal.append(key, rows)

    def _set_aside_old(self, plan_id: str, notes: dict[str, Any]) -> None:
        """Results of another scenario, version or plan leave the data set; they are kept under another name."""
        old = self.folder / f"superseded-{plan_id or 'unknown'}"
        for name in notes:
            if (self._results / name).exists():
                old.mkdir(exist_ok=True)
                os.replace(self._results / name, old / f"{name}.old")
        if (self.folder / LEDGER).exists():
            (self.folder / LEDGER).unlink()
        self._note({"plan": self.plan.id})

    def _read_journal(self) -> None:
        for key, place in self._journal.places():
            index = self._wanted().get(key)
            if index is not None and index not in self.done and is_rows(self._journal.read(place)):
                self._pending.setdefault(index // self.plan.cells_a_part, {})[index] = place
                self.done.add(index)
        for part in [
            p for p, cells in self._pending.items() if len(cells) == len(self._cells_of(p))
        ]:
            self._write_part(part)

    def _wanted(self) -> dict[str, int]:
        """The cells of the plan by their keys; made once and only if something was left over."""
        if self._keys is None:
            self._keys = {self.plan.key(cell): cell.index for cell in self.plan.cells()}
        return self._keys

    def _refuse_foreign_files(self) -> None:
        _, notes = self._read_notes()
        for path in sorted(self.folder.rglob("*.parquet")):
            if path.parent != self._results or not path.name.startswith("part-"):
                raise NotASweep(
                    f"{path}: was not written by a sweep, and every Parquet file here would count as results; choose"
                    " another folder"
                )
            if path.name not in notes:
                self._set_aside_damaged(path)
        for path in self._results.glob(".part-*.tmp"):
            path.unlink(missing_ok=True)


def _entry(line: str) -> dict[str, Any]:
    """A note, or nothing of a line that is torn or says something else: its part is run again."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(entry, dict):
        return {}
    cells, part = entry.get("cells", []), entry.get("part", "part-0.parquet")
    texts = all(isinstance(entry.get(key, ""), str) for key in _TEXTS)
    numbers = isinstance(cells, list) and all(type(cell) is int and cell >= 0 for cell in cells)
    if not texts or not numbers or not _PART.fullmatch(part):
        return {}
    return entry if "part" not in entry or (cells and "sha256" in entry) else {}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""The pages that are open, each with a process of its own: what one of them computes slows no other's answers."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

MOST = 6  # pages at the same time; one more takes the place of the one that was silent longest
SILENT_S = 90.0  # a page that has asked for nothing so long is gone
_Document = dict[str, Any]


class Client:
    """A page: its process, what it asked for last, and the newest document about that."""

    def __init__(self, name: str) -> None:
        command = [sys.executable, "-m", "sim.explore.worker", name]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
            start_new_session=True,
        )  # fmt: skip
        self._news = threading.Condition()
        self._number = 0
        self._job = 0
        self._document: _Document = {}
        self._order: list[str] = []
        self.seen_at = time.monotonic()
        threading.Thread(target=self._read, daemon=True).start()

    def ask(self, changes: Mapping[str, Any]) -> int:
        """Wish for figures under these changes; whatever was wished for before is dropped. Returns the number of the wish."""
        self.seen_at = time.monotonic()
        with self._news:
            self._job += 1
            job = self._job
            try:
                assert self._process.stdin is not None
                self._process.stdin.write(json.dumps({"job": job, "changes": changes}) + "\n")
                self._process.stdin.flush()
            except OSError:
                self._ended()
        return job

    def news(self, after: int, wait_s: float) -> _Document | None:
        """The newest document of the last wish with its number, once that is above `after`; None where none came in time."""
        self.seen_at = time.monotonic()
        with self._news:
            if not self._news.wait_for(lambda: self._number > after, wait_s):
                return None
            return {**self._document, "number": self._number, "order": self._order}

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            document = json.loads(line)
            with self._news:
                if "order" in document:
                    self._order = document["order"]
                elif document["job"] != self._job:
                    continue
                else:
                    self._document = document
                self._number += 1
                self._news.notify_all()
        with self._news:
            self._ended()

    def _ended(self) -> None:
        message = "the process that simulates has ended (memory ran out, or somebody ended it); load the page again"
        self._document = {"job": self._job, "error": message, "done": True}
        self._number += 1
        self._news.notify_all()

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self._process.poll() is None


class Clients:
    """The pages by the names they chose. One process waits ready, so that a new page has figures at once."""

    def __init__(self, name: str, start: Callable[[str], Client] = Client) -> None:
        self._name, self._start = name, start
        self._lock = threading.Lock()
        self._open: dict[str, Client] = {}
        self._spare: Client | None = None
        self.prepare()

    def prepare(self) -> Client:
        """Have a process ready that has answered the first wish, or is about to."""
        with self._lock:
            return self._prepared()

    def _prepared(self) -> Client:
        if self._spare is None or not self._spare.alive:
            self._spare = self._start(self._name)
            self._spare.ask({})
        return self._spare

    def of(self, page: str) -> Client:
        """The client of a page; a new page takes the one that waits."""
        with self._lock:
            found = self._open.get(page)
            if found is None or not found.alive:
                found, self._spare = self._prepared(), None
                self._open[page] = found
                self._make_room(page)
                found.seen_at = time.monotonic()
                threading.Timer(1.0, self._prepare_quietly).start()
            return found

    def _prepare_quietly(self) -> None:
        with self._lock:
            if self._open and len(self._open) < MOST:
                self._prepared()

    def _make_room(self, newest: str) -> None:
        now = time.monotonic()
        for page, client in list(self._open.items()):
            if page != newest and now - client.seen_at > SILENT_S:
                self._open.pop(page).close()
        while len(self._open) > MOST:
            page = min((p for p in self._open if p != newest), key=lambda p: self._open[p].seen_at)
            self._open.pop(page).close()

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            for client in (*self._open.values(), *([self._spare] if self._spare else [])):
                client.close()
            self._open, self._spare = {}, None

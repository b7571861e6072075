"""A store of refresh tokens that rotate, in a file: each token is kept by its digest, with its family and its place in it.

Written from docs/model.md, section 21, and nothing of the engine: a token is presented, and the store says what becomes of it.
"""

import hashlib
import secrets
import sqlite3
from pathlib import Path

GRANTED, REFUSED, REUSE = "ok", "refused", "reuse"

_TABLES = """
create table families (family integer primary key, device text, began real, current integer, spent real, ended integer);
create table tokens (digest text primary key, family integer, place integer) without rowid;
create index by_device on families (device);
"""


class Families:
    """Families of devices. Times are seconds of one clock."""

    def __init__(
        self, path: Path, *, grace_s: float, ends_family: bool, lifetime_s: float = float("inf")
    ):
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("pragma synchronous = off")
        self._db.executescript(_TABLES)
        self._grace_s, self._ends, self._lifetime_s = grace_s, ends_family, lifetime_s

    def sign_in(self, device: str, now_s: float) -> str:
        """A page load: the device's families are over, and a new one begins. Returns its first refresh token."""
        self._db.execute("update families set ended = 1 where device = ?", (device,))
        made = self._db.execute(
            "insert into families values (null, ?, ?, 0, -1e300, 0)", (device, now_s)
        )
        assert made.lastrowid is not None
        return self._issue(made.lastrowid, 0)

    def present(self, token: str, now_s: float) -> tuple[str, str]:
        """(what becomes of it, the refresh token that comes back or "")."""
        self._db.execute("begin immediate")
        try:
            return self._presented(token, now_s)
        finally:
            self._db.execute("commit")

    def _presented(self, token: str, now_s: float) -> tuple[str, str]:
        found = self._db.execute(
            "select family, place, current, spent, ended, began from tokens natural join families where digest = ?",
            (_digest(token),),
        ).fetchone()
        if found is None:
            return REFUSED, ""
        family, place, current, spent_s, ended, began_s = found
        if ended or not now_s < began_s + self._lifetime_s:
            return REFUSED, ""
        if place == current:
            self._db.execute(
                "update families set current = ?, spent = ? where family = ?",
                (current + 1, now_s, family),
            )
            return GRANTED, self._issue(family, current + 1)
        if place == current - 1 and now_s < spent_s + self._grace_s:
            return GRANTED, self._issue(family, current)
        if self._ends:
            self._db.execute("update families set ended = 1 where family = ?", (family,))
        return REUSE, ""

    def _issue(self, family: int, place: int) -> str:
        token = secrets.token_urlsafe(24)
        self._db.execute("insert into tokens values (?, ?, ?)", (_digest(token), family, place))
        return token

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

"""Where the app keeps allowlist entries, refused stamps and refresh tokens: memory, SQLite, or a Redis server.

One contract, three stores. A store that cannot answer raises StoreDown within `TIMEOUT`; the app then refuses.
"""

import asyncio
import json
import math
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

StoreKind = Literal["memory", "sqlite", "redis"]
STORES: tuple[StoreKind, ...] = ("memory", "sqlite", "redis")
TIMEOUT = 1.0  # real seconds
_KEPT = 3600  # real seconds after which Redis may forget what a run left behind


class StoreDown(Exception):
    """The store does not answer."""


@dataclass(frozen=True)
class Refresh:
    """What a refresh token stands for. Times in model seconds."""

    person: int
    page: int
    session: str
    admin: bool
    page_stamped_s: float


class Store(Protocol):
    """The state of one tenant. Expiry is a value that gates compare; no store decides validity by itself."""

    async def write_entry(self, person: int, page: int, expires_s: float) -> None:
        """Write the allowlist entry of a page."""

    async def entry_expires_s(self, person: int, page: int) -> float:
        """When the entry of a page expires; -inf if there is none."""

    async def drop_entries(self, person: int) -> None:
        """Remove all entries of a person that are there."""

    async def refuse_stamped_until(self, person: int, stamp_s: float) -> None:
        """Refuse a person's tokens stamped at or before an instant (the latest one counts)."""

    async def refused_until_s(self, person: int) -> float:
        """The instant; -inf if there is none."""

    async def write_refresh(self, digest: str, refresh: Refresh) -> None:
        """Keep a refresh token, by the digest of it."""

    async def refresh(self, digest: str) -> Refresh | None:
        """What a refresh token stands for; None if it is unknown or dropped."""

    async def drop_refreshes(self, person: int) -> None:
        """Drop all refresh tokens of a person."""

    async def close(self) -> None:
        """Let go of files and connections."""


class MemoryStore:
    """Dictionaries: as fast as it gets, and forgotten when the app restarts."""

    def __init__(self) -> None:
        self._entries: dict[int, dict[int, float]] = {}
        self._refused: dict[int, float] = {}
        self._refreshes: dict[str, Refresh] = {}

    async def write_entry(self, person: int, page: int, expires_s: float) -> None:
        self._entries.setdefault(person, {})[page] = expires_s

    async def entry_expires_s(self, person: int, page: int) -> float:
        return self._entries.get(person, {}).get(page, -math.inf)

    async def drop_entries(self, person: int) -> None:
        self._entries.pop(person, None)

    async def refuse_stamped_until(self, person: int, stamp_s: float) -> None:
        self._refused[person] = max(stamp_s, self._refused.get(person, -math.inf))

    async def refused_until_s(self, person: int) -> float:
        return self._refused.get(person, -math.inf)

    async def write_refresh(self, digest: str, refresh: Refresh) -> None:
        self._refreshes[digest] = refresh

    async def refresh(self, digest: str) -> Refresh | None:
        return self._refreshes.get(digest)

    async def drop_refreshes(self, person: int) -> None:
        self._refreshes = {k: r for k, r in self._refreshes.items() if r.person != person}

    async def close(self) -> None:
        pass


_TABLES = """
create table if not exists entries (tenant text, person integer, page integer, expires_s real,
    primary key (tenant, person, page)) without rowid;
create table if not exists refused (tenant text, person integer, stamp_s real,
    primary key (tenant, person)) without rowid;
create table if not exists refreshes (tenant text, digest text, person integer, content text,
    primary key (tenant, digest)) without rowid;
"""


class SqliteStore:
    """A file, asked in the event loop's own thread: a look-up takes microseconds, a hop to a thread takes far longer."""

    def __init__(self, path: Path, tenant: str):
        # one call at a time, but calibration makes its calls from another thread
        self._db = sqlite3.connect(
            path, timeout=TIMEOUT, isolation_level=None, check_same_thread=False
        )
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = normal")
        self._db.executescript(_TABLES)
        self._tenant = tenant

    async def write_entry(self, person: int, page: int, expires_s: float) -> None:
        self._do("insert or replace into entries values (?, ?, ?, ?)", person, page, expires_s)

    async def entry_expires_s(self, person: int, page: int) -> float:
        return self.entry_now(person, page)

    def entry_now(self, person: int, page: int) -> float:
        """The look-up without a coroutine around it: what calibration times."""
        row = self._one(
            "select expires_s from entries where tenant = ? and person = ? and page = ?",
            person,
            page,
        )
        return -math.inf if row is None else float(row[0])

    async def drop_entries(self, person: int) -> None:
        self._do("delete from entries where tenant = ? and person = ?", person)

    async def refuse_stamped_until(self, person: int, stamp_s: float) -> None:
        self._do(
            "insert into refused values (?, ?, ?) on conflict (tenant, person)"
            " do update set stamp_s = max(stamp_s, excluded.stamp_s)",
            person,
            stamp_s,
        )

    async def refused_until_s(self, person: int) -> float:
        row = self._one("select stamp_s from refused where tenant = ? and person = ?", person)
        return -math.inf if row is None else float(row[0])

    async def write_refresh(self, digest: str, refresh: Refresh) -> None:
        content = json.dumps(refresh.__dict__)
        self._do("insert into refreshes values (?, ?, ?, ?)", digest, refresh.person, content)

    async def refresh(self, digest: str) -> Refresh | None:
        row = self._one("select content from refreshes where tenant = ? and digest = ?", digest)
        return None if row is None else Refresh(**json.loads(row[0]))

    async def drop_refreshes(self, person: int) -> None:
        self._do("delete from refreshes where tenant = ? and person = ?", person)

    async def close(self) -> None:
        self._db.close()

    def _do(self, statement: str, *values: Any) -> None:
        try:
            self._db.execute(statement, (self._tenant, *values))
        except sqlite3.Error as error:
            raise StoreDown(str(error)) from None

    def _one(self, statement: str, *values: Any) -> tuple[Any, ...] | None:
        try:
            row: tuple[Any, ...] | None = self._db.execute(
                statement, (self._tenant, *values)
            ).fetchone()
        except sqlite3.Error as error:
            raise StoreDown(str(error)) from None
        return row


class RedisStore:
    """A server that speaks Redis' protocol, over TCP or a Unix socket.

    The pool blocks when it is exhausted (the library's default raises), and every call has a deadline.
    """

    def __init__(self, url: str, tenant: str, run: str):
        from redis import asyncio as redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        pool = redis.BlockingConnectionPool.from_url(
            url,
            max_connections=32,
            timeout=TIMEOUT,
            socket_timeout=TIMEOUT,
            socket_connect_timeout=TIMEOUT,
            retry=Retry(NoBackoff(), 1),
            decode_responses=True,
        )
        self._redis = redis.Redis.from_pool(pool)
        self._prefix = f"lastclick:{run}:{tenant}"

    async def write_entry(self, person: int, page: int, expires_s: float) -> None:
        key = self._key("entries", person)
        async with self._redis.pipeline() as pipe:
            pipe.hset(key, str(page), repr(expires_s))
            pipe.expire(key, _KEPT)
            await self._answer(pipe.execute())

    async def entry_expires_s(self, person: int, page: int) -> float:
        value = await self._answer(self._redis.hget(self._key("entries", person), str(page)))
        return -math.inf if value is None else float(value)

    async def drop_entries(self, person: int) -> None:
        await self._answer(self._redis.delete(self._key("entries", person)))

    async def refuse_stamped_until(self, person: int, stamp_s: float) -> None:
        # ZADD GT keeps the later of two, in one step on the server
        key = self._key("refused")
        async with self._redis.pipeline() as pipe:
            pipe.zadd(key, {str(person): stamp_s}, gt=True)
            pipe.expire(key, _KEPT)
            await self._answer(pipe.execute())

    async def refused_until_s(self, person: int) -> float:
        value = await self._answer(self._redis.zscore(self._key("refused"), str(person)))
        return -math.inf if value is None else float(value)

    async def write_refresh(self, digest: str, refresh: Refresh) -> None:
        index = self._key("refreshes", refresh.person)
        async with self._redis.pipeline() as pipe:
            pipe.set(self._key("refresh", digest), json.dumps(refresh.__dict__), ex=_KEPT)
            pipe.sadd(index, digest)
            pipe.expire(index, _KEPT)
            await self._answer(pipe.execute())

    async def refresh(self, digest: str) -> Refresh | None:
        value = await self._answer(self._redis.get(self._key("refresh", digest)))
        return None if value is None else Refresh(**json.loads(value))

    async def drop_refreshes(self, person: int) -> None:
        index = self._key("refreshes", person)
        digests = await self._answer(self._redis.smembers(index))
        keys = [self._key("refresh", digest) for digest in digests]
        await self._answer(self._redis.delete(index, *keys))

    async def close(self) -> None:
        await self._redis.aclose()

    def _key(self, *parts: object) -> str:
        return ":".join(map(str, (self._prefix, *parts)))

    async def _answer(self, call: Any) -> Any:
        from redis.exceptions import RedisError

        try:
            async with asyncio.timeout(2 * TIMEOUT):
                return await call
        except (RedisError, OSError, TimeoutError) as error:
            raise StoreDown(type(error).__name__) from None


def open_store(kind: StoreKind, *, tenant: str, run: str, url: str = "", folder: str = "") -> Store:
    """The store of a tenant; `url` is the Redis server's, `folder` holds the SQLite file."""
    if kind == "memory":
        return MemoryStore()
    if kind == "sqlite":
        return SqliteStore(Path(folder) / "store.sqlite", tenant)
    return RedisStore(url, tenant, run)

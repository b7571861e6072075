"""Real parts beside the simulation: people open sockets, renew and click at the instants of its trace, in real time."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from sim.engine import run as simulate
from sim.engine.recording import TRACE_COLUMNS, Run
from sim.model.strategies import Strategy
from sim.scenario import Scenario
from sim.testbed.carriers.families import Families
from sim.testbed.carriers.sessions import Sessions
from sim.testbed.carriers.stand import Stand
from sim.testbed.compress import precise_loop
from sim.testbed.folder import run_folder
from sim.testbed.real.nginx import HEAD
from sim.testbed.real.part import APT, NotInstalled, free_port, program
from sim.testbed.servers import Process, RedisServer, redis_program

_HEAD_START_S = 0.5
_TIME, _PERSON, _EVENT, _REASON = map(TRACE_COLUMNS.index, ("time_s", "person", "event", "reason"))
_NGINX = (
    HEAD
    + """\
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location / {{
      proxy_pass http://127.0.0.1:{app}; proxy_http_version 1.1; proxy_read_timeout {silent_ms}ms;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
    }}
  }}
}}
"""
)


@dataclass
class Seen:
    """What one person met: (when, whether it passed) of each request in the order sent, and when his sockets ended. s of the run."""

    passed: list[tuple[float, bool]] = field(default_factory=list)
    sockets: list[tuple[float, float]] = field(default_factory=list)  # opened, ended
    refused_sockets: int = 0
    late_s: float = 0.0  # the latest answer after its instant


@dataclass(frozen=True)
class Played:
    """A strategy, its simulation, and what its people met; `late_s`: how long after its instant each answer was there."""

    strategy: Strategy
    predicted: Run
    seen: dict[int, Seen]
    decided: dict[
        str, list[tuple[float, str]]
    ]  # by person: what the store of refresh tokens said, and when
    late_s: list[float]


class Timeline:
    """One run's clock."""

    def __init__(self) -> None:
        self.began = time.monotonic() + _HEAD_START_S
        self.late_s: list[float] = []

    def now_s(self) -> float:
        """Seconds of the run."""
        return time.monotonic() - self.began

    async def until(self, time_s: float) -> None:
        """Sleep to an instant of the run."""
        await asyncio.sleep(max(0.0, time_s - self.now_s()))

    def note(self, time_s: float, seen: Seen) -> None:
        """An answer is there to what was due at an instant."""
        self.late_s.append(self.now_s() - time_s)
        seen.late_s = max(seen.late_s, self.late_s[-1])


def play(scenario: Scenario, strategy: Strategy, *, seed: int) -> Played:
    """A strategy in real time. Raises NotInstalled where an nginx or a Redis server that it needs is missing, ServerFailed."""
    predicted = simulate(scenario, strategy, seed=seed, tracing=True)
    with run_folder() as folder, asyncio.Runner(loop_factory=precise_loop) as runner:
        return runner.run(_played(Playing(scenario, strategy, predicted), folder))


async def _played(playing: "Playing", folder: Path) -> Played:
    async with playing.up(folder):
        playing.line.began = time.monotonic() + _HEAD_START_S
        return await playing.played()


class Playing:
    """One strategy."""

    def __init__(self, scenario: Scenario, strategy: Strategy, run: Run):
        self.scenario, self.strategy, self.run = scenario, strategy, run
        self.line = Timeline()
        self.revoked_s = {int(c.person): float(c.revoked_at_s) for c in run.cases}
        self.trip_s = scenario.network.client_app.expectation()
        self.held: dict[int, tuple[int, str]] = {}  # by person: (page load, refresh token)

    @asynccontextmanager
    async def up(self, folder: Path) -> AsyncIterator[None]:
        """The servers that this strategy needs."""
        token, connection, sessions = self.strategy.token, self.strategy.connection, None
        families: Families | None = None
        async with AsyncExitStack() as stack:
            if token is not None and token.rotation is not None:
                families = Families(
                    folder / "families.sqlite",
                    grace_s=token.rotation.grace_s,
                    ends_family=token.rotation.on_reuse == "end_family",
                    lifetime_s=token.refresh_lifetime_s or float("inf"),
                )
                stack.callback(families.close)
            if self.strategy.allowlist is not None:
                sessions = self._redis(folder, stack)
                stack.push_async_callback(sessions.close)
            recheck_s = None if connection is None else connection.recheck_s
            self.stand = Stand(
                self.line.now_s,
                self.revoked_s,
                recheck_s=recheck_s,
                families=families,
                sessions=sessions,
            )
            await stack.enter_async_context(self.stand.up())
            port = self.stand.port
            if connection is not None and connection.lasts is not None:
                port = self._nginx(folder, stack, connection.lasts.expectation())
            connector = aiohttp.TCPConnector(limit=400)
            self.http = await stack.enter_async_context(
                aiohttp.ClientSession(f"http://127.0.0.1:{port}", connector=connector)
            )
            yield

    def _redis(self, folder: Path, stack: AsyncExitStack) -> Sessions:
        found, entry = redis_program(), self.strategy.allowlist
        if found is None:
            raise NotInstalled(f"a Redis server is not here: {APT.format('redis-server')}")
        server = RedisServer(found, folder, "carriers")
        stack.callback(server.stop)
        assert entry is not None
        cap_s = entry.absolute_s or 1e6
        return Sessions(server.url, idle_s=entry.lifetime.expectation(), cap_s=cap_s)

    def _nginx(self, folder: Path, stack: AsyncExitStack, silent_s: float) -> int:
        found, port = program("nginx"), free_port()
        if found is None:
            raise NotInstalled(f"nginx is not here: {APT.format('nginx-light')}")
        config = folder / "nginx.conf"
        silent_ms = round(1000 * silent_s)
        config.write_text(
            _NGINX.format(folder=folder, port=port, app=self.stand.port, silent_ms=silent_ms)
        )
        server = Process([found, "-c", str(config), "-e", str(folder / "error.log")], None)
        stack.callback(server.stop)
        return port

    async def played(self) -> Played:
        """Everybody, until the end of the trace."""
        rows: dict[int, list[tuple[object, ...]]] = {}
        for row in self.run.trace or ():
            rows.setdefault(int(row[_PERSON]), []).append(row)
        act = self._acts()
        seen = {person: Seen() for person in rows}
        work = [act(person, row, seen[person]) for person, of in rows.items() for row in of]
        await asyncio.gather(*(one for one in work if one is not None))
        return Played(self.strategy, self.run, seen, self.stand.decided, self.line.late_s)

    def _acts(self) -> Callable[[int, tuple[object, ...], Seen], Awaitable[None] | None]:
        if self.strategy.connection is not None:
            return self._opens
        return self._renews if self.strategy.allowlist is None else self._clicks

    # -- what a row of the trace says that a person does ----------------------------------------

    def _opens(self, person: int, row: tuple[object, ...], seen: Seen) -> Awaitable[None] | None:
        return self._socket(person, row, seen) if row[_EVENT] == "connected" else None

    async def _socket(self, person: int, row: tuple[object, ...], seen: Seen) -> None:
        due_s = float(str(row[_TIME]))
        await self.line.until(due_s)
        try:
            async with self.http.ws_connect(f"/socket/{person}") as socket:
                opened_s = self.line.now_s()
                self.line.note(due_s, seen)
                try:
                    async with asyncio.timeout(self.scenario.run.end_s - self.line.now_s()):
                        await socket.receive()
                    seen.sockets.append((opened_s, self.line.now_s()))
                except TimeoutError:
                    seen.sockets.append((opened_s, float("inf")))
                    return
        except aiohttp.WSServerHandshakeError:
            seen.refused_sockets += 1
            return
        if self.line.now_s() > self.revoked_s[person]:  # who was cut off tries once more
            try:
                async with self.http.ws_connect(f"/socket/{person}"):
                    seen.sockets.append((self.line.now_s(), float("inf")))
            except aiohttp.WSServerHandshakeError:
                seen.refused_sockets += 1

    def _renews(self, person: int, row: tuple[object, ...], seen: Seen) -> Awaitable[None] | None:
        if row[_EVENT] == "page_seen" and row[_REASON] == "ok":
            return self._loads(person, row, seen)
        return self._asks(person, row, seen) if row[_EVENT] == "renewal_asked" else None

    async def _loads(self, person: int, row: tuple[object, ...], seen: Seen) -> None:
        due_s = float(str(row[_TIME]))
        await self.line.until(due_s)
        async with self.http.post(f"/page/{person}") as answer:
            token = (await answer.json())["refresh_token"]
        self.line.note(due_s, seen)
        self.held[person] = (self.held.get(person, (0, ""))[0] + 1, token)

    async def _asks(self, person: int, row: tuple[object, ...], seen: Seen) -> None:
        asked_s = float(str(row[_TIME]))
        await self.line.until(asked_s)
        load, token = self.held[person]
        await self.line.until(asked_s + self.trip_s / 2)
        sent = {"refresh_token": token, "device": str(person)}
        async with self.http.post("/token", json=sent) as answer:
            granted, brought = answer.status == 200, await answer.json()
        self.line.note(asked_s + self.trip_s / 2, seen)
        seen.passed.append((asked_s, granted))
        await self.line.until(asked_s + self.trip_s)
        if granted and self.held[person][0] == load:
            self.held[person] = (load, brought["refresh_token"])

    def _clicks(self, person: int, row: tuple[object, ...], seen: Seen) -> Awaitable[None] | None:
        if row[_EVENT] == "page_seen" and row[_REASON] == "ok":
            return self._loads(person, row, seen)
        return self._click(person, row, seen) if row[_EVENT] == "decided" else None

    async def _click(self, person: int, row: tuple[object, ...], seen: Seen) -> None:
        decided_s = float(str(row[_TIME]))
        await self.line.until(decided_s)
        async with self.http.get(f"/click/{person}") as answer:
            seen.passed.append((decided_s, answer.status == 200))
        self.line.note(decided_s, seen)

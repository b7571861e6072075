"""The servers of a run: the host's account, and an app that has web sockets, a store of refresh tokens, and sessions."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
from aiohttp import web

from sim.testbed.carriers.families import GRANTED, Families
from sim.testbed.carriers.sessions import Sessions

NO_MORE = 4401  # the code with which the app closes a socket whose account is gone
Now = Callable[[], float]


class Stand:
    """Servers over TCP. `revoked_s`: by person, when the host's answer turns; `recheck_s`: of sockets, None: never."""

    def __init__(
        self,
        now: Now,
        revoked_s: dict[int, float],
        *,
        recheck_s: float | None = None,
        families: Families | None = None,
        sessions: Sessions | None = None,
    ):
        self._now, self._revoked_s, self._recheck_s = now, revoked_s, recheck_s
        self._families, self._sessions = families, sessions
        self.decided: dict[str, list[tuple[float, str]]] = {}  # renewals of a device, when and how
        self.port = 0

    @contextlib.asynccontextmanager
    async def up(self) -> AsyncIterator["Stand"]:
        """Listening, on a port of its own."""
        app = web.Application()
        app.router.add_get("/account/{person}", self._account)
        app.router.add_get("/socket/{person}", self._socket)
        app.router.add_post("/page/{device}", self._page)
        app.router.add_post("/token", self._token)
        app.router.add_get("/click/{device}", self._click)
        runner = web.AppRunner(app, shutdown_timeout=0.5)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
        await site.start()
        self.port = runner.addresses[0][1]
        async with aiohttp.ClientSession(f"http://127.0.0.1:{self.port}") as self._host:
            try:
                yield self
            finally:
                await runner.cleanup()

    async def _account(self, request: web.Request) -> web.Response:
        lives = self._now() < self._revoked_s[int(request.match_info["person"])]
        return web.Response(status=200 if lives else 401)

    async def _lives(self, person: str) -> bool:
        """A question to the host, by HTTP."""
        async with self._host.get(f"/account/{person}") as answer:
            return answer.status == 200

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        """Authorised at the handshake; asked about again where the app does so."""
        person = request.match_info["person"]
        if not await self._lives(person):
            return web.Response(status=401)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        watch = asyncio.create_task(self._recheck(socket, person))
        try:
            async for _ in socket:
                pass
        finally:
            watch.cancel()
        return socket

    async def _recheck(self, socket: web.WebSocketResponse, person: str) -> None:
        opened_s, k = self._now(), 0
        while self._recheck_s is not None:
            k += 1
            await asyncio.sleep(opened_s + k * self._recheck_s - self._now())
            if not await self._lives(person):
                await socket.close(code=NO_MORE)
                return

    async def _page(self, request: web.Request) -> web.Response:
        """A page load writes the session, and begins a family."""
        device = request.match_info["device"]
        if self._sessions is not None:
            await self._sessions.write(device)
        token = "" if self._families is None else self._families.sign_in(device, self._now())
        return web.json_response({"refresh_token": token})

    async def _token(self, request: web.Request) -> web.Response:
        """The grant of a refresh token (RFC 6749, section 6)."""
        assert self._families is not None
        sent: dict[str, Any] = await request.json()
        now_s = self._now()
        said, token = self._families.present(sent["refresh_token"], now_s)
        self.decided.setdefault(sent["device"], []).append((now_s, said))
        if said != GRANTED:
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"refresh_token": token})

    async def _click(self, request: web.Request) -> web.Response:
        assert self._sessions is not None
        accepted = await self._sessions.accepts(request.match_info["device"])
        return web.Response(status=200 if accepted else 401)

"""Apps that keep access, beside a host with one account, and probe files that measure them."""

import asyncio
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

from sim.testbed.real.account import Host
from sim.testbed.real.part import free_port, program

REDIS = program("redis-server")


def probe_file(folder: Path, base: str, account: int, run: str, **changes: str) -> Path:
    """A probe file for a system at `base` whose account is revoked at the host on port `account`."""
    parts = {
        "sign_in": 'request = { method = "POST", url = "/login" }\ncredential = { json = "access_token" }',
        "try": 'request = { url = "/app", headers = { Authorization = "Bearer {credential}" } }',
        "revoke": f'request = {{ method = "POST", url = "http://127.0.0.1:{account}/revoke" }}',
        "give_back": f'request = {{ method = "POST", url = "http://127.0.0.1:{account}/give-back" }}',
        **changes,
        "run": run,
    }
    path = folder / "probe.toml"
    tables = "\n".join(f"[{name}]\n{text}" for name, text in parts.items())
    path.write_text(f'format = 1\n[target]\nbase = "{base}"\n{tables}\n', encoding="utf-8")
    return path


def wait_for(port: int) -> None:
    """Until somebody listens. Raises TimeoutError."""
    for _ in range(500):
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(f"nobody listens on {port}")


@contextmanager
def process(command: list[str], port: int, **settings: Any) -> Iterator[None]:
    """A server that runs while it is needed."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, **settings)
    try:
        wait_for(port)
        yield
    finally:
        child.terminate()
        child.wait(10.0)


@contextmanager
def redis() -> Iterator[int]:
    """A real Redis server; its port."""
    assert REDIS is not None
    port = free_port()
    command = [
        REDIS,
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
    ]
    with process(command, port, stdout=subprocess.DEVNULL):
        yield port


@contextmanager
def sessions(host: Host, life_s: int, slides: bool) -> Iterator[int]:
    """An app whose sessions are entries of a real Redis; its port. `slides`: each accepted request extends them."""
    from redis.asyncio import Redis

    with redis() as store_port:
        store = Redis(port=store_port)

        async def login(_: web.Request) -> web.Response:
            if not host.account.may:
                return web.json_response({}, status=403)
            token = host.account.issue()
            await store.set(token, "1", ex=life_s)
            return web.json_response({"access_token": token})

        async def work(request: web.Request) -> web.Response:
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
            known = await (store.getex(token, ex=life_s) if slides else store.get(token))
            return web.json_response({}, status=200 if known else 401)

        with app({("POST", "/login"): login, ("GET", "/app"): work}) as port:
            yield port


@contextmanager
def socket_app(host: Host) -> Iterator[int]:
    """An app that checks each request, but a web socket only when it is opened; its port."""

    async def login(_: web.Request) -> web.Response:
        token = host.account.issue() if host.account.may else ""
        return web.json_response({"access_token": token}, status=200 if token else 403)

    async def work(_: web.Request) -> web.Response:
        return web.json_response({}, status=200 if host.account.may else 401)

    async def live(request: web.Request) -> web.StreamResponse:
        if not host.account.may:
            return web.Response(status=401)
        held = web.WebSocketResponse()
        await held.prepare(request)
        async for message in held:
            if message.type == WSMsgType.TEXT:
                await held.send_str("pong")
        return held

    routes = {("POST", "/login"): login, ("GET", "/app"): work, ("GET", "/live"): live}
    with app(routes) as port:
        yield port


@contextmanager
def app(routes: Mapping[tuple[str, str], Any]) -> Iterator[int]:
    """A small app in a thread of its own; its port."""
    port, loop = free_port(), asyncio.new_event_loop()

    async def serve() -> web.AppRunner:
        application = web.Application()
        for (method, path), handler in routes.items():
            application.router.add_route(method, path, handler)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        return runner

    runner = loop.run_until_complete(serve())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield port
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10.0)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10.0)

#!/usr/bin/env bash
# Sessions of four seconds, used every second.
# Guess: Starlette's signed cookie is written anew with each answer, so use prolongs the session; Litestar's server-side
# session ends four seconds after the login, since `renew_on_access` is false unless somebody sets it.
# Seen: Litestar 2.25.0 with `renew_on_access` true or false, and its sessions in a cookie, are in without an end while they
# are used. Starlette up to 0.52.1 is prolonged by use; from 1.0.0 on (tried: 1.0.0 and 1.10.0) the person is out
# within five seconds, at work or not.
# Why it matters: in a scenario the one is `allowlist.renewal = "sliding"`, the other a fixed lifetime, which interrupts
# people at work and bounds the window. An upgrade changes one into the other, a setting that says so does not.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
quiet=(--quiet --no-compile --disable-pip-version-check)
python3 -m venv venv
venv/bin/pip install "${quiet[@]}" litestar==2.25.0 cryptography httpx==0.28.1 itsdangerous==2.2.0
for version in 0.52.1 1.0.0 1.10.0; do
    venv/bin/pip install "${quiet[@]}" --target "starlette-$version" "starlette==$version"
done
cat >used.py <<'EOP'
import asyncio
import httpx


async def seconds(app):
    """How long a session is good that is used each second: at most eight."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://app") as client:
        await client.get("/login")
        for second in range(8):
            await asyncio.sleep(1)
            if (await client.get("/used")).text != "in":
                return "out within 5 s" if second < 5 else f"out after {second + 1} s"
    return "still in after 8 s"


def told(name, app):
    print(name, asyncio.run(seconds(app)), sep=": ")
EOP
cat >of_starlette.py <<'EOP'
import starlette
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from used import told


async def login(request):
    request.session["user"] = "somebody"
    return PlainTextResponse("in")


async def used(request):
    return PlainTextResponse("in" if request.session.get("user") else "out")


sessions = Middleware(SessionMiddleware, secret_key="k" * 32, max_age=4)
routes = [Route("/login", login), Route("/used", used)]
told(f"Starlette {starlette.__version__}", Starlette(routes=routes, middleware=[sessions]))
EOP
cat >of_litestar.py <<'EOP'
from litestar import Litestar, Request, get
from litestar.middleware.session.client_side import CookieBackendConfig
from litestar.middleware.session.server_side import ServerSideSessionConfig
from litestar.stores.memory import MemoryStore
from used import told


@get("/login")
async def login(request: Request) -> str:
    request.session["user"] = "somebody"
    return "in"


@get("/used", media_type="text/plain")
async def used(request: Request) -> str:
    return "in" if (request.session or {}).get("user") else "out"


def app(sessions):
    return Litestar([login, used], middleware=[sessions.middleware], stores={"sessions": MemoryStore()}, logging_config=None)


for renew in (False, True):
    told(f"Litestar, renew_on_access {renew}", app(ServerSideSessionConfig(max_age=4, renew_on_access=renew)))
told("Litestar, in a cookie", app(CookieBackendConfig(secret=b"k" * 16, max_age=4)))
EOP
{
    for version in 0.52.1 1.0.0 1.10.0; do
        PYTHONPATH="starlette-$version" venv/bin/python of_starlette.py
    done
    venv/bin/python of_litestar.py
} 2>/dev/null | tee seen
cat >expected <<'EOP'
Starlette 0.52.1: still in after 8 s
Starlette 1.0.0: out within 5 s
Starlette 1.10.0: out within 5 s
Litestar, renew_on_access False: still in after 8 s
Litestar, renew_on_access True: still in after 8 s
Litestar, in a cookie: still in after 8 s
EOP
diff expected seen

"""express-session: sessions of an app, which asks the host at the sign-in only."""

import json
import subprocess
from pathlib import Path

from sim.testbed.real.part import Part, Place, program

_APP = """\
module.paths.push({modules!r})
const express = require('express')
const session = require('express-session')
const app = express()
app.use(session({{ secret: 'of this run', resave: false, saveUninitialized: false, cookie: {{ maxAge: {life_ms} }} }}))
app.post('/login', async (request, response) => {{
  const asked = await fetch('http://127.0.0.1:{host}{asks}', {{ headers: {{ authorization: request.headers.authorization }} }})
  if (asked.status !== 200) return response.sendStatus(403)
  request.session.regenerate(() => {{ request.session.user = 'somebody'; response.sendStatus(200) }})
}})
app.get('/app', (request, response) => response.sendStatus(request.session.user ? 200 : 401))
app.listen({port}, '127.0.0.1')
"""


def _prepare(place: Place) -> list[str]:
    text = _APP.format(
        modules=_modules(),
        port=place.port,
        host=place.host_port,
        asks=place.asks,
        life_ms=1000 * place.life_s,
    )
    return [str(place.write("app.cjs", text))]


def _modules() -> str:
    """Where npm installs for everybody; empty without npm."""
    npm = program("npm")
    if npm is None:
        return ""
    done = subprocess.run([npm, "root", "-g"], capture_output=True, text=True)
    return done.stdout.strip()


def _there() -> bool:
    root = Path(_modules() or "nowhere")
    return (root / "express").is_dir() and (root / "express-session").is_dir()


def _version(_: str) -> str:
    package = Path(_modules(), "express-session", "package.json")
    return str(json.loads(package.read_text(encoding="utf-8"))["version"])


EXPRESS = (
    Part(
        "express_session",
        "node",
        "apt-get install nodejs npm; npm install --global express@5.2.1 express-session@1.19.0",
        _prepare,
        holds="cookie",
        there=_there,
        says_version=_version,
    ),
)

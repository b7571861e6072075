"""The parts: what each needs to be there, its configuration, and how a person is known to it."""

import base64
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sim.basics.names import known
from sim.model.strategies import Strategy
from sim.testbed.servers import Process, ServerFailed

_GUARD = Path(__file__).parents[1] / "guard.py"
_STARTS_WITHIN = 10.0  # real seconds
_SYSTEM = "/usr/local/sbin:/usr/sbin:/sbin"  # where servers are that a user's path leaves out


class NotInstalled(RuntimeError):
    """A part is not here; the message has the command that installs it."""


@dataclass(frozen=True)
class Place:
    """Where a part runs: its folder and port, the host's address for questions, and who there is (password by person)."""

    folder: Path
    port: int
    host_port: int
    asks: str  # the path of a question at the host
    passwords: Mapping[int, str]
    strategy: Strategy


@dataclass(frozen=True)
class Part:
    """A real part. `holds`: how a person is known to it. `grain_s`: how far its own clock is from what is set."""

    profile: str
    needs: str  # the program
    installs: str
    prepare: Callable[[Place], list[str]]  # writes its files; the command that runs it
    holds: str = "session"  # or "password" (in a file), or "cookie" (of a session of its own)
    grain_s: float = 0.0
    there: Callable[[], bool] = lambda: True

    def program(self) -> str:
        """Where its program is. Raises NotInstalled."""
        found = program(self.needs)
        if found is None or not self.there():
            raise NotInstalled(f"{self.profile}: {self.needs} is not here: {self.installs}")
        return found

    def version(self) -> str:
        """What it says of its version. Raises NotInstalled."""
        if self.holds == "cookie":
            package = Path(_node_modules(), "express-session", "package.json")
            return str(json.loads(package.read_text(encoding="utf-8"))["version"])
        done = subprocess.run([self.program(), "-v"], capture_output=True, text=True)
        found = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
        return found[0] if found else ""

    def start(self, place: Place) -> Process:
        """Run it until it is stopped, or until this process ends. Raises NotInstalled, ServerFailed."""
        command = [self.program(), *self.prepare(place)]
        child = Process([sys.executable, str(_GUARD), *command], place.folder / "part.log")
        deadline = time.monotonic() + _STARTS_WITHIN
        while not _listens(place.port):
            if child.ended() is not None or time.monotonic() > deadline:
                child.stop()
                raise ServerFailed(f"{self.profile} did not start{child.last_lines()}")
            time.sleep(0.02)
        return child


def program(name: str) -> str | None:
    """Where a program is, those of the system's folders included."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}{os.pathsep}{_SYSTEM}")


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def part(name: str) -> Part:
    """A part by the name of its profile. Raises UnknownName."""
    return PARTS[known("gate of the testbed", name, PARTS)]


def _listens(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


def _life_s(strategy: Strategy) -> int:
    """What is set: whole seconds."""
    if strategy.check is not None:
        return int(strategy.check.allow_for_s)
    assert strategy.token is not None
    return int(strategy.token.lifetime.support()[0])


def _website(place: Place) -> None:
    (place.folder / "www").mkdir()
    (place.folder / "www" / "app").write_text("hello\n")


# -- nginx --------------------------------------------------------------------------------------

_NGINX = """\
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  proxy_cache_path {folder}/cache keys_zone=answers:1m;
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location = /app {{ auth_request /auth; root {folder}/www; }}
    location = /auth {{
      internal; proxy_pass http://127.0.0.1:{host}{asks}; proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_cache answers; proxy_cache_key $http_authorization; proxy_cache_valid 200 {life_s}s;
      {more}
    }}
  }}
}}
"""
_STALE = "proxy_cache_use_stale updating; proxy_cache_background_update on;"


def _nginx(more: str = "") -> Callable[[Place], list[str]]:
    def prepare(place: Place) -> list[str]:
        _website(place)
        config = place.folder / "nginx.conf"
        config.write_text(
            _NGINX.format(
                folder=place.folder,
                port=place.port,
                host=place.host_port,
                asks=place.asks,
                life_s=_life_s(place.strategy),
                more=more,
            )
        )
        return ["-c", str(config), "-e", str(place.folder / "error.log")]

    return prepare


# -- HAProxy ------------------------------------------------------------------------------------

_HAPROXY = """\
global
  maxconn 4000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 10s
frontend gate
  bind 127.0.0.1:{port}
  http-request set-var(txn.who) req.hdr(authorization)
  acl known req.hdr(authorization),in_table(kept)
  {more}
  http-request return status 204 if known
  default_backend host
backend kept
  stick-table type string len 128 size 100k expire {life_s}s
backend host
  http-request set-path {asks}
  stick store-response var(txn.who) table kept if {{ status 200 }}
  server host 127.0.0.1:{host}
"""


def _haproxy(more: str = "") -> Callable[[Place], list[str]]:
    def prepare(place: Place) -> list[str]:
        config = place.folder / "haproxy.cfg"
        config.write_text(
            _HAPROXY.format(
                port=place.port,
                host=place.host_port,
                asks=place.asks,
                life_s=_life_s(place.strategy),
                more=more,
            )
        )
        return ["-db", "-f", str(config)]

    return prepare


# -- Apache -------------------------------------------------------------------------------------

_APACHE = """\
ServerName localhost
ServerRoot {folder}
PidFile {folder}/pid
ErrorLog {folder}/error.log
Listen 127.0.0.1:{port}
Mutex file:{folder} default
DefaultRuntimeDir {folder}
KeepAliveTimeout 60
MaxKeepAliveRequests 0
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authn_file_module {modules}/mod_authn_file.so
LoadModule authn_socache_module {modules}/mod_authn_socache.so
LoadModule socache_shmcb_module {modules}/mod_socache_shmcb.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule auth_basic_module {modules}/mod_auth_basic.so
DocumentRoot {folder}/www
AuthnCacheSOCache shmcb
<Directory {folder}/www>
  AuthType Basic
  AuthName testbed
  AuthBasicProvider socache file
  AuthUserFile {folder}/users
  AuthnCacheProvideFor file
  AuthnCacheTimeout {life_s}
  Require valid-user
</Directory>
"""
APACHE_MODULES = Path("/usr/lib/apache2/modules")


def _apache(place: Place) -> list[str]:
    _website(place)
    write_users(place.folder, place.passwords)
    config = place.folder / "apache.conf"
    config.write_text(
        _APACHE.format(
            folder=place.folder,
            port=place.port,
            modules=APACHE_MODULES,
            life_s=_life_s(place.strategy),
        )
    )
    return ["-f", str(config), "-D", "FOREGROUND"]


def write_users(folder: Path, passwords: Mapping[int, str]) -> None:
    """The password file, put in place at once."""
    lines = [f"{person}:{{SHA}}{_sha1(password)}\n" for person, password in passwords.items()]
    new = folder / "users.new"
    new.write_text("".join(lines))
    new.replace(folder / "users")


def _sha1(password: str) -> str:
    return base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()


# -- express-session ----------------------------------------------------------------------------

_EXPRESS = """\
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


def _express(place: Place) -> list[str]:
    script = place.folder / "app.cjs"
    text = _EXPRESS.format(
        port=place.port,
        host=place.host_port,
        asks=place.asks,
        life_ms=1000 * _life_s(place.strategy),
    )
    script.write_text(f"module.paths.push({_node_modules()!r})\n{text}")
    return [str(script)]


def _node_modules() -> str:
    """Where npm installs for everybody; empty without npm."""
    npm = program("npm")
    if npm is None:
        return ""
    done = subprocess.run([npm, "root", "-g"], capture_output=True, text=True)
    return done.stdout.strip()


def _has_express() -> bool:
    root = Path(_node_modules() or "nowhere")
    return (root / "express").is_dir() and (root / "express-session").is_dir()


_APT = "apt-get install {}"
PARTS = {
    one.profile: one
    for one in (
        Part("nginx_auth_request", "nginx", _APT.format("nginx-light"), _nginx()),
        Part("nginx_auth_request_stale", "nginx", _APT.format("nginx-light"), _nginx(_STALE)),
        Part(
            "nginx_auth_request_stale_401",
            "nginx",
            _APT.format("nginx-light"),
            _nginx(f"proxy_cache_valid 401 1s; {_STALE}"),
        ),
        Part("haproxy_stick_table", "haproxy", _APT.format("haproxy"), _haproxy(), grain_s=0.1),
        Part(
            "haproxy_stick_table_tracked",
            "haproxy",
            _APT.format("haproxy"),
            _haproxy("http-request track-sc0 req.hdr(authorization) table kept if known"),
            grain_s=0.1,
        ),
        Part(
            "apache_socache",
            "apache2",
            _APT.format("apache2"),
            _apache,
            holds="password",
            there=APACHE_MODULES.is_dir,
        ),
        Part(
            "express_session",
            "node",
            "apt-get install nodejs npm; npm install --global express@5.2.1 express-session@1.19.0",
            _express,
            holds="cookie",
            there=_has_express,
        ),
    )
}

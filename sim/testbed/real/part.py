"""A real part: what it needs to be there, how it is started, and how a person is known to it."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sim.testbed.servers import Process, ServerFailed

_GUARD = Path(__file__).parents[1] / "guard.py"
_STARTS_WITHIN = 10.0  # real seconds
_SYSTEM = "/usr/local/sbin:/usr/sbin:/sbin"  # where servers are that a user's path leaves out
APT = "apt-get install {}"


class NotInstalled(RuntimeError):
    """A part is not here; the message has the command that installs it."""


@dataclass(frozen=True)
class Place:
    """Where a part runs: its folder and port, the host's address for questions, what is set, who there is.

    `life_s`: how long it keeps access; `cap_s`: at most, from the sign-in on, where it knows such a thing. `passwords`
    by person. `provider`: the path of the host's OpenID provider, and its client's secret.
    """

    folder: Path
    port: int
    host_port: int
    asks: str  # the path of a question at the host
    life_s: int
    cap_s: int = 8 * 3600
    passwords: Mapping[int, str] = field(default_factory=dict)
    provider: tuple[str, str] = ("", "")

    def write(self, name: str, text: str) -> Path:
        """A file of the part."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def website(self) -> None:
        """What stands behind a gate that serves files: /app."""
        self.write("www/app", "hello\n")


def _version_said(program: str) -> str:
    done = subprocess.run([program, "-v"], capture_output=True, text=True)
    found = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
    return found[0] if found else ""


@dataclass(frozen=True)
class Part:
    """A real part.

    `prepare` writes its files and gives the arguments of its program. `holds`: how a person is known to it: a "session"
    of the host, a "password" in a file, a "cookie" of a session of its own, or such a cookie by "openid" sign-in.
    `grain_s`: how far its own clock is from what is set. `scenario`: whose people try it.
    """

    profile: str
    needs: str  # the program
    installs: str
    prepare: Callable[[Place], list[str]]
    holds: str = "session"
    grain_s: float = 0.0
    scenario: str = "testbed_gates"
    there: Callable[[], bool] = lambda: True
    says_version: Callable[[str], str] = _version_said

    @property
    def asks_a_file(self) -> bool:
        """Whether it asks a file of its own instead of the host."""
        return self.holds == "password"

    @property
    def signs_in(self) -> bool:
        """Whether people sign in to it, so that it holds sessions of its own."""
        return self.holds in ("cookie", "openid")

    def program(self) -> str:
        """Where its program is. Raises NotInstalled."""
        found = program(self.needs)
        if found is None or not self.there():
            raise NotInstalled(f"{self.profile}: {self.needs} is not here: {self.installs}")
        return found

    def version(self) -> str:
        """What it says of its version. Raises NotInstalled."""
        return self.says_version(self.program())

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


def _listens(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0

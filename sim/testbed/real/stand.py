"""A real part by itself, in front of a host with one account: something to probe."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sim.testbed.real.account import CHECK
from sim.testbed.real.part import Place, free_port
from sim.testbed.real.parts import PARTS, part

PROBED = tuple(name for name, one in PARTS.items() if one.holds == "session")


@dataclass(frozen=True)
class Standing:
    """A part and how long it keeps access; where it listens, and where the host that it asks."""

    name: str
    life_s: int
    port: int
    host_port: int

    @property
    def probe_file(self) -> str:
        """A probe file that measures it."""
        title = f"{self.name} at {self.life_s} s"
        return PROBE.format(title=title, port=self.port, host=self.host_port)


PROBE = """\
format = 1
title  = "{title}"

[target]
base = "http://127.0.0.1:{port}"

[sign_in]
request    = {{ method = "POST", url = "http://127.0.0.1:{host}/login" }}
credential = {{ json = "access_token" }}

[try]
request = {{ url = "/app", headers = {{ Authorization = "Bearer {{credential}}" }} }}

[revoke]
request = {{ method = "POST", url = "http://127.0.0.1:{host}/revoke" }}

[give_back]
request = {{ method = "POST", url = "http://127.0.0.1:{host}/give-back" }}

[run]
watch = "30s"
quiet = "3s"
"""


@contextmanager
def standing(
    name: str,
    folder: Path,
    host_port: int,
    life_s: int,
    passwords: Mapping[int, str] | None = None,
) -> Iterator[Standing]:
    """The part of a profile, keeping access for `life_s`, until the end of the block; its files go into `folder`.

    Raises NotInstalled, ServerFailed, UnknownName.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)  # servers that change their user must reach what they serve
    place = Place(folder, free_port(), host_port, CHECK, life_s, passwords=passwords or {})
    running = part(name).start(place)
    try:
        yield Standing(name, life_s, place.port, host_port)
    finally:
        running.stop()

"""Profiles of real parts, read from their files when they are first asked for."""

import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sim.basics.names import known

FAMILIES = ("proxies", "libraries", "frameworks", "stacks", "stores", "connections")


@dataclass(frozen=True)
class Profile:
    """A part that people run, and the mechanisms that say it.

    `version`, or for a hosted service `read`, the day its documentation was read (ISO 8601). `how`: measured (run here)
    or documented. `grade`: how far the source carries (docs/parameters.md). `probe`: the gate as which `lastclick probe`
    finds it, if that tells it from others. `not_said`: what it does that the model has no word for.
    """

    name: str
    family: str
    part: str
    how: str
    source: str
    grade: str
    defaults: str
    does: str
    blind: str
    strategy: dict[str, dict[str, Any]]
    version: str = ""
    read: str = ""
    not_said: str = ""
    probe: str = ""

    @property
    def known_of(self) -> str:
        """Of what it is known: the version, or the day of reading."""
        return self.version or f"read {self.read}"

    def as_json(self) -> dict[str, Any]:
        """All of it as plain values."""
        return asdict(self)


@cache
def profiles() -> dict[str, Profile]:
    """All profiles by name, a family after the other."""
    return {one.name: one for family in FAMILIES for one in _of(family)}


def profile(name: str) -> Profile:
    """A profile by its name. Raises UnknownName, with the nearest one."""
    return profiles()[known("gate", name, profiles())]


def found_as(kind: str) -> list[str]:
    """The names of the profiles that `lastclick probe` finds as a kind of gate, in the order of the list."""
    return [one.name for one in profiles().values() if one.probe == kind]


def _of(family: str) -> Iterator[Profile]:
    text = Path(__file__).with_name(f"{family}.toml").read_text(encoding="utf-8")
    for name, table in tomllib.loads(text).items():
        yield Profile(name=name, family=family, **table)

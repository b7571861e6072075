"""A profile as text, and as the lines of a scenario that begin with it."""

from collections.abc import Mapping
from textwrap import fill
from typing import Any

from sim.gates.profiles import Profile


def profile_text(one: Profile) -> str:
    """What it is, does, is blind to, and how to begin with it; at most 80 columns wide but for lines to paste."""
    rows = [
        ("part", f"{one.part} ({one.known_of})"),
        ("does", one.does),
        ("blind to", one.blind),
        ("defaults", one.defaults),
        ("not said", one.not_said),
        (one.how, f"{one.source} (grade {one.grade})"),
        ("probe", f"`lastclick probe` finds it as {one.probe}" if one.probe else ""),
    ]
    lines = [one.name, *(_wrapped(name, text) for name, text in rows if text)]
    return "\n".join([*lines, "", "To begin with it, and change what is different:", "", part(one)])


def part(one: Profile) -> str:
    """A part of a scenario that starts from the profile, with what stands in it as comments."""
    lines = ["[strategies.ours]", f'from = "{one.name}"']
    return "\n".join([*lines, *(f"# {line}" for line in mechanisms(one.strategy))])


def mechanisms(tables: Mapping[str, Any]) -> list[str]:
    """Mechanisms as a scenario writes them, a line each."""
    return [f"{name} = {_toml(table)}" for name, table in tables.items()]


def _wrapped(name: str, text: str, margin: int = 12) -> str:
    return fill(text, 80, initial_indent=f"  {name}".ljust(margin), subsequent_indent=" " * margin)


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(below)}" for key, below in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)

"""What ran: this program, its source, Python, the platform and the libraries that results depend on."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from sim import __version__

LIBRARIES = ("simpy", "numba", "numpy", "pandas", "pyarrow", "pydantic", "scipy", "matplotlib")
# Rooms that show results and make none.
_SHOWING = ("cli", "plot", "report", "explore", "testbed", "face", "__main__")


def provenance() -> dict[str, Any]:
    """The part of a manifest that says what ran."""
    import platform
    from importlib.metadata import version as installed

    return {
        "version": __version__,
        "code": code_digest(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "libraries": {name: installed(name) for name in LIBRARIES},
    }


@cache
def code_digest() -> str:
    """16 hexadecimal digits of the source that determines results: a changed engine never passes for the old one."""
    digest = hashlib.sha256()
    for name, path in determining_files().items():
        digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def determining_files() -> dict[str, Path]:
    """The modules whose text the digest covers, by their names below `sim`."""
    root = Path(__file__).parents[1]
    paths = {path.relative_to(root).as_posix(): path for path in sorted(root.rglob("*.py"))}
    return {n: p for n, p in paths.items() if n.split("/")[0].removesuffix(".py") not in _SHOWING}

"""What compiled code shares: the decorators with their cache on disk, and arrays without reference counts.

Each array that a compiled function takes out of a tuple or hands to another is counted in and out again with locked
instructions, which cost more than the simulation itself; so kernels begin with `borrowed`.
"""

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba import extending

import sim

# Numba's parts for extensions carry no types, or wrong ones.
_config: Any = numba.config
_intrinsic: Callable[[Any], Any] = extending.intrinsic

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile when first called; kept on disk. Releases the lock; divides like C."""
    return _njit(function)


def inlined(function: F) -> F:
    """The same for a small step: its code goes into each place that calls it."""
    return _njit(function, forceinline=True)


def _njit(function: F, **options: Any) -> F:
    # Numba reads the folder when a function is decorated; other people's functions keep theirs.
    before, folder = _config.CACHE_DIR, cache_folder()
    _config.CACHE_DIR = str(folder or "")
    try:
        decorate = numba.njit(nogil=True, error_model="numpy", cache=folder is not None, **options)
        return cast(F, decorate(function))
    finally:
        _config.CACHE_DIR = before


@lru_cache(maxsize=1)
def cache_folder() -> Path | None:
    """Where compiled code is kept: a folder named after all sources that are compiled, or none that can be written.

    Numba looks only at the file of a function for changes, not at what it calls in other files; so any change
    in any of them leads to another folder.
    """
    folders = (Path(__file__).parent, Path(sim.__file__).parent)
    sources = sorted(path for folder in folders for path in folder.rglob("*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    named = os.environ.get("NUMBA_CACHE_DIR")
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    user = f"lastclick-{os.getuid()}" if sys.platform != "win32" else "lastclick"
    for base in [named] if named else [f"{cache}/lastclick", f"{tempfile.gettempdir()}/{user}"]:
        folder = Path(base) / digest
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return None


@_intrinsic
def borrowed(_: Any, array: Any) -> Any:
    """The same array without a reference count; valid only while somebody else holds the array."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, value=arguments[0])
        view.meminfo = view.meminfo.type(None)
        view.parent = view.parent.type(None)
        return view._getvalue()

    return array(array), code

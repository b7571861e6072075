"""Compiling, once for all scenarios and strategies, and keeping the machine code on disk."""

import gc
import hashlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sim.basics import quantiles, streams
from sim.engine import histogram
from sim.engine.cases import CONTINUE, CUT_OFF, LEAVE, STORM
from sim.engine.clock import WORLD, Lane, Priority
from sim.engine.limits import ACTS, IN_A_RUN, IN_AN_INSTANT, IN_SUMS, IN_TRIES, LISTS, STATIONS
from sim.engine.recording import EVENTS, ListBook
from sim.workload import daily

_LOCK = threading.Lock()
_NOT_COMPILED = ("__init__.py", "build.py", "machine.py")
_CONSTANTS = (
    LEAVE,
    CONTINUE,
    STORM,
    CUT_OFF,
    list(Lane),
    list(Priority),
    EVENTS,
    ListBook.INSTANTS,
    WORLD,
    (ACTS, IN_AN_INSTANT, IN_A_RUN, IN_TRIES, IN_SUMS, LISTS, STATIONS),
)
_FLAGS = {"nogil": True, "error_model": "numpy"}


def kernels() -> tuple[Any, Any, Any]:
    """(advance, count_cases, close), compiled for the arrays of `layout`; one thread compiles, others wait."""
    with _LOCK:
        return _kernels()


@cache
def _kernels() -> tuple[Any, Any, Any]:
    from numba import float64, int64

    from sim.engine.compiled import kernel, revocation
    from sim.engine.compiled.linking import as_one_module
    from sim.engine.compiled.options import NUMBA

    folder, digest = cache_folder(), source_digest()
    if folder is None or not any(folder.glob("advance*.nbi")):
        print(
            "compiling the engine; this happens once and takes about 15 s",
            file=sys.stderr,
            flush=True,
        )
    made = []
    for function, arguments in (
        (revocation.count_cases, (int64,)),
        (kernel.close, (int64,)),
        (kernel.advance, (int64, float64)),
    ):
        dispatcher = NUMBA.njit(**_FLAGS)(function.py_func)
        if folder is not None:
            _keep(dispatcher, folder, digest)
        with _not_collecting(), as_one_module(function.__name__):
            dispatcher.compile(arguments)
        made.append(dispatcher)
    count_cases, close, advance = made
    return advance, count_cases, close


@contextmanager
def _not_collecting() -> Iterator[None]:
    """Numba makes millions of objects; looking for garbage among them would be a quarter of its time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _keep(dispatcher: Any, folder: Path, digest: str) -> None:
    """Keep machine code in a folder of ours, valid for a digest.

    Numba's own folders depend on where the package lies and on the age of one source file: a second checkout would
    compile again, and an edit in another file would silently keep the old machine code. Files are written under
    another name and moved into place, so two processes that start at once do no harm.
    """
    from numba.core import caching

    parts: Any = caching
    dispatcher.enable_caching()
    name = dispatcher.py_func.__name__
    dispatcher._cache._cache_file = parts.IndexDataCacheFile(str(folder), name, digest)


def cache_folder() -> Path | None:
    """Where machine code is kept, by the digest of all that is compiled; None where nothing can be written."""
    base = os.environ.get("LASTCLICK_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    try:
        folder = (Path(base) if base else Path.home() / ".cache") / "lastclick" / source_digest()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except (OSError, RuntimeError):
        return None


@cache
def source_digest() -> str:
    """A fingerprint of all that is compiled: sources, and constants from elsewhere."""
    checked = os.environ.get("LASTCLICK_BOUNDSCHECK", "")  # read by `memory`, which needs numba
    digest = hashlib.sha256(repr((_CONSTANTS, _FLAGS, checked)).encode())
    files = [Path(module.__file__ or "") for module in (quantiles, streams, daily, histogram)]
    ours = sorted(Path(__file__).parent.glob("*.py"))
    for path in [*files, *(path for path in ours if path.name not in _NOT_COMPILED)]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]

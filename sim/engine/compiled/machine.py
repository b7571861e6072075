"""Compiling, once for all scenarios and strategies, and keeping the machine code on disk."""

import gc
import hashlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import sim
from sim.engine.compiled import apart, near, objects

_LOCK = threading.Lock()
_CHECKED = "LASTCLICK_BOUNDSCHECK"
_FLAGS = {"nogil": True, "error_model": "numpy"}


def kernels() -> tuple[Any, Any, Any]:
    """(advance, count_cases, close), compiled for the arrays of `state`; one thread compiles, others wait."""
    with _LOCK:
        return _kernels()


def prepare() -> None:
    """Compile now what is not kept yet, so that no worker has to, which would hear no signal meanwhile."""
    folder = cache_folder()
    if folder is None or not (folder / objects.FILE).exists():
        kernels()


@cache
def _kernels() -> tuple[Any, Any, Any]:
    with _place() as folder:
        # what is checked raises, as only Numba knows how to
        kept = None if folder is None or os.environ.get(_CHECKED) else _kept(folder)
        found = kept or compile_into(folder)
    return found["advance"], found["count_cases"], found["close"]


def _kept(folder: Path) -> dict[str, objects.Kernel] | None:
    """Out of our own file, which another process makes where there is none; None where Numba has to do it here."""
    found = objects.load(folder)
    if found is None and objects.KEPT_HERE and not any(folder.glob("advance*.nbi")):
        _say()
        found = objects.load(folder) if apart.compiled_into(folder) else None
    return found


@contextmanager
def _place() -> Iterator[Path | None]:
    """The folder of the cache; where none can be written one for a while, or None."""
    folder = cache_folder()
    with ExitStack() as stack:
        if folder is None:
            with suppress(OSError):
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lastclick-")))
        yield folder


@cache
def _say() -> None:
    told = "compiling the engine; this happens once and takes about 15 s"
    print(told, file=sys.stderr, flush=True)


def compile_apart(folder: Path) -> None:
    """In a process that only compiles: what is near needs our loader, so Numba, which has another, keeps none of it."""
    if not near.possible(objects.numbas_llvm()):
        compile_into(folder)
        return
    with near.code():
        objects.keep(folder, _by_numba(None))


def compile_into(folder: Path | None) -> dict[str, Any]:
    """The kernels by name, by Numba, in this process; what it makes is kept in the folder."""
    found = _by_numba(folder)
    if folder is not None and not os.environ.get(_CHECKED):
        objects.keep(folder, found)
    return found


def _by_numba(folder: Path | None) -> dict[str, Any]:
    """The kernels by name, compiled or out of Numba's cache."""
    from numba import float64, int64

    from sim.engine.compiled.linking import as_one_module
    from sim.engine.compiled.options import NUMBA

    digest = source_digest()
    if folder is None or not any(folder.glob("advance*.nbi")):
        _say()
    made = {}
    for function, arguments in (
        (steps()["revocation"].count_cases, (int64,)),
        (steps()["kernel"].close, (int64,)),
        (steps()["kernel"].advance, (int64, float64)),
    ):
        dispatcher = NUMBA.njit(**_FLAGS)(function.py_func)
        if folder is not None:
            _keep(dispatcher, folder, digest)
        with _not_collecting(), as_one_module(function.__name__):
            dispatcher.compile(arguments)
        made[function.__name__] = dispatcher
    return made


@cache
def steps() -> dict[str, Any]:
    """The modules of steps, bound to this runner: functions that Numba compiles when they are first called."""
    from sim.engine import binder
    from sim.engine.compiled import memory, options

    return binder.bound(memory.reached(), options.step)


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


# What is compiled, and what constants in it come from.
_SOURCES = (
    *("basics/streams.py", "basics/quantiles.py", "workload/daily.py"),
    *("model/causes.py", "model/mechanisms.py", "model/order.py", "model/outcomes.py"),
    *("engine/steps", "engine/compiled", "engine/binder.py", "engine/fields.py"),
    *(
        "engine/given.py",
        "engine/histogram.py",
        "engine/limits.py",
        "engine/recording.py",
        "engine/readable.py",
        "engine/state.py",
        "engine/windows.py",
    ),
)


@cache
def source_digest() -> str:
    """A fingerprint of all that is compiled, and of what its constants come from."""
    checked = os.environ.get(_CHECKED, "")  # read by `memory`, which needs numba
    digest = hashlib.sha256(repr((_FLAGS, checked)).encode())
    for part in _SOURCES:
        place = Path(sim.__file__).parent / part
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]

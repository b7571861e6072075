"""Where cells run. The seam is `concurrent.futures.Executor`: local processes, or a cluster that exists already.

Each pool says how many tasks it can run at once, and how to go on after a worker died.
"""

import ctypes
import logging
import os
import pickle
import signal
import socket
import sys
import threading
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
)
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from sim.basics.machine import cores
from sim.results.provenance import code_digest

_WATCH_S = 0.5
_PR_SET_PDEATHSIG = 1


class Pool(ABC):
    """An executor that survives its workers.

    `shares_memory`: whether its workers are threads of this process, which hear what is asked of them while they work.
    `restarts`: whether a worker's death breaks the whole pool. `attempts`: how often a task that runs alone may kill its
    worker before it is given up, and the words for it.
    """

    executor: Executor
    restarts = True
    attempts = 2
    attempts_text = "twice, with nothing beside it"
    shares_memory = False

    @property
    @abstractmethod
    def slots(self) -> int:
        """Tasks that run at the same time."""

    def restart(self) -> None:  # noqa: B027 - most pools go on by themselves
        """Go on after a worker died."""

    def close(self, *, now: bool = False) -> None:
        """Give the workers up; `now` waits for nothing."""
        self.executor.shutdown(wait=not now, cancel_futures=True)

    def submit(self, function: Any, *args: Any) -> "Future[Any]":
        """Run a function of a module in a worker."""
        return self.executor.submit(function, *args)


class Given(Pool):
    """An executor of the caller's, who also ends it."""

    def __init__(self, executor: Executor, slots: int = 1):
        self.executor, self._slots = executor, slots

    @property
    def slots(self) -> int:
        return self._slots

    def close(self, *, now: bool = False) -> None:
        """Nothing: the executor is the caller's."""


class Threads(Pool):
    """Threads of this process, for what the compiled engine runs: it works without the interpreter's lock.

    Nothing starts and nothing is copied. What runs in them must stop by itself when it is told to.
    """

    shares_memory = True

    def __init__(self, workers: int):
        self.executor, self._workers = ThreadPoolExecutor(workers), workers

    @property
    def slots(self) -> int:
        return self._workers


class Local(Pool):
    """Processes on this machine (loky): fresh ones, never forked; they end when this process does."""

    def __init__(self, workers: int):
        self._workers = workers
        self.restart()

    @property
    def slots(self) -> int:
        return self._workers

    def restart(self) -> None:
        from loky import ProcessPoolExecutor

        # compiling the engine takes memory once; loky says that of a leak, and starts the worker anew
        warnings.filterwarnings("ignore", "A worker was restarted", UserWarning)
        self.executor = ProcessPoolExecutor(
            self._workers, initializer=end_with_parent, initargs=(os.getpid(),)
        )
        with (
            _interrupts_ignored()
        ):  # what is ignored here is ignored there: Ctrl-C is answered here alone
            self.executor.submit(os.getpid)

    def close(self, *, now: bool = False) -> None:
        self.executor.shutdown(wait=not now, kill_workers=now)  # type: ignore[call-arg]


class Cluster(Pool):
    """The workers of a Dask scheduler. It restarts tasks of workers that die; a task that kills several is given up."""

    restarts = False
    attempts = 1
    attempts_text = "and each one that it was given to"

    def __init__(self, address: str, *, timeout_s: float = 10.0):
        """Raises ImportError without Dask Distributed, OSError where no scheduler answers."""
        distributed: Any = import_module("distributed")
        self._client = distributed.Client(address, timeout=timeout_s, set_as_default=False)
        self.executor: Executor = self._client.get_executor(pure=False)
        for name in _LOUD:
            logging.getLogger(name).setLevel(logging.CRITICAL)

    def submit(self, function: Any, *args: Any) -> "Future[Any]":
        """Run a function of a module in a worker of this version; a future of OtherVersion where it is of another."""
        work = pickle.dumps((function, args))
        with _connected():
            return self.executor.submit(run_checked, code_digest(), work)

    @property
    def slots(self) -> int:
        with _connected():
            return sum(self._client.nthreads().values())

    def close(self, *, now: bool = False) -> None:
        self.executor.shutdown(wait=not now)
        self._client.close()


def make_pool(
    workers: int | None = None, cluster: str | None = None, *, threads: bool = False
) -> Pool:
    """A pool on the cluster, if one is named, else of local processes (default: the cores that this process may use).

    With `threads` of threads here: for work that is done by the compiled engine alone.
    """
    if cluster:
        return Cluster(cluster)
    return (Threads if threads else Local)(workers or cores())


def in_this_process() -> Pool:
    """One thread of this process: no start-up, no isolation."""
    return Threads(1)


def died(error: BaseException) -> bool:
    """Whether a task failed because its worker died, and not by an error of its own."""
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"


class OtherVersion(RuntimeError):
    """A worker runs another version of this program; its results must not be mixed in."""


LOST = "the connection to the cluster is lost"
# What they log of a connection that ends, with tracebacks, is raised here as well, and said in a line.
_LOUD = ("distributed", "distributed.client", "tornado", "asyncio")


@contextmanager
def _connected() -> Iterator[None]:
    """For what only asks the scheduler: whatever goes wrong then, nobody answered."""
    try:
        yield
    except Exception as error:
        raise ConnectionError(LOST) from error


def said_of_cluster(error: BaseException) -> str | None:
    """What is wrong with a cluster where a task raised this; None if the task itself raised it."""
    if isinstance(error, OtherVersion):
        return str(error)
    if isinstance(error, CancelledError) or type(error).__name__ == "CommClosedError":
        return LOST
    unread = isinstance(error, RuntimeError) and "deserializ" in str(error)
    if unread or (isinstance(error, ImportError) and (error.name or "").partition(".")[0] == "sim"):
        return "its scheduler or a worker has no lastclick, or another version"
    return None


# -- in the workers -----------------------------------------------------------------------------


def run_checked(code: str, work: bytes) -> Any:
    """Run what was pickled where the code has this digest. Raises OtherVersion elsewhere, before anything is read."""
    require_version(code)
    function, args = pickle.loads(work)
    return function(*args)


def require_version(code: str) -> None:
    """Raises OtherVersion where the program has another digest than that of the driver."""
    from sim import __version__

    if code != code_digest():
        raise OtherVersion(
            f"a worker on {socket.gethostname()} runs another lastclick ({__version__}, code {code_digest()[:8]})"
            f" than the driver (code {code[:8]})"
        )


def end_with_parent(parent: int) -> None:
    """End this process when its parent ends, also in the middle of compiled code (the kernel's signal on Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_S)
    os._exit(1)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)

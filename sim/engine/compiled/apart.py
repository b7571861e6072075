"""Compiling in a process of its own, which ends with this one and at once when a signal comes.

Left in this process, a signal waits for LLVM, which takes seconds in one call, or is lost where Numba's own code ignores errors.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

_PROGRAM = (
    "import sys; from pathlib import Path; from sim.engine.compiled import apart, machine;"
    "apart.serve(machine.compile_apart, Path(sys.argv[1]))"
)


def compiled_into(folder: Path) -> bool:
    """Compile the kernels in another process, into a folder; whether it could.

    A signal that raises here ends that process too. Where no process starts, nothing is said: whoever compiles in this one
    meets the same error.
    """
    here = os.environ | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
    command = [sys.executable, "-P", "-c", _PROGRAM, str(folder)]
    nowhere = subprocess.DEVNULL
    try:
        process = subprocess.Popen(
            command, env=here, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere
        )
    except (OSError, ValueError):  # no interpreter where this one is part of another program
        return False
    try:
        return process.wait() == 0
    finally:
        process.kill()
        process.wait()


def serve(work: Callable[[Path], object], folder: Path) -> None:
    """The other process: work, and end. Ctrl-C, which reaches both, is for the first to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    work(folder)
    os._exit(0)  # not a second for tidying up what Numba made


def _end_with_parent() -> None:
    """Nothing is ever written to the input: it ends when the other process does, whatever ended it."""
    os.read(0, 1)
    os._exit(1)

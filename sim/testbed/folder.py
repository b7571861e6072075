"""The folder of a run: gone when the run ends; what a killed one left behind is swept by the next."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

PREFIX, LOCK = "lastclick-", ".lock"
OLD_S = 86400.0  # a folder without a lock may just be made; after a day it is nobody's


@contextmanager
def run_folder() -> Iterator[Path]:
    """A folder that only its owner can read. Its lock, which the system takes from a dead process, says that it is in use."""
    sweep_dead()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with (folder / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep_dead() -> None:
    """Remove the folders of runs that are dead: ours, real folders, and no longer locked."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            status = folder.lstat()
            if not folder.is_symlink() and folder.is_dir() and status.st_uid == os.getuid():
                if _is_dead(folder, status.st_mtime):
                    shutil.rmtree(folder, ignore_errors=True)


def _is_dead(folder: Path, changed_s: float) -> bool:
    try:
        lock: IO[str] = (folder / LOCK).open("r+")
    except FileNotFoundError:
        return time.time() - changed_s > OLD_S
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

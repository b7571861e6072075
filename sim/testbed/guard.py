"""Runs a program that must not outlive its parent: `python guard.py PROGRAM ARGUMENTS`.

The parent holds the other end of standard input. When that closes, because the parent ends or is killed, the program
is stopped. Should this guard itself be killed, Linux kills the program (a parent-death signal). Nothing but the
standard library is imported, so that it starts in a few hundredths of a second.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies; elsewhere closed pipes must do."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def main() -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers Ctrl-C
    program = subprocess.Popen(
        sys.argv[1:], stdin=subprocess.DEVNULL, preexec_fn=die_with_parent, process_group=0
    )
    signal.signal(signal.SIGTERM, lambda *_: program.terminate())

    def watch() -> None:
        while os.read(0, 4096):
            pass
        program.terminate()
        try:
            program.wait(2.0)
        except subprocess.TimeoutExpired:
            program.kill()

    threading.Thread(target=watch, daemon=True).start()
    code = program.wait()
    return code if code >= 0 else 128 - code  # a signal as a shell tells of it


if __name__ == "__main__":
    sys.exit(main())

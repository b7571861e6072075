"""Where an output that cannot be written becomes a line and exit code 1; a pipe that was closed is quiet."""

import errno
import os
import sys
from contextlib import suppress

import click


def keep_descriptors() -> None:
    """Take the places of standard streams that are closed: what is opened later must not become the output."""
    for number, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
        try:
            os.fstat(number)
        except OSError:
            # writing to what was opened for reading fails, as writing to a closed stream does
            os.open(os.devnull, os.O_RDWR if number == 2 else os.O_RDONLY)
            if getattr(sys, name) is None:
                setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", closefd=False))


def failed(error: OSError) -> int:
    """Say what could not be written or read; returns the exit code. Who closed a pipe has seen what he wanted."""
    closed = error.errno == errno.EPIPE
    if not closed:
        what = error.filename or "the output cannot be written"
        with suppress(OSError):
            click.echo(f"Error: {what}: {error.strerror or error}", err=True)
    for stream in (sys.stdout, sys.stderr):
        _drop(stream)
    return 0 if closed else 1


def _drop(stream: object) -> None:
    """What a stream still holds goes nowhere: the interpreter would try again at its end, and say so."""
    try:
        stream.flush()  # type: ignore[attr-defined]
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())  # type: ignore[attr-defined]
            os.close(nowhere)

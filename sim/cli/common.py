"""What the commands share: loading with clear errors, choosing strategies, progress, interrupts."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.basics.wording import about
from sim.engine import ENGINES

if TYPE_CHECKING:
    from sim.model.strategies import Strategy
    from sim.results.experiment import Report
    from sim.scenario import Scenario


engine_option = click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="compiled",
    show_default=True,
    help="All follow the same path; the reference does not speak every word of a scenario.",
)


def answer_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Of the commands that answer a question in words: where it is worked out, and where the answer goes."""
    for option in reversed(_ANSWER_OPTIONS):
        command = option(command)
    return command


_ANSWER_OPTIONS = (
    click.option(
        "--workers", type=click.IntRange(min=1), help="Processes; default: the cores here."
    ),
    click.option(
        "--cluster", metavar="ADDRESS", help="A Dask scheduler instead, e.g. tcp://host:8786."
    ),
    click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text."),
    click.option(
        "--out", type=click.Path(path_type=Path, file_okay=False), help="Write text and JSON here."
    ),
    click.option("--quiet", is_flag=True, help="No progress."),
)


class InputError(click.ClickException):
    """Something the user gave is wrong."""

    exit_code = 2


def load(name: str) -> "Scenario":
    from sim.scenario import ScenarioError, load

    try:
        loaded = load(name)
    except ScenarioError as error:
        raise InputError(str(error)) from None
    if loaded.workload.log is not None:
        from sim.workload import plans

        try:
            plans(loaded)
        except (ValueError, OSError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise InputError(f"{name}: workload.log and workload.log_options: {why}") from None
    return loaded


def chosen(
    scenario: "Scenario", names: tuple[str, ...], option: str = "--strategy"
) -> "list[Strategy]":
    from sim.basics.names import UnknownName

    try:
        return scenario.chosen(names)
    except UnknownName as error:
        raise InputError(f"{option}: {error}") from None


@contextmanager
def progress(quiet: bool) -> "Iterator[Report | None]":
    """A bar on a terminal, a line every few seconds elsewhere; nothing with --quiet."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        from tqdm import tqdm

        with tqdm(
            total=1.0, unit="", bar_format="{percentage:3.0f}% {bar} {elapsed}, {remaining} left"
        ) as bar:

            def update(done: float, cells: int) -> None:
                bar.update(done / cells - bar.n)

            yield update
    else:
        yield _plain_lines()


def _plain_lines(every_s: float = 10.0) -> "Report":
    said = time.monotonic() - every_s + 2.0  # the first line comes early
    first: tuple[float, float] | None = None  # when the work was under way, and how much was done

    def update(done: float, cells: int) -> None:
        nonlocal said, first
        now = time.monotonic()
        if done and first is None:
            first = now, done  # loading and compiling tell nothing of what is left
        elif first and done > first[1] and now - said >= every_s:
            said = now
            left_s = (now - first[0]) * (cells - done) / (done - first[1])
            click.echo(
                f"{done:,.4g} of {cells:,} runs, about {about(round(left_s))} left", err=True
            )

    return update


@contextmanager
def interruptible() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        click.echo("interrupted; nothing was written", err=True)
        sys.exit(130)


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM and SIGHUP end what is under way as Ctrl-C does: whatever was started is stopped, folders are removed."""

    def end(number: int, frame: object) -> None:
        sys.exit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    before = [signal.signal(number, end) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


class Stopped(click.ClickException):
    """Something outside failed: the disk, the cluster, a worker."""

    exit_code = 1


@contextmanager
def worker_errors(cluster: str | None) -> Iterator[None]:
    """No cluster at the address, no library for it, or a worker that ended in the middle."""
    from concurrent.futures import CancelledError

    from sim.sweeps.executors import died, said_of_cluster

    try:
        yield
    except Exception as error:
        if cluster and (said := said_of_cluster(error)) is not None:
            raise Stopped(f"{cluster}: {said}") from None
        if isinstance(error, OSError):
            raise Stopped(f"{cluster or 'workers'}: {error.strerror or error}") from None
        if isinstance(error, ImportError):
            raise InputError(f'{error}: a cluster needs pip install "lastclick[cluster]"') from None
        if not died(error) and not isinstance(error, CancelledError):
            raise
        message = "a worker was killed in the middle; if memory ran out, take fewer --workers"
        raise Stopped(message) from None


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None


def write_section(path: Path, section: str, marks: tuple[str, str]) -> None:
    """Put a section of the testbed's between its marks in a page, which is made where there is none, and say so."""
    from sim.results.store import write_text
    from sim.testbed.page import with_section

    with file_errors(path):
        document = path.read_text(encoding="utf-8") if path.exists() else "# Validation\n"
        write_text(path, with_section(document, section, marks))
    click.echo(f"{path}: written", err=True)


def must_be_writable(*paths: Path | None) -> None:
    """Fail before the work rather than after it. Raises InputError."""
    for path in filter(None, paths):
        place = next(p for p in (path, *path.parents) if p.exists())
        folder = place if place.is_dir() or place != path else place.parent
        if not folder.is_dir():
            raise InputError(f"{path}: cannot be written: {folder} is not a folder")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise InputError(f"{path}: cannot be written: no permission in {folder}")

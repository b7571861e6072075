"""`lastclick verify`: is what this installation computes still right?"""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.basics.wording import about
from sim.cli.common import file_errors, interruptible
from sim.engine import ENGINES

if TYPE_CHECKING:
    from sim.verification.line import Line


@click.command()
@click.option(
    "--quick", is_flag=True, help="Fewer people and runs, no coverage study: under a minute."
)
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    help="Only this one. Default: both, the large samples on the compiled one.",
)
@click.option(
    "--write",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the comparison as a page (docs/validation.md).",
)
def verify(quick: bool, engine: str | None, write: Path | None) -> None:
    """Compare theory, published figures and simulation, one figure a line.

    Exits with 1 if any figure disagrees. Statistical figures fail beyond 4.5 standard errors.
    """
    from sim.verification.all import all_lines
    from sim.verification.line import Z_LIMIT, head, text

    started = time.monotonic()
    click.echo(head())
    lines: list[Line] = []
    with interruptible():
        for line in all_lines(quick, engine, _every_tenth):
            click.echo(text(line))
            sys.stdout.flush()
            lines.append(line)
    wrong = [line for line in lines if not line.agrees]
    if write is not None:
        from sim.results.store import write_atomically
        from sim.verification.page import page

        document = page(lines, _command(quick, engine, write), Z_LIMIT)
        with file_errors(write):
            document += _made_elsewhere(write)
            write_atomically(write, lambda path: _write(path, document))
    took_s = time.monotonic() - started
    if wrong:
        click.echo(
            f"\nDISAGREEMENT in {len(wrong)} of {len(lines)} figures ({about(round(took_s))}):"
        )
        for line in wrong:
            click.echo(text(line))
        sys.exit(1)
    click.echo(f"\n{len(lines)} figures compared, all agree ({about(round(took_s))})")


def _command(quick: bool, engine: str | None, write: Path) -> str:
    """What was typed, without folders of this machine."""
    place = write.name if write.is_absolute() else write.as_posix()
    only = f" --engine {engine}" if engine else ""
    return f"lastclick verify{' --quick' if quick else ''}{only} --write {place}"


def _every_tenth(share: float) -> None:
    """Progress of the long part, for people who watch."""
    if round(share * 1000) % 100 == 0:
        click.echo(f"coverage: {100 * share:.0f} % of the studies", err=True, nl=True)


def _made_elsewhere(page: Path) -> str:
    """The parts of an existing page that `lastclick testbed --write` and the tests have made: they are kept."""
    if not page.exists():
        return ""
    _, begin, rest = page.read_text(encoding="utf-8").partition("<!-- testbed")
    return f"\n{begin}{rest}" if begin else ""


def _write(path: Path, document: str) -> None:
    path.write_text(document, encoding="utf-8")

"""The command: `python -m benchmarks`."""

import sys
import time
from pathlib import Path

import click

from benchmarks import contestants, default, instructions, office, profile, report
from benchmarks.measure import measure
from benchmarks.works import WrongResultError

RACES = ("closed", "queue", "office", "growth")
PARTS = ("default", "profile", "instructions", "office", "closed", "growth", "queue")


@click.command()
@click.option("--quick", is_flag=True, help="Small sizes: does everything run and is it right?")
@click.option("--rounds", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--part", "parts", multiple=True, type=click.Choice(PARTS), help="Only this part.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(__file__).parent,
    help="Folder for results.md and the figure.  [default: beside the program]",
)
def main(quick: bool, rounds: int, parts: tuple[str, ...], out: Path) -> None:
    """Measure our engines, other simulators and C, in turns, and write results.md with a figure."""
    results = report.Results(quick, rounds)
    wanted = parts or PARTS
    groups = {
        "closed": contestants.CLOSED,
        "queue": contestants.QUEUE,
        "office": office.contestants(),
        "growth": [*contestants.GROWTH, *office.growth()],
    }
    began = time.monotonic()

    def say(words: str) -> None:
        click.echo(f"{time.monotonic() - began:5.0f} s  {words}", err=True)

    try:
        if {"office", "growth"} & set(wanted):
            say("both engines on the same path?")
            office.check_same_path()
        for part in wanted:
            say(part)
            results.parts.append(part)
            if part in RACES:
                setattr(results, part, measure(groups[part], rounds, quick, say))
            elif part == "instructions":
                results.instructions = instructions.measure()
            elif part == "default":
                results.default = default.measure(rounds, quick)
            else:
                results.profile = profile.measure(2 if quick else profile.RUNS)
    except WrongResultError as error:
        raise click.ClickException(f"wrong result: {error}") from None
    except KeyboardInterrupt:
        results.missing = results.parts.pop() if results.parts else wanted[0]
        click.echo(f"interrupted at {results.missing}; the parts before it are written", err=True)
    for path in report.write(results, out):
        click.echo(path)
    if results.missing:
        sys.exit(130)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")

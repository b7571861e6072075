"""`lastclick report`: a folder of results as one page for a design review."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.cli.common import InputError, file_errors, interruptible

if TYPE_CHECKING:
    from sim.plot import Picture
    from sim.results.study import Study


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Default: FOLDER/review.html.",
)
@click.option("--against", type=click.Path(path_type=Path), help="Another folder to compare with.")
@click.option(
    "--timeline/--no-timeline",
    default=True,
    show_default=True,
    help="Run one case again and draw it.",
)
def report(folder: Path, out: Path | None, against: Path | None, timeline: bool) -> None:
    """Make a self-contained page from what `lastclick compare --out FOLDER` wrote.

    It loads nothing, reads in light and dark, and prints to PDF from any browser. What `recommend --out FOLDER` and
    `sensitivity --out FOLDER` wrote beside is on it too.
    """
    from sim.report import render
    from sim.report.advice import advice
    from sim.results.store import write_atomically

    study = read(folder)
    other = None if against is None else read(against)
    target = out or folder / "review.html"
    with interruptible():
        drawn = _timeline(folder, study) if timeline else "it was not asked for."
        page = render(study, drawn, other, advised=advice(folder, study))
    with file_errors(target):
        write_atomically(target, lambda path: _write(path, page))
    click.echo(f"{target}: written, {len(page.encode()) / 1e6:.1f} MB", err=True)


def read(folder: Path) -> "Study":
    from sim.results.store import read_study

    try:
        return read_study(folder)
    except ValueError as error:
        raise InputError(str(error)) from None


def _timeline(folder: Path, study: "Study") -> "Picture | str":
    """The timeline of a case, or why there is none."""
    from sim.report.timeline import timeline_of
    from sim.scenario import ScenarioError, load

    try:
        scenario = load(folder / "scenario.toml")
        if scenario.id != study.manifest["scenario"]["id"]:
            return "scenario.toml beside the results is no longer the scenario that ran."
        return timeline_of(scenario, study)
    except (ScenarioError, ValueError) as error:
        return f"{error}."


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")

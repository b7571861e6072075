"""`lastclick report`: a folder of results as one page for a design review."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.cli.common import InputError, file_errors, interruptible

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.plot import Picture
    from sim.results.study import Study
    from sim.verdict import Verdict


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Default: FOLDER/review.html, or FOLDER/decision.md.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "md"]),
    default="html",
    show_default=True,
    help="md: an architecture decision record.",
)
@click.option("--against", type=click.Path(path_type=Path), help="Another folder to compare with.")
@click.option(
    "--timeline/--no-timeline",
    default=True,
    show_default=True,
    help="Run one case again and draw it.",
)
def report(folder: Path, out: Path | None, form: str, against: Path | None, timeline: bool) -> None:
    """Make a self-contained page, or a decision record, from what `lastclick compare --out FOLDER` wrote.

    It loads nothing, reads in light and dark, and prints to PDF from any browser. What `recommend --out FOLDER` and
    `sensitivity --out FOLDER` wrote beside is on it too. A folder of `lastclick sweep` gets a page as well.
    """
    from sim.results.store import is_sweep

    if is_sweep(folder):
        return _report_sweep(folder, out or folder / "review.html", form, against)
    from sim.report import render
    from sim.report.advice import advice, verdict_first
    from sim.results.store import read_orders, write_atomically

    study = read(folder)
    other = None if against is None else read(against)
    verdict, advised = verdict_of_folder(folder, study), advice(folder, study)
    if form == "md":
        _write_record(folder, out or folder / "decision.md", study, verdict_first(verdict, advised))
        return
    target = out or folder / "review.html"
    with interruptible():
        drawn = _timeline(folder, study) if timeline else "it was not asked for."
        page = render(study, verdict, drawn, other, advised=advised, orders=read_orders(folder))
    with file_errors(target):
        write_atomically(target, lambda path: _write(path, page))
    click.echo(f"{target}: written, {len(page.encode()) / 1e6:.1f} MB", err=True)


def _report_sweep(folder: Path, target: Path, form: str, against: Path | None) -> None:
    from sim.report.swept import render_sweep
    from sim.results.store import read_sweep, write_text

    if form == "md" or against is not None:
        option = "--format md" if form == "md" else "--against"
        raise InputError(
            f"{option}: {folder} is a sweep; `lastclick compare SCENARIO --out FOLDER` with the setting that you take"
            " gives what a decision record and a comparison need"
        )
    try:
        with interruptible():
            page = render_sweep(*read_sweep(folder))
    except ValueError as error:
        raise InputError(str(error)) from None
    with file_errors(target):
        write_text(target, page)
    click.echo(f"{target}: written, {len(page.encode()) / 1e6:.1f} MB", err=True)


def verdict_of_folder(folder: Path, study: "Study") -> "Verdict":
    """The verdict that lies beside a study, about the same scenario."""
    from sim.verdict.store import read_verdict

    try:
        found = read_verdict(folder)
    except ValueError as error:
        raise InputError(str(error)) from None
    ours = study.manifest["scenario"]["id"]
    if found.scenario_id != ours:
        raise InputError(
            f"{folder}: verdict.json is about scenario {found.scenario_id}, not {ours}"
        )
    return found


def _write_record(folder: Path, target: Path, study: "Study", verdict: "Verdict") -> None:
    from sim.report.record import decision_record
    from sim.results.store import write_text

    with file_errors(target):
        write_text(target, decision_record(study, verdict))
    click.echo(f"{target}: written", err=True)


def read(folder: Path) -> "Study":
    from sim.results.store import read_study

    try:
        return read_study(folder)
    except ValueError as error:
        raise InputError(str(error)) from None


def _timeline(folder: Path, study: "Study") -> "Callable[[], Picture] | str":
    """The timeline of a case, or why there is none."""
    from sim.plot import timeline
    from sim.report.timeline import told
    from sim.scenario import ScenarioError, load

    try:
        scenario = load(folder / "scenario.toml")
        if scenario.id != study.manifest["scenario"]["id"]:
            return "scenario.toml beside the results is no longer the scenario that ran."
        case = told(scenario, study)
        return lambda: timeline(*case)
    except (ScenarioError, ValueError) as error:
        return f"{error}."


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")

"""`lastclick figures`: the figures of a folder of results as files, and pictures of its pages."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.common import InputError, file_errors

if TYPE_CHECKING:
    from sim.plot import Picture, Plots
    from sim.results.study import Study

FORMATS = ("svg", "pdf", "png")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Default: the folder itself.",
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="svg", show_default=True)
@click.option("--only", multiple=True, metavar="NAME", help="Only these (repeatable).")
@click.option(
    "--screenshots",
    is_flag=True,
    help="Also pictures of the report and the explorer (needs Playwright and Chromium).",
)
def figures(
    folder: Path, out: Path | None, form: str, only: tuple[str, ...], screenshots: bool
) -> None:
    """Draw every figure of what `lastclick compare --out FOLDER` or `lastclick sweep --out FOLDER` wrote, one file each."""
    from sim.cli.report import read
    from sim.plot import Plots
    from sim.results.store import is_sweep, write_atomically

    study = None if is_sweep(folder) else read(folder)
    drawn = _of_sweep(folder) if study is None else _drawn(study, Plots(study))
    unknown = [name for name in only if name not in drawn]
    if unknown:
        raise InputError(f"--only {unknown[0]}: no such figure; known: {', '.join(drawn)}")
    target = out or folder
    for name, draw in drawn.items():
        if only and name not in only:
            continue
        try:
            picture: Picture = draw()
        except ValueError as error:
            click.echo(f"{name}: not drawn: {error}", err=True)
            continue
        file = target / f"{name}.{form}"
        with file_errors(file):
            write_atomically(file, lambda path, p=picture: p.save(path, form))  # type: ignore[misc]
        click.echo(f"{file}: {picture.axes[0].get_title(loc='left')}".replace("\n", " "))
    if screenshots:
        _screenshots(folder, study, target)


def _of_sweep(folder: Path) -> dict[str, Any]:
    from sim.plot.swept import swept_figures
    from sim.results.store import read_sweep
    from sim.verdict.swept import swept

    try:
        rows, manifest = read_sweep(folder)
    except ValueError as error:
        raise InputError(str(error)) from None
    return dict(swept_figures(rows, swept(rows, manifest)))


def _drawn(study: "Study", plots: "Plots") -> dict[str, Any]:
    """The figures by the names of their files."""
    by_cause = {
        f"survival-{cause}": lambda cause=cause: plots.survival(cause) for cause in study.causes
    }
    return {
        "coverage": plots.coverage_matrix,
        "comparison": plots.exposure_against_overhead,
        **by_cause,
        "response": plots.response_times,
        "overhead": lambda: plots.response_times("auth_overhead"),
        "load": plots.host_load,
        "rollback": plots.rollback_against_egress,
    }


def _screenshots(folder: Path, study: "Study | None", target: Path) -> None:
    """The top of the report and of the explorer, as a browser shows them."""
    import shutil
    from tempfile import TemporaryDirectory

    from sim.explore import page_of

    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise InputError("--screenshots: needs Playwright (pip install playwright)") from None
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise InputError("--screenshots: there is no Chromium (Debian: apt-get install chromium)")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
    pages = {"report": _report(folder, study), "explore": page_of(folder)}
    with TemporaryDirectory() as work, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=flags)
        for name, text in pages.items():
            file, shot = Path(work) / f"{name}.html", target / f"{name}.png"
            file.write_text(text, encoding="utf-8")
            page = browser.new_page(viewport={"width": 1100, "height": 760})
            page.goto(file.as_uri())
            with file_errors(shot):
                page.screenshot(path=str(shot))
            click.echo(f"{shot}: written")
        browser.close()


def _report(folder: Path, study: "Study | None") -> str:
    """The page of a review, without a timeline."""
    from sim.cli.report import verdict_of_folder
    from sim.report import render
    from sim.report.advice import advice
    from sim.report.swept import render_sweep
    from sim.results.store import read_sweep

    if study is None:
        return render_sweep(*read_sweep(folder))
    verdict = verdict_of_folder(folder, study)
    return render(study, verdict, "it was not asked for.", advised=advice(folder, study))

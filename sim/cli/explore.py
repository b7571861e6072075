"""`lastclick explore`: a scenario with a control for each number, or computed settings, on a page of this machine."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli import completing
from sim.cli.common import InputError, file_errors, load, terminable

if TYPE_CHECKING:
    from sim.scenario import Scenario


@click.command()
@click.argument("what", metavar="FILE_OR_FOLDER", shell_complete=completing.scenarios)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Default: a free one.")
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open a browser.")
@click.option(
    "--set",
    "changes",
    multiple=True,
    shell_complete=completing.settings,
    metavar="PATH=VALUE",
    help="Begin with a number changed (repeatable; of a scenario).",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the page of a folder as one file instead.",
)
def explore(
    what: str, port: int, browser: bool, changes: tuple[str, ...], out: Path | None
) -> None:
    """Explore a scenario (a control for each number, simulated at once), or a folder of results.

    A folder is what `lastclick compare --out FOLDER` or `lastclick sweep --out FOLDER` wrote. The page is served on
    127.0.0.1 only; Ctrl-C ends it.
    """
    if not Path(what).is_dir():
        return _live(what, port, browser, changes, out)
    if changes:
        raise InputError("--set: the settings of a folder are computed; name a scenario")
    page = _page(Path(what))
    if out is not None:
        from sim.results.store import write_text

        with file_errors(out):
            write_text(out, page)
        click.echo(f"{out}: written", err=True)
        return
    from sim.explore import serve

    _serving(port, lambda: serve(page, port, lambda address: _tell(address, browser)))


def _page(folder: Path) -> str:
    from sim.explore import page_of

    try:
        return page_of(folder)
    except ValueError as error:
        raise InputError(str(error)) from None


def _live(what: str, port: int, browser: bool, texts: tuple[str, ...], out: Path | None) -> None:
    from sim.explore import serve_live

    if out is not None:
        raise InputError(f"--out: {what} runs while one looks; a folder of `lastclick compare --out` can be kept")  # fmt: skip
    scenario = load(what)
    for warning in scenario.warnings:
        click.echo(f"warning: {warning}", err=True)
    changes = _changes(scenario, texts)
    click.echo("the first figures are being simulated; Ctrl-C ends the page", err=True)

    def run() -> None:
        with terminable():
            serve_live(scenario, what, port, lambda address: _tell(address, browser), changes)

    try:
        _serving(port, run)
    except ValueError as error:
        raise InputError(f"{what}: {error}") from None


def _changes(scenario: "Scenario", texts: tuple[str, ...]) -> dict[str, Any]:
    """What `--set` says, as the page holds it: numbers in seconds, per second, bytes or as they are."""
    from sim.explore.changes import changed
    from sim.scenario import ScenarioError
    from sim.scenario.keys import range_of

    found: dict[str, Any] = {}
    for text in texts:
        path, equals, value = text.partition("=")
        numbers = range_of(path)
        if not equals or numbers is None:
            raise InputError(f"--set {text}: expected PATH=NUMBER of the scenario")
        try:
            number: Any = float(value)
        except ValueError:
            number = value
        try:
            found[path] = None if value == "none" and path.startswith("goals.") else numbers(int(number) if numbers.whole and isinstance(number, float) else number)  # fmt: skip
        except ValueError as error:
            raise InputError(f"--set {text}: {error}") from None
    try:
        changed(scenario, found)
    except ScenarioError as error:
        raise InputError(f"--set: {error}") from None
    return found


def _serving(port: int, run: Callable[[], None]) -> None:
    try:
        run()
    except KeyboardInterrupt:
        click.echo("ended", err=True)
    except OSError as error:
        raise InputError(f"--port {port}: {error.strerror or error}") from None


def _tell(address: str, browser: bool) -> None:
    click.echo(address)
    if browser:
        import webbrowser

        webbrowser.open(address)

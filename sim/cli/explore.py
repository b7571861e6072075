"""`lastclick explore`: computed settings behind controls, on a page of this machine."""

from pathlib import Path

import click

from sim.cli.common import InputError, file_errors


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Default: a free one.")
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open a browser.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the page as one file instead.",
)
def explore(folder: Path, port: int, browser: bool, out: Path | None) -> None:
    """Explore what `lastclick compare --out FOLDER` or `lastclick sweep --out FOLDER` wrote.

    The page is served on 127.0.0.1 only; Ctrl-C ends it.
    """
    from sim.explore import page_of, serve
    from sim.results.store import write_atomically

    try:
        page = page_of(folder)
    except ValueError as error:
        raise InputError(str(error)) from None
    if out is not None:
        with file_errors(out):
            write_atomically(out, lambda path: _write(path, page))
        click.echo(f"{out}: written", err=True)
        return
    try:
        serve(page, port, lambda address: _tell(address, browser))
    except KeyboardInterrupt:
        click.echo("ended", err=True)
    except OSError as error:
        raise InputError(f"--port {port}: {error.strerror or error}") from None


def _tell(address: str, browser: bool) -> None:
    click.echo(address)
    if browser:
        import webbrowser

        webbrowser.open(address)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")

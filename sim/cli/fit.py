"""`lastclick fit`: the workload of a scenario from an access log."""

from pathlib import Path

import click

from sim.cli.common import InputError, file_errors, must_be_writable


@click.command()
@click.argument("log", type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="Scenario part to write."
)
@click.option(
    "--figure",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Goodness of fit (PNG, SVG, PDF).",
)
@click.option(
    "--column", "columns", multiple=True, metavar="NAME=COLUMN", help="For instance user=uid."
)
@click.option(
    "--time-zone", default="UTC", show_default=True, help="Of local hours and naive times."
)
@click.option(
    "--session-gap",
    help="A pause that starts a new session. Default: 30min, and none where the log names its sessions.",
)
@click.option("--page-load-window", default="2s", show_default=True)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    metavar="KIND=[METHOD ]REGEX",
    help="First match wins, e.g. admin=/admin/.",
)
def fit(
    log: Path,
    out: Path | None,
    figure: Path | None,
    columns: tuple[str, ...],
    time_zone: str,
    session_gap: str | None,
    page_load_window: str,
    kinds: tuple[str, ...],
) -> None:
    """Fit the workload of a scenario from an access log (Common/Combined, JSON lines, CSV, Parquet; gzip)."""
    from sim.workload.fitting import fit_log
    from sim.workload.logs import FitOptions

    must_be_writable(out, figure)
    try:
        options = FitOptions.from_table(
            {
                "columns": dict(_pair(text) for text in columns),
                "time_zone": time_zone,
                "session_gap": session_gap,
                "page_load_window": page_load_window,
                "kinds": [_kind_rule(text) for text in kinds],
            }
        )
        fitted = fit_log(log, options)
    except (ValueError, OSError) as error:
        raise InputError(str(error)) from None
    click.echo(fitted.summary_text())
    for path, write in ((out, fitted.write_toml), (figure, fitted.figure)):
        if path is not None:
            with file_errors(path):
                write(path)
            click.echo(f"{path}: written", err=True)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text}: expected NAME=VALUE")
    return name, value


def _kind_rule(text: str) -> dict[str, str]:
    kind, rule = _pair(text)
    method, space, path = rule.partition(" ")
    return {"kind": kind, "method": method, "path": path} if space else {"kind": kind, "path": rule}

"""`lastclick fit`: the workload of a scenario from an access log."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.common import InputError, file_errors, must_be_writable

if TYPE_CHECKING:
    from sim.workload.logs.read import Progress


class _WithForms(click.Command):
    """A command whose help ends with the table of forms, made from the readers when it is asked for."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from sim.workload.logs.forms import rows_of_table

        formatter.write_paragraph()
        formatter.write("Forms that are read, told by what stands in the file:\n")
        with formatter.indentation():
            for name, where, found, missing in rows_of_table():
                formatter.write_paragraph()
                formatter.write_text(f"{name}: {where}")
                with formatter.indentation():
                    formatter.write_text(f"found: {found}")
                    if missing:
                        formatter.write_text(f"missing: {missing}")


@click.command(cls=_WithForms)
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="Scenario part to write."
)
@click.option(
    "--figure",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Goodness of fit (PNG, SVG, PDF).",
)
@click.option("--dry-run", is_flag=True, help="Only show the first rows as they are understood.")
@click.option(
    "--column", "columns", multiple=True, metavar="NAME=COLUMN", help="For instance user=uid."
)
@click.option(
    "--exclude",
    multiple=True,
    metavar="WHAT=REGEX",
    help="Leave rows out by path, user, status or agent, e.g. path=^/health, user=svc-.*, status=5..; repeatable.",
)
@click.option(
    "--time-zone", default="UTC", show_default=True, help="Of local hours and naive times."
)
@click.option(
    "--time-format", metavar="FORMAT", help='As strptime takes it, e.g. "%d/%m/%Y %H:%M:%S".'
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
@click.option(
    "--polls",
    type=click.Choice(["drop", "keep"]),
    default="drop",
    show_default=True,
    help="Requests that pages make by themselves, at an even beat or by a known path.",
)
@click.option("--once", is_flag=True, help="Count rows that stand twice once.")
@click.option("--fold-case", is_flag=True, help="Accounts that differ in case alone are one.")
@click.option("--hash-users", is_flag=True, help="Keep names of persons out of all that is said.")
@click.option("--quiet", is_flag=True, help="No progress.")
def fit(logs: tuple[str, ...], out: Path | None, figure: Path | None, **given: Any) -> None:
    """Fit the workload of a scenario from an access log.

    LOG is one or more files, a glob, a folder of rotated logs in any order, or - for standard input; plain, gzip, bzip2,
    xz or zstd.
    """
    must_be_writable(out, figure)
    try:
        options = _options(given)
        if given["dry_run"]:
            click.echo(_preview(logs, options, given["hash_users"]))
            return
        fitted = _fitted(logs, options, given)
    except (ValueError, OSError) as error:
        raise InputError(str(error)) from None
    click.echo(fitted.summary_text())
    for path, write in ((out, fitted.write_toml), (figure, fitted.figure)):
        if path is not None:
            with file_errors(path):
                write(path)
            click.echo(f"{path}: written", err=True)


def _options(given: dict[str, Any]) -> Any:
    from sim.workload.logs.options import FitOptions

    same = ("time_zone", "time_format", "session_gap", "page_load_window")
    return FitOptions.from_table(
        {
            **{key: given[key] for key in (*same, "exclude", "polls", "once", "fold_case")},
            "columns": dict(_pair(text) for text in given["columns"]),
            "kinds": [_kind_rule(text) for text in given["kinds"]],
        }
    )


def _preview(logs: tuple[str, ...], options: Any, veiled: bool) -> str:
    from sim.workload.logs.preview import preview_text
    from sim.workload.logs.problems import BadLines
    from sim.workload.logs.read import Log

    return preview_text(Log(list(logs), options, BadLines(veiled=veiled)))


def _fitted(logs: tuple[str, ...], options: Any, given: dict[str, Any]) -> Any:
    import pyarrow as pa

    from sim.workload.fitting import fit_log

    # a block of lines comes and goes thirty times: what the system's allocator gave it back is used again, which saves a
    # tenth of the memory and 6 % of the time over Arrow's own
    pa.set_memory_pool(pa.system_memory_pool())
    veiled = given["hash_users"]
    if given["quiet"] or not sys.stderr.isatty():
        return fit_log(list(logs), options, veiled=veiled)
    with _bar(logs) as progress:
        return fit_log(list(logs), options, progress, veiled)


def _bar(logs: tuple[str, ...]) -> "Progress":
    from sim.workload.logs.read import Progress
    from sim.workload.logs.sources import names_of

    return Progress.bar(names_of(logs))


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text}: expected NAME=VALUE")
    return name, value


def _kind_rule(text: str) -> dict[str, str]:
    kind, rule = _pair(text)
    method, space, path = rule.partition(" ")
    return {"kind": kind, "method": method, "path": path} if space else {"kind": kind, "path": rule}

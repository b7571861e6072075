"""`lastclick testbed`: the scenario played live, beside its simulation."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.cli import completing
from sim.cli.common import (
    InputError,
    Stopped,
    chosen,
    file_errors,
    interruptible,
    load,
    progress,
    terminable,
)
from sim.testbed import MissingExtra, require_extra

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.testbed.run import LiveRun

RUSH_AT_ONCE = (
    5  # in real time the people of all strategies together would be too many for two cores
)


@click.command()
@click.argument("scenario", shell_complete=completing.scenarios, default="testbed_office")
@click.option(
    "--strategy",
    "names",
    multiple=True,
    shell_complete=completing.strategies,
    metavar="NAME",
    help="Only these (repeatable).",
)
@click.option(
    "--gate",
    "gates",
    multiple=True,
    metavar="GATE",
    help="Instead: a real part beside its profile, in real time, e.g. nginx_auth_request; `all` for all (repeatable).",
)
@click.option(
    "--carriers",
    is_flag=True,
    help="Instead: real web sockets, sessions in a Redis and refresh tokens that rotate, in real time.",
)
@click.option("--seed", type=click.IntRange(min=0), help="Instead of the scenario's.")
@click.option(
    "--within",
    default="5min",
    show_default=True,
    metavar="DURATION",
    help="Compress time so that all of it lasts at most about this long.",
)
@click.option(
    "--compression",
    type=click.FloatRange(min=0.1),
    help="Model seconds a real second; wins over --within.",
)
@click.option(
    "--at-once",
    type=click.IntRange(1, 15),
    default=15,
    show_default=True,
    help="Strategies that share the machine. Fewer at once need more compression to end in time.",
)
@click.option(
    "--algorithm",
    type=click.Choice(["HS256", "RS256", "ES256"]),
    default="HS256",
    show_default=True,
    help="Of the host's tokens.",
)
@click.option(
    "--store",
    type=click.Choice(["redis", "sqlite", "memory"]),
    help="Of the app's lists; default: redis where a server is found.",
)
@click.option(
    "--figure",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw predicted against measured (SVG, PNG, PDF).",
)
@click.option(
    "--write",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Play testbed_rush in real time as well, and write both into a page (docs/validation.md).",
)
@click.option("--quiet", is_flag=True, help="No progress.")
def testbed(
    scenario: str,
    names: tuple[str, ...],
    gates: tuple[str, ...],
    carriers: bool,
    seed: int | None,
    within: str,
    compression: float | None,
    at_once: int,
    algorithm: str,
    store: str | None,
    figure: Path | None,
    write: Path | None,
    quiet: bool,
) -> None:
    """Play a scenario against real servers on loopback, and put the simulation beside it.

    Starts a stand-in host, a reference app and a store, replays the scenario's people under compressed time with the
    same seed and cases as the simulation, and stops everything again, also after Ctrl-C. Needs lastclick[testbed].
    With --gate a real part stands in front of the host (scenarios testbed_gates, testbed_sessions): `lastclick gates` says what it does.
    With --carriers people of testbed_carriers, two tabs each, open sockets, renew and poll.
    """
    try:
        require_extra()
    except MissingExtra as error:
        raise InputError(str(error)) from None
    if carriers:
        from sim.cli.testbed_carriers import play_carriers

        play_carriers(
            "testbed_carriers" if scenario == "testbed_office" else scenario, seed, write, quiet
        )
        return
    if gates:
        from sim.cli.testbed_gates import play_gates

        play_gates(None if scenario == "testbed_office" else scenario, gates, seed, write, quiet)
        return
    from sim.basics.units import parse_duration
    from sim.testbed import report, run
    from sim.testbed.compress import factor_within
    from sim.testbed.servers import NoRedis, ServerDied, ServerFailed, default_store

    loaded = load(scenario)
    strategies = chosen(loaded, names)
    try:
        batches = -(-len(strategies) // at_once)
        factor = compression or factor_within(loaded, parse_duration(within) / batches)
    except ValueError as error:
        raise InputError(f"--within {within}: {error}") from None
    with terminable(), interruptible(), progress(quiet) as said:

        def play(scenario: "Scenario", factor: float, at_once: int) -> "LiveRun":
            return run.run_in_batches(
                scenario,
                strategies,
                at_once,
                factor=factor,
                seed=seed,
                algorithm=algorithm,
                store=store or default_store(),
                progress=None if said is None else lambda share: said(share, 1),
            )

        try:
            live = play(loaded, factor, at_once)
            rush = (
                None
                if write is None
                else play(load("testbed_rush"), 1.0, min(at_once, RUSH_AT_ONCE))
            )
        except (NoRedis, ServerFailed, ValueError) as error:
            raise InputError(str(error)) from None
        except ServerDied as error:
            if not quiet:
                click.echo(report.until_then(error.lanes))
            raise Stopped(str(error)) from None
    _show(live, figure)
    if write is not None and rush is not None:
        _write(live, rush, write)


def _show(live: "LiveRun", figure: Path | None) -> None:
    from sim.testbed import compare, report

    rows = compare.compare(live)
    click.echo(report.summary(live, rows))
    click.echo("\npredicted/measured; means over cases; response times of honest people\n")
    click.echo(report.table(rows))
    if figure is not None:
        with file_errors(figure):
            report.figure(rows, rows, figure)


def _write(live: "LiveRun", rush: "LiveRun", path: Path) -> None:
    from sim.results.store import write_text
    from sim.testbed import compare, page, report

    figure = path.with_name("testbed.svg")
    command = f"lastclick testbed --write {path.name}"
    with file_errors(path):
        report.figure(compare.compare(live), compare.compare(rush), figure)
        document = path.read_text(encoding="utf-8") if path.exists() else "# Validation\n"
        write_text(path, page.with_section(document, page.section(live, rush, figure, command)))
    click.echo(f"{path} and {figure.name}: written", err=True)

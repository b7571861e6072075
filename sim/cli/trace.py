"""`lastclick trace`: every event of one replication."""

from pathlib import Path

import click

from sim.cli import completing
from sim.cli.common import (
    chosen,
    engine_option,
    file_errors,
    interruptible,
    load,
    must_be_writable,
    progress,
)


@click.command()
@click.argument("scenario", shell_complete=completing.scenarios, default="office")
@click.option(
    "--strategy", "name", required=True, shell_complete=completing.strategies, metavar="NAME"
)
@engine_option
@click.option("--replication", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), help="Instead of the scenario's.")
@click.option("-o", "--out", "out", type=click.Path(path_type=Path, dir_okay=False), required=True)
@click.option("--quiet", is_flag=True, help="No progress.")
def trace(
    scenario: str,
    name: str,
    engine: str,
    replication: int,
    seed: int | None,
    out: Path,
    quiet: bool,
) -> None:
    """Write every event of one replication to a Parquet (or .csv) file."""
    from sim.engine import run as simulate
    from sim.results.store import write_trace

    must_be_writable(out)
    loaded = load(scenario)
    (strategy,) = chosen(loaded, (name,))
    with interruptible(), progress(quiet) as report:
        run = simulate(
            loaded,
            strategy,
            replication,
            seed=seed,
            tracing=True,
            engine=engine,
            progress=None if report is None else lambda share: report(share, 1),
        )
    with file_errors(out):
        events = write_trace(run, out)
    click.echo(f"{out}: {events} events")

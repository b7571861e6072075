"""`lastclick testbed --carriers`: real sockets, sessions and refresh tokens beside the simulation."""

from pathlib import Path

import click

from sim.cli.common import (
    InputError,
    Stopped,
    interruptible,
    load,
    progress,
    terminable,
    write_section,
)


def play_carriers(scenario: str, seed: int | None, write: Path | None, quiet: bool) -> None:
    """Play each strategy, print the table, and write it where asked for; exit code 1 where a case differs."""
    from sim.testbed.carriers.beside import DIFFERS, MARKS, beside, section, table
    from sim.testbed.carriers.play import play
    from sim.testbed.real.part import NotInstalled
    from sim.testbed.servers import ServerFailed

    loaded = load(scenario)
    rows, missing = [], []
    with terminable(), interruptible(), progress(quiet) as said:
        for number, strategy in enumerate(loaded.strategies.values()):
            try:
                seed_used = loaded.run.seed if seed is None else seed
                rows.append(beside(play(loaded, strategy, seed=seed_used)))
            except NotInstalled as error:
                missing.append(f"{strategy.name}: {error}")
            except ServerFailed as error:
                raise Stopped(str(error)) from None
            if said is not None:
                said((number + 1) / len(loaded.strategies), 1)
    for line in missing:
        click.echo(line, err=True)
    if not rows:
        raise InputError("none of the parts is here")
    click.echo(f"real time\n\n{table(rows)}")
    if write is not None:
        write_section(write, section(rows), MARKS)
    if any(row.count(DIFFERS) for row in rows):
        raise SystemExit(1)

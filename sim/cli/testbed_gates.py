"""`lastclick testbed --gate`: real parts beside their profiles."""

from pathlib import Path
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from sim.testbed.real.beside import Beside


def play_gates(
    scenario: str | None, gates: tuple[str, ...], seed: int | None, write: Path | None, quiet: bool
) -> None:
    """Play each part, print the table, and write it where asked for; exit code 1 where one does not agree.

    Without a scenario each part plays the one that its lifetimes need.
    """
    from sim.basics.names import UnknownName
    from sim.testbed.real.beside import beside, table
    from sim.testbed.real.part import NotInstalled
    from sim.testbed.real.parts import PARTS, part
    from sim.testbed.real.play import play
    from sim.testbed.servers import ServerFailed

    try:
        names = list(dict.fromkeys(PARTS if "all" in gates else [part(g).profile for g in gates]))
        played_by = {name: load(scenario or part(name).scenario) for name in names}
        strategies = [loaded.strategy(name) for name, loaded in played_by.items()]
    except UnknownName as error:
        raise InputError(f"--gate: {error}") from None
    rows: list[Beside] = []
    missing: list[str] = []
    with terminable(), interruptible(), progress(quiet) as said:
        for number, strategy in enumerate(strategies):

            def tell(share: float, number: int = number) -> None:
                if said is not None:
                    said((number + share) / len(strategies), 1)

            try:
                loaded = played_by[strategy.name]
                played = play(loaded, strategy, seed=_seed(loaded.run.seed, seed), progress=tell)
            except NotInstalled as error:
                missing.append(str(error))
            except ServerFailed as error:
                raise Stopped(str(error)) from None
            else:
                rows.append(beside(played))
    for line in missing:
        click.echo(line, err=True)
    if not rows:
        raise InputError("none of these parts is here")
    problems = [f"{row.name}: {said}" for row in rows for said in row.problems]
    click.echo("\n".join(["predicted/measured, real time\n", table(rows), *problems]))
    if write is not None:
        from sim.testbed.real.page import MARKS, section

        write_section(write, section(rows), MARKS)
    if problems:
        raise SystemExit(1)


def _seed(own: int, given: int | None) -> int:
    return own if given is None else given

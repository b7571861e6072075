"""`lastclick calibrate`: costs measured on this machine, as a part of a scenario."""

from pathlib import Path

import click

from sim.cli.common import InputError, file_errors, interruptible
from sim.testbed import MissingExtra, require_extra


@click.command()
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="Scenario part to write."
)
@click.option(
    "--algorithm",
    type=click.Choice(["HS256", "RS256", "ES256"]),
    default="HS256",
    show_default=True,
    help="Of the tokens: decides app.verify.",
)
@click.option(
    "--store",
    metavar="NAME",
    help="Decides store.lookup: memory, sqlite, sqlite in a thread, redis; default: redis, else sqlite.",
)
@click.option("--own-only", is_flag=True, help="Leave out the stand-in host and loopback.")
def calibrate(out: Path | None, algorithm: str, store: str | None, own_only: bool) -> None:
    """Measure what verifying, looking up, asking and queueing cost here.

    Prints the times and with -o writes them as a part of a scenario with provenance, to be used by
    include = ["FILE"]. Needs lastclick[testbed].
    """
    try:
        require_extra()
    except MissingExtra as error:
        raise InputError(str(error)) from None
    from sim.results.store import write_atomically
    from sim.testbed import calibrate as room
    from sim.testbed.servers import ServerFailed

    if store is not None and store not in room.STORE_NAMES:
        known = ", ".join(room.STORE_NAMES)
        raise InputError(f"--store {store}: there is no such store; expected one of: {known}")
    with interruptible():
        try:
            found = room.calibrate()
        except ServerFailed as error:
            raise InputError(str(error)) from None
    chosen = store or ("redis" if "redis" in found.lookup else "sqlite")
    if chosen not in found.lookup:
        raise InputError(
            f"--store {chosen}: not measured; expected one of: {', '.join(found.lookup)}"
        )
    click.echo(room.text(found))
    if out is not None:
        content = room.toml(found, algorithm, chosen, own_only)  # type: ignore[arg-type]
        with file_errors(out):
            write_atomically(out, lambda path: _write(path, content))
        click.echo(f"{out}: written", err=True)


def _write(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8")

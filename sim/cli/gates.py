"""`lastclick gates`: what people run, as strategies to start from."""

import json

import click

from sim.cli.common import InputError


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def gates(name: str | None, as_json: bool) -> None:
    """List parts that people run, or print one: what it does, is blind to, and how to begin with it.

    In a scenario `[strategies.ours] from = "NAME"` starts a strategy from one; `lastclick compare --strategy NAME`
    shows it in the office as it is.
    """
    from sim.basics.names import UnknownName
    from sim.gates import profile, profiles

    try:
        chosen = list(profiles().values()) if name is None else [profile(name)]
    except UnknownName as error:
        raise InputError(str(error)) from None
    if as_json:
        documents = [one.as_json() for one in chosen]
        click.echo(json.dumps(documents if name is None else documents[0], indent=2))
    elif name is None:
        _list()
    else:
        from sim.gates.words import profile_text

        click.echo(profile_text(chosen[0]))


def _list() -> None:
    from sim.gates import profiles

    width = max(map(len, profiles()))
    family = ""
    for one in profiles().values():
        if one.family != family:
            family = one.family
            click.echo(f"{'' if one.name == next(iter(profiles())) else chr(10)}{family}")
        click.echo(f"  {one.name:<{width}}  {one.part} ({one.known_of}; {one.how}, {one.grade})")
        click.echo(f"  {'':<{width}}  {one.source}")

"""What a shell offers after TAB: scenarios, strategies, paths of a scenario."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from sim.scenario import Scenario


def scenarios(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Shipped names, then the files there are."""
    from click.shell_completion import CompletionItem

    from sim.scenario import shipped

    return [*_items(shipped(), incomplete), CompletionItem(incomplete, type="file")]


def strategies(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Those of the scenario that stands on the line, then the catalogue's and the profiles'."""
    from sim.gates import profiles
    from sim.model.strategies import CATALOGUE

    scenario = _scenario(ctx)
    own = [] if scenario is None else list(scenario.strategies)
    return _items(dict.fromkeys([*own, *CATALOGUE, *profiles()]), incomplete)


def settings(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The paths that hold numbers, each with its line of description."""
    from click.shell_completion import CompletionItem

    from sim.scenario import load
    from sim.scenario.described import description_of
    from sim.scenario.keys import numbers_in

    return [
        CompletionItem(f"{path}=", help=description_of(path))
        for path in numbers_in(_scenario(ctx) or load("office"))
        if path.startswith(incomplete)
    ]


def _items(names: Iterable[str], incomplete: str) -> "list[CompletionItem]":
    from click.shell_completion import CompletionItem

    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _scenario(ctx: click.Context) -> "Scenario | None":
    """The scenario that the line names, else the office; None where it cannot be read."""
    from sim.scenario import ScenarioError, load

    # where the value of an option is being typed, what stands before it was not taken apart yet
    name = next(iter(ctx.args), None) or ctx.params.get("scenario") or "office"
    try:
        return load(name)
    except ScenarioError:
        return None

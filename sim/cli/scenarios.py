"""Commands about scenarios: what is shipped, what a file resolves to, its strategies and bounds."""

import json

import click

from sim.cli import completing
from sim.cli.common import load


@click.command("list")
def list_() -> None:
    """List the scenarios that are shipped, each with its question."""
    from sim import scenario as scenarios

    names = scenarios.shipped()
    width = max(map(len, names))
    for name in names:
        click.echo(f"{name:<{width}}  {scenarios.load(name).question}")


@click.command()
@click.argument("scenario", shell_complete=completing.scenarios, default="office")
def validate(scenario: str) -> None:
    """Print the resolved scenario, each value with where it comes from."""
    from sim.scenario import resolved_text

    click.echo(resolved_text(load(scenario)))


@click.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from sim.scenario import schema as scenario_schema

    click.echo(json.dumps(scenario_schema(), indent=1, ensure_ascii=False))


@click.command()
@click.argument("scenario", shell_complete=completing.scenarios, default="office")
def strategies(scenario: str) -> None:
    """Print the strategies and the coverage matrix: the bound of each, by cause, or open."""
    from sim.coverage import coverage
    from sim.results.tables import catalogue_text, coverage_rows
    from sim.verdict.terminal import grid_text

    loaded = load(scenario)
    click.echo(catalogue_text(list(loaded.strategies.values())))
    click.echo(
        "\nCoverage: the longest exposure window, typical; and worst, or open where nothing ends it"
    )
    click.echo("(P is the time until the host knows of a deactivation)\n")
    click.echo(grid_text(*coverage_rows(coverage(loaded))))

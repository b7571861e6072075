"""`lastclick recommend`: which strategy, and which timeout?"""

import json
from pathlib import Path
from textwrap import fill

import click

from sim.cli import completing
from sim.cli.common import (
    InputError,
    answer_options,
    chosen,
    engine_option,
    file_errors,
    interruptible,
    load,
    must_be_writable,
    progress,
    worker_errors,
)


@click.command()
@click.argument("scenario", shell_complete=completing.scenarios)
@click.option(
    "--strategy",
    "names",
    multiple=True,
    shell_complete=completing.strategies,
    metavar="NAME",
    help="Only these (repeatable).",
)
@click.option("--replications", type=click.IntRange(min=2), help="Instead of the scenario's.")
@click.option(
    "--max-replications",
    type=click.IntRange(min=2),
    help="Where the goals stay open; default: the scenario's, or 8 times as many.",
)
@click.option("--seed", type=click.IntRange(min=0), help="Instead of the scenario's.")
@click.option(
    "--explain",
    is_flag=True,
    help="Every goal with its causes, lines to paste, what the search knows.",
)
@click.option("--full", is_flag=True, help="The ranges and the front as a table, too.")
@engine_option
@answer_options
def recommend(
    scenario: str,
    names: tuple[str, ...],
    replications: int | None,
    max_replications: int | None,
    seed: int | None,
    explain: bool,
    full: bool,
    engine: str,
    workers: int | None,
    cluster: str | None,
    as_json: bool,
    out: Path | None,
    quiet: bool,
) -> None:
    """Find the strategies and lifetimes that meet the [goals] of SCENARIO, and say which to use.

    The first paragraph is made to be pasted into a review. Without goals it answers by stand-ins, and says so.
    """
    from sim.recommendation import answer, words
    from sim.scenario import ScenarioError
    from sim.verdict.terminal import terminal_width, verdict_text
    from sim.verdict.words import explained

    must_be_writable(out)
    loaded = load(scenario)
    for warning in loaded.warnings:
        click.echo(f"warning: {warning}", err=True)
    try:
        with interruptible(), worker_errors(cluster), progress(quiet or as_json) as report:
            found = answer.recommend(
                loaded,
                chosen(loaded, names),
                replications=replications,
                max_replications=max_replications,
                seed=seed,
                engine=engine,
                workers=workers,
                cluster=cluster,
                report=report,
            )
    except ScenarioError as error:
        raise InputError(str(error)) from None
    record = json.dumps(words.document(found), indent=1, allow_nan=False)
    whole = f"{words.paragraph(found)}\n\n{words.details(found)}\n"
    if out is not None:
        from sim.results.store import write_text

        with file_errors(out):
            write_text(out / "recommendation.json", record + "\n")
            write_text(out / "recommendation.txt", whole)
    if as_json:
        click.echo(record)
        return
    click.echo(
        f"{fill(words.paragraph(found), terminal_width())}\n\n{verdict_text(found.verdict, head=False)}"
    )
    if explain:
        click.echo(
            f"\n{explained(found.verdict)}\n\n{fill(words.evidence(found), terminal_width())}"
        )
    if full:
        click.echo(f"\n{words.table(found)}")

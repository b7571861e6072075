"""`lastclick recommend`: which strategy, and which timeout?"""

import json
from pathlib import Path

import click

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
@click.argument("scenario")
@click.option("--strategy", "names", multiple=True, metavar="NAME", help="Only these (repeatable).")
@click.option("--replications", type=click.IntRange(min=2), help="Instead of the scenario's.")
@click.option(
    "--max-replications",
    type=click.IntRange(min=2),
    help="Where the goals stay open; default: the scenario's, or 8 times as many.",
)
@click.option("--seed", type=click.IntRange(min=0), help="Instead of the scenario's.")
@engine_option
@answer_options
def recommend(
    scenario: str,
    names: tuple[str, ...],
    replications: int | None,
    max_replications: int | None,
    seed: int | None,
    engine: str,
    workers: int | None,
    cluster: str | None,
    as_json: bool,
    out: Path | None,
    quiet: bool,
) -> None:
    """Find the strategies and lifetimes that meet the [goals] of SCENARIO, and say which to use.

    The first paragraph is made to be pasted into a review.
    """
    from sim.recommendation import answer, words
    from sim.scenario import ScenarioError

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
    text = f"{words.paragraph(found)}\n\n{words.table(found)}\n"
    if out is not None:
        from sim.results.store import write_text

        with file_errors(out):
            write_text(out / "recommendation.json", record + "\n")
            write_text(out / "recommendation.txt", text)
    click.echo(record if as_json else text)

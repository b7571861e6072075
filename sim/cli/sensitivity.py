"""`lastclick sensitivity`: which uncertain inputs move the decision."""

import json
from pathlib import Path
from typing import Any

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
@click.option(
    "--replications",
    type=click.IntRange(min=2),
    help="Of the recommendation; instead of the scenario's.",
)
@click.option(
    "--each",
    type=click.IntRange(min=1),
    default=4,
    show_default=True,
    help="Replications of each world.",
)
@click.option(
    "--factors",
    type=click.IntRange(min=1),
    default=6,
    show_default=True,
    help="Inputs with Sobol indices.",
)
@click.option(
    "--samples",
    type=click.IntRange(min=2),
    default=16,
    show_default=True,
    help="Of the Sobol design to begin with; a power of 2.",
)
@click.option(
    "--max-samples",
    type=click.IntRange(min=2),
    default=128,
    show_default=True,
    help="Doubled up to so many, until the intervals are narrow.",
)
@engine_option
@answer_options
def sensitivity(
    scenario: str,
    names: tuple[str, ...],
    replications: int | None,
    each: int,
    factors: int,
    samples: int,
    max_samples: int,
    engine: str,
    workers: int | None,
    cluster: str | None,
    as_json: bool,
    out: Path | None,
    quiet: bool,
) -> None:
    """Vary the inputs of SCENARIO that are guesses, and say which of them change the recommendation, and from where on.

    The first two paragraphs, the recommendation and what would change it, are made to be pasted into a review.
    """
    from sim.recommendation import recommend
    from sim.recommendation import sensitivity as analysis
    from sim.recommendation import sensitivity_words as words
    from sim.recommendation import words as recommendation_words
    from sim.scenario import ScenarioError

    if samples & (samples - 1):
        raise InputError(f"--samples {samples}: expected a power of 2")
    must_be_writable(out)
    loaded = load(scenario)
    shared: dict[str, Any] = {"workers": workers, "cluster": cluster}
    try:
        with interruptible(), worker_errors(cluster):
            with progress(quiet or as_json) as report:
                recommended = recommend(
                    loaded,
                    chosen(loaded, names),
                    replications=replications,
                    engine=engine,
                    report=report,
                    **shared,
                )
            with progress(quiet or as_json) as report:
                found = analysis.analyse(
                    recommended,
                    replications=each,
                    factors=factors,
                    samples=samples,
                    most_samples=max_samples,
                    report=report,
                    **shared,
                )
    except ScenarioError as error:
        raise InputError(str(error)) from None
    record = json.dumps(words.document(found), indent=1, allow_nan=False)
    parts = (recommendation_words.paragraph(recommended), words.paragraph(found))
    tables = (words.tornado_table(found), words.sobol_table(found))
    text = "\n\n".join((*parts, *tables)) + "\n"
    if out is not None:
        from sim.results.store import write_text

        with file_errors(out):
            write_text(out / "sensitivity.json", record + "\n")
            write_text(out / "sensitivity.txt", text)
    click.echo(record if as_json else text)

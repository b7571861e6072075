"""`lastclick sensitivity`: which uncertain inputs move the decision."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli import completing
from sim.cli.common import (
    InputError,
    answer_options,
    chosen,
    engine_option,
    file_errors,
    load,
    must_be_writable,
    progress,
    worker_errors,
)

if TYPE_CHECKING:
    from sim.model.strategies import Strategy
    from sim.recommendation.sensitivity import Sensitivity
    from sim.scenario import Scenario


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
@click.option("--full", is_flag=True, help="Sobol indices too: some hundred worlds more.")
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
@click.option("--dry-run", is_flag=True, help="Only say which inputs, how many worlds, how long.")
@engine_option
@answer_options
def sensitivity(
    scenario: str,
    names: tuple[str, ...],
    replications: int | None,
    each: int,
    full: bool,
    factors: int,
    samples: int,
    max_samples: int,
    dry_run: bool,
    engine: str,
    workers: int | None,
    cluster: str | None,
    as_json: bool,
    out: Path | None,
    quiet: bool,
) -> None:
    """Vary the inputs of SCENARIO that are guesses, and say which of them change the recommendation, and from where on.

    The recommendation comes first, then what half and twice of each input does, then from which values on it changes. The
    first paragraph and the last are made to be pasted into a review. With --out what was simulated is kept: run it again
    to go on where it stopped, or with --full.
    """
    if samples & (samples - 1):
        raise InputError(f"--samples {samples}: expected a power of 2")
    must_be_writable(out)
    loaded = load(scenario)
    strategies = chosen(loaded, names)
    if dry_run:
        return _plan(loaded, strategies, each, factors, samples, max_samples, workers)
    shared: dict[str, Any] = {"workers": workers, "cluster": cluster}
    settings = {
        "replications": each, "full": full, "factors": factors, "samples": samples, "most_samples": max_samples,
        "folder": out, **shared,
    }  # fmt: skip
    _answer(loaded, strategies, replications, engine, settings, as_json, out, quiet)


def _answer(
    loaded: "Scenario",
    strategies: "list[Strategy]",
    replications: int | None,
    engine: str,
    settings: dict[str, Any],
    as_json: bool,
    out: Path | None,
    quiet: bool,
) -> None:
    from sim.recommendation import recommend
    from sim.recommendation import sensitivity_words as words
    from sim.recommendation import words as recommendation_words
    from sim.recommendation.sensitivity import analyse
    from sim.scenario import ScenarioError
    from sim.sweeps import FolderInUse

    shared = {name: settings[name] for name in ("workers", "cluster")}
    say = (lambda text: None) if as_json else click.echo
    try:
        with worker_errors(settings["cluster"]):
            with progress(quiet or as_json) as report:
                recommended = recommend(loaded, strategies, replications=replications, engine=engine, report=report, **shared)  # fmt: skip
            answer = recommendation_words.paragraph(recommended)
            say(words.filled(answer) + "\n")
            with progress(quiet or as_json) as report:
                found = analyse(recommended, report=report, first=lambda one: say(_first(one)), **settings)  # fmt: skip
    except (ScenarioError, FolderInUse) as error:
        raise InputError(str(error)) from None
    except KeyboardInterrupt:
        kept = f"the worlds that were finished are kept in {out}: run it again to go on" if out else "--out DIR would have kept what was finished"  # fmt: skip
        click.echo(f"interrupted; {kept}", err=True)
        sys.exit(130)
    record = json.dumps(words.document(found), indent=1, allow_nan=False)
    if out is not None:
        from sim.results.store import write_text

        with file_errors(out):
            write_text(out / "sensitivity.json", record + "\n")
            write_text(out / "sensitivity.txt", words.whole([answer], found, full=settings["full"]))
    click.echo(record if as_json else _rest(found, settings["full"]))


def _first(found: "Sensitivity") -> str:
    """What half and twice show, before thresholds are looked for."""
    from sim.recommendation import sensitivity_words as words

    parts = [words.filled(words.paragraph(found)), words.filled(words.measure_first(found))]
    return "\n\n".join(part for part in (*parts, words.tornado_table(found)) if part) + "\n"


def _rest(found: "Sensitivity", full: bool) -> str:
    from sim.recommendation import sensitivity_words as words

    last = (
        words.sobol_table(found)
        if full
        else "--full adds what moves each goal together (Sobol indices)."
    )
    return f"{words.filled(words.paragraph(found))}\n\n{last}"


def _plan(
    loaded: "Scenario",
    strategies: "list[Strategy]",
    each: int,
    factors: int,
    samples: int,
    most: int,
    workers: int | None,
) -> None:
    from sim.basics.machine import cores
    from sim.recommendation.estimate import estimate, text
    from sim.scenario import ScenarioError

    try:
        found = estimate(loaded, strategies, each, factors, samples, most)
    except ScenarioError as error:
        raise InputError(str(error)) from None
    click.echo(text(found, workers or cores()))

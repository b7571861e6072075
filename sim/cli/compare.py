"""`lastclick compare`: the main job."""

import gc
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim import __version__
from sim.basics.machine import cores
from sim.cli import completing
from sim.cli.common import (
    InputError,
    chosen,
    engine_option,
    file_errors,
    interruptible,
    load,
    must_be_writable,
    progress,
)

if TYPE_CHECKING:
    from sim.model.strategies import Strategy
    from sim.results.experiment import Comparison
    from sim.results.orders import Harm
    from sim.scenario import Scenario
    from sim.verdict import Verdict


@click.command()
@click.argument("scenario", shell_complete=completing.scenarios, required=False)
@click.option(
    "--strategy",
    "names",
    multiple=True,
    shell_complete=completing.strategies,
    metavar="NAME",
    help="Only these (repeatable).",
)
@engine_option
@click.option(
    "--replications",
    type=click.IntRange(min=1),
    help="So many; default: until all figures have two digits, at most the scenario's.",
)
@click.option("--seed", type=click.IntRange(min=0), help="Instead of the scenario's.")
@click.option("--baseline", metavar="NAME", help="Show differences from this strategy.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Threads (other engines than compiled: processes); default: the cores here.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write tables here.")
@click.option(
    "--figure",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw exposure against overhead (SVG, PNG, PDF).",
)
@click.option("--no-virtual", is_flag=True, help="Exposure from real cases alone: an audit.")
@click.option("--full", is_flag=True, help="All tables, below the verdict.")
@click.option(
    "--organisation",
    is_flag=True,
    help="Also orders of notice, VPN cut and escort, in one table with the strategies.",
)
@click.option("--explain", is_flag=True, help="Every goal with its causes, and lines to paste.")
@click.option(
    "--check",
    is_flag=True,
    help="For CI: a line a goal for `today`, else the first strategy, or those named; exit code 1 where one is not shown to be met.",
)
@click.option("--quiet", is_flag=True, help="No progress, no tables.")
def compare(
    scenario: str | None,
    names: tuple[str, ...],
    engine: str,
    replications: int | None,
    seed: int | None,
    baseline: str | None,
    workers: int | None,
    as_json: bool,
    out: Path | None,
    figure: Path | None,
    no_virtual: bool,
    full: bool,
    organisation: bool,
    explain: bool,
    check: bool,
    quiet: bool,
) -> None:
    """Compare strategies on the same people and cases, and say which to use.

    SCENARIO is the name of a shipped scenario or a file; without it the built-in office: 500 people, a working day,
    up to 20 replications, every strategy of the catalogue.
    """
    from sim.results import experiment
    from sim.results.orders import Harm, orders
    from sim.results.precision import check_names
    from sim.results.ranking import default_name
    from sim.results.store import write_orders
    from sim.verdict import told, verdict_of
    from sim.verdict.store import write_verdict

    must_be_writable(out, figure)
    loaded = load(scenario or "office")
    for warning in loaded.warnings:
        click.echo(f"warning: {warning}", err=True)
    if check:
        _must_have_goals(loaded)
        names = names or (default_name(loaded.strategies),)
    to_run = _strategies(loaded, names, baseline)
    try:
        check_names(loaded)
    except ValueError as error:
        raise InputError(f"{loaded.path}: {error}") from None
    with interruptible():
        _prepare(to_run, engine)
    shared: dict[str, Any] = {"seed": seed, "workers": workers or cores(), "engine": engine}
    silent = as_json or quiet or check
    with interruptible(), progress(quiet) as report:
        comparison = experiment.compare(
            loaded,
            to_run,
            replications=replications,
            virtual=not no_virtual,
            wanted=(told.FIRST, told.wanted),
            report=report,
            provisional=None if silent or not sys.stdout.isatty() else _show_provisional,
            **shared,
        )
    with interruptible():
        verdict = verdict_of(comparison, workers=workers or cores(), engine=engine)
    harm: list[Harm] = []
    if organisation:
        number = comparison.replications
        with interruptible(), progress(quiet) as report:
            harm = orders(loaded, to_run, replications=number, report=report, **shared)
    if out is not None:
        from sim.results.store import write_comparison

        with file_errors(out):
            write_comparison(comparison, out, baseline)
            write_verdict(verdict, out)
            write_orders(harm, out)
    if figure is not None:
        _draw(comparison, figure)
    if as_json:
        _show_json(comparison, verdict, baseline, harm)
    elif not quiet and not check:
        _show(comparison, verdict, baseline, full, explain)
        _show_orders(harm)
    if out is not None and not quiet:
        click.echo(f"written to {out}", err=True)
    if check:
        sys.exit(_checked(verdict, as_json or quiet))


def _must_have_goals(scenario: "Scenario") -> None:
    from sim.scenario import ScenarioError
    from sim.verdict import goals_of

    try:
        goals_of(scenario)
    except ScenarioError as error:
        raise InputError(f"--check: {error}") from None


def _checked(verdict: "Verdict", silent: bool) -> int:
    """Print a line a goal; 1 where one of them is not shown to be met."""
    from sim.verdict.cells import cells_text
    from sim.verdict.words import check_lines

    lines = list(check_lines(verdict))
    for _, line in () if silent else lines:
        click.echo(line)
    for row in () if silent else verdict.rows:
        if row.open:
            click.echo(f"open       {row.strategy}  {cells_text(row.open)}")
    return 0 if all(kept for kept, _ in lines) else 1


def _prepare(strategies: "list[Strategy]", engine: str) -> None:
    """Load the machine code, or compile it and say so, before a bar is drawn."""
    from sim.engine import engine_for

    if "compiled" in {engine_for(strategy, engine) for strategy in strategies}:
        from sim.engine.compiled.machine import kernels

        kernels()
    gc.freeze()  # what is loaded stays: no need to look through it again and again


def _draw(comparison: "Comparison", figure: Path) -> None:
    from sim.plot import exposure_against_overhead
    from sim.results.store import write_atomically
    from sim.results.study import study_of

    try:
        picture = exposure_against_overhead(study_of(comparison))
        with file_errors(figure):
            write_atomically(figure, lambda path: picture.save(path, figure.suffix))
    except ValueError as error:
        raise InputError(f"--figure {figure}: {error}") from None


def _strategies(
    scenario: "Scenario", names: tuple[str, ...], baseline: str | None
) -> "list[Strategy]":
    """The strategies to run; the baseline is one of them."""
    found = chosen(scenario, names)
    if baseline is not None and baseline not in {strategy.name for strategy in found}:
        found += chosen(scenario, (baseline,), "--baseline")
    return found


def _show_json(
    comparison: "Comparison", verdict: "Verdict", baseline: str | None, harm: "list[Harm]"
) -> None:
    from dataclasses import asdict

    found = as_document(comparison, verdict)
    if harm:
        found |= {"organisation": list(map(asdict, harm))}
    if baseline is not None:
        found |= {"differences": differences_document(comparison, baseline)}
    click.echo(json.dumps(found, indent=1, allow_nan=False))


def _show(
    comparison: "Comparison", verdict: "Verdict", baseline: str | None, full: bool, explain: bool
) -> None:
    """The verdict first, then a table that fits; all tables where they are asked for."""
    from sim.verdict.terminal import verdict_text
    from sim.verdict.words import explained

    click.echo(verdict_text(verdict))
    if explain:
        click.echo(f"\n{explained(verdict)}")
    if full or baseline is not None:
        _show_tables(comparison, baseline)
    scenario = comparison.scenario
    click.echo(
        f"\n{scenario.title}\nscenario {scenario.id}, seed {comparison.seed}, engine {comparison.engine},"
        f" version {__version__}"
        + ("" if full else "\nAll tables: --full; causes and lines to paste: --explain")
    )


def _show_orders(harm: "list[Harm]") -> None:
    from sim.results.orders import CAPTION, orders_finding, orders_rows
    from sim.results.tables import grid

    if harm:
        click.echo(f"\n{CAPTION}\n\n{grid(*orders_rows(harm))}\n\n{orders_finding(harm)}")


def _show_tables(comparison: "Comparison", baseline: str | None) -> None:
    from sim.results.harm import (
        PRICE,
        REPAIR,
        kinds_table,
        means_by_kind,
        price_finding,
        repair_table,
    )
    from sim.results.tables import (
        comparison_table,
        coverage_rows,
        grid,
        notes,
        ranked,
        ranking_text,
    )
    from sim.verdict.terminal import grid_text

    click.echo("\nCoverage: the longest exposure window by settings, typical; and worst, or open\n")
    click.echo(grid_text(*coverage_rows(comparison.coverage)) + "\n")
    click.echo(comparison_table(comparison))
    names = ranked(comparison)
    click.echo(f"\n{REPAIR}\n{grid(*repair_table(comparison, names))}")
    click.echo(f"\n{PRICE}\n{grid(*kinds_table(comparison, names))}")
    if said := price_finding(names, means_by_kind(comparison)):
        click.echo(said)
    for text in (ranking_text(comparison, baseline), notes(comparison)):
        if text:
            click.echo(f"\n{text}")
    cases = len(next(iter(comparison.runs.values()))[0].cases)
    number = comparison.replications
    interval = f"± 95 % interval over {number} replications"
    click.echo(
        f"\n{interval if number > 1 else 'One replication: no interval'}, about {cases} cases each;"
        " open: by settings nothing ends it; >=: some cases outlived the run."
        "\nBest first: by the mean window over all cases, counted to the end of the run at most, and to that end where it is open."
    )


def _show_provisional(comparison: "Comparison") -> None:
    """What is known so far, on a terminal, while the other replications run (and move the bar)."""
    from tqdm import tqdm

    from sim.verdict import verdict_of
    from sim.verdict.terminal import verdict_text

    head = f"\nProvisional, from {comparison.replications} replications; the others follow:\n\n"
    tqdm.write(head + verdict_text(verdict_of(comparison, second=False)) + "\n", file=sys.stdout)


def differences_document(comparison: "Comparison", baseline: str) -> list[dict[str, Any]]:
    """The paired differences as `--json` prints them where a baseline is asked for."""
    from dataclasses import asdict

    from sim.results.ranking import differences

    return [asdict(row) for row in differences(comparison, baseline)]


def as_document(comparison: "Comparison", verdict: "Verdict") -> dict[str, Any]:
    """The comparison as `--json` prints it."""
    from sim.verdict.store import document

    scenario = comparison.scenario
    keys = ("strategy", "cause", "of", "covered", "bound_s")
    return {
        "scenario": {"title": scenario.title, "id": scenario.id, "path": scenario.path},
        "version": __version__,
        "engine": comparison.engine,
        "seed": comparison.seed,
        "replications": comparison.replications,
        "verdict": document(verdict),
        "coverage": [{key: getattr(cell, key) for key in keys} for cell in comparison.coverage],
        "results": list(map(vars, comparison.figures)),
    }

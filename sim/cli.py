"""The command line. It parses, calls, prints; everything else lives elsewhere and is imported when used."""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim import __version__

if TYPE_CHECKING:
    from sim.experiment import Comparison, Report
    from sim.scenario import Scenario
    from sim.strategies import Strategy

SMALL_PEOPLE, SMALL_REPLICATIONS = 100, 2


class InputError(click.ClickException):
    """Something the user gave is wrong."""

    exit_code = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="lastclick")
def main() -> None:
    """How long do a fired person's clicks still work, and at what price?"""


@main.command("list")
def list_scenarios() -> None:
    """List the scenarios that are shipped, each with its question."""
    from sim import scenario as scenarios

    names = scenarios.shipped()
    width = max(map(len, names))
    for name in names:
        click.echo(f"{name:<{width}}  {scenarios.load(name).question}")


@main.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def new(file: Path) -> None:
    """Write a commented scenario to start from."""
    from sim.scenario import new_scenario_text

    if file.exists():
        raise InputError(f"{file}: exists already; choose another name")
    with _file_errors(file):
        file.write_text(new_scenario_text(), encoding="utf-8")
    click.echo(f"{file}: written. Next: lastclick validate {file}")


@main.command()
@click.argument("scenario", default="office")
def validate(scenario: str) -> None:
    """Print the resolved scenario, each value with where it comes from."""
    from sim.scenario import resolved_text

    click.echo(resolved_text(_load(scenario)))


@main.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from sim.scenario import schema as scenario_schema

    click.echo(json.dumps(scenario_schema(), indent=2))


@main.command()
@click.argument("scenario", default="office")
def strategies(scenario: str) -> None:
    """Print the strategies and the coverage matrix: the bound of each, by cause, or open."""
    from sim.coverage import coverage
    from sim.tables import catalogue_text, coverage_table

    loaded = _load(scenario)
    click.echo(catalogue_text(list(loaded.strategies.values())))
    click.echo("\nCoverage: the longest exposure window, or open where nothing ends it")
    click.echo("(P is the time until the host knows of a deactivation)\n")
    click.echo(coverage_table(coverage(loaded)))


@main.command()
@click.argument("scenario", required=False)
@click.option("--strategy", "names", multiple=True, metavar="NAME", help="Only these (repeatable).")
@click.option("--engine", type=click.Choice(["reference"]), default="reference", show_default=True)
@click.option("--replications", type=click.IntRange(min=1), help="Instead of the scenario's.")
@click.option("--seed", type=click.IntRange(min=0), help="Instead of the scenario's.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes; default: the cores here.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write tables here.")
@click.option(
    "--figure",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw exposure against overhead (SVG, PNG, PDF).",
)
@click.option("--quiet", is_flag=True, help="No progress, no tables.")
def compare(
    scenario: str | None,
    names: tuple[str, ...],
    engine: str,
    replications: int | None,
    seed: int | None,
    workers: int | None,
    as_json: bool,
    out: Path | None,
    figure: Path | None,
    quiet: bool,
) -> None:
    """Compare strategies on the same people and cases.

    SCENARIO is the name of a shipped scenario or a file; without it a small study of the built-in office runs.
    """
    from sim import experiment

    loaded = _load(scenario or "office") if scenario else _small_office()
    if scenario is None:
        replications = replications or SMALL_REPLICATIONS
        if not quiet:
            click.echo(
                f"A small study of the office: {SMALL_PEOPLE} people, {replications} replication(s), one working"
                " day.\nFor the full one: lastclick compare office",
                err=True,
            )
    for warning in loaded.warnings:
        click.echo(f"warning: {warning}", err=True)
    with _interruptible(), _progress(quiet) as report:
        comparison = experiment.compare(
            loaded,
            _chosen(loaded, names),
            replications=replications,
            seed=seed,
            workers=workers or _cores(),
            report=report,
        )
    if out is not None:
        from sim.store import write_comparison

        with _file_errors(out):
            write_comparison(comparison, out)
    if figure is not None:
        from sim.plot import exposure_against_overhead

        with _file_errors(figure):
            exposure_against_overhead(comparison, figure, _first_cause(comparison))
    _show(comparison, as_json, quiet)
    if out is not None and not quiet:
        click.echo(f"written to {out}", err=True)


@main.command()
@click.argument("scenario", default="office")
@click.option("--strategy", "name", required=True, metavar="NAME")
@click.option("--engine", type=click.Choice(["reference"]), default="reference", show_default=True)
@click.option("--replication", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), help="Instead of the scenario's.")
@click.option("-o", "--out", "out", type=click.Path(path_type=Path, dir_okay=False), required=True)
@click.option("--quiet", is_flag=True, help="No progress.")
def trace(
    scenario: str,
    name: str,
    engine: str,
    replication: int,
    seed: int | None,
    out: Path,
    quiet: bool,
) -> None:
    """Write every event of one replication to a Parquet (or .csv) file."""
    from sim.engine import reference
    from sim.store import write_trace

    loaded = _load(scenario)
    (strategy,) = _chosen(loaded, (name,))
    with _interruptible(), _progress(quiet) as report:
        run = reference.run(
            loaded,
            strategy,
            replication,
            seed=seed,
            tracing=True,
            progress=None if report is None else lambda share: report(share, 1),
        )
    with _file_errors(out):
        events = write_trace(run, out)
    click.echo(f"{out}: {events} events")


@main.command()
@click.argument("log", type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="Scenario part to write."
)
@click.option(
    "--figure",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Goodness of fit (PNG, SVG, PDF).",
)
@click.option(
    "--column", "columns", multiple=True, metavar="NAME=COLUMN", help="For instance user=uid."
)
@click.option(
    "--time-zone", default="UTC", show_default=True, help="Of local hours and naive times."
)
@click.option("--session-gap", default="30min", show_default=True)
@click.option("--page-load-window", default="2s", show_default=True)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    metavar="KIND=[METHOD ]REGEX",
    help="First match wins, e.g. admin=/admin/.",
)
def fit(
    log: Path,
    out: Path | None,
    figure: Path | None,
    columns: tuple[str, ...],
    time_zone: str,
    session_gap: str,
    page_load_window: str,
    kinds: tuple[str, ...],
) -> None:
    """Fit the workload of a scenario from an access log (Common/Combined, JSON lines, CSV, Parquet; gzip)."""
    from sim.workload.fitting import fit_log
    from sim.workload.logs import FitOptions

    try:
        options = FitOptions.from_table(
            {
                "columns": dict(_pair(text) for text in columns),
                "time_zone": time_zone,
                "session_gap": session_gap,
                "page_load_window": page_load_window,
                "kinds": [_kind_rule(text) for text in kinds],
            }
        )
        fitted = fit_log(log, options)
    except (ValueError, OSError) as error:
        raise InputError(str(error)) from None
    click.echo(fitted.summary_text())
    for path, write in ((out, fitted.write_toml), (figure, fitted.figure)):
        if path is not None:
            with _file_errors(path):
                write(path)
            click.echo(f"{path}: written", err=True)


# -- helpers ------------------------------------------------------------------------------------


def _load(name: str) -> "Scenario":
    from sim.scenario import ScenarioError, load

    try:
        return load(name)
    except ScenarioError as error:
        raise InputError(str(error)) from None


def _small_office() -> "Scenario":
    from sim.scenario import with_changes

    return with_changes(_load("office"), {"organisation.people": SMALL_PEOPLE})


def _chosen(scenario: "Scenario", names: tuple[str, ...]) -> "list[Strategy]":
    from difflib import get_close_matches

    from sim.strategies import CATALOGUE

    known = {**CATALOGUE, **scenario.strategies}
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            raise InputError(f"--strategy {name}: no such strategy{hint} Known: {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)] or list(scenario.strategies.values())


def _first_cause(comparison: "Comparison") -> str:
    return next((f.cause for f in comparison.figures if f.cause), "deactivation")


def _show(comparison: "Comparison", as_json: bool, quiet: bool) -> None:
    if as_json:
        click.echo(json.dumps(as_document(comparison), indent=1, allow_nan=False))
    elif not quiet:
        from sim.tables import comparison_table, coverage_table

        scenario = comparison.scenario
        click.echo(f"{scenario.title}\n{scenario.question}\n")
        click.echo("Coverage: the longest exposure window by settings, or open\n")
        click.echo(coverage_table(comparison.coverage) + "\n")
        click.echo(comparison_table(comparison))
        cases = len(next(iter(comparison.runs.values()))[0].cases)
        click.echo(
            f"\n± 95 % interval over {comparison.replications} replication(s), about {cases} cases each; open: by"
            " settings nothing ends it; >=: some cases outlived the run."
            f"\nscenario {scenario.id}, seed {comparison.seed}, engine {comparison.engine}, version {__version__}"
        )


def as_document(comparison: "Comparison") -> dict[str, Any]:
    """The comparison as `--json` prints it."""
    from dataclasses import asdict

    scenario = comparison.scenario
    keys = ("strategy", "cause", "of", "covered", "bound_s")
    return {
        "scenario": {"title": scenario.title, "id": scenario.id, "path": scenario.path},
        "version": __version__,
        "engine": comparison.engine,
        "seed": comparison.seed,
        "replications": comparison.replications,
        "coverage": [{key: getattr(cell, key) for key in keys} for cell in comparison.coverage],
        "results": [asdict(figure) for figure in comparison.figures],
    }


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _progress(quiet: bool) -> "Iterator[Report | None]":
    """A bar on a terminal, a line every few seconds elsewhere; nothing with --quiet."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        from tqdm import tqdm

        with tqdm(
            total=1.0, unit="", bar_format="{percentage:3.0f}% {bar} {elapsed}, {remaining} left"
        ) as bar:

            def update(done: float, cells: int) -> None:
                bar.update(done / cells - bar.n)

            yield update
    else:
        yield _plain_lines()


def _plain_lines(every_s: float = 10.0) -> "Report":
    started = said = time.monotonic()

    def update(done: float, cells: int) -> None:
        nonlocal said
        now = time.monotonic()
        if done and now - said >= every_s:
            said = now
            left_s = (now - started) * (cells / done - 1)
            click.echo(f"{done:.1f} of {cells} runs, about {left_s:.0f} s left", err=True)

    return update


@contextmanager
def _interruptible() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        click.echo("interrupted; nothing was written", err=True)
        sys.exit(130)


@contextmanager
def _file_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text}: expected NAME=VALUE")
    return name, value


def _kind_rule(text: str) -> dict[str, str]:
    kind, rule = _pair(text)
    method, space, path = rule.partition(" ")
    return {"kind": kind, "method": method, "path": path} if space else {"kind": kind, "path": rule}

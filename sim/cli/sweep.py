"""`lastclick sweep`: the same study at many settings, kept in a folder that can be resumed and queried."""

import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.basics.wording import about
from sim.cli import completing
from sim.cli.common import InputError, Stopped, chosen, engine_option, load

if TYPE_CHECKING:
    from sim.sweeps import Plan, Sweep

_MOST_ROWS = 24  # of the table: the preferred settings come first


_KEPT = "what was finished is kept: run it again to go on"


@click.command()
@click.argument("scenario", shell_complete=completing.scenarios)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder of the results."
)
@click.option(
    "--strategy",
    "names",
    multiple=True,
    shell_complete=completing.strategies,
    metavar="NAME",
    help="Only these (repeatable).",
)
@click.option(
    "--vary",
    "varied",
    shell_complete=completing.settings,
    multiple=True,
    metavar="PATH=VALUES",
    help='Instead of [sweep]: "host.check.median=10ms,50ms" (repeatable).',
)
@click.option("--method", help='"grid" (default), "zip" or "latin_hypercube=N".')
@click.option("--replications", type=click.IntRange(min=1), help="Instead of the scenario's.")
@click.option("--seed", type=click.IntRange(min=0), help="Instead of the scenario's.")
@engine_option
@click.option("--workers", type=click.IntRange(min=1), help="Processes; default: the cores here.")
@click.option(
    "--cluster", metavar="ADDRESS", help="A Dask scheduler instead, e.g. tcp://host:8786."
)
@click.option("--dry-run", is_flag=True, help="Only say how many cells, how long, how much disk.")
@click.option("--quiet", is_flag=True, help="No progress, no summary, no picture.")
def sweep(
    scenario: str,
    out: Path | None,
    names: tuple[str, ...],
    varied: tuple[str, ...],
    method: str | None,
    replications: int | None,
    seed: int | None,
    engine: str,
    workers: int | None,
    cluster: str | None,
    dry_run: bool,
    quiet: bool,
) -> None:
    """Run a scenario at every setting of its [sweep]; run it again to go on where it stopped.

    Results are Parquet files in the folder, readable while the sweep runs: see docs/results.md. It ends with a table,
    the setting that meets the goals, and a picture; `lastclick report`, `figures` and `explore` read the folder.
    """
    loaded = load(scenario)
    options: dict[str, Any] = {
        "strategies": chosen(loaded, names),
        "vary": dict(map(_varied, varied)) or None,
        "method": _method(method),
        "replications": replications,
        "seed": seed,
    }
    if dry_run:
        return _estimate(loaded, options, workers)
    if out is None:
        raise InputError("--out: name a folder for the results (or --dry-run)")
    options["engine"] = engine
    result = _run(loaded, out, options, workers, cluster, quiet)
    if not quiet:
        click.echo(_summary(result))
        _show(result, scenario)
    if result.failures:
        sys.exit(1)


def _run(
    loaded: Any,
    out: Path,
    options: dict[str, Any],
    workers: int | None,
    cluster: str | None,
    quiet: bool,
) -> "Sweep":
    from sim import sweeps as room
    from sim.scenario import ScenarioError
    from sim.sweeps.executors import said_of_cluster

    try:
        return room.sweep(
            loaded,
            out,
            **options,
            workers=workers,
            cluster=cluster,
            progress="none" if quiet else "auto",
        )
    except (ScenarioError, room.FolderInUse, room.NotASweep) as error:
        raise InputError(str(error)) from None
    except KeyboardInterrupt:
        click.echo(
            f"interrupted; what was finished is kept in {out}: run it again to go on", err=True
        )
        sys.exit(130)
    except (ImportError, RuntimeError) as error:
        if cluster and (said := said_of_cluster(error)) is not None:
            raise Stopped(f"{cluster}: {said}; {_KEPT}") from None
        if not isinstance(error, ImportError):
            raise
        raise InputError(f'{error}: a cluster needs pip install "lastclick[cluster]"') from None
    except OSError as error:
        where = (
            cluster
            if cluster and not isinstance(error, FileNotFoundError | PermissionError)
            else out
        )
        raise Stopped(f"{where}: {error.strerror or error}; {_KEPT}") from None


def _varied(text: str) -> tuple[str, list[Any]]:
    path, equals, values = text.partition("=")
    if not equals or not path or not values:
        raise InputError(f"--vary {text}: expected PATH=VALUE,VALUE,...")
    try:
        listed = tomllib.loads(f"x = {values}")["x"] if values.startswith("[") else None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"--vary {text}: not a TOML list: {error}") from None
    return path, listed if listed is not None else [
        _value(part.strip()) for part in values.split(",")
    ]


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"x = {text}")["x"]
    except tomllib.TOMLDecodeError:
        return text


def _method(text: str | None) -> Any:
    name, equals, number = (text or "").partition("=")
    if name == "latin_hypercube" and equals and number.isdigit():
        return {name: int(number)}
    if text in (None, "grid", "zip"):
        return text
    raise InputError(f'--method {text}: expected "grid", "zip" or "latin_hypercube=N"')


def _estimate(loaded: Any, options: dict[str, Any], workers: int | None) -> None:
    from sim.basics.machine import cores
    from sim.scenario import ScenarioError
    from sim.sweeps import make_plan
    from sim.sweeps.estimate import estimate

    try:
        plan = make_plan(loaded, **options)
    except ScenarioError as error:
        raise InputError(str(error)) from None
    found = estimate(plan)
    count = workers or cores()
    click.echo(_cells_text(plan))
    click.echo(
        f"about {about(float(f'{found.worker_s / count:.2g}'))} on {count} worker(s):"
        f" {about(found.worker_s / max(1, found.replications))} a replication, measured on {found.sampled} samples"
    )
    click.echo(f"about {found.bytes / 1e6:.2g} MB in {found.files} file(s)")


def _cells_text(plan: "Plan") -> str:
    each = ", ".join(f"{group.strategy} {len(group.points)}" for group in plan.groups)
    return f"{len(plan):,} cells of {plan.replications} replication(s), {plan.method}: {each}"


def _show(result: "Sweep", scenario: str) -> None:
    """What came out: the finding, a table that fits the terminal, a picture, and what to do next."""
    from sim.plot.swept import swept_figures
    from sim.results.store import read_sweep, write_atomically
    from sim.verdict.swept import swept
    from sim.verdict.terminal import swept_text

    try:
        rows, manifest = read_sweep(result.folder)
    except ValueError:  # nothing is finished
        return
    found = swept(rows, manifest)
    click.echo(f"\n{found.headline}\n")
    click.echo(swept_text(found, _MOST_ROWS))
    if (more := len(found.cells) - _MOST_ROWS) > 0:
        click.echo(f"... and {more:,} more: lastclick report {result.folder}")
    click.echo("(x: the goal is missed; ?: not shown to be met)\n")
    for name, draw in swept_figures(rows, found).items():
        try:
            picture = draw()
        except ValueError:
            continue
        file = result.folder / f"{name}.svg"
        write_atomically(file, lambda path, p=picture: p.save(path, "svg"))  # type: ignore[misc]
        click.echo(f"Picture: {file}")
        break
    click.echo(f"Next: lastclick explore {result.folder}   (a slider for each path)")
    click.echo(f"      lastclick report {result.folder}    (one page; all pictures: lastclick figures {result.folder})")  # fmt: skip
    click.echo(f"      lastclick recommend {scenario}   (looks between these settings)")


def _summary(result: "Sweep") -> str:
    used = {path for group in result.plan.groups for path in group.paths}
    lines = [f"{path}: concerns none of these strategies, so it is not varied" for path in result.plan.paths if path not in used]  # fmt: skip
    lines += [
        f"{result.folder}: {result.ran:,} cells run, {result.skipped:,} were there already, of {len(result.plan):,}"
    ]
    if result.failures:
        lines.append(f"{len(result.failures)} failed; run it again to try them again:")
        lines += [f"  {cell}: {why}" for cell, why in list(result.failures.items())[:20]]
    return "\n".join(lines)

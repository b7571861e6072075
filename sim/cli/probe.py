"""`lastclick probe`: the window of a running system, measured from outside."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.basics.wording import about
from sim.cli.common import InputError, file_errors
from sim.probe import MissingExtra, require_extra

if TYPE_CHECKING:
    from sim.probe.record import Record
    from sim.probe.run import Progress
    from sim.probe.settings import Probe
    from sim.probe.words import Findings


class _OrRun(click.Group):
    """`lastclick probe FILE` is `lastclick probe run FILE`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            args = ["run", *args]
        return super().resolve_command(ctx, args)


@click.group(cls=_OrRun)
def probe() -> None:
    """Measure how long access lives on in a running system.

    `lastclick probe new FILE` writes a file to fill in; `lastclick probe FILE` signs a test account in, clicks, revokes
    it, watches until it is refused, gives it back, and repeats; `lastclick probe compare A B` sets two results side
    by side. Only this machine is asked unless another host is named in the file and by --host.
    """


@probe.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False), default="probe.toml")
def new(path: Path) -> None:
    """Write a probe file with comments."""
    from sim.probe.template import TEXT
    from sim.results.store import write_text

    if path.exists():
        raise InputError(f"{path}: exists; name another file")
    with file_errors(path):
        write_text(path, TEXT)
    click.echo(f"{path}: written; fill it in, then: lastclick probe {path} --dry-run")


@probe.command()
@click.argument("gate", default="nginx_auth_request")
@click.option(
    "--life",
    default="5s",
    show_default=True,
    metavar="DURATION",
    help="How long the part keeps a yes, in whole seconds.",
)
@click.option(
    "--file",
    "path",
    default="probe.toml",
    show_default=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The probe file to write.",
)
def demo(gate: str, life: str, path: Path) -> None:
    """Start a real part to try the probe on, and write the file that measures it.

    The part (nginx_auth_request by default; its stale variants, HAProxy) keeps what a small host on this machine said of
    its one account, until Ctrl-C. Needs lastclick[testbed] and the part itself.
    """
    from sim.cli.probe_demo import stand

    stand(gate, life, path)


@probe.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the results; default: the file's name without its ending.",
)
@click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="A host other than this machine that the file names (repeatable).",
)
@click.option(
    "--scenario",
    default="office",
    show_default=True,
    metavar="SCENARIO",
    help="Whose people the measured gate is simulated with.",
)
@click.option("--dry-run", is_flag=True, help="Show every request and command, and send none.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.option("--quiet", is_flag=True, help="No progress.")
def run(
    path: Path,
    out: Path | None,
    hosts: tuple[str, ...],
    scenario: str,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Measure, or go on where an interrupted run stopped."""
    from sim.probe.settings import ProbeError, load_probe

    try:
        settings = load_probe(path)
    except ProbeError as error:
        raise InputError(str(error)) from None
    _only_allowed(settings, hosts)
    if dry_run:
        from sim.probe.template import dry_run_text

        click.echo(dry_run_text(settings))
        return
    _measure(settings, out or path.with_suffix(""), frozenset(hosts), as_json, quiet, scenario)


def _only_allowed(settings: "Probe", hosts: tuple[str, ...]) -> None:
    from sim.probe.settings import is_loopback

    for host, key in settings.hosts().items():
        if not is_loopback(host) and host not in hosts:
            raise InputError(
                f"{key}: {host} is not this machine; to send requests there name it here too: --host {host}"
            )


def _measure(
    settings: "Probe",
    folder: Path,
    hosts: frozenset[str],
    as_json: bool,
    quiet: bool,
    scenario: str,
) -> None:
    try:
        require_extra()
    except MissingExtra as error:
        raise InputError(str(error)) from None
    from sim.probe.exchange import ExchangeFailed
    from sim.probe.journal import JournalError
    from sim.probe.run import run_in

    try:
        with file_errors(folder):
            outcome = run_in(settings, folder, hosts, _progress(quiet))
    except (ExchangeFailed, JournalError) as error:
        raise InputError(str(error)) from None
    except KeyboardInterrupt:
        click.echo(
            f"interrupted; what was taken is given back, what was measured is in {folder}", err=True
        )
        raise SystemExit(130) from None
    if outcome.stopped:
        click.echo(outcome.stopped, err=True)
    show(folder, as_json, scenario)


def _progress(quiet: bool) -> "Progress":
    import time

    began_s = time.monotonic()

    def say(done: float, mode: str) -> None:
        left_s = (time.monotonic() - began_s) * (1 - done) / done if done else 0.0
        left = f", about {about(round(left_s))} left" if done and done < 1 else ""
        click.echo(f"{100 * done:3.0f} % {mode}{left}", err=True)

    return (lambda done, mode: None) if quiet else say


def show(folder: Path, as_json: bool, scenario: str | None = None) -> None:
    """Print what a folder's journal says, and write it there."""
    import json

    from sim.probe.words import as_json as document
    from sim.probe.words import part_of, text_of
    from sim.results.store import write_text

    found, records = _read(folder)
    best = found.explained[0] if found.explained else None
    prediction = _prediction(found, scenario) if scenario else ""
    text = text_of(found, prediction)
    content = document(found) | {"predicts": prediction, "text": text}
    with file_errors(folder):
        _draw(records, found.title, folder / "windows.svg")
        write_text(folder / "probe.json", json.dumps(content, indent=2) + "\n")
        if best is not None and best.gate.mechanism:
            write_text(folder / "measured.toml", part_of(best))
    if as_json:
        click.echo(json.dumps(content, indent=2))
        return
    click.echo(text)
    if best is not None and best.gate.mechanism:
        click.echo(f"\n{folder / 'measured.toml'}: this gate as a scenario part, to include")


def _draw(records: "list[Record]", title: str, path: Path) -> None:
    from sim.plot import MeasuredWindow, measured
    from sim.probe.windows import all_windows

    windows = [
        MeasuredWindow(mode, w.from_s, w.until_s, w.open) for mode, w in all_windows(records)
    ]
    if windows:
        measured(windows, title).save(path)


def _read(folder: Path) -> "tuple[Findings, list[Record]]":
    from sim.probe.journal import NAME, JournalError, read_journal
    from sim.probe.words import findings

    try:
        head, records, _ = read_journal(folder / NAME)
    except JournalError as error:
        raise InputError(str(error)) from None
    return findings(head, records), records


def _prediction(found: "Findings", scenario: str) -> str:
    from sim.probe.predict import predicted
    from sim.scenario import ScenarioError

    if not found.explained or not found.explained[0].explained:
        return ""
    try:
        return predicted(found.explained[0], scenario).words
    except ScenarioError as error:
        return f"the model cannot say this gate yet ({error.problems[0].message})"


@probe.command(name="compare")
@click.argument("before", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("after", type=click.Path(path_type=Path, exists=True, file_okay=False))
def compare(before: Path, after: Path) -> None:
    """Set two probes side by side: did the window change?"""
    from sim.probe.compare import compared

    first, second = _read(before), _read(after)
    click.echo(compared(first[0], second[0], (first[1], second[1])))

"""The command line. It parses, calls, prints; everything else lives elsewhere and is imported when used."""

import gc
import sys
from importlib import import_module
from typing import Any

import click

from sim import __version__
from sim.cli.output import failed, keep_descriptors

# command -> the room it lives in; the function is called like the command (with an underscore where it must)
ROOMS = {
    "list": "sim.cli.scenarios:list_",
    "new": "sim.cli.new:new",
    "validate": "sim.cli.scenarios:validate",
    "schema": "sim.cli.scenarios:schema",
    "strategies": "sim.cli.scenarios:strategies",
    "gates": "sim.cli.gates:gates",
    "compare": "sim.cli.compare:compare",
    "recommend": "sim.cli.recommend:recommend",
    "sensitivity": "sim.cli.sensitivity:sensitivity",
    "sweep": "sim.cli.sweep:sweep",
    "verify": "sim.cli.verify:verify",
    "trace": "sim.cli.trace:trace",
    "fit": "sim.cli.fit:fit",
    "report": "sim.cli.report:report",
    "explore": "sim.cli.explore:explore",
    "figures": "sim.cli.figures:figures",
    "testbed": "sim.cli.testbed:testbed",
    "calibrate": "sim.cli.calibrate:calibrate",
    "probe": "sim.cli.probe:probe",
}


class Rooms(click.Group):
    """Opens the room of a command when the command is used: starting stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(ROOMS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in ROOMS:
            return None
        room, function = ROOMS[cmd_name].split(":")
        command: click.Command = getattr(import_module(room), function)
        return command

    def main(self, *args: Any, **extra: Any) -> Any:
        """Everything, the help and errors included, with an output that may be closed or full."""
        keep_descriptors()
        gc.set_threshold(
            50_000
        )  # what a start loads stays: looking through it is a tenth of its time
        try:
            return super().main(*args, **extra)
        except SystemExit as ended:
            try:
                sys.stdout.flush()
            except OSError as error:
                raise SystemExit(ended.code or failed(error)) from None
            raise
        except OSError as error:
            raise SystemExit(failed(error)) from None

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Where the help is printed."""
        try:
            return super().make_context(*args, **extra)
        except OSError as error:
            raise SystemExit(failed(error)) from None

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; Ctrl-C anywhere in it ends with 130, as shells expect."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except OSError as error:
            ctx.exit(failed(error))
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(130)
        except Exception as error:
            if (said := _said(error)) is error:
                raise
            raise said from None


def _said(error: Exception) -> Exception:
    """What ends a command wherever it is, as a line; other errors as they are."""
    from sim.cli.common import InputError, Stopped
    from sim.engine.limits import TooMuch

    if isinstance(error, TooMuch):
        return InputError(str(error))
    if isinstance(error, MemoryError):
        return Stopped("memory ran out; take fewer people, replications or --workers")
    return error


@click.group(
    cls=Rooms, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="lastclick")
def main() -> None:
    """How long do a fired person's clicks still work, and at what price?"""

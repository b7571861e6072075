"""`lastclick probe demo`: a real part to try the probe on, until Ctrl-C."""

import os
import time
from pathlib import Path

import click

from sim.basics.names import UnknownName, known
from sim.basics.units import parse_duration
from sim.cli.common import InputError, file_errors, terminable
from sim.testbed import MissingExtra, require_extra

LOOKS_EVERY_S = 0.2


def stand(gate: str, life: str, path: Path) -> None:
    """Until Ctrl-C, SIGTERM or the end of what started it: the part in front of a host with one account. Raises InputError."""
    try:
        require_extra()
    except MissingExtra as error:
        raise InputError(str(error)) from None
    from sim.results.store import write_text
    from sim.testbed.folder import run_folder
    from sim.testbed.real.account import Host
    from sim.testbed.real.part import NotInstalled
    from sim.testbed.real.parts import part
    from sim.testbed.real.stand import PROBED, standing
    from sim.testbed.servers import ServerFailed

    life_s = _whole_seconds(life)
    if path.exists():
        raise InputError(f"{path}: exists; name another with --file")
    try:
        known("gate to try the probe on", gate, PROBED)
        version = part(gate).version()
        with terminable(), run_folder() as folder, Host() as host:
            folder.chmod(0o711)  # servers that change their user must reach what they serve
            with standing(gate, folder / "part", host.port, life_s) as up:
                with file_errors(path):
                    write_text(path, up.probe_file)
                click.echo(
                    f"{gate} ({version}), which keeps a yes for {life_s} s, listens on port {up.port}."
                    f"\n{path}: written; in another terminal: lastclick probe {path}"
                    "\nCtrl-C ends the part."
                )
                _until_left()
    except (UnknownName, NotInstalled, ServerFailed) as error:
        raise InputError(str(error)) from None
    except KeyboardInterrupt:
        click.echo(f"{gate}: stopped", err=True)


def _until_left() -> None:
    """As long as what started this process is there: a demonstration shall not outlive its notebook."""
    started_by = os.getppid()
    while os.getppid() == started_by:
        time.sleep(LOOKS_EVERY_S)


def _whole_seconds(life: str) -> int:
    try:
        life_s = parse_duration(life)
    except ValueError as error:
        raise InputError(f"--life {life}: {error}") from None
    if life_s < 1 or not float(life_s).is_integer():
        raise InputError(f"--life {life}: expected whole seconds, at least 1 s")
    return int(life_s)

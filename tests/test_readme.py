"""Every command in README is run, as a user would, in a folder of its own."""

import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from support import ROOT

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines() if line.strip()]
LOG = """\
10.0.0.1 - ann [24/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 512
10.0.0.1 - ann [24/Nov/2026:10:00:20 +0000] "POST /a HTTP/1.1" 200 100
10.0.0.2 - bob [24/Nov/2026:10:01:00 +0000] "GET /b HTTP/1.1" 200 900
10.0.0.2 - bob [24/Nov/2026:10:01:30 +0000] "GET /c HTTP/1.1" 200 900
"""


def test_set_up_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = [c.removeprefix("make ") for c in COMMANDS if c.startswith("make ")]
    assert targets == ["demo", "test"]
    for target in targets:
        assert re.search(rf"^{target}:.*## ", makefile, re.MULTILINE)


def test_the_other_commands_run(tmp_path: Path) -> None:
    (tmp_path / "access.log").write_text(LOG)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    commands = [c for c in COMMANDS if not c.startswith("make ")]
    assert len(commands) >= 8
    for command in commands:
        if serves(command):
            look(command, tmp_path, path)
            continue
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=tmp_path,
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    made = "our_app.toml results/results.parquet events.parquet workload.toml fit.png"
    for name in made.split():
        assert (tmp_path / name).stat().st_size > 0


def serves(command: str) -> bool:
    """Whether a command serves a page until it is interrupted."""
    return command.startswith("lastclick explore ") and " -o " not in command


def look(command: str, folder: Path, path: str) -> None:
    """Open the page that a command serves, then end it as a user does."""
    words = [*shlex.split(command), "--no-browser"]
    server = subprocess.Popen(words, cwd=folder, env=os.environ | {"PATH": path}, stdout=subprocess.PIPE, text=True)  # fmt: skip
    assert server.stdout is not None
    address = server.stdout.readline().strip()
    assert address.startswith("http://127.0.0.1:"), command
    with urllib.request.urlopen(address, timeout=30) as page:
        assert b"controls" in page.read()
    server.send_signal(signal.SIGINT)
    assert server.wait(30) == 0

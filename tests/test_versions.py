"""The versions that are declared, tried: the lowest and the newest of each dependency, on each Python that is here."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from support import ROOT

# What finds out that a library is too old or too new: every engine against the others, statistics, files, pictures, commands.
SUBSET = (
    "tests/engine/test_limits.py", "tests/engine/test_fuzz.py", "tests/scenario", "tests/basics", "tests/results",
    "tests/plot/test_plot.py", "tests/sweeps/test_sweep.py", "tests/cli/test_outputs.py",
)  # fmt: skip
OLDEST, NEWEST = (3, 11), (3, 15)


@cache
def pythons() -> dict[str, str]:
    """The interpreters from the oldest that is declared, by version: on the PATH and among pyenv's, those that run."""
    found: dict[str, str] = {}
    for minor in range(OLDEST[1], NEWEST[1]):
        version = f"{OLDEST[0]}.{minor}"
        pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
        built = sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"))
        for path in filter(None, (shutil.which(f"python{version}"), *map(str, built))):
            if subprocess.run([path, "--version"], capture_output=True).returncode == 0:
                found.setdefault(version, path)
    return found


def test_the_declared_pythons_are_those_that_were_tried() -> None:
    """A classifier says what was tested; what is only allowed is said to be untested in docs/validation.md."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = [c.rpartition(" ")[2] for c in project["classifiers"] if "Python :: 3." in c]
    assert declared == ["3.11"]
    assert project["requires-python"] == ">=3.11"


@pytest.mark.nightly
@pytest.mark.parametrize("resolution", ["lowest-direct", "highest"])
@pytest.mark.parametrize("version", pythons())
def test_declared_versions(version: str, resolution: str, tmp_path: Path) -> None:
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    if not Path(uv).exists():
        pytest.skip("needs uv")
    listed, here = tmp_path / "versions.txt", tmp_path / "venv"
    _run(uv, "venv", "--quiet", "--python", pythons()[version], str(here))
    _run(
        *(uv, "pip", "compile", "pyproject.toml", "--extra", "test", "--extra", "testbed", "--quiet", "--no-header"),
        *("--resolution", resolution, "--python-version", version, "--output-file", str(listed)),
    )  # fmt: skip
    _run(uv, "pip", "install", "--quiet", "--python", str(here / "bin/python"), "-r", str(listed))
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "LASTCLICK_CACHE_DIR": str(tmp_path / "cache"),
        "PATH": f"{here / 'bin'}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        [str(here / "bin/python"), "-m", "pytest", "-q", "-m", "not nightly", *SUBSET],
        cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    record = ROOT / "build" / f"versions-{version}-{resolution}.json"
    record.parent.mkdir(exist_ok=True)
    content = {"python": version, "resolution": resolution, "passed": done.returncode == 0}
    record.write_text(json.dumps(content | {"versions": _versions(listed)}, indent=1) + "\n")
    assert done.returncode == 0, done.stdout[-5000:]


def _versions(listed: Path) -> dict[str, str]:
    pairs = [line.split("==") for line in listed.read_text().splitlines() if "==" in line]
    return {name: version.partition(" ")[0] for name, version in pairs}


def _run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr[-2000:]}"
    return done.stdout

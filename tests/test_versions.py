"""The versions that are declared, tried: the lowest and the newest of each dependency, on each Python that is here."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

# What finds out that a library is too old or too new: every engine against the others, statistics, files, pictures, commands.
SUBSET = (
    "tests/engine/test_limits.py", "tests/engine/test_fuzz.py", "tests/scenario", "tests/basics", "tests/results",
    "tests/plot/test_plot.py", "tests/sweeps/test_sweep.py", "tests/cli/test_outputs.py",
)  # fmt: skip
OLDEST, NEWEST = (3, 11), (3, 15)


def pythons() -> list[str]:
    """The interpreters on the PATH from the oldest that is declared."""
    names = [f"python{OLDEST[0]}.{minor}" for minor in range(OLDEST[1], NEWEST[1])]
    return [name for name in names if shutil.which(name)]


def test_the_declared_pythons_are_those_that_were_tried() -> None:
    """A classifier says what was tested; what is only allowed is said to be untested in docs/validation.md."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = [c.rpartition(" ")[2] for c in project["classifiers"] if "Python :: 3." in c]
    assert declared == ["3.11"]
    assert project["requires-python"] == ">=3.11"


@pytest.mark.nightly
@pytest.mark.parametrize("resolution", ["lowest-direct", "highest"])
@pytest.mark.parametrize("python", pythons())
def test_declared_versions(python: str, resolution: str, tmp_path: Path) -> None:
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    if not Path(uv).exists():
        pytest.skip("needs uv")
    listed, here = tmp_path / "versions.txt", tmp_path / "venv"
    _run(uv, "venv", "--quiet", "--python", python, str(here))
    version = _run(
        str(here / "bin/python"), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"
    )
    _run(
        *(uv, "pip", "compile", "pyproject.toml", "--extra", "test", "--extra", "testbed", "--quiet", "--no-header"),
        *("--resolution", resolution, "--python-version", version.strip(), "--output-file", str(listed)),
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
    record = ROOT / "build" / f"versions-{version.strip()}-{resolution}.json"
    record.parent.mkdir(exist_ok=True)
    content = {"python": version.strip(), "resolution": resolution, "passed": done.returncode == 0}
    record.write_text(json.dumps(content | {"versions": _versions(listed)}, indent=1) + "\n")
    assert done.returncode == 0, done.stdout[-5000:]


def _versions(listed: Path) -> dict[str, str]:
    pairs = [line.split("==") for line in listed.read_text().splitlines() if "==" in line]
    return {name: version.partition(" ")[0] for name, version in pairs}


def _run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr[-2000:]}"
    return done.stdout

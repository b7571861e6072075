"""The kernels without Numba: the same records from the kept object code, and Numba wherever that does not fit."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

from sim.engine import compiled
from sim.engine.compiled import machine, objects
from sim.model.strategies import CATALOGUE
from sim.scenario import load, with_changes

SMALL = {
    "organisation.people": 30,
    "run.horizon": "2h",
    "cases.from": "30min",
    "cases.until": "90min",
}


@pytest.fixture(scope="module")
def folder() -> Path:
    """Where this machine keeps the code; skips where nothing can be kept, or the format is another."""
    machine.kernels()
    place = machine.cache_folder()
    if place is None or not (place / objects.FILE).is_file():
        pytest.skip("no object code is kept on this machine")
    return place


def test_object_code_records_what_numba_records(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = with_changes(load("office"), SMALL)
    loaded, by_numba = objects.load(folder), machine._by_numba(folder)
    assert loaded is not None
    for name, strategy in CATALOGUE.items():
        runs = []
        for kernels in (loaded, by_numba):
            three = (kernels["advance"], kernels["count_cases"], kernels["close"])
            monkeypatch.setattr(compiled, "kernels", lambda three=three: three)
            runs.append(compiled.run(scenario, strategy, tracing=True))
        assert runs[0].differences(runs[1]) == [], name


def test_numba_may_come_later(folder: Path) -> None:
    """What the kernels never call is made up for them alone: a user's own compiled functions find Numba's."""
    code = (
        "from sim.engine.compiled.machine import kernels; kernels(); import sys; assert 'numba' not in sys.modules\n"
        "import numba, numpy\n"
        "@numba.njit\n"
        "def half(a):\n"
        "    if len(a) == 0:\n"
        "        raise ValueError('nothing')\n"
        "    b = [x / 2 for x in a]\n"
        "    return numpy.array(b)\n"
        "print(half(numpy.ones(4)).sum())\n"
        "try:\n"
        "    half(numpy.ones(0))\n"
        "except ValueError as error:\n"
        "    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == ["2.0", "nothing"], done.stderr


def test_a_command_starts_without_numba(folder: Path) -> None:
    code = (
        "import sys; from sim.cli import main\n"
        "main(['compare', 'shared_computer', '--strategy', 'short_token', '--replications', '1', '--quiet'],"
        " standalone_mode=False)\n"
        "print(*sorted({'numba', 'pandas', 'matplotlib', 'simpy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    "fault", ["torn", "another byte", "another machine", "a name nobody has", "gone"]
)
def test_what_does_not_fit_is_left_to_numba(folder: Path, tmp_path: Path, fault: str) -> None:
    kept = (folder / objects.FILE).read_bytes()
    described, codes = objects.read(folder / objects.FILE)
    if fault == "torn":
        (tmp_path / objects.FILE).write_bytes(kept[: len(kept) // 2])
    elif fault == "another byte":
        (tmp_path / objects.FILE).write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    elif fault != "gone":
        if fault == "another machine":
            described["machine"][1] = "another"
        else:
            described["kernels"][0]["needs"].append("no_such_function")
        text = json.dumps(described).encode()
        body = text + b"".join(codes)
        head = objects._HEAD.pack(len(text), objects.zlib.crc32(body))
        (tmp_path / objects.FILE).write_bytes(head + body)
    assert objects.load(tmp_path) is None
    assert objects.load(folder) is not None


def test_only_elf_is_read_for_names() -> None:
    assert objects.needed_symbols(b"\xcf\xfa\xed\xfe" + bytes(60)) is None


def test_a_process_that_was_killed_between_the_two_caches_spoils_no_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numba's cache is there and ours is not: whoever compiled was killed in between, or is about to write."""
    folder = machine.cache_folder()
    if folder is None or not any(folder.glob("*.nbi")):
        pytest.skip("the kernels are not kept here")
    for path in folder.glob("*.nb?"):
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(machine, "cache_folder", lambda: tmp_path)
    found = machine._by_numba(tmp_path)
    objects.keep(tmp_path, found)  # raised RuntimeError at every start
    assert not (tmp_path / objects.FILE).exists()
    assert list(tmp_path.glob("*.nbi")) == []  # the next start compiles anew and keeps both

"""Memory: the estimate covers what a run takes, and what there is not is refused before it is taken."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support import ROOT

from sim.engine import ENGINES, footprint
from sim.engine.limits import TooLarge
from sim.results.experiment import compare
from sim.scenario import load, with_changes

HOUR = {
    "run.horizon": "30min", "run.drain": "10min", "cases.from": "10min", "cases.until": "20min", "organisation.shift.end": "30min",
}  # fmt: skip

# An event of each logout drops what its pages left.
ENTRIES_LEFT = {
    "token": {"lifetime": "8h"}, "allowlist": {"lifetime": "1h"}, "push": {"causes": ["logout"], "effect": "drop_entries"},
}  # fmt: skip

PEAK = """
import sys
from sim.engine import run
from sim.scenario import load, with_changes

def peak():
    return 1024 * int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])

engine, changes = sys.argv[1], eval(sys.argv[2])
office = load("office")
small = with_changes(office, changes | {"organisation.people": 10, "app.workers": 2})
run(small, small.strategies["layered"], engine=engine)
before = peak()
large = with_changes(office, changes)
run(large, large.strategies["layered"], engine=engine)
print(peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.parametrize(
    ("engine", "changes"),
    [
        ("compiled", {"organisation.people": 200_000}),
        ("compiled", {"organisation.people": 100_000, "app.holds_worker": True}),
        ("compiled", {"organisation.people": 100_000, "strategies.layered": ENTRIES_LEFT}),
        ("compiled", {"app.workers": 10_000_000}),
        (
            "compiled",
            {"host.rate_limit": {"kind": "log", "per_second": 10, "per_hour": 10_000_000}},
        ),
        ("compiled", {"organisation.people": 50_000, "workload.poll": {"every": "5min"}}),
        ("plain", {"organisation.people": 5_000}),
        ("reference", {"organisation.people": 2_000}),
    ],
)
def test_the_estimate_is_what_a_run_takes(engine: str, changes: dict[str, Any]) -> None:
    command = [sys.executable, "-c", PEAK, engine, repr(HOUR | changes)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    scenario = with_changes(load("office"), HOUR | changes)
    estimate = sum(footprint.of_a_run(scenario, scenario.strategies["layered"], engine).values())
    taken = float(done.stdout)
    assert taken <= 1.1 * estimate + 5e6
    if (
        engine == "compiled" and "organisation.people" in changes
    ):  # servers and a reference person's things come with use
        assert taken >= 0.6 * estimate


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"organisation.people": 2_000_000}, "organisation.people: this needs about "),
        ({"app.workers": 10_000_000}, "app.workers: this needs about "),
        ({"run.horizon": "2000d", "organisation.people": 1}, "run.horizon: this needs about "),
        ({"run.replications": 100_000}, "run.replications: this needs about "),
    ],
)
def test_what_there_is_not_is_refused_at_once(
    engine: str, changes: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine == "reference" and "app.workers" in changes:
        pytest.skip("servers take no memory there")
    monkeypatch.setattr(footprint, "free_bytes", lambda: 60e6)
    monkeypatch.setattr(footprint, "ALWAYS_FREE", 1e6)
    scenario = with_changes(load("office"), {"run.replications": 1} | changes)
    with pytest.raises(TooLarge, match=said):
        compare(scenario, [scenario.strategies["no_check"]], engine=engine)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits as Linux has them")
def test_the_command_refuses_under_a_limit_of_the_process(tmp_path: Path) -> None:
    path = tmp_path / "large.toml"
    path.write_text(
        "[run]\nreplications = 1\n[organisation]\npeople = 2000000\n[strategies.no_check]\n"
    )
    code = (
        "import resource, sys, sim.cli; resource.setrlimit(resource.RLIMIT_AS, (2_000_000_000,) * 2);"
        " sim.cli.main(['compare', sys.argv[1], '--engine', 'reference', '--workers', '1'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2, done.stderr
    assert "Error: organisation.people: this needs about 20 GB of memory, and 1." in done.stderr
    assert "Traceback" not in done.stderr


def test_free_memory_is_what_the_tightest_limit_leaves() -> None:
    assert 0 < footprint.free_bytes() < 1e15

"""Real gates beside their profiles: nginx wherever it is installed, the others at night."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from support import ROOT

from sim.cli import main
from sim.engine import run as simulate
from sim.gates import profiles
from sim.scenario import load
from sim.testbed.real.beside import DIFFERS, SAME, Beside, CaseBeside, beside, table
from sim.testbed.real.page import MARKS
from sim.testbed.real.part import NotInstalled, Part, program
from sim.testbed.real.parts import PARTS, part
from sim.testbed.real.play import Answer, Played, next_whole_second, play
from sim.testbed.real.script import scripts

WORLDS = {name: load(name) for name in {one.scenario for one in PARTS.values()}}


def here(name: str) -> None:
    try:
        part(name).program()
    except NotInstalled as error:
        pytest.skip(str(error))


def played_as_predicted(name: str, *, late_s: float = 0.0, never: bool = False) -> Played:
    """A run in which everybody was answered as the model says, `late_s` later; or let in for ever."""
    world = WORLDS[part(name).scenario]
    strategy = world.strategies[name]
    run = simulate(world, strategy, seed=world.run.seed, tracing=True)
    answers = {
        person: [
            Answer(act, act.at_s + late_s, act.at_s + late_s + 0.002, act.passes or never)
            for act in acts
            if not act.page
        ]
        for person, acts in scripts(run).items()
    }
    calls = sum(event[3] == "check_sent" for event in run.trace or ())
    return Played(part(name), strategy, run, answers, calls, 1.0)


def test_every_part_has_a_profile_and_a_strategy() -> None:
    assert len(PARTS) >= 5
    there = {(name, title) for title, world in WORLDS.items() for name in world.strategies}
    assert {(name, one.scenario) for name, one in PARTS.items()} == there
    assert set(PARTS) <= set(profiles())


@pytest.mark.parametrize("name", [name for name, one in PARTS.items() if one.holds == "session"])
def test_what_is_answered_as_predicted_is_the_same(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Part, "version", lambda _: "1")
    row = beside(played_as_predicted(name))
    assert row.count(SAME) == len(row.cases) > 50
    assert row.problems == []


@pytest.mark.parametrize("name", ["nginx_auth_request", "mod_auth_openidc"])
def test_a_gate_that_stays_open_differs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stale nginx that were taken for a plain one; sessions without their cap."""
    monkeypatch.setattr(Part, "version", lambda _: "1")
    row = beside(played_as_predicted(name, never=True))
    assert row.count(DIFFERS) >= 0.9 * len(row.cases)  # the others were out before
    assert any("means" in said for said in row.problems)


def test_host_calls_that_are_more_are_said() -> None:
    row = Beside("x", "1", [CaseBeside(1, 1.0, 0.5, 0.5, 1.2, False, SAME)], (100, 103), 0.01)
    assert row.problems == ["host calls: 100 predicted, 103 measured"]
    assert Beside("x", "1", row.cases, (100, 102), 0.01).problems == []
    assert "asks a file" in table([Beside("x", "1", row.cases, (100, None), 0.01)])


def test_a_run_begins_on_a_whole_second() -> None:
    import time

    wall = time.time() + next_whole_second() - time.monotonic()
    assert abs(wall - round(wall)) < 1e-3
    assert 0.9 < wall - time.time() < 2.1


@pytest.mark.parametrize("name", PARTS)
def test_what_is_not_installed_is_named_with_its_command(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.testbed.real.part.program", lambda _: None)
    done = CliRunner().invoke(main, ["testbed", "--gate", name, "--quiet"])
    assert done.exit_code == 2
    assert part(name).installs in done.output and "apt-get install" in done.output


def test_a_gate_misspelled_is_named_with_the_nearest() -> None:
    wrong = CliRunner().invoke(main, ["testbed", "--gate", "ngnix_auth_request", "--quiet"])
    assert wrong.exit_code == 2 and 'did you mean "nginx_auth_request' in wrong.output


def agree(name: str) -> Beside:
    here(name)
    world = WORLDS[part(name).scenario]
    row = beside(play(world, world.strategies[name], seed=world.run.seed))
    assert row.problems == []
    assert row.count(DIFFERS) == 0
    return row


def test_nginx_is_as_its_profile_says() -> None:
    """And nothing of it is left running."""
    agree("nginx_auth_request")
    listed = subprocess.run(["ps", "-eo", "ppid,args"], capture_output=True, text=True).stdout
    mine = [line for line in listed.splitlines() if line.split()[0] == str(os.getpid())]
    assert [line for line in mine if "nginx" in line or "guard.py" in line] == []


@pytest.mark.nightly
def test_stale_nginx_is_open_here_too() -> None:
    row = agree("nginx_auth_request_stale")
    assert row.still_in == (len(row.cases), len(row.cases))


@pytest.mark.nightly
@pytest.mark.parametrize(
    "name", [n for n in PARTS if n not in ("nginx_auth_request", "nginx_auth_request_stale")]
)
def test_the_others_are_as_their_profiles_say(name: str) -> None:
    agree(name)


def test_results_stand_in_the_page_of_validation() -> None:
    page = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
    first, last = MARKS
    rows = page.partition(first)[2].partition(last)[0]
    named = [name for name in PARTS if f"\n{name} " in rows]
    assert len(named) >= 5 and "nginx_auth_request_stale" in named


@pytest.mark.skipif(program("nginx") is None, reason="no nginx here")
def test_nothing_is_left_after_an_interrupt(tmp_path: Path) -> None:
    import signal
    import time

    command = [sys.executable, "-m", "sim", "testbed", "--gate", "nginx_auth_request", "--quiet"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    child = subprocess.Popen(
        command,
        env=environment,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not list(tmp_path.glob("lastclick-*/part/pid")):
        time.sleep(0.1)
    time.sleep(0.5)
    child.send_signal(signal.SIGINT)
    assert child.wait(20) == 130
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert str(tmp_path) not in listed
    assert list(tmp_path.glob("lastclick-*")) == []

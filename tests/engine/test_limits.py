"""What never ends is stopped and named, with the same words by every engine; a signal is heard while it goes on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support import ROOT
from support.worlds import ZERO_LATENCY, hear_interrupts, scenario

from sim.basics.quantiles import backed_off
from sim.cli import main
from sim.engine import ENGINES, arrays, compiled, limits, plain, run
from sim.model.causes import CAUSES
from sim.scenario import Scenario, with_changes

NEVER: dict[str, Any] = {"dist": "constant", "value": 0}
PEOPLE = 3


def endless(**tables: dict[str, Any]) -> Scenario:
    base: dict[str, Any] = {
        "run": {"horizon": "10min", "drain": "0s", "replications": 1},
        "organisation": {"people": PEOPLE, "visits": "1s", "shift": {"start": "0s", "end": "10min"}},
        "workload": {"think": "1s", "requests_per_page": "unlimited"},
        "cases": {
            **{cause: {"share": 0} for cause in CAUSES}, "deactivation": {"share": 1},
            "from": "1min", "until": "2min",
        },
        "strategies": {"tried": {"token": {"lifetime": "1min"}}},
    } | ZERO_LATENCY  # fmt: skip
    return scenario(
        {name: base.get(name, {}) | tables.get(name, {}) for name in {**base, **tables}}
    )


PUSHED = {"tried": {"token": {"lifetime": "1h"}, "push": {"effect": "denylist"}}}
RENEWED = {"tried": {"token": {"lifetime": 1e-6, "renewal": "host", "refresh_at": 0.5}}}
NEVER_ENDING = {
    "clicks": (endless(workload={"think": 0}), "clicks in one instant, 1 s after"),
    "visits": (
        endless(
            organisation={"visits": 0},
            workload={"requests_per_page": 1, "pages_per_visit": 1, "think": 0},
        ),
        "in one instant, 0 s after",
    ),
    "tries": (
        endless(
            push={"loss": 1, "retries": {"most": "unlimited", "wait": 0, "backoff": 2}},
            strategies=PUSHED,
        ),
        "attempts to push an event for one thing",
    ),
    "outages": (endless(host={"outages": {"every": NEVER, "lasts": NEVER}}), "outages in one"),
    "outages of the channel": (
        endless(push={"outages": {"every": NEVER, "lasts": NEVER}}, strategies=PUSHED),
        "outages in one",
    ),
    "renewals": (endless(strategies=RENEWED), "renewals: it does not end"),
    "fast clicks": (endless(workload={"think": 1e-7}), "clicks: it does not end"),
    "retried loads": (
        endless(host={"retry_after": 1e-4, "outages": {"starts": 0, "lasts": "10min"}}),
        "page loads for one thing",
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bounds, reached in a second by the slower engine."""
    monkeypatch.setattr(limits, "AN_INSTANT", 3_000)
    monkeypatch.setattr(limits, "A_RUN", 20_000)
    monkeypatch.setattr(limits, "A_RUN_A_PERSON", 0)
    monkeypatch.setattr(limits, "TRIES", 1_000)


@pytest.mark.parametrize("name", NEVER_ENDING)
def test_what_never_ends_is_named_alike_by_every_engine(name: str) -> None:
    world, said = NEVER_ENDING[name]
    texts = []
    for engine in ENGINES:
        with pytest.raises(limits.NeverEnds) as caught:
            run(world, world.strategies["tried"], engine=engine)
        texts.append(str(caught.value))
    with pytest.raises(limits.NeverEnds) as caught:
        compiled.run(world, world.strategies["tried"], together=False)
    assert said in texts[0]
    assert texts[0] == f"tried, replication 0: {caught.value}"
    assert texts[0].startswith("tried, replication 0: more than ")
    assert len(set(texts)) == 1


def test_a_timer_that_sends_nothing_is_stopped_too() -> None:
    """Polls wait for the one before: here for a page whose click has no answer in the run, so no poll is ever sent."""
    world = endless(
        workload={"poll": {"every": 1e-4, "when": "visit"}, "think": "10min"},
        app={"service": {"read": "1h", "write": "1h", "admin": "1h"}},
    )
    texts = set()
    for engine in ("compiled", "plain"):
        with pytest.raises(limits.NeverEnds) as caught:
            run(world, world.strategies["tried"], engine=engine)
        texts.add(str(caught.value))
    assert len(texts) == 1
    assert "polls: it does not end" in texts.pop()


def test_sums_that_no_64_bits_hold_are_refused_alike() -> None:
    world = with_changes(
        endless(strategies={"tried": {"allowlist": {"lifetime": "100000d"}}}),
        {
            "run.horizon": 1e8, "organisation.shift.end": 1e8, "organisation.visits": 5e4, "cases.deactivation.share": 0,
            "workload.requests_per_page": 1, "workload.pages_per_visit": 1, "workload.think": "1s",
        },
    )  # fmt: skip
    texts = set()
    for engine in ENGINES:
        with pytest.raises(limits.TooLarge) as caught:
            run(world, world.strategies["tried"], engine=engine)
        texts.add(str(caught.value))
    assert len(texts) == 1
    assert "list entries sum up to more than" in texts.pop()


@pytest.mark.parametrize(
    ("array", "tables", "said"),
    [
        ("lines", {"workload": {"poll": {"every": "1min"}}}, "organisation.people: timers of pages are more than 60 "),
        ("connections", {"strategies": {"tried": {"connection": {}}}}, "organisation.people: connections are more than 60 "),
        (
            "tasks",
            {"strategies": {"tried": {"token": {"lifetime": "1min", "renewal": "host", "refresh_at": 1}}}},
            "organisation.people: tasks in the background are more than 60 ",
        ),
    ],
)  # fmt: skip
def test_more_than_the_keys_of_events_can_number_is_refused(
    array: str, tables: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert arrays.MOST_NUMBERS == {"tasks": 2**25 - 1, "lines": 2**25 - 1, "connections": 2**23}
    monkeypatch.setitem(arrays.MOST_NUMBERS, array, 60)
    world = endless(**tables)
    for engine in (compiled, plain):
        with pytest.raises(limits.TooLarge, match=said):
            engine.run(world, world.strategies["tried"], 0)


def test_many_people_at_one_instant_are_no_endless_instant() -> None:
    world = endless(
        organisation={"people": 5_000, "visits": 0, "shift": {"start": "0s", "end": "1s"}},
        workload={"think": "1s", "requests_per_page": 1, "pages_per_visit": 1},
        cases={"deactivation": {"share": 0}},
    )
    found = run(world, world.strategies["tried"])
    assert found.honest_clicks == 5_000


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("workers", [1, 2])
def test_the_command_says_it_in_one_line(engine: str, workers: int, tmp_path: Path) -> None:
    if engine == "reference" and workers > 1:
        pytest.skip("other processes do not see the lower bounds")
    path = tmp_path / "endless.toml"
    path.write_text(
        "[run]\nreplications = 2\n[workload]\nthink = 0\nrequests_per_page = 'unlimited'\n[organisation]\npeople = 2\n"
        "[network]\nclient_app = 0\nclient_host = 0\n[app]\nverify = 0\nservice = {read = 0, write = 0, admin = 0}\n"
        "[strategies.no_check]\n"
    )
    arguments = ["compare", str(path), "--engine", engine, "--workers", str(workers)]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 2
    assert "no_check, replication" in done.output
    assert "clicks in one instant" in done.output
    assert "Traceback" not in done.output


def test_a_wait_that_grows_beyond_the_floats_stays_finite() -> None:
    assert backed_off(2.0, 2.0, 3.0) == 16.0
    assert backed_off(0.0, 1000.0, 65_535.0) == 0.0
    assert backed_off(1e-9, 1000.0, 65_535.0) == pytest.approx(1e21)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("engine", ["compiled", "compiled on threads", "reference"])
def test_a_signal_is_heard_while_a_person_clicks_for_ever(
    how: signal.Signals, engine: str, tmp_path: Path
) -> None:
    """Nothing else is due for a billion clicks, so only the engine itself can make room for a signal."""
    path = tmp_path / "busy.toml"
    path.write_text(
        "[run]\nreplications = 2\n[organisation]\npeople = 1\nvisits = '1s'\n"
        "[workload]\nthink = 1e-7\nrequests_per_page = 'unlimited'\n[network]\nclient_app = 1e-7\n"
        "[app]\nverify = 0\nservice = {read = 1e-7, write = 1e-7, admin = 1e-7}\n[strategies.no_check]\n"
    )
    workers = "2" if "threads" in engine else "1"
    command = [
        *(sys.executable, "-m", "sim", "compare", str(path), "--quiet", "--workers", workers),
        *("--engine", engine.split()[0]),
    ]
    process = subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, preexec_fn=hear_interrupts
    )
    time.sleep(8)
    assert process.poll() is None, "it ended before the signal"
    sent = time.monotonic()
    os.kill(process.pid, how)
    process.wait(20)
    assert time.monotonic() - sent < 5  # a second, on a machine that does nothing else
    assert process.returncode == (130 if how is signal.SIGINT else -signal.SIGTERM)
    assert process.stderr is not None
    assert b"Traceback" not in process.stderr.read()

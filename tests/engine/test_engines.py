"""All engines follow the same path: equal traces and equal records, to the bit, over scenarios drawn at random."""

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from support.drawn import scenarios, scenarios_of_a_log, scenarios_that_run_ahead
from support.logs import an_office_log, csv_of, put
from support.runners import plainly

from sim import oracle
from sim.engine import compiled, plain
from sim.engine.recording import TRACE_COLUMNS, Run
from sim.engine.steps.calendar import FEW
from sim.model.mechanisms import Token
from sim.model.strategies import CATALOGUE, Strategy
from sim.scenario import Scenario, load, with_changes

ENGINES = {"compiled": compiled, "plain": plain, "reference": oracle}


def assert_same_path(drawn: Scenario, strategy: Strategy, replication: int = 0) -> None:
    """All engines, event for event; the first that differs is shown side by side."""
    expected = oracle.run(drawn, strategy, replication, tracing=True)
    ours_by_name = {
        "compiled": compiled.run(drawn, strategy, replication, tracing=True),
        "plain": plainly(drawn, replication, strategy),
    }
    for name, ours in ours_by_name.items():
        pairs = zip(ours.trace or [], expected.trace or [], strict=False)
        for number, (left, right) in enumerate(pairs):
            assert repr(left) == repr(right), _side_by_side(name, number, left, right)
        assert len(ours.trace or []) == len(expected.trace or []), _ends(name, ours, expected)
        assert ours.differences(expected) == []
    expected.trace = None
    untraced = compiled.run(drawn, strategy, replication)
    assert untraced.differences(expected) == [], "tracing changes the record"


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(scenarios())
def test_one_persons_events_are_those_among_everybodys(drawn: Scenario) -> None:
    whole = oracle.run(drawn, drawn.strategies["tried"], tracing=True)
    chosen = max((row[2] for row in whole.trace or []), default=0)
    his = [row for row in whole.trace or [] if row[2] in (chosen, -1)]
    for engine in ENGINES.values():
        alone = engine.run(drawn, drawn.strategies["tried"], tracing=True, traced=chosen)
        assert repr(alone.trace) == repr(his)


def _side_by_side(name: str, number: int, left: tuple[Any, ...], right: tuple[Any, ...]) -> str:
    rows = [f"event {number} differs:", f"{'':16}{name:>28}{'reference':>28}"]
    for column, a, b in zip(TRACE_COLUMNS, left, right, strict=True):
        rows.append(f"{column:16}{a!r:>28}{b!r:>28}{'  <--' if repr(a) != repr(b) else ''}")
    return "\n".join(rows)


def _ends(name: str, ours: Run, expected: Run) -> str:
    a, b = ours.trace or [], expected.trace or []
    longer, who = (a, name) if len(a) > len(b) else (b, "reference")
    return f"only the {who} engine goes on: {longer[min(len(a), len(b))]}"


@settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(scenarios())
def test_random_scenarios(drawn: Scenario) -> None:
    assert_same_path(drawn, drawn.strategies["tried"])


@settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(scenarios_that_run_ahead())
def test_running_ahead(drawn: Scenario) -> None:
    assert_same_path(drawn, drawn.strategies["tried"])


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(drawn=scenarios(), uses=st.integers(1, 5))
def test_words_that_the_oracle_does_not_speak(drawn: Scenario, uses: int) -> None:
    """Compiled and plain, event for event, and the laws that hold in every run."""
    tried = drawn.strategies["tried"]
    token = tried.token or Token(lifetime="20min")
    tried = tried.model_copy(update={"token": token.model_copy(update={"uses": uses})})
    ours, theirs = (e.run(drawn, tried, tracing=True) for e in (compiled, plain))
    assert list(map(repr, ours.trace or ())) == list(map(repr, theirs.trace or ()))
    assert ours.differences(theirs) == []
    for case in ours.cases:
        assert 0 <= case.last_click_s <= case.exposure_s <= case.bound_s + 1e-6


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = an_office_log(people=60, seed=8)
    return put(tmp_path_factory.mktemp("log"), csv_of()(rows), "log.csv")


@settings(max_examples=25, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_random_scenarios_of_a_log(data: st.DataObject, log: Path) -> None:
    drawn = data.draw(scenarios_of_a_log(log))
    assert_same_path(drawn, drawn.strategies["tried"])


@pytest.mark.nightly
@settings(max_examples=500, suppress_health_check=list(HealthCheck))
@given(data=st.data(), replication=st.integers(0, 1000))
def test_many_random_scenarios_of_a_log(data: st.DataObject, replication: int, log: Path) -> None:
    drawn = data.draw(scenarios_of_a_log(log))
    assert_same_path(drawn, drawn.strategies["tried"], replication)


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(8))  # so that workers share 10,000 scenarios
@settings(max_examples=1_250, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(scenarios(), scenarios_that_run_ahead()), st.integers(0, 1000))
def test_many_random_scenarios(part: int, drawn: Scenario, replication: int) -> None:
    assert_same_path(drawn, drawn.strategies["tried"], replication)


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_catalogue(name: str) -> None:
    from sim.scenario import load, with_changes

    small = with_changes(
        load("office"),
        {
            "organisation.people": 25,
            "run.horizon": "1h",
            "run.drain": "30min",
            "cases.from": "5min",
            "cases.until": "55min",
            "organisation.visits": "3min",
        },
    )
    assert_same_path(small, CATALOGUE[name])


@pytest.mark.parametrize("name", ["short_token", "per_request"])
def test_many_people(name: str) -> None:
    """So many that the memory of who acts next is asked for in advance."""
    crowd = with_changes(
        load("office"),
        {
            "organisation.people": FEW + 50,
            "organisation.visits": {"dist": "exponential", "mean": "1min"},
            "organisation.shift.end": "90s",
            "run.horizon": "90s",
            "run.drain": "10s",
            "cases.from": "5s",
            "cases.until": "80s",
        },
    )
    ours, expected = (engine.run(crowd, CATALOGUE[name]) for engine in (compiled, oracle))
    assert ours.differences(expected) == []
    assert ours.requests["sent"] > FEW / 4


def bytes_of(people: int, strategy: Strategy) -> int:
    """What the arrays of an office of so many people take, those of its cases included."""
    from sim.engine.arrays import arrays_of, wired, with_cases
    from sim.engine.compiled.machine import kernels
    from sim.engine.given import Given

    office = with_changes(load("office"), {"organisation.people": people})
    arrays = wired(arrays_of(Given.of(office, strategy, tracing=False), 0, 1))
    _, count_cases, _ = kernels()
    arrays = with_cases(arrays, count_cases(arrays["world"].ctypes.data))
    return sum(array.nbytes for array in arrays.values())


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_person_takes_less_than_220_bytes(name: str) -> None:
    fewer, more = (bytes_of(people, CATALOGUE[name]) for people in (150_000, 300_000))
    assert (more - fewer) / 150_000 < 220


def test_progress_may_interrupt() -> None:
    from sim.scenario import load

    def stop(share: float) -> None:
        assert not math.isnan(share)
        raise KeyboardInterrupt

    office = load("office")
    with pytest.raises(KeyboardInterrupt):
        compiled.run(office, CATALOGUE["no_check"], progress=stop)


def _starting_at_once(
    number: int, before: str = "", after: str = "", **environment: str
) -> list[tuple[int, str, str]]:
    """Processes that all need the kernels: exit code, digest of a run, and what they said."""
    program = (
        f"{before}\nfrom sim.engine import compiled; from sim.scenario import load, with_changes;"
        "from sim.model.strategies import CATALOGUE;"
        "small = with_changes(load('office'), {'organisation.people': 10});"
        f"print(compiled.run(small, CATALOGUE['layered']).digest());{after}"
    )
    children = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(number)
    ]
    told = [child.communicate() for child in children]
    return [(c.returncode, *both) for c, both in zip(children, told, strict=True)]


# Compiled by the process itself, as where no other can be started.
HERE = "from sim.engine.compiled import apart; apart.compiled_into = lambda folder: False;"


@pytest.mark.nightly
def test_two_processes_start_at_once_with_a_cold_cache(tmp_path: Path) -> None:
    cold = _starting_at_once(2, LASTCLICK_CACHE_DIR=str(tmp_path))
    warm = _starting_at_once(1, LASTCLICK_CACHE_DIR=str(tmp_path))
    assert [code for code, *_ in cold + warm] == [0, 0, 0], cold + warm
    assert len({digest for _, digest, _ in cold + warm}) == 1
    assert all("compiling" in said for *_, said in cold)
    assert "compiling" not in warm[0][2]


@pytest.mark.nightly
def test_nowhere_to_keep_machine_code(tmp_path: Path) -> None:
    """Where the cache can not be written each process compiles for itself, and says so."""
    blocked = tmp_path / "file"
    blocked.write_text("a file, so nothing can be kept below it, not even by root")
    found = _starting_at_once(2, LASTCLICK_CACHE_DIR=str(blocked))
    assert [code for code, *_ in found] == [0, 0], found
    assert len({digest for _, digest, _ in found}) == 1
    assert all("compiling" in said for *_, said in found)


@pytest.mark.nightly
def test_what_was_compiled_for_a_kernel_can_be_called_from_elsewhere(tmp_path: Path) -> None:
    """A user's own compiled functions share Numba's, and may call ours; what a kernel needed is not left half done."""
    cold = _starting_at_once(
        1,
        before=HERE,
        after="import numba; from sim.basics import quantiles; from sim.engine.compiled import machine;"
        "draw = vars(machine.steps()['draws'])['quantiles'].normal_quantile;"
        "found = numba.njit(lambda u: draw(u))(0.01);"
        "assert found == quantiles.normal_quantile(0.01), found",
        LASTCLICK_CACHE_DIR=str(tmp_path),
    )
    assert cold[0][0] == 0, cold


@pytest.mark.nightly
def test_kernels_are_compiled_as_usual_where_numba_lacks_what_linking_needs(tmp_path: Path) -> None:
    lacking = "from sim.engine.compiled import linking; linking.NEEDED = ('not there',)"
    (usual,) = _starting_at_once(1, HERE + lacking, LASTCLICK_CACHE_DIR=str(tmp_path / "usual"))
    (linked,) = _starting_at_once(1, LASTCLICK_CACHE_DIR=str(tmp_path / "linked"))
    assert usual[0] == linked[0] == 0, (usual, linked)
    assert usual[1] == linked[1]

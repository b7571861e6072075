"""Both engines follow the same path: equal traces and equal records, to the bit, over scenarios drawn at random."""

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from support.drawn import laws, mechanisms
from support.logs import an_office_log, csv_of, put
from support.worlds import scenario

from sim.engine import compiled, reference
from sim.engine.compiled.calendar import FEW
from sim.engine.recording import TRACE_COLUMNS, Run
from sim.model.mechanisms import CAUSES
from sim.model.strategies import CATALOGUE, Strategy
from sim.scenario import Scenario, load, with_changes

ANY_TIME = ("0s", "10ms", "250ms", "2s", "15s")
counts = st.sampled_from(
    [
        1,
        2,
        3,
        "unlimited",
        {"dist": "geometric", "mean": 3},
        {"dist": "uniform", "low": 1, "high": 4},
    ]
)
servers = st.sampled_from([1, 2, 4, "unlimited"])


@st.composite
def any_law(draw: st.DrawFn, means: tuple[str, ...] = ANY_TIME) -> Any:
    """A duration: constant (which provokes ties), or of any law."""
    mean = draw(st.sampled_from(means))
    if mean == "0s" or draw(st.booleans()):
        return mean
    return draw(
        st.sampled_from(
            [
                {"dist": "exponential", "mean": mean, "max": "1min"},
                {"dist": "weibull", "mean": mean, "shape": 0.7},
                {"dist": "gamma", "mean": mean, "shape": 2.5},
                {"dist": "erlang", "mean": mean, "shape": 3},
                {"dist": "lognormal", "mean": mean, "cv": 1.0},
                {"dist": "empirical", "quantiles": ["0s", mean, mean, "90s"]},
            ]
        )
    )


outages = st.sampled_from(
    ["none", {"every": "2min", "lasts": "20s"}, {"starts": "3min", "lasts": "1min"}]
)


def tables(draw: st.DrawFn) -> dict[str, Any]:
    """Every mechanism, cause, behaviour and fault within 20 people and 10 minutes."""
    shares = draw(st.sampled_from([0.05, 0.25]))
    limit = {"per_second": draw(st.sampled_from([0, 1, 3])), "burst": 5}
    if draw(st.booleans()):
        limit["per_hour"] = 400
    return {
        "run": {
            "seed": draw(st.integers(0, 2**40)),
            "horizon": "10min",
            "drain": draw(st.sampled_from(["0s", "5min"])),
            "warm_up": draw(st.sampled_from(["0s", "90s"])),
        },
        "organisation": {
            "people": draw(st.integers(1, 20)),
            "admins": draw(st.sampled_from([0, 0.5, 1])),
            "shift": {"start": draw(st.sampled_from(["0s", "30s"])), "end": "9min"},
            "visits": draw(any_law(("2s", "1min"))),
        },
        "workload": {
            "think": draw(any_law(("2s", "15s"))),
            "requests_per_page": draw(counts),
            "pages_per_visit": draw(counts),
            "visit_ends": draw(
                st.sampled_from(
                    [{"logout": 0.3, "close": 0.3, "leave_open": 0.4}, {"leave_open": 1}]
                )
            ),
            "kinds": {"read": 0.6, "write": 0.3, "admin": 0.1},
            "read_size": draw(
                st.sampled_from([100, {"dist": "lognormal", "median": 8000, "p95": 60000}])
            ),
            **draw(st.sampled_from([{}, {"daily": [1, 3, 0] * 8}])),
        },
        "cases": {
            **{cause: {"share": shares} for cause in CAUSES},
            "from": "0s",
            "until": "9min",
            "notice_lead": draw(
                st.sampled_from(
                    ["0s", "30s", "-30s", {"dist": "uniform", "low": "-1min", "high": "1min"}]
                )
            ),
            "detected_after": draw(any_law(("2s", "1min"))),
            "rollback_window": "20s",
        },
        "behaviour": {
            "probabilities": {"leave": 0.2, "continue": 0.3, "storm": 0.3, "cut_off": 0.2},
            "storm": {
                "think": draw(any_law(("250ms", "2s"))),
                "kinds": {"read": 0.5, "write": 0.3, "admin": 0.2},
                "gives_up_after": draw(st.sampled_from([1, 3, "unlimited"])),
                "duration": draw(st.sampled_from(["10s", "5min"])),
            },
            "takeover": {
                "probability": 0.7,
                "delay": draw(any_law()),
                "behaviour": draw(st.sampled_from(["continue", "storm"])),
            },
        },
        "directory": {"propagation": draw(any_law())},
        "host": {
            "servers": draw(servers),
            "page_load": draw(any_law()),
            "renewal": draw(any_law()),
            "check": draw(any_law()),
            "retry_after": draw(st.sampled_from(["1s", "5s"])),
            "rate_limit": draw(st.sampled_from(["none", limit])),
            "outages": draw(outages),
        },
        "app": {
            "workers": draw(servers),
            "holds_worker": draw(st.booleans()),
            "verify": draw(st.sampled_from(["0s", "27us", "50ms"])),
            "service": {
                "read": draw(any_law(("0s", "10ms", "250ms"))),
                "write": draw(laws()),
                "admin": "80ms",
            },
        },
        "auth_server": {"servers": draw(servers), "renewal": draw(any_law())},
        "store": {"lookup": draw(any_law(("0s", "10ms")))},
        "push": {
            "delay": draw(any_law()),
            "loss": draw(st.sampled_from([0, 0.5, 1])),
            "retries": {
                "most": draw(st.sampled_from([0, 2, "unlimited"])),
                "wait": draw(any_law(("2s", "15s"))),
                "backoff": draw(st.sampled_from([1, 1.5])),
            },
            "outages": draw(outages),
            "on_outage": draw(st.sampled_from(["hold", "lose"])),
        },
        "network": {
            "client_app": draw(any_law(("0s", "10ms", "250ms"))),
            "client_host": draw(any_law(("0s", "10ms", "250ms"))),
            "app_host": draw(any_law(("0s", "10ms", "250ms"))),
        },
        "strategies": {"tried": {"token": "none"} | draw(mechanisms())},
    }


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """People of drawn laws."""
    return scenario(tables(draw))


@st.composite
def scenarios_that_run_ahead(draw: st.DrawFn) -> Scenario:
    """Where the compiled engine does at once what a person does by himself, and most people have no case."""
    drawn = tables(draw)
    drawn["cases"] |= {cause: {"share": 0.03} for cause in CAUSES}
    drawn["app"]["holds_worker"] = False
    for link in ("client_app", "client_host"):
        drawn["network"][link] = draw(any_law(("10ms", "250ms", "2s")))
    tried = drawn["strategies"]["tried"]
    if isinstance(tried["token"], dict):
        tried["token"].pop("refresh_at", None)
    if "push" in tried:
        tried["push"]["causes"] = ["deactivation", "admin_loss"]
    return scenario(drawn)


@st.composite
def scenarios_of_a_log(draw: st.DrawFn, log: Path) -> Scenario:
    """People of a log, for a day with its hours."""
    drawn = tables(draw)
    drawn["workload"] = {"log": str(log), "mode": draw(st.sampled_from(["fitted", "replayed"]))}
    drawn["run"] |= {"horizon": "24h"}
    drawn["organisation"]["shift"] = {"start": "0s", "end": "24h"}
    drawn["cases"]["until"] = "23h"
    return scenario(drawn)


def assert_same_path(drawn: Scenario, strategy: Strategy, replication: int = 0) -> None:
    """Both engines, event for event; the first that differs is shown side by side."""
    ours = compiled.run(drawn, strategy, replication, tracing=True)
    expected = reference.run(drawn, strategy, replication, tracing=True)
    pairs = zip(ours.trace or [], expected.trace or [], strict=False)
    for number, (left, right) in enumerate(pairs):
        assert repr(left) == repr(right), _side_by_side(number, left, right)
    assert len(ours.trace or []) == len(expected.trace or []), _ends(ours, expected)
    assert ours.differences(expected) == []
    plain = compiled.run(drawn, strategy, replication)
    ours.trace = None
    assert plain.differences(ours) == [], "tracing changes the record"


def _side_by_side(number: int, left: tuple[Any, ...], right: tuple[Any, ...]) -> str:
    rows = [f"event {number} differs:", f"{'':16}{'compiled':>28}{'reference':>28}"]
    for name, a, b in zip(TRACE_COLUMNS, left, right, strict=True):
        rows.append(f"{name:16}{a!r:>28}{b!r:>28}{'  <--' if repr(a) != repr(b) else ''}")
    return "\n".join(rows)


def _ends(ours: Run, expected: Run) -> str:
    a, b = ours.trace or [], expected.trace or []
    longer, name = (a, "compiled") if len(a) > len(b) else (b, "reference")
    return f"only the {name} engine goes on: {longer[min(len(a), len(b))]}"


@settings(
    max_examples=500, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(scenarios())
def test_random_scenarios(drawn: Scenario) -> None:
    assert_same_path(drawn, drawn.strategies["tried"])


@settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(scenarios_that_run_ahead())
def test_running_ahead(drawn: Scenario) -> None:
    assert_same_path(drawn, drawn.strategies["tried"])


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
    ours, expected = (engine.run(crowd, CATALOGUE[name]) for engine in (compiled, reference))
    assert ours.differences(expected) == []
    assert ours.requests["sent"] > FEW / 4


def bytes_of(people: int, strategy: Strategy) -> int:
    """What the arrays of an office of so many people take, those of its cases included."""
    from sim.engine.compiled import build
    from sim.engine.compiled.machine import kernels
    from sim.scenario import load, with_changes

    office = with_changes(load("office"), {"organisation.people": people})
    arrays = build.wired(build.arrays_of(office, strategy, 0, 1, tracing=False))
    _, count_cases, _ = kernels()
    arrays = build.with_cases(arrays, count_cases(arrays.world.ctypes.data))
    return sum(array.nbytes for array in arrays)


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_person_takes_less_than_200_bytes(name: str) -> None:
    fewer, more = (bytes_of(people, CATALOGUE[name]) for people in (150_000, 300_000))
    assert (more - fewer) / 150_000 < 200


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
        after="import numba; from sim import quantiles; from sim.engine.compiled import numbers;"
        "draw = numbers.normal_quantile; found = numba.njit(lambda u: draw(u))(0.01);"
        "assert found == quantiles.normal_quantile(0.01), found",
        LASTCLICK_CACHE_DIR=str(tmp_path),
    )
    assert cold[0][0] == 0, cold


@pytest.mark.nightly
def test_kernels_are_compiled_as_usual_where_numba_lacks_what_linking_needs(tmp_path: Path) -> None:
    lacking = "from sim.engine.compiled import linking; linking.NEEDED = ('not there',)"
    (usual,) = _starting_at_once(1, lacking, LASTCLICK_CACHE_DIR=str(tmp_path / "usual"))
    (linked,) = _starting_at_once(1, LASTCLICK_CACHE_DIR=str(tmp_path / "linked"))
    assert usual[0] == linked[0] == 0, (usual, linked)
    assert usual[1] == linked[1]

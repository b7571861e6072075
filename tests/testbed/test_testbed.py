"""The testbed against real processes: stores, servers, faults, and the live run beside its simulation."""

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from support import ROOT
from support.live import NO_REDIS, REDIS, in_loop, page_of, small, status_of, timely
from support.worlds import hear_interrupts

from sim.cli import main
from sim.model.causes import Kind
from sim.model.strategies import CATALOGUE, Strategy
from sim.oracle.exposure import Exposure
from sim.scenario import load, with_changes
from sim.testbed import run as live_run
from sim.testbed.compare import compare, disagreements
from sim.testbed.costs import Costs, calibrated
from sim.testbed.page import with_section
from sim.testbed.record import Latencies, window
from sim.testbed.run import LiveRun
from sim.testbed.servers import RedisServer, Servers
from sim.testbed.setup import CONTROL_HEADER, Draw, Setup
from sim.testbed.stores import Refresh, Store, StoreDown, open_store

# -- stores -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    if REDIS is None:
        pytest.skip(NO_REDIS)
    server = RedisServer(REDIS, tmp_path_factory.mktemp("redis"), "secret-of-this-test")
    yield server
    server.stop()


@pytest.fixture(params=["memory", "sqlite", "redis", "redis over a Unix socket"])
def a_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Store]:
    kind, url = request.param, ""
    if kind.startswith("redis"):
        server = request.getfixturevalue("redis_server")
        url = server.unix_url if "Unix" in kind else server.url
        kind = "redis"
    return lambda tenant: open_store(
        kind, tenant=tenant, run=tmp_path.name, url=url, folder=str(tmp_path)
    )


def test_a_store_keeps_what_it_is_told_for_its_tenant(a_store: Callable[[str], Store]) -> None:
    async def play() -> None:
        one, other = a_store("one"), a_store("other")
        assert await one.entry_expires_s(7, -3) == -math.inf
        await one.write_entry(7, -3, 12.125)
        await one.write_entry(7, 4, 9.5)
        await one.write_entry(8, 4, 1.0)
        assert await one.entry_expires_s(7, -3) == 12.125
        assert await other.entry_expires_s(7, -3) == -math.inf
        await one.drop_entries(7)
        await one.drop_entries(7)
        assert await one.entry_expires_s(7, 4) == -math.inf
        assert await one.entry_expires_s(8, 4) == 1.0
        assert await one.refused_until_s(7) == -math.inf
        for stamp_s in (0.1, 7.3, 2.0):
            await one.refuse_stamped_until(7, stamp_s)
        assert await one.refused_until_s(7) == 7.3
        assert await other.refused_until_s(7) == -math.inf
        refresh = Refresh(7, -3, "s", True, 0.1)
        await one.write_refresh("digest", refresh)
        await one.write_refresh("another", Refresh(8, 1, "t", False, 0.2))
        assert await one.refresh("digest") == refresh
        assert await other.refresh("digest") is None
        await one.drop_refreshes(7)
        assert await one.refresh("digest") is None
        assert await one.refresh("another") is not None
        await one.close()
        await other.close()

    in_loop(play)


def test_a_redis_that_dies_is_noticed_at_once_and_used_again_when_it_is_back(
    tmp_path: Path,
) -> None:
    if REDIS is None:
        pytest.skip(NO_REDIS)
    server = RedisServer(REDIS, tmp_path, "secret")

    async def play() -> None:
        nonlocal server
        store = open_store("redis", tenant="t", run="r", url=server.url)
        await store.write_entry(1, 1, 5.0)
        server.kill()
        began = time.monotonic()
        for _ in range(3):
            with pytest.raises(StoreDown):
                await store.entry_expires_s(1, 1)
        assert time.monotonic() - began < 10.0  # nothing hangs
        server = server.again()
        assert await store.entry_expires_s(1, 1) == -math.inf  # what was in memory is gone
        await store.close()

    try:
        in_loop(play)
    finally:
        server.stop()


# -- the account --------------------------------------------------------------------------------


def test_latencies_are_good_to_three_digits() -> None:
    times = [0.001 * (i + 1) for i in range(1000)]
    latencies = Latencies()
    for time_s in times:
        latencies.record(time_s)
    assert latencies.count == 1000
    for q in (0.5, 0.95, 0.99):
        assert latencies.quantile_s(q) == pytest.approx(times[round(q * 1000) - 1], rel=2e-3)
    assert math.isnan(Latencies().quantile_s(0.5))


@given(
    st.lists(st.tuples(st.floats(10, 100), st.floats(5, 150) | st.just(math.inf)), max_size=6),
    st.booleans(),
    st.booleans(),
)
def test_a_measured_window_is_the_models_window(
    changes: list[tuple[float, float]], may_extend: bool, may_shorten: bool
) -> None:
    """The same changes, told to the engine's bookkeeping and to the testbed's, give the same window."""
    stretches = [(10.0, 30.0), *sorted(changes)]
    reach_s = stretches[0][1]
    exposure = Exposure((Kind.READ,), 8.0, lambda kind: reach_s)
    exposure.host_learns(10.0)
    for at_s, next_reach_s in stretches[1:]:
        exposure.accrue(at_s)
        reach_s = next_reach_s
        exposure.refresh()
    exposure.accrue(120.0)
    expected = exposure.close(120.0, lambda kind: may_extend, may_shorten)[Kind.READ]
    found = window(stretches, 10.0, 120.0, may_extend=may_extend, may_shorten=may_shorten)
    assert found == expected


@pytest.mark.parametrize(
    "text", ["", "click", "click,1,2,3", "click,a,0,0,0", "click,1,0,7,0", "c" * 200]
)
def test_addresses_of_draws_are_checked(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Draw.parse(text)


def test_addresses_of_draws_survive_the_header() -> None:
    draw = Draw("reload", -4, 2, 300, 8000)
    assert Draw.parse(*draw.header().values()) == draw


# -- servers ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """A host and an app with two tenants; their clock runs from now in real time; nobody has a case."""
    scenario = small(
        cases={c: {"share": 0} for c in ("deactivation", "permission_loss", "logout", "admin_loss")}
    )
    setup = Setup.new(
        scenario, [CATALOGUE["short_token"], CATALOGUE["introspection"]], seed=1, factor=100.0
    )
    with Servers(setup) as up:
        yield up


def asking(servers: Servers, ask: Callable[..., Awaitable[Any]]) -> Any:
    async def play() -> Any:
        timeout = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            return await ask(http, servers.setup)

    return in_loop(play)


def test_a_token_opens_its_own_page_of_its_own_tenant_only(servers: Servers) -> None:
    async def ask(http: aiohttp.ClientSession, setup: Setup) -> None:
        first, second = setup.lanes
        token = await page_of(http, setup, first, 1, 5)
        app = setup.app_url
        assert await status_of(http, f"{app}/{first.name}/pages/5/read", token) == (200, "")
        assert await status_of(http, f"{app}/{first.name}/pages/6/read", token) == (
            401,
            "another_page",
        )
        assert (await status_of(http, f"{app}/{second.name}/pages/5/read", token))[0] == 401
        assert await status_of(http, f"{app}/{first.name}/pages/5/admin", token) == (
            403,
            "not_administrator",
        )
        assert (await status_of(http, f"{app}/{first.name}/pages/5/read"))[0] == 401
        # introspection of another tenant's token says only that it is not active
        body = f"token={token}"
        form = {"content-type": "application/x-www-form-urlencoded"}
        url = f"{setup.host_url}/{second.name}/introspect"
        headers = form | {"authorization": second.authorization()} | Draw("click", 0, 0, 0).header()
        async with http.post(url, data=body, headers=headers) as answer:
            assert await answer.json() == {"active": False}
        async with http.post(
            url, data=body, headers=headers | {"authorization": first.authorization()}
        ) as answer:
            assert answer.status == 401

    asking(servers, ask)


def test_introspection_answers_as_rfc_7662_says(servers: Servers) -> None:
    async def ask(http: aiohttp.ClientSession, setup: Setup) -> None:
        lane = setup.lanes[1]
        token = await page_of(http, setup, lane, 2, 1)
        url = f"{setup.host_url}/{lane.name}/introspect"
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "authorization": lane.authorization(),
            **Draw("click", 0, 0, 0).header(),
        }
        async with http.post(url, data=f"token={token}", headers=headers) as answer:
            content = await answer.json()
        assert (answer.status, content["active"], content["sub"]) == (200, True, "2")
        async with http.post(url, data="token=nonsense", headers=headers) as answer:
            assert (answer.status, await answer.json()) == (200, {"active": False})

    asking(servers, ask)


def test_malformed_and_oversized_requests_are_answered_not_suffered(servers: Servers) -> None:
    async def ask(http: aiohttp.ClientSession, setup: Setup) -> None:
        lane = setup.lanes[0]
        app, host = f"{setup.app_url}/{lane.name}", f"{setup.host_url}/{lane.name}"
        token = await page_of(http, setup, lane, 3, 1)
        for url in (f"{app}/pages/1/fly", f"{app}/pages/x/read", f"{app}/pages/{'9' * 99}/read"):
            assert (await status_of(http, url, token))[0] == 400
        bad = {"x-lastclick-draw": "click,1,1,1"}
        assert (await status_of(http, f"{app}/pages/1/read", token, headers=bad))[0] == 400
        assert (await status_of(http, f"{app}/pages/1/read", "x" * 20_000))[0] in (400, 401, 431)
        for body in (b"{", b"[1]", b"\xff", b"[" * 30_000, b'{"token": 5}'):
            assert (await status_of(http, f"{app}/pages/1/open", data=body))[0] in (400, 401)
            assert (await status_of(http, f"{host}/sign-in", data=body))[0] == 400
        for url in (f"{app}/pages/1/open", f"{app}/events", f"{host}/sign-in"):
            assert (await status_of(http, url, data=b"x" * 100_000))[0] == 413
        wrong = {"person": 1, "password": lane.password(2)}
        assert (await status_of(http, f"{host}/sign-in", json=wrong))[0] == 401
        assert (await status_of(http, f"{host}/page", "no session"))[0] == 401
        assert (await status_of(http, f"{app}/pages/1/read", token))[
            0
        ] == 200  # none the worse for it

    asking(servers, ask)


def test_the_side_channel_needs_its_secret(servers: Servers) -> None:
    async def ask(http: aiohttp.ClientSession, setup: Setup) -> None:
        for base, names in (
            (setup.app_url, ("start", "account", "hold", "fault", "overheads")),
            (setup.host_url, ("start", "account", "oracle", "fault")),
        ):
            for name in names:
                for headers in ({}, {CONTROL_HEADER: "guess"}, {CONTROL_HEADER: "é"}):
                    url = f"{base}/control/{name}"
                    async with http.post(url, json={}, headers=headers) as answer:
                        assert answer.status == 401, url

    asking(servers, ask)


def test_servers_listen_on_loopback_only(servers: Servers) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("reads /proc")
    ports = {servers.host.port, servers.app.port}
    listening = []
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            address, state = line.split()[1], line.split()[3]
            host, port = address.split(":")
            if state == "0A" and int(port, 16) in ports:
                listening.append(host)
    assert listening == ["0100007F", "0100007F"]


# -- nothing is left running --------------------------------------------------------------------

PLAY = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
from support import live as t
from sim.testbed import run
from sim.model.strategies import CATALOGUE
run.run(t.small(), [CATALOGUE["allowlist"]], factor=1.0, store={store!r})
"""


def children_of(pid: int) -> set[int]:
    """All processes below one, by /proc."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found: set[int] = set()
    todo = [pid]
    while todo:
        for child in parents.get(todo.pop(), []):
            found.add(child)
            todo.append(child)
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    "how",
    [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.nightly), signal.SIGKILL],
)
def test_nothing_is_left_running_when_the_run_is_ended(how: signal.Signals) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("reads /proc")
    code = PLAY.format(
        root=str(ROOT), tests=str(ROOT / "tests"), store="redis" if REDIS else "sqlite"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stderr=subprocess.DEVNULL, preexec_fn=hear_interrupts
    )
    expected = 4 if REDIS else 2  # host, app, the guard and its Redis
    below: set[int] = set()
    deadline = time.monotonic() + 60
    while len(below) < expected and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.1)
        below = children_of(process.pid)
    assert len(below) >= expected
    time.sleep(1.0)
    below |= children_of(process.pid)
    process.send_signal(how)
    process.wait(30)
    deadline = time.monotonic() + 15
    while any(map(alive, below)) and time.monotonic() < deadline:
        time.sleep(0.1)
    left = [pid for pid in below if alive(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == []


# -- live beside simulated ----------------------------------------------------------------------


def named(*names: str) -> list[Strategy]:
    return [CATALOGUE[name] for name in names]


@pytest.fixture(scope="module")
def a_run() -> LiveRun:
    """Three strategies, some seconds. A check may take long: a busy machine is no silent host."""
    patient = Strategy.model_validate(
        {"name": "per_request", "check": {"scope": "all", "asks": "permission", "timeout": "1min"}}
    )
    strategies = [*named("short_token", "allowlist_webhook"), patient]
    return timely(small(), strategies, 90.0, store="redis" if REDIS else "sqlite")


def test_cases_agree_one_by_one(a_run: LiveRun) -> None:
    rows = compare(a_run)
    assert [row.strategy for row in rows] == list(a_run.strategies)
    assert all(len(row.cases) >= 6 for row in rows)
    assert [(p.strategy, p.person, p.why) for p in disagreements(rows)] == []
    # the resolution is not so coarse that everything would agree
    exposures = [float(p.live.exposure_s) for row in rows for p in row.cases]
    assert max(exposures) > 200.0 and min(exposures) < 60.0
    assert any(p.live.unauthorised_reads for row in rows for p in row.cases)


def test_windows_are_ordered_and_the_prober_is_not_surprised(a_run: LiveRun) -> None:
    for row in compare(a_run):
        record = a_run.lanes[row.strategy]
        assert record.app["trials"] > 0
        assert record.app["surprises"] == 0
        assert record.counts["prober_silent"] == 0
        for pair in row.cases:
            case = pair.live
            assert 0 <= case.last_click_s <= case.exposure_s
            assert case.exposure_s <= case.bound_s + pair.resolution_s


def test_the_generator_says_how_late_it_is(a_run: LiveRun) -> None:
    assert a_run.lag.count > 100
    assert a_run.resolution.count > 300
    assert 0 < a_run.lag.quantile_s(0.5) < 1.0
    assert any("model seconds" in text for text in a_run.distortions)


def test_requests_are_conserved(a_run: LiveRun) -> None:
    for record in a_run.lanes.values():
        r = record.requests
        assert r["sent"] == r["accepted"] + r["refused"] + r["failed"]
        assert r["failed"] == 0
        assert sum(record.app["decided"].values()) == r["sent"]


def test_host_calls_are_those_predicted(a_run: LiveRun) -> None:
    """Exact but for what lifetimes and cases decide; here a handful of refusals, so within a few per cent."""
    for row in compare(a_run):
        predicted, measured = row.host_calls
        assert measured == pytest.approx(predicted, rel=0.05)
        assert row.clicks[1] == pytest.approx(row.clicks[0], rel=0.05)


def test_a_strategy_in_python_does_not_run_live() -> None:
    class Own(Strategy):
        pass

    with pytest.raises(ValueError, match="own: only compositions"):
        live_run.run(small(), [Own(name="own")], factor=100.0)


def test_the_command_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['aiohttp'] = None\n"
        "from importlib import util; old = util.find_spec\n"
        "util.find_spec = lambda name, *a: None if name == 'aiohttp' else old(name, *a)\n"
        "import sys; sys.argv = ['lastclick', 'testbed', 'office']\n"
        "from sim.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 2
    assert "pip install lastclick[testbed]" in done.stderr
    assert "Traceback" not in done.stderr


# -- calibrate and the page ---------------------------------------------------------------------


def test_calibrate_writes_a_part_of_a_scenario_with_provenance(tmp_path: Path) -> None:
    part = tmp_path / "costs.toml"
    result = CliRunner().invoke(main, ["calibrate", "-o", str(part), "--store", "sqlite"])
    assert result.exit_code == 0, result.output
    for what in ("verify HS256", "verify RS256", "verify ES256", "sqlite in a thread", "check"):
        assert what in result.output
    user = tmp_path / "ours.toml"
    user.write_text('format = 1\ninclude = ["costs.toml"]\n')
    scenario = load(str(user))
    office = load("office")
    assert 1e-6 < scenario.app.verify.quantile(0.5) < 0.1
    assert 1e-7 < scenario.store.lookup.quantile(0.5) < 0.1
    assert 1e-4 < scenario.host.check.quantile(0.5) < office.host.check.quantile(0.5)
    assert scenario.app.service == office.app.service
    for key in ("app.verify", "store.lookup", "host.check", "network.client_app"):
        assert "measured" in scenario.sources[key] and "n = " in scenario.sources[key]


def test_calibrate_names_the_stores_it_knows() -> None:
    result = CliRunner().invoke(main, ["calibrate", "--store", "oracle"])
    assert result.exit_code == 2
    assert "expected one of: memory, sqlite" in result.output


def test_the_page_keeps_what_others_wrote() -> None:
    page = with_section("# Validation\n\ntheory\n", "live one")
    assert page.startswith("# Validation\n\ntheory\n")
    again = with_section(page, "live two")
    assert "live one" not in again and "live two" in again
    assert with_section(again, "live one") == page


@settings(max_examples=20, deadline=None)
@given(st.floats(0, 0.01), st.floats(1, 200), st.integers(1, 1000))
def test_a_calibrated_law_is_the_law_and_the_cost_stretched(
    cost: float, factor: float, seed: int
) -> None:
    costs = Costs(
        verify=[cost] * 3, lookup=[cost] * 3, app=[cost] * 3, host=[cost] * 3, check=[cost] * 3
    )
    office = load("office")
    made = calibrated(office, costs, factor)
    u = seed / 1001
    assert made.app.verify.quantile(u) == pytest.approx(cost * factor)
    assert made.network.client_app.quantile(u) == pytest.approx(0.06 + cost * factor)
    spread = with_changes(
        office, {"network.client_app": {"dist": "uniform", "low": "10ms", "high": "50ms"}}
    )
    law = calibrated(spread, costs, factor).network.client_app
    assert law.quantile(u) == pytest.approx(0.01 + 0.04 * u + cost * factor, rel=1e-3, abs=1e-6)

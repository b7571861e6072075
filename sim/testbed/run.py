"""One live run: servers up, costs measured, time begins, people act, accounts closed, everything down again."""

import asyncio
import contextlib
import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import aiohttp

from sim.engine import run as simulate
from sim.engine.recording import Run
from sim.model.strategies import Strategy
from sim.oracle.vocabulary import check_spoken
from sim.scenario import Scenario
from sim.testbed.compress import Clock, distortions, precise_loop
from sim.testbed.costs import (
    CALIBRATION,
    Costs,
    PathCosts,
    calibrated,
    quantiles,
    time_lookup,
    time_verify,
)
from sim.testbed.people import CLIENT_TIMEOUT, Load, Person
from sim.testbed.record import LaneRecord, Latencies, close_record
from sim.testbed.servers import REDIS_URL, ServerDied, ServerFailed, Servers
from sim.testbed.setup import CONTROL_HEADER, Setup
from sim.testbed.stores import StoreDown, StoreKind, open_store
from sim.testbed.tokens import Algorithm

Progress = Callable[[float], None]  # share of the model time that has passed
Fault = tuple[float, Callable[[Servers], None]]  # at a model time, do this to the servers
_CALIBRATION_REAL_S = 5.0
_FAR = 1e6  # real seconds; before model time 0 nothing has happened
_HEAD_START = 0.25  # real seconds between the starting signal and model time 0


@dataclass
class LiveRun:
    """All lanes of a live run, with the simulation that was given the measured costs."""

    scenario: Scenario
    strategies: dict[str, Strategy]
    seed: int
    factor: float
    algorithm: Algorithm
    store: StoreKind
    costs: list[Costs]  # one a batch
    lanes: dict[str, LaneRecord]
    predicted: dict[str, Run]
    lag: Latencies  # real seconds between a planned sending and the sending
    resolution: Latencies  # real seconds between an answer and its planned instant
    took_real_s: float
    distortions: list[str]

    def joined(self, other: "LiveRun") -> "LiveRun":
        """This run and another of the same scenario under other strategies, as one."""
        self.lag.add(other.lag)
        self.resolution.add(other.resolution)
        return replace(
            self,
            strategies=self.strategies | other.strategies,
            costs=[*self.costs, *other.costs],
            lanes=self.lanes | other.lanes,
            predicted=self.predicted | other.predicted,
            took_real_s=self.took_real_s + other.took_real_s,
        )


def run_in_batches(
    scenario: Scenario,
    strategies: Sequence[Strategy],
    at_once: int,
    *,
    progress: Progress | None = None,
    **settings: Any,
) -> LiveRun:
    """`run`, with at most `at_once` strategies sharing the machine at a time."""
    batches = [strategies[i : i + at_once] for i in range(0, len(strategies), at_once)]
    whole: LiveRun | None = None
    for number, batch in enumerate(batches):

        def said(share: float, number: int = number) -> None:
            if progress is not None:
                progress((number + share) / len(batches))

        part = run(scenario, batch, progress=said, **settings)
        whole = part if whole is None else whole.joined(part)
    if whole is None:
        raise ValueError("there is no strategy to run")
    return whole


def run(
    scenario: Scenario,
    strategies: Sequence[Strategy],
    *,
    factor: float,
    seed: int | None = None,
    algorithm: Algorithm = "HS256",
    store: StoreKind = "memory",
    faults: Sequence[Fault] = (),
    watch: dict[str, LaneRecord] | None = None,
    progress: Progress | None = None,
) -> LiveRun:
    """Play a scenario live under some strategies at once, and simulate the same with the measured costs.

    `factor`: model seconds a real second. `faults`: what to do to the servers at which model times.
    `watch` is filled with the lanes' records from the start, for runs that faults do not let come to their end. Raises NoRedis,
    ServerFailed, and ServerDied where a server ends that no fault ends. A strategy written in Python (a subclass) cannot run here: ValueError.
    """
    for strategy in strategies:
        if type(strategy) is not Strategy:
            raise ValueError(f"{strategy.name}: only compositions of the four mechanisms run live")
        check_spoken(scenario, strategy, "the testbed")
    seed = scenario.run.seed if seed is None else seed
    setup = Setup.new(
        scenario,
        [*strategies, CALIBRATION],
        seed=seed,
        factor=factor,
        algorithm=algorithm,
        store=store,
    )
    lanes = {} if watch is None else watch
    with Servers(setup) as servers, asyncio.Runner(loop_factory=precise_loop) as runner:
        try:
            return runner.run(_play(servers, strategies, faults, lanes, progress))
        except ServerDied:
            raise
        except StoreDown as error:
            if setup.store != "redis" or servers.redis is not None:
                raise
            raise ServerFailed(
                f"no Redis server answers at the address in {REDIS_URL}: {error}"
            ) from None
        except Exception as error:
            if faults or (dead := servers.dead()) is None:
                raise
            raise ServerDied(f"{dead}, {servers.when()}", lanes) from error


async def _play(
    servers: Servers,
    strategies: Sequence[Strategy],
    faults: Sequence[Fault],
    watch: dict[str, LaneRecord],
    progress: Progress | None,
) -> LiveRun:
    setup = servers.setup
    scenario, seed = setup.scenario, setup.seed
    connector = aiohttp.TCPConnector(limit=400, keepalive_timeout=60)
    timeout = aiohttp.ClientTimeout(total=CLIENT_TIMEOUT)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
        guess = [simulate(scenario, strategy, seed=seed) for strategy in strategies]
        costs = await _costs(setup, http, _rate(guess, scenario) * setup.factor)
        as_measured = calibrated(scenario, costs, setup.factor)
        predicted = {s.name: simulate(as_measured, s, seed=seed) for s in strategies}
        clock = Clock(setup.factor)
        lag, resolution = Latencies(), Latencies()
        loads = [
            Load(setup, lane, Clock(setup.factor), as_measured, http, lag, resolution)
            for lane in setup.lanes
            if lane.strategy.name != CALIBRATION.name
        ]
        watch.update({load.record.strategy: load.record for load in loads})
        began = time.monotonic()
        servers.clock = clock
        await _live(servers, http, clock, loads, faults, progress)
        return LiveRun(
            scenario=scenario,
            strategies={s.name: s for s in strategies},
            seed=seed,
            factor=setup.factor,
            algorithm=setup.lanes[0].host_key.algorithm,
            store=setup.store,
            costs=[costs],
            lanes={load.record.strategy: load.record for load in loads},
            predicted=predicted,
            lag=lag,
            resolution=resolution,
            took_real_s=time.monotonic() - began,
            distortions=distortions(scenario, [s.name for s in strategies], clock, costs.hop_s()),
        )


def _rate(runs: list[Run], scenario: Scenario) -> float:
    """Requests and host calls a model second, all lanes together."""
    sent = sum(run.requests["sent"] + sum(c.sum() for c in run.host_calls.values()) for run in runs)
    return max(1.0, float(sent) / scenario.run.horizon_s)


async def _costs(setup: Setup, http: aiohttp.ClientSession, rate_per_s: float) -> Costs:
    """Measure what this run's parts cost, on its servers, at its rate."""
    lane = next(lane for lane in setup.lanes if lane.strategy.name == CALIBRATION.name)
    verify = time_verify(lane.host_key, 500)
    store = open_store(
        setup.store,
        tenant="calibration-lookup",
        run=setup.run,
        url=setup.redis_url,
        folder=setup.folder,
    )
    lookup = await time_lookup(store, 500)
    await store.close()
    path = PathCosts(setup, lane, setup.clock(), http)
    took = await path.measure(min(rate_per_s, 400.0), _CALIBRATION_REAL_S)
    mean_verify = sum(verify) / len(verify)
    return Costs(
        verify=quantiles(verify),
        lookup=quantiles(lookup),
        app=quantiles([t - mean_verify for t in took["app"]]),
        host=quantiles(took["host"]),
        check=quantiles(took["check"]),
    )


async def _live(
    servers: Servers,
    http: aiohttp.ClientSession,
    clock: Clock,
    loads: list[Load],
    faults: Sequence[Fault],
    progress: Progress | None,
) -> None:
    setup, end_s = servers.setup, servers.setup.scenario.run.end_s
    people = [Person(load, n) for load in loads for n in range(setup.scenario.organisation.people)]
    await _start(http, setup, time.monotonic() + _FAR, begin=False)  # nobody is revoked yet
    for i in range(0, len(people), 50):
        await asyncio.gather(*(person.sign_in() for person in people[i : i + 50]))
    clock.started = time.monotonic() + _HEAD_START
    for load in loads:
        load.clock.started = setup.started_of(load.record.strategy, clock.started)
    await _start(http, setup, clock.started, begin=True)
    gc.collect()
    gc.freeze()  # what was simulated before shall not be looked through again in the middle of a request
    tasks = [asyncio.create_task(person.live()) for person in people]
    others = [asyncio.create_task(_fault(servers, clock, fault)) for fault in faults]
    try:
        look = None if faults else servers.dead
        await _until_over(http, setup, loads[-1].clock, tasks, end_s, progress, look)
        await _close_accounts(http, setup, loads, people, end_s)
    finally:
        for person in people:
            person.stop()
        for task in (*tasks, *others):
            task.cancel()
        gc.unfreeze()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, *others, return_exceptions=True)


async def _start(http: aiohttp.ClientSession, setup: Setup, started: float, *, begin: bool) -> None:
    content = {"started": started, "app_url": setup.app_url, "begin": begin}
    for url in (setup.host_url, setup.app_url):
        await _control(http, setup, f"{url}/control/start", content)


async def _until_over(
    http: aiohttp.ClientSession,
    setup: Setup,
    clock: Clock,
    tasks: list[asyncio.Task[None]],
    end_s: float,
    progress: Progress | None,
    dead: Callable[[], str | None] | None,
) -> None:
    """Until the end of the drain, until nobody acts and no event is on its way any more, or until a server is dead."""
    while clock.now_s() < end_s:
        if dead is not None and dead() is not None:
            raise ServerFailed("a server died")
        if progress is not None:
            progress(max(0.0, clock.now_s()) / end_s)
        left = min(0.5, clock.real(end_s - clock.now_s()))
        done, pending = await asyncio.wait(tasks, timeout=max(0.0, left))
        for task in done:
            task.result()  # an error in a person is an error of the run
        if not pending:
            accounts = await _control(http, setup, f"{setup.host_url}/control/account", {})
            if not any(account["pending_events"] for account in accounts.values()):
                break
            await asyncio.sleep(left)
    if progress is not None:
        progress(1.0)


async def _close_accounts(
    http: aiohttp.ClientSession,
    setup: Setup,
    loads: list[Load],
    people: list[Person],
    end_s: float,
) -> None:
    host = await _control(http, setup, f"{setup.host_url}/control/account", {})
    app = await _control(http, setup, f"{setup.app_url}/control/account", {})
    by_lane = {load.record.strategy: load.record for load in loads}
    for name, lane in by_lane.items():
        lane.host, lane.app = host[name], app[name]
    for person in people:
        case, record = person.case, person.record
        if case is None or record is None:
            continue
        lane = by_lane[person.load.record.strategy]
        token = person.load.strategy.token
        stretches = [
            (at_s, {kind: float(reach) for kind, reach in reaches.items()})
            for at_s, reaches in lane.app["stretches"].get(str(person.number), [])
        ]
        by_itself = token is not None and token.refresh_at is not None and not person.muted()
        yet = lane.app["yet"].get(str(person.number), {}) if by_itself or person.actors > 0 else {}
        close_record(
            record,
            case,
            sorted(stretches, key=lambda stretch: stretch[0]),
            end_s,
            yet={
                kind: (float(until_s), float(reach_s)) for kind, (until_s, reach_s) in yet.items()
            },
            may_shorten=lane.host["pending_events"] > 0,
        )
        lane.cases.append(record)
        lane.residuals_s[person.number] = person.residual_s


async def _fault(servers: Servers, clock: Clock, fault: Fault) -> None:
    at_s, do = fault
    await clock.until(at_s)
    await asyncio.to_thread(do, servers)


async def _control(
    http: aiohttp.ClientSession, setup: Setup, url: str, content: dict[str, Any]
) -> dict[str, Any]:
    async with http.post(url, json=content, headers={CONTROL_HEADER: setup.control}) as answer:
        answer.raise_for_status()
        result: dict[str, Any] = await answer.json()
    return result

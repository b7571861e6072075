"""`lastclick calibrate`: what verifying, looking up, asking and queueing cost here, as a part of a scenario."""

import asyncio
import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import aiohttp
import numpy as np

from sim.basics.wording import about
from sim.scenario import Scenario, load, with_changes
from sim.testbed.compress import Clock, precise_loop
from sim.testbed.costs import CALIBRATION, PathCosts, quantiles, time_lookup, time_verify
from sim.testbed.folder import run_folder
from sim.testbed.servers import RedisServer, Servers, redis_program
from sim.testbed.setup import HOST, Setup, Station
from sim.testbed.stores import MemoryStore, RedisStore, SqliteStore, Store
from sim.testbed.tokens import ALGORITHMS, Algorithm, Issuer, Key

STORE_NAMES = ("memory", "sqlite", "sqlite in a thread", "redis", "redis, Unix socket")
RATE_PER_S, REAL_S = 100.0, 6.0
_DIGITS = 3


@dataclass
class Calibration:
    """Samples in seconds, by what was timed."""

    verify: dict[str, list[float]] = field(default_factory=dict)  # by algorithm
    sign: dict[str, list[float]] = field(default_factory=dict)  # by algorithm
    lookup: dict[str, list[float]] = field(default_factory=dict)  # by store
    app: list[float] = field(default_factory=list)  # an HTTP request to the app and back
    host: list[float] = field(default_factory=list)  # an HTTP call to the host and back
    check: list[float] = field(
        default_factory=list
    )  # a permission check, from app to host and back
    hand_over: list[float] = field(
        default_factory=list
    )  # of a busy worker to the next in the queue
    timer: list[float] = field(default_factory=list)  # how late a timer wakes


def calibrate() -> Calibration:
    """Measure everything; takes some ten seconds."""
    found = Calibration()
    for algorithm in ALGORITHMS:
        key = Key.random(algorithm)
        found.verify[algorithm] = time_verify(key)
        found.sign[algorithm] = _time_sign(key)
    with asyncio.Runner(loop_factory=precise_loop) as runner:
        runner.run(_stores(found))
        runner.run(_queueing(found))
    _paths(found)
    return found


def _time_sign(key: Key, number: int = 500) -> list[float]:
    issuer, took = Issuer(HOST, key, "t", 0), []
    for _ in range(number):
        began = time.perf_counter()
        issuer.issue(1, 1, "s", admin=False, stamped_s=1.0, expires_s=9.0, page_stamped_s=1.0)
        took.append(time.perf_counter() - began)
    return took


class _InThread(MemoryStore):
    """SQLite behind a hop to a thread, as asynchronous wrappers do it: the hop costs more than the look-up."""

    def __init__(self, path: Path):
        super().__init__()
        self._path = path
        self._direct = SqliteStore(path, "thread")

    async def write_entry(self, person: int, page: int, expires_s: float) -> None:
        await self._direct.write_entry(person, page, expires_s)

    async def entry_expires_s(self, person: int, page: int) -> float:
        return await asyncio.to_thread(self._in_thread, person, page)

    def _in_thread(self, person: int, page: int) -> float:
        return self._direct.entry_now(person, page)

    async def close(self) -> None:
        await self._direct.close()


async def _stores(found: Calibration) -> None:
    with run_folder() as folder:
        stores: dict[str, Store] = {
            "memory": MemoryStore(),
            "sqlite": SqliteStore(folder / "direct.sqlite", "t"),
            "sqlite in a thread": _InThread(folder / "thread.sqlite"),
        }
        server, url = None, os.environ.get("LASTCLICK_REDIS_URL")
        if url:
            stores["redis"] = RedisStore(url, "t", "calibration")
        elif (program := redis_program()) is not None:
            server = RedisServer(program, folder, "calibration")
            stores["redis"] = RedisStore(server.url, "t", "calibration")
            if server.unix_url is not None:
                stores["redis, Unix socket"] = RedisStore(server.unix_url, "t", "calibration")
        try:
            for label, store in stores.items():
                found.lookup[label] = await time_lookup(store)
                await store.close()
        finally:
            if server is not None:
                server.stop()


async def _queueing(found: Calibration, queued: int = 500) -> None:
    """The time from one end of service to the next beginning, in a queue of one worker."""
    station, ends = Station(1, Clock()), []

    async def one() -> None:
        async with station.server():
            ends.append(time.perf_counter())

    await asyncio.gather(*(one() for _ in range(queued)))
    found.hand_over = list(np.diff(ends))
    for _ in range(300):
        began = time.perf_counter()
        await asyncio.sleep(0.002)
        found.timer.append(time.perf_counter() - began - 0.002)


def _paths(found: Calibration) -> None:
    setup = Setup.new(_no_delays(), [CALIBRATION], seed=1, factor=1.0)
    with Servers(setup) as servers, asyncio.Runner(loop_factory=precise_loop) as runner:
        took = runner.run(_measure_paths(servers.setup))
    found.app, found.host, found.check = took["app"], took["host"], took["check"]


async def _measure_paths(setup: Setup) -> dict[str, list[float]]:
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        path = PathCosts(setup, setup.lanes[0], setup.clock(), http)
        return await path.measure(RATE_PER_S, REAL_S)


def _no_delays() -> Scenario:
    """The office with nothing slept: what remains is real work."""
    zero = ["host.page_load", "host.renewal", "host.check", "auth_server.renewal"]
    zero += ["network.client_app", "network.client_host", "network.app_host"]
    zero += [f"app.service.{kind}" for kind in ("read", "write", "admin")]
    none = {"host.rate_limit": "none", "host.outages": "none"}
    return with_changes(load("office"), {**dict.fromkeys(zero, "0s"), **none})


# -- as text ------------------------------------------------------------------------------------


def table(found: Calibration) -> list[tuple[str, Sequence[float]]]:
    """What was timed, in order."""
    return [
        *((f"verify {name}", sample) for name, sample in found.verify.items()),
        *((f"sign {name}", sample) for name, sample in found.sign.items()),
        *((f"look up, {name}", sample) for name, sample in found.lookup.items()),
        ("check (app to host and back)", found.check),
        ("request to the app and back", found.app),
        ("call to the host and back", found.host),
        ("worker to the next in queue", found.hand_over),
        ("timer late by", found.timer),
    ]


def text(found: Calibration) -> str:
    """The measurements for people."""
    from sim.results.tables import grid

    rows = [
        [
            label,
            *(f"{1e6 * float(np.quantile(sample, q)):.1f}" for q in (0.5, 0.95, 0.99)),
            str(len(sample)),
        ]
        for label, sample in table(found)
    ]
    return grid(["microseconds", "p50", "p95", "p99", "n"], rows)


def toml(found: Calibration, algorithm: Algorithm, store: str, own_only: bool = False) -> str:
    """The part of a scenario. Raises KeyError for a store that was not measured."""
    verify = np.asarray(found.verify[algorithm]) + float(np.mean(found.hand_over))
    laws: dict[str, tuple[Sequence[float], str]] = {
        "app.verify": (
            list(verify),
            f"{algorithm} verified by PyJWT {version('pyjwt')}, with the hand-over of a worker in the queue,"
            f" {about(float(np.mean(found.hand_over)))}",
        ),
        "auth_server.renewal": (found.sign["HS256"], "a token signed (HS256); no network"),
        "store.lookup": (found.lookup[store], f"allowlist entry, store: {store}"),
    }
    if not own_only:
        stand_in = "between processes of this machine, over HTTP (aiohttp, uvicorn with httptools)"
        laws |= {
            "host.check": (found.check, f"the testbed's stand-in host, asked {stand_in}"),
            "network.client_app": (
                found.app,
                f"loopback, {stand_in}; the handler's work not included",
            ),
            "network.client_host": (
                found.host,
                f"loopback, {stand_in}; the host's work not included",
            ),
        }
    where = _provenance()
    lines = [
        '# Costs measured by `lastclick calibrate`. Use: include = ["this file"].',
        f"# {where}",
        "# Quantiles are equally spaced, the slowest 1 % left out (pauses of the machine).",
    ]
    lines += [f"# {line}" for line in text(found).splitlines()]
    if not own_only:
        lines.append(
            "# host.check and network.* are those of a stand-in on loopback: leave them out (--own-only) to simulate a"
            " host far away."
        )
    lines += ["", "format = 1"]
    sources = ["", "[sources]"]
    tables: dict[str, list[str]] = {}
    for path, (sample, what) in laws.items():
        name, key = path.split(".")
        tables.setdefault(name, []).append(f"{key} = {_law(sample)}")
        sources.append(
            f'"{path}" = "measured {datetime.now(UTC):%Y-%m-%d}: {what}; n = {len(sample)} (M)"'
        )
    if not own_only:
        tables["network"].append('app_host = "0s"')
        sources.append('"network.app_host" = "contained in host.check (M)"')
    for name, entries in tables.items():
        lines += ["", f"[{name}]", *entries]
    return "\n".join([*lines, *sources, ""])


def _law(sample: Sequence[float]) -> str:
    values = ", ".join(f"{q:.{_DIGITS}g}" for q in quantiles(sample, 41))
    return f'{{ dist = "empirical", quantiles = [{values}] }}'


def _provenance() -> str:
    return (
        f"Python {platform.python_version()}, {sys.platform} {platform.machine()}, {os.cpu_count()} cores,"
        f" PyJWT {version('pyjwt')}, cryptography {version('cryptography')}, redis-py {version('redis')},"
        f" uvicorn {version('uvicorn')} with httptools, asyncio over select; {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    )

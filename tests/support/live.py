"""What the tests of the testbed share: a small busy scenario, and how to talk to its servers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from sim.model.strategies import Strategy
from sim.scenario import Scenario
from sim.testbed import run
from sim.testbed.compress import precise_loop
from sim.testbed.run import LiveRun
from sim.testbed.servers import redis_program
from sim.testbed.setup import Draw, Lane, Setup
from support import worlds

REDIS = redis_program()
NO_REDIS = "no Redis server: neither on the PATH nor in a package"


def small(**tables: Any) -> Scenario:
    """A quarter of an hour of a few busy people, most of whom lose access."""
    base: dict[str, Any] = {
        "run": {"horizon": "12min", "drain": "6min", "replications": 1, "seed": 5},
        "organisation": {
            "people": 10,
            "admins": 0.3,
            "shift": {"start": "0s", "end": "12min"},
            "visits": {"dist": "exponential", "mean": "2min"},
        },
        "cases": {
            "from": "3min",
            "until": "10min",
            "deactivation": {"share": 0.4},
            "permission_loss": {"share": 0.3},
            "logout": {"share": 0.2},
            "admin_loss": {"share": 0.1},
        },
        "behaviour": {"probabilities": {"leave": 0.3, "continue": 0.4, "storm": 0.3}},
        "host": {"outages": "none", "rate_limit": "none"},
        "push": {"delay": {"dist": "exponential", "mean": "10s"}, "loss": 0},
    }
    for name, table in tables.items():
        base[name] = {**base.get(name, {}), **table}
    return worlds.scenario(base)


def timely(
    scenario: Scenario, strategies: list[Strategy], factor: float, **settings: Any
) -> LiveRun:
    """A live run that kept time to a second or so of the model; compressed less if need be, skipped on a machine too busy."""
    for part in (1.0, 0.5, 0.25):
        live = run.run(scenario, strategies, factor=factor * part, **settings)
        coarse_s = live.factor * live.resolution.quantile_s(0.5)
        if coarse_s < 1.5:
            return live
    pytest.skip(f"this machine is too busy: answers come {coarse_s:.0f} s of the model late")


def in_loop(work: Callable[[], Awaitable[Any]]) -> Any:
    with asyncio.Runner(loop_factory=precise_loop) as runner:
        return runner.run(work())  # type: ignore[arg-type]


async def page_of(
    http: aiohttp.ClientSession, setup: Setup, lane: Lane, person: int, page: int
) -> str:
    """Sign in and load a page; the page's token."""
    host = f"{setup.host_url}/{lane.name}"
    who = {"person": person, "password": lane.password(person)}
    async with http.post(f"{host}/sign-in", json=who) as answer:
        session = (await answer.json())["session"]
    headers = {"authorization": f"Bearer {session}", **Draw("page", 0, 0, 0).header()}
    async with http.post(f"{host}/page", json={"page": page}, headers=headers) as answer:
        assert answer.status == 200
        return str((await answer.json())["token"])


async def status_of(
    http: aiohttp.ClientSession, url: str, token: str = "", **more: Any
) -> tuple[int, str]:
    headers = {
        "authorization": f"Bearer {token}",
        **Draw("click", 0, 0, 0).header(),
        **more.pop("headers", {}),
    }
    async with http.post(url, headers=headers, **more) as answer:
        return answer.status, answer.headers.get("x-reason", "")

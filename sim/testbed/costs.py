"""What the parts really cost on this machine, and the scenario with those costs in it: the calibrated simulation."""

import asyncio
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import numpy as np

from sim.basics.distributions import Law
from sim.basics.streams import Stream
from sim.engine.samplers import Samplers
from sim.model.causes import Kind
from sim.model.strategies import Strategy
from sim.scenario import Scenario, with_changes
from sim.testbed.compress import Clock
from sim.testbed.setup import CALIBRATION as CALIBRATION_LANE
from sim.testbed.setup import CONTROL_HEADER, HOST, Draw, Lane, Setup
from sim.testbed.stores import Store
from sim.testbed.tokens import Issuer, Key, Verifier

ROUNDS = 5  # of a measurement
POINTS = 51  # quantiles kept of a measured cost
# A lane of its own: reads meet the token gate only, writes ask the host as well.
CALIBRATION = Strategy.model_validate(
    {
        "name": CALIBRATION_LANE,
        "token": {"lifetime": "30d"},
        "check": {"scope": "writes", "asks": "permission", "timeout": "1h"},
    }
)


@dataclass(frozen=True)
class Costs:
    """Equally spaced quantiles, in real seconds."""

    verify: list[float]  # a token verified
    lookup: list[float]  # an allowlist entry read
    app: list[float] = field(
        default_factory=list
    )  # a request to the app, beyond its model and verify
    host: list[float] = field(default_factory=list)  # a call to the host, beyond its model
    check: list[float] = field(default_factory=list)  # a call from app to host, beyond its model

    def hop_s(self) -> float:
        """The mean cost of an HTTP call."""
        return float(np.mean(self.app))

    def spread_s(self) -> float:
        """How far a call may lie from its mean cost: the 98 % quantile less the mean."""
        widths = [np.quantile(c, 0.98) - np.mean(c) for c in (self.app, self.host, self.check)]
        return float(max(widths))


def quantiles(sample: Sequence[float], points: int = POINTS) -> list[float]:
    """Equally spaced quantiles, without what a pause of the machine put at the very end."""
    values = np.quantile(np.asarray(sample), np.linspace(0, 0.99, points))
    return [float(v) for v in np.maximum(values, 0.0)]


def time_verify(key: Key, number: int = 2000) -> list[float]:
    """Seconds that verifying a token takes, one at a time."""
    issuer, verifier = Issuer(HOST, key, "t", 0), Verifier({HOST: key}, "t", 0)
    token = issuer.issue(1, 1, "s", admin=False, stamped_s=1.0, expires_s=9e9, page_stamped_s=1.0)
    took = []
    for _ in range(number):
        began = time.perf_counter()
        verifier.verify(token, 2.0)
        took.append(time.perf_counter() - began)
    return took


async def time_lookup(store: Store, number: int = 1000) -> list[float]:
    """Seconds that reading an entry takes, one at a time, as the app does it."""
    await store.write_entry(1, 1, 1e9)
    took = []
    for _ in range(number):
        began = time.perf_counter()
        await store.entry_expires_s(1, 1)
        took.append(time.perf_counter() - began)
    return took


class PathCosts:
    """Times requests through the running servers, at the rate at which the run will send them."""

    def __init__(self, setup: Setup, lane: Lane, clock: Clock, http: aiohttp.ClientSession):
        self._setup, self._lane, self._clock, self._http = setup, lane, clock, http
        self._draw = Samplers.of(setup.scenario, lane.strategy)
        self._person = setup.scenario.organisation.people  # nobody of the scenario: has no case
        self._took: dict[str, list[float]] = {"app": [], "host": []}

    async def measure(self, rate_per_s: float, real_s: float) -> dict[str, list[float]]:
        """Overheads in real seconds beyond what the model gives: {app, host, check}."""
        host = f"{self._setup.host_url}/{self._lane.name}"
        content = {"person": self._person, "password": self._lane.password(self._person)}
        async with self._http.post(f"{host}/sign-in", json=content) as answer:
            session = (await answer.json())["session"]
        self._as_person = {"authorization": f"Bearer {session}"}
        token = await self._page(0)
        rounds = []
        for first in range(ROUNDS):
            self._took = {"app": [], "host": []}
            await self._note(True)
            await self._round(1 + first * 10_000, rate_per_s, real_s / ROUNDS, token)
            rounds.append({**self._took, "check": await self._note(False)})
        # a pause of the machine spoils one round, not those in the middle
        return {name: _middle([took[name] for took in rounds]) for name in rounds[0]}

    async def _round(self, first: int, rate_per_s: float, real_s: float, token: str) -> None:
        number = max(40, int(rate_per_s * real_s))
        began = self._clock.now_s() + 10.0 * self._clock.factor / 1000
        work = []
        for i in range(number):
            due_s = began + i * self._clock.factor / rate_per_s
            work.append(asyncio.create_task(self._one(first + i, due_s, token)))
        await asyncio.gather(*work)

    async def _one(self, i: int, due_s: float, token: str) -> None:
        await self._clock.until(due_s)
        if i % 4 == 3:
            await self._page(i, due_s)
        else:
            await self._request(i, Kind.WRITE if i % 4 == 2 else Kind.READ, due_s, token)

    async def _page(self, i: int, due_s: float | None = None) -> str:
        draw = Draw("page", i, 0, 0)
        url = f"{self._setup.host_url}/{self._lane.name}/page"
        async with self._http.post(
            url, json={"page": i}, headers=self._as_person | draw.header()
        ) as answer:
            content = await answer.json()
        if due_s is not None and answer.status == 200:
            model_s = self._draw.page_load(self._u(Stream.PAGE_LOAD, i))
            self._keep("host", due_s, model_s)
        return str(content.get("token", ""))

    async def _request(self, i: int, kind: Kind, due_s: float, token: str) -> None:
        url = f"{self._setup.app_url}/{self._lane.name}/pages/0/{kind.name.lower()}"
        draw = Draw("click", i, 0, 0, 8000)
        headers = {"authorization": f"Bearer {token}", **draw.header()}
        async with self._http.post(url, headers=headers) as answer:
            await answer.read()
        if kind is Kind.READ and answer.status == 200:
            self._keep("app", due_s, self._draw.service[kind](self._u(Stream.HANDLER, i)))

    def _keep(self, name: str, due_s: float, model_s: float) -> None:
        self._took[name].append(self._clock.real(self._clock.now_s() - due_s - model_s))

    async def _note(self, note: bool) -> list[float]:
        url = f"{self._setup.app_url}/control/overheads"
        headers = {CONTROL_HEADER: self._setup.control}
        content = {"lane": self._lane.name, "note": note}
        async with self._http.post(url, json=content, headers=headers) as answer:
            noted: list[float] = (await answer.json())["overheads"]
        return noted

    def _u(self, stream: Stream, n: int) -> float:
        return self._setup.uniform(self._person, stream, n)


def _middle(samples: list[list[float]]) -> list[float]:
    """The samples but those of the smallest and the largest mean, as one."""
    ordered = sorted(samples, key=lambda sample: float(np.mean(sample)))
    return [value for sample in ordered[1:-1] for value in sample]


def calibrated(scenario: Scenario, costs: Costs, factor: float) -> Scenario:
    """The scenario as this machine plays it under a compression: real work, stretched, is added to the model's times."""
    network = scenario.network
    return with_changes(
        scenario,
        {
            "app.verify": _law(costs.verify, factor),
            "store.lookup": _law(costs.lookup, factor),
            "network.client_app": _plus(network.client_app, costs.app, factor),
            "network.client_host": _plus(network.client_host, costs.host, factor),
            "network.app_host": _plus(network.app_host, costs.check, factor),
        },
    )


def _law(cost: list[float], factor: float) -> dict[str, Any]:
    return {"dist": "empirical", "quantiles": [c * factor for c in cost]}


def _plus(law: Law, cost: list[float], factor: float) -> dict[str, Any]:
    """The law of a time and a cost on top: the cost's own spread if the time is constant, else its mean."""
    low, high = law.support()
    if low == high:
        return {"dist": "empirical", "quantiles": [low + c * factor for c in cost]}
    levels = np.clip(np.linspace(0, 1, 401), 1e-6, 1 - 1e-6)
    shift_s = factor * float(np.mean(cost))
    values = [law.quantile(float(u)) + shift_s for u in levels]
    assert all(map(math.isfinite, values))
    return {"dist": "empirical", "quantiles": values}

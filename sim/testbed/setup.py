"""What the processes of one live run share: scenario, lanes, keys, clock. A lane is a strategy with parties of its own."""

import asyncio
import base64
import hashlib
import hmac
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sim.basics.streams import STORM, TAKEN, WORLD, Stream, stream_key, uniform
from sim.engine.cases import Case, draw_case, is_administrator
from sim.model.strategies import Strategy
from sim.scenario import Scenario
from sim.testbed.compress import Clock
from sim.testbed.stores import StoreKind
from sim.testbed.tokens import Algorithm, Key

HOST, APP = "lastclick-host", "lastclick-app"  # issuers
CALIBRATION = "calibration"  # the name of the lane that serves to measure costs
STAGGER = 0.23  # real seconds between the beginnings of two lanes
DRAW_HEADER = "x-lastclick-draw"
CONTROL_HEADER = "x-lastclick-control"
OFFSETS = (0, TAKEN, STORM, TAKEN + STORM)


@dataclass(frozen=True)
class Lane:
    """A strategy with its own host, app state and people; the name is the tenant, keys and secrets are its own."""

    strategy: Strategy
    host_key: Key
    app_key: Key
    webhook_secret: bytes = field(repr=False)
    client_secret: bytes = field(repr=False)  # the app's, towards the host
    sign_in_secret: bytes = field(repr=False)  # people's passwords are derived from it

    @property
    def name(self) -> str:
        """The tenant."""
        return self.strategy.name

    @property
    def calibrates(self) -> bool:
        """Whether the lane serves to measure costs: no outages, no limits, no queues."""
        return self.name == CALIBRATION

    @staticmethod
    def of(strategy: Strategy, algorithm: Algorithm) -> "Lane":
        """A lane with fresh random secrets. The app's own tokens are HS256: nobody else verifies them."""
        random = secrets.token_bytes
        return Lane(
            strategy, Key.random(algorithm), Key.random("HS256"), random(32), random(32), random(32)
        )

    def password(self, person: int) -> str:
        """What a person signs in with."""
        digest = hmac.new(self.sign_in_secret, str(person).encode(), hashlib.sha256)
        return digest.hexdigest()

    @property
    def provider(self) -> str:
        """The path of its OpenID provider at the host."""
        return f"/{self.name}/openid"

    def openid_secret(self) -> str:
        """Of the provider's client."""
        return self.client_secret.hex()

    def authorization(self) -> str:
        """The app's Authorization header towards the host (RFC 7617)."""
        pair = b"app:" + base64.b16encode(self.client_secret)
        return "Basic " + base64.b64encode(pair).decode()


@dataclass(frozen=True)
class Setup:
    """One live run. `base` is the NumericDate of model time 0."""

    scenario: Scenario
    lanes: tuple[Lane, ...]
    seed: int
    replication: int
    factor: float
    base: int
    run: str
    control: str = field(repr=False)  # opens the side channel
    store: StoreKind = "memory"
    redis_url: str = ""
    folder: str = ""
    host_url: str = ""
    app_url: str = ""
    started: float = 0.0  # time.monotonic() at model time 0

    @staticmethod
    def new(
        scenario: Scenario,
        strategies: list[Strategy],
        *,
        seed: int,
        replication: int = 0,
        factor: float,
        algorithm: Algorithm = "HS256",
        store: StoreKind = "memory",
        redis_url: str = "",
        folder: str = "",
    ) -> "Setup":
        """A run with fresh secrets."""
        return Setup(
            scenario=scenario,
            lanes=tuple(Lane.of(strategy, algorithm) for strategy in strategies),
            seed=seed,
            replication=replication,
            factor=factor,
            base=int(time.time()),
            run=secrets.token_hex(8),
            control=secrets.token_hex(32),
            store=store,
            redis_url=redis_url,
            folder=folder,
            started=time.monotonic(),
        )

    def clock(self, lane: str = "") -> Clock:
        """A clock of the run, or of one of its lanes."""
        started = self.started_of(lane, self.started) if lane else self.started
        return Clock(self.factor, started)

    def started_of(self, lane: str, started: float) -> float:
        """Model time 0 of a lane: lanes begin one after another, since their people do the same at the same time."""
        return started + STAGGER * [known.name for known in self.lanes].index(lane)

    def case(self, person: int) -> Case | None:
        """The person's case: the simulation's."""
        return draw_case(self.scenario, self.seed, self.replication, person)

    def administrator(self, person: int) -> bool:
        """Whether the person is an administrator at the start: the simulation's draw."""
        return is_administrator(self.scenario, self.seed, self.replication, person)

    def uniform(self, person: int, stream: int, n: int, attempt: int = 0) -> float:
        """The simulation's uniform number of this address."""
        return uniform(stream_key(self.seed, self.replication, person, stream), n, attempt)

    def allows(self, control: str) -> bool:
        """Whether a secret opens the side channel."""
        return hmac.compare_digest(control.encode(), self.control.encode())

    def outages(self, settings: object, up: Stream, down: Stream) -> list[tuple[float, float]]:
        """The outages of a run, as the simulation draws them: (from, until) in model seconds."""
        if settings is None:
            return []
        every, lasts = settings.every, settings.lasts  # type: ignore[attr-defined]
        if every is None:
            starts_s = settings.starts_s  # type: ignore[attr-defined]
            return [(starts_s, starts_s + lasts.quantile(self.uniform(WORLD, down, 0)))]
        found: list[tuple[float, float]] = []
        now_s, number = 0.0, 0
        while now_s <= self.scenario.run.end_s:
            down_s = now_s + every.quantile(self.uniform(WORLD, up, number))
            now_s = down_s + lasts.quantile(self.uniform(WORLD, down, number))
            found.append((down_s, now_s))
            number += 1
        return found


@dataclass(frozen=True)
class Draw:
    """The address of a request's draws, sent along with it: the parties draw what the simulation draws."""

    purpose: str
    n: int
    attempt: int
    offset: int
    size: int = 0

    def header(self) -> dict[str, str]:
        """As a header."""
        text = f"{self.purpose},{self.n},{self.attempt},{self.offset},{self.size}"
        return {DRAW_HEADER: text}

    @staticmethod
    def parse(text: str) -> "Draw":
        """From a header's value. Raises ValueError."""
        if len(text) > 100:
            raise ValueError("too long")
        purpose, *numbers = text.split(",")
        n, attempt, offset, size = map(int, numbers)
        within = -(1 << 40) < n < 1 << 40 and 0 <= attempt < 1 << 16 and 0 <= size <= 1 << 40
        if not within or offset not in OFFSETS:
            raise ValueError("out of range")
        return Draw(purpose, n, attempt, offset, size)


class Station:
    """Servers with one queue, first come, first served. Joining is in order of arrival; its account in model seconds."""

    def __init__(self, servers: float, clock: Clock):
        self._semaphore = None if servers == float("inf") else asyncio.Semaphore(int(servers))
        self._clock = clock
        self.arrivals = 0
        self.busy_s = self.waited_s = 0.0

    @asynccontextmanager
    async def server(self) -> AsyncIterator[None]:
        """Hold a server."""
        self.arrivals += 1
        if self._semaphore is None:
            yield
            return
        joined_s = self._clock.now_s()
        async with self._semaphore:
            began_s = self._clock.now_s()
            self.waited_s += began_s - joined_s
            try:
                yield
            finally:
                self.busy_s += self._clock.now_s() - began_s

    async def serve(self, service_s: float) -> None:
        """Queue, be served, leave."""
        async with self.server():
            await self._clock.sleep(service_s)


def down(outages: list[tuple[float, float]], now_s: float) -> float | None:
    """When the outage under way ends; None if there is none."""
    return next((until_s for from_s, until_s in outages if from_s <= now_s < until_s), None)


class Calls:
    """Counts of calls by reason, in all and inside the observed window."""

    def __init__(self, scenario: Scenario):
        warm_up_s = 0.0 if scenario.run.warm_up_s == "auto" else float(scenario.run.warm_up_s)
        self.window_s = (warm_up_s, scenario.run.horizon_s)
        self.observed: Counter[str] = Counter()
        self.all: Counter[str] = Counter()

    def count(self, now_s: float, reason: str) -> None:
        """One call."""
        self.all[reason] += 1
        if self.window_s[0] <= now_s < self.window_s[1]:
            self.observed[reason] += 1


def persons(scenario: Scenario) -> Iterator[int]:
    """Everybody's number."""
    return iter(range(scenario.organisation.people))

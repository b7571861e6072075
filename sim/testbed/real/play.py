"""One real part, played: the host up, the part in front of it, everybody's clicks at their instants, all down again."""

import asyncio
import base64
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import yarl

from sim.engine import run as simulate
from sim.engine.recording import Run
from sim.model.strategies import Strategy
from sim.scenario import Scenario
from sim.testbed.compress import Clock, precise_loop
from sim.testbed.folder import run_folder
from sim.testbed.real.apache import write_users
from sim.testbed.real.kept import Kept
from sim.testbed.real.part import Part, Place, free_port
from sim.testbed.real.parts import part
from sim.testbed.real.script import Act, scripts
from sim.testbed.servers import Server
from sim.testbed.setup import CONTROL_HEADER, Setup

Progress = Callable[[float], None]  # share of the run's time that has passed
_FAR = 1e6  # real seconds; before model time 0 nothing has happened
_LONGEST_S = 8 * 3600.0  # a cap that no run reaches
_HEAD_START = 1.0  # real seconds at least between the starting signal and model time 0


@dataclass(frozen=True)
class Answer:
    """A click as the real part met it, somewhere between its sending and its answer (s of the model)."""

    act: Act
    sent_s: float
    answered_s: float
    passed: bool


@dataclass(frozen=True)
class Played:
    """A real part beside its simulation. `calls`: questions to the host, None where the part asks a file."""

    part: Part
    strategy: Strategy
    predicted: Run
    answers: Mapping[int, Sequence[Answer]]
    calls: int | None
    took_real_s: float


def play(
    scenario: Scenario, strategy: Strategy, *, seed: int, progress: Progress | None = None
) -> Played:
    """Play a scenario without latencies in front of the part that a strategy is the profile of, in real time.

    Raises NotInstalled, ServerFailed, UnknownName.
    """
    real = part(strategy.name)
    real.program()
    predicted = simulate(scenario, strategy, seed=seed, tracing=True)
    began = time.monotonic()
    with ExitStack() as stack:
        folder = stack.enter_context(run_folder())
        folder.chmod(0o711)  # servers that change their user must reach what they serve
        setup = Setup.new(scenario, [strategy], seed=seed, factor=1.0, folder=str(folder))
        host = Server("host", setup)
        stack.callback(host.stop)
        setup = replace(setup, host_url=host.url)
        place = _place(setup, folder)
        running = real.start(place)
        stack.callback(running.stop)
        runner = stack.enter_context(asyncio.Runner(loop_factory=precise_loop))
        stage = _Stage(setup, real, place, scripts(predicted), progress)
        calls = runner.run(stage.play())
    asks = None if real.asks_a_file else calls
    return Played(real, strategy, predicted, stage.answers, asks, time.monotonic() - began)


def _place(setup: Setup, folder: Path) -> Place:
    lane = setup.lanes[0]
    own = folder / "part"
    own.mkdir(mode=0o755)
    people = range(setup.scenario.organisation.people)
    port = urlsplit(setup.host_url).port
    assert port is not None
    kept = Kept.of(lane.strategy)
    return Place(
        own,
        free_port(),
        port,
        f"/{lane.name}/authorise",
        int(kept.life_s),
        int(min(kept.cap_s, _LONGEST_S)),
        {person: lane.password(person) for person in people},
        (lane.provider, lane.openid_secret()),
    )


class _Stage:
    """The client side of a run."""

    def __init__(
        self,
        setup: Setup,
        real: Part,
        place: Place,
        acts: Mapping[int, Sequence[Act]],
        progress: Progress | None,
    ):
        self.setup, self.real, self.place, self.acts = setup, real, place, acts
        self.clock = Clock(1.0)
        self.answers: dict[int, list[Answer]] = {person: [] for person in acts}
        self.sessions: dict[int, str] = {}
        self.cookies: dict[int, str] = {}
        self._progress = progress
        self._url = f"http://127.0.0.1:{place.port}"
        self._http: aiohttp.ClientSession

    async def play(self) -> int:
        """Everybody's acts; how often the host was asked."""
        connector = aiohttp.TCPConnector(limit=400, keepalive_timeout=60)
        timeout = aiohttp.ClientTimeout(total=15.0)
        jar = aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(
            connector=connector, timeout=timeout, cookie_jar=jar
        ) as self._http:
            await self._begin(time.monotonic() + _FAR)
            for person in self.acts:
                await self._sign_in(person)
            self.clock.started = next_whole_second()
            await self._begin(self.clock.started)
            others = [asyncio.create_task(work) for work in (self._tell(), self._revoke_in_file())]
            try:
                await asyncio.gather(*(self._person(person) for person in self.acts))
            finally:
                for task in others:
                    task.cancel()
            accounts = await self._control("account", {})
        (account,) = accounts.values()
        return int(account["all_calls"].get("check", 0))

    async def _begin(self, started: float) -> None:
        content = {"started": started, "app_url": "", "begin": False}
        await self._control("start", content)

    async def _control(self, name: str, content: dict[str, Any]) -> dict[str, Any]:
        url = f"{self.setup.host_url}/control/{name}"
        headers = {CONTROL_HEADER: self.setup.control}
        async with self._http.post(url, json=content, headers=headers) as answer:
            answer.raise_for_status()
            found: dict[str, Any] = await answer.json()
        return found

    async def _sign_in(self, person: int) -> None:
        lane = self.setup.lanes[0]
        content = {"person": person, "password": self.place.passwords[person]}
        async with self._http.post(
            f"{self.setup.host_url}/{lane.name}/sign-in", json=content
        ) as answer:
            self.sessions[person] = (await answer.json())["session"]

    async def _person(self, person: int) -> None:
        for act in self.acts[person]:
            await self.clock.until(act.at_s)
            if not act.page:
                await self._click(person, act)
            elif self.real.signs_in:
                await self._log_in(person)

    async def _click(self, person: int, act: Act) -> None:
        sent_s = self.clock.now_s()
        async with self._http.get(f"{self._url}/app", headers=self._known_by(person)) as answer:
            await answer.read()
            passed = answer.status in (200, 204)
            self._adopt(person, answer)
        self.answers[person].append(Answer(act, sent_s, self.clock.now_s(), passed))

    def _known_by(self, person: int) -> dict[str, str]:
        if self.real.signs_in:
            return {"cookie": self.cookies.get(person, "")}
        if self.real.asks_a_file:
            pair = f"{person}:{self.place.passwords[person]}"
            return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        return {"authorization": f"Bearer {self.sessions[person]}"}

    async def _log_in(self, person: int) -> None:
        """A session of the part's own, if the host lets the person in; the old one stays held if not."""
        headers = {"authorization": f"Bearer {self.sessions[person]}"}
        if self.real.holds == "openid":
            await self._by_openid(person, headers)
            return
        async with self._http.post(f"{self._url}/login", headers=headers) as answer:
            await answer.read()
            if answer.status == 200:
                self._adopt(person, answer)

    async def _by_openid(self, person: int, headers: dict[str, str]) -> None:
        """As a browser signs in: to the gate, which sends it to the provider, which sends it back with a code."""
        to_provider, state = await self._sent_on(f"{self._url}/login", {})
        back, _ = await self._sent_on(to_provider, headers)
        if back:
            _, self.cookies[person] = await self._sent_on(back, {"cookie": state})

    async def _sent_on(self, url: str, headers: dict[str, str]) -> tuple[str, str]:
        """Where an answer sends a browser, and the cookie that it sets; empty where it does not."""
        async with self._http.get(
            yarl.URL(url, encoded=True), headers=headers, allow_redirects=False
        ) as answer:
            await answer.read()
            return answer.headers.get("location", ""), _cookie(answer)

    def _adopt(self, person: int, answer: aiohttp.ClientResponse) -> None:
        """Hold the cookie that an answer sets."""
        if self.real.signs_in and (cookie := _cookie(answer)):
            self.cookies[person] = cookie

    async def _revoke_in_file(self) -> None:
        """Where passwords stand in a file, who is fired is taken out of it when the host knows."""
        if not self.real.asks_a_file:
            return
        left = dict(self.place.passwords)
        cases = [case for person in left if (case := self.setup.case(person)) is not None]
        for case in sorted(cases, key=lambda case: case.revoked_at_s + case.propagation_s):
            await self.clock.until(case.revoked_at_s + case.propagation_s)
            del left[case.person]
            write_users(self.place.folder, left)

    async def _tell(self) -> None:
        end_s = max((acts[-1].at_s for acts in self.acts.values()), default=0.0)
        while self._progress is not None:
            self._progress(min(1.0, max(0.0, self.clock.now_s()) / max(end_s, 1e-9)))
            await asyncio.sleep(0.5)


def _cookie(answer: aiohttp.ClientResponse) -> str:
    """The last cookie that an answer sets and does not take away."""
    pairs = [line.partition(";")[0] for line in answer.headers.getall("set-cookie", [])]
    return next((pair for pair in reversed(pairs) if pair.partition("=")[2]), "")


def next_whole_second() -> float:
    """`time.monotonic()` at a coming whole second of the machine's clock, a head start away."""
    now = time.time()
    return time.monotonic() + math.ceil(now + _HEAD_START) - now

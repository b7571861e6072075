"""The testbed's own app under a strategy, as a system to probe, and the windows that the model has for it.

`PYTHONPATH=.:tests python -m support.own_app docs/probe.md` probes it under every strategy of the catalogue and writes the table
of the page.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
from aiohttp import web

from sim.basics.wording import about
from sim.engine import run as simulate
from sim.model.causes import Kind
from sim.model.strategies import CATALOGUE
from sim.probe.journal import read_journal
from sim.probe.record import FIRST, Record
from sim.probe.windows import Window, window_of
from sim.results.store import write_text
from sim.scenario import Scenario
from sim.testbed.page import with_section
from sim.testbed.people import Load, PageRefused, Person
from sim.testbed.record import Latencies
from sim.testbed.servers import Servers
from sim.testbed.setup import CONTROL_HEADER, Setup
from support.gated import app, probe_file
from support.worlds import one_endless_page

FACTOR = 60.0  # a lifetime of 5 min lasts 5 s
PACE_S, UNEVEN = 0.2, 1.3  # a gap between clicks is at most so many times the pace
WATCH_S = 18.0  # longer than 15 min last
AT_ONCE = 3  # probes mostly wait
SAMPLING_S = PACE_S * UNEVEN + 0.05  # real seconds; the rest is for the ways
WHOLE_DAY_S = 1e6
PUSH = {"delay": "12s", "loss": 0, "outages": "none"}
MARKS = ("<!-- own app: made by tests/support/own_app.py; do not edit -->", "<!-- /own app -->")


def tables(name: str) -> dict[str, Any]:
    """The mechanisms of a strategy of the catalogue, with a patience that compression leaves."""
    kept = {"token", "allowlist", "check", "push"}
    strategy = CATALOGUE[name].model_dump(
        by_alias=True, mode="json", include=kept, exclude_none=True, exclude_defaults=True
    )
    strategy.setdefault("token", "none")
    if "check" in strategy:
        strategy["check"]["timeout"] = "60s"
    return strategy


def world(name: str, revoked_s: tuple[float, float] | None = None) -> Scenario:
    """Everybody opens a page at once and clicks at the pace; all are fired between two instants (s of the model), if any."""
    begins_s, ends_s = revoked_s or (0.0, 1.0)
    return one_endless_page(
        tables(name),
        think=f"{PACE_S * FACTOR}s",
        people=60,
        horizon_s=WHOLE_DAY_S if revoked_s is None else ends_s + 1.0,
        from_s=begins_s,
        run={"drain": "1s"} if revoked_s is None else {"drain": f"{2 * WATCH_S * FACTOR}s"},
        organisation={"visits": "0s"},
        cases={"deactivation": {"share": 0 if revoked_s is None else 1}, "until": ends_s},
        push=PUSH,
    )


def predicted_s(name: str, revoked_s: tuple[float, float]) -> list[float]:
    """The model's windows, real seconds, of people fired around an instant: from and until so long after the page load."""
    around_s = ((revoked_s[0] - SAMPLING_S) * FACTOR, (revoked_s[1] + SAMPLING_S) * FACTOR)
    drawn = world(name, (max(0.0, around_s[0]), around_s[1]))
    return [c.exposure_s / FACTOR for c in simulate(drawn, drawn.strategies["tried"]).cases]


@dataclass(frozen=True)
class Repetition:
    """What a probe measured, beside the model's windows around that instant (real seconds)."""

    measured: Window
    predicted_s: Sequence[float]

    @property
    def agrees(self) -> bool:
        """Whether the model has a window that ends where the measured one did, within the sampling."""
        most_s = float("inf") if self.measured.open else self.measured.until_s + SAMPLING_S
        return any(self.measured.from_s - SAMPLING_S <= w <= most_s for w in self.predicted_s)

    @property
    def nearest_s(self) -> float:
        """The model's window that lies nearest to what was measured."""
        return min(self.predicted_s, key=lambda w: abs(w - self.measured.middle_s))


class Browsers:
    """What a probe talks to: it signs people in, clicks as a browser of the testbed does, and has the host revoke."""

    def __init__(self, servers: Servers):
        self.servers, self.clicks = servers, count()
        self.person = 0  # who the test account is: a new person after each revocation
        self.open: dict[str, Person] = {}
        self._load: Load | None = None

    async def load(self) -> Load:
        """The client side of the testbed, made in the loop that uses it."""
        if self._load is None:
            setup = self.servers.setup
            http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10.0))
            clock = setup.clock()
            self._load = Load(
                setup, setup.lanes[0], clock, setup.scenario, http, Latencies(), Latencies()
            )
            content = {"started": clock.started, "app_url": setup.app_url, "begin": True}
            await self._control("start", content)
            headers = {CONTROL_HEADER: setup.control}
            async with http.post(
                f"{setup.app_url}/control/start", json=content, headers=headers
            ) as answer:
                await answer.read()
        return self._load

    async def _control(self, name: str, content: dict[str, Any]) -> None:
        assert self._load is not None
        setup = self.servers.setup
        url, headers = f"{setup.host_url}/control/{name}", {CONTROL_HEADER: setup.control}
        async with self._load.http.post(url, json=content, headers=headers) as answer:
            answer.raise_for_status()

    async def login(self, _: web.Request) -> web.Response:
        """Sign in and open a page."""
        load = await self.load()
        person = Person(load, self.person)
        await person.sign_in()
        person.t_s = load.clock.now_s()
        try:
            await person._load_page(0, "page")
        except PageRefused:
            return web.json_response({}, status=403)
        key = f"page-{len(self.open)}"
        self.open[key] = person
        return web.json_response({"access_token": key})

    async def click(self, request: web.Request) -> web.Response:
        """One click in the page, with the renewals that its client does by itself, without a reload."""
        person = self.open[request.headers["Authorization"].removeprefix("Bearer ")]
        person.t_s = person.load.clock.now_s()
        accepted = await person._click(next(self.clicks), Kind.READ, 100.0, reloads=False)
        return web.json_response({}, status=200 if accepted else 401)

    async def revoke(self, _: web.Request) -> web.Response:
        """The host switches the account off."""
        await self._control("revoke", {"lane": "tried", "person": self.person})
        return web.json_response({})

    async def give_back(self, _: web.Request) -> web.Response:
        """The next person is the test account: what a strategy remembers of the last one stays."""
        self.person += 1
        return web.json_response({})

    async def close(self) -> None:
        """Leave everything."""
        if self._load is not None:
            await self._load.http.close()


@contextmanager
def standing(name: str) -> Iterator[int]:
    """The app and its host under a strategy; the port at which a probe finds them."""
    drawn = world(name)
    setup = Setup.new(drawn, [drawn.strategies["tried"]], seed=drawn.run.seed, factor=FACTOR)
    with Servers(setup) as servers:
        browsers = Browsers(servers)
        routes = {
            ("POST", "/login"): browsers.login,
            ("GET", "/app"): browsers.click,
            ("POST", "/revoke"): browsers.revoke,
            ("POST", "/give-back"): browsers.give_back,
            ("POST", "/close"): lambda _: _closed(browsers),
        }
        with app(routes) as port:
            try:
                yield port
            finally:
                asyncio.run(_post(f"http://127.0.0.1:{port}/close"))


async def _closed(browsers: Browsers) -> web.Response:
    await browsers.close()
    return web.json_response({})


async def _post(url: str) -> None:
    async with aiohttp.ClientSession() as http, http.post(url) as answer:
        await answer.read()


def probed(name: str, folder: Path, repetitions: int = 6) -> list[Repetition]:
    """Probe the app under a strategy as a user would: what was measured, beside the model."""
    plan = f'repetitions = {repetitions}\nwatch = "{WATCH_S}s"\nquiet = "1.5s"\nidle = false\nsecond_session = false'
    with standing(name) as port:
        path = probe_file(folder, f"http://127.0.0.1:{port}", port, plan)
        command = [sys.executable, "-m", "sim", "probe", str(path), "--out", str(folder / "out")]
        done = subprocess.run([*command, "--quiet"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    _, records, _ = read_journal(folder / "out" / "probe.jsonl")
    return list(_beside(name, records))


def _beside(name: str, records: Sequence[Record]) -> Iterator[Repetition]:
    for record in records:
        window = window_of(record, FIRST)
        if window is not None and record.revoked_s is not None:
            sent_s, answered_s = record.signed_in_s
            revoked_s = (record.revoked_s[0] - answered_s, record.revoked_s[1] - sent_s)
            yield Repetition(window, predicted_s(name, revoked_s))


def row(name: str, repetitions: Sequence[Repetition]) -> list[str]:
    """A line of the table."""
    ended = [r for r in repetitions if not r.measured.open]
    n_open = len(repetitions) - len(ended)
    means = [
        fmean(values)
        for values in zip(*((r.measured.middle_s, r.nearest_s) for r in ended), strict=True)
    ]
    measured = " / ".join(map(about, means)) if ended else "no end"
    return [
        f"`{name}`",
        f"{sum(r.agrees for r in repetitions)} of {len(repetitions)}",
        measured + (f"; {n_open} had no end" if ended and n_open else ""),
    ]


def main(page: Path) -> None:
    """Write the table."""

    def one(name: str) -> list[str]:
        with TemporaryDirectory() as folder:
            cells = row(name, probed(name, Path(folder)))
        print(cells, flush=True)
        return cells

    head = ["strategy", "agree", "window: measured / the model's"]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        rows = [head, ["---"] * len(head), *pool.map(one, CATALOGUE)]
    text = "\n".join(f"| {' | '.join(cells)} |" for cells in rows)
    write_text(page, with_section(page.read_text(encoding="utf-8"), text, MARKS))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

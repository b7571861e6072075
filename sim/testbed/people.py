"""The people of the scenario, live: they act at planned instants, whatever the servers do (an open loop).

A person follows the simulation's plan, case and draws. His timeline is *planned*: after an action it goes on by the
time that the calibrated model gives that action (its draws, without queues), not by the time it took. So a slow answer
delays no later click, and a latency is counted from the planned instant: nothing is omitted. What a person does next
depends on what the servers really answered (accepted, refused, page refused, no answer). Round trips of the scenario's
network are slept by the client: half before the sending, half (in its account) after the answer.
"""

import asyncio
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple

import aiohttp

from sim.basics.streams import STORM as STORMING
from sim.basics.streams import TAKEN, Stream
from sim.engine.cases import Case
from sim.engine.samplers import Samplers
from sim.model.causes import Cause, Kind
from sim.model.outcomes import Behaviour
from sim.oracle.app import ACCEPTED, FAILED
from sim.oracle.host import HOST_DOWN, OK, RATE_LIMITED, TIMEOUT
from sim.scenario import Scenario
from sim.testbed.compress import Clock
from sim.testbed.record import LaneRecord, Latencies, book_decision, case_record
from sim.testbed.setup import CONTROL_HEADER, Draw, Lane, Setup
from sim.workload import plans
from sim.workload.plan import LEAVE_OPEN, LOGOUT, Plan, pick

NO_APP = "app_down"
CLIENT_TIMEOUT = 15.0  # real seconds


class Attempts(NamedTuple):
    """How often one click has been sent and its token been renewed: each is the last part of an address of draws."""

    sends: Iterator[int]
    renewals: Iterator[int]


class CalledOff(Exception):
    """The person acts no more in this way."""


class PageRefused(Exception):
    """The host refuses to load the page."""


@dataclass(slots=True)
class Token:
    """A token as the client holds it."""

    text: str
    stamped_s: float
    expires_s: float
    admin: bool


@dataclass(slots=True, eq=False)
class Page:
    """A page from the host's answer until it is closed or replaced."""

    number: int
    stamped_s: float
    held: Token
    issued: list[Token] = field(default_factory=list)
    refresh: str = ""
    renewing: asyncio.Event | None = None
    background_renewals: int = 0

    def add(self, token: Token) -> None:
        """Keep a new token, and of the older ones those that may outlive it."""
        self.issued = [
            old
            for old in self.issued
            if old.expires_s > token.expires_s or (old.admin and not token.admin)
        ]
        self.issued.append(token)


@dataclass
class Sent:
    """One request, decided and answered."""

    decision: str
    reason: str
    decided_at_s: float
    seen_at_s: float
    half_s: float

    @property
    def gates_done_s(self) -> float:
        """The decision, without the way there."""
        return self.decided_at_s - self.half_s


class Load:
    """The client side of one lane: what its people share."""

    def __init__(
        self,
        setup: Setup,
        lane: Lane,
        clock: Clock,
        calibrated: Scenario,
        http: aiohttp.ClientSession,
        lag: Latencies,
        resolution: Latencies,
    ):
        self.setup, self.lane, self.clock, self.http = setup, lane, clock, http
        self.scenario, self.strategy = setup.scenario, lane.strategy
        self.draw = Samplers.of(setup.scenario, lane.strategy)  # what is slept
        self.planned = Samplers.of(calibrated, lane.strategy)  # what the timeline goes on by
        self.record = LaneRecord(lane.name)
        self.lag = lag  # real seconds between a planned sending and the sending
        self.resolution = resolution  # real seconds between an answer and its planned instant
        self.host = f"{setup.host_url}/{lane.name}"
        self.app = f"{setup.app_url}/{lane.name}"
        run = setup.scenario.run
        warm_up_s = 0.0 if run.warm_up_s == "auto" else float(run.warm_up_s)
        self.window_s = (warm_up_s, run.horizon_s)
        self._plans = plans(setup.scenario)

    def plan(self, person: int, offset: int = 0) -> Plan:
        """The plan of a person, or with an offset of somebody who acts in his place."""
        return self._plans(self.setup.seed, self.setup.replication, person, offset)

    def in_window(self, time_s: float) -> bool:
        """Whether an instant counts in figures about honest people."""
        return self.window_s[0] <= time_s < self.window_s[1]

    async def post(
        self, url: str, headers: dict[str, str], content: Any = None
    ) -> tuple[int, dict[str, Any]]:
        """One call with a JSON answer; status 0 where there was none."""
        data = None if content is None else json.dumps(content)
        try:
            async with self.http.post(url, data=data, headers=headers) as answer:
                if answer.content_type != "application/json":
                    return answer.status, {}
                return answer.status, await answer.json()
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return 0, {}


class Person:
    """One person and his client. `t_s` is where his planned timeline stands."""

    def __init__(self, load: Load, number: int):
        self.load, self.number = load, number
        self.plan = load.plan(number)
        self.case = load.setup.case(number)
        self.administrator = load.setup.administrator(number)
        self.page: Page | None = None
        self.live_pages: list[Page] = []
        self.session = ""
        self.t_s = self.residual_s = 0.0
        self.record = None
        if self.case is not None:
            self.record = case_record(load.scenario, load.strategy, self.case)
        self.actors = 1
        self._clock = load.clock
        self._called_off = self._idle = self._new_role = self._stopped = False
        self._prober_holds = False
        self._called_off_s = math.inf
        self._in_visit = False
        self._offset = 0
        self._pages = self._clicks = 0
        self._main: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def live(self) -> None:
        """Everything that this person does, until he does nothing more."""
        self._main = self._start(self._act())
        case = self.case
        if case is not None:
            self._start(self._revocation(case))
            if case.cause is not Cause.LOGOUT:
                self._start(self._notice(case))
        while self._tasks:
            done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                self._tasks.discard(task)
                if not task.cancelled():
                    task.result()

    def stop(self) -> None:
        """The run is over."""
        self._stopped = True
        for task in self._tasks:
            task.cancel()

    def _start(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        return task

    # -- the plan -------------------------------------------------------------------------------

    async def _act(self) -> None:
        try:
            await self._shift()
        except (CalledOff, PageRefused):
            pass
        except asyncio.CancelledError:
            if self._stopped or not self._called_off:
                raise
            task = asyncio.current_task()
            assert task is not None
            task.uncancel()
            self.t_s = max(self._called_off_s, 0.0)
        self._idle = self._in_visit = False
        case = self.case
        if case is not None and self._storms(case):
            await self._storm(STORMING)
        self.actors -= 1

    def _storms(self, case: Case) -> bool:
        return (
            case.behaviour == Behaviour.STORM
            and case.cause is not Cause.LOGOUT
            and self._called_off
        )

    async def _shift(self) -> None:
        shift = self.load.scenario.organisation.shift
        if shift.start_s > 0:
            await self._wait(shift.start_s)
        for visit in count():
            pause_s = self.plan.pause_s(self.t_s, visit)
            if not self.t_s + pause_s < shift.end_s:
                break
            await self._wait(pause_s)
            await self._visit(visit)
            if self._after_notice():
                break
        if self.case is not None and self.case.behaviour == Behaviour.STORM:
            await self._wait(math.inf)  # until the notice

    async def _visit(self, visit: int) -> None:
        self._in_visit = True
        try:
            for page_of_visit in _up_to(self.plan.pages(visit)):
                number, self._pages = self._pages, self._pages + 1
                if page_of_visit:
                    await self._wait(self.plan.turn_s(visit, page_of_visit, number))
                await self._load_page(number, "page")
                await self._use_page(self.plan, visit, page_of_visit, number)
        except PageRefused:
            if self._after_notice():
                raise
            self._in_visit = False
            return
        self._may_act()
        await self._end_visit(self.plan.ending(visit), visit)

    async def _use_page(self, plan: Plan, visit: int, page_of_visit: int, page: int) -> None:
        for i in _up_to(plan.requests(visit, page_of_visit, page)):
            click, self._clicks = self._clicks, self._clicks + 1
            at = (visit, page_of_visit, i, click)
            await self._wait(plan.think_s(*at))
            await self._click(click, Kind(plan.kind(*at)), plan.size(*at))

    async def _end_visit(self, ending: int, visit: int) -> None:
        self._in_visit = False
        if ending == LEAVE_OPEN:
            return
        await self._destroy_page()
        if ending == LOGOUT:
            headers = self._as_person() | Draw("logout", visit, 0, 0).header()
            await self.load.post(f"{self.load.host}/sign-out", headers)
            await self.sign_in()

    async def _wait(self, delay_s: float) -> None:
        """Think, or pause: the only time at which a person can be called off at once."""
        self._may_act()
        self.t_s += delay_s
        self._idle = True
        await self._clock.until(self.t_s)
        self._idle = False
        self._may_act()

    def _may_act(self) -> None:
        if self._called_off and not self._new_role:
            raise CalledOff
        if not self._case_begun() and self.t_s >= self.load.scenario.run.horizon_s:
            raise CalledOff

    def _case_begun(self) -> bool:
        return self.case is not None and self.t_s >= self.case.begins_at_s

    def _after_notice(self) -> bool:
        return self.case is not None and self._case_begun() and self.t_s >= self.case.notice_at_s

    def _honest(self, time_s: float) -> bool:
        return self.case is None or time_s < self.case.begins_at_s

    def _note_residual(self, seen_at_s: float) -> None:
        """How far an answer lies from where the planned timeline has it: the timing resolution of this run."""
        residual_s = abs(seen_at_s - self.t_s)
        self.load.resolution.record(self._clock.real(residual_s))
        self.residual_s = max(self.residual_s, residual_s)

    def _note_contact(self) -> None:
        if self.case is not None:
            self.load.record.contacts.setdefault(self.number, []).append(self._clock.now_s())

    def muted(self) -> bool:
        case = self.case
        return (
            case is not None
            and case.behaviour == Behaviour.CUT_OFF
            and self.t_s >= case.revoked_at_s
        )

    # -- pages ----------------------------------------------------------------------------------

    async def _load_page(self, n: int, purpose: str) -> None:
        """Ask the host for the page until it answers. Raises PageRefused."""
        trip, service = (
            (Stream.PAGE_TRIP, Stream.PAGE_LOAD)
            if purpose == "page"
            else (Stream.RELOAD_TRIP, Stream.RELOAD)
        )
        load = self.load
        number = n if purpose == "page" else -1 - n
        for attempt in count():
            self._check_muted()
            u_trip = self._u(trip, n, attempt)
            await self._depart(0.5 * load.draw.client_host(u_trip))
            headers = self._as_person() | Draw(purpose, n, attempt, self._offset).header()
            status, content = await load.post(f"{load.host}/page", headers, {"page": number})
            load.record.counts[f"page_{status}"] += 1
            self._note_contact()
            page = None
            self.t_s += load.planned.client_host(u_trip)
            if status in (200, 403):
                self.t_s += load.planned.page_load(self._u(service, n, attempt))
            if status in (200, 403):
                self._note_residual(self._clock.now_s() + 0.5 * load.draw.client_host(u_trip))
            if status == 200:
                token = _token(content)
                page = Page(number, token.stamped_s, token, [token])
                self.live_pages.append(page)
                await self._tell_prober()
                await self._show(page)
                return
            if status in (401, 403):
                raise PageRefused
            await self._wait(load.scenario.host.retry_after_s)

    async def _show(self, page: Page) -> None:
        """The page is seen: it replaces the old one, and the app is told (entry, refresh token)."""
        strategy = self.load.strategy
        await self._clock.until(self.t_s)
        self.live_pages = [page]
        self.page = page
        by_app = strategy.token is not None and strategy.token.renewal == "app"
        if strategy.allowlist is not None or by_app:
            url = f"{self.load.app}/pages/{page.number}/open"
            status, content = await self.load.post(url, {}, {"token": page.held.text})
            page.refresh = str(content.get("refresh", ""))
            self.load.record.counts[f"open_{status}"] += 1
        await self._tell_prober()
        self._schedule_refresh(page)

    async def _destroy_page(self) -> None:
        self.page = None
        self.live_pages = []
        await self._tell_prober()

    # -- clicks ---------------------------------------------------------------------------------

    async def _click(self, click: int, kind: Kind, size: float, reloads: bool = True) -> bool:
        """One click with its renewals, its reload and its repeat; returns whether it was accepted."""
        if kind is Kind.ADMIN and not self.administrator:
            kind = Kind.READ
        clicked_at_s = self.t_s
        record = self.load.record
        attempts = Attempts(count(), count())
        sent = await self._try(click, kind, size, attempts)
        counts = self._honest(clicked_at_s) and self.load.in_window(clicked_at_s)
        if not _accepted(sent) and reloads:
            self._may_act()
            record.counts["interruptions"] += counts
            await self._load_page(click, "reload")
            sent = await self._try(click, kind, size, attempts)
        if counts:
            record.counts["clicks"] += 1
            record.counts["refused"] += not _accepted(sent)
            if sent is not None:
                record.response.record(sent.seen_at_s - clicked_at_s)
                record.auth_overhead.record(sent.gates_done_s - clicked_at_s)
        return _accepted(sent)

    async def _try(self, click: int, kind: Kind, size: float, attempts: Attempts) -> Sent | None:
        """Renew if need be and send, once more if the token expired on the way; None if he is out."""
        if not await self._ready(click, attempts.renewals):
            return None
        sent = await self._send(click, kind, size, next(attempts.sends))
        if sent.reason == "token_expired" and self._renewable():
            if await self._ready(click, attempts.renewals):
                sent = await self._send(click, kind, size, next(attempts.sends))
        return sent

    async def _send(self, click: int, kind: Kind, size: float, attempt: int) -> Sent:
        self._check_muted()
        page, load = self.page, self.load
        assert page is not None
        u_trip = self._u(Stream.CLIENT_APP, click, attempt)
        half_s = 0.5 * load.draw.client_app(u_trip)
        record = load.record
        record.requests["sent"] += 1
        await self._depart(half_s)
        draw = Draw("click", click, attempt, self._offset, int(size))
        headers = {"authorization": f"Bearer {page.held.text}", **draw.header()}
        url = f"{load.app}/pages/{page.number}/{kind.name.lower()}"
        back: Any
        try:
            async with load.http.post(url, headers=headers) as answer:
                await answer.read()
                back = answer.headers
        except (aiohttp.ClientError, TimeoutError):
            back = None
        seen_at_s = self._clock.now_s() + half_s
        self.t_s += load.planned.client_app(u_trip)
        if back is None or "x-decision" not in back:
            record.requests[FAILED] += 1
            record.reasons[NO_APP] += 1
            return Sent(FAILED, NO_APP, seen_at_s, seen_at_s, half_s)
        sent = Sent(
            back["x-decision"], back["x-reason"], float(back["x-decided-at"]), seen_at_s, half_s
        )
        record.requests[sent.decision] += 1
        record.reasons[sent.reason] += sent.decision != ACCEPTED
        self._go_on(kind, click, attempt, sent, back)
        self._note_residual(seen_at_s)
        if "x-token" in back and page is self.page:
            stamped_s, expires_s = map(float, back["x-token-times"].split(","))
            token = Token(back["x-token"], stamped_s, expires_s, page.held.admin)
            page.held = token
            page.add(token)
        if self.case is not None and self.record is not None:
            window_s = load.scenario.cases.rollback_window_s
            book_decision(
                self.record, self.case, kind, sent.decision, sent.decided_at_s, size, window_s
            )
            if sent.decided_at_s >= self.case.revoked_at_s:
                known = record.decisions.setdefault(self.number, [])
                known.append((sent.decided_at_s, kind.name.lower(), sent.decision, sent.reason))
        return sent

    def _go_on(self, kind: Kind, click: int, attempt: int, sent: Sent, back: Any) -> None:
        """Move the planned timeline by what the calibrated model gives this request."""
        planned, asked = self.load.planned, back["x-asked"]
        self.t_s += planned.verify(self._u(Stream.VERIFY, click, attempt))
        if back["x-looked-up"]:
            self.t_s += planned.lookup(self._u(Stream.LOOKUP, click, attempt))
        if asked == TIMEOUT:
            check = self.load.strategy.only_check
            assert check is not None
            self.t_s += check.timeout_s
        elif asked:
            self.t_s += planned.app_host(self._u(Stream.APP_HOST, click, attempt))
            if asked == OK:
                self.t_s += planned.check(self._u(Stream.CHECK, click, attempt))
        if sent.decision == ACCEPTED:
            self.t_s += planned.service[kind](self._u(Stream.HANDLER, click, attempt))

    async def _depart(self, half_s: float) -> None:
        """Half a round trip after the planned instant the message is at the server: the moment it is really sent."""
        due_s = self.t_s + half_s
        if self._clock.now_s() >= due_s:
            return  # what it had to wait for came late: no lag of the generator's
        await self._clock.until(due_s)
        self.load.lag.record(self._clock.real(self._clock.now_s() - due_s))

    # -- renewals -------------------------------------------------------------------------------

    def _renewable(self) -> bool:
        token = self.load.strategy.token
        return token is not None and token.renewal in ("host", "host_each", "app")

    def _holds_valid(self) -> bool:
        """The client compares without leeway, on the planned instant or its clock, whichever is later."""
        now_s = max(self.t_s, self._clock.now_s())
        return self.page is not None and now_s < self.page.held.expires_s

    async def _ready(self, click: int, renewals: Iterator[int]) -> bool:
        """Whether there is something to present: renews a token that has expired (or at each click)."""
        token, page = self.load.strategy.token, self.page
        if token is None or page is None or not self._renewable():
            return True
        if not self._holds_valid() and page.renewing is not None:
            await page.renewing.wait()
            self.t_s = max(self.t_s, self._clock.now_s())
        while token.renewal == "host_each" or not self._holds_valid():
            outcome = await self._renew(page, "renewal", click, next(renewals))
            if outcome == OK or self._holds_valid():
                return True
            if outcome == "refused":
                return False
            await self._wait(self.load.scenario.host.retry_after_s)
        return True

    async def _renew(self, page: Page, purpose: str, n: int, attempt: int) -> str:
        """Ask for a new token; returns OK, "refused", or the failure."""
        self._check_muted()
        token, load = self.load.strategy.token, self.load
        assert token is not None
        by_host = token.renewal != "app"
        background = purpose == "background"
        u_trip = self._u(Stream.BACKGROUND_TRIP if background else Stream.RENEWAL_TRIP, n, attempt)
        u_service = self._u(Stream.BACKGROUND_SERVICE if background else Stream.RENEWAL, n, attempt)
        trip = load.draw.client_host if by_host else load.draw.client_app
        if background:
            await self._clock.sleep(0.5 * trip(u_trip))
        else:
            await self._depart(0.5 * trip(u_trip))
        draw = Draw(purpose, n, attempt, self._offset).header()
        if by_host:
            status, content = await load.post(
                f"{load.host}/token", self._as_person() | draw, {"token": page.held.text}
            )
        else:
            status, content = await load.post(
                f"{load.app}/refresh", draw, {"refresh": page.refresh}
            )
        self._note_contact()
        planned_trip = load.planned.client_host if by_host else load.planned.client_app
        service = load.planned.renewal if by_host else load.planned.auth_renewal
        took_s = planned_trip(u_trip) + (service(u_service) if status in (200, 400, 403) else 0.0)
        if background:
            await self._clock.sleep(0.5 * trip(u_trip))
        else:
            self.t_s += took_s
            self._note_residual(self._clock.now_s() + 0.5 * trip(u_trip))
        if status == 200 and page in self.live_pages:
            renewed = _token(content)
            page.add(renewed)
            if page is self.page:
                page.held = renewed
                self._schedule_refresh(page)
            await self._tell_prober()
        if status == 200:
            return OK
        if status in (400, 401, 403):
            return "refused"
        return RATE_LIMITED if status == 429 else HOST_DOWN

    def _schedule_refresh(self, page: Page) -> None:
        token = self.load.strategy.token
        if token is None or token.refresh_at is None:
            return
        cap_s = math.inf if token.absolute_s is None else page.stamped_s + token.absolute_s
        # a token that lasts to the cap cannot be prolonged
        if page.held.expires_s < cap_s - 1e-6:
            self._start(self._refresh_later(page, page.held, token.refresh_at))

    async def _refresh_later(self, page: Page, held: Token, refresh_at: float) -> None:
        """Renew in the background when a fraction of the lifetime has gone."""
        await self._clock.until(held.stamped_s + refresh_at * (held.expires_s - held.stamped_s))
        now_s = self._clock.now_s()
        begun = self.case is not None and now_s >= self.case.begins_at_s
        over = not begun and now_s >= self.load.scenario.run.horizon_s
        if page is not self.page or page.held is not held or self.muted() or over:
            return
        page.renewing = asyncio.Event()
        attempt = page.background_renewals
        page.background_renewals += 1
        try:
            await self._renew(page, "background", page.number, attempt)
        finally:
            page.renewing.set()
            page.renewing = None

    # -- the case -------------------------------------------------------------------------------

    async def _revocation(self, case: Case) -> None:
        await self._clock.until(case.revoked_at_s)
        assert self.record is not None
        self.record.page_open = self.page is not None
        if case.cause is Cause.LOGOUT or case.behaviour == Behaviour.CUT_OFF:
            self._call_off(case.revoked_at_s)
        if case.taken_over and self.page is not None:
            self.actors += 1
            self._start(self._taken_over(case))
        knows_s = case.revoked_at_s + case.propagation_s
        await self._clock.until(knows_s)
        self._prober_holds = True
        await self._tell_prober(knows_s)

    async def _notice(self, case: Case) -> None:
        await self._clock.until(case.notice_at_s)
        if not (case.behaviour in (Behaviour.CONTINUE, Behaviour.CUT_OFF) and self._in_visit):
            self._call_off(case.notice_at_s)  # nor does a new visit begin

    def _call_off(self, at_s: float) -> None:
        """Acts no more as before: at once where he is idle, else when the answer under way is seen."""
        self._called_off = True
        if self._idle and self._main is not None and not self._main.done():
            self._called_off_s = at_s
            self._main.cancel()

    def _check_muted(self) -> None:
        if self.muted():
            raise CalledOff

    async def _storm(self, offset: int) -> None:
        """Click fast until refused too often or for too long; load a page only if none is open at the start."""
        load = self.load
        storm = load.scenario.behaviour.storm
        self._new_role, self._offset = True, offset
        started_s, refusals = self.t_s, 0
        try:
            if self.page is None:
                await self._load_page(0, "page")
            for click in count():
                await self._wait(load.draw.storm_think(self._u(Stream.THINK, click)))
                if self.t_s >= started_s + storm.duration_s:
                    return
                kinds = (storm.kinds.read, storm.kinds.write, storm.kinds.admin)
                kind = Kind(pick(self._u(Stream.KIND, click), kinds))
                size = load.draw.read_size(self._u(Stream.SIZE, click))
                refusals += not await self._click(click, kind, size, reloads=False)
                if refusals >= storm.gives_up_after:
                    return
        except (CalledOff, PageRefused):
            return

    async def _taken_over(self, case: Case) -> None:
        """Somebody else acts with the credentials of the open page."""
        at_s = case.revoked_at_s + case.takeover_delay_s
        await self._clock.until(at_s)
        if self._main is not None and not self._main.done():
            await asyncio.wait({self._main})
        self.t_s = max(self.t_s, at_s)
        if self.load.scenario.behaviour.takeover.behaviour == "storm":
            await self._storm(TAKEN + STORMING)
        else:
            await self._carry_on()
        self.actors -= 1

    async def _carry_on(self) -> None:
        plan = self.load.plan(self.number, TAKEN)
        self._offset, self._new_role, self._clicks = TAKEN, True, 0
        try:
            for page in count():
                await self._use_page(plan, 0, page, page)
                await self._wait(plan.turn_s(0, page + 1, page + 1))
                await self._load_page(page + 1, "page")
        except (CalledOff, PageRefused):
            return

    async def _tell_prober(self, at_s: float | None = None) -> None:
        """Side channel: the credentials that could still be presented, once the host knows of the case."""
        case, setup = self.case, self.load.setup
        if case is None or not self._prober_holds:
            return
        content = {
            "lane": self.load.lane.name,
            "person": self.number,
            "kinds": [int(kind) for kind in case.kinds()],
            "session": self.session,
            "pages": [
                {
                    "number": page.number,
                    "tokens": [token.text for token in page.issued],
                    "refresh": page.refresh,
                }
                for page in self.live_pages
            ],
        }
        if at_s is not None:
            content["at_s"] = at_s
        url = f"{setup.app_url}/control/hold"
        status, _ = await self.load.post(url, {CONTROL_HEADER: setup.control}, content)
        self.load.record.counts["prober_silent"] += status != 200

    # -- small things ---------------------------------------------------------------------------

    async def sign_in(self) -> None:
        """Open a session at the host."""
        content = {"person": self.number, "password": self.load.lane.password(self.number)}
        status, answer = await self.load.post(f"{self.load.host}/sign-in", {}, content)
        if status == 200:
            self.session = answer["session"]

    def _as_person(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.session}"}

    def _u(self, stream: Stream, n: int, attempt: int = 0) -> float:
        return self.load.setup.uniform(self.number, stream + self._offset, n, attempt)


def _token(content: dict[str, Any]) -> Token:
    expires_s = content["expires_s"]
    return Token(
        content["token"],
        content["stamped_s"],
        math.inf if expires_s is None else expires_s,
        content["admin"],
    )


def _up_to(number: float) -> Iterator[int]:
    return count() if math.isinf(number) else iter(range(int(number)))


def _accepted(sent: Sent | None) -> bool:
    return sent is not None and sent.decision == ACCEPTED

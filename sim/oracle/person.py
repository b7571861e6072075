"""A person at his client: visits, page loads, clicks, renewals, and what he does once revoked (model, 4 and 6)."""

import math
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

import simpy

from sim.basics.streams import Stream, uniform
from sim.engine.cases import Case
from sim.engine.limits import CLICKS, PAGE_LOADS, RENEWALS
from sim.engine.recording import CaseRecord
from sim.model.causes import Cause, Kind
from sim.model.outcomes import Behaviour
from sim.oracle.app import ACCEPTED, ClientHooks, Request
from sim.oracle.clock import Lane, Priority
from sim.oracle.credentials import Credential, Page
from sim.oracle.exposure import Exposure
from sim.oracle.host import OK
from sim.oracle.push import EventKeys
from sim.oracle.station import Process
from sim.oracle.world import World
from sim.workload.plan import LEAVE_OPEN, LOGOUT, Plan, pick

PAGE_LOAD_SEES = (
    "account",
    "session",
    "permission",
)  # "admin" is seen too: it changes what is vouched for
TAKEN, STORMING = 100, 200  # offsets of the purposes of draws of a taker, of a storm


class Attempts(NamedTuple):
    """How often one click has been sent and its token been renewed: each is the last part of an address of draws."""

    sends: Iterator[int]
    renewals: Iterator[int]


class CalledOff(Exception):
    """The person acts no more in this way."""


class PageRefused(Exception):
    """The host refuses to load the page."""


class Person(ClientHooks):
    """One person and his client. At most one page, one request and one background renewal are in flight."""

    def __init__(
        self, world: World, number: int, plan: Plan, case: Case | None, administrator: bool
    ):
        self.world, self.number, self.plan, self.case = world, number, plan, case
        self.administrator = administrator
        self.page: Page | None = None  # what the browser shows
        self.live_pages: list[Page] = []  # that page, and one decided but not yet seen
        self.record: CaseRecord | None = None
        self.exposure: Exposure | None = None
        self.undecided = 0  # requests under way
        self._actors = 1  # those who may still act: the person, a taker
        self._clock, self._rec = world.clock, world.rec
        self._case_begun = self._called_off = self._muted = self._idle = False
        self._new_role = False  # storms, or is the taker: no longer bound by being called off
        self._offset = 0
        self._pages = self._clicks = 0
        self._visit_began_s = math.nan
        self._pending_events = 0
        self._last_expiry_s = -math.inf  # of all tokens that were issued to him
        self._keys: dict[int, int] = {}
        self.process = self._clock.process(self._live())
        if case is not None:
            self._begin_case(case)

    # -- the plan -------------------------------------------------------------------------------

    def _live(self) -> Process:
        """The shift; then, in a case, what the behaviour demands."""
        try:
            yield from self._shift()
        except (simpy.Interrupt, CalledOff, PageRefused):
            self._idle = False
        self._leave_visit()
        case = self.case
        if case is not None and self._storms(case):
            yield from self._storm(STORMING)
        self._actors -= 1

    def _storms(self, case: Case) -> bool:
        return (
            case.behaviour == Behaviour.STORM
            and case.cause is not Cause.LOGOUT
            and self._called_off
        )

    def _shift(self) -> Process:
        shift, now = self.world.scenario.organisation.shift, self._clock
        if shift.start_s > 0:
            yield from self._wait(shift.start_s)
        for visit in count():
            pause_s = self.plan.pause_s(now.now, visit)
            if not now.now + pause_s < shift.end_s:
                break
            yield from self._wait(pause_s)
            yield from self._visit(visit)
            if self._after_notice():
                break  # no new visit begins
        if self.case is not None and self.case.behaviour == Behaviour.STORM:
            yield from self._wait(math.inf)  # until the notice

    def _visit(self, visit: int) -> Process:
        self._visit_began_s = self._clock.now
        try:
            for page_of_visit in _up_to(self.plan.pages(visit)):
                number, self._pages = self._pages, self._pages + 1
                if page_of_visit:
                    yield from self._wait(self.plan.turn_s(visit, page_of_visit, number))
                yield from self._load_page(
                    number, Stream.PAGE_TRIP, Stream.PAGE_LOAD, Stream.LIFETIME_PAGE
                )
                yield from self._use_page(self.plan, visit, page_of_visit, number)
        except PageRefused:
            if self._after_notice():
                raise  # the first refused page load ends him; unawares, he tries again at his next visit
            self._leave_visit()
            return
        self._may_act()
        self._end_visit(self.plan.ending(visit), visit)

    def _use_page(self, plan: Plan, visit: int, page_of_visit: int, page: int) -> Process:
        for i in _up_to(plan.requests(visit, page_of_visit, page)):
            click, self._clicks = self._clicks, self._clicks + 1
            at = (visit, page_of_visit, i, click)
            self._thought_s = plan.think_s(*at)
            yield from self._wait(self._thought_s)
            yield from self._click(click, Kind(plan.kind(*at)), plan.size(*at))

    def _end_visit(self, ending: int, visit: int) -> None:
        self._leave_visit()
        self._rec.event(self._clock.now, self.number, "visit_ended", reason=_ENDINGS[ending])
        if ending == LEAVE_OPEN:
            return
        self._destroy_page()
        if ending == LOGOUT and self.world.push_carries(Cause.LOGOUT):
            streams = (Stream.LOGOUT_PUSH_DELAY, Stream.LOGOUT_PUSH_LOSS, Stream.LOGOUT_PUSH_WAIT)
            self._clock.process(self._deliver(Cause.LOGOUT, streams, visit))

    def _leave_visit(self) -> None:
        if not math.isnan(self._visit_began_s):
            until_s = self._clock.now
            if self.case is not None:
                until_s = min(until_s, self.case.begins_at_s)
            self._rec.visited(self._visit_began_s, until_s)
            self._visit_began_s = math.nan

    def _wait(self, delay_s: float) -> Process:
        """Think, or pause: the only time at which a person can be called off at once."""
        self._may_act()
        self._idle = True
        if math.isinf(delay_s):
            yield self._clock.event()
        yield self._clock.after(delay_s, Priority.ACTION, self.number)
        self._idle = False
        self._may_act()

    def _may_act(self) -> None:
        """Raise where the person does nothing more: called off, or honest after the horizon."""
        if self._called_off and not self._new_role:
            raise CalledOff
        if not self._case_begun and self._clock.now >= self.world.scenario.run.horizon_s:
            raise CalledOff

    def _after_notice(self) -> bool:
        case = self.case
        return case is not None and self._clock.now >= case.notice_at_s and self._case_begun

    def _honest(self, time_s: float) -> bool:
        return self.case is None or time_s < self.case.begins_at_s

    # -- pages ----------------------------------------------------------------------------------

    def _load_page(self, n: int, trip: Stream, service: Stream, lifetime: Stream) -> Process:
        """Ask the host for the page until it answers. Raises PageRefused."""
        host = self.world.scenario.host
        for attempt in count():
            self._check_muted()
            self._rec.watch.act(self._clock.now, PAGE_LOADS, attempt)
            self._trace("page_asked")
            half_s = 0.5 * self.world.draw.client_host(self._u(trip, n, attempt))
            yield self._clock.after(half_s, Priority.ARRIVAL, self.number)
            service_s = self.world.draw.page_load(self._u(service, n, attempt))
            outcome = yield from self.world.host.serve(self.number, "page_load", service_s)
            page = None
            if outcome == OK:
                granted = self.world.host.grants(self.number, PAGE_LOAD_SEES)
                outcome = OK if granted else "refused"
                number = -1 - n if service is Stream.RELOAD else n
                page = self._issue_page(number, self._u(lifetime, n, attempt)) if granted else None
            self._trace("page_decided", reason=outcome)
            yield self._clock.after(half_s, Priority.ARRIVAL, self.number)
            if page is not None:
                self._show(page)
                return
            self._trace("page_seen", reason=outcome)
            if outcome == "refused":
                raise PageRefused
            yield from self._wait(host.retry_after_s)

    def _issue_page(self, number: int, u_lifetime: float) -> Page:
        """The host has decided to load the page: it exists, with its first credential."""
        now_s = self._clock.now
        admin = self.world.host.vouches_admin(self.number, self.administrator)
        credential = self.world.credential(now_s, now_s, u_lifetime, admin)
        self._last_expiry_s = max(self._last_expiry_s, credential.expires_s)
        page = Page(number, now_s, admin, held=credential, issued=[credential])
        self.accrue()
        self.live_pages.append(page)
        self.refresh()
        return page

    def _show(self, page: Page) -> None:
        """The page is seen: it replaces the old one, and its allowlist entry is written."""
        self.accrue()
        self.live_pages = [page]
        self.page = page
        allowlist = self.world.strategy.allowlist
        if allowlist is not None:
            lifetime_s = allowlist.lifetime.quantile(self._u(Stream.ENTRY_LIFETIME, page.number))
            self.world.app.write_entry(self.number, page, page.stamped_s + lifetime_s)
        self.refresh()
        self._trace("page_seen", reason=OK)
        self._schedule_refresh(page)

    def _destroy_page(self) -> None:
        self.accrue()
        self.page = None
        self.live_pages = []
        self.refresh()

    # -- clicks ---------------------------------------------------------------------------------

    def _click(self, click: int, kind: Kind, size: float, reloads: bool = True) -> Process:
        """One click with its renewals, its reload and its repeat; returns whether it was accepted."""
        if kind is Kind.ADMIN and not self.administrator:
            kind = Kind.READ
        clicked_at_s = self._clock.now
        self._rec.watch.act(clicked_at_s, CLICKS)
        self._rec.event(clicked_at_s, self.number, "click", kind)
        attempts = Attempts(count(), count())
        request = yield from self._try(click, kind, size, attempts)
        if not _accepted(request) and reloads:
            self._may_act()
            if self._honest(clicked_at_s) and self._rec.in_window(clicked_at_s):
                self._rec.interrupted(kind, self._thought_s)
            yield from self._load_page(
                click, Stream.RELOAD_TRIP, Stream.RELOAD, Stream.RELOAD_LIFETIME
            )
            request = yield from self._try(click, kind, size, attempts)
        if self._honest(clicked_at_s) and self._rec.in_window(clicked_at_s):
            self._answer_honest(clicked_at_s, kind, request)
        return _accepted(request)

    def _answer_honest(self, clicked_at_s: float, kind: Kind, request: Request | None) -> None:
        now_s = self._clock.now
        after_decision_s = 0.0 if request is None else now_s - request.decided_at_s
        trip_s = 0.0 if request is None else request.half_trip_s
        overhead_s = now_s - clicked_at_s - after_decision_s - trip_s
        self._rec.honest_click(
            clicked_at_s, now_s - clicked_at_s, max(0.0, overhead_s), kind, _accepted(request)
        )

    def _try(self, click: int, kind: Kind, size: float, attempts: Attempts) -> Process:
        """Renew if need be and send, once more if the token expired on the way; None if he is out."""
        if not (yield from self._ready(click, attempts.renewals)):
            return None
        request = yield from self._send(click, kind, size, next(attempts.sends))
        if request.reason == "token_expired" and self._renewable():
            if (yield from self._ready(click, attempts.renewals)):
                request = yield from self._send(click, kind, size, next(attempts.sends))
        return request

    def _send(self, click: int, kind: Kind, size: float, attempt: int) -> Process:
        """Client to app and back; returns the request, decided and answered."""
        self._check_muted()
        page = self.page
        assert page is not None
        request = self._request(page, click, kind, size, attempt)
        self._rec.requests["sent"] += 1
        self.undecided += 1
        self._trace("request_sent", kind)
        yield self._clock.after(request.half_trip_s, Priority.ARRIVAL, self.number)
        self._trace("request_arrived", kind)
        yield from self.world.app.handle(self, request)
        yield self._clock.after(request.half_trip_s, Priority.ARRIVAL, self.number)
        if request.reissued is not None and page is self.page:
            page.held = request.reissued
        self._rec.event(
            self._clock.now, self.number, "answered", kind, request.decision, request.reason
        )
        return request

    def _request(self, page: Page, click: int, kind: Kind, size: float, attempt: int) -> Request:
        draw, strategy = self.world.draw, self.world.strategy
        checked = strategy.only_check is not None
        return Request(
            person=self.number,
            administrator=self.administrator,
            kind=kind,
            page=page,
            presented=page.held,
            half_trip_s=0.5 * draw.client_app(self._u(Stream.CLIENT_APP, click, attempt)),
            verify_s=draw.verify(self._u(Stream.VERIFY, click, attempt)),
            lookup_s=draw.lookup(self._u(Stream.LOOKUP, click, attempt))
            if strategy.allowlist
            else 0.0,
            check_s=draw.check(self._u(Stream.CHECK, click, attempt)) if checked else 0.0,
            check_trip_s=draw.app_host(self._u(Stream.APP_HOST, click, attempt))
            if checked
            else 0.0,
            handler_s=draw.service[kind](self._u(Stream.HANDLER, click, attempt)),
            bytes=size if kind is Kind.READ else 0.0,
            u_lifetime=self._u(Stream.LIFETIME_SLIDING, click, attempt),
        )

    # -- renewals -------------------------------------------------------------------------------

    def _renewable(self) -> bool:
        token = self.world.strategy.token
        return token is not None and token.renewal in ("host", "host_each", "app")

    def _holds_valid(self) -> bool:
        """The client compares without leeway."""
        return self.page is not None and self._clock.now < self.page.held.expires_s

    def _ready(self, click: int, renewals: Iterator[int]) -> Process:
        """Whether there is something to present: renews a token that has expired (or at each click)."""
        token, page = self.world.strategy.token, self.page
        if token is None or page is None or not self._renewable():
            return True
        if not self._holds_valid() and page.renewing is not None:
            yield page.renewing
        while token.renewal == "host_each" or not self._holds_valid():
            attempt = next(renewals)
            outcome = yield from self._renew(
                page,
                self._u(Stream.RENEWAL_TRIP, click, attempt),
                self._u(Stream.RENEWAL, click, attempt),
                self._u(Stream.LIFETIME_RENEWAL, click, attempt),
                attempt=attempt,
            )
            if outcome == OK or self._holds_valid():
                return True
            if outcome == "refused":
                return False
            yield from self._wait(self.world.scenario.host.retry_after_s)
        return True

    def _renew(
        self,
        page: Page,
        u_trip: float,
        u_service: float,
        u_lifetime: float,
        lane: Lane = Lane.MAIN,
        attempt: int = 0,
    ) -> Process:
        """Ask for a new token; returns OK, "refused", or the failure."""
        self._check_muted()
        self._rec.watch.act(self._clock.now, RENEWALS, attempt)
        world, token = self.world, self.world.strategy.token
        assert token is not None
        self._trace("renewal_asked")
        by_host = token.renewal != "app"
        trip = world.draw.client_host if by_host else world.draw.client_app
        half_s = 0.5 * trip(u_trip)
        yield self._clock.after(half_s, Priority.ARRIVAL, self.number, lane)
        outcome, granted = OK, True
        if by_host:
            outcome = yield from world.host.serve(
                self.number, "renewal", world.draw.renewal(u_service), lane
            )
            granted = world.host.grants(self.number, set(token.revalidates) - {"admin"})
        else:
            yield from world.auth_station.serve(
                self.number, world.draw.auth_renewal(u_service), lane
            )
            granted = self._refreshable(page)
        granted = granted and self._clock.now < world.cap_s(page)  # what it issued would be expired
        credential = None
        if outcome == OK:
            outcome = OK if granted else "refused"
            credential = self._reissue(page, u_lifetime) if granted else None
        self._trace("renewal_decided", reason=outcome)
        yield self._clock.after(half_s, Priority.ARRIVAL, self.number, lane)
        if credential is not None and page is self.page:
            page.held = credential
            self._schedule_refresh(page)
        self._trace("renewal_seen", reason=outcome)
        return outcome

    def _refreshable(self, page: Page) -> bool:
        token = self.world.strategy.token
        assert token is not None
        age_limit_s = math.inf if token.refresh_lifetime_s is None else token.refresh_lifetime_s
        return not page.refresh_dropped and self._clock.now < page.stamped_s + age_limit_s

    def _reissue(self, page: Page, u_lifetime: float) -> Credential:
        """A token stamped now for a page that exists. It vouches for what the page's token vouched for."""
        token = self.world.strategy.token
        assert token is not None
        admin = page.held.admin
        if token.renewal in ("host", "host_each") and "admin" in token.revalidates:
            admin = admin and self.world.host.vouches_admin(self.number, self.administrator)
        credential = self.world.credential(self._clock.now, page.stamped_s, u_lifetime, admin)
        self._last_expiry_s = max(self._last_expiry_s, credential.expires_s)
        self.accrue()
        page.add(credential)
        self.refresh()
        return credential

    def _schedule_refresh(self, page: Page) -> None:
        token, held = self.world.strategy.token, page.held
        # a token that lasts to the cap cannot be prolonged, and halving what is left would never end
        if token is not None and token.refresh_at and held.expires_s < self.world.cap_s(page):
            self._clock.process(self._refresh_later(page, held, token.refresh_at))

    def _refresh_later(self, page: Page, held: Credential, refresh_at: float) -> Process:
        """Renew in the background when a fraction of the lifetime has gone. What fails or is refused changes nothing."""
        due_s = held.stamped_s + refresh_at * (held.expires_s - held.stamped_s)
        yield self._clock.after(
            max(0.0, due_s - self._clock.now), Priority.ACTION, self.number, Lane.BACKGROUND
        )
        over = not self._case_begun and self._clock.now >= self.world.scenario.run.horizon_s
        stale = page is not self.page or page.held is not held or page.renewing is not None
        if stale or self._muted or over:
            return
        page.renewing = self._clock.event()
        n, attempt = page.number, page.background_renewals
        page.background_renewals += 1
        yield from self._renew(
            page,
            self._u(Stream.BACKGROUND_TRIP, n, attempt),
            self._u(Stream.BACKGROUND_SERVICE, n, attempt),
            self._u(Stream.BACKGROUND_LIFETIME, n, attempt),
            Lane.BACKGROUND,
        )
        done, page.renewing = page.renewing, None
        done.succeed()

    # -- the case -------------------------------------------------------------------------------

    def _begin_case(self, case: Case) -> None:
        world = self.world
        self.record = world.case_record(case)
        self.exposure = Exposure(case.kinds(), case.revoked_at_s, self._reach)
        self._clock.process(self._revocation(case))
        if case.cause is not Cause.LOGOUT:
            self._clock.process(self._notice(case))

    def _revocation(self, case: Case) -> Process:
        yield self._clock.after(case.revoked_at_s, Priority.REVOCATION, self.number, Lane.CASE)
        assert self.record is not None and self.exposure is not None
        self.record.page_open = self.page is not None
        self._case_begun = True
        self._trace("revoked", reason=case.cause.name.lower())
        if case.behaviour == Behaviour.CUT_OFF:
            self._muted = True
        if case.cause is Cause.LOGOUT or self._muted:
            self._call_off()
        if case.taken_over and self.page is not None:
            self._actors += 1
            self._clock.process(self._taken_over(case))
        if case.propagation_s > 0:
            yield self._clock.after(case.propagation_s, Priority.REVOCATION, self.number, Lane.CASE)
        self.world.host.learns(self.number, case.cause)
        self._trace("host_learns")
        self.exposure.host_learns(self._clock.now)
        if self.world.push_carries(case.cause):
            streams = (Stream.PUSH_DELAY, Stream.PUSH_LOSS, Stream.PUSH_WAIT)
            yield from self._deliver(case.cause, streams, 0)

    def _notice(self, case: Case) -> Process:
        yield self._clock.after(case.notice_at_s, Priority.ACTION, self.number, Lane.NOTICE)
        self._case_begun = True
        self._trace("notice")
        goes_on = case.behaviour in (Behaviour.CONTINUE, Behaviour.CUT_OFF) and not math.isnan(
            self._visit_began_s
        )
        if not goes_on:  # nor does a new visit begin
            self._call_off()

    def _call_off(self) -> None:
        """Acts no more as before: at once where he is idle, else when the answer under way is seen."""
        self._called_off = True
        if self._idle and self.process.is_alive:
            self.process.interrupt()

    def _check_muted(self) -> None:
        if self._muted:
            raise CalledOff

    def _storm(self, offset: int) -> Process:
        """Click fast until refused too often or for too long; load a page only if none is open at the start."""
        storm = self.world.scenario.behaviour.storm
        self._new_role, self._offset = True, offset
        started_s, refusals = self._clock.now, 0
        try:
            if self.page is None:
                yield from self._load_page(
                    0, Stream.PAGE_TRIP, Stream.PAGE_LOAD, Stream.LIFETIME_PAGE
                )
            for click in count():
                yield from self._wait(self.world.draw.storm_think(self._u(Stream.THINK, click)))
                if self._clock.now >= started_s + storm.duration_s:
                    return
                kinds = (storm.kinds.read, storm.kinds.write, storm.kinds.admin)
                kind = Kind(pick(self._u(Stream.KIND, click), kinds))
                size = self.world.draw.read_size(self._u(Stream.SIZE, click))
                refusals += not (yield from self._click(click, kind, size, reloads=False))
                if refusals >= storm.gives_up_after:
                    return
        except (CalledOff, PageRefused):
            return

    def _taken_over(self, case: Case) -> Process:
        """Somebody else acts with the credentials of the open page."""
        yield self._clock.after(case.takeover_delay_s, Priority.ACTION, self.number, Lane.TAKER)
        if self.process.is_alive:
            yield self.process
        self._trace("taken_over")
        if self.world.scenario.behaviour.takeover.behaviour == "storm":
            yield from self._storm(TAKEN + STORMING)
        else:
            yield from self._carry_on()
        self._actors -= 1

    def _carry_on(self) -> Process:
        plan = self.world.plan(self.number, TAKEN)
        self._offset, self._new_role, self._clicks = TAKEN, True, 0
        try:
            for page in count():
                yield from self._use_page(plan, 0, page, page)
                yield from self._wait(plan.turn_s(0, page + 1, page + 1))
                yield from self._load_page(
                    page + 1, Stream.PAGE_TRIP, Stream.PAGE_LOAD, Stream.LIFETIME_PAGE
                )
        except (CalledOff, PageRefused):
            return

    # -- events from the host -------------------------------------------------------------------

    def _deliver(self, cause: Cause, streams: tuple[Stream, Stream, Stream], n: int) -> Process:
        event_at_s = self._clock.now
        keys = EventKeys(*(self._key(stream) for stream in streams))
        self._pending_events += 1
        arrived = yield from self.world.channel.deliver(self.number, cause, keys, n)
        self._pending_events -= 1
        if arrived:
            self._trace("push_arrived", reason=cause.name.lower())
            self.accrue()
            self._apply_event(event_at_s)
            self.refresh()

    def _apply_event(self, event_at_s: float) -> None:
        push, app = self.world.strategy.only_push, self.world.app
        assert push is not None
        if push.effect == "drop_entries":
            app.drop_entries(self.number)
            for page in self.live_pages:
                page.entry_expires_s = -math.inf
        elif push.effect == "drop_refresh":
            for page in self.live_pages:
                page.refresh_dropped = True
        elif push.effect == "not_before":
            app.refuse_stamped_until(self.number, event_at_s)
        else:
            app.refuse_stamped_until(self.number, self._clock.now)
            last_s = self._last_expiry_s + self.world.leeway_s
            if last_s > self._clock.now:
                self._rec.list_entry("denylist", self._clock.now, last_s)

    # -- accounting -------------------------------------------------------------------------------

    def accrue(self) -> None:
        if self.exposure is not None:
            self.exposure.accrue(self._clock.now)

    def refresh(self) -> None:
        if self.exposure is not None:
            self.exposure.refresh()

    def decided(self, request: Request) -> None:
        self.undecided -= 1
        token = self.world.strategy.token
        if request.decision == ACCEPTED and token is not None and token.renewal == "sliding":
            if request.page in self.live_pages:
                request.reissued = self._reissue(request.page, request.u_lifetime)
        if self.case is not None and self.record is not None:
            self.world.book_decision(self.case, self.record, request)

    def _reach(self, kind: Kind) -> float:
        """How far a hypothetical request of this kind passes, if nothing changes; -inf if it does not pass now."""
        return max((self._page_reach(page, kind) for page in self.live_pages), default=-math.inf)

    def _page_reach(self, page: Page, kind: Kind) -> float:
        assert self.case is not None
        return self._gated(page, kind, self._token_reach(page, kind, self.case))

    def _gated(self, page: Page, kind: Kind, reach_s: float) -> float:
        """What the other gates leave of the reach of a page's token."""
        strategy, case = self.world.strategy, self.case
        assert case is not None
        if strategy.allowlist is not None:
            vouched = kind is not Kind.ADMIN or page.admin
            reach_s = min(reach_s, page.entry_expires_s if vouched else -math.inf)
        check = strategy.only_check
        if check is not None and check.covers(kind) and check.sees(case.cause):
            cached = self.world.app.cached_grant(self.number, kind)
            reach_s = min(reach_s, cached[1] if cached and cached[0] else -math.inf)
        return reach_s if reach_s > self._clock.now else -math.inf

    def _token_reach(self, page: Page, kind: Kind, case: Case) -> float:
        token, app = self.world.strategy.token, self.world.app
        reach_s = max(
            (
                credential.expires_s + self.world.leeway_s
                for credential in page.issued
                if not app.named(self.number, credential)
                and (kind is not Kind.ADMIN or credential.admin)
            ),
            default=-math.inf,
        )
        vouched = kind is not Kind.ADMIN or page.held.admin
        if token is None or not vouched:
            return reach_s
        return max(reach_s, self._renewable_until_s(page, case))

    def _renewable_until_s(self, page: Page, case: Case) -> float:
        """Until when a renewal would be granted to somebody the host knows as revoked."""
        token = self.world.strategy.token
        assert token is not None
        cap_s = self.world.cap_s(page)
        if token.renewal in ("host", "host_each") and not token.renewal_sees(case.cause):
            return cap_s
        if token.renewal == "app" and not page.refresh_dropped:
            limit_s = math.inf if token.refresh_lifetime_s is None else token.refresh_lifetime_s
            return min(page.stamped_s + limit_s, cap_s)
        return -math.inf

    def close_case(self, end_s: float) -> CaseRecord | None:
        """The record of the case at the end of the run."""
        self._leave_visit()
        if self.case is None or self.record is None or self.exposure is None:
            return None
        self.exposure.accrue(end_s)
        windows = self.exposure.close(end_s, self._may_extend, self._pending_events > 0)
        return self.world.close_record(self.case, self.record, windows)

    def _may_extend(self, kind: Kind) -> bool:
        """Whether a token that is yet to be issued could pass for longer than all that is there."""
        reach_s = self._reach(kind)
        for page in self.live_pages:
            vouched = kind is not Kind.ADMIN or page.held.admin
            passes = self._page_reach(page, kind) > self._clock.now
            limit_s = self.world.cap_s(page) + self.world.leeway_s
            if vouched and passes and self._reissues(page):
                if self._gated(page, kind, limit_s) > reach_s:
                    return True
        return False

    def _reissues(self, page: Page) -> bool:
        """Whether acts to come, or a renewal in the background, could bring a new token."""
        token, case = self.world.strategy.token, self.case
        if token is None or case is None:
            return False
        if token.renewal == "sliding":
            return self._actors > 0
        by_itself = token.refresh_at is not None and not (self._muted and page.renewing is None)
        granted = self._renewable_until_s(page, case) > self._clock.now
        return granted and (by_itself or self._actors > 0)

    # -- small things ---------------------------------------------------------------------------

    def _key(self, stream: int) -> int:
        if stream not in self._keys:
            self._keys[stream] = self.world.key(self.number, stream)
        return self._keys[stream]

    def _u(self, stream: Stream, n: int, attempt: int = 0) -> float:
        return uniform(self._key(stream + self._offset), n, attempt)

    def _trace(self, event: str, kind: Kind | None = None, reason: str = "") -> None:
        if self._rec.tracing:
            page = self.page
            token_s = math.nan if page is None else page.held.expires_s
            entry_s = math.nan if page is None else page.entry_expires_s
            self._rec.event(
                self._clock.now,
                self.number,
                event,
                kind,
                reason=reason,
                token_expires_s=token_s,
                entry_expires_s=entry_s,
            )


_ENDINGS = ("logout", "close", "leave_open")


def _up_to(number: float) -> Iterator[int]:
    """0, 1, 2, ... below a count that may be infinite."""
    return count() if math.isinf(number) else iter(range(int(number)))


def _accepted(request: Request | None) -> bool:
    return request is not None and request.decision == ACCEPTED

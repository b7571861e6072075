"""The stand-in host: it signs people in, loads pages, renews tokens, answers checks, and tells the app of revocations.

It is the real product's part in this play: HTTP on loopback, signed tokens, OAuth introspection (RFC 7662), 429 with
Retry-After, outages. What a scenario says about it (service times, rate limit, loss, delay) is drawn at the
simulation's addresses and slept; who is revoked and when it learns of it are the simulation's cases.
"""

import asyncio
import hmac
import math
import secrets
from collections import Counter
from typing import Any

import aiohttp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from sim.basics.quantiles import backed_off
from sim.basics.streams import Stream
from sim.engine.cases import Case
from sim.engine.samplers import Samplers
from sim.model.causes import SEEN_THROUGH, Cause
from sim.model.mechanisms import CHECK_SEES
from sim.model.outcomes import Behaviour
from sim.oracle.host import TokenBucket
from sim.testbed.compress import Clock
from sim.testbed.openid import Provider
from sim.testbed.push import SET_CONTENT_TYPE, Event, Sender, new_event
from sim.testbed.setup import (
    APP,
    CONTROL_HEADER,
    DRAW_HEADER,
    HOST,
    Calls,
    Draw,
    Lane,
    Setup,
    Station,
    down,
    persons,
)
from sim.testbed.tokens import Issuer, TokenRefused, Verifier
from sim.testbed.web import HANDLERS, bearer, body_of, json_of

PAGE_LOAD_SEES = frozenset({"account", "session", "permission"})
# Real seconds between two looks at a receiver that is down, while an event is held; and when it will soon be back.
PROBE_EVERY, PROBE_SOON = 0.02, 0.003
DELIVERY_TIMEOUT = 5.0  # real seconds
_PAGE_STREAMS = {
    "page": (Stream.PAGE_LOAD, Stream.LIFETIME_PAGE),
    "reload": (Stream.RELOAD, Stream.RELOAD_LIFETIME),
}
_RENEWAL_STREAMS = {
    "renewal": (Stream.RENEWAL, Stream.LIFETIME_RENEWAL),
    "background": (Stream.BACKGROUND_SERVICE, Stream.BACKGROUND_LIFETIME),
}
_EVENT_STREAMS = {
    "case": (Stream.PUSH_DELAY, Stream.PUSH_LOSS, Stream.PUSH_WAIT),
    "logout": (Stream.LOGOUT_PUSH_DELAY, Stream.LOGOUT_PUSH_LOSS, Stream.LOGOUT_PUSH_WAIT),
}


class HostLane:
    """The host of one tenant."""

    def __init__(self, setup: Setup, lane: Lane, clock: Clock, http: "HostApp"):
        scenario = setup.scenario
        self.setup, self.lane, self.clock, self.http = setup, lane, clock, http
        self.strategy = lane.strategy
        self.draw = Samplers.of(scenario, lane.strategy)
        servers = math.inf if lane.calibrates else scenario.host.servers
        self.station = Station(servers, clock)
        self.calls = Calls(scenario)
        self.limited: Counter[str] = Counter()
        self.events: Counter[str] = Counter()
        self.pending_events = 0
        self.late_s: dict[int, float] = {}  # the latest that an event about a person arrived
        self.issuer = Issuer(HOST, lane.host_key, lane.name, setup.base)
        self.verifier = Verifier(
            {HOST: lane.host_key, APP: lane.app_key}, lane.name, setup.base, requires_expiry=False
        )
        self.sender = Sender(HOST, lane.name, lane.host_key, lane.webhook_secret, setup.base)
        self.cases = {n: case for n in persons(scenario) if (case := setup.case(n)) is not None}
        outages = None if lane.calibrates else scenario.host.outages
        self.outages = setup.outages(outages, Stream.HOST_UP, Stream.HOST_DOWN)
        self.sessions: dict[str, int] = {}
        self.forced_down = False  # a fault injected by hand
        self._buckets: list[TokenBucket] = []
        if (limit := scenario.host.rate_limit) is not None and not lane.calibrates:
            self._buckets.append(TokenBucket(limit.per_second, limit.burst or 1.0))
            if limit.per_hour is not None:
                self._buckets.append(TokenBucket(limit.per_hour / 3600.0, limit.per_hour))
        self._delay = scenario.push.delay_of("deactivation").sampler()  # it speaks of one for all
        self._wait = scenario.push.retries.wait.sampler()
        self._tasks: set[asyncio.Task[None]] = set()
        self.provider = Provider(lane.provider, lane.openid_secret(), self._admits)

    # -- what it knows --------------------------------------------------------------------------

    def known(self, person: int) -> Cause | None:
        """The revocation that the host knows of by now."""
        case = self.cases.get(person)
        if case is None or self.clock.now_s() < case.revoked_at_s + case.propagation_s:
            return None
        return case.cause

    def grants(self, person: int, contacts: frozenset[str]) -> bool:
        """Whether a contact that revalidates these things is granted now."""
        cause = self.known(person)
        return cause is None or SEEN_THROUGH[cause] not in contacts

    def vouches_admin(self, person: int) -> bool:
        """Whether the host takes the person for an administrator now."""
        return self.setup.administrator(person) and self.known(person) is not Cause.ADMIN_LOSS

    def grants_by_kind(self, person: int, asks: str) -> list[bool]:
        """What a check answers, by kind."""
        sees = CHECK_SEES[asks]
        granted = self.grants(person, sees - {"admin"})
        admin = granted and ("admin" not in sees or self.vouches_admin(person))
        return [granted, granted, admin]

    # -- calls ----------------------------------------------------------------------------------

    async def call(self, reason: str, service_s: float) -> Response | None:
        """A call that has arrived: None after its service, or the failure it meets."""
        now_s = self.clock.now_s()
        self.calls.count(now_s, reason)
        if self.forced_down or down(self.outages, now_s) is not None:
            return JSONResponse({"error": "host_down"}, 503)
        if reason != "page_load":
            wait_s = max((bucket.wait_s(now_s) for bucket in self._buckets), default=0.0)
            if wait_s > 0:
                self.limited[reason] += 1
                after = "3600" if math.isinf(wait_s) else str(math.ceil(wait_s))
                return JSONResponse({"error": "rate_limited"}, 429, {"retry-after": after})
            for bucket in self._buckets:
                bucket.take()
        await self.station.serve(service_s)
        return None

    async def sign_in(self, request: Request) -> Response:
        """A person and his password against a session."""
        content = await json_of(request)
        person, password = content.get("person"), content.get("password")
        if not isinstance(person, int) or not isinstance(password, str):
            return JSONResponse({"error": "malformed"}, 400)
        if not hmac.compare_digest(password.encode(), self.lane.password(person).encode()):
            return JSONResponse({"error": "wrong_password"}, 401)
        if not self.grants(person, frozenset({"account"})):
            return JSONResponse({"error": "account_disabled"}, 403)
        session = secrets.token_urlsafe(24)
        self.sessions[session] = person
        return JSONResponse({"session": session})

    async def sign_out(self, request: Request) -> Response:
        """An ordinary logout: the session ends, and an event leaves if the channel carries it."""
        person = self._person(request)
        if person is None:
            return JSONResponse({"error": "no_session"}, 401)
        draw = Draw.parse(request.headers.get(DRAW_HEADER, ""))
        del self.sessions[bearer(request.headers.get("authorization", ""))]
        if self.strategy.only_push is not None and self.strategy.only_push.carries(Cause.LOGOUT):
            work = self._deliver(person, Cause.LOGOUT, "logout", draw.n, self.clock.now_s())
            self._start(work)
        return JSONResponse({})

    async def page(self, request: Request) -> Response:
        """A page load: the page's first token, if account, session and permission live."""
        person = self._person(request)
        if person is None:
            return JSONResponse({"error": "no_session"}, 401)
        draw = Draw.parse(request.headers.get(DRAW_HEADER, ""))
        service, lifetime = _PAGE_STREAMS[draw.purpose]
        if failed := await self.call(
            "page_load", self.draw.page_load(self._u(person, service, draw))
        ):
            return failed
        if not self.grants(person, PAGE_LOAD_SEES):
            return JSONResponse({"error": "refused"}, 403)
        number = int((await json_of(request)).get("page", 0))
        now_s, admin = self.clock.now_s(), self.vouches_admin(person)
        return self._token(request, person, number, now_s, now_s, lifetime, draw, admin)

    async def renew(self, request: Request) -> Response:
        """A renewal for an open page: a new token, if what a renewal revalidates lives."""
        person, token = self._person(request), self.strategy.token
        if person is None or token is None:
            return JSONResponse({"error": "no_session"}, 401)
        draw = Draw.parse(request.headers.get(DRAW_HEADER, ""))
        service, lifetime = _RENEWAL_STREAMS[draw.purpose]
        if failed := await self.call("renewal", self.draw.renewal(self._u(person, service, draw))):
            return failed
        try:
            held = self.verifier.read(str((await json_of(request)).get("token", "")))
        except TokenRefused as error:
            return JSONResponse({"error": error.reason}, 400)
        if held.person != person:
            return JSONResponse({"error": "another_person"}, 403)
        if not self.grants(person, frozenset(token.revalidates) - {"admin"}):
            return JSONResponse({"error": "refused"}, 403)
        admin = held.admin
        if "admin" in token.revalidates:
            admin = admin and self.vouches_admin(person)
        now_s = self.clock.now_s()
        if token.absolute_s is not None and not now_s < held.page_stamped_s + token.absolute_s:
            return JSONResponse({"error": "refused"}, 403)  # what it issued would be expired
        return self._token(
            request, person, held.page, now_s, held.page_stamped_s, lifetime, draw, admin
        )

    async def permission(self, request: Request) -> Response:
        """A permission check by the app: what the person may do, by kind."""
        if not self._from_app(request):
            return JSONResponse({"error": "unauthorized"}, 401)
        content = await json_of(request)
        if not isinstance(content.get("person"), int):
            return JSONResponse({"error": "malformed"}, 400)
        person = content["person"]
        if failed := await self._check(person, request):
            return failed
        return JSONResponse({"grants": self.grants_by_kind(person, "permission")})

    async def introspect(self, request: Request) -> Response:
        """Token introspection (RFC 7662): whether the token's session and account live."""
        if not self._from_app(request):
            return JSONResponse({"error": "invalid_client"}, 401)
        body = await body_of(request)
        form = dict(pair.partition("=")[::2] for pair in body.decode("ascii", "replace").split("&"))
        try:
            claims = self.verifier.read(form.get("token", ""))
        except TokenRefused:
            return JSONResponse({"active": False})
        if failed := await self._check(claims.person, request):
            return failed
        active = self._session_lives(claims.session, claims.person)
        if not active:
            return JSONResponse({"active": False})
        return JSONResponse(
            {"active": True, "sub": str(claims.person), "iss": HOST, "token_type": "Bearer"}
        )

    async def authorise(self, request: Request) -> Response:
        """A gateway's question (forward authentication): 200 if the person of the session may, 401 if not."""
        _, refusal = await self._admits(request)
        return refusal or Response(status_code=200)

    async def _admits(self, request: Request) -> tuple[int, Response | None]:
        """Who comes with a session, and the refusal of one who may not."""
        person = self._person(request)
        if failed := await self.call("check", 0.0):
            return -1, failed
        if person is None or not self.grants(person, CHECK_SEES["session"]):
            return -1, Response(status_code=401)
        return person, None

    async def _check(self, person: int, request: Request) -> Response | None:
        draw = Draw.parse(request.headers.get(DRAW_HEADER, ""))
        return await self.call("check", self.draw.check(self._u(person, Stream.CHECK, draw)))

    def _session_lives(self, session: str, person: int) -> bool:
        return self.sessions.get(session) == person and self.grants(person, CHECK_SEES["session"])

    def _token(
        self,
        request: Request,
        person: int,
        page: int,
        now_s: float,
        page_stamped_s: float,
        lifetime: Stream,
        draw: Draw,
        admin: bool,
    ) -> Response:
        token, expires_s = self.strategy.token, math.inf
        if token is not None and self.draw.lifetime is not None:
            expires_s = now_s + self.draw.lifetime(self._u(person, lifetime, draw))
            if token.absolute_s is not None:
                expires_s = min(expires_s, page_stamped_s + token.absolute_s)
        text = self.issuer.issue(
            person,
            page,
            bearer(request.headers.get("authorization", "")),
            admin=admin,
            stamped_s=now_s,
            expires_s=expires_s,
            page_stamped_s=page_stamped_s,
        )
        return JSONResponse(
            {
                "token": text,
                "stamped_s": now_s,
                "expires_s": None if math.isinf(expires_s) else expires_s,
                "admin": admin,
            }
        )

    # -- events ---------------------------------------------------------------------------------

    def revoke(self, person: int) -> None:
        """The account is switched off now: the host knows it, and tells the app if the channel carries it."""
        now_s = self.clock.now_s()
        told = (now_s, Behaviour.CONTINUE, False, math.inf, math.inf)
        self.cases[person] = Case(person, Cause.DEACTIVATION, False, now_s, 0.0, *told)
        if self.strategy.only_push is not None and self.strategy.only_push.carries(
            Cause.DEACTIVATION
        ):
            self._start(self._tell(person))

    def start(self) -> None:
        """Model time begins: the host will learn of every case."""
        push = self.strategy.only_push
        if push is None:
            return
        for person, case in self.cases.items():
            if push.carries(case.cause):
                self._start(self._tell(person))

    async def _tell(self, person: int) -> None:
        case = self.cases[person]
        await self.clock.until(case.revoked_at_s + case.propagation_s)
        await self._deliver(person, case.cause, "case", 0, case.revoked_at_s + case.propagation_s)

    async def _deliver(self, person: int, cause: Cause, streams: str, n: int, at_s: float) -> None:
        """Attempts with delay and loss until the receiver has it, or the sender gives it up; planned from `at_s`."""
        event = new_event(person, cause.name.lower(), at_s)
        retries, attempt, due_s = self.setup.scenario.push.retries, 0, at_s
        delay, loss, wait = _EVENT_STREAMS[streams]
        uniform = self.setup.uniform
        self.pending_events += 1
        self.events["pushed"] += 1
        try:
            while True:
                if uniform(person, loss, n, attempt) >= self.setup.scenario.push.loss:
                    due_s += self._delay(uniform(person, delay, n, attempt))
                    if await self._attempt(event, due_s):
                        return
                if attempt >= retries.most:
                    self.events["lost"] += 1
                    return
                first_s = self._wait(uniform(person, wait, n, attempt))
                due_s += backed_off(first_s, retries.backoff, float(attempt))
                await self.clock.until(due_s)
                attempt += 1
        finally:
            self.pending_events -= 1

    async def _attempt(self, event: Event, due_s: float) -> bool:
        """One delivery at a planned instant; whether the receiver has the event."""
        await self.clock.until(due_s)
        tried_s = due_s  # the receiver could have had the event from here on
        while True:
            began_s = self.clock.now_s()
            again_s = await self._post(event)
            if again_s is None:
                late_s = self.clock.now_s() - tried_s
                self.late_s[event.person] = max(late_s, self.late_s.get(event.person, 0.0))
                return True
            if self.setup.scenario.push.on_outage == "lose":
                return False
            tried_s = began_s
            await self._until_again(again_s)

    async def _until_again(self, again_s: float) -> None:
        """Hold an event while the receiver is down: it may have said for how long, in whole seconds, rounded up."""
        if again_s > 1.0:
            await self.clock.sleep(again_s - 1.0)
        await asyncio.sleep(PROBE_SOON if again_s > 0 else PROBE_EVERY)

    async def _post(self, event: Event) -> float | None:
        """One delivery: None if the receiver has the event (or wants none of it), else its Retry-After, 0 if none."""
        push = self.strategy.only_push
        assert push is not None
        url = f"{self.http.app_url}/{self.lane.name}/events"
        now_s = self.clock.now_s()
        if push.effect == "drop_entries":
            body, headers = self.sender.webhook(event, now_s)
        else:
            body = self.sender.set(event, now_s).encode()
            headers = {"content-type": SET_CONTENT_TYPE, "accept": "application/json"}
        try:
            async with self.http.client.post(url, data=body, headers=headers) as answer:
                if answer.status < 500:
                    return None
                return float(answer.headers.get("retry-after", "0"))
        except (aiohttp.ClientError, TimeoutError):
            return 0.0

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- small things ---------------------------------------------------------------------------

    def _u(self, person: int, stream: Stream, draw: Draw) -> float:
        return self.setup.uniform(person, stream + draw.offset, draw.n, draw.attempt)

    def _person(self, request: Request) -> int | None:
        return self.sessions.get(bearer(request.headers.get("authorization", "")))

    def _from_app(self, request: Request) -> bool:
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), self.lane.authorization().encode())

    def oracle(self, person: int, session: str) -> dict[str, Any]:
        """What contacts would be granted now; counts nothing, costs nothing, is never refused for load."""
        token = self.strategy.token
        lives = self.sessions.get(session) == person
        check = self.strategy.only_check
        asks = "permission" if check is None else check.asks
        checked = self.grants_by_kind(person, asks)
        if asks == "session" and not lives:
            checked = [False, False, False]
        return {
            "page": lives and self.grants(person, PAGE_LOAD_SEES),
            "renewal": token is not None
            and token.renewal in ("host", "host_each")
            and lives
            and self.grants(person, frozenset(token.revalidates) - {"admin"}),
            "check": checked,
        }

    def account(self) -> dict[str, Any]:
        """What was counted."""
        return {
            "calls": dict(self.calls.observed),
            "all_calls": dict(self.calls.all),
            "limited": dict(self.limited),
            "events": dict(self.events),
            "pending_events": self.pending_events,
            "late_s": self.late_s,
            "outages": self.outages,
            "waited_s": self.station.waited_s,
        }


class HostApp:
    """All tenants of the host as one ASGI application."""

    def __init__(self, setup: Setup):
        self.setup, self.app_url = setup, setup.app_url
        self.client: aiohttp.ClientSession
        self.lanes = {
            lane.name: HostLane(setup, lane, setup.clock(lane.name), self) for lane in setup.lanes
        }
        mounts = [Mount(f"/{name}", routes=_routes(lane)) for name, lane in self.lanes.items()]
        control = [
            Route("/control/start", self._start, methods=["POST"]),
            Route("/control/account", self._account, methods=["POST"]),
            Route("/control/oracle", self._oracle, methods=["POST"]),
            Route("/control/fault", self._fault, methods=["POST"]),
            Route("/control/revoke", self._revoke, methods=["POST"]),
        ]
        self.asgi = Starlette(
            routes=[*control, *mounts],
            exception_handlers=HANDLERS,
        )

    async def open(self) -> None:
        """Once the event loop runs."""
        timeout = aiohttp.ClientTimeout(total=DELIVERY_TIMEOUT)
        self.client = aiohttp.ClientSession(timeout=timeout)

    async def close(self) -> None:
        """Let go of connections."""
        await self.client.close()

    async def _start(self, request: Request) -> Response:
        if not self._allowed(request):
            return JSONResponse({"error": "unauthorized"}, 401)
        content = await json_of(request)
        self.app_url = str(content["app_url"])
        for name, lane in self.lanes.items():
            lane.clock.started = self.setup.started_of(name, float(content["started"]))
        if content["begin"]:
            for lane in self.lanes.values():
                lane.start()
        return JSONResponse({})

    async def _account(self, request: Request) -> Response:
        if not self._allowed(request):
            return JSONResponse({"error": "unauthorized"}, 401)
        return JSONResponse({name: lane.account() for name, lane in self.lanes.items()})

    async def _oracle(self, request: Request) -> Response:
        if not self._allowed(request):
            return JSONResponse({"error": "unauthorized"}, 401)
        content = await json_of(request)
        lane = self.lanes[content["lane"]]
        return JSONResponse(lane.oracle(int(content["person"]), str(content["session"])))

    async def _fault(self, request: Request) -> Response:
        """Down, or up again: {"down": true}."""
        if not self._allowed(request):
            return JSONResponse({"error": "unauthorized"}, 401)
        forced = bool((await json_of(request))["down"])
        for lane in self.lanes.values():
            lane.forced_down = forced
        return JSONResponse({})

    async def _revoke(self, request: Request) -> Response:
        """Switch an account off, beside the cases of the scenario: {"lane": "...", "person": 3}."""
        if not self._allowed(request):
            return JSONResponse({"error": "unauthorized"}, 401)
        content = await json_of(request)
        self.lanes[content["lane"]].revoke(int(content["person"]))
        return JSONResponse({})

    def _allowed(self, request: Request) -> bool:
        return self.setup.allows(request.headers.get(CONTROL_HEADER, ""))


def _routes(lane: HostLane) -> list[Route]:
    return [
        Route("/sign-in", lane.sign_in, methods=["POST"]),
        Route("/sign-out", lane.sign_out, methods=["POST"]),
        Route("/page", lane.page, methods=["POST"]),
        Route("/token", lane.renew, methods=["POST"]),
        Route("/permission", lane.permission, methods=["POST"]),
        Route("/introspect", lane.introspect, methods=["POST"]),
        Route("/authorise", lane.authorise, methods=["GET"]),
        *lane.provider.routes(),
    ]

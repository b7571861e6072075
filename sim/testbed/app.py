"""The reference app: every strategy of the run as real middleware in front of the same small service.

A request meets the gates in `StrategyGate`; what passes goes to the handler, which works as long as the scenario says.
The app also receives the host's events, opens pages (allowlist entry, refresh token) and renews tokens itself.
"""

import math
from collections import Counter
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sim.basics.streams import Stream
from sim.model.causes import KINDS, Kind
from sim.oracle.app import ACCEPTED, FAILED
from sim.oracle.host import RATE_LIMITED
from sim.testbed.compress import Clock
from sim.testbed.gates import HARD_LIMIT, Gates, Verdict
from sim.testbed.prober import Prober
from sim.testbed.push import EventRefused, Receiver
from sim.testbed.setup import CONTROL_HEADER, DRAW_HEADER, HOST, Draw, Lane, Setup, Station, down
from sim.testbed.stores import Store, StoreDown, open_store
from sim.testbed.tokens import Claims
from sim.testbed.web import HANDLERS, TooLarge, bearer, body_of, json_of

_KIND_OF = {name: Kind(number) for number, name in enumerate(KINDS)}
_LARGEST_ANSWER = 1 << 18  # bytes really sent; a larger read is cut to this
_FILLER = b"x" * _LARGEST_ANSWER
_DENIED = {"not_administrator", "host_says_no", "cached_denial", "named_by_event", "no_entry"}


class StrategyGate:
    """Middleware: lets a request through if all gates of the strategy pass.

    An asynchronous app holds a worker for the verification only, and takes one again for the handler; a blocking one
    (`holds_worker`) holds it from the verification to the end of handler work.
    """

    def __init__(self, app: ASGIApp, lane: "AppLane"):
        self._app, self._lane = app, lane

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        lane, headers = self._lane, Headers(scope=scope)
        params = scope["path_params"]
        kind, page = _KIND_OF.get(params["kind"]), 0
        try:
            page = page_number(params["page"])
            draw = Draw.parse(headers.get(DRAW_HEADER, ""))
        except ValueError:
            kind = None
        if kind is None:
            await JSONResponse({"error": "malformed"}, 400)(scope, receive, send)
            return
        token = bearer(headers.get("authorization", ""))
        async with AsyncExitStack() as held:
            if lane.holds_worker:
                await held.enter_async_context(lane.station.server())
                claims, reason = lane.gates.read(token, page, lane.clock.now_s())
            else:
                async with lane.station.server():
                    claims, reason = lane.gates.read(token, page, lane.clock.now_s())
            verdict = await lane.gates.judge(claims, reason, token, kind, draw)
            lane.decided[verdict.decision] += 1
            if verdict.decision != ACCEPTED:
                await _refusal(verdict)(scope, receive, send)
                return
            scope["state"] = {"verdict": verdict, "kind": kind, "draw": draw}
            await self._app(scope, receive, send)


class AppLane:
    """The app of one tenant."""

    def __init__(
        self, setup: Setup, lane: Lane, clock: Clock, store: Store, http: aiohttp.ClientSession
    ):
        scenario = setup.scenario
        self.setup, self.lane, self.clock = setup, lane, clock
        self.gates = Gates(setup, lane, clock, store, http)
        self.prober = Prober(self.gates, http)
        self.gates.observer = self.prober
        workers = math.inf if lane.calibrates else scenario.app.workers
        self.station = Station(workers, clock)
        self.auth_station = Station(scenario.auth_server.servers, clock)
        self.holds_worker = scenario.app.holds_worker
        self.decided: Counter[str] = Counter()
        self.events: Counter[str] = Counter()
        self.receiver_down = False  # a fault injected by hand
        push = scenario.push
        self.receiver = Receiver(
            HOST,
            lane.name,
            lane.host_key,
            lane.webhook_secret,
            setup.base,
            oldest_s=scenario.run.end_s + 60.0,
        )
        carries = lane.strategy.only_push is not None
        self.outages = (
            setup.outages(push.outages, Stream.PUSH_UP, Stream.PUSH_DOWN) if carries else []
        )

    async def work(self, request: Request) -> Response:
        """The handler: works as long as the scenario says, and answers a read with as many bytes."""
        verdict: Verdict = request.state.verdict
        kind, draw = request.state.kind, request.state.draw
        claims = verdict.claims
        assert claims is not None
        headers = _verdict_headers(verdict)
        token = self.lane.strategy.token
        if token is not None and token.renewal == "sliding":
            u = self._u(claims.person, Stream.LIFETIME_SLIDING, draw)
            text, stamped_s, expires_s = self.gates.reissue(claims, u)
            headers["x-token"] = text
            headers["x-token-times"] = f"{stamped_s!r},{expires_s!r}"
            await self.prober.issued(claims.person, claims.page, text)
        service_s = self.gates.draw.service[kind](self._u(claims.person, Stream.HANDLER, draw))
        if self.holds_worker:
            await self.clock.sleep(service_s)
        else:
            await self.station.serve(service_s)
        size = min(draw.size, _LARGEST_ANSWER) if kind is Kind.READ else 0
        return Response(_FILLER[:size], headers=headers, media_type="application/octet-stream")

    async def open(self, request: Request) -> Response:
        """A page has been seen by its person: {token} -> {refresh}."""
        content = await json_of(request)
        claims, reason = self.gates.read(
            str(content.get("token", "")),
            page_number(request.path_params["page"]),
            self.clock.now_s(),
        )
        if claims is None or reason:
            return JSONResponse({"error": reason}, 401)
        try:
            return JSONResponse({"refresh": await self.gates.open_page(claims)})
        except StoreDown:
            return JSONResponse({"error": "store_down"}, 503)

    async def refresh(self, request: Request) -> Response:
        """The app's own authorization server: a refresh token against an access token."""
        draw = Draw.parse(request.headers.get(DRAW_HEADER, ""))
        text = str((await json_of(request)).get("refresh", ""))
        background = draw.purpose == "background"
        service = Stream.BACKGROUND_SERVICE if background else Stream.RENEWAL
        lifetime = Stream.BACKGROUND_LIFETIME if background else Stream.LIFETIME_RENEWAL
        try:
            known = await self.gates.refreshable(text, self.clock.now_s())
            person = known.person if known is not None else 0
            service_s = self.gates.draw.auth_renewal(self._u(person, service, draw))
            await self.auth_station.serve(service_s)
            refresh = await self.gates.refreshable(text, self.clock.now_s())
        except StoreDown:
            return JSONResponse({"error": "store_down"}, 503)
        cap_s = math.inf
        if refresh is not None and self.lane.strategy.token is not None:
            absolute_s = self.lane.strategy.token.absolute_s
            cap_s = math.inf if absolute_s is None else refresh.page_stamped_s + absolute_s
        if refresh is None or not self.clock.now_s() < cap_s:
            return JSONResponse({"error": "invalid_grant"}, 400)
        stands_for = Claims(
            refresh.person,
            refresh.page,
            refresh.session,
            refresh.admin,
            self.clock.now_s(),
            0.0,
            refresh.page_stamped_s,
            "",
        )
        token, stamped_s, expires_s = self.gates.reissue(
            stands_for, self._u(refresh.person, lifetime, draw)
        )
        await self.prober.issued(refresh.person, refresh.page, token)
        return JSONResponse(
            {
                "token": token,
                "stamped_s": stamped_s,
                "expires_s": expires_s,
                "admin": refresh.admin,
            }
        )

    async def event(self, request: Request) -> Response:
        """An event from the host: 202 if it is taken, 400 with an error code of RFC 8935 if not."""
        now_s = self.clock.now_s()
        until_s = down(self.outages, now_s)
        if self.receiver_down or until_s is not None:
            after = {} if until_s is None else {"retry-after": str(math.ceil(until_s - now_s))}
            return JSONResponse({"err": "down"}, 503, after)
        try:
            body = await body_of(request)
            event = self.receiver.receive(request.headers, body, now_s)
        except TooLarge:
            return JSONResponse({"err": "invalid_request", "description": "too large"}, 413)
        except EventRefused as error:
            self.events[error.code] += 1
            if error.code == "replayed":
                # RFC 8935, section 2: answered as the first time; but it takes no effect again
                return Response(status_code=202)
            return JSONResponse({"err": error.code, "description": error.description}, 400)
        push = self.lane.strategy.only_push
        if push is None or event.cause not in push.causes:
            self.events["not_wanted"] += 1
            return Response(status_code=202)
        try:
            await self.gates.apply_event(event.person, event.happened_s)
        except StoreDown:
            self.receiver.forget(event.id)  # so that the next attempt counts
            return JSONResponse({"err": "store_down"}, 503)
        self.events["taken"] += 1
        return Response(status_code=202)

    def _u(self, person: int, stream: Stream, draw: Draw) -> float:
        return self.setup.uniform(person, stream + draw.offset, draw.n, draw.attempt)

    def routes(self) -> list[Route | Mount]:
        """The tenant's addresses."""
        gate = [Middleware(StrategyGate, lane=self)]
        return [
            Route("/pages/{page}/open", self.open, methods=["POST"]),
            Route("/refresh", self.refresh, methods=["POST"]),
            Route("/events", self.event, methods=["POST"]),
            Route("/pages/{page}/{kind}", self.work, methods=["POST"], middleware=gate),
        ]

    def account(self) -> dict[str, Any]:
        """What was counted and found."""
        return {
            "decided": dict(self.decided),
            "events": dict(self.events),
            "waited_s": self.station.waited_s,
            "busy_s": self.station.busy_s,
            "outages": self.outages,
            **self.prober.report(),
        }


class AppServer:
    """All tenants of the app as one ASGI application."""

    def __init__(self, setup: Setup):
        self.setup = setup
        self.lanes: dict[str, AppLane] = {}
        self.asgi: Starlette

    async def open(self) -> None:
        """Once the event loop runs."""
        setup = self.setup
        connector = aiohttp.TCPConnector(limit=256, keepalive_timeout=60)
        timeout = aiohttp.ClientTimeout(total=HARD_LIMIT)
        self.client = aiohttp.ClientSession(connector=connector, timeout=timeout)
        for lane in setup.lanes:
            store = open_store(
                setup.store,
                tenant=lane.name,
                run=setup.run,
                url=setup.redis_url,
                folder=setup.folder,
            )
            self.lanes[lane.name] = AppLane(setup, lane, setup.clock(lane.name), store, self.client)
        mounts = [Mount(f"/{name}", routes=lane.routes()) for name, lane in self.lanes.items()]
        control = [
            Route(f"/control/{name}", handler, methods=["POST"])
            for name, handler in (
                ("start", self._start),
                ("account", self._account),
                ("hold", self._hold),
                ("fault", self._fault),
                ("overheads", self._overheads),
            )
        ]
        self.asgi = Starlette(routes=[*control, *mounts], exception_handlers=HANDLERS)

    async def close(self) -> None:
        """Let go of stores and connections."""
        for lane in self.lanes.values():
            await lane.gates.store.close()
        await self.client.close()

    async def _start(self, request: Request) -> Response:
        if not self._allowed(request):
            return JSONResponse({"error": "unauthorized"}, 401)
        started = float((await json_of(request))["started"])
        for name, lane in self.lanes.items():
            lane.clock.started = self.setup.started_of(name, started)
        return JSONResponse({})

    async def _account(self, request: Request) -> Response:
        if not self._allowed(request):
            return JSONResponse({"error": "unauthorized"}, 401)
        return JSONResponse({name: lane.account() for name, lane in self.lanes.items()})

    async def _hold(self, request: Request) -> Response:
        if not self._allowed(request):
            return JSONResponse({"error": "unauthorized"}, 401)
        content = await json_of(request)
        await self.lanes[content["lane"]].prober.hold(content)
        return JSONResponse({})

    async def _fault(self, request: Request) -> Response:
        """The receiver of events down, or up again: {"down": true}."""
        if not self._allowed(request):
            return JSONResponse({"error": "unauthorized"}, 401)
        forced = bool((await json_of(request))["down"])
        for lane in self.lanes.values():
            lane.receiver_down = forced
        return JSONResponse({})

    async def _overheads(self, request: Request) -> Response:
        """Start or end noting what a check costs beyond its model: {"lane": ..., "note": true}."""
        if not self._allowed(request):
            return JSONResponse({"error": "unauthorized"}, 401)
        content = await json_of(request)
        gates = self.lanes[content["lane"]].gates
        noted, gates.check_overheads = gates.check_overheads, [] if content["note"] else None
        return JSONResponse({"overheads": noted or []})

    def _allowed(self, request: Request) -> bool:
        return self.setup.allows(request.headers.get(CONTROL_HEADER, ""))


def page_number(text: str) -> int:
    """The number of a page in an address; reloads have negative ones. Raises ValueError."""
    if len(text) > 20:
        raise ValueError("too long")
    return int(text)


def _verdict_headers(verdict: Verdict) -> dict[str, str]:
    return {
        "x-decision": verdict.decision,
        "x-reason": verdict.reason,
        "x-decided-at": repr(verdict.decided_at_s),
        "x-asked": verdict.asked,
        "x-looked-up": "1" if verdict.looked_up else "",
    }


def _refusal(verdict: Verdict) -> Response:
    status = 401
    if verdict.decision == FAILED:
        status = 429 if verdict.reason == RATE_LIMITED else 503
    elif verdict.reason in _DENIED:
        status = 403
    headers = _verdict_headers(verdict)
    if status == 401:
        headers["www-authenticate"] = (
            f'Bearer error="invalid_token", error_description="{verdict.reason}"'
        )
    return JSONResponse({"error": verdict.reason}, status, headers)

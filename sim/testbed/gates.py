"""The gates of one strategy over real parts: tokens verified, entries looked up, the host asked over HTTP.

The same questions with `now_s` given serve the prober: it asks them as of any instant, without a request.
"""

import asyncio
import hashlib
import math
import secrets
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp

from sim.basics.streams import Stream
from sim.engine.samplers import Samplers
from sim.model.causes import Kind
from sim.oracle.app import ACCEPTED, FAILED, REFUSED, Decision
from sim.oracle.host import HOST_DOWN, OK, RATE_LIMITED, TIMEOUT
from sim.testbed.compress import Clock
from sim.testbed.setup import APP, HOST, Draw, Lane, Setup
from sim.testbed.stores import Refresh, Store, StoreDown
from sim.testbed.tokens import Claims, Issuer, TokenRefused, Verifier, valid

HARD_LIMIT = 10.0  # real seconds after which no answer is waited for at all
STORE_DOWN = "store_down"
_CLOCK_GRAIN_S = 1e-3


@dataclass
class Verdict:
    """What the gates say of one request."""

    decision: str
    reason: str
    decided_at_s: float
    claims: Claims | None = None
    asked: str = ""  # outcome of the question to the host, empty if it was not asked
    looked_up: bool = False


class Observer(Protocol):
    """Told when what the app remembers of a person changes."""

    async def changed(self, person: int) -> None:
        """Something about the person has changed."""


class Gates:
    """The app's state of one tenant, and its gates in turn (model, section 6)."""

    def __init__(
        self, setup: Setup, lane: Lane, clock: Clock, store: Store, http: aiohttp.ClientSession
    ):
        self.setup, self.lane, self.clock, self.store = setup, lane, clock, store
        self.strategy = lane.strategy
        self.draw = Samplers.of(setup.scenario, lane.strategy)
        token = lane.strategy.token
        self.leeway_s = token.leeway_s if token else 0.0
        self.verifier = Verifier(
            {HOST: lane.host_key, APP: lane.app_key},
            lane.name,
            setup.base,
            requires_expiry=token is not None,
        )
        self.issuer = Issuer(APP, lane.app_key, lane.name, setup.base)
        self.decisions: dict[int, Decision] = {}
        self.refreshes_dropped_s: dict[int, float] = {}
        self.observer: Observer | None = None
        self.check_overheads: list[float] | None = None  # real seconds, while calibrating
        self._http = http
        self._keeps_stamps = (
            lane.strategy.only_push is not None
            and lane.strategy.only_push.effect
            in (
                "denylist",
                "not_before",
            )
        )
        self._late: set[asyncio.Task[Any]] = set()

    # -- local gates ----------------------------------------------------------------------------

    def read(self, token: str, page: int, now_s: float) -> tuple[Claims | None, str]:
        """The claims of a genuine token of this page, and why the token gate refuses it now, if it does."""
        try:
            claims = self.verifier.read(token)
        except TokenRefused as error:
            return None, error.reason
        if claims.page != page:
            return None, "another_page"
        return claims, self.token_reason(claims, now_s)

    def token_reason(self, claims: Claims, now_s: float) -> str:
        """Why the times of a token refuse it; empty if they do not."""
        if now_s < claims.stamped_s - self.leeway_s - _CLOCK_GRAIN_S:
            return "not_yet_valid"
        return "" if valid(now_s, claims.expires_s, self.leeway_s) else "token_expired"

    async def local_reason(self, claims: Claims, kind: Kind, now_s: float) -> str:
        """Why the local gates refuse; empty if they pass."""
        if reason := self.token_reason(claims, now_s):
            return reason
        if kind is Kind.ADMIN and not claims.admin:
            return "not_administrator"
        if await self.named(claims):
            return "named_by_event"
        return ""

    async def named(self, claims: Claims) -> bool:
        """Whether an event that has arrived names the token."""
        if not self._keeps_stamps:
            return False
        return claims.stamped_s <= await self.store.refused_until_s(claims.person)

    async def entry_reason(self, claims: Claims, now_s: float) -> str:
        """Why the allowlist refuses; empty if it passes."""
        if self.strategy.allowlist is None:
            return ""
        return "" if valid(now_s, await self.entry_expires_s(claims)) else "no_entry"

    async def entry_expires_s(self, claims: Claims) -> float:
        """When the entry of the token's page expires."""
        return await self.store.entry_expires_s(claims.person, claims.page)

    def cached(self, person: int, kind: Kind, now_s: float) -> tuple[bool, float] | None:
        """The remembered answer for a kind and its expiry; None if there is none that lives."""
        decision = self.decisions.get(person)
        if decision is None or not valid(now_s, decision.expires_s):
            return None
        return decision.grants[kind], decision.expires_s

    # -- a request ------------------------------------------------------------------------------

    async def judge(
        self, claims: Claims | None, reason: str, token: str, kind: Kind, draw: Draw
    ) -> Verdict:
        """From the verified (or refused) token to the decision."""
        verdict = Verdict(REFUSED, reason, math.nan, claims)
        try:
            if claims is not None and not reason:
                await self._gates(verdict, claims, token, kind, draw)
        except StoreDown:
            # an allowlist or denylist that cannot be read cannot vouch for anybody
            verdict.decision, verdict.reason = FAILED, STORE_DOWN
        verdict.decided_at_s = self.clock.now_s()
        return verdict

    async def _gates(
        self, verdict: Verdict, claims: Claims, token: str, kind: Kind, draw: Draw
    ) -> None:
        verdict.reason = await self.local_reason(claims, kind, self.clock.now_s())
        if verdict.reason:
            return
        if self.strategy.allowlist is not None:
            verdict.looked_up = True
            verdict.reason = await self.entry_reason(claims, self.clock.now_s())
            if verdict.reason:
                return
        check = self.strategy.only_check
        if check is not None and check.covers(kind):
            await self._checked(verdict, claims, token, kind, draw)
            if verdict.reason and not (verdict.decision == FAILED and check.on_failure == "allow"):
                return
        # the last answer is in: what is local is looked at once more, and that counts
        now_s = self.clock.now_s()
        reason = await self.local_reason(claims, kind, now_s)
        if not reason and verdict.asked:
            reason = await self.entry_reason(claims, now_s)
        if reason:
            verdict.decision, verdict.reason = REFUSED, reason
        else:
            verdict.decision = ACCEPTED

    async def _checked(
        self, verdict: Verdict, claims: Claims, token: str, kind: Kind, draw: Draw
    ) -> None:
        cached = self.cached(claims.person, kind, self.clock.now_s())
        if cached is not None:
            verdict.reason = "" if cached[0] else "cached_denial"
            return
        verdict.asked, granted = await self.ask(claims, token, kind, draw)
        if verdict.asked != OK:
            verdict.decision, verdict.reason = FAILED, verdict.asked
        elif not granted:
            verdict.reason = "host_says_no"

    # -- asking the host ------------------------------------------------------------------------

    async def ask(self, claims: Claims, token: str, kind: Kind, draw: Draw) -> tuple[str, bool]:
        """The outcome and whether the host grants. The timeout runs from the sending; a late answer is dropped."""
        check = self.strategy.only_check
        assert check is not None
        sent_s = self.clock.now_s()
        deadline_s = sent_s + check.timeout_s
        call = asyncio.create_task(self._call(claims, token, kind, draw, sent_s, deadline_s))
        self._late.add(call)
        call.add_done_callback(self._late.discard)
        done, _ = await asyncio.wait({call}, timeout=self.clock.real(check.timeout_s))
        return call.result() if done else (TIMEOUT, False)

    async def _call(
        self,
        claims: Claims,
        token: str,
        kind: Kind,
        draw: Draw,
        sent_s: float,
        deadline_s: float,
    ) -> tuple[str, bool]:
        check = self.strategy.only_check
        assert check is not None
        u_trip = self.setup.uniform(
            claims.person, Stream.APP_HOST + draw.offset, draw.n, draw.attempt
        )
        half_s = 0.5 * self.draw.app_host(u_trip)
        await self.clock.until(sent_s + half_s)
        outcome, grants = await self._post(claims, token, draw)
        await self.clock.sleep(half_s)
        if self.check_overheads is not None and outcome == OK:
            self._note_overhead(claims.person, draw, sent_s, 2 * half_s)
        if self.clock.now_s() >= deadline_s:
            return TIMEOUT, False
        if outcome == OK:
            await self._remember(claims.person, kind, grants)
        return outcome, grants[kind]

    async def _post(
        self, claims: Claims, token: str, draw: Draw
    ) -> tuple[str, tuple[bool, bool, bool]]:
        """One question over HTTP."""
        check = self.strategy.only_check
        assert check is not None
        base = f"{self.setup.host_url}/{self.lane.name}"
        headers = {"authorization": self.lane.authorization(), **draw.header()}
        nobody = (False, False, False)
        if check.asks == "session":
            url, data = f"{base}/introspect", f"token={token}&token_type_hint=access_token"
            headers["content-type"] = "application/x-www-form-urlencoded"
        else:
            url, data = f"{base}/permission", f'{{"person":{claims.person}}}'
            headers["content-type"] = "application/json"
        try:
            async with self._http.post(url, data=data, headers=headers) as answer:
                if answer.status == 429:
                    return RATE_LIMITED, nobody
                if answer.status != 200:
                    return HOST_DOWN, nobody
                content = await answer.json()
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return HOST_DOWN, nobody
        if check.asks == "session":
            active = content.get("active") is True and content.get("sub") == str(claims.person)
            return OK, (active, active, active)
        read, write, admin = (granted is True for granted in content["grants"])
        return OK, (read, write, admin)

    def _note_overhead(self, person: int, draw: Draw, sent_s: float, trip_s: float) -> None:
        u = self.setup.uniform(person, Stream.CHECK + draw.offset, draw.n, draw.attempt)
        model_s = trip_s + self.draw.check(u)
        assert self.check_overheads is not None
        self.check_overheads.append(self.clock.real(self.clock.now_s() - sent_s - model_s))

    async def _remember(self, person: int, kind: Kind, grants: tuple[bool, bool, bool]) -> None:
        check = self.strategy.only_check
        assert check is not None
        keep_s = check.allow_for_s if grants[kind] else check.deny_for_s
        if keep_s > 0:
            self.decisions[person] = Decision(self.clock.now_s() + keep_s, grants)
            await self._changed(person)

    # -- issuing and forgetting -----------------------------------------------------------------

    def reissue(self, claims: Claims, u_lifetime: float) -> tuple[str, float, float]:
        """A token of the app's own for the same page, stamped now: text, stamp, expiry."""
        token, lifetime = self.strategy.token, self.draw.lifetime
        assert token is not None and lifetime is not None
        now_s = self.clock.now_s()
        expires_s = now_s + lifetime(u_lifetime)
        if token.absolute_s is not None:
            expires_s = min(expires_s, claims.page_stamped_s + token.absolute_s)
        text = self.issuer.issue(
            claims.person,
            claims.page,
            claims.session,
            admin=claims.admin,
            stamped_s=now_s,
            expires_s=expires_s,
            page_stamped_s=claims.page_stamped_s,
        )
        return text, now_s, expires_s

    async def open_page(self, claims: Claims) -> str:
        """A page has been seen: its allowlist entry is written; returns its refresh token, if it gets one."""
        allowlist, token = self.strategy.allowlist, self.strategy.token
        if allowlist is not None:
            u = self.setup.uniform(claims.person, Stream.ENTRY_LIFETIME, claims.page)
            expires_s = claims.page_stamped_s + allowlist.lifetime.quantile(u)
            await self.store.write_entry(claims.person, claims.page, expires_s)
            await self._changed(claims.person)
        if token is None or token.renewal != "app":
            return ""
        if claims.page_stamped_s <= self.refreshes_dropped_s.get(claims.person, -math.inf):
            return ""  # an event has come between the page load and now
        text = secrets.token_urlsafe(32)
        refresh = Refresh(
            claims.person, claims.page, claims.session, claims.admin, claims.page_stamped_s
        )
        await self.store.write_refresh(digest_of(text), refresh)
        await self._changed(claims.person)
        return text

    async def refreshable(self, refresh_token: str, now_s: float) -> Refresh | None:
        """What a refresh token stands for, if it would be honoured now."""
        token = self.strategy.token
        refresh = await self.store.refresh(digest_of(refresh_token))
        if refresh is None or token is None:
            return None
        limit_s = math.inf if token.refresh_lifetime_s is None else token.refresh_lifetime_s
        return refresh if valid(now_s, refresh.page_stamped_s + limit_s) else None

    async def apply_event(self, person: int, happened_s: float) -> None:
        """An event about a person takes effect."""
        push = self.strategy.only_push
        assert push is not None
        now_s = self.clock.now_s()
        if push.effect == "drop_entries":
            await self.store.drop_entries(person)
        elif push.effect == "drop_refresh":
            self.refreshes_dropped_s[person] = now_s
            await self.store.drop_refreshes(person)
        else:
            stamp_s = happened_s if push.effect == "not_before" else now_s
            await self.store.refuse_stamped_until(person, stamp_s)
        await self._changed(person)

    async def _changed(self, person: int) -> None:
        if self.observer is not None:
            await self.observer.changed(person)


def digest_of(refresh_token: str) -> str:
    """What is kept of a refresh token."""
    return hashlib.sha256(refresh_token.encode()).hexdigest()

"""The exposure window, measured: a hypothetical request that holds every credential and tries it at every change.

The prober lives beside the app's gates and asks them directly, so it sends no load through the stations, the limits
or the counts. For a person with a case it holds every credential issued and not destroyed (the client and the app tell
it). After each change of what could matter it looks for the last instant at which a credential would still pass, and
proves it by trial: the gates must accept the real token a little before that instant and refuse it at it. Contacts
(a renewal, a check) are asked of the host itself, on its side channel. Between two changes the request passes until
that instant, so the window is the largest of min(instant, next change), as in the model.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from sim.model.causes import Kind
from sim.testbed.gates import Gates
from sim.testbed.setup import CONTROL_HEADER
from sim.testbed.tokens import Claims

_BEFORE_S = 1e-3  # a trial this much before the instant must pass
_NEVER = (-math.inf, -math.inf)


@dataclass
class HeldPage:
    """The credentials of one page that could still be presented."""

    number: int
    tokens: list[str]
    refresh: str = ""


@dataclass
class Watch:
    """A person under watch. `stretches`: (time of the change, reach by kind from then on); `yet`: at the last, until when tokens
    may still come to him, and how far one of those could reach, by kind.
    """

    person: int
    kinds: tuple[Kind, ...]
    session: str
    pages: list[HeldPage] = field(default_factory=list)
    stretches: list[tuple[float, dict[str, float]]] = field(default_factory=list)
    yet: dict[str, tuple[float, float]] = field(default_factory=dict)


class Prober:
    """Watches the people of one lane whom the host knows as revoked."""

    def __init__(self, gates: Gates, http: aiohttp.ClientSession):
        self.gates, self._http = gates, http
        self.watches: dict[int, Watch] = {}
        self.trials = self.surprises = 0

    async def hold(self, content: dict[str, Any]) -> None:
        """What the client holds now: {person, kinds, session, pages: [{number, tokens, refresh}]}."""
        person = int(content["person"])
        watch = self.watches.get(person)
        if watch is None:
            kinds = tuple(Kind(kind) for kind in content["kinds"])
            watch = self.watches[person] = Watch(person, kinds, "")
        watch.session = content["session"]
        watch.pages = [
            HeldPage(int(p["number"]), list(p["tokens"]), p["refresh"]) for p in content["pages"]
        ]
        await self.refresh(watch, content.get("at_s"))

    async def issued(self, person: int, page: int, token: str) -> None:
        """The app itself has issued a token."""
        watch = self.watches.get(person)
        if watch is None:
            return
        for held in watch.pages:
            if held.number == page:
                held.tokens = [*filter(self._may_outlive(token, page), held.tokens), token]
        await self.refresh(watch)

    def _may_outlive(self, newer: str, page: int) -> Callable[[str], bool]:
        """Whether a token may still pass when a newer one of its page does not."""
        now_s = self.gates.clock.now_s()
        new, _ = self.gates.read(newer, page, now_s)

        def may_outlive(older: str) -> bool:
            old, _ = self.gates.read(older, page, now_s)
            if old is None or new is None:
                return False
            return old.expires_s > new.expires_s or (old.admin and not new.admin)

        return may_outlive

    async def changed(self, person: int) -> None:
        """What the app remembers of the person has changed."""
        if (watch := self.watches.get(person)) is not None:
            await self.refresh(watch)

    async def refresh(self, watch: Watch, at_s: float | None = None) -> None:
        """Find how far a hypothetical request passes, from now on, by kind."""
        now_s = self.gates.clock.now_s()
        contacts = await self._contacts(watch)
        reach = {
            kind.name.lower(): max(
                [await self._page_reach(watch, page, kind, contacts) for page in watch.pages],
                default=-math.inf,
            )
            for kind in watch.kinds
        }
        watch.stretches.append((now_s if at_s is None else at_s, reach))
        watch.yet = {
            kind.name.lower(): max(
                [await self._yet(page, kind, contacts) for page in watch.pages],
                key=lambda found: found[1],
                default=_NEVER,
            )
            for kind in watch.kinds
        }

    async def _contacts(self, watch: Watch) -> dict[str, Any]:
        """What the host would grant now, by its own word."""
        setup = self.gates.setup
        question = {
            "lane": self.gates.lane.name,
            "person": watch.person,
            "session": watch.session,
        }
        headers = {CONTROL_HEADER: setup.control}
        url = f"{setup.host_url}/control/oracle"
        async with self._http.post(url, json=question, headers=headers) as answer:
            contacts: dict[str, Any] = await answer.json()
        return contacts

    async def _page_reach(
        self, watch: Watch, page: HeldPage, kind: Kind, contacts: dict[str, Any]
    ) -> float:
        gates = self.gates
        now_s = gates.clock.now_s()
        best_s = -math.inf
        for token in page.tokens:
            claims, _ = gates.read(token, page.number, now_s)
            if claims is None or (kind is Kind.ADMIN and not claims.admin):
                continue
            limit_s = await self._limit_s(claims, kind, contacts)
            renewed_s = await self._renewable_until_s(page, claims, contacts, now_s)
            if renewed_s > now_s:
                best_s = max(best_s, min(limit_s, renewed_s))
            if not await gates.named(claims):
                expires_s = claims.expires_s + gates.leeway_s
                reach_s = min(limit_s, expires_s)
                if reach_s > now_s and await self._proved(claims, kind, contacts, reach_s):
                    best_s = max(best_s, reach_s)
        return best_s if best_s > now_s else -math.inf

    async def _limit_s(self, claims: Claims, kind: Kind, contacts: dict[str, Any]) -> float:
        """Until when the gates other than the token would pass."""
        strategy, limit_s = self.gates.strategy, math.inf
        if strategy.allowlist is not None:
            limit_s = await self.gates.entry_expires_s(claims)
        if strategy.only_check is not None and strategy.only_check.covers(kind):
            if not contacts["check"][kind]:
                cached = self.gates.cached(claims.person, kind, self.gates.clock.now_s())
                limit_s = min(limit_s, cached[1] if cached and cached[0] else -math.inf)
        return limit_s

    async def _renewable_until_s(
        self, page: HeldPage, claims: Claims, contacts: dict[str, Any], now_s: float
    ) -> float:
        """Until when a renewal would be granted."""
        token = self.gates.strategy.token
        if token is None:
            return -math.inf
        cap_s = math.inf
        if token.absolute_s is not None:
            cap_s = claims.page_stamped_s + token.absolute_s
        if token.renewal in ("host", "host_each"):
            return cap_s if contacts["renewal"] else -math.inf
        if token.renewal == "app" and page.refresh:
            if await self.gates.refreshable(page.refresh, now_s) is None:
                return -math.inf
            limit_s = math.inf if token.refresh_lifetime_s is None else token.refresh_lifetime_s
            return min(claims.page_stamped_s + limit_s, cap_s)
        return -math.inf

    async def _yet(
        self, page: HeldPage, kind: Kind, contacts: dict[str, Any]
    ) -> tuple[float, float]:
        """Until when use or a renewal could bring a page a new token, and how far that one could reach."""
        gates, token, found = self.gates, self.gates.strategy.token, _NEVER
        if token is None:
            return found
        now_s = gates.clock.now_s()
        for text in page.tokens:
            claims, _ = gates.read(text, page.number, now_s)
            if claims is None or (kind is Kind.ADMIN and not claims.admin):
                continue
            until_s = cap_s = math.inf
            if token.renewal != "sliding":
                until_s = await self._renewable_until_s(page, claims, contacts, now_s)
            if token.absolute_s is not None:
                cap_s = claims.page_stamped_s + token.absolute_s + gates.leeway_s
            reach_s = min(cap_s, await self._limit_s(claims, kind, contacts))
            found = max(found, (until_s, reach_s), key=lambda pair: pair[1])
        return found

    async def _proved(
        self, claims: Claims, kind: Kind, contacts: dict[str, Any], reach_s: float
    ) -> bool:
        """Try the gates a little before the instant, and at it."""
        if math.isinf(reach_s):
            return await self._passes(claims, kind, contacts, self.gates.clock.now_s())
        before = await self._passes(claims, kind, contacts, reach_s - _BEFORE_S)
        at = await self._passes(claims, kind, contacts, reach_s + 1e-6)
        self.surprises += (not before) or at
        return before

    async def _passes(
        self, claims: Claims, kind: Kind, contacts: dict[str, Any], at_s: float
    ) -> bool:
        """One trial: the app's own gates, as of an instant, in the state they are in."""
        self.trials += 1
        gates = self.gates
        if await gates.local_reason(claims, kind, at_s) or await gates.entry_reason(claims, at_s):
            return False
        check = gates.strategy.only_check
        if check is None or not check.covers(kind) or contacts["check"][kind]:
            return True
        cached = gates.cached(claims.person, kind, at_s)
        return cached is not None and cached[0]

    def report(self) -> dict[str, Any]:
        """What was found: stretches by person, number of trials, and of trials that came out otherwise."""
        return {
            "stretches": {
                str(person): [
                    [at_s, {k: _plain(v) for k, v in reach.items()}]
                    for at_s, reach in watch.stretches
                ]
                for person, watch in self.watches.items()
            },
            "yet": {
                str(person): {kind: [*map(_plain, pair)] for kind, pair in watch.yet.items()}
                for person, watch in self.watches.items()
            },
            "trials": self.trials,
            "surprises": self.surprises,
        }


def _plain(value: float) -> float | str:
    return value if math.isfinite(value) else repr(value)

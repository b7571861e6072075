"""The app: its station, its lists, and the gates in turn (model, section 6)."""

import math
from dataclasses import dataclass

import simpy

from sim.engine.recording import Recorder
from sim.model.causes import Kind
from sim.model.mechanisms import CHECK_SEES
from sim.model.strategies import Strategy
from sim.oracle.clock import Clock, Lane, Priority
from sim.oracle.credentials import Credential, Page
from sim.oracle.host import HOST_DOWN, OK, RATE_LIMITED, TIMEOUT, Host
from sim.oracle.station import Process, Station
from sim.scenario import Scenario

ACCEPTED, REFUSED, FAILED = "accepted", "refused", "failed"
FAILURES = (HOST_DOWN, RATE_LIMITED, TIMEOUT)


@dataclass(slots=True, eq=False)
class Request:
    """One request from the client to the app, with its service times drawn."""

    person: int
    administrator: bool
    kind: Kind
    page: Page
    presented: Credential
    verify_s: float
    lookup_s: float
    check_s: float
    check_trip_s: float
    handler_s: float
    half_trip_s: float
    bytes: float
    u_lifetime: float  # for a token that sliding re-issues
    reissued: Credential | None = None
    decision: str = ""
    reason: str = ""
    decided_at_s: float = math.nan


@dataclass(frozen=True, slots=True)
class Decision:
    """The host's last answer about a person, as the app remembers it: one a person, for all kinds in scope."""

    expires_s: float
    grants: tuple[bool, bool, bool]  # by kind


class App:
    """The service under design. It knows what a verifier can know, never `revoked_at_s`."""

    def __init__(
        self, clock: Clock, scenario: Scenario, strategy: Strategy, host: Host, rec: Recorder
    ):
        self.station = Station(clock, "app", scenario.app.workers, rec.window_s)
        self.decisions: dict[int, Decision] = {}
        self._clock, self._host, self._rec, self._strategy = clock, host, rec, strategy
        self._holds_worker = scenario.app.holds_worker
        self._leeway_s = strategy.token.leeway_s if strategy.token else 0.0
        self._refused_stamps_s: dict[int, float] = {}
        self._entries_s: dict[int, list[float]] = {}  # their ends, by person

    # -- what has been told to the app ----------------------------------------------------------

    def refuse_stamped_until(self, person: int, stamp_s: float) -> None:
        """Refuse this person's credentials stamped at or before an instant (denylist, not-before)."""
        self._refused_stamps_s[person] = max(stamp_s, self._refused_stamps_s.get(person, -math.inf))

    def named(self, person: int, credential: Credential) -> bool:
        """Whether an event that has arrived names the credential."""
        return credential.stamped_s <= self._refused_stamps_s.get(person, -math.inf)

    def write_entry(self, person: int, page: Page, expires_s: float) -> None:
        """Write the allowlist entry of a page."""
        page.entry_expires_s = expires_s
        self._rec.list_entry("allowlist", self._clock.now, expires_s)
        there = [end_s for end_s in self._entries_s.get(person, ()) if end_s > self._clock.now]
        self._entries_s[person] = [*there, expires_s]

    def drop_entries(self, person: int) -> None:
        """Remove all entries of a person that are there, also those of pages that are closed or replaced."""
        for end_s in self._entries_s.pop(person, ()):
            if end_s > self._clock.now:
                self._rec.drop_entry("allowlist", self._clock.now, end_s)

    # -- gates ----------------------------------------------------------------------------------

    def local_reason(self, request: Request) -> str:
        """Why the local gates refuse now; empty if they pass. Validity is half-open, here and nowhere else."""
        credential = request.presented
        if not self._clock.now < credential.expires_s + self._leeway_s:
            return "token_expired"
        if request.kind is Kind.ADMIN and not credential.admin:
            return "not_administrator"
        if self.named(request.person, credential):
            return "named_by_event"
        return ""

    def entry_reason(self, request: Request) -> str:
        """Why the allowlist refuses now; empty if it passes."""
        if self._strategy.allowlist is None or self._clock.now < request.page.entry_expires_s:
            return ""
        return "no_entry"

    def cached_grant(self, person: int, kind: Kind) -> tuple[bool, float] | None:
        """The remembered answer for a kind and its expiry, or None if there is none that lives."""
        decision = self.decisions.get(person)
        if decision is None or not self._clock.now < decision.expires_s:
            return None
        return decision.grants[kind], decision.expires_s

    # -- the life of a request ------------------------------------------------------------------

    def handle(self, client: "ClientHooks", request: Request) -> Process:
        """From arrival to the end of handler work; decides on the way."""
        yield from (
            self._blocking(client, request) if self._holds_worker else self._async(client, request)
        )

    def _async(self, client: "ClientHooks", request: Request) -> Process:
        # a verification that takes no time needs no worker and waits for none
        if request.verify_s > 0:
            yield from self.station.serve(request.person, request.verify_s)
        yield from self._judge(client, request)
        if request.decision == ACCEPTED:
            yield self._clock.after(0.0, Priority.ARRIVAL, request.person)
            yield from self.station.serve(request.person, request.handler_s)

    def _blocking(self, client: "ClientHooks", request: Request) -> Process:
        visitor = yield from self.station.seize()
        if request.verify_s > 0:
            yield self._clock.after(request.verify_s, Priority.COMPLETION, request.person)
        yield from self._judge(client, request)
        if request.decision == ACCEPTED:
            yield self._clock.after(request.handler_s, Priority.COMPLETION, request.person)
        self.station.release(visitor)

    def _judge(self, client: "ClientHooks", request: Request) -> Process:
        decision, reason = yield from self._gates(client, request)
        if decision == ACCEPTED:
            # the last answer is in: what is local is looked at once more, and that counts
            reason = self.local_reason(request) or self.entry_reason(request)
            decision = REFUSED if reason else ACCEPTED
        request.decision, request.reason = decision, reason
        request.decided_at_s = self._clock.now
        self._rec.requests[decision] += 1
        self._trace(request, "decided", decision, reason)
        client.decided(request)

    def _gates(self, client: "ClientHooks", request: Request) -> Process:
        self._trace(request, "verified")
        if reason := self.local_reason(request):
            return REFUSED, reason
        if self._strategy.allowlist is not None:
            yield self._clock.after(request.lookup_s, Priority.ARRIVAL, request.person)
            self._trace(request, "looked_up")
            if reason := self.entry_reason(request):
                return REFUSED, reason
        if not self._asks(request):
            return ACCEPTED, ""
        if cached := self.cached_grant(request.person, request.kind):
            return (ACCEPTED, "") if cached[0] else (REFUSED, "cached_denial")
        outcome, granted = yield from self._ask(client, request)
        if outcome != OK:
            check = self._strategy.only_check
            assert check is not None
            return (ACCEPTED if check.on_failure == "allow" else FAILED), outcome
        return (ACCEPTED, "") if granted else (REFUSED, "host_says_no")

    def _asks(self, request: Request) -> bool:
        check = self._strategy.only_check
        return check is not None and check.covers(request.kind)

    def _ask(self, client: "ClientHooks", request: Request) -> Process:
        """Ask the host; returns the outcome and whether it grants. The timeout runs from the sending."""
        check = self._strategy.only_check
        assert check is not None
        self._trace(request, "check_sent")
        answer = self._clock.event()
        deadline = self._clock.after(check.timeout_s, Priority.ACTION, request.person)
        self._clock.process(self._call(client, request, answer, deadline))
        yield answer | deadline
        return answer.value if answer.triggered else (TIMEOUT, False)

    def _call(
        self, client: "ClientHooks", request: Request, answer: simpy.Event, deadline: simpy.Event
    ) -> Process:
        half_s = 0.5 * request.check_trip_s
        yield self._clock.after(half_s, Priority.ARRIVAL, request.person, Lane.CHECK)
        outcome = yield from self._host.serve(request.person, "check", request.check_s, Lane.CHECK)
        grants = self._answer(request) if outcome == OK else (False, False, False)
        self._trace(request, "check_decided", reason=outcome)
        yield self._clock.after(half_s, Priority.ARRIVAL, request.person, Lane.CHECK)
        if deadline.processed:
            return  # too late: dropped
        self._trace(request, "check_answered", reason=outcome)
        if outcome == OK:
            self._remember(client, request, grants)
        answer.succeed((outcome, grants[request.kind]))

    def _answer(self, request: Request) -> tuple[bool, bool, bool]:
        check = self._strategy.only_check
        assert check is not None
        sees = CHECK_SEES[check.asks]
        read, write, admin = (
            self._host.grants_kind(request.person, request.administrator, sees, kind)
            for kind in Kind
        )
        return read, write, admin

    def _remember(
        self, client: "ClientHooks", request: Request, grants: tuple[bool, bool, bool]
    ) -> None:
        check = self._strategy.only_check
        assert check is not None
        keep_s = check.allow_for_s if grants[request.kind] else check.deny_for_s
        if keep_s > 0:
            client.accrue()
            self.decisions[request.person] = Decision(self._clock.now + keep_s, grants)
            client.refresh()

    def _trace(self, request: Request, event: str, decision: str = "", reason: str = "") -> None:
        self._rec.event(
            self._clock.now,
            request.person,
            event,
            request.kind,
            decision,
            reason,
            request.presented.expires_s,
            request.page.entry_expires_s,
        )


class ClientHooks:
    """What the app tells the accounting of a person: its security state changes, a request has been decided."""

    def accrue(self) -> None:
        """Before the security state changes."""

    def refresh(self) -> None:
        """After it has changed."""

    def decided(self, request: Request) -> None:
        """A request has been decided."""

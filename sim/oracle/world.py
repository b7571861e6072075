"""What all persons of a run share: the parties, the samplers, and the account of cases."""

import math

from sim.basics.streams import stream_key
from sim.engine.cases import Case
from sim.engine.recording import CaseRecord, Recorder
from sim.engine.samplers import Samplers
from sim.model.causes import Cause, Kind
from sim.model.strategies import Strategy
from sim.oracle.app import ACCEPTED, App, Request
from sim.oracle.clock import Clock
from sim.oracle.credentials import Credential, Page
from sim.oracle.host import Host
from sim.oracle.push import PushChannel
from sim.oracle.station import Station
from sim.scenario import Scenario
from sim.workload import plans
from sim.workload.plan import Plan


class World:
    """The parties of one replication under one strategy."""

    def __init__(
        self,
        scenario: Scenario,
        strategy: Strategy,
        seed: int,
        replication: int,
        tracing: bool,
        traced: int | None = None,
    ):
        self.scenario, self.strategy = scenario, strategy
        self.clock = Clock()
        self.rec = Recorder(scenario, tracing, traced)
        self.draw = Samplers.of(scenario, strategy)
        self.host = Host(self.clock, scenario, self.rec, seed, replication)
        self.app = App(self.clock, scenario, strategy, self.host, self.rec)
        self.auth_station = Station(
            self.clock, "auth_server", scenario.auth_server.servers, self.rec.window_s
        )
        carries = strategy.only_push is not None
        self.channel = PushChannel(self.clock, scenario, self.rec, seed, replication, carries)
        self.leeway_s = strategy.token.leeway_s if strategy.token else 0.0
        absolute_s = strategy.token.absolute_s if strategy.token else None
        self._absolute_s = math.inf if absolute_s is None else absolute_s
        self._seed, self._replication = seed, replication
        self._plans = plans(scenario)

    def key(self, person: int, stream: int) -> int:
        """The address of a person's stream in this replication."""
        return stream_key(self._seed, self._replication, person, stream)

    def plan(self, person: int, offset: int = 0) -> Plan:
        """The plan of a person, or with an offset of somebody who acts in his place."""
        return self._plans(self._seed, self._replication, person, offset)

    def push_carries(self, cause: Cause) -> bool:
        """Whether an event leaves the host when it learns of the cause."""
        return self.strategy.only_push is not None and self.strategy.only_push.carries(cause)

    def credential(
        self, now_s: float, page_stamped_s: float, u_lifetime: float, admin: bool
    ) -> Credential:
        """What an issuer hands out now: a token, or an identity without expiry."""
        token, lifetime = self.strategy.token, self.draw.lifetime
        if token is None or lifetime is None:
            return Credential(now_s, math.inf, admin)
        expires_s = now_s + lifetime(u_lifetime)
        return Credential(now_s, min(expires_s, page_stamped_s + self._absolute_s), admin)

    def cap_s(self, page: Page) -> float:
        """When the last token of a page expires, however often it is renewed."""
        return page.stamped_s + self._absolute_s

    # -- account of cases -----------------------------------------------------------------------

    def case_record(self, case: Case) -> CaseRecord:
        """An empty record."""
        return CaseRecord(
            person=case.person,
            cause=int(case.cause),
            administrator=case.administrator,
            behaviour=-1 if case.cause is Cause.LOGOUT else case.behaviour,
            revoked_at_s=case.revoked_at_s,
            host_knows_at_s=case.revoked_at_s + case.propagation_s,
            notice_at_s=case.notice_at_s,
            bound_s=case.bound_s(self.scenario, self.strategy),
        )

    def book_decision(self, case: Case, record: CaseRecord, request: Request) -> None:
        """A request of a person with a case has been decided."""
        if request.kind not in case.kinds():
            return
        now_s, name = request.decided_at_s, _PLURAL[request.kind]
        if now_s < case.revoked_at_s:
            if now_s >= case.notice_at_s and request.decision == ACCEPTED:
                _increase(record, f"forewarned_{name}")
            return
        if request.decision != ACCEPTED:
            record.refused += 1
            return
        _increase(record, f"unauthorised_{name}")
        record.unauthorised_bytes += request.bytes
        record.last_clicks_s[request.kind] = now_s - case.revoked_at_s
        record.last_click_s = now_s - case.revoked_at_s
        window_s = self.scenario.cases.rollback_window_s
        if request.kind is Kind.WRITE and 0 <= case.repaired_at_s - now_s <= window_s:
            record.recoverable_writes += 1

    def close_record(
        self, case: Case, record: CaseRecord, windows: dict[Kind, tuple[float, bool]]
    ) -> CaseRecord:
        """Write the exposure windows into the record."""
        for kind, (last_s, censored) in windows.items():
            clicked_s = record.last_clicks_s.get(kind, 0.0)
            exposure_s = max(0.0, last_s - case.revoked_at_s, clicked_s)
            setattr(record, f"exposure_{kind.name.lower()}_s", exposure_s)
            record.exposure_s = max(record.exposure_s, exposure_s)
            record.censored = record.censored or censored
        return record


_PLURAL = {Kind.READ: "reads", Kind.WRITE: "writes", Kind.ADMIN: "admin"}


def _increase(record: CaseRecord, name: str) -> None:
    setattr(record, name, getattr(record, name) + 1)

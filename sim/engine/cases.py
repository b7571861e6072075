"""Who loses access, why and when: drawn once a person, the same under every strategy."""

from dataclasses import dataclass

from sim.basics.streams import Stream, stream_key, uniform
from sim.coverage import bound_s
from sim.model.causes import CAUSES, Cause, Kind, lost_kinds
from sim.model.outcomes import Behaviour
from sim.model.strategies import Strategy
from sim.scenario import Scenario
from sim.workload.plan import pick


@dataclass(frozen=True, slots=True)
class Case:
    """One revocation and what the person does after the notice (model, section 4)."""

    person: int
    cause: Cause
    administrator: bool
    revoked_at_s: float
    propagation_s: float
    notice_at_s: float
    behaviour: int
    taken_over: bool
    takeover_delay_s: float
    repaired_at_s: float

    @property
    def begins_at_s(self) -> float:
        """From here on the person counts in no figure about honest people."""
        return min(self.revoked_at_s, self.notice_at_s)

    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of request that are lost."""
        return lost_kinds(self.cause, self.administrator)

    def bound_s(self, scenario: Scenario, strategy: Strategy) -> float:
        """The bound of the exposure window, from the drawn propagation; infinite where the pair is open."""
        return max(
            bound_s(scenario, strategy, self.cause, kind, self.propagation_s)
            for kind in self.kinds()
        )


def is_administrator(scenario: Scenario, seed: int, replication: int, person: int) -> bool:
    """Whether the person is an administrator at the start."""
    u = uniform(stream_key(seed, replication, person, Stream.ADMIN), 0)
    return u < scenario.organisation.admins


def draw_case(scenario: Scenario, seed: int, replication: int, person: int) -> Case | None:
    """The person's case, or None. A case that would begin after the horizon does not happen."""

    def draw(stream: Stream) -> float:
        return uniform(stream_key(seed, replication, person, stream), 0)

    administrator = is_administrator(scenario, seed, replication, person)
    cause = _cause(scenario, draw(Stream.CASE), administrator)
    cases = scenario.cases
    revoked_at_s = cases.from_s + (cases.until_s - cases.from_s) * draw(Stream.INSTANT)
    if cause is None or revoked_at_s >= scenario.run.horizon_s:
        return None
    late = scenario.propagation_of(CAUSES[cause])
    propagation_s = late.quantile(draw(Stream.PROPAGATION))
    lead_s = cases.notice_lead.quantile(draw(Stream.LEAD)) if cause.noticed else 0.0
    takeover = scenario.behaviour.takeover
    return Case(
        person=person,
        cause=cause,
        administrator=administrator,
        revoked_at_s=revoked_at_s,
        propagation_s=propagation_s,
        notice_at_s=max(0.0, revoked_at_s + lead_s),
        behaviour=_behaviour(scenario, draw(Stream.BEHAVIOUR))
        if cause.noticed
        else Behaviour.LEAVE,
        taken_over=cause is Cause.LOGOUT and draw(Stream.TAKER) < takeover.probability,
        takeover_delay_s=takeover.delay.quantile(draw(Stream.TAKER_DELAY)),
        repaired_at_s=revoked_at_s + cases.detected_after.quantile(draw(Stream.DETECTED)),
    )


def _cause(scenario: Scenario, u: float, administrator: bool) -> Cause | None:
    """Thresholds of one uniform number are stacked in the order of the causes."""
    for cause in Cause:
        share = scenario.cases.share_of(cause.name.lower())
        if u < share:
            return None if cause.administrators_only and not administrator else cause
        u -= share
    return None


def _behaviour(scenario: Scenario, u: float) -> int:
    p = scenario.behaviour.probabilities
    return pick(u, (p.leave, p.continue_, p.storm, p.cut_off))

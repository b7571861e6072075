"""Deciders: who else than the host answers checks, and how long after the host it knows."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, create_model

from sim.basics.distributions import DurationLaw, Law
from sim.model.causes import CAUSES, CauseName
from sim.scenario.channels import AT_ONCE
from sim.scenario.outages import Outages
from sim.scenario.parties import RateLimit, Servers
from sim.scenario.table import Table, none


class KnowsAfter(Table):
    """A law a cause; 0 where left out."""


_LAWS: Any = dict.fromkeys(CAUSES, (DurationLaw, AT_ONCE))
_KNOWS_AFTER = create_model("KnowsAfterOfCauses", __base__=KnowsAfter, **_LAWS)


class Decider(Table):
    """Who answers checks (`check.at`): a policy engine beside the app, a replica, an identity provider. What is left out is not
    the office's: it answers at once, is never down, and knows what the host knows.
    """

    servers: Servers = float("inf")
    check: DurationLaw = AT_ONCE
    trip: DurationLaw = AT_ONCE
    rate_limit: Annotated[RateLimit | None, BeforeValidator(none)] = None
    outages: Annotated[Outages | None, BeforeValidator(none)] = None
    knows_after: _KNOWS_AFTER = Field(default_factory=_KNOWS_AFTER)

    def knows_after_of(self, cause: CauseName) -> Law:
        """From when the host knows of a cause until this one does."""
        law: Law = getattr(self.knows_after, cause)
        return law

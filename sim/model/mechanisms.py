"""The four mechanisms a strategy is composed of: their settings, and who is asked what.

A request is accepted when all gates of its strategy pass; a mechanism that is not named is no gate.
"""

from enum import IntEnum
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sim.basics.distributions import PositiveDurationLaw
from sim.basics.ranges import Duration, PositiveDuration, number
from sim.model.causes import (
    CAUSES,
    SEEN_THROUGH,
    Cause,
    CauseName,
    Contact,
    Kind,
)


class Renewal(IntEnum):
    """How a client gets its next token, and who is asked: nobody, the host, or the app's own authorization server."""

    asks: str

    PAGE = "nobody"  # only a page load issues one
    SLIDING = "nobody"  # each accepted request re-issues it
    HOST = "host"  # at the first click after expiry, or in the background
    HOST_EACH = "host"  # at every click
    APP = "app"  # with a refresh token, and the app asks nobody

    def __new__(cls, asks: str = "nobody") -> "Renewal":
        """Number them in the order in which they stand; 0 is left for no token at all."""
        renewal = int.__new__(cls, len(cls.__members__) + 1)
        renewal._value_ = len(cls.__members__) + 1
        renewal.asks = asks
        return renewal


class Effect(IntEnum):
    """What an event does when it arrives at the app."""

    DROP_ENTRIES = 0  # of the allowlist
    DENYLIST = 1  # names the tokens stamped up to its arrival
    NOT_BEFORE = 2  # names those stamped up to its leaving the host
    DROP_REFRESH = 3  # the refresh token


RENEWALS = tuple(renewal.name.lower() for renewal in Renewal)
EFFECTS = tuple(effect.name.lower() for effect in Effect)
if TYPE_CHECKING:
    RenewalName = str
    EffectName = str
else:
    RenewalName, EffectName = Literal[RENEWALS], Literal[EFFECTS]

# What contacts revalidate. A page load asks for `admin` too: it changes what the page's token vouches for.
PAGE_LOAD_SEES: frozenset[Contact] = frozenset({"account", "session", "permission"})
CHECK_SEES: dict[str, frozenset[Contact]] = {
    "permission": frozenset({"account", "permission", "admin"}),
    "session": frozenset({"account", "session"}),
}
SCOPES: dict[str, frozenset[Kind]] = {
    "all": frozenset(Kind),
    "reads": frozenset({Kind.READ}),
    "writes": frozenset({Kind.WRITE}),
    "admin": frozenset({Kind.ADMIN}),
}


class Mechanism(BaseModel):
    """Settings of one gate; frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Token(Mechanism):
    """Gate: the presented token has not expired.

    `renewal` says how the client gets the next one (`Renewal`); with `refresh_at` it does so in the background when that
    fraction of the lifetime has gone.
    """

    lifetime: PositiveDurationLaw
    leeway_s: Duration = Field(0.0, alias="leeway")
    absolute_s: PositiveDuration | None = Field(None, alias="absolute")
    renewal: RenewalName = "page"
    refresh_at: Annotated[float, number(1e-6, 1)] | None = None
    refresh_lifetime_s: PositiveDuration | None = Field(None, alias="refresh_lifetime")
    revalidates: tuple[Contact, ...] = ("account", "session")

    @model_validator(mode="after")
    def _refresh_needs_renewal(self) -> "Token":
        if self.refresh_at is not None and self.renewal not in ("host", "app"):
            raise ValueError('refresh_at needs renewal = "host" or "app"')
        if self.refresh_lifetime_s is not None and self.renewal != "app":
            raise ValueError('refresh_lifetime needs renewal = "app"')
        return self

    def renewal_sees(self, cause: Cause) -> bool:
        """Whether a renewal is refused once the one who renews knows of the cause."""
        return self.asks == "host" and SEEN_THROUGH[cause] in self.revalidates

    @property
    def asks(self) -> str:
        """Who is asked for the next token: nobody, the host, the app."""
        return Renewal[self.renewal.upper()].asks


class Allowlist(Mechanism):
    """Gate: the server holds a live entry for (person, page), written at page load."""

    lifetime: PositiveDurationLaw


class Check(Mechanism):
    """Gate: the host says yes, or said so within `allow_for`."""

    scope: Literal["all", "reads", "writes", "admin"] = "all"
    asks: Literal["permission", "session"] = "permission"
    allow_for_s: Duration = Field(0.0, alias="allow_for")
    deny_for_s: Duration = Field(0.0, alias="deny_for")
    timeout_s: PositiveDuration = Field(1.0, alias="timeout")
    on_failure: Literal["deny", "allow"] = "deny"

    def covers(self, kind: Kind) -> bool:
        """Whether requests of this kind pass through the gate."""
        return kind in SCOPES[self.scope]

    def sees(self, cause: Cause) -> bool:
        """Whether the host's answer shows the cause."""
        return SEEN_THROUGH[cause] in CHECK_SEES[self.asks]


class Push(Mechanism):
    """Gate: no event about this person has arrived (`denylist`, `not_before`), or none has taken away what another
    mechanism needs (`drop_entries` of the allowlist, `drop_refresh` of the refresh token).
    """

    causes: tuple[CauseName, ...] = ("deactivation",)
    effect: EffectName = "denylist"

    def carries(self, cause: Cause) -> bool:
        """Whether the channel tells the app of the cause."""
        return CAUSES[cause] in self.causes

"""The four mechanisms a strategy is composed of: their settings, and who is asked what.

A request is accepted when all gates of its strategy pass; a mechanism that is not named is no gate.
"""

from enum import IntEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sim.basics.distributions import PositiveDurationLaw
from sim.basics.ranges import Duration, PositiveDuration, number


class Kind(IntEnum):
    """What a request does. Only administrators send `ADMIN`."""

    READ = 0
    WRITE = 1
    ADMIN = 2


class Cause(IntEnum):
    """Why a person's access ends."""

    DEACTIVATION = 0
    PERMISSION_LOSS = 1
    LOGOUT = 2
    ADMIN_LOSS = 3


KINDS = tuple(kind.name.lower() for kind in Kind)
CAUSES = tuple(cause.name.lower() for cause in Cause)

Contact = Literal["account", "session", "permission", "admin"]
CauseName = Literal["deactivation", "permission_loss", "logout", "admin_loss"]

# What a contact must revalidate in order to see a cause.
SEEN_THROUGH: dict[Cause, Contact] = {
    Cause.DEACTIVATION: "account",
    Cause.PERMISSION_LOSS: "permission",
    Cause.LOGOUT: "session",
    Cause.ADMIN_LOSS: "admin",
}
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


def lost_kinds(cause: Cause, administrator: bool = True) -> tuple[Kind, ...]:
    """The kinds of request that a cause takes from a person (only `ADMIN` by `admin_loss`)."""
    if cause is Cause.ADMIN_LOSS:
        return (Kind.ADMIN,)
    return tuple(Kind) if administrator else (Kind.READ, Kind.WRITE)


class Mechanism(BaseModel):
    """Settings of one gate; frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Token(Mechanism):
    """Gate: the presented token has not expired.

    `renewal` says how the client gets the next one: `page` (only a page load issues one), `sliding` (each accepted
    request re-issues it), `host` (asks the host at the first click after expiry, or in the background when
    `refresh_at`, a fraction of the lifetime, has gone), `host_each` (asks the host at every click), `app` (asks the
    app's own authorization server with a refresh token, which asks nobody).
    """

    lifetime: PositiveDurationLaw
    leeway_s: Duration = Field(0.0, alias="leeway")
    absolute_s: PositiveDuration | None = Field(None, alias="absolute")
    renewal: Literal["page", "sliding", "host", "host_each", "app"] = "page"
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
        return self.renewal in ("host", "host_each") and SEEN_THROUGH[cause] in self.revalidates


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
    effect: Literal["drop_entries", "denylist", "not_before", "drop_refresh"] = "denylist"

    def carries(self, cause: Cause) -> bool:
        """Whether the channel tells the app of the cause."""
        return CAUSES[cause] in self.causes

"""The four mechanisms a strategy is composed of: their settings, and who is asked what.

A request is accepted when all gates of its strategy pass; a mechanism that is not named is no gate.
"""

import math
from enum import IntEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    TypeAdapter,
    model_validator,
)
from pydantic_core import core_schema

from sim.basics.distributions import Constant, Law, PositiveDurationLaw, SizeLaw
from sim.basics.ranges import Duration, PositiveDuration, Share, number, whole
from sim.basics.texts import Name
from sim.model.causes import (
    CAUSES,
    KINDS,
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
    DROP_ANSWERS = 4  # what is remembered of the host's answers to checks


class Clock(IntEnum):
    """When what is stamped in second s and lives N ends: N after the stamp, or on whole seconds at s + N or s + N + 1."""

    EXACT = 0
    FLOOR = 1
    FLOOR_PLUS_1 = 2

    @property
    def adds_s(self) -> float:
        """By how much it can outlive its lifetime."""
        return 1.0 if self is Clock.FLOOR_PLUS_1 else 0.0


LATER: dict[str, JsonValue] = {"since": "0.2.0"}  # settings that leave older content ids alone
RENEWALS = tuple(renewal.name.lower() for renewal in Renewal)
EFFECTS = tuple(effect.name.lower() for effect in Effect)
if TYPE_CHECKING:
    RenewalName = str
    EffectName = str
    ClockName = str
else:
    RenewalName, EffectName = Literal[RENEWALS], Literal[EFFECTS]
    ClockName = Literal[tuple(clock.name.lower() for clock in Clock)]

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


HOST = "host"  # the decider that every scenario has


class Mechanism(BaseModel):
    """Settings of one gate; frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _none(value: object) -> object:
    return None if value == "none" else value


class Clocked(Mechanism):
    """What is kept by a clock, which may count in whole seconds."""

    clock: ClockName = Field("exact", json_schema_extra=LATER)

    @property
    def keeps_to(self) -> Clock:
        """The clock."""
        return Clock[self.clock.upper()]

    def in_whole_seconds(self, key: str, lasts: Law | float) -> None:
        """Raise ValueError for a lifetime that a clock of whole seconds cannot keep."""
        lasts_s = lasts.support()[0] if isinstance(lasts, Constant) else lasts
        if self.keeps_to is not Clock.EXACT and not (
            isinstance(lasts_s, float) and lasts_s == int(lasts_s)
        ):
            raise ValueError(f'{key}: expected whole seconds, since clock = "{self.clock}"')


class Rotation(Mechanism):
    """Each use of a refresh token spends it. One spent last is forgiven for `grace`; what else comes back is reuse: refused, or
    the end of its family, all refresh tokens that go back to one page load.
    """

    grace_s: Duration = Field(0.0, alias="grace")
    on_reuse: Literal["refuse", "end_family"] = "end_family"


class Token(Clocked):
    """Gate: the presented token has not expired.

    `renewal` says how the client gets the next one (`Renewal`); with `refresh_at` it does so in the background when that
    fraction of the lifetime has gone. After `uses` accepted requests a token is spent, as if it had expired.
    `not_before`: a token is refused whose stamp lies ahead of the verifier's clock by more than the leeway.
    """

    lifetime: PositiveDurationLaw
    leeway_s: Duration = Field(0.0, alias="leeway")
    absolute_s: PositiveDuration | None = Field(None, alias="absolute")
    renewal: RenewalName = "page"
    refresh_at: Annotated[float, number(1e-6, 1)] | None = None
    refresh_lifetime_s: PositiveDuration | None = Field(None, alias="refresh_lifetime")
    revalidates: tuple[Contact, ...] = ("account", "session")
    uses: Annotated[int, whole(1, 65_535)] | None = Field(None, json_schema_extra=LATER)
    held_by: Literal["page", "device"] = Field("page", json_schema_extra=LATER)
    not_before: Annotated[bool, Field(strict=True)] = Field(False, json_schema_extra=LATER)
    rotation: Annotated[Rotation | None, BeforeValidator(_none)] = Field(
        None, json_schema_extra=LATER
    )

    @model_validator(mode="after")
    def _refresh_needs_renewal(self) -> "Token":
        if self.refresh_at is not None and self.renewal not in ("host", "app"):
            raise ValueError('refresh_at needs renewal = "host" or "app"')
        if self.refresh_lifetime_s is not None and self.renewal != "app":
            raise ValueError('refresh_lifetime needs renewal = "app"')
        if self.rotation is not None and self.renewal != "app":
            raise ValueError('rotation needs renewal = "app": only refresh tokens rotate')
        self.in_whole_seconds("lifetime", self.lifetime)
        return self

    def renewal_sees(self, cause: Cause) -> bool:
        """Whether a renewal is refused once the one who renews knows of the cause."""
        return self.asks == "host" and SEEN_THROUGH[cause] in self.revalidates

    @property
    def asks(self) -> str:
        """Who is asked for the next token: nobody, the host, the app."""
        return Renewal[self.renewal.upper()].asks


class Allowlist(Clocked):
    """Gate: the server holds a live entry for (person, page) or (person, device), written at page load.

    A `sliding` one is a server session: each accepted request moves its end to the decision + `lifetime`, once `step` of that has
    gone since it was last moved, and never past the page load + `absolute`.
    """

    lifetime: PositiveDurationLaw
    of: Literal["page", "device"] = Field("page", json_schema_extra=LATER)
    renewal: Literal["page", "sliding"] = Field("page", json_schema_extra=LATER)
    absolute_s: Annotated[PositiveDuration | None, BeforeValidator(_none)] = Field(
        None, alias="absolute", json_schema_extra=LATER
    )
    step: Share = Field(0.0, json_schema_extra=LATER)

    @model_validator(mode="after")
    def _kept_by_use(self) -> "Allowlist":
        self.in_whole_seconds("lifetime", self.lifetime)
        for key, given in (("absolute", self.absolute_s), ("step", self.step)):
            if given and self.renewal != "sliding":
                raise ValueError(f'{key} needs renewal = "sliding"')
        return self


class Slides(Mechanism):
    """A hit moves the end of a kept yes to hit + `allow_for`, once `step` of that has gone since it was last moved."""

    step: Share = 0.0


class Refresh(Mechanism):
    """Past `allow_for` a kept yes goes on answering for `stale_for` after it came, while one check runs beside it.

    The check's yes replaces it; its no only with `refusal_replaces`. `stale_for` None ("none"): without end.
    """

    stale_for_s: Annotated[Duration | None, BeforeValidator(_none)] = Field(None, alias="stale_for")
    refusal_replaces: bool = False


class Check(Clocked):
    """Gate: the host says yes, or said so within `allow_for`; how long a kept yes answers can depend on its use.

    With `on_failure` = "stale" the last answer, yes or no, serves where there is none now, for `stale_for` after it came.
    What it said is kept once for all nodes of the app (`cached`: shared), or by each node for itself.
    """

    at: Name = Field(HOST, json_schema_extra=LATER)
    scope: Literal["all", "reads", "writes", "admin"] = "all"
    asks: Literal["permission", "session"] = "permission"
    allow_for_s: Duration = Field(0.0, alias="allow_for")
    deny_for_s: Duration = Field(0.0, alias="deny_for")
    timeout_s: PositiveDuration = Field(1.0, alias="timeout")
    on_failure: Literal["deny", "allow", "stale"] = "deny"
    stale_for_s: PositiveDuration | None = Field(None, alias="stale_for", json_schema_extra=LATER)
    cached: Literal["shared", "node"] = Field("shared", json_schema_extra=LATER)
    slides: Annotated[Slides | None, BeforeValidator(_none)] = Field(None, json_schema_extra=LATER)
    refresh: Annotated[Refresh | None, BeforeValidator(_none)] = Field(
        None, json_schema_extra=LATER
    )

    @model_validator(mode="after")
    def _kept_answers(self) -> "Check":
        self.in_whole_seconds("allow_for", self.allow_for_s)
        self.in_whole_seconds("deny_for", self.deny_for_s)
        for key in ("slides", "refresh"):
            if getattr(self, key) is not None and self.allow_for_s == 0:
                raise ValueError(f"{key} needs allow_for above 0: no yes is kept")
        if (self.on_failure == "stale") != (self.stale_for_s is not None):
            raise ValueError('stale_for: on_failure = "stale" and stale_for go together')
        stale_s = None if self.refresh is None else self.refresh.stale_for_s
        if stale_s is not None and stale_s < self.allow_for_s:
            raise ValueError("refresh: expected stale_for of at least allow_for")
        return self

    @property
    def kept_for_s(self) -> float:
        """How long a yes can answer after it came; infinite where use can prolong it without end."""
        if self.slides is not None:
            return math.inf
        if self.refresh is None:
            return self.allow_for_s + (self.keeps_to.adds_s if self.allow_for_s else 0.0)
        stale_s = math.inf if self.refresh.stale_for_s is None else self.refresh.stale_for_s
        return max(stale_s, self.allow_for_s + self.keeps_to.adds_s)

    def covers(self, kind: Kind) -> bool:
        """Whether requests of this kind pass through the gate."""
        return kind in SCOPES[self.scope]

    def sees(self, cause: Cause) -> bool:
        """Whether the host's answer shows the cause."""
        return SEEN_THROUGH[cause] in CHECK_SEES[self.asks]


class Messages(Mechanism):
    """What the server sends over a connection by itself."""

    every: PositiveDurationLaw
    size: SizeLaw = Constant(value=0.0)


class Connection(Mechanism):
    """No gate: a way around them. Clicks of some kinds, and messages, pass while it is open; the gates judge its opening, and
    each `recheck`, with what the client held when it opened (model, section 19).
    """

    recheck_s: Annotated[PositiveDuration | None, BeforeValidator(_none)] = Field(
        None, alias="recheck"
    )
    lasts: Annotated[PositiveDurationLaw | None, BeforeValidator(_none)] = None
    closed_by_push: Annotated[bool, Field(strict=True)] = False
    kinds: tuple[Literal["read", "write"], ...] = ("read",)
    messages: Annotated[Messages | None, BeforeValidator(_none)] = None
    reconnect_s: PositiveDuration = Field(5.0, alias="reconnect")

    @model_validator(mode="after")
    def _reads_are_messages(self) -> "Connection":
        if not self.kinds:
            raise ValueError('kinds: expected at least one of "read" and "write"')
        if self.messages is not None and "read" not in self.kinds:
            raise ValueError('messages: expected "read" among kinds, since a message is read')
        return self

    def carries(self, kind: Kind) -> bool:
        """Whether requests of this kind go over it."""
        return KINDS[kind] in self.kinds


PUSH = "push"  # the channel that every scenario has


class Push(Mechanism):
    """Gate: no event about this person has arrived (`denylist`, `not_before`), or none has taken away what another
    mechanism needs (`drop_entries` of the allowlist, `drop_refresh` of the refresh token, `drop_answers` of checks).

    What it leaves is kept in one place for all nodes of the app (`held`: shared), or each node keeps what it was told itself.
    """

    causes: tuple[CauseName, ...] = ("deactivation",)
    effect: EffectName = "denylist"
    channel: Name = Field(PUSH, json_schema_extra=LATER)
    held: Literal["shared", "node"] = Field("shared", json_schema_extra=LATER)

    @model_validator(mode="after")
    def _in_memory(self) -> "Push":
        if self.held == "node" and self.effect in ("drop_entries", "drop_refresh"):
            raise ValueError(
                'held: expected "shared", since entries and refresh tokens lie in a store of all nodes'
            )
        return self

    def carries(self, cause: Cause) -> bool:
        """Whether the channel tells the app of the cause."""
        return CAUSES[cause] in self.causes


class OneOrSeveral:
    """What `check` and `push` accept: a table, or a list of them; a list of one is its table."""

    def __init__(self, of: type[Mechanism], most: float = math.inf):
        self._one: TypeAdapter[Any] = TypeAdapter(of)
        self._several: TypeAdapter[Any] = TypeAdapter(tuple[of, ...])  # type: ignore[valid-type]
        self._most = most

    def read(self, value: Any) -> Any:
        """The entries. Raises ValueError for a list without one, or with too many."""
        if not isinstance(value, list | tuple):
            return self._one.validate_python(value)
        entries = self._several.validate_python(value)
        if not entries:
            raise ValueError("expected at least one table")
        if len(entries) > self._most:
            raise ValueError(f"expected at most {self._most:g} tables")
        return entries[0] if len(entries) == 1 else entries

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {}  # `sim.scenario.schema` says it

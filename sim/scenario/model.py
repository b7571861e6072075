"""The scenario as frozen, validated objects. Keys and their meaning are those of the file format."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    PrivateAttr,
    TypeAdapter,
    WrapValidator,
    create_model,
    field_validator,
    model_validator,
)

from sim.basics.distributions import (
    LAWS,
    Constant,
    CountLaw,
    DurationLaw,
    Law,
    LimitedCountLaw,
    SignedDurationLaw,
    SizeLaw,
)
from sim.basics.names import known, nearest, shortened
from sim.basics.ranges import (
    LONGEST_RUN,
    TIME,
    Duration,
    NotNegative,
    Positive,
    PositiveDuration,
    Share,
    number,
    whole,
)
from sim.basics.texts import Name, Text
from sim.basics.wording import format_duration
from sim.gates import Profile, profiles
from sim.model.causes import CAUSES, KINDS, Cause
from sim.model.mechanisms import HOST, LATER, PUSH, Check
from sim.model.strategies import CATALOGUE, Strategy
from sim.scenario.channels import Channel, PushChannel
from sim.scenario.deciders import Decider
from sim.scenario.identity import Texts, content_id
from sim.scenario.outages import Outages
from sim.scenario.parties import RateLimit, Servers
from sim.scenario.table import Table, none

MONTH_S = 30.4375 * 86400.0


Replications = Annotated[int, whole(1, 1_000_000)]


def _must_sum_to_1(table: Table) -> None:
    total = math.fsum(float(value) for value in table.__dict__.values())
    if abs(total - 1) > 1e-9:
        raise ValueError(f"the shares sum to {total:g}; expected 1")


class Run(Table):
    """How long, how often, from which seed."""

    seed: Annotated[int, whole(0, 2**63 - 1)]
    horizon_s: PositiveDuration = Field(alias="horizon")
    warm_up_s: Annotated[float | Literal["auto"], replace(TIME, words={"auto": "auto"})] = Field(
        alias="warm_up"
    )
    replications: Replications
    drain_s: Duration = Field(alias="drain")
    precision: dict[str, Positive] | None = None
    max_replications: Annotated[int, whole(2, 1_000_000)] | None = None

    @property
    def end_s(self) -> float:
        """The end of the run and its drain."""
        return self.horizon_s + self.drain_s


class Shift(Table):
    """Visits begin inside it."""

    start_s: Duration = Field(alias="start")
    end_s: Duration = Field(alias="end")

    @model_validator(mode="after")
    def _ordered(self) -> "Shift":
        if self.end_s <= self.start_s:
            raise ValueError("end: expected a time after start")
        return self


class Organisation(Table):
    """The people."""

    people: Annotated[int, whole(1, 100_000_000)]
    admins: Share
    shift: Shift
    visits: DurationLaw
    devices: LimitedCountLaw = Field(Constant(value=1.0), json_schema_extra=LATER)


class VisitEnds(Table):
    """How visits end; what is left out is 0."""

    logout: Share = 0.0
    close: Share = 0.0
    leave_open: Share = 0.0

    @model_validator(mode="after")
    def _sum(self) -> "VisitEnds":
        _must_sum_to_1(self)
        return self


class Kinds(Table):
    """What clicks do; what is left out is 0."""

    read: Share = 0.0
    write: Share = 0.0
    admin: Share = 0.0

    @model_validator(mode="after")
    def _sum(self) -> "Kinds":
        _must_sum_to_1(self)
        return self


class Poll(Table):
    """A read that an open page sends by itself, again and again."""

    every_s: PositiveDuration = Field(alias="every")
    when: Literal["open", "visit"] = "open"


class HiddenTabs(Table):
    """Timers of a page that nobody has used for a while run at common instants only."""

    after_s: Duration = Field(60.0, alias="after")
    timers_every_s: PositiveDuration = Field(60.0, alias="timers_every")


class ThinkTimes(Table):
    """The time before a click, by what the click does; page turns take that of reads."""

    read: DurationLaw
    write: DurationLaw | None = None
    admin: DurationLaw | None = None


_LAW: TypeAdapter[Law] = TypeAdapter(DurationLaw)
_KEYS_OF_LAWS = {"dist"}.union(*(law.model_fields for law in LAWS.values()))


def _think(value: Any, law_or_times: Any) -> Law | ThinkTimes:
    """A table of laws by kind, or one law for all."""
    if isinstance(value, ThinkTimes):
        return value
    if isinstance(value, dict) and value and not value.keys() & _KEYS_OF_LAWS:
        return ThinkTimes.model_validate(value)
    return _LAW.validate_python(value)


class Workload(Table):
    """What people do when they visit, from laws or from a log."""

    think: Annotated[DurationLaw | ThinkTimes, WrapValidator(_think)]
    requests_per_page: CountLaw
    pages_per_visit: CountLaw
    visit_ends: VisitEnds
    kinds: Kinds
    read_size: SizeLaw
    tabs: Annotated[int, whole(1, 64)] = Field(1, json_schema_extra=LATER)
    poll: Annotated[Poll | None, BeforeValidator(none)] = Field(None, json_schema_extra=LATER)
    hidden_tabs: Annotated[HiddenTabs | None, BeforeValidator(none)] = Field(
        None, json_schema_extra=LATER
    )
    daily: tuple[Annotated[float, number(1e-6, 1e6, zero=True)], ...] | None = Field(
        None, json_schema_extra={"minItems": 24, "maxItems": 24}
    )
    log: str | None = None
    mode: Literal["synthetic", "fitted", "replayed"] = "synthetic"
    log_options: dict[str, Any] = Field(default_factory=dict)

    @field_validator("daily")
    @classmethod
    def _a_day(cls, daily: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if daily is not None and (len(daily) != 24 or not sum(daily) > 0):
            raise ValueError("expected 24 weights of at least 0, not all 0")
        return daily

    @property
    def think_mean_s(self) -> float:
        """The mean time before a click."""
        if isinstance(self.think, Law):
            return self.think.expectation()
        laws = {kind: getattr(self.think, kind) or self.think.read for kind in KINDS}
        return math.fsum(
            getattr(self.kinds, kind) * law.expectation() for kind, law in laws.items()
        )

    @model_validator(mode="after")
    def _every_kind_is_named(self) -> "Workload":
        shares = {kind: getattr(self.kinds, kind) for kind in KINDS}
        if self.mode == "synthetic" and isinstance(self.think, ThinkTimes):
            for kind, share in shares.items():
                if share > 0 and getattr(self.think, kind) is None:
                    raise ValueError(f"think: expected {kind} too, since kinds.{kind} = {share:g}")
        return self

    @model_validator(mode="after")
    def _log_and_mode(self) -> "Workload":
        if (self.log is None) != (self.mode == "synthetic"):
            key = "mode" if self.log is None else "log"
            raise ValueError(f'{key}: log and mode = "fitted" or "replayed" go together')
        return self


class CauseShare(Table):
    """How many people have a case: drills by share, or the natural process by rate."""

    share: Share | None = None
    per_month: NotNegative | None = None

    @model_validator(mode="before")
    @classmethod
    def _by_the_directory(cls, table: Any) -> Any:
        if cls is CauseShare and isinstance(table, dict) and "propagation" in table:
            raise ValueError("propagation: of a deactivation it is directory.propagation")
        return table

    @model_validator(mode="after")
    def _one(self) -> "CauseShare":
        if (self.share is None) == (self.per_month is None):
            raise ValueError("expected either share or per_month")
        return self

    def within(self, window_s: float) -> float:
        """The probability of a case in a window; a month is 30.4375 days of calendar time."""
        if self.per_month is not None:
            return -math.expm1(-self.per_month * window_s / MONTH_S)
        return self.share or 0.0


class OwnCauseShare(CauseShare):
    """Of a cause that is the host's own; `propagation`: until the host itself acts by it everywhere."""

    propagation: DurationLaw = Field(Constant(value=0.0), json_schema_extra=LATER)


class LogoutShare(OwnCauseShare):
    """The same; a sign-out ends the session of one device, or all of them."""

    of: Literal["device", "everywhere"] = Field("device", json_schema_extra=LATER)


_Cause = Annotated[CauseShare | None, BeforeValidator(none)]
_OwnCause = Annotated[OwnCauseShare | None, BeforeValidator(none)]
_Logout = Annotated[LogoutShare | None, BeforeValidator(none)]


def _share_of(cause: Cause) -> Any:
    if cause is Cause.LOGOUT:
        return _Logout
    return _Cause if cause.propagates else _OwnCause


def _with_a_key_a_cause(base: Any, kind_of: Callable[[Cause], Any], default: Any) -> Any:
    keys: Any = {cause: (kind_of(Cause[cause.upper()]), default) for cause in CAUSES}
    return create_model(f"{base.__name__}OfCauses", __base__=base, **keys)


class _Window(Table):
    """Between which instants people lose access."""

    from_s: Duration = Field(alias="from")
    until_s: Duration = Field(alias="until")


if TYPE_CHECKING:
    _Revocations = _Window
else:
    _Revocations = _with_a_key_a_cause(_Window, _share_of, ...)


class Cases(_Revocations):
    """Revocations: when, how many, what comes before and after."""

    notice_lead: SignedDurationLaw
    detected_after: DurationLaw
    rollback_window_s: Duration = Field(alias="rollback_window")

    @model_validator(mode="after")
    def _possible(self) -> "Cases":
        if self.until_s <= self.from_s:
            raise ValueError("until: expected a time after from")
        total = math.fsum(map(self.share_of, CAUSES))
        if total > 1 + 1e-9:
            parts = ", ".join(f"{c} {self.share_of(c):g}" for c in CAUSES if self.share_of(c))
            raise ValueError(
                f"the shares of the causes sum to {total:g} ({parts}); expected at most 1"
            )
        return self

    def share_of(self, cause: str) -> float:
        """The probability that a person has a case of this cause."""
        settings: CauseShare | None = getattr(self, cause)
        return 0.0 if settings is None else settings.within(self.until_s - self.from_s)


class Probabilities(Table):
    """What people do after the notice; what is left out is 0."""

    leave: Share = 0.0
    continue_: Share = Field(0.0, alias="continue")
    storm: Share = 0.0
    cut_off: Share = 0.0

    @model_validator(mode="after")
    def _sum(self) -> "Probabilities":
        _must_sum_to_1(self)
        return self


class Storm(Table):
    """Clicking fast after the notice; what is left out is the office's."""

    think: DurationLaw
    kinds: Kinds
    gives_up_after: Annotated[float, whole(1, 1_000_000_000, unlimited=math.inf)] = 3
    duration_s: PositiveDuration = Field(1800.0, alias="duration")


class Takeover(Table):
    """Somebody else at the page after a logout."""

    probability: Share
    delay: DurationLaw
    behaviour: Literal["continue", "storm"] = "continue"


class Behaviour(Table):
    """What follows the notice."""

    probabilities: Probabilities
    storm: Storm
    takeover: Takeover


class Directory(Table):
    """The identity provider upstream of the host."""

    propagation: DurationLaw


_Outages = Annotated[Outages | None, BeforeValidator(none)]


RIGHT = Constant(value=0.0)


class Host(Table):
    """The product that the app lives in."""

    servers: Servers
    page_load: DurationLaw
    renewal: DurationLaw
    check: DurationLaw
    retry_after_s: PositiveDuration = Field(alias="retry_after")
    rate_limit: Annotated[RateLimit | None, BeforeValidator(none)]
    outages: _Outages
    clock_offset: SignedDurationLaw = Field(RIGHT, json_schema_extra=LATER)


class Service(Table):
    """Handler work by kind."""

    read: DurationLaw
    write: DurationLaw
    admin: DurationLaw


class App(Table):
    """The service under design: so many nodes behind a balancer, each with so many workers."""

    nodes: Annotated[int, whole(1, 1_000)] = Field(1, json_schema_extra=LATER)
    routing: Literal["random", "sticky"] = Field("random", json_schema_extra=LATER)
    workers: Servers
    holds_worker: Annotated[bool, Field(strict=True)]
    verify: DurationLaw
    service: Service
    clock_offset: SignedDurationLaw = Field(RIGHT, json_schema_extra=LATER)


class AuthServer(Table):
    """The app's own authorization server."""

    servers: Servers
    renewal: DurationLaw
    clock_offset: SignedDurationLaw = Field(RIGHT, json_schema_extra=LATER)


class Store(Table):
    """Where entries and sessions are kept."""

    lookup: DurationLaw


class Network(Table):
    """Round trips."""

    client_app: DurationLaw
    client_host: DurationLaw
    app_host: DurationLaw


class CauseGoals(Table):
    """Limits on the exposure window of one cause."""

    exposure_mean_s: PositiveDuration | None = Field(None, alias="exposure_mean")
    exposure_p50_s: PositiveDuration | None = Field(None, alias="exposure_p50")
    exposure_p95_s: PositiveDuration | None = Field(None, alias="exposure_p95")
    exposure_p99_s: PositiveDuration | None = Field(None, alias="exposure_p99")
    exposure_max_s: PositiveDuration | None = Field(None, alias="exposure_max")


class _Limits(CauseGoals):
    """What a recommendation must meet over all causes."""

    prefer: Literal["longest_lifetime", "shortest_exposure", "lowest_overhead"] = "longest_lifetime"
    auth_overhead_mean_s: PositiveDuration | None = Field(None, alias="auth_overhead_mean")
    auth_overhead_p95_s: PositiveDuration | None = Field(None, alias="auth_overhead_p95")
    auth_overhead_p99_s: PositiveDuration | None = Field(None, alias="auth_overhead_p99")
    host_calls_per_s: Positive | None = None
    interruptions_per_person_hour: Positive | None = None


if TYPE_CHECKING:
    _LimitsOfCauses = _Limits
else:
    _LimitsOfCauses = _with_a_key_a_cause(_Limits, lambda cause: CauseGoals | None, None)


class Goals(_LimitsOfCauses):
    """What a recommendation must meet."""


def _profiled(one: Profile) -> Strategy:
    """A profile as it is, as a strategy."""
    table = {"name": one.name, "sentence": one.does, "source": one.source, **one.strategy}
    return Strategy.model_validate(table)


class LatinHypercube(Table):
    """A number of points spread over the ranges."""

    latin_hypercube: Annotated[int, whole(2, 1_000_000)]


class Scenario(Table):
    """Everything that one study needs. `path` is where it was read from, None for one made in memory."""

    format: Literal[1] = 1
    title: Text = ""
    question: Text = ""
    path: str | None = None
    run: Run
    organisation: Organisation
    workload: Workload
    cases: Cases
    behaviour: Behaviour
    directory: Directory
    host: Host
    app: App
    auth_server: AuthServer
    store: Store
    push: PushChannel
    channels: dict[Name, Channel] = Field(default_factory=dict, json_schema_extra=LATER)
    deciders: dict[Name, Decider] = Field(default_factory=dict, json_schema_extra=LATER)
    network: Network
    strategies: dict[str, Strategy]
    swept: dict[str, Any] | None = Field(None, alias="sweep")
    goals: Goals | None = None
    sources: dict[str, Text] = Field(default_factory=dict)

    _raw: dict[str, Any] = PrivateAttr(default_factory=dict)
    _origins: dict[str, str] = PrivateAttr(default_factory=dict)
    _bare: tuple[str, ...] = PrivateAttr(
        ()
    )  # numbers without a unit that cannot be meant as seconds

    @model_validator(mode="after")
    def _measurable(self) -> "Scenario":
        run, people = self.run, self.organisation.people
        if run.warm_up_s != "auto" and run.warm_up_s >= run.horizon_s:
            raise ValueError(
                f"run.warm_up: expected a time before run.horizon ({format_duration(run.horizon_s)}):"
                " what is measured lies between them"
            )
        if people * run.end_s > LONGEST_RUN:
            raise ValueError(
                f"organisation.people: {people:,} people for {format_duration(run.end_s)} (run.horizon"
                f" and run.drain) are {people * run.end_s:.3g} person-seconds; expected at most"
                f" {LONGEST_RUN:.3g}, which is what can be summed up"
            )
        return self

    @model_validator(mode="after")
    def _channels_are_there(self) -> "Scenario":
        if PUSH in self.channels:
            raise ValueError(f"channels.{PUSH}: it has a table of its own, [{PUSH}]")
        names = [PUSH, *self.channels]
        for strategy in self.strategies.values():
            several = len(strategy.pushes) > 1
            for place, push in enumerate(strategy.pushes):
                if push.channel not in names:
                    at = f"{place}." if several else ""
                    said = f"there is no channel of this name{nearest(push.channel, names)}"
                    raise ValueError(f"strategies.{strategy.name}.push.{at}channel: {said}")
        return self

    @model_validator(mode="after")
    def _deciders_are_there(self) -> "Scenario":
        if HOST in self.deciders:
            raise ValueError(f"deciders.{HOST}: it has a table of its own, [{HOST}]")
        names = [HOST, *self.deciders]
        for strategy in self.strategies.values():
            for place, check in enumerate(strategy.checks):
                if check.at not in names:
                    at = f"strategies.{strategy.name}.{strategy.path_of_check(place)}.at"
                    raise ValueError(
                        f"{at}: there is no decider of this name{nearest(check.at, names)}"
                    )
        return self

    def knows_after(self, check: Check, cause: str) -> Law:
        """From when the host knows of a cause until who answers a check does."""
        return RIGHT if check.at == HOST else self.deciders[check.at].knows_after_of(cause)

    def channel(self, name: str) -> PushChannel:
        """A channel by its name."""
        return self.push if name == PUSH else self.channels[name]

    def propagation_of(self, cause: str) -> Law:
        """How long after the revocation the host knows of it."""
        if Cause[cause.upper()].propagates:
            return self.directory.propagation
        settings: OwnCauseShare | None = getattr(self.cases, cause)
        return Constant(value=0.0) if settings is None else settings.propagation

    @model_validator(mode="after")
    def _spent_by_one_at_a_time(self) -> "Scenario":
        for name, strategy in self.strategies.items():
            token = strategy.token
            counted = token is not None and token.uses is not None and token.held_by == "device"
            if counted and self.workload.poll is not None:
                raise ValueError(
                    f'strategies.{name}.token.uses: not with held_by = "device" and workload.poll,'
                    " where two requests can spend the last use of a cookie at once"
                )
            if counted and strategy.connection is not None:
                raise ValueError(
                    f'strategies.{name}.token.uses: not with held_by = "device" and a connection,'
                    " which may have been opened with a cookie that another page spends"
                )
        return self

    @cached_property
    def _texts(self) -> Texts:
        """Tables and how the id writes them: scenarios that differ in one table share the others."""
        return {}

    @cached_property
    def id(self) -> str:
        """The content id: what determines results, however it is written."""
        return content_id(self, self._texts)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is allowed but probably not meant."""
        horizon_s, said = self.run.horizon_s, list(self._bare)
        if self.cases.from_s >= horizon_s:
            said.append("cases.from is not before run.horizon: no case will happen")
        elif self.cases.until_s > horizon_s:
            said.append("cases.until is after run.horizon: later cases do not happen")
        shift = self.organisation.shift
        if self.run.warm_up_s != "auto" and shift.end_s <= self.run.warm_up_s < horizon_s:
            said.append(
                "organisation.shift.end is not after run.warm_up: no visit that begins counts"
            )
        if shift.start_s >= horizon_s:
            said.append("organisation.shift.start is not before run.horizon: nobody will visit")
        return tuple(said)

    def strategy(self, wanted: str | Strategy) -> Strategy:
        """A strategy by its name, the scenario's own, the catalogue's or a profile's; an object as it is.

        Raises UnknownName, with the nearest name.
        """
        if isinstance(wanted, Strategy):
            return wanted
        everywhere = {**CATALOGUE, **self.strategies}
        if wanted not in everywhere and wanted in profiles():
            return _profiled(profiles()[wanted])
        return everywhere[known("strategy", wanted, everywhere)]

    def chosen(self, wanted: Sequence[str | Strategy] | None = None) -> list[Strategy]:
        """Strategies by names or objects, each once; the scenario's own where none is named."""
        if isinstance(wanted, str):
            wanted = [wanted]
        found = [self.strategy(one) for one in wanted or ()]
        return list({s.name: s for s in found}.values()) or list(self.strategies.values())

    def __repr__(self) -> str:
        run, many = self.run, len(self.strategies)
        names = f"{many} strategies" if many > 1 else f"the strategy {next(iter(self.strategies))}"
        return (
            f'<scenario {self.id} "{shortened(self.title, 48)}": {self.organisation.people:,} people,'
            f" {format_duration(run.horizon_s)}, {names}, seed {run.seed}, replications {run.replications}>"
        )

    __str__ = __repr__

    def resolved(self) -> dict[str, Any]:
        """The whole scenario as plain values (seconds, numbers, strings), under the keys of the file."""
        return self.model_dump(by_alias=True, mode="python", exclude={"sources"})

"""Channels: how events come from the host to the app, and when it tries again."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, create_model, model_validator

from sim.basics.distributions import Constant, DurationLaw, Law, LawType
from sim.basics.names import known
from sim.basics.ranges import PositiveDuration, Share, number, whole
from sim.model.causes import CAUSES, CauseName
from sim.model.mechanisms import LATER
from sim.model.senders import SENDERS
from sim.scenario.outages import Outages
from sim.scenario.table import Table, none

AT_ONCE = Constant(value=0.0)


class Retries(Table):
    """Further attempts of a channel; the n-th wait is multiplied by backoff ** n. `first`: the first wait, where it is another."""

    most: Annotated[float, whole(0, 1_000_000_000, unlimited=math.inf)] = 5
    wait: DurationLaw
    backoff: Annotated[float, number(1, 1000)] = 1.0
    first: DurationLaw | None = Field(None, json_schema_extra=LATER)


def _as_sent_by(value: Any) -> Any:
    """The retries of a sender that is named. Raises UnknownName."""
    if not isinstance(value, str):
        return value
    return SENDERS[known("sender", value, SENDERS)].retries


class _OrSender:
    """Says in the schema that a name may stand for the table."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [handler(schema), {"enum": list(SENDERS)}]}


class Delays(Table):
    """A law a cause; 0 where left out."""


_LAWS_OF_CAUSES: Any = dict.fromkeys(CAUSES, (DurationLaw, AT_ONCE))
_DELAYS = create_model("DelaysOfCauses", __base__=Delays, **_LAWS_OF_CAUSES)


class _DelayType(LawType):
    """What a channel's delay accepts: a law for all causes, or a table of laws by cause."""

    def read(self, value: Any) -> Any:
        """The law, or the laws by cause. Raises ValidationError or ValueError."""
        if isinstance(value, Delays):
            return value
        if not (isinstance(value, Mapping) and value and set(value) & set(CAUSES)):
            return super().read(value)
        delays = _DELAYS.model_validate(value)
        laws = [getattr(delays, cause) for cause in CAUSES]
        return laws[0] if all(law == laws[0] for law in laws) else delays

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        law = super().__get_pydantic_json_schema__(schema, handler)
        causes = {"type": "object", "properties": dict.fromkeys(CAUSES, law)}
        return {"anyOf": [*law["anyOf"], {**causes, "additionalProperties": False}]}


_LAW: LawType = get_args(DurationLaw)[1]
Delay = Annotated[Law | Delays, _DelayType(_LAW.what, _LAW.range, _LAW.laws)]


class PushChannel(Table):
    """Events from the host to the app. With `every` they come only so often: a sweep, which tells what is new since the last.

    After `disabled_after` failed attempts in a row the sender stops, for `disabled_for` or for good. From the app's receipt an event
    takes `fan_out` to each node that keeps it for itself, to all of them or (`reaches`) to one.
    """

    delay: Delay
    loss: Share
    retries: Annotated[Retries, BeforeValidator(_as_sent_by), _OrSender]
    outages: Annotated[Outages | None, BeforeValidator(none)]
    on_outage: Literal["hold", "lose"]
    every_s: Annotated[PositiveDuration | None, BeforeValidator(none)] = Field(
        None, alias="every", json_schema_extra=LATER
    )
    disabled_after: Annotated[
        Annotated[int, whole(1, 1_000_000_000)] | None, BeforeValidator(none)
    ] = Field(None, json_schema_extra=LATER)
    disabled_for_s: Annotated[PositiveDuration | None, BeforeValidator(none)] = Field(
        None, alias="disabled_for", json_schema_extra=LATER
    )
    fan_out: DurationLaw = Field(AT_ONCE, json_schema_extra=LATER)
    reaches: Literal["all", "one"] = Field("all", json_schema_extra=LATER)

    @model_validator(mode="after")
    def _sweeps_go_on(self) -> "PushChannel":
        if self.every_s is not None and self.disabled_after is not None:
            raise ValueError("disabled_after: nothing to set, since a sweep (every) goes on")
        if self.disabled_for_s is not None and self.disabled_after is None:
            raise ValueError("disabled_for: needs disabled_after")
        return self

    def delay_of(self, cause: CauseName) -> Law:
        """Of the events of a cause."""
        law: Law = getattr(self.delay, cause) if isinstance(self.delay, Delays) else self.delay
        return law

    def longest_s(self, cause: CauseName) -> float:
        """From when the host knows until an event of the cause is there, if nothing is lost; it waits for the sweep, if there is one."""
        return (self.every_s or 0.0) + self.delay_of(cause).support()[1]

    @property
    def always_arrives(self) -> bool:
        """Whether no event can be lost or held up."""
        return self.loss == 0 and (self.outages is None or self.every_s is not None)

    @property
    def as_ever(self) -> bool:
        """Whether none of the later words is used: each event is sent by itself, all with one law, until it arrives or is given up."""
        by_itself = self.every_s is None and self.disabled_after is None
        return by_itself and isinstance(self.delay, Law) and self.retries.first is None


class Channel(PushChannel):
    """A further channel. What is left out is not the office's: events arrive at once, and none is lost."""

    delay: Delay = AT_ONCE
    loss: Share = 0.0
    retries: Annotated[Retries, BeforeValidator(_as_sent_by), _OrSender] = Retries(
        most=0, wait=AT_ONCE
    )
    outages: Annotated[Outages | None, BeforeValidator(none)] = None
    on_outage: Literal["hold", "lose"] = "hold"

"""When a party is down."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from sim.basics.distributions import DurationLaw, Law
from sim.basics.ranges import Duration
from sim.scenario.table import Table


def _mean_or_law(value: Any) -> Any:
    """A plain duration is the mean of an exponential law."""
    return value if isinstance(value, dict | Law) else {"dist": "exponential", "mean": value}


MeanOrLaw = Annotated[DurationLaw, BeforeValidator(_mean_or_law)]


class Outages(Table):
    """Alternating up and down times; or with `starts`, one outage that lasts exactly `lasts`."""

    every: MeanOrLaw | None = None
    starts_s: Duration | None = Field(None, alias="starts")
    lasts: DurationLaw

    @model_validator(mode="before")
    @classmethod
    def _mean_unless_announced(cls, table: Any) -> Any:
        if isinstance(table, dict) and "every" in table and "lasts" in table:
            return {**table, "lasts": _mean_or_law(table["lasts"])}
        return table

    @model_validator(mode="after")
    def _one(self) -> "Outages":
        if (self.every is None) == (self.starts_s is None):
            raise ValueError("expected either every or starts")
        return self

"""Laws of durations, sizes and counts: one uniform number in, one value out.

A scenario gives a law as a constant or as a table with `dist`. The field types at the end say which
laws a field takes and in which unit; a law object itself holds bare numbers (seconds, bytes or
counts) under the names of the scenario's keys. A draw is a quantile, so it needs one uniform number
whatever the law.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Annotated, Any, Literal, LiteralString, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError, core_schema

from sim.basics.names import meant
from sim.basics.quantiles import (
    CONSTANT,
    EMPIRICAL,
    EXPONENTIAL,
    GAMMA,
    GEOMETRIC,
    INF,
    LOGNORMAL,
    UNIFORM,
    WEIBULL,
    WHOLE_EMPIRICAL,
    WHOLE_UNIFORM,
    Coefficients,
    draw,
    gamma_log_quantile,
    gamma_table,
    normal_quantile,
)
from sim.basics.ranges import (
    ANY_NUMBER,
    BYTES,
    LAW_COUNTS,
    SIGNED_TIME,
    TIME,
    Range,
    number,
)

Z_95 = 1.6448536269514722  # standard normal quantiles at 0.95 and 0.99
Z_99 = 2.3263478740408408

# --- Numbers of a law -----------------------------------------------------------------------------


def _quantity(value: Any, info: ValidationInfo) -> float:
    """A number in the unit and range of the law's field; a law built by hand takes numbers and durations."""
    return float(_range_of(info)(value))


def _positive_quantity(value: Any, info: ValidationInfo) -> float:
    return float(_range_of(info).above_0()(value))


def _range_of(info: ValidationInfo) -> Range:
    found: Range = (info.context or {}).get("range", ANY_NUMBER)
    return found


# What stands for the schema of a field's unit until that is known.
_QUANTITY, _POSITIVE_QUANTITY = {"title": "quantity"}, {"title": "positive quantity"}

Quantity = Annotated[float, BeforeValidator(_quantity), WithJsonSchema(_QUANTITY)]
PositiveQuantity = Annotated[
    float, BeforeValidator(_positive_quantity), WithJsonSchema(_POSITIVE_QUANTITY)
]


# --- The laws -------------------------------------------------------------------------------------


class Law(BaseModel):
    """A distribution; its values have the unit of its field: seconds, bytes or a count."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    dist: str

    def coefficients(self) -> Coefficients:
        """(code, a, b, c, cap, table): what `draw` needs; `cap` is infinite without one."""
        raise NotImplementedError

    def expectation(self) -> float:
        """The mean of the draws, after the cap (`max`)."""
        raise NotImplementedError

    def support(self) -> tuple[float, float]:
        """The lowest and the highest value a draw can come near; infinite where unbounded."""
        raise NotImplementedError

    def sampler(self) -> Callable[[float], float]:
        """The quantile function with all done beforehand that can be: for drawing many values."""
        raise NotImplementedError

    def quantile(self, u: float) -> float:
        """The value that a draw stays below with probability `u`, in (0, 1)."""
        return draw(*self.coefficients(), u)

    def draws_0(self) -> bool:
        """Whether 0 has a positive probability (of a law without negative values)."""
        return False

    @model_serializer(mode="wrap")
    def _as_written(self, handler: SerializerFunctionWrapHandler) -> Any:
        return {key: value for key, value in handler(self).items() if value is not None}


class Constant(Law):
    """Always the same value."""

    dist: Literal["constant"] = "constant"
    value: Quantity

    def coefficients(self) -> Coefficients:
        return CONSTANT, self.value, 0.0, 0.0, INF, ()

    def expectation(self) -> float:
        return self.value

    def support(self) -> tuple[float, float]:
        return self.value, self.value

    def sampler(self) -> Callable[[float], float]:
        value = self.value
        return lambda u: value

    def draws_0(self) -> bool:
        return self.value == 0

    @model_serializer(mode="wrap")
    def _as_written(self, handler: SerializerFunctionWrapHandler) -> Any:
        return self.value


class Unlimited(Law):
    """A count without end."""

    dist: Literal["unlimited"] = "unlimited"

    def coefficients(self) -> Coefficients:
        return CONSTANT, INF, 0.0, 0.0, INF, ()

    def expectation(self) -> float:
        return INF

    def support(self) -> tuple[float, float]:
        return INF, INF

    def sampler(self) -> Callable[[float], float]:
        return lambda u: INF

    @model_serializer(mode="wrap")
    def _as_written(self, handler: SerializerFunctionWrapHandler) -> Any:
        return "unlimited"


class Uniform(Law):
    """Equally likely anywhere from `low` to `high`."""

    dist: Literal["uniform"] = "uniform"
    low: Quantity
    high: Quantity

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.high < self.low:
            raise ValueError("expected low <= high")
        return self

    def coefficients(self) -> Coefficients:
        # the cap: low + (high - low) * u can end one rounding above high
        return UNIFORM, self.low, self.high - self.low, 0.0, self.high, ()

    def expectation(self) -> float:
        return 0.5 * (self.low + self.high)

    def support(self) -> tuple[float, float]:
        return self.low, self.high

    def sampler(self) -> Callable[[float], float]:
        _, low, width, _, high, _ = self.coefficients()
        return _capped(lambda u: low + width * u, high)

    def draws_0(self) -> bool:
        return self.high == 0


class WholeUniform(Uniform):
    """Each whole number from `low` to `high` equally likely."""

    low: Annotated[int, LAW_COUNTS]
    high: Annotated[int, LAW_COUNTS]

    def coefficients(self) -> Coefficients:
        return WHOLE_UNIFORM, float(self.low), self.high - self.low + 1.0, 0.0, float(self.high), ()

    def sampler(self) -> Callable[[float], float]:
        _, low, values, _, _, _ = self.coefficients()
        floor = math.floor
        return lambda u: low + floor(values * u)


class _Capped(Law):
    """A law of positive values, clamped at `max`; its other parameters describe it before that."""

    max: PositiveQuantity | None = None

    def _cap(self) -> float:
        return INF if self.max is None else self.max

    def support(self) -> tuple[float, float]:
        return 0.0, self._cap()


class Exponential(_Capped):
    """Without memory, with this mean."""

    dist: Literal["exponential"] = "exponential"
    mean: PositiveQuantity

    def coefficients(self) -> Coefficients:
        return EXPONENTIAL, -self.mean, 0.0, 0.0, self._cap(), ()

    def expectation(self) -> float:
        return -self.mean * math.expm1(-self._cap() / self.mean)

    def sampler(self) -> Callable[[float], float]:
        scale, log = -self.mean, math.log
        return _capped(lambda u: scale * log(1.0 - u), self._cap())


_LOGNORMAL_PAIRS = (("median", "p95"), ("median", "p99"), ("mean", "cv"))


class Lognormal(_Capped):
    """Its logarithm is normal; by median and p95, by median and p99, or by mean and cv."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": list(pair)} for pair in _LOGNORMAL_PAIRS]}
    )

    dist: Literal["lognormal"] = "lognormal"
    median: PositiveQuantity | None = None
    p95: PositiveQuantity | None = None
    p99: PositiveQuantity | None = None
    mean: PositiveQuantity | None = None
    cv: Annotated[float, number(1e-6, 1000)] | None = None

    @model_validator(mode="after")
    def _one_pair(self) -> Self:
        names = ("median", "p95", "p99", "mean", "cv")
        given = tuple(name for name in names if getattr(self, name) is not None)
        if given not in _LOGNORMAL_PAIRS:
            found = ", ".join(given) or "none"
            raise ValueError(
                f"expected median and p95, median and p99, or mean and cv; found: {found}"
            )
        if self.median is not None and (self.p95 or self.p99 or 0.0) <= self.median:
            raise ValueError("expected a p95 or p99 above the median")
        return self

    def parameters(self) -> tuple[float, float]:
        """Mean and standard deviation of the logarithm."""
        if self.mean is not None and self.cv is not None:
            variance = math.log1p(self.cv * self.cv)
            return math.log(self.mean) - 0.5 * variance, math.sqrt(variance)
        high, z = (self.p95, Z_95) if self.p95 is not None else (self.p99, Z_99)
        assert self.median is not None and high is not None  # _one_pair
        return math.log(self.median), math.log(high / self.median) / z

    def coefficients(self) -> Coefficients:
        mu, sigma = self.parameters()
        return LOGNORMAL, mu, sigma, 0.0, self._cap(), ()

    def expectation(self) -> float:
        mu, sigma = self.parameters()
        mean = math.exp(mu + 0.5 * sigma * sigma)
        if self.max is None or sigma == 0:
            return min(mean, self._cap())
        z = (math.log(self.max) - mu) / sigma
        return mean * _normal_below(z - sigma) + self.max * _normal_below(-z)

    def sampler(self) -> Callable[[float], float]:
        mu, sigma = self.parameters()
        exp, normal = math.exp, normal_quantile
        return _capped(lambda u: exp(mu + sigma * normal(u)), self._cap())


class Weibull(_Capped):
    """The exponential's relative whose hazard rises (shape above 1) or falls (below 1) with age."""

    dist: Literal["weibull"] = "weibull"
    mean: PositiveQuantity
    shape: Annotated[float, number(0.1, 1000)]

    def coefficients(self) -> Coefficients:
        scale = self.mean / math.gamma(1.0 + 1.0 / self.shape)
        return WEIBULL, scale, 1.0 / self.shape, 0.0, self._cap(), ()

    def expectation(self) -> float:
        if self.max is None:
            return self.mean
        from scipy.special import gammainc  # type: ignore[import-untyped,unused-ignore]

        _, scale, power, _, cap, _ = self.coefficients()
        log_hazard = self.shape * math.log(cap / scale)
        if log_hazard > 7.0:  # a draw reaches the cap once in e^1096
            return self.mean
        hazard = math.exp(log_hazard)
        return self.mean * float(gammainc(1.0 + power, hazard)) + cap * math.exp(-hazard)

    def sampler(self) -> Callable[[float], float]:
        _, scale, power, _, cap, _ = self.coefficients()
        log = math.log
        return _capped(lambda u: scale * (-log(1.0 - u)) ** power, cap)


class Gamma(_Capped):
    """The gamma law; its quantile is tabulated (`gamma_table`, relative error below 1e-6)."""

    dist: Literal["gamma"] = "gamma"
    mean: PositiveQuantity
    shape: Annotated[float, number(0.25, 1000)]

    def coefficients(self) -> Coefficients:
        return GAMMA, self.mean / self.shape, 0.0, 0.0, self._cap(), gamma_table(float(self.shape))

    def expectation(self) -> float:
        if self.max is None:
            return self.mean
        from scipy.special import (  # type: ignore[import-untyped,unused-ignore]
            gammainc,
            gammaincc,
        )

        x = self.max * self.shape / self.mean
        below = self.mean * float(gammainc(self.shape + 1.0, x))
        return below + self.max * float(gammaincc(self.shape, x))

    def sampler(self) -> Callable[[float], float]:
        _, scale, _, _, cap, table = self.coefficients()
        exp, normal, log_quantile = math.exp, normal_quantile, gamma_log_quantile
        return _capped(lambda u: scale * exp(log_quantile(table, normal(u))), cap)


class Erlang(Gamma):
    """The sum of `shape` equal exponential stages."""

    dist: Literal["erlang"] = "erlang"  # type: ignore[assignment]
    shape: Annotated[int, replace(LAW_COUNTS, most=1000)]


class Geometric(Law):
    """A count 1, 2, ... that ends after each with the same probability."""

    dist: Literal["geometric"] = "geometric"
    mean: Annotated[float, number(1, 1e9)]

    def coefficients(self) -> Coefficients:
        log_continue = -INF if self.mean == 1.0 else math.log1p(-1.0 / self.mean)
        return GEOMETRIC, log_continue, 0.0, 0.0, INF, ()

    def expectation(self) -> float:
        return self.mean

    def support(self) -> tuple[float, float]:
        return 1.0, (1.0 if self.mean == 1.0 else INF)

    def sampler(self) -> Callable[[float], float]:
        log_continue, log, floor = self.coefficients()[1], math.log, math.floor
        return lambda u: 1.0 + floor(log(1.0 - u) / log_continue)


class Empirical(Law):
    """What was seen: quantiles equally spaced from 0 to 1, joined by lines."""

    dist: Literal["empirical"] = "empirical"
    quantiles: Annotated[tuple[Quantity, ...], Field(min_length=2)]

    @field_validator("quantiles")
    @classmethod
    def _nondecreasing(cls, quantiles: tuple[float, ...]) -> tuple[float, ...]:
        if any(b < a for a, b in pairwise(quantiles)):
            raise ValueError("expected quantiles that never decrease")
        return quantiles

    def coefficients(self) -> Coefficients:
        return EMPIRICAL, 0.0, 0.0, 0.0, INF, self.quantiles

    def expectation(self) -> float:
        first, *inner, last = self.quantiles
        return math.fsum((0.5 * first, *inner, 0.5 * last)) / (len(self.quantiles) - 1)

    def support(self) -> tuple[float, float]:
        return self.quantiles[0], self.quantiles[-1]

    def sampler(self) -> Callable[[float], float]:
        table, last = self.quantiles, len(self.quantiles) - 1

        def at(u: float) -> float:
            position = u * last
            i = int(position)
            return table[i] + (table[i + 1] - table[i]) * (position - i)

        return at

    def draws_0(self) -> bool:
        return self.quantiles[1] == 0


class WholeEmpirical(Empirical):
    """Counts that were seen: the joined quantiles rounded to whole numbers."""

    quantiles: Annotated[
        tuple[Annotated[float, number(1, 1e9)], ...],
        Field(min_length=2),
    ]

    def coefficients(self) -> Coefficients:
        return WHOLE_EMPIRICAL, 0.0, 0.0, 0.0, INF, self.quantiles

    def expectation(self) -> float:
        pieces = pairwise(self.quantiles)
        return math.fsum(_mean_rounded(a, b) for a, b in pieces) / (len(self.quantiles) - 1)

    def support(self) -> tuple[float, float]:
        low, high = super().support()
        return float(math.floor(low + 0.5)), float(math.floor(high + 0.5))

    def sampler(self) -> Callable[[float], float]:
        at, floor = super().sampler(), math.floor
        return lambda u: 0.0 + floor(at(u) + 0.5)


def _capped(quantile: Callable[[float], float], cap: float) -> Callable[[float], float]:
    if cap == INF:
        return quantile

    def at(u: float) -> float:
        value = quantile(u)
        return value if value < cap else cap

    return at


def _normal_below(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def _mean_rounded(a: float, b: float) -> float:
    """The mean of a uniform number on [a, b] rounded to whole numbers, halves up."""
    low, high = math.floor(a + 0.5), math.floor(b + 0.5)
    if low == high:
        return float(low)
    # low, and one more for each whole number that is passed; differences of near numbers, which lose nothing
    return low + (high - low) * (b + 0.5 - 0.5 * (low + 1 + high)) / (b - a)


# --- Field types ----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)  # hashed by identity: a field may be `DurationLaw | None`
class LawType:
    """What a field accepts: an annotation that pydantic asks to read values and for a schema."""

    what: str
    range: Range
    laws: Mapping[str, type[Law]]
    above_0: bool = False

    def read(self, value: Any) -> Law:
        """The law a value describes. Raises ValidationError or ValueError, what was expected."""
        law = self._law(value)
        if self.above_0 and law.draws_0():
            raise ValueError(f"expected {self.what} above 0; this one can be 0")
        return law

    def _law(self, value: Any) -> Law:
        if isinstance(value, Law):
            # a law built in Python is checked as if it had been written down in this field
            return self._law(value.model_dump())
        if isinstance(value, Mapping):
            return self._from_table(dict(value))
        if isinstance(value, str) and value in self.range.words:
            return Unlimited()
        return Constant(value=self._constant(value))

    def _constant(self, value: Any) -> float:
        try:
            return float((self.range.above_0() if self.above_0 else self.range)(value))
        except ValueError as error:
            raise ValueError(f"{error}, or a table with dist") from error

    def _from_table(self, table: dict[str, Any]) -> Law:
        if "dist" not in table:
            said = f"expected dist, one of {self._names()}"
            raise _located_at_dist("missing_law", said, table)
        name = table["dist"]
        if not isinstance(name, str) or name not in self.laws:
            said = f"expected the law of {self.what}, one of {self._names()}{meant(str(name), self.laws)}"
            raise _located_at_dist("unknown_law", said, name)
        return self.laws[name].model_validate(table, context={"range": self.range})

    def _names(self) -> str:
        return ", ".join(self.laws)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        positive = self.range.above_0().schema()
        plain = positive if self.above_0 else self.range.schema()
        units = {"quantity": replace(self.range, words={}).schema(), "positive quantity": positive}
        tables = [_in_unit(law.model_json_schema(), units) for law in self.laws.values()]
        for table in tables:
            table["required"] = ["dist", *table.get("required", [])]
        return {"anyOf": [plain, *tables]}


def _in_unit(schema: Any, units: dict[str, dict[str, Any]]) -> Any:
    """A law's schema with the field's unit filled in, and without null, which TOML has not."""
    if isinstance(schema, list):
        return [_in_unit(item, units) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("title") in units:
        return units[schema["title"]]
    if schema.get("anyOf", [{}])[-1] == {"type": "null"}:
        return _in_unit(schema["anyOf"][0], units)
    return {key: _in_unit(value, units) for key, value in schema.items()}


def _located_at_dist(kind: LiteralString, message: str, value: Any) -> ValidationError:
    error = PydanticCustomError(kind, "{said}", {"said": message})
    detail = InitErrorDetails(type=error, loc=("dist",), input=value)
    return ValidationError.from_exception_data("law", [detail])


_CONTINUOUS: dict[str, type[Law]] = {
    "constant": Constant,
    "uniform": Uniform,
    "exponential": Exponential,
    "lognormal": Lognormal,
    "weibull": Weibull,
    "gamma": Gamma,
    "erlang": Erlang,
    "empirical": Empirical,
}
_COUNTS: dict[str, type[Law]] = {
    "constant": Constant,
    "uniform": WholeUniform,
    "geometric": Geometric,
    "empirical": WholeEmpirical,
}

LAWS = _COUNTS | _CONTINUOUS  # by name; the keys of a law are the same for counts and for times


SignedDurationLaw = Annotated[Law, LawType("a duration", SIGNED_TIME, _CONTINUOUS)]
DurationLaw = Annotated[Law, LawType("a duration", TIME, _CONTINUOUS)]
PositiveDurationLaw = Annotated[Law, LawType("a duration", TIME, _CONTINUOUS, above_0=True)]
SizeLaw = Annotated[Law, LawType("a size", BYTES, _CONTINUOUS)]
LimitedCountLaw = Annotated[Law, LawType("a count", LAW_COUNTS, _COUNTS)]
CountLaw = Annotated[
    Law, LawType("a count", replace(LAW_COUNTS, words={"unlimited": INF}), _COUNTS)
]

"""How a log is to be read: the options of `lastclick fit` and of a scenario's `log_options`."""

import re
from collections.abc import Mapping
from datetime import UTC, tzinfo
from functools import cached_property
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError

from sim.basics.names import meant
from sim.basics.ranges import Duration, PositiveDuration
from sim.workload.logs.fields import ALIASES, FIELD_OF, normal
from sim.workload.logs.times import shape_of


def _known_zone(name: str) -> str:
    if name != "UTC" and name not in available_timezones():
        raise ValueError(f"no such time zone{meant(name, available_timezones())}")
    return name


def _known_fields(columns: dict[str, str]) -> dict[str, str]:
    for key in columns:
        if normal(key) not in FIELD_OF:
            raise ValueError(
                f'"{key}" is no field of a log{meant(key, ALIASES)} Fields: {", ".join(ALIASES)}'
            )
    return {FIELD_OF[normal(key)]: column for key, column in columns.items()}


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return text


def _time_format(text: str) -> str:
    shape_of(text)
    return text


def _exclusions(value: Any) -> Any:
    """`path=^/health` as a table; a table stays as it is."""
    if not isinstance(value, list | tuple):
        value = [value]
    return tuple(_exclusion(item) if isinstance(item, str) else item for item in value)


def _exclusion(text: str) -> dict[str, str]:
    by, equals, pattern = text.partition("=")
    if not equals:
        raise ValueError(f'"{text}": expected path=, user=, status= or agent= and a pattern')
    if by not in EXCLUDED_BY:
        raise ValueError(
            f'"{by}" leaves nothing out{meant(by, EXCLUDED_BY)} Known: path, user, status, agent'
        )
    return {"by": by, "pattern": pattern}


EXCLUDED_BY = ("path", "user", "status", "agent")
Zone = Annotated[str, AfterValidator(_known_zone)]
Columns = Annotated[dict[str, str], AfterValidator(_known_fields)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Methods = Annotated[
    tuple[str, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)
]


class _Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KindRule(_Options):
    """Requests of these methods (any if empty) whose path the pattern is found in are of this kind."""

    kind: Literal["read", "write", "admin"]
    method: Methods = ()
    path: Pattern = ""

    def takes_method(self, method: str | None) -> bool:
        """Whether the rule is about requests of this method."""
        return not self.method or str(method).upper() in {name.upper() for name in self.method}

    def takes_path(self, path: str) -> bool:
        """Whether the rule is about requests for this path."""
        return re.search(self.path, path) is not None


class Exclusion(_Options):
    """Requests that are left out: the pattern is found in the path or the user agent, or is the whole user or status."""

    by: Literal["path", "user", "status", "agent"]
    pattern: Pattern

    def takes(self, text: str) -> bool:
        """Whether a request with this path, user, status or user agent is left out."""
        if self.by in ("user", "status"):
            return re.fullmatch(self.pattern, text) is not None
        return re.search(self.pattern, text) is not None


class FitOptions(_Options):
    """How to read a log and to cut it into sessions and page loads.

    `columns` says which column holds a field (`{user = "uid"}`); a dot reaches into nested JSON. `time_zone` (IANA)
    gives the local hours of the daily shape, and the zone of times written without one unless `naive_time_zone` is
    set; `time_format` is that of `strptime` for times that are not understood. `exclude` leaves requests out by path,
    user, status or user agent (`["path=^/health", "user=svc-.*"]`). Background polls are left out unless `polls` is
    "keep"; `once` counts rows that stand twice once; `fold_case` takes accounts that differ in case for one. A pause above `session_gap` (default 30 min) starts a new session; where the log names its sessions they are
    taken at their word, and a pause splits one only if `session_gap` is given. A request within `page_load_window` of
    the one before belongs to the same load. `kinds`: the first rule that matches decides; then GET, HEAD, OPTIONS read and other
    methods write.
    """

    columns: Columns = {}
    time_zone: Zone = "UTC"
    naive_time_zone: Zone | None = None
    time_format: Annotated[str, AfterValidator(_time_format)] | None = None
    exclude: Annotated[tuple[Exclusion, ...], BeforeValidator(_exclusions)] = ()
    polls: Literal["drop", "keep"] = "drop"
    once: bool = False
    fold_case: bool = False
    session_gap: PositiveDuration | None = None
    page_load_window: Duration = 2.0
    kinds: tuple[KindRule, ...] = ()

    @staticmethod
    def from_table(table: Mapping[str, Any]) -> "FitOptions":
        """The options of a TOML table. Raises ValueError that names every wrong key."""
        try:
            return FitOptions.model_validate(dict(table))
        except ValidationError as error:
            raise ValueError("; ".join(_problem(dict(item)) for item in error.errors())) from None

    @cached_property
    def key(self) -> str:
        """Equal for equal options: a key for caches."""
        return self.model_dump_json()

    @property
    def gap_s(self) -> float:
        """The pause that starts a new session, seconds, where a log does not name its sessions."""
        return 1800.0 if self.session_gap is None else self.session_gap

    @property
    def zone(self) -> tzinfo:
        """The zone of local hours."""
        return _zone(self.time_zone)

    @property
    def naive_zone(self) -> tzinfo:
        """The zone of times that were written without one."""
        return _zone(self.naive_time_zone or self.time_zone)


def _zone(name: str) -> tzinfo:
    # UTC must work where there is no time zone database
    return UTC if name == "UTC" else ZoneInfo(name)


def _problem(error: dict[str, Any]) -> str:
    where = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        known = KindRule if "kinds" in error["loc"] else FitOptions
        hint = meant(str(error["loc"][-1]), known.model_fields)
        return f"{where}: unknown option{hint} Known: {', '.join(known.model_fields)}"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{where}: {message} (not {error['input']!r:.60})"

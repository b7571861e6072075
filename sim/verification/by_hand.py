"""A count by hand: a strategy, changes of the world by the clock, and what arithmetic says must come out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sim.engine.recording import TRACE_COLUMNS, Run
from sim.model.causes import Kind

Figure = Callable[[Run], float]


def _case(name: str) -> Figure:
    return lambda of: float(of.cases[0][name])


def _calls(reason: str) -> Figure:
    return lambda of: float(of.host_calls[reason].sum()) if reason in of.host_calls else 0.0


def _limited(reason: str) -> Figure:
    return lambda of: float(of.rate_limited.get(reason, 0))


def _mean_instant(event: str) -> Figure:
    """From the trace: when events of a name happen, on average."""
    time_s, name = TRACE_COLUMNS.index("time_s"), TRACE_COLUMNS.index("event")

    def mean(of: Run) -> float:
        assert of.trace is not None
        times_s: list[float] = [row[time_s] for row in of.trace if row[name] == event]
        return sum(times_s) / len(times_s)

    return mean


def _a_page_load(of: Run, total: float) -> float:
    return total / _calls("page_load")(of)


def _ended_by(word: str) -> Figure:
    """Whether that ended the case; the oracle does not say."""
    return lambda of: float("nan") if of.ended is None else float(of.ended[0] == word)


_ENDS = (
    *("token expiry", "list entry expiry", "check", "push", "nothing was open"),
    *("check at local", "check at host"),
)
FIGURES: dict[str, Figure] = {
    "window s": _case("exposure_s"),
    "window of reads s": _case("exposure_read_s"),
    "window of writes s": _case("exposure_write_s"),
    "last click s": _case("last_click_s"),
    "reads": _case("unauthorised_reads"),
    "writes": _case("unauthorised_writes"),
    "polls": _case("unauthorised_polls"),
    "messages": _case("unauthorised_messages"),
    "bytes": _case("unauthorised_bytes"),
    "recoverable writes": _case("recoverable_writes"),
    "forewarned reads": _case("forewarned_reads"),
    "forewarned writes": _case("forewarned_writes"),
    "refused": _case("refused"),
    "administrations": _case("unauthorised_admin"),
    "window of administration s": _case("exposure_admin_s"),
    "page open": _case("page_open"),
    "censored": _case("censored"),
    "bound s": _case("bound_s"),
    "interruptions": lambda of: float(of.interruptions),
    "input lost s": lambda of: of.lost_input_s,
    "honest s": lambda of: of.honest_s,
    "reuses": lambda of: float(of.reuses),
    "false logouts": lambda of: float(of.false_logouts),
    "honest refused": lambda of: float(of.honest_refused),
    "requests sent": lambda of: float(of.requests["sent"]),
    "requests failed": lambda of: float(of.requests["failed"]),
    "renewals": _calls("renewal"),
    "checks": _calls("check"),
    "rechecks": _calls("recheck"),
    "page loads": _calls("page_load"),
    "renewals limited": _limited("renewal"),
    "checks limited": _limited("check"),
    "page loads limited": _limited("page_load"),
    "longest Retry-After s": lambda of: of.retry_after_s,
    "events pushed": lambda of: float(of.events["pushed"]),
    "events lost": lambda of: float(of.events["lost"]),
    "mean response s": lambda of: of.all_responses().mean(),
    "mean overhead s": lambda of: of.all_auth_overheads().mean(),
    "mean entries": lambda of: of.entries["allowlist"][0],
    "mean entries of the denylist": lambda of: of.entries["denylist"][0],
    "busy share of the app": lambda of: of.stations["app"].utilisation,
    "mean queue of the app": lambda of: of.stations["app"].queue,
    "seconds inside visits": lambda of: of.visit_s,
    "clicks a page load": lambda of: _a_page_load(of, of.honest_clicks),
    "writes a page load": lambda of: _a_page_load(of, of.response[Kind.WRITE].n),
    "seconds inside visits a page load": lambda of: _a_page_load(of, of.visit_s),
}
TRACED: dict[str, Figure] = {
    "mean instant of a click s": _mean_instant("click"),
    "mean instant of a page seen s": _mean_instant("page_seen"),
}
ENDED: dict[str, Figure] = {f"ended by {word}": _ended_by(word) for word in _ENDS}
FIGURES |= TRACED | ENDED


@dataclass(frozen=True)
class Clockwork:
    """A strategy, changes of the world, and what must come out; `log` holds the rows of an access log, where people
    come from one."""

    name: str
    strategy: dict[str, Any]
    expected: dict[str, float]
    changes: dict[str, Any] = field(default_factory=dict)
    log: str = ""

    @property
    def traced(self) -> bool:
        """Whether a figure is read from the trace."""
        return not TRACED.keys().isdisjoint(self.expected)


def token(lifetime: Any = 300.0, **more: Any) -> dict[str, Any]:
    """A token of 300 s that only a page load renews, unless said."""
    return {"token": {"lifetime": lifetime, **more}}


def pushed(effect: str, cause: str = "deactivation") -> dict[str, Any]:
    """An event of one cause with an effect."""
    return {"push": {"causes": [cause], "effect": effect}}


ALLOW = {"scope": "all", "asks": "permission"}
LONG_TOKEN = token(28800.0)
NO_CASE = {"cases.deactivation": {"share": 0}}
LOST = NO_CASE | {"cases.permission_loss": {"share": 1}}
LOGOUT = NO_CASE | {"cases.logout": {"share": 1}}
DELAYED = {"push.delay": 45.0, "push.loss": 0}
LEAVES = {"behaviour.probabilities": {"leave": 1}}
WRITES = {"workload.kinds": {"write": 1}}
SHORT_VISITS = {
    "workload.requests_per_page": 1,
    "workload.pages_per_visit": 1,
    "workload.visit_ends": {"close": 1},
}

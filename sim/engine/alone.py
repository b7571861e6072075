"""Which people are run one after the other: what couples them, and what was seen before (model, section 10).

Independent people need no common calendar. A run that turns out to have reached a capacity (`capacity`) is made again with everybody together,
so the record is that of the common run whatever is decided here. What couples people is declared; a setting that is not known
here couples them too.
"""

import math
from collections.abc import Callable, Iterator
from functools import cache
from threading import Lock
from typing import Any, get_args

from pydantic import BaseModel

from sim.engine import Progress
from sim.engine.arrays import go_by_events
from sim.engine.given import Given, has_lines, nodes, several
from sim.engine.limits import ALONE_FROM
from sim.engine.recorded import never_ends
from sim.engine.recording import Run
from sim.engine.state import Station
from sim.model.limits import Limiter
from sim.model.strategies import Strategy
from sim.scenario import Scenario

_KEPT = 256

# What makes people depend on one another, or on what happens to all: in words, and whether a run is given it.
COUPLES: dict[str, Callable[[Given], bool]] = {
    "events are kept in their order": lambda g: g.tracing,
    "a strategy written in Python": lambda g: type(g.strategy) is not Strategy,
    "workers are held": lambda g: g.scenario.app.holds_worker,
    "a sender stops after failures": lambda g: any(
        channel.disabled_after for channel in g.channels.values()
    ),
    "a limit that is no bucket": lambda g: (
        g.scenario.host.rate_limit is not None
        and g.scenario.host.rate_limit.limiter != Limiter.BUCKET
    ),
    "only events tell whose turn it is at a station": lambda g: any(
        by_events and math.isfinite(g.at(station.path))
        for by_events, station in zip(go_by_events(g), Station, strict=False)
    ),
    "people have several pages": several,
    "the app has several nodes": lambda g: nodes(g) > 1,
    "others than the host are asked": lambda g: bool(g.deciders),
    "there are several checks": lambda g: len(g.checks) > 1,
    "pages send by themselves": has_lines,
    "a setting that is not known here": lambda g: (
        sets_unknown(g.scenario) or sets_unknown(g.strategy)
    ),
}

# The settings that were looked at when this was written, by the table that they stand in: each concerns one person at a time, or
# is named above, or is none of the engine's. What is not here makes people run together, unless it is left at its default.
KNOWN: dict[str, str] = {
    "Scenario": "format title question path run organisation workload cases behaviour directory host app auth_server"
    " store push channels network strategies swept goals sources deciders",
    "Run": "seed horizon_s warm_up_s replications drain_s precision max_replications",
    "Organisation": "people admins shift visits devices",
    "Shift": "start_s end_s",
    "Law": "dist",
    "Workload": "think requests_per_page pages_per_visit visit_ends kinds read_size tabs poll hidden_tabs daily log"
    " mode log_options",
    "ThinkTimes": "read write admin",
    "VisitEnds": "logout close leave_open",
    "Kinds": "read write admin",
    "Poll": "every_s when",
    "HiddenTabs": "after_s timers_every_s",
    "Cases": "from_s until_s deactivation permission_loss logout admin_loss notice_lead detected_after"
    " rollback_window_s",
    "CauseShare": "share per_month",
    "OwnCauseShare": "share per_month propagation",
    "LogoutShare": "share per_month propagation of",
    "Behaviour": "probabilities storm takeover",
    "Probabilities": "leave continue_ storm cut_off",
    "Storm": "think kinds gives_up_after duration_s",
    "Takeover": "probability delay behaviour",
    "Directory": "propagation",
    "Host": "servers page_load renewal check retry_after_s rate_limit outages clock_offset",
    "RateLimit": "per_second burst per_hour kind counts_refused retry_after",
    "Outages": "every starts_s lasts",
    "App": "workers holds_worker verify service clock_offset nodes routing",
    "Service": "read write admin",
    "Decider": "check knows_after outages rate_limit servers trip",
    "KnowsAfterOfCauses": "deactivation permission_loss logout admin_loss",
    "AuthServer": "servers renewal clock_offset",
    "Store": "lookup",
    "PushChannel": "delay loss retries outages on_outage every_s disabled_after disabled_for_s",
    "Channel": "delay loss retries outages on_outage every_s disabled_after disabled_for_s",
    "Delays": "",
    "Retries": "most wait backoff first",
    "Network": "client_app client_host app_host",
    "Strategy": "name sentence source token allowlist check push connection",
    "Token": "clock lifetime leeway_s absolute_s renewal refresh_at refresh_lifetime_s revalidates uses held_by"
    " not_before rotation",
    "Rotation": "grace_s on_reuse",
    "Allowlist": "clock lifetime of renewal absolute_s step",
    "Check": "clock scope asks allow_for_s deny_for_s timeout_s on_failure stale_for_s slides refresh cached at",
    "Slides": "step",
    "Refresh": "stale_for_s refusal_replaces",
    "Push": "causes effect channel",
    "Connection": "recheck_s lasts closed_by_push kinds messages reconnect_s",
    "Messages": "every size",
}
_NOT_OF_THE_ENGINE = ("Goals", "CauseGoals")


def what_couples(given: Given) -> list[str]:
    """Why people of a run cannot be run one after the other, in words; empty where they can."""
    return [words for words, holds in COUPLES.items() if holds(given)]


def run(
    given: Given,
    together: bool | None,
    one: Callable[[bool, Progress | None], Run | None],
    progress: Progress | None,
) -> Run:
    """The run that `one` makes of people who are alone (None: they met), else of everybody together.

    `together`: whether so in any case; False: alone, however few they are, unless something couples them.
    """
    reached = 0.0

    def alone(share: float) -> None:
        nonlocal reached
        reached = share
        if progress is not None:
            progress(share)

    def rest(share: float) -> None:
        if progress is not None:
            progress(reached + (1.0 - reached) * share)

    found = None
    if together is None:
        few = given.scenario.organisation.people < ALONE_FROM
        together = few or met_before(given)
    if not (together or what_couples(given)):
        found = one(True, alone)
        if found is None:
            remember(given)
    if found is None:
        found = one(False, None if progress is None else rest)
    assert found is not None
    return found


def endless(world: Any, given: Given) -> None:
    """Something goes on for ever: raise, or return None where everybody together shall say so."""
    if not world.alone:
        raise never_ends(world, given)


# -- settings that are not known ----------------------------------------------------------------


@cache
def unknown() -> frozenset[tuple[str, str]]:
    """Tables and names of settings that are not in `KNOWN`."""
    tables: dict[str, type[BaseModel]] = {}
    for model in (Scenario, Strategy):
        _reach(model, tables)
    return frozenset(
        (table, name)
        for table, model in tables.items()
        if table not in _NOT_OF_THE_ENGINE
        for name in model.model_fields
        if name not in KNOWN.get(table, "").split()
    )


def _reach(kind: Any, tables: dict[str, type[BaseModel]]) -> None:
    """All tables that a type names."""
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind.__name__ not in tables:
        tables[kind.__name__] = kind
        for field in kind.model_fields.values():
            _reach(field.annotation, tables)
    for part in get_args(kind):
        _reach(part, tables)


def sets_unknown(table: BaseModel) -> bool:
    """Whether a setting that is not known is not at its default."""
    return bool(unknown()) and any(_unknown_in(table, unknown()))


def _unknown_in(value: Any, names: frozenset[tuple[str, str]]) -> Iterator[bool]:
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            inside = getattr(value, name)
            if (type(value).__name__, name) in names:
                yield inside != field.get_default(call_default_factory=True)
            yield from _unknown_in(inside, names)
    elif isinstance(value, (tuple, list)):
        for inside in value:
            yield from _unknown_in(inside, names)


# -- what was seen before -----------------------------------------------------------------------

_LOCK = Lock()
_met: dict[tuple[int, int], tuple[Any, Any]] = {}  # held, so that a number stands for one object


def met_before(given: Given) -> bool:
    """Whether another replication of the same objects reached a capacity: then they are run together at once."""
    return (id(given.scenario), id(given.strategy)) in _met


def remember(given: Given) -> None:
    """People met in this run."""
    with _LOCK:
        if len(_met) >= _KEPT:
            _met.pop(next(iter(_met)))
        _met[id(given.scenario), id(given.strategy)] = given.scenario, given.strategy

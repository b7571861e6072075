"""From a scenario and a strategy to the arrays of a run, and from the arrays back to what was recorded."""

import math
from typing import Any

import numpy as np

from sim.basics.distributions import Constant, Law
from sim.basics.streams import stream_bases
from sim.coverage import bound_s
from sim.engine.compiled import layout
from sim.engine.compiled.layout import Arrays
from sim.engine.footprint import require_bytes
from sim.engine.histogram import BUCKETS, TICKS_PER_S, Histogram
from sim.engine.limits import Bounds, TooMuch
from sim.engine.recording import CASE_TYPE, EVENTS, Cases, ListBook, Run, minutes_of, window_s
from sim.engine.station import StationBooks
from sim.model.mechanisms import CAUSES, CHECK_SEES, KINDS, SEEN_THROUGH, Cause, Kind
from sim.model.strategies import Strategy
from sim.scenario import Scenario
from sim.workload import plan_laws
from sim.workload.daily import weights_of
from sim.workload.synthetic import PlanLaws

INF = math.inf
RENEWALS = {"page": 1, "sliding": 2, "host": 3, "host_each": 4, "app": 5}
EFFECTS = {"drop_entries": 0, "denylist": 1, "not_before": 2, "drop_refresh": 3}
STATIONS = ("app", "host", "auth_server")
REASONS = ("page_load", "renewal", "check")
NOTHING = Constant(value=0.0)


def arrays_of(
    scenario: Scenario, strategy: Strategy, replication: int, seed: int, tracing: bool
) -> Arrays:
    """The arrays of one replication, everybody still at rest."""
    plan = plan_laws(scenario)
    window, people = window_s(scenario), scenario.organisation.people
    laws, tables = _laws(scenario, strategy, plan)
    world = _world(scenario, strategy, plan, tracing)
    capacities = [scenario.app.workers, scenario.host.servers, scenario.auth_server.servers]
    heaps = [0 if math.isinf(number) else int(number) for number in capacities]
    stations = np.zeros(3, layout.STATION)
    stations["first"] = np.cumsum([0, *heaps[:2]])
    stations["by_events"] = _go_by_events(scenario)
    stations["first_waiting"] = layout.NONE
    histograms = np.zeros(6, layout.HISTOGRAM)
    histograms["low"], histograms["high"] = INF, -INF
    remembers = _remembers(strategy)
    refreshes = bool(strategy.token is not None and strategy.token.refresh_at)
    pools = (
        _pool(layout.PAGE, "stamped", people + people // 32 + 64),
        _pool(layout.TASK, "next", (people if refreshes else people // 64) + 256),
        _pool(layout.CREDENTIAL, "next", people // 64 + 64),
        _pool(layout.WAITING, "next", people + people // 64 + 2 * int(world[0]["heap_reserve"])),
    )
    pages = len(pools[0])
    _start(world, pools)
    log = plan.visits
    return Arrays(
        world=world,
        laws=laws,
        tables=tables,
        bases=stream_bases(seed, replication, layout.STREAM_BASES),
        daily=np.array(weights_of(plan.daily) if plan.daily else [0.0], np.float64),
        log_pages=np.zeros(1, np.int64) if log is None else log.pages,
        log_loads=np.zeros(1, np.int64) if log is None else log.loads,
        log_think=np.zeros(1) if log is None else log.think_s,
        log_kind=np.zeros(1, np.int8) if log is None else log.kind,
        log_bytes=np.zeros(1) if log is None else log.bytes,
        persons=np.zeros(people, layout.PERSON),
        holders=np.zeros(people if scenario.app.holds_worker else 1, layout.HOLDER),
        pages=pools[0],
        entries=np.zeros(pages if world[0]["allowlist"] else 1),
        longest=np.zeros(pages if world[0]["keeps_longest"] else 1),
        background=np.zeros(pages if refreshes else 1, layout.BACKGROUND),
        credentials=pools[2],
        tasks=pools[1],
        cases=np.zeros(0, layout.CASE),
        answers_until=np.full(people if remembers else 1, -INF),
        answers=np.zeros(people if remembers else 1, np.int8),
        stamped_until=np.full(people if world[0]["names_tokens"] else 1, -INF),
        events=pools[3],
        first_of_row=np.full(_rows(people) + 1, layout.NONE, np.int32),
        heap=np.zeros(2 * int(world[0]["heap_reserve"]), layout.EVENT),
        stations=stations,
        free_at=np.zeros(sum(heaps) + 1),
        histograms=histograms,
        counts=np.zeros(6 * BUCKETS, np.int64),
        minute_ticks=np.zeros(minutes_of(window), np.int64),
        minute_clicks=np.zeros(minutes_of(window), np.int64),
        calls=np.zeros(3 * minutes_of(window), np.int64),
        limited=np.zeros(3, np.int64),
        changes=np.zeros(2 * (ListBook.INSTANTS + 1), np.int64),
        trace=np.zeros(2 * int(world[0]["row_reserve"]) if tracing else 0, layout.ROW),
    )


def wired(arrays: Arrays) -> Arrays:
    """The arrays with their addresses and lengths written into the record of the world."""
    world = arrays.world[0]
    for name in Arrays._fields[1:]:
        array = getattr(arrays, name)
        assert array.flags.c_contiguous and array.ndim == 1
        world[f"at_{name}"], world[f"n_{name}"] = array.ctypes.data, len(array)
    return arrays


def with_cases(arrays: Arrays, number: int) -> Arrays:
    """Room for the cases of the run, for the events that begin them, and for the credentials that could still be presented.

    At any instant some of the people with a case hold none, so there are fewer credentials than cases.
    """
    arrays = arrays._replace(cases=np.zeros(number, layout.CASE))
    arrays = _with_pool(arrays, "credentials", len(arrays.credentials) + 5 * number // 8)
    return wired(_with_pool(arrays, "events", number + len(arrays.events)))


_FULL = {
    layout.NEEDS_PAGES: "pages",
    layout.NEEDS_TASKS: "tasks",
    layout.NEEDS_CREDENTIALS: "credentials",
    layout.NEEDS_HEAP: "heap",
    layout.NEEDS_ROWS: "trace",
    layout.NEEDS_EVENTS: "events",
}
# The fields that link free places.
_LINKS = {"pages": "stamped", "tasks": "next", "credentials": "next", "events": "next"}
_PART = 1 << 16
_TOO_LONG = {
    "trace": "the trace",
    "tasks": "what goes on at the same time (host.check, push.retries)",
}
_OF_PAGES = (
    "entries",
    "longest",
    "background",
)  # arrays with a place for each page, where they are needed


def grown(arrays: Arrays, code: int) -> Arrays:
    """The arrays with more room in the one that is full; what is there stays where it is."""
    name = _FULL[code]
    size = len(getattr(arrays, name))
    size += size // (16 if size > 100_000 else 2) + 64 + int(arrays.world[0]["held"])
    if name not in _LINKS:
        return wired(_with_longer(arrays, name, size))
    for beside in _OF_PAGES if name == "pages" else ():
        if len(getattr(arrays, beside)) > 1:
            arrays = _with_longer(arrays, beside, size)
    return wired(_with_pool(arrays, name, size))


def never_ends(arrays: Arrays, scenario: Scenario) -> TooMuch:
    """What to raise where `advance` returned ENDLESS."""
    w = arrays.world[0]
    return Bounds.of(scenario).broken(int(w["broken"]), int(w["endless"]) - 1, float(w["acted_at"]))


def emptied(arrays: Arrays) -> Arrays:
    """Without what is not recorded, so that records of many cases find room where people were."""
    nothing: Any = None
    people = ("persons", "holders", "pages", "entries", "longest", "background", "credentials")
    rest = ("tasks", "answers_until", "answers", "stamped_until", "events", "heap")
    return arrays._replace(**dict.fromkeys((*people, *rest), nothing))


def _with_longer(arrays: Arrays, name: str, size: int) -> Arrays:
    old = getattr(arrays, name)
    if len(old) >= size:
        return arrays
    require_bytes(size * old.dtype.itemsize, _TOO_LONG.get(name, "organisation.people"))
    longer = np.zeros(size, old.dtype)
    longer[: len(old)] = old
    return arrays._replace(**{name: longer})


def _pool(dtype: Any, link: str, size: int) -> Any:
    pool = np.zeros(size, dtype)
    _link(pool[link], 0)
    return pool


def _link(links: Any, first: int) -> None:
    """From the place `first` on each free place names the next; in parts, since a whole range would be 8 bytes a person."""
    for begin in range(first, len(links), _PART):
        end = min(begin + _PART, len(links))
        links[begin:end] = np.arange(begin + 1, end + 1)


def _rows(people: int) -> int:
    """Number of rows of the calendar: few events in each, and a small part of the memory."""
    return max(1 << 16, people // 2)


def _with_pool(arrays: Arrays, name: str, size: int) -> Arrays:
    """A larger pool: the new places go to the head of the free list, the old list follows."""
    before = len(getattr(arrays, name))
    if before >= size:
        return arrays
    arrays = _with_longer(arrays, name, size)
    world, pool, one = arrays.world[0], getattr(arrays, name), name.removesuffix("s")
    _link(pool[_LINKS[name]], before)
    pool[_LINKS[name]][size - 1] = world[f"free_{one}"]
    world[f"free_{one}"] = before
    world[f"{name}_left"] += size - before
    return arrays


def _start(world: Any, pools: tuple[Any, Any, Any, Any]) -> None:
    """The state before anything has happened."""
    for name, pool in zip(_LINKS, pools, strict=True):
        world[0][f"{name}_left"] = len(pool)
    world["level_0"], world["level_1"] = world["capacity_0"], world["capacity_1"]
    for name in ("first_held", "last_held", "woken", "first_waiting", "last_waiting", "scout"):
        world[name] = layout.NONE
    world["logout_person"] = layout.NONE
    world["acted_at"] = -1.0
    world["rows_per_s"] = _rows(int(world[0]["people"])) / world[0]["end"]


def _go_by_events(scenario: Scenario) -> list[bool]:
    """Stations at which somebody who waited can be served in no time at all."""
    host, service, end_s = scenario.host, scenario.app.service, scenario.run.end_s
    return [
        not scenario.app.holds_worker
        and _some_take_no_time(end_s, service.read, service.write, service.admin),
        _some_take_no_time(end_s, host.page_load, host.renewal, host.check),
        _some_take_no_time(end_s, scenario.auth_server.renewal),
    ]


def _some_take_no_time(end_s: float, *laws: Law) -> bool:
    """Whether a time of one of them, added to the clock, can leave it as it is: once in a thousand million draws."""
    return any(law.draws_0() or law.quantile(1e-9) <= math.ulp(end_s) for law in laws)


# -- laws ---------------------------------------------------------------------------------------


def _laws(scenario: Scenario, strategy: Strategy, plan: PlanLaws) -> tuple[Any, Any]:
    """The table of laws, in the order of `layout`, and their tables of numbers."""
    network, host, app, push = scenario.network, scenario.host, scenario.app, scenario.push
    token, allowlist, host_out, push_out = (
        strategy.token,
        strategy.allowlist,
        scenario.host.outages,
        scenario.push.outages,
    )
    laws: list[Law] = [
        *(network.client_app, network.client_host, network.app_host),
        *(host.page_load, host.renewal, host.check, scenario.auth_server.renewal),
        *(app.verify, scenario.store.lookup),
        *(app.service.read, app.service.write, app.service.admin),
        NOTHING if token is None else token.lifetime,
        NOTHING if allowlist is None else allowlist.lifetime,
        *(scenario.behaviour.storm.think, scenario.workload.read_size),
        *(plan.pause, plan.think, plan.pages, plan.requests, plan.size),
        *(scenario.directory.propagation, scenario.cases.notice_lead),
        *(scenario.cases.detected_after, scenario.behaviour.takeover.delay),
        *(push.delay, push.retries.wait),
        NOTHING if host_out is None else host_out.every or NOTHING,
        NOTHING if host_out is None else host_out.lasts,
        NOTHING if push_out is None else push_out.every or NOTHING,
        NOTHING if push_out is None else push_out.lasts,
    ]
    table = np.zeros(layout.LAWS, layout.LAW)
    numbers: list[float] = []
    for row, law in zip(table, laws, strict=True):
        code, a, b, c, cap, quantiles = law.coefficients()
        row["code"], row["a"], row["b"], row["c"], row["cap"] = code, a, b, c, cap
        row["first"], row["length"] = len(numbers), len(quantiles)
        numbers.extend(quantiles)
    return table, np.array(numbers or [0.0], np.float64)


# -- settings -----------------------------------------------------------------------------------


def _world(scenario: Scenario, strategy: Strategy, plan: PlanLaws, tracing: bool) -> Any:
    window, people = window_s(scenario), scenario.organisation.people
    shift = scenario.organisation.shift
    values: dict[str, Any] = {
        "horizon": scenario.run.horizon_s,
        "end": scenario.run.end_s,
        "window_from": window[0],
        "window_until": window[1],
        "instant_step": (window[1] - window[0]) / ListBook.INSTANTS,
        "shift_start": shift.start_s,
        "shift_end": shift.end_s,
        "people": people,
        "tracing": tracing,
        "runs_ahead": not tracing and _may_run_ahead(scenario, strategy),
        "admins": scenario.organisation.admins,
        "heap_reserve": 64 + (people if scenario.app.holds_worker else 0),
        **_bounds(scenario),
        "row_reserve": 256 + (4 * people if scenario.app.holds_worker else 0),
        **_plan_settings(plan),
        **_party_settings(scenario),
        **_case_settings(scenario),
        **_token_settings(strategy),
        **_check_settings(strategy),
        **_push_settings(scenario, strategy),
    }
    world = np.zeros(1, layout.WORLD)
    assert set(values) == set(layout.SETTINGS.names or ())
    for name, value in values.items():
        world[0][name] = value
    return world


def _bounds(scenario: Scenario) -> dict[str, int]:
    bounds = Bounds.of(scenario)
    return {
        "most_an_instant": bounds.an_instant,
        "most_a_run": bounds.a_run,
        "most_tries": bounds.tries,
    }


def _may_run_ahead(scenario: Scenario, strategy: Strategy) -> bool:
    """Whether nobody else changes anything for a person without a case between two meetings (`calendar`).

    Not where workers are held from one meeting to the next, where tokens are renewed in the background, and where events
    about logouts arrive later. Nor where the network may take no time: what arrives in the very instant in which it was sent
    comes after what was due in that instant.
    """
    token = strategy.token
    refreshes = token is not None and bool(token.refresh_at)
    at_once = _some_take_no_time(
        scenario.run.end_s, scenario.network.client_app, scenario.network.client_host
    )
    told = _told_of_logouts(strategy)
    return not (scenario.app.holds_worker or told or refreshes or at_once)


def _told_of_logouts(strategy: Strategy) -> bool:
    """Whether events can arrive about people without a case."""
    return strategy.push is not None and strategy.push.carries(Cause.LOGOUT)


def _plan_settings(plan: PlanLaws) -> dict[str, Any]:
    return {
        **dict(zip(("read", "write", "admin"), plan.kinds, strict=True)),
        **dict(zip(("logout", "close", "leave_open"), plan.visit_ends, strict=True)),
        "daily": plan.daily is not None,
        "replayed": plan.visits is not None,
        "log_visits": 0 if plan.visits is None else len(plan.visits.pages) - 1,
    }


def _party_settings(scenario: Scenario) -> dict[str, Any]:
    limit = scenario.host.rate_limit
    per_hour = None if limit is None else limit.per_hour
    return {
        "workers": scenario.app.workers,
        "holds_worker": scenario.app.holds_worker,
        "host_servers": scenario.host.servers,
        "auth_servers": scenario.auth_server.servers,
        "retry_after": scenario.host.retry_after_s,
        "buckets": 0 if limit is None else (1 if per_hour is None else 2),
        "rate_0": 0.0 if limit is None else limit.per_second,
        "capacity_0": 0.0 if limit is None else limit.burst or 1.0,
        "rate_1": 0.0 if per_hour is None else per_hour / 3600.0,
        "capacity_1": per_hour or 0.0,
        "host_outages": _outages(scenario.host.outages),
        "host_starts": _starts(scenario.host.outages),
        "push_starts": _starts(scenario.push.outages),
    }


def _outages(settings: Any) -> int:
    if settings is None:
        return layout.NEVER
    return layout.ONCE if settings.every is None else layout.ALTERNATING


def _starts(settings: Any) -> float:
    return 0.0 if settings is None or settings.starts_s is None else float(settings.starts_s)


def _case_settings(scenario: Scenario) -> dict[str, Any]:
    cases, behaviour = scenario.cases, scenario.behaviour
    storm, p = behaviour.storm, behaviour.probabilities
    return {
        "case_from": cases.from_s,
        "case_until": cases.until_s,
        "rollback": cases.rollback_window_s,
        "deactivation": cases.share_of("deactivation"),
        "permission_loss": cases.share_of("permission_loss"),
        "logout_case": cases.share_of("logout"),
        "admin_loss": cases.share_of("admin_loss"),
        "leave": p.leave,
        "go_on": p.continue_,
        "storm": p.storm,
        "cut_off": p.cut_off,
        "takeover": behaviour.takeover.probability,
        "taker_storms": behaviour.takeover.behaviour == "storm",
        "gives_up": storm.gives_up_after,
        "storm_duration": storm.duration_s,
        "storm_read": storm.kinds.read,
        "storm_write": storm.kinds.write,
        "storm_admin": storm.kinds.admin,
    }


def _token_settings(strategy: Strategy) -> dict[str, Any]:
    token = strategy.token
    if token is None:
        names = ("can_renew", "leeway", "refresh_at", "renewal_refuses", "renewal_sees")
        unlimited = {"absolute": INF, "refresh_lifetime": INF}
        return {
            "renewal": layout.NO_TOKEN,
            "renewal_asks_admin": 0,
            **dict.fromkeys(names, 0),
            **unlimited,
        }
    by_host = token.renewal in ("host", "host_each")
    seen = set(token.revalidates) - {"admin"}
    return {
        "renewal": RENEWALS[token.renewal],
        "can_renew": by_host or token.renewal == "app",
        "leeway": token.leeway_s,
        "absolute": INF if token.absolute_s is None else token.absolute_s,
        "refresh_at": token.refresh_at or 0.0,
        "refresh_lifetime": INF if token.refresh_lifetime_s is None else token.refresh_lifetime_s,
        "renewal_refuses": _mask(SEEN_THROUGH[cause] in seen for cause in Cause),
        "renewal_sees": _mask(token.renewal_sees(cause) for cause in Cause),
        "renewal_asks_admin": by_host and "admin" in token.revalidates,
    }


def _check_settings(strategy: Strategy) -> dict[str, Any]:
    check = strategy.check
    if check is None:
        names = ("check", "check_kinds", "check_sees", "check_refuses", "check_asks_admin")
        return dict.fromkeys(
            (*names, "fails_open", "remembers", "allow_for", "deny_for", "timeout"), 0
        )
    sees = CHECK_SEES[check.asks]
    return {
        "check": 1,
        "check_kinds": _mask(check.covers(kind) for kind in Kind),
        "check_sees": _mask(check.sees(cause) for cause in Cause),
        "check_refuses": _mask(SEEN_THROUGH[cause] in sees - {"admin"} for cause in Cause),
        "check_asks_admin": "admin" in sees,
        "fails_open": check.on_failure == "allow",
        "remembers": _remembers(strategy),
        "allow_for": check.allow_for_s,
        "deny_for": check.deny_for_s,
        "timeout": check.timeout_s,
    }


def _remembers(strategy: Strategy) -> bool:
    """Whether the app keeps answers of the host."""
    check = strategy.check
    return check is not None and max(check.allow_for_s, check.deny_for_s) > 0


def _push_settings(scenario: Scenario, strategy: Strategy) -> dict[str, Any]:
    channel, push = scenario.push, strategy.push
    return {
        "allowlist": strategy.allowlist is not None,
        "push": push is not None,
        "push_causes": 0 if push is None else _mask(push.carries(cause) for cause in Cause),
        "push_effect": 0 if push is None else EFFECTS[push.effect],
        "names_tokens": push is not None and push.effect in ("denylist", "not_before"),
        "keeps_longest": _told_of_logouts(strategy)
        and strategy.token is not None
        and strategy.token.renewal != "page",
        "push_outages": layout.NEVER if push is None else _outages(channel.outages),
        "push_holds": channel.on_outage == "hold",
        "loss": channel.loss,
        "most": channel.retries.most,
        "backoff": channel.retries.backoff,
    }


def _mask(bits: Any) -> int:
    return sum(1 << place for place, bit in enumerate(bits) if bit)


# -- what was recorded --------------------------------------------------------------------------


def recorded(
    arrays: Arrays, scenario: Scenario, strategy: Strategy, replication: int, in_flight: int
) -> Run:
    """The record of the run."""
    state = arrays.world[0]
    decided = int(state["accepted"] + state["refused"] + state["failed"])
    assert state["sent"] == decided + in_flight, "requests must be conserved"
    window = window_s(scenario)
    return Run(
        strategy=strategy.name,
        replication=replication,
        window_s=window,
        cases=_cases(arrays, scenario, strategy),
        response=_histograms(arrays, 0),
        auth_overhead=_histograms(arrays, 1),
        response_sum_s=arrays.minute_ticks / TICKS_PER_S,
        response_n=arrays.minute_clicks,
        honest_clicks=int(state["clicks"]),
        honest_refused=int(state["clicks_refused"]),
        interruptions=int(state["interruptions"]),
        visit_s=int(state["visit_ticks"]) / TICKS_PER_S,
        requests={
            **{name: int(state[name]) for name in ("sent", "accepted", "refused", "failed")},
            "in_flight": in_flight,
        },
        host_calls={
            name: row
            for name, row in zip(REASONS, arrays.calls.reshape(3, -1), strict=True)
            if row.any()
        },
        rate_limited={name: int(n) for name, n in zip(REASONS, arrays.limited, strict=True) if n},
        retry_after_s=float(state["told_retry_after"]),
        entries=_entries(arrays, window),
        events={"pushed": int(state["pushed"]), "lost": int(state["lost"])},
        stations=_stations(arrays, scenario, window),
        trace=_trace(arrays) if arrays.world[0]["tracing"] else None,
    )


def _histograms(arrays: Arrays, which: int) -> tuple[Histogram, Histogram, Histogram]:
    read, write, admin = (
        Histogram(counts.copy(), int(h["n"]), int(h["total"]), float(h["low"]), float(h["high"]))
        for counts, h in zip(
            arrays.counts.reshape(2, 3, -1)[which],
            arrays.histograms.reshape(2, 3)[which],
            strict=True,
        )
    )
    return read, write, admin


def _entries(arrays: Arrays, window: tuple[float, float]) -> dict[str, tuple[float, float]]:
    result = {}
    for which, name in enumerate(("allowlist", "denylist")):
        book = ListBook(window)
        book.changes = arrays.changes.reshape(2, -1)[which]
        book.alive_ticks = int(arrays.world[0][f"alive_{which}"])
        result[name] = book.mean_and_peak()
    return result


def _stations(
    arrays: Arrays, scenario: Scenario, window: tuple[float, float]
) -> dict[str, StationBooks]:
    servers = (scenario.app.workers, scenario.host.servers, scenario.auth_server.servers)
    width_s = window[1] - window[0]
    result = {}
    for name, number, b in zip(STATIONS, servers, arrays.stations, strict=True):
        busy_s, queue_s = int(b["busy"]) / TICKS_PER_S, int(b["queue"]) / TICKS_PER_S
        result[name] = StationBooks(
            name,
            int(b["arrivals"]),
            int(b["departures"]),
            int(b["presence"]) / TICKS_PER_S,
            int(b["sojourns"]) / TICKS_PER_S,
            busy_s / (width_s * number) if width_s > 0 else 0.0,
            queue_s / width_s if width_s > 0 else 0.0,
        )
    return result


def _cases(arrays: Arrays, scenario: Scenario, strategy: Strategy) -> Cases:
    c, end_s = arrays.cases, float(arrays.world[0]["end"])
    rows = np.zeros(len(c), CASE_TYPE).view(np.recarray)
    for ours, theirs in _SAME_COLUMNS.items():
        rows[theirs] = c[ours]
    rows.behaviour = np.where(c["cause"] == Cause.LOGOUT, -1, c["behaviour"])
    rows.host_knows_at_s = c["revoked"] + c["propagation"]
    token = strategy.token
    by_itself = token is not None and token.renewal == "app" and token.refresh_at is not None
    extends = np.full(len(c), by_itself)
    if token is not None and token.renewal in ("sliding", "app"):
        extends |= c["actors"] > 0
    bounds_s = np.array(
        [[bound_s(scenario, strategy, cause, kind, 0.0) for kind in Kind] for cause in Cause]
    )
    worst_s = np.full(len(c), -INF)
    for code, kind in enumerate(KINDS):
        lost = (c["kinds"] >> code) & 1 == 1
        bound = c["propagation"] + bounds_s[c["cause"], code]
        worst_s = np.where(lost, np.maximum(worst_s, bound), worst_s)
        last_s = np.maximum(c[f"last_{code}"], c[f"reach_{code}"])
        open_ended = (last_s > end_s) & (extends | (c["pending"] > 0) | np.isinf(last_s))
        censored = open_ended | (c["known"] == 0)
        last_s = np.where(censored, end_s, last_s)
        window_s = np.maximum(np.maximum(0.0, last_s - c["revoked"]), c[f"click_{code}"])
        rows[f"exposure_{kind}_s"] = np.where(lost, window_s, np.nan)
        rows.exposure_s = np.where(lost, np.maximum(rows.exposure_s, window_s), rows.exposure_s)
        rows.censored |= lost & censored
    rows.bound_s = worst_s
    return rows


_SAME_COLUMNS = {
    "person": "person",
    "cause": "cause",
    "administrator": "administrator",
    "revoked": "revoked_at_s",
    "notice": "notice_at_s",
    "page_open": "page_open",
    "last_click": "last_click_s",
    "reads": "unauthorised_reads",
    "writes": "unauthorised_writes",
    "admins": "unauthorised_admin",
    "bytes": "unauthorised_bytes",
    "recoverable": "recoverable_writes",
    "warned_reads": "forewarned_reads",
    "warned_writes": "forewarned_writes",
    "warned_admins": "forewarned_admin",
    "refused": "refused",
}


def _trace(arrays: Arrays) -> list[tuple[Any, ...]]:
    rows = arrays.trace[: int(arrays.world[0]["rows"])]
    serials: dict[int, int] = {}
    result = []
    kinds = (*KINDS, "")  # the last for NONE, -1
    for row in rows.tolist():
        time_s, token_s, entry_s, person, event, kind, decision, reason = row
        serial = serials.get(person, 0)
        serials[person] = serial + 1
        words = (kinds[kind], layout.DECISIONS[decision], layout.REASONS[reason])
        result.append((serial, time_s, person, EVENTS[event], *words, token_s, entry_s))
    return result


assert layout.REASONS[layout.FIRST_CAUSE :][:4] == CAUSES

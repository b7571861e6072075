"""The arrays of a run: made from what it is given, wired to each other, grown where they are full."""

import math
from typing import Any

import numpy as np

from sim.basics.distributions import Constant, Law
from sim.basics.streams import PURPOSES, STREAMS, named_bases, stream_bases
from sim.engine.footprint import require_bytes
from sim.engine.given import (
    NEVER,
    Given,
    by_device,
    causes_of,
    cells_of,
    check_kinds,
    check_refuses,
    check_sees,
    connects,
    has_lines,
    keeps_answers,
    lines_a_page,
    nodes,
    outages,
    refreshes,
    refreshes_answers,
    remembers,
    serves_stale,
    slide_step,
    slides,
    some_take_no_time,
    stale_for,
    told_of_logouts,
)
from sim.engine.histogram import BUCKETS
from sim.engine.limits import TooLarge
from sim.engine.readable import keeps_then, read_as
from sim.engine.recording import ListAccount, minutes_of, window_s
from sim.engine.state import (
    ARRAYS,
    CELLS,
    INF,
    NONE,
    OF_PERSON,
    POOLS,
    ChannelLaw,
    Code,
    DeciderLaw,
    Entries,
    Settings,
    Station,
    world_dtype,
)
from sim.engine.state import Law as Laws
from sim.engine.steps.calendar import NUMBER_BITS
from sim.engine.steps.connections import OF_PAGE
from sim.model.causes import CAUSES, Cause, Kind, lost_kinds
from sim.model.limits import SPANS_S
from sim.model.mechanisms import CHECK_SEES, HOST, PUSH, Effect
from sim.model.outcomes import Call, Ended
from sim.scenario.parties import RateLimit
from sim.workload.daily import weights_of

NOTHING = Constant(value=0.0)
CHANNEL_LAWS = ChannelLaw.FAN_OUT + 1
DECIDER_LAWS = DeciderLaw.KNOWS_AFTER + len(Cause)
Arrays = dict[str, Any]  # by the names of `state.ARRAYS`; `world` holds settings and what changes
FULL = {
    code: name.removeprefix("NEEDS_").lower()
    for name, code in Code.__members__.items()
    if name.startswith("NEEDS_")
}
_PART = 1 << 16
_TOO_LONG = {
    "trace": "the trace",
    "tasks": "what goes on at the same time (host.check, push.retries)",
}
# The places of these are numbers in the keys of events, which have so many bits; a connection's timer has two of them.
MOST_NUMBERS = {"tasks": NUMBER_BITS, "lines": NUMBER_BITS, "connections": 1 << OF_PAGE}
_NUMBERED = {
    "tasks": "tasks in the background",
    "lines": "timers of pages",
    "connections": "connections",
}
_FEWER = {
    "tasks": ", or no token.refresh_at",
    "lines": ", organisation.devices or workload.tabs",
    "connections": ", organisation.devices or workload.tabs",
}
# Arrays with a place for each page, where they are needed; the last ones only where they go by device.
_OF_PAGES = (
    *("entries", "sessions", "families", "longest", "background", "devices", "tabs"),
    *("lines", "connections"),
)
_OF_DEVICES = ("answers", "answers_until", "answers_moved", "answers_stale", "answers_last")
_OF_EVENTS = ("stamped_until", "told_before", "latest", "last_left")
# What is not recorded.
_GONE = (
    *("persons", "holders", "routes", "pages", "entries", "sessions", "longest", "background"),
    *("families", "credentials"),
    *("carriers", "devices", "tabs", "latest", "last_left", "lines", "connections"),
    *(
        "tasks",
        "answers_until",
        "answers",
        "answers_last",
        "stamped_until",
        "events",
        "heap",
        "moments",
        "had",
    ),
    *("limiter_calls", "knows"),
)


def arrays_of(given: Given, replication: int, seed: int, alone: int = 0) -> Arrays:
    """The arrays of one replication, everybody still at rest.

    `alone`: with so many places of persons, for people who are run one after the other.
    """
    world = np.zeros(1, world_dtype())
    for name, field in Settings.fields.items():
        world[0][name] = _setting(given, field)
    arrays = {"world": world} | {name: np.zeros(0, rows.dtype()) for name, rows in ARRAYS.items()}
    arrays |= _laws(given)
    arrays |= _log(given)
    world[0]["alone"] = alone > 0
    arrays |= _people(given, world[0], alone or given.scenario.organisation.people)
    arrays |= _cells(given, world[0])
    arrays |= _records(given, world[0])
    arrays |= {
        "bases": _bases(given, seed, replication),
        "causes": _causes(given),
        "hours": np.array(weights_of(given.plan.daily) if given.plan.daily else [0.0]),
    }
    arrays |= _stations(given) | _hosts(given) | _checks(given) | _channels(given)
    _start(arrays)
    return arrays


def wired(arrays: Arrays) -> Arrays:
    """The arrays with their addresses and lengths written into the record of the world."""
    world = arrays["world"][0]
    for name, rows in ARRAYS.items():
        array = arrays[name]
        assert array.flags.c_contiguous and array.ndim == 1 and array.dtype == rows.dtype()
        world[f"at_{name}"], world[f"n_{name}"] = array.ctypes.data, len(array)
    if world["alone"]:
        turns = max(0, int(world["turn_of"]) - 1)
        for name, setting in OF_PERSON.items():
            if (
                len(arrays[name]) > 1
            ):  # the place of all, reached by the number of him who has the turn
                items = int(world[setting]) if setting else 1
                world[f"at_{name}"] -= arrays[name].dtype.itemsize * items * turns
                world[f"n_{name}"] = max(2, int(world["people"])) * items
    return arrays


def room_for(cases: int, hosts: int, alone: bool = False) -> dict[str, int]:
    """How many more places arrays need for the cases of a run: for events that begin them, for credentials to be presented.

    At any instant some of the people with a case hold none, so there are fewer credentials than cases.
    """
    knows = cases * hosts if hosts > 1 else 0
    first = {} if alone else {"credentials": 5 * cases // 8, "events": cases}
    return {"cases": cases, "knows": knows} | first


def with_cases(arrays: Arrays, number: int) -> Arrays:
    """The arrays with room for the cases of the run."""
    alone = bool(arrays["world"][0]["alone"])
    for name, more in room_for(number, len(arrays["hosts"]), alone).items():
        add = _with_pool if name in POOLS else _with_longer
        arrays = add(arrays, name, len(arrays[name]) + more)
    return wired(arrays)


def grown(arrays: Arrays, code: int) -> Arrays:
    """The arrays with more room in the one that is full; what is there stays where it is."""
    name = FULL[Code(code)]
    before, world = len(arrays[name]), arrays["world"][0]
    size = grown_size(before, int(world["held"]))
    if name not in POOLS:
        return wired(_with_longer(arrays, name, size))
    for beside in beside_pages(world) if name == "pages" else ():
        if len(arrays[beside]) > 1:
            each = places_a_page(beside, world, len(arrays["checks"]))
            more = (size - before) * each
            arrays = _with_longer(arrays, beside, len(arrays[beside]) + more)
    return wired(_with_pool(arrays, name, size))


def places_a_page(beside: str, world: Any, checks: int) -> int:
    """How many places of such an array a page has; `world`: settings by name."""
    if beside in ("lines", "holders", "routes"):
        return int(world["lines_a_page"])
    if beside in ("stamped_until", "told_before"):
        return int(world["event_copies"])
    return checks * int(world["answer_copies"]) if beside in _OF_DEVICES else 1


def beside_pages(world: Any) -> tuple[str, ...]:
    """The arrays that have a place for each page, or else are not used; `world`: settings by name."""
    lined = world["polls"] or world["hides"] or world["connects"]
    return (
        *_OF_PAGES,
        *(_OF_DEVICES if world["answers_a_device"] else ()),
        *(_OF_EVENTS if world["several"] else ()),
        *(("holders",) if lined and world["holds_worker"] else ()),
        *(("routes",) if lined and world["nodes"] > 1 else ()),
    )


def grown_size(size: int, held: int) -> int:
    """How many places an array has once it is grown; `held` events may come back in one instant."""
    return size + size // (16 if size > 100_000 else 2) + 64 + held


def emptied(arrays: Arrays) -> Arrays:
    """Without what is not recorded, so that records of many cases find room where people were."""
    return arrays | dict.fromkeys(_GONE)


# -- what is in them ----------------------------------------------------------------------------


def _setting(given: Given, field: Any) -> Any:
    """The value of a setting, from where it is written."""
    if callable(field.source):
        return field.source(given)
    value = given.at(field.source)
    return field.without if value is None else value


def _laws(given: Given) -> Arrays:
    """The laws and their tables of numbers."""
    laws: list[Law] = [given.at(name.path) or NOTHING for name in Laws]
    laws += _laws_of_channels(given) + _laws_of_deciders(given)
    table = np.zeros(len(laws), ARRAYS["laws"].dtype())
    numbers: list[float] = []
    for row, law in zip(table, laws, strict=True):
        code, a, b, c, cap, quantiles = law.coefficients()
        row["code"], row["a"], row["b"], row["c"], row["cap"] = code, a, b, c, cap
        row["first"], row["length"] = len(numbers), len(quantiles)
        numbers.extend(quantiles)
    return {"laws": table, "tables": np.array(numbers or [0.0], np.float64)}


def _causes(given: Given) -> Any:
    table = np.zeros(len(Cause), ARRAYS["causes"].dtype())
    for row, cause, alike in zip(table, Cause, read_as(given), strict=True):
        row["share"] = given.scenario.cases.share_of(CAUSES[cause])
        row["kinds"] = _kinds(cause, administrator=True)
        row["kinds_of_others"] = _kinds(cause, administrator=False)
        row["noticed"], row["knows_after"] = cause.noticed, _knows_after(given, cause)
        row["administrators_only"] = cause.administrators_only
        row["read_as"] = alike
    return table


def _knows_after(given: Given, cause: Cause) -> int:
    """The law of how long the host needs, or NONE."""
    late = {
        Cause.DEACTIVATION: Laws.PROPAGATION,
        Cause.PERMISSION_LOSS: Laws.PERMISSION_LATE,
        Cause.LOGOUT: Laws.LOGOUT_LATE,
        Cause.ADMIN_LOSS: Laws.ADMIN_LATE,
    }[cause]
    if not cause.propagates and given.scenario.propagation_of(CAUSES[cause]) == NOTHING:
        return NONE
    return late


def _kinds(cause: Cause, administrator: bool) -> int:
    return sum(1 << kind for kind in lost_kinds(cause, administrator))


def _log(given: Given) -> Arrays:
    """The visits of a log, where they are replayed."""
    log = given.plan.visits
    if log is None:
        return {
            name: np.zeros(1, ARRAYS[name].dtype()) for name in ARRAYS if name.startswith("log_")
        }
    return {
        "log_pages": log.pages,
        "log_loads": log.loads,
        "log_think": log.think_s,
        "log_kind": log.kind,
        "log_bytes": log.bytes,
    }


def _no_stale(number: int) -> Any:
    table = np.zeros(number, ARRAYS["answers_stale"].dtype())
    table["until"] = table["asking_until"] = -INF
    return table


def _no_last(number: int) -> Any:
    table = np.zeros(number, ARRAYS["answers_last"].dtype())
    table["came"] = -INF
    return table


def _people(given: Given, world: Any, places: int) -> Arrays:
    """What people have, each array as long as it is needed.

    `places`: of persons. Of people who are run one after the other only one has something at a time.
    """
    people, refreshing = given.scenario.organisation.people, refreshes(given)
    at_once = 1 if world["alone"] else people
    pages = at_once * (1 + 2 * int(world["several"])) + at_once // 32 + 64
    answers = (pages if world["answers_a_device"] else places) * max(1, len(given.checks))
    answers *= int(world["answer_copies"])
    told, copies = pages if world["several"] else places, int(world["event_copies"])
    left = at_once if world["leaves_entries"] and told_of_logouts(given) else 0
    lines = pages * lines_a_page(given)
    sizes = {
        "persons": places,
        "holders": people + lines * has_lines(given) if world["holds_worker"] else 1,
        "routes": people + lines * has_lines(given) if world["nodes"] > 1 else 1,
        "entries": pages if world["allowlist"] else 1,
        "sessions": pages if world["entry_slides"] else 1,
        "families": pages if world["rotates"] else 1,
        "longest": pages if world["keeps_longest"] else 1,
        "background": pages if refreshing else 1,
        "answers": answers if remembers(given) else 1,
        "answers_moved": answers if slides(given) else 1,
        "carriers": people if world["several"] else 1,
        "devices": pages if world["several"] else 1,
        "tabs": pages if world["several"] else 1,
        "moments": places if world["moments"] else 1,
        "had": places * int(world["moments"]) if keeps_then(given) else 1,
        "lines": lines if has_lines(given) else 1,
        "connections": pages if connects(given) else 1,
        "heap": 2 * int(world["heap_reserve"]),
        "trace": 2 * int(world["row_reserve"]) if given.tracing else 0,
    }
    pools = {
        "pages": pages,
        "tasks": _tasks(world, people, refreshing),
        "credentials": at_once // 64 + 64 + left,
        "events": at_once * (1 + has_lines(given)) + at_once // 64 + 2 * int(world["heap_reserve"]),
    }
    for name, size in (sizes | pools).items():
        _require_numbers(name, size)
    return {
        **{name: np.zeros(size, ARRAYS[name].dtype()) for name, size in sizes.items()},
        **{name: _pool(name, size) for name, size in pools.items()},
        "answers_until": np.full(answers if remembers(given) else 1, -INF),
        "answers_stale": _no_stale(answers if refreshes_answers(given) else 1),
        "answers_last": _no_last(answers if serves_stale(given) else 1),
        "stamped_until": np.full(told * copies if world["names_tokens"] else 1, -INF),
        "told_before": np.full(told * copies if world["compares_clocks"] else 1, -INF),
        "latest": np.full(told if world["keeps_latest"] else 1, -INF),
        "last_left": np.full(told if world["leaves_entries"] else 1, NONE, np.int32),
        "first_of_row": np.full(1 if world["alone"] else _rows(people) + 1, NONE, np.int32),
    }


def _tasks(world: Any, people: int, refreshing: bool) -> int:
    if world["alone"]:
        return int(world["task_reserve"]) + 32
    return (people if refreshing else people // 64) + 256


def _cells(given: Given, world: Any) -> Arrays:
    """Cells of time for each of `CELLS`, and one more, in which what goes on at the end of the last is taken off."""
    number, world["cells_per_s"] = cells_of(given) if world["alone"] else (0, 0.0)
    return {"cells": np.zeros(len(CELLS) * (number + 2), np.int32)}


def _records(given: Given, world: Any) -> Arrays:
    """What is recorded."""
    minutes = minutes_of(window_s(given.scenario))
    histograms = np.zeros(6, ARRAYS["histograms"].dtype())
    histograms["low"], histograms["high"] = INF, -INF
    sizes = {
        "counts": 6 * BUCKETS,
        "minute_ticks": minutes,
        "minute_clicks": minutes,
        "calls": len(Call) * minutes,
        "limited": len(Call),
        "changes": len(Entries) * (ListAccount.INSTANTS + 1),
    }
    kinds = 1 + len(Kind) * int(world["by_kind"])  # the worst, then each
    windows = np.zeros(8 * len(Cause) * kinds if world["moments"] else 1, ARRAYS["windows"].dtype())
    sizes["window_counts"] = BUCKETS * len(windows)
    return {
        "histograms": histograms,
        "windows": windows,
        **{name: np.zeros(n, np.int64) for name, n in sizes.items()},
    }


def _stations(given: Given) -> Arrays:
    """The stations, and room for the heaps of their servers."""
    further = nodes(given) - 1
    servers = [given.at(station.path) for station in Station]
    servers += [servers[Station.APP]] * further
    servers += [decider.servers for decider in given.deciders.values()]
    heaps = [0 if math.isinf(number) else int(number) for number in servers]
    by_events = go_by_events(given)
    stations = np.zeros(len(servers), ARRAYS["stations"].dtype())
    stations["servers"] = servers
    stations["first"] = np.cumsum([0, *heaps[:-1]])
    parties, deciders = by_events[: len(Station)], by_events[len(Station) :]
    stations["by_events"] = parties + by_events[:1] * further + deciders
    stations["first_waiting"] = NONE
    return {"stations": stations, "free_at": np.zeros(sum(heaps) + 1)}


def _bases(given: Given, seed: int, replication: int) -> Any:
    """Of the streams, of those of further channels and of deciders by their names, and of further checks by their places."""
    bases = stream_bases(seed, replication, STREAMS)
    channels = [named_bases(bases[:PURPOSES], name) for name in given.channels if name != PUSH]
    asked = {HOST: bases} | {name: named_bases(bases, name) for name in given.deciders}
    deciders = [asked[name] for name in given.deciders]
    checks = [
        named_bases(asked[check.at], f"check {place}")
        for place, check in enumerate(given.checks)
        if place
    ]
    return np.concatenate([bases, *channels, *deciders, *checks])


def _checks(given: Given) -> Arrays:
    """The checks of the strategy. The first one's draws have the streams of who is asked, others a block of their own."""
    checks = given.checks
    rows = np.zeros(len(checks), ARRAYS["checks"].dtype())
    for number, (row, check) in enumerate(zip(rows, checks, strict=True)):
        row["kinds"], row["sees"] = check_kinds(check), check_sees(check)
        row["refuses"] = check_refuses(check)
        row["asks_admin"] = "admin" in CHECK_SEES[check.asks]
        row["timeout"], row["fails_open"] = check.timeout_s, check.on_failure == "allow"
        row["stale_on_failure"] = check.stale_for_s or 0.0
        row["remembers"], row["by_device"] = keeps_answers(check), by_device(given, check)
        row["by_node"] = check.cached == "node"
        row["allow_for"], row["deny_for"] = check.allow_for_s, check.deny_for_s
        row["clock"] = check.keeps_to
        row["slides"], row["slide_step"] = check.slides is not None, slide_step(check)
        row["refreshes"], row["stale_for"] = check.refresh is not None, stale_for(check)
        row["refusal_replaces"] = check.refresh is not None and check.refresh.refusal_replaces
        host = [HOST, *given.deciders].index(check.at)
        row["host"], row["trip_law"], row["work_law"] = host, Laws.APP_HOST, Laws.CHECK
        if host:
            first = _first_law_of(given, host)
            row["trip_law"], row["work_law"] = first + DeciderLaw.TRIP, first + DeciderLaw.CHECK
        further = _streams_of(given, len(given.deciders) + 1) + STREAMS * (number - 1)
        row["streams"] = further if number else _streams_of(given, host)
        alone = len(checks) == 1
        row["ends_as"] = Ended.CHECK if alone else Ended.CHANNEL + len(given.channels) + number
    return {"checks": rows}


def _channels(given: Given) -> Arrays:
    """The channels that the strategy listens to, and what their events do."""
    found = list(given.channels.items())
    rows = np.zeros(len(found), ARRAYS["channels"].dtype())
    further = 0
    for number, (row, (name, channel)) in enumerate(zip(rows, found, strict=True)):
        pushes = [push for push in given.strategy.pushes if push.channel == name]
        row["causes"], row["laws"] = causes_of(pushes), len(Laws) + CHANNEL_LAWS * number
        if name != PUSH:
            row["streams"] = STREAMS + PURPOSES * further
            further += 1
        retries, swept = channel.retries, channel.every_s is not None
        row["loss"], row["most"], row["backoff"] = channel.loss, retries.most, retries.backoff
        row["first_differs"], row["every"] = retries.first is not None, channel.every_s or 0.0
        row["holds"], row["reaches_one"] = channel.on_outage == "hold", channel.reaches == "one"
        row["outages"] = NEVER if swept else outages(channel.outages)
        row["starts"] = 0.0 if channel.outages is None else channel.outages.starts_s or 0.0
        row["disabled_after"] = channel.disabled_after or 0
        row["disabled_for"] = INF if channel.disabled_for_s is None else channel.disabled_for_s
        row["disabled_until"] = -INF
        row["first_held"] = row["last_held"] = NONE
    effects = np.zeros(len(given.strategy.pushes), ARRAYS["effects"].dtype())
    names = [name for name, _ in found]
    for row, push in zip(effects, given.strategy.pushes, strict=True):
        row["channel"], row["causes"] = names.index(push.channel), causes_of([push])
        row["effect"], row["by_node"] = Effect[push.effect.upper()], push.held == "node"
    return {"channels": rows, "effects": effects}


def _laws_of_channels(given: Given) -> list[Law]:
    """In the order of `ChannelLaw`, channel by channel."""
    laws: list[Law] = []
    for channel in given.channels.values():
        laws += [channel.delay_of(cause) for cause in CAUSES]
        laws += [channel.retries.wait, channel.retries.first or NOTHING]
        down = channel.outages
        laws += [NOTHING, NOTHING] if down is None else [down.every or NOTHING, down.lasts]
        laws.append(channel.fan_out)
    return laws


# -- the host, and deciders -----------------------------------------------------------------------


def _asked(given: Given) -> list[Any]:
    """The host, then the deciders."""
    return [given.scenario.host, *given.deciders.values()]


def _laws_of_deciders(given: Given) -> list[Law]:
    """In the order of `DeciderLaw`, decider by decider."""
    laws: list[Law] = []
    for decider in given.deciders.values():
        down = decider.outages
        laws += [decider.trip, decider.check]
        laws += [NOTHING, NOTHING] if down is None else [down.every or NOTHING, down.lasts]
        laws += [decider.knows_after_of(cause) for cause in CAUSES]
    return laws


def _hosts(given: Given) -> Arrays:
    """Who is asked, with the limit of calls; limits other than a bucket have limiters, and logs remember calls."""
    asked = _asked(given)
    rows = np.zeros(len(asked), ARRAYS["hosts"].dtype())
    limiters = np.zeros(len(SPANS_S) * len(asked), ARRAYS["limiters"].dtype())
    kept: list[int] = []
    for number, (row, host) in enumerate(zip(rows, asked, strict=True)):
        row["station"], row["streams"] = _place_of(given, number), _streams_of(given, number)
        row["up_law"], row["down_law"] = Laws.HOST_UP, Laws.HOST_DOWN
        if number:
            first = _first_law_of(given, number)
            row["up_law"], row["down_law"] = first + DeciderLaw.UP, first + DeciderLaw.DOWN
            row["knows_laws"] = first + DeciderLaw.KNOWS_AFTER
        row["outages"] = outages(host.outages)
        row["starts"] = 0.0 if host.outages is None else host.outages.starts_s or 0.0
        row["first_limiter"] = first_limiter = len(SPANS_S) * number
        if host.rate_limit is not None:
            _limit(row, host.rate_limit)
            _limiters(limiters[first_limiter : first_limiter + len(SPANS_S)], host.rate_limit, kept)
    calls = np.full(sum(kept) + 1, -INF)
    return {"hosts": rows, "limiters": limiters, "limiter_calls": calls}


def _limit(row: Any, limit: RateLimit) -> None:
    """A limit on calls, its buckets full."""
    row["buckets"], row["limiter"] = len(limit.mosts), limit.limiter
    row["counts_refused"], row["told"] = limit.counts_refused, limit.told
    row["rate_0"], row["capacity_0"] = limit.per_second, limit.burst or 1.0
    row["capacity_1"] = 0.0 if limit.per_hour is None else limit.per_hour
    row["rate_1"] = row["capacity_1"] / 3600.0
    row["level_0"], row["level_1"] = row["capacity_0"], row["capacity_1"]


def _limiters(rows: Any, limit: RateLimit, kept: list[int]) -> None:
    """What a limit that is no bucket counts; `kept`: the calls that logs before it remember, to which its own are added."""
    for row, most, span_s in zip(rows, limit.mosts, SPANS_S, strict=False):
        row["most"], row["lasts"], row["rate"], row["began"] = most, span_s, most / span_s, -INF
    for row, calls in zip(rows, limit.remembers, strict=False):
        row["first"] = sum(kept)
        kept.append(calls)


def _place_of(given: Given, host: int) -> int:
    """The station of the host, or of a decider: those are behind further nodes of the app."""
    return len(Station) + nodes(given) - 1 + host - 1 if host else Station.HOST


def _streams_of(given: Given, host: int) -> int:
    """Where its streams begin: those of deciders behind those of channels."""
    named = PURPOSES * sum(name != PUSH for name in given.channels)
    return STREAMS + named + STREAMS * (host - 1) if host else 0


def _first_law_of(given: Given, decider: int) -> int:
    """Where the laws of a decider begin, behind those of channels."""
    return len(Laws) + CHANNEL_LAWS * len(given.channels) + DECIDER_LAWS * (decider - 1)


def go_by_events(given: Given) -> list[bool]:
    """Stations at which somebody who waited can be served in no time at all."""
    scenario = given.scenario
    host, service, end_s = scenario.host, scenario.app.service, scenario.run.end_s
    return [
        not scenario.app.holds_worker
        and some_take_no_time(end_s, service.read, service.write, service.admin),
        some_take_no_time(end_s, host.page_load, host.renewal, host.check),
        some_take_no_time(end_s, scenario.auth_server.renewal),
        *(some_take_no_time(end_s, decider.check) for decider in given.deciders.values()),
    ]


def _start(arrays: Arrays) -> None:
    """The state before anything has happened."""
    world = arrays["world"]
    for name in POOLS:
        world[0][f"{name}_left"] = len(arrays[name])
    for name in ("woken", "scout"):
        world[name] = NONE
    world["logout_person"] = world["line"] = NONE
    world["change"] = Ended.PAGE
    world["acted_at"] = -1.0
    world["rows_per_s"] = _rows(int(world[0]["people"])) / world[0]["end"]
    if world[0]["alone"]:  # all that happens to one person lies in the heap
        world["rows_per_s"], world["row_end"] = 0.0, 1.0


def _require_numbers(name: str, size: int) -> None:
    """Raise TooLarge for more places than the numbers of events can name (`steps.calendar`)."""
    most = MOST_NUMBERS.get(name, size)
    if size > most:
        raise TooLarge(
            f"organisation.people: {_NUMBERED[name]} are more than {most:,} at a time, which is what one"
            f" run can tell apart; expected fewer people{_FEWER[name]}"
        )


# -- pools --------------------------------------------------------------------------------------


def _with_longer(arrays: Arrays, name: str, size: int) -> Arrays:
    old = arrays[name]
    if len(old) >= size:
        return arrays
    _require_numbers(name, size)
    require_bytes(size * old.dtype.itemsize, _TOO_LONG.get(name, "organisation.people"))
    longer = np.zeros(size, old.dtype)
    longer[: len(old)] = old
    return arrays | {name: longer}


def _pool(name: str, size: int) -> Any:
    rows = ARRAYS[name]
    pool = np.zeros(size, rows.dtype())
    _link(pool[rows.link], 0)
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
    before = len(arrays[name])
    if before >= size:
        return arrays
    arrays = _with_longer(arrays, name, size)
    world, pool, rows = arrays["world"][0], arrays[name], ARRAYS[name]
    _link(pool[rows.link], before)
    pool[rows.link][size - 1] = world[f"free_{rows.one}"]
    world[f"free_{rows.one}"] = before
    world[f"{name}_left"] += size - before
    return arrays

"""From the arrays of a run that is over to its record."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.coverage import bound_s
from sim.engine.arrays import Arrays
from sim.engine.given import Given, nodes
from sim.engine.histogram import TICKS_PER_S, Histogram
from sim.engine.limits import Bounds, TooMuch
from sim.engine.recording import (
    CASE_TYPE,
    Cases,
    ListAccount,
    Run,
    StationAccount,
    honest_s,
    window_s,
)
from sim.engine.state import INF, Entries, Station
from sim.engine.windows import virtual_of
from sim.model.causes import KINDS, Cause, Kind
from sim.model.outcomes import CALLS, DECISIONS, EVENTS, REASONS, Ended
from sim.model.strategies import check_words

_OTHERS = (Station.HOST, Station.AUTH_SERVER)  # stations that are no node of the app
_SUMS = ("presence", "sojourns", "busy", "queue")
# Columns that are fields of `state.Case`.
_SAME_COLUMNS = {
    "person": "person",
    "cause": "cause",
    "administrator": "administrator",
    "revoked": "revoked_at_s",
    "notice": "notice_at_s",
    "page_open": "page_open",
    "last_click": "last_click_s",
    "reads": "unauthorised_reads",
    "polls": "unauthorised_polls",
    "messages": "unauthorised_messages",
    "writes": "unauthorised_writes",
    "admins": "unauthorised_admin",
    "bytes": "unauthorised_bytes",
    "recoverable": "recoverable_writes",
    "warned_reads": "forewarned_reads",
    "warned_writes": "forewarned_writes",
    "warned_admins": "forewarned_admin",
    "refused": "refused",
}


def recorded(
    arrays: Arrays,
    given: Given,
    replication: int,
    in_flight: int,
    reasons: Sequence[str] = REASONS,
) -> Run:
    """The record of the run; `reasons` are the words of the trace's column."""
    state, scenario = arrays["world"][0], given.scenario
    decided = int(state["accepted"] + state["refused"] + state["failed"])
    assert state["sent"] == decided + in_flight, "requests must be conserved"
    window = window_s(scenario)
    return Run(
        strategy=given.strategy.name,
        replication=replication,
        window_s=window,
        cases=_cases(arrays, given),
        ended=_ended(arrays, given),
        response=_histograms(arrays, 0),
        auth_overhead=_histograms(arrays, 1),
        response_sum_s=arrays["minute_ticks"] / TICKS_PER_S,
        response_n=arrays["minute_clicks"],
        honest_clicks=int(state["clicks"]),
        honest_refused=int(state["clicks_refused"]),
        interruptions=int(state["interruptions"]),
        honest_s=honest_s(given.scenario, arrays["cases"]["revoked"], arrays["cases"]["notice"]),
        reuses=int(state["reuses"]),
        false_logouts=int(state["false_logouts"]),
        lost_input_s=int(state["lost_input"]) / TICKS_PER_S,
        visit_s=int(state["visit_ticks"]) / TICKS_PER_S,
        requests={
            **{name: int(state[name]) for name in ("sent", "accepted", "refused", "failed")},
            "in_flight": in_flight,
            **({} if scenario.workload.poll is None else {"polls": int(state["polled"])}),
            **{
                f"checks at {name}": int(row["calls"])
                for name, row in zip(given.deciders, arrays["hosts"][1:], strict=True)
            },
            **(
                {}
                if given.strategy.connection is None
                else {"connections": int(state["connected"])}
            ),
        },
        host_calls={
            name: row
            for name, row in zip(CALLS, arrays["calls"].reshape(len(CALLS), -1), strict=True)
            if row.any()
        },
        rate_limited={name: int(n) for name, n in zip(CALLS, arrays["limited"], strict=True) if n},
        retry_after_s=float(state["told_retry_after"]),
        entries=_entries(arrays, window),
        events={"pushed": int(state["pushed"]), "lost": int(state["lost"])},
        stations=_stations(arrays, given, window),
        trace=_trace(arrays, reasons) if given.tracing else None,
        virtual=virtual_of(arrays),
    )


def never_ends(w: Any, given: Given) -> TooMuch:
    """What to raise where `advance` returned ENDLESS; `w`: the world's record."""
    bounds = Bounds.of(given.scenario)
    return bounds.broken(int(w.broken), int(w.endless) - 1, float(w.acted_at))


def _histograms(arrays: Arrays, which: int) -> tuple[Histogram, Histogram, Histogram]:
    read, write, admin = (
        Histogram(counts.copy(), int(h["n"]), int(h["total"]), float(h["low"]), float(h["high"]))
        for counts, h in zip(
            arrays["counts"].reshape(2, 3, -1)[which],
            arrays["histograms"].reshape(2, 3)[which],
            strict=True,
        )
    )
    return read, write, admin


def _entries(arrays: Arrays, window: tuple[float, float]) -> dict[str, tuple[float, float]]:
    result = {}
    for which in Entries:
        account = ListAccount(window)
        account.changes = arrays["changes"].reshape(len(Entries), -1)[which]
        account.alive_ticks = int(arrays["world"][0][f"alive_{which.value}"])
        result[which.name.lower()] = account.mean_and_peak()
    return result


def _stations(
    arrays: Arrays, given: Given, window: tuple[float, float]
) -> dict[str, StationAccount]:
    width_s = window[1] - window[0]
    result = {}
    rows, further = arrays["stations"], nodes(given) - 1
    deciders = rows[len(Station) + further :]
    names = [station.name.lower() for station in Station]
    names += [f"deciders.{name}" for name in given.deciders]
    for name, b in zip(names, [*rows[: len(Station)], *deciders], strict=True):
        number = float(b["servers"])
        if name == "app" and further:
            b, number = _of_all_nodes(rows[: len(Station) + further]), number * (1 + further)
        busy_s, queue_s = int(b["busy"]) / TICKS_PER_S, int(b["queue"]) / TICKS_PER_S
        result[name] = StationAccount(
            name,
            int(b["arrivals"]),
            int(b["departures"]),
            int(b["presence"]) / TICKS_PER_S,
            int(b["sojourns"]) / TICKS_PER_S,
            busy_s / (width_s * number) if width_s > 0 else 0.0,
            queue_s / width_s if width_s > 0 else 0.0,
        )
    return result


def _of_all_nodes(stations: Any) -> dict[str, int]:
    """What all nodes of the app did together."""
    ours = stations[[place for place in range(len(stations)) if place not in _OTHERS]]
    return {name: int(ours[name].sum()) for name in ("arrivals", "departures", *_SUMS)}


def _cases(arrays: Arrays, given: Given) -> Cases:
    scenario, strategy = given.scenario, given.strategy
    c, end_s = arrays["cases"], float(arrays["world"][0]["end"])
    rows = np.zeros(len(c), CASE_TYPE).view(np.recarray)
    for ours, theirs in _SAME_COLUMNS.items():
        rows[theirs] = c[ours]
    rows.behaviour = np.where(
        np.array([cause.noticed for cause in Cause])[c["cause"]], c["behaviour"], -1
    )
    rows.host_knows_at_s = c["revoked"] + c["propagation"]
    bounds_s = np.array(
        [[bound_s(scenario, strategy, cause, kind, 0.0) for kind in Kind] for cause in Cause]
    )
    worst_s = np.full(len(c), -INF)
    for code, kind in enumerate(KINDS):
        lost = (c["kinds"] >> code) & 1 == 1
        bound = c["propagation"] + bounds_s[c["cause"], code]
        worst_s = np.where(lost, np.maximum(worst_s, bound), worst_s)
        window_s, censored = _window(c, code, end_s)
        rows[f"exposure_{kind}_s"] = np.where(lost, window_s, np.nan)
        rows.exposure_s = np.where(lost, np.maximum(rows.exposure_s, window_s), rows.exposure_s)
        rows.censored |= lost & censored
    rows.bound_s = worst_s
    return rows


def _window(c: Any, code: int, end_s: float) -> tuple[Any, Any]:
    """The window of a kind of request of each case in s, and where it is not known how long it is."""
    last_s = np.maximum(c[f"last_{code}"], c[f"reach_{code}"])
    moves = (c["moves"] >> code) & 1 == 1
    open_ended = (last_s > end_s) & (moves | (c["pending"] > 0) | np.isinf(last_s))
    censored = open_ended | (c["known"] == 0)
    last_s = np.where(censored, end_s, last_s)
    return np.maximum(np.maximum(0.0, last_s - c["revoked"]), c[f"click_{code}"]), censored


def _ended(arrays: Arrays, given: Given) -> Any:
    """In words what ended each case: that of the kind of request that was possible longest."""
    c, end_s = arrays["cases"], float(arrays["world"][0]["end"])
    longest_s = np.full(len(c), -INF)
    ended = np.zeros(len(c), np.int64)
    for code, _ in enumerate(KINDS):
        window_s, censored = _window(c, code, end_s)
        by = np.where(c[f"reach_{code}"] > end_s, c[f"gate_{code}"], c[f"ended_{code}"])
        longer = ((c["kinds"] >> code) & 1 == 1) & (window_s > longest_s)
        ended = np.where(longer, np.where(censored, Ended.NOTHING, by), ended)
        longest_s = np.where(longer, window_s, longest_s)
    words = [one.words for one in Ended if one is not Ended.CHANNEL]
    return np.array([*words, *given.channels, *check_words(given.strategy)])[ended]


def _trace(arrays: Arrays, reasons: Sequence[str]) -> list[tuple[Any, ...]]:
    rows = arrays["trace"][: int(arrays["world"][0]["rows"])]
    serials: dict[int, int] = {}
    result = []
    kinds = (*KINDS, "")  # the last for NONE, -1
    for row in rows.tolist():
        time_s, token_s, entry_s, person, event, kind, decision, reason = row
        serial = serials.get(person, 0)
        serials[person] = serial + 1
        words = (kinds[kind], DECISIONS[decision], reasons[reason])
        result.append((serial, time_s, person, EVENTS[event], *words, token_s, entry_s))
    return result

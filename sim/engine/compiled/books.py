"""What is recorded (model, section 7): the trace, times of honest people, the host's load, lists, stations."""

import math

from sim.engine.compiled import memory
from sim.engine.compiled.calendar import stop
from sim.engine.compiled.layout import (
    ACCEPTED,
    FAILED,
    NONE,
    World,
)
from sim.engine.compiled.numbers import bucket_of, ticks
from sim.engine.compiled.options import compiled
from sim.engine.histogram import BUCKETS
from sim.engine.limits import IN_SUMS, LISTS, STATIONS
from sim.engine.recording import EVENTS, ListBook

NAN, INF = math.nan, math.inf
INSTANTS = ListBook.INSTANTS
ALLOWLIST, DENYLIST = 0, 1
(
    E_HOST_DOWN,
    E_HOST_UP,
    E_PUSH_DOWN,
    E_PUSH_UP,
    E_REVOKED,
    E_LEARNS,
    E_NOTICE,
    E_TAKEN_OVER,
    E_PAGE_ASKED,
    E_PAGE_DECIDED,
    E_PAGE_SEEN,
    E_VISIT_ENDED,
    E_CLICK,
    E_RENEWAL_ASKED,
    E_RENEWAL_DECIDED,
    E_RENEWAL_SEEN,
    E_SENT,
    E_ARRIVED,
    E_VERIFIED,
    E_LOOKED_UP,
    E_CHECK_SENT,
    E_CHECK_DECIDED,
    E_CHECK_ANSWERED,
    E_DECIDED,
    E_ANSWERED,
    E_PUSH_SENT,
    E_PUSH_LOST,
    E_PUSH_ARRIVED,
) = range(len(EVENTS))


# -- the trace ----------------------------------------------------------------------------------


@compiled
def write_row(
    w: World,
    person: int,
    event: int,
    kind: int,
    decision: int,
    reason: int,
    token: float,
    entry: float,
) -> None:
    """One row of the trace."""
    row = memory.row(w, w.rows)
    w.rows += 1
    row.time, row.token, row.entry = w.now, token, entry
    row.person, row.event, row.kind, row.decision, row.reason = (
        person,
        event,
        kind,
        decision,
        reason,
    )


@compiled
def note(w: World, person: int, event: int, kind: int, decision: int, reason: int) -> None:
    """A row about no credential."""
    if w.tracing:
        write_row(w, person, event, kind, decision, reason, NAN, NAN)


@compiled
def note_page(w: World, person: int, event: int, kind: int, reason: int) -> None:
    """A row with what the client holds."""
    if w.tracing:
        page = memory.person(w, person).page
        token = entry = NAN
        if page != NONE:
            token, entry = memory.page(w, page).held_expires, entry_of(w, page)
        write_row(w, person, event, kind, 0, reason, token, entry)


@compiled
def note_request(w: World, person: int, event: int, decision: int, reason: int) -> None:
    """A row of the app about the request of the main line."""
    if w.tracing:
        p = memory.person(w, person)
        entry = entry_of(w, p.page)
        write_row(w, person, event, p.kind, decision, reason, p.expires, entry)


@compiled
def entry_of(w: World, page: int) -> float:
    """When a page's allowlist entry expires; -inf where there is none."""
    return memory.entry(w, page).x if w.allowlist else -INF


# -- honest people ------------------------------------------------------------------------------


@compiled
def in_window(w: World, time: float) -> bool:
    """Whether an instant counts in figures about honest people and load."""
    return w.window_from <= time < w.window_until


@compiled
def minute_of(w: World, time: float) -> int:
    """The minute of the window."""
    return int((time - w.window_from) / 60.0)


@compiled
def add_time(w: World, which: int, kind: int, time: float) -> int:
    """Count a time in a histogram; returns it in ticks."""
    h = memory.histogram(w, 3 * which + kind)
    whole = ticks(time)
    h.n += 1
    h.total += whole
    h.low, h.high = min(h.low, time), max(h.high, time)
    memory.counts(w, (3 * which + kind) * BUCKETS + bucket_of(time)).x += 1
    return whole


@compiled
def book_click(
    w: World, clicked: float, response: float, overhead: float, kind: int, accepted: bool
) -> None:
    """A click of an honest person has been answered."""
    minute = minute_of(w, clicked)
    memory.minute_ticks(w, minute).x += add_time(w, 0, kind, response)
    memory.minute_clicks(w, minute).x += 1
    add_time(w, 1, kind, overhead)
    w.clicks += 1
    if not accepted:
        w.clicks_refused += 1


@compiled
def book_visit(w: World, person: int) -> None:
    """The person leaves a visit, if he is in one."""
    p = memory.person(w, person)
    if math.isnan(p.visit_began):
        return
    until = w.now
    if p.case != NONE:
        until = min(until, begins(w, p.case))
    inside = min(until, w.window_until) - max(p.visit_began, w.window_from)
    w.visit_ticks += ticks(max(0.0, inside))
    p.visit_began = NAN


@compiled
def begins(w: World, case: int) -> float:
    """When a person with a case is no longer counted as honest."""
    c = memory.case(w, case)
    return min(c.revoked, c.notice)


# -- lists --------------------------------------------------------------------------------------


@compiled
def count_entry(w: World, which: int, since: float, until: float, number: int) -> None:
    """`number` more entries of a list are alive from one instant until just before another."""
    since = min(max(since, w.window_from), w.window_until)
    until = min(max(until, w.window_from), w.window_until)
    if not since < until:
        return
    alive = number * (ticks(until) - ticks(since))
    if which == ALLOWLIST:
        w.alive_0 += alive
    else:
        w.alive_1 += alive
    if w.alive_0 < 0 or w.alive_1 < 0:  # beyond 64 bits
        stop(w, IN_SUMS, LISTS)
    first = which * (INSTANTS + 1)
    memory.changes(w, first + math.ceil((since - w.window_from) / w.instant_step)).x += number
    memory.changes(w, first + math.ceil((until - w.window_from) / w.instant_step)).x -= number


# -- the host's load ----------------------------------------------------------------------------


@compiled
def book_call(w: World, reason: int) -> None:
    """A call arrives at the host."""
    now = w.now
    if in_window(w, now):
        memory.calls(w, reason * w.n_minute_ticks + minute_of(w, now)).x += 1


@compiled
def book_limited(w: World, reason: int, wait: float) -> None:
    """The host answers 429."""
    w.told_retry_after = max(w.told_retry_after, wait)
    if in_window(w, w.now):
        memory.limited(w, reason).x += 1


@compiled
def book_decision(w: World, decision: int) -> None:
    """A request has been decided."""
    if decision == ACCEPTED:
        w.accepted += 1
    elif decision == FAILED:
        w.failed += 1
    else:
        w.refused += 1


# -- stations -----------------------------------------------------------------------------------


@compiled
def overlap(w: World, since: float, until: float) -> int:
    """Ticks of a stretch of time inside the window."""
    return ticks(max(0.0, min(until, w.window_until) - max(since, w.window_from)))


@compiled
def book_sojourn(w: World, station: int, joined: float, served: float, left: float) -> None:
    """Somebody's whole stay at a station. Who is there at the end of the run counts until then."""
    b = memory.station(w, station)
    b.arrivals += 1
    if left < w.end:
        b.departures += 1
    else:
        left = w.end
    b.presence += ticks(left) - ticks(joined)
    whole = ticks(left - joined)
    b.sojourns += whole
    if b.sojourns < 0:
        stop(w, IN_SUMS, STATIONS)
    if served == joined and w.window_from <= joined and left <= w.window_until:
        b.busy += whole  # as a rule
        return
    b.busy += overlap(w, served, left)
    b.queue += overlap(w, joined, min(served, left))

"""What is recorded (model, section 7): the trace, times of honest people, the host's load, lists, stations."""

import math

from sim.engine import histogram, limits
from sim.engine.recording import ListAccount
from sim.engine.state import NONE, Entries, World
from sim.engine.steps import calendar, draws
from sim.engine.steps.binding import into_callers, memory
from sim.model.limits import Told
from sim.model.outcomes import Decision

NAN, INF = math.nan, math.inf
INSTANTS = ListAccount.INSTANTS


# -- the trace ----------------------------------------------------------------------------------


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
    """One row of the trace; nobody's are kept with everybody's and with one person's."""
    if w.traced >= 0 and person >= 0 and person != w.traced:
        return
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


def note(w: World, person: int, event: int, kind: int, decision: int, reason: int) -> None:
    """A row about no credential."""
    if w.tracing:
        write_row(w, person, event, kind, decision, reason, NAN, NAN)


@into_callers
def note_page(w: World, person: int, event: int, kind: int, reason: int) -> None:
    """A row with what the client holds."""
    if w.tracing:
        write_held(w, person, event, kind, reason)


def write_held(w: World, person: int, event: int, kind: int, reason: int) -> None:
    """The same, where rows are kept."""
    page = memory.person(w, person).page
    token = entry = NAN
    if page != NONE:
        token, entry = memory.page(w, page).held_expires, entry_of_tab(w, person, page)
    write_row(w, person, event, kind, 0, reason, token, entry)


@into_callers
def note_request(w: World, person: int, event: int, decision: int, reason: int) -> None:
    """A row of the app about the request of the main line."""
    if w.tracing:
        write_request(w, person, event, decision, reason)


def write_request(w: World, person: int, event: int, decision: int, reason: int) -> None:
    """The same, where rows are kept."""
    p = memory.person(w, person)
    entry = entry_of_tab(w, person, p.page)
    write_row(w, person, event, p.kind, decision, reason, p.expires, entry)


def entry_of(w: World, page: int) -> float:
    """When a page's allowlist entry expires; -inf where there is none."""
    return memory.entry(w, page).x if w.allowlist else -INF


def entry_of_tab(w: World, person: int, page: int) -> float:
    """The same for a page, or a device that holds the token of one, in which the person clicks."""
    if w.several and w.allowlist:
        page = place_of_entry(w, person, page)
        if page == NONE:
            return -INF
    return entry_of(w, page)


def place_of_entry(w: World, person: int, page: int) -> int:
    """Where the entry of that page is: its own place, or its device's; NONE where no page is open."""
    if w.several and w.shared_entry:
        return memory.tab(w, page).device
    return memory.carrier(w, person).tab if w.several and w.cookie else page


# -- honest people ------------------------------------------------------------------------------


def in_window(w: World, time: float) -> bool:
    """Whether an instant counts in figures about honest people and load."""
    return w.window_from <= time < w.window_until


def minute_of(w: World, time: float) -> int:
    """The minute of the window."""
    return int((time - w.window_from) / 60.0)


def add_time(w: World, which: int, kind: int, time: float) -> int:
    """Count a time in a histogram; returns it in ticks."""
    h = memory.histogram(w, 3 * which + kind)
    whole = histogram.ticks(time)
    h.n += 1
    h.total += whole
    h.low, h.high = min(h.low, time), max(h.high, time)
    memory.count(w, (3 * which + kind) * histogram.BUCKETS + draws.bucket_of(time)).x += 1
    return whole


def record_click(
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


def record_visit(w: World, person: int) -> None:
    """The person leaves a visit, if he is in one."""
    p = memory.person(w, person)
    if math.isnan(p.visit_began):
        return
    until = w.now
    if p.case != NONE:
        until = min(until, begins(w, p.case))
    inside = min(until, w.window_until) - max(p.visit_began, w.window_from)
    w.visit_ticks += histogram.ticks(max(0.0, inside))
    p.visit_began = NAN


def begins(w: World, case: int) -> float:
    """When a person with a case is no longer counted as honest."""
    c = memory.case(w, case)
    return min(c.revoked, c.notice)


def honest(w: World, person: int, time: float) -> bool:
    """Whether a person counted as honest at an instant."""
    case = memory.person(w, person).case
    return case == NONE or time < begins(w, case)


# -- lists --------------------------------------------------------------------------------------


def count_entry(w: World, which: int, since: float, until: float, number: int) -> None:
    """`number` more entries of a list are alive from one instant until just before another."""
    since = min(max(since, w.window_from), w.window_until)
    until = min(max(until, w.window_from), w.window_until)
    if not since < until:
        return
    alive = number * (histogram.ticks(until) - histogram.ticks(since))
    if which == Entries.ALLOWLIST:
        w.alive_0 += alive
    else:
        w.alive_1 += alive
    if not (0 <= w.alive_0 <= limits.MOST_TICKS and 0 <= w.alive_1 <= limits.MOST_TICKS):
        calendar.stop(w, limits.IN_SUMS, limits.LISTS)
    first = which * (INSTANTS + 1)
    memory.change(w, first + math.ceil((since - w.window_from) / w.instant_step)).x += number
    memory.change(w, first + math.ceil((until - w.window_from) / w.instant_step)).x -= number


# -- the host's load ----------------------------------------------------------------------------


def record_call(w: World, reason: int, host: int) -> None:
    """A call arrives at the host, or at a decider, whose calls are no load of the host's."""
    now = w.now
    if in_window(w, now):
        if host:
            memory.host(w, host).calls += 1
            return
        memory.call(w, reason * w.n_minute_ticks + minute_of(w, now)).x += 1


def record_limited(w: World, reason: int, wait: float, host: int) -> None:
    """The host answers 429; a decider's is a failure like others."""
    if host:
        return
    h = memory.host(w, 0)
    if h.told != Told.NONE:
        told = math.ceil(wait) if h.told == Told.WHOLE_SECONDS and wait < INF else wait
        w.told_retry_after = max(w.told_retry_after, told)
    if in_window(w, w.now):
        memory.limited(w, reason).x += 1


def record_decision(w: World, decision: int) -> None:
    """A request has been decided."""
    if decision == Decision.ACCEPTED:
        w.accepted += 1
    elif decision == Decision.FAILED:
        w.failed += 1
    else:
        w.refused += 1


# -- stations -----------------------------------------------------------------------------------


def overlap(w: World, since: float, until: float) -> int:
    """Ticks of a stretch of time inside the window."""
    return histogram.ticks(max(0.0, min(until, w.window_until) - max(since, w.window_from)))


def record_sojourn(w: World, station: int, joined: float, served: float, left: float) -> None:
    """Somebody's whole stay at a station. Who is there at the end of the run counts until then."""
    b = memory.station(w, station)
    b.arrivals += 1
    if left < w.end:
        b.departures += 1
    else:
        left = w.end
    b.presence += histogram.ticks(left) - histogram.ticks(joined)
    whole = histogram.ticks(left - joined)
    b.sojourns += whole
    if served == joined and w.window_from <= joined and left <= w.window_until:
        b.busy += whole  # as a rule
        return
    b.busy += overlap(w, served, left)
    b.queue += overlap(w, joined, min(served, left))


def check_sums(w: World, station: int) -> None:
    """At the end: a sum that 64 bits do not hold. It is at most twice as large, since a run has at most 1e11 person-seconds."""
    if not 0 <= memory.station(w, station).sojourns <= limits.MOST_TICKS:
        calendar.stop(w, limits.IN_SUMS, limits.STATIONS)

"""The parties (model, sections 3 and 6): stations, the host with its rate limit and outages, who knows what.

A station needs no events of its own where services have some length: first come, first served, the start is the later of the
arrival and the moment the earliest server is free (Kiefer and Wolfowitz 1955).
"""

import math

from sim.engine.state import NONE, Beside, Step, World
from sim.engine.steps import accounting, alone, calendar, limiters, lines, pool
from sim.engine.steps.binding import apart, into_callers, memory
from sim.model.limits import Limiter
from sim.model.order import Lane, Priority
from sim.model.outcomes import Call, Reason

INF = math.inf


def visit(w: World, station: int, service: float, person: int) -> int:
    """Queue and be served; at the end the main line goes on in the state it already has. Returns its next step."""
    if memory.station(w, station).by_events:
        visit_by_events(w, station, service, person, NONE)
        return Step.REST
    state = memory.person(w, person).state
    return calendar.go_on(w, person, serve(w, station, service), Priority.COMPLETION, state)


@into_callers
def visit_beside(w: World, station: int, service: float, task: int) -> bool:
    """The same for a task. Returns whether the end has been reached: of a person who runs ahead."""
    person = memory.task(w, task).person
    if memory.station(w, station).by_events:
        visit_by_events(w, station, service, person, task)
        return False
    end = serve(w, station, service)
    if calendar.ahead(w, person, end):
        w.now = end
        return True
    complete(w, end, person, task, w.line)
    return False


def visit_by_events(w: World, station: int, service: float, person: int, task: int) -> None:
    """Queue and be served where only events can tell whose turn it is."""
    b = memory.station(w, station)
    if b.serving < b.servers:
        b.serving += 1
        accounting.record_sojourn(w, station, w.now, w.now, w.now + service)
        complete(w, w.now + service, person, task, w.line)
    else:
        join_queue(w, station, service, person, task)


def complete(w: World, end: float, person: int, task: int, line: int) -> None:
    """The event of the end of a service; without a task, of a page's request or of the main line."""
    if task == NONE:
        lane, number = Lane.LINE, line
        if line == NONE:
            lane, number = Lane.MAIN, lines.generation_of(w, person)
        calendar.push(w, end, calendar.key_of(Priority.COMPLETION, person, lane, number))
        return
    lane = Lane.CHECK if memory.task(w, task).state == Beside.CHECK_SERVED else Lane.BACKGROUND
    calendar.push_task(w, task, end, Priority.COMPLETION, lane)


def serve(w: World, station: int, service: float) -> float:
    """When a service that is asked for now ends, with its account kept; not for stations that go by events."""
    now, start = w.now, w.now
    servers = memory.station(w, station).servers
    if servers < INF:
        if w.alone:
            alone.is_there(w, station, now, now + service)
        else:
            start = earliest_start(w, station, int(servers), now, service)
    end = start + service
    accounting.record_sojourn(w, station, now, start, end)
    return end


# A service of no length that had to wait ends in the instant in which the one before it ends, and after that; which of
# several ends frees its server is known only then. A station where that can happen goes by events.


def join_queue(w: World, station: int, service: float, person: int, task: int) -> None:
    """Wait for a server: a place in the queue is kept as a task."""
    b = memory.station(w, station)
    place = pool.new_task(w, person)
    t = memory.task(w, place)
    t.state, t.n, t.at, t.half, t.line = Beside.WAITING, task, w.now, service, w.line
    if b.first_waiting == NONE:
        b.first_waiting = place
    else:
        memory.task(w, b.last_waiting).next = place
    b.last_waiting = place


@into_callers
def leave(w: World, station: int) -> None:
    """A service has ended: the head of the queue takes the server in the same instant."""
    if memory.station(w, station).by_events:
        serve_next(w, station)


@apart
def serve_next(w: World, station: int) -> None:
    """The same where only events can tell whose turn it is."""
    b = memory.station(w, station)
    place = b.first_waiting
    if place == NONE:
        b.serving -= 1
        return
    t = memory.task(w, place)
    b.first_waiting = t.next
    end = w.now + t.half
    accounting.record_sojourn(w, station, t.at, w.now, end)
    complete(w, end, t.person, t.n, t.line)
    pool.end_task(w, place)


def record_waiting(w: World, station: int) -> None:
    """Who still waits at the end of the run counts with the time he has been there."""
    place = memory.station(w, station).first_waiting
    while place != NONE:
        t = memory.task(w, place)
        accounting.record_sojourn(w, station, t.at, INF, INF)
        place = t.next


def earliest_start(w: World, station: int, servers: int, now: float, service: float) -> float:
    """When an arrival of now begins to be served. The station's heap holds when servers become, or became, free."""
    b = memory.station(w, station)
    if b.size == servers and memory.free_at(w, b.first).x <= now and b.next_sweep == 0:
        sweep(w, station, now)
        # so few were free that sweeping again soon would cost more than it saves
        if 2 * b.size > servers:
            b.next_sweep = servers
    if b.size < servers:
        b.size += 1
        sift_up(w, b.first, b.size - 1, now + service)
        return now
    start = max(now, memory.free_at(w, b.first).x)
    sift_down(w, b.first, b.size, start + service)
    b.next_sweep = max(0, b.next_sweep - 1)
    return start


def sweep(w: World, station: int, now: float) -> None:
    """Forget who is free again: one pass over the servers, for which at least half as many arrivals share the cost."""
    b = memory.station(w, station)
    kept = 0
    for i in range(b.size):
        time = memory.free_at(w, b.first + i).x
        if time > now:
            sift_up(w, b.first, kept, time)
            kept += 1
    b.size = kept


def sift_up(w: World, first: int, i: int, time: float) -> None:
    """Put a time into a heap whose place i is free."""
    while i > 0:
        above = (i - 1) >> 1
        other = memory.free_at(w, first + above).x
        if not time < other:
            break
        memory.free_at(w, first + i).x = other
        i = above
    memory.free_at(w, first + i).x = time


def sift_down(w: World, first: int, n: int, time: float) -> None:
    """Put a time into a heap of n whose top is free."""
    i, below = 0, 1
    while below < n:
        other = memory.free_at(w, first + below).x
        if below + 1 < n and memory.free_at(w, first + below + 1).x < other:
            below += 1
            other = memory.free_at(w, first + below).x
        if not other < time:
            break
        memory.free_at(w, first + i).x = other
        i, below = below, 2 * below + 1
    if n > 0:
        memory.free_at(w, first + i).x = time


# -- the host, and deciders ---------------------------------------------------------------------


def host_admits(w: World, reason: int, host: int) -> int:
    """A call has arrived at the host, or a decider: OK if it may join the queue, WAITS if at its turn, else how it fails."""
    h = memory.host(w, host)
    accounting.record_call(w, reason, host)
    if h.is_down:
        return Reason.HOST_DOWN
    if reason == Call.PAGE_LOAD or h.buckets == 0:
        return Reason.OK
    if w.alone:
        alone.calls(w)
        return Reason.OK
    if h.limiter != Limiter.BUCKET:
        return limiters.admits(w, reason, host)
    wait = refill(w, host)
    if wait > 0:
        accounting.record_limited(w, reason, wait, host)
        return Reason.RATE_LIMITED
    h.level_0 -= 1.0
    if h.buckets > 1:
        h.level_1 -= 1.0
    return Reason.OK


def turn_comes(w: World, host: int) -> int:
    """A call that waited for its turn goes on: OK, or how it fails."""
    return Reason.HOST_DOWN if memory.host(w, host).is_down else Reason.OK


def refill(w: World, host: int) -> float:
    """Refill the token buckets; seconds until one more call is allowed."""
    h, now = memory.host(w, host), w.now
    h.level_0 = min(h.capacity_0, h.level_0 + (now - h.refilled_0) * h.rate_0)
    h.refilled_0 = now
    wait = bucket_wait(h.level_0, h.rate_0)
    if h.buckets > 1:
        h.level_1 = min(h.capacity_1, h.level_1 + (now - h.refilled_1) * h.rate_1)
        h.refilled_1 = now
        wait = max(wait, bucket_wait(h.level_1, h.rate_1))
    return wait


def bucket_wait(level: float, rate: float) -> float:
    """Seconds until a bucket holds one call."""
    if level >= 1.0:
        return 0.0
    return (1.0 - level) / rate if rate > 0 else INF

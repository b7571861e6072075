"""The plan of a person (model, section 8): `sim.workload`'s synthetic, fitted and replayed plans, compiled."""

from sim.basics.streams import Stream
from sim.engine.compiled import memory
from sim.engine.compiled.layout import (
    CARRYING_ON,
    NONE,
    OWN,
    PAGES,
    PAUSE,
    REQUESTS,
    SIZE,
    STORM_THINK,
    STORMING,
    TAKER_STORMING,
    THINK,
    World,
)
from sim.engine.compiled.layout import READ_SIZE as STORM_SIZE
from sim.engine.compiled.numbers import busy_end, pick3, quantile, sample, uniform
from sim.engine.compiled.options import compiled

UNLIMITED = -1
S_PAUSE, S_PAGES, S_ENDING, S_REQUESTS, S_TURN = (
    int(s) for s in (Stream.PAUSE, Stream.PAGES, Stream.ENDING, Stream.REQUESTS, Stream.TURN)
)
S_THINK, S_KIND, S_SIZE, S_LOG_VISIT = (
    int(s) for s in (Stream.THINK, Stream.KIND, Stream.SIZE, Stream.LOG_VISIT)
)


@compiled
def role_of(w: World, person: int) -> int:
    """Who acts at this person's client; only in a case can it be another than he."""
    case = memory.person(w, person).case
    return OWN if case == NONE else memory.case(w, case).role


@compiled
def storms(w: World, person: int) -> bool:
    """Whether whoever acts here clicks fast."""
    role = role_of(w, person)
    return role in (STORMING, TAKER_STORMING)


@compiled
def role_offset(w: World, person: int) -> int:
    """What is added to the purposes of draws of whoever acts at this person's client: 0, 200, 100 or 300."""
    role = role_of(w, person)
    if role == OWN:
        return 0
    return 100 if role == CARRYING_ON else (200 if role == STORMING else 300)


@compiled
def whole(value: float) -> int:
    """A count; UNLIMITED where it is infinite."""
    return int(value) if value < 2.0e9 else UNLIMITED


@compiled
def pause(w: World, person: int, visit: int) -> float:
    """Seconds from now to the start of a visit."""
    x = sample(w, PAUSE, person, S_PAUSE, visit, 0)
    if w.daily == 0:
        return x
    now = w.now
    return busy_end(now, x, memory.daily(w)) - now


@compiled
def pages_of(w: World, person: int, visit: int) -> int:
    """Number of pages of a visit."""
    if w.replayed:
        first = log_visit(w, person, visit, 0)
        return memory.log_pages(w, first + 1).x - memory.log_pages(w, first).x
    return whole(sample(w, PAGES, person, S_PAGES, visit, 0))


@compiled
def requests_on(w: World, person: int, page_of_visit: int, page: int) -> int:
    """Number of clicks on a page."""
    if w.replayed:
        first = log_page(w, person, page_of_visit)
        return memory.log_loads(w, first + 1).x - memory.log_loads(w, first).x - 1
    return whole(sample(w, REQUESTS, person, S_REQUESTS + plan_offset(w, person), page, 0))


@compiled
def turn(w: World, person: int, page_of_visit: int, page: int) -> float:
    """Think time before a page is loaded."""
    if w.replayed:
        return log_think(w, memory.log_loads(w, log_page(w, person, page_of_visit)).x)
    return sample(w, THINK, person, S_TURN + plan_offset(w, person), page, 0)


@compiled
def think(w: World, person: int) -> float:
    """Think time before the click at hand."""
    p = memory.person(w, person)
    if storms(w, person):
        return sample(w, STORM_THINK, person, S_THINK + role_offset(w, person), p.click, 0)
    if w.replayed:
        return log_think(w, log_load(w, person))
    return sample(w, THINK, person, S_THINK + plan_offset(w, person), p.click, 0)


@compiled
def kind(w: World, person: int) -> int:
    """Kind of the click at hand, before non-administrators' admin clicks become reads."""
    p = memory.person(w, person)
    if storms(w, person):
        u = uniform(w, person, S_KIND + role_offset(w, person), p.click, 0)
        return pick3(u, w.storm_read, w.storm_write, w.storm_admin)
    if w.replayed:
        return memory.log_kind(w, log_load(w, person)).x
    u = uniform(w, person, S_KIND + plan_offset(w, person), p.click, 0)
    return pick3(u, w.read, w.write, w.admin)


@compiled
def size(w: World, person: int) -> float:
    """Bytes of the answer if the click at hand is a read."""
    p = memory.person(w, person)
    if storms(w, person):
        return sample(w, STORM_SIZE, person, S_SIZE + role_offset(w, person), p.click, 0)
    if w.replayed:
        x = memory.log_bytes(w, log_load(w, person)).x
        return x if x == x else quantile(w, SIZE, 0.5)
    return sample(w, SIZE, person, S_SIZE + plan_offset(w, person), p.click, 0)


@compiled
def ending(w: World, person: int, visit: int) -> int:
    """How a visit ends: 0 logout, 1 close, 2 left open."""
    return pick3(uniform(w, person, S_ENDING, visit, 0), w.logout, w.close, w.leave_open)


# -- visits of a log ----------------------------------------------------------------------------


@compiled
def plan_offset(w: World, person: int) -> int:
    """The purposes of whoever carries on in a person's place are his own."""
    return 100 if role_of(w, person) == CARRYING_ON else 0


@compiled
def log_visit(w: World, person: int, visit: int, offset: int) -> int:
    """The visit of the log that is replayed."""
    return int(uniform(w, person, S_LOG_VISIT + offset, visit, 0) * w.log_visits)


@compiled
def log_page(w: World, person: int, page_of_visit: int) -> int:
    """A page of the visit at hand; after the last the first again."""
    number = log_visit(w, person, memory.person(w, person).visit, plan_offset(w, person))
    first = memory.log_pages(w, number).x
    return first + page_of_visit % (memory.log_pages(w, number + 1).x - first)


@compiled
def log_load(w: World, person: int) -> int:
    """The load of the click at hand; a page begins with its page load."""
    p = memory.person(w, person)
    return memory.log_loads(w, log_page(w, person, p.page_of_visit)).x + p.click_of_page + 1


@compiled
def log_think(w: World, load: int) -> float:
    """The think time before a load; none before a visit's first."""
    x = memory.log_think(w, load).x
    return x if x == x else 0.0

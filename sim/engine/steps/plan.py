"""The plan of a person (model, section 8): `sim.workload`'s synthetic, fitted and replayed plans, compiled."""

from sim.basics.streams import Stream
from sim.engine.state import NONE, Law, Role, World
from sim.engine.steps import draws, lines
from sim.engine.steps.binding import apart, into_callers, memory
from sim.model.causes import Kind
from sim.workload import daily

UNLIMITED = -1


def storms(w: World, person: int) -> bool:
    """Whether whoever acts here clicks fast."""
    role = lines.role_of(w, person)
    return role in (Role.STORMING, Role.TAKER_STORMING)


def role_offset(w: World, person: int) -> int:
    """What is added to the purposes of draws of whoever acts at this person's client: 0, 200, 100 or 300."""
    role = lines.role_of(w, person)
    if role == Role.OWN:
        return 0
    return 100 if role == Role.CARRYING_ON else (200 if role == Role.STORMING else 300)


def whole(value: float) -> int:
    """A count; UNLIMITED where it is infinite."""
    return int(value) if value < 2.0e9 else UNLIMITED


def pause(w: World, person: int, visit: int) -> float:
    """Seconds from now to the start of a visit."""
    x = draws.sample(w, Law.PAUSE, person, Stream.PAUSE, visit, 0)
    if w.daily == 0:
        return x
    now = w.now
    return daily.weighted_end_s(now, x, memory.hours(w)) - now


def pages_of(w: World, person: int, visit: int) -> int:
    """Number of pages of a visit."""
    if w.replayed:
        first = log_visit(w, person, visit, 0)
        return memory.log_page(w, first + 1).x - memory.log_page(w, first).x
    return whole(draws.sample(w, Law.PAGES, person, Stream.PAGES, visit, 0))


def requests_on(w: World, person: int, page_of_visit: int, page: int) -> int:
    """Number of clicks on a page."""
    if w.replayed:
        first = log_page(w, person, page_of_visit)
        return memory.log_load(w, first + 1).x - memory.log_load(w, first).x - 1
    return whole(
        draws.sample(w, Law.REQUESTS, person, Stream.REQUESTS + plan_offset(w, person), page, 0)
    )


def turn(w: World, person: int, page_of_visit: int, page: int) -> float:
    """Think time before a page is loaded."""
    if w.replayed:
        return log_think(w, memory.log_load(w, log_page(w, person, page_of_visit)).x)
    return draws.sample(w, Law.THINK, person, Stream.TURN + plan_offset(w, person), page, 0)


def think(w: World, person: int) -> float:
    """Think time before the click at hand."""
    p = memory.person(w, person)
    if storms(w, person):
        stream = Stream.THINK + role_offset(w, person)
        return draws.sample(w, Law.STORM_THINK, person, stream, p.click, 0)
    if w.replayed:
        return log_think(w, log_load(w, person))
    if w.thinks_by_kind:
        return think_by_kind(w, person)
    return draws.sample(w, Law.THINK, person, Stream.THINK + plan_offset(w, person), p.click, 0)


@apart
def think_by_kind(w: World, person: int) -> float:
    """By the kind of the click at hand, which is drawn first; what others draw as administration is a read."""
    drawn, law = kind(w, person), Law.THINK
    p = memory.person(w, person)
    if drawn == Kind.WRITE:
        law = Law.THINK_WRITE
    elif drawn == Kind.ADMIN and p.administrator:
        law = Law.THINK_ADMIN
    return draws.sample(w, law, person, Stream.THINK + plan_offset(w, person), p.click, 0)


@into_callers
def kind(w: World, person: int) -> int:
    """Kind of the click at hand, before non-administrators' admin clicks become reads."""
    p = memory.person(w, person)
    if storms(w, person):
        u = draws.uniform(w, person, Stream.KIND + role_offset(w, person), p.click, 0)
        return draws.pick3(u, w.storm_read, w.storm_write, w.storm_admin)
    if w.replayed:
        return memory.log_kind(w, log_load(w, person)).x
    u = draws.uniform(w, person, Stream.KIND + plan_offset(w, person), p.click, 0)
    return draws.pick3(u, w.read, w.write, w.admin)


def size(w: World, person: int) -> float:
    """Bytes of the answer if the click at hand is a read."""
    p = memory.person(w, person)
    if w.line != NONE:
        return draws.sample_on_way(w, Law.SIZE, person, Stream.SIZE, p.click, 0)
    if storms(w, person):
        return draws.sample(
            w, Law.STORM_SIZE, person, Stream.SIZE + role_offset(w, person), p.click, 0
        )
    if w.replayed:
        x = memory.log_bytes(w, log_load(w, person)).x
        return x if x == x else draws.quantile(w, Law.SIZE, 0.5)
    return draws.sample(w, Law.SIZE, person, Stream.SIZE + plan_offset(w, person), p.click, 0)


def ending(w: World, person: int, visit: int) -> int:
    """How a visit ends: 0 logout, 1 close, 2 left open."""
    return draws.pick3(
        draws.uniform(w, person, Stream.ENDING, visit, 0), w.logout, w.close, w.leave_open
    )


# -- visits of a log ----------------------------------------------------------------------------


def plan_offset(w: World, person: int) -> int:
    """The purposes of whoever carries on in a person's place are his own."""
    return 100 if lines.role_of(w, person) == Role.CARRYING_ON else 0


def log_visit(w: World, person: int, visit: int, offset: int) -> int:
    """The visit of the log that is replayed."""
    return int(draws.uniform(w, person, Stream.LOG_VISIT + offset, visit, 0) * w.log_visits)


def log_page(w: World, person: int, page_of_visit: int) -> int:
    """A page of the visit at hand; after the last the first again."""
    number = log_visit(w, person, memory.person(w, person).visit, plan_offset(w, person))
    first = memory.log_page(w, number).x
    return first + page_of_visit % (memory.log_page(w, number + 1).x - first)


def log_load(w: World, person: int) -> int:
    """The load of the click at hand; a page begins with its page load."""
    p = memory.person(w, person)
    return memory.log_load(w, log_page(w, person, p.page_of_visit)).x + p.click_of_page + 1


def log_think(w: World, load: int) -> float:
    """The think time before a load; none before a visit's first."""
    x = memory.log_think(w, load).x
    return x if x == x else 0.0

"""Long-lived connections of a page: what passes over them, until when, and what ends them (model, section 19).

How they are opened and asked about again: `openings`. Timers of a connection are events of the lane `LINE` that are somebody's
action; in one instant rechecks come first, then closings, messages, openings.
"""

import math

from sim.basics.streams import Stream
from sim.engine import limits
from sim.engine.state import NONE, Law, Phase, Timer, World
from sim.engine.steps import accounting, calendar, draws, knowledge, lines
from sim.engine.steps.binding import apart, memory
from sim.model.causes import Kind
from sim.model.order import Lane, Priority
from sim.model.outcomes import Call, Event, Reason

INF = math.inf
OF_OPENING, OF_PAGE = 24, 23  # bits of a recheck's number, of a page's place
OWN_KEY = 1 << 40  # added to a page's number: no page has so many before it


def line_of(w: World, page: int) -> int:
    """The line of a page's connection."""
    return page * w.lines_a_page + w.lines_a_page - 1


@apart
def is_taken_up(w: World) -> bool:
    """Whether what is done is done for a connection."""
    if w.line == NONE or not w.connects:
        return False
    return w.line == line_of(w, lines.page_of(w, w.line))


@apart
def call_of(w: World) -> int:
    """Why the host is asked for the line that is taken up."""
    if not is_taken_up(w):
        return Call.CHECK
    phase = memory.connection(w, lines.page_of(w, w.line)).phase
    return Call.RECHECK if phase == Phase.RECHECK else Call.CHECK


def is_opening(w: World) -> bool:
    """Whether what is taken up asks for a connection."""
    return memory.connection(w, lines.page_of(w, w.line)).phase == Phase.OPENING


# -- timers -------------------------------------------------------------------------------------


def begin(w: World, person: int, page: int, number: int) -> None:
    """The page is seen; a connection is asked for at once."""
    c = memory.connection(w, page)
    c.openings = c.phase = c.wanted = 0
    lines.begin(w, person, line_of(w, page), number + OWN_KEY, lines.role_of(w, person))
    closed(w, page)
    c.opens = w.now
    lay(w, page, Timer.OPEN, c.opens)


def lay(w: World, page: int, timer: int, time: float) -> None:
    """A timer of the page's connection."""
    person = memory.line(w, line_of(w, page)).person
    number = (timer << OF_PAGE) | page
    calendar.push(w, time, calendar.key_of(Priority.ACTION, person, Lane.LINE, number))


def act(w: World) -> None:
    """Count what a connection sets going."""
    w.made_connections += 1
    calendar.try_again(w, limits.CONNECTIONS, 0)


# -- closed -------------------------------------------------------------------------------------


def closed(w: World, page: int) -> None:
    """No connection, and no timer of one."""
    c = memory.connection(w, page)
    c.open = c.waiting = 0
    c.waiting_bytes = 0.0
    c.rechecks = c.closes = c.sends = c.opens = INF


@apart
def ended(w: World, page: int) -> None:
    """The page is replaced or closed, or an event ends its connection: none until the next page load."""
    closed(w, page)
    memory.connection(w, page).wanted = 0


@apart
def spent(w: World, page: int, stamped: float) -> None:
    """The token that the connection presented has no uses left."""
    c = memory.connection(w, page)
    if c.stamped == stamped:
        c.expires = -INF


@apart
def closed_by_event(w: World, person: int, page: int) -> None:
    """An event about the person has arrived."""
    if memory.connection(w, page).open:
        accounting.note(w, person, Event.DISCONNECTED, NONE, 0, Reason.NAMED_BY_EVENT)
        ended(w, page)


# -- what goes over it --------------------------------------------------------------------------


@apart
def is_open(w: World, person: int) -> bool:
    """Whether the click at hand goes over a connection."""
    page = lines.in_use(w, person)
    if page == NONE or not memory.connection(w, page).open:
        return False
    return knowledge.bit(w.connection_kinds, memory.person(w, person).kind)


@apart
def carries(w: World, person: int) -> bool:
    """Whether the click that is at the app now came over one: no gate looks at it."""
    if w.line != NONE or not is_open(w, person):
        return False
    return memory.connection(w, lines.in_use(w, person)).phase != Phase.RECHECK


@apart
def reach(w: World, page: int, kind: int) -> float:
    """Until when a kind passes over the connection if nothing changes; -inf if it does not now."""
    c = memory.connection(w, page)
    if not c.open or c.phase == Phase.RECHECK or not knowledge.bit(w.connection_kinds, kind):
        return -INF
    until = min(c.rechecks, c.closes)
    return until if until > w.now else -INF


def may_go_on(w: World, page: int, kind: int) -> bool:
    """Whether a connection of the page is open, asked about or asked for."""
    c = memory.connection(w, page)
    there = c.open != 0 or c.phase != Phase.NONE or c.opens < INF
    return there and knowledge.bit(w.connection_kinds, kind)


# -- messages -----------------------------------------------------------------------------------


def drawn(w: World, person: int, page: int, law: int, stream: int, m: int) -> float:
    """A draw of the connection: of its m-th message, or (0) of itself."""
    s, c = memory.line(w, line_of(w, page)), memory.connection(w, page)
    at = ((c.openings - 1) << OF_OPENING) + m
    return draws.sample_of_page(w, law, person, stream, s.number, at)


@apart
def begin_messages(w: World, person: int, page: int) -> None:
    """From the revocation on; those of honest people are counted nowhere, and so not simulated."""
    case = memory.person(w, person).case
    if not w.messages or case == NONE:
        return
    c, k = memory.connection(w, page), memory.case(w, case)
    lost = knowledge.bit(k.kinds, Kind.READ) and not k.muted
    if not (lost and w.now >= k.revoked and c.open):
        return
    if w.several and not knowledge.concerns(w, person, knowledge.device_of(w, page)):
        return
    c.m, c.sends = 0, c.opened
    next_message(w, person, page)
    while c.sends < w.now:
        next_message(w, person, page)
    lay(w, page, Timer.MESSAGE, c.sends)


def next_message(w: World, person: int, page: int) -> None:
    """The sum of one draw more."""
    c = memory.connection(w, page)
    act(w)
    c.m += 1
    c.sends += drawn(w, person, page, Law.MESSAGES, Stream.MESSAGES, c.m)


@apart
def send_message(w: World, person: int, page: int) -> None:
    """A message is due: while the connection is asked about it waits."""
    c = memory.connection(w, page)
    size = drawn(w, person, page, Law.MESSAGE_SIZE, Stream.MESSAGE_SIZE, c.m)
    if c.phase == Phase.RECHECK:
        c.waiting += 1
        c.waiting_bytes += size
    else:
        count_messages(w, person, 1, size)
    next_message(w, person, page)
    lay(w, page, Timer.MESSAGE, c.sends)


def count_messages(w: World, person: int, number: int, size: float) -> None:
    """So many have been sent to somebody who has no access any more."""
    if number == 0:
        return
    k = memory.case(w, memory.person(w, person).case)
    k.messages += number
    k.bytes += size


@apart
def revoked(w: World, person: int) -> None:
    """Access is withdrawn: what is sent from now on counts."""
    if not w.several:
        if memory.person(w, person).page != NONE:
            begin_messages(w, person, memory.person(w, person).page)
        return
    device = memory.carrier(w, person).first
    while device != NONE:
        tab = memory.device(w, device).first
        while tab != NONE:
            begin_messages(w, person, tab)
            tab = memory.tab(w, tab).next
        device = memory.device(w, device).next

"""Connections opened, asked about again, and closed by the server (model, section 19).

Openings and rechecks are requests of the page beside the main line (`lines`), with a line of their own. A recheck begins where
verification ends.
"""

import math

from sim.basics.streams import Stream
from sim.engine.state import NONE, Law, Mark, Phase, Step, Timer, World
from sim.engine.steps import accounting, connections, lines, nodes, plan, revocation
from sim.engine.steps.binding import apart, memory
from sim.model.causes import Kind
from sim.model.outcomes import Decision, Event, Reason

INF = math.inf


@apart
def due(w: World, person: int, number: int) -> int:
    """A timer; returns the next step of a request that is taken up, or REST. One that was set anew is passed over."""
    timer, page = number >> connections.OF_PAGE, number & ((1 << connections.OF_PAGE) - 1)
    if memory.line(w, connections.line_of(w, page)).person != person:
        return Step.REST
    c = memory.connection(w, page)
    if timer == Timer.RECHECK and c.rechecks == w.now:
        return recheck(w, person, page)
    if timer == Timer.CLOSE and c.closes == w.now:
        return run_out(w, person, page)
    if timer == Timer.MESSAGE and c.sends == w.now:
        connections.send_message(w, person, page)
    elif timer == Timer.OPEN and c.opens == w.now:
        return ask(w, person, page)
    return Step.REST


def ask(w: World, person: int, page: int) -> int:
    """The client asks for a connection, with what it holds; nothing is renewed for that."""
    c = memory.connection(w, page)
    c.opens = INF
    if lines.muted(w, person) or lines.is_over(w, person):
        return Step.REST
    connections.act(w)
    w.connected += accounting.in_window(w, w.now)
    c.phase = Phase.OPENING
    lines.start(
        w,
        person,
        connections.line_of(w, page),
        w.connection_kind,
        c.openings << connections.OF_OPENING,
    )
    c.openings += 1
    return Step.SEND


def recheck(w: World, person: int, page: int) -> int:
    """The credential of the opening is judged once more; until that is decided nothing passes."""
    c = memory.connection(w, page)
    c.k += 1
    c.rechecks = c.opened + (c.k + 1) * w.recheck
    if lines.is_over(w, person):
        c.rechecks = INF
        return Step.REST
    connections.lay(w, page, Timer.RECHECK, c.rechecks)
    if c.phase != Phase.NONE:
        return Step.REST
    connections.act(w)
    revocation.accrue(w, person)
    c.phase = Phase.RECHECK
    revocation.refresh(w, person)
    at = ((c.openings - 1) << connections.OF_OPENING) + c.k
    lines.start(w, person, connections.line_of(w, page), w.connection_kind, at)
    p = memory.person(w, person)
    p.stamped, p.expires, p.vouched, p.sends = c.stamped, c.expires, c.vouched, 1
    accounting.note_page(w, person, Event.RECHECK, p.kind, 0)
    return Step.JUDGE


@apart
def decided(w: World, person: int) -> int:
    """An opening or a recheck has been decided; nothing is extended, re-issued or spent."""
    p, page = memory.person(w, person), lines.page_of(w, w.line)
    c = memory.connection(w, page)
    opening, gone = c.phase == Phase.OPENING, lines.is_gone(w, person)
    unheard = p.decision == Decision.FAILED and bool(opening or c.open)
    accounting.note_request(w, person, Event.DECIDED, p.decision, p.reason)
    if opening:
        accounting.record_decision(w, p.decision)
        p.marks &= ~Mark.UNDECIDED
    revocation.accrue(w, person)
    if opening and not gone and p.decision == Decision.ACCEPTED:
        opened(w, person, page)
    elif not opening and c.open:
        asked_again(w, person, page)
    c.phase = Phase.NONE
    if not gone and (c.wanted or unheard):
        c.opens = w.now if c.wanted else w.now + w.reconnect
        c.wanted = 0
        connections.lay(w, page, Timer.OPEN, c.opens)
    revocation.refresh(w, person)
    memory.line(w, w.line).under_way = 0
    return Step.REST


def opened(w: World, person: int, page: int) -> None:
    """From now on."""
    p, c = memory.person(w, person), memory.connection(w, page)
    c.open, c.opened, c.k = 1, w.now, 0
    c.stamped, c.expires, c.vouched = p.stamped, p.expires, p.vouched
    if w.recheck < INF:
        c.rechecks = w.now + w.recheck
        connections.lay(w, page, Timer.RECHECK, c.rechecks)
    if w.runs_out:
        c.closes = w.now + connections.drawn(w, person, page, Law.LASTS, Stream.LASTS, 0)
        connections.lay(w, page, Timer.CLOSE, c.closes)
    accounting.note_page(w, person, Event.CONNECTED, p.kind, 0)
    connections.begin_messages(w, person, page)


def asked_again(w: World, person: int, page: int) -> None:
    """What the recheck says: what waited for it passes, or the connection ends."""
    p, c = memory.person(w, person), memory.connection(w, page)
    if p.decision == Decision.ACCEPTED:
        connections.count_messages(w, person, c.waiting, c.waiting_bytes)
        c.waiting, c.waiting_bytes = 0, 0.0
    else:
        accounting.note_page(w, person, Event.DISCONNECTED, p.kind, p.reason)
        connections.closed(w, page)


def run_out(w: World, person: int, page: int) -> int:
    """The server closes it, and the client asks for another at once."""
    c = memory.connection(w, page)
    accounting.note(w, person, Event.DISCONNECTED, NONE, 0, Reason.CLOSE)
    revocation.accrue(w, person)
    connections.closed(w, page)
    revocation.refresh(w, person)
    if c.phase != Phase.NONE:  # the recheck that is under way comes to nothing
        c.wanted = 1
        return Step.REST
    return ask(w, person, page)


@apart
def carried(w: World, person: int) -> None:
    """A click that came over a connection is decided on arrival."""
    p = memory.person(w, person)
    if w.nodes > 1:
        nodes.carry(w, person, connections.line_of(w, lines.in_use(w, person)))
    p.decision, p.reason = Decision.ACCEPTED, Reason.NOTHING
    accounting.record_decision(w, p.decision)
    accounting.note_request(w, person, Event.DECIDED, p.decision, p.reason)
    p.marks &= ~Mark.UNDECIDED
    p.stamped = w.now
    if p.case != NONE:
        revocation.count_in_case(w, person, plan.size(w, person) if p.kind == Kind.READ else 0.0)

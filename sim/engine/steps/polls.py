"""What an open page asks for by itself, again and again (model, section 18)."""

import math

from sim.engine import limits
from sim.engine.state import NONE, Mark, State, Step, World
from sim.engine.steps import accounting, calendar, connections, lines
from sim.engine.steps.binding import apart, memory
from sim.model.causes import Kind
from sim.model.order import Lane, Priority
from sim.model.outcomes import Decision, Event, Reason

INF = math.inf


@apart
def begin(w: World, person: int, page: int, number: int) -> None:
    """The page is seen; its first poll is due one interval later, and its connection opens."""
    if w.polls or w.hides:
        lines.begin(w, person, lines.of_page(w, page), number, lines.role_of(w, person))
    if w.polls:
        schedule(w, page)
    if w.connects:
        connections.begin(w, person, page, number)


def schedule(w: World, page: int) -> None:
    """The next multiple of the interval that is still to come."""
    s = memory.line(w, lines.of_page(w, page))
    s.k += 1
    s.due = s.seen + s.k * w.poll_every
    if not s.due > w.now:
        s.k = int((w.now - s.seen) / w.poll_every)
        while not s.seen + s.k * w.poll_every > w.now:
            s.k += 1
        s.due = s.seen + s.k * w.poll_every
    lay(w, page)


def lay(w: World, page: int) -> None:
    """Lay the timer into the calendar."""
    s = memory.line(w, lines.of_page(w, page))
    calendar.push(w, s.due, calendar.key_of(Priority.ACTION, s.person, Lane.POLL, page))


@apart
def ended(w: World, page: int) -> None:
    """The page is replaced or closed."""
    if w.connects:
        connections.ended(w, page)
    memory.line(w, lines.of_page(w, page)).due = -INF


@apart
def due(w: World, person: int, page: int) -> int:
    """The timer of a page; returns the next step of its request, which is taken up, or REST where none is sent."""
    s = memory.line(w, lines.of_page(w, page))
    if s.person != person or s.due != w.now:
        return Step.REST
    if lines.muted(w, person) or lines.is_over(w, person):
        s.due = -INF
        return Step.REST
    w.made_polls += 1  # whether it sends or not: a timer that never sends goes on as long
    calendar.try_again(w, limits.POLLS, 0)
    if w.hides and lines.page_is_hidden(w, person, page):
        s.due = lines.next_tick(w)
        if s.due > w.now:
            lay(w, page)
            return Step.REST
    k = s.k
    schedule(w, page)
    if s.under_way or lines.main_is_at(w, person, page) or renewing(w, page):
        return Step.REST
    if not (w.polls_unseen or lines.is_used(w, person, page)):
        return Step.REST
    w.polled += accounting.in_window(w, w.now)
    lines.start(w, person, lines.of_page(w, page), Kind.READ, k)
    accounting.note_page(w, person, Event.POLL, Kind.READ, 0)
    return Step.READY


def renewing(w: World, page: int) -> bool:
    """Whether the token that the page presents is being renewed in the background."""
    if w.refresh_at == 0.0:
        return False
    place = memory.tab(w, page).device if w.cookie and not w.rotates else page
    return memory.background(w, place).renewing != 0


@apart
def resume(w: World, person: int, state: int) -> bool:
    """What the request waited for has come; false where the page is gone and the answer is dropped."""
    if state in (State.ANSWERED, State.RENEWAL_SEEN) and lines.is_gone(w, person):
        over(w, person)
        return False
    return True


@apart
def over(w: World, person: int) -> int:
    """The request of a page is over."""
    memory.line(w, w.line).under_way = 0
    return Step.REST


@apart
def answered(w: World, person: int) -> int:
    """The poll has its answer, or no token was to be had: who is refused is silent until the next click in the page."""
    p, s = memory.person(w, person), memory.line(w, w.line)
    was_sent = p.marks & Mark.HAS_REQUEST != 0
    if p.decision == Decision.REFUSED or (not was_sent and p.outcome == Reason.REFUSED):
        s.stopped, s.due = 1, -INF
    return over(w, person)


@apart
def clicked(w: World, person: int) -> None:
    """A click in a page: polls that had stopped go on."""
    page = lines.in_use(w, person)
    if page == NONE:
        return
    s = memory.line(w, lines.of_page(w, page))
    if s.stopped:
        s.stopped = 0
        schedule(w, page)

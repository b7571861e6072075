"""Requests that a page sends by itself, beside the person's main line (model, section 18).

Such a request takes the same steps as a click. While they are taken, what of the person's record is a request's own changes
places with the page's line (`take_up`, `lay_down`), and `World.line` says so; between them the main line's stands there. Its events
are of the lane `LINE`, its draws have the page's own key.
"""

import math

from sim.engine.state import NONE, Mark, Role, State, World
from sim.engine.steps import calendar
from sim.engine.steps.binding import apart, memory
from sim.model.order import Lane, Priority


def page_of(w: World, line: int) -> int:
    """The page that a line is of."""
    return line // w.lines_a_page


def of_page(w: World, page: int) -> int:
    """The line of a page's timer: the first one."""
    return page * w.lines_a_page


def begin(w: World, person: int, line: int, number: int, role: int) -> None:
    """A page is seen that sends by itself; `number`: in addresses of draws."""
    s = memory.line(w, line)
    s.person, s.number, s.role, s.seen, s.k = person, number, role, w.now, 0
    s.under_way = s.stopped = 0
    s.used = w.now


def in_use(w: World, person: int) -> int:
    """The page in which the person acts."""
    return memory.carrier(w, person).tab if w.several else memory.person(w, person).page


def shown(w: World, person: int) -> int:
    """The person's page, where he has one at most, whoever is taken up."""
    return memory.person(w, person).page if w.line == NONE else memory.line(w, w.line).page


def is_gone(w: World, person: int) -> bool:
    """Whether the page of what is taken up was replaced or closed: its answers are dropped."""
    if w.line == NONE:
        return False
    page = page_of(w, w.line)
    return not memory.tab(w, page).open if w.several else shown(w, person) != page


def busy(w: World, person: int) -> bool:
    """Whether a request of the page in which he acts is under way."""
    page = in_use(w, person)
    return page != NONE and memory.line(w, of_page(w, page)).under_way != 0


# -- seen and hidden ----------------------------------------------------------------------------


def is_used(w: World, person: int, page: int) -> bool:
    """Whether a visit is under way in the page, or somebody acts there after it."""
    p = memory.person(w, person)
    if in_use(w, person) != page or p.state == State.DEAD:
        return False
    return not math.isnan(p.visit_began) or role_of(w, person) != Role.OWN


@apart
def leaves(w: World, person: int) -> None:
    """Who uses a page uses it no more from now on."""
    page = in_use(w, person)
    if page != NONE and is_used(w, person, page):
        memory.line(w, of_page(w, page)).used = w.now


@apart
def is_hidden(w: World, person: int, place: int) -> bool:
    """Whether nobody has used a page for a while; of what a device renews for all its pages, any page there."""
    if not w.cookie or w.rotates:
        return page_is_hidden(w, person, place)
    tab = memory.device(w, place).first
    while tab != NONE:
        if not page_is_hidden(w, person, tab):
            return False
        tab = memory.tab(w, tab).next
    return True


def page_is_hidden(w: World, person: int, page: int) -> bool:
    """The same of one page."""
    unused_since = memory.line(w, of_page(w, page)).used
    return w.now >= unused_since + w.hidden_after and not is_used(w, person, page)


@apart
def next_tick(w: World) -> float:
    """The first instant from now on at which slow timers run."""
    k = math.ceil(w.now / w.timers_every)
    if (k - 1) * w.timers_every >= w.now:
        k -= 1
    return k * w.timers_every


# -- taken up and laid down ---------------------------------------------------------------------


def start(w: World, person: int, line: int, kind: int, at: int) -> None:
    """A request of a page begins, `at` in addresses of draws; it is taken up."""
    s, page = memory.line(w, line), page_of(w, line)
    s.under_way, s.kind, s.at, s.clicked_at = 1, kind, at, w.now
    s.sends = s.renewals = s.marks = s.decision = s.reason = s.outcome = 0
    s.page = s.tab = page
    s.device = NONE
    if w.several:
        s.device = memory.tab(w, page).device
        s.page = s.device if w.cookie else page
    memory.page(w, page).references += 1
    take_up(w, line)


def take_up(w: World, line: int) -> None:
    """What is done next is done for the page's request."""
    w.line = line
    change_places(w, line)


@apart
def change_places(w: World, line: int) -> None:
    """The fields of a request, of the person's record and the page's line."""
    s = memory.line(w, line)
    p = memory.person(w, s.person)
    p.clicked_at, s.clicked_at = s.clicked_at, p.clicked_at
    p.half_trip, s.half_trip = s.half_trip, p.half_trip
    p.stamped, s.stamped = s.stamped, p.stamped
    p.expires, s.expires = s.expires, p.expires
    p.page, s.page = s.page, p.page
    p.generation, s.generation = s.generation, p.generation
    p.renewals, s.renewals = s.renewals, p.renewals
    p.state, s.state = s.state, p.state
    p.marks, s.marks = s.marks, p.marks
    p.kind, s.kind = s.kind, p.kind
    p.decision, s.decision = s.decision, p.decision
    p.reason, s.reason = s.reason, p.reason
    p.outcome, s.outcome = s.outcome, p.outcome
    p.vouched, s.vouched = s.vouched, p.vouched
    p.sends, s.sends = s.sends, p.sends
    if w.several:
        k = memory.carrier(w, s.person)
        k.device, s.device = s.device, k.device
        k.tab, s.tab = s.tab, k.tab


@apart
def serve_later(w: World, line: int) -> None:
    """A worker is free for a page's request: in this instant, when the others' steps are done."""
    person = memory.line(w, line).person
    calendar.push(w, w.now, calendar.key_of(Priority.COMPLETION, person, Lane.LINE, line))


# -- who it is that waits -----------------------------------------------------------------------


@apart
def generation_of(w: World, person: int) -> int:
    """Of a person's main line, whoever is taken up."""
    if w.line != NONE and memory.line(w, w.line).person == person:
        return memory.line(w, w.line).generation
    return memory.person(w, person).generation


@apart
def comes_in_time(w: World, task: int) -> bool:
    """Whether the request for which a task asks still waits for it."""
    t = memory.task(w, task)
    s = memory.line(w, t.line)
    return s.person == t.person and s.generation == t.generation and s.under_way != 0


def holder(w: World, person: int) -> int:
    """The place among those who hold a worker."""
    return person if w.line == NONE else w.people + w.line


def role_at(w: World, case_role: int) -> int:
    """Who acts: for a page's request, who opened the page."""
    return case_role if w.line == NONE else memory.line(w, w.line).role


def role_of(w: World, person: int) -> int:
    """Who acts at the person's client."""
    case = memory.person(w, person).case
    return Role.OWN if case == NONE else role_at(w, memory.case(w, case).role)


def muted(w: World, person: int) -> bool:
    """Whether the person is cut off: what he would send goes nowhere."""
    case = memory.person(w, person).case
    return case != NONE and memory.case(w, case).muted != 0


def is_over(w: World, person: int) -> bool:
    """Whether what an honest person's pages do by themselves is followed no longer."""
    case = memory.person(w, person).case
    begun = case != NONE and memory.case(w, case).begun != 0
    return not begun and w.now >= w.horizon


def main_is_at(w: World, person: int, page: int) -> bool:
    """Whether the main line has a request, renewal or load of this page under way."""
    p = memory.person(w, person)
    if in_use(w, person) != page:
        return False
    if p.state in (State.LOAD_ARRIVES, State.LOAD_SERVED, State.LOAD_SEEN, State.LOAD_RETRY):
        return not begins_visit(w, person)
    return p.state not in (
        State.DEAD,
        State.SHIFT_STARTS,
        State.PAUSE,
        State.TURN,
        State.THINK,
        State.NOTICE,
    )


def begins_visit(w: World, person: int) -> bool:
    """Whether the load under way is of a visit's first page, and so none of the page that it will replace."""
    p = memory.person(w, person)
    return role_of(w, person) == Role.OWN and p.page_of_visit == 0 and not p.marks & Mark.IN_CLICK

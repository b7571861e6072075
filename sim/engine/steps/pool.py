"""Pages, credentials and tasks come and go: pools with free lists, pages counted by those who refer to them."""

import math

from sim.engine.state import NONE, World
from sim.engine.steps import families, knowledge, tokens
from sim.engine.steps.binding import memory

INF = math.inf


def new_task(w: World, person: int) -> int:
    """A task beside the main line of a person (-1: of nobody)."""
    task = w.free_task
    t = memory.task(w, task)
    w.free_task = t.next
    w.tasks_left -= 1
    t.person, t.page, t.next, t.line = person, NONE, NONE, NONE
    t.attempt = t.n = 0
    t.has_new = t.logout_push = t.timed = 0
    return task


def end_task(w: World, task: int) -> None:
    """The task is over."""
    t = memory.task(w, task)
    if t.page != NONE:
        release_page(w, t.person, t.page)
        t.page = NONE
    t.next = w.free_task
    w.free_task = task
    w.tasks_left += 1


def new_place(w: World) -> int:
    """A place for a page, to which one refers."""
    page = w.free_page
    g = memory.page(w, page)
    w.free_page = int(g.stamped)
    w.pages_left -= 1
    g.references = 1
    if w.allowlist:
        memory.entry(w, page).x = -INF
    return page


def new_page(w: World, person: int, number: int, expires: float, admin: int) -> int:
    """The host has decided to load a page: it exists, with its first credential."""
    page = new_place(w)
    g = memory.page(w, page)
    g.stamped = w.now
    g.admin = admin
    g.dropped = 0
    tokens.hold(w, page, w.now, expires, admin)
    if w.keeps_longest:
        memory.longest(w, page).x = expires
    tokens.remember(w, person, knowledge.device_in_use(w, person), expires)
    if w.rotates:
        families.begin(w, page)
    if w.refresh_at > 0.0:
        b = memory.background(w, page)
        b.number = number
        b.renewals = b.held_serial = b.renewing = b.awaited = b.keyed = 0
    case = memory.person(w, person).case
    if case != NONE:
        c = memory.case(w, case)
        c.issued = tokens.new_credential(w, page, w.now, expires, admin, c.issued)
    return page


def release_page(w: World, person: int, page: int) -> None:
    """One less refers to a page of a person."""
    g = memory.page(w, page)
    g.references -= 1
    if g.references > 0:
        return
    tokens.drop_credentials(w, person, page)
    g.stamped = float(w.free_page)
    w.free_page = page
    w.pages_left += 1

"""Pages, credentials and tasks come and go: pools with free lists, pages counted by those who refer to them."""

import math

from sim.engine.state import NONE, World
from sim.engine.steps.binding import memory

INF = math.inf


def new_task(w: World, person: int) -> int:
    """A task beside the main line of a person (-1: of nobody)."""
    task = w.free_task
    t = memory.task(w, task)
    w.free_task = t.next
    w.tasks_left -= 1
    t.person, t.page, t.next = person, NONE, NONE
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


def new_page(w: World, person: int, number: int, expires: float, admin: int) -> int:
    """The host has decided to load a page: it exists, with its first credential."""
    page = w.free_page
    g = memory.page(w, page)
    w.free_page = int(g.stamped)
    w.pages_left -= 1
    g.stamped = g.held_stamped = w.now
    g.held_expires = expires
    g.references = 1
    g.admin = g.held_admin = admin
    g.dropped = 0
    if w.allowlist:
        memory.entry(w, page).x = -INF
    if w.keeps_longest:
        memory.longest(w, page).x = expires
    if w.refresh_at > 0.0:
        b = memory.background(w, page)
        b.number = number
        b.renewals = b.held_serial = b.renewing = b.awaited = 0
    case = memory.person(w, person).case
    if case != NONE:
        c = memory.case(w, case)
        c.issued = new_credential(w, page, w.now, expires, admin, c.issued)
    return page


def release_page(w: World, person: int, page: int) -> None:
    """One less refers to a page of a person."""
    g = memory.page(w, page)
    g.references -= 1
    if g.references > 0:
        return
    case = memory.person(w, person).case
    if case != NONE:
        c = memory.case(w, case)
        kept, i = NONE, c.issued
        while i != NONE:
            k = memory.credential(w, i)
            if k.of >> 1 == page:
                i = free_credential(w, i)
            else:
                after = k.next
                k.next = kept
                kept, i = i, after
        c.issued = kept
    g.stamped = float(w.free_page)
    w.free_page = page
    w.pages_left += 1


def add_credential(
    w: World, person: int, page: int, stamped: float, expires: float, admin: int
) -> None:
    """Keep a new credential, and of the page's older ones those that may outlive it."""
    if w.keeps_longest:
        memory.longest(w, page).x = max(memory.longest(w, page).x, expires)
    case = memory.person(w, person).case
    if case == NONE:
        return
    c = memory.case(w, case)
    kept, i = NONE, c.issued
    while i != NONE:
        k = memory.credential(w, i)
        if k.of >> 1 != page or k.expires > expires or ((k.of & 1) and not admin):
            after = k.next
            k.next = kept
            kept, i = i, after
        else:
            i = free_credential(w, i)
    c.issued = new_credential(w, page, stamped, expires, admin, kept)


def new_credential(
    w: World, page: int, stamped: float, expires: float, admin: int, after: int
) -> int:
    """A link of the list."""
    i = w.free_credential
    k = memory.credential(w, i)
    w.free_credential = k.next
    w.credentials_left -= 1
    k.stamped, k.expires, k.of, k.next = stamped, expires, 2 * page + (admin != 0), after
    return i


def free_credential(w: World, i: int) -> int:
    """Give a link back; returns the next one of its list."""
    k = memory.credential(w, i)
    after = k.next
    k.next = w.free_credential
    w.free_credential = i
    w.credentials_left += 1
    return after

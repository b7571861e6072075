"""Pages, credentials and tasks come and go: pools with free lists, pages counted by those who refer to them."""

import math

from sim.engine.compiled import memory
from sim.engine.compiled.layout import NONE, World
from sim.engine.compiled.options import compiled

INF = math.inf


@compiled
def new_task(w: World, person: int) -> int:
    """A task beside the main line of a person (-1: of nobody)."""
    task = w.free_task
    t = memory.task(w, task)
    w.free_task = t.next
    w.tasks_left -= 1
    t.person, t.page, t.next = person, NONE, NONE
    t.attempt = t.n = 0
    t.has_new = t.logout_push = 0
    return task


@compiled
def end_task(w: World, task: int) -> None:
    """The task is over."""
    t = memory.task(w, task)
    if t.page != NONE:
        release_page(w, t.page)
        t.page = NONE
    t.next = w.free_task
    w.free_task = task
    w.tasks_left += 1


@compiled
def new_page(w: World, person: int, number: int, expires: float, admin: int) -> int:
    """The host has decided to load a page: it exists, with its first credential."""
    page = w.free_page
    g = memory.page(w, page)
    w.free_page = g.number
    w.pages_left -= 1
    g.stamped = g.held_stamped = w.now
    g.held_expires = g.longest = expires
    g.entry, g.number, g.issued = -INF, number, NONE
    g.background = g.held_serial = 0
    g.references = 1
    g.admin = g.held_admin = admin
    g.dropped = g.renewing = g.awaited = 0
    if memory.person(w, person).case != NONE:
        g.issued = new_credential(w, w.now, expires, admin, NONE)
    return page


@compiled
def release_page(w: World, page: int) -> None:
    """One less refers to the page."""
    g = memory.page(w, page)
    g.references -= 1
    if g.references > 0:
        return
    while g.issued != NONE:
        g.issued = free_credential(w, g.issued)
    g.number = w.free_page
    w.free_page = page
    w.pages_left += 1


@compiled
def add_credential(w: World, page: int, stamped: float, expires: float, admin: int) -> None:
    """Keep a new credential, and of the older ones those that may outlive it."""
    g = memory.page(w, page)
    g.longest = max(g.longest, expires)
    if g.issued == NONE:
        return  # kept for people with a case only, whose pages have one from the start
    kept, i = NONE, g.issued
    while i != NONE:
        k = memory.credential(w, i)
        after = k.next
        if k.expires > expires or (k.admin and not admin):
            k.next = kept
            kept = i
        else:
            free_credential(w, i)
        i = after
    g.issued = new_credential(w, stamped, expires, admin, kept)


@compiled
def new_credential(w: World, stamped: float, expires: float, admin: int, after: int) -> int:
    """A link of the list."""
    i = w.free_credential
    k = memory.credential(w, i)
    w.free_credential = k.next
    w.credentials_left -= 1
    k.stamped, k.expires, k.admin, k.next = stamped, expires, admin, after
    return i


@compiled
def free_credential(w: World, i: int) -> int:
    """Give a link back; returns the next one of its list."""
    k = memory.credential(w, i)
    after = k.next
    k.next = w.free_credential
    w.free_credential = i
    w.credentials_left += 1
    return after

"""Devices and tabs (model, section 13): the pages of a person who has more than one at a time.

Each device lists its tabs. One page is in use at a time, since a person clicks in one at a time: `Person.page` is what its
requests present, the page's own token or, where tokens are cookies, what lies at the device's place. Whoever has one page only
needs none of this (`several`).
"""

import math

from sim.basics.streams import Stream
from sim.engine.state import NONE, Law, Mark, World
from sim.engine.steps import (
    draws,
    families,
    knowledge,
    left,
    lines,
    polls,
    pool,
    revocation,
    tokens,
)
from sim.engine.steps.binding import apart, memory

INF = math.inf


def begin(w: World, person: int) -> None:
    """The start of the run: so many devices, none of them used yet."""
    k = memory.carrier(w, person)
    k.first = k.device = k.tab = NONE
    number = draws.sample(w, Law.DEVICES, person, Stream.DEVICES, 0, 0)
    k.devices = int(min(number, 2.0e9))


# -- taken up -----------------------------------------------------------------------------------


def begin_visit(w: World, person: int, visit: int) -> None:
    """A visit takes place on one device, in a new tab while it has few, else in that used longest ago."""
    k = memory.carrier(w, person)
    number = int(draws.uniform(w, person, Stream.DEVICE, visit, 0) * k.devices)
    device = found(w, person, number)
    oldest = NONE
    if memory.device(w, device).tabs >= w.tabs:
        oldest = memory.device(w, device).first
        tab = memory.tab(w, oldest).next
        while tab != NONE:
            if memory.tab(w, tab).used < memory.tab(w, oldest).used:
                oldest = tab
            tab = memory.tab(w, tab).next
    take_up(w, person, device, oldest)


def found(w: World, person: int, number: int) -> int:
    """A device by its number; one that is used for the first time is put at the head of the list."""
    k = memory.carrier(w, person)
    device = k.first
    while device != NONE and memory.device(w, device).number != number:
        device = memory.device(w, device).next
    if device != NONE:
        return device
    device = pool.new_place(w)
    d = memory.device(w, device)
    d.number, d.next, d.first = number, k.first, NONE
    d.tabs = d.used = d.session = 0
    memory.tab(w, device).device = k.first = device
    for place in range(device * w.event_copies, (device + 1) * w.event_copies):
        if w.names_tokens:
            memory.stamped_until(w, place).x = -INF
        if w.compares_clocks:
            memory.told_before(w, place).x = -INF
    if w.keeps_latest:
        memory.latest(w, device).x = -INF
    if w.leaves_entries:
        memory.last_left(w, device).x = NONE
    if w.answers_a_device:
        forget_answers(w, person, device)
    empty(w, person, device)
    return device


@apart
def forget_answers(w: World, person: int, device: int) -> None:
    """Nothing is remembered of a device that is new, at no node."""
    for check in range(w.n_checks):
        for node in range(w.answer_copies):
            if memory.check(w, check).by_device:
                revocation.forget(w, revocation.kept_for(w, person, device, check, node))


def take_up(w: World, person: int, device: int, tab: int) -> None:
    """Go to a tab, or (NONE) to a device where a new one is to be opened."""
    p, k = memory.person(w, person), memory.carrier(w, person)
    k.uses += 1
    k.device, k.tab = device, tab
    memory.device(w, device).used = k.uses
    p.page = NONE
    if tab != NONE:
        memory.tab(w, tab).used = k.uses
        p.page = device if w.cookie else tab


def last_used(w: World, person: int, untried: bool) -> int:
    """The open page used last among those that the case is about; `untried`: in which nothing was refused since the notice."""
    latest = NONE
    device = memory.carrier(w, person).first
    while device != NONE:
        tab = memory.device(w, device).first if knowledge.concerns(w, person, device) else NONE
        while tab != NONE:
            t = memory.tab(w, tab)
            later = latest == NONE or t.used > memory.tab(w, latest).used
            if later and not (untried and t.tried):
                latest = tab
            tab = t.next
        device = memory.device(w, device).next
    return latest


def go_to_last(w: World, person: int) -> None:
    """Go to the open page used last, if there is one; who never came before needs a device to load one."""
    tab = last_used(w, person, False)
    if tab != NONE:
        take_up(w, person, memory.tab(w, tab).device, tab)
    elif memory.carrier(w, person).device == NONE:
        begin_visit(w, person, memory.person(w, person).visit)


def go_elsewhere(w: World, person: int) -> bool:
    """After a refusal: go to the page used last before, in which nothing was refused yet. False where none is left."""
    k = memory.carrier(w, person)
    if w.hides:
        lines.leaves(w, person)
    if k.tab != NONE:
        memory.tab(w, k.tab).tried = 1
    tab = last_used(w, person, True)
    if tab == NONE:
        return False
    take_up(w, person, memory.tab(w, tab).device, tab)
    return True


def signed_in_last(w: World, person: int) -> int:
    """The device used last among those that have a session at the host."""
    latest = NONE
    device = memory.carrier(w, person).first
    while device != NONE:
        d = memory.device(w, device)
        if d.session and (latest == NONE or d.used > memory.device(w, latest).used):
            latest = device
        device = d.next
    return latest


# -- opened and shut ----------------------------------------------------------------------------


def issued(w: World, person: int, page: int) -> None:
    """The host has given a page to the device in use: it has a session of it."""
    t = memory.tab(w, page)
    t.device = memory.carrier(w, person).device
    t.open = t.tried = 0
    memory.device(w, t.device).session = 1


def opened(w: World, person: int, page: int) -> None:
    """The page is seen: it takes the place of that in the tab in use, or a new tab."""
    k = memory.carrier(w, person)
    if k.tab != NONE:
        shut(w, person, k.tab)
    alone = last_open(w, person) == NONE
    d, t = memory.device(w, k.device), memory.tab(w, page)
    t.open, t.next, d.first = 1, d.first, page
    d.tabs += 1
    if w.refresh_at > 0.0:
        memory.background(w, page).keyed = not alone
    if w.cookie:
        pour(w, person, page, k.device)
    take_up(w, person, k.device, page)


def last_open(w: World, person: int) -> int:
    """Any open page of the person."""
    device = memory.carrier(w, person).first
    while device != NONE:
        if memory.device(w, device).first != NONE:
            return memory.device(w, device).first
        device = memory.device(w, device).next
    return NONE


def is_open(w: World, person: int, page: int) -> bool:
    """Whether a page is shown, or what a device holds is shared by a page."""
    if not w.several:
        return page == memory.person(w, person).page
    if w.cookie and not w.rotates:
        return memory.device(w, page).tabs > 0
    return memory.tab(w, page).open != 0


def shut(w: World, person: int, page: int) -> None:
    """A tab shows this page no more."""
    t = memory.tab(w, page)
    d = memory.device(w, t.device)
    if d.first == page:
        d.first = t.next
    else:
        before = d.first
        while memory.tab(w, before).next != page:
            before = memory.tab(w, before).next
        memory.tab(w, before).next = t.next
    t.open = 0
    d.tabs -= 1
    left.leave(w, person, page)
    if w.polls or w.connects:
        polls.ended(w, page)
    pool.release_page(w, person, page)


def ended(w: World, person: int, logged_out: bool) -> None:
    """The tab in use is closed; a logout closes all of the device, and ends its session and what it holds."""
    p, k = memory.person(w, person), memory.carrier(w, person)
    d = memory.device(w, k.device)
    if not logged_out and k.tab != NONE:
        shut(w, person, k.tab)
    while logged_out and d.first != NONE:
        shut(w, person, d.first)
    if logged_out:
        d.session = 0
        empty(w, person, k.device)
    k.tab = p.page = NONE


# -- cookies ------------------------------------------------------------------------------------


def empty(w: World, person: int, device: int) -> None:
    """The device holds no token."""
    g = memory.page(w, device)
    g.stamped = g.held_stamped = g.held_expires = -INF
    g.admin = g.held_admin = g.dropped = g.left = 0
    void_renewals(w, device)
    tokens.drop_credentials(w, person, device)


def void_renewals(w: World, device: int) -> None:
    """Timers and answers of what the device held before come to nothing."""
    if w.refresh_at > 0.0:
        b = memory.background(w, device)
        b.held_serial += 1
        b.renewals = b.renewing = b.awaited = 0


def void_answers(w: World, device: int) -> None:
    """Tokens on their way to what pages of the device send by themselves are not adopted."""
    tab = memory.device(w, device).first
    while tab != NONE:
        memory.line(w, lines.of_page(w, tab)).marks &= ~Mark.HAS_NEW
        tab = memory.tab(w, tab).next


def pour(w: World, person: int, page: int, device: int) -> None:
    """What a page load brought is the device's from now on, in the place of what it held."""
    g, held = memory.page(w, page), memory.page(w, device)
    held.stamped, held.held_stamped, held.held_expires = g.stamped, g.held_stamped, g.held_expires
    held.admin, held.held_admin, held.dropped = g.admin, g.held_admin, g.dropped
    held.left = g.left
    if w.rotates:
        families.begin(w, device)
    void_renewals(w, device)
    if w.polls:
        void_answers(w, device)
    if w.refresh_at > 0.0:
        memory.background(w, device).number = memory.background(w, page).number
        memory.background(w, device).keyed = memory.background(w, page).keyed
    tokens.drop_credentials(w, person, device)
    tokens.move_credentials(w, person, page, device)

"""Families of refresh tokens that rotate (model, section 21): what the browser holds and what a page presents.

A family begins with a page load and lies where the token does: at the page, or at the device whose tabs share it. Tabs do
not coordinate: each asks by its own timer or click, with what the browser held when it sent.
"""

import math

from sim.engine.state import State, World
from sim.engine.steps import knowledge
from sim.engine.steps.binding import memory

INF = math.inf


def begin(w: World, place: int) -> None:
    """A page load starts a family in the place of the one before."""
    f = memory.family(w, place)
    f.number += 1
    f.current = f.held = f.ended = 0
    f.spent = -INF


def asking(w: World, person: int) -> int:
    """The page in which the person's own renewals begin: of a shared cookie the tab in use."""
    if w.rotates and w.cookie:
        return memory.carrier(w, person).tab
    return memory.person(w, person).page


def present(w: World, page: int) -> None:
    """A page asks for a token, with what the browser holds now."""
    place = knowledge.held_at(w, page)
    f, asks = memory.family(w, place), memory.family(w, page)
    asks.asked_of, asks.asked = f.number, f.held
    asks.asked_stamped = memory.page(w, place).held_stamped


def asks_already(w: World, person: int, page: int) -> bool:
    """Whether the person's click in this page, or the page's poll, asks for a token now."""
    if waits_for_token(memory.person(w, person).state) and asking(w, person) == page:
        return True
    if not w.polls:
        return False
    poll = memory.line(w, page * w.lines_a_page)
    return poll.under_way != 0 and waits_for_token(poll.state)


def waits_for_token(state: int) -> bool:
    """Whether what is at this state has asked for a token."""
    return state in (State.RENEWAL_ARRIVES, State.RENEWAL_SERVED, State.RENEWAL_SEEN)


def received(w: World, page: int) -> bool:
    """An answer is at the browser; returns whether its family is still that of the browser, which then holds what it brings."""
    f, asks = memory.family(w, knowledge.held_at(w, page)), memory.family(w, page)
    if asks.asked_of != f.number:
        return False
    f.held = asks.brings
    return True


def holds_newer(w: World, page: int) -> bool:
    """Whether the browser holds a newer token than when this page asked."""
    stamped = memory.page(w, knowledge.held_at(w, page)).held_stamped
    return bool(stamped > memory.family(w, page).asked_stamped)


def renewable(w: World, place: int) -> bool:
    """Whether the family there can still bring a token."""
    if not w.rotates:
        return True
    return bool(memory.family(w, place).ended == 0)

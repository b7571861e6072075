"""Allowlist entries that closed and replaced pages left in the store, where an event drops them with those of open pages.

Those of a person, or of a device, are a ring in the order in which they were left: `last_left` leads to the last, and that to the
first. Each takes a place among the credentials.
"""

import math

from sim.engine.state import NONE, Entries, World
from sim.engine.steps import accounting, knowledge, lines, tokens
from sim.engine.steps.binding import apart, memory
from sim.model.causes import Cause

INF = math.inf


def leave(w: World, person: int, page: int) -> None:
    """A page is about to go, its entry stays; the first that have ended are forgotten."""
    if not w.leaves_entries:
        return
    told_of = memory.person(w, person).case != NONE or knowledge.bit(w.push_causes, Cause.LOGOUT)
    place = knowledge.device_of(w, page) if w.several else person
    if told_of:
        while first_ends(w, place) <= w.now:
            forget_first(w, place)
        if memory.entry(w, page).x > w.now:
            add(w, place, page)


def add(w: World, place: int, page: int) -> None:
    """One more in the ring."""
    last = memory.last_left(w, place)
    i = tokens.new_credential(w, page, w.now, memory.entry(w, page).x, 0, NONE)
    if last.x == NONE:
        memory.credential(w, i).next = i
    else:
        memory.credential(w, i).next = memory.credential(w, last.x).next
        memory.credential(w, last.x).next = i
    last.x = i


def drop_all(w: World, place: int) -> None:
    """An event removes all that are there."""
    while memory.last_left(w, place).x != NONE:
        ends = first_ends(w, place)
        if ends > w.now:
            accounting.count_entry(w, Entries.ALLOWLIST, w.now, ends, -1)
            if w.polls:
                refuse_polls(w, place, first_page(w, place))
        forget_first(w, place)


@apart
def refuse_polls(w: World, place: int, page: int) -> None:
    """What a page that is gone still has under way finds its entry no more. Its place may be another page's by now."""
    here = (
        memory.tab(w, page).device if w.several else memory.line(w, lines.of_page(w, page)).person
    )
    if here == place:
        memory.entry(w, page).x = -INF


@apart
def prolonged(w: World, person: int, page: int) -> None:
    """A request of a page that is gone has prolonged its entry: of those that this place has left, the last."""
    last = memory.last_left(w, knowledge.device_of(w, page) if w.several else person)
    found = NONE
    i = NONE if last.x == NONE else memory.credential(w, last.x).next
    while i != NONE:
        if memory.credential(w, i).of >> 1 == page:
            found = i
        i = NONE if i == last.x else memory.credential(w, i).next
    if found != NONE:
        memory.credential(w, found).expires = memory.entry(w, page).x


def first_page(w: World, place: int) -> int:
    """Of which page the first is."""
    last = memory.last_left(w, place)
    return memory.credential(w, memory.credential(w, last.x).next).of >> 1


def first_ends(w: World, place: int) -> float:
    """When the first ends; inf where there is none."""
    last = memory.last_left(w, place).x
    return INF if last == NONE else memory.credential(w, memory.credential(w, last).next).expires


def forget_first(w: World, place: int) -> None:
    """One less in the ring."""
    last = memory.last_left(w, place)
    first = memory.credential(w, last.x).next
    after = tokens.free_credential(w, first)
    if after == first:
        last.x = NONE
    else:
        memory.credential(w, last.x).next = after

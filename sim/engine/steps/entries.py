"""Entries of the allowlist (model, sections 6 and 14): written by page loads, prolonged by use where they are sessions."""

from sim.basics.streams import Stream
from sim.engine.state import Entries, Law, World
from sim.engine.steps import accounting, clocks, draws, knowledge, left, lines, plan
from sim.engine.steps.binding import memory


def write(w: World, person: int, page: int, number: int) -> None:
    """The entry of a page that is seen, or of the device where it is open; `number`: of the page in addresses."""
    stream = Stream.ENTRY_LIFETIME + plan.role_offset(w, person)
    lasts = draws.sample(w, Law.ENTRY_LIFETIME, person, stream, number, 0)
    place = knowledge.device_of(w, page) if w.shared_entry else page
    stamped = memory.page(w, page).stamped
    e = memory.entry(w, place)
    if e.x > w.now:  # a device's, from the load before
        accounting.count_entry(w, Entries.ALLOWLIST, w.now, e.x, -1)
    e.x = clocks.ends(w.entry_clock, stamped, lasts)
    if w.entry_slides:
        e.x = begin_session(w, place, stamped, lasts)
    accounting.count_entry(w, Entries.ALLOWLIST, w.now, e.x, 1)


def begin_session(w: World, place: int, stamped: float, lasts: float) -> float:
    """What use may prolong: for how long at a time, and up to when. Returns the first end."""
    s = memory.session(w, place)
    s.lasts, s.moved, s.capped = lasts, stamped, stamped + w.entry_absolute
    return min(memory.entry(w, place).x, s.capped)


def used(w: World, person: int) -> None:
    """A request of the person's page has been accepted."""
    place = accounting.place_of_entry(w, person, memory.person(w, person).page)
    prolong(w, place)
    if w.leaves_entries and lines.is_gone(w, person):
        left.prolonged(w, person, place)


def prolong(w: World, place: int) -> None:
    """Use moves the end of an entry, unless it was moved just before, and never past the cap."""
    e, s = memory.entry(w, place), memory.session(w, place)
    if w.now - s.moved < w.entry_step * s.lasts:
        return
    s.moved = w.now
    ends = min(clocks.ends(w.entry_clock, w.now, s.lasts), s.capped)
    if ends > e.x:
        accounting.count_entry(w, Entries.ALLOWLIST, e.x, ends, 1)
        e.x = ends

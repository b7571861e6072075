"""What the host knows of a person, and so what it grants (model, section 6)."""

import math

from sim.basics.streams import Stream
from sim.engine.given import mask
from sim.engine.state import NONE, World
from sim.engine.steps import draws
from sim.engine.steps.binding import apart, memory
from sim.model.causes import Cause
from sim.model.mechanisms import PAGE_LOAD_SEES

INF = math.inf
PAGE_LOAD_REFUSES = mask(cause.seen_through in PAGE_LOAD_SEES for cause in Cause)


def bit(mask: int, place: int) -> bool:
    """Whether a mask has a bit."""
    return (mask >> place) & 1 == 1


def known(w: World, person: int) -> int:
    """The cause that the host knows of, or NONE."""
    case = memory.person(w, person).case
    if case == NONE or not memory.case(w, case).known:
        return NONE
    return memory.case(w, case).cause


def device_of(w: World, page: int) -> int:
    """Where a page is open, or a token held; NONE where people have one page."""
    return memory.tab(w, page).device if w.several else NONE


def held_at(w: World, page: int) -> int:
    """Where what a page renews is held: at its device, where tabs share a cookie and each renews by itself."""
    return memory.tab(w, page).device if w.rotates and w.cookie else page


def device_in_use(w: World, person: int) -> int:
    """The device at which the person is; NONE where people have one page."""
    return memory.carrier(w, person).device if w.several else NONE


def concerns(w: World, person: int, device: int) -> bool:
    """Whether the person's case is about what this device has: a logout ends one session, or all of them."""
    c = memory.case(w, memory.person(w, person).case)
    one = c.cause == Cause.LOGOUT and w.several and not w.everywhere
    return not one or device == c.device


def host_grants(w: World, person: int, device: int, refuses: int) -> bool:
    """Whether a contact of a device that refuses the causes of a mask is granted now."""
    cause = known(w, person)
    return cause == NONE or not (bit(refuses, cause) and concerns(w, person, device))


def vouches_admin(w: World, person: int) -> bool:
    """Whether the host takes the person for an administrator now."""
    return memory.person(w, person).administrator != 0 and known(w, person) != Cause.ADMIN_LOSS


def check_grants(w: World, person: int, device: int, check: int) -> int:
    """What a check answers now: a mask of kinds."""
    k = memory.check(w, check)
    if k.host and w.now < known_at(w, person, k.host):
        return 0b011 if k.asks_admin and not memory.person(w, person).administrator else 0b111
    if not host_grants(w, person, device, k.refuses):
        return 0
    if k.asks_admin and not vouches_admin(w, person):
        return 0b011
    return 0b111


@apart
def known_at(w: World, person: int, decider: int) -> float:
    """When a decider knows of the person's case; infinite while the host does not, and where there is none."""
    case = memory.person(w, person).case
    return INF if case == NONE else memory.knows_at(w, case * w.n_hosts + decider).x


@apart
def told_deciders(w: World, person: int) -> None:
    """The host knows of the person's case: each decider will after a while."""
    case = memory.person(w, person).case
    for decider in range(1, w.n_hosts):
        h = memory.host(w, decider)
        law, stream = h.knows_laws + memory.case(w, case).cause, Stream.PROPAGATION + h.streams
        after = draws.sample(w, law, person, stream, 0, 0)
        memory.knows_at(w, case * w.n_hosts + decider).x = w.now + after

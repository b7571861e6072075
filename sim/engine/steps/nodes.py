"""Nodes of the app behind its balancer (model, section 23): where a request goes, and the station of each."""

from sim.basics.streams import Stream
from sim.engine.state import NONE, Station, World
from sim.engine.steps import connections, draws, knowledge, lines, plan
from sim.engine.steps.binding import apart, into_callers, memory


@into_callers
def of(w: World, person: int) -> int:
    """The node of the request under way."""
    return 0 if w.nodes == 1 else memory.route(w, lines.holder(w, person)).x


@into_callers
def station(w: World, node: int) -> int:
    """Its station: further nodes come behind the other parties."""
    return Station.APP if node == 0 else Station.AUTH_SERVER + node


@apart
def route(w: World, person: int) -> None:
    """The balancer has a request: one draw a request, or (sticky) one a device."""
    u = sticky(w, person) if w.sticky else drawn(w, person)
    memory.route(w, lines.holder(w, person)).x = int(u * w.nodes)


def drawn(w: World, person: int) -> float:
    """The draw at the address of the request under way."""
    p = memory.person(w, person)
    if w.line != NONE:
        s = memory.line(w, w.line)
        stream = Stream.NODE + plan.role_offset(w, person)
        return draws.uniform_of_page(w, person, stream, s.number, s.at, p.sends - 1)
    return draws.uniform(w, person, Stream.NODE + plan.role_offset(w, person), p.click, p.sends - 1)


def sticky(w: World, person: int) -> float:
    """The draw of the device in use, whoever acts there."""
    device = knowledge.device_in_use(w, person)
    number = memory.device(w, device).number if device != NONE else 0
    return draws.uniform(w, person, Stream.STICKY_NODE, number, 0)


def of_connection(w: World, page: int) -> int:
    """Where the connection of a page is open."""
    return 0 if w.nodes == 1 else memory.route(w, w.people + connections.line_of(w, page)).x


@apart
def carry(w: World, person: int, line: int) -> None:
    """The request at hand goes over the connection of a line: to the node where that is open."""
    memory.route(w, lines.holder(w, person)).x = memory.route(w, w.people + line).x

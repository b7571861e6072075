"""Where a strategy written in Python has its say. One that is settings alone adds nothing; the plain runner puts others here."""

from sim.engine.state import World
from sim.engine.steps import knowledge
from sim.engine.steps.binding import memory
from sim.model.outcomes import Reason


def refuses(w: World, person: int) -> int:
    """Why a local gate of its own refuses the request under way now."""
    return Reason.NOTHING


def asks_host(w: World, person: int, check: int) -> bool:
    """Whether a check applies to the request under way."""
    return knowledge.bit(memory.check(w, check).kinds, memory.person(w, person).kind)


def passes_until(
    w: World, person: int, page: int, kind: int, stamped: float, expires: float, until: float
) -> float:
    """How far a hypothetical request with this token passes, which its token allows until then."""
    return until


def renewed_until(w: World, person: int, page: int, kind: int, until: float) -> float:
    """The same where a new token would be granted at each instant until then."""
    return until


def check_ends(w: World, check: int, kind: int, cause: int) -> bool:
    """Whether a hypothetical request passes a check only while a yes is remembered."""
    asked = knowledge.bit(memory.check(w, check).kinds, kind)
    return asked and knowledge.bit(memory.check(w, check).sees, cause)

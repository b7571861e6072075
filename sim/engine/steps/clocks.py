"""When what was stamped ends, by the clock of who keeps it (model, section 12): to the instant, or in whole seconds; and clocks that are wrong."""

import math

from sim.basics.streams import WORLD, Stream
from sim.engine.state import Law, World
from sim.engine.steps import draws
from sim.model.mechanisms import Clock, Renewal


def ends(clock: int, stamped: float, lasts: float) -> float:
    """The first instant at which it is no longer valid."""
    if clock == Clock.EXACT:
        return stamped + lasts
    return math.floor(stamped) + lasts + (1.0 if clock == Clock.FLOOR_PLUS_1 else 0.0)


def begin(w: World) -> None:
    """By how much the clocks of the run are ahead: the host stamps with pages; who renews, stamps then."""
    w.app_offset = draws.sample(w, Law.APP_CLOCK, WORLD, Stream.APP_CLOCK, 0, 0)
    w.page_offset = draws.sample(w, Law.HOST_CLOCK, WORLD, Stream.HOST_CLOCK, 0, 0)
    w.renewal_offset = w.page_offset
    if w.renewal == Renewal.SLIDING:
        w.renewal_offset = w.app_offset
    elif w.renewal == Renewal.APP:
        w.renewal_offset = draws.sample(w, Law.AUTH_CLOCK, WORLD, Stream.AUTH_CLOCK, 0, 0)

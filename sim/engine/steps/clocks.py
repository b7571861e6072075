"""When what was stamped ends, by the clock of who keeps it (model, section 12): to the instant, or in whole seconds."""

import math

from sim.model.mechanisms import Clock


def ends(clock: int, stamped: float, lasts: float) -> float:
    """The first instant at which it is no longer valid."""
    if clock == Clock.EXACT:
        return stamped + lasts
    return math.floor(stamped) + lasts + (1.0 if clock == Clock.FLOOR_PLUS_1 else 0.0)

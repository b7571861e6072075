"""Refresh tokens that rotate (model, section 21): each is spent by its use, and a spent one that comes back is reuse."""

from sim.engine.state import World
from sim.engine.steps import accounting, knowledge, revocation
from sim.engine.steps.binding import memory


def accepted(w: World, person: int, page: int) -> bool:
    """What the authorization server does with the refresh token that a page presented; one spent just before is forgiven."""
    f, asks = memory.family(w, knowledge.held_at(w, page)), memory.family(w, page)
    if asks.asked_of != f.number or f.ended:
        return False
    if asks.asked == f.current:
        f.current += 1
        f.spent = w.now
    elif asks.asked != f.current - 1 or not w.now < f.spent + w.grace:
        reused(w, person, knowledge.held_at(w, page))
        return False
    asks.brings = f.current
    return True


def reused(w: World, person: int, place: int) -> None:
    """Two have used one refresh token: an honest person's tabs, or a thief."""
    counts = accounting.honest(w, person, w.now) and accounting.in_window(w, w.now)
    w.reuses += counts
    if w.ends_family:
        w.false_logouts += counts
        revocation.accrue(w, person)
        memory.family(w, place).ended = 1
        revocation.refresh(w, person)

"""Limits as hosts keep them, other than a bucket (model, "Limits as hosts keep them"): windows, logs, counters, and calls that wait their turn.

A host, or a decider, has one limiter a second and one an hour, or one of them. A call that one of them refuses is refused.
"""

import math
from typing import Any

from sim.engine.state import World
from sim.engine.steps import accounting
from sim.engine.steps.binding import into_callers, memory
from sim.model.limits import Limiter
from sim.model.outcomes import Reason

INF = math.inf
WAITS = -1  # beside the reasons of the host: the call goes on at `World.turn`


def admits(w: World, reason: int, host: int) -> int:
    """A call has arrived: OK, RATE_LIMITED, or WAITS."""
    h, refused = memory.host(w, host), False
    for which in range(h.buckets):
        begin_window(w, host, which)
        if not has_room(w, host, which):
            refused = True
    w.turn = w.now
    for which in range(h.buckets):
        if not refused or h.counts_refused:
            count(w, host, which)
    if refused:
        accounting.record_limited(w, reason, longest_wait(w, host), host)
        return Reason.RATE_LIMITED
    return WAITS if w.turn > w.now else Reason.OK


@into_callers
def of(w: World, host: int, which: int) -> Any:
    """One of its limiters: a second's, or an hour's."""
    return memory.limiter(w, memory.host(w, host).first_limiter + which)


def begin_window(w: World, host: int, which: int) -> None:
    """The window in which a call of now counts."""
    h, k = memory.host(w, host), of(w, host, which)
    if h.limiter == Limiter.FIXED_WINDOW and not w.now < k.began + k.lasts:
        k.began, k.calls = w.now, 0
    elif h.limiter == Limiter.COUNTER:
        began = math.floor(w.now / k.lasts) * k.lasts
        if began > k.began:
            k.before = k.calls if began == k.began + k.lasts else 0
            k.began, k.calls = began, 0


def has_room(w: World, host: int, which: int) -> bool:
    """Whether it lets a call of now pass."""
    h, k = memory.host(w, host), of(w, host, which)
    if h.limiter == Limiter.FIXED_WINDOW:
        return k.calls < k.most
    if h.limiter == Limiter.LOG:
        return k.most > 0 and not w.now < oldest(w, host, which) + k.lasts
    if h.limiter == Limiter.COUNTER:
        return k.calls + k.before * (1.0 - (w.now - k.began) / k.lasts) < k.most
    return before_it(w, host, which) <= h.capacity_0


def count(w: World, host: int, which: int) -> None:
    """A call of now counts."""
    h, k = memory.host(w, host), of(w, host, which)
    if h.limiter == Limiter.PACED:
        turn = max(k.began, w.now)
        w.turn = max(w.turn, turn)
        k.began = turn + 1.0 / k.rate
        return
    k.calls += 1
    if h.limiter == Limiter.LOG and k.most > 0:
        memory.limiter_call(w, k.first + k.oldest).x = w.now
        k.oldest += 1
        if k.oldest >= k.most:
            k.oldest = 0


def oldest(w: World, host: int, which: int) -> float:
    """When the oldest of the last `most` calls that count came."""
    k = of(w, host, which)
    return memory.limiter_call(w, k.first + k.oldest).x


def before_it(w: World, host: int, which: int) -> float:
    """How many turns a call of now would wait."""
    k = of(w, host, which)
    return max(0.0, (k.began - w.now) * k.rate)


def longest_wait(w: World, host: int) -> float:
    """Seconds until no limiter would refuse."""
    wait = 0.0
    for which in range(memory.host(w, host).buckets):
        if not has_room(w, host, which):
            wait = max(wait, wait_for(w, host, which))
    return wait


def wait_for(w: World, host: int, which: int) -> float:
    """Seconds until a limiter that has no room has some, if nobody calls."""
    h, k, now = memory.host(w, host), of(w, host, which), w.now
    if h.limiter == Limiter.PACED:
        return (before_it(w, host, which) - h.capacity_0) / k.rate
    if k.most == 0:
        return INF
    if h.limiter == Limiter.FIXED_WINDOW:
        return k.began + k.lasts - now
    if h.limiter == Limiter.LOG:
        return oldest(w, host, which) + k.lasts - now
    if k.calls < k.most:
        return k.began + (1.0 - (k.most - k.calls) / k.before) * k.lasts - now
    return k.began + (2.0 - k.most / k.calls) * k.lasts - now

"""Limits as hosts keep them, other than a bucket (model, "Limits as hosts keep them"): windows, logs, counters, and calls that wait their turn.

A host has one limiter a second and one an hour, or one of them. A call that one of them refuses is refused.
"""

import math

from sim.engine.state import World
from sim.engine.steps import accounting
from sim.engine.steps.binding import memory
from sim.model.limits import Limiter
from sim.model.outcomes import Reason

INF = math.inf
WAITS = -1  # beside the reasons of the host: the call goes on at `World.turn`


def admits(w: World, reason: int) -> int:
    """A call has arrived: OK, RATE_LIMITED, or WAITS."""
    refused = False
    for which in range(w.buckets):
        begin_window(w, which)
        if not has_room(w, which):
            refused = True
    w.turn = w.now
    for which in range(w.buckets):
        if not refused or w.counts_refused:
            count(w, which)
    if refused:
        accounting.record_limited(w, reason, longest_wait(w))
        return Reason.RATE_LIMITED
    return WAITS if w.turn > w.now else Reason.OK


def begin_window(w: World, which: int) -> None:
    """The window in which a call of now counts."""
    k = memory.limiter(w, which)
    if w.limiter == Limiter.FIXED_WINDOW and not w.now < k.began + k.lasts:
        k.began, k.calls = w.now, 0
    elif w.limiter == Limiter.COUNTER:
        began = math.floor(w.now / k.lasts) * k.lasts
        if began > k.began:
            k.before = k.calls if began == k.began + k.lasts else 0
            k.began, k.calls = began, 0


def has_room(w: World, which: int) -> bool:
    """Whether it lets a call of now pass."""
    k = memory.limiter(w, which)
    if w.limiter == Limiter.FIXED_WINDOW:
        return k.calls < k.most
    if w.limiter == Limiter.LOG:
        return k.most > 0 and not w.now < oldest(w, which) + k.lasts
    if w.limiter == Limiter.COUNTER:
        return k.calls + k.before * (1.0 - (w.now - k.began) / k.lasts) < k.most
    return before_it(w, which) <= w.capacity_0


def count(w: World, which: int) -> None:
    """A call of now counts."""
    k = memory.limiter(w, which)
    if w.limiter == Limiter.PACED:
        turn = max(k.began, w.now)
        w.turn = max(w.turn, turn)
        k.began = turn + 1.0 / k.rate
        return
    k.calls += 1
    if w.limiter == Limiter.LOG and k.most > 0:
        memory.limiter_call(w, k.first + k.oldest).x = w.now
        k.oldest += 1
        if k.oldest >= k.most:
            k.oldest = 0


def oldest(w: World, which: int) -> float:
    """When the oldest of the last `most` calls that count came."""
    k = memory.limiter(w, which)
    return memory.limiter_call(w, k.first + k.oldest).x


def before_it(w: World, which: int) -> float:
    """How many turns a call of now would wait."""
    k = memory.limiter(w, which)
    return max(0.0, (k.began - w.now) * k.rate)


def longest_wait(w: World) -> float:
    """Seconds until no limiter would refuse."""
    wait = 0.0
    for which in range(w.buckets):
        if not has_room(w, which):
            wait = max(wait, wait_for(w, which))
    return wait


def wait_for(w: World, which: int) -> float:
    """Seconds until a limiter that has no room has some, if nobody calls."""
    k, now = memory.limiter(w, which), w.now
    if w.limiter == Limiter.PACED:
        return (before_it(w, which) - w.capacity_0) / k.rate
    if k.most == 0:
        return INF
    if w.limiter == Limiter.FIXED_WINDOW:
        return k.began + k.lasts - now
    if w.limiter == Limiter.LOG:
        return oldest(w, which) + k.lasts - now
    if k.calls < k.most:
        return k.began + (1.0 - (k.most - k.calls) / k.before) * k.lasts - now
    return k.began + (2.0 - k.most / k.calls) * k.lasts - now

"""The calendar: pending events in the model's order, (time, priority, person, lane, insertion).

Priority, person, lane and the last 24 bits of a number are one whole number, the key. Events of a person's main line carry his
generation as that number (a cancelled one stays in the calendar and is passed over), others count insertions.
"""

from sim.engine.compiled import memory
from sim.engine.compiled.layout import World
from sim.engine.compiled.options import compiled

PERSON_SHIFT, LANE_SHIFT, PRIORITY_SHIFT = 28, 24, 60
LOW_BITS = (1 << 24) - 1
PERSON_BITS = (1 << 32) - 1


@compiled
def key_of(priority: int, person: int, lane: int, number: int) -> int:
    """The place of an event among those of the same time."""
    person_and_lane = ((person + 1) << PERSON_SHIFT) | (lane << LANE_SHIFT)
    return (priority << PRIORITY_SHIFT) | person_and_lane | (number & LOW_BITS)


@compiled
def push(w: World, time: float, key: int, task: int) -> None:
    """Insert an event. The first one that an event causes takes the place it left at the top."""
    if w.hole:
        w.hole = 0
        sift_down(w, w.heap, time, key, task)
        return
    i = w.heap
    w.heap = i + 1
    while i > 0:
        above = (i - 1) >> 1
        e = memory.event(w, above)
        if not earlier(time, key, e.time, e.key):
            break
        put(w, i, e.time, e.key, e.task)
        i = above
    put(w, i, time, key, task)


@compiled
def fill_hole(w: World) -> None:
    """The event at the top has been run and has caused no other: the last one takes its place."""
    w.hole = 0
    w.heap -= 1
    last = memory.event(w, w.heap)
    sift_down(w, w.heap, last.time, last.key, last.task)


@compiled
def sift_down(w: World, n: int, time: float, key: int, task: int) -> None:
    """Put an event into a heap of n whose top is free. What is due next stays there: two comparisons."""
    i, below = 0, 1
    while below < n:
        e = memory.event(w, below)
        if below + 1 < n:
            other = memory.event(w, below + 1)
            if earlier(other.time, other.key, e.time, e.key):
                below += 1
                e = other
        if not earlier(e.time, e.key, time, key):
            break
        put(w, i, e.time, e.key, e.task)
        i, below = below, 2 * below + 1
    put(w, i, time, key, task)


@compiled
def put(w: World, i: int, time: float, key: int, task: int) -> None:
    """Write a place of the heap."""
    e = memory.event(w, i)
    e.time, e.key, e.task = time, key, task


@compiled
def earlier(time: float, key: int, other_time: float, other_key: int) -> bool:
    """Whether an event comes before another."""
    return time < other_time or (time == other_time and key < other_key)


@compiled
def act_later(w: World, person: int, delay: float, priority: int, lane: int, state: int) -> None:
    """The person's main line goes on after a delay."""
    p = memory.person(w, person)
    p.state = state
    push(w, w.now + delay, key_of(priority, person, lane, p.generation), -1)


@compiled
def task_later(w: World, task: int, delay: float, priority: int, lane: int, state: int) -> None:
    """A task beside the main line goes on after a delay."""
    t = memory.task(w, task)
    t.state = state
    number = w.side_events
    w.side_events = number + 1
    push(w, w.now + delay, key_of(priority, t.person, lane, number), task)

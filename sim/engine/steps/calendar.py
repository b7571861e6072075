"""The calendar: pending events in the model's order, (time, priority, person, lane, insertion).

Priority, person, lane and a number of 25 bits are one whole number, the key. The number of an event of a person's main line is
his generation (a cancelled one stays in the calendar and is passed over), that of a task its place, that of a case its state.

The run is cut into rows of equal length. An event that lies in a later row than the present one is put into a list of its row, in
no order; when a row's turn comes its events move into a heap, and whatever is caused within the row goes there at once. So an
event costs the same with a thousand people as with a million (the calendar queue of Brown, CACM 31, 1220, 1988, with one turn
for the whole run). What lies after the end of the run is not kept.
"""

import math

from sim.engine import limits
from sim.engine.state import NONE, Step, World
from sim.engine.steps.binding import into_callers, memory
from sim.model.order import Lane, Priority

PERSON_SHIFT, LANE_SHIFT, PRIORITY_SHIFT = 28, 25, 60
NUMBER_BITS, LANE_BITS, PERSON_BITS = (1 << 25) - 1, 7, (1 << 32) - 1
INF = math.inf
WORK = 1 << 18  # acts between two looks at signals: a fifth of a second
FEW = 10_000  # people whose records lie in a processor's caches


def key_of(priority: int, person: int, lane: int, number: int) -> int:
    """The place of an event among those of the same time."""
    person_and_lane = ((person + 1) << PERSON_SHIFT) | (lane << LANE_SHIFT)
    return (priority << PRIORITY_SHIFT) | person_and_lane | (number & NUMBER_BITS)


def person_of(key: int) -> int:
    """Whose event it is; -1 for an outage."""
    return ((key >> PERSON_SHIFT) & PERSON_BITS) - 1


def is_main(key: int) -> bool:
    """Whether an event belongs to the main line of a person. Outages belong to nobody."""
    somebody = (key >> PERSON_SHIFT) & PERSON_BITS != 0
    return (key >> LANE_SHIFT) & LANE_BITS == Lane.MAIN and somebody


def is_task(key: int) -> bool:
    """Whether an event belongs to a task."""
    lane = (key >> LANE_SHIFT) & LANE_BITS
    pushed = key >> PRIORITY_SHIFT == Priority.PUSH
    outage = (key >> PERSON_SHIFT) & PERSON_BITS == 0
    return lane in (Lane.BACKGROUND, Lane.CHECK) or pushed or outage


@into_callers
def push(w: World, time: float, key: int) -> None:
    """Insert an event, not before now."""
    if not time < w.end:
        return
    row = time * w.rows_per_s  # never falls where time rises, so what is in a later row is later
    if row < w.row_end:
        into_heap(w, time, key)
        return
    i = w.free_event
    e, first = memory.event(w, i), memory.first_of_row(w, int(row))
    w.free_event = e.next
    w.events_left -= 1
    e.time, e.key, e.next = time, key, first.x
    first.x = i


def lane_of(key: int) -> int:
    """What goes on beside what, at one person."""
    return (key >> LANE_SHIFT) & LANE_BITS


def is_of_page(key: int) -> bool:
    """Whether an event belongs to what a page does by itself; not one that is a task's."""
    return lane_of(key) >= Lane.LINE


# -- the rows -------------------------------------------------------------------------------------


def next_row(w: World) -> bool:
    """The turn of the next row that has events: they move into the heap, which is empty; false where no row is left.

    The heap may have no room for all of them; `moving` then says that the rest is to follow.
    """
    row = int(w.row_end)
    while row < w.n_first_of_row and memory.first_of_row(w, row).x == NONE:
        row += 1
    w.row_end = float(row)
    if row == w.n_first_of_row:
        return False
    first = memory.first_of_row(w, row)
    while first.x != NONE and w.heap < w.n_heap:
        i = first.x
        e = memory.event(w, i)
        first.x = e.next
        into_heap(w, e.time, e.key)
        if w.people > FEW:
            fetch_what_he_has(w, person_of(e.key))
        e.next = w.free_event
        w.free_event = i
        w.events_left += 1
    w.moving = first.x != NONE
    if not w.moving:
        w.row_end += 1.0
        w.scout = NONE
        if w.people > FEW and row + 1 < w.n_first_of_row:
            w.scout = memory.first_of_row(w, row + 1).x
    return True


# With many people, who acts next lies far away in memory, and so does his event. While one row has its turn, the list of the next
# is gone through, one event for each that is run, and what it takes is asked for.


def look_ahead(w: World) -> None:
    """Ask for the memory of one more event of the next row."""
    if w.scout == NONE:
        return
    e = memory.event(w, w.scout)
    memory.fetch_person(w, person_of(e.key))
    memory.fetch_event(w, e.next)
    w.scout = e.next


def fetch_what_he_has(w: World, person: int) -> None:
    """Ask for the page and the case of somebody whose turn comes."""
    if person >= 0:
        p = memory.person(w, person)
        memory.fetch_page(w, p.page)
        if p.case != NONE:
            memory.fetch_case(w, p.case)


# -- the heap -------------------------------------------------------------------------------------


def into_heap(w: World, time: float, key: int) -> None:
    """The first event that an event causes takes the place it left at the top: there it often stays."""
    if w.hole:
        w.hole = 0
        sift_down(w, w.heap, time, key)
        return
    i = w.heap
    w.heap = i + 1
    while i > 0:
        above = (i - 1) >> 1
        e = memory.due(w, above)
        if not earlier(w, time, key, e.time, e.key):
            break
        put(w, i, e.time, e.key)
        i = above
    put(w, i, time, key)


def fill_hole(w: World) -> None:
    """The event at the top has been run and has caused no other that is due: the last one takes its place."""
    w.hole = 0
    w.heap -= 1
    last = memory.due(w, w.heap)
    sift_down(w, w.heap, last.time, last.key)


def sift_down(w: World, n: int, time: float, key: int) -> None:
    """Put an event into a heap of n whose top is free. What is due next stays there: two comparisons."""
    i, below = 0, 1
    while below < n:
        e = memory.due(w, below)
        if below + 1 < n:
            other = memory.due(w, below + 1)
            if earlier(w, other.time, other.key, e.time, e.key):
                below += 1
                e = other
        if not earlier(w, e.time, e.key, time, key):
            break
        put(w, i, e.time, e.key)
        i, below = below, 2 * below + 1
    put(w, i, time, key)


def put(w: World, i: int, time: float, key: int) -> None:
    """Write a place of the heap."""
    e = memory.due(w, i)
    e.time, e.key = time, key


def earlier(w: World, time: float, key: int, other_time: float, other_key: int) -> bool:
    """Whether an event comes before another."""
    if time != other_time:
        return time < other_time
    if (key ^ other_key) > NUMBER_BITS or not is_task(key):
        return key < other_key
    return inserted_before(w, key & NUMBER_BITS, other_key & NUMBER_BITS)


def inserted_before(w: World, task: int, other: int) -> bool:
    """What ties of tasks of one person go by in the end."""
    return memory.task(w, task).serial < memory.task(w, other).serial


@into_callers
def own_key(w: World, priority: int, person: int) -> int:
    """The place of an event of the person's main line, or of the request of a page that is taken up."""
    lane, number = Lane.MAIN, memory.person(w, person).generation
    if w.line != NONE:
        lane, number = Lane.LINE, w.line
    return key_of(priority, person, lane, number)


def act_later(w: World, person: int, delay: float, priority: int, state: int) -> None:
    """The person's main line goes on after a delay, and meets others."""
    p = memory.person(w, person)
    p.state = state
    push(w, w.now + delay, own_key(w, priority, person))


@into_callers
def meets(w: World, person: int, delay: float, priority: int, state: int) -> int:
    """The same; of who is alone nobody is met, and he goes on at once where nothing of his own is due before. Returns his next step."""
    time = w.now + delay
    if w.alone and time < w.until and nothing_before(w, time):
        memory.person(w, person).state = state
        w.now = time
        return Step.RESUME
    act_later(w, person, delay, priority, state)
    return Step.REST


def nothing_before(w: World, time: float) -> bool:
    """Whether nothing in the heap is due up to an instant, and nobody is to be told of a logout of now."""
    if w.logout_person != NONE:
        return False
    first = w.hole  # what is run now has left the top, or nothing has
    if w.heap > first and not memory.due(w, first).time > time:
        return False
    return w.hole == 0 or w.heap <= 2 or memory.due(w, 2).time > time


def comes_next(w: World) -> bool:
    """Whether nothing else is due up to and in this instant, so that an event laid for it would be the next to be taken.

    Only while the event at the top of the heap is run and has caused no other: what may come next is below it, or later.
    """
    if not (w.hole and w.now * w.rows_per_s < w.row_end):
        return False
    if w.heap > 1 and not memory.due(w, 1).time > w.now:
        return False
    return w.heap <= 2 or memory.due(w, 2).time > w.now


def task_later(w: World, task: int, delay: float, priority: int, lane: int, state: int) -> None:
    """A task beside the main line goes on after a delay."""
    memory.task(w, task).state = state
    push_task(w, task, w.now + delay, priority, lane)


@into_callers
def push_task(w: World, task: int, time: float, priority: int, lane: int) -> None:
    """Insert the event of a task."""
    t = memory.task(w, task)
    t.serial = w.side_events
    w.side_events += 1
    push(w, time, key_of(priority, t.person, lane, task))


# -- what never ends ------------------------------------------------------------------------------


@into_callers
def act(w: World, act: int) -> None:
    """Count what somebody sets going (`sim.engine.limits`); past a bound the work ends."""
    w.acts += 1
    if w.acts >= w.look_up:
        look_up(w, act)
    if w.now != w.acted_at:
        w.acted_at, w.at_once = w.now, 1
        return
    w.at_once += 1
    if w.at_once > w.most_an_instant:
        stop(w, limits.IN_AN_INSTANT, act)


def try_again(w: World, act_: int, attempt: int) -> None:
    """The same, of what is tried until it succeeds; `attempt` numbers the tries from 0."""
    act(w, act_)
    if attempt >= w.most_tries:
        stop(w, limits.IN_TRIES, act_)


def begin_work(w: World, until: float) -> None:
    """`advance` goes on until a time, or for so many acts; close to a bound it looks up at each."""
    w.until, w.ahead, w.work_ends = until, w.runs_ahead, w.acts + WORK
    w.look_up = w.work_ends if w.work_ends <= w.most_a_run else w.acts


def look_up(w: World, act: int) -> None:
    """Many acts have been done: is it too many of a kind, or time for others to be heard?"""
    if made_of(w, act) > w.most_a_run:
        stop(w, limits.IN_A_RUN, act)
    elif w.acts >= w.work_ends:
        w.ahead, w.until = 0, -INF


def made_of(w: World, act: int) -> int:
    """How many acts of a kind there were."""
    if act == limits.CLICKS:
        others = w.made_loads + w.made_renewals + w.made_pushes + w.made_outages
        return w.acts - others - w.made_polls - w.made_connections
    if act == limits.PAGE_LOADS:
        return w.made_loads
    if act == limits.RENEWALS:
        return w.made_renewals
    if act == limits.POLLS:
        return w.made_polls
    if act == limits.CONNECTIONS:
        return w.made_connections
    return w.made_pushes if act == limits.PUSH_ATTEMPTS else w.made_outages


def stop(w: World, broken: int, act: int) -> None:
    """A bound is passed: `advance` returns before the next event."""
    if not w.endless:
        w.endless, w.broken = act + 1, broken
    w.ahead, w.until = 0, -INF


# -- running ahead --------------------------------------------------------------------------------
#
# What a person without a case does between two meetings with others (at a station, at the host) is known as soon as the first
# is over: nobody can change it. It is done at once, on his own time: `now` moves on with him until he meets others, for
# which he lays an event (or goes on at once where nobody else is due before: `comes_next`). Sums are whole numbers and draws
# have addresses, so what is recorded does not depend on it.


def ahead(w: World, person: int, time: float) -> bool:
    """Whether what a person does by himself at a later instant can be done now."""
    return on_his_own(w, person) and time < w.end


def on_his_own(w: World, person: int) -> bool:
    """Whether nobody can change what a person does before he meets others, and no one waits to be heard."""
    return w.ahead != 0 and memory.person(w, person).case < 0


@into_callers
def go_on(w: World, person: int, time: float, priority: int, state: int) -> int:
    """The person's main line goes on at an instant, by itself. Returns its next step."""
    p = memory.person(w, person)
    p.state = state
    if ahead(w, person, time):
        w.now = time
        return Step.RESUME
    push(w, time, own_key(w, priority, person))
    return Step.REST

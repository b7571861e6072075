"""The calendar of events for compiled code: one pending event a slot, taken in the order (time, key, serial).

A slot is what can have one pending event at a time, for instance a person; `key` breaks ties of time (priority and
person as one number), `serial` ties of both (the order of pushing). The order is exact, whatever the times:

    calendar = new_calendar(slots)          # in Python; then in compiled code:
    calendar = borrowed_calendar(calendar)  # no reference counts
    push(calendar, slot, time_s, key)       # slot must be free, time_s not before the last event taken
    slot = pop(calendar)                    # -1 when nothing is pending; its time is now_s(calendar)
    cancel(calendar, slot)                  # False when nothing was pending

How: time is cut into buckets of a width of about four events. Those ahead are rows of a wheel, six unsorted slots each;
what does not fit is linked to the row. Events beyond the wheel wait in a list that is looked through twice a turn. The
bucket that is due is sorted; what is pushed into it while it is due goes to a heap, so nothing is ever
quadratic: neither everybody at the same instant, nor a million events in one bucket. The width follows the rate at
which events are taken; it changes the cost, never the order. Memory: `bytes_per_slot` (about 56 bytes).

This is the calendar queue of Brown (CACM 31, 1220, 1988) with the sorted front of the ladder queue (Tang, Goh and
Thng, ACM TOMACS 15, 175, 2005). The kernels of the small works use it; the engine keeps a heap (`sim/engine/compiled/calendar.py`).
"""

from typing import Any, NamedTuple

import numpy as np

from benchmarks.jit import borrowed, compiled, inlined

_EVENT = np.dtype(
    [
        ("time_s", "f8"),  # NaN: nothing pending
        ("key", "i8"),
        ("serial", "i8"),
        ("next", "i4"),  # in a crowd: neighbours, or -1; among the far: `next` is the place
        ("previous", "i4"),
    ],
    align=True,
)
_STATE = np.dtype(
    [
        ("now_s", "f8"),  # of the last event taken
        ("per_s", "f8"),  # buckets a second
        ("due_end", "f8"),  # the first bucket that is not due yet; NaN: all are due
        (
            "wheel_end",
            "f8",
        ),  # the first bucket beyond the wheel; below 0 until the first event is taken
        ("tuned_at_s", "f8"),
        ("bucket", "i8"),  # the last bucket that is due
        ("row", "i8"),  # its row
        ("rows_to_turn", "i8"),  # until the far events are looked through
        ("serial", "i8"),
        (
            "sorted",
            "i8",
        ),  # numbers of events: due and sorted, due and pushed late, in the wheel, far
        ("late", "i8"),
        ("ahead", "i8"),
        ("far", "i8"),
        ("pops", "i8"),  # since the width was tuned
        ("steps", "i8"),  # rows and far events looked at since then
    ],
    align=True,
)
_WIDTH = 4.0  # events a bucket
_ROW = 8  # numbers a row: six slots, how many of them are used, the first of the crowd (or -1)
_FIT, _USED, _CROWD = 6, 6, 7
_WHOLE = 2.0**52  # floats below count every bucket
_INSERTION = 24  # events up to which insertion sorts faster than a heap


class Calendar(NamedTuple):
    """Flat arrays; see the module. `due` holds the sorted events from its start, the heap from its end."""

    events: Any  # [slots], _EVENT
    rows: Any  # [rows, _ROW], int32
    due: Any  # [slots], int32
    far: Any  # [slots], int32
    state: Any  # [1], _STATE


def new_calendar(slots: int) -> Calendar:
    """An empty calendar for `slots` events that can be pending at once. Raises ValueError unless 1 <= slots < 2^31."""
    if not 1 <= slots < 2**31:
        raise ValueError(f"slots: expected 1 to 2^31 - 1, found {slots}")
    rows = max(16, 2 * (slots // 4))
    calendar = Calendar(
        events=np.zeros(slots, _EVENT),
        rows=np.zeros((rows, _ROW), np.int32),
        due=np.zeros(slots, np.int32),
        far=np.zeros(slots, np.int32),
        state=np.zeros(1, _STATE),
    )
    calendar.events["time_s"] = np.nan
    calendar.rows[:, _CROWD] = -1
    # until the first event is taken all are far
    calendar.state["due_end"] = calendar.state["wheel_end"] = -1.0
    calendar.state["per_s"] = 1.0
    calendar.state["now_s"] = -np.inf
    return calendar


def bytes_per_slot(slots: int) -> float:
    """What a calendar of this size takes, in bytes a slot."""
    return float(sum(part.nbytes for part in new_calendar(slots)) / slots)


@inlined
def borrowed_calendar(calendar: Calendar) -> Calendar:
    """The calendar without reference counts: what a kernel that holds it begins with."""
    return Calendar(
        borrowed(calendar.events),
        borrowed(calendar.rows),
        borrowed(calendar.due),
        borrowed(calendar.far),
        borrowed(calendar.state),
    )


@inlined
def now_s(calendar: Calendar) -> float:
    """The time of the last event taken; -inf before the first."""
    return float(calendar.state[0].now_s)


@inlined
def is_pending(calendar: Calendar, slot: int) -> bool:
    """Whether the slot has an event."""
    return not np.isnan(calendar.events[slot].time_s)


@inlined
def push(calendar: Calendar, slot: int, time_s: float, key: int) -> None:
    """An event of a free slot at `time_s` (not before the last event taken; may be infinite)."""
    event, state = calendar.events[slot], calendar.state[0]
    event.time_s = time_s
    event.key = key
    event.serial = state.serial
    state.serial += 1
    _place(calendar, slot, time_s * state.per_s)
    if state.late > _INSERTION and state.pops > 2 * len(calendar.events) + _INSERTION:
        _tune(calendar)  # too much is due: the buckets may be too wide


@inlined
def pop(calendar: Calendar) -> int:
    """Take the first event: its slot, or -1 when nothing is pending."""
    state = calendar.state[0]
    if state.sorted + state.late == 0 and not _advance(calendar):
        return -1
    slot: int = _take_due(calendar)
    event = calendar.events[slot]
    state.now_s = event.time_s
    event.time_s = np.nan
    state.pops += 1
    return slot


@compiled
def next_s(calendar: Calendar) -> float:
    """The time of the first event; infinite when nothing is pending."""
    state, due, events = calendar.state[0], calendar.due, calendar.events
    if state.sorted + state.late == 0 and not _advance(calendar):
        return np.inf
    first = np.inf
    if state.sorted:
        first = events[due[state.sorted - 1]].time_s
    if state.late:
        first = min(first, events[due[due.size - 1]].time_s)
    return first


@compiled
def cancel(calendar: Calendar, slot: int) -> bool:
    """Remove the slot's event; False when there is none."""
    event, state = calendar.events[slot], calendar.state[0]
    if np.isnan(event.time_s):
        return False
    bucket = event.time_s * state.per_s
    if not bucket >= state.due_end:
        _remove_due(calendar, slot)
    elif bucket < state.wheel_end:
        _remove_ahead(calendar, slot, _row_of(calendar, int(bucket)))
    else:
        state.far -= 1
        _set_far(calendar, event.next, calendar.far[state.far])
    event.time_s = np.nan
    return True


# --- where an event waits -------------------------------------------------------------------------


@inlined
def _place(calendar: Calendar, slot: int, bucket: float) -> None:
    # floor(time_s * per_s) never falls where time_s rises, so events of later buckets are later events
    state = calendar.state[0]
    if not bucket >= state.due_end:
        _push_late(calendar, slot)
    elif bucket < state.wheel_end:
        _push_ahead(calendar, slot, _row_of(calendar, int(bucket)))
    else:
        _set_far(calendar, state.far, slot)
        state.far += 1


@inlined
def _set_far(calendar: Calendar, place: int, slot: int) -> None:
    calendar.far[place] = slot
    calendar.events[slot].next = place


@inlined
def _row_of(calendar: Calendar, bucket: int) -> int:
    """The row of a bucket within the wheel: less than one turn from the one that is due."""
    state, rows = calendar.state[0], len(calendar.rows)
    row = int(state.row + bucket - state.bucket)
    return row - rows if row >= rows else row


@inlined
def _push_ahead(calendar: Calendar, slot: int, row: int) -> None:
    cells = calendar.rows[row]
    calendar.state[0].ahead += 1
    used = cells[_USED]
    if used < _FIT:
        cells[used] = slot
        cells[_USED] = used + 1
    else:
        event, first = calendar.events[slot], cells[_CROWD]
        event.next = first
        event.previous = -1
        if first >= 0:
            calendar.events[first].previous = slot
        cells[_CROWD] = slot


@compiled
def _remove_ahead(calendar: Calendar, slot: int, row: int) -> None:
    cells, events = calendar.rows[row], calendar.events
    calendar.state[0].ahead -= 1
    for i in range(cells[_USED]):
        if cells[i] == slot:
            cells[_USED] -= 1
            cells[i] = cells[cells[_USED]]
            return
    before, after = events[slot].previous, events[slot].next
    if before >= 0:
        events[before].next = after
    else:
        cells[_CROWD] = after
    if after >= 0:
        events[after].previous = before


# --- what is due ----------------------------------------------------------------------------------


@inlined
def _before(events: Any, a: int, b: int) -> bool:
    first, second = events[a], events[b]
    if first.time_s != second.time_s:
        return bool(first.time_s < second.time_s)
    if first.key != second.key:
        return bool(first.key < second.key)
    return bool(first.serial < second.serial)


@inlined
def _take_due(calendar: Calendar) -> int:
    state, due = calendar.state[0], calendar.due
    if state.late:
        if state.sorted == 0 or _before(calendar.events, due[due.size - 1], due[state.sorted - 1]):
            return _pop_late(calendar)
    state.sorted -= 1
    return int(due[state.sorted])


@compiled
def _push_late(calendar: Calendar, slot: int) -> None:
    """Into the heap: its place i is `due[-1 - i]`."""
    state = calendar.state[0]
    state.late += 1
    _rise_late(calendar, state.late - 1, slot)


@compiled
def _pop_late(calendar: Calendar) -> int:
    due, state = calendar.due, calendar.state[0]
    end = due.size - 1
    first = int(due[end])
    state.late -= 1
    if state.late:
        _sink_late(calendar, 0, due[end - state.late])
    return first


@inlined
def _rise_late(calendar: Calendar, i: int, slot: int) -> None:
    events, due = calendar.events, calendar.due
    end = due.size - 1
    while i > 0:
        parent = (i - 1) >> 1
        if _before(events, due[end - parent], slot):
            break
        due[end - i] = due[end - parent]
        i = parent
    due[end - i] = slot


@inlined
def _sink_late(calendar: Calendar, i: int, slot: int) -> None:
    events, due, size = calendar.events, calendar.due, calendar.state[0].late
    end = due.size - 1
    while 2 * i + 1 < size:
        child = 2 * i + 1
        if child + 1 < size and _before(events, due[end - child - 1], due[end - child]):
            child += 1
        if _before(events, slot, due[end - child]):
            break
        due[end - i] = due[end - child]
        i = child
    due[end - i] = slot


@compiled
def _remove_due(calendar: Calendar, slot: int) -> None:
    due, state = calendar.due, calendar.state[0]
    end = due.size - 1
    for i in range(state.sorted):
        if due[i] == slot:
            state.sorted -= 1
            for j in range(i, state.sorted):
                due[j] = due[j + 1]
            return
    i = 0
    while due[end - i] != slot:
        i += 1
    state.late -= 1
    last = due[end - state.late]
    if i == state.late:
        return
    if i > 0 and _before(calendar.events, last, due[end - ((i - 1) >> 1)]):
        _rise_late(calendar, i, last)
    else:
        _sink_late(calendar, i, last)


@inlined
def _sort_due(calendar: Calendar, size: int) -> None:
    """Sort the first `size` slots of `due`, the last event first."""
    events, due = calendar.events, calendar.due
    if size > _INSERTION:
        _heap_sort(events, due, size)
    else:
        for i in range(1, size):
            slot, j = due[i], i
            while j > 0 and _before(events, due[j - 1], slot):
                due[j] = due[j - 1]
                j -= 1
            due[j] = slot
    calendar.state[0].sorted = size


@compiled
def _heap_sort(events: Any, due: Any, size: int) -> None:
    for i in range(size // 2 - 1, -1, -1):
        _sink_first(events, due, size, i, due[i])
    for end in range(size - 1, 0, -1):
        last = due[end]
        due[end] = due[0]
        _sink_first(events, due, end, 0, last)


@inlined
def _sink_first(events: Any, due: Any, size: int, i: int, slot: int) -> None:
    while 2 * i + 1 < size:
        child = 2 * i + 1
        if child + 1 < size and _before(events, due[child + 1], due[child]):
            child += 1
        if _before(events, slot, due[child]):
            break
        due[i] = due[child]
        i = child
    due[i] = slot


# --- the wheel turns ------------------------------------------------------------------------------


@inlined
def _advance(calendar: Calendar) -> bool:
    """Nothing is due: go on to the next bucket with events; False when nothing is pending."""
    state, rows = calendar.state[0], calendar.rows
    while state.sorted + state.late == 0:
        if state.ahead == 0:
            if state.far == 0:
                return False
            _jump(calendar)
            continue
        state.bucket += 1
        state.due_end += 1.0
        state.row = state.row + 1 if state.row + 1 < len(rows) else 0
        state.rows_to_turn -= 1
        if state.rows_to_turn == 0:
            _turn(calendar)
        elif rows[state.row, _USED]:
            _take_row(calendar)
    return True


@inlined
def _take_row(calendar: Calendar) -> None:
    """The row's events are due."""
    state, due = calendar.state[0], calendar.due
    cells = calendar.rows[state.row]
    size = cells[_USED]
    for i in range(size):
        due[i] = cells[i]
    slot = cells[_CROWD]
    while slot >= 0:
        due[size] = slot
        size += 1
        slot = calendar.events[slot].next
    cells[_USED] = 0
    cells[_CROWD] = -1
    state.ahead -= size
    _sort_due(calendar, size)


@compiled
def _turn(calendar: Calendar) -> None:
    """Half a turn is over: its rows are free for events that were beyond the wheel."""
    state = calendar.state[0]
    half = len(calendar.rows) // 2
    if _tune(calendar):
        return
    state.steps += half + state.far
    state.wheel_end += half
    state.rows_to_turn = half
    if calendar.rows[state.row, _USED]:
        _take_row(calendar)
    _place_far(calendar)


@compiled
def _place_far(calendar: Calendar) -> None:
    """Look through the far events; those within the wheel find their places."""
    events, far, state = calendar.events, calendar.far, calendar.state[0]
    size, state.far = state.far, 0
    for i in range(size):
        _place(calendar, far[i], events[far[i]].time_s * state.per_s)


@compiled
def _jump(calendar: Calendar) -> None:
    """Nothing is in the wheel: turn it to the first far event."""
    state = calendar.state[0]
    if state.steps > 4 * len(calendar.events) and _tune(calendar):  # jumps too often
        return
    state.steps += state.far
    first, total, finite = np.inf, 0.0, 0
    for i in range(state.far):
        time_s = calendar.events[calendar.far[i]].time_s
        first = min(first, time_s)
        if time_s < np.inf:
            total += time_s
            finite += 1
    if state.wheel_end < 0.0:  # a first guess; the width follows what is taken
        gap_s = (total / max(finite, 1) - first) / max(finite, 1)
        state.per_s = 1.0 / (_WIDTH * gap_s) if gap_s > 0.0 else 1.0
        state.tuned_at_s = first
    _start(calendar, first)


@compiled
def _start(calendar: Calendar, time_s: float) -> None:
    """The bucket of this time is due; all events are far and find their places."""
    state = calendar.state[0]
    half = len(calendar.rows) // 2
    bucket = time_s * state.per_s
    state.row = 0
    state.rows_to_turn = half
    if bucket < _WHOLE:
        state.bucket = int(bucket)
        state.due_end = state.bucket + 1.0
        state.wheel_end = state.bucket + 2.0 * half
    else:  # floats this large do not count buckets any more: all is due, in the heap
        state.bucket = 0
        state.due_end = state.wheel_end = np.nan
    _place_far(calendar)


@compiled
def _tune(calendar: Calendar) -> bool:
    """Fit the width of the buckets to the rate of the events taken last; whether it changed."""
    state = calendar.state[0]
    gap_s = (state.now_s - state.tuned_at_s) / max(state.pops, 1)
    state.tuned_at_s = state.now_s
    state.pops = state.steps = 0
    per_s = 1.0 / (_WIDTH * gap_s) if gap_s > 0.0 else np.inf
    if not 0.0 < per_s < np.inf or 0.5 * state.per_s < per_s < 2.0 * state.per_s:
        return False
    _gather(calendar)
    state.per_s = per_s
    _start(calendar, state.now_s)
    return True


@compiled
def _gather(calendar: Calendar) -> None:
    """Make all events far."""
    state = calendar.state[0]
    calendar.rows[:, _USED] = 0
    calendar.rows[:, _CROWD] = -1
    state.sorted = state.late = state.ahead = state.far = 0
    for slot in range(len(calendar.events)):
        if is_pending(calendar, slot):
            _set_far(calendar, state.far, slot)
            state.far += 1

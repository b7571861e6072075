"""The loop: take the next event, let whom it concerns go on, until a given time."""

import math

from sim.engine.compiled import memory
from sim.engine.compiled import person as person_steps
from sim.engine.compiled.beside import (
    background_arrives,
    background_seen,
    background_served,
    begin_outages,
    begin_push,
    learns,
    noticed,
    outage_edge,
    push_arrived,
    push_arrives,
    refresh_due,
    revoked,
    taker_comes,
    try_push,
)
from sim.engine.compiled.books import book_sojourn, book_visit
from sim.engine.compiled.calendar import (
    NUMBER_BITS,
    fill_hole,
    is_main,
    is_task,
    look_ahead,
    next_row,
    person_of,
)
from sim.engine.compiled.gates import (
    check_arrives,
    check_back,
    check_served,
    check_timed_out,
    handled,
    join,
    judge,
    looked_up,
    passed,
    request_arrives,
    served,
    verified,
)
from sim.engine.compiled.layout import (
    A_CHECK,
    A_HANDLED,
    A_JOIN,
    A_LOOKED,
    A_QUEUE,
    A_VERIFIED,
    APP,
    AUTH,
    CALLED_OFF,
    ENDLESS,
    FINISHED,
    HOST,
    IDLE,
    JUDGE,
    L_ARRIVE,
    L_DONE,
    L_RETRY,
    L_SEEN,
    LOAD,
    LOADED,
    NEEDS_CREDENTIALS,
    NEEDS_EVENTS,
    NEEDS_HEAP,
    NEEDS_PAGES,
    NEEDS_ROWS,
    NEEDS_TASKS,
    NEXT_CLICK,
    NEXT_PAGE,
    NEXT_VISIT,
    NONE,
    NOT_READY,
    OUT,
    PAGE_REFUSED,
    PASSED,
    PAUSED,
    R_ARRIVE,
    R_DONE,
    R_RETRY,
    R_SEEN,
    READY,
    RENEW,
    REST,
    RESUME,
    S_ANSWER,
    S_ARRIVE,
    SEND,
    SERVED,
    SHIFT_OVER,
    STORM,
    T_CHECK_ARRIVE,
    T_CHECK_BACK,
    T_CHECK_DONE,
    T_LEARNS,
    T_NOTICE,
    T_PUSH_ARRIVE,
    T_PUSH_HELD,
    T_PUSH_RETRY,
    T_REFRESH,
    T_RENEW_ARRIVE,
    T_RENEW_DONE,
    T_RENEW_SEEN,
    T_REVOKED,
    TAKE_OVER,
    UNDECIDED,
    VISITED,
    W_PAUSE,
    W_THINK,
    W_TURN,
    WORKING,
    World,
)
from sim.engine.compiled.numbers import uniform
from sim.engine.compiled.options import compiled
from sim.engine.compiled.parties import LOGOUT, book_waiting
from sim.engine.compiled.revocation import S_ADMIN, begin_case, has_case, settle

INF, NAN = math.inf, math.nan
WORK = (
    1 << 20
)  # events and steps between two looks at the clock and at signals: a fifth of a second


@compiled
def do(w: World, person: int, step: int) -> int:
    """One step of a main line; returns the next."""
    if step == RESUME:
        return resume(w, person)
    if step == NEXT_CLICK:
        return person_steps.next_click(w, person)
    if step == READY:
        return person_steps.ready(w, person)
    if step == RENEW:
        return person_steps.renew(w, person)
    if step == SEND:
        return person_steps.send(w, person)
    if step == SERVED:
        return served(w, person)
    if step == JUDGE:
        return judge(w, person)
    if step == PASSED:
        return passed(w, person)
    if step == NOT_READY:  # no valid token: nothing is sent, and an answer that came before stands
        return person_steps.tried(w, person)
    return do_rarer(w, person, step)


@compiled
def do_rarer(w: World, person: int, step: int) -> int:
    """Steps between clicks."""
    if step == NEXT_VISIT:
        return person_steps.next_visit(w, person)
    if step == NEXT_PAGE:
        return person_steps.next_page(w, person)
    if step == LOAD:
        return person_steps.load(w, person)
    if step == LOADED:
        return person_steps.loaded(w, person)
    if step == PAGE_REFUSED:
        return person_steps.page_refused(w, person)
    if step == CALLED_OFF:
        return person_steps.called_off(w, person)
    if step == OUT:
        return person_steps.out(w, person)
    if step == VISITED:
        return person_steps.visited(w, person)
    if step == SHIFT_OVER:
        return person_steps.shift_over(w, person)
    if step == STORM:
        return person_steps.storm(w, person)
    if step == TAKE_OVER:
        return person_steps.take_over(w, person)
    return person_steps.end_role(w, person)


@compiled
def follow(w: World, person: int, step: int) -> None:
    """Do a step and all that follow in the same instant, then what they set going."""
    while True:
        while step != REST:
            step = do(w, person, step)
        if w.logout_person != NONE:
            who = w.logout_person
            w.logout_person = NONE
            begin_push(w, who, LOGOUT, w.logout_visit, 1)
        if w.woken == NONE:
            return
        person, step, w.woken = w.woken, SERVED, NONE


@compiled
def resume(w: World, person: int) -> int:
    """What a main line waited for has come; returns its next step."""
    p = memory.person(w, person)
    state = p.state
    if state == S_ARRIVE:
        return request_arrives(w, person)
    if state == A_VERIFIED:
        return verified(w, person)
    if state == A_JOIN:
        return join(w, person)
    if state == W_THINK:
        return waited(w, person, state)
    if state == S_ANSWER:
        return person_steps.answered(w, person)
    if state == A_LOOKED:
        return looked_up(w, person)
    if state == A_CHECK:
        return check_timed_out(w, person)
    if state == A_HANDLED:
        return handled(w, person)
    if state == L_ARRIVE:
        return person_steps.load_arrives(w, person)
    if state == L_DONE:
        return person_steps.load_served(w, person)
    if state == L_SEEN:
        return person_steps.load_seen(w, person)
    if state == R_ARRIVE:
        return person_steps.renewal_arrives(w, person)
    if state == R_DONE:
        return person_steps.renewal_served(w, person)
    if state == R_SEEN:
        return person_steps.renewal_seen(w, person)
    return waited(w, person, state)


@compiled
def waited(w: World, person: int, state: int) -> int:
    """A pause, or a time of thinking, is over."""
    memory.person(w, person).marks &= ~IDLE
    if not person_steps.may_act(w, person):
        return CALLED_OFF
    if state == W_THINK:
        return person_steps.thought(w, person)
    if state == W_PAUSE:
        return person_steps.begin_visit(w, person)
    if state == W_TURN:
        return person_steps.begin_load(w, person, 0)
    if state == L_RETRY:
        memory.person(w, person).attempt += 1
        return LOAD
    return RENEW if state == R_RETRY else NEXT_VISIT


@compiled
def run_task(w: World, task: int) -> None:
    """What goes on beside a main line goes on."""
    state, person = memory.task(w, task).state, memory.task(w, task).person
    step = REST
    if state == T_CHECK_ARRIVE:
        step = check_arrives(w, task)
    elif state == T_CHECK_DONE:
        step = check_served(w, task)
    elif state == T_CHECK_BACK:
        step = check_back(w, task)
    elif state == T_REFRESH:
        refresh_due(w, task)
    elif state == T_RENEW_ARRIVE:
        background_arrives(w, task)
    elif state == T_RENEW_DONE:
        background_served(w, task)
    elif state == T_RENEW_SEEN:
        step = background_seen(w, task)
    elif state == T_PUSH_ARRIVE:
        push_arrives(w, task)
    elif state == T_PUSH_HELD:
        push_arrived(w, task)
    elif state == T_PUSH_RETRY:
        memory.task(w, task).attempt += 1
        try_push(w, task)
    else:
        outage_edge(w, task)
    follow(w, person, step)


@compiled
def run_case(w: World, person: int, state: int) -> None:
    """An event of a case."""
    step = REST
    if state == T_REVOKED:
        step = revoked(w, person)
    elif state == T_LEARNS:
        learns(w, person)
    elif state == T_NOTICE:
        step = noticed(w, person)
    else:
        step = taker_comes(w, person)
    follow(w, person, step)


@compiled
def room(w: World) -> int:
    """Whether all pools have room for what one event can need: FINISHED if they have."""
    if w.pages_left < 4:
        return NEEDS_PAGES
    if w.tasks_left < 8:
        return NEEDS_TASKS
    if w.credentials_left < 8:
        return NEEDS_CREDENTIALS
    if w.n_heap < w.heap + w.heap_reserve + w.held:
        return NEEDS_HEAP
    if w.events_left < w.heap_reserve + w.held:
        return NEEDS_EVENTS
    if w.tracing and w.n_trace < w.rows + w.row_reserve + w.held:
        return NEEDS_ROWS
    return FINISHED


@compiled
def advance(address: int, until: float) -> int:
    """Run all events before a time. Returns PAUSED there, WORKING once in a while, or which array is full."""
    w = memory.world_at(address, 0)
    w.work_left = WORK
    if w.taken == 0:
        begin(w)
        w.taken = 1
    while True:
        if w.work_left <= 0:
            return ENDLESS if w.endless else WORKING
        code = room(w)
        if code != FINISHED:
            return code
        if w.hole:
            fill_hole(w)
        if w.heap == 0 or w.moving:
            if next_row(w):
                continue
            return PAUSED
        e = memory.due(w, 0)
        if not e.time < until:
            return PAUSED
        w.now, w.hole = e.time, 1
        w.taken += 1
        w.work_left -= 1
        look_ahead(w)
        run_event(w, e.key)


@compiled
def run_event(w: World, key: int) -> None:
    """What an event is of goes on."""
    person, number = person_of(key), key & NUMBER_BITS
    if is_main(key):
        if memory.person(w, person).generation == number:
            follow(w, person, resume(w, person))
    elif is_task(key):
        run_task(w, number)
    else:
        run_case(w, person, number)


@compiled
def begin(w: World) -> None:
    """The start of the run: outages, people, cases."""
    begin_outages(w)
    number = 0
    for person in range(w.people):
        p = memory.person(w, person)
        p.administrator = uniform(w, person, S_ADMIN, 0, 0) < w.admins
        p.page = p.incoming = p.case = NONE
        p.click, p.visit_began = -1, NAN
        w.now = 0.0
        if has_case(w, person):
            begin_case(w, person, number)
            number += 1
        follow(w, person, person_steps.begin_shift(w, person))


@compiled
def close(address: int) -> int:
    """The end of the run: the books are closed. Returns the number of requests in flight."""
    w = memory.world_at(address, 0)
    w.now = w.end
    for station in (APP, HOST, AUTH):
        book_waiting(w, station)
    in_flight = 0
    for person in range(w.people):
        p = memory.person(w, person)
        in_flight += p.marks & UNDECIDED != 0
        book_visit(w, person)
        if p.case != NONE:
            settle(w, person)
        if w.holds_worker:
            holder = memory.holder(w, person)
            if p.state == A_QUEUE:
                book_sojourn(w, APP, holder.joined, INF, INF)
            elif p.state in (A_VERIFIED, A_LOOKED, A_CHECK, A_HANDLED):
                book_sojourn(w, APP, holder.joined, holder.seized, INF)
    return in_flight

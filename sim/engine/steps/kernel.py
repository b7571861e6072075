"""The loop: take the next event, let whom it concerns go on, until a given time."""

import math

from sim.basics.streams import Stream
from sim.engine.state import NONE, Beside, Code, Mark, State, Station, Step, World
from sim.engine.steps import (
    accounting,
    alone,
    beside,
    calendar,
    channels,
    client,
    clocks,
    draws,
    gates,
    knowledge,
    lines,
    nodes,
    openings,
    parties,
    polls,
    revocation,
    tabs,
    virtual,
)
from sim.engine.steps.binding import apart, into_callers, memory
from sim.model.causes import Cause
from sim.model.order import Lane, Priority

INF, NAN = math.inf, math.nan


@into_callers
def do(w: World, person: int, step: int) -> int:
    """One step of a main line; returns the next."""
    if step == Step.RESUME:
        return resume(w, person)
    if step == Step.NEXT_CLICK:
        return client.next_click(w, person)
    if step == Step.READY:
        return client.ready(w, person)
    if step == Step.RENEW:
        return client.renew(w, person)
    if step == Step.SEND:
        return client.send(w, person)
    if step == Step.SERVED:
        return gates.served(w, person)
    if step == Step.JUDGE:
        return gates.judge(w, person)
    if step == Step.PASSED:
        return gates.passed(w, person)
    if (
        step == Step.NOT_READY
    ):  # no valid token: nothing is sent, and an answer that came before stands
        return client.tried(w, person)
    return do_rarer(w, person, step)


def do_rarer(w: World, person: int, step: int) -> int:
    """Steps between clicks."""
    if step == Step.NEXT_VISIT:
        return client.next_visit(w, person)
    if step == Step.NEXT_PAGE:
        return client.next_page(w, person)
    if step == Step.LOAD:
        return client.load(w, person)
    if step == Step.LOADED:
        return client.loaded(w, person)
    if step == Step.PAGE_REFUSED:
        return client.page_refused(w, person)
    if step == Step.CALLED_OFF:
        return client.called_off(w, person)
    if step == Step.OUT:
        return client.out(w, person)
    if step == Step.VISITED:
        return client.visited(w, person)
    if step == Step.SHIFT_OVER:
        return client.shift_over(w, person)
    if step == Step.STORM:
        return client.storm(w, person)
    if step == Step.TAKE_OVER:
        return client.take_over(w, person)
    return client.end_role(w, person)


def follow(w: World, person: int, step: int) -> None:
    """Do a step and all that follow in the same instant, then what they set going."""
    while True:
        while step != Step.REST:
            step = do(w, person, step)
        if w.logout_person != NONE:
            who = w.logout_person
            w.logout_person = NONE
            device = knowledge.device_in_use(w, who)
            channels.tell(w, who, Cause.LOGOUT, device, w.logout_visit, 1)
            if w.moments and memory.person(w, who).case == NONE:
                virtual.logged_out(w, who, w.logout_visit)
        if w.woken == NONE:
            return
        person, w.woken = w.woken, NONE
        if w.line != NONE:
            beside.lay_down(w)
        if person >= w.people:
            lines.serve_later(w, person - w.people)
            return
        step = Step.SERVED


def resume(w: World, person: int) -> int:
    """What a main line waited for has come; returns its next step."""
    p = memory.person(w, person)
    state = p.state
    if state == State.REQUEST_ARRIVES:
        return gates.request_arrives(w, person)
    if state == State.VERIFIED:
        return gates.verified(w, person)
    if state == State.JOIN:
        return gates.join(w, person)
    if state == State.THINK:
        return waited(w, person, state)
    if state == State.ANSWERED:
        return client.answered(w, person)
    if state == State.LOOKED_UP:
        return gates.looked_up(w, person)
    if state == State.CHECKED:
        return gates.check_timed_out(w, person)
    if state == State.HANDLED:
        return gates.handled(w, person)
    if state == State.LOAD_ARRIVES:
        return client.load_arrives(w, person)
    if state == State.LOAD_SERVED:
        return client.load_served(w, person)
    if state == State.LOAD_SEEN:
        return client.load_seen(w, person)
    if state == State.RENEWAL_ARRIVES:
        return client.renewal_arrives(w, person)
    if state == State.RENEWAL_SERVED:
        return client.renewal_served(w, person)
    if state == State.RENEWAL_SEEN:
        return client.renewal_seen(w, person)
    if state == State.RENEWAL_TURN:
        return client.renewal_turn(w, person)
    return waited(w, person, state)


def waited(w: World, person: int, state: int) -> int:
    """A pause, or a time of thinking, is over."""
    memory.person(w, person).marks &= ~Mark.IDLE
    if not client.may_act(w, person):
        return Step.CALLED_OFF
    if state == State.THINK:
        return client.thought(w, person)
    if state == State.PAUSE:
        return client.begin_visit(w, person)
    if state == State.TURN:
        return client.turn_page(w, person)
    if state == State.POLLED:
        return Step.READY
    if state == State.TURN_POLLED:
        return client.begin_load(w, person, 0)
    if state == State.LOAD_RETRY:
        memory.person(w, person).attempt += 1
        return Step.LOAD
    return Step.RENEW if state == State.RENEWAL_RETRY else Step.NEXT_VISIT


def run_task(w: World, task: int) -> None:
    """What goes on beside a main line goes on."""
    state, person = memory.task(w, task).state, memory.task(w, task).person
    step: int = Step.REST
    if memory.task(w, task).line != NONE and lines.comes_in_time(w, task):
        lines.take_up(w, memory.task(w, task).line)
    if state == Beside.CHECK_ARRIVES:
        step = gates.check_arrives(w, task)
    elif state == Beside.CHECK_SERVED:
        step = gates.check_served(w, task)
    elif state == Beside.CHECK_BACK:
        step = gates.check_back(w, task)
    elif state == Beside.REFRESH:
        beside.refresh_due(w, task)
    elif state == Beside.RENEWAL_ARRIVES:
        beside.background_arrives(w, task)
    elif state == Beside.RENEWAL_SERVED:
        beside.background_served(w, task)
    elif state == Beside.RENEWAL_SEEN:
        step = beside.background_seen(w, task)
    elif state == Beside.PUSH_ARRIVES:
        channels.push_arrives(w, task)
    elif state == Beside.PUSH_HELD:
        channels.push_arrived(w, task)
    elif state == Beside.PUSH_RETRY:
        memory.task(w, task).attempt += 1
        channels.try_push(w, task)
    elif state == Beside.PUSH_SWEPT:
        channels.try_push(w, task)
    elif state == Beside.PUSH_FANNED:
        channels.fanned(w, task)
    elif state == Beside.CHECK_TURN:
        step = gates.check_turn(w, task)
    elif state == Beside.RENEWAL_TURN:
        beside.background_turn(w, task)
    elif state == Beside.DEADLINE:
        step = gates.deadline(w, task)
    else:
        beside.outage_edge(w, task)
    follow(w, person, step)
    if w.line != NONE:
        beside.lay_down(w)


def run_case(w: World, person: int, state: int) -> None:
    """An event of a case."""
    step: int = Step.REST
    if state == Beside.REVOKED:
        step = beside.revoked(w, person)
    elif state == Beside.LEARNS:
        beside.learns(w, person)
    elif state == Beside.NOTICE:
        step = beside.noticed(w, person)
    else:
        step = beside.taker_comes(w, person)
    follow(w, person, step)


def room(w: World) -> int:
    """Whether all pools have room for what one event can need: FINISHED if they have."""
    if w.pages_left < 4:
        return Code.NEEDS_PAGES
    if w.tasks_left < w.task_reserve:
        return Code.NEEDS_TASKS
    if w.credentials_left < 8:
        return Code.NEEDS_CREDENTIALS
    if w.n_heap < w.heap + w.heap_reserve + w.held:
        return Code.NEEDS_HEAP
    if w.events_left < w.heap_reserve + w.held:
        return Code.NEEDS_EVENTS
    if w.tracing and w.n_trace < w.rows + w.row_reserve + w.held:
        return Code.NEEDS_TRACE
    return Code.FINISHED


def advance(address: int, until: float) -> int:
    """Run all events before a time. Returns PAUSED there, WORKING once in a while, or which array is full."""
    w = memory.world_at(address)
    calendar.begin_work(w, until)
    if w.begun == 0:
        w.begun = 1
        begin(w)
    while True:
        code = room(w)
        if code != Code.FINISHED:
            return code
        if w.hole:
            calendar.fill_hole(w)
        if w.heap == 0 or w.moving:
            if next_person(w) if w.alone else calendar.next_row(w):
                continue
            return paused(w)
        e = memory.due(w, 0)
        if not e.time < w.until:
            return paused(w)
        w.now, w.hole = e.time, 1
        calendar.look_ahead(w)
        run_event(w, e.key)


def paused(w: World) -> int:
    """Why `advance` returns: it has come to its time, or was called back before."""
    if w.endless:
        return Code.ENDLESS
    return Code.WORKING if w.acts >= w.work_ends else Code.PAUSED


@into_callers
def run_event(w: World, key: int) -> None:
    """What an event is of goes on."""
    person, number = calendar.person_of(key), key & calendar.NUMBER_BITS
    if calendar.is_main(key):
        if memory.person(w, person).generation == number:
            follow(w, person, Step.RESUME)
    elif calendar.is_task(key):
        run_task(w, number)
    else:
        run_rarer(w, person, key)


@apart
def run_rarer(w: World, person: int, key: int) -> None:
    """What an event of a page, or of a case, is of goes on."""
    number = key & calendar.NUMBER_BITS
    if calendar.is_of_page(key):
        run_page(w, person, number, calendar.lane_of(key), key >> calendar.PRIORITY_SHIFT)
    else:
        run_case(w, person, number)


@apart
def run_page(w: World, person: int, number: int, lane: int, priority: int) -> None:
    """What a page does by itself goes on, or begins."""
    if lane == Lane.POLL:
        step = polls.due(w, person, number)
    elif priority == Priority.ACTION:
        step = openings.due(w, person, number)
    else:
        lines.take_up(w, number)
        step = resume_line(w, person, memory.person(w, person).state)
    follow(w, person, step)
    if w.line != NONE:
        beside.lay_down(w)


def resume_line(w: World, person: int, state: int) -> int:
    """What the request of a page waited for has come; returns its next step."""
    if state == State.WORKER:
        return Step.SERVED
    return Step.RESUME if polls.resume(w, person, state) else Step.REST


def begin(w: World) -> None:
    """The start of the run: outages, people, cases."""
    if w.clocks_differ:
        clocks.begin(w)
    channels.begin(w)
    if w.alone:
        return
    beside.begin_outages(w)
    for person in range(w.people):
        begin_person(w, person)


def begin_person(w: World, person: int) -> None:
    """The start of the run, for one of them."""
    p = memory.person(w, person)
    p.administrator = draws.uniform(w, person, Stream.ADMIN, 0, 0) < w.admins
    p.page = p.incoming = p.case = NONE
    p.click, p.visit_began = -1, NAN
    if w.several:
        tabs.begin(w, person)
    w.now = 0.0
    if revocation.has_case(w, person):
        revocation.begin_case(w, person, w.cases_begun)
        w.cases_begun += 1
    if w.moments:
        virtual.begin(w, person)
    follow(w, person, client.begin_shift(w, person))


@apart
def next_person(w: World) -> bool:
    """Somebody's run is over, where people are run one after the other: the turn of the next; false where none is left."""
    if w.until < w.end or w.turn_of >= w.turn_until:
        return False
    end_turn(w)
    alone.turn(w, w.turn_of)
    beside.begin_outages(w)  # each lives through the same ones
    begin_person(w, w.turn_of)
    w.turn_of += 1
    return True


def end_turn(w: World) -> None:
    """The end of the run for him who had the last turn."""
    if w.turn_of > 0:
        w.now = w.end
        w.in_flight += close_person(w, w.turn_of - 1)


def close(address: int) -> int:
    """The end of the run: the accounts are closed. Returns the number of requests in flight."""
    w = memory.world_at(address)
    w.now = w.end
    for station in range(w.n_stations):
        of_app = station < Station.AUTH_SERVER + w.nodes
        of_app = of_app and station not in (Station.HOST, Station.AUTH_SERVER)
        if not (of_app and w.holds_worker):
            parties.record_waiting(w, station)
        accounting.check_sums(w, station)
    if w.alone:
        end_turn(w)
    else:
        for person in range(w.people):
            w.in_flight += close_person(w, person)
    for line in range(w.n_lines):
        s = memory.line(w, line)
        if s.under_way:
            w.in_flight += s.marks & Mark.UNDECIDED != 0
            if w.holds_worker:
                close_holder(w, w.people + line, s.state)
    return w.in_flight


def close_person(w: World, person: int) -> int:
    """The accounts of one person are closed. Returns whether a request of his is in flight."""
    p = memory.person(w, person)
    if w.moments:
        virtual.ended(w, person)
    accounting.record_visit(w, person)
    if p.case != NONE:
        revocation.accrue(w, person)
        revocation.note_moves(w, person)
    if w.holds_worker:
        close_holder(w, person, p.state)
    return 1 if p.marks & Mark.UNDECIDED else 0


@apart
def close_holder(w: World, who: int, state: int) -> None:
    """Who holds a worker at the end of the run, or waits for one."""
    holder = memory.holder(w, who)
    node = 0 if w.nodes == 1 else memory.route(w, who).x
    if state == State.WORKER:
        accounting.record_sojourn(w, nodes.station(w, node), holder.joined, INF, INF)
    elif state in (State.VERIFIED, State.LOOKED_UP, State.CHECKED, State.HANDLED):
        accounting.record_sojourn(w, nodes.station(w, node), holder.joined, holder.seized, INF)

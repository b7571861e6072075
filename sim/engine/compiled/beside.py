"""What goes on beside a person's main line: the case, the push channel, renewals in the background, outages."""

import math

from sim.basics.streams import Stream
from sim.engine.cases import CONTINUE, CUT_OFF
from sim.engine.clock import WORLD, Lane, Priority
from sim.engine.compiled import memory, plan
from sim.engine.compiled.books import (
    E_HOST_DOWN,
    E_HOST_UP,
    E_LEARNS,
    E_NOTICE,
    E_PUSH_ARRIVED,
    E_PUSH_DOWN,
    E_PUSH_LOST,
    E_PUSH_SENT,
    E_PUSH_UP,
    E_RENEWAL_ASKED,
    E_RENEWAL_DECIDED,
    E_RENEWAL_SEEN,
    E_REVOKED,
    note,
    note_page,
)
from sim.engine.compiled.calendar import act, key_of, push, task_later
from sim.engine.compiled.layout import (
    ALTERNATING,
    AUTH,
    AUTH_RENEWAL,
    BY_APP,
    CLIENT_APP,
    CLIENT_HOST,
    FIRST_CAUSE,
    HOST,
    HOST_DOWN,
    HOST_UP,
    IDLE,
    NEVER,
    NONE,
    NOT_GRANTED,
    OK,
    OUT,
    PUSH_DELAY,
    PUSH_DOWN,
    PUSH_UP,
    PUSH_WAIT,
    RENEW,
    RENEWAL,
    REST,
    T_HOST_DOWN,
    T_HOST_UP,
    T_LEARNS,
    T_PUSH_ARRIVE,
    T_PUSH_DOWN,
    T_PUSH_HELD,
    T_PUSH_RETRY,
    T_PUSH_UP,
    T_RENEW_ARRIVE,
    T_RENEW_DONE,
    T_RENEW_SEEN,
    T_TAKER,
    TAKE_OVER,
    TAKER_DELAY,
    World,
)
from sim.engine.compiled.numbers import backed_off, sample, uniform
from sim.engine.compiled.options import compiled
from sim.engine.compiled.parties import (
    LOGOUT,
    RENEWAL_CALL,
    bit,
    host_admits,
    leave,
    visit_beside,
)
from sim.engine.compiled.person import (
    adopt,
    muted,
    reissue,
    reissued_admin,
    renewal_granted,
    schedule_refresh,
)
from sim.engine.compiled.pool import end_task, new_task
from sim.engine.compiled.revocation import (
    apply_event,
    host_learns,
    lay_notice,
    lay_revocation,
    look,
    settle,
)
from sim.engine.limits import OUTAGES, PUSH_ATTEMPTS, RENEWALS

REVOCATION, PUSH, OUTAGE, ARRIVAL, ACTION = (
    int(p)
    for p in (
        *(Priority.REVOCATION, Priority.PUSH, Priority.OUTAGE),
        *(Priority.ARRIVAL, Priority.ACTION),
    )
)
MAIN, BACKGROUND, TAKER_LANE, CASE_LANE = (
    int(x) for x in (Lane.MAIN, Lane.BACKGROUND, Lane.TAKER, Lane.CASE)
)
S_BACKGROUND_TRIP, S_BACKGROUND_SERVICE, S_BACKGROUND_LIFETIME = (
    int(s) for s in (Stream.BACKGROUND_TRIP, Stream.BACKGROUND_SERVICE, Stream.BACKGROUND_LIFETIME)
)
S_PUSH_DELAY, S_PUSH_LOSS, S_PUSH_WAIT = (
    int(s) for s in (Stream.PUSH_DELAY, Stream.PUSH_LOSS, Stream.PUSH_WAIT)
)
S_TAKER_DELAY = int(Stream.TAKER_DELAY)
LOGOUT_PUSH = int(Stream.LOGOUT_PUSH_DELAY) - S_PUSH_DELAY
S_HOST_UP, S_HOST_DOWN, S_PUSH_UP, S_PUSH_DOWN = (
    int(s) for s in (Stream.HOST_UP, Stream.HOST_DOWN, Stream.PUSH_UP, Stream.PUSH_DOWN)
)


# -- the case -----------------------------------------------------------------------------------


@compiled
def revoked(w: World, person: int) -> int:
    """Access is withdrawn; returns the next step of the person's main line."""
    p = memory.person(w, person)
    c = memory.case(w, p.case)
    if c.cause != LOGOUT and c.revoked <= c.notice:
        lay_notice(w, p.case)
    c.page_open = p.page != NONE
    c.begun = 1
    note_page(w, person, E_REVOKED, NONE, FIRST_CAUSE + c.cause)
    step = REST
    if c.behaviour == CUT_OFF:
        c.muted = 1
    if c.cause == LOGOUT or c.muted:
        step = call_off(w, person)
    if c.taken_over and p.page != NONE:
        c.actors += 1
        delay = sample(w, TAKER_DELAY, person, S_TAKER_DELAY, 0, 0)
        push(w, w.now + delay, key_of(ACTION, person, TAKER_LANE, T_TAKER))
    if c.propagation > 0:
        push(w, w.now + c.propagation, key_of(REVOCATION, person, CASE_LANE, T_LEARNS))
    else:
        learns(w, person)
    return step


@compiled
def learns(w: World, person: int) -> None:
    """The host comes to know; its event leaves."""
    cause = memory.case(w, memory.person(w, person).case).cause
    note_page(w, person, E_LEARNS, NONE, 0)
    host_learns(w, person)
    if w.push and bit(w.push_causes, cause):
        begin_push(w, person, cause, 0, 0)


@compiled
def noticed(w: World, person: int) -> int:
    """The person is told; returns the next step of his main line."""
    p = memory.person(w, person)
    c = memory.case(w, p.case)
    if c.notice < c.revoked:
        lay_revocation(w, p.case)
    c.begun = 1
    note_page(w, person, E_NOTICE, NONE, 0)
    goes_on = c.behaviour in (CONTINUE, CUT_OFF)
    if goes_on and not math.isnan(p.visit_began):
        return REST
    return call_off(w, person)


@compiled
def call_off(w: World, person: int) -> int:
    """Acts no more as before: at once where he is idle, else when the answer under way is seen."""
    p = memory.person(w, person)
    c = memory.case(w, p.case)
    c.called_off = 1
    if not (p.marks & IDLE and c.alive):
        return REST
    p.generation += 1  # what he waited for does not come
    return OUT


@compiled
def taker_comes(w: World, person: int) -> int:
    """Somebody sits down at the open page, once its owner is done."""
    c = memory.case(w, memory.person(w, person).case)
    if c.alive:
        c.taker_waits = 1
        return REST
    return TAKE_OVER


# -- the push channel ---------------------------------------------------------------------------


@compiled
def begin_push(w: World, person: int, cause: int, n: int, logout_push: int) -> None:
    """An event about a person leaves the host."""
    task = new_task(w, person)
    t = memory.task(w, task)
    t.at, t.n, t.attempt, t.cause = w.now, n, 0, cause
    t.logout_push = logout_push
    w.pushed += 1
    count_pending(w, person, 1)
    try_push(w, task)


@compiled
def count_pending(w: World, person: int, number: int) -> None:
    """Events on their way about somebody with a case."""
    if memory.person(w, person).case != NONE:
        memory.case(w, memory.person(w, person).case).pending += number


@compiled
def try_push(w: World, task: int) -> None:
    """One attempt."""
    t = memory.task(w, task)
    offset = LOGOUT_PUSH if t.logout_push else 0
    w.made_pushes += 1
    act(w, PUSH_ATTEMPTS, w.made_pushes, t.attempt)
    note(w, t.person, E_PUSH_SENT, NONE, 0, FIRST_CAUSE + t.cause)
    if uniform(w, t.person, S_PUSH_LOSS + offset, t.n, t.attempt) < w.loss:
        push_failed(w, task)
        return
    delay = sample(w, PUSH_DELAY, t.person, S_PUSH_DELAY + offset, t.n, t.attempt)
    task_later(w, task, delay, PUSH, CASE_LANE, T_PUSH_ARRIVE)


@compiled
def push_failed(w: World, task: int) -> None:
    """Wait for the next attempt, or give up."""
    t = memory.task(w, task)
    if t.attempt >= w.most:
        w.lost += 1
        note(w, t.person, E_PUSH_LOST, NONE, 0, FIRST_CAUSE + t.cause)
        count_pending(w, t.person, -1)
        end_task(w, task)
        return
    offset = LOGOUT_PUSH if t.logout_push else 0
    wait = sample(w, PUSH_WAIT, t.person, S_PUSH_WAIT + offset, t.n, t.attempt)
    wait = backed_off(wait, w.backoff, float(t.attempt))
    task_later(w, task, wait, PUSH, CASE_LANE, T_PUSH_RETRY)


@compiled
def push_arrives(w: World, task: int) -> None:
    """An attempt is at the receiver, which may be down."""
    t = memory.task(w, task)
    if not w.push_down:
        push_arrived(w, task)
    elif not w.push_holds:
        push_failed(w, task)
    else:
        t.state, t.next = T_PUSH_HELD, NONE
        if w.held == 0:
            w.first_held = task
        else:
            memory.task(w, w.last_held).next = task
        w.last_held = task
        w.held += 1


@compiled
def push_arrived(w: World, task: int) -> None:
    """The event takes effect."""
    t = memory.task(w, task)
    person, left_host, cause = t.person, t.at, t.cause
    count_pending(w, person, -1)
    end_task(w, task)
    note_page(w, person, E_PUSH_ARRIVED, NONE, FIRST_CAUSE + cause)
    settle(w, person)
    apply_event(w, person, left_host)
    look(w, person)


@compiled
def deliver_held(w: World) -> None:
    """The receiver is up again: what was held is delivered in the same instant, by person."""
    task = w.first_held
    while w.held > 0:
        after = memory.task(w, task).next
        memory.task(w, task).next = NONE
        task_later(w, task, 0.0, PUSH, CASE_LANE, T_PUSH_HELD)
        task = after
        w.held -= 1


# -- renewals in the background -----------------------------------------------------------------


@compiled
def refresh_due(w: World, task: int) -> None:
    """A fraction of the lifetime has gone. What fails or is refused changes nothing."""
    t = memory.task(w, task)
    p, b = memory.person(w, t.person), memory.background(w, t.page)
    begun = p.case != NONE and memory.case(w, p.case).begun
    over = not begun and w.now >= w.horizon
    stale = t.page != p.page or t.held_serial != b.held_serial or b.renewing
    if stale or over or muted(w, t.person):
        end_task(w, task)
        return
    b.renewing = 1
    t.n, t.attempt = b.number, b.renewals
    b.renewals += 1
    t.generation = plan.role_offset(w, t.person)
    w.made_renewals += 1
    act(w, RENEWALS, w.made_renewals, 0)
    note_page(w, t.person, E_RENEWAL_ASKED, NONE, 0)
    law = CLIENT_APP if w.renewal == BY_APP else CLIENT_HOST
    stream = S_BACKGROUND_TRIP + t.generation
    t.half = 0.5 * sample(w, law, t.person, stream, t.n, t.attempt)
    task_later(w, task, t.half, ARRIVAL, BACKGROUND, T_RENEW_ARRIVE)


@compiled
def background_arrives(w: World, task: int) -> None:
    """The question for a token is at its issuer."""
    t, by_app = memory.task(w, task), w.renewal == BY_APP
    t.outcome = OK if by_app else host_admits(w, RENEWAL_CALL)
    t.has_new = 0
    if t.outcome != OK:
        background_decided(w, task)
        return
    station, law = (AUTH, AUTH_RENEWAL) if by_app else (HOST, RENEWAL)
    service = sample(w, law, t.person, S_BACKGROUND_SERVICE + t.generation, t.n, t.attempt)
    t.state = T_RENEW_DONE
    visit_beside(w, station, service, task)  # who renews in the background does not run ahead


@compiled
def background_served(w: World, task: int) -> None:
    """The issuer decides."""
    leave(w, AUTH if w.renewal == BY_APP else HOST)
    t = memory.task(w, task)
    if renewal_granted(w, t.person, t.page):
        t.has_new, t.new_stamped = 1, w.now
        t.new_vouched = reissued_admin(w, t.person, t.page)
        stream = S_BACKGROUND_LIFETIME + t.generation
        t.new_expires = reissue(w, t.person, t.page, stream, t.n, t.attempt)
    else:
        t.outcome = NOT_GRANTED
    background_decided(w, task)


@compiled
def background_decided(w: World, task: int) -> None:
    """The issuer's answer leaves."""
    t = memory.task(w, task)
    note_page(w, t.person, E_RENEWAL_DECIDED, NONE, t.outcome)
    task_later(w, task, t.half, ARRIVAL, BACKGROUND, T_RENEW_SEEN)


@compiled
def background_seen(w: World, task: int) -> int:
    """The issuer's answer is at the client; returns the next step of a main line that waited for it."""
    t = memory.task(w, task)
    p, b = memory.person(w, t.person), memory.background(w, t.page)
    if t.has_new and t.page == p.page:
        adopt(w, t.page, t.new_stamped, t.new_expires, t.new_vouched)
        schedule_refresh(w, t.person)
    note_page(w, t.person, E_RENEWAL_SEEN, NONE, t.outcome)
    b.renewing = 0
    step = RENEW if b.awaited else REST
    b.awaited = 0
    end_task(w, task)
    return step


# -- outages ------------------------------------------------------------------------------------


@compiled
def begin_outages(w: World) -> None:
    """The first outages of the host and of the receiver of events."""
    if w.host_outages != NEVER:
        plan_outage(w, new_task(w, WORLD), T_HOST_DOWN)
    if w.push_outages != NEVER:
        plan_outage(w, new_task(w, WORLD), T_PUSH_DOWN)


@compiled
def plan_outage(w: World, task: int, state: int) -> None:
    """When the next one begins."""
    n = memory.task(w, task).n
    if state == T_HOST_DOWN:
        up = w.host_starts
        if w.host_outages == ALTERNATING:
            up = sample(w, HOST_UP, WORLD, S_HOST_UP, n, 0)
    else:
        up = w.push_starts
        if w.push_outages == ALTERNATING:
            up = sample(w, PUSH_UP, WORLD, S_PUSH_UP, n, 0)
    task_later(w, task, up, OUTAGE, MAIN, state)


@compiled
def outage_edge(w: World, task: int) -> None:
    """An outage begins or ends."""
    t = memory.task(w, task)
    if t.state in (T_HOST_DOWN, T_PUSH_DOWN):
        w.made_outages += 1
        act(w, OUTAGES, w.made_outages, 0)
    if t.state == T_HOST_DOWN:
        w.host_down = 1
        note(w, WORLD, E_HOST_DOWN, NONE, 0, 0)
        down = sample(w, HOST_DOWN, WORLD, S_HOST_DOWN, t.n, 0)
        task_later(w, task, down, OUTAGE, MAIN, T_HOST_UP)
    elif t.state == T_PUSH_DOWN:
        w.push_down = 1
        note(w, WORLD, E_PUSH_DOWN, NONE, 0, 0)
        down = sample(w, PUSH_DOWN, WORLD, S_PUSH_DOWN, t.n, 0)
        task_later(w, task, down, OUTAGE, MAIN, T_PUSH_UP)
    elif t.state == T_HOST_UP:
        w.host_down = 0
        note(w, WORLD, E_HOST_UP, NONE, 0, 0)
        t.n += 1
        if w.host_outages == ALTERNATING:
            plan_outage(w, task, T_HOST_DOWN)
    else:
        w.push_down = 0
        note(w, WORLD, E_PUSH_UP, NONE, 0, 0)
        deliver_held(w)
        t.n += 1
        if w.push_outages == ALTERNATING:
            plan_outage(w, task, T_PUSH_DOWN)

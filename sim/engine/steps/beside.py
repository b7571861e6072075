"""What goes on beside a person's main line: the case, renewals in the background, outages."""

import math

from sim.basics.streams import WORLD, Stream
from sim.engine import limits
from sim.engine.given import ALTERNATING, NEVER
from sim.engine.state import NONE, Beside, Law, Mark, State, Station, Step, World
from sim.engine.steps import (
    accounting,
    calendar,
    channels,
    client,
    connections,
    draws,
    families,
    knowledge,
    limiters,
    lines,
    parties,
    plan,
    pool,
    revocation,
    rotation,
    tabs,
    tokens,
)
from sim.engine.steps.binding import apart, memory
from sim.model.causes import Cause
from sim.model.mechanisms import Renewal
from sim.model.order import Lane, Priority
from sim.model.outcomes import BY_CAUSE, Behaviour, Call, Event, Reason

# -- the case -----------------------------------------------------------------------------------


def revoked(w: World, person: int) -> int:
    """Access is withdrawn; returns the next step of the person's main line."""
    p = memory.person(w, person)
    c = memory.case(w, p.case)
    if memory.cause(w, c.cause).noticed and c.revoked <= c.notice:
        revocation.lay_notice(w, p.case)
    c.page_open = p.page != NONE
    if w.several:
        if c.cause == Cause.LOGOUT:
            last = tabs.signed_in_last(w, person)
            c.session = last != NONE
            c.device = NONE if w.everywhere else last
        c.page_open = tabs.last_used(w, person, False) != NONE
    c.begun = 1
    accounting.note_page(w, person, Event.REVOKED, NONE, BY_CAUSE + c.cause)
    step: int = Step.REST
    if c.behaviour == Behaviour.CUT_OFF:
        c.muted = 1
    if c.cause == Cause.LOGOUT or c.muted:
        step = call_off(w, person)
    if w.messages:
        connections.revoked(w, person)
    if c.taken_over and c.page_open:
        c.actors += 1
        delay = draws.sample(w, Law.TAKER_DELAY, person, Stream.TAKER_DELAY, 0, 0)
        calendar.push(
            w, w.now + delay, calendar.key_of(Priority.ACTION, person, Lane.TAKER, Beside.TAKER)
        )
    if c.cause == Cause.LOGOUT and not c.session:
        c.propagation = 0.0  # there is nothing that the host would not know of
    if c.propagation > 0:
        calendar.push(
            w,
            w.now + c.propagation,
            calendar.key_of(Priority.REVOCATION, person, Lane.CASE, Beside.LEARNS),
        )
    else:
        learns(w, person)
    return step


def learns(w: World, person: int) -> None:
    """The host comes to know; its event leaves."""
    c = memory.case(w, memory.person(w, person).case)
    cause = c.cause
    accounting.note_page(w, person, Event.HOST_LEARNS, NONE, 0)
    revocation.host_learns(w, person)
    if w.push and knowledge.bit(w.push_causes, cause):
        channels.tell(w, person, cause, c.device, 0, 0)


def noticed(w: World, person: int) -> int:
    """The person is told; returns the next step of his main line."""
    p = memory.person(w, person)
    c = memory.case(w, p.case)
    if c.notice < c.revoked:
        revocation.lay_revocation(w, p.case)
    c.begun = 1
    accounting.note_page(w, person, Event.NOTICE, NONE, 0)
    goes_on = c.behaviour in (Behaviour.CONTINUE, Behaviour.CUT_OFF)
    if goes_on and not math.isnan(p.visit_began):
        return Step.REST
    return call_off(w, person)


def call_off(w: World, person: int) -> int:
    """Acts no more as before: at once where he is idle, else when the answer under way is seen."""
    p = memory.person(w, person)
    c = memory.case(w, p.case)
    c.called_off = 1
    if not (p.marks & Mark.IDLE and c.alive):
        return Step.REST
    p.generation += 1  # what he waited for does not come
    return Step.OUT


def taker_comes(w: World, person: int) -> int:
    """Somebody sits down at the open page, once its owner is done."""
    c = memory.case(w, memory.person(w, person).case)
    if c.alive:
        c.taker_waits = 1
        return Step.REST
    return Step.TAKE_OVER


# -- requests of a page ---------------------------------------------------------------------------


@apart
def lay_down(w: World) -> None:
    """The main line's turn again. Where the request is over, a main line that waited for it goes on in this instant."""
    line = w.line
    person = memory.line(w, line).person
    lines.change_places(w, line)
    w.line = NONE
    if memory.line(w, line).under_way:
        return
    page = lines.page_of(w, line)
    state = memory.person(w, person).state
    if waits_for(w, person, page):
        calendar.act_later(w, person, 0.0, Priority.ARRIVAL, state)
    pool.release_page(w, person, page)


def waits_for(w: World, person: int, page: int) -> bool:
    """Whether the main line waits for the answer to the page's request."""
    waiting = memory.person(w, person).state in (State.POLLED, State.TURN_POLLED)
    return waiting and lines.in_use(w, person) == page and not lines.busy(w, person)


# -- renewals in the background -----------------------------------------------------------------


def refresh_due(w: World, task: int) -> None:
    """A fraction of the lifetime has gone. What fails or is refused changes nothing."""
    t = memory.task(w, task)
    p, b = memory.person(w, t.person), memory.background(w, t.page)
    begun = p.case != NONE and memory.case(w, p.case).begun
    over = not begun and w.now >= w.horizon
    stale = not tabs.is_open(w, t.person, t.page) or t.held_serial != b.held_serial or b.renewing
    stale = stale or (w.rotates != 0 and families.asks_already(w, t.person, t.page))
    if stale or over or lines.muted(w, t.person):
        pool.end_task(w, task)
        return
    if w.hides and lines.is_hidden(w, t.person, t.page) and lines.next_tick(w) > w.now:
        calendar.push_task(w, task, lines.next_tick(w), Priority.ACTION, Lane.BACKGROUND)
        return
    if w.rotates:
        families.present(w, t.page)
    b.renewing = 1
    t.n, t.attempt = b.number, b.renewals
    b.renewals += 1
    t.generation = plan.role_offset(w, t.person)
    w.made_renewals += 1
    calendar.act(w, limits.RENEWALS)
    accounting.note_page(w, t.person, Event.RENEWAL_ASKED, NONE, 0)
    law = Law.CLIENT_APP if w.renewal == Renewal.APP else Law.CLIENT_HOST
    t.half = 0.5 * background_draw(w, task, law, Stream.BACKGROUND_TRIP)
    calendar.task_later(w, task, t.half, Priority.ARRIVAL, Lane.BACKGROUND, Beside.RENEWAL_ARRIVES)


def background_draw(w: World, task: int, law: int, stream: int) -> float:
    """A draw of a renewal: at the address of its page, or with the page's own key where another was open beside it."""
    t = memory.task(w, task)
    stream += t.generation
    if memory.background(w, t.page).keyed:
        return draws.sample_of_page(w, law, t.person, stream, t.n, t.attempt)
    return draws.sample(w, law, t.person, stream, t.n, t.attempt)


def background_arrives(w: World, task: int) -> None:
    """The question for a token is at its issuer."""
    t, by_app = memory.task(w, task), w.renewal == Renewal.APP
    t.outcome = Reason.OK if by_app else parties.host_admits(w, Call.RENEWAL, 0)
    t.has_new = 0
    if t.outcome == limiters.WAITS:
        t.state = Beside.RENEWAL_TURN
        calendar.push_task(w, task, w.turn, Priority.ARRIVAL, Lane.BACKGROUND)
        return
    background_enters(w, task)


def background_turn(w: World, task: int) -> None:
    """Its turn has come at a host that paces calls."""
    memory.task(w, task).outcome = parties.turn_comes(w, 0)
    background_enters(w, task)


def background_enters(w: World, task: int) -> None:
    """The issuer lets it in, or has said why not."""
    t, by_app = memory.task(w, task), w.renewal == Renewal.APP
    if t.outcome != Reason.OK:
        background_decided(w, task)
        return
    station, law = (
        (Station.AUTH_SERVER, Law.AUTH_RENEWAL) if by_app else (Station.HOST, Law.RENEWAL)
    )
    service = background_draw(w, task, law, Stream.BACKGROUND_SERVICE)
    t.state = Beside.RENEWAL_SERVED
    parties.visit_beside(
        w, station, service, task
    )  # who renews in the background does not run ahead


def background_served(w: World, task: int) -> None:
    """The issuer decides."""
    parties.leave(w, Station.AUTH_SERVER if w.renewal == Renewal.APP else Station.HOST)
    t = memory.task(w, task)
    place = knowledge.held_at(w, t.page)
    if tokens.renewal_granted(w, t.person, place) and (
        not w.rotates or rotation.accepted(w, t.person, t.page)
    ):
        t.has_new, t.new_stamped = 1, w.now
        t.new_vouched = tokens.reissued_admin(w, t.person, place)
        lasts = background_draw(w, task, Law.LIFETIME, Stream.BACKGROUND_LIFETIME)
        page_stamped = memory.page(w, place).stamped
        t.new_expires = tokens.ends(w, lasts, page_stamped, w.renewal_offset)
        revocation.accrue(w, t.person)
        tokens.add_credential(w, t.person, place, w.now, t.new_expires, t.new_vouched)
        revocation.refresh(w, t.person)
    else:
        t.outcome = Reason.REFUSED
    background_decided(w, task)


def background_decided(w: World, task: int) -> None:
    """The issuer's answer leaves."""
    t = memory.task(w, task)
    accounting.note_page(w, t.person, Event.RENEWAL_DECIDED, NONE, t.outcome)
    calendar.task_later(w, task, t.half, Priority.ARRIVAL, Lane.BACKGROUND, Beside.RENEWAL_SEEN)


def background_seen(w: World, task: int) -> int:
    """The issuer's answer is at the client; returns the next step of a main line that waited for it."""
    t = memory.task(w, task)
    b = memory.background(w, t.page)
    if w.rotates:
        client.rotated_seen(
            w, t.person, t.page, t.has_new, t.new_stamped, t.new_expires, t.new_vouched
        )
    elif w.cookie and t.held_serial != b.held_serial:  # of what the device held before
        pool.end_task(w, task)
        return Step.REST
    elif t.has_new and tabs.is_open(w, t.person, t.page):
        tokens.adopt(w, t.page, t.new_stamped, t.new_expires, t.new_vouched)
        client.schedule_refresh(w, t.person, t.page)
    accounting.note_page(w, t.person, Event.RENEWAL_SEEN, NONE, t.outcome)
    b.renewing = 0
    step = Step.RENEW if b.awaited else Step.REST
    b.awaited = 0
    pool.end_task(w, task)
    return step


# -- outages ------------------------------------------------------------------------------------


def begin_outages(w: World) -> None:
    """The first outages of the host, of deciders, and of those who receive events."""
    for number in range(w.n_hosts):
        if memory.host(w, number).outages != NEVER:
            task = pool.new_task(w, WORLD)
            memory.task(w, task).channel = number
            plan_outage(w, task)
    for number in range(w.n_channels):
        if memory.channel(w, number).outages != NEVER:
            task = pool.new_task(w, WORLD)
            memory.task(w, task).channel = number
            channels.plan_outage(w, task)


def plan_outage(w: World, task: int) -> None:
    """When the next one of the host, or of a decider, begins."""
    t = memory.task(w, task)
    h = memory.host(w, t.channel)
    up = h.starts
    if h.outages == ALTERNATING:
        up = draws.sample(w, h.up_law, WORLD, Stream.HOST_UP + h.streams, t.n, 0)
    calendar.task_later(w, task, up, Priority.OUTAGE, Lane.MAIN, Beside.HOST_DOWN)


def outage_edge(w: World, task: int) -> None:
    """An outage begins or ends."""
    t = memory.task(w, task)
    if t.state in (Beside.HOST_DOWN, Beside.PUSH_DOWN):
        w.made_outages += 1
        calendar.act(w, limits.OUTAGES)
    if t.state == Beside.HOST_DOWN:
        h = memory.host(w, t.channel)
        h.is_down = 1
        down_event = Event.DECIDER_DOWN if t.channel else Event.HOST_DOWN
        accounting.note(w, WORLD, down_event, NONE, 0, 0)
        down = draws.sample(w, h.down_law, WORLD, Stream.HOST_DOWN + h.streams, t.n, 0)
        calendar.task_later(w, task, down, Priority.OUTAGE, Lane.MAIN, Beside.HOST_UP)
    elif t.state == Beside.PUSH_DOWN:
        channels.goes_down(w, task)
    elif t.state == Beside.HOST_UP:
        memory.host(w, t.channel).is_down = 0
        up_event = Event.DECIDER_UP if t.channel else Event.HOST_UP
        accounting.note(w, WORLD, up_event, NONE, 0, 0)
        t.n += 1
        if memory.host(w, t.channel).outages == ALTERNATING:
            plan_outage(w, task)
    else:
        channels.comes_up(w, task)

"""A person at his client (model, sections 4 and 6): what `sim.oracle.person` says as a process, in steps.

The main line is always either waiting for one event (`state`) or doing one step after another in the same instant; a step
returns the next one, or REST.
"""

import math

from sim.basics.streams import Stream
from sim.engine import histogram, limits
from sim.engine.state import NONE, Beside, Law, Mark, Role, State, Station, Step, World
from sim.engine.steps import (
    accounting,
    calendar,
    connections,
    draws,
    entries,
    families,
    knowledge,
    left,
    limiters,
    lines,
    parties,
    plan,
    polls,
    pool,
    revocation,
    rotation,
    tabs,
    tokens,
    virtual,
)
from sim.engine.steps.binding import apart, into_callers, memory
from sim.model.causes import Cause, Kind
from sim.model.mechanisms import Clock, Renewal
from sim.model.order import Lane, Priority
from sim.model.outcomes import LOGGED_OUT, Behaviour, Call, Decision, Event, Reason

INF, NAN = math.inf, math.nan


# -- whether he may act -------------------------------------------------------------------------


def may_act(w: World, person: int) -> bool:
    """Not where the person is called off, nor honest after the horizon."""
    case = memory.person(w, person).case
    if case == NONE:
        return w.now < w.horizon
    c = memory.case(w, case)
    if c.called_off and c.role == Role.OWN:
        return False
    return c.begun != 0 or w.now < w.horizon


def wait(w: World, person: int, delay: float, state: int) -> int:
    """Think, or pause: the only time at which a person can be called off at once."""
    if not may_act(w, person):
        return Step.CALLED_OFF
    p, time = memory.person(w, person), w.now + delay
    if time < w.horizon and calendar.on_his_own(w, person):  # the horizon is not after the end
        p.state = state
        w.now = time
        return Step.RESUME
    p.marks |= Mark.IDLE
    calendar.act_later(w, person, delay, Priority.ACTION, state)
    return Step.REST


def after_notice(w: World, person: int) -> bool:
    """Whether the person has been told."""
    case = memory.person(w, person).case
    if case == NONE or not memory.case(w, case).begun:
        return False
    return w.now >= memory.case(w, case).notice


def marked(w: World, person: int, mark: int) -> bool:
    """Whether a mark of the person is set."""
    return memory.person(w, person).marks & mark != 0


# -- visits -------------------------------------------------------------------------------------


def begin_shift(w: World, person: int) -> int:
    """The start of the run."""
    if w.shift_start > 0:
        return wait(w, person, w.shift_start, State.SHIFT_STARTS)
    return Step.NEXT_VISIT


def next_visit(w: World, person: int) -> int:
    """The pause before a visit; the end of the shift stops new visits."""
    pause_s = plan.pause(w, person, memory.person(w, person).visit)
    if not w.now + pause_s < w.shift_end:
        return Step.SHIFT_OVER
    return wait(w, person, pause_s, State.PAUSE)


def begin_visit(w: World, person: int) -> int:
    """The pause is over."""
    p = memory.person(w, person)
    p.visit_began = w.now
    p.pages, p.page_of_visit = plan.pages_of(w, person, p.visit), 0
    if w.several:
        tabs.begin_visit(w, person, p.visit)
    return Step.NEXT_PAGE


def next_page(w: World, person: int) -> int:
    """The next page of the visit, or its end."""
    p = memory.person(w, person)
    if p.pages >= 0 and p.page_of_visit >= p.pages:
        return end_visit(w, person) if may_act(w, person) else Step.CALLED_OFF
    number = p.pages_seen
    p.pages_seen += 1
    if p.page_of_visit > 0:
        return wait(w, person, plan.turn(w, person, p.page_of_visit, number), State.TURN)
    return begin_load(w, person, 0)


def end_visit(w: World, person: int) -> int:
    """A logout, a closed tab, or a tab left open."""
    p = memory.person(w, person)
    if w.hides:
        lines.leaves(w, person)
    accounting.record_visit(w, person)
    how = plan.ending(w, person, p.visit)
    reason = LOGGED_OUT if how == 0 else (Reason.CLOSE if how == 1 else Reason.LEAVE_OPEN)
    accounting.note(w, person, Event.VISIT_ENDED, NONE, 0, reason)
    if how == 2:
        return Step.VISITED
    destroy_page(w, person, how == 0)
    if how == 0 and w.push and knowledge.bit(w.push_causes, Cause.LOGOUT):
        # the event leaves once what follows in this instant is done
        w.logout_person, w.logout_visit = person, p.visit
    return Step.VISITED


def visited(w: World, person: int) -> int:
    """After a visit."""
    if after_notice(w, person):
        return Step.SHIFT_OVER
    memory.person(w, person).visit += 1
    return Step.NEXT_VISIT


def shift_over(w: World, person: int) -> int:
    """No visit begins any more; who will storm waits for the notice."""
    p = memory.person(w, person)
    if p.case == NONE or memory.case(w, p.case).behaviour != Behaviour.STORM:
        return Step.OUT
    if not may_act(w, person):
        return Step.CALLED_OFF
    p.marks |= Mark.IDLE
    p.state = State.NOTICE
    return Step.REST


def out(w: World, person: int) -> int:
    """His own acts are over; then, in a case, what the behaviour demands."""
    p = memory.person(w, person)
    p.marks &= ~Mark.IDLE
    if w.hides:
        lines.leaves(w, person)
    accounting.record_visit(w, person)
    if p.case == NONE:
        return Step.END_ROLE
    c = memory.case(w, p.case)
    if c.called_off and c.behaviour == Behaviour.STORM:
        c.role = Role.STORMING
        return Step.STORM
    return Step.END_ROLE


def called_off(w: World, person: int) -> int:
    """Who acts here acts no more."""
    if w.line != NONE:
        return polls.over(w, person)
    if w.moments and memory.person(w, person).case == NONE:
        virtual.stopped(w, person)
    return Step.OUT if lines.role_of(w, person) == Role.OWN else Step.END_ROLE


def end_role(w: World, person: int) -> int:
    """One less may act; a taker who waited for that begins."""
    p = memory.person(w, person)
    if w.hides:
        lines.leaves(w, person)
    p.state = State.DEAD
    p.marks &= ~Mark.IDLE
    if p.case == NONE:
        return Step.REST
    c = memory.case(w, p.case)
    was_alive = c.alive
    c.alive = 0
    c.actors -= 1
    if was_alive and c.taker_waits:
        c.taker_waits = 0
        return Step.TAKE_OVER
    return Step.REST


# -- pages --------------------------------------------------------------------------------------


@apart
def turn_page(w: World, person: int) -> int:
    """The page is turned, once what it asks for by itself is answered."""
    if w.polls and lines.busy(w, person):
        memory.person(w, person).state = State.TURN_POLLED
        return Step.REST
    return begin_load(w, person, 0)


def begin_load(w: World, person: int, in_click: int) -> int:
    """A page is to be loaded; `in_click`: a reload after a refusal."""
    p = memory.person(w, person)
    p.marks &= ~Mark.IN_CLICK
    if in_click:
        p.marks |= Mark.IN_CLICK
    p.attempt = 0
    return Step.LOAD


def load_number(w: World, person: int) -> int:
    """The number in the address of a page load's draws."""
    p = memory.person(w, person)
    if p.marks & Mark.IN_CLICK:
        return p.click
    role = lines.role_of(w, person)
    if role == Role.OWN:
        return p.pages_seen - 1
    return p.page_of_visit if role == Role.CARRYING_ON else 0


def load(w: World, person: int) -> int:
    """Ask the host for the page."""
    p = memory.person(w, person)
    if lines.muted(w, person):
        return Step.CALLED_OFF
    if w.moments:
        virtual.load_asked(w, person)
    w.made_loads += 1
    calendar.try_again(w, limits.PAGE_LOADS, p.attempt)
    accounting.note_page(w, person, Event.PAGE_ASKED, NONE, 0)
    stream: int = Stream.RELOAD_TRIP if p.marks & Mark.IN_CLICK else Stream.PAGE_TRIP
    stream += plan.role_offset(w, person)
    trip = draws.sample(w, Law.CLIENT_HOST, person, stream, load_number(w, person), p.attempt)
    p.expires = 0.5 * trip
    calendar.act_later(w, person, p.expires, Priority.ARRIVAL, State.LOAD_ARRIVES)
    return Step.REST


def load_arrives(w: World, person: int) -> int:
    """The question for a page is at the host."""
    p = memory.person(w, person)
    p.outcome = parties.host_admits(w, Call.PAGE_LOAD, 0)
    if p.outcome != Reason.OK:
        return load_decided(w, person)
    stream = (Stream.RELOAD if p.marks & Mark.IN_CLICK else Stream.PAGE_LOAD) + plan.role_offset(
        w, person
    )
    service = draws.sample(w, Law.PAGE_LOAD, person, stream, load_number(w, person), p.attempt)
    p.state = State.LOAD_SERVED
    return parties.visit(w, Station.HOST, service, person)


def load_served(w: World, person: int) -> int:
    """The host decides, by what it knows now."""
    parties.leave(w, Station.HOST)
    p = memory.person(w, person)
    if knowledge.host_grants(
        w, person, knowledge.device_in_use(w, person), knowledge.PAGE_LOAD_REFUSES
    ):
        issue_page(w, person)
    else:
        p.outcome = Reason.REFUSED
    return load_decided(w, person)


def load_decided(w: World, person: int) -> int:
    """The answer leaves the host."""
    p = memory.person(w, person)
    accounting.note_page(w, person, Event.PAGE_DECIDED, NONE, p.outcome)
    return calendar.go_on(w, person, w.now + p.expires, Priority.ARRIVAL, State.LOAD_SEEN)


def issue_page(w: World, person: int) -> None:
    """The page exists, with its first credential."""
    p, now = memory.person(w, person), w.now
    n = load_number(w, person)
    admin = knowledge.vouches_admin(w, person)
    stream: int = Stream.RELOAD_LIFETIME if p.marks & Mark.IN_CLICK else Stream.LIFETIME_PAGE
    stream += plan.role_offset(w, person)
    expires = tokens.expiry(w, person, now, w.page_offset, stream, n, p.attempt)
    revocation.accrue(w, person)
    p.incoming = pool.new_page(w, person, page_number(w, person), expires, admin)
    if w.several:
        tabs.issued(w, person, p.incoming)
    revocation.refresh(w, person)
    keep_session(w, person, 1)


@into_callers
def keep_session(w: World, person: int, lives: int) -> None:
    """A page load begins a session at the host, a logout ends it; kept of who has a case."""
    if memory.person(w, person).case != NONE:
        memory.case(w, memory.person(w, person).case).session = lives


def page_number(w: World, person: int) -> int:
    """The number of a page in addresses; those that reloads bring count down from -1."""
    n = load_number(w, person)
    return -1 - n if marked(w, person, Mark.IN_CLICK) else n


def load_seen(w: World, person: int) -> int:
    """The answer is at the client."""
    p = memory.person(w, person)
    if p.outcome == Reason.OK:
        show(w, person)
        return Step.LOADED
    accounting.note_page(w, person, Event.PAGE_SEEN, NONE, p.outcome)
    if p.outcome == Reason.REFUSED:
        return Step.PAGE_REFUSED
    return wait(w, person, w.retry_after, State.LOAD_RETRY)


def show(w: World, person: int) -> None:
    """The page replaces the old one, and its allowlist entry is written."""
    p = memory.person(w, person)
    revocation.accrue(w, person)
    before, was_open = -INF, p.page != NONE
    if w.moments:
        before = virtual.reach_of(w, person, p.page)
    page = p.incoming
    p.incoming = NONE
    if w.several:
        tabs.opened(w, person, page)
    else:
        leave_page(w, person)
        p.page = page
    if w.allowlist:
        entries.write(w, person, page, page_number(w, person))
    revocation.refresh(w, person)
    if w.moments:
        virtual.loaded(w, person, before, was_open)
    accounting.note_page(w, person, Event.PAGE_SEEN, NONE, Reason.OK)
    schedule_refresh(w, person, families.asking(w, person))
    if w.polls or w.hides or w.connects:
        polls.begin(w, person, page, page_number(w, person))


@into_callers
def leave_page(w: World, person: int) -> None:
    """The one page that the person has is closed or replaced."""
    page = memory.person(w, person).page
    if page == NONE:
        return
    if w.polls or w.connects:
        polls.ended(w, page)
    left.leave(w, person, page)
    pool.release_page(w, person, page)


def destroy_page(w: World, person: int, logged_out: bool) -> None:
    """The tab is closed; a logout closes all tabs of the device."""
    p = memory.person(w, person)
    if w.moments:
        virtual.closed(w, person)
    revocation.accrue(w, person)
    if w.several:
        tabs.ended(w, person, logged_out)
    else:
        leave_page(w, person)
    p.page = NONE
    revocation.refresh(w, person)
    if logged_out:
        keep_session(w, person, 0)


def loaded(w: World, person: int) -> int:
    """The page is there: repeat the click, or begin to use the page."""
    p = memory.person(w, person)
    if p.marks & Mark.IN_CLICK:
        p.marks &= ~(Mark.HAS_REQUEST | Mark.SENT_AGAIN)
        return Step.READY
    if plan.storms(w, person):
        return Step.NEXT_CLICK
    return use_page(w, person)


def use_page(w: World, person: int) -> int:
    """Clicks on a new page."""
    p = memory.person(w, person)
    number = p.pages_seen - 1 if lines.role_of(w, person) == Role.OWN else p.page_of_visit
    p.requests, p.click_of_page = plan.requests_on(w, person, p.page_of_visit, number), 0
    return Step.NEXT_CLICK


def page_refused(w: World, person: int) -> int:
    """The first refused page load ends him who has been told; unawares, he tries again at his next visit."""
    if lines.role_of(w, person) != Role.OWN:
        return Step.END_ROLE
    if after_notice(w, person):
        return Step.OUT
    if w.hides:
        lines.leaves(w, person)
    accounting.record_visit(w, person)
    return Step.VISITED


# -- clicks -------------------------------------------------------------------------------------


def next_click(w: World, person: int) -> int:
    """Think before the next click, or turn the page."""
    p = memory.person(w, person)
    if plan.storms(w, person):
        p.click += 1
        return wait(w, person, plan.think(w, person), State.THINK)
    if p.requests >= 0 and p.click_of_page >= p.requests:
        p.page_of_visit += 1
        if lines.role_of(w, person) == Role.OWN:
            return Step.NEXT_PAGE
        return wait(w, person, plan.turn(w, person, p.page_of_visit, p.page_of_visit), State.TURN)
    p.click += 1
    step = wait(w, person, plan.think(w, person), State.THINK)
    return click(w, person) if step == Step.RESUME else step


def thought(w: World, person: int) -> int:
    """The think time is over; a storm lasts a given time at most."""
    if plan.storms(w, person):
        c = memory.case(w, memory.person(w, person).case)
        if w.now >= c.storm_began + w.storm_duration:
            return Step.END_ROLE
    return click(w, person)


def click(w: World, person: int) -> int:
    """A click."""
    p = memory.person(w, person)
    p.kind = plan.kind(w, person)
    if p.kind == Kind.ADMIN and not p.administrator:
        p.kind = 0
    p.clicked_at = w.now
    calendar.act(w, limits.CLICKS)
    accounting.note(w, person, Event.CLICK, p.kind, 0, 0)
    p.sends = p.renewals = p.marks = 0
    return ready(w, person)


@into_callers
def ready(w: World, person: int) -> int:
    """Whether there is something to present: an expired token is renewed first."""
    p = memory.person(w, person)
    if w.lined and w.line == NONE:
        step = goes_ahead(w, person)
        if step != Step.READY:
            return step
    if not w.can_renew or p.page == NONE:
        return send(w, person)
    if w.refresh_at > 0.0 and not tokens.holds_valid(w, person):
        b = memory.background(w, families.asking(w, person))
        if b.renewing and w.line != NONE:
            p.outcome = Reason.NOTHING
            return Step.NOT_READY
        if b.renewing:
            b.awaited = 1
            p.state = State.BACKGROUND_RENEWAL
            return Step.REST
    return renew(w, person)


@apart
def goes_ahead(w: World, person: int) -> int:
    """Whether a click neither waits for its page's poll nor goes over its connection, for which nothing is renewed: READY."""
    if w.polls:
        polls.clicked(w, person)
        if lines.busy(w, person):
            memory.person(w, person).state = State.POLLED
            return Step.REST
    return Step.SEND if w.connects and connections.is_open(w, person) else Step.READY


def renew(w: World, person: int) -> int:
    """Ask for a new token, if one is needed (or at each click)."""
    p = memory.person(w, person)
    if w.renewal != Renewal.HOST_EACH and tokens.holds_valid(w, person):
        return send(w, person)
    attempt = p.renewals
    p.renewals += 1
    if lines.muted(w, person):
        return Step.CALLED_OFF
    w.made_renewals += 1
    calendar.try_again(w, limits.RENEWALS, attempt)
    accounting.note_page(w, person, Event.RENEWAL_ASKED, NONE, 0)
    if w.rotates:
        families.present(w, families.asking(w, person))
    law = Law.CLIENT_APP if w.renewal == Renewal.APP else Law.CLIENT_HOST
    stream = Stream.RENEWAL_TRIP + plan.role_offset(w, person)
    p.expires = 0.5 * draws.sample_on_way(w, law, person, stream, p.click, attempt)
    return calendar.meets(w, person, p.expires, Priority.ARRIVAL, State.RENEWAL_ARRIVES)


def renewal_arrives(w: World, person: int) -> int:
    """The question for a token is at its issuer."""
    p = memory.person(w, person)
    p.outcome = Reason.OK if w.renewal == Renewal.APP else parties.host_admits(w, Call.RENEWAL, 0)
    p.marks &= ~Mark.HAS_NEW
    if p.outcome == limiters.WAITS:
        p.state = State.RENEWAL_TURN
        calendar.push(w, w.turn, calendar.own_key(w, Priority.ARRIVAL, person))
        return Step.REST
    return renewal_enters(w, person)


def renewal_turn(w: World, person: int) -> int:
    """Its turn has come at a host that paces calls."""
    memory.person(w, person).outcome = parties.turn_comes(w, 0)
    return renewal_enters(w, person)


def renewal_enters(w: World, person: int) -> int:
    """The issuer lets it in, or has said why not."""
    p = memory.person(w, person)
    if p.outcome != Reason.OK:
        return renewal_decided(w, person, p.expires)
    station, law = (
        (Station.AUTH_SERVER, Law.AUTH_RENEWAL)
        if w.renewal == Renewal.APP
        else (Station.HOST, Law.RENEWAL)
    )
    stream = Stream.RENEWAL + plan.role_offset(w, person)
    service = draws.sample_on_way(w, law, person, stream, p.click, p.renewals - 1)
    p.state = State.RENEWAL_SERVED
    return parties.visit(w, station, service, person)


def renewal_served(w: World, person: int) -> int:
    """The issuer decides."""
    parties.leave(w, Station.AUTH_SERVER if w.renewal == Renewal.APP else Station.HOST)
    p = memory.person(w, person)
    half = p.expires
    if tokens.renewal_granted(w, person, p.page) and (
        not w.rotates or rotation.accepted(w, person, families.asking(w, person))
    ):
        if w.moments:
            virtual.renewed(w, person)
        p.marks |= Mark.HAS_NEW
        p.stamped = w.now
        p.vouched = tokens.reissued_admin(w, person, p.page)
        stream = Stream.LIFETIME_RENEWAL + plan.role_offset(w, person)
        revocation.accrue(w, person)
        p.expires = tokens.reissue(w, person, p.page, stream, p.click, p.renewals - 1)
        revocation.refresh(w, person)
    else:
        p.outcome = Reason.REFUSED
    return renewal_decided(w, person, half)


def renewal_decided(w: World, person: int, half: float) -> int:
    """The issuer's answer leaves, for half a round trip."""
    accounting.note_page(w, person, Event.RENEWAL_DECIDED, NONE, memory.person(w, person).outcome)
    return calendar.go_on(w, person, w.now + half, Priority.ARRIVAL, State.RENEWAL_SEEN)


def renewal_seen(w: World, person: int) -> int:
    """The issuer's answer is at the client."""
    p = memory.person(w, person)
    if w.rotates:
        has_new = p.marks & Mark.HAS_NEW
        page = families.asking(w, person)
        rotated_seen(w, person, page, has_new, p.stamped, p.expires, p.vouched)
    elif p.marks & Mark.HAS_NEW:
        tokens.adopt(w, p.page, p.stamped, p.expires, p.vouched)
        schedule_refresh(w, person, p.page)
    accounting.note_page(w, person, Event.RENEWAL_SEEN, NONE, p.outcome)
    if p.outcome == Reason.OK or tokens.holds_valid(w, person):
        return Step.SEND
    if p.outcome == Reason.REFUSED or w.line != NONE:
        return Step.NOT_READY
    return wait(w, person, w.retry_after, State.RENEWAL_RETRY)


def rotated_seen(
    w: World, person: int, page: int, has_new: int, stamped: float, expires: float, admin: int
) -> None:
    """Where refresh tokens rotate: the browser holds what comes, and an open page sets its timer by what the browser holds."""
    place, is_open = knowledge.held_at(w, page), tabs.is_open(w, person, page)
    somewhere = memory.device(w, place).tabs > 0 if w.cookie else is_open
    adopts = has_new != 0 and somewhere and families.received(w, page)
    if adopts:
        tokens.adopt(w, place, stamped, expires, admin)
    if is_open and (adopts or families.holds_newer(w, page)):
        schedule_refresh(w, person, page)


def schedule_refresh(w: World, person: int, page: int) -> None:
    """Renew in the background when a fraction of the lifetime has gone; of a cookie `page` is the device's place, but for tabs
    that renew what they share each by itself."""
    if w.refresh_at == 0.0:
        return
    place = knowledge.held_at(w, page)
    g = memory.page(w, place)
    expires = tokens.reckoned(w, place)
    if not expires < g.stamped + w.absolute:
        return
    due = g.held_stamped + w.refresh_at * (expires - g.held_stamped)
    if w.rotates:
        memory.background(w, page).held_serial += 1  # a page has one timer
    task = pool.new_task(w, person)
    t = memory.task(w, task)
    t.page, t.held_serial = page, memory.background(w, page).held_serial
    memory.page(w, page).references += 1
    calendar.task_later(
        w, task, max(0.0, due - w.now), Priority.ACTION, Lane.BACKGROUND, Beside.REFRESH
    )


def send(w: World, person: int) -> int:
    """From the client to the app."""
    p = memory.person(w, person)
    if lines.muted(w, person):
        return Step.CALLED_OFF
    g = memory.page(w, p.page)
    p.stamped, p.expires, p.vouched = g.held_stamped, g.held_expires, g.held_admin
    attempt = p.sends
    p.sends += 1
    stream = Stream.CLIENT_APP + plan.role_offset(w, person)
    p.half_trip = 0.5 * draws.sample_on_way(w, Law.CLIENT_APP, person, stream, p.click, attempt)
    p.marks = (p.marks & ~Mark.HAS_NEW) | Mark.HAS_REQUEST | Mark.UNDECIDED
    p.decision = p.reason = 0
    w.sent += 1
    accounting.note_page(w, person, Event.REQUEST_SENT, p.kind, 0)
    return calendar.meets(w, person, p.half_trip, Priority.ARRIVAL, State.REQUEST_ARRIVES)


def answered(w: World, person: int) -> int:
    """The answer is at the client. A token that expired on the way is renewed, and the request sent once more."""
    p = memory.person(w, person)
    if p.marks & Mark.HAS_NEW:
        tokens.adopt(w, p.page, p.stamped, p.expires, p.vouched)
    accounting.note(w, person, Event.ANSWERED, p.kind, p.decision, p.reason)
    if p.reason == Reason.TOKEN_EXPIRED and w.can_renew and not p.marks & Mark.SENT_AGAIN:
        p.marks |= Mark.SENT_AGAIN
        by_clocks = w.token_clock != Clock.EXACT or w.clocks_differ
        if by_clocks and memory.page(w, p.page).held_expires == p.expires:
            memory.page(w, p.page).held_stamped = -INF  # refused before the client expected it
        return Step.READY
    return tried(w, person)


def tried(w: World, person: int) -> int:
    """Who is refused reloads the page and repeats the click, once; a storm does not."""
    if w.line != NONE:
        return polls.answered(w, person)
    p = memory.person(w, person)
    accepted = p.marks & Mark.HAS_REQUEST != 0 and p.decision == Decision.ACCEPTED
    if not accepted and w.several and after_notice(w, person) and may_act(w, person):
        step = tried_elsewhere(w, person)
        if step != Step.REST:
            return step
    if accepted or p.marks & Mark.RELOADED or plan.storms(w, person):
        return clicked(w, person)
    if not may_act(w, person):
        return Step.CALLED_OFF
    if accounting.honest(w, person, p.clicked_at) and accounting.in_window(w, p.clicked_at):
        w.interruptions += 1
        if p.kind == Kind.WRITE:
            w.lost_input += histogram.ticks(plan.think(w, person))
    p.marks |= Mark.RELOADED
    return begin_load(w, person, 1)


def tried_elsewhere(w: World, person: int) -> int:
    """Who has been told repeats a refused click in his other pages, each once; REST where none is left."""
    p = memory.person(w, person)
    if plan.storms(w, person) and memory.case(w, p.case).refusals + 1 >= w.gives_up:
        return Step.REST
    if not tabs.go_elsewhere(w, person):
        return Step.REST
    memory.case(w, p.case).refusals += 1
    p.marks &= ~(Mark.HAS_REQUEST | Mark.SENT_AGAIN | Mark.RELOADED)
    return Step.READY


def clicked(w: World, person: int) -> int:
    """The click has had its answer."""
    p, now = memory.person(w, person), w.now
    was_sent = p.marks & Mark.HAS_REQUEST != 0
    accepted = was_sent and p.decision == Decision.ACCEPTED
    if accounting.honest(w, person, p.clicked_at) and accounting.in_window(w, p.clicked_at):
        after_decision = now - p.stamped if was_sent else 0.0
        trip = p.half_trip if was_sent else 0.0
        overhead = now - p.clicked_at - after_decision - trip
        accounting.record_click(
            w, p.clicked_at, now - p.clicked_at, max(0.0, overhead), p.kind, accepted
        )
    if plan.storms(w, person):
        c = memory.case(w, p.case)
        if not accepted:
            c.refusals += 1
        return Step.END_ROLE if c.refusals >= w.gives_up else Step.NEXT_CLICK
    p.click_of_page += 1
    return next_click(w, person)


# -- storms and takers --------------------------------------------------------------------------


def storm(w: World, person: int) -> int:
    """Click fast; load a page only if none is open at the start."""
    p = memory.person(w, person)
    c = memory.case(w, p.case)
    c.storm_began, c.refusals = w.now, 0
    p.click = -1
    if w.several and lines.role_of(w, person) == Role.STORMING:
        tabs.go_to_last(w, person)
    if p.page == NONE:
        return begin_load(w, person, 0)
    return Step.NEXT_CLICK


def take_over(w: World, person: int) -> int:
    """Somebody else acts with the credentials of the open page."""
    p = memory.person(w, person)
    if w.several:
        tabs.go_to_last(w, person)
    accounting.note_page(w, person, Event.TAKEN_OVER, NONE, 0)
    if w.taker_storms:
        memory.case(w, p.case).role = Role.TAKER_STORMING
        return Step.STORM
    memory.case(w, p.case).role = Role.CARRYING_ON
    p.click, p.visit, p.page_of_visit = -1, 0, 0
    return use_page(w, person)

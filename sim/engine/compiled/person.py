"""A person at his client (model, sections 4 and 6): what `sim.engine.person` says as a process, in steps.

The main line is always either waiting for one event (`state`) or doing one step after another in the same instant; a step
returns the next one, or REST.
"""

import math

from sim.basics.streams import Stream
from sim.engine.cases import STORM as STORMS
from sim.engine.clock import Lane, Priority
from sim.engine.compiled import memory, plan
from sim.engine.compiled.books import (
    ALLOWLIST,
    E_ANSWERED,
    E_CLICK,
    E_PAGE_ASKED,
    E_PAGE_DECIDED,
    E_PAGE_SEEN,
    E_RENEWAL_ASKED,
    E_RENEWAL_DECIDED,
    E_RENEWAL_SEEN,
    E_SENT,
    E_TAKEN_OVER,
    E_VISIT_ENDED,
    begins,
    book_click,
    book_visit,
    count_entry,
    in_window,
    note,
    note_page,
)
from sim.engine.compiled.calendar import act, act_later, ahead, go_on, task_later
from sim.engine.compiled.layout import (
    ACCEPTED,
    AUTH,
    BY_APP,
    BY_HOST_EACH,
    CALLED_OFF,
    CARRYING_ON,
    CLIENT_APP,
    CLIENT_HOST,
    CLOSED,
    DEAD,
    END_ROLE,
    ENTRY_LIFETIME,
    HAS_NEW,
    HAS_REQUEST,
    HOST,
    IDLE,
    IN_CLICK,
    L_ARRIVE,
    L_DONE,
    L_RETRY,
    L_SEEN,
    LEFT_OPEN,
    LIFETIME,
    LOAD,
    LOADED,
    LOGGED_OUT,
    NEXT_CLICK,
    NEXT_PAGE,
    NEXT_VISIT,
    NO_TOKEN,
    NONE,
    NOT_GRANTED,
    NOT_READY,
    OK,
    OUT,
    OWN,
    PAGE_REFUSED,
    R_ARRIVE,
    R_BACKGROUND,
    R_DONE,
    R_RETRY,
    R_SEEN,
    READY,
    RELOADED,
    REST,
    RESUME,
    S_ARRIVE,
    SEND,
    SENT_AGAIN,
    SHIFT_OVER,
    STORM,
    STORMING,
    T_REFRESH,
    TAKE_OVER,
    TAKER_STORMING,
    TOKEN_EXPIRED,
    UNDECIDED,
    VISITED,
    W_NOTICE,
    W_PAUSE,
    W_START,
    W_THINK,
    W_TURN,
    World,
)
from sim.engine.compiled.layout import AUTH_RENEWAL as AUTH_RENEWAL_LAW
from sim.engine.compiled.layout import PAGE_LOAD as PAGE_LOAD_LAW
from sim.engine.compiled.layout import RENEWAL as RENEWAL_LAW
from sim.engine.compiled.numbers import sample
from sim.engine.compiled.options import compiled
from sim.engine.compiled.parties import (
    ADMIN_KIND,
    LOGOUT,
    PAGE_LOAD_CALL,
    PAGE_LOAD_REFUSES,
    RENEWAL_CALL,
    bit,
    host_admits,
    host_grants,
    leave,
    visit,
    vouches_admin,
)
from sim.engine.compiled.pool import add_credential, new_page, new_task, release_page
from sim.engine.compiled.revocation import look, settle
from sim.engine.limits import CLICKS, PAGE_LOADS, RENEWALS

INF, NAN = math.inf, math.nan
ARRIVAL, ACTION = int(Priority.ARRIVAL), int(Priority.ACTION)
MAIN, BACKGROUND = int(Lane.MAIN), int(Lane.BACKGROUND)
S_PAGE_TRIP, S_PAGE_LOAD, S_LIFETIME_PAGE = (
    int(s) for s in (Stream.PAGE_TRIP, Stream.PAGE_LOAD, Stream.LIFETIME_PAGE)
)
S_RELOAD_TRIP, S_RELOAD, S_RELOAD_LIFETIME, S_ENTRY_LIFETIME = (
    int(s)
    for s in (Stream.RELOAD_TRIP, Stream.RELOAD, Stream.RELOAD_LIFETIME, Stream.ENTRY_LIFETIME)
)
S_RENEWAL_TRIP, S_RENEWAL, S_LIFETIME_RENEWAL, S_CLIENT_APP = (
    int(s)
    for s in (Stream.RENEWAL_TRIP, Stream.RENEWAL, Stream.LIFETIME_RENEWAL, Stream.CLIENT_APP)
)


# -- whether he may act -------------------------------------------------------------------------


@compiled
def may_act(w: World, person: int) -> bool:
    """Not where the person is called off, nor honest after the horizon."""
    case = memory.person(w, person).case
    if case == NONE:
        return w.now < w.horizon
    c = memory.case(w, case)
    if c.called_off and c.role == OWN:
        return False
    return c.begun != 0 or w.now < w.horizon


@compiled
def wait(w: World, person: int, delay: float, state: int) -> int:
    """Think, or pause: the only time at which a person can be called off at once."""
    if not may_act(w, person):
        return CALLED_OFF
    p, time = memory.person(w, person), w.now + delay
    if time < w.horizon and ahead(w, person, time):
        p.state = state
        w.now = time
        return RESUME
    p.marks |= IDLE
    act_later(w, person, delay, ACTION, state)
    return REST


@compiled
def after_notice(w: World, person: int) -> bool:
    """Whether the person has been told."""
    case = memory.person(w, person).case
    if case == NONE or not memory.case(w, case).begun:
        return False
    return w.now >= memory.case(w, case).notice


@compiled
def honest(w: World, person: int, time: float) -> bool:
    """Whether a person counted as honest at an instant."""
    case = memory.person(w, person).case
    return case == NONE or time < begins(w, case)


@compiled
def muted(w: World, person: int) -> bool:
    """Whether the person is cut off: what he would send goes nowhere."""
    case = memory.person(w, person).case
    return case != NONE and memory.case(w, case).muted != 0


@compiled
def marked(w: World, person: int, mark: int) -> bool:
    """Whether a mark of the person is set."""
    return memory.person(w, person).marks & mark != 0


# -- visits -------------------------------------------------------------------------------------


@compiled
def begin_shift(w: World, person: int) -> int:
    """The start of the run."""
    if w.shift_start > 0:
        return wait(w, person, w.shift_start, W_START)
    return NEXT_VISIT


@compiled
def next_visit(w: World, person: int) -> int:
    """The pause before a visit; the end of the shift stops new visits."""
    pause_s = plan.pause(w, person, memory.person(w, person).visit)
    if not w.now + pause_s < w.shift_end:
        return SHIFT_OVER
    return wait(w, person, pause_s, W_PAUSE)


@compiled
def begin_visit(w: World, person: int) -> int:
    """The pause is over."""
    p = memory.person(w, person)
    p.visit_began = w.now
    p.pages, p.page_of_visit = plan.pages_of(w, person, p.visit), 0
    return NEXT_PAGE


@compiled
def next_page(w: World, person: int) -> int:
    """The next page of the visit, or its end."""
    p = memory.person(w, person)
    if p.pages >= 0 and p.page_of_visit >= p.pages:
        return end_visit(w, person) if may_act(w, person) else CALLED_OFF
    number = p.pages_seen
    p.pages_seen += 1
    if p.page_of_visit > 0:
        return wait(w, person, plan.turn(w, person, p.page_of_visit, number), W_TURN)
    return begin_load(w, person, 0)


@compiled
def end_visit(w: World, person: int) -> int:
    """A logout, a closed tab, or a tab left open."""
    p = memory.person(w, person)
    book_visit(w, person)
    how = plan.ending(w, person, p.visit)
    reason = LOGGED_OUT if how == 0 else (CLOSED if how == 1 else LEFT_OPEN)
    note(w, person, E_VISIT_ENDED, NONE, 0, reason)
    if how == 2:
        return VISITED
    destroy_page(w, person)
    if how == 0 and w.push and bit(w.push_causes, LOGOUT):
        # the event leaves once what follows in this instant is done
        w.logout_person, w.logout_visit = person, p.visit
    return VISITED


@compiled
def visited(w: World, person: int) -> int:
    """After a visit."""
    if after_notice(w, person):
        return SHIFT_OVER
    memory.person(w, person).visit += 1
    return NEXT_VISIT


@compiled
def shift_over(w: World, person: int) -> int:
    """No visit begins any more; who will storm waits for the notice."""
    p = memory.person(w, person)
    if p.case == NONE or memory.case(w, p.case).behaviour != STORMS:
        return OUT
    if not may_act(w, person):
        return CALLED_OFF
    p.marks |= IDLE
    p.state = W_NOTICE
    return REST


@compiled
def out(w: World, person: int) -> int:
    """His own acts are over; then, in a case, what the behaviour demands."""
    p = memory.person(w, person)
    p.marks &= ~IDLE
    book_visit(w, person)
    if p.case == NONE:
        return END_ROLE
    c = memory.case(w, p.case)
    if c.called_off and c.behaviour == STORMS:
        c.role = STORMING
        return STORM
    return END_ROLE


@compiled
def called_off(w: World, person: int) -> int:
    """Who acts here acts no more."""
    return OUT if plan.role_of(w, person) == OWN else END_ROLE


@compiled
def end_role(w: World, person: int) -> int:
    """One less may act; a taker who waited for that begins."""
    p = memory.person(w, person)
    p.state = DEAD
    p.marks &= ~IDLE
    if p.case == NONE:
        return REST
    c = memory.case(w, p.case)
    was_alive = c.alive
    c.alive = 0
    c.actors -= 1
    if was_alive and c.taker_waits:
        c.taker_waits = 0
        return TAKE_OVER
    return REST


# -- pages --------------------------------------------------------------------------------------


@compiled
def begin_load(w: World, person: int, in_click: int) -> int:
    """A page is to be loaded; `in_click`: a reload after a refusal."""
    p = memory.person(w, person)
    p.marks &= ~IN_CLICK
    if in_click:
        p.marks |= IN_CLICK
    p.attempt = 0
    return LOAD


@compiled
def load_number(w: World, person: int) -> int:
    """The number in the address of a page load's draws."""
    p = memory.person(w, person)
    if p.marks & IN_CLICK:
        return p.click
    role = plan.role_of(w, person)
    if role == OWN:
        return p.pages_seen - 1
    return p.page_of_visit if role == CARRYING_ON else 0


@compiled
def load(w: World, person: int) -> int:
    """Ask the host for the page."""
    p = memory.person(w, person)
    if muted(w, person):
        return CALLED_OFF
    w.made_loads += 1
    act(w, PAGE_LOADS, w.made_loads, p.attempt)
    note_page(w, person, E_PAGE_ASKED, NONE, 0)
    stream = S_RELOAD_TRIP if p.marks & IN_CLICK else S_PAGE_TRIP
    stream += plan.role_offset(w, person)
    trip = sample(w, CLIENT_HOST, person, stream, load_number(w, person), p.attempt)
    p.expires = 0.5 * trip
    act_later(w, person, p.expires, ARRIVAL, L_ARRIVE)
    return REST


@compiled
def load_arrives(w: World, person: int) -> int:
    """The question for a page is at the host."""
    p = memory.person(w, person)
    p.outcome = host_admits(w, PAGE_LOAD_CALL)
    if p.outcome != OK:
        return load_decided(w, person)
    stream = (S_RELOAD if p.marks & IN_CLICK else S_PAGE_LOAD) + plan.role_offset(w, person)
    service = sample(w, PAGE_LOAD_LAW, person, stream, load_number(w, person), p.attempt)
    p.state = L_DONE
    return visit(w, HOST, service, person)


@compiled
def load_served(w: World, person: int) -> int:
    """The host decides, by what it knows now."""
    leave(w, HOST)
    p = memory.person(w, person)
    if host_grants(w, person, PAGE_LOAD_REFUSES):
        issue_page(w, person)
    else:
        p.outcome = NOT_GRANTED
    return load_decided(w, person)


@compiled
def load_decided(w: World, person: int) -> int:
    """The answer leaves the host."""
    p = memory.person(w, person)
    note_page(w, person, E_PAGE_DECIDED, NONE, p.outcome)
    return go_on(w, person, w.now + p.expires, ARRIVAL, L_SEEN)


@compiled
def issue_page(w: World, person: int) -> None:
    """The page exists, with its first credential."""
    p, now = memory.person(w, person), w.now
    n = load_number(w, person)
    admin = vouches_admin(w, person)
    stream = S_RELOAD_LIFETIME if p.marks & IN_CLICK else S_LIFETIME_PAGE
    stream += plan.role_offset(w, person)
    expires = expiry(w, person, now, stream, n, p.attempt)
    settle(w, person)
    p.incoming = new_page(w, person, page_number(w, person), expires, admin)
    look(w, person)


@compiled
def page_number(w: World, person: int) -> int:
    """The number of a page in addresses; those that reloads bring count down from -1."""
    n = load_number(w, person)
    return -1 - n if marked(w, person, IN_CLICK) else n


@compiled
def expiry(w: World, person: int, page_stamped: float, stream: int, n: int, attempt: int) -> float:
    """When what an issuer hands out now expires; an identity never does."""
    if w.renewal == NO_TOKEN:
        return INF
    lasts = w.now + sample(w, LIFETIME, person, stream, n, attempt)
    return min(lasts, page_stamped + w.absolute)


@compiled
def load_seen(w: World, person: int) -> int:
    """The answer is at the client."""
    p = memory.person(w, person)
    if p.outcome == OK:
        show(w, person)
        return LOADED
    note_page(w, person, E_PAGE_SEEN, NONE, p.outcome)
    if p.outcome == NOT_GRANTED:
        return PAGE_REFUSED
    return wait(w, person, w.retry_after, L_RETRY)


@compiled
def show(w: World, person: int) -> None:
    """The page replaces the old one, and its allowlist entry is written."""
    p = memory.person(w, person)
    settle(w, person)
    if p.page != NONE:
        release_page(w, person, p.page)
    p.page, p.incoming = p.incoming, NONE
    if w.allowlist:
        stream = S_ENTRY_LIFETIME + plan.role_offset(w, person)
        lasts = sample(w, ENTRY_LIFETIME, person, stream, page_number(w, person), 0)
        e = memory.entry(w, p.page)
        e.x = memory.page(w, p.page).stamped + lasts
        count_entry(w, ALLOWLIST, w.now, e.x, 1)
    look(w, person)
    note_page(w, person, E_PAGE_SEEN, NONE, OK)
    schedule_refresh(w, person)


@compiled
def destroy_page(w: World, person: int) -> None:
    """The tab is closed."""
    p = memory.person(w, person)
    settle(w, person)
    if p.page != NONE:
        release_page(w, person, p.page)
    p.page = NONE
    look(w, person)


@compiled
def loaded(w: World, person: int) -> int:
    """The page is there: repeat the click, or begin to use the page."""
    p = memory.person(w, person)
    if p.marks & IN_CLICK:
        p.marks &= ~(HAS_REQUEST | SENT_AGAIN)
        return READY
    if plan.storms(w, person):
        return NEXT_CLICK
    return use_page(w, person)


@compiled
def use_page(w: World, person: int) -> int:
    """Clicks on a new page."""
    p = memory.person(w, person)
    number = p.pages_seen - 1 if plan.role_of(w, person) == OWN else p.page_of_visit
    p.requests, p.click_of_page = plan.requests_on(w, person, p.page_of_visit, number), 0
    return NEXT_CLICK


@compiled
def page_refused(w: World, person: int) -> int:
    """The first refused page load ends him who has been told; unawares, he tries again at his next visit."""
    if plan.role_of(w, person) != OWN:
        return END_ROLE
    if after_notice(w, person):
        return OUT
    book_visit(w, person)
    return VISITED


# -- clicks -------------------------------------------------------------------------------------


@compiled
def next_click(w: World, person: int) -> int:
    """Think before the next click, or turn the page."""
    p = memory.person(w, person)
    if plan.storms(w, person):
        p.click += 1
        return wait(w, person, plan.think(w, person), W_THINK)
    if p.requests >= 0 and p.click_of_page >= p.requests:
        p.page_of_visit += 1
        if plan.role_of(w, person) == OWN:
            return NEXT_PAGE
        return wait(w, person, plan.turn(w, person, p.page_of_visit, p.page_of_visit), W_TURN)
    p.click += 1
    step = wait(w, person, plan.think(w, person), W_THINK)
    return click(w, person) if step == RESUME else step


@compiled
def thought(w: World, person: int) -> int:
    """The think time is over; a storm lasts a given time at most."""
    if plan.storms(w, person):
        c = memory.case(w, memory.person(w, person).case)
        if w.now >= c.storm_began + w.storm_duration:
            return END_ROLE
    return click(w, person)


@compiled
def click(w: World, person: int) -> int:
    """A click."""
    p = memory.person(w, person)
    p.kind = plan.kind(w, person)
    if p.kind == ADMIN_KIND and not p.administrator:
        p.kind = 0
    p.clicked_at = w.now
    w.made_clicks += 1
    act(w, CLICKS, w.made_clicks, 0)
    note(w, person, E_CLICK, p.kind, 0, 0)
    p.sends = p.renewals = p.marks = 0
    return ready(w, person)


@compiled
def holds_valid(w: World, person: int) -> bool:
    """The client compares without leeway."""
    page = memory.person(w, person).page
    return page != NONE and w.now < memory.page(w, page).held_expires


@compiled
def ready(w: World, person: int) -> int:
    """Whether there is something to present: an expired token is renewed first."""
    p = memory.person(w, person)
    if not w.can_renew or p.page == NONE:
        return send(w, person)
    if w.refresh_at > 0.0 and not holds_valid(w, person):
        b = memory.background(w, p.page)
        if b.renewing:
            b.awaited = 1
            p.state = R_BACKGROUND
            return REST
    return renew(w, person)


@compiled
def renew(w: World, person: int) -> int:
    """Ask for a new token, if one is needed (or at each click)."""
    p = memory.person(w, person)
    if w.renewal != BY_HOST_EACH and holds_valid(w, person):
        return send(w, person)
    attempt = p.renewals
    p.renewals += 1
    if muted(w, person):
        return CALLED_OFF
    w.made_renewals += 1
    act(w, RENEWALS, w.made_renewals, attempt)
    note_page(w, person, E_RENEWAL_ASKED, NONE, 0)
    law = CLIENT_APP if w.renewal == BY_APP else CLIENT_HOST
    stream = S_RENEWAL_TRIP + plan.role_offset(w, person)
    p.expires = 0.5 * sample(w, law, person, stream, p.click, attempt)
    act_later(w, person, p.expires, ARRIVAL, R_ARRIVE)
    return REST


@compiled
def renewal_arrives(w: World, person: int) -> int:
    """The question for a token is at its issuer."""
    p = memory.person(w, person)
    p.outcome = OK if w.renewal == BY_APP else host_admits(w, RENEWAL_CALL)
    p.marks &= ~HAS_NEW
    if p.outcome != OK:
        return renewal_decided(w, person, p.expires)
    station, law = (AUTH, AUTH_RENEWAL_LAW) if w.renewal == BY_APP else (HOST, RENEWAL_LAW)
    stream = S_RENEWAL + plan.role_offset(w, person)
    service = sample(w, law, person, stream, p.click, p.renewals - 1)
    p.state = R_DONE
    return visit(w, station, service, person)


@compiled
def renewal_granted(w: World, person: int, page: int) -> bool:
    """What the issuer decides now about a page's token."""
    g, now = memory.page(w, page), w.now
    if w.renewal == BY_APP:
        granted = not g.dropped and now < g.stamped + w.refresh_lifetime
    else:
        granted = host_grants(w, person, w.renewal_refuses)
    return granted and now < g.stamped + w.absolute


@compiled
def renewal_served(w: World, person: int) -> int:
    """The issuer decides."""
    leave(w, AUTH if w.renewal == BY_APP else HOST)
    p = memory.person(w, person)
    half = p.expires
    if renewal_granted(w, person, p.page):
        p.marks |= HAS_NEW
        p.stamped = w.now
        p.vouched = reissued_admin(w, person, p.page)
        stream = S_LIFETIME_RENEWAL + plan.role_offset(w, person)
        p.expires = reissue(w, person, p.page, stream, p.click, p.renewals - 1)
    else:
        p.outcome = NOT_GRANTED
    return renewal_decided(w, person, half)


@compiled
def reissued_admin(w: World, person: int, page: int) -> bool:
    """A new token vouches for what the page's token vouched for, unless the host is asked for that."""
    admin = memory.page(w, page).held_admin != 0
    if w.renewal_asks_admin:
        admin = admin and vouches_admin(w, person)
    return admin


@compiled
def reissue(w: World, person: int, page: int, stream: int, n: int, attempt: int) -> float:
    """A token stamped now for a page that exists; returns its expiry."""
    admin = reissued_admin(w, person, page)
    expires = expiry(w, person, memory.page(w, page).stamped, stream, n, attempt)
    settle(w, person)
    add_credential(w, person, page, w.now, expires, admin)
    look(w, person)
    return expires


@compiled
def renewal_decided(w: World, person: int, half: float) -> int:
    """The issuer's answer leaves, for half a round trip."""
    note_page(w, person, E_RENEWAL_DECIDED, NONE, memory.person(w, person).outcome)
    return go_on(w, person, w.now + half, ARRIVAL, R_SEEN)


@compiled
def renewal_seen(w: World, person: int) -> int:
    """The issuer's answer is at the client."""
    p = memory.person(w, person)
    if p.marks & HAS_NEW:
        adopt(w, p.page, p.stamped, p.expires, p.vouched)
        schedule_refresh(w, person)
    note_page(w, person, E_RENEWAL_SEEN, NONE, p.outcome)
    if p.outcome == OK or holds_valid(w, person):
        return SEND
    if p.outcome == NOT_GRANTED:
        return NOT_READY
    return wait(w, person, w.retry_after, R_RETRY)


@compiled
def adopt(w: World, page: int, stamped: float, expires: float, admin: int) -> None:
    """The client holds a new token."""
    g = memory.page(w, page)
    g.held_stamped, g.held_expires, g.held_admin = stamped, expires, admin
    if w.refresh_at > 0.0:
        memory.background(w, page).held_serial += 1


@compiled
def schedule_refresh(w: World, person: int) -> None:
    """Renew in the background when a fraction of the lifetime has gone."""
    p = memory.person(w, person)
    g = memory.page(w, p.page)
    if w.refresh_at == 0.0 or not g.held_expires < g.stamped + w.absolute:
        return
    due = g.held_stamped + w.refresh_at * (g.held_expires - g.held_stamped)
    task = new_task(w, person)
    t = memory.task(w, task)
    t.page, t.held_serial = p.page, memory.background(w, p.page).held_serial
    g.references += 1
    task_later(w, task, max(0.0, due - w.now), ACTION, BACKGROUND, T_REFRESH)


@compiled
def send(w: World, person: int) -> int:
    """From the client to the app."""
    p = memory.person(w, person)
    if muted(w, person):
        return CALLED_OFF
    g = memory.page(w, p.page)
    p.stamped, p.expires, p.vouched = g.held_stamped, g.held_expires, g.held_admin
    attempt = p.sends
    p.sends += 1
    stream = S_CLIENT_APP + plan.role_offset(w, person)
    p.half_trip = 0.5 * sample(w, CLIENT_APP, person, stream, p.click, attempt)
    p.marks = (p.marks & ~HAS_NEW) | HAS_REQUEST | UNDECIDED
    p.decision = p.reason = 0
    w.sent += 1
    note_page(w, person, E_SENT, p.kind, 0)
    act_later(w, person, p.half_trip, ARRIVAL, S_ARRIVE)
    return REST


@compiled
def answered(w: World, person: int) -> int:
    """The answer is at the client. A token that expired on the way is renewed, and the request sent once more."""
    p = memory.person(w, person)
    if p.marks & HAS_NEW:
        adopt(w, p.page, p.stamped, p.expires, p.vouched)
    note(w, person, E_ANSWERED, p.kind, p.decision, p.reason)
    if p.reason == TOKEN_EXPIRED and w.can_renew and not p.marks & SENT_AGAIN:
        p.marks |= SENT_AGAIN
        return READY
    return tried(w, person)


@compiled
def tried(w: World, person: int) -> int:
    """Who is refused reloads the page and repeats the click, once; a storm does not."""
    p = memory.person(w, person)
    accepted = p.marks & HAS_REQUEST != 0 and p.decision == ACCEPTED
    if accepted or p.marks & RELOADED or plan.storms(w, person):
        return clicked(w, person)
    if not may_act(w, person):
        return CALLED_OFF
    if honest(w, person, p.clicked_at) and in_window(w, p.clicked_at):
        w.interruptions += 1
    p.marks |= RELOADED
    return begin_load(w, person, 1)


@compiled
def clicked(w: World, person: int) -> int:
    """The click has had its answer."""
    p, now = memory.person(w, person), w.now
    was_sent = p.marks & HAS_REQUEST != 0
    accepted = was_sent and p.decision == ACCEPTED
    if honest(w, person, p.clicked_at) and in_window(w, p.clicked_at):
        after_decision = now - p.stamped if was_sent else 0.0
        trip = p.half_trip if was_sent else 0.0
        overhead = now - p.clicked_at - after_decision - trip
        book_click(w, p.clicked_at, now - p.clicked_at, max(0.0, overhead), p.kind, accepted)
    if plan.storms(w, person):
        c = memory.case(w, p.case)
        if not accepted:
            c.refusals += 1
        return END_ROLE if c.refusals >= w.gives_up else NEXT_CLICK
    p.click_of_page += 1
    return next_click(w, person)


# -- storms and takers --------------------------------------------------------------------------


@compiled
def storm(w: World, person: int) -> int:
    """Click fast; load a page only if none is open at the start."""
    p = memory.person(w, person)
    c = memory.case(w, p.case)
    c.storm_began, c.refusals = w.now, 0
    p.click = -1
    if p.page == NONE:
        return begin_load(w, person, 0)
    return NEXT_CLICK


@compiled
def take_over(w: World, person: int) -> int:
    """Somebody else acts with the credentials of the open page."""
    p = memory.person(w, person)
    note_page(w, person, E_TAKEN_OVER, NONE, 0)
    if w.taker_storms:
        memory.case(w, p.case).role = TAKER_STORMING
        return STORM
    memory.case(w, p.case).role = CARRYING_ON
    p.click, p.visit, p.page_of_visit = -1, 0, 0
    return use_page(w, person)

"""The life of a request at the app (model, section 6): the gates in turn, the decision instant, handler work."""

import math

from sim.basics.streams import Stream
from sim.engine.clock import Lane, Priority
from sim.engine.compiled import memory, plan
from sim.engine.compiled.books import (
    E_ARRIVED,
    E_CHECK_ANSWERED,
    E_CHECK_DECIDED,
    E_CHECK_SENT,
    E_DECIDED,
    E_LOOKED_UP,
    E_VERIFIED,
    book_decision,
    book_sojourn,
    entry_of,
    note_page,
    note_request,
    write_row,
)
from sim.engine.compiled.calendar import (
    act_later,
    ahead,
    comes_next,
    go_on,
    key_of,
    push,
    task_later,
)
from sim.engine.compiled.layout import (
    A_CHECK,
    A_HANDLED,
    A_JOIN,
    A_LOOKED,
    A_QUEUE,
    A_VERIFIED,
    ACCEPTED,
    APP,
    APP_HOST,
    CACHED_DENIAL,
    FAILED,
    HAS_NEW,
    HOST,
    HOST_SAYS_NO,
    JUDGE,
    LOOKUP,
    NAMED,
    NO_ENTRY,
    NO_REASON,
    NONE,
    NOT_ADMINISTRATOR,
    OK,
    PASSED,
    READ,
    REFUSED,
    REST,
    RESUME,
    S_ANSWER,
    SERVED,
    SLIDING,
    T_CHECK_ARRIVE,
    T_CHECK_BACK,
    T_CHECK_DONE,
    TIMEOUT,
    TOKEN_EXPIRED,
    UNDECIDED,
    VERIFY,
    World,
)
from sim.engine.compiled.layout import CHECK as CHECK_LAW
from sim.engine.compiled.numbers import sample
from sim.engine.compiled.options import compiled
from sim.engine.compiled.parties import (
    ADMIN_KIND,
    CHECK_CALL,
    bit,
    check_grants,
    host_admits,
    leave,
    serve,
    visit,
    visit_beside,
)
from sim.engine.compiled.person import answered, reissue, reissued_admin
from sim.engine.compiled.pool import end_task, new_task
from sim.engine.compiled.revocation import book_in_case, look, named, settle

INF = math.inf
COMPLETION, ARRIVAL, ACTION = (
    int(p) for p in (Priority.COMPLETION, Priority.ARRIVAL, Priority.ACTION)
)
MAIN, CHECK_LANE = int(Lane.MAIN), int(Lane.CHECK)
S_VERIFY, S_HANDLER, S_LOOKUP, S_CHECK, S_APP_HOST, S_LIFETIME_SLIDING = (
    int(s)
    for s in (
        *(Stream.VERIFY, Stream.HANDLER, Stream.LOOKUP),
        *(Stream.CHECK, Stream.APP_HOST, Stream.LIFETIME_SLIDING),
    )
)


@compiled
def of_request(w: World, person: int, law: int, stream: int) -> float:
    """A draw at the address of the request under way."""
    p = memory.person(w, person)
    return sample(w, law, person, stream + plan.role_offset(w, person), p.click, p.sends - 1)


# -- workers ------------------------------------------------------------------------------------


@compiled
def request_arrives(w: World, person: int) -> int:
    """A request is at the app: a worker verifies it."""
    p = memory.person(w, person)
    note_page(w, person, E_ARRIVED, p.kind, 0)
    memory.fetch_page(w, p.page)  # for the next click, which is only one event away
    if w.holds_worker:
        return seize(w, person)
    verify = of_request(w, person, VERIFY, S_VERIFY)
    if verify > 0:
        p.state = A_VERIFIED
        step = visit(w, APP, verify, person)
        return verified(w, person) if step == RESUME else step
    return JUDGE


@compiled
def verified(w: World, person: int) -> int:
    """Verification is done; an asynchronous worker is free again."""
    if not w.holds_worker:
        leave(w, APP)
    return judge(w, person)


@compiled
def seize(w: World, person: int) -> int:
    """A blocking app: one worker from here to the end of handler work."""
    memory.holder(w, person).joined = w.now
    if w.busy < w.workers:
        w.busy += 1
        return SERVED
    memory.person(w, person).state = A_QUEUE
    memory.holder(w, person).next = NONE
    if w.first_waiting == NONE:
        w.first_waiting = person
    else:
        memory.holder(w, w.last_waiting).next = person
    w.last_waiting = person
    return REST


@compiled
def served(w: World, person: int) -> int:
    """A worker takes the request."""
    memory.holder(w, person).seized = w.now
    verify = of_request(w, person, VERIFY, S_VERIFY)
    if verify > 0:
        act_later(w, person, verify, COMPLETION, A_VERIFIED)
        return REST
    return JUDGE


@compiled
def release(w: World, person: int) -> None:
    """Free the worker; the head of the queue takes it in the same instant."""
    holder = memory.holder(w, person)
    book_sojourn(w, APP, holder.joined, holder.seized, w.now)
    w.woken = w.first_waiting
    if w.woken == NONE:
        w.busy -= 1
    else:
        w.first_waiting = memory.holder(w, w.woken).next


# -- gates --------------------------------------------------------------------------------------


@compiled
def local_reason(w: World, person: int) -> int:
    """Why the local gates refuse now. Validity is half-open, here and nowhere else."""
    p = memory.person(w, person)
    if not w.now < p.expires + w.leeway:
        return TOKEN_EXPIRED
    if p.kind == ADMIN_KIND and not p.vouched:
        return NOT_ADMINISTRATOR
    return NAMED if named(w, person, p.stamped) else NO_REASON


@compiled
def entry_reason(w: World, person: int) -> int:
    """Why the allowlist refuses now."""
    if not w.allowlist:
        return NO_REASON
    return NO_REASON if w.now < entry_of(w, memory.person(w, person).page) else NO_ENTRY


@compiled
def decide(w: World, person: int, decision: int, reason: int) -> int:
    """The gates have spoken."""
    p = memory.person(w, person)
    p.decision, p.reason = decision, reason
    return decided(w, person)


@compiled
def judge(w: World, person: int) -> int:
    """Verification has ended: the local gates, then the others in turn."""
    note_request(w, person, E_VERIFIED, 0, 0)
    reason = local_reason(w, person)
    if reason != NO_REASON:
        return decide(w, person, REFUSED, reason)
    if w.allowlist:
        lookup = of_request(w, person, LOOKUP, S_LOOKUP)
        return go_on(w, person, w.now + lookup, ARRIVAL, A_LOOKED)
    if w.check:
        return ask(w, person)
    return decide(w, person, ACCEPTED, NO_REASON)  # `passed` would look again, in this instant


@compiled
def looked_up(w: World, person: int) -> int:
    """The store has answered."""
    note_request(w, person, E_LOOKED_UP, 0, 0)
    reason = entry_reason(w, person)
    if reason == NO_REASON:
        return ask(w, person)
    return decide(w, person, REFUSED, reason)


@compiled
def ask(w: World, person: int) -> int:
    """The check: a remembered answer, or a question to the host. The timeout runs from the sending."""
    p, now = memory.person(w, person), w.now
    if not w.check or not bit(w.check_kinds, p.kind):
        return passed(w, person)
    if w.remembers and now < memory.answers_until(w, person).x:
        if bit(memory.answers(w, person).x, p.kind):
            return PASSED
        return decide(w, person, REFUSED, CACHED_DENIAL)
    note_request(w, person, E_CHECK_SENT, 0, 0)
    p.state = A_CHECK
    task = new_task(w, person)
    t = memory.task(w, task)
    t.page, t.kind, t.generation = p.page, p.kind, p.generation
    memory.page(w, p.page).references += 1
    t.at = p.expires
    t.half = 0.5 * of_request(w, person, APP_HOST, S_APP_HOST)
    t.new_stamped = of_request(w, person, CHECK_LAW, S_CHECK)
    t.new_expires = now + w.timeout
    arrives = now + t.half
    if not ahead(w, person, arrives) or arrives > t.new_expires:
        set_deadline(w, task)  # else it will be known then whether the answer comes in time
    task_later(w, task, t.half, ARRIVAL, CHECK_LANE, T_CHECK_ARRIVE)
    return REST


@compiled
def set_deadline(w: World, task: int) -> None:
    """The app will wait for the host's answer no longer."""
    t = memory.task(w, task)
    if not t.timed:
        t.timed = 1
        push(w, t.new_expires, key_of(ACTION, t.person, MAIN, t.generation))


@compiled
def note_check(w: World, task: int, event: int, reason: int) -> None:
    """A row about a question to the host, which may be late."""
    if w.tracing:
        t = memory.task(w, task)
        write_row(w, t.person, event, t.kind, 0, reason, t.at, entry_of(w, t.page))


@compiled
def check_arrives(w: World, task: int) -> int:
    """The question is at the host. Like what follows, returns the next step of the main line."""
    t = memory.task(w, task)
    t.outcome, t.grants = host_admits(w, CHECK_CALL), 0
    if t.outcome != OK:
        return check_decided(w, task)
    t.state = T_CHECK_DONE
    if visit_beside(w, HOST, t.new_stamped, task):
        return check_served(w, task)
    set_deadline(w, task)
    return REST


@compiled
def check_served(w: World, task: int) -> int:
    """The host decides."""
    leave(w, HOST)
    t = memory.task(w, task)
    t.grants = check_grants(w, t.person)
    return check_decided(w, task)


@compiled
def check_decided(w: World, task: int) -> int:
    """The host's answer leaves."""
    t = memory.task(w, task)
    note_check(w, task, E_CHECK_DECIDED, t.outcome)
    back = w.now + t.half
    if not t.timed and back <= t.new_expires and ahead(w, t.person, back):
        w.now = back
        return check_back(w, task)
    set_deadline(w, task)
    task_later(w, task, t.half, ARRIVAL, CHECK_LANE, T_CHECK_BACK)
    return REST


@compiled
def waits_for(w: World, task: int) -> bool:
    """Whether the person's request still waits for the answer to this check."""
    t = memory.task(w, task)
    p = memory.person(w, t.person)
    return p.state == A_CHECK and p.generation == t.generation


@compiled
def check_back(w: World, task: int) -> int:
    """The host's answer is at the app. A late one is dropped."""
    t = memory.task(w, task)
    if not waits_for(w, task):
        end_task(w, task)
        return REST
    note_check(w, task, E_CHECK_ANSWERED, t.outcome)
    granted = bit(t.grants, t.kind)
    keep = w.allow_for if granted else w.deny_for
    if t.outcome == OK and keep > 0:
        settle(w, t.person)
        memory.answers_until(w, t.person).x, memory.answers(w, t.person).x = w.now + keep, t.grants
        look(w, t.person)
    memory.person(w, t.person).generation += 1  # the deadline is off
    outcome = t.outcome
    person = t.person
    end_task(w, task)
    return check_ended(w, person, outcome, granted)


@compiled
def check_timed_out(w: World, person: int) -> int:
    """The deadline came first."""
    memory.person(w, person).generation += 1
    return check_ended(w, person, TIMEOUT, False)


@compiled
def check_ended(w: World, person: int, outcome: int, granted: bool) -> int:
    """What the check says, or what its failure means."""
    if outcome != OK:
        return PASSED if w.fails_open else decide(w, person, FAILED, outcome)
    return PASSED if granted else decide(w, person, REFUSED, HOST_SAYS_NO)


@compiled
def passed(w: World, person: int) -> int:
    """The last answer is in: what is local is looked at once more, and that counts."""
    reason = local_reason(w, person)
    if reason == NO_REASON:
        reason = entry_reason(w, person)
    return decide(w, person, ACCEPTED if reason == NO_REASON else REFUSED, reason)


# -- after the decision -------------------------------------------------------------------------


@compiled
def decided(w: World, person: int) -> int:
    """The decision instant; then handler work, or the way back."""
    p = memory.person(w, person)
    book_decision(w, p.decision)
    note_request(w, person, E_DECIDED, p.decision, p.reason)
    p.stamped = w.now
    p.marks &= ~UNDECIDED
    accepted = p.decision == ACCEPTED
    if accepted and w.renewal == SLIDING:
        slide(w, person)
    if p.case != NONE:
        book_in_case(w, person, plan.size(w, person) if accepted and p.kind == 0 else 0.0)
    if w.holds_worker:
        if accepted:
            act_later(w, person, handler_work(w, person), COMPLETION, A_HANDLED)
            return REST
        release(w, person)
    elif accepted:
        if comes_next(w):  # he would wait behind what is due in this instant; there is nothing
            return join(w, person)
        act_later(w, person, 0.0, ARRIVAL, A_JOIN)
        return REST
    return go_on(w, person, w.now + p.half_trip, ARRIVAL, S_ANSWER)


@compiled
def slide(w: World, person: int) -> None:
    """An accepted request re-issues the token."""
    p = memory.person(w, person)
    p.marks |= HAS_NEW
    p.vouched = reissued_admin(w, person, p.page)
    stream = S_LIFETIME_SLIDING + plan.role_offset(w, person)
    p.expires = reissue(w, person, p.page, stream, p.click, p.sends - 1)


@compiled
def handler_work(w: World, person: int) -> float:
    """Service time of the handler."""
    return of_request(w, person, READ + memory.person(w, person).kind, S_HANDLER)


@compiled
def join(w: World, person: int) -> int:
    """Handler work from the tail of the queue; nothing happens between its end and the answer's arrival."""
    p = memory.person(w, person)
    if memory.station(w, APP).by_events:
        p.state = A_HANDLED
        return visit(w, APP, handler_work(w, person), person)
    seen = serve(w, APP, handler_work(w, person)) + p.half_trip
    if not ahead(w, person, seen):
        return go_on(w, person, seen, ARRIVAL, S_ANSWER)
    w.now = seen
    return answered(w, person)


@compiled
def handled(w: World, person: int) -> int:
    """Handler work is done."""
    if w.holds_worker:
        release(w, person)
    else:
        leave(w, APP)
    return go_on(w, person, w.now + memory.person(w, person).half_trip, ARRIVAL, S_ANSWER)

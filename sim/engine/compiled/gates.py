"""The life of a request at the app (model, section 6): the gates in turn, the decision instant, handler work."""

import math

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
    note_page,
    note_request,
    write_row,
)
from sim.engine.compiled.calendar import act_later, key_of, push, task_later
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
    S_ANSWER,
    SERVED,
    SLIDING,
    T_CHECK_ARRIVE,
    T_CHECK_BACK,
    T_CHECK_DONE,
    TIMEOUT,
    TOKEN_EXPIRED,
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
)
from sim.engine.compiled.person import reissue, reissued_admin
from sim.engine.compiled.pool import end_task, new_task
from sim.engine.compiled.revocation import book_in_case, look, named, settle
from sim.streams import Stream

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
    if w.holds_worker:
        return seize(w, person)
    verify = of_request(w, person, VERIFY, S_VERIFY)
    if verify > 0:
        p.state = A_VERIFIED
        visit(w, APP, verify, person, NONE)
        return REST
    return JUDGE


@compiled
def verified(w: World, person: int) -> int:
    """Verification is done; an asynchronous worker is free again."""
    if not w.holds_worker:
        leave(w, APP)
    return judge(w, person)


@compiled
def seize(w: World, person: int) -> int:
    """A blocking app: one worker from here to the end of handler work. `half` keeps when he came."""
    p = memory.person(w, person)
    p.half = w.now
    if w.busy < w.workers:
        w.busy += 1
        return SERVED
    p.state, p.next = A_QUEUE, NONE
    if w.first_waiting == NONE:
        w.first_waiting = person
    else:
        memory.person(w, w.last_waiting).next = person
    w.last_waiting = person
    return REST


@compiled
def served(w: World, person: int) -> int:
    """A worker takes the request; `new_stamped` keeps when."""
    memory.person(w, person).new_stamped = w.now
    verify = of_request(w, person, VERIFY, S_VERIFY)
    if verify > 0:
        act_later(w, person, verify, COMPLETION, MAIN, A_VERIFIED)
        return REST
    return JUDGE


@compiled
def release(w: World, person: int) -> None:
    """Free the worker; the head of the queue takes it in the same instant."""
    p = memory.person(w, person)
    book_sojourn(w, APP, p.half, p.new_stamped, w.now)
    w.woken = w.first_waiting
    if w.woken == NONE:
        w.busy -= 1
    else:
        w.first_waiting = memory.person(w, w.woken).next


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
    return NO_REASON if w.now < memory.page(w, memory.person(w, person).page).entry else NO_ENTRY


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
        act_later(w, person, lookup, ARRIVAL, MAIN, A_LOOKED)
        return REST
    return ask(w, person)


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
    if now < memory.answers_until(w, person).x:
        if bit(memory.answers(w, person).x, p.kind):
            return PASSED
        return decide(w, person, REFUSED, CACHED_DENIAL)
    note_request(w, person, E_CHECK_SENT, 0, 0)
    act_later(w, person, w.timeout, ACTION, MAIN, A_CHECK)
    task = new_task(w, person)
    t = memory.task(w, task)
    t.page, t.kind, t.generation = p.page, p.kind, p.generation
    memory.page(w, p.page).references += 1
    t.at = p.expires
    t.half = 0.5 * of_request(w, person, APP_HOST, S_APP_HOST)
    t.new_stamped = of_request(w, person, CHECK_LAW, S_CHECK)  # the service time
    task_later(w, task, t.half, ARRIVAL, CHECK_LANE, T_CHECK_ARRIVE)
    return REST


@compiled
def note_check(w: World, task: int, event: int, reason: int) -> None:
    """A row about a question to the host, which may be late."""
    if w.tracing:
        t = memory.task(w, task)
        write_row(w, t.person, event, t.kind, 0, reason, t.at, memory.page(w, t.page).entry)


@compiled
def check_arrives(w: World, task: int) -> None:
    """The question is at the host."""
    t = memory.task(w, task)
    t.outcome, t.grants = host_admits(w, CHECK_CALL), 0
    if t.outcome != OK:
        check_decided(w, task)
        return
    t.state = T_CHECK_DONE
    visit(w, HOST, t.new_stamped, t.person, task)


@compiled
def check_served(w: World, task: int) -> None:
    """The host decides."""
    leave(w, HOST)
    t = memory.task(w, task)
    t.grants = check_grants(w, t.person)
    check_decided(w, task)


@compiled
def check_decided(w: World, task: int) -> None:
    """The host's answer leaves."""
    t = memory.task(w, task)
    note_check(w, task, E_CHECK_DECIDED, t.outcome)
    task_later(w, task, t.half, ARRIVAL, CHECK_LANE, T_CHECK_BACK)


@compiled
def check_back(w: World, task: int) -> int:
    """The host's answer is at the app; returns the next step of the main line. A late one is dropped."""
    t = memory.task(w, task)
    p = memory.person(w, t.person)
    if p.state != A_CHECK or p.generation != t.generation:
        end_task(w, task)
        return REST
    note_check(w, task, E_CHECK_ANSWERED, t.outcome)
    granted = bit(t.grants, t.kind)
    keep = w.allow_for if granted else w.deny_for
    if t.outcome == OK and keep > 0:
        settle(w, t.person)
        memory.answers_until(w, t.person).x, memory.answers(w, t.person).x = w.now + keep, t.grants
        look(w, t.person)
    p.generation += 1  # the deadline is off
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
    p.decided_at = w.now
    book_decision(w, p.decision)
    note_request(w, person, E_DECIDED, p.decision, p.reason)
    p.undecided = 0
    accepted = p.decision == ACCEPTED
    if accepted and w.renewal == SLIDING:
        slide(w, person)
    if p.case != NONE:
        book_in_case(w, person, plan.size(w, person) if accepted and p.kind == 0 else 0.0)
    if w.holds_worker:
        if accepted:
            act_later(w, person, handler_work(w, person), COMPLETION, MAIN, A_HANDLED)
            return REST
        release(w, person)
    elif accepted:
        act_later(w, person, 0.0, ARRIVAL, MAIN, A_JOIN)
        return REST
    act_later(w, person, p.half_trip, ARRIVAL, MAIN, S_ANSWER)
    return REST


@compiled
def slide(w: World, person: int) -> None:
    """An accepted request re-issues the token."""
    p = memory.person(w, person)
    p.has_new, p.new_vouched = 1, reissued_admin(w, person, p.page)
    stream = S_LIFETIME_SLIDING + plan.role_offset(w, person)
    p.new_expires = reissue(w, person, p.page, stream, p.click, p.sends - 1)


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
        visit(w, APP, handler_work(w, person), person, NONE)
        return REST
    end = serve(w, APP, handler_work(w, person))
    p.state = S_ANSWER
    push(w, end + p.half_trip, key_of(ARRIVAL, person, MAIN, p.generation), -1)
    return REST


@compiled
def handled(w: World, person: int) -> int:
    """Handler work is done."""
    if w.holds_worker:
        release(w, person)
    else:
        leave(w, APP)
    act_later(w, person, memory.person(w, person).half_trip, ARRIVAL, MAIN, S_ANSWER)
    return REST

"""The life of a request at the app (model, section 6): the gates in turn, the decision instant, handler work."""

import math

from sim.basics.streams import Stream
from sim.engine.state import NONE, Beside, Law, Mark, State, Step, World
from sim.engine.steps import (
    accounting,
    calendar,
    client,
    clocks,
    connections,
    draws,
    entries,
    knowledge,
    limiters,
    lines,
    nodes,
    openings,
    parties,
    plan,
    pool,
    revocation,
    tokens,
    virtual,
    written,
)
from sim.engine.steps.binding import apart, into_callers, memory
from sim.model.causes import Kind
from sim.model.order import Lane, Priority
from sim.model.outcomes import Call, Decision, Ended, Event, Reason

INF = math.inf


@into_callers
def of_request(w: World, person: int, law: int, stream: int) -> float:
    """A draw at the address of the request under way."""
    p = memory.person(w, person)
    return draws.sample_on_way(
        w, law, person, stream + plan.role_offset(w, person), p.click, p.sends - 1
    )


# -- workers ------------------------------------------------------------------------------------


@into_callers
def station_of(w: World, person: int) -> int:
    """Where the request under way is served."""
    return nodes.station(w, nodes.of(w, person))


def request_arrives(w: World, person: int) -> int:
    """A request is at the app: a worker verifies it."""
    p = memory.person(w, person)
    accounting.note_page(w, person, Event.REQUEST_ARRIVED, p.kind, 0)
    memory.fetch_page(w, p.page)  # for the next click, which is only one event away
    if w.nodes > 1:
        nodes.route(w, person)
    if w.connects and connections.carries(w, person):
        return goes_over(w, person)
    if w.holds_worker:
        return seize(w, person)
    verify = of_request(w, person, Law.VERIFY, Stream.VERIFY)
    if verify > 0:
        p.state = State.VERIFIED
        step = parties.visit(w, station_of(w, person), verify, person)
        return verified(w, person) if step == Step.RESUME else step
    return Step.JUDGE


@apart
def goes_over(w: World, person: int) -> int:
    """The same over a connection, which was authorised before."""
    openings.carried(w, person)
    return seize(w, person) if w.holds_worker else join(w, person)


def verified(w: World, person: int) -> int:
    """Verification is done; an asynchronous worker is free again."""
    if not w.holds_worker:
        parties.leave(w, station_of(w, person))
    return judge(w, person)


def seize(w: World, person: int) -> int:
    """A blocking app: one worker from here to the end of handler work."""
    who = lines.holder(w, person)
    b = memory.station(w, station_of(w, person))
    memory.holder(w, who).joined = w.now
    if b.serving < w.workers:
        b.serving += 1
        return Step.SERVED
    memory.person(w, person).state = State.WORKER
    memory.holder(w, who).next = NONE
    if b.first_waiting == NONE:
        b.first_waiting = who
    else:
        memory.holder(w, b.last_waiting).next = who
    b.last_waiting = who
    return Step.REST


def served(w: World, person: int) -> int:
    """A worker takes the request."""
    memory.holder(w, lines.holder(w, person)).seized = w.now
    if memory.person(w, person).decision == Decision.ACCEPTED:  # it came over a connection
        work = handler_work(w, person)
        calendar.act_later(w, person, work, Priority.COMPLETION, State.HANDLED)
        return Step.REST
    verify = of_request(w, person, Law.VERIFY, Stream.VERIFY)
    if verify > 0:
        calendar.act_later(w, person, verify, Priority.COMPLETION, State.VERIFIED)
        return Step.REST
    return Step.JUDGE


def release(w: World, person: int) -> None:
    """Free the worker; the head of the queue takes it in the same instant."""
    holder, station = memory.holder(w, lines.holder(w, person)), station_of(w, person)
    accounting.record_sojourn(w, station, holder.joined, holder.seized, w.now)
    b = memory.station(w, station)
    w.woken = b.first_waiting
    if w.woken == NONE:
        b.serving -= 1
    else:
        b.first_waiting = memory.holder(w, w.woken).next


# -- gates --------------------------------------------------------------------------------------


@into_callers
def local_reason(w: World, person: int) -> int:
    """Why the local gates refuse now. Validity is half-open, here and nowhere else."""
    p = memory.person(w, person)
    if not w.now < p.expires + w.leeway:
        return Reason.TOKEN_EXPIRED
    if p.kind == Kind.ADMIN and not p.vouched:
        return Reason.NOT_ADMINISTRATOR
    reason = tokens.stamp_reason(w, person, p.page, p.stamped)
    return reason if reason != Reason.NOTHING else written.refuses(w, person)


def entry_reason(w: World, person: int) -> int:
    """Why the allowlist refuses now."""
    if not w.allowlist:
        return Reason.NOTHING
    return (
        Reason.NOTHING
        if w.now < accounting.entry_of_tab(w, person, memory.person(w, person).page)
        else Reason.NO_ENTRY
    )


def decide(w: World, person: int, decision: int, reason: int) -> int:
    """The gates have spoken."""
    p = memory.person(w, person)
    p.decision, p.reason = decision, reason
    return decided(w, person)


def judge(w: World, person: int) -> int:
    """Verification has ended: the local gates, then the others in turn."""
    accounting.note_request(w, person, Event.VERIFIED, 0, 0)
    reason = local_reason(w, person)
    if reason != Reason.NOTHING:
        return decide(w, person, Decision.REFUSED, reason)
    if w.allowlist:
        lookup = of_request(w, person, Law.LOOKUP, Stream.LOOKUP)
        return calendar.go_on(w, person, w.now + lookup, Priority.ARRIVAL, State.LOOKED_UP)
    if w.check:
        return ask(w, person, 0)
    return decide(
        w, person, Decision.ACCEPTED, Reason.NOTHING
    )  # `passed` would look again, in this instant


def looked_up(w: World, person: int) -> int:
    """The store has answered."""
    accounting.note_request(w, person, Event.LOOKED_UP, 0, 0)
    reason = entry_reason(w, person)
    if reason == Reason.NOTHING:
        return ask(w, person, 0)
    return decide(w, person, Decision.REFUSED, reason)


def ask(w: World, person: int, check: int) -> int:
    """The checks from this one on, in turn; all must say yes."""
    while check < w.n_checks:
        if applies(w, person, check):
            step = ask_one(w, person, check)
            if step != Step.PASSED:
                return step
        check += 1
    return passed(w, person)


@into_callers
def applies(w: World, person: int, check: int) -> bool:
    """Whether a check is asked about the request under way."""
    if w.connects and w.n_checks > 1 and connections.is_taken_up(w):
        return memory.check(w, check).kinds & w.connection_kinds != 0
    return written.asks_host(w, person, check)


def ask_one(w: World, person: int, check: int) -> int:
    """One check: a remembered answer, or a question to the host. The timeout runs from the sending."""
    p, k, now = memory.person(w, person), memory.check(w, check), w.now
    if k.remembers:
        kept = revocation.kept_for(w, person, p.page, check, nodes.of(w, person))
        if now < memory.answer_until(w, kept).x:
            if knowledge.bit(memory.answer(w, kept).x, p.kind):
                if k.slides:
                    prolong(w, person, check, kept)
                return Step.PASSED
            return decide(w, person, Decision.REFUSED, Reason.CACHED_DENIAL)
        if k.refreshes and now < revocation.stale_until(w, kept, p.kind):
            ask_aside(w, person, check, kept)
            return Step.PASSED
    p.state, p.reason = State.CHECKED, check
    task = question(w, person, check)
    t = memory.task(w, task)
    arrives = now + t.half
    if not calendar.ahead(w, person, arrives) or arrives > t.new_expires:
        set_deadline(w, task)  # else it will be known then whether the answer comes in time
    calendar.task_later(w, task, t.half, Priority.ARRIVAL, Lane.CHECK, Beside.CHECK_ARRIVES)
    return Step.REST


@into_callers
def question(w: World, person: int, check: int) -> int:
    """A question to the host about the request under way, not yet sent."""
    accounting.note_request(w, person, Event.CHECK_SENT, 0, 0)
    p = memory.person(w, person)
    task = pool.new_task(w, person)
    t, k = memory.task(w, task), memory.check(w, check)
    t.page, t.kind, t.generation, t.aside = p.page, p.kind, p.generation, 0
    t.line, t.check, t.node = w.line, check, nodes.of(w, person)
    t.attempt = Call.CHECK if w.line == NONE else connections.call_of(w)
    memory.page(w, p.page).references += 1
    t.at = p.expires
    t.half = 0.5 * of_request(w, person, k.trip_law, Stream.APP_HOST + k.streams)
    t.new_stamped = of_request(w, person, k.work_law, Stream.CHECK + k.streams)
    t.new_expires = w.now + k.timeout
    return task


def prolong(w: World, person: int, check: int, kept: int) -> None:
    """A kept yes was used: its end moves, unless it was moved just before."""
    k = memory.check(w, check)
    if w.now - memory.answer_moved(w, kept).x >= k.slide_step:
        revocation.accrue(w, person)
        memory.answer_until(w, kept).x = clocks.ends(k.clock, w.now, k.allow_for)
        memory.answer_moved(w, kept).x = w.now
        revocation.refresh(w, person)
    if w.checked and memory.person(w, person).case == NONE:
        virtual.prolonged(w, person)


def ask_aside(w: World, person: int, check: int, kept: int) -> None:
    """An old yes was used: unless somebody asks already, a question goes out beside the request."""
    stale = memory.answer_stale(w, kept)
    if w.now < stale.asking_until:
        return
    task = question(w, person, check)
    t = memory.task(w, task)
    t.aside, t.timed, t.line = 1, 1, NONE  # nobody waits: a late answer is dropped when it comes
    stale.asking_until = t.new_expires
    calendar.task_later(w, task, t.half, Priority.ARRIVAL, Lane.CHECK, Beside.CHECK_ARRIVES)


def keep_answer(w: World, person: int, check: int, kept: int, granted: bool, grants: int) -> None:
    """What the host said is kept for as long as a yes or a no is kept."""
    k = memory.check(w, check)
    keep = k.allow_for if granted else k.deny_for
    if k.stale_on_failure > 0:
        keep_last(w, kept, grants)
    if keep == 0 and not k.refreshes:
        return
    w.change = k.ends_as
    revocation.accrue(w, person)
    w.change = Ended.PAGE
    if keep > 0:
        memory.answer_until(w, kept).x = clocks.ends(k.clock, w.now, keep)
        memory.answer(w, kept).x = grants
    if k.slides:
        memory.answer_moved(w, kept).x = w.now
    if k.refreshes:
        memory.answer_stale(w, kept).until = w.now + k.stale_for if granted else -INF
    revocation.refresh(w, person)


@apart
def keep_last(w: World, kept: int, grants: int) -> None:
    """What the host said last, for a time when it says nothing."""
    last = memory.answer_last(w, kept)
    last.came, last.grants = w.now, grants


@into_callers
def set_deadline(w: World, task: int) -> None:
    """The app will wait for the host's answer no longer."""
    t = memory.task(w, task)
    if not t.timed:
        t.timed = 1
        if t.line != NONE:
            set_deadline_of_line(w, task)
            return
        calendar.push(
            w, t.new_expires, calendar.key_of(Priority.ACTION, t.person, Lane.MAIN, t.generation)
        )


@apart
def set_deadline_of_line(w: World, task: int) -> None:
    """The same for the request of a page, whose events are not told apart by generation."""
    t = memory.task(w, task)
    deadline = pool.new_task(w, t.person)
    d = memory.task(w, deadline)
    d.state, d.generation, d.line = Beside.DEADLINE, t.generation, t.line
    calendar.push_task(w, deadline, t.new_expires, Priority.ACTION, Lane.CHECK)


@apart
def deadline(w: World, task: int) -> int:
    """The deadline of a page's check; returns the next step of its request."""
    person = memory.task(w, task).person
    pool.end_task(w, task)
    waits = w.line != NONE and memory.person(w, person).state == State.CHECKED
    return check_timed_out(w, person) if waits else Step.REST


def note_check(w: World, task: int, event: int, reason: int) -> None:
    """A row about a question to the host, which may be late."""
    if w.tracing:
        write_check_row(w, task, event, reason)


def write_check_row(w: World, task: int, event: int, reason: int) -> None:
    """The same, apart."""
    t = memory.task(w, task)
    entry = accounting.entry_of_tab(w, t.person, t.page)
    accounting.write_row(w, t.person, event, t.kind, 0, reason, t.at, entry)


def check_arrives(w: World, task: int) -> int:
    """The question is at the host. Like what follows, returns the next step of the main line."""
    t = memory.task(w, task)
    t.outcome, t.grants = parties.host_admits(w, t.attempt, memory.check(w, t.check).host), 0
    if t.outcome == limiters.WAITS:
        set_deadline(w, task)
        t.state = Beside.CHECK_TURN
        calendar.push_task(w, task, w.turn, Priority.ARRIVAL, Lane.CHECK)
        return Step.REST
    return check_enters(w, task)


@apart
def check_turn(w: World, task: int) -> int:
    """Its turn has come at a host that paces calls."""
    t = memory.task(w, task)
    t.outcome = parties.turn_comes(w, memory.check(w, t.check).host)
    return check_enters(w, task)


@into_callers
@into_callers
def asked_at(w: World, check: int) -> int:
    """The station of who answers a check."""
    return memory.host(w, memory.check(w, check).host).station


def check_enters(w: World, task: int) -> int:
    """The host lets it in, or has said why not."""
    t = memory.task(w, task)
    if t.outcome != Reason.OK:
        return check_decided(w, task)
    t.state = Beside.CHECK_SERVED
    if parties.visit_beside(w, asked_at(w, t.check), t.new_stamped, task):
        return check_served(w, task)
    set_deadline(w, task)
    return Step.REST


def check_served(w: World, task: int) -> int:
    """The host decides."""
    t = memory.task(w, task)
    parties.leave(w, asked_at(w, t.check))
    t.new_stamped = w.now
    t.grants = knowledge.check_grants(w, t.person, knowledge.device_of(w, t.page), t.check)
    return check_decided(w, task)


def check_decided(w: World, task: int) -> int:
    """The host's answer leaves."""
    t = memory.task(w, task)
    note_check(w, task, Event.CHECK_DECIDED, t.outcome)
    back = w.now + t.half
    if not t.timed and back <= t.new_expires and calendar.ahead(w, t.person, back):
        w.now = back
        return check_back(w, task)
    set_deadline(w, task)
    calendar.task_later(w, task, t.half, Priority.ARRIVAL, Lane.CHECK, Beside.CHECK_BACK)
    return Step.REST


def waits_for(w: World, task: int) -> bool:
    """Whether the person's request still waits for the answer to this check."""
    t = memory.task(w, task)
    p = memory.person(w, t.person)
    if t.line != NONE and w.line == NONE:
        return False
    return p.state == State.CHECKED and p.generation == t.generation


def check_back(w: World, task: int) -> int:
    """The host's answer is at the app. A late one is dropped."""
    t = memory.task(w, task)
    if t.aside:
        return answered_aside(w, task)
    if not waits_for(w, task):
        pool.end_task(w, task)
        return Step.REST
    note_check(w, task, Event.CHECK_ANSWERED, t.outcome)
    granted = knowledge.bit(t.grants, t.kind)
    check = t.check
    if t.outcome == Reason.OK and memory.check(w, check).remembers:
        kept = revocation.kept_for(w, t.person, t.page, check, t.node)
        keep_answer(w, t.person, check, kept, granted, t.grants)
    memory.person(w, t.person).generation += 1  # the deadline is off
    outcome = t.outcome
    person = t.person
    if w.checked and outcome == Reason.OK and memory.person(w, person).case == NONE:
        if virtual.check_came(w, person, t.new_stamped):
            memory.moment(w, person).passes = opens(w, person)
    pool.end_task(w, task)
    return check_ended(w, person, check, outcome, granted)


def answered_aside(w: World, task: int) -> int:
    """The answer to a question that nobody waits for: a yes replaces the old one, a no only where it may."""
    t = memory.task(w, task)
    k, kept = memory.check(w, t.check), revocation.kept_for(w, t.person, t.page, t.check, t.node)
    granted = knowledge.bit(t.grants, t.kind)
    if w.now <= t.new_expires:
        note_check(w, task, Event.CHECK_ANSWERED, t.outcome)
        memory.answer_stale(w, kept).asking_until = -INF
        if t.outcome == Reason.OK and (granted or k.refusal_replaces):
            keep_answer(w, t.person, t.check, kept, granted, t.grants)
        elif t.outcome == Reason.OK and k.stale_on_failure > 0:
            keep_last(w, kept, t.grants)
    pool.end_task(w, task)
    return Step.REST


def check_timed_out(w: World, person: int) -> int:
    """The deadline came first."""
    p = memory.person(w, person)
    p.generation += 1
    return check_ended(w, person, p.reason, Reason.TIMEOUT, False)


def check_ended(w: World, person: int, check: int, outcome: int, granted: bool) -> int:
    """What a check says, or what its failure means."""
    if outcome != Reason.OK:
        if not memory.check(w, check).fails_open:
            return unanswered(w, person, check, outcome)
    elif not granted:
        return decide(w, person, Decision.REFUSED, Reason.HOST_SAYS_NO)
    return said_yes(w, person, check)


@into_callers
def said_yes(w: World, person: int, check: int) -> int:
    """PASSED, or the next check is asked."""
    return ask_next(w, person, check + 1) if check + 1 < w.n_checks else Step.PASSED


@apart
def ask_next(w: World, person: int, check: int) -> int:
    """The checks behind one that said yes."""
    return ask(w, person, check)


@apart
def unanswered(w: World, person: int, check: int, outcome: int) -> int:
    """No answer: the last one serves, where it may and came not too long ago."""
    p, k = memory.person(w, person), memory.check(w, check)
    if k.stale_on_failure > 0:
        kept = revocation.kept_for(w, person, p.page, check, nodes.of(w, person))
        last = memory.answer_last(w, kept)
        if w.now < last.came + k.stale_on_failure:
            if knowledge.bit(last.grants, p.kind):
                return said_yes(w, person, check)
            return decide(w, person, Decision.REFUSED, Reason.CACHED_DENIAL)
    return decide(w, person, Decision.FAILED, outcome)


def opens(w: World, person: int) -> bool:
    """Whether the gates that ask nobody let the request pass now."""
    return local_reason(w, person) == Reason.NOTHING and entry_reason(w, person) == Reason.NOTHING


@into_callers
def passed(w: World, person: int) -> int:
    """The last answer is in: what is local is looked at once more, and that counts."""
    reason = local_reason(w, person)
    if reason == Reason.NOTHING:
        reason = entry_reason(w, person)
    return decide(
        w, person, Decision.ACCEPTED if reason == Reason.NOTHING else Decision.REFUSED, reason
    )


# -- after the decision -------------------------------------------------------------------------


def decided(w: World, person: int) -> int:
    """The decision instant; then handler work, or the way back."""
    if w.line != NONE and connections.is_taken_up(w):
        if w.holds_worker and connections.is_opening(w):
            release(w, person)
        return openings.decided(w, person)
    p = memory.person(w, person)
    accounting.record_decision(w, p.decision)
    accounting.note_request(w, person, Event.DECIDED, p.decision, p.reason)
    p.marks &= ~Mark.UNDECIDED
    accepted = p.decision == Decision.ACCEPTED
    if accepted and w.use_changes:
        w.change = Ended.SPENT if w.uses else Ended.PAGE
        revocation.accrue(w, person)
        tokens.used(w, person)
        if w.entry_slides:
            entries.used(w, person)
        revocation.refresh(w, person)
        w.change = Ended.PAGE
    p.stamped = w.now
    if p.case != NONE:
        revocation.count_in_case(
            w, person, plan.size(w, person) if accepted and p.kind == 0 else 0.0
        )
    if w.holds_worker:
        if accepted:
            calendar.act_later(
                w, person, handler_work(w, person), Priority.COMPLETION, State.HANDLED
            )
            return Step.REST
        release(w, person)
    elif accepted:
        if calendar.comes_next(
            w
        ):  # he would wait behind what is due in this instant; there is nothing
            return join(w, person)
        calendar.act_later(w, person, 0.0, Priority.ARRIVAL, State.JOIN)
        return Step.REST
    return calendar.go_on(w, person, w.now + p.half_trip, Priority.ARRIVAL, State.ANSWERED)


@into_callers
def handler_work(w: World, person: int) -> float:
    """Service time of the handler."""
    return of_request(w, person, Law.READ + memory.person(w, person).kind, Stream.HANDLER)


def join(w: World, person: int) -> int:
    """Handler work from the tail of the queue; nothing happens between its end and the answer's arrival."""
    p = memory.person(w, person)
    station = station_of(w, person)
    if memory.station(w, station).by_events:
        p.state = State.HANDLED
        return parties.visit(w, station, handler_work(w, person), person)
    seen = parties.serve(w, station, handler_work(w, person)) + p.half_trip
    if not calendar.ahead(w, person, seen):
        return calendar.go_on(w, person, seen, Priority.ARRIVAL, State.ANSWERED)
    w.now = seen
    return client.answered(w, person)


def handled(w: World, person: int) -> int:
    """Handler work is done."""
    if w.holds_worker:
        release(w, person)
    else:
        parties.leave(w, station_of(w, person))
    return calendar.go_on(
        w, person, w.now + memory.person(w, person).half_trip, Priority.ARRIVAL, State.ANSWERED
    )

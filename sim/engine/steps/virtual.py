"""Virtual cases: at some instants of an honest person's path it is asked how far a request would have passed, had it been now.

Nothing is disturbed: the path goes on, and what a revocation would have met is read off it. A moment is answered at the first
instant at which that is known: when the next page is seen, a token comes, the tab is closed, or the run is over. Who stays at
his page keeps what it holds; who goes on loses it where the honest path closes the tab, unless the host refuses him a page
before. `sim.engine.readable` says for which causes that holds.
"""

import math

from sim.basics import quantiles
from sim.basics.streams import VIRTUAL, Stream
from sim.engine import histogram
from sim.engine.state import NONE, ChannelLaw, World
from sim.engine.steps import accounting, draws, knowledge, tokens, written
from sim.engine.steps.binding import apart, memory
from sim.engine.windows import PER_S
from sim.model.mechanisms import Effect

INF = math.inf
LOADED, CLOSED, OTHER = range(3)  # what has changed
LOGOUT_PUSH = Stream.LOGOUT_PUSH_DELAY - Stream.PUSH_DELAY


# -- the moments --------------------------------------------------------------------------------


def begin(w: World, person: int) -> None:
    """The first moment of a person; none of somebody who was drawn for a case, even if he then has none."""
    m = memory.moment(w, person)
    m.number = m.number_checked = m.number_kept = 0
    m.next = m.next_checked = m.next_kept = INF
    m.seen = m.asked = m.before = -INF
    m.told_0 = m.told_1 = m.told_2 = m.told_3 = m.kept = m.back = -INF
    if spared(w, person):
        first = instant(w, person, 0)
        m.next = first if w.readable & ~w.checked else INF
        m.next_checked = first if w.checked else INF
        m.next_kept = first


def spared(w: World, person: int) -> bool:
    """Whether no cause was drawn: who has no case because he is no administrator would make administrators too many."""
    u = draws.uniform(w, person, Stream.CASE, 0, 0)
    for cause in range(w.n_causes):
        if u < memory.cause(w, cause).share:
            return False
        u -= memory.cause(w, cause).share
    return True


def instant(w: World, person: int, number: int) -> float:
    """One moment in each of as many equal parts of the time in which cases begin; infinite where none is left."""
    if number >= w.moments:
        return INF
    u = draws.uniform(w, person, VIRTUAL + Stream.INSTANT, number, 0)
    at = w.case_from + (w.case_until - w.case_from) * ((number + u) / w.moments)
    return at if at < w.horizon else INF


# -- when they are answered ---------------------------------------------------------------------


def load_asked(w: World, person: int) -> None:
    """A page is asked for; of several attempts the last counts."""
    memory.moment(w, person).asked = w.now


def reach_of(w: World, person: int, page: int) -> float:
    """Until when what a page holds would pass; -inf without a page."""
    if page == NONE:
        return -INF
    found = tokens.longest_expiry(w, page) + w.leeway
    if only_effect(w) == Effect.DENYLIST:
        found = min(found, named_at(w, person, memory.page(w, page).held_stamped))
    return min(found, accounting.entry_of(w, page)) if w.allowlist else found


def loaded(w: World, person: int, before: float, was_open: int) -> None:
    """A page is seen; `before`: the reach of the one it replaces.

    Moments from the host's decision on wait for what comes of the new page.
    """
    m, page = memory.moment(w, person), memory.person(w, person).page
    decided = memory.page(w, page).stamped
    answer_up_to(w, person, decided, before, was_open, page, LOADED)
    m.seen, m.before, m.was_open = w.now, before, was_open


def renewed(w: World, person: int) -> None:
    """A token is about to be issued for the page, which somebody who is known would not get."""
    if w.keeps_token:
        keep_token(w, person)
    elif is_due(w, person):
        answer_held(w, person, OTHER)


@apart
def keep_token(w: World, person: int) -> None:
    """He would go on with the token that he has, up to which the moments before now reach."""
    m = memory.moment(w, person)
    if m.next_kept < w.now:
        held = reach_of(w, person, memory.person(w, person).page)
        while m.next_kept < w.now:
            memory.had(w, person * w.moments + m.number_kept).x = held
            m.number_kept += 1
            m.next_kept = instant(w, person, m.number_kept)


def closed(w: World, person: int) -> None:
    """The tab is about to be closed."""
    if is_due(w, person):
        answer_held(w, person, CLOSED)


def is_due(w: World, person: int) -> bool:
    """Whether there is a moment before now."""
    m = memory.moment(w, person)
    return min(m.next, m.next_checked) < w.now


def ended(w: World, person: int) -> None:
    """The run is over; call while it is still known whether he is inside a visit."""
    if not math.isnan(memory.person(w, person).visit_began):
        memory.moment(w, person).stopped = 1
    answer_held(w, person, OTHER)


def stopped(w: World, person: int) -> None:
    """The horizon has stopped him: inside a visit nobody knows what would have come."""
    if not math.isnan(memory.person(w, person).visit_began):
        memory.moment(w, person).stopped = 1


def answer_held(w: World, person: int, change: int) -> None:
    """All moments up to now, by what he holds."""
    p = memory.person(w, person)
    held = reach_of(w, person, p.page)
    answer_up_to(w, person, w.now, held, p.page != NONE, p.incoming, change)


def answer_up_to(
    w: World, person: int, until: float, held: float, is_open: int, coming: int, change: int
) -> None:
    """The moments before an instant; `coming`: a page that has been decided since, or NONE."""
    m = memory.moment(w, person)
    while m.next < until:
        m.at, m.asking = m.next, m.number
        answer(w, person, w.readable & ~w.checked, held, is_open, coming, change)
        m.number += 1
        m.next = instant(w, person, m.number)
    if w.checked:
        answer_checked(w, person, until, held, is_open, coming, change)


@apart
def answer_checked(
    w: World, person: int, until: float, held: float, is_open: int, coming: int, change: int
) -> None:
    """The same for the causes that a check sees, which are known before the others."""
    m = memory.moment(w, person)
    while m.next_checked < until:
        m.at, m.asking = m.next_checked, m.number_checked
        answer(w, person, w.checked, held, is_open, coming, change)
        m.number_checked += 1
        m.next_checked = instant(w, person, m.number_checked)


def answer(
    w: World, person: int, causes: int, held: float, is_open: int, coming: int, change: int
) -> None:
    """One moment, for some causes."""
    m = memory.moment(w, person)
    if m.at < m.seen:
        is_open = m.was_open
    if w.keeps_token and m.asking < m.number_kept:
        held = memory.had(w, person * w.moments + m.asking).x
    for cause in range(w.n_causes):
        k = memory.cause(w, cause)
        if k.read_as == cause and knowledge.bit(causes, cause):
            if memory.person(w, person).administrator or not k.administrators_only:
                read(w, person, cause, held, is_open, coming, change)


# -- checks ---------------------------------------------------------------------------------------


@apart
def check_came(w: World, person: int, decided: float) -> bool:
    """An answer of the host is back that was decided then, and kept; returns whether a moment lies between.

    Who was revoked before the decision would be refused, and acts no more.
    """
    m, p = memory.moment(w, person), memory.person(w, person)
    if m.next_checked < decided:
        held = reach_of(w, person, p.page)
        answer_checked(w, person, decided, held, p.page != NONE, p.incoming, OTHER)
    m.back, m.kind, m.passes = w.now, p.kind, 0
    m.kept = memory.answer_until(w, person).x if w.remembers else -INF
    if w.refreshes_answers:
        m.kept = max(m.kept, memory.answer_stale(w, person).until)
    return m.next_checked < w.now


@apart
def prolonged(w: World, person: int) -> None:
    """A kept yes was used: who stayed at a moment since the last use had it as it was, but for a click under way then."""
    m = memory.moment(w, person)
    until = memory.answer_until(w, person).x
    sent = max(memory.person(w, person).clicked_at, m.asked)
    while m.next_kept < w.now:
        had = until if m.next_kept >= sent else m.kept
        memory.had(w, person * w.moments + m.number_kept).x = had
        m.number_kept += 1
        m.next_kept = instant(w, person, m.number_kept)
    m.kept = until


# -- what is read -------------------------------------------------------------------------------


def read(
    w: World, person: int, cause: int, held: float, is_open: int, coming: int, change: int
) -> None:
    """The window of a moment after one cause: of who stays, and of who goes on."""
    m, k = memory.moment(w, person), memory.cause(w, cause)
    known, seen, before = m.at, m.seen, m.before
    if k.knows_after != NONE:
        known += draws.sample(w, k.knows_after, person, VIRTUAL + Stream.PROPAGATION, m.asking, 0)
    granted = coming != NONE and m.at >= m.asked and known >= memory.page(w, coming).stamped
    if granted and change == LOADED:
        seen, before, held = w.now, held, reach_of(w, person, coming)
    elif granted:
        held = max(held, reach_of(w, person, coming))
    nothing = held <= known and seen <= known  # as a rule; no event can change that
    arrives = INF if nothing else event_arrives(w, person, cause, known)
    m.pending = known >= w.end or arrives == w.end or under_way_at_the_end(w, person)
    cut = cut_of_who_stays(w, person, cause, change)
    window(w, person, cause, 0, is_open, known, arrives, seen, before, min(held, cut))
    if k.noticed and w.go_on > 0.0:
        cut = cut_of_who_goes_on(w, person, cause, change)
        held = min(held, cut)
        until = window(w, person, cause, 1, is_open, known, arrives, seen, before, held)
        if m.stopped and until > w.horizon:
            w.unresolved |= 1 << cause


def window(
    w: World,
    person: int,
    cause: int,
    goes_on: int,
    is_open: int,
    known: float,
    arrives: float,
    seen: float,
    before: float,
    held: float,
) -> float:
    """Count one; returns when it ends."""
    until = last(w, known, arrives, seen, before, held)
    if knowledge.bit(w.checked, cause):
        m = memory.moment(w, person)
        kept = m.kept
        if w.slides and not goes_on and m.asking < m.number_kept:
            kept = memory.had(w, person * w.moments + m.asking).x
        with_yes = last(w, known, arrives, seen, min(before, kept), min(held, kept))
        if with_yes <= m.back:  # a yes that was under way came too late for what he held
            with_yes = known
        passes = m.passes and m.at < m.back and takes_effect(w, arrives) > m.back
        return count_by_kind(w, person, cause, goes_on, is_open, until, with_yes, passes)
    count(w, person, cause, goes_on, is_open, NONE, until)
    return until


@apart
def count_by_kind(
    w: World,
    person: int,
    cause: int,
    goes_on: int,
    is_open: int,
    until: float,
    with_yes: float,
    passes: bool,
) -> float:
    """Count the window of each kind, of which a check ends some, and the longest; returns when that ends.

    `passes`: the request passes that was under way.
    """
    m, k = memory.moment(w, person), memory.cause(w, cause)
    kinds = k.kinds if memory.person(w, person).administrator else k.kinds_of_others
    longest = -INF
    for kind in range(3):
        if knowledge.bit(kinds, kind):
            ends = with_yes if written.check_ends(w, 0, kind, cause) else until
            if passes and kind == m.kind:
                ends = max(ends, m.back)
            if w.by_kind:
                count(w, person, cause, goes_on, is_open, kind, ends)
            longest = max(longest, ends)
    count(w, person, cause, goes_on, is_open, NONE, longest)
    return longest


def cut_of_who_stays(w: World, person: int, cause: int, change: int) -> float:
    """When what he holds is lost: with a page on its way, where the host still grants one."""
    m = memory.moment(w, person)
    refused = knowledge.bit(knowledge.PAGE_LOAD_REFUSES, cause)
    return w.now if change == LOADED and not refused and m.at >= m.asked else INF


def cut_of_who_goes_on(w: World, person: int, cause: int, change: int) -> float:
    """The same of who goes on with his visit; none begins after the notice."""
    if change == CLOSED:
        return w.now
    if change != LOADED or knowledge.bit(knowledge.PAGE_LOAD_REFUSES, cause):
        return INF
    m, p = memory.moment(w, person), memory.person(w, person)
    return w.now if m.at >= m.asked or m.at >= p.visit_began else INF


def last(w: World, known: float, arrives: float, seen: float, before: float, held: float) -> float:
    """The last instant at which a request passes, from the host's knowledge on.

    Through the page that held something `before` another was seen, and through that one. The entry of a page is written when
    it is seen, so an event that drops entries misses the entry of a page under way.
    """
    ends = takes_effect(w, arrives)
    if not (only_effect(w) == Effect.DROP_ENTRIES and ends < seen):
        held = min(held, ends)
    found = known
    if not (w.allowlist and held <= seen):
        found = max(found, held)
    if known < seen and before > known:
        found = max(found, min(min(before, seen), ends))
    return found


def takes_effect(w: World, arrives: float) -> float:
    """When an event ends something; infinite where it does not end what requests present."""
    effect = only_effect(w)
    if effect == Effect.DROP_REFRESH or (effect == Effect.DROP_ENTRIES and not w.allowlist):
        return INF
    return arrives


def only_effect(w: World) -> int:
    """What an event does; of several effects nobody reads."""
    return memory.effect(w, 0).effect if w.push else NONE


def event_arrives(w: World, person: int, cause: int, known: float) -> float:
    """When the event about a revocation arrives; infinite where there is none."""
    if not (w.push and knowledge.bit(w.push_causes, cause)):
        return INF
    return arrival(w, person, VIRTUAL, memory.moment(w, person).asking, known)


def arrival(w: World, person: int, offset: int, number: int, time: float) -> float:
    """When an event that leaves the host now arrives: infinite where it is lost, the end of the run if later."""
    c = memory.channel(w, 0)  # of several, or of laws that differ by cause, nobody reads
    for attempt in range(w.most_tries):
        u = draws.uniform(w, person, offset + Stream.PUSH_LOSS, number, attempt)
        if not u < c.loss:
            stream = offset + Stream.PUSH_DELAY
            time += draws.sample(w, c.laws + ChannelLaw.DELAY, person, stream, number, attempt)
            return min(time, w.end)
        if attempt >= c.most:
            return INF
        stream = offset + Stream.PUSH_WAIT
        wait = draws.sample(w, c.laws + ChannelLaw.WAIT, person, stream, number, attempt)
        time += quantiles.backed_off(wait, c.backoff, float(attempt))
        if not time < w.end:
            return w.end
    return w.end


# -- events about ordinary logouts ---------------------------------------------------------------


def logged_out(w: World, person: int, visit: int) -> None:
    """An event about his logout leaves the host: what he holds from now on it may name, when it arrives.

    One that arrives before now concerns nothing that he can still come to hold. Where more are under way than there is
    room for, the run is not read.
    """
    m = memory.moment(w, person)
    at = arrival(w, person, LOGOUT_PUSH, visit, w.now)
    if at == INF:
        return
    if m.told_0 < w.now:
        m.told_0 = at
    elif m.told_1 < w.now:
        m.told_1 = at
    elif m.told_2 < w.now:
        m.told_2 = at
    elif m.told_3 < w.now:
        m.told_3 = at
    else:
        w.unresolved |= w.readable


def named_at(w: World, person: int, stamped: float) -> float:
    """When the first event about a logout arrives that names a token stamped then."""
    m = memory.moment(w, person)
    found = m.told_0 if m.told_0 >= stamped else INF
    found = min(found, m.told_1 if m.told_1 >= stamped else INF)
    found = min(found, m.told_2 if m.told_2 >= stamped else INF)
    return min(found, m.told_3 if m.told_3 >= stamped else INF)


def under_way_at_the_end(w: World, person: int) -> int:
    """Whether such an event has not arrived when the run is over."""
    m = memory.moment(w, person)
    return max(max(m.told_0, m.told_1), max(m.told_2, m.told_3)) >= w.end


def count(
    w: World, person: int, cause: int, goes_on: int, is_open: int, kind: int, until: float
) -> None:
    """One window, of a kind or (NONE) of the worst. What can still be extended at the end of the run is censored there."""
    m = memory.moment(w, person)
    censored = (m.pending != 0 or math.isinf(until)) and until >= w.end
    lasts = max(0.0, (w.end if censored else until) - m.at)
    add(w, person, cause, goes_on, is_open, kind, lasts, censored)


def add(
    w: World,
    person: int,
    cause: int,
    goes_on: int,
    is_open: int,
    kind: int,
    lasts: float,
    censored: int,
) -> None:
    """Count a window in its histogram (`windows.virtual_of`)."""
    administrator = memory.person(w, person).administrator
    row = (((1 + kind) * w.n_causes + cause) * 2 + goes_on) * 2 + administrator
    row = row * 2 + is_open
    r = memory.window(w, row)
    r.n += 1
    r.total += math.floor(lasts * PER_S + 0.5)
    r.high = max(r.high, lasts)
    r.zeros += lasts == 0.0
    r.censored += censored
    memory.window_count(w, row * histogram.BUCKETS + draws.bucket_of(lasts)).x += 1

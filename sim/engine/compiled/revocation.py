"""Revocation cases (model, sections 4 and 7): how they are drawn, the exposure window, what is counted in them."""

import math
from typing import Any

from sim.basics.streams import Stream
from sim.engine.cases import CONTINUE, CUT_OFF, LEAVE, STORM
from sim.engine.clock import Lane, Priority
from sim.engine.compiled import memory
from sim.engine.compiled.books import ALLOWLIST, DENYLIST, count_entry, entry_of
from sim.engine.compiled.calendar import key_of, push
from sim.engine.compiled.layout import (
    ACCEPTED,
    BY_APP,
    BY_HOST,
    BY_HOST_EACH,
    DETECTED,
    DROP_ENTRIES,
    DROP_REFRESH,
    LEAD,
    NO_TOKEN,
    NONE,
    NOT_BEFORE,
    PROPAGATION,
    T_NOTICE,
    T_REVOKED,
    World,
)
from sim.engine.compiled.numbers import sample, uniform
from sim.engine.compiled.options import compiled
from sim.engine.compiled.parties import ADMIN_KIND, LOGOUT, bit

INF, NAN = math.inf, math.nan
DEACTIVATION, PERMISSION_LOSS, ADMIN_LOSS = 0, 1, 3
S_CASE, S_INSTANT, S_ADMIN, S_LEAD = (
    int(s) for s in (Stream.CASE, Stream.INSTANT, Stream.ADMIN, Stream.LEAD)
)
S_PROPAGATION, S_BEHAVIOUR, S_TAKER = (
    int(s) for s in (Stream.PROPAGATION, Stream.BEHAVIOUR, Stream.TAKER)
)
S_DETECTED = int(Stream.DETECTED)
REVOCATION, ACTION = int(Priority.REVOCATION), int(Priority.ACTION)
NOTICE_LANE, CASE_LANE = int(Lane.NOTICE), int(Lane.CASE)


# -- how a case is drawn ------------------------------------------------------------------------


@compiled
def drawn_cause(w: World, person: int, administrator: bool) -> int:
    """The cause of the person's case, or NONE."""
    u = uniform(w, person, S_CASE, 0, 0)
    if u < w.deactivation:
        return DEACTIVATION
    u -= w.deactivation
    if u < w.permission_loss:
        return PERMISSION_LOSS
    u -= w.permission_loss
    if u < w.logout_case:
        return LOGOUT
    u -= w.logout_case
    return ADMIN_LOSS if u < w.admin_loss and administrator else NONE


@compiled
def drawn_behaviour(w: World, person: int) -> int:
    """What the person does after the notice."""
    u = uniform(w, person, S_BEHAVIOUR, 0, 0)
    if u < w.leave:
        return LEAVE
    u -= w.leave
    if u < w.go_on:
        return CONTINUE
    u -= w.go_on
    if u < w.storm:
        return STORM
    if w.cut_off > 0:
        return CUT_OFF
    return STORM if w.storm > 0 else (CONTINUE if w.go_on > 0 else LEAVE)


@compiled
def draw_instant(w: World, person: int) -> float:
    """When the person's case would begin."""
    return w.case_from + (w.case_until - w.case_from) * uniform(w, person, S_INSTANT, 0, 0)


@compiled
def has_case(w: World, person: int) -> bool:
    """Whether the person has a case that begins before the horizon."""
    administrator = uniform(w, person, S_ADMIN, 0, 0) < w.admins
    if drawn_cause(w, person, administrator) == NONE:
        return False
    return draw_instant(w, person) < w.horizon


@compiled
def count_cases(address: int) -> int:
    """The number of cases of the run."""
    w = memory.world_at(address, 0)
    number = 0
    for person in range(w.people):
        number += has_case(w, person)
    return number


@compiled
def begin_case(w: World, person: int, number: int) -> None:
    """Draw the case and lay its events into the calendar."""
    c, p = memory.case(w, number), memory.person(w, person)
    p.case = number
    c.person, c.administrator = person, p.administrator
    c.cause = drawn_cause(w, person, p.administrator != 0)
    c.revoked = draw_instant(w, person)
    c.propagation = 0.0
    if c.cause == DEACTIVATION:
        c.propagation = sample(w, PROPAGATION, person, S_PROPAGATION, 0, 0)
    lead = 0.0 if c.cause == LOGOUT else sample(w, LEAD, person, S_LEAD, 0, 0)
    c.notice = max(0.0, c.revoked + lead)
    c.behaviour = LEAVE if c.cause == LOGOUT else drawn_behaviour(w, person)
    c.taken_over = c.cause == LOGOUT and uniform(w, person, S_TAKER, 0, 0) < w.takeover
    c.kinds = 0b100 if c.cause == ADMIN_LOSS else (0b111 if p.administrator else 0b011)
    c.actors = c.alive = 1
    c.issued = NONE
    c.last_0 = c.last_1 = c.last_2 = c.revoked
    c.reach_0 = c.reach_1 = c.reach_2 = -INF
    c.click_0 = c.click_1 = c.click_2 = 0.0
    if c.cause == LOGOUT or c.revoked <= c.notice:
        lay_revocation(w, number)
    else:
        lay_notice(w, number)


# Of revocation and notice one is in the calendar at a time: the first lays the second.


@compiled
def lay_revocation(w: World, case: int) -> None:
    """Lay the revocation into the calendar."""
    c = memory.case(w, case)
    push(w, c.revoked, key_of(REVOCATION, c.person, CASE_LANE, T_REVOKED))


@compiled
def lay_notice(w: World, case: int) -> None:
    """Lay the notice into the calendar."""
    c = memory.case(w, case)
    push(w, c.notice, key_of(ACTION, c.person, NOTICE_LANE, T_NOTICE))


@compiled
def repaired(w: World, case: int) -> float:
    """When the damage is found out and repaired."""
    c = memory.case(w, case)
    return c.revoked + sample(w, DETECTED, c.person, S_DETECTED, 0, 0)


# -- the exposure window ------------------------------------------------------------------------


@compiled
def settle(w: World, person: int) -> None:
    """Call before the security state of a person changes."""
    if memory.person(w, person).case == NONE:
        return
    c, now = memory.case(w, memory.person(w, person).case), w.now
    if c.known:
        c.last_0 = max(c.last_0, min(c.reach_0, now))
        c.last_1 = max(c.last_1, min(c.reach_1, now))
        c.last_2 = max(c.last_2, min(c.reach_2, now))


@compiled
def look(w: World, person: int) -> None:
    """Call after it has changed."""
    if memory.person(w, person).case == NONE:
        return
    c = memory.case(w, memory.person(w, person).case)
    if c.known:
        c.reach_0 = reach(w, person, 0)
        c.reach_1 = reach(w, person, 1)
        c.reach_2 = reach(w, person, 2)


@compiled
def host_learns(w: World, person: int) -> None:
    """Until now the host would have granted everything."""
    c = memory.case(w, memory.person(w, person).case)
    c.known = 1
    c.last_0 = c.last_1 = c.last_2 = w.now
    look(w, person)


@compiled
def reach(w: World, person: int, kind: int) -> float:
    """How far a hypothetical request of this kind passes, if nothing changes; -inf if it does not pass now."""
    p = memory.person(w, person)
    found = -INF
    if p.page != NONE:
        found = page_reach(w, person, p.page, kind)
    if p.incoming != NONE:
        found = max(found, page_reach(w, person, p.incoming, kind))
    return found


@compiled
def page_reach(w: World, person: int, page: int, kind: int) -> float:
    """The same through one page."""
    g = memory.page(w, page)
    cause = memory.case(w, memory.person(w, person).case).cause
    found = token_reach(w, person, page, kind, cause)
    if w.allowlist:
        vouched = kind != ADMIN_KIND or g.admin
        found = min(found, entry_of(w, page) if vouched else -INF)
    if w.check and bit(w.check_kinds, kind) and bit(w.check_sees, cause):
        found = min(found, remembered_until(w, person, kind))
    return found if found > w.now else -INF


@compiled
def remembered_until(w: World, person: int, kind: int) -> float:
    """Until when the app grants a kind without asking the host; -inf where it does not."""
    if not w.remembers or not w.now < memory.answers_until(w, person).x:
        return -INF
    granted = bit(memory.answers(w, person).x, kind)
    return memory.answers_until(w, person).x if granted else -INF


@compiled
def token_reach(w: World, person: int, page: int, kind: int, cause: int) -> float:
    """The last expiry among credentials that no event names, or of a renewal that would be granted."""
    g = memory.page(w, page)
    found = -INF
    i = memory.case(w, memory.person(w, person).case).issued
    while i != NONE:
        k = memory.credential(w, i)
        counts = k.of >> 1 == page and (kind != ADMIN_KIND or k.of & 1 != 0)
        if counts and not named(w, person, k.stamped):
            found = max(found, k.expires + w.leeway)
        i = k.next
    if w.renewal == NO_TOKEN or (kind == ADMIN_KIND and not g.held_admin):
        return found
    return max(found, renewable_until(w, page, cause))


@compiled
def renewable_until(w: World, page: int, cause: int) -> float:
    """Until when a renewal would be granted to somebody the host knows as revoked."""
    g = memory.page(w, page)
    cap = g.stamped + w.absolute
    if (w.renewal == BY_HOST or w.renewal == BY_HOST_EACH) and not bit(w.renewal_sees, cause):
        return cap
    if w.renewal == BY_APP and not g.dropped:
        return min(g.stamped + w.refresh_lifetime, cap)
    return -INF


@compiled
def named(w: World, person: int, stamped: float) -> bool:
    """Whether an event that has arrived names a credential stamped then."""
    return w.names_tokens != 0 and stamped <= memory.stamped_until(w, person).x


# -- what an event does when it arrives ---------------------------------------------------------


@compiled
def apply_event(w: World, person: int, left_host: float) -> None:
    """The push mechanism's effect."""
    p, effect, now = memory.person(w, person), w.push_effect, w.now
    if effect in (DROP_ENTRIES, DROP_REFRESH):
        for page in (p.page, p.incoming):
            if page == NONE:
                continue
            if effect == DROP_REFRESH:
                memory.page(w, page).dropped = 1
            else:
                drop_entry(w, page)
    elif effect == NOT_BEFORE:
        memory.stamped_until(w, person).x = max(left_host, memory.stamped_until(w, person).x)
    else:
        memory.stamped_until(w, person).x = max(now, memory.stamped_until(w, person).x)
        longest = -INF
        for page in (p.page, p.incoming):
            if page != NONE:
                longest = max(longest, longest_expiry(w, person, page) + w.leeway)
        if longest > now:
            count_entry(w, DENYLIST, now, longest, 1)


@compiled
def longest_expiry(w: World, person: int, page: int) -> float:
    """The last expiry among the tokens of a page. Of people without a case it is kept only where one can have many."""
    case = memory.person(w, person).case
    if case == NONE:
        return memory.longest(w, page).x if w.keeps_longest else memory.page(w, page).held_expires
    found, i = -INF, memory.case(w, case).issued
    while i != NONE:
        k = memory.credential(w, i)
        if k.of >> 1 == page:
            found = max(found, k.expires)
        i = k.next
    return found


@compiled
def drop_entry(w: World, page: int) -> None:
    """Remove the allowlist entry of a page."""
    if not w.allowlist:
        return
    e, now = memory.entry(w, page), w.now
    if e.x > now:
        count_entry(w, ALLOWLIST, now, e.x, -1)
    e.x = -INF


# -- what is counted in a case ------------------------------------------------------------------


@compiled
def book_in_case(w: World, person: int, size: float) -> None:
    """A request of a person with a case has been decided."""
    p = memory.person(w, person)
    c, now = memory.case(w, p.case), w.now
    if not bit(c.kinds, p.kind):
        return
    if now < c.revoked:
        if now >= c.notice and p.decision == ACCEPTED:
            count_forewarned(c, p.kind)
        return
    if p.decision != ACCEPTED:
        c.refused += 1
        return
    since = now - c.revoked
    c.bytes += size
    c.last_click = since
    if p.kind == 0:
        c.reads += 1
        c.click_0 = since
    elif p.kind == 1:
        c.writes += 1
        c.click_1 = since
        if 0 <= repaired(w, p.case) - now <= w.rollback:
            c.recoverable += 1
    else:
        c.admins += 1
        c.click_2 = since


@compiled
def count_forewarned(c: Any, kind: int) -> None:
    """An accepted request between notice and revocation."""
    if kind == 0:
        c.warned_reads += 1
    elif kind == 1:
        c.warned_writes += 1
    else:
        c.warned_admins += 1

"""Tokens: issued, held, renewed, presented, and how far one reaches (model, sections 5 to 7)."""

import math
from typing import Any

from sim.basics.streams import Stream
from sim.engine.given import NO_TOKEN
from sim.engine.state import NONE, Law, Mark, World
from sim.engine.steps import (
    clocks,
    connections,
    draws,
    families,
    knowledge,
    lines,
    nodes,
    plan,
    written,
)
from sim.engine.steps.binding import into_callers, memory
from sim.model.causes import Kind
from sim.model.mechanisms import Clock, Effect, Renewal
from sim.model.outcomes import Reason

INF = math.inf


def expiry(
    w: World,
    person: int,
    page_stamped: float,
    offset: float,
    stream: int,
    n: int,
    attempt: int,
) -> float:
    """When what an issuer hands out now expires; an identity never does."""
    if w.renewal == NO_TOKEN:
        return INF
    lasts = draws.sample_on_way(w, Law.LIFETIME, person, stream, n, attempt)
    return ends(w, lasts, page_stamped, offset)


def ends(w: World, lasts: float, page_stamped: float, offset: float) -> float:
    """When a token expires for the app that is stamped now, by a clock ahead by `offset`, and lasts so long; the cap is right."""
    by_its_stamp = clocks.ends(w.token_clock, w.now + offset, lasts) - w.app_offset
    return min(by_its_stamp, page_stamped + w.absolute)


def holds_valid(w: World, person: int) -> bool:
    """The client compares without leeway."""
    page = memory.person(w, person).page
    return page != NONE and w.now < reckoned(w, page)


def reckoned(w: World, page: int) -> float:
    """When the client takes the token that it holds for expired: it knows lifetimes, not the verifier's clock."""
    g = memory.page(w, page)
    if w.token_clock == Clock.EXACT or g.held_expires == -INF:  # spent, which it has counted
        return reckoned_back(w, page) if w.clocks_differ else g.held_expires
    return min(g.held_stamped + memory.law(w, Law.LIFETIME).a, g.stamped + w.absolute)


def reckoned_back(w: World, page: int) -> float:
    """The same from an expiry by wrong clocks: without their difference, unless the cap ends it."""
    g = memory.page(w, page)
    if g.held_stamped == -INF or not g.held_expires < g.stamped + w.absolute:
        return min(g.held_stamped, g.held_expires) if g.held_stamped == -INF else g.held_expires
    ahead = issuer_offset(w, page, g.held_stamped) - w.app_offset
    return min(g.held_expires - ahead, g.stamped + w.absolute)


def issuer_offset(w: World, page: int, stamped: float) -> float:
    """By how much the clock was ahead that stamped a token of a page."""
    return w.page_offset if stamped == memory.page(w, page).stamped else w.renewal_offset


def renewal_granted(w: World, person: int, page: int) -> bool:
    """What the issuer decides now about a page's token."""
    g, now = memory.page(w, page), w.now
    if w.renewal == Renewal.APP:
        granted = not g.dropped and now < g.stamped + w.refresh_lifetime
    else:
        device = knowledge.device_of(w, page)
        granted = knowledge.host_grants(w, person, device, w.renewal_refuses)
    return granted and now < g.stamped + w.absolute


def reissued_admin(w: World, person: int, page: int) -> bool:
    """A new token vouches for what the page's token vouched for, unless the host is asked for that."""
    admin = memory.page(w, page).held_admin != 0
    if w.renewal_asks_admin:
        admin = admin and knowledge.vouches_admin(w, person)
    return admin


def reissue(w: World, person: int, page: int, stream: int, n: int, attempt: int) -> float:
    """A token stamped now for a page that exists; returns its expiry."""
    page_stamped = memory.page(w, page).stamped
    expires = expiry(w, person, page_stamped, w.renewal_offset, stream, n, attempt)
    add_credential(w, person, page, w.now, expires, reissued_admin(w, person, page))
    return expires


def hold(w: World, page: int, stamped: float, expires: float, admin: int) -> None:
    """The token that the client has of a page."""
    g = memory.page(w, page)
    g.held_stamped, g.held_expires, g.held_admin = stamped, expires, admin
    g.left = w.uses


def adopt(w: World, page: int, stamped: float, expires: float, admin: int) -> None:
    """The client holds a new token."""
    hold(w, page, stamped, expires, admin)
    if w.refresh_at > 0.0:
        memory.background(w, page).held_serial += 1


def used(w: World, person: int) -> None:
    """A request has been accepted that changes what is held: it spends a use of its token, or re-issues it."""
    if w.uses:
        spend(w, person)
    if w.renewal == Renewal.SLIDING:
        slide(w, person)


def spend(w: World, person: int) -> None:
    """One use less of the token presented. The store and the client, whose one request it was, count the same."""
    p = memory.person(w, person)
    g = memory.page(w, p.page)
    if g.held_stamped == p.stamped:
        g.left -= 1
        if g.left == 0:
            g.held_expires = -INF
            if w.connects:
                connections.spent(w, p.page, p.stamped)
    if p.case != NONE:
        spend_credential(w, p.page, p.stamped, memory.case(w, p.case))


def spend_credential(w: World, page: int, stamped: float, c: Any) -> None:
    """The same among those that could still be presented; the last use takes it away."""
    kept, i = NONE, c.issued
    while i != NONE:
        k = memory.credential(w, i)
        if k.of >> 1 == page and k.stamped == stamped:
            k.left -= 1
        if k.left == 0:
            i = free_credential(w, i)
        else:
            after = k.next
            k.next = kept
            kept, i = i, after
    c.issued = kept


def slide(w: World, person: int) -> None:
    """The token is issued anew."""
    p = memory.person(w, person)
    p.marks |= Mark.HAS_NEW
    p.vouched = reissued_admin(w, person, p.page)
    stream = Stream.LIFETIME_SLIDING + plan.role_offset(w, person)
    p.expires = reissue(w, person, p.page, stream, p.click, p.sends - 1)


def add_credential(
    w: World, person: int, page: int, stamped: float, expires: float, admin: int
) -> None:
    """Keep a new credential, and of the page's older ones those that may outlive it."""
    remember(w, person, knowledge.device_of(w, page), expires)
    if lines.is_gone(w, person):
        return
    if w.keeps_longest:
        memory.longest(w, page).x = max(memory.longest(w, page).x, expires)
    case = memory.person(w, person).case
    if case == NONE:
        return
    c = memory.case(w, case)
    kept, i = NONE, c.issued
    while i != NONE:
        k = memory.credential(w, i)
        outlives = k.expires > expires or (w.keeps_older != 0 and k.expires + w.leeway > w.now)
        if k.of >> 1 != page or outlives or ((k.of & 1) and not admin):
            after = k.next
            k.next = kept
            kept, i = i, after
        else:
            i = free_credential(w, i)
    c.issued = new_credential(w, page, stamped, expires, admin, kept)


def remember(w: World, person: int, device: int, expires: float) -> None:
    """A denylist keeps an event until the last token that was issued by then would have expired, its page open or not."""
    if w.keeps_latest:
        latest = memory.latest(w, device if w.several else person)
        latest.x = max(latest.x, expires)


def new_credential(
    w: World, page: int, stamped: float, expires: float, admin: int, after: int
) -> int:
    """A link of the list."""
    i = w.free_credential
    k = memory.credential(w, i)
    w.free_credential = k.next
    w.credentials_left -= 1
    k.stamped, k.expires, k.of, k.next = stamped, expires, 2 * page + (admin != 0), after
    k.left = w.uses
    return i


def free_credential(w: World, i: int) -> int:
    """Give a link back; returns the next one of its list."""
    k = memory.credential(w, i)
    after = k.next
    k.next = w.free_credential
    w.free_credential = i
    w.credentials_left += 1
    return after


def drop_credentials(w: World, person: int, page: int) -> None:
    """Forget what was issued for a page."""
    case = memory.person(w, person).case
    if case == NONE:
        return
    c = memory.case(w, case)
    kept, i = NONE, c.issued
    while i != NONE:
        k = memory.credential(w, i)
        if k.of >> 1 == page:
            i = free_credential(w, i)
        else:
            after = k.next
            k.next = kept
            kept, i = i, after
    c.issued = kept


def move_credentials(w: World, person: int, page: int, to: int) -> None:
    """What was issued for a page is held at another place."""
    case = memory.person(w, person).case
    i = NONE if case == NONE else memory.case(w, case).issued
    while i != NONE:
        k = memory.credential(w, i)
        if k.of >> 1 == page:
            k.of = 2 * to + (k.of & 1)
        i = k.next


def token_reach(w: World, person: int, page: int, kind: int, cause: int) -> float:
    """The last expiry among credentials that no event names, or of a renewal that would be granted."""
    g = memory.page(w, page)
    found = -INF
    i = memory.case(w, memory.person(w, person).case).issued
    while i != NONE:
        k = memory.credential(w, i)
        counts = k.of >> 1 == page and (kind != Kind.ADMIN or k.of & 1 != 0)
        if counts and not named(w, person, page, k.stamped):
            until = k.expires + w.leeway
            reached = written.passes_until(w, person, page, kind, k.stamped, k.expires, until)
            found = max(found, reached)
        i = k.next
    if w.renewal == NO_TOKEN or (kind == Kind.ADMIN and not g.held_admin):
        return found
    until = renewable_until(w, page, cause)
    return max(found, written.renewed_until(w, person, page, kind, until))


def renewable_until(w: World, page: int, cause: int) -> float:
    """Until when a renewal would be granted to somebody the host knows as revoked."""
    g = memory.page(w, page)
    cap = g.stamped + w.absolute
    if (w.renewal == Renewal.HOST or w.renewal == Renewal.HOST_EACH) and not knowledge.bit(
        w.renewal_sees, cause
    ):
        return cap
    if w.renewal == Renewal.APP and not g.dropped and families.renewable(w, page):
        return min(g.stamped + w.refresh_lifetime, cap)
    return -INF


def somebody_acts(w: World, person: int) -> bool:
    """Whether requests of a person with a case may still come: of who acts, or of pages by themselves."""
    c = memory.case(w, memory.person(w, person).case)
    return c.actors > 0 or (w.polls != 0 and c.muted == 0)


def may_reach(w: World, person: int, page: int, kind: int) -> float:
    """How far a token could reach that is yet to come, by use or by a renewal; -inf where none is."""
    g, c = memory.page(w, page), memory.case(w, memory.person(w, person).case)
    acts = somebody_acts(w, person)
    renews = w.refresh_at > 0.0 and (not c.muted or memory.background(w, page).renewing)
    granted = renewable_until(w, page, c.cause) > w.now
    comes = (acts or renews) and granted if w.renewal != Renewal.SLIDING else acts
    if not comes or (kind == Kind.ADMIN and not g.held_admin):
        return -INF
    return g.stamped + w.absolute + w.leeway


def named(w: World, person: int, page: int, stamped: float) -> bool:
    """Whether an event that has arrived names a credential stamped then, of a page or device."""
    if w.names_tokens == 0:
        return False
    told_of = memory.tab(w, page).device if w.several else person
    if w.event_copies > 1:
        told_of = told_of * w.event_copies + w.node
    if w.compares_clocks:
        by_the_host = stamped + issuer_offset(w, page, stamped) - w.page_offset
        if by_the_host <= memory.told_before(w, told_of).x:
            return True
    return stamped <= memory.stamped_until(w, told_of).x


def name(w: World, person: int, effect: int, left_host: float) -> None:
    """An event about a person, or a device, names what was issued up to its arrival, or stamped up to its leaving the host: at
    the node `w.node`, or at all."""
    for node in range(w.event_copies):
        if w.node == NONE or w.node == node:
            place = person * w.event_copies + node
            if effect == Effect.NOT_BEFORE:
                name_stamped(w, place, left_host)
            else:
                memory.stamped_until(w, place).x = max(w.now, memory.stamped_until(w, place).x)


def name_stamped(w: World, told_of: int, left_host: float) -> None:
    """What was stamped up to an event's leaving the host is named, by the clocks of who wrote what."""
    if w.compares_clocks:
        memory.told_before(w, told_of).x = max(left_host, memory.told_before(w, told_of).x)
    else:
        memory.stamped_until(w, told_of).x = max(left_host, memory.stamped_until(w, told_of).x)


@into_callers
def stamp_reason(w: World, person: int, page: int, stamped: float) -> int:
    """Why a token is refused for its stamp."""
    if w.looks_at_stamps == 0:
        return Reason.NOTHING
    return reason_of_stamp(w, person, page, stamped)


def reason_of_stamp(w: World, person: int, page: int, stamped: float) -> int:
    """The same, where stamps are looked at, at the node of the request under way."""
    if w.event_copies > 1:
        w.node = nodes.of(w, person)
    if w.not_before:
        if w.now + w.app_offset + w.leeway < stamped + issuer_offset(w, page, stamped):
            return Reason.NOT_YET_VALID
    return Reason.NAMED_BY_EVENT if named(w, person, page, stamped) else Reason.NOTHING


def longest_expiry(w: World, page: int) -> float:
    """The last expiry among the tokens of a page of somebody without a case."""
    return memory.longest(w, page).x if w.keeps_longest else memory.page(w, page).held_expires

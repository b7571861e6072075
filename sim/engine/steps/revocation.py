"""Revocation cases (model, sections 4 and 7): how they are drawn, the exposure window, what is counted in them."""

import math
from typing import Any

from sim.basics.streams import Stream
from sim.engine.state import NONE, Beside, Entries, Law, World
from sim.engine.steps import (
    accounting,
    calendar,
    connections,
    draws,
    knowledge,
    left,
    lines,
    nodes,
    tokens,
    written,
)
from sim.engine.steps.binding import apart, into_callers, memory
from sim.model.causes import Cause, Kind
from sim.model.mechanisms import Effect
from sim.model.order import Lane, Priority
from sim.model.outcomes import Behaviour, Decision, Ended

INF, NAN = math.inf, math.nan


# -- how a case is drawn ------------------------------------------------------------------------


def drawn_cause(w: World, person: int, administrator: bool) -> int:
    """The cause of the person's case, or NONE."""
    u = draws.uniform(w, person, Stream.CASE, 0, 0)
    for cause in range(w.n_causes):
        k = memory.cause(w, cause)
        if u < k.share:
            return NONE if k.administrators_only and not administrator else cause
        u -= k.share
    return NONE


def drawn_behaviour(w: World, person: int) -> int:
    """What the person does after the notice."""
    u = draws.uniform(w, person, Stream.BEHAVIOUR, 0, 0)
    if u < w.leave:
        return Behaviour.LEAVE
    u -= w.leave
    if u < w.go_on:
        return Behaviour.CONTINUE
    u -= w.go_on
    if u < w.storm:
        return Behaviour.STORM
    if w.cut_off > 0:
        return Behaviour.CUT_OFF
    return (
        Behaviour.STORM if w.storm > 0 else (Behaviour.CONTINUE if w.go_on > 0 else Behaviour.LEAVE)
    )


def draw_instant(w: World, person: int) -> float:
    """When the person's case would begin."""
    return w.case_from + (w.case_until - w.case_from) * draws.uniform(
        w, person, Stream.INSTANT, 0, 0
    )


def has_case(w: World, person: int) -> bool:
    """Whether the person has a case that begins before the horizon."""
    administrator = draws.uniform(w, person, Stream.ADMIN, 0, 0) < w.admins
    if drawn_cause(w, person, administrator) == NONE:
        return False
    return draw_instant(w, person) < w.horizon


def count_cases(address: int) -> int:
    """The number of cases of the run."""
    w = memory.world_at(address)
    number = 0
    for person in range(w.people):
        number += has_case(w, person)
    return number


def begin_case(w: World, person: int, number: int) -> None:
    """Draw the case and lay its events into the calendar."""
    c, p = memory.case(w, number), memory.person(w, person)
    p.case = number
    c.person, c.administrator = person, p.administrator
    c.cause = drawn_cause(w, person, p.administrator != 0)
    c.revoked = draw_instant(w, person)
    k = memory.cause(w, c.cause)
    c.propagation = 0.0
    if k.knows_after != NONE:
        c.propagation = draws.sample(w, k.knows_after, person, Stream.PROPAGATION, 0, 0)
    lead = draws.sample(w, Law.LEAD, person, Stream.LEAD, 0, 0) if k.noticed else 0.0
    c.notice = max(0.0, c.revoked + lead)
    c.behaviour = drawn_behaviour(w, person) if k.noticed else Behaviour.LEAVE
    c.taken_over = (
        c.cause == Cause.LOGOUT and draws.uniform(w, person, Stream.TAKER, 0, 0) < w.takeover
    )
    c.kinds = k.kinds if p.administrator else k.kinds_of_others
    c.actors = c.alive = 1
    c.issued = c.device = NONE
    for decider in range(1, w.n_hosts):
        memory.knows_at(w, number * w.n_hosts + decider).x = INF
    c.last_0 = c.last_1 = c.last_2 = c.revoked
    c.reach_0 = c.reach_1 = c.reach_2 = -INF
    c.click_0 = c.click_1 = c.click_2 = 0.0
    if not k.noticed or c.revoked <= c.notice:
        lay_revocation(w, number)
    else:
        lay_notice(w, number)


# Of revocation and notice one is in the calendar at a time: the first lays the second.


def lay_revocation(w: World, case: int) -> None:
    """Lay the revocation into the calendar."""
    c = memory.case(w, case)
    calendar.push(
        w, c.revoked, calendar.key_of(Priority.REVOCATION, c.person, Lane.CASE, Beside.REVOKED)
    )


def lay_notice(w: World, case: int) -> None:
    """Lay the notice into the calendar."""
    c = memory.case(w, case)
    calendar.push(
        w, c.notice, calendar.key_of(Priority.ACTION, c.person, Lane.NOTICE, Beside.NOTICE)
    )


def repaired(w: World, case: int) -> float:
    """When the damage is found out and repaired."""
    c = memory.case(w, case)
    return c.revoked + draws.sample(w, Law.DETECTED, c.person, Stream.DETECTED, 0, 0)


# -- the exposure window ------------------------------------------------------------------------


def accrue(w: World, person: int) -> None:
    """Call before the security state of a person changes."""
    if memory.person(w, person).case == NONE:
        return
    c, now = memory.case(w, memory.person(w, person).case), w.now
    if c.known:
        if c.reach_0 >= c.last_0:
            c.last_0, c.ended_0 = min(c.reach_0, now), w.change if c.reach_0 > now else c.gate_0
        if c.reach_1 >= c.last_1:
            c.last_1, c.ended_1 = min(c.reach_1, now), w.change if c.reach_1 > now else c.gate_1
        if c.reach_2 >= c.last_2:
            c.last_2, c.ended_2 = min(c.reach_2, now), w.change if c.reach_2 > now else c.gate_2


def refresh(w: World, person: int) -> None:
    """Call after it has changed."""
    if memory.person(w, person).case == NONE:
        return
    c = memory.case(w, memory.person(w, person).case)
    if c.known:
        c.reach_0 = reach(w, person, 0, False)
        c.gate_0 = w.farthest_gate
        c.reach_1 = reach(w, person, 1, False)
        c.gate_1 = w.farthest_gate
        c.reach_2 = reach(w, person, 2, False)
        c.gate_2 = w.farthest_gate


def host_learns(w: World, person: int) -> None:
    """Until now the host would have granted everything."""
    c = memory.case(w, memory.person(w, person).case)
    c.known = 1
    if w.n_hosts > 1:
        knowledge.told_deciders(w, person)
    c.last_0 = c.last_1 = c.last_2 = w.now
    refresh(w, person)
    c.ended_0, c.ended_1, c.ended_2 = stops(w, c.gate_0), stops(w, c.gate_1), stops(w, c.gate_2)


def stops(w: World, gate: int) -> int:
    """What ends what the host granted until it knew: a check that asks it, or that it grants no page any more."""
    is_check = gate == Ended.CHECK or gate >= Ended.CHANNEL + w.n_channels
    return gate if is_check else Ended.NOT_OPEN


def note_moves(w: World, person: int) -> None:
    """The end of the run: whose windows acts and renewals to come could still move."""
    c = memory.case(w, memory.person(w, person).case)
    by_use = w.slides or w.entry_slides or (w.refreshes_answers and w.refusal_replaces)
    for decider in range(1, w.n_hosts):  # its yes would be kept
        by_use = by_use or (w.remembers and w.now < knowledge.known_at(w, person, decider))
    for kind in range(3):
        if (by_use and tokens.somebody_acts(w, person)) or reach(w, person, kind, True) > reach(
            w, person, kind, False
        ):
            c.moves |= 1 << kind


def reach(w: World, person: int, kind: int, yet: bool) -> float:
    """How far a hypothetical request of this kind passes, if nothing changes; -inf if it does not pass now.

    `farthest_gate` then says which gate would stop it, or stops it now. `yet`: with what may yet be issued to who goes on, or be renewed in the background.
    """
    w.farthest_gate = Ended.NOT_OPEN
    if w.several:
        return reach_of_devices(w, person, kind, yet)
    p = memory.person(w, person)
    found, page = -INF, lines.shown(w, person)
    if page != NONE:
        entry = accounting.entry_of(w, page)
        found = farther(w, found, page_reach(w, person, page, kind, entry, yet))
        if w.connects:
            found = over_connection(w, found, page, kind, yet)
    if p.incoming != NONE:
        entry = accounting.entry_of(w, p.incoming)
        found = farther(w, found, page_reach(w, person, p.incoming, kind, entry, yet))
    return found


def farther(w: World, found: float, reached: float) -> float:
    """The later of two ends, with the gate of that one."""
    if reached > found or w.farthest_gate == Ended.NOT_OPEN:
        w.farthest_gate = w.gate
    return max(found, reached)


def reach_of_devices(w: World, person: int, kind: int, yet: bool) -> float:
    """The same through all that the person's devices hold."""
    found = -INF
    device = memory.carrier(w, person).first
    while device != NONE:
        if knowledge.concerns(w, person, device):
            found = device_reach(w, person, device, kind, found, yet)
        device = memory.device(w, device).next
    page = memory.person(w, person).incoming
    if page != NONE and knowledge.concerns(w, person, memory.tab(w, page).device):
        entry = accounting.entry_of(w, memory.tab(w, page).device if w.shared_entry else page)
        found = farther(w, found, page_reach(w, person, page, kind, entry, yet))
    return found


def device_reach(w: World, person: int, device: int, kind: int, found: float, yet: bool) -> float:
    """The same through one device more: each of its pages, or what it holds with the best entry that it has."""
    best = accounting.entry_of(w, device)
    tab = memory.device(w, device).first
    while tab != NONE:
        entry = accounting.entry_of(w, device if w.shared_entry else tab)
        best = max(best, entry)
        if not w.cookie:
            found = farther(w, found, page_reach(w, person, tab, kind, entry, yet))
        if w.connects:
            found = over_connection(w, found, tab, kind, yet)
        tab = memory.tab(w, tab).next
    if w.cookie:
        found = farther(w, found, page_reach(w, person, device, kind, best, yet))
    return found


def over_connection(w: World, found: float, page: int, kind: int, yet: bool) -> float:
    """What passes over a page's connection besides; `yet`: over one that is open or asked for now."""
    w.gate = Ended.CONNECTION
    until = connections.reach(w, page, kind)
    if yet and connections.may_go_on(w, page, kind):
        until = INF
    return farther(w, found, until) if until > -INF else found


def page_reach(w: World, person: int, page: int, kind: int, entry: float, yet: bool) -> float:
    """The same through one page, with an entry of the allowlist: at the node that lets it pass longest."""
    if not w.nodes_differ:
        return reach_at(w, person, page, kind, entry, yet, 0)
    gate, farthest = w.gate, -INF
    for node in range(w.nodes):
        w.node = node
        until = reach_at(w, person, page, kind, entry, yet, node)
        if node == 0 or until > farthest:
            farthest, gate = until, w.gate
    w.gate = gate
    return farthest


def reach_at(
    w: World, person: int, page: int, kind: int, entry: float, yet: bool, node: int
) -> float:
    """The same at one node."""
    g = memory.page(w, page)
    cause = memory.case(w, memory.person(w, person).case).cause
    found = tokens.token_reach(w, person, page, kind, cause)
    if yet and found > w.now:
        found = max(found, tokens.may_reach(w, person, page, kind))
    w.gate = Ended.TOKEN
    if w.allowlist:
        vouched = kind != Kind.ADMIN or g.admin
        found = sooner(w, found, entry if vouched else -INF, Ended.ENTRY)
    for check in range(w.n_checks):
        if written.check_ends(w, check, kind, cause):
            until = passes_until(w, person, page, kind, check, node)
            found = sooner(w, found, until, memory.check(w, check).ends_as)
    return found if found > w.now else -INF


def sooner(w: World, found: float, until: float, gate: int) -> float:
    """The earlier of two ends; `gate` is that of the second."""
    if until < found:
        w.gate = gate
    return min(found, until)


def kept_for(w: World, person: int, page: int, check: int, node: int) -> int:
    """Where a check's answers about a page's requests are kept by a node: those about a session by device."""
    k = memory.check(w, check)
    place = memory.tab(w, page).device if k.by_device else person
    kept = place * w.n_checks + check
    return kept if w.answer_copies == 1 else kept * w.answer_copies + node * k.by_node


@into_callers
def passes_until(w: World, person: int, page: int, kind: int, check: int, node: int) -> float:
    """Until when a check lets a kind pass, by what a node remembers or by a decider that does not know yet; -inf where it does not."""
    until = remembered_until(w, person, page, kind, check, node)
    host = memory.check(w, check).host
    if host and w.now < knowledge.known_at(w, person, host):
        until = max(until, knowledge.known_at(w, person, host))
    return until


def remembered_until(w: World, person: int, page: int, kind: int, check: int, node: int) -> float:
    """Until when a node grants a kind without waiting for the host; -inf where it does not."""
    if not memory.check(w, check).remembers:
        return -INF
    kept = kept_for(w, person, page, check, node)
    until = max(memory.answer_until(w, kept).x, stale_until(w, kept, kind))
    if not w.now < until:
        return -INF
    return until if knowledge.bit(memory.answer(w, kept).x, kind) else -INF


def stale_until(w: World, kept: int, kind: int) -> float:
    """Until when a kept yes answers while it is asked about; -inf where it does not."""
    if not w.refreshes_answers or not knowledge.bit(memory.answer(w, kept).x, kind):
        return -INF
    return memory.answer_stale(w, kept).until


# -- what an event does when it arrives ---------------------------------------------------------


def apply_event(w: World, person: int, device: int, left_host: float, effect: int) -> None:
    """The push mechanism's effect; `device`: of whose session the event tells, NONE: of all."""
    if w.closed_by_push and not w.several and memory.person(w, person).page != NONE:
        close_connection(w, person, memory.person(w, person).page)
    if effect == Effect.DROP_ANSWERS:
        drop_answers(w, person, device)
    if w.several:
        apply_to_devices(w, person, device, left_host, effect)
        return
    p = memory.person(w, person)
    if effect in (Effect.DROP_ENTRIES, Effect.DROP_REFRESH):
        for page in (p.page, p.incoming):
            if page == NONE:
                continue
            if effect == Effect.DROP_REFRESH:
                memory.page(w, page).dropped = 1
            else:
                drop_entry(w, page)
        if w.leaves_entries and effect == Effect.DROP_ENTRIES:
            left.drop_all(w, person)
    elif effect != Effect.DROP_ANSWERS:
        tokens.name(w, person, effect, left_host)
    if effect == Effect.DENYLIST:
        deny(w, memory.latest(w, person).x)


@apart
def close_connection(w: World, person: int, page: int) -> None:
    """An event closes the connection of a page, where it has come to its node."""
    if w.node == NONE or w.node == nodes.of_connection(w, page):
        connections.closed_by_event(w, person, page)


@apart
def drop_answers(w: World, person: int, only: int) -> None:
    """What is remembered of the host's answers about a person, or about his session on a device, is forgotten."""
    for check in range(w.n_checks):
        if not memory.check(w, check).by_device:
            drop_at(w, person, NONE, check)
            continue
        device = memory.carrier(w, person).first
        while device != NONE:
            if tells_of(w, only, device):
                drop_at(w, person, device, check)
            device = memory.device(w, device).next


def drop_at(w: World, person: int, device: int, check: int) -> None:
    """The same by one check: at the node `w.node`, or at all."""
    for node in range(w.answer_copies):
        if w.node == NONE or w.node == node or not memory.check(w, check).by_node:
            forget(w, kept_for(w, person, device, check, node))


def forget(w: World, kept: int) -> None:
    """Nothing is remembered in a place where answers are kept."""
    if w.remembers:
        memory.answer_until(w, kept).x = -INF
    if w.serves_stale:
        memory.answer_last(w, kept).came = -INF
    if w.refreshes_answers:
        stale = memory.answer_stale(w, kept)
        stale.until = stale.asking_until = -INF


def deny(w: World, latest: float) -> None:
    """An entry of the denylist, kept until the last token that it names would have expired."""
    if latest + w.leeway > w.now:
        accounting.count_entry(w, Entries.DENYLIST, w.now, latest + w.leeway, 1)


def tells_of(w: World, only: int, device: int) -> bool:
    """Whether an event that names one device, or none, concerns another."""
    return bool(only == NONE) | bool(only == device)


def apply_to_devices(w: World, person: int, only: int, left_host: float, effect: int) -> None:
    """The same where a person has several pages."""
    latest = -INF
    device = memory.carrier(w, person).first
    while device != NONE:
        d = memory.device(w, device)
        if tells_of(w, only, device):
            apply_to(w, device, left_host, effect)
            tab = d.first
            while tab != NONE:
                apply_to(w, tab, left_host, effect)
                if w.closed_by_push:
                    close_connection(w, person, tab)
                tab = memory.tab(w, tab).next
            if w.leaves_entries and effect == Effect.DROP_ENTRIES:
                left.drop_all(w, device)
            if w.keeps_latest:
                latest = max(latest, memory.latest(w, device).x)
        device = d.next
    page = memory.person(w, person).incoming
    if page != NONE and tells_of(w, only, memory.tab(w, page).device):
        apply_to(w, page, left_host, effect)
    if effect == Effect.DENYLIST:
        deny(w, latest)


def apply_to(w: World, place: int, left_host: float, effect: int) -> None:
    """The effect on a page, or on what a device holds."""
    if effect == Effect.DROP_REFRESH:
        memory.page(w, place).dropped = 1
    elif effect == Effect.DROP_ENTRIES:
        drop_entry(w, place)
    elif effect != Effect.DROP_ANSWERS:
        tokens.name(w, memory.tab(w, place).device, effect, left_host)


def drop_entry(w: World, page: int) -> None:
    """Remove the allowlist entry of a page."""
    if not w.allowlist:
        return
    e, now = memory.entry(w, page), w.now
    if e.x > now:
        accounting.count_entry(w, Entries.ALLOWLIST, now, e.x, -1)
    e.x = -INF


# -- what is counted in a case ------------------------------------------------------------------


def count_in_case(w: World, person: int, size: float) -> None:
    """A request of a person with a case has been decided."""
    p = memory.person(w, person)
    c, now = memory.case(w, p.case), w.now
    if not knowledge.bit(c.kinds, p.kind):
        return
    if w.several and not knowledge.concerns(w, person, knowledge.device_in_use(w, person)):
        return
    if now < c.revoked:
        if now >= c.notice and p.decision == Decision.ACCEPTED and w.line == NONE:
            count_forewarned(c, p.kind)
        return
    if p.decision != Decision.ACCEPTED:
        c.refused += w.line == NONE
        return
    since = now - c.revoked
    c.bytes += size
    c.last_click = since
    if w.line != NONE:
        c.polls += 1
        c.click_0 = since
    elif p.kind == 0:
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


def count_forewarned(c: Any, kind: int) -> None:
    """An accepted request between notice and revocation."""
    if kind == 0:
        c.warned_reads += 1
    elif kind == 1:
        c.warned_writes += 1
    else:
        c.warned_admins += 1

"""Channels: how events come from the host to the app, in attempts or in sweeps (model, section 6 and "Channels")."""

import math

from sim.basics import quantiles
from sim.basics.streams import WORLD, Stream
from sim.engine import limits
from sim.engine.given import ALTERNATING
from sim.engine.state import NONE, Beside, ChannelLaw, World
from sim.engine.steps import accounting, calendar, draws, knowledge, pool, revocation
from sim.engine.steps.binding import apart, memory
from sim.model.order import Lane, Priority
from sim.model.outcomes import BY_CAUSE, Ended, Event

LOGOUT_PUSH = Stream.LOGOUT_PUSH_DELAY - Stream.PUSH_DELAY


def begin(w: World) -> None:
    """The phase of sweeps is drawn once a run."""
    for number in range(w.n_channels):
        c = memory.channel(w, number)
        if c.every > 0:
            c.phase = c.every * draws.uniform(w, WORLD, Stream.SWEEP + c.streams, 0, 0)


# -- events -------------------------------------------------------------------------------------


def tell(w: World, person: int, cause: int, device: int, n: int, logout_push: int) -> None:
    """Events about a person, or about his session on a device, leave the host by each channel that carries the cause."""
    for number in range(w.n_channels):
        if knowledge.bit(memory.channel(w, number).causes, cause):
            task = pool.new_task(w, person)
            t = memory.task(w, task)
            t.at, t.n, t.attempt, t.cause, t.channel = w.now, n, 0, cause, number
            t.logout_push, t.device = logout_push, device
            w.pushed += 1
            count_pending(w, person, 1)
            begin_push(w, task)


def begin_push(w: World, task: int) -> None:
    """The first attempt, or the wait for the next sweep."""
    t = memory.task(w, task)
    if memory.channel(w, t.channel).every > 0:
        t.state = Beside.PUSH_SWEPT
        calendar.push_task(w, task, next_sweep(w, t.channel), Priority.PUSH, Lane.CASE)
        return
    try_push(w, task)


def count_pending(w: World, person: int, number: int) -> None:
    """Events on their way about somebody with a case."""
    if memory.person(w, person).case != NONE:
        memory.case(w, memory.person(w, person).case).pending += number


def stream_of(w: World, task: int, stream: int) -> int:
    """Of a draw for an event: each channel has streams of its own, and so have ordinary logouts."""
    t = memory.task(w, task)
    return stream + memory.channel(w, t.channel).streams + (LOGOUT_PUSH if t.logout_push else 0)


def try_push(w: World, task: int) -> None:
    """One attempt, or the next sweep."""
    t = memory.task(w, task)
    c = memory.channel(w, t.channel)
    if w.now < c.disabled_until:
        give_up(w, task)
        return
    w.made_pushes += 1
    calendar.try_again(w, limits.PUSH_ATTEMPTS, t.attempt)
    accounting.note(w, t.person, Event.PUSH_SENT, NONE, 0, BY_CAUSE + t.cause)
    stream = stream_of(w, task, Stream.PUSH_LOSS)
    if draws.uniform(w, t.person, stream, t.n, t.attempt) < c.loss:
        push_failed(w, task)
        return
    law, stream = c.laws + ChannelLaw.DELAY + t.cause, stream_of(w, task, Stream.PUSH_DELAY)
    delay = draws.sample(w, law, t.person, stream, t.n, t.attempt)
    calendar.task_later(w, task, delay, Priority.PUSH, Lane.CASE, Beside.PUSH_ARRIVES)


def push_failed(w: World, task: int) -> None:
    """Wait for the next attempt, or for the next sweep, or give up."""
    t = memory.task(w, task)
    c = memory.channel(w, t.channel)
    if c.every > 0:
        t.state = Beside.PUSH_RETRY
        calendar.push_task(w, task, sweep_after(w, t.channel), Priority.PUSH, Lane.CASE)
        return
    if c.disabled_after:
        failed(w, t.channel)
    if t.attempt >= c.most:
        give_up(w, task)
        return
    first = c.first_differs and t.attempt == 0
    law = c.laws + (ChannelLaw.FIRST if first else ChannelLaw.WAIT)
    stream = stream_of(w, task, Stream.PUSH_WAIT)
    wait = draws.sample(w, law, t.person, stream, t.n, t.attempt)
    wait = quantiles.backed_off(wait, c.backoff, float(t.attempt))
    calendar.task_later(w, task, wait, Priority.PUSH, Lane.CASE, Beside.PUSH_RETRY)


def give_up(w: World, task: int) -> None:
    """The event will not be sent any more."""
    t = memory.task(w, task)
    w.lost += 1
    accounting.note(w, t.person, Event.PUSH_LOST, NONE, 0, BY_CAUSE + t.cause)
    count_pending(w, t.person, -1)
    pool.end_task(w, task)


def push_arrives(w: World, task: int) -> None:
    """An attempt is at the receiver, which may be down."""
    t = memory.task(w, task)
    c = memory.channel(w, t.channel)
    if not c.is_down:
        push_arrived(w, task)
    elif not c.holds:
        push_failed(w, task)
    else:
        t.state, t.next = Beside.PUSH_HELD, NONE
        if c.held == 0:
            c.first_held = task
        else:
            memory.task(w, c.last_held).next = task
        c.last_held = task
        c.held += 1
        w.held += 1


def push_arrived(w: World, task: int) -> None:
    """The event takes effect: one after the other those that the strategy gives it."""
    t = memory.task(w, task)
    memory.channel(w, t.channel).failures = 0
    count_pending(w, t.person, -1)
    accounting.note_page(w, t.person, Event.PUSH_ARRIVED, NONE, BY_CAUSE + t.cause)
    take_effect(w, task, NONE)
    if w.fans_out:
        fan_out(w, task)
    pool.end_task(w, task)


def take_effect(w: World, task: int, node: int) -> None:
    """At a node that keeps it for itself; NONE: what is kept for all."""
    t = memory.task(w, task)
    w.change = Ended.CHANNEL + t.channel
    revocation.accrue(w, t.person)
    for which in range(w.n_effects):
        e = memory.effect(w, which)
        concerns = e.channel == t.channel and knowledge.bit(e.causes, t.cause)
        if concerns and (node == NONE) == (e.by_node == 0):
            w.node = node
            revocation.apply_event(w, t.person, t.device, t.at, e.effect)
    revocation.refresh(w, t.person)
    w.change = Ended.PAGE


@apart
def fan_out(w: World, task: int) -> None:
    """The event goes on to the nodes."""
    t = memory.task(w, task)
    c = memory.channel(w, t.channel)
    if c.reaches_one:
        u = draws.uniform(w, t.person, stream_of(w, task, Stream.REACHES), t.n, 0)
        go_on_to(w, task, int(u * w.nodes))
        return
    for node in range(w.nodes):
        go_on_to(w, task, node)


def go_on_to(w: World, task: int, node: int) -> None:
    """The same to one of them: it takes effect now, or on its arrival."""
    t = memory.task(w, task)
    law, stream = (
        memory.channel(w, t.channel).laws + ChannelLaw.FAN_OUT,
        stream_of(w, task, Stream.FAN_OUT),
    )
    takes = draws.sample(w, law, t.person, stream, t.n * w.nodes + node, 0)
    if takes == 0.0:
        take_effect(w, task, node)
        return
    sent = pool.new_task(w, t.person)
    s = memory.task(w, sent)
    s.at, s.cause, s.channel, s.device, s.node = t.at, t.cause, t.channel, t.device, node
    count_pending(w, t.person, 1)
    calendar.task_later(w, sent, takes, Priority.PUSH, Lane.CASE, Beside.PUSH_FANNED)


def fanned(w: World, task: int) -> None:
    """The event is at a node."""
    t = memory.task(w, task)
    count_pending(w, t.person, -1)
    take_effect(w, task, t.node)
    pool.end_task(w, task)


def deliver_held(w: World, number: int) -> None:
    """The receiver is up again: what was held is delivered in the same instant, by person."""
    c = memory.channel(w, number)
    task = c.first_held
    while c.held > 0:
        after = memory.task(w, task).next
        memory.task(w, task).next = NONE
        calendar.task_later(w, task, 0.0, Priority.PUSH, Lane.CASE, Beside.PUSH_HELD)
        task = after
        c.held -= 1
        w.held -= 1


# -- sweeps, and senders that give up -------------------------------------------------------------


def next_sweep(w: World, number: int) -> float:
    """The first sweep from now on."""
    c = memory.channel(w, number)
    k = math.ceil((w.now - c.phase) / c.every)
    sweep = c.phase + k * c.every
    while sweep < w.now:  # rounded down
        k += 1
        sweep = c.phase + k * c.every
    return sweep


def sweep_after(w: World, number: int) -> float:
    """The sweep after that of now."""
    c = memory.channel(w, number)
    k = math.floor((w.now - c.phase) / c.every + 0.5) + 1
    return c.phase + k * c.every


def failed(w: World, number: int) -> None:
    """An attempt has failed; so many in a row and the sender stops, with a count of 0 when it begins again."""
    c = memory.channel(w, number)
    c.failures += 1
    if c.failures >= c.disabled_after:
        c.failures = 0
        c.disabled_until = w.now + c.disabled_for


# -- outages of the receiver ----------------------------------------------------------------------


def plan_outage(w: World, task: int) -> None:
    """When the next one begins."""
    t = memory.task(w, task)
    c = memory.channel(w, t.channel)
    up = c.starts
    if c.outages == ALTERNATING:
        up = draws.sample(w, c.laws + ChannelLaw.UP, WORLD, Stream.PUSH_UP + c.streams, t.n, 0)
    calendar.task_later(w, task, up, Priority.OUTAGE, Lane.MAIN, Beside.PUSH_DOWN)


def goes_down(w: World, task: int) -> None:
    """It begins."""
    t = memory.task(w, task)
    c = memory.channel(w, t.channel)
    c.is_down = 1
    accounting.note(w, WORLD, Event.PUSH_DOWN, NONE, 0, 0)
    down = draws.sample(w, c.laws + ChannelLaw.DOWN, WORLD, Stream.PUSH_DOWN + c.streams, t.n, 0)
    calendar.task_later(w, task, down, Priority.OUTAGE, Lane.MAIN, Beside.PUSH_UP)


def comes_up(w: World, task: int) -> None:
    """It ends."""
    t = memory.task(w, task)
    memory.channel(w, t.channel).is_down = 0
    accounting.note(w, WORLD, Event.PUSH_UP, NONE, 0, 0)
    deliver_held(w, t.channel)
    t.n += 1
    if memory.channel(w, t.channel).outages == ALTERNATING:
        plan_outage(w, task)

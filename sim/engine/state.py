"""What the engine works on, declared once: settings, records, arrays, and the names of states, steps and laws.

From here come the arrays of the compiled runner, the objects of the plain one, and how steps reach them (`memory`).
Fields of a record that act as truth values are 0 or 1; `-1` (`NONE`) is no page, no task, no case.
"""

import math
from enum import auto
from typing import Any

import numpy as np

from sim.engine import given as of
from sim.engine.fields import FromPath, Numbered, Record, Rows, f8, i1, i4, i8, u2
from sim.engine.limits import Bounds
from sim.engine.readable import checked, keeps_token, readable, windows_by_kind
from sim.engine.recording import ListAccount
from sim.model.causes import Cause

NONE = -1
INF = math.inf


class Law(FromPath):
    """A law of the scenario, the strategy or the plans, and where it is written; where it is not, it is constant 0."""

    CLIENT_APP = "scenario.network.client_app"
    CLIENT_HOST = "scenario.network.client_host"
    APP_HOST = "scenario.network.app_host"
    PAGE_LOAD = "scenario.host.page_load"
    RENEWAL = "scenario.host.renewal"
    CHECK = "scenario.host.check"
    AUTH_RENEWAL = "scenario.auth_server.renewal"
    VERIFY = "scenario.app.verify"
    LOOKUP = "scenario.store.lookup"
    READ = "scenario.app.service.read"
    WRITE = "scenario.app.service.write"
    ADMIN = "scenario.app.service.admin"
    LIFETIME = "token.lifetime"
    ENTRY_LIFETIME = "allowlist.lifetime"
    STORM_THINK = "scenario.behaviour.storm.think"
    STORM_SIZE = "scenario.workload.read_size"
    PAUSE = "plan.pause"
    THINK = "plan.think"
    PAGES = "plan.pages"
    REQUESTS = "plan.requests"
    SIZE = "plan.size"
    PROPAGATION = "scenario.directory.propagation"
    LEAD = "scenario.cases.notice_lead"
    DETECTED = "scenario.cases.detected_after"
    TAKER_DELAY = "scenario.behaviour.takeover.delay"
    HOST_UP = "scenario.host.outages.every"
    HOST_DOWN = "scenario.host.outages.lasts"
    DEVICES = "scenario.organisation.devices"
    APP_CLOCK = "scenario.app.clock_offset"
    HOST_CLOCK = "scenario.host.clock_offset"
    AUTH_CLOCK = "scenario.auth_server.clock_offset"
    PERMISSION_LATE = "scenario.cases.permission_loss.propagation"
    LOGOUT_LATE = "scenario.cases.logout.propagation"
    ADMIN_LATE = "scenario.cases.admin_loss.propagation"
    LASTS = "strategy.connection.lasts"
    MESSAGES = "strategy.connection.messages.every"
    MESSAGE_SIZE = "strategy.connection.messages.size"
    THINK_WRITE = "plan.think_write"
    THINK_ADMIN = "plan.think_admin"


class Station(FromPath):
    """A station, and where the number of its servers is written."""

    APP = "scenario.app.workers"
    HOST = "scenario.host.servers"
    AUTH_SERVER = "scenario.auth_server.servers"


class Entries(Numbered):
    """The lists whose entries are counted."""

    ALLOWLIST = auto()
    DENYLIST = auto()


class Role(Numbered):
    """Who acts at a person's client: he, a storm of his, somebody who carries on, somebody who storms."""

    OWN = auto()
    STORMING = auto()
    CARRYING_ON = auto()
    TAKER_STORMING = auto()


class State(Numbered):
    """What a person's main line waits for."""

    DEAD = auto()
    SHIFT_STARTS = auto()
    PAUSE = auto()
    TURN = auto()
    THINK = auto()
    NOTICE = auto()
    LOAD_ARRIVES = auto()
    LOAD_SERVED = auto()
    LOAD_SEEN = auto()
    LOAD_RETRY = auto()
    BACKGROUND_RENEWAL = auto()
    RENEWAL_ARRIVES = auto()
    RENEWAL_SERVED = auto()
    RENEWAL_SEEN = auto()
    RENEWAL_RETRY = auto()
    RENEWAL_TURN = auto()
    REQUEST_ARRIVES = auto()
    WORKER = auto()
    VERIFIED = auto()
    LOOKED_UP = auto()
    CHECKED = auto()
    JOIN = auto()
    HANDLED = auto()
    ANSWERED = auto()
    POLLED = auto()
    TURN_POLLED = auto()


class Step(Numbered):
    """What a person's main line does next, all in the same instant."""

    REST = auto()
    NEXT_VISIT = auto()
    NEXT_PAGE = auto()
    LOAD = auto()
    LOADED = auto()
    NEXT_CLICK = auto()
    READY = auto()
    RENEW = auto()
    SEND = auto()
    NOT_READY = auto()
    SERVED = auto()
    JUDGE = auto()
    PASSED = auto()
    PAGE_REFUSED = auto()
    CALLED_OFF = auto()
    OUT = auto()
    VISITED = auto()
    SHIFT_OVER = auto()
    STORM = auto()
    TAKE_OVER = auto()
    END_ROLE = auto()
    RESUME = auto()


class Beside(Numbered):
    """What goes on beside a person's main line. The first four are of a case and need no task."""

    REVOKED = auto()
    LEARNS = auto()
    NOTICE = auto()
    TAKER = auto()
    REFRESH = auto()
    RENEWAL_ARRIVES = auto()
    RENEWAL_SERVED = auto()
    RENEWAL_SEEN = auto()
    CHECK_ARRIVES = auto()
    CHECK_SERVED = auto()
    CHECK_BACK = auto()
    PUSH_ARRIVES = auto()
    PUSH_HELD = auto()
    PUSH_RETRY = auto()
    PUSH_SWEPT = auto()
    PUSH_FANNED = auto()
    HOST_DOWN = auto()
    HOST_UP = auto()
    PUSH_DOWN = auto()
    PUSH_UP = auto()
    WAITING = auto()
    CHECK_TURN = auto()
    RENEWAL_TURN = auto()
    DEADLINE = auto()


class Phase(Numbered):
    """What of a connection is under way."""

    NONE = auto()
    OPENING = auto()
    RECHECK = auto()


class Timer(Numbered):
    """Of a connection; in one instant in this order."""

    RECHECK = auto()
    CLOSE = auto()
    MESSAGE = auto()
    OPEN = auto()


class Mark(Numbered):
    """Bits of a person's `marks`."""

    HAS_NEW = 1
    IN_CLICK = 2
    RELOADED = 4
    SENT_AGAIN = 8
    HAS_REQUEST = 16
    UNDECIDED = 32
    IDLE = 64


class Code(Numbered):
    """How `advance` returns: at the time that was asked for, which array is full, once in a while, or where a bound is passed."""

    FINISHED = auto()
    PAUSED = auto()
    NEEDS_PAGES = auto()
    NEEDS_TASKS = auto()
    NEEDS_CREDENTIALS = auto()
    NEEDS_HEAP = auto()
    NEEDS_TRACE = auto()
    NEEDS_EVENTS = auto()
    WORKING = auto()
    ENDLESS = auto()


class Settings(Record):
    """What is fixed in a run, and where it is written. Masks have a bit for each cause or kind."""

    horizon: float = f8("s", "the end of the run", "scenario.run.horizon_s")
    end: float = f8("s", "and of its drain", "scenario.run.end_s")
    window_from: float = f8("s", "honest figures count from here", of.window_from)
    window_until: float = f8("s", "and until here", of.window_until)
    shift_start: float = f8("s", "no visit before", "scenario.organisation.shift.start_s")
    shift_end: float = f8("s", "none begins after", "scenario.organisation.shift.end_s")
    instant_step: float = f8(
        "s",
        "between two instants at which lists are counted",
        lambda g: (of.window_until(g) - of.window_from(g)) / ListAccount.INSTANTS,
    )
    people: int = i8("", "number of people", "scenario.organisation.people")
    tracing: int = i8("", "whether every event is kept", "tracing")
    traced: int = i8("", "or those of one person alone; below 0 everybody's", "traced")
    runs_ahead: int = i8("", "whether people run ahead between meetings", of.runs_ahead)
    keeps_longest: int = i8("", "whether `longest` is kept", of.keeps_longest)
    keeps_latest: int = i8("", "whether `latest` is kept", of.keeps_latest)
    leaves_entries: int = i8("", "whether `last_left` is kept", of.leaves_entries)
    names_tokens: int = i8("", "whether an event names tokens", of.names_tokens)
    not_before: int = i8("", "whether tokens from the future are refused", "token.not_before")
    looks_at_stamps: int = i8("", "whether either is so", of.looks_at_stamps)
    clocks_differ: int = i8("", "whether a clock may be wrong (`steps.clocks`)", of.clocks_differ)
    compares_clocks: int = i8("", "whether stamps of wrong clocks are compared", of.compares_clocks)
    keeps_older: int = i8("", "whether older tokens count that expire first", of.keeps_older)
    renewal: int = i8("", "of the token: `Renewal`, 0 without a token", of.renewal)
    use_changes: int = i8("", "whether an accepted request changes what is held", of.use_changes)
    uses: int = i8("", "accepted requests that spend a token; 0: no number does", "token.uses")
    can_renew: int = i8("", "whether somebody is asked for the next token", of.can_renew)
    leeway: float = f8("s", "the verifier's tolerance of expiry", "token.leeway_s")
    token_clock: int = i8("", "of its expiry: `Clock`", "token.keeps_to")
    absolute: float = f8("s", "no token outlives its page load by more", "token.absolute_s", INF)
    refresh_at: float = f8("", "share of the lifetime; 0: never", "token.refresh_at")
    refresh_lifetime: float = f8("s", "of the refresh token", "token.refresh_lifetime_s", INF)
    rotates: int = i8("", "whether refresh tokens rotate (`steps.rotation`)", of.rotates)
    grace: float = f8("s", "one that is spent is forgiven", "token.rotation.grace_s")
    ends_family: int = i8(
        "", "whether reuse ends a family", lambda g: g.at("token.rotation.on_reuse") == "end_family"
    )
    renewal_refuses: int = i8("causes", "for which a renewal is refused", of.renewal_refuses)
    renewal_sees: int = i8("causes", "that end renewals once known", of.renewal_sees)
    renewal_asks_admin: int = i8("", "whether it asks for `admin`", of.renewal_asks_admin)
    allowlist: int = i8("", "whether there is one", lambda g: g.allowlist is not None)
    entry_clock: int = i8("", "of its entries: `Clock`", "allowlist.keeps_to")
    entry_slides: int = i8("", "whether use prolongs them", of.entry_slides)
    entry_absolute: float = f8("s", "after the page load at most", "allowlist.absolute_s", INF)
    entry_step: float = f8("", "share of the lifetime between two moves", "allowlist.step")
    check: int = i8("", "whether there is one", lambda g: bool(g.checks))
    remembers: int = i8("", "whether one of them keeps answers", of.remembers)
    serves_stale: int = i8("", "whether one has the last answer serve failures", of.serves_stale)
    slides: int = i8("", "whether hits prolong a yes of one", of.slides)
    refreshes_answers: int = i8(
        "", "whether an old yes of one answers while it is asked", of.refreshes_answers
    )
    refusal_replaces: int = i8("", "whether a no replaces it", of.refusal_replaces)
    push: int = i8("", "whether events are pushed", lambda g: bool(g.strategy.pushes))
    push_causes: int = i8("causes", "that events tell of", of.push_causes)
    retry_after: float = f8("s", "a client's wait after a failure", "scenario.host.retry_after_s")
    nodes: int = i8("", "of the app (`steps.nodes`)", "scenario.app.nodes")
    sticky: int = i8(
        "", "whether a device stays with one", lambda g: g.scenario.app.routing == "sticky"
    )
    answer_copies: int = i8("", "how often answers are kept: once, or by node", of.answer_copies)
    event_copies: int = i8("", "how often what events leave is", of.event_copies)
    fans_out: int = i8("", "whether nodes keep that for themselves", of.fans_out)
    nodes_differ: int = i8(
        "",
        "whether what one node lets pass another may refuse",
        lambda g: max(of.answer_copies(g), of.event_copies(g)) > 1,
    )
    workers: float = f8("", "of a node of the app", Station.APP.path)
    holds_worker: int = i8(
        "", "whether a worker waits with its request", "scenario.app.holds_worker"
    )
    gives_up: float = f8("", "refusals that end a storm", "scenario.behaviour.storm.gives_up_after")
    storm_duration: float = f8("s", "at most", "scenario.behaviour.storm.duration_s")
    storm_read: float = f8("", "share of a storm's clicks", "scenario.behaviour.storm.kinds.read")
    storm_write: float = f8("", "share of a storm's clicks", "scenario.behaviour.storm.kinds.write")
    storm_admin: float = f8("", "share of a storm's clicks", "scenario.behaviour.storm.kinds.admin")
    taker_storms: int = i8(
        "", "or carries on", lambda g: g.scenario.behaviour.takeover.behaviour == "storm"
    )
    read: float = f8("", "share of clicks", lambda g: g.plan.kinds[0])
    write: float = f8("", "share of clicks", lambda g: g.plan.kinds[1])
    admin: float = f8("", "share of clicks", lambda g: g.plan.kinds[2])
    logout: float = f8("", "share of visits that end so", lambda g: g.plan.visit_ends[0])
    close: float = f8("", "share of visits that end so", lambda g: g.plan.visit_ends[1])
    leave_open: float = f8("", "share of visits that end so", lambda g: g.plan.visit_ends[2])
    admins: float = f8("", "share of administrators", "scenario.organisation.admins")
    case_from: float = f8("s", "cases begin from here", "scenario.cases.from_s")
    case_until: float = f8("s", "until here", "scenario.cases.until_s")
    rollback: float = f8(
        "s", "writes can be undone for so long", "scenario.cases.rollback_window_s"
    )
    leave: float = f8("", "probability after notice", "scenario.behaviour.probabilities.leave")
    go_on: float = f8("", "probability after notice", "scenario.behaviour.probabilities.continue_")
    storm: float = f8("", "probability after notice", "scenario.behaviour.probabilities.storm")
    cut_off: float = f8("", "probability after notice", "scenario.behaviour.probabilities.cut_off")
    takeover: float = f8(
        "", "probability after a logout", "scenario.behaviour.takeover.probability"
    )
    readable: int = i8("causes", "whose virtual cases are read off", readable)
    checked: int = i8("causes", "of those, whose windows a check ends", checked)
    keeps_token: int = i8("", "whether one serves that is not renewed at a click", keeps_token)
    by_kind: int = i8("", "whether it ends those of some kinds only", windows_by_kind)
    moments: int = i8(
        "", "at which each person is asked", lambda g: g.moments if readable(g) else 0
    )
    replayed: int = i8(
        "", "whether visits of a log are replayed", lambda g: g.plan.visits is not None
    )
    thinks_by_kind: int = i8("", "whether think times go by kind", of.thinks_by_kind)
    daily: int = i8("", "whether hours have weights", lambda g: g.plan.daily is not None)
    log_visits: int = i8("", "number of visits of the log", of.log_visits)
    several: int = i8("", "whether people have devices or tabs (`steps.tabs`)", of.several)
    tabs: int = i8("", "pages that a device keeps", "scenario.workload.tabs")
    cookie: int = i8("", "whether the token is the device's", of.cookie)
    shared_entry: int = i8("", "whether the allowlist entry is the device's", of.shared_entry)
    answers_a_device: int = i8("", "whether answers are kept by device", of.answers_a_device)
    polls: int = i8("", "whether open pages send requests by themselves", of.polls)
    poll_every: float = f8("s", "between two of them", "scenario.workload.poll.every_s")
    polls_unseen: int = i8("", "also while nobody uses the page", of.polls_unseen)
    connects: int = i8("", "whether pages keep a connection", of.connects)
    lined: int = i8("", "whether pages do something by themselves (`lines`)", of.has_lines)
    lines_a_page: int = i8("", "lines of each page", of.lines_a_page)
    recheck: float = f8("s", "between two rechecks", "strategy.connection.recheck_s", INF)
    runs_out: int = i8("", "whether the server closes it after a while", of.runs_out)
    closed_by_push: int = i8("", "whether events close it", "strategy.connection.closed_by_push")
    connection_kinds: int = i8("kinds", "that go over it", of.connection_kinds)
    connection_kind: int = i8("", "in whose name the gates judge it", of.connection_kind)
    messages: int = i8("", "whether the server sends by itself", of.messages)
    reconnect: float = f8("s", "after no answer", "strategy.connection.reconnect_s")
    hides: int = i8("", "whether pages that nobody uses have slow timers", of.hides)
    hidden_after: float = f8("s", "unused for so long", "scenario.workload.hidden_tabs.after_s")
    timers_every: float = f8(
        "s", "between instants of slow timers", "scenario.workload.hidden_tabs.timers_every_s"
    )
    everywhere: int = i8("", "whether a logout case ends the sessions of all", of.everywhere)
    heap_reserve: int = i8(
        "", "events that one can cause", lambda g: of.kept_of_blocked(g, 63 + of.event_copies(g), 1)
    )
    task_reserve: int = i8(
        "", "tasks that one can", lambda g: 7 + len(g.channels) + of.event_copies(g)
    )
    most_an_instant: int = i8("", "acts of all kinds", lambda g: Bounds.of(g.scenario).an_instant)
    most_a_run: int = i8("", "acts of one kind", lambda g: Bounds.of(g.scenario).a_run)
    most_tries: int = i8("", "acts for one thing", lambda g: Bounds.of(g.scenario).tries)
    row_reserve: int = i8(
        "", "rows of the trace that one can", lambda g: of.kept_of_blocked(g, 256, 4)
    )


class Progressing(Record):
    """What changes in a run and belongs to nobody."""

    now: float = f8("s", "simulated time; of who runs ahead, his own")
    app_offset: float = f8("s", "the app's clock is ahead by so much")
    page_offset: float = f8("s", "and that of who issues tokens with pages, the host's")
    renewal_offset: float = f8("s", "and that of who renews them")
    told_retry_after: float = f8("s", "the largest that was told")
    turn: float = f8("s", "when a call that waits for its turn goes on")
    rows_per_s: float = f8("1/s", "rows of the calendar")
    row_end: float = f8("", "the first row that has not had its turn")
    begun: int = i8("", "whether the run has begun")
    heap: int = i8("", "events in the heap")
    hole: int = i8("", "whether the top of the heap is being run")
    moving: int = i8("", "whether a row has not moved into the heap as a whole")
    scout: int = i8("", "the event of the next row that is fetched next")
    side_events: int = i8("", "insertions of tasks")
    rows: int = i8("", "of the trace")
    free_page: int = i8("", "the first free place")
    free_task: int = i8("", "the first free place")
    free_credential: int = i8("", "the first free place")
    free_event: int = i8("", "the first free place")
    pages_left: int = i8("", "free places")
    tasks_left: int = i8("", "free places")
    credentials_left: int = i8("", "free places")
    events_left: int = i8("", "free places")
    held: int = i8("", "events that wait for their receivers")
    woken: int = i8("", "who takes a worker that is free in this instant")
    logout_person: int = i8("", "whose logout in this instant is to be pushed")
    logout_visit: int = i8("", "which visit it ends")
    node: int = i8("place", "in whose memory is looked, or written; -1: of all")
    gate: int = i8("", "`Ended`: which stops a hypothetical request through a page")
    farthest_gate: int = i8("", "and through whatever lets it pass longest")
    change: int = i8("", "`Ended`: what is changing that may end a person's access")
    sent: int = i8("", "requests sent")
    accepted: int = i8("", "requests accepted")
    refused: int = i8("", "requests refused")
    failed: int = i8("", "requests failed")
    clicks: int = i8("", "honest clicks answered in the window")
    clicks_refused: int = i8("", "of them not accepted")
    interruptions: int = i8("", "honest clicks that met a reload")
    reuses: int = i8("", "refresh tokens of honest people that came back spent")
    false_logouts: int = i8("", "families of honest people that ended for it")
    lost_input: int = i8("ticks", "time that people thought before writes of those")
    visit_ticks: int = i8("ticks", "honest time inside visits")
    pushed: int = i8("", "events that left the host")
    lost: int = i8("", "events given up")
    alive_0: int = i8("ticks", "time that allowlist entries have lived in the window")
    alive_1: int = i8("ticks", "and denylist entries")
    made_loads: int = i8("", "acts of this kind; clicks are what is left of all")
    made_renewals: int = i8("", "acts of this kind")
    made_pushes: int = i8("", "acts of this kind")
    made_outages: int = i8("", "acts of this kind")
    made_polls: int = i8("", "acts of this kind")
    made_connections: int = i8("", "acts of this kind")
    at_once: int = i8("", "acts in this instant")
    acts: int = i8("", "acts of all kinds")
    look_up: int = i8("", "at so many acts a closer look is taken")
    work_ends: int = i8("", "at so many `advance` returns to be looked at")
    until: float = f8("s", "`advance` runs events before this")
    ahead: int = i8("", "whether people may run ahead now")
    unresolved: int = i8("causes", "whose virtual cases the end of the run left open")
    broken: int = i8("", "which bound is passed (`limits`)")
    endless: int = i8("", "1 + the act that passes it; 0: none")
    line: int = i8("place", "whose request is in the place of the main line's (`lines`); -1: none")
    polled: int = i8("", "requests of pages sent in the window")
    connected: int = i8("", "openings of connections asked for in the window")
    acted_at: float = f8("s", "the instant of `at_once`")
    alone: int = i8("", "whether people are run one after the other (`steps.alone`)")
    turn_of: int = i8("person", "who is next then")
    turn_until: int = i8("person", "`advance` returns before this one")
    cases_begun: int = i8("", "of those who had their turn")
    in_flight: int = i8("", "requests of theirs that the end of the run cut")
    cells_per_s: float = f8("1/s", "`cells`")


class Person(Record):
    """A person: 96 bytes, since there may be a million; what only some need has arrays of its own.

    `visit` to `requests` are places in the plan. `stamped`, `expires` and `vouched` are of the token presented; from the
    decision on `stamped` is its instant and the others are of the token that the answer brings. While a page or a token is
    asked for, nothing is presented: `expires` keeps half the round trip, then the new token's expiry.
    """

    visit_began: float = f8("s", "NaN outside a visit")
    clicked_at: float = f8("s", "the click at hand")
    half_trip: float = f8("s", "of the request under way")
    stamped: float = f8("s", "of what is presented, or the decision instant")
    expires: float = f8("s", "of what is presented, or half a round trip")
    visit: int = i4("", "number of the visit")
    pages_seen: int = i4("", "pages asked for in all")
    click: int = i4("", "number of the click; -1 before the first")
    page_of_visit: int = i4("", "number within the visit")
    click_of_page: int = i4("", "number within the page")
    pages: int = i4("", "of the visit; -1 without end")
    requests: int = i4("", "of the page; -1 without end")
    page: int = i4("place", "what the browser shows")
    incoming: int = i4("place", "a page decided but not yet seen")
    case: int = i4("place", "his case")
    generation: int = u2("", "of the events of the main line; others are passed over")
    renewals: int = u2("", "of the token in the click at hand")
    attempt: int = u2("", "of the page load at hand")
    state: int = i1("", "`State`")
    marks: int = i1("", "`Mark`")
    kind: int = i1("", "of the click at hand")
    decision: int = i1("", "on the request at hand")
    reason: int = i1("", "of that decision; while an answer is waited for, the check's place")
    outcome: int = i1("", "of a page load or renewal: a `Reason`")
    vouched: int = i1("", "whether what is presented is an administrator's")
    sends: int = i1("", "of the click at hand")
    administrator: int = i1("", "at the start")


class Holder(Record):
    """Of who holds or waits for a worker of a blocking app."""

    joined: float = f8("s", "since when")
    seized: float = f8("s", "when served")
    next: int = i4("place", "the person who waits behind")


class Page(Record):
    """A page, from the host's decision to load it until nobody refers to it."""

    stamped: float = f8("s", "the host's decision; of a free place the next free one")
    held_stamped: float = f8("s", "of the token that the client holds")
    held_expires: float = f8("s", "of the token that the client holds, without leeway")
    references: int = u2("", "how many refer to it")
    admin: int = i1("", "whether the page load vouched for an administrator")
    held_admin: int = i1("", "whether the token held does")
    dropped: int = i1("", "whether an event dropped the refresh token")
    left: int = u2("", "uses that are left of the token held, where they are counted")


class Background(Record):
    """Of a page whose token is renewed in the background."""

    number: int = i4("", "of the page, in addresses of draws")
    renewals: int = i4("", "so far, in addresses of draws")
    held_serial: int = u2("", "counts tokens held: an older one's renewal is void")
    renewing: int = i1("", "whether one is under way")
    awaited: int = i1("", "whether the main line waits for it")
    keyed: int = i1("", "whether its draws have a key of their own (`draws.sample_of_page`)")


class Carrier(Record):
    """Of a person with devices or tabs: what he has, and what he uses now."""

    first: int = i4("place", "the first of his devices; `device` and `next` lead on")
    device: int = i4("place", "in use; -1 before the first visit")
    tab: int = i4("place", "in use: a page; -1: none")
    uses: int = i4("", "counts how often a device or tab was taken up")
    devices: int = i4("", "number of his devices")


class Device(Record):
    """A browser. Its place among the pages is its own; where tokens are the device's, the page there holds them."""

    number: int = i4("", "of the person's devices")
    next: int = i4("place", "the person's next device")
    first: int = i4("place", "the first of its tabs")
    tabs: int = i4("", "number of its tabs")
    used: int = i4("", "when last taken up, by `uses`")
    session: int = i1("", "whether the host has a session of it")


class Tab(Record):
    """An open page, beside `Page`; of a device's own place `device` alone is used."""

    device: int = i4("place", "where it is open")
    next: int = i4("place", "the device's next tab")
    used: int = i4("", "when last taken up, by `uses`")
    open: int = i1("", "whether the browser shows it")
    tried: int = i1("", "whether a click was refused in it after notice")


class Session(Record):
    """Of an allowlist entry that use prolongs."""

    lasts: float = f8("s", "from each use that prolongs it")
    moved: float = f8("s", "when that was last, at first the page load")
    capped: float = f8("s", "never past this")


class Line(Record):
    """Of a page that sends requests by itself: its timer, and what of a person's record is its own while one is under way.

    The fields that a `Person` has too change places with his while such a request is acted on (`lines`); those of the main line
    wait here. `device` and `tab` do so with the carrier's.
    """

    clicked_at: float = f8("s", "when the timer was due")
    half_trip: float = f8("s", "as a person's")
    stamped: float = f8("s", "as a person's")
    expires: float = f8("s", "as a person's")
    seen: float = f8("s", "when the page was seen")
    due: float = f8("s", "when the timer is due next; -inf: not")
    used: float = f8("s", "when somebody used the page last; not while somebody does")
    k: int = i8("", "number of the timer's run, from 1")
    number: int = i8("", "of the page, in addresses of draws")
    at: int = i8("", "of the request, in addresses of draws")
    person: int = i4("place", "whose page it is")
    page: int = i4("place", "whose token is presented")
    device: int = i4("place", "where the page is open")
    tab: int = i4("place", "the page")
    next: int = i4("place", "who waits behind for a worker")
    generation: int = u2("", "of its checks; others come late")
    renewals: int = u2("", "as a person's")
    state: int = i1("", "`State`")
    marks: int = i1("", "`Mark`")
    kind: int = i1("", "as a person's")
    decision: int = i1("", "as a person's")
    reason: int = i1("", "as a person's")
    outcome: int = i1("", "as a person's")
    vouched: int = i1("", "as a person's")
    sends: int = i1("", "as a person's")
    role: int = i1("", "`Role`: who opened the page")
    under_way: int = i1("", "whether a request of the page is")
    stopped: int = i1("", "whether one was refused since the last click")


class Connection(Record):
    """Of a page: what was presented when it opened, and its timers, infinite where they are not set."""

    opened: float = f8("s", "the decision")
    stamped: float = f8("s", "of what was presented")
    expires: float = f8("s", "of what was presented")
    rechecks: float = f8("s", "the next recheck")
    closes: float = f8("s", "the server closes it")
    sends: float = f8("s", "the next message")
    opens: float = f8("s", "the client asks for one")
    waiting_bytes: float = f8("bytes", "of messages that wait for a recheck")
    k: int = i8("", "rechecks since it opened")
    m: int = i8("", "messages since it opened")
    openings: int = i4("", "of the page so far")
    waiting: int = i4("", "messages that wait for a recheck")
    open: int = i1("", "whether it is")
    phase: int = i1("", "`Phase`")
    wanted: int = i1("", "whether the client asks for one when the recheck is over")
    vouched: int = i1("", "whether what was presented was an administrator's")


class Family(Record):
    """Refresh tokens that go back to one page load, beside the token that they renew, numbered from 0; and of a page that
    asks, what it presented."""

    spent: float = f8("s", "when the last one but one was")
    asked_stamped: float = f8("s", "of the token that the browser held when the page asked")
    number: int = i4("", "counts families of the place")
    current: int = i4("", "the one that is not spent")
    held: int = i4("", "the one that the browser holds")
    asked_of: int = i4("", "the family of the one that the page presented")
    asked: int = i4("", "that one")
    brings: int = i4("", "the one that the answer brings")
    ended: int = i1("", "whether reuse has ended it")


class Credential(Record):
    """A credential that could still be presented, of a person with a case; a linked list. Or an entry (`steps.left`)."""

    stamped: float = f8("s", "the issuer's decision")
    expires: float = f8("s", "without leeway")
    next: int = i4("place", "the next one of the person, or the next free place")
    of: int = i4("", "2 * page + whether an administrator's")
    left: int = u2("", "uses that are left, where they are counted")


class Task(Record):
    """What goes on beside a main line. Of a check `at`, `new_stamped` and `new_expires` mean other things than of a renewal."""

    half: float = f8("s", "half a round trip; of who waits in a queue, the service time")
    at: float = f8("s", "when an event left the host; of a check, the token's expiry")
    new_stamped: float = f8("s", "of a new token; of a check, the service time")
    new_expires: float = f8("s", "of a new token; of a check, the deadline")
    serial: int = i8("", "counts insertions into the calendar")
    person: int = i4("place", "whose")
    page: int = i4("place", "of which page")
    n: int = i4("", "in addresses of draws; of who waits in a queue, his task")
    next: int = i4("place", "the next in a queue, or the next free place")
    device: int = i4("place", "of whose session an event tells; -1: of all")
    line: int = i4("place", "of which page's request; -1: of the main line")
    attempt: int = u2("", "in addresses of draws")
    held_serial: int = u2("", "of the token it is to renew")
    generation: int = u2("", "of the main line that asks; of a renewal, the offset of its draws")
    node: int = u2("", "of the app that asks, or that an event is on its way to")
    state: int = i1("", "`Beside`")
    kind: int = i1("", "of the request that asks")
    outcome: int = i1("", "a `Reason`")
    has_new: int = i1("", "whether a new token comes with the answer")
    new_vouched: int = i1("", "whether it is an administrator's")
    grants: int = i1("kinds", "that a check's answer grants")
    check: int = i1("place", "which check asks")
    cause: int = i1("", "of an event")
    channel: int = i1(
        "place", "by which an event comes; of an outage, the channel's or host's place"
    )
    logout_push: int = i1("", "whether an event is of an ordinary logout")
    timed: int = i1("", "whether a check's deadline is in the calendar, or none is needed")
    aside: int = i1("", "whether nobody waits for a check's answer")


class Case(Record):
    """A case: how it was drawn, what happened, the exposure window of each kind, and what of a person only a case can change."""

    revoked: float = f8("s", "when access ends")
    propagation: float = f8("s", "until the host knows")
    notice: float = f8("s", "when the person is told")
    bytes: float = f8("bytes", "read without authorisation")
    storm_began: float = f8("s", "")
    last_0: float = f8("s", "reads have passed up to here")
    last_1: float = f8("s", "writes")
    last_2: float = f8("s", "admin requests")
    reach_0: float = f8("s", "reads pass until here if nothing changes; -inf: not now")
    reach_1: float = f8("s", "writes")
    reach_2: float = f8("s", "admin requests")
    click_0: float = f8("s", "from the revocation to the last accepted read")
    click_1: float = f8("s", "write")
    click_2: float = f8("s", "admin request")
    last_click: float = f8("s", "to the last accepted request")
    reads: int = i4("", "unauthorised")
    polls: int = i4("", "unauthorised, of pages by themselves")
    messages: int = i4("", "unauthorised, over connections")
    writes: int = i4("", "unauthorised")
    admins: int = i4("", "unauthorised")
    recoverable: int = i4("", "writes found out within the rollback window")
    warned_reads: int = i4("", "between notice and revocation")
    warned_writes: int = i4("", "between notice and revocation")
    warned_admins: int = i4("", "between notice and revocation")
    refused: int = i4("", "requests after the revocation that were not accepted")
    person: int = i4("place", "whose")
    issued: int = i4("place", "the first of his credentials")
    refusals: int = i4("", "of a storm")
    pending: int = i4("", "events on their way about him")
    device: int = i4("place", "whose session a logout ends; -1: none, all, or he has one page")
    cause: int = i1("", "`Cause`")
    behaviour: int = i1("", "`Behaviour`")
    taken_over: int = i1("", "whether somebody else sits down at the page")
    page_open: int = i1("", "at the revocation")
    known: int = i1("", "to the host")
    kinds: int = i1("kinds", "that are lost")
    administrator: int = i1("", "at the start")
    actors: int = i1("", "who may still act")
    taker_waits: int = i1("", "for the owner to be done")
    role: int = i1("", "`Role`: who acts")
    begun: int = i1("", "he was told, or his access withdrawn")
    called_off: int = i1("", "acts no more as before")
    muted: int = i1("", "cut off: what he would send goes nowhere")
    alive: int = i1("", "the person himself still acts")
    gate_0: int = i1("", "`Ended`: which ends `reach_0`")
    gate_1: int = i1("", "`reach_1`")
    gate_2: int = i1("", "`reach_2`")
    ended_0: int = i1("", "`Ended`: what ended reads, so far")
    ended_1: int = i1("", "writes")
    ended_2: int = i1("", "admin requests")
    session: int = i1("", "whether the host has one, where people have one page")
    moves: int = i1("kinds", "at the end: whose window what is to come could still move")


class Stale(Record):
    """Of a yes that answers beyond its time while it is asked about."""

    until: float = f8("s", "it answers")
    asking_until: float = f8("s", "a check is under way beside it")


class LastAnswer(Record):
    """Of a person, or of a session: what serves where the host gives no answer."""

    came: float = f8("s", "when")
    grants: int = i1("kinds", "that it grants")


class Moment(Record):
    """Of a person who is asked at some moments what a revocation would have met (`steps.virtual`)."""

    next: float = f8("s", "the first moment without an answer")
    asked: float = f8("s", "when a page was last asked for")
    seen: float = f8("s", "when the page was seen")
    before: float = f8("s", "until when what it replaced would have passed")
    next_checked: float = f8("s", "the same for causes that a check sees")
    next_kept: float = f8("s", "the first one for which is not kept what he had")
    at: float = f8("s", "the moment that is being answered")
    kept: float = f8("s", "until when the host's last answer is remembered")
    back: float = f8("s", "when it came")
    number: int = i4("", "of the next moment")
    number_checked: int = i4("", "of the next one for causes that a check sees")
    number_kept: int = i4("", "of the first one for which is not kept what he had")
    asking: int = i4("", "number of the moment that is being answered")
    kind: int = i1("", "of the request that the host was last asked about")
    passes: int = i1("", "whether it passed, where a moment lies between decision and answer")
    pending: int = i1("", "whether something is to come that could move the window")
    was_open: int = i1("", "whether it replaced one")
    stopped: int = i1("", "the horizon stopped him inside a visit")
    told_0: float = f8(
        "s", "when events about ordinary logouts of his arrive, four that may concern what he holds"
    )
    told_1: float = f8("s")
    told_2: float = f8("s")
    told_3: float = f8("s")


class Causes(Record):
    """A cause, as the engine needs it (`Cause`)."""

    share: float = f8("", "probability that a person has a case of it")
    kinds: int = i8("kinds", "of an administrator that are lost")
    kinds_of_others: int = i8("kinds", "of others that are lost")
    noticed: int = i8("", "whether there is a notice")
    knows_after: int = i8("law", "how long the host needs; -1: it knows at once")
    administrators_only: int = i8("", "whether it takes away nothing that others have")
    read_as: int = i8("", "the first cause whose virtual cases meet the same")


class LawRow(Record):
    """A law: the coefficients of `quantiles.draw`."""

    code: int = i8()
    a: float = f8()
    b: float = f8()
    c: float = f8()
    cap: float = f8("", "the largest value")
    first: int = i8("place", "of its table")
    length: int = i8("", "of its table")


class StationRow(Record):
    """A station: what it did, and its servers."""

    arrivals: int = i8()
    departures: int = i8()
    presence: int = i8("ticks", "the integral of the number present")
    sojourns: int = i8("ticks", "everybody's own time there")
    busy: int = i8("ticks", "of servers in the window")
    queue: int = i8("ticks", "of those who wait in the window")
    size: int = i8("", "of the heap of servers")
    first: int = i8("place", "where that heap begins")
    next_sweep: int = i8("", "arrivals before it is looked through again")
    servers: float = f8("", "may be infinite")
    by_events: int = i8("", "whether only events can tell whose turn it is")
    serving: int = i8("", "by events, or of a blocking app: servers at work")
    first_waiting: int = i8("place", "the head of the queue: a task, or a holder of a blocking app")
    last_waiting: int = i8("place", "and its tail")


class HostRow(Record):
    """Who is asked: the host, then the deciders that the strategy's checks ask (`steps.parties`)."""

    station: int = i8("", "where its services are done")
    streams: int = i8("", "what is added to the streams of its draws")
    knows_laws: int = i8("law", "the first of how long it needs after the host, by cause")
    up_law: int = i8("law", "between outages")
    down_law: int = i8("law", "of an outage")
    outages: int = i8("", "NEVER, ALTERNATING or ONCE")
    starts: float = f8("s", "of the one outage")
    is_down: int = i8("", "whether it is")
    buckets: int = i8("", "of the rate limit: 0, 1 or 2")
    limiter: int = i8("", "the rule of the rate limit: `Limiter`")
    first_limiter: int = i8("place", "of a rule that is no bucket")
    counts_refused: int = i8("", "whether refused calls count")
    told: int = i8("", "what Retry-After says: `Told`")
    rate_0: float = f8("1/s", "the first is refilled")
    rate_1: float = f8("1/s", "the second is refilled")
    capacity_0: float = f8("calls", "of the first")
    capacity_1: float = f8("calls", "of the second")
    level_0: float = f8("calls", "in the first")
    level_1: float = f8("calls", "in the second")
    refilled_0: float = f8("s", "when it was filled up to now")
    refilled_1: float = f8("s", "and the second")
    calls: int = i8("", "of a decider, in the window")


class ChannelLaw(Numbered):
    """Where the laws of a channel lie, from its first; those of its delays in the order of the causes."""

    DELAY = 0
    WAIT = len(Cause)
    FIRST = len(Cause) + 1
    UP = len(Cause) + 2
    DOWN = len(Cause) + 3
    FAN_OUT = len(Cause) + 4


class DeciderLaw(Numbered):
    """Where the laws of a decider lie, from its first; those of what it knows in the order of the causes."""

    TRIP = auto()
    CHECK = auto()
    UP = auto()
    DOWN = auto()
    KNOWS_AFTER = auto()


class ChannelRow(Record):
    """A channel that the strategy listens to (`steps.channels`)."""

    causes: int = i8("causes", "that the strategy takes from it")
    laws: int = i8("law", "the first of its laws (`ChannelLaw`)")
    streams: int = i8("", "what is added to the streams of its draws")
    loss: float = f8("", "probability that an attempt is lost")
    most: float = f8("", "further attempts")
    backoff: float = f8("", "factor of each further wait")
    first_differs: int = i8("", "whether the first wait is of another law")
    every: float = f8("s", "between sweeps; 0: each event is sent")
    holds: int = i8("", "whether events wait in an outage")
    reaches_one: int = i8("", "whether an event gets to one node, of those that keep it")
    outages: int = i8("", "NEVER, ALTERNATING or ONCE")
    starts: float = f8("s", "of the one outage")
    disabled_after: int = i8("", "failed attempts in a row; 0: never")
    disabled_for: float = f8("s", "the sender stops")
    phase: float = f8("s", "the first sweep")
    disabled_until: float = f8("s", "the sender sends nothing")
    failures: int = i8("", "attempts that failed in a row")
    is_down: int = i8("", "whether the receiver is down")
    first_held: int = i8("", "task of the first event that waits for the receiver")
    last_held: int = i8("", "and of the last")
    held: int = i8("", "number of those")


class CheckRow(Record):
    """A check, in the order in which they are asked (`steps.gates`)."""

    kinds: int = i8("kinds", "that are checked")
    sees: int = i8("causes", "that the host's answer shows")
    refuses: int = i8("causes", "for which it refuses every kind")
    asks_admin: int = i8("", "whether it asks for `admin`")
    timeout: float = f8("s", "the app waits for an answer")
    fails_open: int = i8("", "whether a request without an answer passes")
    stale_on_failure: float = f8("s", "after it came the last answer serves; 0: it does not")
    remembers: int = i8("", "whether answers are kept")
    by_device: int = i8("", "whether they are kept by device")
    by_node: int = i8("", "whether each node keeps them for itself")
    allow_for: float = f8("s", "a yes is kept")
    deny_for: float = f8("s", "a no is kept")
    clock: int = i8("", "of kept answers: `Clock`")
    slides: int = i8("", "whether hits prolong a yes")
    slide_step: float = f8("s", "since it was last moved, at least")
    refreshes: int = i8("", "whether an old yes answers while it is asked")
    stale_for: float = f8("s", "after it came")
    refusal_replaces: int = i8("", "whether a no replaces it")
    streams: int = i8("", "what is added to the streams of its draws")
    host: int = i8("place", "who is asked: 0: the host, else a decider")
    trip_law: int = i8("law", "of the way there and back")
    work_law: int = i8("law", "of the answer")
    ends_as: int = i8("", "`Ended`: how it is said that it ended access")


class EffectRow(Record):
    """What events do when they arrive, an entry of the strategy's `push`."""

    channel: int = i8("place", "by which they come")
    causes: int = i8("causes", "of which they tell")
    effect: int = i8("", "`Effect`")
    by_node: int = i8("", "whether each node keeps what it leaves")


class LimiterRow(Record):
    """A limiter of the host, a second's or an hour's, that is no bucket (`steps.limiters`)."""

    most: int = i8("calls", "in a window")
    lasts: float = f8("s", "a window")
    rate: float = f8("1/s", "turns")
    began: float = f8("s", "the window; of calls that wait, when the next turn is free")
    calls: int = i8("", "that count in the window")
    before: int = i8("", "and in the one before")
    first: int = i8("place", "of the calls that it remembers")
    oldest: int = i8("", "which of them is the oldest")


class Due(Record):
    """An event in the heap."""

    time: float = f8("s", "")
    key: int = i8("", "its order among those of the same time (`calendar`)")


class Waiting(Record, packed=True):
    """An event in a row of the calendar: 20 bytes, not aligned."""

    time: float = f8("s", "")
    key: int = i8("", "its order among those of the same time (`calendar`)")
    next: int = i4("place", "the next one of its list, or of the free ones")


class TraceRow(Record):
    """A row of the trace."""

    time: float = f8("s", "")
    token: float = f8("s", "expiry of what is presented or held")
    entry: float = f8("s", "expiry of the page's allowlist entry")
    person: int = i4("", "whose")
    event: int = i1("", "`Event`")
    kind: int = i1("", "of the request; -1: of none")
    decision: int = i1("", "`Decision`")
    reason: int = i1("", "`Reason`, or a cause")


class HistogramRow(Record):
    """How often each time occurred, apart from its buckets."""

    n: int = i8()
    total: int = i8("ticks", "")
    low: float = f8("s", "the smallest")
    high: float = f8("s", "the largest")


class WindowRow(Record):
    """The windows of virtual cases of one kind, apart from their buckets."""

    n: int = i8()
    total: int = i8("", "in parts of a second: `windows.PER_S`")
    high: float = f8("s", "the largest")
    zeros: int = i8("", "of no length at all")
    censored: int = i8("", "that the end of the run cut")


# The arrays: name -> what one item is, and by which name steps reach it: `memory.person(w, i)`. One number is reached as a
# record of one field, `x`.
ARRAYS: dict[str, Rows] = {
    "laws": Rows(LawRow, "law", "by `Law`"),
    "tables": Rows("f8", "tables", "of laws, one after the other", whole=True),
    "bases": Rows("u8", "base", "of the streams"),
    "causes": Rows(Causes, "cause", "by `Cause`"),
    "hours": Rows("f8", "hours", "24 weights of mean 1", whole=True),
    "log_pages": Rows("i8", "log_page", "replayed: a visit's first page"),
    "log_loads": Rows("i8", "log_load", "a page's first load"),
    "log_think": Rows("f8", "log_think", "s before a load; NaN before a visit's first"),
    "log_kind": Rows("i1", "log_kind", "of a load"),
    "log_bytes": Rows("f8", "log_bytes", "of a load; NaN where the log does not say"),
    "persons": Rows(Person, "person"),
    "holders": Rows(Holder, "holder", "by person, then by line, where workers are held"),
    "routes": Rows(
        "i4", "route", "the node of a request: by person, then by line, where there are nodes"
    ),
    "pages": Rows(Page, "page", link="stamped"),
    "entries": Rows("f8", "entry", "s, the allowlist entry of a page: its expiry"),
    "sessions": Rows(Session, "session", "by the place of an entry, where use prolongs it"),
    "families": Rows(Family, "family", "by page, where refresh tokens rotate"),
    "longest": Rows("f8", "longest", "s, the last expiry issued for a page"),
    "latest": Rows("f8", "latest", "s, the last expiry issued to a person, or on a device"),
    "last_left": Rows("i4", "last_left", "the last entry that a page of his left (`steps.left`)"),
    "background": Rows(Background, "background", "by page"),
    "carriers": Rows(Carrier, "carrier", "by person, where he has devices or tabs"),
    "devices": Rows(Device, "device", "by the page that is its own"),
    "tabs": Rows(Tab, "tab", "by page"),
    "lines": Rows(Line, "line", "by page, where pages send by themselves"),
    "connections": Rows(Connection, "connection", "by page"),
    "credentials": Rows(Credential, "credential", link="next"),
    "tasks": Rows(Task, "task", link="next"),
    "cases": Rows(Case, "case"),
    "answers_until": Rows(
        "f8", "answer_until", "s, expiry of what is remembered of a person, by each node"
    ),
    "answers": Rows("i1", "answer", "and the kinds it grants"),
    "answers_moved": Rows(
        "f8", "answer_moved", "s, when that expiry was last set, where hits prolong"
    ),
    "answers_last": Rows(LastAnswer, "answer_last", "of a person, where it serves failures"),
    "answers_stale": Rows(Stale, "answer_stale", "of a person, where an old yes answers"),
    "stamped_until": Rows("f8", "stamped_until", "s, credentials stamped until then are named"),
    "told_before": Rows(
        "f8", "told_before", "s, those named by the host's clock, where clocks differ"
    ),
    "events": Rows(Waiting, "event", "in rows of the calendar", link="next"),
    "first_of_row": Rows("i4", "first_of_row", "of the calendar"),
    "heap": Rows(Due, "due", "events of the present row"),
    "stations": Rows(
        StationRow, "station", "by `Station`, then further nodes of the app, then deciders"
    ),
    "hosts": Rows(HostRow, "host", "the host, then deciders that are asked"),
    "knows": Rows("f8", "knows_at", "s, when deciders know of a case: so many places a case"),
    "checks": Rows(CheckRow, "check", "of the strategy, in its order"),
    "channels": Rows(ChannelRow, "channel", "that the strategy listens to"),
    "effects": Rows(EffectRow, "effect", "of events, in the strategy's order"),
    "limiters": Rows(LimiterRow, "limiter", "a second's, then an hour's, of each who is asked"),
    "limiter_calls": Rows("f8", "limiter_call", "s, the last calls that count: a ring a limiter"),
    "free_at": Rows("f8", "free_at", "s, when servers become or became free: a heap a station"),
    "cells": Rows("i4", "cell", "of time, what is there by `CELLS`, as differences; then calls"),
    "histograms": Rows(HistogramRow, "histogram", "response times by kind, then gate overheads"),
    "counts": Rows("i8", "count", "their buckets"),
    "minute_ticks": Rows("i8", "minute_ticks", "response times by minute of the click"),
    "minute_clicks": Rows("i8", "minute_clicks", "and their number"),
    "calls": Rows("i8", "call", "of the host, the minutes of each `Call`"),
    "limited": Rows("i8", "limited", "answered with 429, by `Call`"),
    "changes": Rows("i8", "change", "of the number of entries, the instants of each of `Entries`"),
    "moments": Rows(Moment, "moment", "by person, where there are virtual cases"),
    "had": Rows(
        "f8", "had", "s, until when what a person had at a moment passes: a token, or a yes"
    ),
    "windows": Rows(WindowRow, "window", "of virtual cases: by cause, act, role and page"),
    "window_counts": Rows("i8", "window_count", "their buckets"),
    "trace": Rows(TraceRow, "row"),
}
POOLS = tuple(name for name, rows in ARRAYS.items() if rows.link)
# What a person has at his own number, people with one page and one check: array -> the setting that says how many items, else one.
# One person's places serve all who are run one after the other.
OF_PERSON = {
    **dict.fromkeys(("persons", "moments", "answers_until", "answers", "answers_moved"), ""),
    **dict.fromkeys(("answers_last", "answers_stale", "stamped_until", "told_before"), ""),
    **dict.fromkeys(("latest", "last_left"), ""),
    "had": "moments",
}
CELLS = (*Station, "calls of a bucket")  # what is counted by cells of time, each a part of `cells`


class Fixed(Settings, Progressing):
    """The world but for where its arrays lie."""


def world_dtype() -> Any:
    """The world: settings, what changes, and the address and length of each array."""
    fields = [(name, field.type) for name, field in Fixed.fields.items()]
    places = [(f"{what}_{name}", "i8") for what in ("at", "n") for name in ARRAYS]
    return np.dtype([*fields, *places], align=True)


World = Any  # in steps: the one record of the run

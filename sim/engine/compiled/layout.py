"""What the compiled engine works on: records in flat arrays, and the codes of states, steps and reasons."""

from typing import Any, NamedTuple

import numpy as np

F, L, I, H, B = np.float64, np.int64, np.int32, np.uint16, np.int8  # noqa: E741
NONE = -1

# Laws, by their place in the table of laws.
(
    CLIENT_APP,
    CLIENT_HOST,
    APP_HOST,
    PAGE_LOAD,
    RENEWAL,
    CHECK,
    AUTH_RENEWAL,
    VERIFY,
    LOOKUP,
    READ,
    WRITE,
    ADMIN,
    LIFETIME,
    ENTRY_LIFETIME,
    STORM_THINK,
    READ_SIZE,
    PAUSE,
    THINK,
    PAGES,
    REQUESTS,
    SIZE,
    PROPAGATION,
    LEAD,
    DETECTED,
    TAKER_DELAY,
    PUSH_DELAY,
    PUSH_WAIT,
    HOST_UP,
    HOST_DOWN,
    PUSH_UP,
    PUSH_DOWN,
) = range(31)
LAWS = 31
LAW = np.dtype(
    [("code", L), ("a", F), ("b", F), ("c", F), ("cap", F), ("first", L), ("length", L)], align=True
)
STREAM_BASES = 400  # purposes (below 100) and the offsets of takers and storms

# Renewals of a token.
NO_TOKEN, BY_PAGE, SLIDING, BY_HOST, BY_HOST_EACH, BY_APP = range(6)
# Effects of a pushed event.
DROP_ENTRIES, DENYLIST, NOT_BEFORE, DROP_REFRESH = range(4)
NEVER, ALTERNATING, ONCE = range(3)  # outages
# Roles of who acts at a person's client: his own, a storm of his, somebody who carries on, somebody who storms.
OWN, STORMING, CARRYING_ON, TAKER_STORMING = range(4)

# What is fixed in a run. Masks have a bit for each cause or kind.
SETTINGS = np.dtype(
    [
        *((name, F) for name in ("horizon", "end", "window_from", "window_until")),
        *((name, F) for name in ("shift_start", "shift_end", "instant_step")),
        ("people", L),
        ("tracing", L),
        ("runs_ahead", L),
        ("keeps_longest", L),
        ("names_tokens", L),
        ("renewal", L),
        ("can_renew", L),
        *((name, F) for name in ("leeway", "absolute", "refresh_at", "refresh_lifetime")),
        ("renewal_refuses", L),
        ("renewal_sees", L),
        ("renewal_asks_admin", L),
        ("allowlist", L),
        ("check", L),
        ("check_kinds", L),
        ("check_sees", L),
        ("check_refuses", L),
        ("check_asks_admin", L),
        ("fails_open", L),
        ("remembers", L),
        *((name, F) for name in ("allow_for", "deny_for", "timeout")),
        ("push", L),
        ("push_causes", L),
        ("push_effect", L),
        ("push_holds", L),
        *((name, F) for name in ("loss", "most", "backoff", "push_starts", "host_starts")),
        ("push_outages", L),
        ("host_outages", L),
        ("retry_after", F),
        ("buckets", L),
        *((name, F) for name in ("rate_0", "rate_1", "capacity_0", "capacity_1")),
        *((name, F) for name in ("workers", "host_servers", "auth_servers")),
        ("holds_worker", L),
        *((name, F) for name in ("gives_up", "storm_duration")),
        *((name, F) for name in ("storm_read", "storm_write", "storm_admin")),
        ("taker_storms", L),
        *((name, F) for name in ("read", "write", "admin", "logout", "close", "leave_open")),
        *((name, F) for name in ("admins", "case_from", "case_until", "rollback")),
        *((name, F) for name in ("deactivation", "permission_loss", "logout_case", "admin_loss")),
        *((name, F) for name in ("leave", "go_on", "storm", "cut_off", "takeover")),
        ("replayed", L),
        ("daily", L),
        ("log_visits", L),
        ("heap_reserve", L),
        ("row_reserve", L),
        *((name, L) for name in ("most_an_instant", "most_a_run", "most_tries")),
    ],
    align=True,
)

# What a person's main line waits for.
(
    DEAD,
    W_START,
    W_PAUSE,
    W_TURN,
    W_THINK,
    W_NOTICE,
    L_ARRIVE,
    L_DONE,
    L_SEEN,
    L_RETRY,
    R_BACKGROUND,
    R_ARRIVE,
    R_DONE,
    R_SEEN,
    R_RETRY,
    S_ARRIVE,
    A_QUEUE,
    A_VERIFIED,
    A_LOOKED,
    A_CHECK,
    A_JOIN,
    A_HANDLED,
    S_ANSWER,
) = range(23)

# Steps of a person's main line: what is to be done next, all in the same instant.
(
    REST,
    NEXT_VISIT,
    NEXT_PAGE,
    LOAD,
    LOADED,
    NEXT_CLICK,
    READY,
    RENEW,
    SEND,
    NOT_READY,
    SERVED,
    JUDGE,
    PASSED,
    PAGE_REFUSED,
    CALLED_OFF,
    OUT,
    VISITED,
    SHIFT_OVER,
    STORM,
    TAKE_OVER,
    END_ROLE,
    RESUME,
) = range(22)

# A person: 96 bytes, since there may be a million; what only some need has arrays of its own. `visit` to `requests` are
# places in the plan. `stamped`, `expires` and `vouched` are of the token presented; from the decision on `stamped` is its
# instant and the others are of the token that the answer brings. While a page or a token is asked for, nothing is
# presented: `expires` keeps half the round trip, then the new token's expiry.
PERSON = np.dtype(
    [
        *((name, F) for name in ("visit_began", "clicked_at", "half_trip", "stamped", "expires")),
        *((name, I) for name in ("visit", "pages_seen", "click", "page_of_visit", "click_of_page")),
        *((name, I) for name in ("pages", "requests", "page", "incoming", "case")),
        *((name, H) for name in ("generation", "renewals", "attempt")),
        *((name, B) for name in ("state", "marks", "kind", "decision", "reason", "outcome")),
        *((name, B) for name in ("vouched", "sends", "administrator")),
    ],
    align=True,
)
# Bits of `marks`.
HAS_NEW, IN_CLICK, RELOADED, SENT_AGAIN, HAS_REQUEST, UNDECIDED, IDLE = (1 << i for i in range(7))
# Of who holds or waits for a worker of a blocking app: since when, when served, who waits behind.
HOLDER = np.dtype([("joined", F), ("seized", F), ("next", I)], align=True)

# A page, from the host's decision to load it until nobody refers to it. Of a free one `stamped` is the next free one.
PAGE = np.dtype(
    [
        *((name, F) for name in ("stamped", "held_stamped", "held_expires")),
        ("references", H),
        *((name, B) for name in ("admin", "held_admin", "dropped")),
    ],
    align=True,
)
# Of a page whose token is renewed in the background: `number` and `renewals` are in the addresses of draws.
BACKGROUND = np.dtype(
    [
        *((name, I) for name in ("number", "renewals")),
        ("held_serial", H),
        *((name, B) for name in ("renewing", "awaited")),
    ],
    align=True,
)
# A credential that could still be presented, of a person with a case; a linked list. `of`: 2 * page + for an administrator.
CREDENTIAL = np.dtype([("stamped", F), ("expires", F), ("next", I), ("of", I)], align=True)

# What goes on beside a person's main line.
(
    T_REVOKED,
    T_LEARNS,
    T_NOTICE,
    T_TAKER,
    T_REFRESH,
    T_RENEW_ARRIVE,
    T_RENEW_DONE,
    T_RENEW_SEEN,
    T_CHECK_ARRIVE,
    T_CHECK_DONE,
    T_CHECK_BACK,
    T_PUSH_ARRIVE,
    T_PUSH_HELD,
    T_PUSH_RETRY,
    T_HOST_DOWN,
    T_HOST_UP,
    T_PUSH_DOWN,
    T_PUSH_UP,
    T_WAITING,
) = range(19)
# Of a check `at` is the expiry of the token, `new_stamped` the service time, `new_expires` the deadline. `serial` counts
# insertions into the calendar. The first three states and T_TAKER are of a case and need no task.
TASK = np.dtype(
    [
        *((name, F) for name in ("half", "at", "new_stamped", "new_expires")),
        ("serial", L),
        *((name, I) for name in ("person", "page", "n", "next")),
        *((name, H) for name in ("attempt", "held_serial", "generation")),
        *((name, B) for name in ("state", "kind", "outcome", "has_new", "new_vouched")),
        *((name, B) for name in ("grants", "cause", "logout_push", "timed")),
    ],
    align=True,
)

# A case: how it was drawn, what happened, the exposure window of each kind (`Exposure`), and what of a person only a case
# can change: who acts, whether he was told or his access withdrawn (`begun`), is called off, cut off (`muted`).
CASE = np.dtype(
    [
        *((name, F) for name in ("revoked", "propagation", "notice", "bytes", "storm_began")),
        *((name, F) for name in ("last_0", "last_1", "last_2", "reach_0", "reach_1", "reach_2")),
        *((name, F) for name in ("click_0", "click_1", "click_2", "last_click")),
        *((name, I) for name in ("reads", "writes", "admins", "recoverable")),
        *((name, I) for name in ("warned_reads", "warned_writes", "warned_admins", "refused")),
        *((name, I) for name in ("person", "issued", "refusals", "pending")),
        *((name, B) for name in ("cause", "behaviour", "taken_over", "page_open", "known")),
        *((name, B) for name in ("kinds", "administrator", "actors", "taker_waits", "role")),
        *((name, B) for name in ("begun", "called_off", "muted", "alive")),
    ],
    align=True,
)

# What changes in a run and belongs to nobody.
STATE = np.dtype(
    [
        *((name, F) for name in ("now", "level_0", "level_1", "refilled_0", "refilled_1")),
        *((name, F) for name in ("told_retry_after", "rows_per_s", "row_end")),
        *(
            (name, L)
            for name in ("taken", "heap", "hole", "moving", "scout", "side_events", "rows")
        ),
        *((name, L) for name in ("free_page", "free_task", "free_credential", "free_event")),
        *((name, L) for name in ("pages_left", "tasks_left", "credentials_left", "events_left")),
        *((name, L) for name in ("host_down", "push_down")),
        *((name, L) for name in ("first_held", "last_held", "held", "woken", "first_waiting")),
        *((name, L) for name in ("last_waiting", "busy", "logout_person", "logout_visit")),
        *((name, L) for name in ("sent", "accepted", "refused", "failed", "clicks")),
        *((name, L) for name in ("clicks_refused", "interruptions", "visit_ticks")),
        *((name, L) for name in ("pushed", "lost", "alive_0", "alive_1")),
        *((name, L) for name in ("made_clicks", "made_loads", "made_renewals", "made_pushes")),
        *((name, L) for name in ("made_outages", "at_once", "work_left", "broken", "endless")),
        ("acted_at", F),
    ],
    align=True,
)
STATION = np.dtype(
    [
        *((name, L) for name in ("arrivals", "departures", "presence", "sojourns")),
        *((name, L) for name in ("busy", "queue", "size", "first", "next_sweep")),
        *((name, L) for name in ("by_events", "serving", "first_waiting", "last_waiting")),
    ],
    align=True,
)
APP, HOST, AUTH = range(3)

EVENT = np.dtype([("time", F), ("key", L)], align=True)
# An event in a row of the calendar, and the next one of its list or of the free ones: 20 bytes, not aligned.
WAITING = np.dtype([("time", F), ("key", L), ("next", I)])
ROW = np.dtype(
    [
        *((name, F) for name in ("time", "token", "entry")),
        ("person", I),
        *((name, B) for name in ("event", "kind", "decision", "reason")),
    ],
    align=True,
)
HISTOGRAM = np.dtype([("n", L), ("total", L), ("low", F), ("high", F)], align=True)

# Codes of the trace's columns `decision` and `reason`.
DECISIONS = ("", "accepted", "refused", "failed")
ACCEPTED, REFUSED, FAILED = 1, 2, 3
REASONS = (
    *("", "ok", "refused", "host_down", "rate_limited", "timeout", "token_expired"),
    *("not_administrator", "named_by_event", "no_entry", "cached_denial", "host_says_no"),
    *("deactivation", "permission_loss", "logout", "admin_loss", "close", "leave_open"),
)
(
    NO_REASON,
    OK,
    NOT_GRANTED,
    HOST_IS_DOWN,
    RATE_LIMITED,
    TIMEOUT,
    TOKEN_EXPIRED,
    NOT_ADMINISTRATOR,
    NAMED,
    NO_ENTRY,
    CACHED_DENIAL,
    HOST_SAYS_NO,
    FIRST_CAUSE,
) = range(13)
CLOSED, LEFT_OPEN, LOGGED_OUT = 16, 17, 14

# How `advance` returns.
FINISHED, PAUSED, NEEDS_PAGES, NEEDS_TASKS, NEEDS_CREDENTIALS, NEEDS_HEAP, NEEDS_ROWS = range(7)
NEEDS_EVENTS, WORKING, ENDLESS = 7, 8, 9


class Arrays(NamedTuple):
    """All arrays of a run. `world` has one element: settings, state, and the addresses of the others (`memory`)."""

    world: Any
    laws: Any
    tables: Any  # of laws, one after the other
    bases: Any  # of the streams: uint64
    daily: Any  # 24 weights
    log_pages: Any  # replayed: a visit's first page
    log_loads: Any  # a page's first load
    log_think: Any
    log_kind: Any
    log_bytes: Any
    persons: Any
    holders: Any
    pages: Any
    entries: Any  # the allowlist entry of a page: its expiry
    longest: Any  # the last expiry issued for a page
    background: Any
    credentials: Any
    tasks: Any
    cases: Any
    answers_until: Any  # the app's cached decision of a person: its expiry
    answers: Any  # and the kinds it grants
    stamped_until: Any  # credentials of a person stamped until then are named by an event
    events: Any  # in rows of the calendar
    first_of_row: Any
    heap: Any  # events of the present row
    stations: Any
    free_at: Any  # when servers of the stations become or became free: three heaps
    histograms: Any  # response times by kind, then gate overheads
    counts: Any  # their buckets
    minute_ticks: Any
    minute_clicks: Any
    calls: Any  # the minutes of each reason
    limited: Any
    changes: Any  # of the two lists
    trace: Any


WORLD = np.dtype(
    [
        *((name, SETTINGS[name]) for name in SETTINGS.names or ()),
        *((name, STATE[name]) for name in STATE.names or ()),
        *((f"at_{name}", L) for name in Arrays._fields[1:]),
        *((f"n_{name}", L) for name in Arrays._fields[1:]),
    ],
    align=True,
)
World = Any  # in compiled code: the one record of `Arrays.world`

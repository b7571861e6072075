"""Counts by hand of what open pages ask for by themselves.

The clock is that of `sim.verification.clockwork`: a page at 100, revoked just after 1030; where nobody clicks, a poll is due at
130, 160, 190, ...
"""

from sim.verification.by_hand import (
    ALLOW,
    LEAVES,
    LONG_TOKEN,
    SHORT_VISITS,
    Clockwork,
    pushed,
    token,
)

ALONE = {"workload.think": 1e9, "workload.poll": {"every": 30.0}}
RENEWED = token(100.0, renewal="host")
LEFT_OPEN = SHORT_VISITS | {"workload.visit_ends": {"leave_open": 1}}
HIDDEN = LEFT_OPEN | {"organisation.shift": {"start": "0s", "end": 150.0}}
HIDDEN |= {"workload.hidden_tabs": {"after": 60.0, "timers_every": 60.0}}
SESSION = LONG_TOKEN | {"allowlist": {"lifetime": 300.0, "renewal": "sliding"}}
REPLACED = LEFT_OPEN | {"workload.poll": {"every": 190.0}, "network.client_app": 40.0}
REPLACED |= {"push.delay": 0.0, "push.loss": 0}
SLOW = {"network.client_app": 10.0, "cases.from": 1030.0}
STORM = {"behaviour.probabilities": {"storm": 1}, "behaviour.storm.think": 100.0}
STORM |= {"behaviour.storm.kinds": {"read": 1}, "behaviour.storm.gives_up_after": 3}

WORLDS = (
    # the token of 100 is good for the polls of 130, 160 and 190; renewed at 220, 340, ..., 940, in vain at 1060
    Clockwork(
        "a poll renews on demand",
        RENEWED,
        {"requests sent": 31, "renewals": 8, "polls": 0, "reads": 0, "last click s": 0, "window s": 10},
        ALONE,
    ),
    # each poll up to the end of the drain, 4000, brings a new token: 1060, 1090, ..., 3970
    Clockwork(
        "a poll slides for ever",
        token(100.0, renewal="sliding"),
        {"polls": 98, "bytes": 98_000, "last click s": 2940, "window s": 2970, "censored": 1},
        ALONE | LEAVES,
    ),
    Clockwork(
        "a cap ends what a poll slides",
        token(100.0, renewal="sliding", absolute=1200.0),
        {"polls": 8, "last click s": 240, "window s": 270, "censored": 0},
        ALONE | LEAVES,
    ),
    Clockwork(
        "a poll keeps a session alive up to its cap",
        {"allowlist": {"lifetime": 100.0, "renewal": "sliding", "absolute": 1200.0}},
        {"polls": 8, "last click s": 240, "window s": 270, "censored": 0},
        ALONE | LEAVES,
    ),
    # the poll of 1030 comes just before the revocation, that of 1060 is refused; four fall into the outage of the host
    Clockwork(
        "a poll that fails goes on, a refused one does not",
        LONG_TOKEN | {"check": ALLOW},
        {"requests sent": 32, "checks": 32, "requests failed": 4, "polls": 0, "refused": 0},
        ALONE | {"host.outages": {"starts": 125.0, "lasts": 100.0}},
    ),
    # pages at 100, 260, ..., 900, each with six polls until the next; the last one's at 925, ..., 1175, and refused at 1200
    Clockwork(
        "polls of a page that is open",
        token(),
        {"requests sent": 48, "polls": 6, "last click s": 145, "page loads": 6},
        LEFT_OPEN | {"workload.poll": {"every": 25.0, "when": "open"}},
    ),
    # two of them within each visit of 60 s
    Clockwork(
        "polls of a visit",
        token(),
        {"requests sent": 18, "polls": 0, "page loads": 6},
        LEFT_OPEN | {"workload.poll": {"every": 25.0, "when": "visit"}},
    ),
    # four polls a page of 300 s; 15 clicks, three of them sent twice; the page of 1000 has polls at 1070 to 1280 and one that is
    # refused at 1350; clicks of the storm at 1430 and 1530 let one go each, at 1490 and 1560
    Clockwork(
        "a click lets polls go on",
        token(),
        {"requests sent": 42, "polls": 4, "reads": 2, "refused": 3, "last click s": 250},
        STORM | {"workload.poll": {"every": 70.0}},
    ),
    # under way from 155 to 165: the click of 160 has its answer at 175
    Clockwork(
        "a click waits for the poll",
        LONG_TOKEN,
        {"requests sent": 3, "mean response s": 15},
        SLOW | {"workload.poll": {"every": 55.0}, "run.horizon": 230.0},
    ),
    # the click of 160 is under way until 170, so the poll of 164 is left out; that of 228 delays the turn of 230 to 238
    Clockwork(
        "a page turn waits for the poll",
        LONG_TOKEN,
        {"requests sent": 2, "mean instant of a page seen s": 169},
        SLOW
        | {"workload.poll": {"every": 64.0}, "run.horizon": 240.0}
        | {"workload.requests_per_page": 1, "workload.pages_per_visit": 2},
    ),
    # one visit from 100 to 160, so nobody has used the page for 60 s from 220 on: renewed at 180; then, due at 260, 380, 500, ...,
    # at 300, 420, ..., 1020, each time without a token for 20 s; that of 1020 is good to 1120, and the renewal of 1140 is in vain
    Clockwork(
        "renewals in a hidden tab",
        token(100.0, renewal="host", refresh_at=0.8),
        {"renewals": 9, "window s": 90},
        HIDDEN,
    ),
    # 125, 150, 175, 200; from 225 on at 240, 300, 360 and, refused, 420
    Clockwork(
        "polls in a hidden tab",
        token(),
        {"requests sent": 9, "window s": 0},
        HIDDEN | {"workload.poll": {"every": 25.0}},
    ),
    # eleven up to 375, then 405, 435, 450, 480 and, refused, 510
    Clockwork(
        "a tab that is hidden later, with other ticks",
        token(400.0),
        {"requests sent": 17, "window s": 0},
        HIDDEN
        | {"workload.poll": {"every": 25.0}}
        | {"workload.hidden_tabs": {"after": 215.0, "timers_every": 15.0}},
    ),
    # pages at 100, 300, ..., 900, each replaced by the next while its poll of 190 s later is on its way: accepted 10 s after that, it
    # prolongs the entry to 510 s after its page; the event of 1030 drops those of 700 and 900
    Clockwork(
        "a poll prolongs the entry of a page that is gone",
        SESSION | pushed("drop_entries"),
        {"mean entries": (3 * 510 + 330 + 130) / 2000, "polls": 0, "window s": 0},
        REPLACED,
    ),
    # the poll of 890 is on its way
    Clockwork(
        "an event drops the entry of a page that is gone while its poll is under way",
        SESSION | pushed("drop_entries"),
        {"mean entries": (2 * 510 + 405 + 205 + 5) / 2000, "polls": 0, "last click s": 0, "window s": 0},
        REPLACED | {"cases.from": 905.0, "cases.until": 905.0 + 1e-9},
    ),
    # the token that the poll of 890 asks for is stamped at 910 and ends at 1090, that of the page of 900 at 1080
    Clockwork(
        "an event names the token that a page which is gone was renewed",
        token(180.0, renewal="app") | pushed("denylist"),
        {"mean entries of the denylist": 60 / 2000},
        REPLACED,
    ),
    # in use from 100 on, so it is never hidden: polls at 125, 150, ..., 275, clicks at 160, 220 and 280
    Clockwork(
        "timers of a page in use keep their pace",
        LONG_TOKEN,
        {"requests sent": 10},
        {
            "run.horizon": 300.0,
            "workload.poll": {"every": 25.0},
            "workload.hidden_tabs": {"after": 30.0, "timers_every": 60.0},
        },
    ),
)  # fmt: skip

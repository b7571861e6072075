"""Counts by hand of devices and tabs.

The clock is that of `sim.verification.clockwork`, with visits of one page and one click: pages at 100, 260, 420, 580, 740 and 900,
clicks 60 s later; at the revocation of 1030 he is between two visits. With two tabs the pages of 740 and 900
are open then; with three, that of 580 too.
"""

from sim.verification.by_hand import (
    DELAYED,
    LONG_TOKEN,
    NO_CASE,
    SHORT_VISITS,
    Clockwork,
    pushed,
    token,
)

VISITS = SHORT_VISITS | {"workload.visit_ends": {"leave_open": 1}}
# a thousand, so that no two of his six visits fall on one
BROWSERS = VISITS | NO_CASE | {"organisation.devices": 1000}
TWO_TABS = VISITS | {"workload.tabs": 2}
RENEWED = token(renewal="host", refresh_at=1.0)
STORM = {"behaviour.probabilities": {"storm": 1}, "behaviour.storm.think": 10.0}
STORM |= {"behaviour.storm.kinds": {"read": 1}, "behaviour.storm.gives_up_after": 3}
TOLD_LATE = {"directory.propagation": 100.0}
COOKIE = token(held_by="device")
ENTRY = {"lifetime": 200.0}

WORLDS = (
    # each page is replaced 160 s after its load, so only the last asks for a token, at 1200, in vain
    Clockwork(
        "one tab, renewed in the background",
        RENEWED,
        {"renewals": 1, "window s": 170, "page loads": 6},
        VISITS,
    ),
    # each page is open for 320 s and asks once: 400, 560, 720, 880; then 1040 and 1200 in vain
    Clockwork(
        "two tabs, renewed in the background",
        RENEWED,
        {"renewals": 6, "window s": 170, "page loads": 6},
        TWO_TABS,
    ),
    # 400, 560, 720, 880; 1180, 1040 and 1200 in vain
    Clockwork(
        "three tabs, renewed in the background",
        RENEWED,
        {"renewals": 7, "window s": 170, "page loads": 6},
        VISITS | {"workload.tabs": 3},
    ),
    # the host knows at 1130, so the page of 740 is renewed once more, at 1040, and is good to 1340
    Clockwork(
        "a tab that nobody looks at",
        RENEWED,
        {"window s": 310, "bound s": 400},
        TWO_TABS | TOLD_LATE | {"behaviour.probabilities": {"leave": 1}},
    ),
    # in the page of 900 at 1040 to 1190; what is refused there at 1200 is done in the other, to 1330
    Clockwork(
        "storm that goes on in the other tab",
        RENEWED,
        {"reads": 30, "last click s": 300, "window s": 310, "page loads": 6},
        TWO_TABS | TOLD_LATE | STORM,
    ),
    # at 1200 refused in both, at 1210 once: three refusals
    Clockwork(
        "storm that is refused in each tab once",
        token(),
        {"reads": 16, "refused": 3, "last click s": 160, "page loads": 6},
        TWO_TABS | STORM,
    ),
    Clockwork(
        "storm that gives up before the other tab",
        token(),
        {"reads": 16, "refused": 1},
        TWO_TABS | STORM | {"behaviour.storm.gives_up_after": 1},
    ),
    # closed at 960: a page's token is gone, a cookie of 900 stays
    Clockwork("a closed tab takes its token along", token(), {"window s": 0, "page open": 0}, SHORT_VISITS),
    Clockwork("a closed tab leaves its cookie", COOKIE, {"window s": 170, "page open": 0}, SHORT_VISITS),
    Clockwork(
        "a logout takes the cookie",
        COOKIE,
        {"window s": 0, "page open": 0},
        SHORT_VISITS | {"workload.visit_ends": {"logout": 1}},
    ),
    # one timer for both tabs, set anew by each page load: 1200, in vain
    Clockwork(
        "a cookie is renewed once a device",
        token(renewal="host", refresh_at=1.0, held_by="device"),
        {"renewals": 1, "window s": 170},
        TWO_TABS,
    ),
    # each visit on a browser of its own, renewed there to 1300, 1160, 1320, 1180, 1040 and 1200; then nowhere
    Clockwork(
        "a sign-out everywhere",
        RENEWED,
        {"renewals": 14, "window s": 290, "page open": 1},
        BROWSERS | {"cases.logout": {"share": 1, "of": "everywhere"}},
    ),
    # the browser of 900 alone; the five others go on: four times, and three times each
    Clockwork(
        "a sign-out of one browser",
        RENEWED,
        {"renewals": 25, "window s": 170, "page open": 1},
        BROWSERS | {"cases.logout": {"share": 1}},
    ),
    # an event that named one browser would leave what the others hold to 8 h
    Clockwork(
        "a sign-out everywhere is told of all browsers",
        LONG_TOKEN | pushed("denylist", "logout"),
        {"window s": 45, "events pushed": 1},
        BROWSERS | DELAYED | {"cases.logout": {"share": 1, "of": "everywhere"}},
    ),
    # six entries of 200 s; of one for the device, each is cut short by the next after 160 s: 100 to 1100
    Clockwork(
        "an entry a page",
        LONG_TOKEN | {"allowlist": ENTRY},
        {"mean entries": 0.6, "window s": 70},
        TWO_TABS,
    ),
    # at 1075 those of 580, 740 and 900 are there, though each tab was closed: all that the device has left
    Clockwork(
        "entries of closed tabs are dropped too",
        LONG_TOKEN | {"allowlist": {"lifetime": 600.0}} | pushed("drop_entries"),
        {"mean entries": (3 * 600 + 495 + 335 + 175) / 2000},
        SHORT_VISITS | {"workload.tabs": 2} | DELAYED,
    ),
    Clockwork(
        "an event names the token of a closed tab",
        token() | pushed("denylist"),
        {"mean entries of the denylist": 125 / 2000},
        SHORT_VISITS | {"workload.tabs": 2} | DELAYED,
    ),
    # it is the device's one entry that goes, at 1075 instead of 1500
    Clockwork(
        "an entry of the device is dropped",
        LONG_TOKEN | {"allowlist": {"lifetime": 600.0, "of": "device"}} | pushed("drop_entries"),
        {"mean entries": 975 / 2000},
        SHORT_VISITS | DELAYED,
    ),
    Clockwork(
        "an entry a device",
        LONG_TOKEN | {"allowlist": ENTRY | {"of": "device"}},
        {"mean entries": 0.5, "window s": 70},
        TWO_TABS,
    ),
)  # fmt: skip

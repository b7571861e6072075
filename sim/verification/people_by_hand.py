"""Counts by hand of what a revoked person does: he storms, he is cut off, somebody takes over his page.

The clock is that of `sim.verification.clockwork`: clicks at 160, 220, ..., 1000, page tokens of 100, 400, 700 and 1000, revoked at
1030. A storm thinks 10 s: from 1030 on it clicks at 1040, 1050, ...
"""

from sim.verification.by_hand import (
    ALLOW,
    LOGOUT,
    LONG_TOKEN,
    LOST,
    SHORT_VISITS,
    WRITES,
    Clockwork,
    token,
)

STORM = {"behaviour.probabilities": {"storm": 1}, "behaviour.storm.think": 10.0}
STORM |= {"behaviour.storm.kinds": {"read": 1}, "behaviour.storm.gives_up_after": 3}
CUT_OFF = {"behaviour.probabilities": {"cut_off": 1}}
TRIP = {"network.client_app": 26.0}  # a click every 86 s: ..., 934, 1020, which is decided at 1033


def taken(delay_s: float, behaviour: str = "continue") -> dict[str, object]:
    """A logout after which somebody sits down at the page."""
    takeover = {"probability": 1, "delay": delay_s, "behaviour": behaviour}
    return LOGOUT | {"behaviour.takeover": takeover}


STORMS = (
    # 1040 to 1290 accepted; 1300, the instant of expiry, 1310 and 1320 refused; no page is loaded again
    Clockwork(
        "storm of writes, until three refusals",
        token(),
        {"writes": 26, "reads": 0, "last click s": 260, "refused": 3, "window s": 270, "page loads": 4,
         "interruptions": 3},
        STORM | {"behaviour.storm.kinds": {"write": 1}},
    ),
    Clockwork(
        "storm of administration",
        token(),
        {"administrations": 26, "reads": 0, "refused": 3, "page loads": 4},
        STORM | {"behaviour.storm.kinds": {"admin": 1}, "organisation.admins": 1},
    ),
    Clockwork(
        "storm that gives up at once",
        token(),
        {"reads": 26, "refused": 1, "last click s": 260},
        STORM | {"behaviour.storm.gives_up_after": 1},
    ),
    # 1040, 1050 and 1060 click; what would come at 1070 is too late
    Clockwork(
        "storm of 40 s",
        token(),
        {"reads": 3, "bytes": 3000, "last click s": 30, "refused": 0, "window s": 270},
        STORM | {"behaviour.storm.duration": 40.0},
    ),
    # told at 1090: 1060 in his own time, then 1100 to 1290
    Clockwork(
        "storm a minute after the revocation",
        token(),
        {"reads": 21, "refused": 3, "last click s": 260, "page loads": 4},
        STORM | {"cases.notice_lead": 60.0},
    ),
    # told at 830: 840 to 990 with the token of 700; 1000, 1010 and 1020 are refused before the revocation
    Clockwork(
        "storm before the revocation",
        token(),
        {"forewarned reads": 16, "reads": 0, "refused": 0, "last click s": 0, "page loads": 3, "requests sent": 33},
        STORM | {"cases.notice_lead": "-200s"},
    ),
    # unawares he reloads at 1300 in vain, comes again at 1400 in vain, pauses until 1500, and is told at 1430:
    # the page that he was refused at 1300 leaves the old one, whose token is over at 1440, 1450 and 1460
    Clockwork(
        "storm of who was refused a page before he was told",
        token(),
        {"reads": 4, "refused": 4, "last click s": 210, "page loads": 6},
        STORM | {"cases.notice_lead": 400.0},
    ),
    # visits of one click, closed at 160, 320, ..., 960: at 1030 he loads a page, which the host, told at 1130, gives;
    # its token is of 1030 and good for 1040 to 1320
    Clockwork(
        "storm without a page, which loads one",
        token(),
        {"page open": 0, "reads": 29, "refused": 3, "last click s": 290, "window s": 300, "page loads": 7},
        STORM | SHORT_VISITS | {"directory.propagation": 100.0},
    ),
    Clockwork(
        "storm without a page, which is refused one",
        token(),
        {"page open": 0, "reads": 0, "refused": 0, "window s": 0, "page loads": 7, "requests sent": 6},
        STORM | SHORT_VISITS,
    ),
    # visits of one click that end in a logout: there is no session to end, and nothing that the host would learn late
    Clockwork(
        "logout without a session, of which the host would know late",
        token(),
        {"window s": 0, "bound s": 300, "page open": 0},
        LOGOUT | SHORT_VISITS | {"workload.visit_ends": {"logout": 1}, "cases.logout": {"share": 1, "propagation": 240.0}},
    ),
    # closed tabs leave the session, with which a page could be loaded until the host knows
    Clockwork(
        "logout with closed tabs, of which the host knows late",
        token(),
        {"window s": 240, "bound s": 540, "page open": 0, "reads": 0},
        LOGOUT | SHORT_VISITS | {"cases.logout": {"share": 1, "propagation": 240.0}},
    ),
    # the limit allows a check each 16 s: 1040, 1060 and 1080 pass; 1050, 1070 and 1090 fail, not in a row
    Clockwork(
        "storm whose failures count as refusals",
        {"check": {"scope": "all", "asks": "session"}},
        {"reads": 3, "refused": 3, "last click s": 50, "checks limited": 3, "longest Retry-After s": 6},
        STORM | LOST | {"host.rate_limit": {"per_second": 0.0625, "burst": 1}},
    ),
    # asked at 1040: the answer is no until 1065, so nobody asks at 1050 and 1060
    Clockwork(
        "storm against a kept denial",
        {"check": ALLOW | {"deny_for": 25.0}},
        {"checks": 16, "refused": 3, "reads": 0},
        STORM,
    ),
)  # fmt: skip

CUTS = (
    Clockwork(
        "cut off",
        token(),
        {"reads": 0, "refused": 0, "last click s": 0, "window s": 270, "page loads": 4, "requests sent": 18},
        CUT_OFF,
    ),
    # told at 830 he goes on: 880, 940, and 1000, for which he loads a page
    Clockwork(
        "cut off, told before",
        token(),
        {"forewarned reads": 3, "reads": 0, "interruptions": 2, "page loads": 4},
        CUT_OFF | {"cases.notice_lead": "-200s"},
    ),
    # sent at 1020, there at 1033: 11 clicks in all
    Clockwork(
        "cut off with a request under way",
        LONG_TOKEN,
        {"reads": 1, "last click s": 3, "requests sent": 11},
        CUT_OFF | TRIP,
    ),
    # renewed in the background at 400, 700, 1000; what would be asked at 1300 does not leave
    Clockwork(
        "cut off, so no token is renewed",
        token(renewal="host", refresh_at=1.0),
        {"renewals": 3, "reads": 0, "censored": 1},
        CUT_OFF | LOST,
    ),
)  # fmt: skip

TAKERS = (
    # there at 1075, he thinks first: 1135, 1195, 1255; 1315 is refused, and so is the page
    Clockwork(
        "takeover",
        token(),
        {"reads": 3, "last click s": 225, "refused": 1, "window s": 270, "page loads": 5},
        taken(45.0),
    ),
    # there at 1070: 1080 to 1290 accepted; 1300, 1310, 1320 refused; no page is loaded
    Clockwork(
        "takeover by a storm",
        token(),
        {"reads": 22, "last click s": 260, "refused": 3, "window s": 270, "page loads": 4},
        STORM | taken(40.0, "storm"),
    ),
    # there at 1035; the owner's click of 1020 is answered at 1046: 1056, 1092, 1128 are decided 13 s later, none follows
    Clockwork(
        "takeover that waits for the owner",
        LONG_TOKEN,
        {"reads": 4, "last click s": 111, "requests sent": 14},
        STORM | TRIP | taken(5.0, "storm") | {"behaviour.storm.duration": 100.0},
    ),
    # pages of two clicks, the last of 1000: the taker has two clicks of his own, 1135 and 1195; at 1255 he turns the page
    Clockwork(
        "takeover by who turns the page",
        LONG_TOKEN,
        {"reads": 2, "last click s": 165, "refused": 0, "page loads": 7},
        taken(45.0) | {"workload.requests_per_page": 2},
    ),
    Clockwork(
        "takeover of a page that is closed",
        token(),
        {"page open": 0, "reads": 0, "window s": 0, "requests sent": 6},
        taken(45.0) | SHORT_VISITS,
    ),
)  # fmt: skip

THINKING = (
    # clicks at 220, 340, ...; reloads at 460 and 820, each after 120 s of writing; 1060 passes
    Clockwork(
        "who writes thinks longer",
        token(),
        {"interruptions": 2, "input lost s": 240, "writes": 1, "last click s": 30, "window s": 90},
        WRITES | {"workload.think": {"read": 60.0, "write": 120.0}},
    ),
    # pages at 100, 400, 700, 1000: two writes of 120 s, then a turn of 60 s; refused at 1300
    Clockwork(
        "who turns a page thinks as a reader",
        token(),
        {"page loads": 5, "interruptions": 0, "input lost s": 0, "writes": 2, "window s": 270},
        WRITES | {"workload.think": {"read": 60.0, "write": 120.0}, "workload.requests_per_page": 2},
    ),
    # 160, 220, ..., with reloads at 400, 700 and 1000: nothing was written
    Clockwork(
        "who administrates nothing thinks as a reader",
        token(),
        {"reads": 4, "interruptions": 3, "input lost s": 0, "window s": 270},
        {"workload.think": {"read": 60.0, "admin": 600.0}, "workload.kinds": {"admin": 1}},
    ),
    # one click, at 700: a reload, and a token to 1000
    Clockwork(
        "who administrates thinks longer",
        token(),
        {"interruptions": 1, "input lost s": 0, "window s": 0},
        {"workload.think": {"read": 60.0, "admin": 600.0}, "workload.kinds": {"admin": 1}, "organisation.admins": 1},
    ),
)  # fmt: skip

WORLDS = (*THINKING, *STORMS, *CUTS, *TAKERS)

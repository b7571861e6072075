"""Counts by hand of what is told to whom, and when: the push channel, notice, the directory, an outage of the host."""

from sim.verification.by_hand import (
    DELAYED,
    LEAVES,
    LOGOUT,
    LONG_TOKEN,
    LOST,
    NO_CASE,
    SHORT_VISITS,
    Clockwork,
    pushed,
    token,
)
from sim.verification.worlds import constant

DOWN = {
    "push.delay": 0,
    "push.loss": 0,
    "push.outages": {"starts": 990.0, "lasts": 65.0},
    "push.on_outage": "lose",
}


def again_and_again(up_s: float) -> dict[str, object]:
    """Outages of 65 s, each so long after the one before."""
    return {"every": constant(up_s), "lasts": constant(65.0)}


TOLD = {"causes": ["deactivation"], "effect": "denylist"}
SIGNALS = {"channels": {"signals": {"delay": 20.0}}}
BY_CAUSE = {"push.delay": {"deactivation": 45.0, "logout": 5.0}, "push.loss": 0}
# Visits end at 160, 320, ..., 1920, each in a logout; an event is sent once.
SIGNS_OUT = NO_CASE | SHORT_VISITS | {
    "workload.visit_ends": {"logout": 1},
    "push.delay": 0,
    "push.loss": 0,
    "push.on_outage": "lose",
    "push.retries": "none",
}  # fmt: skip

WORLDS = (
    Clockwork(
        "pushed denylist",
        LONG_TOKEN | pushed("denylist"),
        {"window s": 45, "reads": 1, "last click s": 30},
        DELAYED,
    ),
    Clockwork(
        "pushed not-before",
        LONG_TOKEN | pushed("not_before"),
        {"window s": 45, "reads": 1, "last click s": 30},
        DELAYED,
    ),
    Clockwork(
        "pushed, entries dropped",
        LONG_TOKEN | {"allowlist": {"lifetime": 28800.0}} | pushed("drop_entries"),
        {"window s": 45, "reads": 1, "mean entries": 975 / 2000},
        DELAYED,
    ),
    # the refresh token goes at 1075: the access token of 1000 ends at 1300
    Clockwork(
        "pushed, refresh token dropped",
        token(renewal="app") | pushed("drop_refresh"),
        {"window s": 270, "reads": 4},
        DELAYED,
    ),
    # it goes at 1310, after one more renewal at 1300
    Clockwork(
        "the same, too late for one renewal",
        token(renewal="app") | pushed("drop_refresh"),
        {"window s": 570, "reads": 9, "last click s": 510},
        DELAYED | {"push.delay": 280.0},
    ),
    # lost at 1030, 1040, 1050: the token, renewed in the background at 1000, ends at 1300
    Clockwork(
        "all attempts lost",
        token(renewal="host", refresh_at=1.0) | pushed("denylist"),
        {"window s": 270, "reads": 4, "events lost": 1},
        {"push.loss": 1, "push.retries": {"most": 2, "wait": 10.0, "backoff": 1}},
    ),
    # tried in vain at 1030, 1040, 1060; the next wait is four times the first
    Clockwork(
        "waits double while the receiver is down",
        LONG_TOKEN | pushed("denylist"),
        {"window s": 70, "reads": 1, "last click s": 30},
        {"push.delay": 0, "push.loss": 0, "push.outages": {"starts": 990.0, "lasts": 75.0}, "push.on_outage": "lose"}
        | {"push.retries": {"most": 5, "wait": 10.0, "backoff": 2}},
    ),
    # nobody tells of a permission that was lost
    Clockwork(
        "an event that is not carried",
        token() | pushed("denylist"),
        {"window s": 270, "reads": 4},
        LOST | DELAYED,
    ),
    # the host learns at 1130: a page at 1060 is still given, its token ends at 1180
    Clockwork(
        "the directory needs 100 s",
        token(120.0),
        {"window s": 150, "reads": 2, "refused": 2, "last click s": 90, "bound s": 220},
        {"directory.propagation": 100.0},
    ),
    Clockwork("after a logout nobody clicks", token(renewal="host"), {"window s": 270, "reads": 0}, LOGOUT),
    Clockwork("he leaves", token(), {"window s": 270, "reads": 0, "last click s": 0}, LEAVES),
    # told at 910: what he does then is allowed until 1030
    Clockwork(
        "told two minutes before",
        token(),
        {"forewarned reads": 2, "reads": 4},
        {"cases.notice_lead": "-2min"},
    ),
    # tried in vain at 1030 and 1039; at 1057 the receiver is up again
    Clockwork(
        "the last attempt arrives",
        LONG_TOKEN | pushed("denylist"),
        {"window s": 27, "reads": 0, "refused": 1, "events lost": 0},
        DOWN | {"push.retries": {"most": 2, "wait": 9.0, "backoff": 2}},
    ),
    # the token of 100 ends at 28900; he clicks until the end, at 4000
    Clockwork(
        "one attempt less",
        LONG_TOKEN | pushed("denylist"),
        {"window s": 27870, "reads": 49, "events lost": 1},
        DOWN | {"push.retries": {"most": 1, "wait": 9.0, "backoff": 2}},
    ),
    # there in vain at 1035 and, 9 s later and 5 on the way, at 1049; 18 s later and 5 on the way it takes effect, at 1072
    Clockwork(
        "a wait runs from the arrival in vain",
        LONG_TOKEN | pushed("denylist"),
        {"window s": 42, "reads": 1},
        DOWN | {"push.delay": 5.0, "push.retries": {"most": 5, "wait": 9.0, "backoff": 2}},
    ),
    Clockwork(
        "held while the receiver is down",
        LONG_TOKEN | pushed("denylist"),
        {"window s": 25, "reads": 0, "events lost": 0},
        DOWN | {"push.on_outage": "hold"},
    ),
    # down from 520 and from 1105 for 65 s: what arrives at 1110 is held until 1170
    Clockwork(
        "held by a receiver that is down again and again",
        LONG_TOKEN | pushed("denylist"),
        {"window s": 140, "reads": 2, "last click s": 90},
        DELAYED | {"push.delay": 80.0, "push.outages": again_and_again(520.0)},
    ),
    # the click of 1060 renews, since a renewal does not see the permission: its token is named at 1075, and refused at 1120
    Clockwork(
        "an event that names what was issued before it came",
        token(100.0, renewal="host") | pushed("denylist", "permission_loss"),
        {"reads": 1, "refused": 1, "censored": 1},
        LOST | DELAYED,
    ),
    # the same token is younger than the event: he goes on until the end
    Clockwork(
        "an event that names what was issued before it left",
        token(100.0, renewal="host") | pushed("not_before", "permission_loss"),
        {"reads": 49, "refused": 0, "censored": 1},
        LOST | DELAYED,
    ),
    # pages of 100, 460, 820: at 1075 the last token has 45 s, and 30 s more at the verifier
    Clockwork(
        "an entry of the denylist lives for the leeway too",
        token(leeway=30.0) | pushed("denylist"),
        {"mean entries of the denylist": 75 / 2000, "window s": 45},
        DELAYED,
    ),
    # tried in vain at 1030, and with success at 1059, in time for the click
    Clockwork(
        "the first wait is another",
        LONG_TOKEN | pushed("denylist"),
        {"window s": 29, "reads": 0, "refused": 1},
        DOWN | {"push.retries": {"most": 2, "first": 29.0, "wait": 1.0, "backoff": 2}},
    ),
    # of a deactivation after 45 s, of a logout after 5, of the others at once
    Clockwork(
        "a delay a cause, of a deactivation",
        LONG_TOKEN | pushed("denylist"),
        {"window s": 45, "reads": 1, "bound s": 45},
        BY_CAUSE,
    ),
    Clockwork(
        "a delay a cause, of a logout",
        LONG_TOKEN | pushed("denylist", "logout"),
        {"window s": 5, "bound s": 5},
        LOGOUT | BY_CAUSE,
    ),
    Clockwork(
        "a delay a cause, of a permission",
        LONG_TOKEN | pushed("denylist", "permission_loss"),
        {"window s": 0, "reads": 0, "bound s": 0},
        LOST | BY_CAUSE,
    ),
    # by the other channel, which takes 20 s
    Clockwork(
        "an event by a channel of another name",
        LONG_TOKEN | {"push": {"channel": "signals", "causes": ["deactivation"], "effect": "denylist"}},
        {"window s": 20, "reads": 0, "refused": 1, "bound s": 20, "events pushed": 1},
        DELAYED | SIGNALS,
    ),
    # by both: what comes first ends it, at 1050; the other is there at 1075
    Clockwork(
        "two channels, two events",
        LONG_TOKEN | {"push": [TOLD, TOLD | {"channel": "signals"}]},
        {"window s": 20, "reads": 0, "bound s": 20, "events pushed": 2},
        DELAYED | SIGNALS,
    ),
    # nothing that is neutral is the office's: no delay, no loss, no outage
    Clockwork(
        "a channel of which nothing is said",
        LONG_TOKEN | {"push": [TOLD | {"channel": "signals"}]},
        {"window s": 0, "bound s": 0, "events lost": 0},
        {"channels": {"signals": {}}, "push.loss": 1},
    ),
    # one event, which drops the entry and names the token: one draw, one arrival
    Clockwork(
        "two effects of one event",
        LONG_TOKEN | {"allowlist": {"lifetime": 28800.0}, "push": [TOLD | {"effect": "drop_entries"}, TOLD]},
        {"window s": 45, "reads": 1, "events pushed": 1, "mean entries": 975 / 2000},
        DELAYED,
    ),
    # told in the sweep after 1030, wherever it lies, and 45 s later: after 1060 and before 1120
    Clockwork(
        "a sweep each half second",
        LONG_TOKEN | pushed("denylist"),
        {"reads": 1, "last click s": 30, "refused": 1, "bound s": 45.5, "events pushed": 1},
        DELAYED | {"push.every": 0.5},
    ),
    # what is lost goes to the next sweep, until the end at 4000
    Clockwork(
        "a sweep that always loses",
        LONG_TOKEN | pushed("denylist"),
        {"reads": 49, "events lost": 0, "censored": 1},
        {"push.loss": 1, "push.every": 20.0},
    ),
    # the receiver is down from 150 to 550: events of 160 and 320 are lost, and the sender stops
    Clockwork(
        "a sender that stops for good",
        token() | pushed("denylist", "logout"),
        {"events pushed": 12, "events lost": 12},
        SIGNS_OUT | {"push.outages": {"starts": 150.0, "lasts": 400.0}, "push.disabled_after": 2},
    ),
    # that of 480 as well: it stops until 880, so those of 640 and 800 are lost too
    Clockwork(
        "a sender that stops for a while",
        token() | pushed("denylist", "logout"),
        {"events pushed": 12, "events lost": 5},
        SIGNS_OUT | {"push.outages": {"starts": 150.0, "lasts": 400.0}, "push.disabled_after": 3, "push.disabled_for": 400.0},
    ),
    # down from 300 to 640, 940 to 1280 and 1580 to 1920: two events are lost in a row, and two arrive
    Clockwork(
        "a sender whose events arrive now and then",
        token() | pushed("denylist", "logout"),
        {"events pushed": 12, "events lost": 6},
        SIGNS_OUT | {"push.outages": {"every": constant(300.0), "lasts": constant(340.0)}, "push.disabled_after": 3},
    ),
    # the page of 900 is closed at 960, its token named at 1075 and good to 1200
    Clockwork(
        "an event names the token of a page that is closed",
        token() | pushed("denylist"),
        {"mean entries of the denylist": 125 / 2000, "window s": 0},
        DELAYED | SHORT_VISITS,
    ),
    # the page of 1000 has had its two clicks by 1060; a list of tokens does not know that, and keeps it to 1300
    Clockwork(
        "an event names a token that is spent",
        token(uses=2) | pushed("denylist"),
        {"mean entries of the denylist": 225 / 2000, "window s": 30},
        DELAYED,
    ),
    # entries of 600 s from pages of 100, 260, ..., 900; at 1075 those of 580, 740 and 900 are there, all of closed pages
    Clockwork(
        "entries of closed pages are dropped too",
        LONG_TOKEN | {"allowlist": {"lifetime": 600.0}} | pushed("drop_entries"),
        {"mean entries": (3 * 600 + 495 + 335 + 175) / 2000, "window s": 0},
        DELAYED | SHORT_VISITS,
    ),
    # it would be there at 6030: until the end, at 4000, the token is good
    Clockwork(
        "an event under way at the end",
        LONG_TOKEN | pushed("denylist"),
        {"censored": 1, "window s": 2970},
        DELAYED | {"push.delay": 5000.0},
    ),
    # pages of 100, 260, ..., 1860; visits end at 160, 320, ..., 1920; each event is there 105 s after its page, for 195 s
    Clockwork(
        "an ordinary logout emits an event",
        token() | pushed("denylist", "logout"),
        {"events pushed": 12, "page loads": 12, "mean entries of the denylist": (11 * 195 + 35) / 2000},
        SIGNS_OUT | DELAYED,
    ),
    # there 170 s after its page, and 10 s after the next one's: it names both
    Clockwork(
        "an event of a logout names the next page's token",
        token() | pushed("denylist", "logout"),
        {"mean entries of the denylist": (10 * 290 + 130) / 2000},
        SIGNS_OUT | {"push.delay": 110.0, "push.loss": 0},
    ),
    Clockwork(
        "an event of a logout drops the entry that its page left",
        LONG_TOKEN | {"allowlist": {"lifetime": 600.0}} | pushed("drop_entries", "logout"),
        {"mean entries": 12 * 105 / 2000},
        SIGNS_OUT | DELAYED,
    ),
    Clockwork(
        "a closed tab emits none",
        token() | pushed("denylist", "logout"),
        {"events pushed": 0, "page loads": 12},
        NO_CASE | SHORT_VISITS,
    ),
    # asked for a page at 400, 420 and 440, when the host is up again: that click waits 40 s, 30 clicks in all
    Clockwork(
        "the host is down",
        token(),
        {"mean response s": 40 / 30, "page loads": 9, "interruptions": 6},
        NO_CASE | {"host.outages": {"starts": 390.0, "lasts": 50.0}, "host.retry_after": 20.0},
    ),
    # down from 350 and each 415 s after: 400 is asked again at 420, and 1620 at 1640 and 1660
    Clockwork(
        "the host is down again and again",
        token(),
        {"mean response s": (20 + 40) / 30, "page loads": 10, "interruptions": 6},
        NO_CASE | {"host.outages": again_and_again(350.0), "host.retry_after": 20.0},
    ),
)  # fmt: skip

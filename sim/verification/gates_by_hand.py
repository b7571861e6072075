"""Counts by hand of the gates: tokens and their renewal, allowlist entries, checks, administration, and what they cost."""

from sim.verification.by_hand import (
    ALLOW,
    LEAVES,
    LOGOUT,
    LONG_TOKEN,
    LOST,
    NO_CASE,
    SHORT_VISITS,
    WRITES,
    Clockwork,
    pushed,
    token,
)

HOUR_ENTRY = {"allowlist": {"lifetime": 3600.0}}
ADMINS = {"organisation.admins": 1, "workload.kinds": {"admin": 1}}
ADMIN_LOSS = NO_CASE | ADMINS | {"cases.admin_loss": {"share": 1}}

WORLDS = (
    # issued 100, 400, 700, 1000: the click at the instant of expiry is refused, the page reloads
    Clockwork(
        "page token",
        token(),
        {"window s": 270, "reads": 4, "last click s": 210, "refused": 1, "interruptions": 3,
         "page loads": 5, "bytes": 4000, "bound s": 300, "seconds inside visits": 930},
    ),
    # issued 100, 460, 820, each good to the end of its last second
    Clockwork(
        "page token to the end of its last second",
        token(clock="floor_plus_1"),
        {"window s": 91, "reads": 2, "last click s": 90, "interruptions": 2, "page loads": 4, "bound s": 301},
    ),
    # clicks at 160.25, 220.5, ...: tokens of 280.75 and 762.75 end for the verifier at 401 and 883, for the client 0.75 s later;
    # refused at 401.25 and 883.25, renewed, sent again
    Clockwork(
        "a token that ends before the client thinks",
        token(121.0, clock="floor", renewal="host"),
        {"renewals": 6, "requests sent": 17, "interruptions": 0, "window s": 0},
        {"workload.think": 60.25},
    ),
    # 30 s more for the verifier: issued 100, 460, 820; the last ends at 1150
    Clockwork(
        "leeway",
        token(leeway=30.0),
        {"window s": 120, "reads": 2, "last click s": 90, "interruptions": 2, "bound s": 330},
    ),
    # the cap of 600 s from the page load: 100, 700, 1300, however often clicks slide the token
    Clockwork(
        "sliding up to a cap",
        token(renewal="sliding", absolute=600.0),
        {"window s": 270, "reads": 4, "last click s": 210, "interruptions": 1},
    ),
    # renewed by the first click at or after expiry: 400, 700, 1000, refused at 1300
    Clockwork(
        "renewed on demand",
        token(renewal="host"),
        {"window s": 270, "reads": 4, "renewals": 4, "interruptions": 0},
    ),
    # renewed each 240 s: 340, 580, 820; the attempt at 1060 is refused, the held token ends at 1120
    Clockwork(
        "renewed at 0.8",
        token(renewal="host", refresh_at=0.8),
        {"window s": 90, "reads": 1, "last click s": 30, "interruptions": 0},
    ),
    # each click fetches: the token of 1000 lives until 1300 for whoever holds it, who asks in vain five times
    Clockwork(
        "renewed at each click",
        token(renewal="host_each"),
        {"window s": 270, "interruptions": 0, "renewals": 20, "reads": 4},
    ),
    # the entry of 100 ends at 400 as the token did
    Clockwork(
        "allowlist",
        LONG_TOKEN | {"allowlist": {"lifetime": 300.0}},
        {"window s": 270, "reads": 4, "interruptions": 3, "refused": 1, "mean entries": 0.6},
    ),
    # entries of 100, 460, 820 live to the end of their last second
    Clockwork(
        "allowlist to the end of its last second",
        LONG_TOKEN | {"allowlist": {"lifetime": 300.0, "clock": "floor_plus_1"}},
        {"window s": 91, "reads": 2, "interruptions": 2, "bound s": 301},
    ),
    Clockwork(
        "check",
        {"check": ALLOW},
        {"window s": 0, "reads": 0, "refused": 1, "checks": 16, "bound s": 1},
    ),
    # asked at 160, 460, 760, 1060: the answer of 760 is no longer kept at 1060
    Clockwork(
        "check kept 300 s",
        {"check": ALLOW | {"allow_for": 300.0}},
        {"window s": 30, "reads": 0, "checks": 4, "bound s": 301},
    ),
    # asked at 160, 520, 880, 1240
    Clockwork(
        "check kept 310 s",
        {"check": ALLOW | {"allow_for": 310.0}},
        {"window s": 160, "reads": 3, "last click s": 150, "checks": 4},
    ),
    # asked at 160, 520, 880: the yes of 880 is kept to the end of second 1180
    Clockwork(
        "check kept to the end of its last second",
        {"check": ALLOW | {"allow_for": 300.0, "clock": "floor_plus_1"}},
        {"window s": 151, "reads": 3, "last click s": 150, "checks": 4, "bound s": 302},
    ),
    # clicks at 160.5, 221, 281.5, ...: asked at 160.5, kept to the start of 342, asked then, at 584, at 826, refused at 1068
    Clockwork(
        "check kept to the start of its last second",
        {"check": ALLOW | {"allow_for": 182.0, "clock": "floor"}},
        {"window s": 0, "reads": 0, "checks": 5, "bound s": 183},
        {"workload.think": 60.5},
    ),
    # clicks each 60 s move the end by 90 s: nobody is asked again
    Clockwork(
        "a yes that hits prolong",
        {"check": ALLOW | {"allow_for": 90.0, "slides": {"step": 0}}},
        {"censored": 1, "window s": 2970, "checks": 1},
    ),
    # the hit at 280 comes 90 s after the end was moved, and 95 s are needed: asked at 190, 370, 550, 730, 910, 1090
    Clockwork(
        "a yes that hits prolong once in a while",
        {"check": ALLOW | {"allow_for": 100.0, "slides": {"step": 0.95}}},
        {"window s": 0, "reads": 0, "checks": 6},
        {"workload.think": 90.0},
    ),
    Clockwork(
        "a yes that hits prolong just in time",
        {"check": ALLOW | {"allow_for": 100.0, "slides": {"step": 0.9}}},
        {"censored": 1, "checks": 1},
        {"workload.think": 90.0},
    ),
    # asked beside the clicks of 280, 400, ..., 1000, 1120; the last brings a no, and 1180 is refused
    Clockwork(
        "an old yes that a no replaces",
        {"check": ALLOW | {"allow_for": 100.0, "refresh": {"stale_for": 1000.0, "refusal_replaces": True}}},
        {"window s": 90, "reads": 2, "last click s": 90, "checks": 10, "bound s": 1001},
    ),
    # the yes of 1000 answers to 1250, each time with a question; 1300 is refused
    Clockwork(
        "an old yes to its end",
        {"check": ALLOW | {"allow_for": 100.0, "refresh": {"stale_for": 250.0}}},
        {"window s": 220, "reads": 4, "last click s": 210, "checks": 12, "bound s": 251},
    ),
    # no refusal replaces it
    Clockwork(
        "an old yes without end",
        {"check": ALLOW | {"allow_for": 100.0, "refresh": {}}},
        {"censored": 1, "window s": 2970},
    ),
    # the host is down from 1000 to 1600: the yes of 940 serves 1060 and 1120, at 1180 it is 240 s old
    Clockwork(
        "the last answer where there is none",
        {"check": ALLOW | {"on_failure": "stale", "stale_for": 240.0}},
        {"window s": 90, "reads": 2, "last click s": 90, "requests failed": 1, "checks": 18, "bound s": 242},
        {"host.outages": {"starts": 1000.0, "lasts": 600.0}},
    ),
    # the yes of 760 is kept to 1060, and serves from then on as the last answer: at 1240 it is 480 s old
    Clockwork(
        "the last answer after it was kept",
        {"check": ALLOW | {"allow_for": 300.0, "on_failure": "stale", "stale_for": 480.0}},
        {"window s": 150, "reads": 3, "last click s": 150, "requests failed": 1},
        {"host.outages": {"starts": 1000.0, "lasts": 600.0}},
    ),
    # the first is asked at 160, 520, 880, the second at 160, 280, ..., 1000, 1120: its no ends it, 90 s after 1030
    Clockwork(
        "two checks in turn",
        {"check": [ALLOW | {"allow_for": 310.0}, ALLOW | {"allow_for": 120.0}]},
        {"window s": 90, "reads": 1, "last click s": 30, "checks": 12, "refused": 1, "bound s": 121},
    ),
    # the other way round: the bound of the first has the time-out of the second
    Clockwork(
        "two checks, the shorter first",
        {"check": [ALLOW | {"allow_for": 120.0}, ALLOW | {"allow_for": 310.0}]},
        {"window s": 90, "reads": 1, "last click s": 30, "checks": 12, "refused": 1, "bound s": 122},
    ),
    # reads are kept for 310 s, writes never
    Clockwork(
        "a check of reads and one of writes",
        {"check": [ALLOW | {"scope": "reads", "allow_for": 310.0}, ALLOW | {"scope": "writes"}]},
        {"window of reads s": 160, "window of writes s": 0, "reads": 3, "checks": 4},
    ),
    Clockwork(
        "two checks that time out and let pass",
        {"check": [ALLOW | {"on_failure": "allow"}, ALLOW | {"timeout": 2.0, "on_failure": "allow"}]},
        {"mean overhead s": 3.0, "mean response s": 3.0},
        NO_CASE | {"host.check": 5.0},
    ),
    # it learns at 1150: asked at 1060 and 1120, refused at 1180; the host is asked for nothing
    Clockwork(
        "a decider that knows 120 s after the host",
        {"check": ALLOW | {"at": "local"}},
        {"window s": 120, "reads": 2, "last click s": 90, "checks": 0, "refused": 1, "bound s": 121},
        {"deciders": {"local": {"knows_after": {"deactivation": 120.0}}}},
    ),
    # asked at 160, 280, ..., 1000, 1120: that yes is kept to 1240, when the decider has known for 90 s
    Clockwork(
        "what a late decider said is kept",
        {"check": ALLOW | {"at": "local", "allow_for": 120.0}},
        {"window s": 210, "reads": 3, "last click s": 150, "checks": 0, "bound s": 241},
        {"deciders": {"local": {"knows_after": {"deactivation": 120.0}}}},
    ),
    # the host's answer takes 0.7 s, the decider's 0.3 s: clicks at 160, 221, ..., 1990
    Clockwork(
        "a decider beside the host",
        {"check": [ALLOW | {"at": "local"}, ALLOW]},
        {"mean overhead s": 1.0, "checks": 31},
        NO_CASE
        | {"network.app_host": 0.4, "host.check": 0.3}
        | {"deciders": {"local": {"trip": 0.1, "check": 0.2, "knows_after": {"deactivation": 120.0}}}},
    ),
    # its own outage, not the host's
    Clockwork(
        "a decider that is down",
        {"check": [ALLOW | {"at": "local", "on_failure": "allow"}, ALLOW]},
        {"window s": 0, "reads": 0, "last click s": 0, "requests failed": 0, "refused": 1, "checks": 16},
        {"deciders": {"local": {"outages": {"starts": 500.0, "lasts": 5000.0}}}},
    ),
    # ten calls and no more; those that it refuses pass, and none is the host's: the last click before 4000 is that of 3940
    Clockwork(
        "a decider that limits calls",
        {"check": ALLOW | {"at": "local", "on_failure": "allow"}},
        {"checks limited": 0, "checks": 0, "last click s": 2910},
        {"deciders": {"local": {"rate_limit": {"per_second": 0, "burst": 10}}}},
    ),
    # the second is asked about session and permission of its own; where one fails the request does
    Clockwork(
        "the second of two checks finds nobody",
        {"check": [ALLOW | {"on_failure": "allow"}, ALLOW]},
        {"requests failed": 1, "checks": 30},
        {"host.outages": {"starts": 1000.0, "lasts": 600.0}},
    ),
    # reads are not asked about
    Clockwork(
        "check of writes",
        token() | {"check": ALLOW | {"scope": "writes"}},
        {"window of reads s": 270, "window of writes s": 0, "reads": 4, "checks": 0},
    ),
    Clockwork(
        "check of reads, writes sent",
        token() | {"check": ALLOW | {"scope": "reads"}},
        {"writes": 4, "checks": 0, "recoverable writes": 2},
        WRITES | {"cases.detected_after": 300.0, "cases.rollback_window": 151.0},
    ),
    # a renewal sees account and session, not the permission: the window has no end
    Clockwork(
        "a renewal that does not see the cause",
        token(renewal="host"),
        {"censored": 1, "window s": 2970},
        LOST,
    ),
    Clockwork(
        "a renewal that is told to look",
        token(renewal="host", revalidates=["account", "session", "permission"]),
        {"window s": 270, "reads": 4, "renewals": 4},
        LOST,
    ),
    Clockwork(
        "times add up",
        {"check": ALLOW},
        {"mean response s": 3.3, "mean overhead s": 0.8},
        NO_CASE
        | {"network.client_app": 2.0, "network.app_host": 0.4, "host.check": 0.3, "app.verify": 0.1}
        | {"app.service.read": 0.5},
    ),
    Clockwork(
        "a check that times out and lets pass",
        {"check": ALLOW | {"timeout": 1.0, "on_failure": "allow"}},
        {"mean overhead s": 1.0, "mean response s": 1.0},
        NO_CASE | {"host.check": 5.0},
    ),
    # renewed at 400; at 700 the cap is reached and the page loads anew; renewed at 1000; at 1300 refused, as is the page
    Clockwork(
        "renewed up to a cap",
        token(renewal="host", absolute=600.0),
        {"renewals": 4, "page loads": 3, "interruptions": 1, "window s": 270},
    ),
    # renewed by the app at 400 and 700, not at 1000; the refresh token of that page is good for 1300 and 1600
    Clockwork(
        "refresh token of 700 s",
        token(renewal="app", refresh_lifetime=700.0),
        {"window s": 870, "reads": 14, "last click s": 810, "interruptions": 1, "page loads": 3, "censored": 0},
    ),
    # a renewal does not see that the permission is lost: the tokens of the page of 100 end with its cap, after the run
    Clockwork(
        "a cap beyond the end is known",
        token(renewal="host", absolute=8000.0),
        {"censored": 0, "window s": 7070},
        LOST,
    ),
    # a token that he renews up to the cap passes for the leeway longer
    Clockwork(
        "a cap with a leeway is not known while somebody may renew",
        token(renewal="host", absolute=8000.0, leeway=30.0),
        {"censored": 1, "window s": 2970},
        LOST,
    ),
    Clockwork(
        "it is known where nobody does",
        token(renewal="host", absolute=8000.0, leeway=30.0),
        {"censored": 0, "window s": 7070},
        LOST | LEAVES,
    ),
    # nobody renews any more, yet the refresh token could until 9100
    Clockwork(
        "the age of a refresh token beyond the end is known",
        token(renewal="app", refresh_lifetime=9000.0),
        {"censored": 0, "window s": 8070, "reads": 0},
        LEAVES,
    ),
    # who still clicks may renew shortly before that, for longer
    Clockwork(
        "it is not known while somebody may renew",
        token(renewal="app", refresh_lifetime=9000.0),
        {"censored": 1, "window s": 2970, "reads": 49},
    ),
    # renewed at 500, 900, ..., 3700; from 3800 on the app refuses, and at the end, at 4000, the last token has 100 s left
    Clockwork(
        "a token that nobody can renew is known to its end",
        token(400.0, renewal="app", refresh_at=1.0, refresh_lifetime=3700.0),
        {"censored": 0, "window s": 3070, "reads": 49},
    ),
    Clockwork(
        "it is not known while it would be renewed",
        token(400.0, renewal="app", refresh_at=1.0, refresh_lifetime=3950.0),
        {"censored": 1, "window s": 2970},
    ),
    # nor where the refresh token was dropped, at 3930
    Clockwork(
        "a token whose refresh token was dropped is known to its end",
        token(400.0, renewal="app", refresh_at=1.0) | pushed("drop_refresh"),
        {"censored": 0, "window s": 3070, "reads": 49},
        {"push.delay": 2900.0, "push.loss": 0},
    ),
    # what he sends leaves no more, so nothing renews: the refresh token could until 9100
    Clockwork(
        "the age of a refresh token is known of who is cut off",
        token(renewal="app", refresh_at=1.0, refresh_lifetime=9000.0),
        {"censored": 0, "window s": 8070, "reads": 0},
        {"behaviour.probabilities": {"cut_off": 1}},
    ),
    # he clicks on, but the token that he slides ends with its cap, at 4050
    Clockwork(
        "a token that slides to its cap is known",
        token(renewal="sliding", absolute=3950.0),
        {"censored": 0, "window s": 3020, "reads": 49},
    ),
    # the token could slide for ever; the entry of 100 ends at 4050
    Clockwork(
        "an entry that nobody can write anew is known to its end",
        token(renewal="sliding") | {"allowlist": {"lifetime": 3950.0}},
        {"censored": 0, "window s": 3020, "reads": 49},
    ),
    # a call each 256 s: 160, 460, 760, ..., 1960 renew; at the four clicks between, the token is good
    Clockwork(
        "a renewal at each click that fails changes nothing",
        token(renewal="host_each"),
        {"mean response s": 0, "renewals": 31, "renewals limited": 24, "interruptions": 0},
        NO_CASE | {"host.rate_limit": {"per_second": 1 / 256, "burst": 1}},
    ),
    # sent at 418, there at 431, after the expiry at 425: renewed when the answer is seen, and sent once more
    Clockwork(
        "a token that expires on the way",
        token(325.0, renewal="host"),
        {"mean response s": 26 + 26 / 22, "requests sent": 23, "renewals": 5, "interruptions": 0},
        NO_CASE | {"network.client_app": 26.0},
    ),
    # an answer takes 45 s: the token valid at 370 is not at 415, when it is in; a reload, and 45 s again
    Clockwork(
        "a token that expires while the host is asked",
        token() | {"check": ALLOW | {"timeout": 60.0}},
        {"mean response s": 45 + 45 / 18, "checks": 19, "interruptions": 6},
        NO_CASE | {"host.check": 45.0},
    ),
    # pages are stamped at 110, 430, ..., 1710, and written to the list when they are seen, 10 s later, for 290 s
    Clockwork(
        "an entry lives from the stamp",
        LONG_TOKEN | {"allowlist": {"lifetime": 300.0}},
        {"mean entries": (5 * 290 + 280) / 2000, "interruptions": 5, "mean response s": 5 * 20 / 29},
        NO_CASE | {"network.client_host": 20.0},
    ),
    # pages of 100, 260, ..., 1860, closed after a minute: each has an entry for 300 s, the last for 140 s of the window
    Clockwork(
        "an entry outlives its page",
        LONG_TOKEN | {"allowlist": {"lifetime": 300.0}},
        {"mean entries": (11 * 300 + 140) / 2000},
        NO_CASE | SHORT_VISITS,
    ),
    # until 1130 the host grants whatever it is asked
    Clockwork(
        "check, the directory needs 100 s",
        {"check": ALLOW},
        {"window s": 100, "reads": 2, "last click s": 90, "refused": 1, "bound s": 101},
        {"directory.propagation": 100.0},
    ),
    # the host's clock is 120 s ahead: for the app the tokens of 100, 520 and 940 last until 520, 940 and 1360
    Clockwork(
        "page token of a host two minutes ahead",
        token(),
        {"window s": 330, "last click s": 270, "bound s": 420, "page loads": 4},
        {"host.clock_offset": 120.0},
    ),
    # the app's clock is: the tokens of 100, 280, ..., 820, 1000 are over after 180 s
    Clockwork(
        "page token for an app two minutes ahead",
        token(),
        {"window s": 150, "last click s": 90, "bound s": 300, "page loads": 7, "interruptions": 5},
        {"app.clock_offset": 120.0},
    ),
    # refused at 280, 460, ..., which the client did not expect: it renews and sends once more
    Clockwork(
        "token renewed by the host for an app two minutes ahead",
        token(renewal="host"),
        {"window s": 150, "bound s": 300, "interruptions": 0},
        {"app.clock_offset": 120.0},
    ),
    # the page's token is the host's; those of 400, 700 and 1000 are good for 60 s more than the client thinks
    Clockwork(
        "token renewed by a server one minute ahead",
        token(renewal="app") | pushed("drop_refresh"),
        {"window s": 330, "bound s": 360, "interruptions": 0},
        {"push.delay": 0, "push.loss": 0, "auth_server.clock_offset": 60.0},
    ),
    # new tokens are of the future for 30 s: at 460, 820, ..., 1900 the page is loaded in vain
    Clockwork(
        "not before, of a host half a minute ahead",
        token(not_before=True),
        {"honest refused": 5, "interruptions": 5, "page loads": 6},
        NO_CASE | {"host.clock_offset": 30.0},
    ),
    # a leeway of as much lets the new tokens pass: reloads at 460, 820, ..., 1900
    Clockwork(
        "not before, with a leeway",
        token(not_before=True, leeway=30.0),
        {"honest refused": 0, "interruptions": 5},
        NO_CASE | {"host.clock_offset": 30.0},
    ),
    # until 1270 the host grants what it is asked: 1060, 1120, 1180, 1240
    Clockwork(
        "check, the host itself needs 240 s to take a permission away",
        {"check": ALLOW},
        {"window s": 240, "reads": 4, "last click s": 210, "refused": 1, "bound s": 241},
        LOST | {"cases.permission_loss": {"share": 1, "propagation": 240.0}},
    ),
    # renewed at 1000 and, the host knowing from 1430 only, at 1300; not at 1600
    Clockwork(
        "renewal, the host itself needs 400 s to end a session",
        token(renewal="host", refresh_at=1.0),
        {"window s": 570, "bound s": 700},
        LOGOUT | {"cases.logout": {"share": 1, "propagation": 400.0}},
    ),
    # a page of 1300 vouches still, one of 1600 no more; the token of 1300 is over at 1600
    Clockwork(
        "administration is lost, the host knows 400 s later",
        token(),
        {"window of administration s": 570, "last click s": 510, "bound s": 700},
        ADMIN_LOSS | {"cases.admin_loss": {"share": 1, "propagation": 400.0}},
    ),
    # the token of 1000 vouches until 1300; then each click is refused, its page loaded, and it is refused again
    Clockwork(
        "administration is lost",
        token(),
        {"administrations": 4, "window of administration s": 270, "last click s": 210, "refused": 90, "page loads": 16},
        ADMIN_LOSS,
    ),
    # asked at each click; the page that is loaded at 1060 does not vouch, and nobody is asked any more
    Clockwork(
        "administration is lost, and checked",
        token() | {"check": ALLOW | {"scope": "admin"}},
        {"administrations": 0, "window s": 0, "refused": 98, "checks": 16},
        ADMIN_LOSS,
    ),
    Clockwork(
        "who loses administration may read",
        token() | {"check": ALLOW},
        {"administrations": 0, "reads": 0, "refused": 0, "page loads": 7},
        ADMIN_LOSS | {"workload.kinds": {"read": 1}},
    ),
    # told at 830, he reads at 880, 940, 1000
    Clockwork(
        "reading before administration is lost is not forewarned",
        token(),
        {"forewarned reads": 0, "refused": 0},
        ADMIN_LOSS | {"workload.kinds": {"read": 1}, "cases.notice_lead": "-200s"},
    ),
    Clockwork(
        "what is sent by who is no administrator is a read",
        token(),
        {"administrations": 0, "reads": 4},
        ADMINS | {"organisation.admins": 0},
    ),
    # renewed by the app at 400, 705, 1010, ..., 1925: 5 s each time; 31 clicks
    Clockwork(
        "a renewal by the app takes 5 s",
        token(renewal="app"),
        {"mean response s": 6 * 5 / 31, "renewals": 0, "interruptions": 0},
        NO_CASE | {"auth_server.renewal": 5.0},
    ),
    # the same from the host, 2 s of it on the way
    Clockwork(
        "a renewal by the host takes 5 s",
        token(renewal="host"),
        {"mean response s": 6 * 5 / 31, "renewals": 6},
        NO_CASE | {"host.renewal": 3.0, "network.client_host": 2.0, "organisation.visits": 95.0},
    ),
    # seen at 104, 408, 712, ..., 1928
    Clockwork(
        "a page takes 4 s",
        token(),
        {"mean response s": 6 * 4 / 31, "interruptions": 6, "page loads": 7},
        NO_CASE | {"host.page_load": 4.0},
    ),
    Clockwork(
        "times of a write add up",
        LONG_TOKEN | HOUR_ENTRY,
        {"mean response s": 1.25, "mean overhead s": 0.75},
        NO_CASE | WRITES | {"store.lookup": 0.75, "app.service.write": 0.5},
    ),
    Clockwork(
        "times of administration add up",
        token(),
        {"mean response s": 0.5, "mean overhead s": 0},
        NO_CASE | ADMINS | {"app.service.admin": 0.5},
    ),
    # half a round trip of 0.6 s, then 5 s: what the app waits is counted from the sending
    Clockwork(
        "the timeout runs from the sending",
        {"check": ALLOW | {"timeout": 1.0, "on_failure": "allow"}},
        {"mean overhead s": 1.0},
        NO_CASE | {"host.check": 5.0, "network.app_host": 0.6},
    ),
    # the page of 400, the first to count, is not the first to be loaded; the visit of 100 counts from 400 on
    Clockwork(
        "what comes before the warm-up does not count",
        token(),
        {"page loads": 6, "interruptions": 6, "seconds inside visits": 1600},
        NO_CASE | {"run.warm_up": 400.0},
    ),
    # six uses: 160 to 460; reloaded and used at 520 to 820, and at 880 to 1180, where the third click of the revoked spends it
    Clockwork(
        "token of six uses",
        token(28800.0, uses=6),
        {"window s": 150, "reads": 3, "last click s": 150, "interruptions": 2, "page loads": 4, "refused": 1},
    ),
    # who leaves has used the token of 880 three times: what is left is good to its expiry at 3880
    Clockwork(
        "uses left are good to the expiry",
        token(3000.0, uses=6),
        {"window s": 2850, "reads": 0, "bound s": 3000},
        LEAVES,
    ),
    # the client counts too: it asks at 520 and 880, and in vain at 1240
    Clockwork(
        "spent tokens are renewed on demand",
        token(28800.0, renewal="host", uses=6),
        {"window s": 150, "reads": 3, "interruptions": 0, "renewals": 3},
    ),
    # by a clock of whole seconds too: the spent token is not sent, so no request is sent twice
    Clockwork(
        "the client counts uses whatever the clock",
        token(28800.0, renewal="host", uses=6, clock="floor"),
        {"window s": 150, "requests sent": 18, "renewals": 3, "interruptions": 0},
    ),
    # each click fetches: that of 1000 is used then and five times more; that of 940 was used once and could be till it expires
    Clockwork(
        "older tokens keep the uses they have",
        token(28800.0, renewal="host_each", uses=6),
        {"renewals": 21, "interruptions": 0, "reads": 5, "last click s": 270, "window s": 28710},
    ),
    # accepted requests re-issue it from the first use on: two are never spent
    Clockwork(
        "sliding begins to count anew",
        token(300.0, renewal="sliding", uses=2),
        {"interruptions": 0, "censored": 1, "reads": 49},
    ),
)  # fmt: skip

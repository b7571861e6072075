"""Counts by hand of long-lived connections.

The clock is that of `sim.verification.clockwork`: a page at 100, clicks at 160, 220, ..., revoked just after 1030. Nothing takes
time unless said, so a connection is open from 100 on; a message is due each 20 s from 120 on.
"""

from typing import Any

from sim.verification.by_hand import (
    ALLOW,
    DELAYED,
    LEAVES,
    LONG_TOKEN,
    SHORT_VISITS,
    WRITES,
    Clockwork,
    pushed,
    token,
)

CHECKED = {"check": ALLOW}
MESSAGES = {"every": 20.0, "size": 2000}
LEFT_OPEN = SHORT_VISITS | {"workload.visit_ends": {"leave_open": 1}}
NOBODY = LEAVES | {"workload.think": 1e9}


def connected(strategy: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """A strategy with a connection beside its gates."""
    return strategy | {"connection": settings}


WORLDS = (
    # one check at 100; clicks up to 2000 and beyond are asked about nowhere: he goes on to the end at 4000 (1060, ..., 3940)
    Clockwork(
        "a connection that is authorised once",
        connected(CHECKED),
        {"checks": 1, "rechecks": 0, "reads": 49, "last click s": 2910, "window s": 2970, "censored": 1},
    ),
    # rechecks at 150, 200, ..., 1050, the last one refused; the click of 1060 asks the host itself, and so does its repeat never:
    # the page load is refused
    Clockwork(
        "a recheck each 50 s",
        connected(CHECKED, recheck=50.0, messages=MESSAGES),
        {"checks": 2, "rechecks": 19, "messages": 1, "bytes": 2000, "reads": 0, "window s": 20, "bound s": 51},
    ),
    # open from 108 on; the 16th recheck goes from 1068 to 1076: the message of 1068 waits for it and is dropped, that of 1048 is not
    Clockwork(
        "a message that waits for a recheck",
        connected({"check": ALLOW | {"timeout": 10.0}}, recheck=60.0, messages=MESSAGES),
        {"rechecks": 16, "messages": 1, "window s": 38},
        NOBODY | {"network.app_host": 8.0, "run.horizon": 1100.0},
    ),
    # the token of 100 fails the recheck of 420, so the click of 460 is judged and reloads the page; the click of 400 is not
    Clockwork(
        "a recheck of a token that has expired",
        connected(token(), recheck=80.0),
        {"requests sent": 9, "page loads": 2, "interruptions": 1},
        {"run.horizon": 500.0},
    ),
    # reads would pass without a token; writes are judged, and need a page load at 400 and 700
    Clockwork(
        "writes that go another way",
        connected(token(), kinds=["read"]),
        {"page loads": 3, "interruptions": 2},
        WRITES | {"run.horizon": 1000.0},
    ),
    Clockwork(
        "writes that go over the connection",
        connected(token(), kinds=["write"]),
        {"page loads": 1, "interruptions": 0},
        WRITES | {"run.horizon": 1000.0},
    ),
    # closed at 400, 700, 1000, and opened anew each time; that of 1300 is refused
    Clockwork(
        "a connection that is closed after 300 s",
        connected(CHECKED, lasts=300.0),
        {"checks": 5, "window s": 270, "bound s": 301},
        NOBODY,
    ),
    Clockwork(
        "closed by an event",
        connected(LONG_TOKEN | pushed("denylist"), closed_by_push=True, messages=MESSAGES),
        {"messages": 2, "window s": 45, "bound s": 45},
        NOBODY | DELAYED,
    ),
    Clockwork(
        "an event that nobody closes it for",
        connected(LONG_TOKEN | pushed("denylist"), messages=MESSAGES),
        {"messages": 148, "window s": 2970, "censored": 1},
        NOBODY | DELAYED,
    ),
    # the host is down from 190 to 240: the recheck of 200 gets no answer, nor do openings at 215 and 230; that of 245 does, and
    # then there are rechecks at 345, 445, ..., 1045
    Clockwork(
        "a connection asked for until there is an answer",
        connected(CHECKED, recheck=100.0, reconnect=15.0),
        {"checks": 4, "rechecks": 9, "requests failed": 2, "window s": 15},
        NOBODY | {"host.outages": {"starts": 190.0, "lasts": 50.0}},
    ),
    # each page has its own, for 160 s; of the last, from 900 on, the rechecks are at 950, 1000 and 1050
    Clockwork(
        "a connection a page",
        connected(CHECKED, recheck=50.0),
        {"checks": 6, "rechecks": 18, "page loads": 6, "window s": 20},
        LEFT_OPEN,
    ),
    # the client holds newer tokens, the last one of 1000; the connection presented that of 100, so the recheck of 460 ends it
    Clockwork(
        "a recheck looks at what was presented",
        connected(token(renewal="host", refresh_at=0.5), recheck=90.0),
        {"window s": 270},
        NOBODY,
    ),
    # open from 108 on, asked about from 218 to 226: the click of 220 asks for itself, that of 160 does not
    Clockwork(
        "a click while the connection is asked about",
        connected({"check": ALLOW | {"timeout": 10.0}}, recheck=55.0),
        {"checks": 2, "rechecks": 2, "mean response s": 4},
        {"network.app_host": 8.0, "run.horizon": 230.0},
    ),
)  # fmt: skip

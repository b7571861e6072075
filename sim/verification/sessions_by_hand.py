"""Counts by hand of server sessions: entries of the allowlist that use prolongs.

The clock is that of `sim.verification.clockwork`: page at 100, clicks at 160, 220, ..., the revocation at 1030, the end at 4000.
"""

from typing import Any

from sim.verification.by_hand import LEAVES, LONG_TOKEN, Clockwork
from sim.verification.tabs_by_hand import TWO_TABS


def session(lifetime_s: float, **more: Any) -> dict[str, Any]:
    """A long token, and an entry that use prolongs."""
    return LONG_TOKEN | {"allowlist": {"lifetime": lifetime_s, "renewal": "sliding", **more}}


WORLDS = (
    # each click moves the end 90 s on: 49 of them from 1060 to 3940, 100 to 2000 alive
    Clockwork(
        "a session in use does not end",
        session(90.0),
        {"interruptions": 0, "reads": 49, "censored": 1, "mean entries": 0.95, "page loads": 1},
    ),
    # over at the very click: 15 reloads from 160 to 1000, whose repeated clicks move nothing, since the stamp is theirs
    Clockwork(
        "a session that idles out",
        session(60.0),
        {"interruptions": 15, "page loads": 17, "window s": 30, "reads": 0},
    ),
    # who leaves has moved it to 1090 with his last click, at 1000
    Clockwork("a session that is left", session(90.0), {"window s": 60, "last click s": 0}, LEAVES),
    # the page of 100 to 600, that of 640 to 1140: clicks at 1060 and 1120 pass
    Clockwork(
        "a session with a cap",
        session(90.0, absolute=500.0),
        {"interruptions": 1, "window s": 110, "reads": 2, "last click s": 90, "bound s": 500},
    ),
    # the cap ends the first stretch too: page loads at 100, 160, ..., 1000, each good for 40 s
    Clockwork(
        "a cap below the idle time",
        session(90.0, absolute=40.0),
        {"interruptions": 15, "window s": 10, "bound s": 40},
    ),
    # 60 of 100 s have gone at each click: moved each time
    Clockwork(
        "a session moved in steps of just the gap",
        session(100.0, step=0.6),
        {"interruptions": 0, "reads": 49, "censored": 1},
    ),
    # not moved at 160, over at 220: reloads at 220, 340, ..., 940, whose entry ends at 1040
    Clockwork(
        "a session moved in steps too long",
        session(100.0, step=0.7),
        {"interruptions": 7, "window s": 10, "reads": 0},
    ),
    # whole seconds and one more: alive at the click 60 s later, as 60 s alone would not be
    Clockwork(
        "a session that counts whole seconds",
        session(60.0, clock="floor_plus_1"),
        {"interruptions": 0, "reads": 49, "censored": 1},
    ),
    # six pages, each entry to 170 s after its one click: 230 s each, the last to 1130
    Clockwork(
        "a session a page",
        session(170.0),
        {"mean entries": 0.69, "window s": 100},
        TWO_TABS | LEAVES,
    ),
    # one, written anew by each page load and moved by each click: 100 to 1130
    Clockwork(
        "a session a device",
        session(170.0, of="device"),
        {"mean entries": 0.515, "window s": 100},
        TWO_TABS | LEAVES,
    ),
)  # fmt: skip

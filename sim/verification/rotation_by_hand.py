"""Counts by hand of refresh tokens that rotate: tabs that share a cookie and renew it each by itself, or as they poll.

Visits of one page and one click at once, each 100 s after the last; the shift ends before a third (or fourth) one. A round trip to
the app takes 2 s, one to the host none. Pages are seen at 100 and 202 (and 304); tokens live 102 s. The page of 100 renews at 202, with
what the page load just brought: stamped 203. The page of 202 renews at 304, decided at 305 and seen at 306; that of 100 at 305, so
with a token that is spent when it arrives at 306. Both then hold the token of 305 and go on in unison, each 103 s after it:
decided at 408, 511, ..., 1026. The revocation is at 1030.

Where tabs poll, a round trip takes 4 s: pages are seen at 100 and 204 and poll each 25.75 s, so the second one 1 s after the first, and
no timer renews. Tokens live 110 s: that of 204 is found ended by the polls of 331.75 and 332.75, both of which ask. The first is granted
at 333.75 and seen at 335.75; its token is found ended five polls later, at 460.5, and so on each 128.75 s, up to 975.5.
"""

from typing import Any

from sim.verification.by_hand import SHORT_VISITS, Clockwork, token

TABS: dict[str, Any] = SHORT_VISITS | {
    "workload.visit_ends": {"leave_open": 1},
    "workload.think": 0.0,
    "workload.tabs": 2,
    "organisation.shift": {"start": "0s", "end": 250.0},
    "network.client_app": 2.0,
}
THREE = TABS | {"workload.tabs": 3, "organisation.shift": {"start": "0s", "end": 350.0}}
AT_ONCE = TABS | {"network.client_app": 0.0}
POLLED = TABS | {"network.client_app": 4.0, "workload.poll": {"every": 25.75}}


def polled(grace: float, on_reuse: str = "refuse", **more: Any) -> dict[str, Any]:
    """A token of 110 s, renewed by whoever finds it ended."""
    found: dict[str, Any] = rotating(grace, on_reuse, lifetime=110.0, **more)
    del found["token"]["refresh_at"]
    return found


def rotating(grace: float, on_reuse: str = "refuse", **more: Any) -> dict[str, Any]:
    """A token of 102 s, renewed by each tab at its expiry."""
    rotation = {"grace": grace, "on_reuse": on_reuse}
    kept = {"renewal": "app", "refresh_at": 1.0, "held_by": "device", "rotation": rotation}
    return token(**{"lifetime": 102.0, **kept, **more})


WORLDS = (
    # at 306, 408, 511, 614, 717, 820, 923 and 1026
    Clockwork(
        "two tabs, one reuse a renewal",
        rotating(0.0),
        {"reuses": 8, "false logouts": 0, "honest s": 1030, "censored": 1},
        TABS,
    ),
    # one at 306 (the page of 202 was first), then two each at 408, 510, 613, 716, 819, 922 and 1025
    Clockwork("three tabs, two reuses a renewal", rotating(0.0), {"reuses": 15, "false logouts": 0}, THREE),
    # the first reuse ends the family: its tokens are refused at 408, which is no reuse, and the token of 305 ends at 407
    Clockwork(
        "reuse ends the family",
        rotating(0.0, "end_family"),
        {"reuses": 1, "false logouts": 1, "window s": 0, "censored": 0},
        TABS,
    ),
    Clockwork("a grace forgives", rotating(30.0, "end_family"), {"reuses": 0, "false logouts": 0}, TABS),
    # spent at 305 and presented at 306: the end of the grace; later both arrive in one instant
    Clockwork("a grace ends", rotating(1.0), {"reuses": 1, "false logouts": 0}, TABS),
    # who asks second at one instant has the answer of the first
    Clockwork("no round trip, no reuse", rotating(0.0, "end_family"), {"reuses": 0, "false logouts": 0}, AT_ONCE),
    Clockwork(
        "pages with tokens of their own",
        rotating(0.0, "end_family", held_by="page"),
        {"reuses": 0, "false logouts": 0, "censored": 1},
        TABS,
    ),
    # after the page load of 202: refused from 602 on
    Clockwork(
        "a family grows old",
        rotating(30.0, refresh_lifetime=400.0),
        {"reuses": 0, "window s": 0, "censored": 0},
        TABS,
    ),
    Clockwork(
        "two tabs poll, one reuse a renewal",
        polled(0.0),
        {"reuses": 6, "false logouts": 0, "honest s": 1030, "censored": 1},
        POLLED,
    ),
    # at 334.75; the token of 333.75 ends at 443.75, and the polls of 460.5 and 461.5 find the family ended: no reuse, and silence
    Clockwork(
        "reuse by a poll ends the family",
        polled(0.0, "end_family"),
        {"reuses": 1, "false logouts": 1, "window s": 0, "polls": 0, "censored": 0},
        POLLED,
    ),
    Clockwork("a grace forgives polls", polled(30.0, "end_family"), {"reuses": 0, "false logouts": 0}, POLLED),
    Clockwork(
        "polls of pages with tokens of their own",
        polled(0.0, "end_family", held_by="page"),
        {"reuses": 0, "false logouts": 0, "censored": 1},
        POLLED,
    ),
)  # fmt: skip

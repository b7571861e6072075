"""Counts by hand of an app of several nodes: what each keeps for itself, and its own workers.

The clock is that of `sim.verification.clockwork`: page at 100, clicks at 160, 220, ..., the revocation at 1030.
"""

from sim.verification.by_hand import ALLOW, LONG_TOKEN, NO_CASE, Clockwork

KEPT = ALLOW | {"allow_for": 300.0, "cached": "node"}
KEPT_LONG = ALLOW | {"allow_for": 7200.0}
STICKY = {"app.nodes": 5, "app.routing": "sticky"}
TWO_AT_ONCE = NO_CASE | {"organisation.people": 2, "app.workers": 1, "app.service.read": 10.0}

WORLDS = (
    # all clicks meet one node: asked at 160, 460, 760, 1060, as where there is no other
    Clockwork(
        "a cache of each node where a device stays with one",
        {"check": KEPT},
        {"window s": 30, "reads": 0, "checks": 4, "bound s": 301},
        STICKY,
    ),
    # 31 clicks: each of three nodes is met (but for once in 100,000), and asks once
    Clockwork(
        "each node asks for itself",
        {"check": KEPT_LONG | {"cached": "node"}},
        {"checks": 3, "interruptions": 0},
        NO_CASE | {"app.nodes": 3},
    ),
    Clockwork(
        "nodes that share a cache ask once",
        {"check": KEPT_LONG},
        {"checks": 1, "interruptions": 0},
        NO_CASE | {"app.nodes": 3},
    ),
    # two click at 160: the second waits for the one worker, and is 10 s late from then on; at 1,000 nodes he does not wait
    Clockwork("one node, one worker", LONG_TOKEN, {"mean response s": 10 + 10 / 54}, TWO_AT_ONCE),
    Clockwork(
        "each node has its own workers",
        LONG_TOKEN,
        {"mean response s": 10},
        TWO_AT_ONCE | {"app.nodes": 1000, "app.routing": "sticky"},
    ),
    Clockwork(
        "each node has its own workers, which wait with their requests",
        LONG_TOKEN,
        {"mean response s": 10},
        TWO_AT_ONCE | {"app.nodes": 1000, "app.routing": "sticky", "app.holds_worker": True},
    ),
)

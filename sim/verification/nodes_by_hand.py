"""Counts by hand of an app of several nodes: what each keeps for itself, and its own workers.

The clock is that of `sim.verification.clockwork`: page at 100, clicks at 160, 220, ..., the revocation at 1030.
"""

from sim.verification.by_hand import ALLOW, LONG_TOKEN, NO_CASE, Clockwork

KEPT = ALLOW | {"allow_for": 300.0, "cached": "node"}
KEPT_LONG = ALLOW | {"allow_for": 7200.0}
STICKY = {"app.nodes": 5, "app.routing": "sticky"}
TWO_AT_ONCE = NO_CASE | {"organisation.people": 2, "app.workers": 1, "app.service.read": 10.0}

IN_MEMORY = {"causes": ["deactivation"], "effect": "denylist", "held": "node"}
FORGET = {"causes": ["deactivation"], "effect": "drop_answers"}
AT_ONCE = {"push.delay": 0.0, "push.loss": 0}

WORLDS = (
    # told at 1030; 45 s on the way from the first node to the others
    Clockwork(
        "a denylist in the memory of each node",
        LONG_TOKEN | {"push": IN_MEMORY},
        {"window s": 45, "bound s": 45, "reads": 1, "last click s": 30},
        AT_ONCE | {"app.nodes": 3, "push.fan_out": 45.0},
    ),
    Clockwork(
        "an event that is written once for all nodes goes to none of them",
        LONG_TOKEN | {"push": IN_MEMORY | {"held": "shared"}},
        {"window s": 0, "bound s": 0, "reads": 0},
        AT_ONCE | {"app.nodes": 3, "push.fan_out": 45.0, "push.reaches": "one"},
    ),
    # the token of 100 ends at 28900, after the run; the other node knows nothing
    Clockwork(
        "an event that reaches one node of two",
        LONG_TOKEN | {"push": IN_MEMORY},
        {"window s": 27870, "censored": 0},
        AT_ONCE | {"app.nodes": 2, "push.reaches": "one"},
    ),
    Clockwork(
        "an event that reaches one node of one",
        LONG_TOKEN | {"push": IN_MEMORY},
        {"window s": 0, "bound s": 0},
        AT_ONCE | {"push.reaches": "one"},
    ),
    # asked at 160, 480, 800: the yes of 800 is good to 1100, and is forgotten at 1040; the next question is that of 1060, refused
    Clockwork(
        "a yes that an event drops",
        {"check": ALLOW | {"allow_for": 300.0}, "push": FORGET},
        {"window s": 10, "reads": 0, "checks": 4, "bound s": 11},
        AT_ONCE | {"push.delay": 10.0, "workload.think": 80.0},
    ),
    # the one node that the device stays with is told at 1075
    Clockwork(
        "a yes that an event drops at each node",
        {
            "check": ALLOW | {"allow_for": 310.0, "cached": "node"},
            "push": FORGET | {"held": "node"},
        },
        {"window s": 45, "reads": 1, "last click s": 30, "bound s": 46},
        AT_ONCE | STICKY | {"push.fan_out": 45.0},
    ),
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

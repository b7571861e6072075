"""Counts by hand of what ended a case: 1 where it is the gate, channel or act that is named (model, section 7)."""

from typing import Any

from sim.verification.by_hand import (
    ALLOW,
    DELAYED,
    LEAVES,
    LONG_TOKEN,
    SHORT_VISITS,
    Clockwork,
    pushed,
    token,
)

ENTRY = {"allowlist": {"lifetime": 300.0}}
LONG_ENTRY = {"allowlist": {"lifetime": 28800.0}}
KEPT = {"check": ALLOW | {"allow_for": 300.0}}
LATE: dict[str, Any] = {"deciders": {"local": {"knows_after": {"deactivation": 120.0}}}}


def _ended(name: str, strategy: dict[str, Any], by: str, **changes: Any) -> Clockwork:
    return Clockwork(f"what ended it: {name}", strategy, {f"ended by {by}": 1}, changes)


WORLDS = (
    _ended("a token", token(), "token expiry"),
    _ended("a check", KEPT, "check"),
    _ended("an entry before its token", LONG_TOKEN | ENTRY, "list entry expiry"),
    # the yes of 760 ends at 1060, the token of 1000 at 1300
    _ended("of a token and a check the first", token() | KEPT, "check"),
    # the token of 820 ends at 1120, the yes of 760 at 1360
    _ended("of a check and a token the first", token(360.0) | {"check": ALLOW | {"allow_for": 600.0}}, "token expiry"),
    _ended("an event", LONG_TOKEN | pushed("denylist"), "push", **DELAYED),
    _ended("an event that drops the entry", LONG_TOKEN | LONG_ENTRY | pushed("drop_entries"), "push", **DELAYED),
    _ended("an event too late", token() | pushed("denylist"), "token expiry", **{"push.delay": 290.0, "push.loss": 0}),
    _ended("nothing was open", token(), "nothing was open", **LEAVES, **SHORT_VISITS),
    # of two checks that by the decider which knows last
    _ended("a late decider beside a kept yes", {"check": [ALLOW | {"at": "local"}, ALLOW | {"allow_for": 3600.0}]},
           "check at local", **LATE),
    _ended("a kept yes beside a late decider", {"check": [ALLOW | {"at": "local"}, ALLOW | {"allow_for": 300.0}]},
           "check at host", **LATE),
)  # fmt: skip

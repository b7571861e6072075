"""Counts by hand: one person by the clock, so that every figure is arithmetic and every tie matters.

His page is seen at 100 s, he clicks at 160, 220, 280, ... and is revoked at 1030 s; nothing takes time unless said.
Each expected figure follows from the rules of the model alone (half-open validity, who sees what, what survives).
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from sim.engine import run
from sim.engine.recording import Run
from sim.verification import load_by_hand, people_by_hand, plans_by_hand
from sim.verification.by_hand import (
    DELAYED,
    FIGURES,
    LOGOUT,
    LOST,
    NO_CASE,
    Clockwork,
    pushed,
    token,
)
from sim.verification.line import Line, Lines
from sim.verification.worlds import clockwork

ALLOW = {"scope": "all", "asks": "permission"}
LEAVES = {"behaviour.probabilities": {"leave": 1}}
WRITES = {"workload.kinds": {"write": 1}}

WORLDS = (
    # issued 100, 400, 700, 1000: the click at the instant of expiry is refused, the page reloads
    Clockwork(
        "page token",
        token(),
        {"window s": 270, "reads": 4, "last click s": 210, "refused": 1, "interruptions": 3,
         "page loads": 5, "bytes": 4000, "bound s": 300},
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
    # each click fetches: the token of 1000 lives until 1300 for whoever holds it
    Clockwork("renewed at each click", token(renewal="host_each"), {"window s": 270, "interruptions": 0}),
    # the entry of 100 ends at 400 as the token did
    Clockwork(
        "allowlist",
        token(28800.0) | {"allowlist": {"lifetime": 300.0}},
        {"window s": 270, "reads": 4, "interruptions": 3, "refused": 1, "mean entries": 0.6},
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
    Clockwork(
        "pushed denylist",
        token(28800.0) | pushed("denylist"),
        {"window s": 45, "reads": 1, "last click s": 30},
        DELAYED,
    ),
    Clockwork(
        "pushed not-before",
        token(28800.0) | pushed("not_before"),
        {"window s": 45, "reads": 1, "last click s": 30},
        DELAYED,
    ),
    Clockwork(
        "pushed, entries dropped",
        token(28800.0) | {"allowlist": {"lifetime": 28800.0}} | pushed("drop_entries"),
        {"window s": 45, "reads": 1},
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
        token(28800.0) | pushed("denylist"),
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
    Clockwork("after a logout nobody clicks", token(renewal="host"), {"window s": 270, "reads": 0}, LOGOUT),
    Clockwork("he leaves", token(), {"window s": 270, "reads": 0, "last click s": 0}, LEAVES),
    # told at 910: what he does then is allowed until 1030
    Clockwork(
        "told two minutes before",
        token(),
        {"forewarned reads": 2, "reads": 4},
        {"cases.notice_lead": "-2min"},
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
)  # fmt: skip


COUNTS = (*WORLDS, *people_by_hand.WORLDS, *load_by_hand.WORLDS, *plans_by_hand.WORLDS)


def by_the_clock(engine: str) -> Lines:
    """All worlds through an engine."""
    for world in COUNTS:
        found = _run(world, engine)
        for name, value in world.expected.items():
            yield Line(
                f"By the clock, {engine}", f"{world.name}, {name}", float(value),
                simulated=FIGURES[name](found), tolerance=1e-6,
            )  # fmt: skip


def _run(world: Clockwork, engine: str) -> Run:
    with TemporaryDirectory() as folder:
        changes = dict(world.changes)
        if world.log:
            log = Path(folder) / "log.csv"
            log.write_text(world.log, encoding="utf-8")
            changes["workload.log"] = str(log)
        scenario = clockwork(world.strategy, changes)
        return run(scenario, scenario.strategies["tried"], engine=engine, tracing=world.traced)

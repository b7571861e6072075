"""Counts by hand of what is scarce: the host's rate limit, workers, servers. Nobody is revoked."""

from sim.verification.by_hand import ALLOW, NO_CASE, Clockwork, token

ASKS = ALLOW | {"timeout": 5.0}
CHECK = {"check": ASKS}
LETS_PASS = {"check": ASKS | {"on_failure": "allow"}}
LIMIT_128 = {"host.rate_limit": {"per_second": 1 / 128, "burst": 2}}
EACH_64_S = NO_CASE | {"workload.think": 64.0}  # clicks at 164, 228, ..., 1956: 29 of them

LIMITS = (
    # half a call more at each click: the first two find 2 and 1.5, the third exactly 1, the fourth 0.5; then every other one
    Clockwork(
        "rate_limit of one call in 128 s, let pass",
        LETS_PASS,
        {"checks": 29, "checks limited": 13, "longest Retry-After s": 64, "requests sent": 29, "requests failed": 0,
         "page loads": 1},
        EACH_64_S | LIMIT_128,
    ),
    # each of the 13 is asked again after a reload, in vain; page loads are not limited
    Clockwork(
        "rate_limit of one call in 128 s, refused",
        CHECK,
        {"checks": 42, "checks limited": 26, "requests failed": 26, "interruptions": 13, "honest refused": 13,
         "page loads": 14, "page loads limited": 0},
        EACH_64_S | LIMIT_128,
    ),
    # two calls an hour: at 164 and 228; at 292 there are 128 / 1800 of one, at 1956 still not one
    Clockwork(
        "rate_limit of two calls an hour",
        LETS_PASS,
        {"checks": 29, "checks limited": 27, "longest Retry-After s": 1672},
        EACH_64_S | {"host.rate_limit": {"per_second": 1, "burst": 5, "per_hour": 2}},
    ),
    # renewed at 400; at 700, 753, 806 and 859 in vain, at 912 a whole call is there: the click waits 212 s.
    # The same from 1212 to 1424 and from 1724 to 1936; clicks at 1484 to 1664 and 1996 besides: 21 in all
    Clockwork(
        "rate_limit of renewals, asked again each 53 s",
        token(renewal="host"),
        {"renewals": 16, "renewals limited": 12, "longest Retry-After s": 212, "interruptions": 0,
         "mean response s": 3 * 212 / 21},
        NO_CASE | {"host.rate_limit": {"per_second": 1 / 512, "burst": 1}, "host.retry_after": 53.0},
    ),
)  # fmt: skip

# A click each quarter of a second from 100.25 to 1999.75 s, 7,599 in all; four a second but for the first three.
QUARTERS = NO_CASE | {"workload.think": 0.25}
A_TURN = {"host.rate_limit": {"per_second": 1 / 128, "burst": 1, "kind": "paced"}}
PATIENT = {"check": ALLOW | {"timeout": 1000.0, "on_failure": "allow"}}


def _a_second(kind: str, most: int, **more: object) -> dict[str, object]:
    return QUARTERS | {"host.rate_limit": {"per_second": most, "kind": kind, **more}}


LIMITERS = (
    # the window that opens at 100.25 ends at 101.25, in the instant of the fifth click, which opens the next
    Clockwork(
        "a fixed window of two calls a second",
        LETS_PASS,
        {"checks": 7599, "checks limited": 2 * 1899 + 1, "longest Retry-After s": 0.5},
        _a_second("fixed_window", 2),
    ),
    # the first five of an hour; the sixth, at 485.5, is told to wait until 3764.25
    Clockwork(
        "a fixed window of five calls an hour, waits in whole seconds",
        LETS_PASS,
        {"checks": 29, "checks limited": 24, "longest Retry-After s": 3279},
        NO_CASE | {"workload.think": 64.25, "host.rate_limit":
            {"per_second": 10, "per_hour": 5, "kind": "fixed_window", "retry_after": "whole_seconds"}},
    ),
    # of the seven calls that count, those at 100.25 and 100.5 are over at 101.25 and 101.5
    Clockwork(
        "a log of two calls a second",
        LETS_PASS,
        {"checks limited": 2 * 1899 + 1, "longest Retry-After s": 0.5},
        _a_second("log", 2),
    ),
    # after the first two there are always three in the last second
    Clockwork(
        "a log of two calls a second in which refused ones count",
        LETS_PASS,
        {"checks limited": 7597, "longest Retry-After s": 0},
        _a_second("log", 2, counts_refused=True, retry_after="none"),
    ),
    # 100: the third of three is refused. Later, with 2 of the second before: 2, then 1.5, 1 + 1, 1 + 0.5
    Clockwork(
        "a counter of two calls a second",
        LETS_PASS,
        {"checks limited": 1 + 2 * 1899, "longest Retry-After s": 0.25},
        _a_second("counter", 2),
    ),
    # 101: after three, 3, 1 + 2.25, 2 + 1.5 and 3 + 0.75 are too many; from then on four of the second before
    Clockwork(
        "a counter of three calls a second in which refused ones count",
        LETS_PASS,
        {"checks limited": 7596},
        _a_second("counter", 3, counts_refused=True),
    ),
    # turns at 164, 292, 420, ...: the second click, at 228, waits for 64 s, and so does each after that: 15 in all
    Clockwork(
        "a call waits for its turn",
        PATIENT,
        {"checks": 15, "checks limited": 0, "mean response s": 14 * 64 / 15},
        EACH_64_S | A_TURN,
    ),
    # three at once: one goes on, one waits for 128 s, one is refused; from then on one waits at a time, who comes 64 s after a
    # turn is refused, and of the two who come at a turn one
    Clockwork(
        "three people at a host that paces",
        PATIENT,
        {"checks": 59, "checks limited": 43, "longest Retry-After s": 128},
        EACH_64_S | {"organisation.people": 3} | A_TURN,
    ),
    # renewed at 400 and, its turn come at 912, at 912: the click of 700 waits for 212 s; then at 1212 until 1424, at 1724 until 1936
    Clockwork(
        "a renewal waits for its turn",
        token(renewal="host"),
        {"renewals": 4, "renewals limited": 0, "mean response s": 3 * 212 / 21},
        NO_CASE | {"host.rate_limit": {"per_second": 1 / 512, "burst": 1, "kind": "paced"}},
    ),
    # in the background: due at 400, 700, 1212 and 1724; the last three wait as before, while the token held serves on
    Clockwork(
        "a renewal in the background waits for its turn",
        token(600.0, renewal="host", refresh_at=0.5),
        {"renewals": 4, "renewals limited": 0, "interruptions": 0, "mean response s": 0},
        NO_CASE | {"host.rate_limit": {"per_second": 1 / 512, "burst": 1, "kind": "paced"}},
    ),
)  # fmt: skip

# Three people who click in the same instant, one worker: 1 s to verify, 4 s until the host has answered, 2 s of handler work.
THREE = NO_CASE | {
    "organisation.people": 3,
    "app.workers": 1,
    "app.verify": 1.0,
    "app.service.read": 2.0,
}
ASKED = THREE | {"host.check": 4.0}

WORKERS = (
    # one after the other, 7, 14 and 21 s; from then on each finds the worker free: 7 s, 28 clicks a person
    Clockwork(
        "holds_worker",
        CHECK,
        {"mean response s": (84 * 7 + 7 + 14) / 84, "mean overhead s": (84 * 5 + 7 + 14) / 84,
         "busy share of the app": 84 * 7 / 2000, "mean queue of the app": (7 + 14) / 2000},
        ASKED | {"app.holds_worker": True},
    ),
    # verified at 161, 162, 163, answered at 165, 166, 167, worked on until 167, 169, 171
    Clockwork(
        "the same, the worker is released while the host is asked",
        CHECK,
        {"mean response s": (84 * 7 + 2 + 4) / 84, "busy share of the app": 84 * 3 / 2000,
         "mean queue of the app": (1 + 2 + 1 + 2) / 2000},
        ASKED | {"app.holds_worker": False},
    ),
    # the host is silent: 2 s until the app gives up, a reload, 2 s again; a refusal needs no handler work
    Clockwork(
        "holds_worker, the host is silent",
        {"check": ASKS | {"timeout": 1.0}},
        {"mean response s": 4, "mean overhead s": 4, "requests failed": 58, "honest refused": 29,
         "busy share of the app": 29 * 4 / 2000},
        ASKED | {"organisation.people": 1, "app.holds_worker": True, "host.check": 9.0},
    ),
)  # fmt: skip

SERVERS = (
    # asked in the same instant, answered after 4, 8 and 12 s; from then on nobody waits: 29 clicks a person
    Clockwork(
        "three people ask a host of one server",
        {"check": ASKS | {"timeout": 15.0}},
        {"mean response s": (87 * 4 + 4 + 8) / 87, "checks": 87},
        NO_CASE | {"organisation.people": 3, "host.servers": 1, "host.check": 4.0},
    ),
    # all renew at 400, and wait 0, 5 and 10 s; then one after the other at 705, 710, 715, ...: 92 clicks, 18 renewals
    Clockwork(
        "three people renew at an app with one server",
        token(renewal="app"),
        {"mean response s": (18 * 5 + 5 + 10) / 92, "interruptions": 0},
        NO_CASE | {"organisation.people": 3, "auth_server.servers": 1, "auth_server.renewal": 5.0},
    ),
)  # fmt: skip

WORLDS = (*LIMITS, *LIMITERS, *WORKERS, *SERVERS)

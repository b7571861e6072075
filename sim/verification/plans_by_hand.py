"""Counts by hand of when people come: by the hours of a day (`daily`), and as a log says (`replayed`)."""

from sim.verification.by_hand import LONG_TOKEN, NO_CASE, SHORT_VISITS, Clockwork, token
from sim.verification.people_by_hand import taken


def shift(length_s: float, horizon_s: float) -> dict[str, object]:
    """Visits begin within a shift, clicks count until the horizon."""
    return {"organisation.shift": {"start": "0s", "end": length_s}, "run.horizon": horizon_s}


EVERY_OTHER_HOUR = {
    "workload.daily": [2, 0] * 12
}  # mean 1: pauses run twice as fast, or stand still
PAUSE = NO_CASE | SHORT_VISITS

DAYS = (
    # a pause of 5400 s takes 2700 s of a busy hour, and what an hour does not hold is left to the next busy one:
    # pages at 2700, 9060, 15420, 21780, 24540 and 30900, each with a click a minute later; the next comes at 37260
    Clockwork(
        "daily, every other hour",
        token(),
        {"page loads": 6, "mean instant of a page seen s": 17400, "mean instant of a click s": 17460},
        PAUSE | EVERY_OTHER_HOUR | {"organisation.visits": 5400.0} | shift(36000.0, 36000.0),
    ),
    # the same hours, written with other weights
    Clockwork(
        "daily, weights of any size",
        token(),
        {"page loads": 6, "mean instant of a page seen s": 17400},
        PAUSE | {"workload.daily": [0.5, 0] * 12, "organisation.visits": 5400.0} | shift(36000.0, 36000.0),
    ),
    # a day takes a day; the hour that is left takes half of the first hour of the next
    Clockwork(
        "daily, a pause of 25 hours",
        token(),
        {"page loads": 1, "mean instant of a page seen s": 88200},
        PAUSE | EVERY_OTHER_HOUR | {"organisation.visits": 90000.0} | shift(108000.0, 108000.0),
    ),
)  # fmt: skip

SHIFTS = (
    # the first visit a pause after the beginning: pages at 150, 450, ..., 1950
    Clockwork(
        "a shift that begins at 50 s",
        token(),
        {"page loads": 7, "mean instant of a page seen s": 1050},
        NO_CASE | {"organisation.shift": {"start": 50.0, "end": 2000.0}},
    ),
    # visits at 100, 260, ..., 900; the one of 1060 does not begin
    Clockwork(
        "a shift that ends when a visit would begin",
        token(),
        {"page loads": 6, "seconds inside visits": 360},
        PAUSE | shift(1060.0, 2000.0),
    ),
)  # fmt: skip

# One visit of 200 s: a page; after 40 s a write, after 60 s a read; after 30 s the page again, after 70 s a read.
LOG = """ts,user,method,path,bytes
2024-01-01T00:10:00Z,ann,GET,/page,900
2024-01-01T00:10:40Z,ann,POST,/write,10
2024-01-01T00:11:40Z,ann,GET,/read,500
2024-01-01T00:12:10Z,ann,GET,/page,900
2024-01-01T00:13:20Z,ann,GET,/other,700
"""
REPLAYED = {"workload.mode": "replayed", "workload.visit_ends": {"leave_open": 1}}

LOGS = (
    # pauses are drawn, what lies within a visit is the log's; no visit begins in the last 500 s, so that none is cut
    Clockwork(
        "replayed, whole visits",
        LONG_TOKEN,
        {"clicks a page load": 1.5, "writes a page load": 0.5, "seconds inside visits a page load": 100},
        NO_CASE | REPLAYED | shift(3000.0, 3500.0),
        LOG,
    ),
    # the first hour is the log's only busy one, so a page is open long before 3000 s (all but 1e-8 of the seeds).
    # A taker begins a visit of the log at that page: the write after 40 s, the read after 60 s; turning the page fails
    Clockwork(
        "replayed by a taker",
        LONG_TOKEN,
        {"page open": 1, "writes": 1, "reads": 1, "bytes": 500, "last click s": 110, "refused": 0},
        REPLAYED | taken(10.0) | shift(3500.0, 3500.0) | {"cases.from": 3000.0, "cases.until": 3000.0 + 1e-9},
        LOG,
    ),
)  # fmt: skip

WORLDS = (*DAYS, *SHIFTS, *LOGS)

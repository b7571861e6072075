"""The order of events: (time, priority, person, lane, insertion)."""

from enum import IntEnum


class Priority(IntEnum):
    """Which of two events of the same time comes first (model, section 6)."""

    REVOCATION = 0
    PUSH = 1
    OUTAGE = 2
    COMPLETION = 3
    ARRIVAL = 4
    ACTION = 5


class Lane(IntEnum):
    """What goes on beside what at one person: ties of the same time and priority go by lane, then by insertion."""

    MAIN = 0  # the person's own acts, or those of whoever acts in his place
    NOTICE = 1
    BACKGROUND = 2  # renewals in the background
    TAKER = 3
    CHECK = 4  # the app's questions to the host
    CASE = 5  # the revocation, and events on their way to the app
    LINE = 6  # what a page sends by itself, on its way
    POLL = 7  # its timer

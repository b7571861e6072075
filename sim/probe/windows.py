"""From repetitions to windows: how long clicks passed, what a refusal is worth, what activity and seconds change."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.probe.record import CONNECTION, FIRST, SECOND, Mode, Record


@dataclass(frozen=True)
class Window:
    """What one session still got after the revocation, in seconds.

    The last accepted click met the gate at `from_s` at the earliest, the refusal after it at `until_s` at the latest, so
    the window ended between the two; `open`: nothing was refused for good while it was watched.
    """

    from_s: float
    until_s: float
    open: bool
    came_back: int  # clicks accepted after the first refusal

    @property
    def middle_s(self) -> float:
        """The best single figure: halfway between the last click in and the first out."""
        return 0.5 * (self.from_s + self.until_s)


def window_of(record: Record, who: int) -> Window | None:
    """The window of a session or connection; None where nothing was revoked or nobody clicked afterwards."""
    if record.revoked_s is None:
        return None
    sent_s, answered_s = record.revoked_s
    clicks = [click for click in record.of(who) if click.answered_s > sent_s]
    if not clicks:
        return None
    first_no = next((i for i, c in enumerate(clicks) if c.outcome == "no"), len(clicks))
    last_yes = max((i for i, c in enumerate(clicks) if c.outcome == "yes"), default=-1)
    came_back = sum(c.outcome == "yes" for c in clicks[first_no:])
    from_s = max(0.0, clicks[last_yes].sent_s - answered_s) if last_yes >= 0 else 0.0
    if last_yes == len(clicks) - 1:
        return Window(from_s, clicks[-1].answered_s - sent_s, True, came_back)
    return Window(from_s, max(from_s, clicks[last_yes + 1].answered_s - sent_s), False, came_back)


def windows(records: Sequence[Record], mode: Mode, who: int = FIRST) -> list[Window]:
    """The windows of all repetitions of a kind."""
    found = (window_of(record, who) for record in records if record.mode == mode)
    return [window for window in found if window is not None]


def all_windows(records: Sequence[Record]) -> list[tuple[str, Window]]:
    """Every window with what was done: the revoked session's, the second one's, the connection's."""
    watched = {"busy": FIRST, "idle": FIRST, "second": SECOND, "connection": CONNECTION}
    found = ((record.mode, window_of(record, watched[record.mode])) for record in records)
    return [(mode, window) for mode, window in found if window is not None]


@dataclass(frozen=True)
class Summary:
    """Windows of a kind in figures; times in seconds."""

    n: int
    open: int
    mean_s: float
    largest_s: float
    until_s: float  # no click passed later than this after a revocation
    flapped: int


def summary(found: Sequence[Window]) -> Summary | None:
    """Of all windows of a kind; means by the middle of each. None where there are none."""
    if not found:
        return None
    return Summary(
        len(found),
        sum(window.open for window in found),
        float(np.mean([window.middle_s for window in found])),
        max(window.from_s for window in found),
        max(window.until_s for window in found),
        sum(window.came_back > 0 for window in found),
    )


def ends_on_seconds(records: Sequence[Record]) -> float | None:
    """Evidence that windows end at one place of the wall clock's second, as a p-value (Rayleigh's test of uniformity).

    Of busy repetitions with an end; None for fewer than five, or where sampling is too coarse to tell (a third of a second).
    """
    phases = []
    for record in records:
        window = window_of(record, FIRST) if record.mode == "busy" else None
        if window is None or window.open or window.until_s - window.from_s > 1 / 3:
            continue
        assert record.revoked_s is not None
        revoked_s = 0.5 * sum(record.revoked_s)
        phases.append((revoked_s + record.wall_s + window.middle_s) % 1.0)
    if len(phases) < 5:
        return None
    angle: NDArray[np.float64] = 2 * math.pi * np.asarray(phases)
    n = len(phases)
    strength = n * float(np.abs(np.mean(np.exp(1j * angle))) ** 2)
    return min(1.0, math.exp(math.sqrt(1 + 4 * n + 4 * (n * n - n * strength)) - (1 + 2 * n)))


def response_s(records: Sequence[Record]) -> tuple[list[float], list[float]]:
    """Response times of accepted clicks, and of requests past the gate, in seconds."""
    gated = [
        click.answered_s - click.sent_s
        for record in records
        for click in record.of(FIRST)
        if click.outcome == "yes"
    ]
    return gated, [b - a for record in records for a, b in record.ungated]


def still_in(records: Sequence[Record]) -> dict[str, Summary]:
    """What the other session and the connection of the same person still got, by name."""
    found = {
        "second session": summary(windows(records, "second", SECOND)),
        "connection": summary(windows(records, "connection", CONNECTION)),
    }
    return {name: one for name, one in found.items() if one is not None}

"""Exposure windows of virtual cases, as a run records them: sums and histograms by cause, behaviour, person and page."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.engine.histogram import BUCKETS
from sim.model.causes import Cause

PER_S = 4096.0  # sums are kept in this part of a second: 64 bits hold them for a million people
STAYS, GOES_ON = range(
    2
)  # what the person does after the notice; only who goes on may close his tab


@dataclass(frozen=True, eq=False)
class Windows:
    """The windows of one kind of virtual case in one replication. Times in seconds; `counts` by bucket of `histogram`."""

    n: int
    total_s: float
    zeros: int
    censored: int
    max_s: float
    buckets: npt.NDArray[np.int32]  # those that are not empty
    counts: npt.NDArray[np.int64]  # and how often

    def spread(self) -> npt.NDArray[np.int64]:
        """The counts of all buckets."""
        whole = np.zeros(BUCKETS, np.int64)
        whole[self.buckets] = self.counts
        return whole


WORST = -1  # of the kinds of request that are lost
# The kind of request or WORST, cause, STAYS or GOES_ON, administrator, page open. Kinds stand where their windows differ.
Key = tuple[int, int, int, int, int]


@dataclass(frozen=True, eq=False)
class Virtual:
    """What the virtual cases of one replication met.

    `causes` are those that can be read in this scenario under this strategy; `unresolved` those of them where the end of
    the run left a window open that only time to come could have closed. `shares`: how often a person has a case, by cause.
    """

    moments: int
    shares: tuple[float, ...]
    goes_on: float  # how often people go on after the notice
    causes: tuple[int, ...]
    unresolved: tuple[int, ...]
    windows: dict[Key, Windows]

    def kind_of(self, cause: int, kind: int | None) -> int:
        """The kind whose windows are those of a kind, or of the worst: all kinds are alike where none stands by itself."""
        apart = any(key[:2] != (WORST, cause) and key[1] == cause for key in self.windows)
        return WORST if kind is None or not apart else kind


def virtual_of(arrays: dict[str, Any]) -> Virtual | None:
    """From the arrays of a run that is over; None where no moment was asked about."""
    world = arrays["world"][0]
    if not world["moments"]:
        return None
    rows = [
        _windows(w, counts) if w["n"] else None
        for w, counts in zip(
            arrays["windows"], arrays["window_counts"].reshape(-1, BUCKETS), strict=True
        )
    ]
    causes, unresolved = _places(int(world["readable"])), _places(int(world["unresolved"]))
    read_as = {cause: int(arrays["causes"][cause]["read_as"]) for cause in causes}
    return Virtual(
        moments=int(world["moments"]),
        shares=tuple(_share(world, row) for row in arrays["causes"]),
        goes_on=float(world["go_on"]),
        causes=causes,
        unresolved=tuple(cause for cause in causes if read_as[cause] in unresolved),
        windows={
            (kind, cause, goes_on, administrator, is_open): w
            for kind in range(WORST, len(rows) // (8 * len(Cause)) - 1)
            for cause in causes
            for (goes_on, administrator, is_open), w in zip(
                product((0, 1), repeat=3),
                rows[8 * ((1 + kind) * len(Cause) + read_as[cause]) :],
                strict=False,
            )
            if w is not None
        },
    )


def _share(world: Any, cause: Any) -> float:
    """Administration is lost by administrators only."""
    return float(cause["share"] * (world["admins"] if cause["administrators_only"] else 1.0))


def _windows(w: Any, counts: Any) -> Windows:
    buckets = np.flatnonzero(counts).astype(np.int32)
    return Windows(
        n=int(w["n"]),
        total_s=int(w["total"]) / PER_S,
        zeros=int(w["zeros"]),
        censored=int(w["censored"]),
        max_s=float(w["high"]),
        buckets=buckets,
        counts=counts[buckets].astype(np.int64),
    )


def _places(mask: int) -> tuple[int, ...]:
    return tuple(place for place in range(mask.bit_length()) if mask >> place & 1)

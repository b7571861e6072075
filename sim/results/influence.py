"""Means that one replication carries: an outage in one of forty days makes an interval that nobody else can explain."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.basics.statistics import Totals, ratio_of_runs
from sim.engine.recording import Run
from sim.results.metrics import totals

METRICS = ("response", "auth_overhead", "host_calls", "interruptions", "rate_limited")
FEWEST = 10
# Of the half width, at most 1 / t (0.48 of 20): what leaving one replication out may move a mean. Of normal replications one
# in a hundred thousand moves it so far (Grubbs 1950).
MOVES = 0.4
MATTERS = 0.005  # of the mean: a half width below tells enough


@dataclass(frozen=True)
class Carried:
    """A mean, the replication that carries its interval, and the mean without it."""

    metric: str
    replication: int
    mean: float
    without: float


def carried(runs: Sequence[Run]) -> list[Carried]:
    """The means of a strategy that one of its replications carries."""
    found = []
    for metric in METRICS:
        if (one := _carried(metric, totals(runs, metric))) is not None:
            found.append(one)
    return found


def _carried(metric: str, sums: Totals) -> Carried | None:
    tops, bottoms = np.asarray(sums.tops, float), np.asarray(sums.bottoms, float)
    if len(tops) < FEWEST or not (bottoms > 0).all():
        return None
    e = ratio_of_runs(sums.tops, sums.bottoms, 0)
    if e.low is None or not math.isfinite(e.value) or e.value - e.low <= MATTERS * e.value:
        return None
    without = (tops.sum() - tops) / (bottoms.sum() - bottoms)
    which = int(np.argmax(np.abs(without - e.value)))
    if abs(without[which] - e.value) <= MOVES * (e.value - e.low):
        return None
    return Carried(metric, which, e.value, float(without[which]))

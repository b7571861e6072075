"""What is preferred among settings that meet every goal: a lifetime, an exposure, an overhead."""

from collections.abc import Sequence

import numpy as np

from sim.basics.statistics import Totals
from sim.engine.recording import Run
from sim.verdict import windows
from sim.verdict.goals import Goal

OBJECTIVES = ("exposure", "auth_overhead", "host_calls", "interruptions")


def preference(
    runs: Sequence[Run], lifetime_s: float | None, prefer: str, goals: list[Goal]
) -> tuple[float, float]:
    """What the preference orders by, smallest first."""
    overhead_s = mean_of(objective(runs, "auth_overhead", goals))
    if prefer == "shortest_exposure":
        return (mean_of(objective(runs, "exposure", goals)), overhead_s)
    if prefer == "lowest_overhead":
        return (overhead_s, 0.0)
    # what has no lifetime never expires
    return (-np.inf if lifetime_s is None else -lifetime_s, overhead_s)


def objective(runs: Sequence[Run], name: str, goals: list[Goal]) -> Totals:
    """A figure to be small, as sums by replication; exposure over the causes that goals name, or all."""
    if name == "exposure":
        causes = {g.cause for g in goals if g.rises} or {None}
        return windows.totals(runs, *sorted(causes, key=str))
    if name == "interruptions":
        return Totals([float(r.interruptions) for r in runs], [r.visit_s / 3600.0 for r in runs])
    if name == "host_calls":
        calls = [float(sum(int(m.sum()) for m in r.host_calls.values())) for r in runs]
        return Totals(calls, [r.window_s[1] - r.window_s[0] for r in runs])
    histograms = [run.all_auth_overheads() for run in runs]
    return Totals(
        [h.mean() * len(h) if len(h) else 0.0 for h in histograms],
        [float(len(h)) for h in histograms],
    )


def mean_of(totals: Totals) -> float:
    bottom = sum(totals.bottoms)
    return sum(totals.tops) / bottom if bottom else 0.0

"""The response-time distribution of honest clicks."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.basics.names import known
from sim.basics.wording import about
from sim.plot.curves import lines
from sim.plot.style import (
    Picture,
    canvas,
    headline,
    listed,
    side_legend,
    time_axis,
)
from sim.results.study import Study

Array = npt.NDArray[np.float64]
WORDS = {"response": "response time t", "auth_overhead": "time t that the gates add"}


def response_times(
    study: Study, metric: str = "response", strategies: Sequence[str] | None = None
) -> Picture:
    """Share of honest clicks that take longer than t (both axes logarithmic), all replications together.

    `metric` is `response` or `auth_overhead`. Raises ValueError without an honest click.
    """
    known("metric of response times", metric, WORDS)
    names = study.named(strategies)
    table = study.response_times[study.response_times["metric"] == metric]
    table = table[table["strategy"].isin(names)]
    if table.empty:
        raise ValueError("the study has no honest click")
    grid = np.unique(table["below_s"].to_numpy(dtype=np.float64))
    curves = {name: _slower(table[table["strategy"] == name], grid) for name in names}
    clicks = int(table.groupby("strategy")["clicks"].sum().max())
    floor = max(10.0 / clicks, 1e-5)
    # on a logarithmic axis curves coincide when their logarithms do
    logs = {n: np.log10(np.maximum(y, floor)) / -np.log10(floor) + 1.0 for n, y in curves.items()}
    picture, ax = canvas()
    for line in lines(logs, 0.03):
        y = curves[line.names[0]]
        shown = y > 0
        ax.plot(grid[shown], y[shown], **line.look, label=line.label)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_ylim(floor, 1.3)
    last_s = float(max(grid[y > floor].max() for y in curves.values() if (y > floor).any()))
    ax.set_xlim(grid[0] / 1.6, last_s * 1.8)
    time_axis(ax.xaxis, grid[0] / 1.6, last_s * 1.8)
    for share, text in ((0.5, "median"), (0.05, "p95"), (0.01, "p99")):
        ax.axhline(share, color="#999999", lw=0.7, ls=":")
        ax.annotate(text, (1.0, share), xycoords=("axes fraction", "data"), fontsize=8, ha="right", va="bottom")  # fmt: skip
    shares = [s for s in (1.0, 0.1, 0.01, 0.001, 1e-4, 1e-5) if s >= floor]
    ax.set_yticks(shares, [f"{s * 100:g} %" for s in shares])
    ax.set_xlabel(
        f"{WORDS[metric]} of an honest click (log scale)"
        if metric == "response"
        else f"{WORDS[metric]} to an honest click (log scale)"
    )
    ax.set_ylabel("share of clicks that take longer than t")
    ax.grid(alpha=0.25)
    side_legend(ax)
    headline(
        ax,
        _finding(study, names, metric),
        "One line a strategy, both axes logarithmic; dotted lines mark the median, p95 and p99.",
    )
    return picture


def _slower(rows: Any, grid: Array) -> Array:
    below = rows["below_s"].to_numpy(dtype=np.float64)
    counts = rows["clicks"].to_numpy(dtype=np.float64)
    within = np.zeros(len(grid))
    within[np.searchsorted(grid, below)] = counts
    total = counts.sum()
    return 1.0 - np.cumsum(within) / total if total else np.zeros(len(grid))


def _finding(study: Study, names: Sequence[str], metric: str) -> str:
    p95 = {n: e.value for n in names if (e := study.find(n, metric, "p95")) is not None}
    fastest, slowest = min(p95, key=lambda n: p95[n]), max(p95, key=lambda n: p95[n])
    near = [n for n in p95 if p95[n] <= 1.05 * p95[fastest]]
    if p95[slowest] <= 1.05 * p95[fastest]:
        return f"No strategy is felt: every p95 is near {about(p95[fastest])}"
    others = f"{len(near)} of {len(p95)} strategies" if len(near) > 3 else listed(near)
    what = "takes longer than" if metric == "response" else "waits for the gates longer than"
    return (
        f"One click in twenty {what} {about(p95[slowest])} under {slowest},"
        f" than {about(p95[fastest])} under {others}"
    )

"""The load on the host through the day, against its rate limit."""

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.basics.wording import format_duration
from sim.plot.curves import lines
from sim.plot.style import INK, Picture, canvas, headline, listed, side_legend
from sim.results.study import Study

Array = npt.NDArray[np.float64]


def host_load(
    study: Study, strategies: Sequence[str] | None = None, window_s: float = 600.0
) -> Picture:
    """Calls per second that arrive at the host, means over `window_s` and replications; the rate limit dashed.

    The limit holds for checks and renewals, not for page loads. Raises ValueError where nobody calls the host.
    """
    names = study.named(strategies)
    table = study.host_load[study.host_load["strategy"].isin(names)]
    if table.empty:
        raise ValueError("nobody calls the host in this study")
    run = study.manifest["resolved"]["run"]
    end_s = float(run["horizon"])
    edges = np.arange(0.0, end_s + window_s, window_s)
    curves = {name: _means(table[table["strategy"] == name], edges) for name in names}
    highest = max(float(y.max()) for y in curves.values())
    picture, ax = canvas()
    grouped = lines({name: y / highest for name, y in curves.items()}, 0.03)
    for line in grouped:
        y = curves[line.names[0]]
        ax.stairs(y, edges / 3600.0, **line.look, label=line.label, baseline=None)
    limit = _limit_per_s(study)
    if limit is not None:
        _mark_limit(ax, limit, highest)
    ax.set_ylim(0, 1.15 * max(highest, limit if limit and limit <= 3 * highest else 0.0))
    ax.set_xlim(0, end_s / 3600.0)
    ax.set_xlabel("hours from the start of the day")
    ax.set_ylabel(
        f"calls per second at the host, page loads included\n(means of {format_duration(window_s)})"
    )
    ax.grid(alpha=0.25)
    side_legend(ax)
    headline(
        ax,
        _finding(study, names, limit),
        "One stepped line a strategy through the day; the rate limit is a dashed line.",
    )
    return picture


def _mark_limit(ax: Any, limit: float, highest: float) -> None:
    """The limit as a line, or where it lies far above, as a note."""
    words = f"rate limit of checks and renewals: {limit:g} per second"
    if limit > 3 * highest:
        ax.text(
            0.01,
            0.97,
            f"{words}, above this figure",
            transform=ax.transAxes,
            va="top",
            fontsize=8.5,
        )
        return
    ax.axhline(limit, color=INK, lw=1.3, dashes=(6, 3), label=textwrap.fill(words, 34))


def _means(rows: Any, edges: Array) -> Array:
    start_s = rows["start_s"].to_numpy(dtype=np.float64)
    calls = rows["calls_per_s"].to_numpy(dtype=np.float64) * 60.0
    total, _ = np.histogram(start_s, edges, weights=calls)
    widths: Array = np.diff(edges)
    return np.asarray(total / widths, dtype=np.float64)


def _limit_per_s(study: Study) -> float | None:
    limit = study.manifest["resolved"]["host"]["rate_limit"]
    if limit is None:
        return None
    return min(float(limit["per_second"]), float(limit["per_hour"] or math.inf) / 3600.0)


def _finding(study: Study, names: Sequence[str], limit: float | None) -> str:
    busiest = {n: e.value for n in names if (e := study.find(n, "host_calls", "max")) is not None}
    refused = [n for n in names if (e := study.find(n, "rate_limited")) is not None and e.value > 0]
    most, least = max(busiest, key=lambda n: busiest[n]), min(busiest, key=lambda n: busiest[n])
    text = f"{most} calls the host {busiest[most]:.2g} times a second in the busiest minute, {least} {busiest[least]:.2g} times"
    if limit is not None and refused:
        return f"{text}; the limit of {limit:g} a second turns calls away under {listed(refused)}"
    return text + ("" if limit is None else f"; the limit of {limit:g} turns no call away")

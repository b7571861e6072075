"""Figures from comparisons, nothing else."""

from pathlib import Path
from typing import Any

from sim.experiment import Comparison
from sim.metrics import Figure as Row

_OPEN, _COVERED = (
    "#D55E00",
    "#0072B2",
)  # Okabe and Ito: told apart by the colour-blind, and by their markers in grey


def exposure_against_overhead(comparison: Comparison, path: Path, cause: str) -> None:
    """One point a strategy: mean exposure window of a cause against mean gate overhead, with 95 % intervals."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5.5), layout="constrained")
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    drawn = [_point(ax, comparison, name, cause) for name in comparison.strategies]
    ax.set_xscale("symlog", linthresh=0.01)
    ax.set_yscale("symlog", linthresh=1.0)
    ax.set_xlim(0, 1000)
    ax.set_ylim(bottom=-0.2)
    ax.set_xlabel("mean gate overhead of an honest click, ms")
    ax.set_ylabel(f"mean exposure window after a {cause.replace('_', ' ')}, s")
    ax.grid(alpha=0.3)
    ax.set_title(_finding(comparison, [p for p in drawn if p is not None]), fontsize=11)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120, metadata={"Date": None} if path.suffix == ".svg" else None)


def _point(
    ax: Any, comparison: Comparison, name: str, cause: str
) -> tuple[str, float, float] | None:
    exposure = _find(comparison, name, "exposure", cause)
    overhead = _find(comparison, name, "auth_overhead", None)
    if (
        exposure is None
        or overhead is None
        or exposure.estimate is None
        or overhead.estimate is None
    ):
        return None
    covered = any(
        c.covered for c in comparison.coverage if (c.strategy, c.cause, c.of) == (name, cause, None)
    )
    x, y = overhead.estimate * 1e3, exposure.estimate
    low = [[max(0.0, y - (exposure.low if exposure.low is not None else y))]]
    high = [[max(0.0, (exposure.high if exposure.high is not None else y) - y)]]
    ax.errorbar(
        [x], [y], yerr=[low[0], high[0]], fmt="o" if covered else "^",
        color=_COVERED if covered else _OPEN, capsize=2, markersize=7,
    )  # fmt: skip
    ax.annotate(
        name + ("" if covered else " (open)"),
        (x, y),
        (6, 5),
        textcoords="offset points",
        fontsize=8,
    )
    return name, x, y


def _finding(comparison: Comparison, points: list[tuple[str, float, float]]) -> str:
    shortest = min(points, key=lambda p: (p[2], p[1]))
    cheapest = min(points, key=lambda p: (p[1], p[2]))
    return (
        f"{shortest[0]} closes the window at {shortest[1]:.3g} ms a click;"
        f" {cheapest[0]} costs {cheapest[1]:.2g} ms and leaves {cheapest[2]:.3g} s"
    )


def _find(comparison: Comparison, name: str, metric: str, cause: str | None) -> Row | None:
    wanted = (name, metric, "mean", cause, None)
    for row in comparison.figures:
        if (row.strategy, row.metric, row.statistic, row.cause, row.of) == wanted:
            return row
    return None

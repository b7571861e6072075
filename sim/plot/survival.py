"""The exposure survival curve: which share of revocations still leaves the door open after a time."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim.basics.wording import about
from sim.model.causes import CAUSE_EVENTS
from sim.plot.curves import Line, lines
from sim.plot.style import (
    COLOURS,
    INK,
    PALE,
    Picture,
    canvas,
    headline,
    is_narrow,
    listed,
    side_legend,
    time_axis,
)
from sim.results.study import Study

if TYPE_CHECKING:
    import pandas as pd

Array = npt.NDArray[np.float64]
FIRST_S = 1.0  # shorter windows are drawn at the left edge
PANELS = (
    ("tokens alone", ("token", "none")),
    ("lists and push", ("allowlist", "push")),
    ("checks", ("check", "mixed")),
)


def survival(
    study: Study,
    cause: str | None = None,
    strategies: Sequence[str] | None = None,
    theory: Mapping[str, Callable[[float], float]] | None = None,
) -> Picture:
    """Share of cases whose exposure window is longer than t, by strategy, with pointwise 95 % Wilson bands.

    A case that outlived the run stays exposed: an open curve is flat to the edge, with a mark where the run ended for the
    first of them. Strategies whose curves coincide share a line; more than seven are spread over a panel for each family,
    with the other curves in grey. `theory` holds, by strategy, the probability that the window is at most t seconds; it is drawn
    dashed in black. A triangle at the foot marks the bound of the settings. Raises ValueError without a case of the
    cause.
    """
    cause = study.cause_named(cause)
    windows = {name: _windows(study, name, cause) for name in study.named(strategies)}
    windows = {name: values for name, values in windows.items() if len(values)}
    if not windows:
        raise ValueError(f"the study has no case of the cause {cause}")
    ended = {name: _ended_s(study, name, cause) for name in windows}
    known = [v[np.isfinite(v)] for v in windows.values()]
    last_s = [float(v.max()) for v in known if len(v)] + [
        s for s in ended.values() if s is not None
    ]
    end_s = max(60.0, *last_s) * 1.3
    grid = np.geomspace(FIRST_S, end_s, 260)
    curves = {name: longer_share(values, grid) for name, values in windows.items()}
    panels = _panels(study, curves)
    picture, axes = canvas(8.8, 2.2 + 2.1 * len(panels), len(panels), sharex=True, squeeze=False)
    for ax, (title, shown) in zip(axes[:, 0], panels, strict=True):
        for name in [name for name in curves if name not in shown]:
            ax.plot(grid, curves[name], color=PALE, lw=0.8, zorder=1)
        for line in lines(shown):
            _draw(ax, study, line, grid, len(windows[line.names[0]]), cause)
            _mark_end(ax, line, grid, [ended[name] for name in line.names])
        for name in [name for name in shown if name in (theory or {})]:
            y = [1.0 - (theory or {})[name](float(t)) for t in grid]
            ax.plot(grid, y, color=INK, lw=1.3, dashes=(4, 3), label=f"theory, {name}", zorder=5)
        _frame(ax, title, grid[-1], ax is axes[-1, 0])
    last = axes[-1, 0]
    gap = "\n" if is_narrow() else " "
    last.set_xlabel(
        f"time t after {CAUSE_EVENTS[cause]} (log scale);{gap}{study.persons_text(cause)}\n"
        f"triangle: bound of the settings;{gap}bar: the run ended, and requests would still pass"
    )
    headline(
        axes[0, 0],
        _fit(grid, curves, theory) if theory else _finding(cause, windows),
        "One line a strategy with its 95 % band, time on a logarithmic axis; triangles mark the bounds of the settings, bars"
        " where the run ended with the door still open.",
        74,
    )
    return picture


def longer_share(values_s: Array, grid_s: Array) -> Array:
    """The share of windows longer than each instant of the grid."""
    ordered = np.sort(values_s)
    return 1.0 - np.searchsorted(ordered, grid_s, side="right") / len(ordered)


def _windows(study: Study, name: str, cause: str) -> Array:
    """The windows in s; what outlived the run has no end that was seen."""
    rows = _cases(study, name, cause)
    return np.where(rows["censored"], np.inf, rows["exposure_s"].to_numpy(dtype=np.float64))


def _ended_s(study: Study, name: str, cause: str) -> float | None:
    """When the run ended for the first case that outlived it, counted from its revocation."""
    rows = _cases(study, name, cause)
    cut = rows.loc[rows["censored"].astype(bool), "exposure_s"]
    return float(cut.min()) if len(cut) else None


def _cases(study: Study, name: str, cause: str) -> "pd.DataFrame":
    return study.cases[(study.cases["strategy"] == name) & (study.cases["cause"] == cause)]


def _mark_end(ax: Any, line: Line, grid: Array, ended_s: Sequence[float | None]) -> None:
    known = [s for s in ended_s if s is not None]
    if known:
        at_s = max(FIRST_S, min(known))
        y = float(np.interp(at_s, grid, line.y))
        ax.plot([at_s], [y], "|", color=line.look["color"], ms=13, mew=2.5, zorder=5)


def _panels(study: Study, curves: Mapping[str, Array]) -> list[tuple[str, dict[str, Array]]]:
    if len(curves) <= len(COLOURS):
        return [("", dict(curves))]
    family = dict(zip(study.strategies["name"], study.strategies["family"], strict=True))
    panels = [
        (title, {name: y for name, y in curves.items() if family[name] in families})
        for title, families in PANELS
    ]
    return [(title, shown) for title, shown in panels if shown]


def _draw(ax: Any, study: Study, line: Line, grid: Array, n: int, cause: str) -> None:
    open_ = [name for name in line.names if not study.covered(name, cause)]
    label = line.label + (" (open)" if len(open_) == len(line.names) else "")
    ax.step(grid, line.y, where="post", **line.look, label=label, zorder=3)
    low, high = _wilson(line.y, n)
    ax.fill_between(grid, low, high, color=line.look["color"], alpha=0.15, lw=0)
    for bound_s in sorted({study.bound_s(name, cause) for name in line.names}):
        if FIRST_S <= bound_s <= grid[-1]:
            ax.plot(
                [bound_s], [-0.025], "^", color=line.look["color"], ms=6, clip_on=False, zorder=4
            )


def _frame(ax: Any, title: str, end_s: float, last: bool) -> None:
    ax.set_xscale("log")
    ax.set_xlim(FIRST_S, end_s)
    ax.set_ylim(-0.05, 1.02)
    time_axis(ax.xaxis, FIRST_S, end_s)
    ax.set_ylabel("share of cases\nstill exposed after t")
    ax.grid(alpha=0.25)
    side_legend(
        ax, below=-0.12 if title and not last else -0.5, title=title or None, alignment="left",
        title_fontproperties={"weight": "bold", "size": 8.5},
    )  # fmt: skip


def _wilson(p: Array, n: int) -> tuple[Array, Array]:
    z = 1.959963984540054
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return np.maximum(0.0, centre - half), np.minimum(1.0, centre + half)


def _fit(
    grid: Array, curves: Mapping[str, Array], theory: Mapping[str, Callable[[float], float]]
) -> str:
    """How far the simulated curves are from the closed forms."""
    gaps = {
        name: max(abs(y - 1.0 + at_most(float(t))) for t, y in zip(grid, curves[name], strict=True))
        for name, at_most in theory.items()
        if name in curves
    }
    if not gaps:
        return "No closed form was given for the strategies drawn"
    worst = max(gaps, key=lambda name: gaps[name])
    return f"Simulation and theory differ by at most {100 * gaps[worst]:.1f} percentage points ({worst})"


def _finding(cause: str, windows: Mapping[str, Array]) -> str:
    after_s = 300.0
    share = {name: float((values > after_s).mean()) for name, values in windows.items()}
    shut = [name for name in windows if share[name] == 0.0]
    worst = max(share, key=lambda name: share[name])
    after = CAUSE_EVENTS[cause]
    if share[worst] == 0:
        return f"{about(after_s)} after {after} no door is open any more"
    text = f"{about(after_s)} after {after}, {100 * share[worst]:.0f} % of doors are still open under {worst}"
    return f"{text}, none under {listed(shut)}" if shut else text

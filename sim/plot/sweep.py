"""Figures of a sweep: a line over one swept path, a surface over two, a tornado over all."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import MultipleLocator

from sim.basics.names import known
from sim.basics.wording import about
from sim.model.causes import CAUSE_EVENTS, CAUSES
from sim.plot.style import (
    COLOURS,
    DASHES,
    INK,
    MARKERS,
    Picture,
    canvas,
    headline,
    readable,
    time_axis,
)
from sim.scenario.keys import is_time

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Shown:
    """Which figure of the sweep is drawn."""

    metric: str = "exposure"
    statistic: str = "mean"
    cause: str | None = "deactivation"

    def words(self) -> str:
        """As an axis says it."""
        after = f" after {CAUSE_EVENTS[self.cause]}" if self.cause else ""
        return f"{self.statistic} {readable(self.metric)}{after}"


def sweep_lines(
    rows: "pd.DataFrame", path: str, shown: Shown | None = None, at: Mapping[str, Any] | None = None
) -> Picture:
    """One line a strategy over a swept path, with 95 % intervals; other paths are held `at` a value (default: the middle).

    `rows` is the table of a sweep. Raises ValueError where nothing is left to draw.
    """
    shown = shown or Shown()
    held = _held(rows, {path}, at or {})
    chosen = _rows(_at(rows, held), shown)
    chosen = chosen[chosen[path].notna()].sort_values(path)
    if chosen.empty:
        raise ValueError(f"the sweep has no {shown.words()} along {path}")
    picture, ax = canvas()
    unit = str(chosen["unit"].iloc[0])
    for i, (name, line) in enumerate(chosen.groupby("strategy", sort=False)):
        colour, n = COLOURS[i % len(COLOURS)], i % len(COLOURS)
        x, y = line[path].to_numpy(float), line["estimate"].to_numpy(float)
        ax.plot(x, y, color=colour, ls=DASHES[n], marker=MARKERS[n], lw=1.8, label=str(name))
        low, high = (line[c].to_numpy(float) for c in ("low", "high"))
        ax.fill_between(x, np.maximum(low, 0.0), high, color=colour, alpha=0.15, lw=0)
    _axis(ax, "x", chosen[path].to_numpy(float), path)
    _axis(ax, "y", chosen["estimate"].to_numpy(float), "s" if unit == "s" else "")
    ax.set_xlabel(_path_words(path) + _scale_words(ax.get_xscale()))
    ax.set_ylabel(shown.words() + _scale_words(ax.get_yscale()))
    ax.grid(alpha=0.25)
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, borderaxespad=0)
    headline(ax, _slope(chosen, path, shown, unit), "One line a strategy with 95 % bands." + _held_words(held), 78)  # fmt: skip
    return picture


def sweep_surface(
    rows: "pd.DataFrame",
    x: str,
    y: str,
    strategy: str,
    shown: Shown | None = None,
    at: Mapping[str, Any] | None = None,
) -> Picture:
    """A cell for each pair of values of two swept paths, with the figure in it and a colour that darkens as it grows.

    Raises ValueError where the sweep holds no such pair.
    """
    shown = shown or Shown()
    held = _held(rows, {x, y}, at or {})
    chosen = _rows(_at(_of(rows, strategy), held), shown)
    chosen = chosen[chosen[x].notna() & chosen[y].notna()]
    if chosen.empty:
        raise ValueError(f"the sweep has no {shown.words()} of {strategy} over {x} and {y}")
    table = chosen.pivot_table(index=y, columns=x, values="estimate")
    values = table.to_numpy(float)
    unit = str(chosen["unit"].iloc[0])
    picture, ax = canvas(2.6 + 1.25 * values.shape[1], 2.0 + 0.55 * values.shape[0])
    depth = np.log10(np.maximum(values, max(np.nanmax(values) * 1e-4, 1e-12)))
    spread = np.nanmax(depth) - np.nanmin(depth) or 1.0
    ax.imshow(-depth, cmap="cividis", aspect="auto", origin="lower")
    for (i, j), value in np.ndenumerate(values):
        dark = (depth[i, j] - np.nanmin(depth)) / spread > 0.5
        text = "-" if math.isnan(value) else _number(value, unit)
        ax.text(j, i, text, ha="center", va="center", color="white" if dark else INK)
    ax.set_xticks(range(values.shape[1]), [_number(float(v), _unit(x)) for v in table.columns])
    ax.set_yticks(range(values.shape[0]), [_number(float(v), _unit(y)) for v in table.index])
    ax.set_xlabel(_path_words(x))
    ax.set_ylabel(_path_words(y))
    low, high = np.nanmin(values), np.nanmax(values)
    finding = f"{strategy}: {shown.words()} goes from {_number(low, unit)} to {_number(high, unit)}"
    headline(ax, finding, "A grid of two swept settings; darker is larger." + _held_words(held), 60)
    return picture


@dataclass(frozen=True)
class Bar:
    """What a figure becomes at the ends of an input's range."""

    name: str
    low: float
    high: float
    low_text: str = ""
    high_text: str = ""


def tornado(bars: Sequence[Bar], base: float, what: str, unit: str = "") -> Picture:
    """Inputs by how far they move a figure: a bar from its value at the low end to that at the high end of the range.

    Hatched: towards the low end of the input, so that the direction is read without colour. Raises ValueError for none.
    """
    if not bars:
        raise ValueError("there is no input to draw")
    ordered = sorted(bars, key=lambda b: abs(b.high - b.low))
    picture, ax = canvas(8.8, 1.6 + 0.42 * len(ordered))
    for i, bar in enumerate(ordered):
        ax.barh(i, bar.low - base, left=base, height=0.6, color="#E69F00", hatch="///", ec="white")
        ax.barh(i, bar.high - base, left=base, height=0.6, color=COLOURS[0], ec="white")
        for end, text, other in (
            (bar.low, bar.low_text, bar.high),
            (bar.high, bar.high_text, bar.low),
        ):
            if text:
                side = "right" if end < other or (end == other and text == bar.low_text) else "left"
                ax.annotate(text, (end, i), (-3 if side == "right" else 3, 0), textcoords="offset points", ha=side, va="center", fontsize=8)  # fmt: skip
    ax.axvline(base, color=INK, lw=1)
    ax.set_yticks(range(len(ordered)), [b.name for b in ordered])
    ax.margins(x=0.18)
    if unit == "s":
        ax.xaxis.set_major_formatter(lambda value, _: about(value))
    ax.set_xlabel(what)
    ax.grid(axis="x", alpha=0.25)
    largest = ordered[-1]
    finding = f"{largest.name} moves the most: {what} from {_number(min(largest.low, largest.high), unit)} to {_number(max(largest.low, largest.high), unit)}"
    headline(ax, finding, "Bars from the base value; hatched: the low end of the input, plain: the high end.", 74)  # fmt: skip
    return picture


def sweep_tornado(
    rows: "pd.DataFrame", paths: Sequence[str], strategy: str, shown: Shown | None = None
) -> Picture:
    """The tornado of a sweep: each path from its smallest to its largest value, the others at their middle."""
    shown = shown or Shown()
    own = _of(rows, strategy)
    bars, base, unit = [], math.nan, ""
    for path in paths:
        line = _rows(_at(own, _held(own, {path}, {})), shown)
        line = line[line[path].notna()].sort_values(path)
        if line.empty:
            continue
        unit = str(line["unit"].iloc[0])
        values, ends = line[path].to_list(), line["estimate"].to_list()
        base = float(ends[len(ends) // 2])
        texts = [_number(float(values[i]), _unit(path)) for i in (0, -1)]
        bars.append(Bar(_path_words(path), float(ends[0]), float(ends[-1]), *texts))
    return tornado(bars, base, f"{strategy}: {shown.words()}", unit)


def _rows(rows: "pd.DataFrame", shown: Shown) -> "pd.DataFrame":
    known("metric of the sweep", shown.metric, rows["metric"].unique())
    known("statistic of the sweep", shown.statistic, rows["statistic"].unique())
    if shown.cause is not None:
        known("cause", shown.cause, CAUSES)
    cause = rows["cause"].isna() if shown.cause is None else rows["cause"] == shown.cause
    wanted = (rows["metric"] == shown.metric) & (rows["statistic"] == shown.statistic)
    return rows[wanted & cause & rows["of"].isna() & rows["estimate"].notna()]


def _paths(rows: "pd.DataFrame") -> list[str]:
    return [c for c in rows.columns if "." in c]


def _of(rows: "pd.DataFrame", strategy: str) -> "pd.DataFrame":
    return rows[rows["strategy"] == known("strategy", strategy, rows["strategy"].unique())]


def _held(rows: "pd.DataFrame", free: set[str], at: Mapping[str, Any]) -> dict[str, Any]:
    """The value at which each other path is held."""
    for path in (*free, *at):
        known("swept path", path, _paths(rows))
    held = {}
    for path in _paths(rows):
        values = sorted(rows[path].dropna().unique())
        if path not in free and values:
            held[path] = at.get(path, values[len(values) // 2])
    return held


def _at(rows: "pd.DataFrame", held: Mapping[str, Any]) -> "pd.DataFrame":
    for path, value in held.items():
        rows = rows[(rows[path] == value) | rows[path].isna()]
    return rows


def _held_words(held: Mapping[str, Any]) -> str:
    said = [f"{_path_words(p)} {v if isinstance(v, str) else _number(v, _unit(p))}" for p, v in held.items()]  # fmt: skip
    return f" Held: {', '.join(said)}." if said else ""


def _scale_words(scale: str) -> str:
    return " (log scale)" if scale == "log" else ""


def _axis(ax: Any, which: str, values: Any, path: str) -> None:
    """Logarithmic over a decade and more; below that as the numbers are, from 0 upwards, with a tick at each swept one."""
    axis = ax.xaxis if which == "x" else ax.yaxis
    positive = values[values > 0]
    narrow = len(positive) > 0 and positive.max() < 10 * positive.min()
    if narrow or not len(positive) or (which == "y" and (values <= 0).any()):
        if which == "x" and len(ticks := np.unique(values)) <= 8:
            axis.set_ticks(ticks, [_number(float(value), _unit(path)) for value in ticks])
        elif _unit(path) == "s":
            axis.set_major_locator(MultipleLocator(_step_s(float(values.max()))))
            axis.set_major_formatter(lambda value, _: about(value))
        if which == "y" and narrow:
            ax.set_ylim(bottom=0.0)
        return
    (ax.set_xscale if which == "x" else ax.set_yscale)("log")
    if _unit(path) == "s":
        low, high = axis.get_view_interval()
        time_axis(axis, low, high)


def _step_s(most_s: float) -> float:
    """Between ticks of time, of which at most seven are wanted."""
    steps_s = [k * unit_s for unit_s in (1, 60, 3600) for k in (1, 2, 5, 10, 15, 30)]
    whole = next((step_s for step_s in steps_s if most_s <= 6 * step_s), most_s / 6)
    return whole if most_s > 1 else most_s / 5 or 1.0


def _unit(path: str) -> str:
    return "s" if path == "s" or is_time(path) else ""


def _number(value: float, unit: str) -> str:
    return about(value) if unit == "s" else f"{value:.3g}"


def _path_words(path: str) -> str:
    parts = path.removeprefix("strategies.").split(".")
    return readable(" ".join(part for part in parts if part != "token"))


def _slope(chosen: "pd.DataFrame", path: str, shown: Shown, unit: str) -> str:
    """The strategy that moves most along the path."""

    def ends(name: str) -> tuple[float, float, float, float]:
        line = chosen[chosen["strategy"] == name].iloc[[0, -1]]
        (x0, x1), (y0, y1) = line[path].to_list(), line["estimate"].to_list()
        return x0, x1, y0, y1

    name = max(chosen["strategy"].unique(), key=lambda n: abs(ends(n)[3] - ends(n)[2]))
    x0, x1, y0, y1 = ends(name)
    if y0 == y1:
        return f"{_path_words(path)} does not move the {shown.words()}"
    return (
        f"{_path_words(path)} from {_number(x0, _unit(path))} to {_number(x1, _unit(path))} takes the"
        f" {shown.words()} from {_number(y0, unit)} to {_number(y1, unit)} under {name}"
    )

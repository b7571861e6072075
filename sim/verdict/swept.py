"""The settings of a sweep, judged by the goals from its table alone: each cell, the preferred first, and in words."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.basics.wording import format_duration
from sim.model.causes import CAUSE_HEADS, CAUSES
from sim.model.lifetimes import lifetimes
from sim.model.strategies import Strategy
from sim.scenario.keys import is_time
from sim.scenario.model import Goals
from sim.verdict.goals import STAND_INS, Goal, limits_in
from sim.verdict.words import PREFERENCES

if TYPE_CHECKING:
    import pandas as pd

Figures = Mapping[tuple[str, str, str], tuple[float, float, float]]
_MARK = {"met": "", "missed": " x", "unclear": " ?"}
_LEFT_OUT = {"strategies", "token", "allowlist", "check", "push"}


@dataclass(frozen=True)
class Found:
    """A goal in a cell: value and interval (NaN where there is none), infinite where nothing ends it."""

    goal: Goal
    value: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """As `judge` has it, by the interval; where the cases are too few for one nothing is shown."""
        if self.high <= self.goal.limit:
            return "met"
        return "missed" if self.low > self.goal.limit else "unclear"

    @property
    def text(self) -> str:
        """The value with its mark."""
        shown = "-" if math.isnan(self.value) else self.goal.shown(self.value)
        return shown + _MARK[self.verdict]


@dataclass(frozen=True)
class SweptCell:
    """A strategy at a point. `preferred` is what the goals' preference orders by, the smallest first."""

    strategy: str
    settings: dict[str, Any]
    found: tuple[Found, ...]
    open: tuple[str, ...]
    preferred: tuple[float, float]

    @property
    def state(self) -> str:
        """`ok`, `no`, or `unclear` where a goal is not shown to be met."""
        verdicts = {one.verdict for one in self.found}
        return "no" if "missed" in verdicts else "unclear" if "unclear" in verdicts else "ok"

    @property
    def name(self) -> str:
        """For instance `short_token (lifetime 5 min)`."""
        said = ", ".join(f"{path_head(p)} {value_said(p, v)}" for p, v in self.settings.items())
        return f"{self.strategy} ({said})" if said else self.strategy


@dataclass(frozen=True)
class Swept:
    """All cells of a sweep's folder, judged; those that meet every goal first, by preference."""

    manifest: Mapping[str, Any]
    goals: tuple[Goal, ...]
    assumed: bool
    prefer: str
    cells: tuple[SweptCell, ...]

    @property
    def paths(self) -> list[str]:
        """The swept paths that concern a strategy here, those with the most values first."""
        values: dict[str, set[Any]] = {}
        for cell in self.cells:
            for path, value in cell.settings.items():
                values.setdefault(path, set()).add(value)
        return sorted(values, key=lambda path: (-len(values[path]), path))

    @cached_property
    def good(self) -> tuple[SweptCell, ...]:
        """The cells that are shown to meet every goal."""
        return tuple(cell for cell in self.cells if cell.state == "ok")

    @property
    def headline(self) -> str:
        """What comes out, and what that leaves open."""
        by = "stand-in goals (the file has none)" if self.assumed else "every goal"
        if not self.good:
            return f"NOTHING TO USE: of {len(self.cells)} settings none is shown to meet {by}."
        best, many = self.good[0], len(self.good)
        number = f"1 of {len(self.cells)} settings is" if many == 1 else f"{many} of {len(self.cells)} settings are"  # fmt: skip
        open_ = f"leaves OPEN: {', '.join(best.open)}" if best.open else "leaves nothing open"
        return (
            f"{number} shown to meet {by}; by {PREFERENCES[self.prefer]} USE {best.name}; {open_}."
        )


def swept(rows: "pd.DataFrame", manifest: Mapping[str, Any]) -> Swept:
    """Judge the table of a sweep (`read_sweep`). Exposure without a cause is that of the worst cause."""
    table = Goals.model_validate(manifest["resolved"].get("goals") or {})
    assumed = not limits_in(table)
    if assumed:
        table = Goals.model_validate(STAND_INS)
    goals = tuple(limits_in(table))
    paths = [path for path in manifest["paths"] if path in rows.columns]
    own = rows[rows["of"].isna()]
    cells = [
        _cell(cell_rows, paths, manifest["resolved"]["strategies"], goals, table.prefer)
        for _, cell_rows in own.groupby("cell", sort=False)
    ]
    ranked = sorted(cells, key=_rank)
    return Swept(manifest, goals, assumed, table.prefer, tuple(ranked))


def _rank(cell: SweptCell) -> Any:
    """Good ones by preference, the others by the worst ratio to a limit."""
    if cell.state == "ok":
        return (0, *cell.preferred)
    worst = max((_ratio(one) for one in cell.found), default=math.inf)
    return (1 if cell.state == "unclear" else 2, worst, cell.preferred[0])


def _ratio(found: Found) -> float:
    return math.inf if math.isnan(found.value) else found.value / found.goal.limit


def _cell(
    rows: "pd.DataFrame",
    paths: list[str],
    strategies: Mapping[str, Any],
    goals: tuple[Goal, ...],
    prefer: str,
) -> SweptCell:
    first = rows.iloc[0]
    name = str(first["strategy"])
    columns = ["metric", "statistic", "cause", "estimate", "low", "high"]
    figures: dict[tuple[str, str, str], tuple[float, float, float]] = {
        (m, s, c if isinstance(c, str) else ""): (float(e), float(low), float(high))
        for m, s, c, e, low, high in rows[columns].itertuples(index=False)
    }
    settings = {path: first[path] for path in paths if _given(first[path])}
    happen = [c for c in CAUSES if ("exposure", "mean", c) in figures]
    open_ = tuple(CAUSE_HEADS[c] for c in happen if math.isnan(_bound_s(figures, c)))
    return SweptCell(
        strategy=name,
        settings=settings,
        found=tuple(_found(goal, figures, happen) for goal in goals),
        open=open_,
        preferred=_preferred(prefer, figures, happen, _shortest_s(name, settings, strategies)),
    )


def _given(value: Any) -> bool:
    return isinstance(value, str) or (value is not None and not math.isnan(float(value)))


def _bound_s(figures: Figures, cause: str) -> float:
    return figures.get(("bound", "max", cause), (math.nan,))[0]


def _found(goal: Goal, figures: Figures, happen: list[str]) -> Found:
    if goal.metric != "exposure":
        return Found(goal, *figures.get((goal.metric, goal.statistic, ""), (math.nan,) * 3))
    causes = happen if goal.cause is None else [goal.cause]
    each = [_exposure(goal, figures, cause) for cause in causes]
    return max(each, key=lambda one: (one.value, one.high), default=Found(goal, *(math.nan,) * 3))


def _exposure(goal: Goal, figures: Figures, cause: str) -> Found:
    """What the table says, and the bound where the interval is wider than it or there are too few cases for one."""
    value, low, high = figures.get(("exposure", goal.statistic, cause), (math.nan,) * 3)
    if math.isnan(value):
        return Found(goal, value, low, high)
    bound_s = _bound_s(figures, cause)
    if math.isnan(bound_s):
        end = math.inf if value > 0 else value
        return Found(goal, end, end if value > 0 else low, math.inf if value > 0 else high)
    if goal.statistic == "max":
        return Found(goal, value, value, bound_s)
    return Found(goal, value, low, bound_s if math.isnan(high) else min(high, bound_s))


def _shortest_s(name: str, settings: Mapping[str, Any], strategies: Mapping[str, Any]) -> float:
    """The shortest lifetime of a strategy at its settings; infinite where it has none."""
    table = {"name": name, **(strategies.get(name) or {})}
    for path, value in settings.items():
        if path.startswith(f"strategies.{name}."):
            table = _put(table, path.split(".")[2:], value)
    try:
        strategy = Strategy.model_validate({k: v for k, v in table.items() if v is not None})
    except ValueError:  # given from outside the scenario, or written in Python
        return math.inf
    return min(lifetimes(strategy).values(), default=math.inf)


def _put(table: dict[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    """The table with one value replaced; a column of texts holds tables as JSON."""
    first, *rest = path
    below = table.get(first)
    if rest:
        return {**table, first: _put(below if isinstance(below, dict) else {}, rest, value)}
    return {**table, first: _read(value) if isinstance(value, str) else value}


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _preferred(
    prefer: str, figures: Figures, happen: list[str], shortest_s: float
) -> tuple[float, float]:
    overhead_s = figures.get(("auth_overhead", "mean", ""), (math.nan,))[0]
    if prefer == "lowest_overhead":
        return (overhead_s, 0.0)
    if prefer == "shortest_exposure":
        worst = max((figures[("exposure", "mean", c)][0] for c in happen), default=math.inf)
        return (worst, overhead_s)
    return (-shortest_s, overhead_s)


# -- words --------------------------------------------------------------------------------------


def settings_said(found: Swept, cell: SweptCell) -> list[str]:
    """The values of a cell by the paths of the sweep; empty where a path does not concern its strategy."""
    return [value_said(path, cell.settings[path]) if path in cell.settings else "" for path in found.paths]  # fmt: skip


def path_head(path: str) -> str:
    """A swept path, short: `token.lifetime` of a strategy is `lifetime`, `host.check.median` is `host check median`."""
    parts = path.split(".")
    if parts[0] == "strategies":
        parts = [part for part in parts[2:] if part not in _LEFT_OUT] or parts[2:]
    return " ".join(parts).replace("_", " ")


def value_said(path: str, value: Any) -> str:
    """A value of a swept path: times as people write them, other numbers and texts as they are."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return format_duration(float(value)) if is_time(path) else f"{value:g}"

"""The figures of a sweep's folder by name: a line over each path, a surface over two, a tornado where there are more."""

import re
from collections.abc import Callable
from itertools import combinations
from typing import TYPE_CHECKING

from sim.plot.style import Picture
from sim.plot.sweep import Shown, sweep_lines, sweep_surface, sweep_tornado

if TYPE_CHECKING:
    import pandas as pd

    from sim.verdict.swept import Swept


def swept_figures(rows: "pd.DataFrame", found: "Swept") -> dict[str, Callable[[], Picture]]:
    """What draws each figure, by the name of its file; each may raise ValueError where there is nothing to draw."""
    shown = _shown(found)
    paths = [p for p in found.paths if _numbers(rows, p) > 1]
    figures: dict[str, Callable[[], Picture]] = {}
    for path in paths:
        moved = shown if _moves(rows, path, shown) else Shown("auth_overhead", "p95", None)
        figures[f"lines-{_file(path)}"] = _lines(rows, path, moved)
    for strategy, own in _paths_of(found, paths).items():
        for x, y in combinations(own, 2):
            name = f"surface-{_file(strategy)}" + (
                "" if len(own) == 2 else f"-{_file(x)}-{_file(y)}"
            )
            figures[name] = _surface(rows, x, y, strategy, shown)
        if len(own) > 2:
            figures[f"tornado-{_file(strategy)}"] = _tornado(rows, own, strategy, shown)
    return figures


def _shown(found: "Swept") -> Shown:
    """The first goal about exposure, else the mean after the first cause that happens."""
    goal = next((goal for goal in found.goals if goal.metric == "exposure"), None)
    causes = [one.goal.cause for cell in found.cells for one in cell.found if one.goal.cause]
    cause = causes[0] if causes else "deactivation"
    if goal is None:
        return Shown(cause=cause)
    return Shown("exposure", goal.statistic, goal.cause or cause)


def _moves(rows: "pd.DataFrame", path: str, shown: Shown) -> bool:
    """Whether the figure is not the same all along the path, under some strategy."""
    wanted = (rows["metric"] == shown.metric) & (rows["statistic"] == shown.statistic)
    own = rows[wanted & (rows["cause"] == shown.cause) & rows[path].notna()]
    return bool((own.groupby("strategy")["estimate"].nunique() > 1).any())


def _numbers(rows: "pd.DataFrame", path: str) -> int:
    column = rows[path].dropna()
    return 0 if column.dtype.kind not in "if" else int(column.nunique())


def _paths_of(found: "Swept", paths: list[str]) -> dict[str, list[str]]:
    own: dict[str, list[str]] = {}
    for cell in found.cells:
        own.setdefault(cell.strategy, [path for path in paths if path in cell.settings])
    return own


def _file(text: str) -> str:
    """A path or a strategy as a piece of a file's name."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text.removeprefix("strategies."))[:80]


def _lines(rows: "pd.DataFrame", path: str, shown: Shown) -> Callable[[], Picture]:
    return lambda: sweep_lines(rows, path, shown)


def _surface(
    rows: "pd.DataFrame", x: str, y: str, strategy: str, shown: Shown
) -> Callable[[], Picture]:
    return lambda: sweep_surface(rows, x, y, strategy, shown)


def _tornado(rows: "pd.DataFrame", own: list[str], strategy: str, shown: Shown) -> Callable[[], Picture]:  # fmt: skip
    return lambda: sweep_tornado(rows, own, strategy, shown)

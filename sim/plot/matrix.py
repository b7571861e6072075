"""The coverage matrix: which strategy ends which cause, and within which bound."""

import math
import textwrap
from collections.abc import Sequence
from typing import Any

from sim.coverage import parts_text, said
from sim.model.causes import CAUSES
from sim.plot.style import INK, Picture, canvas, headline, is_narrow, listed, readable
from sim.results.study import Study

OPEN = "#E69F00"


def coverage_matrix(study: Study, strategies: Sequence[str] | None = None) -> Picture:
    """One row a strategy, one column a cause: the bound, darker for longer, or *open* (hatched)."""
    names = study.named(strategies or study.names)
    lines = max(_lines(study, name) for name in names)
    picture, ax = canvas(8.8, 1.5 + (0.36 if lines == 1 else 0.16 * lines + 0.12) * len(names))
    for row, name in enumerate(names):
        for column, cause in enumerate(CAUSES):
            _cell(ax, study, name, cause, column, row)
    ax.set_xlim(-0.5, len(CAUSES) - 0.5)
    ax.set_ylim(len(names) - 0.5, -0.5)
    heads = [readable(c).replace(" ", "\n") if is_narrow() else readable(c) for c in CAUSES]
    ax.set_xticks(range(len(CAUSES)), heads)
    ax.set_yticks(range(len(names)), names)
    ax.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    headline(
        ax,
        _finding(study, names),
        "A table of strategies and causes: what is typical; what is the worst, and when. A darker blue cell has a longer worst, a hatched orange cell is open.",
        70,
    )
    return picture


def _lines(study: Study, name: str) -> int:
    """The most lines that a cell of a row takes."""
    return max(_text(study, name, cause).count("\n") + 1 for cause in CAUSES)


def _text(study: Study, name: str, cause: str) -> str:
    worst, kinds = cell_texts(study, name, cause)
    return textwrap.fill(worst + (f" ({kinds})" if kinds else ""), 13 if is_narrow() else 27)


def _cell(ax: Any, study: Study, name: str, cause: str, column: int, row: int) -> None:
    from matplotlib.patches import Rectangle

    covered, bound_s = study.covered(name, cause), study.bound_s(name, cause)
    fill, ink = _colours(bound_s) if covered else ("#fdf0d5", INK)
    ax.add_patch(
        Rectangle(
            (column - 0.49, row - 0.47),
            0.98,
            0.94,
            fc=fill,
            ec=OPEN if not covered else "white",
            hatch=None if covered else "////",
            lw=0.6,
        )
    )
    text = _text(study, name, cause)
    box = None if covered else {"fc": "#fdf0d5", "ec": "none", "pad": 1.2}
    size = (8.5 if "\n" not in text else 7.0) - (1.5 if is_narrow() else 0.0)
    ax.text(
        column,
        row,
        text,
        ha="center",
        va="center",
        fontsize=size,
        color=ink,
        bbox=box,
        linespacing=1.0,
    )


def cell_texts(study: Study, name: str, cause: str) -> tuple[str, str]:
    """Typical and worst of the worst kind, and of kinds or carriers that differ: ("15 min", "admin 0 s; 1 s if ...")."""
    cells = [(of, said(*row)) for of, *row in study.covers(name, cause)]
    return cells[0][1], parts_text(cells)


def _colours(bound_s: float) -> tuple[str, str]:
    """A blue that darkens with the logarithm of the bound, from 1 s to 30 d, and an ink that is read on it."""
    share = min(max(math.log10(max(bound_s, 1.0)) / math.log10(2_592_000.0), 0.0), 1.0)
    light, dark = (0xE8, 0xF2, 0xF9), (0x0B, 0x3C, 0x5D)
    mixed = [round(a + (b - a) * share) for a, b in zip(light, dark, strict=True)]
    return "#" + "".join(f"{c:02x}" for c in mixed), "white" if share > 0.45 else INK


def _finding(study: Study, names: Sequence[str]) -> str:
    whole = [n for n in names if all(study.covered(n, c) for c in CAUSES)]
    if not whole:
        return "No strategy bounds the window of every cause: each is blind to something"
    blind = [n for n in names if n not in whole]
    if not blind:
        return "Every strategy bounds the window of every cause; the bounds differ"
    return f"{len(blind)} of {len(names)} strategies never notice some cause: {listed(blind, 9)}"

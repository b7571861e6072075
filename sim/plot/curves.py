"""Curves of many strategies in one figure: those that coincide share a line, each line has a look of its own."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.plot.style import COLOURS, DASHES

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """A curve on the common grid and the strategies that follow it; `style` numbers its look."""

    names: tuple[str, ...]
    y: Array
    style: int

    @property
    def label(self) -> str:
        """The names, wrapped for a legend."""
        return textwrap.fill(", ".join(self.names), 34)

    @property
    def look(self) -> dict[str, Any]:
        """Colour, dash and width; beyond the last colour they begin again, thin and with other dashes."""
        again, n = divmod(self.style, len(COLOURS))
        dash = DASHES[(n + 3 * again) % len(DASHES)]
        return {"color": COLOURS[n], "ls": dash, "lw": 1.0 if again else 2.0}


def lines(curves: Mapping[str, Array], tolerance: float = 0.02) -> list[Line]:
    """Group curves (name -> values on one grid, between 0 and 1) that differ by less than `tolerance` everywhere."""
    groups: list[tuple[list[str], Array]] = []
    for name, y in curves.items():
        near = next((names for names, other in groups if np.abs(other - y).max() < tolerance), None)
        if near is None:
            groups.append(([name], y))
        else:
            near.append(name)
    return [Line(tuple(names), y, i) for i, (names, y) in enumerate(groups)]

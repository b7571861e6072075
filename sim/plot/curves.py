"""Curves of many strategies in one figure: those that coincide share a line, the most different get the colours."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.plot.style import COLOURS

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """A curve on the common grid and the strategies that follow it. `style` numbers its colour, None for grey."""

    names: tuple[str, ...]
    y: Array
    style: int | None

    @property
    def label(self) -> str:
        """The names, wrapped for a legend."""
        return textwrap.fill(", ".join(self.names), 34)


def lines(
    curves: Mapping[str, Array], tolerance: float = 0.02, most: int = len(COLOURS)
) -> list[Line]:
    """Group curves (name -> values on one grid, between 0 and 1) that differ by less than `tolerance` everywhere.

    Of more than `most` groups the most different keep a colour: farthest first, from the first curve on.
    """
    groups: list[tuple[list[str], Array]] = []
    for name, y in curves.items():
        near = next((names for names, other in groups if np.abs(other - y).max() < tolerance), None)
        if near is None:
            groups.append(([name], y))
        else:
            near.append(name)
    coloured = _farthest([y for _, y in groups], most)
    order = {index: style for style, index in enumerate(sorted(coloured))}
    return [Line(tuple(names), y, order.get(i)) for i, (names, y) in enumerate(groups)]


def _farthest(ys: Sequence[Array], most: int) -> list[int]:
    chosen = [0] if ys else []
    while len(chosen) < min(most, len(ys)):
        distance = [
            min(float(np.abs(y - ys[c]).mean()) for c in chosen) if i not in chosen else -1.0
            for i, y in enumerate(ys)
        ]
        chosen.append(int(np.argmax(distance)))
    return chosen

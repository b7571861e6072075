"""Sobol indices of the inputs that matter most: alone, and with all interactions.

From a Sobol design within half to twice (Saltelli 2010, Jansen's total effect, by SALib).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.recommendation.inputs import RANGE, Input
from sim.recommendation.worlds import SPREAD
from sim.verdict.goals import Goal

NARROW = 0.15  # half an interval of an index that still says whether an input matters
_FEWEST = 16  # samples below which resampling says nothing of an interval

Point = tuple[float, ...]


@dataclass(frozen=True)
class Index:
    """Sobol indices of an input for one goal, each with half its 95 % interval: alone, and with all interactions."""

    key: str
    goal: str
    first: float
    first_half: float
    total: float
    total_half: float
    samples: int

    @property
    def conclusive(self) -> bool:
        """Whether both are shares, as such indices are, with intervals that are narrow enough to mean something."""
        narrow = max(self.first_half, self.total_half) <= NARROW and self.samples >= _FEWEST
        return narrow and all(-NARROW <= i <= 1 + NARROW for i in (self.first, self.total))


def indices_of(
    inputs: Sequence[Input],
    goals: Sequence[Goal],
    samples: int,
    seed: int,
    values: Callable[[list[Mapping[str, Any]]], list[tuple[float, ...]]],
) -> list[Index]:
    """Indices for every goal that moves in all worlds of a design of `samples` (a power of 2) times (inputs + 2) worlds.

    `values` gives the goals' values over their limits for changes of the scenario.
    """
    from SALib.analyze import sobol as analysis
    from SALib.sample import sobol as design

    problem = {
        "num_vars": len(inputs),
        "names": [i.key for i in inputs],
        "bounds": [[-math.log2(RANGE), math.log2(RANGE)]] * len(inputs),
    }
    points = design.sample(problem, samples, calc_second_order=False, seed=seed)
    worlds: list[Mapping[str, Any]] = [
        {i.key: i.at(float(2.0**x)) for i, x in zip(inputs, point, strict=True)} for point in points
    ]
    table = np.array(values(worlds), dtype=float)
    indices = []
    for place, goal in enumerate(goals):
        column = table[:, place]
        if not moves(column):
            continue
        found = analysis.analyze(problem, column, calc_second_order=False, seed=seed)
        for n, one in enumerate(inputs):
            first, first_half, total, total_half = (
                float(found[k][n]) for k in ("S1", "S1_conf", "ST", "ST_conf")
            )
            indices.append(Index(one.key, goal.key, first, first_half, total, total_half, samples))
    return indices


def moves(values: "np.typing.NDArray[np.float64]") -> bool:
    """Whether a goal is judged in every world, and moves by more than digits: an index divides by how much it moves."""
    return bool(np.isfinite(values).all()) and float(np.ptp(values)) >= SPREAD

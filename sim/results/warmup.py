"""Warm-up: how long a study that shall be stationary is still marked by its start."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from sim.basics.statistics import mser
from sim.engine.recording import Run

PILOT_RUNS = 5
MINUTE_S = 60.0


def warm_up_s(runs: Mapping[str, Sequence[Run]]) -> float:
    """The warm-up in seconds, one for all strategies: the longest that MSER-5 finds for any of them.

    `runs` are pilot replications without warm-up. Per strategy the mean response time of honest people in each
    minute, over the replications, is the series; a minute without clicks repeats the one before. Half the
    horizon means: the study is too short to be stationary.
    """
    return max(mser(_minutes(of)) for of in runs.values()) * MINUTE_S


def _minutes(runs: Sequence[Run]) -> list[float]:
    sums: npt.NDArray[np.float64] = np.sum([run.response_sum_s for run in runs], axis=0)
    counts: npt.NDArray[np.int64] = np.sum([run.response_n for run in runs], axis=0)
    series: list[float] = []
    for total_s, n in zip(sums, counts, strict=True):
        series.append(float(total_s / n) if n else series[-1] if series else 0.0)
    return series

"""The windows behind a verdict: of virtual cases where they can be read off (`results.virtual`), of real ones elsewhere."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sim.basics.statistics import Totals
from sim.engine.recording import Run
from sim.model.causes import CAUSES, Cause
from sim.results import virtual


def asked(runs: Sequence[Run], *causes: str | None) -> virtual.Asked | None:
    """What the people were asked about causes (None: about all that happen); None where real cases tell."""
    named = [cause for cause in causes if cause is not None]
    if len(named) < len(causes):
        return virtual.asked(runs)
    return virtual.asked(runs, [Cause(CAUSES.index(cause)) for cause in named])


def exposures(run: Run, cause: str | None) -> npt.NDArray[np.float64]:
    """The windows of a cause's real cases (None: of all) in s; one that outlived the run counts as its bound."""
    cases = run.cases
    if cause is not None:
        cases = cases[cases.cause == CAUSES.index(cause)]
    result: npt.NDArray[np.float64] = np.where(cases.censored, cases.bound_s, cases.exposure_s)
    return result


def totals(runs: Sequence[Run], *causes: str | None) -> Totals:
    """The mean window after causes, as sums by replication."""
    if (of := asked(runs, *causes)) is not None:
        return of.totals
    values = [np.concatenate([exposures(run, cause) for cause in causes]) for run in runs]
    return Totals([float(v.sum()) for v in values], [float(len(v)) for v in values])


def persons(runs: Sequence[Run], cause: str | None) -> int:
    """How many stand behind a figure."""
    of = asked(runs, cause)
    return sum(len(exposures(run, cause)) for run in runs) if of is None else of.persons


def persons_over(runs: Sequence[Run], cause: str | None, limit_s: float) -> int:
    """How many of them would meet a longer window."""
    of = asked(runs, cause)
    if of is None:
        return int(sum((exposures(run, cause) > limit_s).sum() for run in runs))
    return round(of.share_over(limit_s) * of.persons)

"""Ranking and selection: which strategy is best, and whether the replications tell."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from sim.basics.statistics import LEVEL, Difference, Totals, paired_difference

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Selection:
    """The smallest mean of all, and the rivals that the replications do not tell from it."""

    best: str
    rivals: tuple[str, ...]
    level: float

    @property
    def told_apart(self) -> bool:
        """Whether `best` is the best with confidence `level`."""
        return not self.rivals

    def __str__(self) -> str:
        percent = f"{100 * self.level:.4g} %"
        if self.told_apart:
            return f"{self.best} is best with {percent} confidence"
        return f"not told apart with {percent} confidence: {', '.join((self.best, *self.rivals))}"


def select_smallest(means: Mapping[str, Totals], level: float = LEVEL) -> Selection | None:
    """Name the smallest mean, and what cannot be told from it, by paired differences over replications.

    Each of k - 1 one-sided tests takes (1 - level) / (k - 1), so whichever strategy happens to look best, one
    that is not is called best with probability at most 1 - level (Bonferroni). Equal results stay rivals.
    None where no mean exists.
    """
    known = {name: totals for name, totals in means.items() if sum(totals.bottoms) > 0}
    if not known:
        return None
    values = {name: sum(m.tops) / sum(m.bottoms) for name, m in known.items()}
    best = min(values, key=lambda name: values[name])
    others = [name for name in known if name != best]
    each = 1 - 2 * (1 - level) / max(1, len(others))
    rivals = [n for n in others if not _exceeds(paired_difference(known[n], known[best], each))]
    return Selection(best, tuple(rivals), level)


def _exceeds(difference: Difference) -> bool:
    return difference.low is not None and difference.low > 0


# -- procedures with an indifference zone -------------------------------------------------------


@dataclass(frozen=True)
class KimNelson:
    """The constants of procedure KN (Kim and Nelson 2001), valid under common random numbers."""

    eta: float
    h_squared: float


def kim_nelson(k: int, first_runs: int, level: float = LEVEL) -> KimNelson:
    """KN for k strategies after `first_runs` replications. Raises ValueError for fewer than two of either."""
    if k < 2 or first_runs < 2:
        raise ValueError(f"expected 2 or more strategies and replications; found {k}, {first_runs}")
    eta = 0.5 * ((2 * (1 - level) / (k - 1)) ** (-2 / (first_runs - 1)) - 1)
    return KimNelson(eta, 2 * eta * (first_runs - 1))


def drop_contenders(
    samples: Mapping[str, Sequence[float]],
    indifference: float,
    first_runs: int,
    level: float = LEVEL,
) -> dict[str, int | None]:
    """After how many replications KN drops each strategy, smallest mean wanted; None for those it keeps.

    One value a replication, all of the same length. Continue with the contenders only; one that is left is
    best, or within `indifference` of it, with probability `level`. Ties stay. Raises ValueError where there
    are fewer than `first_runs` replications.
    """
    names = list(samples)
    values = np.array([samples[name] for name in names], float)
    k, runs = values.shape
    if runs < first_runs:
        raise ValueError(f"{runs} replications: expected at least {first_runs}")
    dropped: dict[str, int | None] = dict.fromkeys(names)
    if k < 2:
        return dropped
    first = values[:, None, :first_runs] - values[None, :, :first_runs]
    spread = kim_nelson(k, first_runs, level).h_squared * first.var(axis=2, ddof=1)
    means = values.cumsum(axis=1) / np.arange(1, runs + 1)
    alive = np.arange(k)
    for r in range(first_runs, runs + 1):
        now, slack = means[alive, r - 1], _slack(spread[np.ix_(alive, alive)], indifference, r)
        stays = (now[:, None] <= now[None, :] + slack).all(axis=1)
        dropped.update((names[i], r) for i in alive[~stays])
        alive = alive[stays]
        if len(alive) == 1:
            break
    return dropped


def _slack(spread: Array, indifference: float, runs: int) -> Array:
    """How much worse a contender may look after `runs` replications: the triangle of KN."""
    slack: Array = np.maximum(0.0, indifference / (2 * runs) * (spread / indifference**2 - runs))
    return slack


@cache
def rinott_h(k: int, first_runs: int, level: float = LEVEL) -> float:
    """Rinott's constant (1978): N_i = ceil((h S_i / indifference)^2) replications of strategy i in all."""
    from scipy.optimize import brentq
    from scipy.special import chdtri, ndtr

    p, weights = _shares_and_weights()
    x = chdtri(first_runs - 1, 1 - p)
    spread = np.sqrt((first_runs - 1) * (1 / x[:, None] + 1 / x[None, :]))

    def missing(h: float) -> float:
        inner = ndtr(h / spread) @ weights
        return float(inner ** (k - 1) @ weights) - level

    return float(brentq(missing, 0.0, 50.0))


@cache
def dudewicz_dalal_h(k: int, first_runs: int, level: float = LEVEL) -> float:
    """Dudewicz and Dalal's constant h1 (1975); for two strategies it equals Rinott's."""
    from scipy.optimize import brentq
    from scipy.special import stdtr, stdtrit

    p, weights = _shares_and_weights()
    x = stdtrit(first_runs - 1, p)

    def missing(h: float) -> float:
        return float(stdtr(first_runs - 1, x + h) ** (k - 1) @ weights) - level

    return float(brentq(missing, 0.0, 50.0))


def _shares_and_weights(count: int = 64) -> tuple[Array, Array]:
    """Probabilities and weights for means over a law by its quantiles (Gauss and Legendre).

    The probabilities crowd at both ends, where quantiles are steep.
    """
    v, weights = np.polynomial.legendre.leggauss(count)
    v, weights = (v + 1) / 2, weights / 2
    return v**3 * (10 - 15 * v + 6 * v * v), weights * 30 * v * v * (1 - v) ** 2


def optimal_shares(means: Sequence[float], deviations: Sequence[float]) -> Array:
    """OCBA (Chen et al. 2000): the share of a budget of replications each strategy should get, smallest best."""
    mean, sd = np.asarray(means, float), np.asarray(deviations, float)
    best = int(mean.argmin())
    gaps = np.delete(mean - mean[best], best)
    if not (gaps > 0).all():
        raise ValueError("expected one smallest mean")
    shares = np.zeros(len(mean))
    others = np.arange(len(mean)) != best
    shares[others] = (sd[others] / gaps) ** 2
    shares[best] = sd[best] * math.sqrt(float(((shares[others] / sd[others]) ** 2).sum()))
    result: Array = shares / shares.sum()
    return result

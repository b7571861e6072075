"""Quantile functions in plain arithmetic and `math`: one uniform number in, one value out.

These functions are what both engines draw with. They hold to what compiles without change (floats,
`math`, indexing), so that Python and compiled code give the same bits.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

INF = math.inf

CONSTANT, UNIFORM, EXPONENTIAL, LOGNORMAL, WEIBULL, GAMMA, GEOMETRIC, EMPIRICAL = range(8)
WHOLE_UNIFORM, WHOLE_EMPIRICAL = 8, 9

# (code, a, b, c, cap, table), what `draw` needs of a law
Coefficients = tuple[int, float, float, float, float, tuple[float, ...]]


def draw(
    code: int, a: float, b: float, c: float, cap: float, table: Sequence[float], u: float
) -> float:
    """The quantile at `u` in (0, 1) of the law with these `coefficients()`, in the law's unit.

    A `u` from `streams.uniform` is an odd multiple of 2^-53, so 1 - u is exact, and log(1 - u) as good as log1p(-u), which takes
    twice the time. (Of other `u` those below 1e-9 lose digits.)
    """
    if code == EXPONENTIAL:
        value = a * math.log(1.0 - u)
    elif code == LOGNORMAL:
        value = math.exp(a + b * normal_quantile(u))
    elif code == CONSTANT:
        value = a
    elif code == UNIFORM:
        value = a + b * u
    elif code == WEIBULL:
        value = a * (-math.log(1.0 - u)) ** b
    elif code == GAMMA:
        value = a * math.exp(gamma_log_quantile(table, normal_quantile(u)))
    elif code == GEOMETRIC:
        value = 1.0 + math.floor(math.log(1.0 - u) / a)
    elif code == EMPIRICAL:
        value = joined(table, u)
    elif code == WHOLE_UNIFORM:
        value = a + math.floor(b * u)
    else:
        value = 0.0 + math.floor(joined(table, u) + 0.5)
    return value if value < cap else cap


def backed_off(wait_s: float, backoff: float, attempt: float) -> float:
    """The wait before a retry, the first with attempt 0; from 1e30 times the first wait on it grows no more."""
    if attempt * math.log(backoff) > 69.0:
        return wait_s * 1e30
    factor: float = backoff**attempt
    return wait_s * factor


def joined(table: Sequence[float], u: float) -> float:
    """The value at `u` of equally spaced quantiles joined by lines; `u` is at most 1 - 2^-53."""
    position = u * (len(table) - 1)
    i = int(position)
    return table[i] + (table[i + 1] - table[i]) * (position - i)


def normal_quantile(u: float) -> float:
    """The standard normal quantile, relative error about 1e-16.

    Source: algorithm AS 241, PPND16 (Wichura 1988, Applied Statistics 37, 477-484).
    """
    q = u - 0.5
    if abs(q) <= 0.425:
        return _normal_middle(q)
    # 1 - u is exact here, so the upper tail is as good as the lower
    r = math.sqrt(-math.log(u if q < 0.0 else 1.0 - u))
    z = _normal_tail(r - 1.6) if r <= 5.0 else _normal_far_tail(r - 5.0)
    return -z if q < 0.0 else z


# Rational functions of degree 7, summed in pairs (Estrin's scheme): a processor works on the pairs side by side.


def _normal_middle(q: float) -> float:
    r = 0.180625 - q * q
    r2 = r * r
    top = (3.387132872796366608 + 133.14166789178437745 * r) + r2 * (
        1971.5909503065514427 + 13731.693765509461125 * r
    )
    top += (r2 * r2) * (
        (45921.953931549871457 + 67265.770927008700853 * r)
        + r2 * (33430.575583588128105 + 2509.0809287301226727 * r)
    )
    low = (1.0 + 42.313330701600911252 * r) + r2 * (
        687.1870074920579083 + 5394.1960214247511077 * r
    )
    low += (r2 * r2) * (
        (21213.794301586595867 + 39307.89580009271061 * r)
        + r2 * (28729.085735721942674 + 5226.495278852854561 * r)
    )
    return q * top / low


def _normal_tail(r: float) -> float:
    r2 = r * r
    top = (1.42343711074968357734 + 4.6303378461565452959 * r) + r2 * (
        5.7694972214606914055 + 3.64784832476320460504 * r
    )
    top += (r2 * r2) * (
        (1.27045825245236838258 + 0.24178072517745061177 * r)
        + r2 * (0.0227238449892691845833 + 7.7454501427834140764e-4 * r)
    )
    low = (1.0 + 2.05319162663775882187 * r) + r2 * (
        1.6763848301838038494 + 0.68976733498510000455 * r
    )
    low += (r2 * r2) * (
        (0.14810397642748007459 + 0.0151986665636164571966 * r)
        + r2 * (5.475938084995344946e-4 + 1.05075007164441684324e-9 * r)
    )
    return top / low


def _normal_far_tail(r: float) -> float:
    r2 = r * r
    top = (6.6579046435011037772 + 5.4637849111641143699 * r) + r2 * (
        1.7848265399172913358 + 0.29656057182850489123 * r
    )
    top += (r2 * r2) * (
        (0.026532189526576123093 + 1.2426609473880784386e-3 * r)
        + r2 * (2.71155556874348757815e-5 + 2.01033439929228813265e-7 * r)
    )
    low = (1.0 + 0.59983220655588793769 * r) + r2 * (
        0.13692988092273580531 + 0.0148753612908506148525 * r
    )
    low += (r2 * r2) * (
        (7.868691311456132591e-4 + 1.8463183175100546818e-5 * r)
        + r2 * (1.4215117583164458887e-7 + 2.04426310338993978564e-15 * r)
    )
    return top / low


# Normal scores at which a gamma law is tabulated; they reach past those of 2^-53 and 1 - 2^-53.
_Z_LOW = -8.25
_Z_PER_UNIT = 16
_Z_CELLS = 264


def gamma_log_quantile(table: Sequence[float], z: float) -> float:
    """The log-quantile at the normal score `z` of the gamma law a `gamma_table` stands for."""
    position = (z - _Z_LOW) * _Z_PER_UNIT
    cell = int(position)
    s = position - cell
    i = 4 * cell
    return ((table[i + 3] * s + table[i + 2]) * s + table[i + 1]) * s + table[i]


@lru_cache(maxsize=256)
def gamma_table(shape: float) -> tuple[float, ...]:
    """A gamma law of scale 1 and this shape: four coefficients a cell of a cubic interpolant.

    What is interpolated (Hermite: values and slopes) is the log-quantile as a function of the normal
    score, which is smooth in both tails. Relative error of the quantile: below 1e-6 for shapes from 0.25 to 1000 and u in [1e-9, 1 - 1e-9].
    """
    import numpy as np
    from scipy.special import (  # type: ignore[import-untyped,unused-ignore]
        gammainccinv,
        gammaincinv,
        gammaln,
        ndtr,
    )

    z = _Z_LOW + np.arange(_Z_CELLS + 1) / _Z_PER_UNIT
    # each tail by its own inverse, since 1 - 1e-16 has lost its digits
    x = np.where(z < 0, gammaincinv(shape, ndtr(z)), gammainccinv(shape, ndtr(-z)))
    log_x = np.log(x)
    # dx/dz = phi(z) / f(x), and dlog x = dx / x
    log_slope = -0.5 * z * z - 0.5 * math.log(2 * math.pi) - (shape * log_x - x - gammaln(shape))
    rise, slope = np.diff(log_x), np.exp(log_slope) / _Z_PER_UNIT
    cubic = slope[:-1] + slope[1:] - 2 * rise
    cells = np.stack((log_x[:-1], slope[:-1], rise - slope[:-1] - cubic, cubic), axis=1)
    return tuple(cells.ravel().tolist())

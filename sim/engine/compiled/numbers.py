"""Random numbers and laws: the functions of `sim.basics.streams`, `sim.basics.quantiles` and `sim.workload.daily`, compiled.

The modules themselves do not import numba; what is compiled here is their own code, so both engines draw the same bits.
"""

import math
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from sim.basics import quantiles, streams
from sim.engine import histogram
from sim.engine.compiled import memory
from sim.engine.compiled.layout import F, World
from sim.engine.compiled.options import compiled, compiled_into_callers
from sim.workload import daily


def compiled_from(module: ModuleType, *names: str) -> list[Any]:
    """Functions of a module compiled, each seeing the compiled ones before it."""
    scope = dict(vars(module))
    for name in names:
        scope[name] = compiled(FunctionType(scope[name].__code__, scope, name))
    return [scope[name] for name in names]


draw64s, uniform64s = compiled_from(streams, "draw64s", "uniform64s")
*_, normal_quantile, _, _, draw = compiled_from(
    quantiles,
    "_normal_middle",
    "_normal_tail",
    "_normal_far_tail",
    "normal_quantile",
    "gamma_log_quantile",
    "joined",
    "draw",
)
(backed_off,) = compiled_from(quantiles, "backed_off")
(ticks,) = compiled_from(histogram, "ticks")
(busy_end,) = compiled_from(daily, "weighted_end_s")

CONSTANT, EXPONENTIAL, LOGNORMAL = (
    quantiles.CONSTANT,
    quantiles.EXPONENTIAL,
    quantiles.LOGNORMAL,
)
# A double has 52 bits of mantissa and an exponent that is stored plus 1022 (of a mantissa from a half, as `math.frexp` gives).
BITS_BELOW = 52 - (histogram.PER_OCTAVE.bit_length() - 1)
FIRST_BUCKET = ((histogram.LOW_EXPONENT + 1022) << (52 - BITS_BELOW)) - 1


@compiled
def uniform(w: World, person: int, stream: int, n: int, attempt: int) -> float:
    """The number at an address of this replication."""
    key = draw64s(memory.bases(w, stream).x, np.uint64(np.int64(person)))
    return uniform64s(key, np.uint64(np.int64(n)), np.uint64(np.int64(attempt)))


@compiled
def quantile(w: World, law: int, u: float) -> float:
    """The value of a law at a uniform number."""
    x = memory.law(w, law)
    table = memory.tables(w)[x.first : x.first + x.length]
    return draw(x.code, x.a, x.b, x.c, x.cap, table, u)


@compiled_into_callers
def sample(w: World, law: int, person: int, stream: int, n: int, attempt: int) -> float:
    """A draw from a law, at an address; a constant draws nothing."""
    if memory.law(w, law).code == CONSTANT:
        return memory.law(w, law).a
    return drawn(w, law, person, stream, n, attempt)


@compiled
def drawn(w: World, law: int, person: int, stream: int, n: int, attempt: int) -> float:
    """The same, from a law that is no constant; the common ones first."""
    u = uniform(w, person, stream, n, attempt)
    if memory.law(w, law).code == EXPONENTIAL:
        return min(memory.law(w, law).a * math.log(1.0 - u), memory.law(w, law).cap)
    if memory.law(w, law).code == LOGNORMAL:
        x = memory.law(w, law)
        return min(math.exp(x.a + x.b * normal_quantile(u)), x.cap)
    return quantile(w, law, u)


@compiled
def bucket_of(time: float) -> int:
    """`histogram.bucket_of`, from the bits of the number: its exponent and the first of its mantissa lie side by side."""
    bucket = (memory.bits_of(time) >> BITS_BELOW) - FIRST_BUCKET
    return min(max(bucket, 0), histogram.BUCKETS - 1)


@compiled
def pick3(u: float, a: float, b: float, c: float) -> int:
    """`pick` of three shares."""
    if u < a:
        return 0
    if u - a < b:
        return 1
    return 2 if c > 0 else (1 if b > 0 else 0)


__all__ = [
    "F",
    "backed_off",
    "bucket_of",
    "busy_end",
    "pick3",
    "quantile",
    "sample",
    "ticks",
    "uniform",
]

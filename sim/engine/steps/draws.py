"""Random numbers and laws: addresses of `sim.basics.streams`, the quantiles of `sim.basics.quantiles`."""

import math

import numpy as np

from sim.basics import quantiles, streams
from sim.engine import histogram
from sim.engine.state import NONE, World
from sim.engine.steps.binding import apart, into_callers, memory

# A double has 52 bits of mantissa and an exponent that is stored plus 1022 (of a mantissa from a half, as `math.frexp` gives).
BITS_BELOW = 52 - (histogram.PER_OCTAVE.bit_length() - 1)
FIRST_BUCKET = ((histogram.LOW_EXPONENT + 1022) << (52 - BITS_BELOW)) - 1


def uniform(w: World, person: int, stream: int, n: int, attempt: int) -> float:
    """The number at an address of this replication."""
    key = streams.draw64s(memory.base(w, stream).x, np.uint64(np.int64(person)))
    return streams.uniform64s(key, np.uint64(np.int64(n)), np.uint64(np.int64(attempt)))


def quantile(w: World, law: int, u: float) -> float:
    """The value of a law at a uniform number."""
    x = memory.law(w, law)
    table = memory.tables(w)[x.first : x.first + x.length]
    return quantiles.draw(x.code, x.a, x.b, x.c, x.cap, table, u)


@into_callers
def sample(w: World, law: int, person: int, stream: int, n: int, attempt: int) -> float:
    """A draw from a law, at an address; a constant draws nothing."""
    if memory.law(w, law).code == quantiles.CONSTANT:
        return memory.law(w, law).a
    return drawn(w, law, person, stream, n, attempt)


@into_callers
def sample_on_way(w: World, law: int, person: int, stream: int, n: int, attempt: int) -> float:
    """The same for a request or renewal under way, which may be a page's own."""
    if w.line != NONE:
        return sample_of_line(w, law, person, stream, attempt)
    return sample(w, law, person, stream, n, attempt)


@apart
def sample_of_line(w: World, law: int, person: int, stream: int, attempt: int) -> float:
    """A draw for the request of a page that is taken up, at its own address."""
    if memory.law(w, law).code == quantiles.CONSTANT:
        return memory.law(w, law).a
    number, k = memory.line(w, w.line).number, memory.line(w, w.line).at
    return quantile(w, law, uniform_of_page(w, person, stream, number, k, attempt))


def drawn(w: World, law: int, person: int, stream: int, n: int, attempt: int) -> float:
    """The same, from a law that is no constant; the common ones first."""
    u = uniform(w, person, stream, n, attempt)
    if memory.law(w, law).code == quantiles.EXPONENTIAL:
        return min(memory.law(w, law).a * math.log(1.0 - u), memory.law(w, law).cap)
    if memory.law(w, law).code == quantiles.LOGNORMAL:
        x = memory.law(w, law)
        return min(math.exp(x.a + x.b * quantiles.normal_quantile(u)), x.cap)
    return quantile(w, law, u)


def uniform_of_page(w: World, person: int, stream: int, page: int, k: int, attempt: int) -> float:
    """The number of what a page does by itself for the k-th time; `page`: its number in addresses."""
    key = streams.draw64s(memory.base(w, stream).x, np.uint64(np.int64(person)))
    key = streams.draw64s(key, np.uint64(np.int64(page)))
    return streams.uniform64s(key, np.uint64(np.int64(k)), np.uint64(np.int64(attempt)))


def sample_of_page(w: World, law: int, person: int, stream: int, page: int, k: int) -> float:
    """A draw from a law for it; a constant draws nothing."""
    if memory.law(w, law).code == quantiles.CONSTANT:
        return memory.law(w, law).a
    return quantile(w, law, uniform_of_page(w, person, stream, page, k, 0))


def bucket_of(time: float) -> int:
    """`histogram.bucket_of`, from the bits of the number: its exponent and the first of its mantissa lie side by side."""
    bucket = (memory.bits_of(time) >> BITS_BELOW) - FIRST_BUCKET
    return min(max(bucket, 0), histogram.BUCKETS - 1)


def pick3(u: float, a: float, b: float, c: float) -> int:
    """`pick` of three shares."""
    if u < a:
        return 0
    if u - a < b:
        return 1
    return 2 if c > 0 else (1 if b > 0 else 0)

"""Random numbers by address: the same bits by every road, and no pattern along any part of an address.

Seeds are fixed. A test of uniformity fails by chance with probability 1e-6 for a fresh seed; there
are fewer than 40 such comparisons in this file, so under 4e-5 together.
"""

from types import FunctionType
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from sim.basics.streams import (
    STORM,
    TAKEN,
    WORLD,
    Stream,
    draw64,
    mix64,
    stream_base,
    stream_bases,
    stream_key,
    stream_keys,
    uniform,
    uniform64s,
    uniforms,
)

FALSE_ALARM = 1e-6
N = 20_000

words = st.integers(0, 2**64 - 1)
KEYS = ["0x30d5ecb779ec2aff", "0xdf8da4f9fc2c7178", "0xd00c92ad1f83c8ab"]
UNIFORMS = [0.5874864803768497, 0.2603459449334423, 0.7404120108995093]
numbers = st.integers(0, 2**40)
attempts = st.integers(0, 2**16 - 1)


# --- The same bits --------------------------------------------------------------------------------


def test_generator_is_splitmix64() -> None:
    """The first outputs for the seed 1234567, as given by other implementations."""
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert [draw64(1234567, n) for n in range(3)] == published
    assert mix64(0) == 0


def test_golden_values() -> None:
    """Results of studies depend on these: a change of any is a new version of every result."""
    assert [hex(stream_key(2026, 0, person, Stream.THINK)) for person in (WORLD, 0, 1)] == KEYS
    key = stream_key(2026, 3, 7, Stream.CHECK)
    assert [uniform(key, 0), uniform(key, 1), uniform(key, 0, 1)] == UNIFORMS


@given(words, numbers, attempts)
@example(2**64 - 1, 2**40, 2**16 - 1)
def test_numpy_gives_the_same_bits(key: int, n: int, attempt: int) -> None:
    found = uniforms(np.array([key], np.uint64), n, attempt)
    assert found.tolist() == [uniform(key, n, attempt)]


def test_numpy_broadcasts() -> None:
    keys = stream_keys(1, 2, np.arange(-1, 4), Stream.SIZE)
    found = uniforms(keys[:, None], np.arange(3), 5)
    assert found.shape == (5, 3)
    assert found.tolist() == [[uniform(int(key), n, 5) for n in range(3)] for key in keys]


@given(words, st.integers(0, 10**6), st.integers(-1, 10**6), st.sampled_from(Stream))
def test_keys_of_many_are_the_keys_of_each(seed: int, r: int, person: int, s: Stream) -> None:
    found = stream_keys(seed, r, np.array([person, 0]), s)
    assert found.tolist() == [stream_key(seed, r, person, s), stream_key(seed, r, 0, s)]


@given(st.integers(-3, 2**70), st.integers(0, 2**32))
def test_bases_of_many_streams_are_the_bases_of_each(seed: int, replication: int) -> None:
    bases = stream_bases(seed, replication, 400)
    assert bases.tolist() == [stream_base(seed, replication, stream) for stream in range(400)]


def test_compiled_code_gives_the_same_bits() -> None:
    numba = pytest.importorskip("numba")
    import sim.basics.streams as module

    # compiled here with its helper: the module itself does not import numba
    source = numba.njit(module.draw64s)
    scope = {**vars(module), "draw64s": source}
    compiled = numba.njit(FunctionType(uniform64s.__code__, scope))
    rng = np.random.default_rng(5)
    for key in rng.integers(0, 2**64 - 1, 500, dtype=np.uint64, endpoint=True):
        n, attempt = (
            rng.integers(0, 2**40, dtype=np.uint64),
            rng.integers(0, 2**16, dtype=np.uint64),
        )
        assert compiled(key, n, attempt) == uniform(int(key), int(n), int(attempt))


# --- The open interval ----------------------------------------------------------------------------


def unmix(z: int) -> int:
    """The inverse of `mix64`, to reach the ends of the interval."""
    for shift, factor in ((31, 0x94D049BB133111EB), (27, 0xBF58476D1CE4E5B9), (30, 1)):
        back = z
        for _ in range(3):
            back = z ^ (back >> shift)
        z = back * pow(factor, -1, 2**64) % 2**64
    return z


@pytest.mark.parametrize(("word", "value"), [(0, 2.0**-53), (2**64 - 1, 1 - 2.0**-53)])
def test_ends_are_never_reached(word: int, value: float) -> None:
    key = (unmix(word) - 0x9E3779B97F4A7C15) % 2**64
    assert draw64(key, 0) == word
    assert uniform(key, 0) == value
    assert 0 < value < 1


# --- No pattern -----------------------------------------------------------------------------------


def sample(along: str) -> NDArray[np.float64]:
    """N uniforms along one part of the address, the others fixed."""
    base = {"seed": 2026, "replication": 0, "person": 0, "stream": int(Stream.THINK)}
    place = {"n": 0, "attempt": 0}
    values = []
    for i in range(N):
        address = {**base, **place, along: i}
        n, attempt = address.pop("n"), address.pop("attempt")
        values.append(uniform(stream_key(**address), n, attempt))
    return np.array(values)


ALONG = {
    along: sample(along) for along in ("seed", "replication", "person", "stream", "n", "attempt")
}


@pytest.mark.parametrize("along", ALONG)
def test_uniform(along: str) -> None:
    assert stats.kstest(ALONG[along], "uniform").pvalue > FALSE_ALARM


@pytest.mark.parametrize("along", ALONG)
def test_low_and_high_parts_of_a_cell(along: str) -> None:
    """Chi-square of the last byte that a float keeps: the weak end of a poor generator."""
    byte = (ALONG[along] * 2.0**52).astype(np.int64) & 255
    assert stats.chisquare(np.bincount(byte, minlength=256)).pvalue > FALSE_ALARM


@pytest.mark.parametrize("along", ALONG)
@pytest.mark.parametrize("lag", [1, 2])
def test_neighbours_are_independent(along: str, lag: int) -> None:
    """Chi-square of 16 x 16 cells over disjoint pairs, so that the pairs are independent."""
    u = ALONG[along][: N - N % (2 * lag)].reshape(-1, 2, lag)
    cells = (u[:, 0] * 16).astype(int) * 16 + (u[:, 1] * 16).astype(int)
    assert stats.chisquare(np.bincount(cells.ravel(), minlength=256)).pvalue > FALSE_ALARM


def correlation_p(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(stats.pearsonr(a, b).pvalue)


def along_n(replication: int, person: int, stream: int) -> NDArray[np.float64]:
    return uniforms(stream_key(2026, replication, person, stream), np.arange(N))


@pytest.mark.parametrize(
    "other",
    [
        (1, 0, Stream.THINK),
        (0, 1, Stream.THINK),
        (0, WORLD, Stream.THINK),
        (0, 0, Stream.KIND),
        (0, 0, TAKEN + Stream.THINK),
        (0, 0, STORM + Stream.THINK),
    ],
)
def test_streams_beside_each_other_are_independent(other: tuple[int, int, int]) -> None:
    assert correlation_p(along_n(0, 0, Stream.THINK), along_n(*other)) > FALSE_ALARM


def test_the_tests_can_fail() -> None:
    """A sample with a slight slope, and a counter instead of a mix, are found out."""
    assert stats.kstest(ALONG["n"] ** 1.1, "uniform").pvalue < FALSE_ALARM
    golden: NDArray[np.float64] = np.arange(1.0, N + 1) * 0.6180339887498949 % 1
    assert correlation_p(golden[:-1:2], golden[1::2]) < FALSE_ALARM


# --- Addresses ------------------------------------------------------------------------------------


def test_addresses_do_not_meet() -> None:
    """No two streams of a study share a key; by chance: 1e6^2 / 2^65, about 3e-8."""
    streams = [offset + s for s in Stream for offset in (0, TAKEN, STORM)]
    people = np.arange(-1, 1000)
    keys: list[NDArray[Any]] = [stream_keys(7, r, people, s) for r in range(5) for s in streams]
    assert len(np.unique(np.concatenate(keys))) == sum(map(len, keys))


def test_offsets_keep_purposes_apart() -> None:
    purposes = [offset + s for s in Stream for offset in (0, TAKEN, STORM)]
    assert len(set(purposes)) == len(purposes)


@given(words, numbers, st.integers(1, 2**16 - 1))
def test_an_attempt_is_not_the_next_number(key: int, n: int, attempt: int) -> None:
    assert uniform(key, n, attempt) != uniform(key, n + 1)

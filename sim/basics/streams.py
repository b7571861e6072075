"""Random numbers with an address: seed, replication, person, stream, n, attempt.

Draw c of a stream is SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) jumped to its place c: a
multiplication, an addition and one mixing. The key of a stream is reached the same way, a step for
each part of the address. There is no state and no order: nothing depends on what was drawn before,
so a new stream, worker or strategy changes no other number.
"""

import hashlib
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MASK = 0xFFFFFFFFFFFFFFFF
_GOLDEN = 0x9E3779B97F4A7C15
_MIX_1 = 0xBF58476D1CE4E5B9
_MIX_2 = 0x94D049BB133111EB
_ATTEMPTS = 1 << 16
_STEP = 2.0**-52

# The same constants for uint64 arithmetic, which wraps by itself (NumPy arrays, compiled code).
_GOLDEN_64 = np.uint64(_GOLDEN)
_MIX_1_64 = np.uint64(_MIX_1)
_MIX_2_64 = np.uint64(_MIX_2)
_ONE_64 = np.uint64(1)
_ATTEMPTS_64 = np.uint64(_ATTEMPTS)
_S12, _S27, _S30, _S31 = np.uint64(12), np.uint64(27), np.uint64(30), np.uint64(31)

WORLD = -1  # the "person" of what belongs to nobody: outages
TAKEN = 100  # added to a purpose for the draws of somebody who took over a session
STORM = 200  # added to a purpose for the draws of a storm
VIRTUAL = 300  # added to a purpose for the draws of virtual cases
PURPOSES = 100  # of those, with room for more
STREAMS = 400  # purposes (below 100) and what is added to them


class Stream(IntEnum):
    """What a number is drawn for. Results depend on these: add new ones, never renumber."""

    PAUSE = 0
    PAGES = 1
    ENDING = 2
    REQUESTS = 3
    TURN = 4
    THINK = 5
    KIND = 6
    SIZE = 7
    DEVICES = 8
    DEVICE = 9

    CLIENT_APP = 10
    PAGE_TRIP = 11
    RENEWAL_TRIP = 12
    APP_HOST = 13
    LASTS = 14
    MESSAGES = 15
    MESSAGE_SIZE = 16

    VERIFY = 20
    HANDLER = 21
    LOOKUP = 22
    CHECK = 23
    PAGE_LOAD = 24
    RENEWAL = 25
    AUTH_RENEWAL = 26
    LIFETIME_PAGE = 27
    LIFETIME_RENEWAL = 28
    LIFETIME_SLIDING = 29

    RELOAD_TRIP = 30
    RELOAD = 31
    RELOAD_LIFETIME = 32
    ENTRY_LIFETIME = 33
    NODE = 34
    STICKY_NODE = 35

    BACKGROUND_TRIP = 40
    BACKGROUND_SERVICE = 41
    BACKGROUND_LIFETIME = 42

    REACHES = 46
    LOGOUT_REACHES = 49

    CASE = 50
    INSTANT = 51
    LEAD = 52
    BEHAVIOUR = 53
    PROPAGATION = 54
    DETECTED = 55
    ADMIN = 56

    PUSH_DELAY = 60
    PUSH_LOSS = 61
    PUSH_WAIT = 62
    LOGOUT_PUSH_DELAY = 63
    LOGOUT_PUSH_LOSS = 64
    LOGOUT_PUSH_WAIT = 65
    FAN_OUT = 66
    LOGOUT_FAN_OUT = 69

    TAKER = 70
    TAKER_DELAY = 71

    HOST_UP = 80
    HOST_DOWN = 81
    PUSH_UP = 82
    PUSH_DOWN = 83
    APP_CLOCK = 84
    HOST_CLOCK = 85
    AUTH_CLOCK = 86
    SWEEP = 87

    LOG_VISIT = 90


def mix64(z: int) -> int:
    """The output function of SplitMix64, a bijection of the 64-bit numbers."""
    z = ((z ^ (z >> 30)) * _MIX_1) & _MASK
    z = ((z ^ (z >> 27)) * _MIX_2) & _MASK
    return z ^ (z >> 31)


def draw64(key: int, counter: int) -> int:
    """Draw number `counter` (from 0) of the SplitMix64 generator that starts at `key`: 64 bits."""
    return mix64((key + (counter + 1) * _GOLDEN) & _MASK)


def stream_key(seed: int, replication: int, person: int, stream: int) -> int:
    """The 64-bit key of a person's stream; `person` is -1 (`WORLD`) for what belongs to nobody.

    The person is the last step, so that the keys of many people share all but one (`stream_keys`).
    """
    return draw64(stream_base(seed, replication, stream), person)


def stream_keys(
    seed: int, replication: int, persons: NDArray[np.integer[Any]], stream: int
) -> NDArray[np.uint64]:
    """`stream_key` of many people at once: an array of uint64 of the shape of `persons`."""
    base = np.array(stream_base(seed, replication, stream), dtype=np.uint64)
    keys: NDArray[np.uint64] = draw64s(base, np.asarray(persons, np.int64).astype(np.uint64))
    return keys


def uniform(key: int, n: int, attempt: int = 0) -> float:
    """Draw `n`, attempt `attempt` (below 65536), of a stream: a float in the open interval (0, 1).

    Values are the midpoints of 2^52 equal cells: never 0 or 1, and u is as likely as 1 - u.
    """
    # draw64 and mix64 written out: this is the innermost call of the reference engine
    z = (key + ((n << 16) + attempt + 1) * _GOLDEN) & _MASK
    z = ((z ^ (z >> 30)) * _MIX_1) & _MASK
    z = ((z ^ (z >> 27)) * _MIX_2) & _MASK
    return (((z ^ (z >> 31)) >> 12) + 0.5) * _STEP


def uniforms(
    keys: NDArray[np.uint64] | int,
    n: NDArray[np.integer[Any]] | int,
    attempt: NDArray[np.integer[Any]] | int = 0,
) -> NDArray[np.float64]:
    """`uniform` for arrays of keys, numbers and attempts, broadcast together: the same bits."""
    wide = (np.asarray(part, dtype=np.uint64) for part in np.broadcast_arrays(keys, n, attempt))
    values: NDArray[np.float64] = uniform64s(*wide)
    return values


def uniform64s(key: Any, n: Any, attempt: Any) -> Any:
    """`uniform` in wrapping arithmetic: for uint64 arrays and, compiled, for uint64 scalars."""
    return ((draw64s(key, n * _ATTEMPTS_64 + attempt) >> _S12) + 0.5) * _STEP


def draw64s(key: Any, counter: Any) -> Any:
    """`draw64` in wrapping arithmetic: for uint64 arrays and, compiled, for uint64 scalars."""
    z = key + (counter + _ONE_64) * _GOLDEN_64
    z = (z ^ (z >> _S30)) * _MIX_1_64
    z = (z ^ (z >> _S27)) * _MIX_2_64
    return z ^ (z >> _S31)


def stream_base(seed: int, replication: int, stream: int) -> int:
    """What the keys of a stream have in common: draw number `person` from here is a person's key."""
    return draw64(draw64(draw64(0, seed), replication), stream)


def stream_bases(seed: int, replication: int, streams: int) -> NDArray[np.uint64]:
    """`stream_base` of the streams 0 to `streams` - 1: an array of uint64."""
    key = np.array(draw64(draw64(0, seed), replication), dtype=np.uint64)
    bases: NDArray[np.uint64] = draw64s(key, np.arange(streams, dtype=np.uint64))
    return bases


def named_bases(bases: NDArray[np.uint64], name: str) -> NDArray[np.uint64]:
    """Bases of their own for the purposes of something that has a name: adding one changes no other number."""
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    found: NDArray[np.uint64] = draw64s(bases, np.array([key], np.uint64))
    return found

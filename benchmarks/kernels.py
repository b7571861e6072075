"""The two works as kernels of this project, in Numba: its streams and laws, and the calendar of the C program.

Kernel and C program differ in their compilers alone: one event a request, buckets of about four people's events, the
earliest searched in the list of its bucket; an event of a later turn of the wheel is passed over.
"""

import math
import time
from types import FunctionType
from typing import Any

import numpy as np

from benchmarks.jit import borrowed, compiled, inlined
from benchmarks.works import LOAD, PEOPLE, SEED, SERVERS, THINK_S, Outcome, service_s
from sim.basics import streams
from sim.basics.distributions import Exponential
from sim.basics.streams import Stream, stream_base

_scope = dict(vars(streams))
for _name in ("draw64s", "uniform64s"):
    _scope[_name] = inlined(FunctionType(_scope[_name].__code__, _scope, _name))
draw64s, uniform64s = _scope["draw64s"], _scope["uniform64s"]
NEVER_AGAIN = np.uint64(0)  # the attempt: first and last
NOBODY = -1
EVENT = np.dtype(
    [("time_s", "f8"), ("next", "i4"), ("click", "i4")], align=True
)  # a person's; `next` in the bucket


@inlined
def _exponential(coefficient: float, key: Any, n: int) -> float:
    """As `sim.basics.quantiles.draw` does, and limit.c."""
    return coefficient * math.log(1.0 - uniform64s(key, np.uint64(n), NEVER_AGAIN))


@inlined
def _lay(events: Any, heads: Any, per_s: float, person: int, time_s: float) -> None:
    """Put the person's event into its bucket."""
    row = np.int64(time_s * per_s) & np.int64(len(heads) - 1)
    event = events[person]
    event.time_s = time_s
    event.next = heads[row]
    heads[row] = person


@compiled
def _closed(
    events: Any,
    heads: Any,
    free_s: Any,
    bases: Any,
    per_s: float,
    think: float,
    service: float,
    horizon_s: float,
) -> tuple[int, float]:
    """(requests, sum of their times in system in seconds). `bases` are of the streams of thinking and of service."""
    events, heads, free_s = borrowed(events), borrowed(heads), borrowed(free_s)
    thinking, serving = bases[0], bases[1]
    for person in range(len(events)):
        key = draw64s(thinking, np.uint64(person))
        _lay(events, heads, per_s, person, _exponential(think, key, 0))
    requests, total_s = 0, 0.0
    for bucket in range(np.int64(horizon_s * per_s) + 1):
        row = bucket & np.int64(len(heads) - 1)
        while True:
            arrived_s = (bucket + 1) / per_s
            person = before = previous = NOBODY
            other = heads[row]
            while other != NOBODY:
                if events[other].time_s < arrived_s:
                    arrived_s = events[other].time_s
                    person, before = other, previous
                previous, other = other, events[other].next
            if person == NOBODY or np.int64(arrived_s * per_s) > bucket:
                break
            event = events[person]
            if before == NOBODY:
                heads[row] = event.next
            else:
                events[before].next = event.next
            if arrived_s >= horizon_s:
                continue
            earliest = 0
            for server in range(1, SERVERS):
                if free_s[server] < free_s[earliest]:
                    earliest = server
            key = draw64s(serving, np.uint64(person))
            done_s = max(arrived_s, free_s[earliest]) + _exponential(service, key, event.click)
            free_s[earliest] = done_s
            if done_s < horizon_s:
                requests += 1
                total_s += done_s - arrived_s
            event.click += 1
            key = draw64s(thinking, np.uint64(person))
            back_s = done_s + _exponential(think, key, event.click)
            _lay(events, heads, per_s, person, back_s)
    return requests, total_s


@compiled
def _queue(arrivals: Any, services: Any, gap: float, service: float, customers: int) -> float:
    """Sum of the times in system of an M/M/1 queue, seconds: Lindley's recursion."""
    now_s, free_s, total_s = 0.0, 0.0, 0.0
    for n in range(customers):
        now_s += _exponential(gap, arrivals, n)
        free_s = max(now_s, free_s) + _exponential(service, services, n)
        total_s += free_s - now_s
    return total_s


def closed(horizon_s: float, people: int = PEOPLE) -> Outcome:
    """Our kernel at the closed work."""
    began_s = time.process_time()
    rows = 64
    while rows < people:
        rows *= 2
    events, heads = np.zeros(people, EVENT), np.full(rows, NOBODY, np.int32)
    bases = np.array([stream_base(SEED, 0, s) for s in (Stream.THINK, Stream.HANDLER)], np.uint64)
    laws = (_scale(THINK_S), _scale(service_s(people)))
    per_s = people / (4.0 * THINK_S)
    requests, total_s = _closed(
        events, heads, np.zeros(SERVERS), bases, per_s, *laws, float(horizon_s)
    )
    return Outcome(requests, total_s / max(requests, 1), time.process_time() - began_s)


def queue(customers: float) -> Outcome:
    """Our kernel at the queue."""
    bases = (stream_base(SEED, 0, stream) for stream in (Stream.THINK, Stream.HANDLER))
    arrivals, services = (draw64s(np.uint64(base), np.uint64(0)) for base in bases)
    began_s = time.process_time()
    total_s = _queue(
        np.uint64(arrivals), np.uint64(services), _scale(1.0 / LOAD), _scale(1.0), int(customers)
    )
    return Outcome(int(customers), total_s / customers, time.process_time() - began_s)


def _scale(mean_s: float) -> float:
    """The coefficient of an exponential law of the project."""
    return Exponential(mean=mean_s).coefficients()[1]

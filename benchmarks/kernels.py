"""The two works as kernels of this project: its streams, its laws, its calendar; one event a request."""

import math
import time
from types import FunctionType
from typing import Any

import numpy as np

from benchmarks.calendar import Calendar, borrowed_calendar, new_calendar, now_s, pop, push
from benchmarks.jit import borrowed, compiled, inlined
from benchmarks.works import LOAD, PEOPLE, SEED, SERVERS, THINK_S, Outcome, service_s
from sim import streams
from sim.distributions import Exponential
from sim.streams import Stream, stream_keys

_scope = dict(vars(streams))
for _name in ("draw64s", "uniform64s"):
    _scope[_name] = inlined(FunctionType(_scope[_name].__code__, _scope, _name))
uniform64s = _scope["uniform64s"]
NEVER_AGAIN = np.uint64(0)  # the attempt: first and last


@inlined
def _exponential(coefficient: float, key: Any, n: int) -> float:
    """As `sim.quantiles.draw` does."""
    return coefficient * math.log1p(-uniform64s(key, np.uint64(n), NEVER_AGAIN))


@compiled
def _closed(
    calendar: Calendar,
    keys: Any,
    clicks: Any,
    free_s: Any,
    think: float,
    service: float,
    horizon_s: float,
) -> tuple[int, float]:
    """(requests, sum of their times in system in seconds). `keys[person]` are of the think time and the service."""
    calendar = borrowed_calendar(calendar)
    keys, clicks, free_s = borrowed(keys), borrowed(clicks), borrowed(free_s)
    for person in range(len(clicks)):
        push(calendar, person, _exponential(think, keys[person, 0], 0), person)
    requests, total_s = 0, 0.0
    while True:
        person = pop(calendar)
        arrived_s = now_s(calendar)
        if person < 0 or arrived_s >= horizon_s:
            return requests, total_s
        earliest = 0
        for server in range(1, len(free_s)):
            if free_s[server] < free_s[earliest]:
                earliest = server
        n = clicks[person]
        done_s = max(arrived_s, free_s[earliest]) + _exponential(service, keys[person, 1], n)
        free_s[earliest] = done_s
        if done_s < horizon_s:
            requests += 1
            total_s += done_s - arrived_s
        clicks[person] = n + 1
        push(calendar, person, done_s + _exponential(think, keys[person, 0], n + 1), person)


@compiled
def _queue(
    calendar: Calendar, arrivals: Any, services: Any, gap: float, service: float, customers: int
) -> float:
    """Sum of the times in system of an M/M/1 queue, seconds; the source of arrivals is the one slot."""
    calendar = borrowed_calendar(calendar)
    free_s, total_s = 0.0, 0.0
    push(calendar, 0, _exponential(gap, arrivals, 0), 0)
    for n in range(customers):
        pop(calendar)
        arrived_s = now_s(calendar)
        free_s = max(arrived_s, free_s) + _exponential(service, services, n)
        total_s += free_s - arrived_s
        push(calendar, 0, arrived_s + _exponential(gap, arrivals, n + 1), 0)
    return total_s


def closed(horizon_s: float, people: int = PEOPLE) -> Outcome:
    """Our kernel at the closed work."""
    persons = np.arange(people)
    began_s = time.process_time()
    keys = np.stack(
        [stream_keys(SEED, 0, persons, stream) for stream in (Stream.THINK, Stream.HANDLER)], axis=1
    )
    arrays = (new_calendar(people), keys, np.zeros(people, np.int32), np.zeros(SERVERS))
    requests, total_s = _closed(*arrays, _scale(THINK_S), _scale(service_s(people)), horizon_s)
    return Outcome(requests, total_s / max(requests, 1), time.process_time() - began_s)


def queue(customers: float) -> Outcome:
    """Our kernel at the queue."""
    person = np.arange(1)
    (arrivals,), (services,) = (
        stream_keys(SEED, 0, person, stream) for stream in (Stream.THINK, Stream.HANDLER)
    )
    began_s = time.process_time()
    total_s = _queue(
        new_calendar(1), arrivals, services, _scale(1.0 / LOAD), _scale(1.0), int(customers)
    )
    return Outcome(int(customers), total_s / customers, time.process_time() - began_s)


def _scale(mean_s: float) -> float:
    """The coefficient of an exponential law of the project."""
    return Exponential(mean=mean_s).coefficients()[1]

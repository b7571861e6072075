"""The two works for Cimba: classes that its compiler turns into calls of its engine in C."""

import time
from typing import Any

import cimba as cb
import numpy as np
from cimba import inputs

from benchmarks.works import LOAD, PEOPLE, SEED, SERVERS, THINK_S, Outcome, service_s


class Closed(cb.Model):  # type: ignore[misc]
    """People are copies of one process; the station is a resource."""

    think: cb.Input[float] = inputs.dist.exponential(mean=THINK_S)
    service: cb.Input[float] = inputs.dist.exponential(mean=service_s())
    station: cb.Resource = cb.Resource(capacity=SERVERS)
    times: cb.Dataset
    requests: cb.Output[int]
    mean_s: cb.Output[float]

    @cb.process(copies=PEOPLE)  # type: ignore[untyped-decorator]
    def person(self) -> None:
        while True:
            cb.hold(self.think.next())
            arrived_s = cb.now()
            self.station.acquire()
            cb.hold(self.service.next())
            self.station.release()
            self.times.record(cb.now() - arrived_s)

    @cb.on_end  # type: ignore[untyped-decorator]
    def measure(self) -> None:
        self.requests = self.times.sample_count()
        self.mean_s = self.times.sample_mean()


class Queue(cb.Model):  # type: ignore[misc]
    """Arrivals put their time into a store, the server takes it out."""

    gap: cb.Input[float] = inputs.dist.exponential(mean=1 / LOAD)
    service: cb.Input[float] = inputs.dist.exponential(mean=1.0)
    waiting: cb.Store[float] = cb.Store()
    times: cb.Dataset
    requests: cb.Output[int]
    mean_s: cb.Output[float]

    @cb.process  # type: ignore[untyped-decorator]
    def arrivals(self) -> None:
        while True:
            cb.hold(self.gap.next())
            self.waiting.put(cb.now())

    @cb.process  # type: ignore[untyped-decorator]
    def server(self) -> None:
        while True:
            arrived_s = self.waiting.get()
            cb.hold(self.service.next())
            self.times.record(cb.now() - arrived_s)

    @cb.on_end  # type: ignore[untyped-decorator]
    def measure(self) -> None:
        self.requests = self.times.sample_count()
        self.mean_s = self.times.sample_mean()


def closed(horizon_s: float) -> Outcome:
    return _run(Closed(), horizon_s)


def queue(customers: float) -> Outcome:
    return _run(Queue(), customers / LOAD)


def _run(model: Any, horizon_s: float) -> Outcome:
    began_s = time.process_time()
    experiment = cb.Experiment(model, replications=1, window=cb.Window(0, horizon_s), seed=SEED)
    results = experiment.run(workers=1)[model]
    cpu_s = time.process_time() - began_s
    (requests,), (mean_s,) = np.ravel(results.requests), np.ravel(results.mean_s)
    return Outcome(int(requests), float(mean_s), cpu_s)

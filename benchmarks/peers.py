"""The two works for general simulators, each written as its documentation suggests, random numbers by its own habit."""

import random
import time
from collections.abc import Callable
from typing import Any

from benchmarks.works import LOAD, PEOPLE, SEED, SERVERS, THINK_S, Outcome, service_s


def _timed(work: Callable[[], tuple[int, float]]) -> Outcome:
    random.seed(SEED)
    began_s = time.process_time()
    customers, total_s = work()
    return Outcome(customers, total_s / max(customers, 1), time.process_time() - began_s)


# --- SimPy ----------------------------------------------------------------------------------------


def simpy_closed(horizon_s: float, people: int = PEOPLE) -> Outcome:
    import simpy

    rate = 1 / service_s(people)

    def person(env: Any, station: Any, times_s: list[float]) -> Any:
        while True:
            yield env.timeout(random.expovariate(1 / THINK_S))
            arrived_s = env.now
            with station.request() as turn:
                yield turn
                yield env.timeout(random.expovariate(rate))
            times_s.append(env.now - arrived_s)

    def work() -> tuple[int, float]:
        env, times_s = simpy.Environment(), []
        station = simpy.Resource(env, SERVERS)
        for _ in range(people):
            env.process(person(env, station, times_s))
        env.run(until=horizon_s)
        return len(times_s), sum(times_s)

    return _timed(work)


def simpy_queue(customers: float) -> Outcome:
    import simpy

    def customer(env: Any, server: Any, times_s: list[float]) -> Any:
        arrived_s = env.now
        with server.request() as turn:
            yield turn
            yield env.timeout(random.expovariate(1.0))
        times_s.append(env.now - arrived_s)

    def source(env: Any, server: Any, times_s: list[float]) -> Any:
        for _ in range(int(customers)):
            yield env.timeout(random.expovariate(LOAD))
            env.process(customer(env, server, times_s))

    def work() -> tuple[int, float]:
        env, times_s = simpy.Environment(), []
        env.process(source(env, simpy.Resource(env), times_s))
        env.run()
        return len(times_s), sum(times_s)

    return _timed(work)


# --- asimpy ---------------------------------------------------------------------------------------


def asimpy_closed(horizon_s: float) -> Outcome:
    import asimpy

    times_s: list[float] = []

    class Person(asimpy.Process):
        def init(self, station: Any) -> None:
            self.station = station

        async def run(self) -> None:
            while True:
                await self.timeout(random.expovariate(1 / THINK_S))
                arrived_s = self.now
                async with self.station:
                    await self.timeout(random.expovariate(1 / service_s()))
                times_s.append(self.now - arrived_s)

    def work() -> tuple[int, float]:
        env = asimpy.Environment()
        station = asimpy.Resource(env, SERVERS)
        for _ in range(PEOPLE):
            Person(env, station)
        env.run(until=horizon_s)
        return len(times_s), sum(times_s)

    return _timed(work)


def asimpy_queue(customers: float) -> Outcome:
    import asimpy

    times_s: list[float] = []

    class Customer(asimpy.Process):
        def init(self, server: Any) -> None:
            self.server = server

        async def run(self) -> None:
            arrived_s = self.now
            async with self.server:
                await self.timeout(random.expovariate(1.0))
            times_s.append(self.now - arrived_s)

    class Source(asimpy.Process):
        def init(self, server: Any) -> None:
            self.server = server

        async def run(self) -> None:
            for _ in range(int(customers)):
                await self.timeout(random.expovariate(LOAD))
                Customer(self._env, self.server)

    def work() -> tuple[int, float]:
        env = asimpy.Environment()
        Source(env, asimpy.Resource(env, 1))
        env.run()
        return len(times_s), sum(times_s)

    return _timed(work)


# --- salabim --------------------------------------------------------------------------------------


def salabim_closed(horizon_s: float) -> Outcome:
    import salabim

    salabim.yieldless(False)
    times_s: list[float] = []

    class Person(salabim.Component):
        def setup(self, station: Any) -> None:
            self.station = station

        def process(self) -> Any:
            while True:
                yield self.hold(random.expovariate(1 / THINK_S))
                arrived_s = self.env.now()
                yield self.request(self.station)
                yield self.hold(random.expovariate(1 / service_s()))
                self.release()
                times_s.append(self.env.now() - arrived_s)

    def work() -> tuple[int, float]:
        env = salabim.Environment(trace=False, random_seed=None)
        station = salabim.Resource("station", capacity=SERVERS)
        for _ in range(PEOPLE):
            Person(station=station)
        env.run(till=horizon_s)
        return len(times_s), sum(times_s)

    return _timed(work)


def salabim_queue(customers: float) -> Outcome:
    import salabim

    salabim.yieldless(False)
    times_s: list[float] = []

    class Customer(salabim.Component):
        def setup(self, server: Any) -> None:
            self.server = server

        def process(self) -> Any:
            arrived_s = self.env.now()
            yield self.request(self.server)
            yield self.hold(random.expovariate(1.0))
            self.release()
            times_s.append(self.env.now() - arrived_s)

    class Source(salabim.Component):
        def setup(self, server: Any) -> None:
            self.server = server

        def process(self) -> Any:
            for _ in range(int(customers)):
                yield self.hold(random.expovariate(LOAD))
                Customer(server=self.server)

    def work() -> tuple[int, float]:
        env = salabim.Environment(trace=False, random_seed=None)
        Source(server=salabim.Resource("server", capacity=1))
        env.run()
        return len(times_s), sum(times_s)

    return _timed(work)


# --- Ciw ------------------------------------------------------------------------------------------


def ciw_closed(horizon_s: float) -> Outcome:
    """Thinking is a node with unlimited servers; all enter it together at the start."""
    import ciw

    never = float("inf")
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Sequential([1e-9, never]), None],
        batching_distributions=[
            ciw.dists.Deterministic(PEOPLE),
            ciw.dists.Deterministic(1),
        ],
        service_distributions=[
            ciw.dists.Exponential(1 / THINK_S),
            ciw.dists.Exponential(1 / service_s()),
        ],
        routing=[[0.0, 1.0], [1.0, 0.0]],
        number_of_servers=[never, SERVERS],
    )
    return _ciw(network, horizon_s, node=2)


def ciw_queue(customers: float) -> Outcome:
    import ciw

    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(LOAD)],
        service_distributions=[ciw.dists.Exponential(1.0)],
        number_of_servers=[1],
    )
    return _ciw(network, customers / LOAD, node=1)


def _ciw(network: Any, horizon_s: float, node: int) -> Outcome:
    import ciw

    def work() -> tuple[int, float]:
        ciw.seed(SEED)
        simulation = ciw.Simulation(network)
        simulation.simulate_until_max_time(horizon_s)
        times_s = [
            record.exit_date - record.arrival_date
            for record in simulation.get_all_records()
            if record.node == node and record.exit_date < horizon_s
        ]
        return len(times_s), sum(times_s)

    return _timed(work)


# --- Cimba ----------------------------------------------------------------------------------------


def cimba_closed(horizon_s: float) -> Outcome:
    from benchmarks.cimba_models import closed

    return closed(horizon_s)


def cimba_queue(customers: float) -> Outcome:
    from benchmarks.cimba_models import queue

    return queue(customers)

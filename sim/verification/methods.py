"""The statistics themselves: constants, cuts and coverages that are known, and queueing stations driven alone."""

import math
from collections.abc import Callable

import numpy as np

from sim import theory
from sim.basics import statistics
from sim.basics.selection import dudewicz_dalal_h, kim_nelson, rinott_h
from sim.verification.line import SECONDARY, Line, Lines, mean_line, share_line


def constants() -> Lines:
    """Constants and cuts of the literature."""
    rows: tuple[tuple[str, float, str], ...] = (
        ("Kim and Nelson, k 4, n0 10, eta", kim_nelson(4, 10).eta, ".5646802"),
        ("Kim and Nelson, k 4, n0 10, h squared", kim_nelson(4, 10).h_squared, "10.164243"),
        ("Rinott, k 10, n0 20, 95 %", rinott_h(10, 20), "3.875"),
        ("Dudewicz and Dalal, k 10, n0 20, 95 %", dudewicz_dalal_h(10, 20), "3.679"),
        ("rank below the median of 50", float((statistics.quantile_ranks(50, 0.5) or (0, 0))[0]), "18"),
        ("rank above the median of 50", float((statistics.quantile_ranks(50, 0.5) or (0, 0))[1]), "33"),
        ("M/M/1 at 0.8, asymptotic variance", theory.mm1_wait_average_variance_s2(0.8, 1), "1976"),
    )  # fmt: skip
    for name, value, printed in rows:
        yield Line("Statistics", name, value, printed, source="tables and notes", grade=SECONDARY)
    step = [10.0] * 50 + [1.0 if i % 2 == 0 else -1.0 for i in range(450)]
    decay = [100 * math.exp(-i / 20) + (1 if i % 2 else -1) for i in range(1000)]
    for name, series, cut in (("a step", step, 50), ("a decay", decay, 120)):
        yield Line("Statistics", f"MSER-5 cuts {name}", cut, simulated=statistics.mser(series))


def intervals(studies: int, seed: int) -> Lines:
    """Coverage of intervals where it is known: skewed waits, and a correlated series that naive ones miss."""
    random = np.random.default_rng(seed)
    for runs, coverage in ((5, 0.8365), (10, 0.8598)):
        wait, total = np.zeros(studies * runs), np.zeros(studies * runs)
        for _ in range(24):
            step = random.exponential(0.9, len(wait)) - random.exponential(1.0, len(wait))
            wait = np.maximum(0.0, wait + step)
            total += wait
        means = (total / 25).reshape(studies, runs)
        half = statistics.student(runs - 1, 0.9) * means.std(axis=1, ddof=1) / math.sqrt(runs)
        hits = np.abs(means.mean(axis=1) - theory.mm1_first_waits_mean_s(1, 1 / 0.9, 25)) <= half
        yield share_line(
            "Statistics", f"90 % t-interval, first 25 waits, {runs} runs", coverage, list(hits)
        )
    u = random.uniform(size=studies)
    gap = statistics.paired_difference(
        statistics.Totals.of(list(900 * u)), statistics.Totals.of(list(300 * u))
    )
    yield Line("Statistics", "variance that pairing 300 s and 900 s removes", 0.6,
               simulated=gap.reduction, tolerance=1e-6)  # fmt: skip


Service = Callable[[np.random.Generator], float]


def stations(customers: int, seeds: int, seed: int) -> Lines:
    """The engine's station with Poisson arrivals against Kleinrock's formulas; a seed is one observation."""
    rows: tuple[tuple[str, str, int, float, Service, float], ...] = (
        ("Q1", "M/M/1 at 0.6", 1, 0.6, _exponential, theory.mm1_wait_mean_s(0.6, 1)),
        ("Q2", "M/M/3 at 2.1", 3, 2.1, _exponential, theory.mmc_wait_mean_s(2.1, 1, 3)),
        ("Q3", "M/D/1 at 0.6", 1, 0.6, lambda random: 1.0, theory.mg1_wait_mean_s(0.6, 1, 1)),
    )
    for form, name, servers, rate, service, value in rows:
        waits = [wait_at_station(servers, rate, service, seed + s, customers) for s in range(seeds)]
        yield mean_line(form, f"{name}, mean wait s", value, waits)


def _exponential(random: np.random.Generator) -> float:
    return float(random.exponential(1.0))


def wait_at_station(
    servers: int, rate: float, service: Service, seed: int, customers: int
) -> float:
    """Mean wait after the first sixth."""
    import simpy

    from sim.oracle.clock import Clock, Priority
    from sim.oracle.station import Station

    clock, random, waits = Clock(), np.random.default_rng(seed), list[float]()
    station = Station(clock, "alone", servers, (0.0, math.inf))

    def customer(number: int) -> simpy.events.ProcessGenerator:
        service_s, joined_s = service(random), clock.now
        yield from station.serve(number, service_s)
        if number >= customers / 6:
            waits.append(clock.now - joined_s - service_s)

    def arrivals() -> simpy.events.ProcessGenerator:
        for number in range(customers):
            yield clock.after(random.exponential(1 / rate), Priority.ARRIVAL, number)
            clock.process(customer(number))

    clock.process(arrivals())
    clock.run()
    return float(np.mean(waits))

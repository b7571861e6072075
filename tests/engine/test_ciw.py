"""An independent engine, Ciw, on the queueing stations: it, our station and the formulas agree.

Fails beyond 4.5 standard errors of the difference (7e-6 each).
"""

import math
from collections.abc import Callable

import ciw
import numpy as np
import pytest

from sim import theory
from sim.verification.methods import wait_at_station

CUSTOMERS, SEEDS = 2000, 8

STATIONS = {
    "M/M/1": (1, 0.6, ciw.dists.Exponential(1.0), theory.mm1_wait_mean_s(0.6, 1)),
    "M/M/3": (3, 2.1, ciw.dists.Exponential(1.0), theory.mmc_wait_mean_s(2.1, 1, 3)),
    "M/D/1": (1, 0.6, ciw.dists.Deterministic(1.0), theory.mg1_wait_mean_s(0.6, 1, 1)),
    "M/U/1": (1, 0.6, ciw.dists.Uniform(0.5, 1.5), theory.mg1_wait_mean_s(0.6, 1, 1 + 1 / 12)),
}
OURS: dict[str, Callable[[np.random.Generator], float]] = {
    "M/M/1": lambda random: float(random.exponential(1.0)),
    "M/M/3": lambda random: float(random.exponential(1.0)),
    "M/D/1": lambda random: 1.0,
    "M/U/1": lambda random: float(random.uniform(0.5, 1.5)),
}


def by_ciw(servers: int, rate: float, service: object, seed: int) -> float:
    """Mean wait after the first sixth."""
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate)],
        service_distributions=[service],
        number_of_servers=[servers],
    )
    ciw.seed(seed)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(CUSTOMERS, method="Finish")
    records = [r for r in simulation.get_all_records() if r.id_number > CUSTOMERS / 6]
    return float(np.mean([record.waiting_time for record in records]))


@pytest.mark.parametrize("name", STATIONS)
def test_ciw_agrees(name: str) -> None:
    servers, rate, service, exact = STATIONS[name]
    theirs = [by_ciw(servers, rate, service, seed) for seed in range(SEEDS)]
    ours = [
        wait_at_station(servers, rate, OURS[name], 100 + seed, CUSTOMERS) for seed in range(SEEDS)
    ]
    for values in (theirs, ours):
        error = np.std(values, ddof=1) / math.sqrt(SEEDS)
        assert abs(np.mean(values) - exact) <= 4.5 * error
    both = math.sqrt((np.var(theirs, ddof=1) + np.var(ours, ddof=1)) / SEEDS)
    assert abs(np.mean(theirs) - np.mean(ours)) <= 4.5 * both


def test_ciw_loses_what_erlang_b_says() -> None:
    """A station without a queue, and one with room for few: shares turned away."""
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(0.9)],
        service_distributions=[ciw.dists.Exponential(1.0)],
        number_of_servers=[1],
        queue_capacities=[4],
    )
    shares = []
    for seed in range(SEEDS):
        ciw.seed(seed)
        simulation = ciw.Simulation(network)
        simulation.simulate_until_max_customers(CUSTOMERS, method="Arrive")
        kinds = [record.record_type for record in simulation.get_all_records()]
        shares.append(kinds.count("rejection") / len(kinds))
    error = np.std(shares, ddof=1) / math.sqrt(SEEDS)
    assert abs(np.mean(shares) - theory.mm1k_blocked_share(0.9, 1, 5)) <= 4.5 * error

"""Who takes part, and how much of each work they get: the slow ones less, for a median within seconds."""

from benchmarks.works import Contestant

OURS, LIMIT = "Last Click kernel (Numba)", "C, the practical limit"
_HOUR_S = 3600.0

CLOSED = [
    Contestant(OURS, "closed", "benchmarks.kernels:closed", _HOUR_S, 300.0),
    Contestant(LIMIT, "closed", "benchmarks.limit:closed", _HOUR_S, 300.0),
    Contestant("Cimba", "closed", "benchmarks.peers:cimba_closed", _HOUR_S, 60.0),
    Contestant("asimpy", "closed", "benchmarks.peers:asimpy_closed", 200.0, 20.0),
    Contestant("SimPy", "closed", "benchmarks.peers:simpy_closed", 200.0, 20.0),
    Contestant("salabim", "closed", "benchmarks.peers:salabim_closed", 30.0, 10.0),
    Contestant("Ciw", "closed", "benchmarks.peers:ciw_closed", 20.0, 5.0),
]
QUEUE = [
    Contestant(OURS, "queue", "benchmarks.kernels:queue", 1e6, 1e5),
    Contestant(LIMIT, "queue", "benchmarks.limit:queue", 1e6, 1e5),
    Contestant("Cimba", "queue", "benchmarks.peers:cimba_queue", 1e6, 1e4),
    Contestant("asimpy", "queue", "benchmarks.peers:asimpy_queue", 1e5, 2e3),
    Contestant("SimPy", "queue", "benchmarks.peers:simpy_queue", 1e5, 2e3),
    Contestant("Ciw", "queue", "benchmarks.peers:ciw_queue", 2e4, 1e3),
    Contestant("salabim", "queue", "benchmarks.peers:salabim_queue", 2e3, 300.0),
]


def _growth(name: str, target: str, most: int, requests: float, quick: float) -> list[Contestant]:
    """The closed work for 100 people to `most`; at least half a think time each, or the start is all there is."""
    sizes = [10**k for k in range(2, 7) if 10**k <= most]
    return [
        Contestant(
            name,
            "closed",
            target,
            max(10.0 * requests / people, 20.0),
            max(10.0 * quick / people, 2.0),
            people,
        )
        for people in sizes
    ]


GROWTH = [
    *_growth(OURS, "benchmarks.kernels:closed", 10**6, 1e6, 2e4),
    *_growth(LIMIT, "benchmarks.limit:closed", 10**6, 1e6, 2e4),
    *_growth("SimPy", "benchmarks.peers:simpy_closed", 10**4, 3e4, 5e2),
]

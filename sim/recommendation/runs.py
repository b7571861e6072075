"""Replications for several searches at once, on the workers of one pool."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from typing import Any

from sim.engine import Progress
from sim.engine import run as simulate
from sim.engine.recording import Run
from sim.model.strategies import Strategy
from sim.results.virtual import MOMENTS
from sim.scenario import Scenario
from sim.sweeps.executors import Pool

_MOST_A_TASK = 8
_AT_MOST = 0.9  # of a search that goes on so much is taken to be done


def replications(
    scenario: Scenario,
    strategy: Strategy,
    numbers: Sequence[int],
    seed: int,
    engine: str,
    progress: Progress | None = None,
) -> list[Run]:
    """Replications one after the other, in a worker; `progress` may raise to end them."""
    return [
        simulate(
            scenario,
            strategy,
            number,
            seed=seed,
            moments=MOMENTS,
            engine=engine,
            progress=progress,
        )
        for number in numbers
    ]


class Runs:
    """Gives replications to a pool, and tells how many are done of how many there will be about.

    A search stays in the driver, in a thread of its own, and asks for what it needs next; so workers have work as long as
    any search goes on. Results depend on the numbers of the replications only.
    """

    def __init__(
        self,
        pool: Pool,
        seed: int,
        engine: str,
        report: Callable[[float, int], None] | None = None,
    ):
        self._pool, self._seed, self._engine, self._report = pool, seed, engine, report
        self._lock = threading.Lock()
        self._done: dict[str, int] = {}
        self._expected: dict[str, int] = {}
        self.stopped = False

    def stop(self) -> None:
        """Let no search go on; what runs in the pool ends now."""
        self.stopped = True
        self._pool.close(now=True)

    def _go_on(self, share: float) -> None:
        if self.stopped:
            raise CancelledError

    def ended(self, name: str) -> None:
        """A search will ask for no more."""
        with self._lock:
            self._expected[name] = self._done[name]

    def of(self, name: str, usual: int) -> Callable[[Scenario, Strategy, Sequence[int]], list[Run]]:
        """What a search calls; it usually takes so many runs."""
        self._done[name], self._expected[name] = 0, usual

        def run(scenario: Scenario, strategy: Strategy, numbers: Sequence[int]) -> list[Run]:
            share = min(_MOST_A_TASK, -(-len(numbers) // max(1, self._pool.slots))) or 1
            parts = [numbers[first : first + share] for first in range(0, len(numbers), share)]
            settings: tuple[Any, ...] = (self._seed, self._engine)
            if self._pool.shares_memory:
                settings += (self._go_on,)
            futures = [
                self._pool.submit(replications, scenario, strategy, part, *settings)
                for part in parts
            ]
            runs: list[Run] = []
            for future in futures:
                if self.stopped:
                    raise CancelledError
                runs += future.result()
                self._count(name, len(future.result()))
            return runs

        return run

    def _count(self, name: str, more: int) -> None:
        with self._lock:
            self._done[name] += more
            self._expected[name] = max(self._expected[name], round(self._done[name] / _AT_MOST))
            if self._report:
                self._report(float(sum(self._done.values())), sum(self._expected.values()))

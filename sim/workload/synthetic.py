"""Plans drawn from laws: the synthetic workload, and the fitted one, whose laws come from a log."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.basics.distributions import Law
from sim.basics.streams import Stream, stream_key, uniform
from sim.scenario import Scenario
from sim.workload.daily import operational_start_s
from sim.workload.plan import pick

if TYPE_CHECKING:
    from sim.workload.sessions import Visits

Sampler = Callable[[float], float]


@dataclass(frozen=True)
class PlanLaws:
    """What plans are drawn from; `visits` of a log where those are replayed whole."""

    pause: Law
    think: Law
    pages: Law
    requests: Law
    size: Law
    kinds: tuple[float, float, float]
    visit_ends: tuple[float, float, float]
    daily: tuple[float, ...] | None
    think_write: Law | None = None  # where think times go by kind, `think` being that of reads
    think_admin: Law | None = None
    visits: "Visits | None" = None

    @staticmethod
    def of(scenario: Scenario) -> "PlanLaws":
        """The laws written in the scenario."""
        workload = scenario.workload
        kinds, ends, think = workload.kinds, workload.visit_ends, workload.think
        return PlanLaws(
            pause=scenario.organisation.visits,
            think=think if isinstance(think, Law) else think.read,
            think_write=None if isinstance(think, Law) else think.write,
            think_admin=None if isinstance(think, Law) else think.admin,
            pages=workload.pages_per_visit,
            requests=workload.requests_per_page,
            size=workload.read_size,
            kinds=(kinds.read, kinds.write, kinds.admin),
            visit_ends=(ends.logout, ends.close, ends.leave_open),
            daily=workload.daily,
        )


@dataclass(frozen=True)
class Laws:
    """The samplers of a workload: each turns one uniform number into seconds, a count, bytes."""

    pause: Sampler
    think: Sampler
    pages: Sampler
    requests: Sampler
    size: Sampler
    kinds: tuple[float, float, float]
    visit_ends: tuple[float, float, float]
    daily: tuple[float, ...] | None

    @staticmethod
    def of(laws: PlanLaws) -> "Laws":
        """Ready to draw from."""
        return Laws(
            pause=laws.pause.sampler(),
            think=laws.think.sampler(),
            pages=laws.pages.sampler(),
            requests=laws.requests.sampler(),
            size=laws.size.sampler(),
            kinds=laws.kinds,
            visit_ends=laws.visit_ends,
            daily=laws.daily,
        )


class Synthetic:
    """A plan in which every quantity is an independent draw from its law."""

    def __init__(self, laws: Laws, seed: int, replication: int, person: int, offset: int = 0):
        def key(stream: Stream) -> int:
            return stream_key(seed, replication, person, stream + offset)

        self._laws = laws
        self._pause, self._pages, self._ending = (
            key(Stream.PAUSE),
            key(Stream.PAGES),
            key(Stream.ENDING),
        )
        self._requests, self._turn = key(Stream.REQUESTS), key(Stream.TURN)
        self._think, self._kind, self._size = (
            key(Stream.THINK),
            key(Stream.KIND),
            key(Stream.SIZE),
        )

    def pause_s(self, after_s: float, visit: int) -> float:
        pause_s = self._laws.pause(uniform(self._pause, visit))
        if self._laws.daily is None:
            return pause_s
        return operational_start_s(after_s, pause_s, self._laws.daily) - after_s

    def pages(self, visit: int) -> float:
        return self._laws.pages(uniform(self._pages, visit))

    def requests(self, visit: int, page_of_visit: int, page: int) -> float:
        return self._laws.requests(uniform(self._requests, page))

    def turn_s(self, visit: int, page_of_visit: int, page: int) -> float:
        return self._laws.think(uniform(self._turn, page))

    def think_s(self, visit: int, page_of_visit: int, click_of_page: int, click: int) -> float:
        return self._laws.think(uniform(self._think, click))

    def kind(self, visit: int, page_of_visit: int, click_of_page: int, click: int) -> int:
        return pick(uniform(self._kind, click), self._laws.kinds)

    def size(self, visit: int, page_of_visit: int, click_of_page: int, click: int) -> float:
        return self._laws.size(uniform(self._size, click))

    def ending(self, visit: int) -> int:
        return pick(uniform(self._ending, visit), self._laws.visit_ends)

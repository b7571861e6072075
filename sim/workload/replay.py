"""Plans replayed from a log: whole visits are drawn, which keeps their correlations."""

from sim.basics.streams import Stream, stream_key, uniform
from sim.workload.daily import operational_start_s
from sim.workload.plan import pick
from sim.workload.sessions import Visits
from sim.workload.synthetic import Laws


class Replayed:
    """Each visit of the person is a visit of the log; pauses and endings, which a log does not show, are drawn."""

    def __init__(
        self, visits: Visits, laws: Laws, seed: int, replication: int, person: int, offset: int = 0
    ):
        self._visits, self._laws = visits, laws
        self._pause, self._choice, self._ending = (
            stream_key(seed, replication, person, stream + offset)
            for stream in (Stream.PAUSE, Stream.LOG_VISIT, Stream.ENDING)
        )
        self._opened = -1
        self._pages: list[list[int]] = []

    def pause_s(self, after_s: float, visit: int) -> float:
        pause_s = self._laws.pause(uniform(self._pause, visit))
        if self._laws.daily is None:
            return pause_s
        return operational_start_s(after_s, pause_s, self._laws.daily) - after_s

    def pages(self, visit: int) -> float:
        return len(self._open(visit))

    def requests(self, visit: int, page_of_visit: int, page: int) -> float:
        pages = self._open(visit)
        return len(pages[page_of_visit % len(pages)]) - 1

    def turn_s(self, visit: int, page_of_visit: int, page: int) -> float:
        pages = self._open(visit)
        return self._think(pages[page_of_visit % len(pages)][0])

    def think_s(self, visit: int, page_of_visit: int, click_of_page: int, click: int) -> float:
        return self._think(self._load(visit, page_of_visit, click_of_page))

    def kind(self, visit: int, page_of_visit: int, click_of_page: int, click: int) -> int:
        return int(self._visits.kind[self._load(visit, page_of_visit, click_of_page)])

    def size(self, visit: int, page_of_visit: int, click_of_page: int, click: int) -> float:
        size = float(self._visits.bytes[self._load(visit, page_of_visit, click_of_page)])
        return size if size == size else self._laws.size(0.5)

    def ending(self, visit: int) -> int:
        return pick(uniform(self._ending, visit), self._laws.visit_ends)

    def _load(self, visit: int, page_of_visit: int, click_of_page: int) -> int:
        pages = self._open(visit)
        return pages[page_of_visit % len(pages)][click_of_page + 1]

    def _think(self, load: int) -> float:
        think_s = float(self._visits.think_s[load])
        return think_s if think_s == think_s else 0.0

    def _open(self, visit: int) -> list[list[int]]:
        """The loads of the visit, page by page; each page begins with its page load."""
        if visit != self._opened:
            log = self._visits
            number = int(uniform(self._choice, visit) * len(log))
            self._pages = []
            for load in range(int(log.first_load[number]), int(log.first_load[number + 1])):
                if log.is_page[load]:
                    self._pages.append([])
                self._pages[-1].append(load)
            self._opened = visit
        return self._pages

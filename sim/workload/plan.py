"""One person's plan: when he visits, turns pages, clicks, and how a visit ends. What an engine may ask."""

from typing import Protocol


class Plan(Protocol):
    """A person's plan in one replication.

    Every value has an address, so the answers do not depend on the order of the questions or on the strategy.
    `visit`, `page` and `click` are the person's running numbers; `page_of_visit` and `click_of_page` count within.
    An action (a click, a page turn) comes one think time after the answer before it; a visit ends when its last
    answer is seen.
    """

    def pause_s(self, after_s: float, visit: int) -> float:
        """Seconds from the end of the visit before (or the start of the shift) to the start of this one."""

    def pages(self, visit: int) -> float:
        """Number of pages of the visit, at least 1; may be infinite."""

    def requests(self, visit: int, page_of_visit: int, page: int) -> float:
        """Number of clicks on the page; may be infinite."""

    def turn_s(self, visit: int, page_of_visit: int, page: int) -> float:
        """Think time before this page is loaded (for all but the first page of a visit)."""

    def think_s(self, visit: int, page_of_visit: int, click_of_page: int, click: int) -> float:
        """Think time before the click."""

    def kind(self, visit: int, page_of_visit: int, click_of_page: int, click: int) -> int:
        """Kind of the click: a value of `mechanisms.Kind`, before non-administrators' admin clicks become reads."""

    def size(self, visit: int, page_of_visit: int, click_of_page: int, click: int) -> float:
        """Bytes that the answer carries if the click is a read."""

    def ending(self, visit: int) -> int:
        """How the visit ends: `LOGOUT`, `CLOSE` or `LEAVE_OPEN`."""


LOGOUT, CLOSE, LEAVE_OPEN = 0, 1, 2


def pick(u: float, shares: tuple[float, ...]) -> int:
    """The index that a uniform number falls on, given shares that sum to 1."""
    for index, share in enumerate(shares[:-1]):
        if u < share:
            return index
        u -= share
    # what rounding leaves belongs to the last index that can happen at all
    return max(index for index, share in enumerate(shares) if share > 0)

"""The exposure window of one case, followed along the path that happens.

X is the last instant at which a hypothetical request without latency would pass all gates (model, section 7). From
the instant the host knows, the security state of a person changes at few instants: a credential is issued, a page is
destroyed, an entry is written, a decision is cached, an event arrives. Between two of them the hypothetical request
passes until a known time, its *reach*. So X is the largest min(reach, next change), and the last reach stands.
"""

import math
from collections.abc import Callable

from sim.model.causes import Kind

Reach = Callable[[Kind], float]


class Exposure:
    """Credits each stretch of time in which the hypothetical request passes. `reach` looks at the state as it is."""

    def __init__(self, kinds: tuple[Kind, ...], revoked_at_s: float, reach: Reach):
        self.kinds = kinds
        self._reach = reach
        self._known = False  # the host knows
        self._last_s = dict.fromkeys(kinds, revoked_at_s)
        self._reaches_s = dict.fromkeys(kinds, -math.inf)

    def host_learns(self, now_s: float) -> None:
        """Until now the host would have granted everything."""
        self._known = True
        self._last_s = dict.fromkeys(self.kinds, now_s)
        self.refresh()

    def accrue(self, now_s: float) -> None:
        """Call before the state changes."""
        if not self._known:
            return
        for kind in self.kinds:
            self._last_s[kind] = max(self._last_s[kind], min(self._reaches_s[kind], now_s))

    def refresh(self) -> None:
        """Call after the state has changed."""
        if self._known:
            self._reaches_s = {kind: self._reach(kind) for kind in self.kinds}

    def close(
        self, end_s: float, may_extend: Callable[[Kind], bool], may_shorten: bool
    ) -> dict[Kind, tuple[float, bool]]:
        """X and whether it is censored, by kind, at the end of the run.

        X is known if nothing can extend it any more, however far it lies; a pending event may still shorten what
        reaches beyond the end.
        """
        if not self._known:
            return dict.fromkeys(self.kinds, (end_s, True))
        return {
            kind: self._verdict(kind, end_s, may_extend(kind), may_shorten) for kind in self.kinds
        }

    def _verdict(
        self, kind: Kind, end_s: float, may_extend: bool, may_shorten: bool
    ) -> tuple[float, bool]:
        last_s = max(self._last_s[kind], self._reaches_s[kind])
        # what ended before the end of the run without being extended is known as well
        open_ended = last_s > end_s and (may_extend or may_shorten or math.isinf(last_s))
        return (end_s, True) if open_ended else (last_s, False)

"""A strategy written in Python among the steps: what the plain runner puts in the place of `steps.written`."""

import math
from collections.abc import Callable
from typing import Any

from sim.engine.state import INF
from sim.model.causes import Kind
from sim.model.outcomes import REASONS, Reason
from sim.model.strategies import RequestView, Strategy

LONGEST_S = 1e11  # 3,000 years: what passes so long passes for ever


class Written:
    """One strategy in one run. Its reasons are numbered after those of the model."""

    def __init__(self, strategy: Strategy):
        self.strategy = strategy
        self.reasons = list(REASONS)
        token = strategy.token
        self._longest_s = INF if token is None else token.lifetime.support()[1]

    def bound(self, bind: Callable[..., Any]) -> Any:
        """The steps, with its own among them."""
        self._steps = bind(
            written__refuses=self.refuses,
            written__asks_host=self.asks_host,
            written__passes_until=self.passes_until,
            written__renewed_until=self.renewed_until,
            written__check_ends=lambda w, check, kind, cause: False,  # `_passes` has asked
        )
        return self._steps

    def refuses(self, w: Any, person: int) -> int:
        """The number of its reason."""
        reason = self.strategy.refuses(self._of_request(w, person))
        if not reason:
            return Reason.NOTHING
        if reason not in self.reasons:
            self.reasons.append(reason)
        return self.reasons.index(reason)

    def asks_host(self, w: Any, person: int, check: int) -> bool:
        """Whether a check applies: the strategy says of all at once, their scopes which one of several."""
        view = self._of_request(w, person)
        return self._covers(check, view.kind) and self.strategy.asks_host(view)

    def _covers(self, check: int, kind: Kind) -> bool:
        several = len(self.strategy.checks) > 1
        return not several or self.strategy.checks[check].covers(kind)

    def passes_until(
        self,
        w: Any,
        person: int,
        page: int,
        kind: int,
        stamped: float,
        expires: float,
        until: float,
    ) -> float:
        """The instant from which its gates stop a request with this token, at most `until`."""

        def passes(now_s: float) -> bool:
            return self._passes(w, person, page, kind, (now_s, stamped, expires))

        return _last(passes, w.now, until)

    def renewed_until(self, w: Any, person: int, page: int, kind: int, until: float) -> float:
        """The same with a token stamped at each instant, of the longest lifetime."""

        def passes(now_s: float) -> bool:
            return self._passes(w, person, page, kind, (now_s, now_s, now_s + self._longest_s))

        return _last(passes, w.now, until)

    def _passes(
        self, w: Any, person: int, page: int, kind: int, at: tuple[float, float, float]
    ) -> bool:
        view = self._view(w, person, page, kind, *at)
        if self.strategy.refuses(view):
            return False
        if not (w.check and self.strategy.asks_host(view)):
            return True
        cause = w.lists["cases"][w.lists["persons"][person].case].cause
        until = self._steps["revocation"].passes_until
        asked = [
            number
            for number, check in enumerate(w.lists["checks"])
            if (check.sees >> cause) & 1 and self._covers(number, Kind(kind))
        ]
        return any(
            all(at[0] < float(until(w, person, page, kind, check, node)) for check in asked)
            for node in range(w.answer_copies)
        )

    def _of_request(self, w: Any, person: int) -> RequestView:
        p = w.lists["persons"][person]
        return self._view(w, person, p.page, p.kind, w.now, p.stamped, p.expires)

    def _view(
        self, w: Any, person: int, page: int, kind: int, now: float, stamped: float, expires: float
    ) -> RequestView:
        loaded_s = w.lists["pages"][page].stamped
        return RequestView(now, person, Kind(kind), stamped, expires, loaded_s)


def _last(passes: Callable[[float], bool], now_s: float, until_s: float) -> float:
    """The instant from which `passes` fails, at most `until_s`; -inf where it fails now. What it refuses it goes on refusing."""
    if not now_s < until_s:
        return until_s
    if not passes(now_s):
        return -INF
    passed_s, refused_s = now_s, until_s
    if math.isinf(until_s):
        step_s = 1.0
        while step_s < LONGEST_S and passes(now_s + step_s):
            passed_s, step_s = now_s + step_s, 2.0 * step_s
        refused_s = now_s + step_s
        if step_s >= LONGEST_S:
            return INF
    elif passes(math.nextafter(until_s, now_s)):
        return until_s
    while (middle_s := passed_s + 0.5 * (refused_s - passed_s)) not in (passed_s, refused_s):
        if passes(middle_s):
            passed_s = middle_s
        else:
            refused_s = middle_s
    return refused_s

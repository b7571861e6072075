"""Compressed time: one model second lasts 1/factor seconds; what that distorts is said, not hidden."""

import asyncio
import ctypes
import selectors
import sys
import time
from dataclasses import dataclass

from sim.basics.wording import about, format_duration
from sim.scenario import Scenario

_PR_SET_TIMERSLACK = 29


@dataclass
class Clock:
    """Model seconds, from the monotonic clock that all processes of a machine share.

    `started` is `time.monotonic()` at model time 0; `factor` is model seconds a real second.
    """

    factor: float = 1.0
    started: float = 0.0

    def now_s(self) -> float:
        """The model time."""
        return (time.monotonic() - self.started) * self.factor

    def real(self, model_s: float) -> float:
        """Real seconds of a stretch of model time."""
        return model_s / self.factor

    async def until(self, time_s: float) -> None:
        """Sleep until a model time; returns at once if it has passed."""
        if time_s == float("inf"):
            await asyncio.Event().wait()
        delay = self.started + time_s / self.factor - time.monotonic()
        if delay > 0:
            await asyncio.sleep(delay)

    async def sleep(self, model_s: float) -> None:
        """Sleep for a stretch of model time."""
        if model_s > 0:
            await asyncio.sleep(model_s / self.factor)


def precise_loop() -> asyncio.AbstractEventLoop:
    """An event loop whose timers are good to a fifth of a millisecond.

    asyncio over epoll (and uvloop) rounds timers to whole milliseconds, which compression would multiply; `select`
    takes microseconds. It serves at most 1,024 file descriptors, far more than the testbed opens.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_TIMERSLACK, 1000, 0, 0, 0)
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


def factor_within(scenario: Scenario, real_s: float) -> float:
    """The compression that fits a run and its drain into some real seconds, at least 1."""
    return max(1.0, scenario.run.end_s / real_s)


def distortions(scenario: Scenario, strategies: list[str], clock: Clock, hop_s: float) -> list[str]:
    """What this compression distorts, in sentences. `hop_s`: real seconds an HTTP call costs by itself."""
    factor = clock.factor
    if factor == 1.0:
        return ["real time: nothing is compressed"]
    checks = [
        check.timeout_s
        for s in scenario.strategies.values()
        if s.name in strategies
        for check in s.checks
    ]
    said = [
        f"{factor:.3g} model seconds pass in a real one: {format_duration(scenario.run.end_s)} take at most"
        f" {format_duration(round(clock.real(scenario.run.end_s), 1))}",
        f"what takes real work is stretched: an HTTP call of {about(hop_s)} counts as"
        f" {about(hop_s * factor)}; the calibrated simulation is given the same",
        f"real load is {factor:.3g} times as dense as the model's",
    ]
    if checks:
        said.append(
            f"a check's timeout of {format_duration(min(checks))} is {about(clock.real(min(checks)))} here:"
            " a longer pause of the machine is taken for a silent host"
        )
    return said

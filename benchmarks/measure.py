"""Rounds in which everybody takes turns, each in a process of his own; medians, spread, and a check of every result."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing import get_context
from statistics import median

from benchmarks.limit import NoCompilerError
from benchmarks.works import Contestant, Outcome, check

Say = Callable[[str], None]


@dataclass
class Measured:
    """A contestant's rounds: CPU nanoseconds a customer; or why there are none."""

    contestant: Contestant
    outcomes: list[Outcome] = field(default_factory=list)
    skipped: str = ""

    @property
    def rounds_ns(self) -> list[float]:
        return [1e9 * outcome.cpu_s / outcome.customers for outcome in self.outcomes]

    @property
    def median_ns(self) -> float:
        return median(self.rounds_ns)

    @property
    def spread_ns(self) -> tuple[float, float]:
        """The fastest and the slowest round."""
        return min(self.rounds_ns), max(self.rounds_ns)


def measure(contestants: list[Contestant], rounds: int, quick: bool, say: Say) -> list[Measured]:
    """Each contestant in turn, `rounds` times, after a run to warm up.

    Raises WrongResultError if one computes something else. Processes are apart, since one simulator's garbage
    would be collected in the time of the next, and Cimba's compiler fails after another use of Numba.
    """
    with ExitStack() as stack:
        measured = [Measured(contestant) for contestant in contestants]
        pools = [stack.enter_context(_process()) for _ in contestants]
        for turn in range(-1, rounds):
            say(f"round {turn + 1} of {rounds}" if turn >= 0 else "warming up")
            for one, pool in _able(measured, pools):
                arguments = one.contestant.arguments(quick or turn < 0)
                try:
                    outcome = pool.submit(call, one.contestant.target, arguments).result()
                except (ImportError, NoCompilerError) as error:
                    one.skipped = str(error)
                    say(f"{one.contestant.name} is left out: {error}")
                    continue
                if turn >= 0:
                    check(one.contestant, outcome, float(arguments[0]))
                    one.outcomes.append(outcome)
        return measured


def _able(
    measured: list[Measured], pools: list[ProcessPoolExecutor]
) -> Iterator[tuple[Measured, ProcessPoolExecutor]]:
    for one, pool in zip(measured, pools, strict=True):
        if not one.skipped:
            yield one, pool


def _process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def call(target: str, arguments: tuple[float | str, ...]) -> Outcome:
    """Run `module:function`."""
    module, function = target.split(":")
    outcome: Outcome = getattr(import_module(module), function)(*arguments)
    return outcome

"""Bounds on what a run may do, the same for every runner: beyond them it has no end that anybody waits for."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.basics.wording import format_duration

if TYPE_CHECKING:  # any end of a command looks here: `--help` shall load no scenario
    from sim.scenario import Scenario

# What a person or a party sets going. Whatever never ends does one of these again and again.
CLICKS, PAGE_LOADS, RENEWALS, PUSH_ATTEMPTS, OUTAGES, POLLS, CONNECTIONS = ACTS = range(7)
_NAMES = (
    "clicks",
    "page loads",
    "renewals",
    "attempts to push an event",
    "outages",
    "polls",
    "openings, rechecks and messages",
)
_WHAT_ENDS_IT = (
    "a longer workload.think, behaviour.storm.think or time of the network",
    "a longer host.retry_after, organisation.visits, workload.think or time of the network",
    "a longer token.lifetime, host.retry_after or time of the network, or no token.refresh_at",
    "a longer push.retries.wait, or a number for push.retries.most",
    "longer times of host.outages or push.outages",
    "a longer workload.poll.every",
    "longer times of the strategy's connection (recheck, lasts, messages, reconnect)",
)
AN_INSTANT, AN_INSTANT_A_PERSON = 100_000, 100
A_RUN, A_RUN_A_PERSON = 1_000_000_000, 100_000
TRIES = 0xFFFF  # of one page load, renewal or event; its number has 16 bits in the compiled engine

IN_AN_INSTANT, IN_A_RUN, IN_TRIES, IN_SUMS = range(4)
LISTS, STATIONS = range(2)  # whose sums of times have 64 bits
_SUMS = ("the lives of list entries", "the times at stations")
MOST_TICKS = 2**63 - 1
# People one after the other (`sim.engine.alone`): from how many on (with fewer, everybody's records lie in a processor's caches, and
# looking afterwards costs more than it saves), and the cells of time in which is counted what they take.
ALONE_FROM = 5_000
CELLS_PER_S, MOST_CELLS = 8.0, 1 << 20


class TooMuch(RuntimeError):
    """A run that cannot be had; the text says why, and which settings ask for it."""


class NeverEnds(TooMuch):
    """Something in a run keeps going."""


class TooLarge(TooMuch):
    """A run that takes more memory than there is, or sums that 64 bits do not hold."""


def check_sum(ticks: int, which: int) -> None:
    """Raise TooLarge for a sum of times that 64 bits do not hold."""
    if ticks > MOST_TICKS:
        raise _too_large(which)


def _too_large(which: int) -> TooLarge:
    return TooLarge(
        f"{_SUMS[which]} sum up to more than 1.37e11 s; take a shorter run.horizon or fewer people"
    )


@dataclass(frozen=True)
class Bounds:
    """The most acts of all kinds at one instant, of one kind in a run, and tries of one thing."""

    an_instant: int
    a_run: int
    tries: int = TRIES

    @staticmethod
    def of(scenario: "Scenario") -> "Bounds":
        """Those of a scenario: more people may do more."""
        people = scenario.organisation.people
        return Bounds(
            AN_INSTANT + AN_INSTANT_A_PERSON * people, A_RUN + A_RUN_A_PERSON * people, TRIES
        )

    def broken(self, which: int, act: int, now_s: float) -> TooMuch:
        """What to raise where one of them is passed."""
        if which == IN_SUMS:
            return _too_large(act)
        said = (
            f"more than {self.an_instant:,} {_NAMES[act]} in one instant, {format_duration(now_s)} after the start",
            f"more than {self.a_run:,} {_NAMES[act]}",
            f"more than {self.tries:,} {_NAMES[act]} for one thing",
        )[which]
        return NeverEnds(f"{said}: it does not end; what would end it is {_WHAT_ENDS_IT[act]}")


class Watch:
    """Counts acts while a run of the reference goes on."""

    def __init__(self, bounds: Bounds):
        self._bounds = bounds
        self._made = [0] * len(ACTS)
        self._at_s, self._at_once = -1.0, 0

    def act(self, now_s: float, act: int, attempt: int = 0) -> None:
        """Count one; `attempt` numbers those for one thing from 0. Raises NeverEnds."""
        if now_s != self._at_s:
            self._at_s, self._at_once = now_s, 0
        self._at_once += 1
        self._made[act] += 1
        bounds = self._bounds
        if self._at_once > bounds.an_instant:
            raise bounds.broken(IN_AN_INSTANT, act, now_s)
        if self._made[act] > bounds.a_run:
            raise bounds.broken(IN_A_RUN, act, now_s)
        if attempt >= bounds.tries:
            raise bounds.broken(IN_TRIES, act, now_s)

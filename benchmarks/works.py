"""The two works that every simulator does, and what a right answer is.

closed: 1,000 people think (exponential, 10 s), then ask a first come, first served station of 4 servers (exponential,
        20 ms) and wait for the answer; all start thinking at 0; answers before the horizon count. With another number
        of people the station is as much faster or slower, so that its load stays.
queue:  M/M/1 at load 0.9, mean service 1 s, from empty; a number of customers.
"""

import math
from dataclasses import dataclass

THINK_S, SERVERS = 10.0, 4
LOAD = 0.9
PEOPLE = 1000
SEED = 1
Z = 5.0  # standard errors that a mean may be off: one false alarm in 1.7 million checks


@dataclass(frozen=True)
class Outcome:
    """What one run did: customers served, their mean time in system, the CPU time of it all."""

    customers: int
    mean_s: float
    cpu_s: float


@dataclass(frozen=True)
class Contestant:
    """A simulator at one work."""

    name: str
    work: str  # closed, queue, office
    target: str  # module:function; takes the size, and for `closed` the number of people
    size: float  # a horizon (closed: seconds, office: hours), or a number of customers
    quick: float  # the size with --quick
    people: int = PEOPLE
    more: tuple[str, ...] = ()

    def arguments(self, quick: bool) -> tuple[float | str, ...]:
        """What the function is called with."""
        size = self.quick if quick else self.size
        return (
            (size,) if self.people == PEOPLE and not self.more else (size, self.people, *self.more)
        )


class WrongResultError(Exception):
    """A contestant computed something else: its time says nothing."""


def service_s(people: int = PEOPLE) -> float:
    """Mean service time of the closed work, seconds."""
    return 20.0 / people


def closed_mean_s(people: int = PEOPLE) -> float:
    """Mean time in system of the closed work in the long run: the machine repair model M/M/4//N, exactly."""
    load = service_s(people) / THINK_S
    weight = [1.0]
    for n in range(1, people + 1):
        weight.append(weight[-1] * (people - n + 1) * load / min(n, SERVERS))
    inside = sum(n * w for n, w in enumerate(weight)) / sum(weight)
    rate = (people - inside) / THINK_S
    return inside / rate


def queue_mean_s() -> float:
    """M/M/1: 1 / (1 - load)."""
    return 1.0 / (1.0 - LOAD)


def standard_error_s(contestant: Contestant, customers: int) -> float:
    """Of the mean time in system over this many successive customers.

    queue: the asymptotic variance of Daley (1968), load (2 + 5 load - 4 load^2 + load^3) / (1 - load)^4, and the
    service itself. closed: at half load a customer counts for about half of an independent one.
    """
    if contestant.work == "queue":
        r = LOAD
        return math.sqrt((r * (2 + 5 * r - 4 * r**2 + r**3) / (1 - r) ** 4 + 1) / customers)
    return service_s(contestant.people) * math.sqrt(3.0 / customers)


def check(contestant: Contestant, outcome: Outcome, size: float) -> None:
    """Raise WrongResultError unless the mean and the number of customers are those of the work."""
    if contestant.work == "office":
        return  # no closed form: there the two engines are held to one another (office.check_same_path)
    customers = max(outcome.customers, 1)
    error_s = Z * standard_error_s(contestant, customers)
    if contestant.work == "closed":
        expected_s = closed_mean_s(contestant.people)
        low_s = expected_s - error_s
        number = contestant.people / (THINK_S + expected_s) * size
        slack = Z * math.sqrt(number)
    else:
        # from empty, the first customers wait less: about 1 / (1 - load)^3 seconds in all
        expected_s = queue_mean_s()
        low_s = expected_s - error_s - 1.0 / (1 - LOAD) ** 3 / customers
        number, slack = size, Z * math.sqrt(size)  # some count to a time, not to a number
    if not low_s <= outcome.mean_s <= expected_s + error_s:
        raise WrongResultError(
            f"{contestant.name}, {contestant.work}: mean time in system {outcome.mean_s:.6g} s,"
            f" expected {expected_s:.6g} s within {error_s:.2g} s"
        )
    if abs(outcome.customers - number) > slack:
        raise WrongResultError(
            f"{contestant.name}, {contestant.work}: {outcome.customers} customers, expected {number:.0f}"
        )

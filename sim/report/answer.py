"""The answer in two sentences, and what would change it."""

import math
from dataclasses import dataclass

from sim.basics.statistics import Difference, Totals, paired_difference
from sim.basics.wording import about
from sim.plot.style import CAUSE_WORDS, listed, readable
from sim.report.tables import interval
from sim.results.study import Study


@dataclass(frozen=True)
class Answer:
    """`best` is the strategy that the first sentence names, None where no strategy bounds every cause."""

    first: str
    second: str
    best: str | None
    runner_up: str | None


@dataclass(frozen=True)
class Lever:
    """Something that would change the answer: a parameter, how well it is known, and what it moves."""

    parameter: str
    value: str
    grade: str
    moves: str


def answer(study: Study) -> Answer:
    """The strategy whose settings guarantee the shortest window after every cause studied; then the price of less.

    Guaranteed, not on average: a reviewer asks what can happen. Ties go to the smaller gate overhead.
    """
    bounded = sorted(
        (n for n in study.names if math.isfinite(_worst_s(study, n))),
        key=lambda n: _order(study, n),
    )
    if not study.causes:
        return Answer("No case happened, so nothing can be said.", "", None, None)
    if not bounded:
        blind = f"each of the {len(study.names)} strategies leaves some cause open"
        return Answer(f"No strategy compared here bounds the exposure window: {blind}.", _shortest(study, None), None, None)  # fmt: skip
    best, runner_up = bounded[0], bounded[1] if len(bounded) > 1 else None
    first = (
        f"{best} guarantees the shortest exposure window over everything studied"
        f" ({listed([readable(c) for c in study.causes], 4)}): at most {about(_worst_s(study, best))},"
        f" {interval(study.pooled(best, 'exposure'))} on average, for {_price(study, best)}."
    )
    return Answer(first, _shortest(study, best), best, runner_up)


def against_runner_up(study: Study, found: Answer) -> Difference | None:
    """Mean exposure of the runner-up less that of the best, over all cases, paired by replication."""
    if found.best is None or found.runner_up is None:
        return None
    ours, other = (study.totals(name, "exposure") for name in (found.runner_up, found.best))
    return paired_difference(Totals(*ours), Totals(*other))


def levers(study: Study) -> list[Lever]:
    """The parameters that the answer rests on and that are not measured or read at the source."""
    used = set(" ".join(study.strategies["mechanisms"]).replace(",", " ").split())
    known = {p["key"]: p for p in study.manifest.get("parameters", [])}
    found = []
    for key, mechanism, moves in _LEVERS:
        parameter = known.get(key)
        if parameter is not None and (not mechanism or used & set(mechanism)):
            found.append(Lever(key, parameter["value"], parameter["grade"], moves))
    return sorted(found, key=lambda lever: lever.grade in ("A", "M"))


_LEVERS = (
    ("directory.propagation", (), "adds to every window after a deactivation, under every strategy"),
    ("workload.visit_ends", (), "the share of tabs left open is the share of cases with anything exposed at all"),
    ("workload.think", (), "how many clicks fit into a window, and how often an honest person meets an expired token"),
    ("host.check", ("check",), "is the overhead of each click that is checked, almost one to one"),
    ("host.renewal", ("host", "host_each"), "is the overhead of a click that waits for a token"),
    ("host.rate_limit", ("check", "host", "host_each"), "turns checks and renewals away when more people come"),
    ("host.outages", ("check", "host", "host_each"), "refuses honest clicks under strategies that ask the host"),
    ("organisation.people", ("check", "host_each"), "multiplies the load on the host"),
    ("push.delay", ("push",), "is the window of what a pushed event ends"),
    ("push.loss", ("push",), "takes the bound away: a lost event leaves the rest of the lifetime"),
    ("push.outages", ("push",), "as a loss, for all events of the outage"),
    ("store.lookup", ("allowlist",), "is the overhead of the allowlist"),
    ("behaviour.probabilities", (), "decides how many clicks are tried, not how long the window is"),
    ("cases.notice_lead", (), "a person cut off before he is told clicks on unawares"),
)  # fmt: skip


def _worst_s(study: Study, name: str) -> float:
    return max((study.bound_s(name, cause) for cause in study.causes), default=math.inf)


def _order(study: Study, name: str) -> tuple[float, float]:
    overhead = study.find(name, "auth_overhead")
    return _worst_s(study, name), 0.0 if overhead is None else overhead.value


def _price(study: Study, name: str) -> str:
    parts = []
    if (overhead := study.find(name, "auth_overhead")) is not None:
        parts.append(f"{interval(overhead)} added to an honest click")
    if (stops := study.find(name, "interruptions")) is not None:
        parts.append(f"{stops.value:.2g} interruptions per person-hour")
    if (calls := study.find(name, "host_calls")) is not None:
        parts.append(f"{calls.value:.2g} calls per second at the host")
    return ", ".join(parts) or "no price that was measured"


def _shortest(study: Study, best: str | None) -> str:
    """Who is shorter for the first cause, and what that strategy is blind to."""
    cause = study.causes[0]
    means = {
        name: e.value
        for name in study.names
        if name != best and (e := study.find(name, "exposure", "mean", cause)) is not None and study.covered(name, cause)
    }  # fmt: skip
    if not means:
        return f"Nothing else ends access after {CAUSE_WORDS[cause]}."
    name = min(means, key=lambda n: (means[n], _order(study, n)))
    exposure = study.find(name, "exposure", "mean", cause)
    overhead = study.find(name, "auth_overhead")
    blind = [readable(c) for c in study.causes if not study.covered(name, c)]
    mine = study.find(best, "exposure", "mean", cause) if best else None
    if mine is not None and mine.value <= means[name]:
        return f"No other strategy is shorter on average after {CAUSE_WORDS[cause]}; the next is {name} with {interval(exposure)}."
    text = (
        f"After {CAUSE_WORDS[cause]} alone {name} is shorter ({interval(exposure)} on average) but adds"
        f" {interval(overhead)} to each click"
    )
    return text + (f" and never notices {listed(blind, 4)}." if blind else ".")

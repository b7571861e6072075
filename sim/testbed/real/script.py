"""Who does what when: the clicks and page loads of a simulated run, to be done again in front of the real part."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sim.engine.recording import Run
from sim.oracle.app import ACCEPTED


@dataclass(frozen=True)
class Act:
    """A click, or with `page` a page load; `passes` is what the model says. Seconds of the model."""

    at_s: float
    page: bool
    passes: bool
    asked: bool = False  # whether the click made the gate ask


def scripts(run: Run) -> Mapping[int, Sequence[Act]]:
    """By person, in order of time; the run must be traced, of a scenario without latencies."""
    found: dict[int, list[Act]] = defaultdict(list)
    asked: set[int] = set()
    under_way: set[int] = set()
    for _, at_s, person, event, _, decision, reason, *_ in run.trace or ():
        if event == "page_decided":
            found[person].append(Act(at_s, True, reason == "ok"))
        elif event == "request_sent":
            asked.discard(person)
            under_way.add(person)
        elif event == "check_sent" and person in under_way:
            asked.add(person)
        elif event == "check_sent":  # beside the click that was just answered
            found[person][-1] = replace(found[person][-1], asked=True)
        elif event == "decided":
            under_way.discard(person)
            found[person].append(Act(at_s, False, decision == ACCEPTED, person in asked))
    return found

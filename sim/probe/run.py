"""All repetitions of a probe: what is planned next, what is kept, and that nothing stays taken away."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.probe.exchange import ExchangeFailed, Secrets, Wire
from sim.probe.journal import Journal
from sim.probe.record import FIRST, Click, Mode, Record
from sim.probe.repetition import Planned, repeat
from sim.probe.settings import Plan, Probe
from sim.probe.windows import window_of

SHORTEST_SPREAD_S = 2.0
ENOUGH_OPEN = 3  # repetitions while clicking, all without an end
Progress = Callable[[float, str], None]  # the share that is done, and what is under way


@dataclass(frozen=True)
class Outcome:
    """What a run came to: its records, and why it stopped before the end, if it did."""

    records: list[Record]
    stopped: str = ""


def modes_of(probe: Probe, records: Sequence[Record] = ()) -> list[Mode]:
    """What each repetition is about, in order.

    Where the first few who clicked were never refused, more of them would tell nothing; those who stay away still do.
    """
    n = probe.run.repetitions
    some, few = max(1, n // 2), max(1, n // 3)
    busy: list[Mode] = ["busy"] * n
    clicked = [record for record in records if record.mode == "busy"]
    if len(clicked) >= ENOUGH_OPEN and _never_refused(clicked[:ENOUGH_OPEN]):
        busy = busy[:ENOUGH_OPEN]
    idle: list[Mode] = ["idle"] * (some if probe.run.idle else 0)
    second: list[Mode] = ["second"] * (few if probe.run.second_session else 0)
    held: list[Mode] = ["connection"] * (few if probe.connection is not None else 0)
    return busy + idle + second + held


def _never_refused(records: Sequence[Record]) -> bool:
    return all(click.outcome != "no" for record in records for click in record.clicks)


def planned(plan: Plan, number: int, mode: Mode, records: list[Record]) -> Planned:
    """The next repetition: instants spread evenly over the wall clock's second and the credential's life so far seen."""
    part, of_life = _spread(plan.seed, number)
    longest_s = _longest_s(records, plan)
    if mode == "idle" and not longest_s:
        longest_s = _shortest_refused_s(
            records, plan
        )  # who clicks is never refused, who stays away may be
    spread_s = plan.spread_s or max(SHORTEST_SPREAD_S, min(2.0 * longest_s, plan.watch_s))
    idle_s = _idle_s(records, plan, longest_s) if mode == "idle" else 0.0
    return Planned(number, mode, 0.5 + of_life * spread_s, part, idle_s)


def _spread(seed: int, number: int) -> tuple[float, float]:
    """Point `number` of a sequence of which any first few points lie evenly (Halton, scrambled by the seed)."""
    from scipy.stats import qmc

    points = qmc.Halton(2, seed=seed).random(number + 1)
    return float(points[number, 0]), float(points[number, 1])


def _longest_s(records: list[Record], plan: Plan) -> float:
    windows = [window_of(r, FIRST) for r in records if r.mode == "busy"]
    lives = [r.clicks[-1].answered_s - r.signed_in_s[0] for r in records if r.revoked_s is None]
    ends = [w.until_s for w in windows if w is not None and not w.open]
    return min(max([*ends, *lives, 0.0]), plan.watch_s)


def _absences(records: list[Record]) -> Iterator[tuple[float, bool]]:
    """How long people had stayed away when they came back after the revocation, and whether they got in."""
    for record in records:
        if record.mode == "idle" and record.revoked_s and (clicks := after(record)):
            before = [c for c in record.of(FIRST) if c.sent_s < record.revoked_s[0]]
            yield clicks[0].sent_s - before[-1].answered_s, clicks[0].outcome == "yes"


def _shortest_refused_s(records: list[Record], plan: Plan) -> float:
    refused = [away_s for away_s, got_in in _absences(records) if not got_in]
    return min(refused, default=0.0)


def _idle_s(records: list[Record], plan: Plan, longest_s: float) -> float:
    """How long to stay away after the revocation: between the longest absence that passed and the shortest that did not."""
    absences = list(_absences(records))
    passed = [0.0, *(away_s for away_s, got_in in absences if got_in)]
    refused = [plan.watch_s, *(away_s for away_s, got_in in absences if not got_in)]
    tried = sum(record.mode == "idle" for record in records)
    if longest_s and tried < 2:
        return min((0.5, 1.5)[tried] * longest_s, plan.watch_s)
    low, high = max(passed), min(refused)
    return 0.5 * (low + high) if low < high else 0.5 * high


def after(record: Record) -> list[Click]:
    """The first session's clicks after the revocation."""
    assert record.revoked_s is not None
    return [click for click in record.of(FIRST) if click.sent_s >= record.revoked_s[1]]


async def run(
    probe: Probe, journal: Journal, allowed: frozenset[str], progress: Progress
) -> Outcome:
    """Go on where the journal ends, until all repetitions are done or the time is over.

    What is taken away is given back at every end: an error, an interrupt, the limit. Raises ExchangeFailed.
    """
    secrets = await Secrets.of(probe)
    began_s = time.monotonic()
    async with Wire(probe, secrets, allowed) as wire:
        _interrupt_on_signals()
        for host in probe.hosts():
            wire.check_host(f"http://{host}" if ":" not in host else f"http://[{host}]")
        if journal.taken:
            await wire.do("give_back", probe.give_back)
            journal.given_back()
        while (number := len(journal.records)) < len(modes := modes_of(probe, journal.records)):
            mode = modes[number]
            progress(number / len(modes), mode)
            if time.monotonic() - began_s > probe.run.at_most_s:
                return Outcome(
                    journal.records,
                    f"run.at_most is over after {number} of {len(modes)} repetitions",
                )
            plan = planned(probe.run, number, mode, journal.records)
            journal.keep(await repeat(wire, plan, journal.revoking, journal.given_back))
        progress(1.0, "done")
    return Outcome(journal.records)


def _interrupt_on_signals() -> None:
    """SIGTERM and SIGHUP end the run as Ctrl-C does: what was taken is given back."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)


def run_in(probe: Probe, folder: Path, allowed: frozenset[str], progress: Progress) -> Outcome:
    """`run` with a journal in a folder. Raises ExchangeFailed, JournalError, KeyboardInterrupt."""
    journal = Journal(folder, probe)
    try:
        return asyncio.run(run(probe, journal, allowed, progress))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


__all__ = ["ExchangeFailed", "Outcome", "modes_of", "planned", "run_in"]

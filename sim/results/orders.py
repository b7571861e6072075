"""The organisation beside the token: who is told when, who is cut off, in one table with the strategies.

The same people and cases under orders of notice and of cutting: what happens while the person knows nothing yet, what
between notice and the end of access (authorised, and no strategy touches it), and what after both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sim.basics.statistics import Estimate
from sim.basics.wording import number_text
from sim.model.causes import CAUSES
from sim.model.strategies import Strategy
from sim.results.experiment import Comparison, Report, compare
from sim.results.metrics import pooled_mean
from sim.scenario import Scenario, with_changes

CAPTION = (
    "The organisation beside the token: reads and writes per case (logouts apart) while the person knows nothing yet,"
    " between notice and the end of access (authorised: no strategy touches it), and after both"
)
_CUT = {"leave": 0, "continue": 0, "storm": 0, "cut_off": 1}
_STOPS = {"leave": 1, "continue": 0, "storm": 0, "cut_off": 0}
ORDERS: dict[str, dict[str, Any]] = {
    "told 10 min before the cut": {"cases.notice_lead": "-10min"},
    "told at the cut": {"cases.notice_lead": "0s"},
    "told 10 min after the cut": {"cases.notice_lead": "10min"},
    "VPN cut or escort at the cut": {"cases.notice_lead": "0s", "behaviour.probabilities": _CUT},
}
TOLD = tuple(cause for cause in CAUSES if cause != "logout")  # nobody is told of a logout


@dataclass(frozen=True)
class Harm:
    """Means per case of one order under one strategy: reads and writes unaware, forewarned, and after both."""

    order: str
    strategy: str
    unaware: tuple[Estimate, Estimate]
    forewarned: tuple[Estimate, Estimate]
    after: tuple[Estimate, Estimate]


def orders(
    scenario: Scenario,
    strategies: Sequence[Strategy],
    *,
    replications: int | None = None,
    seed: int | None = None,
    workers: int = 1,
    engine: str = "compiled",
    report: Report | None = None,
) -> list[Harm]:
    """Every order under every strategy, on the same people and cases.

    What happens before a late notice is what is left where everybody stops at it.
    """

    def run(changes: dict[str, Any]) -> Comparison:
        return compare(
            with_changes(scenario, changes), strategies, replications=replications, seed=seed, workers=workers,
            engine=engine, report=report,
        )  # fmt: skip

    found = []
    for order, changes in ORDERS.items():
        whole = run(changes)
        late = order.endswith("after the cut")
        unaware = run({**changes, "behaviour.probabilities": _STOPS}) if late else None
        found += [_harm(order, name, whole, unaware) for name in whole.strategies]
    return found


def _harm(order: str, name: str, whole: Comparison, unaware: Comparison | None) -> Harm:
    def means(of: Comparison, metric: str) -> tuple[Estimate, Estimate]:
        causes = [c for c in of.causes if c in TOLD]
        reads, writes = (
            pooled_mean(of.runs[name], f"{metric}_{k}", causes) for k in ("reads", "writes")
        )
        return reads, writes

    nothing = Estimate(0.0, None, None, 0)
    before = (nothing, nothing) if unaware is None else means(unaware, "unauthorised")
    every = means(whole, "unauthorised")
    after = every if unaware is None else _rest(every, before)
    return Harm(order, name, before, means(whole, "forewarned"), after)


def _rest(
    every: tuple[Estimate, Estimate], before: tuple[Estimate, Estimate]
) -> tuple[Estimate, Estimate]:
    """What comes after: a difference on the same cases, without an interval of its own."""
    reads, writes = (
        Estimate(max(0.0, all_.value - part.value), None, None, all_.n)
        for all_, part in zip(every, before, strict=True)
    )
    return reads, writes


def orders_rows(found: Sequence[Harm]) -> tuple[list[str], list[list[str]]]:
    """Head and rows of text, the orders one below the other."""
    head = ["order", "strategy", *(f"{part}, {kind}" for part in ("unaware", "forewarned", "after") for kind in ("reads", "writes"))]  # fmt: skip
    rows = []
    for harm in found:
        cells = [
            number_text(e) for pair in (harm.unaware, harm.forewarned, harm.after) for e in pair
        ]
        rows.append([harm.order, harm.strategy, *cells])
    return head, rows


def orders_finding(found: Sequence[Harm]) -> str:
    """Where most happens, in a sentence."""
    worst = max(found, key=lambda h: _sum(h.forewarned) - _sum(h.after))
    if not _sum(worst.forewarned):
        return "Nobody who is told early does anything before the cut."
    reads, writes = worst.forewarned
    return (
        f"{worst.order[0].upper()}{worst.order[1:]}, under {worst.strategy}: {reads.value:.3g} reads and {writes.value:.3g}"
        f" writes before it, {worst.after[0].value:.3g} and {worst.after[1].value:.3g} after it; no token strategy changes"
        " the first."
    )


def _sum(pair: tuple[Estimate, Estimate]) -> float:
    return pair[0].value + pair[1].value

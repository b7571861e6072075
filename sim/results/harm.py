"""What gets through and what it costs, by kind: writes that a rollback repairs beside reads that nothing brings back."""

from collections.abc import Callable, Sequence

from sim.basics.statistics import Estimate
from sim.basics.wording import number_text, seconds_text
from sim.model.causes import KINDS
from sim.results.experiment import Comparison
from sim.results.metrics import pooled_mean

Table = tuple[list[str], list[list[str]]]  # head, rows
Pooled = Callable[[str, str], Estimate]  # strategy, metric: the mean over all cases
Found = Callable[
    [str, str | None], Estimate | None
]  # strategy, kind: mean response of honest clicks

REPAIR = (
    "Rollback against egress: per case, what a rollback repairs beside what nothing brings back"
)
PRICE = "The price by kind: mean response of an honest click; the mean of all hides a kind that few send"
HARM_METRICS = (
    "unauthorised_writes",
    "recoverable_writes",
    "unauthorised_admin",
    "unauthorised_reads",
    "unauthorised_bytes",
)


def repair_rows(names: Sequence[str], pooled: Pooled) -> Table:
    """Writes and those that a rollback repairs, administration and reads, bytes read; means per case."""
    head = ["strategy", "writes", "a rollback repairs", "administration", "reads", "kB read"]
    rows = []
    for name in names:
        found = [pooled(name, metric) for metric in HARM_METRICS]
        kilobytes = _scaled(found[-1], 1e-3)
        rows.append([name, *map(number_text, (*found[:-1], kilobytes))])
    return head, rows


def _scaled(e: Estimate, factor: float) -> Estimate:
    low, high = (None if v is None else v * factor for v in (e.low, e.high))
    return Estimate(e.value * factor, low, high, e.n)


def price_rows(names: Sequence[str], found: Found) -> Table:
    """Mean response of honest clicks by kind, and of all."""
    rows = []
    for name in names:
        cells = [found(name, kind) for kind in (*KINDS, None)]
        rows.append([name, *("-" if e is None else seconds_text(e) for e in cells)])
    return ["strategy", *KINDS, "all"], rows


def repair_table(comparison: Comparison, names: Sequence[str]) -> Table:
    """As `repair_rows`, from a comparison."""

    def pooled(name: str, metric: str) -> Estimate:
        return pooled_mean(comparison.runs[name], metric, comparison.causes)

    return repair_rows(names, pooled)


def kinds_table(comparison: Comparison, names: Sequence[str]) -> Table:
    """As `price_rows`, from a comparison."""
    figures = {
        (f.strategy, f.of): Estimate(f.estimate, f.low, f.high, f.n)
        for f in comparison.figures
        if (f.metric, f.statistic) == ("response", "mean")
    }
    return price_rows(names, lambda name, kind: figures.get((name, kind)))

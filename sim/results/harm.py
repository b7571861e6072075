"""What gets through and what it costs, by kind: writes that a rollback repairs beside reads that nothing brings back."""

from collections.abc import Callable, Sequence

from sim.basics.statistics import Estimate
from sim.basics.wording import about, number_text, seconds_text
from sim.model.causes import KINDS
from sim.results.experiment import Comparison
from sim.results.metrics import pooled_mean

Table = tuple[list[str], list[list[str]]]  # head, rows
Pooled = Callable[[str, str], Estimate]  # strategy, metric: the mean over all cases
Found = Callable[
    [str, str | None], Estimate | None
]  # strategy, kind: mean response of honest clicks

FEW = 30  # clicks behind a mean
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


def price_finding(names: Sequence[str], found: Found) -> str:
    """The kind of click whose mean the mean of all hides most, where it is more than twice as long; else empty."""
    hidden: list[tuple[float, str]] = []
    for name in names:
        whole = found(name, None)
        for kind in KINDS:
            mine = found(name, kind)
            if mine is not None and whole is not None and mine.value > 2 * whole.value > 0:
                few = "" if mine.n >= FEW else f", {mine.n} clicks"
                text = f"under {name} {kind} clicks take {about(mine.value)} on average{few}, all clicks {about(whole.value)}"
                hidden.append((mine.value / whole.value, text))
    text = max(hidden, default=(0.0, ""))[1]
    return f"{text[0].upper()}{text[1:]}: the mean of all hides it." if text else ""


def repair_table(comparison: Comparison, names: Sequence[str]) -> Table:
    """As `repair_rows`, from a comparison."""

    def pooled(name: str, metric: str) -> Estimate:
        return pooled_mean(comparison.runs[name], metric, comparison.causes)

    return repair_rows(names, pooled)


def kinds_table(comparison: Comparison, names: Sequence[str]) -> Table:
    """As `price_rows`, from a comparison."""
    return price_rows(names, means_by_kind(comparison))


def means_by_kind(comparison: Comparison) -> Found:
    """What finds the mean response of a kind of click (None: of all) in a comparison."""
    figures = {
        (f.strategy, f.of): Estimate(f.estimate, f.low, f.high, f.n)
        for f in comparison.figures
        if (f.metric, f.statistic) == ("response", "mean")
    }
    return lambda name, kind: figures.get((name, kind))

"""The tables of a report, from the tables of a study; the figures are those that the command line prints."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sim.basics.statistics import Estimate
from sim.basics.wording import about, number_text, percent_text, seconds_text
from sim.model.causes import CAUSES
from sim.plot.matrix import cell_texts
from sim.plot.style import readable
from sim.results.harm import PRICE, REPAIR, price_finding, price_rows, repair_rows
from sim.results.study import Study
from sim.results.tables import rare_prices
from sim.results.virtual import in_words


@dataclass(frozen=True)
class Table:
    """A caption, heads, and rows whose first cell names the row."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def interval(e: Estimate | None) -> str:
    """ "43 s (38 s to 49 s)", or the value alone where there is no interval."""
    if e is None:
        return "unknown"
    if e.low is None or e.high is None or e.low == e.high:
        return about(e.value)
    return f"{about(e.value)} (95 % interval {about(max(0.0, e.low))} to {about(e.high)})"


def coverage(study: Study) -> Table:
    """Which strategy ends which cause, and within which bound."""

    def text(name: str, cause: str) -> str:
        worst, kinds = cell_texts(study, name, cause)
        return f"{worst} ({kinds})" if kinds else worst

    rows = [[name, *(text(name, cause) for cause in CAUSES)] for name in study.names]
    caption = "The longest exposure window that the settings allow, or open where nothing ends it (P: until the host knows)"
    return Table(caption, ["strategy", *map(readable, CAUSES)], rows)


def after(study: Study) -> Table:
    """What gets through after the revocation."""
    heads = ["strategy", *(f"exposure, {readable(c)}" for c in study.causes)]
    rows = [_after(study, name) for name in study.ranked()]
    said = in_words((name, estimator) for name, _, estimator in study.exposures_rest_on)
    caption = "After the revocation: means per case with the half width of the 95 % interval, shortest exposure first"
    return Table(
        f"{caption}. {said}" if said else caption,
        [*heads, "last click", "reads", "writes"],
        rows,
    )


def tails(study: Study) -> Table:
    """The windows of the unlucky: p95 with interval, the longest, the share without any."""
    cause_columns = [(cause, s) for cause in study.causes for s in ("p95", "share_zero")]
    heads = [f"{'p95' if s == 'p95' else 'no window'}, {readable(c)}" for c, s in cause_columns]
    rows = []
    for name in study.ranked():
        cells = []
        for cause, statistic in cause_columns:
            found = study.find(name, "exposure", statistic, cause)
            if found is None:
                cells.append("-")
            elif statistic == "p95":
                cells.append(about(found.value) if found.low is None or found.high is None else f"{about(found.value)} ({about(found.low)} to {about(found.high)})")  # fmt: skip
            else:
                cells.append(percent_text(found))
        rows.append([name, *cells])
    return Table("Exposure windows beyond the mean: p95 with its 95 % interval, and the share of cases without a window", ["strategy", *heads], rows)  # fmt: skip


def price(study: Study) -> Table:
    """What it costs honest people and the host."""
    rare = rare_prices(study.ranked(), lambda name, metric: study.find(name, metric, "mean"))
    shown: Sequence[tuple[str, str, str, Callable[[Estimate], str]]] = (
        ("response", "response", "mean", seconds_text),
        ("p95", "response", "p95", seconds_text),
        ("p99", "response", "p99", seconds_text),
        ("gate overhead", "auth_overhead", "mean", seconds_text),
        ("host calls/s", "host_calls", "mean", number_text),
        ("interruptions/h", "interruptions", "mean", number_text),
        ("refused", "honest_refused", "mean", percent_text),
        *((head, metric, "mean", show) for metric, head, show in rare),
    )
    rows = []
    for name in study.ranked():
        cells = [name]
        for _, metric, statistic, show in shown:
            found = study.find(name, metric, statistic)
            exact = _theory(study.theory(name, metric, statistic), show)
            cells.append("-" if found is None else show(found) + exact)
        rows.append(cells)
    caption = "The price for honest people, with the half width of the 95 % interval (interruptions per person-hour of use)"
    return Table(caption, ["strategy", *(head for head, *_ in shown)], rows)


def repair(study: Study) -> Table:
    """What a rollback repairs beside what nothing brings back."""
    return Table(REPAIR, *repair_rows(study.ranked(), study.pooled))


def kinds(study: Study) -> Table:
    """What each kind of click waits."""

    def found(name: str, kind: str | None) -> Estimate | None:
        return study.find(name, "response", "mean", None, kind)

    names = study.ranked()
    said = price_finding(names, found)
    return Table(f"{PRICE}. {said}" if said else PRICE, *price_rows(names, found))


def strategies(study: Study) -> Table:
    """What was compared."""
    columns = ["name", "mechanisms", "sentence", "source"]
    rows = [
        [str(cell) for cell in row] for row in study.strategies[columns].itertuples(index=False)
    ]
    return Table("The strategies", ["strategy", "mechanisms", "in a sentence", "source"], rows)


def parameters(study: Study) -> Table:
    """Every parameter with its source and grade."""
    columns = ("key", "value", "grade", "source", "origin")
    rows = [[str(p[c]) for c in columns] for p in study.manifest.get("parameters", [])]
    return Table(
        "Parameters. Grades: A primary source read, A* in part, B second-hand, C one report, M measured, D derived",
        ["parameter", "value", "grade", "source", "decided in"],
        rows,
    )


def theory(study: Study) -> Table | None:
    """Closed forms beside estimates, where one holds."""
    rows = study.results[study.results["theory"].notna()]
    if rows.empty:
        return None
    cells = []
    for row in rows.to_dict("records"):
        show = about if row["unit"] == "s" else (lambda value: f"{value:.4g}")
        low, high = row["low"], row["high"]
        known = low == low and high == high and low is not None and high is not None
        inside = ("yes" if low <= row["theory"] <= high else "no") if known else "-"
        what = " ".join(str(row[c]) for c in ("metric", "statistic", "cause", "of") if isinstance(row[c], str))  # fmt: skip
        width = f"{show(low)} to {show(high)}" if known else "-"
        cells.append([str(row["strategy"]), readable(what), show(row["estimate"]), width, show(row["theory"]), inside])  # fmt: skip
    return Table(
        "Closed forms beside the estimates; of correct 95 % intervals one in twenty misses",
        ["strategy", "figure", "estimate", "95 % interval", "theory", "inside"],
        cells,
    )


def _after(study: Study, name: str) -> list[str]:
    windows = [_exposure(study, name, cause) for cause in study.causes]
    cut = any(_censored(study, name, cause) for cause in study.causes)
    counts = [study.pooled(name, m) for m in ("unauthorised_reads", "unauthorised_writes")]
    pooled = [seconds_text(study.pooled(name, "last_click")), *map(number_text, counts)]
    return [name, *windows, *(f">= {text}" if cut else text for text in pooled)]


def _exposure(study: Study, name: str, cause: str) -> str:
    found = study.find(name, "exposure", "mean", cause)
    if found is None:
        return "-"
    if not study.covered(name, cause):
        return "open"
    exact = _theory(study.theory(name, "exposure", "mean", cause), seconds_text)
    return (">= " if _censored(study, name, cause) else "") + seconds_text(found) + exact


def _theory(value: float | None, show: Callable[[Estimate], str]) -> str:
    """What a closed form says, in brackets."""
    return "" if value is None else f" [{show(Estimate(value, None, None, 0))}]"


def _censored(study: Study, name: str, cause: str) -> bool:
    found = study.find(name, "censored", "count", cause)
    return found is not None and found.value > 0

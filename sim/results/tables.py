"""Text for people: the catalogue, the coverage matrix, the comparison."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from sim.basics.statistics import Estimate
from sim.basics.wording import format_duration, number_text, percent_text, seconds_text
from sim.coverage import Cover, parts_text
from sim.model.causes import CAUSE_HEADS, CAUSES
from sim.model.strategies import Strategy, mechanisms_text
from sim.results import influence, virtual
from sim.results.experiment import Comparison
from sim.results.metrics import METRICS, Figure, pooled_mean
from sim.results.precision import Reached
from sim.results.ranking import Against, best, default_baseline, differences
from sim.results.study import counted_mean_s


def grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns aligned: the first to the left, the others to the right; a head breaks after its commas."""
    parts = [cell.replace(", ", ",\n").split("\n") for cell in head]
    height = max(map(len, parts))
    heads = [[""] * (height - len(part)) + part for part in parts]
    above = [[column[i] for column in heads] for i in range(height)]
    table = [*above, *map(list, rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    lines = [_line(row, widths) for row in table]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join([*lines[:height], rule, *lines[height:]])


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (cell for cell in row)
    return "  ".join(
        [first.ljust(widths[0]), *(c.rjust(w) for c, w in zip(others, widths[1:], strict=True))]
    ).rstrip()


# -- coverage -----------------------------------------------------------------------------------


Table = tuple[list[str], list[list[str]]]  # head, rows


def coverage_table(cells: Sequence[Cover]) -> str:
    """One line a strategy, one column a cause: the bound, or `open`; kinds where they differ."""
    return grid(*coverage_rows(cells))


def coverage_rows(cells: Sequence[Cover]) -> Table:
    """The coverage matrix as head and rows of text."""
    names = list(dict.fromkeys(cell.strategy for cell in cells))
    rows = [
        [
            name,
            *(
                _cell_text([c for c in cells if (c.strategy, c.cause) == (name, cause)])
                for cause in CAUSES
            ),
        ]
        for name in names
    ]
    return ["strategy", *CAUSE_HEADS.values()], rows


def _cell_text(cells: Sequence[Cover]) -> str:
    parts = parts_text([(cell.of, cell.said) for cell in cells])
    return f"{cells[0].said} ({parts})" if parts else cells[0].said


def catalogue_text(strategies: Sequence[Strategy]) -> str:
    """Each strategy with its sentence, its mechanisms and its source."""
    return "\n".join(
        f"{s.name}\n    {s.sentence}\n    {mechanisms_text(s)}\n    source: {s.source}"
        for s in strategies
    )


# -- comparison ---------------------------------------------------------------------------------


def comparison_table(comparison: Comparison) -> str:
    """What gets through and what it costs, best first; 95 % intervals as +- half width."""
    return (
        "After the revocation: mean per case (exposure by cause; last click, unauthorised reads and writes"
        f" over all cases)\n{grid(*after_table(comparison))}\n\n"
        "The price: honest people (response mean, p95, p99; interruptions and input lost per person-hour of"
        f" use; clicks refused for good)\n{grid(*price_table(comparison))}"
    )


def after_table(comparison: Comparison) -> Table:
    """What gets through after the revocation, as head and rows of text."""
    causes = comparison.causes
    head = ["strategy", *(f"exposure, {CAUSE_HEADS[c]}" for c in causes)]
    rows = [_after_row(comparison, name, causes) for name in ranked(comparison)]
    return [*head, "last click", "reads", "writes"], rows


Show = Callable[[Estimate], str]
# Prices that few strategies have; a column is shown where one has it.
RARE_PRICES: dict[str, tuple[str, Show]] = {
    "lost_input": ("input lost/h", seconds_text),
    "false_logouts": ("false logouts/month", number_text),
    "reuses": ("reuses/month", number_text),
}


def rare_prices(
    names: Sequence[str], find: Callable[[str, str], Estimate | None]
) -> list[tuple[str, str, Show]]:
    """(metric, head, how it is shown) of the rare prices that a strategy has; `find`: the mean of a strategy and metric."""

    def paid(metric: str) -> bool:
        found = [find(name, metric) for name in names]
        return any(estimate is not None and estimate.value > 0 for estimate in found)

    return [(metric, *said) for metric, said in RARE_PRICES.items() if paid(metric)]


def price_table(comparison: Comparison) -> Table:
    """What it costs honest people and the host, as head and rows of text."""

    def found(name: str, metric: str) -> Estimate | None:
        figure = comparison.find(name, metric)
        return None if figure is None else _estimate(figure)

    rare = rare_prices(list(comparison.strategies), found)
    head = ["strategy", "response", "p95", "p99", "gate overhead"]
    heads = [*head, "host calls/s", "interruptions/h", "refused", *(head for _, head, _ in rare)]
    extra = [((metric, "mean"), show) for metric, _, show in rare]
    return heads, [_price_row(comparison, name, extra) for name in ranked(comparison)]


def ranked(comparison: Comparison) -> list[str]:
    """The strategies, best first: as `Study.ranked`, without its tables."""
    end_s = comparison.scenario.run.end_s

    def rank(name: str) -> tuple[float, float]:
        cases = np.concatenate([run.cases.view(np.ndarray) for run in comparison.runs[name]])
        known = np.array([comparison.covered(name, cause) for cause in CAUSES])
        exposure_s = cases["exposure_s"]
        for code, cause in enumerate(CAUSES):
            figure = comparison.find(name, "exposure", "mean", cause)
            if figure is not None and figure.estimator == virtual.ESTIMATOR:
                exposure_s = np.where(cases["cause"] == code, figure.estimate, exposure_s)
        counted_s = counted_mean_s(exposure_s, end_s - cases["revoked_at_s"], known[cases["cause"]])
        overhead = comparison.find(name, "auth_overhead")
        return counted_s, 0.0 if overhead is None else overhead.estimate

    return sorted(comparison.strategies, key=rank)


def _after_row(comparison: Comparison, name: str, causes: Sequence[str]) -> list[str]:
    pooled = [
        pooled_mean(comparison.runs[name], metric, causes)
        for metric in ("last_click", "unauthorised_reads", "unauthorised_writes")
    ]
    bound = ">= " if _censored(comparison, name) else ""
    return [
        name,
        *(_exposure_text(comparison, name, cause) for cause in causes),
        bound + seconds_text(pooled[0]),
        *(bound + number_text(estimate) for estimate in pooled[1:]),
    ]


def _censored(comparison: Comparison, name: str) -> int:
    """How many cases outlived the run."""
    return sum(comparison.censored(name, cause) for cause in comparison.causes)


def notes(comparison: Comparison) -> str:
    """What a reader must know of the figures: cut cases, warm-up, precision, theory."""
    lines = []
    cut = {name: _censored(comparison, name) for name in comparison.strategies}
    if any(cut.values()):
        cases = sum(len(run.cases) for run in next(iter(comparison.runs.values())))
        which = ", ".join(f"{name} {n}" for name, n in cut.items() if n)
        lines.append(
            f"The end of the run cut cases short (of {cases}: {which}). Their windows count up to the end, so means"
            " marked >= are lower bounds; a longer run.drain would measure them."
        )
    if said := virtual.in_words(_estimators(comparison)):
        lines.append(said)
    if comparison.scenario.run.warm_up_s == "auto":
        lines.append(_warm_up_note(comparison))
    if comparison.reached is not None:
        lines.append(_precision_note(comparison, comparison.reached))
    if carried := _carried_note(comparison):
        lines.append(carried)
    if any(figure.theory is not None for figure in comparison.figures):
        lines.append(
            "[ ]: the exact value, where the scenario meets the assumptions of a closed form."
        )
    return "\n".join(lines)


def _estimators(comparison: Comparison) -> Iterator[tuple[str, str]]:
    """Strategies with what their mean exposures after a cause rest on."""
    for f in comparison.figures:
        if (f.metric, f.statistic, f.of) == ("exposure", "mean", None) and f.cause is not None:
            yield f.strategy, f.estimator


def _carried_note(comparison: Comparison) -> str:
    """Which means one replication carries, the one that moves most first."""
    found = [(name, c) for name, runs in comparison.runs.items() for c in influence.carried(runs)]
    found.sort(key=lambda item: -abs(item[1].without / item[1].mean - 1))
    said = [
        f"{METRICS[c.metric].name} of {name} is {c.mean:.3g} {METRICS[c.metric].unit}, {c.without:.3g} without number {c.replication}"
        for name, c in found[:3]
    ]
    if not said:
        return ""
    more = f"; and {len(found) - 3} more" if len(found) > 3 else ""
    return f"One replication of {comparison.replications} carries the interval, as a rare outage does: {'; '.join(said)}{more}."


def _warm_up_note(comparison: Comparison) -> str:
    text = f"Warm-up {format_duration(comparison.warm_up_s)} (MSER-5), cut from the figures of honest people."
    if comparison.warm_up_s >= comparison.scenario.run.horizon_s / 2 - 300:
        text += " That is half the run: it is too short to be stationary."
    return text


def _precision_note(comparison: Comparison, reached: Reached) -> str:
    number = comparison.replications
    if not reached.missed:
        return f"The precision asked for held after {number} replications."
    missed = "; ".join(map(str, reached.missed[:5]))
    more = f" and {len(reached.missed) - 5} more" if len(reached.missed) > 5 else ""
    return f"{number} replications were not enough for the precision asked for: {missed}{more}."


# -- who is better ------------------------------------------------------------------------------


def ranking_text(comparison: Comparison, baseline: str | None = None) -> str:
    """Differences from a baseline on the same people and cases, and who is best; empty for one strategy."""
    if len(comparison.strategies) < 2 or comparison.replications < 2:
        return ""
    baseline = default_baseline(comparison) if baseline is None else baseline
    rows = differences(comparison, baseline)
    columns = list(dict.fromkeys((row.metric, row.cause) for row in rows))
    cells = {(row.strategy, row.metric, row.cause): row for row in rows}
    names = [name for name in ranked(comparison) if name != baseline]
    unbounded = [c for c in comparison.causes if not comparison.covered(baseline, c)]
    table = grid(
        [
            "strategy",
            *(_column_head(*column) for column in columns),
            *(_column_head("", c) for c in unbounded),
        ],
        [
            [
                name,
                *(_difference_text(cells.get((name, *column))) for column in columns),
                *("bounded" if comparison.covered(name, cause) else "open" for cause in unbounded),
            ]
            for name in names
        ],
    )
    if unbounded:
        table += f"\n{baseline} is open after {', '.join(CAUSE_HEADS[c] for c in unbounded)}: what ends it there is no number."
    return (
        f"Against {baseline}: paired differences; in brackets the share of variance that pairing removed;"
        f" *: told from 0 (Holm)\n{table}\n"
        "± 95 % for all of a column together (Bonferroni); Holm's steps can tell a little more.\n\n"
        f"Shortest exposure, among those that end every cause: {best(comparison, 'exposure') or 'none does'}\n"
        f"Shortest response time: {best(comparison, 'response')}"
    )


def _column_head(metric: str, cause: str | None) -> str:
    heads = {
        "auth_overhead": "gate overhead",
        "host_calls": "host calls/s",
        "interruptions": "interruptions/h",
    }
    return f"exposure, {CAUSE_HEADS[cause]}" if cause else heads.get(metric, metric)


def _difference_text(row: Against | None) -> str:
    if row is None:
        return "-"
    show = number_text if row.metric in ("host_calls", "interruptions") else seconds_text
    text = show(Estimate(row.estimate, row.low, row.high, row.n))
    sign = "+" if row.estimate > 0 else ""
    told = "*" if row.p is not None and row.p < 0.05 and row.estimate else ""
    removed = "" if row.reduction is None else f" ({100 * row.reduction:z.0f} %)"
    return f"{sign}{text}{told}{removed}"


def _exposure_text(comparison: Comparison, name: str, cause: str) -> str:
    figure = comparison.find(name, "exposure", "mean", cause)
    if figure is None:
        return "-"
    if not comparison.covered(name, cause):
        return "open"
    bound = ">= " if comparison.censored(name, cause) else ""
    return bound + seconds_text(_estimate(figure)) + _theory_text(figure, seconds_text)


def _theory_text(figure: Figure, show: Callable[[Estimate], str]) -> str:
    """What a closed form says, where one holds: in brackets."""
    if figure.theory is None:
        return ""
    return f" [{show(Estimate(figure.theory, None, None, 0))}]"


def _price_row(
    comparison: Comparison, name: str, extra: Sequence[tuple[tuple[str, str], Show]]
) -> list[str]:
    cells = [
        *((("response", s), seconds_text) for s in ("mean", "p95", "p99")),
        (("auth_overhead", "mean"), seconds_text),
        (("host_calls", "mean"), number_text),
        (("interruptions", "mean"), number_text),
        (("honest_refused", "mean"), percent_text),
        *extra,
    ]
    texts = []
    for (metric, statistic), show in cells:
        figure = comparison.find(name, metric, statistic)
        if figure is None:
            texts.append("-")
        else:
            texts.append(show(_estimate(figure)) + _theory_text(figure, show))
    return [name, *texts]


def _estimate(figure: Figure) -> Estimate:
    return Estimate(figure.estimate, figure.low, figure.high, figure.n)

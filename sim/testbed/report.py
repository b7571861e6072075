"""The side-by-side table and figure of a live run."""

import math
from pathlib import Path
from typing import Any

import numpy as np

from sim.basics.wording import about
from sim.results.store import write_atomically
from sim.results.tables import grid
from sim.testbed.compare import DIFFERS, EXACT, WITHIN, Row, disagreements
from sim.testbed.record import LaneRecord
from sim.testbed.run import LiveRun

COSTS = ("verify", "lookup", "app", "host", "check")
_BLUE, _ORANGE = "#0072B2", "#D55E00"  # Okabe-Ito


def table(rows: list[Row]) -> str:
    """One line a strategy."""
    head = [
        "strategy",
        "cases",
        "same",
        "within",
        "differ",
        "exposure p/m",
        "reads p/m",
        "writes p/m",
        "p50 p/m",
        "error",
        "p95 p/m",
        "error",
        "host calls p/m",
        "error",
    ]
    return grid(head, [_line(row) for row in rows])


def _line(row: Row) -> list[str]:
    cases = row.cases
    predicted, measured = row.host_calls
    return [
        row.strategy,
        str(len(cases)),
        str(row.count(EXACT)),
        str(row.count(WITHIN)),
        str(row.count(DIFFERS)),
        _mean_pair(row, "exposure_s", _time),
        _sum_pair(row, "unauthorised_reads"),
        _sum_pair(row, "unauthorised_writes"),
        *_quantile(row, "p50"),
        *_quantile(row, "p95"),
        f"{predicted}/{measured}",
        _percent(predicted / measured - 1 if measured else math.nan),
    ]


def _quantile(row: Row, statistic: str) -> list[str]:
    predicted, measured = row.response_s[statistic]
    return [f"{_time(predicted)}/{_time(measured)}", _percent(row.error(statistic))]


def _mean_pair(row: Row, name: str, show: object) -> str:
    if not row.cases:
        return "-"
    both = []
    for side in ("predicted", "live"):
        values = [float(getattr(getattr(pair, side), name)) for pair in row.cases]
        both.append(_time(sum(values) / len(values)))
    return "/".join(both)


def _sum_pair(row: Row, name: str) -> str:
    both = [
        sum(int(getattr(getattr(pair, side), name)) for pair in row.cases)
        for side in ("predicted", "live")
    ]
    return f"{both[0]}/{both[1]}"


def _time(seconds: float) -> str:
    if math.isnan(seconds):
        return "-"
    units = (("d", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3))
    unit, factor = next((pair for pair in units if seconds >= pair[1]), units[-1])
    return f"{seconds / factor:.3g} {unit}"


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else f"{100 * share:+.1f} %"


def summary(live: LiveRun, rows: list[Row]) -> str:
    """What was run, how well time was kept, what compression distorts, and what disagrees."""
    lag, resolution = live.lag, live.resolution
    lines = [
        f"{live.scenario.title}: {_number(len(live.strategies))} live in {about(round(live.took_real_s))},"
        f" {live.factor:.3g} model seconds a real one, tokens {live.algorithm}, store {live.store},"
        f" seed {live.seed}, scenario {live.scenario.id}",
        f"generator lag (planned to sent): p50 {about(lag.quantile_s(0.5))}, p99"
        f" {about(lag.quantile_s(0.99))}, largest {about(lag.quantile_s(1.0))}, of {lag.count:,} messages",
        f"timing resolution (answer against plan): p50 {about(resolution.quantile_s(0.5))},"
        f" p99 {about(resolution.quantile_s(0.99))}, largest {about(resolution.quantile_s(1.0))};"
        f" times {live.factor:.3g} in the model",
        "measured costs: " + ", ".join(f"{name} {about(_mean_cost(live, name))}" for name in COSTS),
        "compression: " + "; ".join(live.distortions),
    ]
    for pair in disagreements(rows):
        lines.append(f"differs: {pair.strategy}, person {pair.person}, {pair.cause}: {pair.why}")
    for row in rows:
        predicted, measured = row.host_calls
        if abs(predicted - measured) > 0.01 * measured:
            parts = [f"{name} {p}/{m}" for name, (p, m) in row.by_reason.items()]
            lines.append(
                f"host calls: {row.strategy}: {', '.join(parts)}; requests that failed {row.failed[0]}/{row.failed[1]},"
                f" clicks {row.clicks[0]}/{row.clicks[1]}"
            )
    return "\n".join(lines)


def _number(strategies: int) -> str:
    return "one strategy" if strategies == 1 else f"{strategies} strategies"


def _mean_cost(live: LiveRun, name: str) -> float:
    means = [float(np.mean(getattr(costs, name))) for costs in live.costs]
    return sum(means) / len(means)


def figure(rows: list[Row], responses: list[Row], path: Path) -> None:
    """Exposure of each case and response quantiles of each strategy, predicted against measured."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
    pairs = [pair for row in rows for pair in row.cases]
    agree = sum(pair.verdict != DIFFERS for pair in pairs)
    floor = 1e-1
    for verdict, colour, marker in (
        (EXACT, _BLUE, "o"),
        (WITHIN, _BLUE, "^"),
        (DIFFERS, _ORANGE, "X"),
    ):
        chosen = [pair for pair in pairs if pair.verdict == verdict]
        left.plot(
            [max(floor, float(p.predicted.exposure_s)) for p in chosen],
            [max(floor, float(p.live.exposure_s)) for p in chosen],
            marker,
            color=colour,
            alpha=0.6,
            markersize=5,
            label=f"{verdict} ({len(chosen)})",
        )
    left.set(
        xscale="log", yscale="log", xlabel="predicted exposure, s", ylabel="measured exposure, s"
    )
    left.set_title(f"{agree} of {len(pairs)} cases agree", fontsize=11)
    _diagonal(left)
    left.legend(frameon=False, fontsize=8)
    worst = 0.0
    for statistic, marker, colour in (("p50", "o", _BLUE), ("p95", "s", _ORANGE)):
        values = [row.response_s[statistic] for row in responses]
        worst = max([worst, *(abs(row.error(statistic)) for row in responses)])
        right.plot(
            [1e3 * v[0] for v in values],
            [1e3 * v[1] for v in values],
            marker,
            color=colour,
            label=statistic,
            alpha=0.8,
        )
    right.set(
        xscale="log", yscale="log", xlabel="predicted response, ms", ylabel="measured response, ms"
    )
    right.set_title(f"Response times within {100 * worst:.0f} %", fontsize=11)
    _diagonal(right)
    right.legend(frameon=False, fontsize=8)
    write_atomically(path, lambda p: fig.savefig(p, format=path.suffix.lstrip(".") or "svg"))
    plt.close(fig)


def _diagonal(axes: Any) -> None:
    """Where prediction and measurement are the same."""
    low = min(axes.get_xlim()[0], axes.get_ylim()[0])
    high = max(axes.get_xlim()[1], axes.get_ylim()[1])
    axes.plot([low, high], [low, high], color="grey", linewidth=0.8, zorder=0)


def until_then(lanes: dict[str, LaneRecord]) -> str:
    """What was measured before a server died: no result, but not lost."""
    rows = [
        (
            name,
            lane.response.count,
            about(lane.response.mean_s),
            about(lane.response.quantile_s(0.95)),
        )
        for name, lane in lanes.items()
        if lane.response.count
    ]
    if not rows:
        return "Nothing was measured."
    width = max(len(name) for name, *_ in rows)
    head = f"{'strategy':<{width}}  clicks  response mean, p95"
    lines = [f"{name:<{width}}  {clicks:>6}  {mean}, {p95}" for name, clicks, mean, p95 in rows]
    return "\n".join(["Measured until a server died, so no result:\n", head, *lines])

"""Recorded runs -> figures. Each metric has a label, a unit, a definition; each figure an interval."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.basics.statistics import (
    QUANTILES,
    Estimate,
    Totals,
    mean_of_runs,
    quantiles,
    ratio_of_runs,
    share,
)
from sim.engine.given import Given
from sim.engine.histogram import Histogram
from sim.engine.recording import Run
from sim.model.causes import CAUSES, KINDS, Cause
from sim.results import virtual
from sim.scenario.model import MONTH_S

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Metric:
    """What a figure is called, measured in, and means."""

    name: str
    unit: str
    definition: str


# What a figure rests on: real cases, virtual ones (`results.virtual`), or what each replication measured as a whole.
CASES, VIRTUAL, REPLICATIONS = "cases", virtual.ESTIMATOR, "replications"


@dataclass(frozen=True)
class Figure:
    """One row of results; `n` counts what is behind it: of virtual cases the persons that were asked. `cause` is None where the figure is not per cause, `of` is a kind, a station or a reason.

    The estimate is finite; `low` and `high` are None where an interval is refused, `theory` where none holds.
    """

    strategy: str
    cause: str | None
    of: str | None
    metric: str
    statistic: str
    unit: str
    estimate: float
    low: float | None
    high: float | None
    n: int
    theory: float | None = None
    estimator: str = REPLICATIONS


METRICS = {
    metric.name: metric
    for metric in (
        Metric(
            "exposure", "s", "from the revocation to the last instant at which a request would pass"
        ),
        Metric("last_click", "s", "from the revocation to the last accepted request"),
        Metric("unauthorised_requests", "requests", "accepted after the revocation, per case"),
        Metric("unauthorised_reads", "requests", "reads accepted after the revocation, per case"),
        Metric("unauthorised_writes", "requests", "writes accepted after the revocation, per case"),
        Metric(
            "unauthorised_admin",
            "requests",
            "administration accepted after the revocation, per case",
        ),
        Metric(
            "unauthorised_polls",
            "requests",
            "polls of open pages accepted after the revocation, per case",
        ),
        Metric(
            "unauthorised_messages",
            "messages",
            "sent over open connections after the revocation, per case",
        ),
        Metric(
            "unauthorised_bytes", "B", "bytes of unauthorised reads, polls and messages, per case"
        ),
        Metric("recoverable_writes", "requests", "unauthorised writes that the repair still finds"),
        Metric(
            "forewarned_reads", "requests", "reads accepted between notice and revocation, per case"
        ),
        Metric("forewarned_writes", "requests", "writes accepted between notice and revocation"),
        Metric("forewarned_admin", "requests", "administration between notice and revocation"),
        Metric("refused", "requests", "requests refused after the revocation, per case"),
        Metric("censored", "cases", "cases whose exposure outlived the run"),
        Metric("page_open", "share", "cases with a page open at the revocation"),
        Metric("response", "s", "from the click to its answer, honest people"),
        Metric("auth_overhead", "s", "the part of the response time spent on gates and renewals"),
        Metric("host_calls", "1/s", "calls that arrive at the host"),
        Metric("interruptions", "1/h", "reloads after a refusal, per person-hour of use"),
        Metric(
            "lost_input",
            "s/h",
            "time thought before writes that met an interruption, per person-hour of use",
        ),
        Metric(
            "reuses",
            "1/month",
            "refresh tokens of honest people that came back spent, per month of their time",
        ),
        Metric(
            "false_logouts",
            "1/month",
            "families of refresh tokens of honest people that reuse ended, per month of their time",
        ),
        Metric("honest_refused", "share", "clicks of honest people refused even after the reload"),
        Metric("allowlist_entries", "entries", "live entries of the allowlist"),
        Metric("denylist_entries", "entries", "live entries of the denylist"),
        Metric("rate_limited", "calls", "calls the host answers with 429, per run"),
        Metric("events_lost", "events", "pushed events given up, per run"),
        Metric("utilisation", "share", "busy share of a station's servers"),
        Metric("queue", "requests", "mean number waiting at a station"),
    )
}
_CASE_COUNTS = [
    "unauthorised_requests",
    "unauthorised_reads",
    "unauthorised_writes",
    "unauthorised_admin",
    "refused",
    "unauthorised_polls",
    "unauthorised_messages",
]
_CASE_MEANS = [
    "unauthorised_bytes",
    "recoverable_writes",
    "forewarned_reads",
    "forewarned_writes",
    "forewarned_admin",
]
# Metric -> of `Run.requests`: else there is nothing to count.
_ONLY_WHERE = {"unauthorised_polls": "polls", "unauthorised_messages": "connections"}
_WINDOWS = ("exposure", "last_click")
CASE_METRICS = (*_WINDOWS, *_CASE_COUNTS, *_CASE_MEANS)


def figures(strategy: str, runs: Sequence[Run]) -> list[Figure]:
    """All figures of one strategy from its replications; none where there was nothing to count (no click, no visit)."""
    found = [*_case_figures(strategy, runs), *_run_figures(strategy, runs)]
    return [figure for figure in found if not math.isnan(figure.estimate)]


def _mean_of(histogram: Histogram) -> tuple[float, float]:
    """A replication's own mean; nothing to average where nobody clicked."""
    return (histogram.mean(), 1.0) if len(histogram) else (0.0, 0.0)


def _calls_per_s(run: Run) -> tuple[float, float]:
    width_s = run.window_s[1] - run.window_s[0]
    return float(sum(calls.sum() for calls in run.host_calls.values())) / width_s, 1.0


# Metrics of honest people, host and lists that have one mean a replication: top and bottom of it.
_RUN_MEANS: dict[str, Callable[[Run], tuple[float, float]]] = {
    "response": lambda run: _mean_of(run.all_responses()),
    "auth_overhead": lambda run: _mean_of(run.all_auth_overheads()),
    "host_calls": _calls_per_s,
    "interruptions": lambda run: (float(run.interruptions), run.visit_s / 3600.0),
    "lost_input": lambda run: (run.lost_input_s, run.visit_s / 3600.0),
    "reuses": lambda run: (float(run.reuses), run.honest_s / MONTH_S),
    "false_logouts": lambda run: (float(run.false_logouts), run.honest_s / MONTH_S),
    "honest_refused": lambda run: (float(run.honest_refused), float(run.honest_clicks)),
    "allowlist_entries": lambda run: (run.entries["allowlist"][0], 1.0),
    "denylist_entries": lambda run: (run.entries["denylist"][0], 1.0),
    "rate_limited": lambda run: (float(sum(run.rate_limited.values())), 1.0),
    "events_lost": lambda run: (float(run.events["lost"]), 1.0),
}
MEAN_METRICS = (*CASE_METRICS, *_RUN_MEANS)


def with_reasons(found: Sequence[Figure], given: Given, runs: Sequence[Run]) -> Iterator[Figure]:
    """The same; where exposure rests on real cases though virtual ones were asked for, the estimator says why."""
    for figure in found:
        if figure.metric == "exposure" and figure.estimator == CASES and figure.cause is not None:
            why = virtual.why_not(given, Cause(CAUSES.index(figure.cause)), runs)
            figure = replace(figure, estimator=f"{CASES}: {why}" if why else CASES)
        yield figure


# -- per case -----------------------------------------------------------------------------------


def _case_figures(strategy: str, runs: Sequence[Run]) -> Iterator[Figure]:
    cases = _Cases.of(runs)
    there = runs[0].requests
    counted = [name for name in _CASE_COUNTS if _ONLY_WHERE.get(name, "sent") in there]
    for cause in Cause:
        chosen = cases.where(cases.table["cause"] == cause)
        if len(chosen.table):
            of_cases = _cause_figures(strategy, CAUSES[cause], chosen, counted)
            if not virtual.readable(runs, cause):
                yield from of_cases
                continue
            yield from _virtual_figures(strategy, cause, runs)
            yield from (figure for figure in of_cases if figure.metric != "exposure")
    if (asked := virtual.asked(runs)) is not None:
        for statistic, e in asked.statistics():
            yield _figure(strategy, None, None, "exposure", statistic, e, VIRTUAL)


def _virtual_figures(strategy: str, cause: Cause, runs: Sequence[Run]) -> Iterator[Figure]:
    for suffix, page_open in (("", False), ("_if_open", True)):
        for kind, statistic, e in virtual.exposures(runs, cause, page_open):
            of = None if kind is None else KINDS[kind]
            yield _figure(strategy, CAUSES[cause], of, "exposure", statistic + suffix, e, VIRTUAL)


def _cause_figures(
    strategy: str, cause: str, cases: "_Cases", counted: Sequence[str]
) -> Iterator[Figure]:
    def row(metric: str, statistic: str, estimate: Estimate, of: str | None = None) -> Figure:
        return _figure(strategy, cause, of, metric, statistic, estimate, CASES)

    opened = cases.where(cases.table["page_open"])
    n, n_open, runs = len(cases.table), len(opened.table), cases.runs
    for suffix, chosen in (("", cases), ("_if_open", opened)):
        if not len(chosen.table):
            continue
        for metric in _WINDOWS:
            for statistic, estimate in _window(chosen.column(f"{metric}_s")):
                yield row(metric, statistic + suffix, estimate)
        for kind in KINDS:
            name = f"exposure_{kind}_s"
            known = chosen.where(~np.isnan(chosen.table[name]))
            if len(known.table):
                for statistic, estimate in _window(known.column(name)):
                    yield row("exposure", statistic + suffix, estimate, kind)
        for metric in counted:
            for statistic, estimate in _counts(chosen.column(metric)):
                yield row(metric, statistic + suffix, estimate)
        for metric in _CASE_MEANS:
            yield row(metric, "mean" + suffix, _case_mean(chosen.column(metric)))
        censored, number = int(chosen.table["censored"].sum()), len(chosen.table)
        yield row("censored", "mean" + suffix, share(censored, number, runs))
        yield row("censored", "count" + suffix, Estimate(censored, None, None, number))
    yield row("page_open", "mean", share(n_open, n, runs))


@dataclass(frozen=True)
class _Column:
    """One number a case: those of each replication in a row, that of replication r from `bounds[r]` on."""

    values: Array
    bounds: Sequence[int]

    def totals(self) -> Totals:
        values = self.values.tolist()
        parts = list(pairwise(self.bounds))
        return Totals([math.fsum(values[i:j]) for i, j in parts], [float(j - i) for i, j in parts])


@dataclass(frozen=True)
class _Cases:
    """The cases of all replications in one table; see `_Column`."""

    table: Any  # of `recording.CASE_TYPE`
    bounds: Sequence[int]

    @staticmethod
    def of(runs: Sequence[Run]) -> "_Cases":
        # a plain array: each look at a column of a record array costs microseconds
        table = np.concatenate([run.cases.view(np.ndarray) for run in runs])
        return _Cases(table, [0, *accumulate(len(run.cases) for run in runs)])

    @property
    def runs(self) -> int:
        return len(self.bounds) - 1

    def where(self, chosen: npt.NDArray[np.bool_]) -> "_Cases":
        before = np.concatenate(([0], np.cumsum(chosen)))
        return _Cases(self.table[chosen], before[self.bounds].tolist())

    def column(self, name: str) -> _Column:
        if name == "unauthorised_requests":
            kinds = ("unauthorised_reads", "unauthorised_writes", "unauthorised_admin")
            values = sum(self.table[kind].astype(np.float64) for kind in kinds)
        else:
            values = self.table[name].astype(np.float64)
        return _Column(values, self.bounds)


def _window(column: _Column) -> Iterator[tuple[str, Estimate]]:
    """mean, quantiles, max and share_zero of a time."""
    values, runs = column.values, len(column.bounds) - 1
    yield "mean", _case_mean(column)
    yield from zip(QUANTILES, quantiles(values, list(QUANTILES.values()), runs), strict=True)
    yield "max", Estimate(float(values.max()), None, None, len(values))
    yield "share_zero", share(int((values == 0).sum()), len(values), runs)


def _counts(column: _Column) -> Iterator[tuple[str, Estimate]]:
    values, runs = column.values, len(column.bounds) - 1
    yield "mean", _case_mean(column)
    yield "p95", quantiles(values, [QUANTILES["p95"]], runs)[0]
    yield "max", Estimate(float(values.max()), None, None, len(values))
    yield "share_zero", share(int((values == 0).sum()), len(values), runs)


def _case_mean(column: _Column) -> Estimate:
    found = column.totals()
    return ratio_of_runs(found.tops, found.bottoms, len(column.values))


def pooled_mean(runs: Sequence[Run], metric: str, causes: Sequence[str]) -> Estimate:
    """The mean of a case metric over the cases of several causes together."""
    found = totals(runs, metric, causes)
    return ratio_of_runs(found.tops, found.bottoms, _behind(runs, metric, causes, found))


def _behind(runs: Sequence[Run], metric: str, causes: Sequence[str], found: Totals) -> int:
    """Cases, or of virtual ones the persons that were asked."""
    asked = _asked(runs, metric, causes)
    return int(sum(found.bottoms)) if asked is None else asked.persons


def _asked(runs: Sequence[Run], metric: str, causes: Sequence[str]) -> virtual.Asked | None:
    """The virtual cases that a mean rests on."""
    if metric != "exposure":
        return None
    return virtual.asked(runs, [Cause(CAUSES.index(cause)) for cause in causes])


def totals(runs: Sequence[Run], metric: str, causes: Sequence[str] = CAUSES) -> Totals:
    """The mean of a metric as sums, one pair a replication; `causes` choose the cases of a case metric.

    Raises ValueError for a metric that has no mean over replications.
    """
    if (asked := _asked(runs, metric, causes)) is not None:
        return asked.totals
    if metric in CASE_METRICS:
        cases = _Cases.of(runs)
        if len(causes) < len(CAUSES):
            codes = [CAUSES.index(cause) for cause in causes]
            cases = cases.where(np.isin(cases.table["cause"], codes))
        return cases.column(f"{metric}_s" if metric in _WINDOWS else metric).totals()
    if metric not in _RUN_MEANS:
        raise ValueError(f"{metric}: expected one of {', '.join(MEAN_METRICS)}")
    pairs = [_RUN_MEANS[metric](run) for run in runs]
    return Totals([top for top, _ in pairs], [bottom for _, bottom in pairs])


# -- per run ------------------------------------------------------------------------------------


def _run_figures(strategy: str, runs: Sequence[Run]) -> Iterator[Figure]:
    def row(
        metric: str, statistic: str, values: Sequence[float], n: int, of: str | None = None
    ) -> Figure:
        return _figure(strategy, None, of, metric, statistic, mean_of_runs(values, n))

    yield from _times(strategy, runs)
    yield from _host_figures(runs, row)
    hours = [run.visit_s / 3600.0 for run in runs]
    yield _figure(
        strategy,
        None,
        None,
        "interruptions",
        "mean",
        ratio_of_runs(
            [run.interruptions for run in runs], hours, sum(r.interruptions for r in runs)
        ),
    )
    months = [run.honest_s / MONTH_S for run in runs]
    for name, counts in (
        ("reuses", [run.reuses for run in runs]),
        ("false_logouts", [run.false_logouts for run in runs]),
    ):
        yield _figure(
            strategy, None, None, name, "mean", ratio_of_runs(counts, months, sum(counts))
        )
    lost_s = [run.lost_input_s for run in runs]
    yield _figure(
        strategy, None, None, "lost_input", "mean", ratio_of_runs(lost_s, hours, len(runs))
    )
    clicks = [float(run.honest_clicks) for run in runs]
    refused = [float(run.honest_refused) for run in runs]
    yield _figure(
        strategy,
        None,
        None,
        "honest_refused",
        "mean",
        ratio_of_runs(refused, clicks, int(sum(clicks))),
    )
    for name in ("allowlist", "denylist"):
        yield row(f"{name}_entries", "mean", [run.entries[name][0] for run in runs], len(runs))
        yield row(f"{name}_entries", "max", [run.entries[name][1] for run in runs], len(runs))
    yield row("events_lost", "mean", [run.events["lost"] for run in runs], len(runs))
    for station in runs[0].stations:
        accounts = [run.stations[station] for run in runs]
        yield row("utilisation", "mean", [a.utilisation for a in accounts], len(runs), station)
        yield row("queue", "mean", [a.queue for a in accounts], len(runs), station)


def _times(strategy: str, runs: Sequence[Run]) -> Iterator[Figure]:
    """Response time and gate overhead: of the whole, and the response by kind."""
    yield from _time(strategy, "response", None, [run.all_responses() for run in runs])
    yield from _time(strategy, "auth_overhead", None, [run.all_auth_overheads() for run in runs])
    for code, kind in enumerate(KINDS):
        yield from _time(strategy, "response", kind, [run.response[code] for run in runs])


def _time(
    strategy: str, metric: str, of: str | None, histograms: Sequence[Histogram]
) -> Iterator[Figure]:
    samples = [histogram for histogram in histograms if len(histogram)]
    if not samples:
        return
    n = sum(map(len, samples))
    estimate = mean_of_runs([sample.mean() for sample in samples], n)
    yield _figure(strategy, None, of, metric, "mean", estimate)
    for name, q in QUANTILES.items():
        yield _figure(strategy, None, of, metric, name, quantile_of_runs(samples, q))
    largest = max(sample.max_s for sample in samples)
    yield _figure(strategy, None, of, metric, "max", Estimate(largest, None, None, n))


def quantile_of_runs(samples: Sequence[Histogram], q: float) -> Estimate:
    """The mean of the runs' quantiles; the interval also covers where in its bucket each of them may lie."""
    found = np.array([sample.quantile_within(q) for sample in samples])
    value, low, high = found.mean(axis=0).tolist()
    e = mean_of_runs(found[:, 0].tolist(), sum(map(len, samples)))
    if e.low is None or e.high is None:
        return e
    return replace(e, low=e.low - (value - low), high=e.high + (high - value))


def _host_figures(runs: Sequence[Run], row: Callable[..., Figure]) -> Iterator[Figure]:
    """Calls a second and in the busiest minute, as a whole and by reason; calls refused by the rate limit."""
    width_s = runs[0].window_s[1] - runs[0].window_s[0]
    reasons = sorted({reason for run in runs for reason in run.host_calls})
    for of in (None, *reasons):
        minutes = [_minutes(run, of) for run in runs]
        n = int(sum(m.sum() for m in minutes))
        yield row("host_calls", "mean", [float(m.sum()) / width_s for m in minutes], n, of)
        yield row("host_calls", "max", [float(m.max()) / 60.0 for m in minutes], n, of)
        limited = [
            run.rate_limited.get(of, 0) if of else sum(run.rate_limited.values()) for run in runs
        ]
        yield row("rate_limited", "mean", limited, sum(limited), of)


def _minutes(run: Run, of: str | None) -> npt.NDArray[np.int64]:
    rows = [calls for reason, calls in run.host_calls.items() if of in (None, reason)]
    return np.sum(rows, axis=0) if rows else np.zeros(1, dtype=np.int64)


def _figure(
    strategy: str,
    cause: str | None,
    of: str | None,
    metric: str,
    statistic: str,
    e: Estimate,
    estimator: str = REPLICATIONS,
) -> Figure:
    unit = "share" if statistic.startswith("share_zero") else METRICS[metric].unit
    low = None if e.low is None else max(0.0, e.low)  # nothing that is measured can be negative
    row = (strategy, cause, of, metric, statistic, unit, e.value, low, e.high, e.n)
    return Figure(*row, estimator=estimator)

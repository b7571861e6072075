"""What a comparison found as tidy tables: from memory or from a folder of results, the same to figures and reports."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim.basics.names import known
from sim.basics.statistics import QUANTILES, Estimate, ratio_of_runs
from sim.engine.histogram import lower_edges, merged
from sim.model.causes import CAUSES
from sim.model.outcomes import BEHAVIOURS
from sim.model.strategies import Strategy, mechanisms_text
from sim.results import virtual
from sim.results.metrics import METRICS

if TYPE_CHECKING:
    import pandas as pd

    from sim.results.experiment import Comparison

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
_OF_CASES = ("mean", *QUANTILES, "max", "count", "share_zero")
STATISTICS = (*_OF_CASES, *(f"{name}_if_open" for name in _OF_CASES))
FEW = 30  # persons behind a figure
HARM_COLUMNS = (
    "unauthorised_reads",
    "unauthorised_writes",
    "unauthorised_admin",
    "unauthorised_bytes",
    "recoverable_writes",
)
Key = tuple[str, str, str, str | None, str | None]  # strategy, metric, statistic, cause, of


@dataclass(frozen=True)
class Study:
    """Tidy tables of one comparison. Times in seconds, rates per second.

    results: one row a figure (strategy, cause, of, metric, statistic, unit, estimate, low, high, n, theory, estimator).
    coverage: one row a (strategy, cause) and, where kinds differ, a kind in `of`; bound_s is empty where open.
    cases: one row a case and strategy. strategies: name, family, mechanisms, sentence, source.
    response_times: honest clicks counted by upper edge `below_s`, per strategy and metric, replications pooled.
    host_load: calls per second that arrive at the host by minute, mean over replications.
    """

    manifest: Mapping[str, Any]
    results: "pd.DataFrame"
    coverage: "pd.DataFrame"
    cases: "pd.DataFrame"
    strategies: "pd.DataFrame"
    response_times: "pd.DataFrame"
    host_load: "pd.DataFrame"

    def __repr__(self) -> str:
        return f"<study of {', '.join(self.names)}: {len(self.results):,} figures, {len(self.cases):,} cases>"

    @property
    def names(self) -> list[str]:
        """The strategies in the order of the study."""
        return list(self.strategies["name"])

    @cached_property
    def causes(self) -> list[str]:
        """The causes that have cases, in the order of the model."""
        there = set(self.cases["cause"]) if len(self.cases) else set()
        return [cause for cause in CAUSES if cause in there]

    def named(self, strategies: Sequence[str] | None = None) -> list[str]:
        """The strategies that are named; all of them, best first, where none is. Raises UnknownName."""
        names = [strategies] if isinstance(strategies, str) else strategies
        return [known("strategy", name, self.names) for name in names or ()] or self.ranked()

    def cause_named(self, cause: str | None = None) -> str:
        """The cause that is named; the first that has cases where none is. Raises UnknownName."""
        return known("cause", cause or (*self.causes, CAUSES[0])[0], CAUSES)

    @cached_property
    def _figures(self) -> dict[Key, Estimate]:
        columns = ["strategy", "metric", "statistic", "cause", "of", "estimate", "low", "high", "n"]
        rows = self.results[columns].itertuples(index=False, name=None)
        return {
            (s, m, t, _text(cause), _text(of)): Estimate(
                _value(estimate), _maybe(low), _maybe(high), int(n)
            )
            for s, m, t, cause, of, estimate, low, high, n in rows
        }

    def persons_text(self, cause: str | None = None) -> str:
        """How many persons stand behind the figures of a cause, or of all: `703 persons, 4 runs`; few are said as few."""
        cases = (
            self.cases[self.cases["strategy"] == self.names[0]] if len(self.cases) else self.cases
        )
        number = len(cases) if cause is None else int((cases["cause"] == cause).sum())
        runs = int(self.manifest["replications"])
        few = ", few" if number < FEW else ""
        return f"{number:,} person{'' if number == 1 else 's'}{few}, {runs} run{'' if runs == 1 else 's'}"

    def find(
        self,
        strategy: str,
        metric: str,
        statistic: str = "mean",
        cause: str | None = None,
        of: str | None = None,
    ) -> Estimate | None:
        """One figure, or None where the study has none (or one without a value).

        Raises UnknownName for a strategy that is not in it, and for what is no metric, statistic or cause.
        """
        known("strategy", strategy, self.names)
        known("metric", metric, METRICS)
        known("statistic", statistic, STATISTICS)
        if cause is not None:
            known("cause", cause, CAUSES)
        found = self._figures.get((strategy, metric, statistic, cause, of))
        return None if found is None or math.isnan(found.value) else found

    def theory(
        self, strategy: str, metric: str, statistic: str = "mean", cause: str | None = None
    ) -> float | None:
        """What a closed form says of a figure, or None where none applies."""
        return self._theory.get((strategy, metric, statistic, cause, None))

    @cached_property
    def _theory(self) -> dict[Key, float]:
        rows = self.results[self.results["theory"].notna()]
        columns = ["strategy", "metric", "statistic", "cause", "of", "theory"]
        return {
            (s, m, t, _text(cause), _text(of)): float(value)
            for s, m, t, cause, of, value in rows[columns].itertuples(index=False, name=None)
        }

    def pooled(self, strategy: str, metric: str) -> Estimate:
        """The mean of a case metric over the cases of all causes together, with the jackknife's interval."""
        if (of_virtual := self._figures.get((strategy, metric, "mean", None, None))) is not None:
            return of_virtual
        column = f"{metric}_s" if metric in ("exposure", "last_click") else metric
        return self._pooled[strategy, column]

    @cached_property
    def _pooled(self) -> dict[tuple[str, str], Estimate]:
        columns = ["exposure_s", "last_click_s", *HARM_COLUMNS]
        runs = int(self.manifest["replications"])
        pooled = {}
        for name in self.names:
            cases = self.cases[self.cases["strategy"] == name] if len(self.cases) else self.cases
            for column in columns:
                sums, numbers = _by_run(cases, column, runs)
                pooled[name, column] = ratio_of_runs(sums, numbers, int(sum(numbers)))
        return pooled

    @cached_property
    def exposures_rest_on(self) -> list[tuple[str, str, str]]:
        """Strategy, cause and estimator of each mean exposure; real cases where a study does not say."""
        rows = self.results
        chosen = (rows["metric"] == "exposure") & (rows["statistic"] == "mean") & rows["of"].isna()
        rows = rows[chosen & rows["cause"].notna()]
        rests = rows["estimator"] if "estimator" in rows.columns else ["cases"] * len(rows)
        return list(zip(rows["strategy"], rows["cause"], rests, strict=True))

    def totals(self, strategy: str, metric: str) -> tuple[Sequence[float], Sequence[float]]:
        """Sums of a case metric and numbers of cases, one each a replication."""
        column = f"{metric}_s" if metric in ("exposure", "last_click") else metric
        cases = self.cases[self.cases["strategy"] == strategy] if len(self.cases) else self.cases
        return _by_run(cases, column, int(self.manifest["replications"]))

    def covered(self, strategy: str, cause: str) -> bool:
        """Whether the settings bound the exposure window of a pair, for its worst kind."""
        return self._worst[strategy, cause][0]

    def bound_s(self, strategy: str, cause: str) -> float:
        """The longest exposure window that the settings allow; infinite where the pair is open."""
        return self._worst[strategy, cause][1]

    @cached_property
    def _worst(self) -> dict[tuple[str, str], tuple[bool, float]]:
        rows = self.coverage[self.coverage["of"].isna()]
        pairs = rows[["strategy", "cause", "covered", "bound_s"]].itertuples(index=False, name=None)
        return {
            (s, c): (bool(covered), _value(bound) if covered else math.inf)
            for s, c, covered, bound in pairs
        }

    def covers(self, strategy: str, cause: str) -> list[tuple[Any, ...]]:
        """The rows of the coverage of a pair, for its worst kind and for those that differ: of, text, typical_s, unless."""
        return self._covers[strategy, cause]

    @cached_property
    def _covers(self) -> dict[tuple[str, str], list[tuple[Any, ...]]]:
        columns = ["strategy", "cause", "of", "text", "typical_s", "unless"]
        found: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
        for strategy, cause, *row in self.coverage[columns].itertuples(index=False, name=None):
            found.setdefault((strategy, cause), []).append(tuple(row))
        return found

    def ranked(self) -> list[str]:
        """The strategies, best first: shortest mean window over all cases, ties by gate overhead.

        What counts of a window ends with the run, so that a month and for ever weigh the same; where the settings
        leave a pair open it lasts to that end, whatever was seen of it.
        """
        return list(self._ranked)

    @cached_property
    def _ranked(self) -> list[str]:
        def rank(name: str) -> tuple[float, float]:
            overhead = self.find(name, "auth_overhead")
            return self._counted_mean_s(name), 0.0 if overhead is None else overhead.value

        return sorted(self.names, key=rank)

    def _counted_mean_s(self, name: str) -> float:
        if not len(self.cases):
            return 0.0
        run = self.manifest["resolved"]["run"]
        cases = self.cases[self.cases["strategy"] == name]
        covered = np.array([self.covered(name, cause) for cause in cases["cause"]], dtype=bool)
        exposure_s = cases["exposure_s"].to_numpy(dtype=np.float64)
        for cause in self.causes:
            if (name, cause, virtual.ESTIMATOR) in self.exposures_rest_on:
                mean = self._figures[name, "exposure", "mean", cause, None].value
                exposure_s = np.where(cases["cause"] == cause, mean, exposure_s)
        return counted_mean_s(
            exposure_s,
            run["horizon"] + run["drain"] - cases["revoked_at_s"].to_numpy(dtype=np.float64),
            covered,
        )


def counted_mean_s(exposure_s: Array, left_s: Array, covered: Flags) -> float:
    """The mean window that ranks a strategy: to the end of the run at most, and to that end where nothing bounds it."""
    if not len(exposure_s):
        return 0.0
    return float(np.where(covered, np.minimum(exposure_s, left_s), left_s).mean())


def study_of(comparison: "Comparison") -> Study:
    """The tidy tables of a comparison."""
    import pandas as pd

    return Study(
        manifest=manifest_of(comparison),
        results=pd.DataFrame(list(map(vars, comparison.figures))),
        coverage=pd.DataFrame(list(map(vars, comparison.coverage))),
        cases=_cases_table(comparison),
        strategies=pd.DataFrame([_strategy_row(s) for s in comparison.strategies.values()]),
        response_times=pd.DataFrame(
            list(_time_rows(comparison)), columns=["strategy", "metric", "below_s", "clicks"]
        ),
        host_load=pd.DataFrame(
            list(_load_rows(comparison)), columns=["strategy", "start_s", "reason", "calls_per_s"]
        ),
    )


def manifest_of(comparison: "Comparison") -> dict[str, Any]:
    """What it takes to make the results again, and what they rest on."""
    from datetime import UTC, datetime

    from sim.results.provenance import provenance
    from sim.scenario.parameters import parameters

    scenario = comparison.scenario
    return {
        "scenario": {
            "title": scenario.title,
            "question": scenario.question,
            "id": scenario.id,
            "path": scenario.path,
        },
        "resolved": scenario.resolved(),
        "parameters": [asdict(parameter) for parameter in parameters(scenario)],
        "seed": comparison.seed,
        "replications": comparison.replications,
        "strategies": list(comparison.strategies),
        "command": command_of(comparison),
        "engine": comparison.engine,
        **provenance(),
        "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def command_of(comparison: "Comparison") -> str:
    """The command that makes the results again from `scenario.toml`, which stands beside them."""
    scenario = comparison.scenario
    all_of_them = list(comparison.strategies) == list(scenario.strategies)
    chosen = "" if all_of_them else "".join(f" --strategy {n}" for n in comparison.strategies)
    real = "" if comparison.virtual else " --no-virtual"
    return (
        f"lastclick compare scenario.toml --seed {comparison.seed}"
        f" --replications {comparison.replications}{chosen}{real} --out again"
    )


def family_of(strategy: Strategy) -> str:
    """Which mechanisms a strategy combines, as one of: none, token, allowlist, check, push, mixed."""
    if strategy.pushes and strategy.check is not None:
        return "mixed"
    if strategy.pushes:
        return "push"
    if strategy.check is not None:
        return "check"
    if strategy.allowlist is not None:
        return "allowlist"
    return "none" if strategy.token is None else "token"


# -- rows -----------------------------------------------------------------------------------------


def _strategy_row(strategy: Strategy) -> dict[str, str]:
    return {
        "name": strategy.name,
        "family": family_of(strategy),
        "mechanisms": mechanisms_text(strategy),
        "sentence": strategy.sentence,
        "source": strategy.source,
    }


def _cases_table(comparison: "Comparison") -> "pd.DataFrame":
    import pandas as pd

    runs = [(name, run) for name, of in comparison.runs.items() for run in of]
    numbers = [len(run.cases) for _, run in runs]
    table = pd.DataFrame(np.concatenate([run.cases.view(np.ndarray) for _, run in runs]))
    said = [np.full(len(run.cases), "") if run.ended is None else run.ended for _, run in runs]
    table["ended_by"] = np.concatenate(said)
    table["strategy"] = np.repeat(np.array([name for name, _ in runs], dtype=object), numbers)
    table["replication"] = np.repeat([run.replication for _, run in runs], numbers)
    causes, behaviours = dict(enumerate(CAUSES)), dict(enumerate(BEHAVIOURS)) | {-1: ""}
    table["cause"] = table["cause"].map(causes)
    table["behaviour"] = table["behaviour"].map(behaviours)
    first = ["strategy", "replication"]
    return table[first + [name for name in table.columns if name not in first]]


def _time_rows(comparison: "Comparison") -> Iterator[tuple[str, str, float, int]]:
    """Clicks by the upper edge of their bucket; a bucket is at most 0.8 % wide."""
    edges_s = lower_edges()
    for name, runs in comparison.runs.items():
        for metric in ("response", "auth_overhead"):
            counts = merged(part for run in runs for part in getattr(run, metric)).counts
            for i in np.flatnonzero(counts):
                yield name, metric, float(edges_s[i + 1]), int(counts[i])


def _load_rows(comparison: "Comparison") -> Iterator[tuple[str, float, str, float]]:
    for name, runs in comparison.runs.items():
        start_s = runs[0].window_s[0]
        for reason in sorted({reason for run in runs for reason in run.host_calls}):
            calls = [run.host_calls[reason] for run in runs if reason in run.host_calls]
            per_s = np.sum(calls, axis=0) / len(runs) / 60.0
            for minute in np.flatnonzero(per_s):
                yield name, start_s + 60.0 * int(minute), reason, float(per_s[minute])


def _by_run(
    cases: "pd.DataFrame", column: str, runs: int
) -> tuple[Sequence[float], Sequence[float]]:
    sums, numbers = [0.0] * runs, [0.0] * runs
    if len(cases):
        replication = cases["replication"].to_numpy()
        values = cases[column].to_numpy(dtype=np.float64)
        for run in range(runs):
            of_run = values[replication == run]
            sums[run], numbers[run] = math.fsum(of_run), float(len(of_run))
    return sums, numbers


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _value(value: Any) -> float:
    return math.nan if value is None else float(value)


def _maybe(value: Any) -> float | None:
    number = _value(value)
    return None if math.isnan(number) else number

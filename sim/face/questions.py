"""What can be asked of a scenario. Strategies are names or objects; `workers` defaults to the cores here.

A scenario is an object, the name of a shipped one, or the path of a file. A bar shows the progress of what takes longer
than a second.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.basics.machine import cores
from sim.face.display import bar
from sim.model.strategies import Strategy
from sim.scenario import Scenario, load

if TYPE_CHECKING:
    import pandas as pd

    from sim.face.answers import Recommendation, Sensitivity
    from sim.face.comparison import Comparison
    from sim.sweeps import Sweep
    from sim.workload.fitting import Fit

Named = str | Strategy


def compare(
    scenario: Scenario | str | Path,
    strategies: Sequence[Named] | None = None,
    *,
    replications: int | None = None,
    seed: int | None = None,
    engine: str = "compiled",
    virtual: bool = True,
    workers: int | None = None,
    progress: bool = True,
) -> "Comparison":
    """Run strategies (default: the scenario's) on the same people and cases, and estimate every metric with an interval.

    `replications` as many as given; by default until each figure that goals judge has two digits, or would not get them
    within the scenario's `replications`, which are the most.
    Exposure rests on virtual cases where they can be read, or with `virtual=False` on real cases alone. The result is that of
    `lastclick compare`, to the bit, for any number of `workers`. Raises ScenarioError and
    UnknownName (both ValueErrors), and ValueError for fewer than one replication.
    """
    from sim.face.comparison import Comparison
    from sim.results import experiment
    from sim.verdict import told

    scenario = _opened(scenario)
    chosen = scenario.chosen(strategies)
    with bar(progress) as report:
        found = experiment.compare(
            scenario, chosen, replications=replications, seed=seed, engine=engine, workers=workers or cores(),
            report=report, virtual=virtual, wanted=(told.FIRST, told.wanted),
        )  # fmt: skip
    return Comparison.of(found)


def recommend(
    scenario: Scenario | str | Path,
    strategies: Sequence[Named] | None = None,
    *,
    replications: int | None = None,
    max_replications: int | None = None,
    seed: int | None = None,
    engine: str = "compiled",
    workers: int | None = None,
    cluster: str | None = None,
    progress: bool = True,
) -> "Recommendation":
    """Which strategy, and which timeout? The lifetimes that meet the scenario's `[goals]`, and which to take.

    A trial takes up to `replications`, or `max_replications` where goals stay open; a pick is verified on `replications`
    fresh ones, by default on twice as many as told. Raises ScenarioError where the scenario has no goals, and UnknownName.
    """
    from sim.face.answers import Recommendation
    from sim.recommendation import recommend

    scenario = _opened(scenario)
    chosen = scenario.chosen(strategies)
    with bar(progress) as report:
        found = recommend(
            scenario, chosen, replications=replications, max_replications=max_replications, seed=seed, engine=engine,
            workers=workers, cluster=cluster, report=report,
        )  # fmt: skip
    return Recommendation.of(found)


def sensitivity(
    scenario: "Scenario | Recommendation | str | Path",
    strategies: Sequence[Named] | None = None,
    *,
    replications: int | None = None,
    each: int = 4,
    full: bool = False,
    factors: int = 6,
    samples: int = 16,
    max_samples: int = 128,
    folder: str | Path | None = None,
    seed: int | None = None,
    engine: str = "compiled",
    workers: int | None = None,
    cluster: str | None = None,
    progress: bool = True,
) -> "Sensitivity":
    """Which guesses of the scenario change the recommendation, and from which value on.

    A recommendation that was made before is taken as it is. `each`: replications of a world; with `full` Sobol indices of
    `factors` inputs, from `samples` (a power of 2) up to `max_samples` points of the design; worlds that are
    finished are kept in `folder`, to go on later. Raises as `recommend`, and FolderInUse, OSError.
    """
    from sim.face.answers import Sensitivity
    from sim.recommendation import Recommendation
    from sim.recommendation.sensitivity import analyse

    if not isinstance(scenario, Recommendation):
        scenario = recommend(
            scenario, strategies, replications=replications, seed=seed, engine=engine, workers=workers,
            cluster=cluster, progress=progress,
        )  # fmt: skip
    with bar(progress) as report:
        found = analyse(
            scenario, replications=each, full=full, factors=factors, samples=samples, most_samples=max_samples,
            folder=None if folder is None else Path(folder), workers=workers, cluster=cluster, report=report,
        )  # fmt: skip
    return Sensitivity.of(found)


def sweep(
    scenario: Scenario | str | Path,
    folder: str | Path,
    strategies: Sequence[Named] | None = None,
    *,
    vary: Mapping[str, Sequence[Any]] | None = None,
    method: Any = None,
    replications: int | None = None,
    seed: int | None = None,
    engine: str = "compiled",
    workers: int | None = None,
    cluster: str | None = None,
    progress: bool = True,
) -> "Sweep":
    """Run the scenario's `[sweep]` (or `vary`: {path: values}) into a folder; go on where an earlier run stopped.

    `method`: "grid", "zip" or {"latin_hypercube": number}. `.frame()` of the result is the tidy table. Raises
    ScenarioError, UnknownName, FolderInUse, NotASweep, OSError; a cell that fails is named in `failures`.
    """
    from sim.sweeps import sweep

    scenario = _opened(scenario)
    return sweep(
        scenario, folder, scenario.chosen(strategies), vary=vary, method=method, replications=replications, seed=seed,
        engine=engine, workers=workers, cluster=cluster, progress="auto" if progress else "none",
    )  # fmt: skip


def trace(
    scenario: Scenario | str | Path,
    strategy: Named,
    replication: int = 0,
    *,
    seed: int | None = None,
    engine: str = "compiled",
    progress: bool = True,
) -> "pd.DataFrame":
    """Every event of one replication under one strategy, one row each, in order; columns: docs/trace.md.

    Raises ScenarioError and UnknownName.
    """
    from sim.engine import run
    from sim.results.store import trace_table

    scenario = _opened(scenario)
    chosen = scenario.strategy(strategy)
    with bar(progress) as report:
        traced = run(
            scenario, chosen, replication, seed=seed, tracing=True, engine=engine,
            progress=None if report is None else lambda share: report(share, 1),
        )  # fmt: skip
    return trace_table(traced)


def verify(
    quick: bool = False, *, engine: str | None = None, progress: bool = True
) -> "pd.DataFrame":
    """Is what this installation computes right? Theory, published figures and simulation, one figure a row.

    Columns: group, name, theory, published (as printed), simulated, z (standard errors apart), agrees. All engines
    unless one is named; without `quick` it takes minutes. Raises UnknownName for another engine.
    """
    import pandas as pd

    from sim.basics.names import known
    from sim.engine import ENGINES
    from sim.verification.all import all_lines

    if engine is not None:
        known("engine", engine, ENGINES)
    columns = ["group", "name", "theory", "published", "simulated", "z", "agrees"]
    with bar(progress) as report:
        lines = all_lines(quick, engine, None if report is None else lambda share: report(share, 1))
        return pd.DataFrame(
            [[getattr(line, column) for column in columns] for line in lines], columns=columns
        )


def fit(path: str | Path | Sequence[str | Path], **options: Any) -> "Fit":
    """Fit a workload from an access log; `options` are those of a scenario's `log_options` (`time_zone`, `columns`, ...).

    The log is a file, several, a glob or a folder. Raises ValueError that names a wrong option, LogError where nothing can
    be fitted or read.
    """
    from sim.workload.fitting import fit_log
    from sim.workload.logs.options import FitOptions

    return fit_log(path, FitOptions.from_table(options))


def _opened(scenario: Scenario | str | Path) -> Scenario:
    return scenario if isinstance(scenario, Scenario) else load(scenario)

"""One case of a study run again under several strategies, every event recorded."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim.basics.names import known
from sim.plot.style import Picture
from sim.plot.timeline import timeline
from sim.results.study import Study
from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 7


def timeline_of(
    scenario: Scenario,
    study: Study,
    strategies: Sequence[str] | None = None,
    cause: str | None = None,
) -> Picture:
    """The timeline of the study's most telling case of a cause (the first by default); raises as `told`."""
    return timeline(*told(scenario, study, strategies, cause))


def told(
    scenario: Scenario,
    study: Study,
    strategies: Sequence[str] | None = None,
    cause: str | None = None,
) -> tuple[dict[str, Any], "pd.DataFrame", list[str]]:
    """The study's most telling case of a cause, its events under several strategies, and these: what a timeline draws.

    Raises ValueError where no case shows a click, or a strategy of the study is not in the scenario.
    """
    cause = study.cause_named(cause)
    names = study.named(strategies or _spread(study))
    person, replication = telling_case(study, cause)
    events = events_of(scenario, study, names, person, replication)
    rows = study.cases[
        (study.cases["person"] == person) & (study.cases["replication"] == replication)
    ]
    windows = {
        str(row["strategy"]): {"exposure_s": row["exposure_s"], "bound_s": row["bound_s"]}
        for _, row in rows.iterrows()
    }
    case = {"cause": cause, "revoked_at_s": float(rows["revoked_at_s"].iloc[0]), "windows": windows}
    return case, events, names


def telling_case(study: Study, cause: str) -> tuple[int, int]:
    """(person, replication) of the case with the median number of clicks that get through, of those with any.

    The median, not the largest: a timeline shall show what happens, not the worst that happened.
    """
    cases = study.cases[study.cases["cause"] == cause]
    clicks = (
        cases["unauthorised_reads"] + cases["unauthorised_writes"] + cases["unauthorised_admin"]
    )
    through = clicks.groupby([cases["replication"], cases["person"]]).max()
    through = through[through > 0].sort_values(kind="stable")
    if through.empty:
        raise ValueError(f"no click gets through after a {cause} in this study")
    replication, person = through.index[len(through) // 2]
    return int(person), int(replication)


def events_of(
    scenario: Scenario, study: Study, strategies: Sequence[str], person: int, replication: int
) -> "pd.DataFrame":
    """The events of one person from the revocation on, with the column `strategy`: the replication runs again, traced."""
    import pandas as pd

    from sim.engine import run as simulate
    from sim.engine.recording import TRACE_COLUMNS

    parts = []
    for name in strategies:
        run = simulate(
            scenario,
            scenario.strategies[known("strategy", name, scenario.strategies)],
            replication,
            seed=int(study.manifest["seed"]),
            tracing=True,
            traced=person,
        )
        table = pd.DataFrame(run.trace or [], columns=list(TRACE_COLUMNS))
        start: Any = table.loc[
            (table["person"] == person) & (table["event"] == "revoked"), "time_s"
        ]
        first_s = float(start.iloc[0]) if len(start) else 0.0
        parts.append(table[table["time_s"] >= first_s].assign(strategy=name))
    return pd.concat(parts, ignore_index=True)


def _spread(study: Study) -> list[str]:
    """At most seven strategies from the longest exposure to the shortest."""
    ranked = study.ranked()[::-1]
    if len(ranked) <= MOST_ROWS:
        return ranked
    return [ranked[round(i * (len(ranked) - 1) / (MOST_ROWS - 1))] for i in range(MOST_ROWS)]

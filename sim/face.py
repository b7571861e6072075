"""The notebook's side of a comparison: tidy DataFrames, figures as methods, a display of its own. It holds no state.

import sim
result = sim.load("office").compare(["short_token", "per_request"], replications=4)
result                          # coverage and tables with intervals, as the command line prints them
result.results                  # a DataFrame
result.plot.survival("logout")  # a figure
"""

import html
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sim.model.mechanisms import CAUSES
from sim.model.strategies import CATALOGUE, Strategy
from sim.plot import Plots
from sim.results import experiment
from sim.results.study import Study, study_of
from sim.results.tables import after_table, coverage_rows, price_table
from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from sim.plot.style import Picture


class Comparison(experiment.Comparison):
    """A comparison that shows itself. What `sim.results.experiment.Comparison` holds, and the properties below."""

    @cached_property
    def study(self) -> Study:
        """All tables; what figures and reports are made from."""
        return study_of(self)

    @property
    def results(self) -> "pd.DataFrame":
        """One row a figure: strategy, cause, of, metric, statistic, unit, estimate, low, high, n, theory."""
        return self.study.results

    @property
    def cases(self) -> "pd.DataFrame":
        """One row a case and strategy; times in seconds."""
        return self.study.cases

    @property
    def bounds(self) -> "pd.DataFrame":
        """The coverage matrix in seconds: strategies by causes, infinite where open."""
        import pandas as pd

        rows = {n: [self.study.bound_s(n, c) for c in CAUSES] for n in self.strategies}
        return pd.DataFrame.from_dict(rows, orient="index", columns=list(CAUSES))

    @property
    def theory(self) -> "pd.DataFrame":
        """The figures for which a closed form holds, with it beside the estimate."""
        return self.results[self.results["theory"].notna()]

    @property
    def manifest(self) -> dict[str, Any]:
        """What it takes to make this again: scenario, seed, engine, versions, command."""
        return dict(self.study.manifest)

    @property
    def plot(self) -> Plots:
        """The figures, as methods."""
        return Plots(self.study)

    def estimate(
        self, strategy: str, metric: str, statistic: str = "mean", cause: str | None = None
    ) -> str:
        """One figure as text with its interval, for instance "43 s (38 s to 49 s)".

        Raises KeyError where the study has no such figure.
        """
        from sim.plot.style import seconds

        found = self.study.find(strategy, metric, statistic, cause)
        if found is None:
            raise KeyError((strategy, metric, statistic, cause))
        row = self.results[(self.results["metric"] == metric)]
        show: Callable[[float], str] = (
            (lambda value: seconds(value, 3))
            if row["unit"].iloc[0] == "s"
            else (lambda value: f"{value:.3g}")
        )
        if found.low is None or found.high is None:
            return show(found.value)
        return f"{show(found.value)} ({show(max(0.0, found.low))} to {show(found.high)})"

    def timeline(
        self, strategies: Sequence[str] | None = None, cause: str | None = None
    ) -> "Picture":
        """One telling case, run again with every event recorded: who knew what when, each accepted click."""
        from sim.report.timeline import timeline_of

        return timeline_of(self.scenario, self.study, strategies, cause)

    def answer(self) -> str:
        """The answer in two sentences, as the report gives it."""
        from sim.report.answer import answer

        found = answer(self.study)
        return f"{found.first} {found.second}"

    def manifest_text(self) -> str:
        """The manifest without the resolved scenario, to be printed at the end of a notebook."""
        import json

        long = ("resolved", "parameters", "written_at", "platform")
        kept = {key: value for key, value in self.manifest.items() if key not in long}
        return json.dumps(kept, indent=1, sort_keys=True, default=str)

    def save(self, folder: str) -> None:
        """Write what `lastclick compare --out FOLDER` writes."""
        from pathlib import Path

        from sim.results.store import write_comparison

        write_comparison(self, Path(folder))

    def __repr__(self) -> str:
        names = ", ".join(self.strategies)
        return f"<comparison of {names}: scenario {self.scenario.id}, seed {self.seed}, replications {self.replications}>"

    def _repr_html_(self) -> str:
        scenario = self.scenario
        parts = [
            f"<h4>{html.escape(scenario.title)}</h4><p>{html.escape(scenario.question)}</p>",
            _table("Coverage: the longest exposure window by settings, or open", coverage_rows(self.coverage)),
            _table("After the revocation: means per case, 95 % intervals", after_table(self)),
            _table("The price: honest people", price_table(self)),
            f"<p><small>scenario {scenario.id}, seed {self.seed}, replications {self.replications}, engine"
            f" {html.escape(self.engine)}</small></p>",
        ]  # fmt: skip
        return "".join(parts)


def compare(
    scenario: Scenario,
    strategies: Sequence[str | Strategy] | None = None,
    *,
    replications: int | None = None,
    seed: int | None = None,
    workers: int = 1,
    progress: bool = True,
    **options: Any,
) -> Comparison:
    """Run strategies (names or objects; default: the scenario's) on the same people and cases.

    The result is that of `lastclick compare`, to the bit, for any number of `workers`. A bar shows the progress of what
    takes longer than a second. `options` go to `sim.results.experiment.compare`. Raises ValueError for an unknown name.
    """
    with _bar(progress) as report:
        found = experiment.compare(
            scenario,
            None if strategies is None else [_strategy(scenario, s) for s in strategies],
            replications=replications,
            seed=seed,
            workers=workers,
            report=report,
            **options,
        )
    return Comparison(**{field.name: getattr(found, field.name) for field in fields(found)})


def sized(full: int, fast: int) -> int:
    """The size of a study in a notebook: `fast` where LASTCLICK_FAST is set (tests set it), else `full`."""
    import os

    return fast if os.environ.get("LASTCLICK_FAST") else full


def _strategy(scenario: Scenario, wanted: str | Strategy) -> Strategy:
    if isinstance(wanted, Strategy):
        return wanted
    known = {**CATALOGUE, **scenario.strategies}
    if wanted not in known:
        near = get_close_matches(wanted, known, 1)
        hint = f'; did you mean "{near[0]}"?' if near else f"; known: {', '.join(known)}"
        raise ValueError(f'there is no strategy "{wanted}"{hint}')
    return known[wanted]


@contextmanager
def _bar(wanted: bool) -> "Iterator[experiment.Report | None]":
    """A bar in a notebook or on a terminal; nothing where output goes to a file."""
    if not wanted or not ("ipykernel" in sys.modules or sys.stderr.isatty()):
        yield None
        return
    from tqdm.auto import tqdm

    with tqdm(total=1.0, unit="", delay=1.0, leave=False, bar_format="{percentage:3.0f}% {bar} {remaining} left") as bar:  # fmt: skip
        yield lambda done, cells: bar.update(done / cells - bar.n)


def _table(caption: str, table: tuple[Sequence[str], Sequence[Sequence[str]]]) -> str:
    head, rows = table
    top = "".join(f"<th style='text-align:right'>{html.escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>"
        + f"<th style='text-align:left'>{html.escape(row[0])}</th>"
        + "".join(f"<td style='text-align:right'>{html.escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        f"<table><caption style='text-align:left'>{html.escape(caption)}</caption>"
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    )

"""The notebook's side of a comparison: tidy DataFrames, figures as methods, a display of its own. It holds no state.

import sim
result = sim.load("office").compare(["short_token", "per_request"], replications=4)
result                          # coverage and tables with intervals, as the command line prints them
result.results                  # a DataFrame
result.plot.survival("logout")  # a figure
"""

import html
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sim.basics.wording import about
from sim.face.display import FromBelow, table
from sim.model.causes import CAUSES
from sim.results import experiment
from sim.results.study import Study, study_of
from sim.results.tables import after_table, coverage_rows, price_table
from sim.verdict import Verdict, verdict_of
from sim.verdict.html import verdict_html
from sim.verdict.words import paragraph

if TYPE_CHECKING:
    import pandas as pd

    from sim.plot import Plots
    from sim.plot.style import Picture


class Comparison(FromBelow, experiment.Comparison):
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
    def plot(self) -> "Plots":
        """The figures, as methods."""
        from sim.plot import Plots

        return Plots(self.study)

    def estimate(
        self, strategy: str, metric: str, statistic: str = "mean", cause: str | None = None
    ) -> str:
        """One figure as text with its interval, for instance "43 s (38 s to 49 s)".

        Raises KeyError where the study has no such figure.
        """
        found = self.study.find(strategy, metric, statistic, cause)
        if found is None:
            raise KeyError((strategy, metric, statistic, cause))
        row = self.results[(self.results["metric"] == metric)]
        in_s = row["unit"].iloc[0] == "s"
        show: Callable[[float], str] = about if in_s else lambda value: f"{value:.3g}"
        if found.low is None or found.high is None:
            return show(found.value)
        return f"{show(found.value)} ({show(max(0.0, found.low))} to {show(found.high)})"

    def timeline(
        self, strategies: Sequence[str] | None = None, cause: str | None = None
    ) -> "Picture":
        """One telling case, run again with every event recorded: who knew what when, each accepted click."""
        from sim.report.timeline import timeline_of

        return timeline_of(self.scenario, self.study, strategies, cause)

    @cached_property
    def verdict(self) -> Verdict:
        """Which setting to use, why not the others, what stays open; another seed is tried once it is asked for."""
        return verdict_of(self)

    def answer(self) -> str:
        """The verdict as a paragraph for a review, at most 120 words."""
        return paragraph(self.verdict)

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
        from sim.verdict.store import write_verdict

        write_comparison(self, Path(folder))
        write_verdict(self.verdict, Path(folder))

    def __repr__(self) -> str:
        names = ", ".join(self.strategies)
        return f"<comparison of {names}: scenario {self.scenario.id}, seed {self.seed}, replications {self.replications}>"

    def _repr_html_(self) -> str:
        scenario = self.scenario
        parts = [
            f"<h4>{html.escape(scenario.title)}</h4><p>{html.escape(scenario.question)}</p>",
            verdict_html(self.verdict),
            table("Coverage: the longest exposure window by settings, or open", coverage_rows(self.coverage)),
            table("After the revocation: means per case, 95 % intervals", after_table(self)),
            table("The price: honest people", price_table(self)),
            f"<p><small>scenario {scenario.id}, seed {self.seed}, replications {self.replications}, engine"
            f" {html.escape(self.engine)}</small></p>",
        ]  # fmt: skip
        return "".join(parts)

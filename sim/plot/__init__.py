"""Figures from tidy tables, nothing else: each function takes a study and gives a picture, without global state."""

from collections.abc import Callable, Mapping, Sequence

from sim.plot.harm import rollback_against_egress
from sim.plot.load import host_load
from sim.plot.matrix import coverage_matrix
from sim.plot.measured import MeasuredWindow, measured
from sim.plot.response import response_times
from sim.plot.style import Picture
from sim.plot.survival import survival
from sim.plot.sweep import Bar, Shown, sweep_lines, sweep_surface, sweep_tornado, tornado
from sim.plot.timeline import timeline
from sim.plot.tradeoff import exposure_against_overhead
from sim.results.study import Study

__all__ = [
    "Bar",
    "MeasuredWindow",
    "Picture",
    "Plots",
    "Shown",
    "coverage_matrix",
    "exposure_against_overhead",
    "host_load",
    "measured",
    "response_times",
    "rollback_against_egress",
    "survival",
    "sweep_lines",
    "sweep_surface",
    "sweep_tornado",
    "timeline",
    "tornado",
]


class Plots:
    """The figures of one study, as methods."""

    def __init__(self, study: Study) -> None:
        self._study = study

    def exposure_against_overhead(self, cause: str | None = None) -> Picture:
        """Mean exposure window against what the gates add to a click; "all" takes all causes together."""
        return exposure_against_overhead(self._study, cause)

    def survival(
        self,
        cause: str | None = None,
        strategies: Sequence[str] | None = None,
        theory: Mapping[str, Callable[[float], float]] | None = None,
    ) -> Picture:
        """Share of cases still exposed after a time; `theory` holds distribution functions by strategy."""
        return survival(self._study, cause, strategies, theory)

    def coverage_matrix(self, strategies: Sequence[str] | None = None) -> Picture:
        """Which strategy ends which cause, and within which bound."""
        return coverage_matrix(self._study, strategies)

    def response_times(
        self, metric: str = "response", strategies: Sequence[str] | None = None
    ) -> Picture:
        """Share of honest clicks slower than a time."""
        return response_times(self._study, metric, strategies)

    def rollback_against_egress(self, strategies: Sequence[str] | None = None) -> Picture:
        """Writes that a rollback repairs beside reads that nothing brings back."""
        return rollback_against_egress(self._study, strategies)

    def host_load(self, strategies: Sequence[str] | None = None) -> Picture:
        """Calls at the host through the day, against its rate limit."""
        return host_load(self._study, strategies)

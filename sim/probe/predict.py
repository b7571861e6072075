"""What the model makes of a measured gate: the same gate in an office, or in an organisation of the user's own."""

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sim.basics.wording import about, format_duration
from sim.coverage import coverage
from sim.probe.explain import Explanation
from sim.probe.words import part_of
from sim.results.experiment import Comparison, compare
from sim.scenario import load

REPLICATIONS = 4
CAUSE = "deactivation"


@dataclass(frozen=True)
class Prediction:
    """The exposure window after a deactivation under the measured gate, in seconds; `bound_s` None: open."""

    scenario: str
    people: int
    mean_s: float
    mean_if_open_s: float
    bound_s: float | None

    @property
    def words(self) -> str:
        """In a sentence."""
        who = f"{self.scenario} ({self.people} people)"
        if self.bound_s is None:
            return f"{who}: after a firing, open: no setting of this gate ends it"
        return (
            f"{who}: after a firing {about(self.mean_s)} on average over all,"
            f" {about(self.mean_if_open_s)} over those with a page open, never more than"
            f" {format_duration(self.bound_s)}"
        )


def predicted(
    best: Explanation, scenario: str = "office", workers: int | None = None
) -> Prediction:
    """Simulate the measured gate in a scenario's organisation. Raises ScenarioError for a gate without words there."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "measured.toml"
        named = scenario if not Path(scenario).exists() else str(Path(scenario).resolve())
        path.write_text(f'format = 1\ninclude = ["{named}"]\n{part_of(best)}', encoding="utf-8")
        loaded = load(path)
    strategy = loaded.strategies["measured"]
    found = compare(loaded, [strategy], replications=REPLICATIONS, workers=workers or 1)
    cells = coverage(loaded, {"measured": strategy})
    bound_s = next(c.bound_s for c in cells if c.cause == CAUSE and c.of is None)
    return Prediction(
        scenario,
        loaded.organisation.people,
        _mean_s(found, "mean"),
        _mean_s(found, "mean_if_open"),
        bound_s,
    )


def _mean_s(found: Comparison, statistic: str) -> float:
    figure = found.find("measured", "exposure", statistic, CAUSE)
    return math.nan if figure is None else figure.estimate

"""What would have to be relaxed for a strategy to meet the goals."""

import math
from collections.abc import Sequence

from sim.basics.wording import about
from sim.recommendation.search import Found
from sim.verdict.goals import Judged


def relaxed(found: Found, way: Sequence[Judged]) -> str:
    changes = [
        f"{j.goal.key} from {j.goal.shown(j.goal.limit)} to {j.goal.said(rounded_up(j.estimate.high or math.inf))}"
        f" (+{100 * (j.ratio_to_limit - 1):.0f} %)"
        for j in way
    ]
    trial = next((t for t in found.trials if tuple(t.misses()) == tuple(way)), found.verified)
    at = "" if trial.lifetime_s is None else f" at {about(trial.lifetime_s)}"
    return f"{found.name}{at}, if you relax {listed(changes)}"


def rounded_up(value: float) -> float:
    if not value or not math.isfinite(value):
        return value
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    return math.ceil(value / unit - 1e-9) * unit


def listed(parts: Sequence[str]) -> str:
    """Parts in one phrase: "a, b and c"."""
    return ", ".join(parts[:-1]) + f" and {parts[-1]}" if len(parts) > 1 else "".join(parts)

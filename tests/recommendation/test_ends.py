"""The ends of the range against goals whose limits are known exactly, and what their search may cost."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sim.basics.statistics import Estimate
from sim.model.strategies import CATALOGUE, Strategy
from sim.recommendation.ends import LONGEST_S, NICE_S, SHORTEST_S, ends_of, look_beside
from sim.recommendation.trials import FINE, Bench, Trial, nothing_fits
from sim.scenario import load
from sim.verdict.goals import Goal, Judged

EXPOSURE = Goal("goals.exposure_mean", "exposure", "mean", None, 1.0, "s")
CALLS = Goal("goals.host_calls_per_s", "host_calls", "mean", None, 1.0, "1/s")
OFFICE = load("office")


@dataclass
class Known(Bench):
    """A bench on which a lifetime fits from `shortest_s` to `longest_s`, and every trial tells; `steep` shapes the figures."""

    shortest_s: float = 0.0
    longest_s: float = 0.0
    steep: tuple[float, float] = (1.0, 1.0)
    asked: list[float] = field(default_factory=list)

    def _judge(self, lifetime_s: float | None, strategy: Strategy, runs: list[Any]) -> Trial:
        assert lifetime_s is not None
        self.asked.append(lifetime_s)
        exposure = (lifetime_s / self.longest_s) ** self.steep[0]
        calls = (self.shortest_s / lifetime_s) ** self.steep[1]
        judged = [
            Judged(goal, Estimate(value, value, value, 9), "met" if value <= 1 else "missed")
            for goal, value in ((EXPOSURE, exposure), (CALLS, calls))
        ]
        return Trial(lifetime_s, 4, tuple(judged))


def known(shortest_s: float, longest_s: float, steep: tuple[float, float]) -> Known:
    return Known(
        OFFICE, CATALOGUE["short_token"], "token.lifetime", [EXPOSURE, CALLS], 20, 160, False,
        lambda scenario, strategy, numbers: [], shortest_s=shortest_s, longest_s=longest_s, steep=steep,
    )  # fmt: skip


steepness = st.tuples(st.floats(0.2, 8.0), st.floats(0.2, 8.0))


@given(st.floats(6.0, 2e6), st.floats(1.0, 1e4), steepness)
def test_no_lifetime_that_people_write_is_left_out(
    shortest_s: float, width: float, steep: tuple[float, float]
) -> None:
    longest_s = float(f"{min(LONGEST_S, shortest_s * width):.6g}")
    bench = known(shortest_s, longest_s, steep)
    ends = ends_of(bench)
    written = [s for s in NICE_S if shortest_s <= s <= longest_s]
    if ends is None:
        assert longest_s / shortest_s <= FINE
        assert nothing_fits(bench.trials.values())
    else:
        assert shortest_s <= ends[0] <= ends[1] <= longest_s
        assert written == [s for s in NICE_S if ends[0] <= s <= ends[1]]
    assert len(bench.asked) == len(set(bench.asked)) <= 40


@given(st.floats(20.0, 2e5), st.floats(1.05, 1e3), steepness)
def test_where_goals_exclude_each_other_both_ways_out_are_tried(
    longest_s: float, gap: float, steep: tuple[float, float]
) -> None:
    longest_s = float(f"{longest_s:.6g}")
    bench = known(min(LONGEST_S, longest_s * gap), longest_s, steep)
    assert ends_of(bench) is None
    assert nothing_fits(bench.trials.values())
    look_beside(bench)
    below = max(t.lifetime_s or 0 for t in bench.trials.values() if t.meets(rising=True))
    above = min(t.lifetime_s or 0 for t in bench.trials.values() if t.meets(rising=False))
    assert longest_s / 1.16 <= below <= longest_s
    assert bench.shortest_s <= above <= 1.16 * bench.shortest_s
    assert below >= SHORTEST_S

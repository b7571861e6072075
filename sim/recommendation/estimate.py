"""What a sensitivity analysis will vary and how long it takes, from one run of each strategy."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sim.basics.wording import about
from sim.engine import run as simulate
from sim.model.lifetimes import search_variable_of
from sim.model.strategies import Strategy
from sim.recommendation.inputs import GROUPS, Input, inputs_of
from sim.recommendation.search import families
from sim.recommendation.sensitivity_words import filled
from sim.scenario import Scenario
from sim.verdict.goals import goals_of

_TRIALS = 3  # replications a strategy takes in the search, beside those that verify, in units of the scenario's
_HALVINGS = 7  # worlds of one threshold


@dataclass(frozen=True)
class Plan:
    """Worlds by stage (of how many settings at most each), and seconds of one core."""

    inputs: list[Input]
    left_out: list[str]
    settings: int
    recommend_s: float
    first: int
    far: int
    threshold: int
    sobol: tuple[int, int]
    world_s: float
    sobol_world_s: float


def estimate(
    scenario: Scenario,
    strategies: Sequence[Strategy],
    each: int,
    factors: int,
    samples: int,
    most_samples: int,
) -> Plan:
    """Runs each strategy once as it stands. Raises ScenarioError for a scenario without goals."""
    goals_of(scenario)
    groups = [strategy for strategy, _ in families(list(strategies))]
    simulate(scenario, groups[0])  # the first run of a process loads or compiles
    seconds = [_timed(scenario, strategy) for strategy in groups]
    inputs, left_out = inputs_of(scenario)
    searched = [1 if search_variable_of(s) is None else _TRIALS for s in groups]
    replications = max(2, scenario.run.replications)
    return Plan(
        inputs, left_out, len(groups),
        recommend_s=sum(s * replications * (1 + n) for s, n in zip(seconds, searched, strict=True)),
        first=2 * len(inputs), far=2 * len(inputs), threshold=_HALVINGS,
        sobol=(samples * (factors + 2), most_samples * (factors + 2)),
        world_s=each * sum(seconds), sobol_world_s=each * max(seconds),
    )  # fmt: skip


def _timed(scenario: Scenario, strategy: Strategy) -> float:
    began_s = time.perf_counter()
    simulate(scenario, strategy)
    return time.perf_counter() - began_s


def text(plan: Plan, workers: int) -> str:
    """What `--dry-run` prints."""

    def takes(worlds: float, world_s: float) -> str:
        return about(float(f"{worlds * world_s / workers:.1g}"))

    least, most = plan.sobol
    lines = [
        f"{len(plan.inputs)} uncertain inputs, judged by at most {plan.settings} settings in each world; {workers} worker(s):",
        f"- the recommendation: about {takes(1, plan.recommend_s)}",
        f"- a first answer, {plan.first} worlds at half and twice: at most {takes(plan.first, plan.world_s)}",
        f"- thresholds, {plan.far} worlds at a tenth and ten times: at most {takes(plan.far, plan.world_s)},"
        f" and about {plan.threshold} worlds ({takes(plan.threshold, plan.world_s)}) for each",
        f"- --full, {least:,} to {most:,} worlds of one setting: {takes(least, plan.sobol_world_s)} to"
        f" {takes(most, plan.sobol_world_s)}",
    ]
    groups = [(g, [i.key for i in plan.inputs if i.group == g]) for g in GROUPS]
    lines += [filled(f"{group}: {', '.join(keys)}") for group, keys in groups if keys]
    if plan.left_out:
        lines.append(filled(f"not varied, since they have no size: {', '.join(plan.left_out)}"))
    return "\n".join(filled(line) for line in lines[:5]) + "\n" + "\n".join(lines[5:])

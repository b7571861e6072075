"""Which uncertain inputs move the decision: tornado, thresholds, Sobol indices.

An input is uncertain if its source is of grade C, an assumption, or missing. Each is multiplied by a factor (laws keep
their shape; a table of shares gives its first share the factor and the others what is left). The settings that
`recommend` found stay as they are; what changes is whether they still meet the goals, and which of those that do is
preferred. All evaluations are on the same people and cases, and judged by their estimates.
"""

import math
from collections.abc import Callable, Mapping
from concurrent.futures import as_completed
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.basics.units import parse_duration
from sim.basics.wording import format_duration
from sim.engine import run as simulate
from sim.model.strategies import Strategy
from sim.recommendation.answer import Recommendation
from sim.recommendation.trials import with_lifetime
from sim.scenario import Scenario, ScenarioError, with_changes
from sim.scenario.parameters import parameters, value_text
from sim.sweeps.executors import Pool, make_pool
from sim.verdict.goals import Goal, judge
from sim.verdict.preference import preference

RANGE = 2.0  # the tornado goes from half to twice
FAR = 10.0  # thresholds are looked for from a tenth to ten times
NARROW = 0.15  # half an interval of a Sobol index that still says whether an input matters
_CLOSE = 1.03  # how close a threshold is found, as a factor
_WORLDS_AN_EFFECT = (
    20  # what a bar and its thresholds take beside a point of the Sobol design, about
)
# What is chosen for the study and is no guess about the world.
_CHOSEN = ("run.", "organisation.shift", "cases.from", "cases.until", "cases.rollback_window")
_SHARES = ("cases.deactivation", "cases.permission_loss", "cases.logout", "cases.admin_loss")
_SCALES = ("mean", "median", "p95", "p99", "low", "high", "max", "value", "quantiles")


@dataclass(frozen=True)
class Input:
    """An uncertain input of the scenario and what is known about it."""

    key: str
    grade: str
    source: str
    value: Any

    @property
    def text(self) -> str:
        """The value as it is read."""
        return value_text(self.value)

    def at(self, factor: float) -> Any:
        """The value times the factor. Raises ValueError where it cannot be scaled."""
        return scaled(self.value, factor)


@dataclass(frozen=True)
class Decision:
    """What is recommended in a world: the setting, None where none meets the goals; for the pick, value over limit by goal."""

    best: str | None
    ratios_to_limit: tuple[float, ...]

    @property
    def worst(self) -> float:
        """The largest value over its limit."""
        return max(self.ratios_to_limit)


@dataclass(frozen=True)
class Threshold:
    """Beyond `factor` times its value the input changes the recommendation to `best`."""

    factor: float
    value: Any
    best: str | None


@dataclass(frozen=True)
class Effect:
    """One bar of the tornado, and where the decision changes (below, above; None: not within ten times)."""

    input: Input
    low: Decision
    high: Decision
    thresholds: tuple[Threshold, ...]

    def swing(self, base: Decision) -> float:
        """The largest change of any goal's value over limit, in units of the limit."""
        return max(
            abs(s - b)
            for d in (self.low, self.high)
            for s, b in zip(d.ratios_to_limit, base.ratios_to_limit, strict=True)
        )


@dataclass(frozen=True)
class Index:
    """Sobol indices of an input for one goal, each with half its 95 % interval: alone, and with all interactions."""

    key: str
    goal: str
    first: float
    first_half: float
    total: float
    total_half: float

    @property
    def conclusive(self) -> bool:
        """Whether both intervals are narrow enough to mean something."""
        return self.first_half <= NARROW and self.total_half <= NARROW


@dataclass(frozen=True)
class Sensitivity:
    """What moves the decision: effects by size, indices of the largest, inputs that could not be varied.

    `recommended` is the setting of the recommendation; `base` is the decision by the estimates of `replications` runs,
    from which the effects count.
    """

    recommendation: Recommendation
    recommended: str | None
    base: Decision
    replications: int
    effects: list[Effect]
    indices: list[Index]
    samples: int
    left_out: list[str]


# -- inputs -------------------------------------------------------------------------------------


def inputs_of(scenario: Scenario) -> tuple[list[Input], list[str]]:
    """The uncertain inputs that can be scaled, and the names of those that cannot ("none", "unlimited", switches, 0)."""
    found: list[Input] = []
    left_out: list[Input] = []
    for p in parameters(scenario):
        grades = p.grade.split(", ")
        if (
            p.key.startswith(_CHOSEN)
            or p.key in _SHARES
            or not {"C", "assumption", "none"} & set(grades)
        ):
            continue
        one = Input(p.key, p.grade, p.source, _raw(scenario, p.key))
        try:
            fits = one.at(RANGE) != one.at(1 / RANGE)
            for factor in (1 / RANGE, RANGE):
                with_changes(scenario, {one.key: one.at(factor)})
        except (ValueError, ScenarioError):
            fits = False
        (found if fits else left_out).append(one)
    return found, [i.key for i in left_out]


def _raw(scenario: Scenario, key: str) -> Any:
    place: Any = scenario._raw
    for part in key.split("."):
        place = place[part]
    return place


def scaled(value: Any, factor: float) -> Any:
    """A value of a scenario file times a factor. Raises ValueError for what has no size."""
    if isinstance(value, bool):
        raise ValueError("a switch has no size")
    if isinstance(value, int):
        return max(1, round(value * factor)) if value else 0
    if isinstance(value, float):
        return min(1.0, value * factor) if 0 <= value <= 1 else value * factor
    if isinstance(value, str):
        return _digits(parse_duration(value) * factor)
    if isinstance(value, Mapping) and "dist" in value:
        return {
            k: _scaled_setting(v, factor, value) if k in _SCALES else v for k, v in value.items()
        }
    if isinstance(value, Mapping) and _are_shares(value):
        return _other_shares(value, factor)
    if isinstance(value, Mapping):
        return {k: _scaled_if_possible(v, factor) for k, v in value.items()}
    raise ValueError("has no size")


def _scaled_setting(value: Any, factor: float, law: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_scaled_setting(v, factor, law) for v in value]
    number = value if isinstance(value, int | float) else parse_duration(value)
    least = 1.0 if law["dist"] == "geometric" else 0.0
    return max(least, _digits(number * factor))


def _scaled_if_possible(value: Any, factor: float) -> Any:
    try:
        return scaled(value, factor)
    except ValueError:
        return deepcopy(value)


def _are_shares(value: Mapping[str, Any]) -> bool:
    numbers = [v for v in value.values() if isinstance(v, int | float) and not isinstance(v, bool)]
    return len(numbers) == len(value) and abs(sum(numbers) - 1) < 1e-9


def _other_shares(value: Mapping[str, float], factor: float) -> dict[str, float]:
    """The first share times the factor (at most 0.95), the others in their proportions."""
    first = next(key for key, share in value.items() if share > 0)
    if value[first] == 1:
        raise ValueError("there is only one share")
    share = min(0.95, value[first] * factor)
    rest = (1 - share) / (1 - value[first])
    shares = {key: share if key == first else old * rest for key, old in value.items()}
    last = max(shares, key=lambda key: shares[key] if key != first else -1.0)
    shares[last] += 1 - math.fsum(shares.values())
    return shares


def _digits(value: float) -> float:
    return float(f"{value:.6g}")


# -- decisions ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Judge:
    """Decides between fixed settings in any world. `settings` begin with the recommended one."""

    scenario: Scenario
    settings: tuple[tuple[str, str | None, float | None], ...]  # strategy, variable, lifetime
    goals: tuple[Goal, ...]
    prefer: str
    seed: int
    replications: int
    engine: str
    # strategies that the scenario does not list
    given: Mapping[str, Strategy] = field(default_factory=dict)

    def decide(self, changes: Mapping[str, Any]) -> Decision:
        """The decision with these values.

        Where the longest lifetime is preferred, what could not be preferred any more is not run.
        """
        world = with_changes(self.scenario, dict(changes)) if changes else self.scenario
        order = list(range(len(self.settings)))
        if self.prefer == "longest_lifetime":
            order.sort(key=lambda place: -self._lifetime_s(place))
        tried: dict[int, tuple[bool, tuple[float, ...], tuple[float, ...]]] = {}
        best: int | None = None
        for place in order:
            if best is not None and self.prefer == "longest_lifetime":
                if self._lifetime_s(place) < self._lifetime_s(best):
                    break
            tried[place] = self._try(world, place)
            ok, rank, _ = tried[place]
            if ok and (
                best is None or (rank, self.label(place)) < (tried[best][1], self.label(best))
            ):
                best = place
        ratios = (tried.get(0) or self._try(world, 0))[2]
        return Decision(None if best is None else self.label(best), ratios)

    def _lifetime_s(self, place: int) -> float:
        lifetime_s = self.settings[place][2]
        return math.inf if lifetime_s is None else lifetime_s

    def ratios_to_limit(self, changes: Mapping[str, Any]) -> tuple[float, ...]:
        """Value over limit of each goal for the recommended setting."""
        return self._try(with_changes(self.scenario, dict(changes)), 0)[2]

    def label(self, place: int) -> str:
        """The setting in words."""
        name, variable, lifetime_s = self.settings[place]
        return (
            name
            if variable is None or lifetime_s is None
            else f"{name} at {format_duration(lifetime_s)}"
        )

    def _try(
        self, world: Scenario, place: int
    ) -> tuple[bool, tuple[float, ...], tuple[float, ...]]:
        name, variable, lifetime_s = self.settings[place]
        found = world.strategies.get(name) or self.given[name]
        strategy: Strategy = with_lifetime(found, variable, lifetime_s)
        runs = [
            simulate(world, strategy, r, seed=self.seed, engine=self.engine)
            for r in range(self.replications)
        ]
        judged = [judge(goal, world, strategy, runs) for goal in self.goals]
        ratios = tuple(j.estimate.value / j.goal.limit for j in judged)
        rank = preference(runs, lifetime_s, self.prefer, list(self.goals))
        return all(s <= 1 for s in ratios), rank, ratios


def effect_of(judge_: Judge, one: Input, base: Decision) -> Effect:
    """The bar and the thresholds of one input."""

    def at(factor: float) -> Decision | None:
        try:
            return judge_.decide({one.key: one.at(factor)})
        except (ValueError, ScenarioError):
            return None  # the scenario cannot hold such a value

    low, high = at(1 / RANGE) or base, at(RANGE) or base
    thresholds = []
    for near, middle, far in ((1 / RANGE, low, 1 / FAR), (RANGE, high, FAR)):
        edge = near if middle.best != base.best else far
        decision = middle if edge == near else at(far)
        if decision is not None and decision.best != base.best:
            thresholds.append(_threshold(one, base, decision, edge, at))
    return Effect(one, low, high, tuple(thresholds))


def _threshold(
    one: Input,
    base: Decision,
    beyond: Decision,
    edge: float,
    at: Callable[[float], Decision | None],
) -> Threshold:
    """Bisection between the value as it is and one that changes the decision."""
    inside = 1.0
    while max(inside, edge) / min(inside, edge) > _CLOSE:
        middle = math.sqrt(inside * edge)
        decision = at(middle)
        if decision is None or decision.best == base.best:
            inside = middle
        else:
            edge, beyond = middle, decision
    return Threshold(edge, one.at(edge), beyond.best)


# -- the analysis -------------------------------------------------------------------------------


def analyse(
    recommendation: Recommendation,
    *,
    replications: int = 4,
    factors: int = 6,
    samples: int = 16,
    most_samples: int = 128,
    workers: int | None = None,
    cluster: str | None = None,
    pool: Pool | None = None,
    report: Callable[[float, int], None] | None = None,
) -> Sensitivity:
    """Vary every uncertain input of the scenario that a recommendation was made for.

    Sobol indices are estimated for the `factors` inputs with the largest effect, from `samples` (a power of 2) times
    (factors + 2) worlds within half to twice (Saltelli 2010, Jansen's total effect, by SALib); twice as many, up to
    `most_samples`, until half of every 95 % interval is at most 0.15 (so the number does not depend on the machine).
    """
    scenario = recommendation.scenario
    judge_ = Judge(
        scenario,
        tuple((f.name, f.search_variable, f.lifetime_s) for f in recommendation.found),
        tuple(recommendation.goals),
        recommendation.prefer,
        recommendation.seed,
        replications,
        recommendation.engine,
        {f.name: f.strategy for f in recommendation.found if f.name not in scenario.strategies},
    )
    inputs, left_out = inputs_of(scenario)
    base = judge_.decide({})
    own = pool is None
    pool = pool or make_pool(workers, cluster)
    done = False
    try:
        progress = _Progress(report)
        futures = [pool.submit(effect_of, judge_, one, base) for one in inputs]
        progress.expect(_WORLDS_AN_EFFECT * len(inputs) + samples * (factors + 2))
        for _ in as_completed(futures):
            progress.add(_WORLDS_AN_EFFECT)
        effects = [future.result() for future in futures]
        effects.sort(key=lambda e: (-len(e.thresholds), -e.swing(base), e.input.key))
        largest = sorted(effects, key=lambda e: -e.swing(base))[:factors]
        moving = [e.input for e in largest if e.swing(base) > 0]
        indices: list[Index] = []
        worlds: dict[tuple[float, ...], tuple[float, ...]] = {}
        while moving:
            indices = _sobol(judge_, moving, samples, pool, worlds, progress)
            if all(i.conclusive for i in indices) or 2 * samples > most_samples:
                break
            progress.expect(samples * (len(moving) + 2))
            samples *= 2
        done = True
    finally:
        if own:
            pool.close(now=not done)
    recommended = judge_.label(0) if recommendation.best else None
    return Sensitivity(
        recommendation, recommended, base, replications, effects, indices, samples, left_out
    )


class _Progress:
    """Counts worlds for whoever wants to know."""

    def __init__(self, report: Callable[[float, int], None] | None):
        self._report, self._done, self._of = report, 0, 0

    def expect(self, worlds: int) -> None:
        """So many more will come."""
        self._of += worlds

    def add(self, worlds: int) -> None:
        """So many are done."""
        self._done += worlds
        if self._report:
            self._report(float(min(self._done, self._of)), self._of)


def _sobol(
    judge_: Judge,
    inputs: list[Input],
    samples: int,
    pool: Pool,
    worlds: dict[tuple[float, ...], tuple[float, ...]],
    progress: _Progress,
) -> list[Index]:
    """Indices from a Sobol design; `worlds` remembers points, since a design of twice the size holds the smaller one."""
    from SALib.analyze import sobol as analysis
    from SALib.sample import sobol as design

    problem = {
        "num_vars": len(inputs),
        "names": [i.key for i in inputs],
        "bounds": [[-math.log2(RANGE), math.log2(RANGE)]] * len(inputs),
    }
    design_points = design.sample(problem, samples, calc_second_order=False, seed=judge_.seed)
    points = [tuple(map(float, point)) for point in design_points]
    futures = {
        point: pool.submit(
            judge_.ratios_to_limit,
            {i.key: i.at(2.0**x) for i, x in zip(inputs, point, strict=True)},
        )
        for point in dict.fromkeys(points)
        if point not in worlds
    }
    for _ in as_completed(futures.values()):
        progress.add(1)
    worlds.update({point: future.result() for point, future in futures.items()})
    values = np.array([worlds[point] for point in points])
    indices = []
    for place, goal in enumerate(judge_.goals):
        column = values[:, place]
        if not np.isfinite(column).all() or np.ptp(column) == 0:
            continue
        found = analysis.analyze(problem, column, calc_second_order=False, seed=judge_.seed)
        for n, one in enumerate(inputs):
            indices.append(
                Index(
                    one.key,
                    goal.key,
                    *(float(found[k][n]) for k in ("S1", "S1_conf", "ST", "ST_conf")),
                )
            )
    return indices

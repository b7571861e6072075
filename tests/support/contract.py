"""What every mechanism keeps. A new one is a subclass that says what is its own; the tests come with it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from sim.coverage import coverage
from sim.engine import ENGINES, run
from sim.model import mechanisms as room
from sim.model.causes import CAUSES
from sim.model.mechanisms import Mechanism
from sim.model.strategies import Strategy
from sim.scenario import ScenarioError
from sim.testbed.compare import compare, disagreements
from sim.testbed.run import LiveRun
from support import worlds
from support.drawn import small_scenarios
from support.worlds import one_endless_page

# A mean fails beyond 4.5 standard errors: 7e-6 a form for a normal mean. Seeds are fixed, so a form passes for ever or
# shows a change of the model.
Z = 4.5
_DRAWN = settings(max_examples=20, derandomize=True, suppress_health_check=list(HealthCheck))


@dataclass(frozen=True)
class Misfit:
    """Settings that are refused: at which key, and with which words."""

    settings: Mapping[str, Any]
    key: str
    says: str


@dataclass(frozen=True)
class Form:
    """A closed form: a strategy in the world of one endless page, the mean window it gives, and the bound (None: open)."""

    name: str
    strategy: Mapping[str, Any]
    mean_s: float
    bound_s: float | None
    think: Any = "10s"
    world: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def exponential(mean_s: float) -> dict[str, Any]:
    return {"dist": "exponential", "mean": mean_s}


class MechanismContract:
    """Settings are refused at their key, bounds hold, closed forms are met, runners agree, real parts agree.

    `live`: a strategy of the testbed that rests on the mechanism; None where the testbed has no middleware for it.
    """

    mechanism: ClassVar[str]
    least: ClassVar[Mapping[str, Any]]  # the fewest settings that are valid
    misfits: ClassVar[Sequence[Misfit]]
    forms: ClassVar[Sequence[Form]]
    live: ClassVar[Mapping[str, Any] | None] = None

    @classmethod
    def model(cls) -> type[Mechanism]:
        return getattr(room, cls.mechanism.capitalize())  # type: ignore[no-any-return]

    @classmethod
    def in_a_file(cls, settings: Mapping[str, Any]) -> Strategy:
        tables = {"strategies": {"tried": {"token": "none", cls.mechanism: settings}}}
        return worlds.scenario(tables).strategies["tried"]

    # -- settings ---------------------------------------------------------------------------------

    def test_the_least_settings_are_enough_and_frozen(self) -> None:
        found = getattr(self.in_a_file(self.least), self.mechanism)
        assert type(found) is self.model()
        with pytest.raises(ValueError, match="frozen"):
            setattr(found, next(iter(self.model().model_fields)), None)

    def test_settings_are_refused_at_their_key(self, misfit: Misfit) -> None:
        with pytest.raises(ScenarioError) as caught:
            self.in_a_file(misfit.settings)
        (problem,) = caught.value.problems
        assert problem.key == f"strategies.tried.{self.mechanism}{misfit.key and '.' + misfit.key}"
        assert problem.line is not None
        assert misfit.says in problem.message

    def test_an_unknown_setting_is_answered_with_the_nearest(self) -> None:
        for name, info in self.model().model_fields.items():
            key = info.alias or name
            with pytest.raises(ScenarioError) as caught:
                self.in_a_file({**self.least, f"{key}z": 1})
            assert f'unknown key; did you mean "{key}"?' in str(caught.value)

    # -- the model --------------------------------------------------------------------------------

    @_DRAWN
    @given(data=st.data())
    def test_no_window_exceeds_its_bound(self, data: st.DataObject) -> None:
        drawn = data.draw(small_scenarios(self.mechanism))
        worst = {c.cause: c.bound_s for c in coverage(drawn) if c.of is None}
        for case in run(drawn, drawn.strategies["tried"]).cases:
            bound_s = worst[CAUSES[int(case.cause)]]
            limit_s = math.inf if bound_s is None else bound_s
            assert 0 <= case.last_click_s <= case.exposure_s <= limit_s + 1e-6, case

    def test_the_mean_window_is_that_of_the_closed_form(self, form: Form) -> None:
        drawn = one_endless_page(form.strategy, think=form.think, **form.world)
        (bound_s,) = {
            c.bound_s for c in coverage(drawn) if (c.cause, c.of) == ("deactivation", None)
        }
        assert bound_s == form.bound_s
        cases = run(drawn, drawn.strategies["tried"]).cases
        assert not any(case.censored for case in cases)
        windows = np.array([case.exposure_s for case in cases])
        error = windows.std(ddof=1) / math.sqrt(len(windows))
        assert abs(windows.mean() - form.mean_s) <= Z * error
        if bound_s is not None:  # it holds, and is not vacuous
            assert (0.9 * bound_s if form.mean_s else 0.0) <= windows.max() <= bound_s

    @_DRAWN
    @given(data=st.data())
    def test_the_runners_agree(self, data: st.DataObject) -> None:
        drawn = data.draw(small_scenarios(self.mechanism))
        first, *others = (
            run(drawn, drawn.strategies["tried"], engine=engine, tracing=True) for engine in ENGINES
        )
        for other in others:
            assert list(map(repr, first.trace or ())) == list(map(repr, other.trace or ()))
            assert first.differences(other) == []

    # -- real parts -------------------------------------------------------------------------------

    def test_the_middleware_of_the_testbed_agrees(self, request: pytest.FixtureRequest) -> None:
        if self.live is None:
            pytest.skip("the testbed has no middleware for it")
        played: LiveRun = request.getfixturevalue("played")
        (row,) = [row for row in compare(played) if row.strategy == self.mechanism]
        assert len(row.cases) >= 6
        assert [(pair.person, pair.why) for pair in disagreements([row])] == []

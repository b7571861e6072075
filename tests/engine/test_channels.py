"""What a channel can do beside sending an event (model, "Channels"): runners agree, closed forms, an independent text, presets."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.drawn import scenarios_of_channels
from support.runners import AT_NIGHT, EVERY_DAY, PARTS, equal_and_within_bounds
from support.worlds import one_endless_page, scenario

from sim import theory
from sim.basics.quantiles import backed_off
from sim.coverage import coverage
from sim.engine import compiled, plain
from sim.engine.recording import TRACE_COLUMNS
from sim.model.senders import SENDERS
from sim.oracle import channels
from sim.oracle.vocabulary import Unspoken, check_spoken
from sim.scenario import Scenario, ScenarioError, load, with_changes

ENGINES = {"compiled": compiled, "plain": plain}


@EVERY_DAY
@given(scenarios_of_channels())
def test_runners_agree(drawn: Scenario) -> None:
    equal_and_within_bounds(drawn)


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(PARTS))
@AT_NIGHT
@given(scenarios_of_channels(), st.integers(0, 1000))
def test_runners_agree_on_many(part: int, drawn: Scenario, replication: int) -> None:
    equal_and_within_bounds(drawn, replication)


# -- closed forms and a small simulator -----------------------------------------------------------

# A mean fails beyond 4.5 standard errors: 7e-6 a comparison for a normal mean. Seeds are fixed.
EVERY_S = 300.0


def told(engine: str, channel: dict[str, Any], people: int | None = None, **more: Any) -> Any:
    """The windows of people who lose access at any time, and whom nothing stops but an event."""
    drawn = one_endless_page(
        {"push": {"causes": ["deactivation"], "effect": "denylist"}},
        think={"dist": "exponential", "mean": "10min"},
        people=people or (3000 if engine == "compiled" else 300),
        horizon_s=20_000.0,
        from_s=2_000.0,
        push={"retries": "none"} | channel,
        **more,
    )
    return ENGINES[engine].run(drawn, drawn.strategies["tried"])


def assert_near(found: Any, expected: float) -> None:
    error = found.std(ddof=1) / math.sqrt(len(found))
    assert abs(found.mean() - expected) < 4.5 * error


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("delay_s", "loss"), [(0.0, 0.0), (20.0, 0.0), (5.0, 0.3)])
def test_sweeps(delay_s: float, loss: float, engine: str) -> None:
    """One phase a run: cases at any time meet it at random."""
    found = told(engine, {"every": EVERY_S, "delay": delay_s, "loss": loss}).cases.exposure_s
    assert_near(found, theory.sweep_exposure_mean_s(EVERY_S, delay_s, loss))
    if not loss:
        assert found.min() >= delay_s and found.max() <= EVERY_S + delay_s


@pytest.mark.parametrize("loss", [0.0, 0.3])
def test_sweeps_of_the_small_simulator(loss: float) -> None:
    found = np.array([channels.window_s(seed, EVERY_S, loss, 20.0) for seed in range(4000)])
    assert_near(found, theory.sweep_exposure_mean_s(EVERY_S, 20.0, loss))


def test_the_phase_of_sweeps_is_drawn_once_a_run_and_does_not_depend_on_people() -> None:
    few, many = (told("compiled", {"every": EVERY_S, "delay": 0.0}, people) for people in (20, 40))
    ends = [np.mod(run.cases.revoked_at_s + run.cases.exposure_s, EVERY_S) for run in (few, many)]
    assert np.ptp(ends[0]) < 1e-6 and np.ptp(ends[1]) < 1e-6
    assert abs(ends[0][0] - ends[1][0]) < 1e-6


@pytest.mark.parametrize("after", [2, 4])
def test_a_sender_that_stops_for_good(after: int) -> None:
    """Attempts until so many fail in a row: what left the sender before it stopped, over 40 runs, and 4,000 of the small one."""
    loss = 0.5
    drawn = one_endless_page(
        {"push": {"causes": ["deactivation"], "effect": "denylist"}},
        think={"dist": "exponential", "mean": "10min"},
        people=500,
        horizon_s=20_000.0,
        from_s=2_000.0,
        push={"retries": "none", "delay": "0s", "loss": loss, "disabled_after": after},
    )
    sent, event = [], TRACE_COLUMNS.index("event")
    for replication in range(40):
        run = compiled.run(drawn, drawn.strategies["tried"], replication, tracing=True)
        sent.append(sum(row[event] == "push_sent" for row in run.trace or ()))
    expected = theory.attempts_until_disabled_mean(loss, after)
    assert_near(np.array(sent), expected)
    assert_near(np.array([channels.attempts(seed, loss, after) for seed in range(4000)]), expected)


def test_delays_by_cause() -> None:
    """Each cause its own; a table of equal laws is that law."""
    by_cause = {"deactivation": "20s", "permission_loss": "40s"}
    for cause, delay_s in {"deactivation": 20.0, "permission_loss": 40.0, "logout": 0.0}.items():
        drawn = one_endless_page(
            {"push": {"causes": [cause], "effect": "denylist"}},
            think="10min",
            people=20,
            cause=cause,
            push={"delay": by_cause},
        )
        assert set(
            np.round(compiled.run(drawn, drawn.strategies["tried"]).cases.exposure_s, 6)
        ) == {delay_s}
    same = dict.fromkeys(["deactivation", "permission_loss", "logout", "admin_loss"], "30s")
    office = load("office")
    assert (
        with_changes(office, {"push.delay": same}).id
        == with_changes(office, {"push.delay": "30s"}).id
    )


# -- several channels -------------------------------------------------------------------------------

TOLD = {"causes": ["deactivation"], "effect": "denylist"}


def beside(engine: str, delay_s: float, every_s: float) -> Any:
    """The windows where an event is sent and a sweep goes round."""
    drawn = one_endless_page(
        {"push": [TOLD, TOLD | {"channel": "nightly"}]},
        think={"dist": "exponential", "mean": "10min"},
        people=3000 if engine == "compiled" else 300,
        horizon_s=20_000.0,
        from_s=2_000.0,
        push={"retries": "none", "delay": {"dist": "exponential", "mean": delay_s}},
        channels={"nightly": {"every": every_s}},
    )
    return ENGINES[engine].run(drawn, drawn.strategies["tried"]).cases.exposure_s


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("delay_s", "every_s"), [(60.0, 300.0), (240.0, 300.0), (600.0, 120.0)])
def test_an_event_beside_a_sweep(delay_s: float, every_s: float, engine: str) -> None:
    found = beside(engine, delay_s, every_s)
    assert_near(found, theory.push_beside_sweep_exposure_mean_s(delay_s, every_s))
    assert found.max() <= every_s


def test_an_event_beside_a_sweep_of_the_small_simulator() -> None:
    def delay(dice: Any) -> float:
        return float(dice.expovariate(1 / 240.0))

    found = np.array([channels.window_s(seed, EVERY_S, beside=delay) for seed in range(4000)])
    assert_near(found, theory.push_beside_sweep_exposure_mean_s(240.0, EVERY_S))


def test_a_channel_more_changes_no_other_number() -> None:
    """Its draws are its own: what the other channel does about other causes stays what it was, and so do its own, alone or not."""
    office = with_changes(
        load("office"),
        {
            "organisation.people": 200,
            "channels": {
                "signals": {"delay": {"dist": "exponential", "mean": "4min"}, "loss": 0.3}
            },
        },
    )
    logout = {"causes": ["logout"], "effect": "denylist", "channel": "signals"}
    found = {}
    for name, push in {"one": [TOLD], "other": [logout], "both": [TOLD, logout]}.items():
        drawn = with_changes(
            office, {"strategies": {"tried": {"token": {"lifetime": "8h"}, "push": push}}}
        )
        found[name] = compiled.run(drawn, drawn.strategies["tried"]).cases
    for name, cause in {"one": 0, "other": 2}.items():
        mine = found[name].cause == cause
        assert mine.sum() > 4
        assert (found[name].exposure_s[mine] == found["both"].exposure_s[mine]).all()


def test_a_list_of_one_is_its_table() -> None:
    office = load("office")
    ids = [
        with_changes(office, {"strategies": {"tried": {"push": push}}}).id
        for push in (TOLD, [TOLD])
    ]
    assert ids[0] == ids[1]


def test_channels_that_nobody_uses_are_in_the_id_and_none_are_not() -> None:
    office = load("office")
    assert with_changes(office, {"channels": {}}).id == office.id
    assert with_changes(office, {"channels": {"signals": {}}}).id != office.id


@pytest.mark.parametrize(
    ("push", "words"),
    [
        ({"channel": "sgnals"}, 'push.channel = "sgnals": there is no channel of this name; did you mean "signals"'),
        ([TOLD, {"channel": "sgnals"}], 'push.1.channel = "sgnals": there is no channel'),
        ([{"channel": "sgnals"}], "push.channel: there is no channel of this name; did you mean"),
        ([], "expected at least one table"),
        ([{"effct": "denylist"}, TOLD], 'push.0.effct = "denylist": unknown key; did you mean "effect"'),
    ],
)  # fmt: skip
def test_lists_that_cannot_be_meant(push: Any, words: str) -> None:
    with pytest.raises(ScenarioError) as error:
        scenario({"channels": {"signals": {}}, "strategies": {"tried": {"push": push}}})
    assert words in str(error.value)


def test_push_has_a_table_of_its_own_and_the_oracle_refuses_lists() -> None:
    with pytest.raises(ScenarioError, match=r"channels\.push.*a table of its own"):
        scenario({"channels": {"push": {}}})
    drawn = scenario({"channels": {"signals": {}}, "strategies": {"tried": {"push": [TOLD, TOLD]}}})
    with pytest.raises(Unspoken, match=r"strategy\.push = '2 tables'"):
        check_spoken(drawn, drawn.strategies["tried"])


# -- senders by name ------------------------------------------------------------------------------

# As measured or published: the waits between attempts, those of jittered ones in the middle of their law.
WAITS_S = {
    "none": [],
    "oidc_provider": [],
    "sendgrid": [],
    "urllib3": [0, 2, 4, 8, 16],
    "celery": [0.5, 1, 2],
    "bullmq": [1, 2, 4, 8],
    "rq": [0, 0, 0],
    "got": [1.05, 2.1],
    "github": [60, 120],
}


def waits_s(name: str) -> list[float]:
    retries = scenario({"push": {"retries": name}}).push.retries
    laws = [retries.first or retries.wait] + [retries.wait] * int(retries.most)
    return [
        backed_off(law.quantile(0.5), retries.backoff, float(n))
        for n, law in enumerate(laws[: int(retries.most)])
    ]


@pytest.mark.parametrize("name", WAITS_S)
def test_senders_wait_as_they_do(name: str) -> None:
    assert waits_s(name) == pytest.approx(WAITS_S[name])


@pytest.mark.parametrize(("name", "attempts", "over_h"), [("shopify", 7, 48), ("stripe", 8, 72)])
def test_senders_that_try_for_days(name: str, attempts: int, over_h: float) -> None:
    assert len(waits_s(name)) == attempts
    assert sum(waits_s(name)) == pytest.approx(over_h * 3600)


def test_each_sender_has_a_source_with_a_grade() -> None:
    assert {*WAITS_S, "shopify", "stripe"} == set(SENDERS)
    assert all("(" in sender.source or sender.name == "none" for sender in SENDERS.values())


# -- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "bound_s"),
    [
        ({"delay": "4s", "loss": 0}, 4.0),
        ({"delay": "4s", "loss": 0, "every": "5min"}, 304.0),
        ({"delay": {"deactivation": "4s", "logout": "1h"}, "loss": 0}, 4.0),
        ({"delay": "4s", "loss": 0.1, "every": "5min"}, None),
        ({"delay": "4s", "loss": 0, "every": "5min", "outages": {"every": "1h", "lasts": "1min"}}, 304.0),
        ({"delay": "4s", "loss": 0, "outages": {"every": "1h", "lasts": "1min"}}, None),
    ],
)  # fmt: skip
def test_bounds(channel: dict[str, Any], bound_s: float | None) -> None:
    pushed = {"push": {"causes": ["deactivation"], "effect": "denylist"}}
    drawn = scenario({"push": channel, "strategies": {"tried": pushed}})
    cell = next(c for c in coverage(drawn) if c.cause == "deactivation" and c.of is None)
    assert cell.bound_s == bound_s


@pytest.mark.parametrize(
    ("channel", "words"),
    [
        ({"retries": "strip"}, 'did you mean "stripe"'),
        ({"delay": {"deactivation": "soon"}}, "delay.deactivation"),
        ({"delay": {"deactvation": "1s", "logout": "1s"}}, "unknown key"),
        ({"every": "0s"}, "every"),
        ({"every": "5min", "disabled_after": 3}, "a sweep (every) goes on"),
        ({"disabled_for": "5min"}, "needs disabled_after"),
        ({"disabled_after": 0}, "disabled_after"),
        ({"retries": {"first": "soon"}}, "retries.first"),
    ],
)
def test_what_cannot_be_meant_is_an_error(channel: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError) as error:
        scenario({"push": channel})
    assert words in str(error.value)


def test_defaults_are_what_they_were() -> None:
    office = load("office")
    words = {"every": "none", "disabled_after": "none", "disabled_for": "none"}
    assert (
        with_changes(office, {f"push.{key}": word for key, word in words.items()}).id == office.id
    )

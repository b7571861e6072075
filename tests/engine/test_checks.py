"""What checks can be beside one question to the host (model, sections 12 and 22): runners agree, laws hold, an independent text too."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.drawn import scenarios_of_checks
from support.runners import AT_NIGHT, EVERY_DAY, PARTS, equal_and_within_bounds
from support.worlds import one_endless_page, scenario

from sim import theory
from sim.coverage import coverage
from sim.engine import compiled, plain
from sim.engine.given import Given
from sim.engine.readable import readable, why_none
from sim.oracle import deciders
from sim.oracle.stale_answers import last_click_s
from sim.oracle.vocabulary import Unspoken, check_spoken
from sim.scenario import Scenario, ScenarioError, load, with_changes
from sim.scenario.keys import numbers_in, quantity_of

ENGINES = {"compiled": compiled, "plain": plain}


@settings(EVERY_DAY, max_examples=30)
@given(scenarios_of_checks())
def test_runners_agree(drawn: Scenario) -> None:
    equal_and_within_bounds(drawn)


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(PARTS))
@AT_NIGHT
@given(scenarios_of_checks(), st.integers(0, 1000))
def test_runners_agree_on_many(part: int, drawn: Scenario, replication: int) -> None:
    equal_and_within_bounds(drawn, replication)


# -- the last answer serves a failure --------------------------------------------------------------

# A mean fails beyond 4.5 standard errors: 7e-6 a comparison for a normal mean. Seeds are fixed.
DOWN_S, GAP_S, STALE_S = 8000.0, 60.0, 300.0
STALE = {"on_failure": "stale", "stale_for": STALE_S}


def down(engine: str, check: dict[str, Any], after_s: float = 0.0) -> Any:
    """Who loses access when the host goes down for good, or so much later."""
    drawn = one_endless_page(
        {"check": check},
        think={"dist": "exponential", "mean": GAP_S},
        people=3000 if engine == "compiled" else 100,
        horizon_s=DOWN_S + 600.0,
        from_s=DOWN_S + after_s,
        run={"horizon": DOWN_S + 600.0, "drain": 0, "seed": 11},
        cases={"until": DOWN_S + after_s + 1e-6},
        host={"outages": {"starts": DOWN_S, "lasts": 50_000.0}},
    )
    return ENGINES[engine].run(drawn, drawn.strategies["tried"]).cases


def assert_near(found: Any, expected: float) -> None:
    error = found.std(ddof=1) / math.sqrt(len(found))
    assert abs(found.mean() - expected) < 4.5 * error


@pytest.mark.parametrize("engine", ENGINES)
def test_the_last_answer_serves_until_it_is_too_old(engine: str) -> None:
    found = down(engine, STALE).exposure_s
    assert_near(found, theory.last_answer_exposure_mean_s(1 / GAP_S, STALE_S))
    assert found.max() <= STALE_S


def test_the_small_simulator_agrees() -> None:
    theirs = [last_click_s(seed, GAP_S, STALE_S, DOWN_S, DOWN_S) for seed in range(4000)]
    assert_near(np.array(theirs), theory.last_answer_exposure_mean_s(1 / GAP_S, STALE_S))
    later = [last_click_s(seed, GAP_S, STALE_S, DOWN_S, DOWN_S + 200.0) for seed in range(4000)]
    ours, both = down("compiled", STALE, 200.0).exposure_s, np.array(later)
    error = math.hypot(*(x.std(ddof=1) / math.sqrt(len(x)) for x in (ours, both)))
    assert abs(ours.mean() - both.mean()) < 4.5 * error


def test_it_lies_between_refusing_and_letting_pass() -> None:
    """Without an answer nobody passes, or everybody does for good."""
    denied, stale, allowed = (
        down("compiled", check).last_click_s
        for check in ({"on_failure": "deny"}, STALE, {"on_failure": "allow"})
    )
    assert (denied == 0).all() and (denied <= stale).all() and (stale <= allowed).all()
    assert allowed.mean() > 500.0


def test_a_stale_no_refuses_and_a_later_answer_takes_its_place() -> None:
    """He is refused before the host goes down: whatever was said to him before serves him no more."""
    told = with_changes(
        one_endless_page(
            {"check": STALE | {"stale_for": "1h"}},
            think="60s",
            people=20,
            horizon_s=12_000.0,
            from_s=DOWN_S - 200.0,
            cases={"until": DOWN_S - 100.0},
            host={"outages": {"starts": DOWN_S, "lasts": 3_000.0}},
        ),
        {
            "behaviour.probabilities": {"storm": 1},
            "behaviour.storm": {"think": "60s", "kinds": {"read": 1}, "gives_up_after": 20},
        },
    )
    for engine in ENGINES.values():
        cases = engine.run(told, told.strategies["tried"]).cases
        assert (cases.last_click_s == 0).all() and (cases.refused == 20).all()


def test_the_bound_of_a_last_answer() -> None:
    for check, bound_s in (
        (STALE, 302.0),
        (STALE | {"allow_for": "10min"}, 602.0),
        (STALE | {"timeout": "3s"}, 306.0),
    ):
        drawn = scenario({"strategies": {"tried": {"check": check}}})
        cell = next(c for c in coverage(drawn) if c.cause == "permission_loss" and c.of is None)
        assert cell.bound_s == bound_s
        assert (cell.unless == "a check gets no answer") == ("allow_for" not in check)


# -- several, one after the other ------------------------------------------------------------------

READS, WRITES = {"scope": "reads"}, {"scope": "writes"}


def clicking(checks: Any, engine: str, **more: Any) -> Any:
    """What becomes of people who click each minute."""
    drawn = one_endless_page(
        {"check": checks},
        think={"dist": "exponential", "mean": GAP_S},
        people=3000 if engine == "compiled" else 150,
        horizon_s=4_000.0,
        from_s=2_000.0,
        **more,
    )
    return ENGINES[engine].run(drawn, drawn.strategies["tried"])


def kept(checks: Any, engine: str = "compiled", **more: Any) -> Any:
    """The same, two of three times to read."""
    return clicking(checks, engine, workload={"kinds": {"read": 2 / 3, "write": 1 / 3}}, **more)


@pytest.mark.parametrize("engine", ENGINES)
def test_each_kind_has_the_window_of_its_check(engine: str) -> None:
    """Reads and writes are clicks of their own rates: each cache is B1 alone."""
    run = kept([READS | {"allow_for": 90.0}, WRITES | {"allow_for": 240.0}], engine)
    for kind, share, kept_s in (("read", 2 / 3, 90.0), ("write", 1 / 3, 240.0)):
        expected = theory.on_demand_exposure(share / GAP_S, kept_s).mean
        assert_near(run.cases[f"exposure_{kind}_s"], expected)


def test_a_window_is_the_shortest_of_those_that_apply() -> None:
    """What a check alone would leave is what it leaves beside another that ends later: draws of a check are its own."""
    short, long = {"allow_for": 60.0}, {"allow_for": 300.0}
    alone, first, second = kept(short), kept([short, long]), kept([long, short])
    longer = kept(long).cases.exposure_s
    assert (first.cases.exposure_s == second.cases.exposure_s).all()
    assert (first.cases.exposure_s <= np.minimum(alone.cases.exposure_s, longer)).all()
    assert (first.cases.exposure_s < longer).any() and (first.cases.exposure_s > 0).any()


def test_a_check_that_is_never_asked_changes_nothing() -> None:
    """Of administration, where nobody is an administrator; whichever comes first."""
    one, never = {"allow_for": 60.0}, {"scope": "admin"}
    alone = kept(one)
    for both in (kept([one, never]), kept([never, one])):
        assert set(both.differences(alone)) <= {"ended", "cases"}
        assert (both.cases.exposure_s == alone.cases.exposure_s).all()
        assert set(both.ended) == {"check of all"}


def test_a_list_of_one_is_its_table() -> None:
    office = load("office")
    ids = {
        with_changes(office, {"strategies": {"tried": {"check": check}}}).id
        for check in (READS, [READS])
    }
    assert len(ids) == 1
    swept = with_changes(
        with_changes(office, {"strategies": {"tried": {"check": [READS, WRITES]}}}),
        {"strategies.tried.check.1.allow_for": "1min"},
    )
    assert quantity_of("strategies.tried.check.1.allow_for") == "time"
    assert "strategies.tried.check.1.allow_for" in numbers_in(swept)
    assert [check.allow_for_s for check in swept.strategies["tried"].checks] == [0.0, 60.0]


def test_the_bound_has_the_time_outs_of_later_checks_that_are_asked() -> None:
    def bounds_s(*checks: dict[str, Any]) -> dict[str | None, float | None]:
        drawn = scenario({"strategies": {"tried": {"check": list(checks)}}})
        return {c.of: c.bound_s for c in coverage(drawn) if c.cause == "permission_loss"}

    kept_s, late = {"allow_for": "1min"}, {"allow_for": "5min", "timeout": "3s"}
    assert bounds_s(kept_s, late)[None] == 64.0
    assert bounds_s(late, kept_s)[None] == 61.0
    assert bounds_s(READS | kept_s, WRITES | late) == {
        None: None,
        "read": 61.0,
        "write": 303.0,
        "admin": None,
    }
    session = {"asks": "session", "timeout": "2s"}  # it does not see the cause, and is waited for
    assert bounds_s(kept_s, session)[None] == 63.0


@pytest.mark.parametrize("engine", ENGINES)
def test_what_ended_it_names_the_entry(engine: str) -> None:
    reads = kept([READS, WRITES | {"allow_for": 240.0}], engine)
    assert set(reads.ended) <= {"check of reads", "check of writes"}
    twice = kept([{"allow_for": 60.0}, {"allow_for": 300.0}], engine)
    assert set(twice.ended) == {"check 0 (all)", "check 1 (all)"}


@pytest.mark.parametrize(
    ("checks", "words"),
    [
        ([], "expected at least one table"),
        ([READS] * 17, "expected at most 16 tables"),
        ([READS, {"scop": "all"}], r'check\.1\.scop = "all": unknown key; did you mean "scope"'),
        ([{"allow_for": "soon"}, READS], r"check\.0\.allow_for"),
    ],
)
def test_lists_that_cannot_be_meant(checks: Any, words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        scenario({"strategies": {"tried": {"check": checks}}})


# -- deciders ---------------------------------------------------------------------------------------

LATE_S = 200.0


def decided(check: Any, asked: dict[str, Any], engine: str = "compiled", **more: Any) -> Any:
    """The same, where somebody else than the host is asked."""
    return clicking(check, engine, deciders=asked, **more)


KNOWS = {"knows_after": {"deactivation": {"dist": "exponential", "mean": LATE_S}}}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_window_is_what_the_decider_needs_and_then_its_cache(engine: str) -> None:
    """It learns at a random phase of the cache: its mean comes on top of what a cache leaves (B1)."""
    run = decided({"at": "local", "allow_for": 90.0}, {"local": KNOWS}, engine)
    assert_near(run.cases.exposure_s, LATE_S + theory.on_demand_exposure(1 / GAP_S, 90.0).mean)
    assert "check" not in run.host_calls and run.requests["checks at local"] > 0


@pytest.mark.parametrize("engine", ENGINES)
def test_of_two_deciders_the_first_to_know_ends_it(engine: str) -> None:
    """Exponential with means 200 and 300 s: the smaller has the mean 120 s, and the first of them is it in three of five cases."""
    far = {"knows_after": {"deactivation": {"dist": "exponential", "mean": 300.0}}}
    run = decided([{"at": "local"}, {"at": "far"}], {"local": KNOWS, "far": far}, engine)
    assert_near(run.cases.exposure_s, 120.0)
    assert_near((run.ended == "check at local").astype(float), 0.6)
    assert set(run.ended) == {"check at local", "check at far"}


def test_the_small_simulator_of_deciders_agrees() -> None:
    ours = decided(
        [{"at": "local", "allow_for": 90.0}, {"at": "far", "allow_for": 30.0}],
        {"local": KNOWS, "far": {"trip": "4s", "knows_after": {"deactivation": "5min"}}},
    ).cases.exposure_s

    def window(seed: int) -> float:
        local = deciders.Decider(lambda dice: dice.expovariate(1 / LATE_S), 90.0)
        far = deciders.Decider(lambda dice: 300.0, 30.0, 4.0)
        return deciders.window_s(seed, GAP_S, 2_000.0, [local, far])

    theirs = np.array([window(seed) for seed in range(3000)])
    error = math.hypot(*(x.std(ddof=1) / math.sqrt(len(x)) for x in (ours, theirs)))
    assert theirs.mean() > 20 * error
    assert abs(ours.mean() - theirs.mean()) < 4.5 * error


def test_a_decider_that_is_as_the_host_leaves_what_the_host_leaves() -> None:
    """The same windows, and the load elsewhere."""
    asked, other = kept({"allow_for": 60.0}), decided(
        {"at": "local", "allow_for": 60.0}, {"local": {}}, workload={"kinds": {"read": 2 / 3, "write": 1 / 3}}
    )  # fmt: skip
    assert (asked.cases.exposure_s == other.cases.exposure_s).all()
    assert other.requests["checks at local"] == asked.host_calls["check"].sum()


def test_a_decider_that_nobody_asks_changes_the_id_and_no_figure() -> None:
    office = with_changes(load("office"), {"organisation.people": 40})
    more = with_changes(office, {"deciders": {"local": KNOWS}})
    assert more.id != office.id and with_changes(office, {"deciders": {}}).id == office.id
    first, second = (compiled.run(s, s.strategies["cached_check"]) for s in (office, more))
    assert first.differences(second) == []


def test_its_outage_and_its_limit_are_its_own() -> None:
    down = {"outages": {"starts": 0.0, "lasts": 50_000.0}}
    for decider in (down, {"rate_limit": {"per_second": 0, "burst": 1}}):
        run = decided({"at": "local", "on_failure": "allow"}, {"local": decider})
        assert run.rate_limited == {} and run.cases.last_click_s.mean() > 100.0


def test_the_bound_of_a_decider() -> None:
    slow = {
        "knows_after": {
            "permission_loss": "2min",
            "deactivation": {"dist": "exponential", "mean": "1min"},
        }
    }
    drawn = scenario(
        {
            "deciders": {"local": slow},
            "strategies": {"tried": {"check": [{"at": "local", "allow_for": "1min"}]}},
        }
    )
    cells = {c.cause: c for c in coverage(drawn) if c.of is None}
    assert cells["permission_loss"].bound_s == 181.0
    assert not cells["deactivation"].covered


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"deciders": {"host": {}}}, r"deciders\.host.*a table of its own"),
        ({"deciders": {"local": {"chek": "1s"}}}, r'deciders\.local\.chek.*did you mean "check"'),
        ({"deciders": {"local": {"knows_after": {"logout": "soon"}}}}, "knows_after"),
        ({"deciders": {"local": {}}, "strategies": {"tried": {"check": {"at": "locl"}}}}, 'check.at.*did you mean "local"'),
        ({"strategies": {"tried": {"check": [READS, {"at": "local"}]}}}, r"check\.1\.at.*no decider of this name"),
    ],
)  # fmt: skip
def test_deciders_that_cannot_be_meant(tables: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        scenario(tables)


# -- settings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ({"on_failure": "stale"}, "stale_for"),
        ({"stale_for": "5min"}, "go together"),
        ({"on_failure": "stale", "stale_for": "0s"}, "above 0"),
        ({"on_failure": "stael", "stale_for": "5min"}, "expected 'deny', 'allow' or 'stale'"),
    ],
)
def test_what_cannot_be_meant_is_an_error(check: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        scenario({"strategies": {"tried": {"check": check}}})


def test_virtual_cases_fall_back_by_name() -> None:
    """They read neither last answers, nor several checks, nor who else is asked."""
    office = with_changes(load("office"), {"deciders": {"local": {}}})
    for check, name in (
        (STALE, "check.stale_for"),
        ({"at": "local"}, "check.at"),
        ([READS, WRITES], "check"),
    ):
        drawn = with_changes(office, {"strategies": {"tried": {"check": check}}})
        given = Given.of(drawn, drawn.strategies["tried"], False, moments=8)
        assert readable(given) == 0
        assert name in why_none(given)


def test_the_oracle_refuses_the_word() -> None:
    drawn = with_changes(load("office"), {"strategies.cached_check.check": STALE})
    with pytest.raises(Unspoken, match=r"strategy\.check\.on_failure = 'stale'"):
        check_spoken(drawn, drawn.strategies["cached_check"])
    several = scenario({"strategies": {"tried": {"check": [READS, WRITES]}}})
    with pytest.raises(Unspoken, match=r"strategy\.check = '2 tables'"):
        check_spoken(several, several.strategies["tried"])

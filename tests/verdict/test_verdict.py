"""The verdict: nothing is called *use* that misses a goal, nothing that stays open is left unsaid, causes are causes."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.drawn import mechanisms, small_scenarios
from support.worlds import one_endless_page

from sim.coverage import coverage
from sim.model.causes import CAUSE_HEADS, CAUSES, Cause
from sim.model.strategies import CATALOGUE, Strategy
from sim.recommendation import recommend
from sim.recommendation import words as recommendation_words
from sim.results import experiment
from sim.results.experiment import Comparison
from sim.scenario import Scenario, load, with_changes
from sim.sweeps.executors import in_this_process
from sim.verdict import Verdict, build, goals_of, verdict_of
from sim.verdict.build import hypothetical
from sim.verdict.goals import goals_or_stand_ins, judge
from sim.verdict.record import Second
from sim.verdict.store import document, verdict_from
from sim.verdict.terminal import verdict_text
from sim.verdict.words import MOST_WORDS, check_lines, explained, paragraph

TINY = {
    "organisation.people": 30,
    "organisation.admins": 0.3,
    "run.horizon": "2h",
    "run.drain": "1h",
    "cases.from": "30min",
    "cases.until": "100min",
    **{f"cases.{cause}": {"share": 0.25} for cause in CAUSES},
}


def tiny(**changes: Any) -> Scenario:
    return with_changes(load("office"), {**TINY, **changes})


def judged(scenario: Scenario, *names: str, **options: Any) -> tuple[Comparison, Verdict]:
    known = {**CATALOGUE, **scenario.strategies}
    found = experiment.compare(scenario, [known[n] for n in names], replications=3)
    return found, verdict_of(found, **options)


def test_a_goal_is_judged_by_the_interval_that_compare_prints() -> None:
    """Of quantiles too, where it covers the width of a bucket, 0.8 %."""
    statistics = ("mean", "p95", "p99")
    goals = {f"auth_overhead_{s}": "1s" for s in statistics}
    scenario = tiny(goals=goals | {"host_calls_per_s": 1, "interruptions_per_person_hour": 1})
    strategy = CATALOGUE["per_request"]
    found = experiment.compare(scenario, [strategy], replications=3)
    figures = {(f.metric, f.statistic): f for f in found.figures if f.of is f.cause is None}
    estimates = [
        (goal, judge(goal, scenario, strategy, found.runs[strategy.name]).estimate)
        for goal in goals_of(scenario)
    ]
    assert len(estimates) == len(scenario.goals.model_fields_set) == 5
    for goal, e in estimates:
        figure = figures[goal.metric, goal.statistic]
        assert (e.value, e.high) == (figure.estimate, figure.high), goal.key
        assert e.low is not None
        assert max(0.0, e.low) == figure.low, goal.key


# -- the law: over random scenarios, whatever says "use X" names what X leaves open, and X meets every goal -------------


def opened(scenario: Scenario, strategy: Strategy) -> set[tuple[str, str | None]]:
    """The open cells by the coverage matrix itself."""
    rows = coverage(scenario, {strategy.name: strategy})
    cells: set[tuple[str, str | None]] = set()
    for cause in CAUSES:
        worst, *kinds = [row for row in rows if row.cause == cause]
        if not worst.covered:
            cells |= {(cause, k.of) for k in kinds if not k.covered} or {(cause, None)}
    return cells


def said_open(text: str) -> set[tuple[str, str | None]]:
    """The open cells that a text names after `leaves open:`."""
    causes = {head: cause for cause, head in CAUSE_HEADS.items()}
    found = re.search(r"leaves open: (.+?)(?:\.|$)", text, flags=re.IGNORECASE)
    cells: set[tuple[str, str | None]] = set()
    for head, kinds in re.findall(
        r"([a-z ]+?)(?: \(([a-z, ]+)\))?(?:, |$)", found[1] if found else ""
    ):
        cells |= {(causes[head.strip()], kind or None) for kind in (kinds or "").split(", ")}
    return cells


def holds(text: str, scenario: Scenario, runs: Mapping[str, tuple[Strategy, Any]]) -> str | None:
    """The strategy that a text says to use, once it is shown that the text may say so."""
    (block,) = [b for b in re.split(r"\n\s*\n", text) if re.search(r"\buse\b", b, re.IGNORECASE)][
        :1
    ] or [""]
    block = " ".join(block.split())
    used = re.search(r"\buse\s+(\w+)", block, flags=re.IGNORECASE)
    if used is None:
        return None
    strategy, of = runs[used[1]]
    for goal in goals_or_stand_ins(scenario)[0]:
        assert judge(goal, scenario, strategy, of).verdict == "met", (used[1], goal.key)
    assert said_open(block) == opened(scenario, strategy)
    assert bool(hypothetical(strategy)) == ("hypothetical" in block.lower())
    return used[1]


def check(scenario: Scenario, v: Verdict, runs: Mapping[str, tuple[Strategy, Any]]) -> None:
    texts = [verdict_text(v, width, False) for width in (80, 120, 200)]
    texts += [paragraph(v), document(v)["headline"], document(v)["paragraph"]]
    assert {holds(text.replace("NOTHING TO USE", ""), scenario, runs) for text in texts} == {v.use}
    assert len(paragraph(v).split()) <= MOST_WORDS
    assert all(
        len(line) <= width
        for width, text in zip((80, 120, 200), texts, strict=False)
        for line in text.splitlines()
    )
    assert verdict_from(document(v)) == v
    for row in v.rows:
        assert {(c.cause, c.kind) for c in row.open} == opened(scenario, runs[row.strategy][0])
        assert (row.state == "ok") == all(goal.verdict == "met" for goal in row.goals)
        for goal in row.goals:
            assert bool(goal.why) <= (goal.verdict != "met")
    if v.use is None:
        assert not any(row.state == "ok" for row in v.rows)


limits = st.sampled_from(["1s", "20s", "2min", "20min", "30d"])
exposure_goals = st.dictionaries(
    st.sampled_from([f"exposure_{s}" for s in ("mean", "p50", "p95", "p99", "max")]),
    limits,
    max_size=2,
)


@st.composite
def goals(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {**draw(exposure_goals)}
    found |= {cause: table for cause in CAUSES if (table := draw(exposure_goals))}
    for key, values in (
        ("auth_overhead_p95", ["1ms", "1s", "1h"]),
        ("host_calls_per_s", [0.1, 100]),
        ("interruptions_per_person_hour", [1, 100]),
    ):
        if draw(st.booleans()):
            found[key] = draw(st.sampled_from(values))  # type: ignore[arg-type]
    return found | {
        "prefer": draw(
            st.sampled_from(["longest_lifetime", "shortest_exposure", "lowest_overhead"])
        )
    }


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Scenario, list[Strategy]]:
    scenario = draw(small_scenarios())
    number = draw(st.integers(1, 3))
    chosen = [
        Strategy.model_validate({"name": f"s{i}", **draw(mechanisms())}) for i in range(number)
    ]
    return with_changes(scenario, {"goals": draw(goals())}), chosen


def _compared(world: tuple[Scenario, list[Strategy]], second: bool) -> None:
    scenario, chosen = world
    found = experiment.compare(scenario, chosen, replications=2)
    runs = {s.name: (s, found.runs[s.name]) for s in chosen}
    check(scenario, verdict_of(found, second=second), runs)


def _recommended(world: tuple[Scenario, list[Strategy]]) -> None:
    scenario, chosen = world
    found = recommend(scenario, chosen, replications=2, max_replications=4, pool=in_this_process())
    runs = {}
    for one in found.found:
        row = found.verdict.row(one.name)
        own = one.own is not None and not row.found and not one.feasible
        strategy = one.strategy if own else _at(one)
        runs[one.name] = (strategy, one.own_runs if own else one.runs)
    check(scenario, found.verdict, runs)
    assert found.verdict.use == (None if found.best is None else found.best.name)
    assert recommendation_words.paragraph(found) == paragraph(found.verdict)


def _at(one: Any) -> Strategy:
    from sim.recommendation.search import with_lifetime

    return with_lifetime(one.strategy, one.search_variable, one.lifetime_s)


LOOSE = settings(deadline=None, suppress_health_check=list(HealthCheck))


@given(worlds())
@settings(LOOSE, max_examples=40)
def test_no_verdict_leaves_out_an_open_cell_or_a_missed_goal(world: Any) -> None:
    _compared(world, second=False)


@pytest.mark.nightly
@given(worlds())
@settings(LOOSE, max_examples=1000)
def test_no_verdict_of_a_thousand_leaves_out_an_open_cell_or_a_missed_goal(world: Any) -> None:
    _compared(world, second=True)


@given(worlds())
@settings(LOOSE, max_examples=5)
def test_no_recommendation_leaves_out_an_open_cell_or_a_missed_goal(world: Any) -> None:
    _recommended(world)


@pytest.mark.nightly
@given(worlds())
@settings(LOOSE, max_examples=100)
def test_no_recommendation_of_a_hundred_leaves_out_an_open_cell_or_a_missed_goal(
    world: Any,
) -> None:
    _recommended(world)


# -- what is said -----------------------------------------------------------------------------------------------------


def test_what_stays_open_stands_in_the_line_that_says_use() -> None:
    goals = {"deactivation": {"exposure_max": "20min"}}
    scenario = tiny(goals=goals)
    ours = Strategy.model_validate(
        {
            "name": "ours",
            "token": {"lifetime": "10min", "renewal": "host"},
            "check": {"scope": "admin"},
        }
    )
    v = verdict_of(experiment.compare(scenario, [ours], replications=3))
    assert v.use == "ours"
    for text in (verdict_text(v, 200).splitlines()[0], paragraph(v)):
        assert "permission lost (read, write)" in text
    assert "every goal" in paragraph(v)


def test_without_goals_stand_ins_answer_and_are_said_with_the_lines_to_paste() -> None:
    v = judged(tiny(), "short_token", "no_check")[1]
    assert v.use == "short_token"
    assert v.assumed_goals[0] == "[goals]"
    assert "stand" in paragraph(v)
    assert 'exposure_p95 = "15min"' in verdict_text(v, 200)
    assert 'exposure_p95 = "15min"' in explained(v)
    with_goals = with_changes(tiny(), {"goals": {"exposure_p95": "15min"}})
    assert goals_of(with_goals)[0] == goals_or_stand_ins(tiny())[0][0]


def test_a_row_that_needs_events_which_nobody_sends_comes_after_those_that_can_be_built() -> None:
    scenario = tiny(
        **{"goals": {"prefer": "longest_lifetime", "exposure_p95": "1h"}, "push.loss": 0}
    )
    v = judged(scenario, "pushed_denylist", "short_token")[1]
    assert [row.state for row in v.rows] == ["ok", "ok"]
    assert v.use == "short_token"  # though 28 h are longer than 5 min
    assert "hypothetical" in verdict_text(v, 120)
    alone = judged(scenario, "pushed_denylist")[1]
    assert alone.use == "pushed_denylist"
    assert "no host sends today: permission lost, logout, admin lost" in paragraph(alone)


def test_few_persons_are_said_as_few() -> None:
    scenario = tiny(**{"organisation.people": 6, "goals": {"exposure_p95": "15min"}})
    v = judged(scenario, "short_token")[1]
    goal = v.rows[0].goals[0]
    assert goal.few
    assert f"only {goal.n} persons)" in paragraph(v)
    assert f"(n={goal.n})" in verdict_text(v, 80)
    assert v.rarest is not None
    assert not v.rarest.enough
    assert "not enough to say" in verdict_text(v, 80)


def test_values_that_nobody_set_are_named_with_a_line_to_paste() -> None:
    scenario = tiny(goals={"exposure_p95": "5min"})
    v = judged(scenario, "host_token")[1]
    keys = {s.key: s for s in v.decided_by}
    setting = keys["strategies.host_token.token.revalidates"]
    assert setting.table == "strategies.host_token"
    assert 'revalidates = ["account", "session"]' in setting.line
    pasted = with_changes(scenario, {})
    import tomllib

    table = tomllib.loads(f"[{setting.table}]\n{setting.line}")["strategies"]["host_token"]["token"]
    told = with_changes(
        pasted,
        {
            "strategies.host_token.token": {
                **table,
                "revalidates": ["account", "session", "permission", "admin"],
            }
        },
    )
    again = verdict_of(experiment.compare(told, [told.strategies["host_token"]], replications=3))
    assert "strategies.host_token.token.revalidates" not in {s.key for s in again.decided_by}


def test_the_second_seed_is_tried_and_a_flip_is_said() -> None:
    base = tiny()
    strategy = CATALOGUE["no_check"].model_copy(update={"name": "tried"})
    goal = {"host_calls_per_s": 1.0}
    ends = [
        judge(goals_of(with_changes(base, {"goals": goal}))[0], base, strategy,
              experiment.compare(base, [strategy], replications=3, seed=seed).runs["tried"]).estimate
        for seed in (2026, 2027)
    ]  # fmt: skip
    highs = [e.high for e in ends if e.high is not None]
    assert len(highs) == 2
    first = 2026 if highs[0] < highs[1] else 2027
    between = sum(highs) / 2
    scenario = with_changes(base, {"goals": {"host_calls_per_s": between}})
    found = experiment.compare(scenario, [strategy], replications=3, seed=2026)
    v = verdict_of(found)
    assert v.second is not None
    if first == 2026:  # met here, not met there
        assert (v.use, v.second.flips) == ("tried", ("tried",))
        assert "Under seed 2027 it does not" in paragraph(v)
    else:
        assert v.use is None
    assert ("FLIPS" in verdict_text(v, 120)) == bool(v.second.flips)


def test_the_other_seed_says_the_same_where_there_is_room() -> None:
    v = judged(tiny(goals={"deactivation": {"exposure_max": "1h"}}), "short_token")[1]
    assert v.second == replace(v.second, seed=2027, tried=("short_token",), flips=())
    assert "Seed 2027 says the same" in paragraph(v)


# -- causes -----------------------------------------------------------------------------------------------------------


def reasons(scenario: Scenario, strategy: Strategy, replications: int = 3) -> str:
    found = experiment.compare(scenario, [strategy], replications=replications)
    row = verdict_of(found, second=False).rows[0]
    return "; ".join(reason.text for goal in row.failed for reason in goal.why)


@pytest.mark.parametrize(
    ("strategy", "cause", "said"),
    [
        ("host_token", "permission_loss", "renewal never re-reads permissions"),
        ("host_token", "admin_loss", "renewal never re-reads permissions"),
        ("per_request", "logout", "the check of the permission does not show it (logout)"),
        ("introspection", "permission_loss", "the check of the session does not show it"),
        ("refresh_token", "logout", "the app renews by itself and asks nobody"),
        ("refresh_token", "deactivation", "an event that is lost ends nothing"),
        ("sliding_token", "deactivation", "a sliding token asks nobody"),
        ("long_token", "deactivation", "the token lives 8 h"),
        ("allowlist", "logout", "the entry lives 1 h"),
        ("cached_check", "deactivation", "a yes is kept for 5 min"),
    ],
)
def test_a_window_that_is_too_long_has_its_cause(strategy: str, cause: str, said: str) -> None:
    scenario = tiny(goals={cause: {"exposure_max": "1s"}})
    assert said in reasons(scenario, CATALOGUE[strategy])


def test_the_directory_is_named_where_it_is_most_of_the_window() -> None:
    scenario = tiny(
        **{"directory.propagation": "16min", "goals": {"deactivation": {"exposure_p95": "5min"}}}
    )
    said = reasons(scenario, CATALOGUE["short_token"])
    assert "are the directory; no token strategy changes that" in said
    assert re.search(r"16 min of 1[67](\.\d)? min are the directory", said)
    v = judged(scenario, "short_token")[1]
    assert "no token strategy changes that" in paragraph(v)
    near = tiny(
        **{"directory.propagation": "1s", "goals": {"deactivation": {"exposure_p95": "5min"}}}
    )
    assert "directory" not in reasons(near, CATALOGUE["long_token"])


def test_a_late_event_is_counted() -> None:
    scenario = tiny(
        **{
            "push.delay": "20min",
            "push.loss": 0,
            "goals": {"deactivation": {"exposure_p50": "1min"}},
        }
    )
    said = reasons(scenario, CATALOGUE["pushed_denylist"])
    found = experiment.compare(scenario, [CATALOGUE["pushed_denylist"]], replications=3)
    cases = [run.cases[run.cases.cause == 0] for run in found.runs["pushed_denylist"]]
    late = sum(int((c.exposure_s > 60).sum()) for c in cases)
    assert f"the event came too late for {late} of {sum(map(len, cases))} persons" in said


def test_the_rate_limit_is_the_cause_where_calls_are_turned_away() -> None:
    scenario = tiny(
        **{
            "host.rate_limit": {"per_second": 0.5, "burst": 1},
            "goals": {"auth_overhead_p95": "50ms", "interruptions_per_person_hour": 0.01},
        }
    )
    said = reasons(scenario, CATALOGUE["per_request"])
    assert "against the host's limit of 0.5/s" in said
    assert "% are turned away" in said
    assert "(a default)" not in said  # it was set here
    asked = with_changes(load("which_timeout"), {**TINY, "goals": {"auth_overhead_p95": "50ms"}})
    assert "(a default)" in reasons(asked, CATALOGUE["per_request"])


def test_a_queue_is_the_cause_where_servers_are_busy() -> None:
    scenario = tiny(
        **{
            "host.servers": 1,
            "host.rate_limit": "none",
            "host.check": "30s",
            "goals": {"auth_overhead_p95": "50ms"},
        }
    )
    patient = Strategy.model_validate(
        {"name": "patient", "check": {"scope": "all", "timeout": "10min"}}
    )
    assert "people queue at the host" in reasons(scenario, patient)
    easy = with_changes(scenario, {"host.servers": 64, "host.check": "250ms"})
    said = reasons(easy, patient)
    assert "queue" not in said
    assert "a click waits for the host's check (250 ms on average)" in said


def test_an_outage_is_the_cause_where_requests_meet_it() -> None:
    scenario = tiny(
        **{
            "host.outages": {"starts": "40min", "lasts": "60min"},
            "goals": {"interruptions_per_person_hour": 0.01},
        }
    )
    assert "met an outage or a time-out of the host" in reasons(scenario, CATALOGUE["per_request"])


def test_what_renews_nothing_interrupts() -> None:
    token = {"lifetime": "20s"}
    strategy = Strategy.model_validate({"name": "tried", "token": token})
    scenario = tiny(goals={"interruptions_per_person_hour": 0.01})
    assert "nothing renews the token of 20 s" in reasons(scenario, strategy)


def test_calls_are_named_by_their_reason() -> None:
    scenario = tiny(goals={"host_calls_per_s": 0.001})
    assert re.search(r"\d+ % of the calls are checks", reasons(scenario, CATALOGUE["per_request"]))
    assert "page loads" in reasons(scenario, CATALOGUE["no_check"])


# -- for machines -----------------------------------------------------------------------------------------------------


def test_a_check_has_a_line_a_goal() -> None:
    scenario = one_endless_page(
        {"token": {"lifetime": "5min"}}, think="40s", people=40, horizon_s=1500.0, from_s=700.0
    )
    scenario = with_changes(
        scenario,
        {
            "goals": {
                "exposure_max": "5min",
                "auth_overhead_p95": "1s",
                "logout": {"exposure_mean": "1s"},
            }
        },
    )
    v = verdict_of(experiment.compare(scenario, replications=2))
    lines = list(check_lines(v))
    assert [kept for kept, _ in lines] == [True, False, True]
    assert [line.split()[0:3] for _, line in lines] == [
        ["ok", "tried", "goals.exposure_max"],
        ["not", "shown", "tried"],
        ["ok", "tried", "goals.auth_overhead_p95"],
    ]


# -- what it rests on ---------------------------------------------------------------------------


def test_goals_are_judged_by_virtual_cases_where_they_can_be_read() -> None:
    """Half of the people are asked, at 32 moments each; without them the real cases of each cause tell."""
    some = {f"cases.{cause}": {"share": 0.125} for cause in CAUSES}
    goals = {"exposure_p95": "2min", "logout": {"exposure_mean": "1h"}}
    scenario = tiny(**some, goals=goals)
    asked, alone = (
        experiment.compare(scenario, [CATALOGUE["short_token"]], replications=3, virtual=virtual)
        for virtual in (True, False)
    )
    ours, real = (verdict_of(found, second=False) for found in (asked, alone))
    for goal in ours.rows[0].goals:
        mine = asked.find("short_token", "exposure", "mean", "logout")
        if goal.key == "goals.logout.exposure_mean":
            assert mine is not None and (goal.value, goal.n) == (mine.estimate, mine.n)
        assert goal.n > 30
    assert ours.rarest is not None and real.rarest is not None
    assert ours.rarest.persons > real.rarest.persons
    assert [g.n for g in real.rows[0].goals] == [
        sum(len(run.cases) for run in alone.runs["short_token"]),
        sum(int((run.cases.cause == Cause.LOGOUT).sum()) for run in alone.runs["short_token"]),
    ]


def test_another_seed_takes_as_many_runs_as_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Far from its limit a goal is decided by four; none is left open before as many ran as under the first seed."""
    took: dict[str, list[int]] = {}

    def counted(comparison: Comparison, strategy: Strategy, numbers: Any, **options: Any) -> Any:
        took.setdefault(strategy.name, []).extend(numbers)
        return experiment.more(comparison, strategy, numbers, **options)

    monkeypatch.setattr(build, "more", counted)
    clear = tiny(goals={"logout": {"exposure_max": "1h"}, "auth_overhead_p95": "1s"})
    found = experiment.compare(clear, [CATALOGUE["short_token"]], replications=6)
    assert verdict_of(found).second == Second(found.seed + 1, ("short_token",), ())
    assert took == {"short_token": [0, 1, 2, 3]}
    value = found.find("short_token", "host_calls")
    assert value is not None
    took.clear()
    close = tiny(goals={"host_calls_per_s": value.estimate})
    again = verdict_of(experiment.compare(close, [CATALOGUE["short_token"]], replications=6))
    assert again.second is not None and again.rows[0].state == "unclear"
    assert took["short_token"] in (list(range(4)), list(range(6)))
    runs = experiment.more(found, CATALOGUE["short_token"], range(2), seed=found.seed)
    for mine, its in zip(runs, found.runs["short_token"], strict=False):
        assert mine.same_as(its)

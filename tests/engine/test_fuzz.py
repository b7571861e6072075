"""Scenarios drawn from the schema, extremes included: refused with a line, stopped with a line, or the same on every runner."""

import json
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from support import ROOT
from support.fuzz import tables
from support.worlds import scenario

from sim.engine import ENGINES, arrays, footprint, limits, run
from sim.engine.limits import TooMuch
from sim.oracle.vocabulary import Unspoken
from sim.results.experiment import Comparison, compare
from sim.results.tables import comparison_table, coverage_table, notes, ranking_text
from sim.scenario import Scenario, ScenarioError

LONGEST_S = 2.0  # of one example, processor time
NIGHTLY, PARTS = 4_000, 16


@pytest.fixture(scope="module", autouse=True)
def _small() -> Iterator[None]:
    """Bounds that are reached at once; the machine code is loaded before the first example is timed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "AN_INSTANT", 500)
        patch.setattr(limits, "A_RUN", 1_000)
        patch.setattr(limits, "A_RUN_A_PERSON", 0)
        patch.setattr(limits, "TRIES", 250)
        patch.setattr(arrays, "_rows", lambda people: 64)  # of the calendar: they change time only
        patch.setattr(footprint, "free_bytes", lambda: 50e6)
        office = scenario({"organisation": {"people": 1}})
        run(office, office.strategies["no_check"])
        yield


def attacked(written: dict[str, Any]) -> str:
    """What came of a scenario: "refused", "stopped" or "ran"; anything else is an error of the test."""
    try:
        world = scenario(written)
    except ScenarioError:
        return "refused"
    outcomes = [one for engine in ENGINES if (one := _outcome(world, engine)) is not None]
    if any(isinstance(one, limits.TooLarge) for one in outcomes):
        return "stopped"  # runners keep people and servers in different rooms
    first = outcomes[0]
    for other in outcomes[1:]:
        assert type(other) is type(first), f"{ENGINES}: {outcomes}"
        if isinstance(first, Comparison) and isinstance(other, Comparison):
            for name, runs in first.runs.items():
                for mine, theirs in zip(runs, other.runs[name], strict=True):
                    differing = mine.differences(theirs)
                    if theirs.virtual is None:  # the reference knows no virtual cases
                        differing = [part for part in differing if part != "virtual"]
                    assert differing == []
        elif isinstance(first, limits.NeverEnds):
            assert str(first) == str(other)
    if not isinstance(first, Comparison):
        return "stopped"
    _shown(first)
    return "ran"


def _outcome(world: Scenario, engine: str) -> Comparison | TooMuch | None:
    """None where the engine does not speak a word of the scenario."""
    try:
        return compare(world, replications=2, engine=engine)
    except Unspoken:
        return None
    except TooMuch as error:
        return error


def _shown(comparison: Comparison) -> None:
    assert json.dumps(list(map(vars, comparison.figures)), allow_nan=False)
    assert coverage_table(comparison.coverage)
    assert comparison_table(comparison)
    ranking_text(comparison, None)
    notes(comparison)


def _attack(examples: int, number: int = 13) -> Counter[str]:
    counts: Counter[str] = Counter()

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(tables())
    def one(written: dict[str, Any]) -> None:
        began = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            counts[attacked(written)] += 1
        took_s = time.process_time() - began
        assert took_s < LONGEST_S, f"{took_s:.1f} s; once more, by part: {_slow(written)}"

    one()
    return counts


def _slow(written: dict[str, Any]) -> dict[str, float]:
    """What takes the time, in seconds of processor time."""
    found, began = {}, time.process_time()
    world = scenario(written)
    for part in ("read", *ENGINES):
        if part in ENGINES:
            _outcome(world, part)
        found[part] = time.process_time() - began - sum(found.values())
    return found


def test_a_few_scenarios_drawn_from_the_schema() -> None:
    counts = _attack(90)
    assert counts["ran"] >= 10


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(PARTS))
def test_thousands_of_scenarios_drawn_from_the_schema(part: int) -> None:
    began = time.monotonic()
    counts = _attack(NIGHTLY // PARTS, 13 + part)
    record = {
        "scenarios": sum(counts.values()),
        **counts,
        "seconds": round(time.monotonic() - began),
    }
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / f"fuzz-{part}.json").write_text(json.dumps(record) + "\n")
    assert record["scenarios"] >= NIGHTLY // PARTS
    assert counts["ran"] >= NIGHTLY // PARTS // 8

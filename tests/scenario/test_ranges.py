"""Every number of a scenario has a range: schema, validation and error say the same one, and relations between times hold."""

import json
import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sim.basics.ranges import LONGEST_S
from sim.scenario import ScenarioError, load, schema, with_changes

FREE = {"log_options", "sweep"}  # tables that others validate


@cache
def whole_schema() -> dict[str, Any]:
    return schema()


def numbers(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """(keys, schema) of every place where a number may stand; lists and free names as "*"."""
    if "$ref" in node:
        node = whole_schema()["$defs"][node["$ref"].rpartition("/")[2]]
    for part in (*node.get("anyOf", ()), *node.get("allOf", ())):
        yield from numbers(part, path)
    if node.get("type") in ("number", "integer") and "const" not in node:
        yield path, node
    for key, below in node.get("properties", {}).items():
        if key not in FREE:
            yield from numbers(below, (*path, key))
    for key in ("additionalProperties", "items"):
        if isinstance(node.get(key), dict):
            yield from numbers(node[key], (*path, "*"))


PLACES = {
    f"{'.'.join(path)} #{i}": (path, node) for i, (path, node) in enumerate(numbers(schema()))
}
PLAIN = {
    name: (".".join(path), node)
    for name, (path, node) in PLACES.items()
    if len(path) == 2 and "*" not in path and path[0] in ("run", "organisation", "app", "host")
}


@pytest.mark.parametrize("name", PLACES)
def test_every_number_has_a_range(name: str) -> None:
    _, node = PLACES[name]
    assert math.isfinite(node["maximum"])
    assert math.isfinite(node["minimum"])
    assert abs(node["maximum"]) <= 2**63


@pytest.mark.parametrize("name", PLAIN)
def test_what_the_schema_says_is_what_is_taken(name: str) -> None:
    path, node = PLAIN[name]
    office = load("office")
    for beyond in (node["maximum"] * 2 + 1, node["minimum"] - 1, 10**400, -(10**400), math.nan):
        with pytest.raises(ScenarioError) as caught:
            with_changes(office, {path: beyond})
        assert "expected" in str(caught.value)
    least = node["minimum"] if path not in ("run.horizon", "run.max_replications") else None
    if least is not None:
        with_changes(office, {path: least})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("app]\nworkers = 1_000_000_000_000", "at most 10,000,000"),
        ("host]\nservers = 1_000_000_000", "at most 10,000,000"),
        ("app.service]\nread = 1.4e11", "at most 100000 d"),
        ('push.retries]\nwait = { dist = "lognormal", median = 1, p95 = 1e300 }', "at most"),
        (f"workload]\ndaily = {[1e308] * 24}", "at most 1,000,000"),
        (f"workload]\ndaily = {[5e-324] * 24}", "at least 1e-06"),
        ("organisation]\nvisits = 1e300", "at most 100000 d"),
        ("run]\nhorizon = 1e12", "at most 100000 d"),
        ('organisation]\npeople = 500\n[run]\nhorizon = "100000d"', "organisation.people = 500: 500 people for 100000 d"),
        (f"run]\nseed = 0x{'f' * 6000}", "a number of 24,000 bits"),
        (f'run]\nhorizon = "{"9" * 5000}s"', "must be finite"),
        ('run]\nhorizon = "1h"\nwarm_up = "1h"', 'run.warm_up = "1h": expected a time before run.horizon (1 h)'),
        ('run]\nhorizon = "1h"\nwarm_up = "2h"', "before run.horizon"),
        ('sweep]\n"run.warm_up" = ["1h", "20h"]', '"20h": expected a time before run.horizon'),
        ('sweep]\n"run.horizon" = ["1h", "0s"]', "above 0"),
    ],
)  # fmt: skip
def test_what_was_fatal_is_refused(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(f"[{text}\n")
    with pytest.raises(ScenarioError) as caught:
        load(path)
    assert said in str(caught.value)
    assert "bad.toml:" in str(caught.value)


def test_a_change_of_one_time_is_held_to_the_others() -> None:
    longer = with_changes(load("office"), {"run.warm_up": "1h"})
    with pytest.raises(ScenarioError, match=r"run\.warm_up .*before run.horizon"):
        with_changes(longer, {"run.horizon": "30min"})
    with pytest.raises(ScenarioError, match="person-seconds"):
        with_changes(longer, {"run.drain": LONGEST_S})


def test_no_limit_is_in_the_way_of_a_million_people_for_a_day() -> None:
    changes = {"organisation.people": 1_000_000, "run.horizon": "16h", "run.drain": "8h"}
    assert with_changes(load("office"), changes).warnings == ()


def test_a_cap_that_no_draw_reaches_changes_no_mean() -> None:
    law = {"dist": "weibull", "mean": 1, "shape": 60}
    capped = with_changes(load("office"), {"host.check": {**law, "max": 1e9}})
    assert capped.host.check.expectation() == pytest.approx(1)
    assert json.dumps(capped.resolved()["host"]["check"])

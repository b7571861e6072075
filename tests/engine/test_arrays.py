"""The arrays of a run: what has a place for each page has one for each page more."""

from typing import Any

import pytest

from sim.engine.arrays import arrays_of, grown
from sim.engine.given import Given
from sim.engine.state import POOLS, Code
from sim.scenario import load, with_changes

EFFECTS = [
    {"causes": ["deactivation", "logout"], "effect": effect}
    for effect in ("denylist", "not_before", "drop_entries")
]
WORLDS: dict[str, dict[str, Any]] = {
    "events, clocks that differ, answers a device and a node": {
        "host.clock_offset": "1s",
        "app.nodes": 3,
        "strategies": {"tried": {
            "token": {"lifetime": "1h", "renewal": "host", "refresh_at": 1.0},
            "allowlist": {"lifetime": "1h", "renewal": "sliding"},
            "check": {"asks": "session", "allow_for": "1min", "cached": "node", "slides": {}, "refresh": {}},
            "push": EFFECTS,
        }},
    },
    "pages that act by themselves, workers that wait": {
        "app.holds_worker": True,
        "app.nodes": 2,
        "workload.poll": {"every": "1min"},
        "strategies": {"tried": {"token": {"lifetime": "1h"}, "connection": {"recheck": "1min"}}},
    },
    "tokens that rotate": {
        "strategies": {"tried": {"token": {"lifetime": "1h", "renewal": "app", "held_by": "device", "rotation": {}}}},
    },
}  # fmt: skip


def lengths(world: dict[str, Any], people: int) -> tuple[dict[str, int], dict[str, int]]:
    """Of all arrays, before and after there was no page left."""
    changes = {"organisation.people": people, "organisation.devices": 2, "workload.tabs": 2}
    drawn = with_changes(load("office"), changes | world)
    arrays = arrays_of(Given.of(drawn, drawn.strategies["tried"], False, moments=0), 0, 1)
    before = {name: len(array) for name, array in arrays.items()}
    after = {name: len(array) for name, array in grown(arrays, Code.NEEDS_PAGES).items()}
    return before, after


@pytest.mark.parametrize("name", WORLDS)
def test_what_lies_beside_pages_grows_with_them(name: str) -> None:
    fewer, _ = lengths(WORLDS[name], 4000)
    before, after = lengths(WORLDS[name], 5000)
    beside = [
        array
        for array, size in before.items()
        if size >= before["pages"] and size != fewer[array] and array not in POOLS
    ]
    assert len(beside) >= 3
    assert [array for array in beside if after[array] < after["pages"]] == []

"""Two published incidents as scenarios: which strategy would have stopped how much."""

import pytest

from sim.engine import run
from sim.scenario import load, with_changes


def stopped_short(name: str, changes: dict[str, str]) -> dict[str, float]:
    """By strategy: what was deleted before the access ended, a case."""
    incident = with_changes(load(name), changes)
    found = {}
    for strategy in incident.strategies.values():
        cases = run(incident, strategy).cases
        found[strategy.name] = float((cases.unauthorised_writes + cases.unauthorised_admin).mean())
    return found


def test_the_door_that_was_shut_and_the_one_that_was_not() -> None:
    """96 databases without a gate; who asks the host stops at the door that is shut, and only there."""
    shut, open_ = (
        stopped_short("incident_two_vpns", {"directory.propagation": p}) for p in ("0s", "1h")
    )
    assert shut["long_token"] == open_["long_token"] == pytest.approx(96, abs=4)
    assert shut["per_request_admin"] < 0.5
    assert max(shut[name] for name in ("allowlist_webhook", "pushed_denylist")) < 10
    assert min(open_[name] for name in ("host_token", "pushed_denylist")) > 90
    assert all(shut[name] <= open_[name] for name in shut)


def test_two_days_later_only_the_directory_could_have_stopped_it() -> None:
    """20,000 files where the account lives, whatever the strategy; none where the host knows within the two days."""
    name = "incident_two_days_later"
    forgotten, known = (
        stopped_short(name, {"organisation.people": 4, "directory.propagation": p})
        for p in ("3d", "1d")
    )
    assert forgotten["long_token"] == pytest.approx(20_000, rel=0.02)
    assert min(forgotten.values()) > 1_000
    assert max(known.values()) < 5

"""Worlds for verification: the scenario `textbook` with a strategy and changes."""

from typing import Any

from sim.scenario import Scenario, load, with_changes


def textbook(strategy: dict[str, Any], changes: dict[str, Any]) -> Scenario:
    """Nothing takes time, everybody keeps one page; the strategy is called `tried`."""
    everything = {"strategies": {"tried": strategy}, **changes}
    return with_changes(load("textbook"), everything)


REVOKED_S = 1030.0


CLOCK = {
    "run.horizon": 2000.0,
    "run.drain": 2000.0,
    "organisation.people": 1,
    "organisation.shift": {"start": "0s", "end": 2000.0},
    "organisation.visits": 100.0,
    "workload.think": 60.0,
    "workload.kinds": {"read": 1},
    "workload.read_size": 1000,
    "cases.from": REVOKED_S,
    "cases.until": REVOKED_S + 1e-9,
    "behaviour.probabilities": {"continue": 1},
}


def clockwork(strategy: dict[str, Any], changes: dict[str, Any]) -> Scenario:
    """One person by the clock: his page at 100 s, a click each 60 s from 160 s on, revoked at 1030 s."""
    return textbook(strategy, CLOCK | changes)


def constant(value_s: float) -> dict[str, Any]:
    """Always the same, where a bare number would be the mean of an exponential law."""
    return {"dist": "constant", "value": value_s}


def exponential(mean_s: float) -> dict[str, Any]:
    """An exponential law as a scenario writes it."""
    return {"dist": "exponential", "mean": mean_s}

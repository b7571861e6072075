"""What is typical beside the bound: nothing goes wrong, an event takes its median delay."""

import math
from typing import Any

import pytest

from sim.coverage import Cover, coverage
from sim.model.causes import KINDS
from sim.model.mechanisms import Connection
from sim.model.strategies import CATALOGUE
from sim.results.tables import coverage_rows
from sim.scenario import load, with_changes
from sim.verdict.cells import Cell, open_cells


def cell(strategy: str, cause: str = "deactivation", **changes: Any) -> Cover:
    scenario = with_changes(load("office"), changes)
    rows = coverage(scenario, {strategy: CATALOGUE[strategy]})
    return next(row for row in rows if row.cause == cause and row.of is None)


MEDIAN_S = 30 * math.log(2)  # of the exponential delay of 30 s on average


@pytest.mark.parametrize(
    ("strategy", "typical_s", "said"),
    [
        ("allowlist_webhook", MEDIAN_S, "20.8 s; 1 h if the event is lost"),
        ("refresh_token", MEDIAN_S + 300, "5 min 21 s; open if the event is lost"),
        ("per_request", 0.0, "0 s; 1 s if a check gets no answer"),
        ("cached_check", 300.0, "5 min 1 s"),
        ("short_token", 300.0, "5 min"),
    ],
)
def test_typical_and_worst_by_hand(strategy: str, typical_s: float, said: str) -> None:
    found = cell(strategy)
    assert found.typical_s == pytest.approx(typical_s)
    assert found.said == said


def test_an_event_that_is_never_lost_may_yet_be_late() -> None:
    found = cell("allowlist_webhook", **{"push.loss": 0})
    assert found.said == "20.8 s; 1 h if the event is late"
    constant = cell("allowlist_webhook", **{"push.loss": 0, "push.delay": "20s"})
    assert (constant.said, constant.typical_s) == ("20 s", 20.0)


def test_what_the_host_knows_late_is_typical_too() -> None:
    found = cell("short_token", **{"directory.propagation": "16min"})
    assert found.typical_s == 16 * 60 + 300
    assert found.text == "P + 5 min"


def test_typical_is_never_longer_than_the_worst() -> None:
    for row in coverage(load("office")):
        assert (row.typical_s or 0.0) <= (math.inf if row.bound_s is None else row.bound_s)
        assert bool(row.unless) <= (row.typical_s is not None)


def connected(**connection: Any) -> dict[str | None, str]:
    """What is said of the carriers of a check of sessions, after a deactivation."""
    scenario = load("office")
    strategy = CATALOGUE["introspection"].model_copy(
        update={"connection": Connection.model_validate(connection)}
    )
    rows = coverage(scenario, {"tried": strategy})
    return {row.of: row.text for row in rows if row.cause == "deactivation"}


def test_the_worst_carrier_is_the_headline_and_is_named() -> None:
    once = connected()
    assert once[None] == once["connection"] == "open: the connection is authorised once"
    assert once["requests"] == "1 s"
    again = connected(recheck="30s", kinds=["read", "write"])
    assert again[None] == again["connection"]
    assert again["connection"].endswith("31 s: asked again each 30 s")
    closed = connected(recheck="30s", lasts={"dist": "constant", "value": "20s"})
    assert closed["connection"].endswith("21 s: the server closes it")


def test_what_no_gate_sees_is_open_in_each_carrier() -> None:
    strategy = CATALOGUE["introspection"].model_copy(
        update={"connection": Connection.model_validate({"recheck": "30s"})}
    )
    rows = coverage(load("office"), {"tried": strategy})
    found = {row.of: row.text for row in rows if row.cause == "permission_loss"}
    assert found == {
        None: "open",
        "connection": "open: no gate sees it",
        "requests": "open",
    }
    assert open_cells(load("office"), strategy)[0] == Cell("permission_loss")
    assert coverage_rows(rows)[1][0][2] == "open"


def test_without_a_connection_there_is_one_carrier() -> None:
    assert {row.of for row in coverage(load("office"))} <= {None, *KINDS}

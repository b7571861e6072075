"""What an interval must cover, what carries a mean, and what a file for others may hold."""

import math
import socket
import struct
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.basics.statistics import bootstrap, holm
from sim.engine.histogram import PER_OCTAVE, Histogram
from sim.explore.server import server_of
from sim.plot import exposure_against_overhead
from sim.results.experiment import compare
from sim.results.influence import carried
from sim.results.metrics import quantile_of_runs
from sim.results.store import for_spreadsheets, write_table
from sim.results.study import study_of
from sim.results.tables import comparison_table, notes
from sim.scenario import load, with_changes

SHORT = {
    "organisation.people": 30, "run.horizon": "1h", "run.drain": "10min", "cases.from": "10min", "cases.until": "50min",
    "organisation.shift.end": "1h",
}  # fmt: skip


def test_an_interval_of_quantiles_covers_the_width_of_its_buckets() -> None:
    """Times that are all alike lie anywhere in one bucket: the histogram cannot say where, so the interval must."""
    random = np.random.default_rng(5)
    for _ in range(200):
        true = float(random.uniform(0.01, 2))
        low, high = Histogram(), Histogram()
        for histogram in (low, high):
            for factor in (0.5, 1.0, 1.0, 1.0, 2.0):
                histogram.add(true * factor)
        found = quantile_of_runs([low, high], 0.5)
        assert found.low is not None
        assert found.high is not None
        assert found.low <= true <= found.high
        assert found.high - found.low <= 2 * true / PER_OCTAVE


@pytest.mark.parametrize("q", [0.0, 0.1, 0.5, 0.95, 0.99, 1.0])
def test_the_quantile_of_the_times_lies_within(q: float) -> None:
    random = np.random.default_rng(6)
    for n in (1, 2, 5, 100):
        times = random.lognormal(-3, 1, n)
        histogram = Histogram()
        for each in times:
            histogram.add(float(each))
        value, low, high = histogram.quantile_within(q)
        assert low <= value <= high
        assert low <= np.quantile(times, q) <= high * (1 + 1e-12)


def test_nothing_that_is_measured_has_an_interval_below_0() -> None:
    office = with_changes(load("office"), SHORT)
    found = compare(office, [office.strategies["short_token"]], replications=3)
    assert [f for f in found.figures if f.low is not None and f.low < 0] == []


def test_a_replication_that_carries_a_mean_is_named() -> None:
    """An outage in one of twelve hours: what it does to the load of the host is no chance of the others."""
    office = with_changes(load("office"), SHORT | {"host.outages": "none"})
    down = with_changes(office, {"host.outages": {"starts": "10min", "lasts": "40min"}})
    strategy = office.strategies["per_request"]
    quiet = compare(office, [strategy], replications=12)
    assert carried(quiet.runs["per_request"]) == []
    assert "carries" not in notes(quiet)
    runs = quiet.runs["per_request"]
    runs[7] = compare(down, [strategy], replications=8).runs["per_request"][7]
    (calls,) = (c for c in carried(runs) if c.metric == "host_calls")
    assert calls.replication == 7
    assert "without number 7" in notes(quiet)


def test_holm_keeps_its_order_with_a_test_that_is_none() -> None:
    assert holm([0.01, math.nan, 0.04])[::2] == [0.02, 0.04]
    assert math.isnan(holm([0.01, math.nan, 0.04])[1])
    assert holm([]) == []
    assert all(map(math.isnan, holm([math.nan, math.nan])))


@pytest.mark.parametrize(
    "values",
    [[1.0, 1.0 + 1e-15, 1.0], [1e300, 1e300], [0.0] * 5, [5e-324, 0.0, 0.0], [1.0] * 19 + [2.0]],
)
def test_a_bootstrap_is_an_interval_or_none(values: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = bootstrap(values, resamples=199)
    if found.low is None or found.high is None:
        assert (found.low, found.high) == (None, None)
    else:
        assert found.low <= found.high


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    table = pd.DataFrame({"name": ["=1+1", "+a", "-b", "@c", "\td", "fine"], "x": [-1.5] * 6})
    write_table(table, tmp_path / "t")
    lines = (tmp_path / "t.csv").read_text().splitlines()
    assert [line[0] for line in lines[1:]] == ["'"] * 5 + ["f"]
    assert lines[1] == "'=1+1,-1.5"
    assert list(pd.read_parquet(tmp_path / "t.parquet")["name"]) == list(table["name"])
    assert list(for_spreadsheets(table)["x"]) == [-1.5] * 6


def test_names_in_any_script_are_drawn_without_a_warning(tmp_path: Path) -> None:
    office = with_changes(load("office"), SHORT)
    token = {"token": {"lifetime": "5min"}}
    names = [
        "日本語の戦略",
        "стратегия",
        "استراتيجية",
        "<b>&amp;</b>",
        "$x_1$ \\frac",
        "🦊",
        "=cmd|'/C calc'!A0",
    ]
    strategies = [
        type(office.strategies["short_token"]).model_validate({"name": n, **token}) for n in names
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        # what libraries of different ages say of one another (pyparsing's is a UserWarning too)
        warnings.simplefilter("ignore", DeprecationWarning)
        found = compare(office, strategies, replications=2)
        picture = exposure_against_overhead(study_of(found))
        for ending in ("svg", "png", "pdf"):
            picture.save(tmp_path / f"p.{ending}")
    from xml.dom.minidom import parse

    parse(str(tmp_path / "p.svg"))
    assert all(name in comparison_table(found) for name in names)


def test_browsers_that_hang_up_are_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    server = server_of("x" * 5_000_000, 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    for request in (b"GET / HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n", b"GE", b""):
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", server.server_address[1])) as one:
                one.sendall(request)
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    time.sleep(0.5)
    server.shutdown()
    server.server_close()
    assert "Traceback" not in capsys.readouterr().err

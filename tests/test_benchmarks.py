"""The benchmarks run, and a simulator that computes something else is found out."""

import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

from benchmarks import contestants, kernels, limit, measure, report, waits, works
from benchmarks.works import Contestant, Outcome, WrongResultError

OURS = contestants.CLOSED[0]


def wrong_closed(horizon_s: float) -> Outcome:
    """A simulator that loses a twentieth of the time."""
    right = kernels.closed(horizon_s)
    return Outcome(right.customers, 0.95 * right.mean_s, right.cpu_s)


@pytest.mark.parametrize("people", [100, 1000, 10_000])
def test_kernel_and_c_follow_the_same_path(people: int) -> None:
    try:
        limit.program()
    except limit.NoCompilerError as error:
        pytest.skip(str(error))
    ours, theirs = kernels.closed(60.0, people), limit.closed(60.0, people)
    assert (ours.customers, ours.mean_s) == (theirs.customers, theirs.mean_s)
    ours, theirs = kernels.queue(20_000), limit.queue(20_000)
    assert (ours.customers, ours.mean_s) == (theirs.customers, theirs.mean_s)


def test_closed_form() -> None:
    """One person never waits; without a queue the mean is the service time; at half load it is a little more."""
    assert works.closed_mean_s(1) == pytest.approx(works.service_s(1), rel=1e-12)
    assert works.closed_mean_s(4) == pytest.approx(works.service_s(4), rel=1e-12)
    assert works.closed_mean_s() == pytest.approx(0.0217, abs=5e-5)


@pytest.mark.parametrize(
    ("factor", "customers"), [(1.05, 1.0), (0.95, 1.0), (1.0, 0.98), (1.0, 1.02)]
)
def test_wrong_results_are_found(factor: float, customers: float) -> None:
    right = kernels.closed(1800.0)
    works.check(OURS, right, 1800.0)
    wrong = Outcome(int(customers * right.customers), factor * right.mean_s, right.cpu_s)
    with pytest.raises(WrongResultError, match="closed"):
        works.check(OURS, wrong, 1800.0)


def test_a_wrong_contestant_ends_the_measurement() -> None:
    cheat = Contestant("cheat", "closed", "test_benchmarks:wrong_closed", 1800.0, 1800.0)
    with pytest.raises(WrongResultError, match="cheat"):
        measure.measure([cheat], 1, True, lambda words: None)


def test_what_is_missing_is_skipped_with_a_reason() -> None:
    absent = Contestant("absent", "closed", "no_such_simulator:closed", 1.0, 1.0)
    (measured,) = measure.measure([absent], 1, True, lambda words: None)
    assert "no_such_simulator" in measured.skipped
    assert measured.outcomes == []


def test_page_shows_medians_ratios_and_goals() -> None:
    def rounds(contestant: Contestant, *ns: float) -> measure.Measured:
        return measure.Measured(contestant, [Outcome(10**6, 0.02, n / 1e3) for n in ns])

    closed = [rounds(contestants.CLOSED[0], 36, 30, 33), rounds(contestants.CLOSED[1], 30, 30, 30)]
    closed.append(measure.Measured(contestants.CLOSED[2], skipped="not installed"))
    page = report.text(report.Results(False, 3, closed=closed))
    assert "| **Last Click kernel (Numba)** | 33 | 30 to 36 | 1 |" in page
    assert "not measured: not installed" in page
    assert "1.10 times" in page


def test_what_people_wait_for_is_shown_beside_the_build_before() -> None:
    one, other = waits.WAITS[0], waits.WAITS[3]
    spent = {
        (one.name, "before"): [waits.Spent(2.0, 4.0, 200.0), waits.Spent(1.5, 5.0, 210.0)],
        (one.name, "now"): [waits.Spent(0.6, 1.0, 120.0)],
        (other.name, "now"): [waits.Spent(0.02, 1.0)],
    }
    page = waits.page([one, other], spent, 2, 1.5)
    assert (
        f"| {one.said} | 1.5 s | 0.6 s | 0.40 | 4 s | 1 s | 200 MB | 120 MB | {one.target} |"
        in page
    )
    assert f"| {other.said} | not run | 20 ms |  | not run | 1 s |  |  | {other.target} |" in page


def test_a_wait_ends_with_what_was_waited_for(tmp_path: Path) -> None:
    said = waits.until("short_token", "strategies")(ROOT, tmp_path)
    whole = waits.lastclick("strategies")(ROOT, tmp_path)
    assert said.cpu_s > 0
    assert whole.peak_mb > 10
    with pytest.raises(RuntimeError, match="ended without"):
        waits.until("no such word", "strategies")(ROOT, tmp_path)
    with pytest.raises(RuntimeError, match=r"[Nn]o such command"):
        waits.lastclick("strategy")(ROOT, tmp_path)


@pytest.mark.nightly
@pytest.mark.parametrize("part", ["instructions", "profile", "default"])
def test_what_is_counted_and_sampled_is_said_or_why_not(part: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks", "--quick", "--rounds", "1", "--part", part]
    done = subprocess.run(
        [*command, "--out", str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "results.md").read_text()
    said = {
        "instructions": "instructions a request in the kernel",
        "profile": "the calendar: pending events",
        "default": "share of CPU time that is not simulation",
    }
    assert said[part] in page or "on this machine" in page


def test_quick_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks", "--quick", "--rounds", "1"]
    done = subprocess.run(
        [*command, "--part", "queue", "--out", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "results.md").read_text()
    assert page.count(" to ") >= 5  # a spread for nearly every contestant
    assert "SimPy" in page

"""`lastclick new`: a file that loads whatever was answered, says whose each value is, and has persons enough."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sim.cli import main
from sim.recommendation.inputs import inputs_of
from sim.results.experiment import compare
from sim.scenario import load
from sim.scenario.new import MOST_REPLICATIONS
from sim.verdict import verdict_of

ANSWERS = "40\n8min\nhost\naccount,session,permission\n120ms\n\nyes\nnone\n20s\n8\n5min\n30ms\n"


def _new(folder: Path, *args: str, answers: str | None = None) -> Any:
    path = folder / "ours.toml"
    path.unlink(missing_ok=True)
    return CliRunner().invoke(main, ["new", str(path), *args], input=answers), path


def test_plain_it_has_every_table_and_a_comment_at_each_key(tmp_path: Path) -> None:
    done, path = _new(tmp_path)
    assert done.exit_code == 0, done.output
    text = path.read_text()
    for table in ("run", "organisation", "workload", "cases", "host", "app", "push", "network", "goals"):  # fmt: skip
        assert f"\n[{table}]" in text
    assert text.startswith("#:schema ") and "revalidates = " in text
    for line in text.split("\n\n", 1)[1].splitlines():
        if " = " in line:
            assert "  # " in line.removeprefix("# "), line


def test_what_is_commented_out_is_the_office(tmp_path: Path) -> None:
    """Taking the # away from every line that has one changes no value."""
    _, path = _new(tmp_path)
    before = load(path).resolved()
    kept = [line[2:] if line.startswith("# ") and " = " in line and "  # " in line else line for line in path.read_text().splitlines()]  # fmt: skip
    path.write_text("\n".join(kept))
    assert load(path).resolved() == before
    assert len(load(path)._origins) > 60


def test_the_interview_writes_what_was_said(tmp_path: Path) -> None:
    done, path = _new(tmp_path, "--ask", answers=ANSWERS)
    assert done.exit_code == 0, done.output
    found = load(path)
    today = found.strategies["today"].token
    assert next(iter(found.strategies)) == "today"
    assert found.organisation.people == 40 and found.app.workers == 8
    assert today.renewal == "host" and today.lifetime.expectation() == 480.0
    assert today.revalidates == ("account", "session", "permission")
    assert (found.host.check.median, found.host.check.p95) == (0.12, 0.192)
    assert found.network.app_host.expectation() == 0.0  # it is in the check's time
    assert found.host.rate_limit is None
    assert found.push.delay.expectation() == 20.0
    assert (found.goals.exposure_p95_s, found.goals.auth_overhead_p95_s) == (300.0, 0.03)
    assert found.sources["host.check"] == "measured by us (M)"
    guessed = [one for one in inputs_of(found)[0] if one.group == "guessed"]
    assert f"{len(guessed)} guesses" in done.output
    assert not {"host.check", "push.delay", "app.workers"} & {one.key for one in guessed}


def test_options_say_the_same_as_the_interview(tmp_path: Path) -> None:
    _, path = _new(tmp_path, "--ask", answers=ANSWERS)
    asked = path.read_text()
    words = ["--people", "40", "--token", "8min", "--renewal", "host", "--revalidates", "account,session,permission",
             "--check-time", "120ms", "--network-included", "yes", "--rate-limit", "none", "--webhook", "20s",
             "--workers", "8", "--exposure", "5min", "--overhead", "30ms"]  # fmt: skip
    done, path = _new(tmp_path, *words)
    assert done.exit_code == 0, done.output
    assert path.read_text() == asked


def test_enter_leaves_a_guess_and_a_wrong_answer_is_asked_again(tmp_path: Path) -> None:
    done, path = _new(tmp_path, "--ask", answers="many\n30\n" + "\n" * 20)
    assert done.exit_code == 0, done.output
    assert "expected a whole number" in done.output
    assert load(path).organisation.people == 30
    plain, other = _new(tmp_path)
    assert "guesses" in plain.output and load(other).organisation.people == 500


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--renewal", "hosts"], "host"),
        (["--people", "0"], "expected a whole number of at least 1"),
        (["--token", "soon"], "a duration such as"),
        (["--check-time", "3s", "--check-p95", "1s"], "above the median"),
        (["--revalidates", "account,permit"], "permission"),
    ],
)
def test_a_wrong_option_is_named(tmp_path: Path, args: list[str], said: str) -> None:
    done, path = _new(tmp_path, *args)
    assert done.exit_code == 2
    assert args[0] in done.output.splitlines()[-1] or "--check-p95" in done.output
    assert said in done.output
    assert not path.exists()


@pytest.mark.parametrize("renewal", ["page", "sliding", "host", "host_each", "app"])
def test_whatever_is_answered_loads(tmp_path: Path, renewal: str) -> None:
    for webhook, rate in itertools.product(("none", "30s"), ("none", "5")):
        done, path = _new(tmp_path, "--renewal", renewal, "--webhook", webhook, "--rate-limit", rate)  # fmt: skip
        assert done.exit_code == 0, done.output
        assert load(path).warnings == ()


@pytest.mark.parametrize("people", ["12", "500"])
def test_the_rarest_cause_has_persons_enough(tmp_path: Path, people: str) -> None:
    """The verdict of the file says so, which counts them in the runs."""
    _, path = _new(tmp_path, "--people", people)
    found = load(path)
    assert found.run.replications < MOST_REPLICATIONS
    compared = compare(found, [found.strategies["today"]], workers=1)
    rarest = verdict_of(compared, second=False).rarest
    assert rarest is not None and rarest.enough, rarest

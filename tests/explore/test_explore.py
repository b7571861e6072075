"""The explorer: the numbers of the tables, a loopback server, and controls that work in a real browser."""

import html
import http.client
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support import browser

import sim
from sim.cli import main
from sim.explore import page_of
from sim.explore.points import data_of
from sim.explore.server import server_of
from sim.results.store import read_study
from sim.verdict import cells_text
from sim.verdict.store import read_verdict
from sim.verdict.words import headline

MORNING = """\
format = 1
title = "<script>alert(1)</script> {{ 7*7 }}"
question = "Which timeout?"
run = { seed = 1, horizon = "1h", drain = "20min", replications = 2 }
organisation = { people = 14, visits = { dist = "exponential", mean = "5min" } }
cases = { from = "10min", until = "50min", deactivation = { share = 0.5 }, logout = { share = 0.3 } }
[strategies.short_token]
[strategies.per_request]
[sweep]
"strategies.short_token.token.lifetime" = ["1min", "5min", "20min"]
"host.page_load.median" = ["10ms", "250ms"]
[goals]
auth_overhead_p95 = "50ms"
deactivation = { exposure_p95 = "10min" }
"""


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explore")
    (folder / "morning.toml").write_text(MORNING)
    args = ["sweep", str(folder / "morning.toml"), "--out", str(folder / "out"), "--workers", "1", "--quiet"]  # fmt: skip
    done = CliRunner().invoke(main, args)
    assert done.exit_code == 0, done.output
    return folder / "out"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compared")
    changes = {
        "organisation.people": 14, "run.horizon": "1h", "run.drain": "20min", "cases.from": "10min",
        "cases.until": "50min", "cases.deactivation": {"share": 0.5}, "cases.logout": {"share": 0.3},
    }  # fmt: skip
    scenario = sim.load("office").with_changes(changes)
    found = scenario.compare(["short_token", "sliding_token", "per_request"], replications=2, progress=False)  # fmt: skip
    found.save(str(folder))
    return folder


def test_points_of_a_comparison_are_its_results(study: Path) -> None:
    data, table = data_of(study), read_study(study)
    assert [p["strategy"] for p in data["points"]] == table.names
    for point in data["points"]:
        for key, (estimate, low, high) in point["figures"].items():
            metric, statistic, *cause = key.split(".")
            if cause == ["all"]:
                continue
            found = table.find(point["strategy"], metric, statistic, *cause)
            if found is None:
                assert estimate is None
                continue
            assert estimate == pytest.approx(found.value, rel=1e-5)
            assert (low is None) == (found.low is None)
            assert (high is None) == (found.high is None)
        for cause, bound in point["bound"].items():
            covers = table.causes if cause == "all" else [cause]
            assert (bound is not None) == all(table.covered(point["strategy"], c) for c in covers)


def test_all_cases_together_are_as_the_verdict_judged_them(study: Path) -> None:
    """A goal without a cause: the point of the page is the value of the row."""
    verdict = read_verdict(study)
    for point in data_of(study)["points"]:
        row = verdict.row(point["strategy"])
        (goal,) = [g for g in row.goals if g.key == "goals.exposure_p95"]
        value, low, _ = point["figures"]["exposure.p95.all"]
        assert value == (None if goal.value is None else pytest.approx(goal.value, rel=1e-5))
        assert low == (None if goal.low is None else pytest.approx(goal.low, rel=1e-5))
        assert point["open"] == cells_text(row.open)
        assert bool(point["failed"]) == (row.state != "ok")


def test_the_verdict_stands_on_top_and_the_picture_begins_with_the_goals(study: Path) -> None:
    page, verdict = page_of(study), read_verdict(study)
    assert html.escape(headline(verdict)) in page
    assert page.index('class="headline"') < page.index('id="controls"')
    with browser.chromium() as engine:
        file = study / "explore.html"
        file.write_text(page, encoding="utf-8")
        with browser.page(engine, file.as_uri(), 1400) as (opened, said, _):
            assert said == []
            assert opened.input_value("#cause") == "all"
            assert opened.input_value("#statistic") == "p95"
            assert opened.input_value("#goal-exposure") == "900"  # the stand-in
            assert opened.locator("svg .limit").count() == 2
            told = opened.text_content("#recommendation")
            if verdict.use is None:
                assert told.startswith("No setting of the file is shown to meet every goal")
            else:
                assert told.startswith(f"Use {verdict.use}")
            misses = dict(opened.evaluate("[...document.querySelectorAll('#table tbody tr')].map(r => [r.cells[0].textContent, r.cells[4].textContent])"))  # fmt: skip
            for row in verdict.rows:
                assert (misses[row.strategy] == "nothing") == (row.state == "ok")
            opened.fill("#goal-exposure", "100000")
            assert "by estimates" in opened.text_content("#recommendation")


def test_points_of_a_sweep_are_its_cells(sweep: Path) -> None:
    data = data_of(sweep)
    assert data["paths"]["strategies.short_token.token.lifetime"] == [60.0, 300.0, 1200.0]
    assert data["paths"]["host.page_load.median"] == [0.01, 0.25]
    names = [p["strategy"] for p in data["points"]]
    assert names.count("short_token") == 6
    assert names.count("per_request") == 2
    for point in data["points"]:
        lifetime = point["settings"].get("strategies.short_token.token.lifetime")
        assert (lifetime is None) == (point["strategy"] == "per_request")
        if lifetime is not None:
            assert point["bound"]["deactivation"] == lifetime
        assert (point["bound"]["logout"] is None) == (point["strategy"] == "per_request")


def test_the_page_is_one_file_and_escaped(sweep: Path) -> None:
    page = page_of(sweep)
    assert len(page.encode()) < 5_000_000
    assert page.count("<script") == 2  # the data and the program
    assert "&lt;script&gt;alert(1)" in page
    assert "{{ 7*7 }}" in page
    for word in ("fetch(", "@import", "XMLHttpRequest", "WebSocket", "sendBeacon"):
        assert word not in page
    assert not re.search(r'(?:src|href)="(?!data:,)', page)
    text = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert text is not None
    assert json.loads(text[1])["title"].startswith("<script>")


@pytest.fixture
def address(sweep: Path) -> Iterator[str]:
    server = server_of(page_of(sweep), 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_server_answers_on_loopback_and_to_its_own_name_only(address: str) -> None:
    def get(path: str, host: str) -> int:
        connection = http.client.HTTPConnection(address, timeout=10)
        connection.request("GET", path, headers={"Host": host})
        status = connection.getresponse().status
        connection.close()
        return status

    assert get("/", address) == 200
    assert get("/#x", "localhost:1") == 200 or get("/", "localhost:1") == 200
    assert get("/", "evil.example:80") == 403
    assert get("/../../etc/passwd", address) == 404


def test_a_folder_that_is_none_and_a_port_that_is_taken(tmp_path: Path, sweep: Path, address: str) -> None:  # fmt: skip
    done = CliRunner().invoke(main, ["explore", str(tmp_path), "--no-browser"])
    assert done.exit_code == 2
    assert "sweep" in done.output
    port = address.rpartition(":")[2]
    done = CliRunner().invoke(main, ["explore", str(sweep), "--no-browser", "--port", port])
    assert done.exit_code == 2
    assert "--port" in done.output


_MARKS = "[...document.querySelectorAll('.point')].map(g => g.getAttribute('aria-label'))"


def _slide(opened: Any, path: str, value: int) -> None:
    opened.locator(f'[id="set-{path}"]').evaluate(
        "(e, v) => { e.value = v; e.dispatchEvent(new Event('input', {bubbles: true})); }", value
    )


def test_controls_change_the_picture(address: str) -> None:
    with browser.chromium() as engine, browser.page(engine, f"http://{address}/", 1600) as (opened, said, asked):  # fmt: skip
        marks = opened.evaluate(_MARKS)
        assert len(marks) == 8
        assert opened.input_value("#goal-exposure") == "600"  # the scenario's goal
        told = opened.text_content("#recommendation")
        assert told.startswith(
            "By the longest lifetime, within these limits, by estimates: short_token"
        )
        assert "5 min" in told  # the longest lifetime that meets the goals
        _slide(opened, "strategies.short_token.token.lifetime", 1)
        moved = opened.evaluate(_MARKS)
        assert len(moved) == 4
        assert all("lifetime 1 min" in m or m.startswith("per_request") for m in moved)
        opened.uncheck("#strategy-per_request")
        assert all(m.startswith("short_token") for m in opened.evaluate(_MARKS))
        opened.fill("#goal-exposure", "0.001")
        assert opened.text_content("#recommendation").startswith(
            "No setting shown keeps these limits"
        )
        opened.select_option("#cause", "logout")
        assert "logout" in opened.text_content("#table caption")
        opened.check("#strategy-per_request")
        assert any("bound open" in m for m in opened.evaluate(_MARKS))
        opened.locator(".point").first.focus()
        assert "bound" in opened.text_content("#detail")
        kept = opened.url
        opened.goto("about:blank")
        opened.goto(kept)
        assert opened.input_value("#cause") == "logout"
        assert said == []
        assert all(url.startswith(f"http://{address}/") or url == "about:blank" for url in asked)


@pytest.mark.parametrize("width", [400, 1600])
def test_it_fits_and_shows_the_numbers_of_the_table(study: Path, tmp_path: Path, width: int) -> None:  # fmt: skip
    file = tmp_path / "explore.html"
    done = CliRunner().invoke(main, ["explore", str(study), "-o", str(file)])
    assert done.exit_code == 0
    with browser.chromium() as engine, browser.page(engine, file.as_uri(), width, width == 1600) as (opened, said, asked):  # fmt: skip
        assert said == []
        assert asked == [file.as_uri()]
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
        assert opened.locator("#picture svg").bounding_box()["width"] > 300
        shown = [p["strategy"] for p in data_of(study)["points"]]
        rows = opened.evaluate(
            "[...document.querySelectorAll('#table tbody th')].map(e => e.textContent)"
        )
        assert sorted(rows) == sorted(shown)

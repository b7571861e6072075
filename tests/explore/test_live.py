"""A scenario under one's fingers: every number a control, figures at once, the last wish first, guards, a real browser."""

import http.client
import json
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support import browser

from sim.cli import main
from sim.explore import worker
from sim.explore.changes import changed, mine
from sim.explore.clients import Client, Clients
from sim.explore.controls import controls_of
from sim.explore.live import live_server
from sim.explore.points import of_study
from sim.explore.screening import matters_most
from sim.results.experiment import compare
from sim.results.study import study_of
from sim.scenario import Scenario, ScenarioError, load, with_changes
from sim.scenario.keys import numbers_in
from sim.verdict import verdict_of

FILE = """\
format = 1
title = "A morning <b>"
question = "Which timeout?"
run = { seed = 1, horizon = "1h", drain = "20min", replications = 20 }
organisation = { people = 20, visits = { dist = "exponential", mean = "5min" } }
cases = { from = "10min", until = "50min", deactivation = { share = 0.5 }, logout = { share = 0.3 } }
[strategies.short_token]
[strategies.per_request]
[strategies.no_check]
[goals]
auth_overhead_p95 = "5s"
deactivation = { exposure_p95 = "6min" }
"""
LIFETIME = "strategies.short_token.token.lifetime"
CHECK = "host.check.median"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("live") / "morning.toml"
    path.write_text(FILE)
    return path


@pytest.fixture(scope="module")
def morning(file: Path) -> Scenario:
    return load(file)


# -- controls and changes ---------------------------------------------------------------------------


def test_every_number_of_a_scenario_has_a_control(morning: Scenario) -> None:
    paths = [control.path for control in controls_of(morning)]
    assert sorted(paths) == sorted(numbers_in(morning))
    assert len(paths) > 60
    for control in controls_of(morning):
        assert control.about
        assert control.low <= control.value <= control.high or control.value == 0


def test_the_ends_of_a_slider_are_values_of_the_scenario(morning: Scenario) -> None:
    """But where another number stands in the way (a start after an end, a case after the horizon, more shares than 1)."""
    refused = []
    for control in controls_of(morning):
        for value in (control.low, control.high):
            try:
                changed(morning, {control.path: round(value) if control.whole else value})
            except ScenarioError as error:
                refused.append((control.path, error.problems[0].message))
    assert [one for one in refused if "of at least" in one[1] or "at most 100000 d" in one[1]] == []
    assert len({path for path, _ in refused}) < 20


def test_shares_are_filled_up_and_a_law_keeps_its_shape(morning: Scenario) -> None:
    found = changed(morning, {"workload.kinds.read": 0.5, CHECK: 0.01})
    kinds = found.workload.kinds
    assert (kinds.read, kinds.write + kinds.admin) == (0.5, pytest.approx(0.5))
    assert kinds.write / kinds.admin == pytest.approx(12.0)
    assert found.host.check.p95 / found.host.check.median == pytest.approx(0.4 / 0.25)
    own = changed(morning, {CHECK: 0.01, "host.check.p95": 0.05})
    assert own.host.check.p95 == 0.05


def test_goals_are_changed_with_the_rest_and_taken_away_by_null(morning: Scenario) -> None:
    found = changed(morning, {"goals.deactivation.exposure_p95": 60, "goals.auth_overhead_p95": None, LIFETIME: 60})  # fmt: skip
    assert found.goals is not None and found.goals.deactivation is not None
    assert (found.goals.deactivation.exposure_p95_s, found.goals.auth_overhead_p95_s) == (60, None)
    assert found.strategies["short_token"].token.lifetime.expectation() == 60.0


@pytest.mark.parametrize(
    "changes",
    [
        {"run.nothing": 1},
        {"workload.log": "/etc/passwd"},
        {"strategies": {}},
        {"workload.kinds.read": 0.9, "workload.kinds.write": 0.9},
        {LIFETIME: -1},
        {f"x{n}": 1 for n in range(1000)},
    ],
)
def test_what_is_no_number_of_the_scenario_is_refused(morning: Scenario, changes: dict[str, Any]) -> None:  # fmt: skip
    with pytest.raises(ScenarioError):
        changed(morning, changes)


def test_a_change_runs_only_the_strategies_that_it_concerns(morning: Scenario) -> None:
    short, per_request = morning.strategies["short_token"], morning.strategies["per_request"]
    assert mine(short, {CHECK: 1, LIFETIME: 60}, (CHECK, LIFETIME)) == ((LIFETIME, 60),)
    assert mine(per_request, {CHECK: 1, LIFETIME: 60}, (CHECK, LIFETIME)) == ((CHECK, 1),)


def test_the_numbers_that_matter_most_are_found(morning: Scenario) -> None:
    """A lifetime moves its window, the host's check the price of asking; what the study is made of is no input."""
    with ThreadPoolExecutor(1) as pool:
        found = matters_most(morning, lambda share: None, pool)
    assert len(found) == 10
    assert {LIFETIME, CHECK} <= set(found)
    assert not [path for path in found if path.startswith(("run.", "cases.deactivation"))]


# -- the worker -------------------------------------------------------------------------------------


def _documents(client: Client, changes: dict[str, Any], until: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:  # fmt: skip
    job, found, number = client.ask(changes), [], 0
    while not (found and until(found[-1])):
        news = client.news(number, 60.0)
        assert news is not None
        number = news["number"]
        if news.get("job") == job:
            found.append(news)
    return found


@pytest.fixture(scope="module")
def client(file: Path) -> Iterator[Client]:
    client = Client(str(file))
    yield client
    client.close()


def test_its_last_figures_are_those_of_compare_and_intervals_tighten(client: Client, morning: Scenario) -> None:  # fmt: skip
    changes = {LIFETIME: 120.0, "goals.auth_overhead_p95": 0.5}
    found = _documents(client, changes, lambda d: d["done"])
    assert [d["stage"] for d in found] == sorted({d["stage"] for d in found})
    last = found[-1]
    assert last["stage"] == last["most"] == 20
    world = changed(morning, changes)
    compared = compare(world, workers=1)
    verdict = verdict_of(compared, second=False)
    assert last["data"] == json.loads(json.dumps(of_study(study_of(compared), verdict)))
    assert verdict.rows[0].strategy in last["verdict"]
    seen = {d["stage"]: d["data"]["points"][0]["figures"] for d in found}
    early, late = min(s for s in seen if s > 1), 20
    for figures in ("auth_overhead.mean", "response.mean"):
        width = [seen[stage][figures][2] - seen[stage][figures][1] for stage in (early, late)]
        assert width[1] < width[0]


def test_a_newer_wish_drops_the_older_at_once(client: Client) -> None:
    """A wish for a whole city is given up: what is asked next is answered long before it could have ended."""
    client.ask({"organisation.people": 2000, "workload.think.mean": 0.1, "organisation.visits.mean": 10.0})  # fmt: skip
    time.sleep(0.3)
    found = _documents(client, {LIFETIME: 90.0}, lambda d: "stage" in d)
    assert found[0]["data"]["points"]


def test_what_cannot_be_is_said_and_the_next_wish_answered(client: Client) -> None:
    (said,) = _documents(client, {"cases.from": 40_000.0}, lambda d: "error" in d)
    assert "until" in said["error"]
    assert _documents(client, {}, lambda d: "stage" in d)[0]["data"]["points"]


# -- the server -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(file: Path, morning: Scenario) -> Iterator[str]:
    clients = Clients(str(file))
    server = live_server(morning, clients, 0, str(file))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    clients.close()
    thread.join()


def _send(address: str, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:  # fmt: skip
    connection = http.client.HTTPConnection(address, timeout=60)
    text = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    own = {"Host": address, "X-Lastclick": "1"} | {k.replace("_", "-"): v for k, v in headers.items()}  # fmt: skip
    connection.request(method, path, text, own)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


PAGE = "0123-4567-89ab"


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("GET", "/", None, {}, 200),
        ("GET", "/", None, {"Host": "evil.example:80"}, 403),
        ("GET", "/../../etc/passwd", None, {}, 404),
        ("GET", "/news?page=../x&after=0", None, {}, 400),
        ("POST", "/run", {"page": PAGE, "changes": {}}, {"Host": "evil.example:80"}, 403),
        ("POST", "/run", {"page": PAGE, "changes": {}}, {"Origin": "http://evil.example"}, 403),
        ("POST", "/run", {"page": PAGE, "changes": {}}, {"X_Lastclick": "0"}, 403),
        ("POST", "/run", {"page": "<script>", "changes": {}}, {}, 400),
        ("POST", "/run", {"page": PAGE}, {}, 400),
        ("POST", "/run", b"{" * 60_000, {}, 400),
        ("POST", "/run", b"x" * 70_000, {}, 400),
        ("POST", "/write", {"page": PAGE, "changes": {}}, {}, 404),
        ("POST", "/scenario", {"changes": {"run.nothing": 1}}, {}, 422),
    ],
)
def test_it_answers_its_own_page_only(served: str, method: str, path: str, body: Any, headers: dict[str, str], status: int) -> None:  # fmt: skip
    assert _send(served, method, path, body, **headers)[0] == status


def test_a_scenario_is_written_with_its_changes(served: str, morning: Scenario, tmp_path: Path) -> None:  # fmt: skip
    status, text = _send(served, "POST", "/scenario", {"changes": {LIFETIME: 90.0, CHECK: 0.02}})
    assert status == 200
    assert tomllib.loads(text.decode())["format"] == 1
    (tmp_path / "explored.toml").write_bytes(text)
    found = load(tmp_path / "explored.toml")
    assert found.id == with_changes(morning, {LIFETIME: 90.0, CHECK: 0.02, "host.check.p95": 0.032}).id  # fmt: skip


# -- a browser --------------------------------------------------------------------------------------


def _until(opened: Any, holds: Callable[[], bool], most_s: float = 60.0) -> None:
    end = time.monotonic() + most_s
    while not holds():
        assert time.monotonic() < end
        opened.wait_for_timeout(30)


@pytest.mark.parametrize(("width", "dark"), [(400, True), (1600, False)])
def test_it_is_moved_by_keyboard_undone_and_shared(served: str, width: int, dark: bool) -> None:
    with browser.chromium() as engine, browser.page(engine, f"http://{served}/", width, dark) as (opened, said, asked):  # fmt: skip
        _until(opened, lambda: opened.locator("#looking").count() == 0)
        assert opened.locator("#first .control").count() == 10
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
        assert opened.locator("svg .infeasible").count() >= 1
        assert opened.locator("svg .limit").count() >= 1
        before, verdict = opened.url, opened.text_content("#verdict")
        slider = opened.locator(f'[id="number-{LIFETIME}"]')
        slider.focus()
        for _ in range(60):
            opened.keyboard.press("ArrowLeft")
        opened.keyboard.press("Tab")
        own = f'.control:has([id="number-{LIFETIME}"])'
        assert "moved" in (opened.locator(own).get_attribute("class") or "")
        _until(opened, lambda: "1 change: 20 of 20" in opened.text_content("#status"))
        assert opened.text_content("#verdict") != verdict
        row = opened.locator("#verdict tr", has_text="short_token").text_content()
        assert opened.locator(f"{own} input[type=text]").input_value() in row
        shared = opened.url
        opened.locator("#undo").focus()
        opened.keyboard.press("Enter")
        _until(opened, lambda: "as in the file" in opened.text_content("#status"))
        assert opened.locator(f"{own} input[type=text]").input_value() == "5 min"
        assert "changes=%7B%7D" in opened.url and before != shared
        opened.goto("about:blank")
        opened.goto(shared)
        _until(opened, lambda: "1 change" in opened.text_content("#status"))
        opened.fill("#goal-overhead", "0.001")
        opened.keyboard.press("Tab")
        _until(opened, lambda: "2 changes" in opened.text_content("#status"))
        assert "1 µs" in opened.text_content("#verdict")
        assert said == []
        assert all(url.startswith((f"http://{served}/", "about:blank", "data:,")) for url in asked)


def test_what_is_typed_wrong_is_said_and_nothing_moves(served: str) -> None:
    with browser.chromium() as engine, browser.page(engine, f"http://{served}/", 1600) as (opened, said, _):  # fmt: skip
        own = f'.control:has([id="number-{LIFETIME}"]) input[type=text]'
        opened.fill("#find", "short_token: token lifetime")
        opened.fill(own, "soon")
        opened.keyboard.press("Enter")
        assert "expected a time" in opened.text_content("#status")
        _until(opened, lambda: "20 replications" in opened.text_content("#replications"))
        assert "expected a time" in opened.text_content("#status"), "results took its place"
        assert opened.locator(own).get_attribute("aria-invalid") == "true"
        opened.fill(own, "1min30s")
        opened.keyboard.press("Enter")
        _until(opened, lambda: "1 change" in opened.text_content("#status"))
        assert opened.locator(own).input_value() == "1 min 30 s"
        with opened.expect_download() as download:
            opened.click("#save")
        assert "lifetime = 90" in Path(download.value.path()).read_text()
        assert said == []


def test_one_busy_page_does_not_hold_up_another(served: str) -> None:
    """While one has wished for a city, the other's small wish is answered."""
    city = {"organisation.people": 2000, "workload.think.mean": 0.1, "organisation.visits.mean": 10.0}  # fmt: skip
    for page, changes in (("aaaaaaaa", city), ("bbbbbbbb", {LIFETIME: 61.0})):
        assert _send(served, "POST", "/run", {"page": page, "changes": changes})[0] == 200
    after = 0
    while True:
        status, text = _send(served, "GET", f"/news?page=bbbbbbbb&after={after}")
        news = json.loads(text)
        assert status == 200 and news is not None
        after = news["number"]
        if "stage" in news and news["data"]["points"][0]["bound"]["deactivation"] == 61.0:
            break
    _send(served, "POST", "/run", {"page": "aaaaaaaa", "changes": {}})


# -- the command ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nothing_here"], "no such file"),
        (["office", "-o", "x.html"], "--out"),
        (["office", "--set", "host.chek=1"], "--set"),
        (["office", "--set", "host.check.median=soon"], "a duration such as"),
        (["office", "--set", "cases.from=100h"], "until"),
    ],
)
def test_the_command_says_what_is_wrong(args: list[str], said: str) -> None:
    done = CliRunner().invoke(main, ["explore", "--no-browser", *args])
    assert done.exit_code == 2
    assert said in done.output


def test_stages_grow_to_what_the_file_asks_for(morning: Scenario) -> None:
    assert worker._stages(morning) == (1, 2, 4, 8, 16, 20)
    assert worker._stages(with_changes(morning, {"run.replications": 100}))[-1] == 100

"""Scenarios whose people come from a log: `fitted` follows its laws, `replayed` its visits, both its hours.

Random tests have fixed seeds and fail beyond 4.5 standard errors (7e-6 a comparison) or at 1e-6 (chi-square, KS).
"""

import math
import shutil
from collections import Counter
from itertools import count, islice
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from support import DATA
from support.logs import an_office_log, csv_of, put

from sim.cli import main
from sim.results.experiment import compare
from sim.scenario import Scenario, load
from sim.workload import plans
from sim.workload.fitting import Fit, fit_log
from sim.workload.logs.options import FitOptions
from sim.workload.plan import Plan

GATEWAY = DATA / "ezproxy_inist_sd_20121130.csv.gz"
ROWS = an_office_log(people=60, seed=8)


def scenario_from(folder: Path, log: Path, mode: str, more: str = "") -> Scenario:
    path = folder / f"{mode}.toml"
    path.write_text(
        f'format = 1\n[run]\nhorizon = "24h"\ndrain = "0s"\n'
        f'[organisation]\npeople = 40\nshift = {{ start = "0s", end = "24h" }}\n'
        f'[workload]\nlog = "{log}"\nmode = "{mode}"\n{more}[strategies.short_token]\n'
    )
    return load(str(path))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return put(tmp_path_factory.mktemp("log"), csv_of()(ROWS), "log.csv")


@pytest.fixture(scope="module")
def fit(log: Path) -> Fit:
    return fit_log(log)


def some_plans(scenario: Scenario, people: int = 40) -> list[Plan]:
    maker = plans(scenario)
    return [maker(17, 0, person, 0) for person in range(people)]


def loads_of(plan: Plan, visit: int) -> list[float]:
    """The think times of one visit, in order: turns and clicks."""
    first_page = visit * 1000
    thinks: list[float] = []
    for page in range(int(plan.pages(visit))):
        if page:
            thinks.append(plan.turn_s(visit, page, first_page + page))
        for click in range(int(plan.requests(visit, page, first_page + page))):
            thinks.append(plan.think_s(visit, page, click, (first_page + page) * 100 + click))
    return thinks


def distance(a: np.ndarray, b: np.ndarray) -> float:
    from scipy.stats import ks_2samp

    return float(ks_2samp(a, b).statistic)


def test_fitted_think_times_follow_the_log(tmp_path: Path, log: Path, fit: Fit) -> None:
    drawn = np.array(
        [
            plan.think_s(0, 0, 0, i)
            for plan in some_plans(scenario_from(tmp_path, log, "fitted"))
            for i in range(200)
        ]
    )
    # joined quantiles of a whole-second clock: a step of the sample, and what 8,000 draws may differ
    step = max(Counter(fit.think_s).values()) / len(fit.think_s)
    assert distance(drawn, fit.think_s) < step + 2.63 / math.sqrt(len(drawn)) + 1 / 40
    error = drawn.std() / math.sqrt(len(drawn))
    assert abs(drawn.mean() - fit.think_s.mean()) < 4.5 * error + 0.005 * fit.think_s.mean()


def test_fitted_counts_and_kinds_follow_the_log(tmp_path: Path, log: Path, fit: Fit) -> None:
    people = some_plans(scenario_from(tmp_path, log, "fitted"))
    pages = np.array([plan.pages(v) for plan in people for v in range(100)])
    per_visit = np.add.reduceat(fit.visits.is_page.astype(float), fit.visits.first_load[:-1])
    error = pages.std() / math.sqrt(len(pages))
    assert abs(pages.mean() - per_visit.mean()) < 4.5 * error + 0.02 * per_visit.mean()
    kinds = np.array([plan.kind(0, 0, 0, i) for plan in people for i in range(200)])
    expected = fit.tables["kinds"]["write"]
    error = math.sqrt(expected * (1 - expected) / len(kinds))
    assert abs((kinds == 1).mean() - expected) < 4.5 * error


def test_replayed_visits_are_those_of_the_log(tmp_path: Path, log: Path, fit: Fit) -> None:
    visits = fit.visits
    known = Counter(
        tuple(visits.think_s[a + 1 : b].tolist())
        for a, b in zip(visits.first_load, visits.first_load[1:], strict=False)
    )
    chosen = Counter(
        tuple(loads_of(plan, visit))
        for plan in some_plans(scenario_from(tmp_path, log, "replayed"), 200)
        for visit in range(20)
    )
    assert set(chosen) <= set(known)
    # each with its share: chi-square at 1e-6
    from scipy.stats import chi2

    n, total = sum(chosen.values()), len(visits)
    terms = [(chosen[v] - n * k / total) ** 2 / (n * k / total) for v, k in known.items()]
    assert sum(terms) < chi2.isf(1e-6, len(known) - 1)


def test_replay_keeps_what_goes_together(tmp_path: Path) -> None:
    """Busy visits of quick clicks and slow short ones: laws drawn apart mix them, replay does not."""
    lines = ["ts,user,path"]
    for person in range(40):
        quick = person % 2 == 0
        for i in range(30 if quick else 4):
            at_s = 1_718_000_000 + person + i * (5 if quick else 400)
            lines.append(f"{at_s},u{person},/{i}")
    log = put(tmp_path, "\n".join(lines))

    def mixed(mode: str) -> float:
        found = [
            len(set(loads_of(plan, visit))) > 1
            for plan in some_plans(scenario_from(tmp_path, log, mode))
            for visit in range(5)
        ]
        return sum(found) / len(found)

    assert mixed("replayed") == 0.0
    assert mixed("fitted") > 0.5


@pytest.mark.parametrize("mode", ["fitted", "replayed"])
def test_visits_come_by_the_hours_of_the_log(
    mode: str, tmp_path: Path, log: Path, fit: Fit
) -> None:
    """Start hours of visits without length against the daily weights: chi-square at 1e-6."""
    from scipy.stats import chi2

    counts = np.zeros(24)
    for plan in some_plans(scenario_from(tmp_path, log, mode), 300):
        now_s = 0.0
        for visit in count():
            now_s += plan.pause_s(now_s, visit)
            if now_s >= 5 * 86_400:
                break
            counts[int(now_s // 3600) % 24] += 1
    expected = counts.sum() * np.array(fit.daily) / 24
    busy = expected > 0
    assert counts[~busy].sum() == 0
    assert ((counts - expected)[busy] ** 2 / expected[busy]).sum() < chi2.isf(1e-6, busy.sum() - 1)


@pytest.mark.parametrize("mode", ["fitted", "replayed"])
def test_a_comparison_from_a_log_is_the_same_for_any_number_of_workers(
    mode: str, tmp_path: Path, log: Path
) -> None:
    scenario = scenario_from(tmp_path, log, mode)
    one, two = (compare(scenario, replications=2, workers=workers) for workers in (1, 2))
    assert one.figures == two.figures
    clicks = next(
        f.n for f in one.figures if (f.metric, f.statistic, f.of) == ("response", "mean", None)
    )
    assert clicks > 100


def test_the_id_is_of_the_log_and_not_of_its_place(tmp_path: Path, log: Path) -> None:
    moved = tmp_path / "moved.csv"
    shutil.copy(log, moved)
    changed = put(tmp_path, csv_of()(ROWS[:-1]), "changed.csv")
    ids = [scenario_from(tmp_path, path, "fitted").id for path in (log, moved, changed)]
    assert ids[0] == ids[1] != ids[2]
    assert scenario_from(tmp_path, log, "replayed").id != ids[0]
    options = 'log_options = { session_gap = "10min" }\n'
    assert scenario_from(tmp_path, log, "fitted", options).id != ids[0]


def test_a_scenario_may_name_a_folder_or_a_glob(tmp_path: Path, log: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    for number in range(2):
        put(folder, csv_of()(ROWS[number::2]), f"{number}.csv")
    whole = fit_log(log)
    ids = set()
    for name in (folder, f"{folder}/*.csv"):
        scenario = scenario_from(tmp_path, Path(name), "fitted")
        assert fit_log(str(scenario.workload.log)).tables == whole.tables
        ids.add(scenario.id)
    assert len(ids) == 1
    put(folder, csv_of()(ROWS[:-3:2]), "0.csv")
    assert scenario_from(tmp_path, folder, "fitted").id not in ids


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('log = "none.csv"\nmode = "fitted"\n', "none.csv"),
        ('mode = "fitted"\n', "go together"),
        ('log = "log.csv"\n', "go together"),
        ('log = "log.csv"\nmode = "fited"\n', "replayed"),
        ('log = "log.csv"\nmode = "fitted"\nlog_options = { sesion_gap = "1h" }\n', "session_gap"),
        ('log = "log.csv"\nmode = "fitted"\nlog_options = { time_zone = "Paris" }\n', "time zone"),
        ('log = "broken.csv"\nmode = "replayed"\n', "no log in a known form"),
    ],
)
def test_a_log_that_cannot_be_used_is_an_error_of_the_scenario(
    text: str, words: str, tmp_path: Path, log: Path
) -> None:
    shutil.copy(log, tmp_path / "log.csv")
    (tmp_path / "broken.csv").write_text("not a log\n")
    path = tmp_path / "s.toml"
    path.write_text("format = 1\n[workload]\n" + text)
    for command in (["validate"], ["compare", "--quiet"]):
        done = CliRunner().invoke(main, [*command, str(path)])
        assert done.exit_code == 2, done.output
        assert words in done.stderr
        assert "s.toml" in done.stderr
        assert "Traceback" not in done.output


@pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real logs is not here")
@pytest.mark.parametrize("mode", ["fitted", "replayed"])
def test_a_real_log_is_followed(mode: str, tmp_path: Path) -> None:
    """Think times of a day of a gateway; neither exponential nor lognormal comes as near."""
    fit = fit_log(GATEWAY, FitOptions(time_zone="Europe/Paris"))
    more = 'log_options = { time_zone = "Europe/Paris" }\n'
    people = some_plans(scenario_from(tmp_path, GATEWAY, mode, more), 300)

    def thinks(plan: Plan) -> list[float]:
        return [t for visit in range(12) for t in loads_of(plan, visit)]

    drawn = np.array([t for plan in people for t in islice(thinks(plan), 200)])
    assert distance(drawn, fit.think_s) < 0.06
    # visits are drawn whole, so think times of one visit go together: the error is that of persons
    means = np.array([np.mean(thinks(plan) or [0]) for plan in people])
    assert means.mean() > 0
    limit = 0.15 if mode == "replayed" else 0.05
    assert drawn.mean() == pytest.approx(fit.think_s.mean(), rel=limit)

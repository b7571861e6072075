"""Figures show the numbers of the tables; the notebook's comparison shows those of the command line."""

import html
import math
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from support import ROOT

import sim
from sim.basics.names import UnknownName
from sim.basics.statistics import Estimate
from sim.basics.wording import about
from sim.cli import main
from sim.face.comparison import Comparison
from sim.model.causes import CAUSES
from sim.plot import Picture, Plots, Shown, sweep_lines, sweep_surface, sweep_tornado
from sim.plot.curves import lines
from sim.plot.matrix import cell_texts
from sim.plot.style import COLOURS
from sim.plot.survival import longer_share
from sim.plot.tradeoff import Point, front, points
from sim.results import experiment, tables

BUSY_MORNING = {
    "organisation.people": 24,
    "run.horizon": "2h",
    "run.drain": "30min",
    "organisation.visits": {"dist": "exponential", "mean": "10min"},
    "cases.from": "20min",
    "cases.until": "110min",
    "cases.deactivation": {"share": 0.5},
    "cases.logout": {"share": 0.2},
}
NAMES = ["no_check", "short_token", "sliding_token", "per_request", "allowlist_webhook", "layered"]


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    scenario = sim.load("office").with_changes(BUSY_MORNING)
    return scenario.compare(NAMES, replications=2, progress=False)


def test_survival_curves_are_the_shares_of_the_cases(comparison: Comparison) -> None:
    picture = comparison.plot.survival("deactivation")
    drawn = {}
    for ax in picture.axes:
        for line in ax.get_lines():
            drawn.update(
                dict.fromkeys(str(line.get_label()).replace(" (open)", "").split(", "), line)
            )
    cases = comparison.cases
    for name in NAMES:
        mine = cases[(cases["strategy"] == name) & (cases["cause"] == "deactivation")]
        x, y = drawn[name].get_data()
        for t, share in list(zip(x, y, strict=True))[:: len(x) // 9]:
            exact = float((mine["exposure_s"] > t).mean())
            assert abs(exact - share) < 0.02  # curves nearer than that share a line


def test_points_of_the_tradeoff_are_the_means_of_the_results(comparison: Comparison) -> None:
    results = comparison.results.set_index(["strategy", "metric", "statistic", "cause"])
    for point in points(comparison.study, "deactivation"):
        exposure = results.loc[(point.name, "exposure", "mean", "deactivation")]
        exposure = exposure[exposure["of"].isna()].iloc[0]
        assert point.exposure.value == exposure["estimate"]
        assert (point.exposure.low, point.exposure.high) == (exposure["low"], exposure["high"])
    picture = comparison.plot.exposure_against_overhead("deactivation")
    marks = {
        (float(x), float(y))
        for line in picture.axes[0].get_lines()
        if line.get_marker() not in ("None", "_", "|")
        for x, y in zip(*line.get_data(), strict=True)
    }
    covered = [p for p in points(comparison.study, "deactivation") if p.covered]
    assert {(p.overhead.value * 1e3, p.exposure.value) for p in covered} <= marks


def test_front_keeps_what_nothing_beats() -> None:
    def point(name: str, overhead: float, exposure: float, covered: bool = True) -> Point:
        return Point(name, "token", Estimate(overhead, None, None, 1), Estimate(exposure, None, None, 1), covered)  # fmt: skip

    every = [point("a", 1, 9), point("b", 2, 5), point("c", 3, 6), point("d", 4, 1), point("e", 0, 0, False)]  # fmt: skip
    assert [p.name for p in front(every)] == ["a", "b", "d"]
    # what no host can do today, or is open elsewhere, is no part of it
    every += [
        replace(point("f", 0, 0), hypothetical=True),
        replace(point("g", 0, 0), elsewhere=("logout",)),
    ]
    assert [p.name for p in front(every)] == ["a", "b", "d"]
    assert [p.label for p in front(every[-2:-1])] == ["f (hypothetical)"]


def test_matrix_cells_are_the_coverage(comparison: Comparison) -> None:
    axes = comparison.plot.coverage_matrix().axes[0]
    texts = [" ".join(text.get_text().split()) for text in axes.texts]
    for cell in comparison.coverage:
        if cell.of is None:
            assert any(text.startswith(cell.said) for text in texts)
            assert cell_texts(comparison.study, cell.strategy, cell.cause)[0] == cell.said


def test_an_open_curve_stays_flat_to_the_edge_with_a_mark_where_the_run_ended(
    comparison: Comparison,
) -> None:
    (ax,) = comparison.plot.survival("logout", ["per_request"]).axes
    curve = next(x for x in ax.get_lines() if str(x.get_label()).startswith("per_request"))
    cases = comparison.cases
    mine = cases[(cases["strategy"] == "per_request") & (cases["cause"] == "logout")]
    _, y = curve.get_data()
    assert math.isclose(float(y[-1]), mine["censored"].mean())  # type: ignore[index]
    assert mine["censored"].any()
    (mark,) = [x for x in ax.get_lines() if x.get_marker() == "|"]
    ended_s = mine.loc[mine["censored"], "exposure_s"].min()
    assert float(mark.get_xdata()[0]) == ended_s  # type: ignore[index]
    assert f"{len(mine)} persons" in ax.get_xlabel()


def test_each_curve_has_a_band_also_where_it_is_at_0(comparison: Comparison) -> None:
    (ax,) = comparison.plot.survival("deactivation", ["per_request"]).axes
    (band,) = ax.collections
    assert band.get_paths()[0].get_extents().ymax > 0


def test_the_comparison_shows_the_worst_cause_that_is_ended_and_what_is_open_elsewhere(
    comparison: Comparison,
) -> None:
    study = comparison.study
    for point in points(study, None):
        ended = [c for c in study.causes if study.covered(point.name, c)]
        means = [e.value for c in ended if (e := study.find(point.name, "exposure", "mean", c))]
        assert point.covered == bool(ended)
        assert set(point.elsewhere) == set(study.causes) - set(ended)
        if ended:
            assert point.exposure.value == max(means)
    texts = [text.get_text() for text in comparison.plot.exposure_against_overhead().axes[0].texts]
    assert any(text.startswith("per_request [L]") for text in texts)


def test_response_curve_passes_the_quantiles_of_the_results(comparison: Comparison) -> None:
    axes = comparison.plot.response_times(strategies=["per_request"]).axes[0]
    line = next(x for x in axes.get_lines() if x.get_label() == "per_request")
    for statistic, share in (("p50", 0.5), ("p95", 0.05), ("p99", 0.01)):
        found = comparison.study.find("per_request", "response", statistic)
        assert found is not None
        x, y = (np.asarray(values, dtype=float) for values in line.get_data())
        at = float(np.exp(np.interp(np.log(share), np.log(y[::-1]), np.log(x[::-1]))))
        assert math.isclose(at, found.value, rel_tol=0.07)  # a bin is 6 % wide


def test_load_curve_has_the_mean_of_the_results(comparison: Comparison) -> None:
    axes = comparison.plot.host_load(["per_request"]).axes[0]
    values = axes.patches[0].get_data().values  # type: ignore[attr-defined]
    found = comparison.study.find("per_request", "host_calls")
    assert found is not None
    assert math.isclose(float(np.mean(values)), found.value, rel_tol=1e-9)


def test_timeline_marks_each_accepted_click(comparison: Comparison) -> None:
    picture = comparison.timeline(["no_check", "per_request"], "deactivation")
    counts = picture.alt.split(": ")[1].split(" clicks get through under no_check, ")
    marks = sum(
        len(line.get_xdata())  # type: ignore[arg-type]
        for line in picture.axes[0].get_lines()
        if (line.get_marker() in ("o", "D", "^") and not str(line.get_label()).endswith("accepted"))
        or (str(line.get_label()).startswith("_") and line.get_marker() in ("o", "D", "^"))
    )
    assert marks == int(counts[0])
    assert counts[1].startswith("none under per_request")


@pytest.mark.parametrize("ending", ["svg", "pdf", "png"])
def test_a_picture_is_saved_the_same_twice(comparison: Comparison, ending: str, tmp_path: Path) -> None:  # fmt: skip
    picture = comparison.plot.survival()
    files = [tmp_path / f"{n}.{ending}" for n in "ab"]
    for file in files:
        picture.save(file)
    assert files[0].read_bytes() == files[1].read_bytes()
    with pytest.raises(ValueError, match=r"\.svg, \.pdf or \.png"):
        picture.save(tmp_path / "a.gif")


def test_every_figure_names_its_finding_and_units(comparison: Comparison) -> None:
    plots = comparison.plot
    for picture in (
        plots.survival(), plots.exposure_against_overhead(), plots.response_times(), plots.host_load(),
    ):  # fmt: skip
        ax = picture.axes[0]
        assert len(ax.get_title(loc="left")) > 20
        assert picture.axes[-1].get_xlabel()
        assert ax.get_ylabel()
        assert picture.alt.startswith(ax.get_title(loc="left").replace("\n", " ")[:20])
        assert picture._repr_png_().startswith(b"\x89PNG")


def test_curves_that_coincide_share_a_line_and_the_rest_is_told_apart() -> None:
    x = np.linspace(0, 1, 50)
    curves = {f"c{i}": x * i / 20 for i in range(12)} | {"twin": x * 0.0}
    grouped = lines(curves)
    assert grouped[0].names == ("c0", "twin")
    looks = {str(line.look) for line in grouped}
    assert len(looks) == len(grouped) == 12 > len(COLOURS)


def test_the_share_longer_counts_strictly() -> None:
    values = np.array([0.0, 1.0, 1.0, 4.0])
    assert longer_share(values, np.array([0.0, 1.0, 3.9, 4.0])).tolist() == [0.75, 0.25, 0.25, 0.0]


def test_the_notebook_shows_the_numbers_of_the_command_line(comparison: Comparison) -> None:
    plain = experiment.compare(
        comparison.scenario, list(comparison.strategies.values()), replications=2
    )
    assert plain.figures == comparison.figures
    shown = comparison._repr_html_()
    for head, rows in (tables.after_table(plain), tables.price_table(plain)):
        for cell in [*head, *(cell for row in rows for cell in row)]:
            assert f">{html.escape(cell)}<" in shown


def test_what_a_user_wrote_is_escaped_in_the_display(comparison: Comparison) -> None:
    titled = comparison.scenario.model_copy(update={"title": "<script>alert(1)</script>"})
    shown = sim.compare(titled, ["short_token"], replications=1, progress=False)._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_an_unknown_strategy_is_named_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="short_token"):
        sim.compare("office", ["shrt_token"], progress=False)


def test_an_estimate_is_read_with_its_interval(comparison: Comparison) -> None:
    text = comparison.estimate("per_request", "auth_overhead")
    assert text.split(" (")[0] == about(comparison.study.find("per_request", "auth_overhead").value)  # type: ignore[union-attr]
    with pytest.raises(KeyError):
        comparison.estimate("per_request", "exposure", cause="admin_loss")


def test_unknown_names_are_answered_with_the_nearest(comparison: Comparison) -> None:
    plot, study = comparison.plot, comparison.study
    asked: list[tuple[str, Callable[[], object]]] = [
        ("logout", lambda: plot.survival("logut")),
        ("logout", lambda: plot.exposure_against_overhead("logut")),
        ("logout", lambda: comparison.timeline(cause="logut")),
        ("per_request", lambda: plot.survival("logout", ["per_reqest"])),
        ("per_request", lambda: plot.coverage_matrix(["per_reqest"])),
        ("per_request", lambda: plot.response_times(strategies=["per_reqest"])),
        ("per_request", lambda: plot.host_load(["per_reqest"])),
        ("auth_overhead", lambda: plot.response_times("auth_overhed")),
        ("per_request", lambda: study.find("per_reqest", "exposure")),
        ("exposure", lambda: study.find("per_request", "exposre")),
        ("mean", lambda: study.find("per_request", "exposure", "men")),
        ("logout", lambda: study.find("per_request", "exposure", "mean", "logut")),
    ]
    for meant, ask in asked:
        with pytest.raises(UnknownName, match=f'did you mean "{meant}"'):
            ask()


def test_a_study_without_cases_says_so() -> None:
    none = {f"cases.{name}": {"share": 0} for name in CAUSES}
    quiet = sim.load("office").with_changes({"organisation.people": 5, **none})
    empty = quiet.compare(["short_token", "per_request"], replications=2, progress=False)
    with pytest.raises(ValueError, match="no case"):
        empty.plot.survival()
    with pytest.raises(ValueError, match="no case"):
        empty.plot.exposure_against_overhead()
    assert isinstance(empty.plot.response_times(), Picture)
    assert "no_check" not in empty._repr_html_()


def test_an_editor_sees_the_types(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    file = tmp_path / "typed.py"
    file.write_text(
        "import sim\n"
        'result = sim.load("office").compare(["short_token"], replications=1)\n'
        "reveal_type(result.results)\nreveal_type(result.plot.survival())\nreveal_type(sim.load)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "", "--follow-imports=silent", str(file)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    said = done.stdout
    assert "DataFrame" in said
    assert "Picture" in said
    assert "Scenario" in said
    assert "Any" not in said.replace("Any |", "")


def test_plots_take_any_study(comparison: Comparison) -> None:
    assert Plots(comparison.study).survival().alt == comparison.plot.survival().alt


def sweep_rows() -> pd.DataFrame:
    """A sweep of two paths whose mean exposure is the first path times (1 + the second)."""
    rows = [
        {
            "strategy": "short_token", "a.lifetime": x, "a.loss": y, "metric": "exposure", "statistic": "mean",
            "cause": "deactivation", "of": None, "unit": "s", "estimate": x * (1 + y), "low": x * 0.9, "high": x * 1.2,
        }
        for x in (60.0, 300.0, 3600.0)
        for y in (0.0, 0.1, 0.5)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_figures_of_a_sweep_show_its_rows() -> None:
    rows = sweep_rows()
    line = sweep_lines(rows, "a.lifetime", at={"a.loss": 0.5}).axes[0].get_lines()[0]
    x, y = line.get_data()
    assert list(x) == [60.0, 300.0, 3600.0]
    assert list(y) == [90.0, 450.0, 5400.0]
    surface = sweep_surface(rows, "a.lifetime", "a.loss", "short_token").axes[0]
    assert [t.get_text() for t in surface.texts][:3] == ["1 min", "5 min", "1 h"]
    bars = sweep_tornado(rows, ["a.lifetime", "a.loss"], "short_token")
    widths = [abs(p.get_width()) for p in bars.axes[0].patches]  # type: ignore[attr-defined]
    # at loss 0.1 the base is 330 s; the lifetime moves it from 66 s to 3,960 s, the loss from 300 s to 450 s
    assert np.allclose(sorted(widths), sorted([330 - 66, 3960 - 330, 330 - 300, 450 - 330]))
    with pytest.raises(ValueError, match="no mean exposure"):
        sweep_lines(rows, "a.lifetime", Shown(cause="logout"))


def test_a_swept_path_of_less_than_a_decade_is_drawn_as_its_numbers_are() -> None:
    rows = sweep_rows()
    rows = rows[rows["a.lifetime"] < 600].drop(columns="a.loss").drop_duplicates("a.lifetime")
    rows["a.count"] = rows.pop("a.lifetime") / 60
    ax = sweep_lines(rows, "a.count").axes[0]
    assert (ax.get_xscale(), ax.get_yscale(), ax.get_ylim()[0]) == ("linear", "linear", 0.0)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "5"]
    assert {"0 s", "1 min", "5 min"} <= {label.get_text() for label in ax.get_yticklabels()}
    assert "log scale" not in ax.get_xlabel() + ax.get_ylabel()


def test_the_command_writes_the_figures(comparison: Comparison, tmp_path: Path) -> None:
    comparison.save(str(tmp_path / "out"))
    args = ["figures", str(tmp_path / "out"), "--out", str(tmp_path / "figures")]
    done = CliRunner().invoke(
        main, [*args, "--format", "png", "--only", "coverage", "--only", "load"]
    )
    assert done.exit_code == 0, done.output
    made = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert made == ["coverage.png", "load.png"]
    done = CliRunner().invoke(main, [*args, "--only", "coverag"])
    assert done.exit_code == 2
    assert "coverage" in done.output


@pytest.mark.parametrize("seed", ["1", "2"])
def test_a_page_is_the_same_in_every_process(
    comparison: Comparison, seed: str, tmp_path: Path
) -> None:
    # what Python orders by hashes changes with the process: more than seven curves are spread over panels, others grey
    many = [*NAMES, "long_token", "allowlist", "cached_check", "pushed_denylist"]
    drawn = (
        sim.load("office").with_changes(BUSY_MORNING).compare(many, replications=1, progress=False)
    )
    drawn.save(tmp_path / "study")
    code = "import sys; from pathlib import Path; from sim.results.store import read_study; from sim.plot import Plots"
    code += "; print(Plots(read_study(Path(sys.argv[1]))).survival('deactivation').svg())"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "study")], cwd=ROOT, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONHASHSEED": seed},
    )  # fmt: skip
    assert done.stdout.strip() == drawn.plot.survival("deactivation").svg().strip()

"""The review page: complete, self-contained, escaped, the numbers of the command line, sound in a real browser."""

import html
import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support import browser

import sim
from sim.cli import main
from sim.face.comparison import Comparison
from sim.recommendation import words
from sim.report import render
from sim.report import tables as report_tables
from sim.report.checklist import checklist
from sim.report.checks import checks
from sim.report.levers import levers
from sim.results import tables
from sim.results.harm import PRICE, REPAIR, kinds_table, repair_table
from sim.results.store import read_study
from sim.scenario import with_changes
from sim.verdict import cells_text
from sim.verdict.words import headline, paragraph

ADVISED = ("recommendation", "sensitivity")
HOSTILE = "<script>alert('x')</script> & \"quotes\" ]]> {{ 7*7 }}"
BUSY_MORNING = {
    "organisation.people": 24,
    "run.horizon": "2h",
    "run.drain": "30min",
    "organisation.visits": {"dist": "exponential", "mean": "10min"},
    "cases.from": "20min",
    "cases.until": "110min",
    "cases.deactivation": {"share": 0.4},
    "cases.logout": {"share": 0.2},
    "goals": {"exposure_max": "5min", "auth_overhead_p95": "1s"},
}


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    scenario = sim.load("office").with_changes(BUSY_MORNING)
    names = ["short_token", "sliding_token", "per_request", "layered"]
    scenario = scenario.model_copy(
        update={"title": HOSTILE, "question": "Which timeout? " + HOSTILE}
    )
    scenario._raw["title"] = HOSTILE
    return scenario.compare(names, replications=2, progress=False)


@pytest.fixture(scope="module")
def folder(comparison: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("results")
    comparison.save(str(path))
    return path


@pytest.fixture(scope="module")
def html_file(folder: Path) -> Path:
    done = CliRunner().invoke(main, ["report", str(folder), "-o", str(folder / "review.html")])
    assert done.exit_code == 0, done.output
    return folder / "review.html"


@pytest.fixture(scope="module")
def page(html_file: Path) -> str:
    return html_file.read_text(encoding="utf-8")


class Outline(HTMLParser):
    """Tags, ids, headings and addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.levels: list[int] = []
        self.addresses: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if re.fullmatch(r"h[1-6]", tag):
            self.levels.append(int(tag[1]))
        self.addresses += [str(found[a]) for a in ("src", "href", "xlink:href", "action", "data") if found.get(a)]  # fmt: skip


def test_the_page_needs_nothing_outside(page: str) -> None:
    assert len(page.encode()) < 5_000_000
    outline = Outline(page)
    assert all(address.startswith("#") for address in outline.addresses)
    for word in ("fetch(", "@import", "XMLHttpRequest", "WebSocket", "EventSource", "sendBeacon"):
        assert word not in page
    assert not re.search(r"url\((?!#)", page)
    assert not [tag for tag, _ in outline.tags if tag in ("script", "iframe", "object", "link", "img")]  # fmt: skip


def test_what_a_user_wrote_is_escaped(page: str) -> None:
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "{{ 7*7 }}" in page


def test_the_page_is_an_outline_with_unique_ids_and_alternative_texts(page: str) -> None:
    outline = Outline(page)
    assert len(outline.ids) == len(set(outline.ids))
    assert outline.levels[0] == 1
    assert all(b - a <= 1 for a, b in zip(outline.levels, outline.levels[1:], strict=False))
    pictures = [attrs for tag, attrs in outline.tags if attrs.get("role") == "img"]
    assert len(pictures) >= 5
    assert all(len(str(attrs.get("aria-label"))) > 40 for attrs in pictures)
    for target in outline.addresses:
        assert target[1:] in outline.ids
    counts = {tag: sum(t == tag for t, _ in outline.tags) for tag in ("table", "caption")}
    assert counts["table"] == counts["caption"] >= 8


def test_the_tables_hold_the_numbers_of_the_command_line(comparison: Comparison) -> None:
    study = comparison.study
    assert report_tables.after(study).rows == tables.after_table(comparison)[1]
    assert report_tables.price(study).rows == tables.price_table(comparison)[1]


def test_all_sections_are_there(page: str, comparison: Comparison) -> None:
    for name in ("answer", "coverage", "figures", "numbers", "change", "validation", "assumptions", "parameters", "cite", "stress"):  # fmt: skip
        assert f'<section id="{name}"' in page
    assert comparison.scenario.id in page
    assert "@software{" in page
    assert "lastclick compare scenario.toml --seed" in page
    assert 'id="figure-timeline"' in page


def text_of(page: str, start: str, end: str) -> str:
    part = page[page.index(start) :]
    return " ".join(re.sub(r"<[^>]+>", " ", part[: part.index(end)]).split())


def test_the_verdict_stands_first_and_is_that_of_the_comparison(
    page: str, comparison: Comparison
) -> None:
    v = comparison.verdict
    assert v.use == "short_token"  # the only one here that is open nowhere
    section = text_of(page, '<section id="answer"', "</section>")
    shown = html.unescape(section)
    assert paragraph(v) in shown
    assert headline(v) in shown
    assert shown.index("Use short_token") < shown.index("per_request")
    for row in v.rows:
        for goal in row.goals:
            assert goal.shown in shown
    assert page.index('<section id="answer"') < page.index("<figure")
    assert any(lever.parameter == "host.check" for lever in levers(comparison.study))


def test_a_verdict_of_recommend_beside_stands_first_and_the_file_as_it_stands_below(
    folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    scenario = with_changes(sim.load(str(folder / "scenario.toml")), {})
    found = sim.recommend(scenario, ["short_token"], replications=2, max_replications=2, workers=1)
    document = words.document(found)
    document["scenario"]["id"] = read_study(folder).manifest["scenario"]["id"]
    (tmp_path / "recommendation.json").write_text(json.dumps(document))
    (tmp_path / "recommendation.txt").write_text("All of it.")
    done = CliRunner().invoke(main, ["report", str(tmp_path), "--no-timeline"])
    assert done.exit_code == 0, done.output
    shown = html.unescape(
        text_of((tmp_path / "review.html").read_text(), '<section id="answer"', "</section>")
    )
    assert (
        shown.index(headline(found.verdict))
        < shown.index("as they stand")
        < shown.index("per_request")
    )
    assert "All of it." in shown


def test_rollback_beside_egress_and_the_price_by_kind_are_on_the_page(
    page: str, comparison: Comparison
) -> None:
    assert REPAIR in page
    assert html.escape(PRICE) in page
    assert 'id="figure-rollback"' in page
    study = comparison.study
    names = study.ranked()
    assert report_tables.repair(study).rows == repair_table(comparison, names)[1]
    assert report_tables.kinds(study).rows == kinds_table(comparison, names)[1]


def test_a_decision_record_has_question_verdict_table_open_cells_assumptions_and_command(
    folder: Path, comparison: Comparison
) -> None:
    done = CliRunner().invoke(main, ["report", str(folder), "--format", "md"])
    assert done.exit_code == 0, done.output
    record = (folder / "decision.md").read_text(encoding="utf-8")
    heads = re.findall(r"^## (.+)$", record, flags=re.MULTILINE)
    assert heads == ["Question", "Decision", "The settings, judged", "What stays open", "What it rests on", "Assumptions", "How to repeat"]  # fmt: skip
    plain = record.replace("\\", "")
    assert paragraph(comparison.verdict) in plain
    assert "<script" not in re.sub(r"\\<", "", record)
    rows = [line for line in record.splitlines() if line.startswith("| ")]
    assert len(rows) == 2 + len(comparison.verdict.rows)
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {len(rows[0].split(" | ")) + 1}
    for row in comparison.verdict.rows:
        if row.open:
            assert f"- {row.strategy}: {cells_text(row.open)}" in plain
    assert "lastclick compare scenario.toml --seed" in record


def test_a_folder_without_a_verdict_says_what_writes_it(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / "verdict.json").unlink()
    done = CliRunner().invoke(main, ["report", str(tmp_path)])
    assert done.exit_code == 2
    assert "there is no verdict.json" in done.output
    (tmp_path / "verdict.json").write_text(
        (folder / "verdict.json")
        .read_text()
        .replace(read_study(folder).manifest["scenario"]["id"], "0123")
    )
    done = CliRunner().invoke(main, ["report", str(tmp_path)])
    assert done.exit_code == 2
    assert "is about scenario 0123" in done.output


def test_the_results_keep_their_laws_and_a_broken_one_is_seen(comparison: Comparison) -> None:
    study = comparison.study
    assert all(check.failed == 0 and check.tried > 0 for check in checks(study))
    broken = study.cases.copy()
    broken.loc[0, "last_click_s"] = broken.loc[0, "exposure_s"] + 1.0
    seen = checks(replace(study, cases=broken))
    assert seen[0].failed == 1


def test_the_checklist_has_every_item(comparison: Comparison) -> None:
    items = checklist(comparison.study, "Which?")
    assert [i.number for i in items] == [
        "1.1",
        "1.2",
        "1.3",
        "2.1",
        "2.2",
        "2.3",
        "2.4",
        "2.5.1",
        "2.5.2",
        "2.5.3",
        "2.5.4",
        "2.5.5",
        "3.1",
        "3.2",
        "3.3",
        "3.4",
        "4.1",
        "4.2",
        "4.3",
        "5.1",
        "5.2",
        "5.3",
        "5.4",
        "6.1",
    ]
    assert all(i.text for i in items)
    assert checklist(comparison.study, "")[0].status == "for the author"


def test_two_results_stand_side_by_side(comparison: Comparison) -> None:
    scenario = with_changes(
        comparison.scenario, {"host.check.median": "10ms", "host.check.p95": "20ms"}
    )
    other = sim.compare(scenario, ["short_token", "per_request"], replications=2, progress=False)
    shown = render(comparison.study, comparison.verdict, against=other.study)
    section = shown[shown.index('<section id="against"') :]
    section = section[: section.index("</section>")]
    assert "host.check" in section
    assert "median 10ms" in section
    row = section[section.index('<th scope="row">per_request</th>') :]
    row = row[: row.index("</tr>")]
    assert row.rstrip().endswith("*</td>")  # the overhead of a check is told apart
    same = render(comparison.study, comparison.verdict, against=comparison.study)
    section = same[same.index('<section id="against"') :]
    assert " *</td>" not in section[: section.index("</section>")]


def test_a_folder_that_is_none_gives_a_clear_error(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["report", str(tmp_path / "nowhere")])
    assert done.exit_code == 2
    assert "there is no manifest.json" in done.output


def test_results_whose_scenario_is_gone_still_make_a_page(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in folder.glob("*.parquet"):
        (copy / file.name).write_bytes(file.read_bytes())
    for name in ("manifest.json", "verdict.json"):
        (copy / name).write_bytes((folder / name).read_bytes())
    done = CliRunner().invoke(main, ["report", str(copy)])
    assert done.exit_code == 0
    assert "No timeline of a case" in (copy / "review.html").read_text(encoding="utf-8")
    assert read_study(copy).names == read_study(folder).names


_CONTRAST = """() => {
  const lum = c => { const v = c.match(/[\\d.]+/g).slice(0, 3).map(x => { x /= 255; return x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4; });
    return .2126 * v[0] + .7152 * v[1] + .0722 * v[2]; };
  const back = e => { for (; e; e = e.parentElement) { const b = getComputedStyle(e).backgroundColor; if (!/, 0\\)$|transparent/.test(b)) return b; } return "rgb(255, 255, 255)"; };
  const low = [];
  for (const e of document.querySelectorAll("p, h1, h2, h3, td, th, a, dt, dd, figcaption, caption, li, code, summary, label, button, output")) {
    if (!e.textContent.trim() || e.closest(".picture, .skip, [hidden]")) continue;
    const a = lum(getComputedStyle(e).color), b = lum(back(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) low.push(e.tagName + " " + ratio.toFixed(2) + " " + e.textContent.trim().slice(0, 30));
  }
  return low;
}"""


def test_in_a_browser(html_file: Path, tmp_path: Path) -> None:
    with browser.chromium() as engine:
        for width, dark in ((400, False), (1600, False), (1600, True)):
            with browser.page(engine, html_file.as_uri(), width, dark) as (opened, said, asked):
                assert said == []
                assert asked == [html_file.as_uri()]
                assert opened.evaluate("document.documentElement.scrollWidth") <= width
                assert opened.evaluate(_CONTRAST) == []
                wide: Any = opened.evaluate(
                    "[...document.querySelectorAll('.picture svg')].filter(s => s.checkVisibility()).map(s => s.getBoundingClientRect().height)"
                )
                assert len(wide) >= 5
                right: Any = opened.evaluate(
                    "Math.max(...[...document.querySelectorAll('.picture svg, .rows')].map(s => s.getBoundingClientRect().right))"
                )
                assert right <= width  # nothing is cut off
                assert min(wide) > 100
        with browser.page(engine, html_file.as_uri(), 1000) as (opened, _, _):
            opened.keyboard.press("Tab")
            assert opened.evaluate("document.activeElement.className") == "skip"
            opened.pdf(path=str(tmp_path / "p.pdf"), prefer_css_page_size=True)
    assert (tmp_path / "p.pdf").read_bytes().startswith(b"%PDF")


def advised_page(folder: Path, **changed: str) -> str:
    """The page of a folder in which other commands have written, but for what is changed: file name -> text."""
    identity = read_study(folder).manifest["scenario"]["id"]
    for name in ADVISED:
        document = {"scenario": {"id": identity}, "paragraph": f"Words of {name} & <b>."}
        (folder / f"{name}.json").write_text(json.dumps(document))
        (folder / f"{name}.txt").write_text(f"All of {name} <b>.\n")
    for name, text in changed.items():
        (folder / f"{name}.json").write_text(text)
    done = CliRunner().invoke(main, ["report", str(folder), "--no-timeline"])
    assert done.exit_code == 0, done.output
    return (folder / "review.html").read_text(encoding="utf-8")


def test_what_other_commands_found_is_on_the_page(folder: Path, page: str, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    advised = advised_page(tmp_path)
    for name in ADVISED:
        assert (
            f"Words of {name} &amp; &lt;b&gt;." in advised
            and f"All of {name} &lt;b&gt;." in advised
        )
    assert "Words of" not in page


def test_what_they_found_about_another_scenario_is_named_and_left_out(
    folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    other = json.dumps({"scenario": {"id": "0123"}, "paragraph": "Words."})
    advised = advised_page(tmp_path, recommendation=other, sensitivity="not JSON")
    assert "recommendation.json is about scenario 0123, not" in advised
    assert "sensitivity.json could not be read" in advised
    assert "Words" not in advised

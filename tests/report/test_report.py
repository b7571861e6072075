"""The review page: complete, self-contained, escaped, the numbers of the command line, sound in a real browser."""

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
from sim.report import render
from sim.report import tables as report_tables
from sim.report.answer import answer, levers
from sim.report.checklist import checklist
from sim.report.checks import checks
from sim.results import tables
from sim.results.store import read_study, write_comparison
from sim.scenario import with_changes

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
    write_comparison(comparison, path)
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


def test_the_answer_is_that_of_the_study(comparison: Comparison) -> None:
    found = answer(comparison.study)
    assert found.best == "short_token"  # the only one here that bounds every cause studied
    assert found.first.startswith("short_token guarantees")
    assert "per_request" in found.second
    assert "never notices logout" in found.second
    assert any(lever.parameter == "host.check" for lever in levers(comparison.study))


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
    shown = render(comparison.study, against=other.study)
    section = shown[shown.index('<section id="against"') :]
    section = section[: section.index("</section>")]
    assert "host.check" in section
    assert "median 10ms" in section
    row = section[section.index('<th scope="row">per_request</th>') :]
    row = row[: row.index("</tr>")]
    assert row.rstrip().endswith("*</td>")  # the overhead of a check is told apart
    same = render(comparison.study, against=comparison.study)
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
    (copy / "manifest.json").write_bytes((folder / "manifest.json").read_bytes())
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
                    "[...document.querySelectorAll('.picture svg')].map(s => s.getBoundingClientRect().height)"
                )
                assert len(wide) >= 5
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
    assert 'href="#advice"' in advised and 'id="advice"' in advised
    assert 'id="advice"' not in page


def test_what_they_found_about_another_scenario_is_named_and_left_out(
    folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    other = json.dumps({"scenario": {"id": "0123"}, "paragraph": "Words."})
    advised = advised_page(tmp_path, recommendation=other, sensitivity="not JSON")
    assert "recommendation.json is about scenario 0123, not" in advised
    assert "sensitivity.json could not be read" in advised
    assert "Words" not in advised

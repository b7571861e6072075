"""The pages: every link leads somewhere, every command and snippet runs, and the site is whole, searchable and alone."""

import gzip
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from support import ROOT, browser
from test_readme import LOG, look, serves

from sim.scenario import load, with_changes
from sim.sweeps import sweep

PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "findings/*.md", "benchmarks/*.md")
    for path in ROOT.glob(pattern)
)
# Blocks that another test runs: python of api.md (test_api), README (test_readme), the probe and findings theirs.
RUN_HERE = ("docs/tutorial.md", "docs/how-to.md")
RUN_ELSEWHERE = {"README.md", "docs/api.md", "docs/probe.md", "findings/README.md"}


def _plain(page: Path) -> str:
    """The text of a page without its blocks of code."""
    return re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and MyST make them."""
    heads = re.findall(r"^#+ (.+)$", _plain(page), re.MULTILINE)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head).replace("`", "") for head in heads]
    return {re.sub(r"[^\w\- ]", "", head.strip().lower()).replace(" ", "-") for head in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)[^)]*\)", _plain(page)):
        parts = urlsplit(target)
        if parts.scheme:
            continue
        file = page if not parts.path else (page.parent / unquote(parts.path)).resolve()
        if not file.exists() or (
            parts.fragment and file.suffix == ".md" and parts.fragment not in _anchors(file)
        ):
            dead.append(target)
    assert dead == []


# -- commands and snippets --------------------------------------------------------------------------


def _blocks(page: str) -> Iterator[tuple[str, str]]:
    yield from re.findall(r"```(sh|toml|python)\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)


@pytest.mark.parametrize("page", RUN_HERE)
def test_every_command_of_a_page_runs(page: str, tmp_path: Path) -> None:
    """As a user would, one after the other in a folder; a scenario of the page is written there first."""
    (tmp_path / "access.log").write_text(LOG)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = 0
    for kind, text in _blocks(page):
        if kind == "toml":
            (tmp_path / f"{Path(page).stem}.toml").write_text(text)
            continue
        for command in text.splitlines():
            ran += 1
            if serves(command):
                look(command, tmp_path, path)
                continue
            done = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=os.environ | {"PATH": path}, capture_output=True, text=True)  # fmt: skip
            judged = "--check" in command.split()
            assert done.returncode in ((0, 1) if judged else (0,)), f"{command}\n{done.stderr}"
    assert ran >= 6


def test_every_page_with_commands_is_run_by_somebody() -> None:
    with_commands = {str(p.relative_to(ROOT)) for p in PAGES if "```sh" in p.read_text()}
    assert with_commands <= RUN_ELSEWHERE | set(RUN_HERE)


def test_toml_of_the_pages_loads(tmp_path: Path) -> None:
    """Each as a scenario; what the text takes as given (a fitted workload, a log) lies beside."""
    (tmp_path / "fitted.toml").write_text("format = 1\n")
    with gzip.open(tmp_path / "gateway.csv.gz", "wt") as log:
        log.write("time,user,status\n2026-11-24T10:00:00Z,ann,200\n2026-11-24T10:00:30Z,ann,200\n")
    loaded = 0
    for page in PAGES:
        for kind, text in _blocks(str(page.relative_to(ROOT))):
            if kind == "toml":
                loaded += 1
                path = tmp_path / f"{page.stem}-{loaded}.toml"
                path.write_text(text if "format " in text else f"format = 1\n{text}")
                assert load(path).strategies
    assert loaded >= 5


def test_python_of_the_page_of_results_runs(tmp_path: Path) -> None:
    """With the name of a folder for DIR; that of docs/api.md is run in its own test."""
    tiny = {"organisation.people": 5, "run.horizon": "10min", "cases.from": "1min", "cases.until": "9min"}  # fmt: skip
    scenario = with_changes(load("office"), tiny | {"run.replications": 1})
    vary = {"strategies.short_token.token.lifetime": [60, 300]}
    one = ThreadPoolExecutor(1)
    sweep(scenario, tmp_path / "swept", [scenario.strategies["short_token"]], vary=vary, executor=one, progress="none")  # fmt: skip
    ((_, text),) = [block for block in _blocks("docs/results.md") if block[0] == "python"]
    *lines, last = text.strip().replace("DIR", str(tmp_path / "swept")).splitlines()
    names: dict[str, object] = {}
    exec("\n".join([*lines, f"found = {last}"]), names)
    assert len(names["found"].fetchall()) >= 2  # type: ignore[attr-defined]


# -- the site ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("sphinx", reason="the extra docs is not installed")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--quiet", "-b", "html", "-d", str(folder / "trees"), str(ROOT / "docs"), str(folder / "html")]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "html"


class _Links(HTMLParser):
    """What a page refers to, and its anchors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            if name in ("href", "src") and value:
                self.links.append((tag, value))


def test_the_site_is_whole_and_loads_nothing_from_outside(site: Path) -> None:
    found = {page: _Links(page.read_text(encoding="utf-8")) for page in site.rglob("*.html")}
    assert len(found) >= 25
    for page, own in found.items():
        for tag, target in own.links:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                assert tag == "a" or parts.scheme == "data", f"{page.name} loads {target}"
                continue
            file = page if not parts.path else (page.parent / unquote(parts.path)).resolve()
            assert file.exists(), f"{page.name}: {target}"
            if parts.fragment and file in found:
                assert unquote(parts.fragment) in found[file].anchors, f"{page.name}: {target}"


def test_every_page_of_docs_is_in_the_contents() -> None:
    index = (ROOT / "docs" / "index.md").read_text()
    names = {path.stem for path in (ROOT / "docs").glob("*.md")} - {"index"}
    listed = {line.strip() for block in re.findall(r"```\{toctree\}\n(.*?)```", index, re.DOTALL) for line in block.splitlines()}  # fmt: skip
    assert names <= listed


@pytest.mark.parametrize(("width", "dark"), [(400, True), (1600, False)])
def test_it_is_searched_without_a_network(site: Path, width: int, dark: bool) -> None:
    with browser.chromium() as engine, browser.page(engine, (site / "search.html").as_uri() + "?q=webhook", width, dark) as (opened, said, asked):  # fmt: skip
        opened.locator("#search-results li a").first.wait_for(timeout=30_000)
        assert opened.locator("#search-results li").count() > 3
        opened.goto((site / "glossary.html").as_uri())
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
        assert said == []
        assert all(url.startswith(("file:", "data:")) for url in asked)

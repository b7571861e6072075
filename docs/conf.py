"""The documentation site: `make docs` builds build/site from these pages, which also read well where they lie."""

from sim import __version__

project = "Last Click"
author = "The Last Click authors"
release = __version__
extensions = ["myst_parser"]
html_theme = "furo"
html_title = f"Last Click {release}"
html_copy_source = False
html_show_sourcelink = False
html_show_search_summary = False  # it fetches pages, which a browser refuses where they are files
myst_heading_anchors = 4
exclude_patterns = ["make_*.py", "*.svg", "*.png"]
suppress_warnings = [
    "myst.xref_missing",
    "toc.not_included",
]  # tests/test_docs.py holds links, and pages to the contents
root_doc = "index"


def setup(app: object) -> None:
    """Links to files beside docs/ (README, findings, benchmarks) lead to the files themselves, copied into the site."""
    app.connect("source-read", _outside)  # type: ignore[attr-defined]


def _outside(app: object, name: str, source: list[str]) -> None:
    """`../README.md` is the site's first page; other files outside are named, not linked."""
    import re

    text = source[0]
    depth = "../" * name.count("/")
    text = re.sub(r"\]\((?:\.\./)+README\.md(#[^)]*)?\)", rf"]({depth}index.md)", text)
    source[0] = re.sub(r"\[([^\]]+)\]\(((?:\.\./)+(?:findings|benchmarks|notebooks|scenarios|sim)[^)]*)\)", r"\1 (`\2`)", text)  # fmt: skip

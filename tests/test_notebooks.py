"""Each notebook runs from top to bottom within a minute, at the small size, and is written as a notebook shall be."""

import os
import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from support import ROOT

from sim.testbed.real.part import program

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LIMIT_S = 60
FEW_REVOCATIONS = "repetitions = 2\\nidle = false\\nsecond_session = false\\n"


def small(notebook: Any) -> Any:
    """The notebook with fewer people and replications; what it says of itself stays free of that."""
    for cell in notebook.cells:
        text = re.sub(r"replications=\d+", "replications=3", cell.source)
        text = re.sub(r"\.compare\((names)\)", r".compare(\1, replications=3)", text)
        few = '.with_changes({"organisation.people": 60})'
        cell.source = re.sub(r'sim\.load\("[a-z_.]+"\)', rf"\g<0>{few}", text)
        # a probe waits for real clocks: a shorter life, fewer revocations
        for many, few in (('"5s"]', '"1s"]'), ("repetitions = 12\\n", FEW_REVOCATIONS)):
            cell.source = cell.source.replace(many, few)
        cell.source = re.sub(
            r'"organisation\.people": \d{3}', '"organisation.people": 60', cell.source
        )
    return notebook


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if path.stem.startswith("10") and program("nginx") is None:
        pytest.skip("no nginx here")
    # a kernel starts in the notebook's folder: it needs to find the package in a checkout
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    for beside in (ROOT / "notebooks").glob("*.toml"):
        shutil.copy(beside, tmp_path)
    notebook = small(nbformat.read(path, 4))
    client = NotebookClient(
        notebook, timeout=LIMIT_S, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    )
    client.execute()
    assert _figures(notebook) >= 1
    assert '"engine"' in _text(notebook.cells[-1])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_written_as_a_notebook_shall_be(path: Path) -> None:
    notebook = nbformat.read(path, 4)
    cells = notebook.cells
    assert "?" in cells[0].source  # the question
    assert any("The answer" in c.source for c in cells if c.cell_type == "markdown")
    assert "manifest_text()" in cells[-1].source
    assert max(len(c.source.splitlines()) for c in cells) <= 20
    # stored with what it showed, so that it is read without being run
    assert _figures(notebook) >= 1
    shown = "\n".join(map(_text, cells))
    assert " to " in shown or "low" in shown  # an answer has its interval
    assert path.stat().st_size < 500_000
    assert "Traceback" not in shown
    sources = "\n".join(cell.source for cell in cells)
    assert not {"sized(", "mkdtemp", "LASTCLICK"} & set(
        re.findall(r"sized\(|mkdtemp|LASTCLICK", sources)
    )
    assert (
        "answer()" in sources or "paragraph" in sources or path.stem[:2] in ("05", "07")
    )  # the verdict


def test_there_is_one_for_each_question() -> None:
    assert [path.stem[:2] for path in NOTEBOOKS] == [f"{n:02d}" for n in range(1, 11)]


def _figures(notebook: Any) -> int:
    outputs = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
    return sum("image/png" in o.get("data", {}) for o in outputs)


def _text(cell: Any) -> str:
    if cell.cell_type != "code":
        return ""
    parts = [o.get("text", "") + o.get("data", {}).get("text/html", "") for o in cell.outputs]
    return "\n".join(parts)

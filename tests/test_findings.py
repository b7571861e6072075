"""Findings are run by hand; that each can be run, says what it pins and stands in the index is held here."""

import os
import re
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "findings"
SCRIPTS = sorted(FOLDER.glob("*.sh"))
PINNED = re.compile(r"[\w\]]==\d|[a-z]@\d|apt-get install")


def test_there_are_findings() -> None:
    assert SCRIPTS, f"no script in {FOLDER}"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_finding_can_be_run(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert os.access(script, os.X_OK), "not executable"
    assert text.startswith("#!/usr/bin/env bash\n# "), "no header that says what it is about"
    assert "\nset -euo pipefail\n" in text
    assert "$(mktemp -d)" in text and "rm -rf" in text, "leaves files behind"
    assert PINNED.search(text), "pins no version"
    subprocess.run(["bash", "-n", script], check=True)


def test_index_names_every_finding() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\(([\w.-]+\.sh)\)", index) == sorted(script.name for script in SCRIPTS)

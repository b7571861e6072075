"""The verdict as JSON, for `--json` and for a folder of results, and back."""

from pathlib import Path
from typing import Any

from sim.basics.json_files import read_json
from sim.results.store import write_text
from sim.verdict.record import Verdict
from sim.verdict.words import headline, paragraph

FILE = "verdict.json"


def document(v: Verdict) -> dict[str, Any]:
    """The verdict with its words; no infinity: what has no end is null."""
    from pydantic import TypeAdapter

    found: dict[str, Any] = TypeAdapter(Verdict).dump_python(v, mode="json")
    return {"headline": headline(v), "paragraph": paragraph(v), **found}


def verdict_from(found: Any) -> Verdict:
    """The verdict of a document. Raises ValueError for another one."""
    from pydantic import TypeAdapter

    if not isinstance(found, dict):
        raise ValueError("expected a table")
    return TypeAdapter(Verdict).validate_python(
        {key: value for key, value in found.items() if key not in ("headline", "paragraph")},
        strict=False,
    )


def write_verdict(v: Verdict, folder: Path) -> None:
    """Beside the tables of the comparison."""
    import json

    write_text(folder / FILE, json.dumps(document(v), indent=1, allow_nan=False) + "\n")


def read_verdict(folder: Path) -> Verdict:
    """The verdict that lies in a folder of results. Raises ValueError where there is none, or it cannot be read."""
    path = folder / FILE
    if not path.is_file():
        raise ValueError(
            f"{folder}: there is no {FILE}; `lastclick compare SCENARIO --out FOLDER` writes it"
        )
    try:
        return verdict_from(read_json(path))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: cannot be read as a verdict: {error}") from None


def read_recommended(folder: Path, scenario_id: str) -> Verdict | None:
    """The verdict that `lastclick recommend` wrote into a folder about this scenario; None where there is none."""

    try:
        found = read_json(folder / "recommendation.json")
        verdict = verdict_from(found["verdict"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return verdict if verdict.scenario_id == scenario_id else None

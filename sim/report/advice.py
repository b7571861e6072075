"""What `recommend`, `sensitivity` and `probe` found, where they wrote it into the same folder."""

from dataclasses import dataclass
from pathlib import Path

from sim.basics.json_files import read_json
from sim.results.study import Study
from sim.verdict.record import Verdict
from sim.verdict.store import verdict_from

# name of the files, command, heading
WRITTEN = (
    ("recommendation", "recommend", "What to use"),
    ("sensitivity", "sensitivity", "What the recommendation rests on"),
)


@dataclass(frozen=True)
class Advice:
    """One answer: the paragraph, and all that the command printed; or why it is left out."""

    command: str
    heading: str
    paragraph: str
    whole: str = ""
    verdict: Verdict | None = None


def advice(folder: Path, study: Study) -> list[Advice]:
    """The answers that lie beside a study. One about another scenario, or that cannot be read, is named and left out."""
    found = []
    for name, command, heading in WRITTEN:
        path = folder / f"{name}.json"
        if path.is_file():
            found.append(Advice(command, heading, *_read(path, study)))
    if (folder / "probe.json").is_file():
        found.append(Advice("probe", "What was measured", *_measured(folder / "probe.json")))
    return found


def _measured(path: Path) -> tuple[str, str]:
    """What `lastclick probe` said of a running system: its window and its gate, then all of it."""
    try:
        document = read_json(path)
        whole = str(document["text"])
        gate = document["explained_by"]
        best = f" It is explained by {gate['gate']}: {gate['words']}." if gate else ""
        return f"The window of {document['title']} was measured from outside.{best}", whole
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"{path.name} could not be read ({error!r}) and is left out.", ""


def verdict_first(own: Verdict, advised: list[Advice]) -> Verdict:
    """What stands first: the verdict of `recommend` where one of the same scenario lies beside, else the comparison's."""
    return next((a.verdict for a in advised if a.verdict is not None), own)


def _read(path: Path, study: Study) -> tuple[str, str, Verdict | None]:
    try:
        document = read_json(path)
        paragraph, other = str(document["paragraph"]), str(document["scenario"]["id"])
        found = verdict_from(document["verdict"]) if "verdict" in document else None
        whole = path.with_suffix(".txt").read_text(encoding="utf-8").rstrip()
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"{path.name} could not be read ({error!r}) and is left out.", "", None
    ours = study.manifest["scenario"]["id"]
    if other != ours:
        return f"{path.name} is about scenario {other}, not {ours}, and is left out.", "", None
    return paragraph, whole, found

"""Rules broken on purpose, one at a time, in a copy of the program: does `lastclick verify --quick` see it?

`PYTHONPATH=.:tests python -m support.mutations docs/validation.md` breaks them all and writes the table of the page.
"""

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from support import ROOT

Done = subprocess.CompletedProcess[str]
MARK, END = (
    "<!-- broken rules: made by tests/support/mutations.py; do not edit -->",
    "<!-- /broken rules -->",
)


@dataclass(frozen=True)
class Mutation:
    """What is broken. `rule` is the function (`Class.function` in a class, empty for what stands outside of one) in whose
    text `old` becomes `new`: it is found wherever it stands. `engine` is the one that shows it.
    """

    name: str
    rule: str
    old: str
    new: str
    engine: str = "compiled"

    @property
    def id(self) -> str:
        """The name that tells it from all others."""
        return f"{self.engine}: {self.name}"

    @property
    def key(self) -> str:
        """What is broken, whatever it is called."""
        return " | ".join((self.engine, self.rule, self.old, self.new))


@dataclass(frozen=True)
class Place:
    """A part of a source file, from one character to another."""

    path: Path
    begin: int
    end: int


def place_of(mutation: Mutation) -> Place:
    """Where the rule stands. Raises LookupError if that is nowhere, or in more places than one."""
    found = [
        place
        for place in _functions().get(mutation.rule, ())
        if mutation.old in _text(place.path)[place.begin : place.end]
    ]
    if len(found) != 1:
        raise LookupError(
            f"{mutation.id}: {mutation.rule} with {mutation.old!r} is found {len(found)} times"
        )
    return found[0]


def broken(mutation: Mutation) -> tuple[Path, str]:
    """The file of the rule, relative to the root, and its text with the rule broken."""
    place = place_of(mutation)
    text = _text(place.path)
    rule = text[place.begin : place.end].replace(mutation.old, mutation.new, 1)
    return place.path.relative_to(ROOT), text[: place.begin] + rule + text[place.end :]


def verify_broken(mutation: Mutation | None, engine: str, folder: Path) -> Done:
    """`lastclick verify --quick` of a copy of the program with the mutation in it, on one engine alone.

    So theory and arithmetic must see it; that the other engine differs would be an easier proof.
    """
    for part in ("sim", "scenarios"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    if mutation is not None:
        path, text = broken(mutation)
        (folder / path).write_text(text, encoding="utf-8")
    paths = {"PYTHONPATH": str(folder), "NUMBA_CACHE_DIR": str(folder / "numba")}
    return subprocess.run(
        [sys.executable, "-m", "sim", "verify", "--quick", "--engine", engine],
        cwd=folder,
        env=os.environ | paths,
        capture_output=True,
        text=True,
        timeout=900,
    )


def seen_by(done: Done) -> list[str]:
    """The figures that disagree, by the verdict of a verification."""
    _, _, verdict = done.stdout.partition("\nDISAGREEMENT in ")
    return [line.split("  ")[0] for line in verdict.splitlines()[1:]]


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _functions() -> dict[str, list[Place]]:
    """The functions of the program by name; under the empty name, its files."""
    places: dict[str, list[Place]] = {}
    for path in sorted((ROOT / "sim").rglob("*.py")):
        places.setdefault("", []).append(Place(path, 0, len(_text(path))))
        for name, place in _functions_of(path):
            places.setdefault(name, []).append(place)
    return places


def _functions_of(path: Path) -> Iterator[tuple[str, Place]]:
    begins = [0]
    for line in _text(path).splitlines(keepends=True):
        begins.append(begins[-1] + len(line))
    tree = ast.parse(_text(path))
    classes = [(f"{node.name}.", node) for node in tree.body if isinstance(node, ast.ClassDef)]
    for prefix, owner in [("", tree), *classes]:
        for node in owner.body:
            if isinstance(node, ast.FunctionDef):
                yield (
                    prefix + node.name,
                    Place(path, begins[node.lineno - 1], begins[node.end_lineno or 0]),
                )


def main(page: Path, kept: Path) -> int:
    """Break every rule, tell what sees it, and write the table into the page; returns the number that nothing saw.

    What was found is kept beside it, so that killed work resumes; without that file all is broken anew.
    """
    from support.broken_rules import MUTATIONS

    found: dict[str, str] = json.loads(kept.read_text()) if kept.exists() else {}
    write_table(page, found)
    for number, mutation in enumerate(MUTATIONS, 1):
        if mutation.key in found:
            continue
        with TemporaryDirectory() as folder:
            done = verify_broken(mutation, mutation.engine, Path(folder))
        found[mutation.key] = (seen_by(done) or [""])[0]
        print(f"{number}/{len(MUTATIONS)} {mutation.id}: {found[mutation.key]}", flush=True)
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps(found, indent=1))
        write_table(page, found)
    return sum(not figure for figure in found.values())


def write_table(page: Path, found: dict[str, str]) -> None:
    """Put what was found into the page, in place of an older table or at its end."""
    from support.broken_rules import MUTATIONS

    before, _, rest = page.read_text(encoding="utf-8").partition(MARK)
    after = rest.partition(END)[2]
    rows = [(mutation, found[mutation.key]) for mutation in MUTATIONS if mutation.key in found]
    section = _section(rows, len(MUTATIONS))
    page.write_text(f"{before.rstrip()}\n\n{section}{after.rstrip()}\n", encoding="utf-8")


def _section(rows: list[tuple[Mutation, str]], listed: int) -> str:
    lines = [
        MARK,
        "",
        "## Broken rules",
        "",
        "Would a mistake be seen? Rules are broken on purpose, one at a time, in a copy of the program, and `lastclick verify",
        "--quick` runs on the one engine that is broken: theory and arithmetic must see it, not the comparison of engines.",
        f"**{sum(bool(figure) for _, figure in rows)} of {len(rows)} that were broken for this page are seen.** "
        f"`tests/support/broken_rules.py` lists {listed};",
        "`make nightly` breaks them all.",
    ]
    for engine in dict.fromkeys(mutation.engine for mutation, _ in rows):
        lines += [
            "",
            f"On the {engine} engine:",
            "",
            "| what is broken | the first figure that disagrees |",
        ]
        lines += ["|---|---|"]
        lines += [
            f"| {m.name} | {figure or '**none**'} |" for m, figure in rows if m.engine == engine
        ]
    return "\n".join([*lines, "", END])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), ROOT / "build" / "broken_rules.json"))

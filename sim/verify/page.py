"""docs/validation.md, made from the lines of a verification."""

from collections.abc import Sequence
from itertools import groupby

from sim.verify.line import READ, SECONDARY, Line, number

_GRADES = {READ: "source read", SECONDARY: "secondary notes", "derived": "derived here"}

_HEAD = """# Validation

Made by `{command}`; do not edit. Every figure is compared in up to three ways: with what a closed form of
`sim/theory.py` gives, with what was published, with what the simulator (engine {engine}) gives. `lastclick verify`
makes the same comparison and fails on a disagreement.

**{total} figures compared, {wrong} disagree.** The largest of {statistical} |z| is {largest:.2f}; beyond {limit} counts as
a disagreement (a false alarm in 7e-6 a figure, below 1e-3 for the whole page).

Grades of published figures: *source read* (paper, slides, or the authors' files), *secondary notes* (notes by others or from
memory of which the parameters reproduce the printed figures; check the original before quoting), *derived here*. A published
figure agrees where theory rounds to it, a bound where it is not exceeded.

The notes from which the closed forms were typed print a few last digits that their own formulas do not give (row T = 900,
rate 1/120: deviation 283.8655 for 283.8654, P(N = 0) .2352291 for .2352290, last click 305.2860 for 305.2863; D1 44.54545
for 44.5455; D3 265.9592 for 265.9585; F6 4.124555 for 4.124561; Rinott's h for ten first replications 3.858 and 4.289
for 3.859 and 4.290). The formulas' values are used; Monte Carlo agrees with them.
"""


def page(lines: Sequence[Line], command: str, engine: str, limit: float) -> str:
    """The page as Markdown."""
    z = [abs(line.z) for line in lines if line.z is not None and line.group != "Coverage"]
    text = _HEAD.format(
        command=command,
        engine=engine,
        total=len(lines),
        wrong=sum(not line.agrees for line in lines),
        statistical=len(z),
        largest=max(z, default=0.0),
        limit=limit,
    )
    for group, members in groupby(lines, key=lambda line: line.group):
        text += _section(group, list(members))
    return text


def _section(group: str, lines: Sequence[Line]) -> str:
    sources = list(dict.fromkeys((line.source, line.grade) for line in lines if line.source))
    said = "".join(f"\n{source} ({_GRADES[grade]}).\n" for source, grade in sources)
    rows = "\n".join(_row(line) for line in lines)
    table = (
        f"| figure | theory | published | simulated | z | |\n|---|---|---|---|---|---|\n{rows}\n"
    )
    if len(lines) > 60:
        table = f"<details><summary>{len(lines)} figures</summary>\n\n{table}\n</details>\n"
    return f"\n## {group}\n{said}\n{table}"


def _row(line: Line) -> str:
    simulated = "" if line.simulated is None else number(line.simulated)
    theory = ("at most " if line.at_most else "") + number(line.theory)
    if line.z is not None:
        z = f"{line.z:+.2f}"
    else:
        z = "" if line.simulated is None or line.at_most else "exact"
    verdict = "agrees" if line.agrees else "**disagrees**"
    return f"| {line.name} | {theory} | {line.published or ''} | {simulated} | {z} | {verdict} |"

"""An architecture decision record in Markdown: question, verdict, table, what is open, assumptions, how to repeat.

The form is Nygard's (status, context, decision, consequences), with the evidence where others have prose.
"""

import re
from collections.abc import Iterator, Sequence

from sim.results.study import Study
from sim.verdict.cells import cells_text
from sim.verdict.record import Row, Verdict
from sim.verdict.words import MARKS, below, headline, paragraph, why_not


def decision_record(study: Study, v: Verdict) -> str:
    """The record as Markdown, each line a paragraph, an item or a row."""
    return "\n".join(_lines(study, v)) + "\n"


def _lines(study: Study, v: Verdict) -> Iterator[str]:
    m = study.manifest
    yield f"# {_escaped(v.title or 'A study without a title')}"
    yield from ("", "Status: proposed", f"Date: {str(m.get('written_at', ''))[:10] or 'unknown'}")
    yield from ("", "## Question", "", _escaped(v.question or "(no question was written)"))
    yield from ("", "## Decision", "", f"**{_escaped(headline(v))}**", "", _escaped(paragraph(v)))
    yield from ("", "## The settings, judged", "", *_table(v))
    yield from ("", "## What stays open", "", *_open(v))
    yield from ("", "## What it rests on", "", *(f"- {_escaped(line)}" for line in below(v)))
    yield from _assumptions(study, v)
    yield from (
        "",
        "## How to repeat",
        "",
        "In the folder of the results, where `scenario.toml` stands:",
        "",
    )
    yield from ("```sh", str(m["command"]), *_search(v), "```", "")
    yield (
        f"Scenario `{m['scenario']['id']}`, seed {m['seed']}, {m['replications']} replications, engine"
        f" {m.get('engine', '')}, Last Click {m.get('version', '')}: the same numbers to the bit."
    )


def _table(v: Verdict) -> Iterator[str]:
    if not v.rows:
        return
    heads = [
        "",
        "strategy",
        "lifetime",
        *(goal.text for goal in v.rows[0].goals),
        "open",
        "why not",
    ]
    yield _row(heads)
    yield "|" + " --- |" * len(heads)
    for row in v.rows:
        cells = [f"{g.shown}{_few(g.few, g.n)}{_mark(g.verdict)}" for g in row.goals]
        mark = "use" if row.strategy == v.use else MARKS[row.state]
        yield _row(
            [
                mark,
                _name(row),
                row.lifetime or "-",
                *cells,
                cells_text(row.open) or "-",
                why_not(row),
            ]
        )


def _search(v: Verdict) -> Iterator[str]:
    """The command that finds the lifetimes again, where a search did."""
    if v.searched:
        yield f"lastclick recommend scenario.toml --seed {v.seed}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_escaped(cell) for cell in cells) + " |"


def _name(row: Row) -> str:
    also = f" (also {', '.join(row.also)})" if row.also else ""
    return f"{row.strategy}{also}"


def _few(few: bool, n: int) -> str:
    return f" (n = {n}, few)" if few else ""


def _mark(verdict: str) -> str:
    return {"met": "", "missed": " (missed)", "unclear": " (not shown)"}[verdict]


def _open(v: Verdict) -> Iterator[str]:
    """What the decision leaves open first, then the others."""
    best = v.best
    if best is not None:
        said = cells_text(best.open) or "nothing"
        yield f"- **{_escaped(best.name)}, which this decides for: {said}**"
    for row in v.rows:
        if row is not best:
            yield f"- {_escaped(row.strategy)}: {cells_text(row.open) or 'nothing'}"


def _assumptions(study: Study, v: Verdict) -> Iterator[str]:
    yield from ("", "## Assumptions", "")
    if v.assumed_goals:
        yield f"- The goals stand in for yours: {'; '.join(v.assumed_goals[1:])}"
    for setting in v.decided_by:
        yield f"- `{setting.key}` = {_escaped(setting.value)}: decided, and nobody set it; to set it, under `[{setting.table}]`: `{setting.line}`"
    guessed = [
        p for p in study.manifest.get("parameters", []) if {"C", "assumption", "none"} & set(p["grade"].split(", "))
    ]  # fmt: skip
    if guessed:
        yield f"- {len(guessed)} parameters rest on a guess at least in part: {', '.join(p['key'] for p in guessed)}"


def _escaped(text: str) -> str:
    """Text that Markdown leaves as it is, on one line."""
    return re.sub(r"([\\|<*_`\[\]])", r"\\\1", " ".join(text.split()))

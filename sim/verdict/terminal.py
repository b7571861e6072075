"""The verdict on a terminal: the line first, then a table that fits its width."""

import io
import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sim.verdict.goals import Goal
from sim.verdict.record import GoalRow, Row, Verdict
from sim.verdict.swept import Swept, SweptCell, path_head, settings_said
from sim.verdict.words import MARKS, below, headline, why_not

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_STYLES = {"ok": "green", "no": "red", "unclear": "yellow"}
_ALSO = 9  # the column for goals that have none
_LEAST_WHY = 26  # narrower, and the reasons stand below the table


def terminal_width() -> int:
    """The columns there are: COLUMNS, the terminal's, or 100 where output goes elsewhere."""
    return max(40, shutil.get_terminal_size((100, 24)).columns)


def verdict_text(
    v: Verdict, width: int | None = None, colour: bool | None = None, *, head: bool = True
) -> str:
    """Headline (`head`), table and notes; `colour` None: where standard output is a terminal."""
    console = _console(width or terminal_width(), colour)
    if head:
        console.print(headline(v), style="bold", highlight=False)
        if v.question:
            console.print(v.question, style="dim")
        console.print()
    _print_rows(console, v)
    for line in below(v):
        console.print(line, highlight=False)
    return _printed(console)


def swept_text(found: Swept, most: int, width: int | None = None) -> str:
    """A table of the settings of a sweep, the preferred first: at most so many, and the columns that fit."""
    console = _console(width or terminal_width(), None)
    cells = found.cells[:most]
    met = [i for i in range(len(found.goals)) if all(c.found[i].verdict == "met" for c in found.cells)]  # fmt: skip
    if met:
        console.print(f"Met by all: {'; '.join(_limit(found.goals[i]) for i in met)}.")
    own = [["\n".join(path_head(p).split()) for p in found.paths], *(settings_said(found, c) for c in cells)]  # fmt: skip
    columns = [["", *(MARKS[c.state] for c in cells)], ["", *(c.strategy for c in cells)], *map(list, zip(*own, strict=True))]  # fmt: skip
    left_out = []
    for i in (i for i in range(len(found.goals)) if i not in met):
        column = [_limit_head(found.goals[i]), *(c.found[i].text for c in cells)]
        if sum(map(_wide, [*columns, column])) > console.width - _ALSO:
            left_out.append(i)
        else:
            columns.append(column)
    if left_out:
        names = [f"({n}) {_limit(found.goals[i])}" for n, i in enumerate(left_out, 1)]
        console.print(f"No room here for {'; '.join(names)}.")
        columns.append(["also\nnot met", *(_not_met(c, left_out) for c in cells)])
    height = max(head.count("\n") for head, *_ in columns)
    table = _table()
    for i, (head, *_) in enumerate(columns):
        table.add_column("\n" * (height - head.count("\n")) + head, justify="left" if i < 2 else "right", no_wrap=True)  # fmt: skip
    for row, cell in zip(zip(*(c[1:] for c in columns), strict=True), cells, strict=True):
        table.add_row(*row, style=_STYLES[cell.state])
    console.print(table)
    return _printed(console)


def _not_met(cell: SweptCell, goals: Sequence[int]) -> str:
    return " ".join(f"({n})" for n, i in enumerate(goals, 1) if cell.found[i].verdict != "met")


def _wide(column: Sequence[str]) -> int:
    """The columns of the terminal that a column takes, with the gap after it."""
    return max(len(line) for cell in column for line in cell.split("\n")) + 2


def _limit(goal: Goal) -> str:
    return f"{goal.head} <= {goal.said(goal.limit)}"


def _limit_head(goal: Goal) -> str:
    return "\n".join([*goal.head.split(", "), f"<= {goal.said(goal.limit)}"])


def grid_text(head: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """A table whose cells wrap until it fits: the first column to the left, the others to the right."""
    console = _console(width or terminal_width(), False)
    table = _table()
    table.add_column(head[0], no_wrap=True)
    for cell in head[1:]:
        table.add_column(cell, justify="right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)
    return _printed(console)


def _console(width: int, colour: bool | None) -> "Console":
    from rich.console import Console

    colour = sys.stdout.isatty() if colour is None else colour
    return Console(
        file=io.StringIO(), width=width, force_terminal=colour, markup=False, emoji=False, highlight=False,
    )  # fmt: skip


def _printed(console: "Console") -> str:
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


def _table() -> "Table":
    from rich.table import Table

    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="", show_edge=False)


def _print_rows(console: "Console", v: Verdict) -> None:
    goals = v.rows[0].goals if v.rows else ()
    heads = _heads(goals)
    names = max((len(_named(row)) for row in v.rows), default=0)
    fixed = 4 + names + 2 + max((len(row.lifetime or "-") for row in v.rows), default=1) + 2
    shown = _that_fit(v, heads, console.width - fixed)
    for line in _left_out(v, [goal for i, goal in enumerate(goals) if i not in shown]):
        console.print(line)
    beside = console.width - fixed - sum(_width(v, heads, i) for i in shown) >= _LEAST_WHY
    table = _table()
    table.add_column("", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("", justify="right", no_wrap=True)
    for i in shown:
        table.add_column(heads[i], justify="right", no_wrap=True)
    if beside:
        table.add_column("\n" * heads[0].count("\n") + "why not", ratio=1)
    for row in v.rows:
        cells = [_value(row.goals[i]) for i in shown]
        why = [why_not(row)] if beside else []
        table.add_row(
            MARKS[row.state], _named(row), row.lifetime or "-", *cells, *why, style=_style(row, v)
        )
    console.print(table)
    if not beside:
        for row in v.rows:
            if text := why_not(row):
                console.print(f"  {row.strategy}: {text}")
    console.print()


def _named(row: Row) -> str:
    return f"{row.strategy} (also {', '.join(row.also)})" if row.also else row.strategy


def _width(v: Verdict, heads: Sequence[str], i: int) -> int:
    """The columns that a goal takes, with the gap after it."""
    lines = [*heads[i].split("\n"), *(_value(row.goals[i]) for row in v.rows)]
    return max(map(len, lines)) + 2


def _that_fit(v: Verdict, heads: Sequence[str], room: int) -> list[int]:
    """The goals for which there is room: those that somebody misses before the others, the nearest to its limit first."""

    def weight(i: int) -> tuple[bool, float]:
        goals = [row.goals[i] for row in v.rows]
        nearest = max(float("inf") if g.ratio_to_limit is None else g.ratio_to_limit for g in goals)
        return all(g.verdict == "met" for g in goals), -nearest

    kept: list[int] = []
    for i in sorted(range(len(heads)), key=weight):
        if sum(_width(v, heads, k) for k in (*kept, i)) <= room:
            kept.append(i)
    return sorted(kept)


def _left_out(v: Verdict, goals: Sequence[GoalRow]) -> Iterator[str]:
    """What has no column: met by every row, or who does not meet it."""
    met: list[str] = []
    for goal in goals:
        missing = [row for row in v.rows if _goal(row, goal.key).verdict != "met"]
        if missing:
            who = ", ".join(f"{row.strategy} {_value(_goal(row, goal.key))}" for row in missing)
            yield f"{goal.text}, not met: {who}."
        else:
            met.append(goal.text)
    if met:
        yield f"Met by all: {'; '.join(met)}."


def _goal(row: Row, key: str) -> GoalRow:
    return next(goal for goal in row.goals if goal.key == key)


def _heads(goals: Sequence[GoalRow]) -> list[str]:
    """Heads of equal height: the figure, the cause, the limit."""
    parts = [[*goal.head.split(", "), f"<= {goal.shown_limit}"] for goal in goals]
    height = max(map(len, parts), default=0)
    return ["\n".join([""] * (height - len(part)) + part) for part in parts]


def _value(goal: GoalRow) -> str:
    mark = {"met": "", "missed": " x", "unclear": " ?"}[goal.verdict]
    few = f" (n={goal.n})" if goal.few else ""
    return f"{goal.shown}{few}{mark}"


def _style(row: Row, v: Verdict) -> str:
    return f"bold {_STYLES[row.state]}" if row.strategy == v.use else _STYLES[row.state]

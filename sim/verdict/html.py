"""The verdict as a piece of a page: for the report and for notebooks; everything a user wrote is escaped."""

from html import escape

from sim.verdict.record import GoalRow, Row, Verdict
from sim.verdict.words import MARKS, below, headline, paragraph, why_not

_CAPTION = (
    "The settings, judged: the one to use first (✗: the goal is missed, ?: not shown to be met)"
)


def verdict_html(v: Verdict) -> str:
    """Headline, paragraph, table and notes. Classes: verdict, use, none, row-ok, row-no, row-unclear, missed, unclear."""
    kind = "use" if v.best is not None else "none"
    notes = "".join(f"<li>{escape(line)}</li>" for line in below(v))
    return (
        f'<div class="verdict {kind}"><p class="headline"><strong>{escape(headline(v))}</strong></p>'
        f"{rows_html(v)}<ul>{notes}</ul></div>"
    )


def paragraph_html(v: Verdict) -> str:
    """The paragraph for a review."""
    return f'<p class="paragraph">{escape(paragraph(v))}</p>'


def rows_html(v: Verdict) -> str:
    """A row a setting, a column a goal; each cell names its column, for pages too narrow for a table."""
    if not v.rows:
        return ""
    heads = ["", "strategy", "lifetime", *(goal.text for goal in v.rows[0].goals), "why not"]
    top = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    body = "".join(_row(v, row) for row in v.rows)
    return (
        '<div class="wide" role="region" aria-label="The verdict, by strategy" tabindex="0">'
        f'<table class="rows"><caption>{escape(_CAPTION)}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _row(v: Verdict, row: Row) -> str:
    also = f" (also {', '.join(row.also)})" if row.also else ""
    used = " used" if row.strategy == v.use else ""
    return (
        f'<tr class="row-{row.state}{used}"><td class="mark">{MARKS[row.state]}</td>'
        f'<th scope="row">{escape(row.strategy + also)}</th>'
        f'<td data-head="lifetime">{escape(row.lifetime or "-")}</td>'
        + "".join(map(_cell, row.goals))
        + f'<td class="text" data-head="why not">{escape(why_not(row))}</td></tr>'
    )


def _cell(goal: GoalRow) -> str:
    few = f" (n = {goal.n})" if goal.few else ""
    mark = {"met": "", "missed": " ✗", "unclear": " ?"}[goal.verdict]
    interval = f' title="{escape(goal.interval)}"' if goal.interval else ""
    return (
        f'<td class="{goal.verdict}" data-head="{escape(goal.text)}"{interval}>'
        f"{escape(goal.shown + few)}{mark}</td>"
    )

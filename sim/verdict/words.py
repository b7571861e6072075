"""The verdict in words: a line that says what to use, a paragraph for a review, and what stands below the table.

Whatever is called *use* is followed, in the same paragraph, by every cell that it leaves open.
"""

from collections.abc import Iterator, Sequence

from sim.model.causes import CAUSE_HEADS
from sim.verdict.cells import cells_text
from sim.verdict.record import GoalRow, Row, Setting, Verdict
from sim.verdict.told import without_two_digits

MOST_WORDS = 120
_MOST_GOALS = 4
_SEEN = 0.005  # of the cases: what ended fewer is not named
_MOST_SETTINGS = 4
_SHORT = 20  # letters of a value that is said in a sentence
MARKS = {"ok": "ok", "no": "no", "unclear": "?"}
PREFERENCES = {
    "longest_lifetime": "the longest lifetime",
    "shortest_exposure": "the shortest exposure",
    "lowest_overhead": "the lowest gate overhead",
}


# -- the first line -----------------------------------------------------------------------------


def headline(v: Verdict) -> str:
    """What to use and what that leaves open; or that nothing is shown to meet every goal."""
    best = v.best
    if best is None:
        return f"NOTHING TO USE: {_none(v)}."
    open_ = f"; leaves OPEN: {cells_text(best.open)}" if best.open else "; leaves nothing open"
    by = " (by stand-in goals: the file has none)" if v.assumed_goals else ""
    return f"USE {_named(best)}{by}{open_}{_if_possible(best)}."


def _named(row: Row) -> str:
    """The setting, and where it comes from."""
    if not row.found:
        return row.name
    if not row.before:
        return f"{row.name}, found by recommend"
    was = f"your {row.before}" + (f" does not meet {row.missed}" if row.missed else "")
    return f"{row.name}, found by recommend, not in your file ({was})"


def _if_possible(row: Row) -> str:
    return f". HYPOTHETICAL: it {row.hypothetical}" if row.hypothetical else ""


def _none(v: Verdict) -> str:
    which = "no setting that was tried" if v.searched else "no setting compared"
    missed = all(row.state == "no" for row in v.rows)
    return f"{which} {'meets' if missed else 'is shown to meet'} every goal"


# -- the paragraph ------------------------------------------------------------------------------


def paragraph(v: Verdict) -> str:
    """The verdict for a review in at most 120 words: what must be said, then what fits, the weightiest first."""
    said = list(_must(v))
    for sentence in _may(v):
        if _words(said) + len(sentence.split()) <= MOST_WORDS:
            said.append(sentence)
    return " ".join(said)


def _words(sentences: Sequence[str]) -> int:
    return sum(len(sentence.split()) for sentence in sentences)


def _must(v: Verdict) -> Iterator[str]:
    """What no paragraph leaves out: the setting, its goals, what it leaves open, and what makes it doubtful."""
    best = v.best
    if v.assumed_goals:
        yield "The file has no goals; by stand-ins for them:"
    if best is None:
        yield f"{_none(v).capitalize()}."
        return
    yield f"Use {_named(best)}."
    if best.hypothetical:
        yield f"Hypothetical: it {best.hypothetical}."
    yield _meets(best)
    yield f"It leaves open: {cells_text(best.open)}." if best.open else "It leaves no cause open."
    if v.second is not None and v.use in v.second.flips:
        yield f"Under seed {v.second.seed} it does not: more replications are needed."


def _meets(row: Row) -> str:
    goals = sorted(row.goals, key=lambda g: -(g.ratio_to_limit or 0.0))
    named = [f"{g.head} {_measured(g)} of {g.shown_limit}" for g in goals[:_MOST_GOALS]]
    rest = f" and {len(goals) - len(named)} more" if len(goals) > len(named) else ""
    return f"It meets every goal: {', '.join(named)}{rest}."


def _measured(goal: GoalRow) -> str:
    """A value with its interval, or that only few persons stand behind it."""
    inside = [goal.interval] if goal.interval else []
    inside += [f"only {persons(goal.n)}"] if goal.few else []
    return f"{goal.shown} ({', '.join(inside)})" if inside else goal.shown


def _may(v: Verdict) -> Iterator[str]:
    """What is said while there is room."""
    yield from _directory(v)
    if v.best is None:
        yield from _failures(v, v.rows[:3])
        yield from ways(v)
    yield from _yours(v)
    if v.decided_by:
        yield f"Decided by values not set: {_settings(v.decided_by)}."
    yield from _persons(v)
    yield from _seeds(v)
    yield from _ended(v)
    yield from _failures(v, [row for row in v.rows if row.strategy != v.use and row.state != "ok"])
    yield f"{v.replications} runs of {v.people:,} people, seed {v.seed}, 95 % intervals."


def _directory(v: Verdict) -> Iterator[str]:
    if v.directory:
        yield f"Of the window after a deactivation, {v.directory}."


def _ended(v: Verdict) -> Iterator[str]:
    """What ended the access of those who lost it, under the strategy to use, or the first that is judged."""
    row = v.best or next(iter(v.rows), None)
    if row is not None and row.ended:
        seen = [(word, share) for word, share in row.ended if share >= _SEEN]
        shares = ", ".join(f"{word} {100 * share:.0f} %" for word, share in seen)
        yield f"Under {row.strategy} ended by: {shares} ({row.cases:,} real cases)."


def _yours(v: Verdict) -> Iterator[str]:
    """What is in use now, where that is not the answer."""
    row = next((row for row in v.rows if row.strategy == "today"), None)
    if row is not None and row.strategy != v.use and row.state != "ok":
        yield from _failures(v, [row])


def _failures(v: Verdict, rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        failed = row.failed
        if failed:
            verb = "misses" if failed[0].verdict == "missed" else "is not shown to meet"
            yield f"{row.name} {verb} {failed[0].text} ({failed[0].shown}{_few(failed[0])}): {_why(failed[0])}."


def _why(goal: GoalRow) -> str:
    return goal.why[0].text if goal.why else "no cause was counted"


def _few(goal: GoalRow) -> str:
    return f" (only {persons(goal.n)})" if goal.few else ""


def ways(v: Verdict) -> Iterator[str]:
    """What it would take where nothing meets every goal."""
    if v.ways_out:
        yield f"It would take: {'; or '.join(v.ways_out)}."


def _settings(settings: Sequence[Setting]) -> str:
    named = [
        f"{s.key} {s.value}" if len(s.value) <= _SHORT else s.key for s in settings[:_MOST_SETTINGS]
    ]
    more = len(settings) - len(named)
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def _persons(v: Verdict) -> Iterator[str]:
    if v.rarest is not None and not v.rarest.enough:
        yield f"Few: {rarest(v)}."


def _seeds(v: Verdict) -> Iterator[str]:
    second = v.second
    if second is None or not second.tried:
        return
    others = [name for name in second.flips if name != v.use]
    if others:
        yield f"Seed {second.seed} decides otherwise for {', '.join(others)}."
    elif v.use in second.tried and v.use not in second.flips:
        yield f"Seed {second.seed} says the same."


def rarest(v: Verdict) -> str:
    """The cause with the fewest persons."""
    if v.rarest is None:
        return ""
    enough = "" if v.rarest.enough else ", not enough to say"
    return f"{CAUSE_HEADS[v.rarest.cause]}, {persons(v.rarest.persons)}{enough}"


def persons(number: int) -> str:
    """A number of persons in words."""
    return f"{number:,} person{'' if number == 1 else 's'}"


# -- below the table ----------------------------------------------------------------------------


def below(v: Verdict) -> list[str]:
    """The lines that stand below the table of rows."""
    lines = []
    open_ = [f"{row.strategy}: {cells_text(row.open)}" for row in v.rows if row.open]
    if open_:
        lines.append(f"OPEN among these: {'; '.join(open_)}.")
    marked = [f"{row.strategy} {row.hypothetical}" for row in v.rows if row.hypothetical]
    if marked:
        lines.append(f"HYPOTHETICAL: {'; '.join(marked)}.")
    lines += list(_directory(v))
    lines += list(_ended(v))
    lines += list(ways(v))
    if v.decided_by:
        lines.append(
            f"Decided by values you did not set: {_settings(v.decided_by)} (lines to paste: --explain)."
        )
    runs = f"{v.replications} run{'s' if v.replications != 1 else ''}"
    lines.append(
        f"{runs}; rarest cause: {rarest(v)}." if v.rarest else f"{runs}; no case happened."
    )
    if coarse := without_two_digits(v):
        lines.append(f"Fewer than two digits: {coarse}.")
    lines += _second_lines(v)
    if v.assumed_goals:
        lines.append(
            "The file has no [goals]; these stand in for them, replace them with yours: "
            + "; ".join(v.assumed_goals[1:])
        )
    return lines


def _second_lines(v: Verdict) -> list[str]:
    if v.second is None or not v.second.tried:
        return []
    if v.second.flips:
        flipped = ", ".join(v.second.flips)
        return [
            f"THE VERDICT FLIPS under seed {v.second.seed} for {flipped}: take more replications."
        ]
    return [f"Seed {v.second.seed} was tried with {', '.join(v.second.tried)}: the same verdict."]


def why_not(row: Row) -> str:
    """Why a row is not to be used, in one phrase; for one that is fine, what makes it doubtful."""
    texts = [reason.text for goal in row.failed for reason in goal.why[:2]]
    marked = ["hypothetical"] if row.hypothetical else []
    return "; ".join([*marked, *dict.fromkeys(texts)])


def explained(v: Verdict) -> str:
    """Every goal that is not met with all its causes, and the lines to paste."""
    lines = []
    for row in v.rows:
        lines.append(f"{MARKS[row.state]:>3} {row.name}")
        for goal in row.goals:
            interval = f" ({goal.interval})" if goal.interval else ""
            lines.append(f"      {goal.verdict}: {goal.key}: {goal.shown}{interval}, limit {goal.shown_limit}, n = {goal.n:,}{', few' if goal.few else ''}")  # fmt: skip
            lines += [f"        because {reason.text}" for reason in goal.why]
        if row.open:
            lines.append(f"      open: {cells_text(row.open)}")
        if row.hypothetical:
            lines.append(f"      hypothetical: {row.hypothetical}")
    return "\n".join([*lines, *_to_paste(v)])


def _to_paste(v: Verdict) -> Iterator[str]:
    if v.assumed_goals:
        yield "\nGoals that stood in; paste and change:"
        yield from v.assumed_goals
    if v.decided_by:
        yield "\nValues that decided and that you did not set, as they are; paste under the table and change:"
        for table in dict.fromkeys(s.table for s in v.decided_by):
            yield f"[{table}]"
            yield from (s.line for s in v.decided_by if s.table == table)


def check_lines(v: Verdict) -> Iterator[tuple[bool, str]]:
    """For a machine: one line a strategy and goal, and whether it is shown to be met."""
    for row in v.rows:
        for goal in row.goals:
            kept = goal.verdict == "met"
            interval = f" ({goal.interval})" if goal.interval else ""
            why = "" if kept else f": {_why(goal)}"
            word = {"met": "ok", "missed": "missed", "unclear": "not shown"}[goal.verdict]
            yield (
                kept,
                f"{word:<9}  {row.strategy}  {goal.key}  {goal.shown}{interval} <= {goal.shown_limit}{why}",
            )

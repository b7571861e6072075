"""Which gate, with which lifetime, explains most of what was seen; and which others cannot be told from it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sim.basics.wording import format_duration
from sim.probe.record import Record
from sim.probe.rules import GATES, Gate, Seen
from sim.probe.windows import window_of

STEPS = 3000  # lifetimes tried between nothing and the longest that could show
FINER, FEW = 10, 8  # then so many on either side of the few best
FINEST_S = 0.002
ROUND_S = (3600.0, 900.0, 600.0, 300.0, 60.0, 30.0, 10.0, 5.0, 1.0, 0.5, 0.1, 0.05, 0.01)


@dataclass(frozen=True)
class Explanation:
    """A gate with the lifetimes between which it explains `explained` of `n` repetitions; `life_s` is the roundest.

    `bounded`: a longer lifetime would have shown. Without a lifetime all three are 0.
    """

    gate: Gate
    life_s: float
    low_s: float
    high_s: float
    explained: int
    n: int
    bounded: bool

    @property
    def words(self) -> str:
        """In words, with the lifetime."""
        life = (
            format_duration(self.life_s) if self.bounded else f"over {format_duration(self.low_s)}"
        )
        return self.gate.words.format(life=life)


def explanations(records: Sequence[Record]) -> list[Explanation]:
    """Every gate at its best, the best first; of equal ones the plainest. Empty without busy or idle repetitions."""
    used = [r for r in records if r.mode in ("busy", "idle") and len(r.clicks) > 1]
    if not used:
        return []
    seen = [Seen.of(record) for record in used]
    longest_s = _longest_s(used)
    found = [_best(gate, seen, longest_s) for gate in GATES]
    place = {gate.name: i for i, gate in enumerate(GATES)}
    return sorted(found, key=lambda e: (-e.explained, not e.bounded, place[e.gate.name]))


def not_told_apart(found: Sequence[Explanation]) -> list[Explanation]:
    """Those that explain as much as the first."""
    return [e for e in found[1:] if e.explained == found[0].explained]


def _longest_s(records: Sequence[Record]) -> float:
    """The longest that anything was seen to last: a window, an absence, a credential's life."""
    lasted = [1.0]
    for record in records:
        times = [click.answered_s for click in record.clicks]
        lasted += [b - a for a, b in pairwise(times)]
        window = window_of(record, 0)
        lasted.append(window.until_s if window else times[-1] - record.signed_in_s[0])
        if any(click.outcome == "no" for click in record.clicks):
            lasted.append(times[-1] - record.signed_in_s[0])
    return max(lasted)


def _best(gate: Gate, seen: Sequence[Seen], longest_s: float) -> Explanation:
    if not gate.lives:
        return Explanation(gate, 0.0, 0.0, 0.0, _count(gate, seen, 0.0), len(seen), True)
    counts = _counts(gate, seen, 2.0 * longest_s + 2.0)
    tried = sorted(counts)
    most = max(counts.values())
    first = next(i for i, life_s in enumerate(tried) if counts[life_s] == most)
    last = first
    while last + 1 < len(tried) and counts[tried[last + 1]] == most:
        last += 1
    low_s, high_s = tried[first], tried[last]
    bounded = last + 1 < len(tried)
    if not gate.whole:
        low_s = _edge(gate, seen, most, tried[first - 1] if first else 0.0, low_s)
        if bounded:
            high_s = _edge(gate, seen, most, tried[last + 1], high_s)
    life_s = _roundest(low_s, high_s) if bounded else low_s
    return Explanation(gate, life_s, low_s, high_s, most, len(seen), bounded)


def _counts(gate: Gate, seen: Sequence[Seen], most_s: float) -> dict[float, int]:
    """How many repetitions each lifetime explains: an even grid, then closely around the best of it.

    One repetition is explained by lifetimes over about a gap between clicks, all of them perhaps only by a few
    milliseconds of it; so the grid is finer than the gaps, and the best places are looked at again.
    """
    gap_s = _gap_s(seen)
    step = max(1.0 if gate.whole else 0.25 * gap_s, most_s / STEPS)
    step = math.ceil(step) if gate.whole else round(step, 2) or 0.01
    counts: dict[float, int] = {}
    most = 0
    for i in range(1, math.ceil(most_s / step) + 1):
        life_s = round(step * i, 9)
        counts[life_s] = _count(gate, seen, life_s, most - len(seen) // 3)
        most = max(most, counts[life_s])
    if not gate.whole:
        for best in sorted(counts, key=lambda life_s: -counts[life_s])[:FEW]:
            for i in range(-FINER + 1, FINER):
                life_s = round(best + step * i / FINER, 9)
                if life_s > 0 and life_s not in counts:
                    counts[life_s] = _count(gate, seen, life_s)
    return counts


def _gap_s(seen: Sequence[Seen]) -> float:
    """The usual time between two clicks."""
    gaps = sorted(b[0] - a[0] for one in seen for a, b in pairwise(one.clicks))
    return gaps[len(gaps) // 2] if gaps else 1.0


def _count(gate: Gate, seen: Sequence[Seen], life_s: float, least: int = 0) -> int:
    """How many repetitions are explained; counting ends where fewer than `least` would be."""
    count = 0
    for left, one in zip(range(len(seen), 0, -1), seen, strict=True):
        if count + left < least:
            return count
        count += gate.explains(one, life_s)
    return count


def _edge(gate: Gate, seen: Sequence[Seen], most: int, outside_s: float, inside_s: float) -> float:
    """Where a gate ceases to explain as many, between a lifetime that does not and one that does."""
    while abs(inside_s - outside_s) > FINEST_S:
        middle_s = 0.5 * (inside_s + outside_s)
        if _count(gate, seen, middle_s, most) == most:
            inside_s = middle_s
        else:
            outside_s = middle_s
    return inside_s


def _roundest(low_s: float, high_s: float) -> float:
    """The roundest time in an interval; its middle where there is none."""
    for step in ROUND_S:
        rounded = math.ceil(low_s / step - 1e-9) * step
        if 0 < rounded <= high_s:
            return round(rounded, 6)
    return 0.5 * (low_s + high_s)

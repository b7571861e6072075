"""Two probes side by side: did an upgrade, or a setting, change the window?"""

from collections.abc import Sequence

from sim.basics.wording import about
from sim.probe.record import Record
from sim.probe.windows import Window, windows
from sim.probe.words import Findings, explained_lines, window_line

ALPHA = 0.05  # of the test; stated with its answer


def compared(
    before: Findings, after: Findings, records: tuple[Sequence[Record], Sequence[Record]]
) -> str:
    """In words: whether the windows differ (Mann and Whitney's test, two-sided), then both."""
    first, second = (windows(found, "busy") for found in records)
    lines = [_answer(first, second)]
    for name, found in (("before", before), ("after", after)):
        lines += [f"{name:7}{window_line(found)}", f"{'':7}{explained_lines(found)[0]}"]
    return "\n".join(lines)


def p_value(first: Sequence[Window], second: Sequence[Window]) -> float:
    """Of windows being drawn alike; one without an end is longer than all that have one."""
    from scipy.stats import mannwhitneyu

    # an open window is watched for at least as long as any that ended, so its length orders it
    end = 1.0 + max(w.until_s for w in (*first, *second))
    a, b = ([end if w.open else w.middle_s for w in found] for found in (first, second))
    return float(mannwhitneyu(a, b).pvalue)


def _answer(first: Sequence[Window], second: Sequence[Window]) -> str:
    if not first or not second:
        return "CANNOT SAY   one of the two has no window while clicking"
    p = p_value(first, second)
    if p >= ALPHA:
        return f"NO CHANGE SEEN   in {len(first)} and {len(second)} revocations (p = {p:.2g})"
    means = [sum(w.middle_s for w in found) / len(found) for found in (first, second)]
    opened = [sum(w.open for w in found) for found in (first, second)]
    if opened[0] != opened[1]:
        return f"CHANGED   no end in {opened[0]} of {len(first)} before, {opened[1]} of {len(second)} after (p = {p:.2g})"
    grew = "longer" if means[1] > means[0] else "shorter"
    return f"CHANGED   {grew}: {about(means[0])} before, {about(means[1])} after (p = {p:.2g})"

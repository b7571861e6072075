"""Windows of a running system, as `lastclick probe` measured them: a row a revocation, a bar for when it ended."""

from collections.abc import Sequence
from dataclasses import dataclass

from sim.basics.wording import about, format_duration
from sim.plot.style import GREY, INK, Picture, canvas, headline

COLOURS = {"busy": "#0072B2", "idle": "#E69F00", "second": "#009E73", "connection": "#CC79A7"}
WORDS = {
    "busy": "while clicking",
    "idle": "after staying away",
    "second": "a second session",
    "connection": "a held connection",
}


@dataclass(frozen=True)
class MeasuredWindow:
    """One window in seconds: it ended between the two; `open`: not while it was watched."""

    mode: str
    from_s: float
    until_s: float
    open: bool


def measured(windows: Sequence[MeasuredWindow], of: str) -> Picture:
    """All windows of a probe, grouped by what was done; `of` says whose they are. Raises ValueError where there is none."""
    if not windows:
        raise ValueError("there is no window to draw")
    figure, ax = canvas(height=1.6 + 0.16 * len(windows))
    modes = [mode for mode in COLOURS if any(window.mode == mode for window in windows)]
    rows = sorted(windows, key=lambda w: (modes.index(w.mode), w.until_s), reverse=True)
    longest_s = max(window.until_s for window in windows)
    said: set[str] = set()
    for place, window in enumerate(rows):
        label = None if window.mode in said else WORDS[window.mode]
        said.add(window.mode)
        colour = COLOURS[window.mode]
        ax.hlines(place, 0, window.from_s, color=colour, lw=1.2, alpha=0.45)
        ax.hlines(place, window.from_s, window.until_s, color=colour, lw=5, label=label)
        if window.open:
            ax.plot([longest_s * 1.01], [place], marker=">", color=colour, clip_on=False)
    ax.set_xlim(0, longest_s * 1.02)
    ax.set_yticks([])
    ax.set_xlabel("seconds after the revocation (bar: between the last click in and the first out)")
    ax.tick_params(colors=INK)
    ax.grid(axis="x", color=GREY, alpha=0.3)
    ax.legend(loc="lower right", frameon=False, fontsize=8)
    headline(ax, _finding(windows, of, longest_s))
    return figure


def _finding(windows: Sequence[MeasuredWindow], of: str, longest_s: float) -> str:
    busy = [window for window in windows if window.mode == "busy"] or list(windows)
    opened = sum(window.open for window in busy)
    if opened == len(busy):
        return f"{of}: no end within {format_duration(round(longest_s))} in {opened} of {opened} revocations"
    if opened:
        return f"{of}: {opened} of {len(busy)} revocations had no end within {format_duration(round(longest_s))}"
    last_s = max(window.until_s for window in busy)
    return f"{of}: {len(busy)} revocations, and no click passed later than {about(last_s)}"

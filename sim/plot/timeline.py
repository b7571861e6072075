"""One case, told by its events: who knew what when, and each click after the revocation."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.basics.wording import about
from sim.model.causes import CAUSE_EVENTS
from sim.plot.style import GREY, INK, Picture, canvas, columns, headline, time_axis

if TYPE_CHECKING:
    import pandas as pd

KIND_MARKS = {"read": ("#0072B2", "o"), "write": ("#D55E00", "D"), "admin": ("#000000", "^")}
LANES = (
    ("revoked", "access is withdrawn"),
    ("host_learns", "the host knows"),
    ("notice", "the person is told"),
    ("push_arrived", "the app hears of it"),
)


def timeline(case: Mapping[str, Any], events: "pd.DataFrame", strategies: Sequence[str]) -> Picture:
    """One row a strategy: accepted clicks as marks coloured by kind, refused ones as crosses, the exposure window as a bar.

    `case` is a row of the cases (person, cause, revoked_at_s, and by strategy in `windows`: exposure_s, bound_s);
    `events` has the columns strategy, time_s, event, kind, decision of that person from the revocation on. The axis
    is linear up to 1 s after the revocation and logarithmic beyond.
    """
    picture, ax = canvas(8.8, 2.6 + 0.42 * len(strategies))
    since = events.assign(t=events["time_s"] - case["revoked_at_s"])
    knowledge = _knowledge(since, strategies)
    end_s = _end(case, since)
    for row, name in enumerate(strategies):
        _row(ax, row, case["windows"][name], since[since["strategy"] == name], end_s)
    ax.set_xscale("symlog", linthresh=1.0, linscale=0.6)
    ax.set_xlim(-0.35, end_s * 1.4)
    time_axis(ax.xaxis, 0.0, end_s * 1.4)
    ticks = [t for t in ax.get_xticks() if t == 0 or t >= 1.0]
    ax.set_xticks(ticks, ["0" if t == 0 else about(t) for t in ticks])
    _lanes(ax, knowledge, len(strategies))
    ax.set_yticks(range(len(strategies)), strategies)
    ax.set_ylim(len(strategies) - 0.4, -0.6 - 0.55 * len(knowledge))
    ax.set_xlabel(f"time after {CAUSE_EVENTS[case['cause']]} (log scale above 1 s)")
    ax.grid(axis="x", alpha=0.25)
    _legend(ax, since)
    headline(
        ax,
        _finding(case, since, strategies),
        "One row a strategy; a bar spans the exposure window, marks are accepted clicks, crosses are refusals.",
        70,
    )
    return picture


def _end(case: Mapping[str, Any], since: "pd.DataFrame") -> float:
    windows = [
        float(w["exposure_s"]) for w in case["windows"].values() if np.isfinite(w["exposure_s"])
    ]
    last_s = float(since.loc[since["event"] == "decided", "t"].max() or 0.0)
    return max(60.0, min(max([*windows, 60.0]), max(8 * 3600.0, last_s)), last_s)


def _knowledge(since: "pd.DataFrame", strategies: Sequence[str]) -> list[tuple[str, float]]:
    """What became known when: the earliest instant under any of the strategies (only push differs between them)."""
    known = []
    for event, words in LANES:
        times = since.loc[(since["event"] == event) & since["strategy"].isin(strategies), "t"]
        if len(times):
            known.append((words, max(0.0, float(times.min()))))
    return known


def _lanes(ax: Any, knowledge: Sequence[tuple[str, float]], rows: int) -> None:
    for lane, (words, t) in enumerate(knowledge):
        y = -1.0 - 0.55 * (len(knowledge) - 1 - lane)
        ax.plot([t, t], [y, rows - 0.5], color=GREY, lw=0.8, ls=":", zorder=1)
        ax.plot([t], [y], marker="v", color=INK, ms=6, clip_on=False)
        text = words + (f", {about(t)}" if t else "")
        late = t > 0.15 * ax.get_xlim()[1]  # on a logarithmic axis: the right quarter
        ax.annotate(
            text, (t, y), (-7 if late else 7, -3), textcoords="offset points", fontsize=8.5,
            ha="right" if late else "left",
        )  # fmt: skip


def _row(ax: Any, row: int, window: Mapping[str, Any], mine: "pd.DataFrame", end_s: float) -> None:
    exposure_s = min(float(window["exposure_s"]), end_s * 1.4)
    ax.barh(row, exposure_s, height=0.56, color="#dfe8ee", ec="#9fb4c2", lw=0.6, zorder=1)
    if float(window["exposure_s"]) > end_s:
        ax.annotate(
            f"to {about(float(window['exposure_s']))}", (1.0, row), xycoords=("axes fraction", "data"),
            ha="right", va="center", fontsize=8, xytext=(-3, 0), textcoords="offset points",
        )  # fmt: skip
    decided = mine[(mine["event"] == "decided") & (mine["t"] >= 0)]
    for kind, (colour, marker) in KIND_MARKS.items():
        times = decided[(decided["kind"] == kind) & (decided["decision"] == "accepted")]["t"]
        ax.plot(times, np.full(len(times), row), marker, color=colour, ms=5, mec="white", mew=0.4, zorder=3)  # fmt: skip
    refused = decided[decided["decision"] != "accepted"]["t"]
    ax.plot(refused, np.full(len(refused), row), "x", color=GREY, ms=6, mew=1.6, zorder=3)


def _legend(ax: Any, since: "pd.DataFrame") -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    there = set(since.loc[since["event"] == "decided", "kind"])
    handles: list[Any] = [
        Line2D([], [], color=c, marker=m, ls="", label=f"{kind} accepted")
        for kind, (c, m) in KIND_MARKS.items()
        if kind in there
    ]
    handles.append(Line2D([], [], color=GREY, marker="x", mew=1.6, ls="", label="refused"))
    handles.append(Patch(fc="#dfe8ee", ec="#9fb4c2", label="exposure window"))
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.45, -0.16), ncols=columns(5), frameon=False, fontsize=8.5)  # fmt: skip


def _finding(case: Mapping[str, Any], since: "pd.DataFrame", strategies: Sequence[str]) -> str:
    decided = since[
        (since["event"] == "decided") & (since["t"] >= 0) & (since["decision"] == "accepted")
    ]
    counts = {name: int((decided["strategy"] == name).sum()) for name in strategies}
    most, least = max(counts, key=lambda n: counts[n]), min(counts, key=lambda n: counts[n])
    return (
        f"The same person, the same minute: {counts[most]} clicks get through under {most},"
        f" {counts[least] or 'none'} under {least}"
    )

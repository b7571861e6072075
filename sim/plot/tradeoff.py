"""Exposure against overhead: one point a setting, intervals both ways, the Pareto front."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sim.basics.statistics import Estimate
from sim.basics.wording import about
from sim.model.causes import CAUSE_EVENTS, CAUSES, TOLD_TODAY
from sim.plot.style import (
    FAMILIES,
    GREY,
    INK,
    Picture,
    canvas,
    columns,
    headline,
    is_narrow,
    place_labels,
    readable,
    time_axis,
)
from sim.results.study import Study

LETTERS = {cause: cause[0].upper() for cause in CAUSES}


@dataclass(frozen=True)
class Point:
    """One setting: mean gate overhead of an honest click and mean exposure window, in seconds.

    `covered`: its settings end what is drawn; `elsewhere` are the causes after which nothing does.
    """

    name: str
    family: str
    overhead: Estimate
    exposure: Estimate
    covered: bool
    elsewhere: tuple[str, ...] = ()
    hypothetical: bool = False

    @property
    def label(self) -> str:
        """The name, and by their letters the causes after which it stays open."""
        letters = " ".join(LETTERS[cause] for cause in self.elsewhere)
        name = f"{self.name} (hypothetical)" if self.hypothetical else self.name
        return f"{name} [{letters}]" if letters else name


def points(study: Study, cause: str | None) -> list[Point]:
    """The points of a study for a cause, for all causes together ("all"), or each at its worst (None).

    The worst is the longest mean of those that the settings end; a strategy that ends none is not covered.
    """
    found = []
    families = dict(zip(study.strategies["name"], study.strategies["family"], strict=True))
    for name in study.names:
        overhead = study.find(name, "auth_overhead")
        exposure = _exposure(study, name, cause)
        if overhead is None or exposure is None:
            continue
        open_ = tuple(c for c in study.causes if not study.covered(name, c))
        covered = (
            cause not in open_ if cause not in (None, "all") else len(open_) < len(study.causes)
        )
        if cause == "all":
            covered = not open_
        found.append(
            Point(
                name, families[name], overhead, exposure, covered, open_, _hypothetical(study, name)
            )
        )
    return found


def _hypothetical(study: Study, name: str) -> bool:
    """Whether it needs events that no host sends today, as in the verdict."""
    push = (study.manifest["resolved"]["strategies"].get(name) or {}).get("push") or {}
    return not TOLD_TODAY.issuperset(push.get("causes", ()))


def _exposure(study: Study, name: str, cause: str | None) -> Estimate | None:
    if cause == "all":
        return study.pooled(name, "exposure")
    if cause is not None:
        return study.find(name, "exposure", "mean", cause)
    ended = [c for c in study.causes if study.covered(name, c)] or study.causes
    means = [e for c in ended if (e := study.find(name, "exposure", "mean", c)) is not None]
    return max(means, key=lambda e: e.value, default=None)


def front(candidates: Sequence[Point]) -> list[Point]:
    """The points open nowhere that no other such point dominates in both overhead and exposure, cheapest first.

    What needs events that no host sends today is left out where others are there.
    """
    nowhere = [p for p in candidates if p.covered and not p.elsewhere]
    real = [p for p in nowhere if not p.hypothetical] or nowhere
    covered = sorted(real, key=lambda p: (p.overhead.value, p.exposure.value))
    kept: list[Point] = []
    for point in covered:
        if not kept or point.exposure.value < kept[-1].exposure.value:
            kept.append(point)
    return kept


def exposure_against_overhead(study: Study, cause: str | None = None) -> Picture:
    """Mean exposure window against mean gate overhead with 95 % intervals; pairs that nothing ends stand in a band above.

    `cause` None takes for each strategy the worst of the causes that it ends, "all" the cases of all causes together.
    Hollow: open after some cause, which its letter names. Raises ValueError where there is nothing to draw.
    """
    cause = cause if cause in (None, "all") else study.cause_named(cause)
    every = points(study, cause) if study.causes else []
    if not every:
        raise ValueError("the study has no case, or no honest click, to draw")
    picture, ax = canvas(8.8, 5.6)
    best = front(every)
    top_s = _draw(ax, every)
    if len(best) > 1:
        ax.plot(
            [p.overhead.value * 1e3 for p in best], [p.exposure.value for p in best],
            color=GREY, lw=1.2, ls=":", zorder=1, label="front: nothing is better in both",
        )  # fmt: skip
    after = {None: "the worst cause it ends", "all": "a revocation"}.get(cause) or CAUSE_EVENTS[
        cause or ""
    ]
    whose, gap = ("a click", "\n") if is_narrow() else ("an honest click", "; ")
    persons = study.persons_text(None if cause == "all" else cause)
    ax.set_xlabel(f"mean time that the gates add to {whose} (log scale){gap}exposure: {persons}")
    ax.set_ylabel(f"mean exposure window after {after} (log scale above 1 s)")
    ax.grid(alpha=0.25)
    _legend(ax, every)
    place_labels(
        ax,
        [
            (p.overhead.value * 1e3, _height(p, top_s), p.label)
            for p in sorted(every, key=_right_first)
        ],
        6.5 if is_narrow() else 8.0,
    )
    headline(
        ax,
        _finding(every, best, after),
        "One point a strategy with 95 % intervals, lower and further left is better; both axes are logarithmic.",
        86,
    )
    return picture


def _right_first(point: Point) -> tuple[float, float]:
    return (point.exposure.value, point.overhead.value)


def _draw(ax: Any, every: Sequence[Point]) -> float:
    """The points; returns the height of the band for open ones."""
    largest_s = max((p.exposure.high or p.exposure.value for p in every if p.covered), default=60.0)
    top_s = max(60.0, largest_s) * 6
    for point in every:
        colour, marker, _ = FAMILIES[point.family]
        x, y = point.overhead.value * 1e3, _height(point, top_s)
        ax.errorbar(
            [x], [y],
            xerr=_arms(point.overhead, 1e3), yerr=_arms(point.exposure, 1.0) if point.covered else None,
            fmt=marker, color=colour, mfc="white" if point.elsewhere else colour, ms=8, mew=1.6, lw=1.1,
            capsize=2.5, zorder=3,
        )  # fmt: skip
    if any(not p.covered for p in every):
        end_s = top_s * 40
        ax.axhspan(top_s / 4, end_s, color="#f6eae3", zorder=0, lw=0)
        ax.text(
            0.01, 0.985, "open: by its settings nothing ends it", transform=ax.transAxes,
            ha="left", va="top", fontsize=8.5, color=INK, style="italic",
        )  # fmt: skip
    else:
        end_s = top_s
    ax.set_yscale("symlog", linthresh=1.0)
    ax.set_ylim(-0.25, end_s)
    time_axis(ax.yaxis, 0.0, max(60.0, largest_s) * 1.5)
    ticks = [t for t in ax.get_yticks() if t == 0 or t >= 1.0]
    ax.set_yticks(ticks, ["0" if t == 0 else about(t) for t in ticks])
    _overhead_axis(ax, every)
    return top_s


def _overhead_axis(ax: Any, every: Sequence[Point]) -> None:
    values = [p.overhead.value for p in every]
    least_s = min((v for v in values if v > 0), default=1e-5)
    if min(values) <= 0:
        ax.set_xscale("symlog", linthresh=least_s * 1e3)
        time_axis(ax.xaxis, 0.0, max(values) * 10, 1e-3)
        ax.set_xlim(left=-0.2 * least_s * 1e3)
        return
    ax.set_xscale("log")
    low_s, high_s = least_s / 2.0, max(values) * 3.5
    ax.set_xlim(low_s * 1e3, high_s * 1e3)
    time_axis(ax.xaxis, low_s, high_s, 1e-3)


def _height(point: Point, top_s: float) -> float:
    return point.exposure.value if point.covered else top_s


def _arms(e: Estimate, factor: float) -> list[list[float]] | None:
    if e.low is None or e.high is None:
        return None
    return [
        [max(0.0, min(e.value - e.low, e.value)) * factor],
        [max(0.0, e.high - e.value) * factor],
    ]


def _legend(ax: Any, every: Sequence[Point]) -> None:
    from matplotlib.lines import Line2D

    there = [family for family in FAMILIES if any(p.family == family for p in every)]
    handles = [
        Line2D(
            [], [], color=FAMILIES[f][0], marker=FAMILIES[f][1], ls="", ms=7, label=FAMILIES[f][2]
        )
        for f in there
    ]
    letters = [c for c in LETTERS if any(c in p.elsewhere for p in every)]
    if letters:
        words = ", ".join(f"{LETTERS[c]} {readable(c)}" for c in letters)
        handles.append(
            Line2D(
                [],
                [],
                color=GREY,
                marker="o",
                mfc="white",
                mew=1.6,
                ls="",
                ms=7,
                label=f"open after: {words}",
            )
        )
    handles.append(Line2D([], [], color=GREY, ls=":", label="Pareto front: nothing dominates it"))
    ax.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.45, -0.12),
        ncols=columns(3),
        frameon=False,
        fontsize=8.5,
    )


def _finding(every: Sequence[Point], best: Sequence[Point], after: str) -> str:
    if not best:
        return "No strategy ends access after every cause: each is open after something"
    cheapest, shortest = best[0], best[-1]
    if cheapest is shortest:
        return (
            f"{cheapest.label} dominates every other strategy that is open nowhere: {about(cheapest.exposure.value)} of exposure at"
            f" {about(cheapest.overhead.value)} a click"
        )
    middle = _knee(best)
    text = f"{shortest.label} shuts the door at once but adds {about(shortest.overhead.value)} to each click"
    if shortest.exposure.value > 0.5:
        text = (
            f"{shortest.label} leaves {about(shortest.exposure.value)} and adds"
            f" {about(shortest.overhead.value)} to each click"
        )
    return (
        f"{text}; {middle.label} adds {about(middle.overhead.value)} and leaves"
        f" {about(middle.exposure.value)} after {after}"
    )


def _knee(best: Sequence[Point]) -> Point:
    """The point of the front that gives most for its price: the largest fall of exposure among the cheap half."""
    cheap = [p for p in best[:-1] if p.overhead.value < 0.25 * best[-1].overhead.value] or [best[0]]
    return cheap[-1]

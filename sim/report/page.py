"""Putting the page together: figures inline, ids made unique, everything a user wrote escaped by the template engine."""

import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim.model.causes import CAUSE_EVENTS
from sim.plot import Picture, Plots
from sim.plot.style import COLOURS, narrow, readable
from sim.report import against as pair
from sim.report import tables
from sim.report.advice import Advice, verdict_first
from sim.report.checklist import causes_text, checklist
from sim.report.checks import checks
from sim.report.levers import levers
from sim.results.study import Study
from sim.verdict.html import paragraph_html, verdict_html
from sim.verdict.record import Verdict


@dataclass(frozen=True)
class Shown:
    """A figure on the page: `svg` and `narrow` (for 400 pixels; may be empty) are trusted markup made here, the rest is text."""

    name: str
    svg: str
    narrow: str
    alt: str
    caption: str


def render(
    study: Study,
    verdict: Verdict,
    timeline: Picture | Callable[[], Picture] | str = "",
    against: Study | None = None,
    more: Sequence[tuple[str, Picture, str]] = (),
    advised: Sequence[Advice] = (),
    orders: Mapping[str, Any] | None = None,
) -> str:
    """The page of a study, its verdict first. `timeline` is its figure, what draws it, or why there is none; `more` adds (name, figure, caption), `advised`
    what other commands found, `orders` what orders of notice and cutting lead to.

    The page holds everything it needs: no script, no address is loaded.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    rooms = Environment(
        loader=PackageLoader("sim.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return rooms.get_template("report.html.j2").render(
        **_content(study, timeline, against, more),
        **_verdicts(verdict, list(advised)),
        advised=advised,
        orders=None
        if orders is None
        else tables.Table(orders["caption"], orders["head"], orders["rows"]),
        orders_finding="" if orders is None else orders["finding"],
    )


def _verdicts(own: Verdict, advised: list[Advice]) -> dict[str, Any]:
    """What stands first, and the comparison's own verdict where `recommend` has the first word."""
    first = verdict_first(own, advised)
    return {
        "paragraph": paragraph_html(first),
        "verdict": verdict_html(first),
        "as_they_stand": "" if first is own else verdict_html(own),
        "decided_by": first.decided_by,
        "assumed_goals": first.assumed_goals,
    }


def _content(
    study: Study,
    timeline: Picture | Callable[[], Picture] | str,
    against: Study | None,
    more: Sequence[tuple[str, Picture, str]],
) -> dict[str, Any]:
    m = study.manifest
    return {
        "title": m["scenario"].get("title") or "A study without a title",
        "question": m["scenario"].get("question") or "",
        "manifest": m,
        "cases_text": causes_text(study),
        "people": m["resolved"]["organisation"]["people"],
        "coverage": tables.coverage(study),
        "tables": [
            tables.after(study),
            tables.tails(study),
            tables.price(study),
            tables.repair(study),
            tables.kinds(study),
        ],
        "strategies": tables.strategies(study),
        "parameters": tables.parameters(study),
        "theory": tables.theory(study),
        "figures": _figures(study, timeline, more),
        "no_timeline": timeline if isinstance(timeline, str) else "",
        "levers": levers(study),
        "checks": checks(study),
        "checklist": checklist(study, m["scenario"].get("question") or ""),
        "bibtex": bibtex(study),
        "against": None
        if against is None
        else {
            "title": against.manifest["scenario"].get("title") or "a study without a title",
            "id": against.manifest["scenario"]["id"],
            "tables": [
                pair.changed_parameters(study, against),
                pair.changed_figures(study, against),
            ],
        },
    }


def _figures(
    study: Study,
    timeline: Picture | Callable[[], Picture] | str,
    more: Sequence[tuple[str, Picture, str]],
) -> list[Shown]:
    plots = Plots(study)
    wanted: list[tuple[str, Callable[[], Picture], str]] = [
        ("coverage", plots.coverage_matrix, "What the settings guarantee, before anything is simulated: the stronger the blue stands out, the longer. Hatched: open, no time ends it."),
        ("tradeoff", plots.exposure_against_overhead, "Mean exposure window against the mean time that the gates add to an honest click, for each strategy after the worst of the causes that it ends. Hollow: open after another, which its letter names. Bars: 95 % intervals."),
    ]  # fmt: skip
    for cause in study.causes:
        wanted.append((f"survival-{cause}", _survival(plots, cause), f"The share of cases in which requests would still pass, by the time since {CAUSE_EVENTS[cause]}. Bands: 95 % of a share (Wilson). Flat to the edge: open, the bar marks where the run ended.{_grey(study)}"))  # fmt: skip
    wanted += [
        ("response", plots.response_times, "Response times of honest clicks, all replications together, as the share that takes longer."),
        ("overhead", lambda: plots.response_times("auth_overhead"), "The part of the response time of an honest click that is spent on gates and renewals, as the share of clicks that wait longer."),
        ("load", plots.host_load, "Calls that arrive at the host, page loads included, mean over replications. The rate limit holds for checks and renewals alone."),
        ("rollback", plots.rollback_against_egress, "What gets through after the revocation, by what can be made good. Grey lines: 95 % intervals where there is one."),
    ]  # fmt: skip
    if not isinstance(timeline, str):
        drawn = _given(timeline) if isinstance(timeline, Picture) else timeline
        wanted.append(("timeline", drawn, "One case with the median number of clicks that get through, run again with every event recorded."))  # fmt: skip
    wanted += [(name, _given(picture), caption) for name, picture, caption in more]
    shown = []
    for name, draw, caption in wanted:
        try:
            picture = draw()
        except ValueError:  # nothing of the kind in this study: no case, no call
            continue
        with narrow():
            slim = draw()
        slim_svg = "" if slim is picture else unique_ids(slim.svg(), f"narrow-{name}")
        shown.append(Shown(name, unique_ids(picture.svg(), name), slim_svg, picture.alt, caption))
    return shown


def _grey(study: Study) -> str:
    return " Grey: the strategies of the other panels." if len(study.names) > len(COLOURS) else ""


def _survival(plots: Plots, cause: str) -> Callable[[], Picture]:
    return lambda: plots.survival(cause)


def _given(picture: Picture) -> Callable[[], Picture]:
    return lambda: picture


def unique_ids(svg: str, prefix: str) -> str:
    """An inline `<svg>` whose ids collide with no other on the page, without metadata, scaled to its place."""
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', svg)
    svg = re.sub(r'(xlink:href|href)="#([^"]+)"', rf'\1="#{prefix}-\2"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", svg)
    return re.sub(r'<svg ([^>]*?)width="[^"]*"([^>]*?)height="[^"]*"', r'<svg \1\2aria-hidden="true"', svg, count=1)  # fmt: skip


def bibtex(study: Study) -> str:
    """How to cite the result: the program and the id that says what ran."""
    m = study.manifest
    year = str(m.get("written_at", ""))[:4] or "n.d."
    return textwrap.dedent(
        f"""\
        @software{{lastclick_{m["scenario"]["id"]},
          title   = {{Last Click: exposure windows of revocation strategies}},
          author  = {{{{The Last Click authors}}}},
          version = {{{m.get("version", "")}}},
          year    = {{{year}}},
          note    = {{Scenario {m["scenario"]["id"]}, seed {m["seed"]}, {m["replications"]} replications, engine {m.get("engine", "")}}}
        }}"""
    )


__all__ = ["bibtex", "readable", "render", "unique_ids"]

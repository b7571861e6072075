"""Putting the page together: figures inline, ids made unique, everything a user wrote escaped by the template engine."""

import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sim.basics.wording import about
from sim.plot import Picture, Plots
from sim.plot.style import CAUSE_WORDS, readable
from sim.report import against as pair
from sim.report import tables
from sim.report.advice import Advice
from sim.report.answer import against_runner_up, answer, levers
from sim.report.checklist import causes_text, checklist
from sim.report.checks import checks
from sim.results.study import Study


@dataclass(frozen=True)
class Shown:
    """A figure on the page: `svg` is trusted markup made here, the rest is text."""

    name: str
    svg: str
    alt: str
    caption: str


def render(
    study: Study,
    timeline: Picture | str = "",
    against: Study | None = None,
    more: Sequence[tuple[str, Picture, str]] = (),
    advised: Sequence[Advice] = (),
) -> str:
    """The page of a study. `timeline` is its figure or why there is none; `more` adds (name, figure, caption), `advised`
    what other commands found.

    The page holds everything it needs: no script, no address is loaded.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    rooms = Environment(
        loader=PackageLoader("sim.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return rooms.get_template("report.html.j2").render(
        **_content(study, timeline, against, more), advised=advised
    )


def _content(
    study: Study,
    timeline: Picture | str,
    against: Study | None,
    more: Sequence[tuple[str, Picture, str]],
) -> dict[str, Any]:
    found = answer(study)
    m = study.manifest
    return {
        "title": m["scenario"].get("title") or "A study without a title",
        "question": m["scenario"].get("question") or "",
        "manifest": m,
        "answer": found,
        "cases_text": causes_text(study),
        "people": m["resolved"]["organisation"]["people"],
        "coverage": tables.coverage(study),
        "tables": [tables.after(study), tables.tails(study), tables.price(study)],
        "strategies": tables.strategies(study),
        "parameters": tables.parameters(study),
        "theory": tables.theory(study),
        "figures": _figures(study, timeline, more),
        "no_timeline": timeline if isinstance(timeline, str) else "",
        "levers": levers(study),
        "runner_up": _runner_up_text(study, found),
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
    study: Study, timeline: Picture | str, more: Sequence[tuple[str, Picture, str]]
) -> list[Shown]:
    plots = Plots(study)
    wanted: list[tuple[str, Callable[[], Picture], str]] = [
        ("coverage", plots.coverage_matrix, "What the settings guarantee, before anything is simulated. Darker: longer. Hatched: open, no time ends it."),
        ("tradeoff", plots.exposure_against_overhead, "Mean exposure window against the mean time that the gates add to an honest click. Bars: 95 % intervals."),
    ]  # fmt: skip
    for cause in study.causes:
        wanted.append((f"survival-{cause}", _survival(plots, cause), f"The share of cases in which requests would still pass, by the time since {CAUSE_WORDS[cause]}. Bands: 95 % of a share (Wilson). Grey: the strategies of the other panels."))  # fmt: skip
    wanted += [
        ("response", plots.response_times, "Response times of honest clicks, all replications together, as the share that takes longer."),
        ("overhead", lambda: plots.response_times("auth_overhead"), "The part of the response time that is spent on gates and renewals."),
        ("load", plots.host_load, "Calls that arrive at the host, page loads included, mean over replications."),
    ]  # fmt: skip
    if isinstance(timeline, Picture):
        wanted.append(("timeline", lambda: timeline, "One case with the median number of clicks that get through, run again with every event recorded."))  # fmt: skip
    wanted += [(name, _given(picture), caption) for name, picture, caption in more]
    shown = []
    for name, draw, caption in wanted:
        try:
            picture = draw()
        except ValueError:  # nothing of the kind in this study: no case, no call
            continue
        shown.append(Shown(name, unique_ids(picture.svg(), name), picture.alt, caption))
    return shown


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


def _runner_up_text(study: Study, found: Any) -> str:
    difference = against_runner_up(study, found)
    if difference is None or found.runner_up is None:
        return ""
    sign = "longer" if difference.value > 0 else "shorter"
    text = f"{found.runner_up} comes next: on the same cases its window is {about(abs(difference.value))} {sign} on average"
    if difference.low is None or difference.high is None:
        return text + "; one replication gives no interval."
    low, high = (f"{'−' if v < 0 else ''}{about(abs(v))}" for v in (difference.low, difference.high))  # fmt: skip
    told = (
        "told from nothing"
        if difference.low > 0 or difference.high < 0
        else "not told from nothing"
    )
    return f"{text} (paired 95 % interval of the difference {low} to {high}: {told})."


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

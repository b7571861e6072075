"""The page of a sweep: what comes out, every setting judged by the goals, pictures, and what it rests on."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sim.plot import Picture
from sim.plot.style import narrow
from sim.plot.swept import swept_figures
from sim.report.page import Shown, unique_ids
from sim.verdict.swept import Swept, path_head, settings_said, swept
from sim.verdict.words import MARKS

if TYPE_CHECKING:
    import pandas as pd

_MOST_FIGURES = 12


def render_sweep(rows: "pd.DataFrame", manifest: Mapping[str, Any]) -> str:
    """The page of a sweep's folder (`read_sweep`). It holds everything it needs: no script, no address is loaded."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    found = swept(rows, manifest)
    rooms = Environment(
        loader=PackageLoader("sim.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return rooms.get_template("sweep.html.j2").render(
        title=manifest["scenario"].get("title") or "A sweep without a title",
        question=manifest["resolved"].get("question") or "",
        found=found,
        heads=[*map(path_head, found.paths)],
        paths=found.paths,
        limits=[f"{goal.head} <= {goal.said(goal.limit)}" for goal in found.goals],
        rows=[_row(found, cell) for cell in found.cells],
        manifest=manifest,
        figures=_shown(swept_figures(rows, found)),
    )


def _row(found: Swept, cell: Any) -> dict[str, Any]:
    return {
        "mark": MARKS[cell.state],
        "state": cell.state,
        "strategy": cell.strategy,
        "settings": settings_said(found, cell),
        "found": cell.found,
        "open": ", ".join(cell.open) or "nothing",
    }


def _shown(figures: Mapping[str, Callable[[], Picture]]) -> list[Shown]:
    shown: list[Shown] = []
    for name, draw in figures.items():
        if len(shown) == _MOST_FIGURES:
            break
        try:
            picture = draw()
        except ValueError:  # nothing of the kind in this sweep
            continue
        with narrow():
            slim = draw()
        slim_svg = unique_ids(slim.svg(), f"narrow-{name}")
        shown.append(Shown(name, unique_ids(picture.svg(), name), slim_svg, picture.alt, ""))
    return shown

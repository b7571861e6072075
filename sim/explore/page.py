"""The page as one file: data, style and script inline, everything a user wrote escaped."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.explore.controls import as_json, controls_of
from sim.explore.points import data_of
from sim.scenario import Scenario


def page_of(folder: Path) -> str:
    """The page of a folder of `lastclick compare` or `lastclick sweep`. Raises ValueError for another folder."""
    data = data_of(folder)
    return _rendered(data, _verdict(folder, data), [])


def live_page(
    scenario: Scenario,
    first: Mapping[str, Any],
    name: str = "",
    changes: Mapping[str, Any] | None = None,
) -> str:
    """The page of a scenario with a control for each number, and the first figures of a worker.

    `name` is how the command names the scenario; `changes` is what the page begins with.
    """
    controls = as_json(controls_of(scenario))
    data = {**first["data"], "live": True, "file": name, "changes": dict(changes or {})}
    return _rendered(data, first["verdict"], controls)


def _rendered(data: Mapping[str, Any], verdict: str, controls: list[dict[str, Any]]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    rooms = Environment(
        loader=PackageLoader("sim.explore"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    # inside <script> only "<" could end the element; as an escape it is the same JSON
    whole = {**data, "controls": controls} if controls else data
    text = json.dumps(whole, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return rooms.get_template("explore.html.j2").render(
        data=data, json=text, verdict=verdict, controls=controls
    )


def _verdict(folder: Path, data: Mapping[str, Any]) -> str:
    """The verdict on top: that of `recommend` where one of the scenario lies beside, else the comparison's; none of a sweep."""
    from sim.verdict.html import verdict_html
    from sim.verdict.store import read_recommended, read_verdict

    if not data["judged"]:
        return ""
    return verdict_html(read_recommended(folder, data["id"]) or read_verdict(folder))

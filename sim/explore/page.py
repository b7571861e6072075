"""The page as one file: data, style and script inline, everything a user wrote escaped."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.explore.points import data_of


def page_of(folder: Path) -> str:
    """The page of a folder of `lastclick compare` or `lastclick sweep`. Raises ValueError for another folder."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    data = data_of(folder)
    rooms = Environment(
        loader=PackageLoader("sim.explore"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    # inside <script> only "<" could end the element; as an escape it is the same JSON
    text = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return rooms.get_template("explore.html.j2").render(
        data=data, json=text, verdict=_verdict(folder, data)
    )


def _verdict(folder: Path, data: Mapping[str, Any]) -> str:
    """The verdict on top: that of `recommend` where one of the scenario lies beside, else the comparison's; none of a sweep."""
    from sim.verdict.html import verdict_html
    from sim.verdict.store import read_recommended, read_verdict

    if not data["judged"]:
        return ""
    return verdict_html(read_recommended(folder, data["id"]) or read_verdict(folder))

"""Write docs/parameters.md: every default of the program with its source. Run it from the project's root.

The defaults stand in scenarios/office.toml; a test holds the page to them.
"""

from pathlib import Path
from typing import Any

from sim.model.senders import SENDERS
from sim.model.strategies import CATALOGUE, mechanisms_text
from sim.scenario import load
from sim.scenario.channels import Retries
from sim.scenario.parameters import GRADES, parameters

PAGE = Path(__file__).with_name("parameters.md")
HEAD = """\
# Parameters

Every default, with its source and how far that carries. They stand in `scenarios/office.toml`, and `lastclick validate
FILE` shows the same for a scenario of yours. Most of what decides an answer is an assumption here until you put your own
figure in its place: think times and visits (`lastclick fit` reads them from your access log), the latencies of your host
and network, how people behave after notice. What no published figure was found for is said to be so.

This page is written by `docs/make_parameters.py`.
"""


def page() -> str:
    """The page as text."""
    grades = "; ".join(f"**{name}** {meaning}" for name, meaning in GRADES.items())
    parts = [HEAD, f"Grades: {grades}.\n"]
    table = ""
    for row in parameters(load("office")):
        top, _, key = row.key.partition(".")
        if top != table:
            table = top
            parts.append(f"## {table}\n\n| key | default | source | grade |\n|---|---|---|---|")
        parts.append(f"| `{key}` | {_cell(row.value)} | {_cell(row.source)} | {row.grade} |")
    parts.append("## strategies\n\n| name | mechanisms | source |\n|---|---|---|")
    parts += [
        f"| `{s.name}` | {_cell(mechanisms_text(s))} | {_cell(s.source)} |"
        for s in CATALOGUE.values()
    ]
    parts.append(
        "## senders\n\nWhat `push.retries` may name.\n\n| name | retries | source |\n|---|---|---|"
    )
    parts += [
        f"| `{s.name}` | {_retries(s.retries)} | {_cell(s.source)} |" for s in SENDERS.values()
    ]
    return "\n".join(parts).replace(" |\n## ", " |\n\n## ") + "\n"


def _retries(table: dict[str, Any]) -> str:
    """As a scenario would say it."""
    law = Retries.model_validate(table)
    if not law.most:
        return "none"
    first = "" if law.first is None else f"{law.first.expectation():.4g} s, then "
    backoff = "" if law.backoff == 1 else f", each {law.backoff:g} times the one before"
    return f"{law.most:g}: {first}{law.wait.expectation():.4g} s on average{backoff}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

"""Write docs/gates.md: what people run, and the window it gives in the office. Run it from the project's root.

The parts stand in sim/gates; tests hold the page's rows to them, and the nightly ones its figures as well.
"""

import math
from pathlib import Path

from sim.basics.wording import about, format_duration
from sim.coverage import coverage
from sim.gates import Profile, profiles
from sim.results.experiment import Comparison, compare
from sim.scenario import load
from sim.scenario.parameters import GRADES

PAGE = Path(__file__).with_name("gates.md")
CAUSES = ("deactivation", "permission_loss", "logout")
HEAD = """\
# Gates that people run

Find what stands in front of your app. Each row is a strategy of the model: `lastclick gates NAME` prints what it does and
what the model does not say of it, `lastclick compare --strategy NAME` runs it as it is, and in a scenario of yours

```toml
[strategies.ours]
from  = "nginx_auth_request"
check = { allow_for = "30s" }
```

starts from it and changes what is different. Measured parts were run with ordinary input on loopback in November 2026;
of hosted services the documentation was read.

*Window*: from a firing in the shipped office (500 people, a working day, 20 replications; the host knows at once, so add your
directory's time) until nothing would pass any more: the mean over all fired, over those with a page open, and the 95th
percentile. *At most*, *permission lost*, *logged out*: the bounds after a firing and the two others; **open** where no setting ends
it. *Costs*: what the gate adds to an honest click, mean. *Known*: the version, or the day on which a service's documentation was
read; whether it was measured or is documented; and a grade of its source.
"""
FOOT = """\
In the last table a page is a connection and a click a statement, command or message on it. Who looks with each of them does so in
itself, or closes the connection: what it *costs* is next to nothing, and not the question to the host with which the model says it.
Not said: whose connections a restart, silence or the end of a process closes (findings/restart-and-open-streams.sh).

This page is written by `docs/make_gates.py`.
"""
COLUMNS = (
    "gate",
    "part, and what is set",
    "window: mean; page open; p95",
    "at most",
    "permission lost",
    "logged out",
    "costs",
    "known",
)


def page() -> str:
    """The page as text, its windows simulated."""
    office = load("office")
    found = compare(office, [office.strategy(name) for name in profiles()])
    grades = "; ".join(f"**{grade}** {meaning}" for grade, meaning in GRADES.items())
    parts = [HEAD, f"Grades: {grades}."]
    for family in dict.fromkeys(one.family for one in profiles().values()):
        parts.append(f"\n## {family.capitalize()}\n")
        parts += [_line(COLUMNS), _line(["---"] * len(COLUMNS))]
        parts += [
            _line(row_of(one, figures_of(found, one)))
            for one in profiles().values()
            if one.family == family
        ]
    return "\n".join([*parts, "", FOOT])


def row_of(one: Profile, figures: list[str]) -> list[str]:
    """The cells of a profile, around those that are simulated."""
    known = f"{one.known_of}; {one.how}, {one.grade}"
    return [f"`{one.name}`", f"{one.part}: {one.defaults}", *figures, known]


def figures_of(found: Comparison, one: Profile) -> list[str]:
    """The cells that the office gives."""
    office = load("office")
    cells = coverage(office, {one.name: office.strategy(one.name)})
    bounds = {cell.cause: cell.said for cell in cells if cell.of is None}
    return [
        "; ".join(_window(found, one.name, s) for s in ("mean", "mean_if_open", "p95")),
        *(bounds[cause].replace("open", "**open**") for cause in CAUSES),
        _time(_estimate(found, one.name, "auth_overhead", "mean", None)),
    ]


def _window(found: Comparison, name: str, statistic: str) -> str:
    return _time(_estimate(found, name, "exposure", statistic, "deactivation"))


def _estimate(
    found: Comparison, name: str, metric: str, statistic: str, cause: str | None
) -> float:
    figure = found.find(name, metric, statistic, cause)
    return math.nan if figure is None else figure.estimate


def _time(seconds: float) -> str:
    return "-" if math.isnan(seconds) else about(seconds) if seconds else format_duration(0.0)


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

"""A file to start from: what somebody knows about an app, as a scenario with the rest commented out."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sim.scenario.described import description_of
from sim.scenario.files import load
from sim.scenario.write import value_as_written

MOST_REPLICATIONS = 1000
_SPARE = 1.8  # not every drill is met by somebody with a page open, and numbers vary
_WIDTH = 74
# The keys that are in every new file, commented out where nobody gave a value: the office's holds then.
_KEYS = {
    "run": ("horizon",),
    "organisation": ("people", "admins", "visits"),
    "workload": ("think", "requests_per_page", "pages_per_visit", "visit_ends", "kinds"),
    "cases": ("deactivation", "permission_loss", "logout", "admin_loss", "notice_lead"),
    "directory": ("propagation",),
    "host": ("page_load", "renewal", "check", "rate_limit", "outages"),
    "app": ("workers", "holds_worker", "verify", "service"),
    "auth_server": ("renewal",),
    "store": ("lookup",),
    "push": ("delay", "loss", "retries", "outages"),
    "network": ("client_app", "client_host", "app_host"),
}


TODAY: dict[str, dict[str, Any]] = {
    "token": {"lifetime": "10min", "renewal": "page", "revalidates": ["account", "session"]},
}
GOALS: dict[str, Any] = {
    "prefer": "longest_lifetime",
    "exposure_p95": "15min",
    "auth_overhead_p95": "50ms",
    "interruptions_per_person_hour": 1,
}


@dataclass(frozen=True)
class Known:
    """What somebody said about an app. `values` by path, as a file writes them; `measured` are those whose source they are.

    `today` is the token, allowlist, check and push in use; `beside` the strategies to compare it with.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    measured: tuple[str, ...] = ()
    today: Mapping[str, Any] = field(default_factory=lambda: dict(TODAY))
    beside: tuple[str, ...] = ("short_token", "allowlist_webhook", "per_request")
    goals: Mapping[str, Any] = field(default_factory=lambda: dict(GOALS))
    title: str = "Our app"


def replications_for(known: Known, persons: int) -> int:
    """So many that the rarest cause has that many persons in all; at least 4."""
    values = {**_raw_office(), **known.values}
    people, admins = float(values["organisation.people"]), float(values["organisation.admins"])
    rarest = math.inf
    for cause in ("deactivation", "permission_loss", "logout", "admin_loss"):
        share = float(values[f"cases.{cause}"]["share"]) * (admins if cause == "admin_loss" else 1)
        rarest = min(rarest, people * share) if share else rarest
    wanted = 4 if math.isinf(rarest) else math.ceil(persons * _SPARE / rarest)
    return max(4, min(MOST_REPLICATIONS, wanted))


def new_scenario_text(known: Known, persons: int) -> str:
    """The file; `persons` of each cause are what its goals need."""
    lines = [
        "#:schema ./schema.json",
        "# A Last Click scenario; `lastclick schema > schema.json` lets an editor complete and check it.",
        '# Durations: "250ms", "7s", "5min", "8h", "30d". What is commented out is the built-in office\'s: take the # away where you know',
        "# better. `lastclick validate THIS_FILE` shows every value and where it comes from.",
        "format   = 1",
        f"title    = {value_as_written(known.title)}",
        'question = "Which timeout should our page token have?"',
    ]
    for table, keys in _KEYS.items():
        lines += ["", f"[{table}]  # {description_of(table)}"]
        rows = [_row(known, f"{table}.{key}") for key in keys]
        if table == "run":
            number = replications_for(known, persons)
            said = f"so many that the rarest cause has about {persons} persons, which a p95 takes"
            rows.append((f"replications = {number}", said))
        lines += _aligned(rows)
    lines += ["", "[goals]  # what the answer must keep: yours, not ours"]
    lines += _aligned([(f"{k} = {value_as_written(v)}", description_of(f"goals.{k}")) for k, v in known.goals.items()])  # fmt: skip
    lines += ["", "# What is in use: differences are from it, and `compare --check` judges it."]
    lines += _strategy("today", known.today)
    lines += ["", "# Beside it: names of the catalogue (`lastclick strategies`), of real parts (`lastclick gates`), or new ones."]  # fmt: skip
    lines += [f"[strategies.{name}]" for name in known.beside]
    lines += _sources(known)
    return "\n".join(lines) + "\n"


def _row(known: Known, path: str) -> tuple[str, str]:
    """A line and its comment; commented out where nobody said it."""
    key, said = path.partition(".")[2], description_of(path)
    if path in known.values:
        return f"{key} = {value_as_written(known.values[path])}", said
    return f"# {key} = {value_as_written(_raw_office()[path])}", said


def _raw_office() -> dict[str, Any]:
    """The office's values as they are written, by paths of two words."""
    raw = load("office")._raw
    return {f"{table}.{key}": value for table in _KEYS for key, value in raw[table].items()}


def _strategy(name: str, mechanisms: Mapping[str, Any]) -> Iterator[str]:
    for mechanism, settings in mechanisms.items():
        yield f"[strategies.{name}.{mechanism}]"
        yield from _aligned(
            (f"{key} = {value_as_written(value)}", description_of(f"strategies.{name}.{mechanism}.{key}"))
            for key, value in settings.items()
        )  # fmt: skip


def _sources(known: Known) -> list[str]:
    if not known.measured:
        return []
    rows = [f'"{path}" = "measured by us (M)"' for path in known.measured]
    return [
        "",
        "[sources]  # where values come from; grades: A, B, C, M measured, D derived",
        *rows,
    ]


def _aligned(rows: Iterable[tuple[str, str]]) -> list[str]:
    rows = list(rows)
    width = min(_WIDTH, max((len(line) for line, _ in rows), default=0))
    return [f"{line:<{width}}  # {said}" if said else line for line, said in rows]

"""What would change the answer: the parameters that it rests on, the least known first."""

from dataclasses import dataclass

from sim.results.study import Study


@dataclass(frozen=True)
class Lever:
    """Something that would change the answer: a parameter, how well it is known, and what it moves."""

    parameter: str
    value: str
    grade: str
    moves: str


def levers(study: Study) -> list[Lever]:
    """The parameters that the answer rests on and that are not measured or read at the source."""
    used = set(" ".join(study.strategies["mechanisms"]).replace(",", " ").split())
    known = {p["key"]: p for p in study.manifest.get("parameters", [])}
    found = []
    for key, mechanism, moves in _LEVERS:
        parameter = known.get(key)
        if parameter is not None and (not mechanism or used & set(mechanism)):
            found.append(Lever(key, parameter["value"], parameter["grade"], moves))
    return sorted(found, key=lambda lever: lever.grade in ("A", "M"))


_LEVERS = (
    ("directory.propagation", (), "adds to every window after a deactivation, under every strategy"),
    ("workload.visit_ends", (), "the share of tabs left open is the share of cases with anything exposed at all"),
    ("workload.think", (), "how many clicks fit into a window, and how often an honest person meets an expired token"),
    ("host.check", ("check",), "is the overhead of each click that is checked, almost one to one"),
    ("host.renewal", ("host", "host_each"), "is the overhead of a click that waits for a token"),
    ("host.rate_limit", ("check", "host", "host_each"), "turns checks and renewals away when more people come"),
    ("host.outages", ("check", "host", "host_each"), "refuses honest clicks under strategies that ask the host"),
    ("organisation.people", ("check", "host_each"), "multiplies the load on the host"),
    ("push.delay", ("push",), "is the window of what a pushed event ends"),
    ("push.loss", ("push",), "takes the bound away: a lost event leaves the rest of the lifetime"),
    ("push.outages", ("push",), "as a loss, for all events of the outage"),
    ("store.lookup", ("allowlist",), "is the overhead of the allowlist"),
    ("behaviour.probabilities", (), "decides how many clicks are tried, not how long the window is"),
    ("cases.notice_lead", (), "a person cut off before he is told clicks on unawares"),
)  # fmt: skip

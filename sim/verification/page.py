"""docs/validation.md, made from the lines of a verification."""

from collections.abc import Sequence

from sim import __version__
from sim.verification.line import READ, SECONDARY, Line, number

_GRADES = {READ: "source read", SECONDARY: "secondary notes", "derived": "derived here"}

# What a group of figures is, for those who do not know the letters of the forms by heart.
_ABOUT = {
    "V2X list": "The size of a list of pending revocations: a binomial quantile plus one.",
    "V2X bound": "No window exceeds twice the validity T_v: theirs, measured, and ours, simulated.",
    "Leases": "What a lease saves against asking at each read.",
    "Keycloak": "Logins and refreshes a server must bear.",
    "Cao and Liu": "Messages of polling and of invalidation on their worked stream of reads and modifications.",
    "Cooper": "Requests for a certificate revocation list after it is issued.",
    "PBS": "Probabilistically bounded staleness: three replicas, one read, one written.",
    "Statistics": "Constants, cuts and coverages of the procedures in `sim/basics/statistics.py` and `sim/basics/selection.py`.",
    "All engines": "Compiled, plain and reference engine on the same people and cases: how many parts of the record (cases, "
    "histograms, host calls, stations, ...) differ in any bit.",
    "By the clock, compiled": "One person whose every click is at a known second: arithmetic by hand, ties included.",
    "By the clock, plain": "The same on the plain engine.",
    "By the clock, reference": "The same on the reference engine.",
    "A1": "A token of fixed lifetime, renewed in the background at expiry.",
    "A2": "The same, renewed when a fraction of the lifetime has gone.",
    "A3": "Random lifetimes, uniform: the inspection paradox.",
    "A4": "Random lifetimes, exponential: the mean window is the whole mean lifetime.",
    "B2": "A fixed lifetime, renewed by the first click after expiry: the window.",
    "B3": "The same: requests that are accepted.",
    "B4": "The same: the last click that is accepted.",
    "C3": "A lifetime that use extends, never asked about again.",
    "C6": "A session that use extends up to its cap.",
    "D4": "A token and a kept decision, whichever ends first.",
    "F1": "An event that is sent until it arrives, waits constant.",
    "F2": "The same, waits doubled.",
    "F3": "An event that is sent once, or else the token's expiry.",
    "F6": "An event that is tried three times, or else the token's expiry.",
    "F7": "Events held while the receiver is down.",
    "R1": "Entries of a denylist kept until the token would have expired.",
    "Q1": "One server, Poisson arrivals, exponential service, driven alone.",
    "Q2": "Three servers.",
    "Q3": "Constant service.",
    "Q5": "A closed station: exact mean value analysis, for any law of think time.",
    "Hit ratios": "x / (1 + x) belongs to a fixed lifetime, 1 - exp(-x) to one that use extends.",
    "Coverage": "Independent small studies with a known answer (seeds 0, 1, ...; ten replications of 20 people, two "
    "strategies), each through `compare` as a user runs it: the share whose 95 % interval contains the answer. Agrees "
    "between 93 and 97 %. Run by `lastclick verify` (without `--quick`), and alone by "
    "`pytest -m nightly tests/verification/test_verify.py -k cover`.",
}

_HEAD = """# Validation

Made by `{command}` (version {version}); do not edit. Every figure is compared in up to three ways: with what a closed form
of `sim/theory.py` gives (its docstrings name assumptions and source), with what was published, with what the simulator
gives. `lastclick verify` makes the same comparison and fails on a disagreement.

**{total} figures compared, {wrong} disagree.** The largest of {statistical} |z| is {largest:.2f}; beyond {limit} counts as
a disagreement (a false alarm in 7e-6 a figure, below 1e-3 for the whole page).

Grades of published figures: *source read* (paper, slides, or the authors' files), *secondary notes* (notes by others or from
memory of which the parameters reproduce the printed figures; check the original before quoting), *derived here*. A published
figure agrees where theory rounds to it, a bound where it is not exceeded.

The notes from which the closed forms were typed print a few last digits that their own formulas do not give (row T = 900,
rate 1/120: deviation 283.8655 for 283.8654, P(N = 0) .2352291 for .2352290, last click 305.2860 for 305.2863; D1 44.54545
for 44.5455; D3 265.9592 for 265.9585; F6 4.124555 for 4.124561; Rinott's h for ten first replications 3.858 and 4.289
for 3.859 and 4.290). The formulas' values are used; Monte Carlo agrees with them.
"""


def page(lines: Sequence[Line], command: str, limit: float) -> str:
    """The page as Markdown."""
    z = [abs(line.z) for line in lines if line.z is not None and line.group != "Coverage"]
    text = _HEAD.format(
        command=command,
        version=__version__,
        total=len(lines),
        wrong=sum(not line.agrees for line in lines),
        statistical=len(z),
        largest=max(z, default=0.0),
        limit=limit,
    )
    for group in dict.fromkeys(line.group for line in lines):
        text += _section(group, [line for line in lines if line.group == group])
    return text


def _section(group: str, lines: Sequence[Line]) -> str:
    sources = list(dict.fromkeys((line.source, line.grade) for line in lines if line.source))
    said = "".join(f"\n{source} ({_GRADES[grade]}).\n" for source, grade in sources)
    rows = "\n".join(_row(line) for line in lines)
    table = (
        f"| figure | theory | published | simulated | z | |\n|---|---|---|---|---|---|\n{rows}\n"
    )
    if len(lines) > 60:
        table = f"<details><summary>{len(lines)} figures</summary>\n\n{table}\n</details>\n"
    about = f"\n{_ABOUT[group]}\n" if group in _ABOUT else ""
    return f"\n## {group}\n{about}{said}\n{table}"


def _row(line: Line) -> str:
    simulated = "" if line.simulated is None else number(line.simulated)
    theory = ("at most " if line.at_most else "") + number(line.theory)
    if line.z is not None:
        z = f"{line.z:+.2f}"
    else:
        z = "" if line.simulated is None or line.at_most else "exact"
    verdict = "agrees" if line.agrees else "**disagrees**"
    return f"| {line.name} | {theory} | {line.published or ''} | {simulated} | {z} | {verdict} |"

"""benchmarks/results.md and the figure beside it, from what was measured."""

import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.contestants import LIMIT, OURS
from benchmarks.default import Defaults
from benchmarks.instructions import Counts
from benchmarks.measure import Measured
from benchmarks.profile import STRATEGY, Profile

PACKAGES = ("numba", "numpy", "simpy", "ciw", "salabim", "asimpy", "cimba")
# Okabe and Ito; told apart by their markers too
LOOKS = (("#0072B2", "o"), ("#000000", "s"), ("#E69F00", "^"), ("#D55E00", "D"), ("#56B4E9", "v"))


@dataclass
class Results:
    """All that one command measured."""

    quick: bool
    rounds: int
    parts: list[str] = field(default_factory=list)
    missing: str = ""  # the part at which the command was interrupted
    closed: list[Measured] = field(default_factory=list)
    queue: list[Measured] = field(default_factory=list)
    office: list[Measured] = field(default_factory=list)
    growth: list[Measured] = field(default_factory=list)
    instructions: Counts | None = None
    default: Defaults | None = None
    profile: Profile | None = None


def write(results: Results, folder: Path) -> list[Path]:
    """results.md, growth.svg and growth.png; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "results.md"
    pictures = figure(results, folder) if results.growth else []
    page.write_text(text(results), encoding="utf-8")
    return [page, *pictures]


def text(results: Results) -> str:
    """The page, in Markdown."""
    parts = ["# Speed", _circumstances(results)]
    if results.closed:
        parts += [_CLOSED, _table(results.closed)]
    if results.instructions is not None:
        parts += ["### Instructions of the closed work", _instructions(results.instructions)]
    if results.queue:
        parts += [_QUEUE, _table(results.queue)]
    if results.office:
        parts += [_OFFICE, _engines(results.office)]
    if results.growth:
        parts += ["## Growth", f"![time against people]({FIGURE}.svg)", _growth(results.growth)]
    if results.default is not None:
        parts += [_DEFAULT, _waits(results.default)]
    if results.profile is not None:
        parts += ["## Where the engine's time goes", _profile(results.profile)]
    parts += ["## What was aimed at", _goals(results)]
    return "\n\n".join(parts) + "\n"


FIGURE = "growth"
_CLOSED = """## 1,000 people at a station (closed)

People think (exponential, 10 s), then ask a first come, first served station of 4 servers (exponential, 20 ms). All
others are general process engines; the kernel and the C program are written for this work, which is what a compiled
model buys. Both draw from the project's addressed streams, keep the same calendar and follow the same path, bit for bit."""
_QUEUE = """## M/M/1 at load 0.9

The kernel and the C program need no calendar (Lindley's recursion)."""
_OFFICE = """## The whole office model

All mechanisms, three stations, cases, histograms; 500 people (`scenarios/office.toml`), per accepted request. The
engines record the same to the bit, which is checked before the measurement."""


_DEFAULT = """## `lastclick compare` without arguments

The office of 500, 20 replications, 15 strategies, two threads in one process; a warm cache of machine code but for the
cold start. The clock runs from the start of the process."""


def _instructions(counts: Counts) -> str:
    if counts.skipped:
        return f"Not counted: {counts.skipped}."
    return (
        f"callgrind, {counts.kernel:.0f} instructions a request in the kernel, {counts.c_program:.0f} in the C program:"
        f" {counts.kernel / counts.c_program:.2f} times (both compiled for AVX2, which is what callgrind knows)."
    )


def _waits(found: Defaults) -> str:
    rows = ["| | median | fastest to slowest |", "|---|---:|---:|"]
    for name, label in (
        ("provisional_s", "provisional table"),
        ("provisional_cpu_s", "CPU time until then, both threads"),
        ("full_s", "full table"),
        ("cpu_s", "CPU time of it all, both threads"),
        ("start_s", "of it starting"),
        ("simulation_s", "of it simulation"),
        ("other_s", "of it all else: intervals, quantiles, tables, files"),
    ):
        values = [getattr(run, name) for run in found.runs]
        rows.append(
            f"| {label} | {found.median(name):.2f} s | {min(values):.2f} to {max(values):.2f} s |"
        )
    for name, label in (
        ("other_share", "share of all else in the CPU time after starting"),
        ("unsimulated_share", "share of what is not simulation, starting included"),
    ):
        shares = [100 * getattr(run, name) for run in found.runs]
        rows.append(
            f"| {label} | {100 * found.median(name):.1f} % |"
            f" {min(shares):.1f} to {max(shares):.1f} % |"
        )
    imports = [1e3 * value for value in found.import_s]
    rows.append(
        f"| `import sim`, CPU | {median(imports):.0f} ms | {min(imports):.0f} to {max(imports):.0f} ms |"
    )
    if found.cold_s:
        rows.append(
            f"| compiling, once (cold cache) | {found.cold_s:.0f} s | {found.cold_cpu_s:.0f} s of CPU |"
        )
    busy = f"{found.load:.1f} processes wanted a core of this machine when the measurement began: the clock shows that, CPU time hardly."
    return "\n".join(rows) + f"\n\n{busy}"


def _profile(found: Profile) -> str:
    if found.skipped:
        return f"Not sampled: {found.skipped}."
    rows = ["| what is done | share |", "|---|---:|"]
    rows += [f"| {name} | {100 * share:.1f} % |" for name, share in found.rooms]
    largest = ", ".join(f"`{name}` {100 * share:.1f} %" for name, share in found.functions)
    return (
        f"`perf` (CPU clock), the office of 500 at `{STRATEGY}`, {found.samples:,} samples; a function that the compiler put"
        " into its caller counts there.\n\n"
        + "\n".join(rows)
        + f"\n\nThe functions that take most: {largest}."
    )


def _circumstances(results: Results) -> str:
    versions = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    cut = f" (interrupted at {results.missing})" if results.missing else ""
    return (
        f"Made by `python -m benchmarks{' --quick' if results.quick else ''}`{cut} on {datetime.now(UTC):%Y-%m-%d}:"
        f" {machine()}, Python {platform.python_version()}, {versions}.\n\n"
        "CPU time of one core per customer served, set-up of the model included, compiling not. Contestants take turns,"
        f" {results.rounds} rounds after one to warm up, each in a process of its own; the table shows the median and"
        " the fastest and slowest round. Each run's mean time in system and number of customers are held to the closed"
        " form (5 standard errors); a wrong result ends the command. Absolute times move with what else the machine"
        " does; ratios within a round less."
    )


def machine() -> str:
    """The kind of machine, without its name."""
    model = platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":")[1].strip()
                break
    except OSError:
        pass
    import os

    return f"{model} ({platform.machine()}), {os.cpu_count()} cores, {platform.system()}"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(not installed)"


def _ns(value: float) -> str:
    """Three significant digits."""
    return f"{float(f'{value:.3g}'):,.10g}"


def _table(measured: list[Measured]) -> str:
    ours = next(one for one in measured if one.contestant.name == OURS)
    rows = [
        "| engine | ns per customer | fastest to slowest | times ours |",
        "|---|---:|---:|---:|",
    ]
    for one in sorted(measured, key=lambda m: m.median_ns if m.outcomes else 1e99):
        name = one.contestant.name
        name = f"**{name}**" if name in (OURS, LIMIT) else f"{name} {_version(name.lower())}"
        if one.outcomes:
            low, high = one.spread_ns
            ratio = one.median_ns / ours.median_ns
            rows.append(
                f"| {name} | {_ns(one.median_ns)} | {_ns(low)} to {_ns(high)} | {ratio:.3g} |"
            )
        else:
            rows.append(f"| {name} | not measured: {one.skipped} | | |")
    return "\n".join(rows)


def _pairs(measured: list[Measured]) -> dict[str, dict[str, Measured]]:
    pairs: dict[str, dict[str, Measured]] = {}
    for one in measured:
        engine, strategy = one.contestant.name.split(", ")
        pairs.setdefault(strategy, {})[engine] = one
    return pairs


def _engines(measured: list[Measured]) -> str:
    rows = [
        "| strategy | compiled, ns | fastest to slowest | reference, ns | reference / compiled |",
        "|---|---:|---:|---:|---:|",
    ]
    for strategy, pair in _pairs(measured).items():
        fast, slow = pair["compiled"], pair["reference"]
        if not (fast.outcomes and slow.outcomes):
            rows.append(f"| `{strategy}` | {fast.skipped or slow.skipped} | | | |")
            continue
        low, high = fast.spread_ns
        rows.append(
            f"| `{strategy}` | {_ns(fast.median_ns)} | {_ns(low)} to {_ns(high)} |"
            f" {_ns(slow.median_ns)} | {slow.median_ns / fast.median_ns:.3g} |"
        )
    return "\n".join(rows)


def series(measured: list[Measured]) -> dict[str, dict[int, float]]:
    """Name -> people -> median nanoseconds a request."""
    lines: dict[str, dict[int, float]] = {}
    for one in measured:
        if one.outcomes:
            lines.setdefault(one.contestant.name, {})[one.contestant.people] = one.median_ns
    return lines


def _growth(measured: list[Measured]) -> str:
    lines = series(measured)
    sizes = sorted({people for line in lines.values() for people in line})
    head = "| ns per request, by people | " + " | ".join(f"{n:,}" for n in sizes) + " |"
    rows = [head, "|---|" + "---:|" * len(sizes)]
    for name, line in lines.items():
        cells = (_ns(line[n]) if n in line else "" for n in sizes)
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _goals(results: Results) -> str:
    rows = ["| goal | found |", "|---|---|"]
    closed = {one.contestant.name: one for one in results.closed if one.outcomes}
    if OURS in closed and LIMIT in closed:
        ratio = closed[OURS].median_ns / closed[LIMIT].median_ns
        rows.append(f"| closed station: at most 1.3 times C | {ratio:.2f} times |")
    for strategy, pair in _pairs(results.office).items():
        if all(one.outcomes for one in pair.values()):
            ratio = pair["reference"].median_ns / pair["compiled"].median_ns
            found = f"{_ns(pair['compiled'].median_ns)} ns, {ratio:.3g} times"
            if LIMIT in closed:  # the goal was set where that takes 29 ns
                limit = pair["compiled"].median_ns / closed[LIMIT].median_ns
                found += f"; {limit:.1f} times C at the closed station"
            rows.append(
                f"| office, `{strategy}`: at most 150 ns a request (5.2 times C at the closed station), at least"
                f" 100 times the reference | {found} |"
            )
    for name, line in series(results.growth).items():
        if 1_000 in line and 1_000_000 in line:
            ratio = line[1_000_000] / line[1_000]
            rows.append(f"| {name}: a request among 1,000,000 people at most 3 times one among 1,000 | {ratio:.2f} times |")  # fmt: skip
    if results.default is not None:
        found = results.default
        rows += [
            f"| `lastclick compare`: a provisional table within 3 s | {found.median('provisional_s'):.1f} s |",
            f"| `lastclick compare`: the full one within 10 s | {found.median('full_s'):.1f} s |",
            f"| at most a tenth is not simulation (intervals, quantiles, tables) | {100 * found.median('other_share'):.1f} %;"
            f" with starting {100 * found.median('unsimulated_share'):.1f} % |",
            f"| `import sim` under 300 ms | {1e3 * median(found.import_s):.0f} ms |",
        ]
        if found.cold_s:
            rows.append(
                f"| cold cache: under 30 s | {found.cold_s:.0f} s ({found.cold_cpu_s:.0f} s of CPU) |"
            )
    return "\n".join(rows)


def figure(results: Results, folder: Path) -> list[Path]:
    """Time a request against people, both logarithmic; the title states what is seen."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(8.5, 5.5), layout="constrained")
    FigureCanvasAgg(canvas)
    ax: Any = canvas.subplots()
    lines = series(results.growth)
    for (name, line), (colour, marker) in zip(lines.items(), LOOKS, strict=False):
        people = sorted(line)
        ax.plot(people, [line[n] for n in people], color=colour, marker=marker, label=name)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("people")
    ax.set_ylabel("CPU time per request, ns")
    ax.grid(which="both", alpha=0.25)
    ax.legend(fontsize=9)
    ax.set_title(_finding(lines), fontsize=11)
    paths = [folder / f"{FIGURE}.{kind}" for kind in ("svg", "png")]
    for path in paths:
        dated = {"metadata": {"Date": None}} if path.suffix == ".svg" else {}
        canvas.savefig(path, dpi=120, **dated)
    return paths


def _finding(lines: dict[str, dict[int, float]]) -> str:
    for name in ("Last Click, office model", OURS):
        line = lines.get(name, {})
        if 1_000 in line and 1_000_000 in line:
            grown = line[1_000_000] / line[1_000]
            return f"{name}: a request among a million people takes {grown:.1f} times one among a thousand"
    return "Time per request against the number of people"

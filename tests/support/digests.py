"""Fingerprints of what the engine recorded in the shipped scenarios before its rules stood in one place.

    python tests/support/digests.py [--engine NAME] [--whole] [--check FILE] > FILE

Uses nothing but `sim.scenario` and `sim.engine.run`, so it runs against any installed build. Two sizes: *few* people with
their events, which every engine can follow, and the *whole* scenario without. A fingerprint a part, so that a difference
says where it lies.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sim.engine import run
from sim.scenario import load, with_changes

SCENARIOS = (
    *("admin_endpoints", "agency_rate_limited", "host_down_day", "library_gateway"),
    *("lossy_webhook", "lost_permission", "office", "office_forge", "office_sso"),
    *("shared_computer", "testbed_office", "testbed_rush", "textbook", "which_timeout"),
)
FEW = 16
LETTERS = 12
CASES = (
    *("person", "cause", "administrator", "behaviour", "revoked_at_s", "host_knows_at_s"),
    *("notice_at_s", "bound_s", "page_open", "exposure_s", "exposure_read_s", "exposure_write_s"),
    *("exposure_admin_s", "censored", "last_click_s", "unauthorised_reads", "unauthorised_writes"),
    *("unauthorised_admin", "unauthorised_bytes", "recoverable_writes", "forewarned_reads"),
    *("forewarned_writes", "forewarned_admin", "refused"),
)
PARTS = {
    "times": ("response", "auth_overhead", "response_sum_s", "response_n"),
    "counts": (
        *("honest_clicks", "honest_refused", "interruptions", "visit_s", "requests", "host_calls"),
        *("rate_limited", "retry_after_s", "entries", "events"),
    ),
    "stations": ("stations",),
    "trace": ("trace",),
}


def fingerprints(recorded: Any) -> dict[str, str]:
    """Part of the record -> fingerprint."""
    cases = [np.ascontiguousarray(recorded.cases[name]) for name in CASES]
    found = {"cases": _fingerprint(cases)}
    for part, names in PARTS.items():
        found[part] = _fingerprint([getattr(recorded, name) for name in names])
    return found


def _fingerprint(values: Any) -> str:
    whole = hashlib.sha256()
    for piece in _pieces(values):
        whole.update(piece)
    return whole.hexdigest()[:LETTERS]


def _pieces(value: Any) -> Iterator[bytes]:
    """A value without doubt: floats by their bits, so that NaN equals NaN."""
    if isinstance(value, np.ndarray):
        yield f"{value.dtype.str}{len(value)}:".encode() + value.tobytes()
    elif isinstance(value, dict):
        for key in sorted(value):
            yield from _pieces((key, value[key]))
    elif isinstance(value, list | tuple):
        yield b"("
        for item in value:
            yield from _pieces(item)
        yield b")"
    elif hasattr(value, "counts"):  # a histogram
        yield from _pieces(
            (value.counts, value.n, value.total_ticks, float(value.min_s), float(value.max_s))
        )
    elif hasattr(value, "sojourns_s"):  # a station
        names = ("name", "arrivals", "departures", "presence_s", "sojourns_s", "utilisation")
        yield from _pieces(tuple(getattr(value, name) for name in (*names, "queue")))
    else:
        yield (repr(float(value)) if isinstance(value, float) else repr(value)).encode() + b","


def cells(whole: bool) -> Iterator[tuple[str, Any, Any]]:
    """(name, scenario, strategy) of every shipped scenario and each of its strategies."""
    for name in SCENARIOS:
        scenario = load(name)
        if not whole:
            people = min(FEW, scenario.organisation.people)
            scenario = with_changes(scenario, {"organisation.people": people})
        for strategy in scenario.strategies.values():
            yield f"{name} {strategy.name}", scenario, strategy


def found(engine: str, whole: bool) -> Iterator[tuple[str, dict[str, str]]]:
    """The fingerprints of each cell."""
    for name, scenario, strategy in cells(whole):
        yield name, fingerprints(run(scenario, strategy, engine=engine, tracing=not whole))


def main() -> int:
    """Print fingerprints, or compare with those of a file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", default="compiled")
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--check", type=Path)
    asked = parser.parse_args()
    kept = None if asked.check is None else json.loads(asked.check.read_text(encoding="utf-8"))
    size, result, wrong = ("whole" if asked.whole else "few"), {}, 0
    for name, prints in found(asked.engine, asked.whole):
        result[name] = " ".join(prints.values())
        if kept is not None and kept[size][name] != result[name]:
            wrong += 1
            print(f"{name}: {kept[size][name]} before, {result[name]} now", file=sys.stderr)
    if kept is None:
        json.dump(result, sys.stdout, indent=0)
    print(f"\n{len(result)} cells, {wrong} differ", file=sys.stderr)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())

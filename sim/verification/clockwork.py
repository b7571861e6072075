"""Counts by hand: one person by the clock, so that every figure is arithmetic and every tie matters.

His page is seen at 100 s, he clicks at 160, 220, 280, ... and is revoked at 1030 s; nothing takes time unless said.
Each expected figure follows from the rules of the model alone (half-open validity, who sees what, what survives).
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from sim.engine import run
from sim.engine.recording import Run
from sim.oracle.vocabulary import Unspoken
from sim.verification import (
    connections_by_hand,
    ended_by_hand,
    events_by_hand,
    gates_by_hand,
    load_by_hand,
    nodes_by_hand,
    people_by_hand,
    plans_by_hand,
    polls_by_hand,
    rotation_by_hand,
    sessions_by_hand,
    tabs_by_hand,
)
from sim.verification.by_hand import ENDED, FIGURES, Clockwork
from sim.verification.line import Line, Lines
from sim.verification.worlds import clockwork

COUNTS = (
    *gates_by_hand.WORLDS,
    *events_by_hand.WORLDS,
    *people_by_hand.WORLDS,
    *load_by_hand.WORLDS,
    *plans_by_hand.WORLDS,
    *tabs_by_hand.WORLDS,
    *sessions_by_hand.WORLDS,
    *polls_by_hand.WORLDS,
    *connections_by_hand.WORLDS,
    *rotation_by_hand.WORLDS,
    *ended_by_hand.WORLDS,
    *nodes_by_hand.WORLDS,
)


def by_the_clock(engine: str) -> Lines:
    """All worlds through an engine; the reference is left out where it does not speak a word."""
    for world in COUNTS:
        try:
            found = _run(world, engine)
        except Unspoken:
            continue
        for name, value in world.expected.items():
            if name in ENDED and found.ended is None:
                continue  # the oracle does not say what ended a case
            yield Line(
                f"By the clock, {engine}", f"{world.name}, {name}", float(value),
                simulated=FIGURES[name](found), tolerance=1e-6,
            )  # fmt: skip


def _run(world: Clockwork, engine: str) -> Run:
    with TemporaryDirectory() as folder:
        changes = dict(world.changes)
        if world.log:
            log = Path(folder) / "log.csv"
            log.write_text(world.log, encoding="utf-8")
            changes["workload.log"] = str(log)
        scenario = clockwork(world.strategy, changes)
        return run(scenario, scenario.strategies["tried"], engine=engine, tracing=world.traced)

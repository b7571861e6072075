"""The compiled engine: the same sample path as the reference, in flat arrays and machine code.

A person's main line waits for one event at a time (`person.py`, `gates.py`); what goes on beside it are tasks (`beside.py`);
`kernel.py` takes events from the `calendar.py` in the model's order. `build.py` makes the arrays and reads them.
"""

from sim.engine import Progress
from sim.engine.compiled import layout
from sim.engine.compiled.build import (
    arrays_of,
    emptied,
    grown,
    never_ends,
    recorded,
    wired,
    with_cases,
)
from sim.engine.compiled.machine import kernels
from sim.engine.recording import Run
from sim.model.strategies import Strategy
from sim.scenario import Scenario

SLICES = 200


def run(
    scenario: Scenario,
    strategy: Strategy,
    replication: int = 0,
    *,
    seed: int | None = None,
    tracing: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Simulate one replication of a scenario under one strategy (see `sim.engine.run`).

    Releases the interpreter's lock while it works; returns to it for `progress` and interrupts. Raises TypeError for a
    strategy written in Python.
    """
    if type(strategy) is not Strategy:
        raise TypeError(f"{strategy.name} is written in Python: it needs the reference engine")
    seed = scenario.run.seed if seed is None else seed
    advance, count_cases, close = kernels()
    arrays = wired(arrays_of(scenario, strategy, replication, seed, tracing))
    address = arrays.world.ctypes.data  # of one record, which stays in its place
    arrays = with_cases(arrays, count_cases(address))
    end_s = scenario.run.end_s
    for step in range(1, SLICES + 1):
        until_s = end_s if step == SLICES else end_s * step / SLICES
        while (code := advance(address, until_s)) != layout.PAUSED:
            if code == layout.ENDLESS:
                raise never_ends(arrays, scenario)
            if code != layout.WORKING:
                arrays = grown(arrays, code)
            elif progress is not None:
                progress((step - 1) / SLICES)
        if progress is not None:
            progress(step / SLICES)
    in_flight = close(address)
    if arrays.world[0]["endless"]:
        raise never_ends(arrays, scenario)
    arrays = emptied(arrays)
    return recorded(arrays, scenario, strategy, replication, in_flight)

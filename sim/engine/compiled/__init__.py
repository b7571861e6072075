"""The compiled runner: the steps in machine code, on flat arrays. The default."""

import numpy as np

from sim.engine import Progress
from sim.engine.arrays import arrays_of, emptied, grown, wired, with_cases
from sim.engine.compiled.machine import kernels
from sim.engine.given import Given
from sim.engine.recorded import never_ends, recorded
from sim.engine.recording import Run
from sim.engine.state import Code
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
    traced: int | None = None,
    moments: int = 0,
    progress: Progress | None = None,
) -> Run:
    """Simulate one replication of a scenario under one strategy (see `sim.engine.run`).

    Releases the interpreter's lock while it works; returns to it for `progress` and interrupts. Raises TypeError for a
    strategy written in Python.
    """
    if type(strategy) is not Strategy:
        raise TypeError(f"{strategy.name} is written in Python: it needs the plain engine")
    given = Given.of(scenario, strategy, tracing, traced, moments)
    advance, count_cases, close = kernels()
    arrays = wired(arrays_of(given, replication, scenario.run.seed if seed is None else seed))
    address = arrays["world"].ctypes.data  # of one record, which stays in its place
    arrays = with_cases(arrays, count_cases(address))
    end_s = scenario.run.end_s
    for step in range(1, SLICES + 1):
        until_s = end_s if step == SLICES else end_s * step / SLICES
        while (code := advance(address, until_s)) != Code.PAUSED:
            if code == Code.ENDLESS:
                raise never_ends(arrays["world"].view(np.recarray)[0], given)
            if code != Code.WORKING:
                arrays = grown(arrays, code)
            elif progress is not None:
                progress((step - 1) / SLICES)
        if progress is not None:
            progress(step / SLICES)
    in_flight = close(address)
    if arrays["world"][0]["endless"]:
        raise never_ends(arrays["world"].view(np.recarray)[0], given)
    return recorded(emptied(arrays), given, replication, in_flight)

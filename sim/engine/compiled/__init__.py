"""The compiled runner: the steps in machine code, on flat arrays. The default."""

from functools import partial

import numpy as np

from sim.engine import Progress, alone, capacity
from sim.engine.arrays import arrays_of, emptied, grown, wired, with_cases
from sim.engine.compiled.machine import kernels
from sim.engine.given import Given
from sim.engine.recorded import recorded
from sim.engine.recording import Run
from sim.engine.state import Code
from sim.model.strategies import Strategy
from sim.scenario import Scenario

SLICES = 200
EARLY = SLICES // 8  # after so many it is asked whether people can still be alone


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
    together: bool | None = None,
) -> Run:
    """Simulate one replication of a scenario under one strategy (see `sim.engine.run`).

    Releases the interpreter's lock while it works; returns to it for `progress` and interrupts. Raises TypeError for a
    strategy written in Python. `together`: whether in one calendar, or one person after the other where that can be (`engine.alone`); the
    record is the same, and None takes what is faster.
    """
    if type(strategy) is not Strategy:
        raise TypeError(f"{strategy.name} is written in Python: it needs the plain engine")
    given = Given.of(scenario, strategy, tracing, traced, moments)
    seed = scenario.run.seed if seed is None else seed
    one = partial(_run, given, replication, seed)
    return alone.run(given, together, one, progress)


def _run(
    given: Given, replication: int, seed: int, one_by_one: bool, progress: Progress | None
) -> Run | None:
    """The run of everybody together, or of one after the other; None where these then met."""
    advance, count_cases, close = kernels()
    arrays = wired(arrays_of(given, replication, seed, 2 if one_by_one else 0))
    address = arrays["world"].ctypes.data  # of one record, which stays in its place
    arrays = with_cases(arrays, count_cases(address))
    world, end_s = arrays["world"][0], given.scenario.run.end_s
    for step in range(1, SLICES + 1):
        until_s = end_s if step == SLICES or one_by_one else end_s * step / SLICES
        world["turn_until"] = int(world["people"]) * step // SLICES
        while (code := advance(address, until_s)) != Code.PAUSED:
            if code == Code.ENDLESS:
                alone.endless(arrays["world"].view(np.recarray)[0], given)
                return None
            if code != Code.WORKING:
                arrays = grown(arrays, code)
            elif progress is not None:
                progress((step - 1) / SLICES)
        if progress is not None:
            progress(step / SLICES)
        if one_by_one and step == EARLY and not capacity.may_still(arrays, given, step / SLICES):
            return None
    if one_by_one and not capacity.nobody_met(arrays, given):
        return None
    in_flight = close(address)
    if world["endless"]:
        alone.endless(arrays["world"].view(np.recarray)[0], given)
        return None
    return recorded(emptied(arrays), given, replication, in_flight)

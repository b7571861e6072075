"""The plain runner: the steps as they are written, on Python objects. Slow, and easy to follow in a debugger.

Strategies written in Python run here (`written`).
"""

import struct
from functools import cache, partial
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from sim.basics import streams
from sim.engine import Progress, alone, binder, capacity
from sim.engine.arrays import (
    FULL,
    Arrays,
    arrays_of,
    beside_pages,
    grown_size,
    places_a_page,
    room_for,
)
from sim.engine.fields import Rows
from sim.engine.given import Given
from sim.engine.recorded import recorded
from sim.engine.recording import Run
from sim.engine.state import ARRAYS, POOLS, Code, Fixed, Progressing
from sim.engine.written import Written
from sim.model.outcomes import REASONS
from sim.model.strategies import Strategy
from sim.scenario import Scenario

SLICES = 200
# What is read from when the run is over.
_RECORDED = (
    *("cases", "histograms", "stations", "hosts", "trace", "counts", "minute_ticks"),
    *("minute_clicks", "calls", "limited", "changes", "windows", "window_counts", "cells"),
)


class World:
    """Settings, what changes, and a list an array. A name that is not declared is an error here as it is to a compiler."""

    __slots__ = ("keys", "lists", *Fixed.fields, *(f"n_{name}" for name in ARRAYS))

    def __init__(self, arrays: Arrays):
        self.keys: dict[tuple[int, int], int] = {}
        self.lists: dict[str, list[Any]] = {}
        for name in Fixed.fields:
            setattr(self, name, arrays["world"][0][name].item())
        for name, rows in ARRAYS.items():
            self.lists[name] = _listed(rows, arrays[name])
            setattr(self, f"n_{name}", len(self.lists[name]))


def _grow(w: Any, name: str) -> None:
    """More room in the list that is full."""
    size = len(w.lists[name])
    more = grown_size(size, w.held) - size
    _add(w, name, more)
    if name == "pages":
        settings = {name: getattr(w, name) for name in Fixed.fields}
        for beside in beside_pages(settings):
            _add(w, beside, more * places_a_page(beside, settings, w.n_checks))


def _add(w: Any, name: str, number: int) -> None:
    """So many more places; of a pool, they go to the head of the free ones."""
    items, rows = w.lists[name], ARRAYS[name]
    size = len(items)
    items += [_zero(rows)() for _ in range(number)]
    setattr(w, f"n_{name}", len(items))
    if name in POOLS and number:
        for place in range(size, size + number):
            setattr(items[place], rows.link, place + 1)
        setattr(items[-1], rows.link, getattr(w, f"free_{rows.one}"))
        setattr(w, f"free_{rows.one}", size)
        setattr(w, f"{name}_left", getattr(w, f"{name}_left") + number)


class Number:
    """One number of a list, as steps reach it."""

    __slots__ = ("items", "place")

    def __init__(self, items: list[Any], place: int):
        self.items, self.place = items, place

    @property
    def x(self) -> Any:
        return self.items[self.place]

    @x.setter
    def x(self, value: Any) -> None:
        self.items[self.place] = value


@cache
def _zero(rows: Rows) -> Any:
    """What makes an empty place."""
    if isinstance(rows.item, str):
        return float if rows.item == "f8" else int
    return rows.item.slots()


def _listed(rows: Rows, array: Any) -> list[Any]:
    if isinstance(rows.item, str):
        return list(array.tolist())
    made, names = _zero(rows), tuple(rows.item.fields)
    items = []
    for values in array.tolist():
        item = made()
        for name, value in zip(names, values, strict=True):
            setattr(item, name, value)
        items.append(item)
    return items


def _array(rows: Rows, items: list[Any]) -> Any:
    if isinstance(rows.item, str):
        return np.array(items, rows.dtype())
    names = tuple(rows.item.fields)
    return np.array([tuple(getattr(i, name) for name in names) for i in items], rows.dtype())


def _recorded(arrays: Arrays, world: Any) -> Arrays:
    """The arrays with what has happened."""
    for name in Progressing.fields:
        arrays["world"][0][name] = getattr(world, name)
    return arrays | {name: _array(ARRAYS[name], world.lists[name]) for name in _RECORDED}


# -- how steps reach all that -------------------------------------------------------------------


def _reached() -> Any:
    """The memory of this runner."""
    found: dict[str, Any] = {
        "world_at": lambda world: world,
        "bits_of": lambda number: struct.unpack("<q", struct.pack("<d", number))[0],
        "turn_to": lambda w, person: None,  # everybody has a place of his own
    }
    for name, rows in ARRAYS.items():
        if rows.whole:
            found[rows.one] = lambda w, name=name: w.lists[name]
        elif isinstance(rows.item, str):
            found[rows.one] = lambda w, i, name=name: Number(w.lists[name], i)
        else:
            found[rows.one] = lambda w, i, name=name: w.lists[name][i]
        found[f"fetch_{rows.one}"] = lambda w, i: None  # memory comes when it is needed
    return SimpleNamespace(**found)


def _uniform(w: Any, person: int, stream: int, n: int, attempt: int) -> float:
    """`draws.uniform`, with the keys of streams kept."""
    key = w.keys.get((stream, person))
    if key is None:
        key = w.keys[stream, person] = streams.draw64(w.lists["bases"][stream], person)
    return streams.uniform(key, n, attempt)


def _uniform_of_page(w: Any, person: int, stream: int, page: int, k: int, attempt: int) -> float:
    """`draws.uniform_of_page`, in whole numbers without end."""
    key = streams.draw64(w.lists["bases"][stream], person)
    return streams.uniform(streams.draw64(key, page), k, attempt)


def _bound(**instead: Any) -> dict[str, ModuleType]:
    drawn = {"draws__uniform": _uniform, "draws__uniform_of_page": _uniform_of_page}
    return binder.bound(_reached(), lambda step: step, library=False, **drawn, **instead)


@cache
def _steps() -> dict[str, ModuleType]:
    return _bound()


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
    """Simulate one replication of a scenario under one strategy (see `sim.engine.run`); `together` as in `compiled.run`."""
    given = Given.of(scenario, strategy, tracing, traced, moments)
    seed = scenario.run.seed if seed is None else seed
    return alone.run(given, together, partial(_run, given, replication, seed), progress)


def _run(
    given: Given, replication: int, seed: int, one_by_one: bool, progress: Progress | None
) -> Run | None:
    """The run of everybody together, or of one after the other; None where these then met."""
    people = given.scenario.organisation.people
    arrays = arrays_of(given, replication, seed, people if one_by_one else 0)
    world: Any = World(arrays)
    reasons = list(REASONS)
    if type(given.strategy) is Strategy:
        steps = _steps()
    else:
        written = Written(given.strategy)
        steps, reasons = written.bound(_bound), written.reasons
    cases = steps["revocation"].count_cases(world)
    for name, more in room_for(cases, len(arrays["hosts"]), one_by_one).items():
        _add(world, name, more)
    end_s = given.scenario.run.end_s
    for step in range(1, SLICES + 1):
        until_s = end_s if step == SLICES or one_by_one else end_s * step / SLICES
        world.turn_until = people * step // SLICES
        while (code := steps["kernel"].advance(world, until_s)) != Code.PAUSED:
            if code == Code.ENDLESS:
                alone.endless(world, given)
                return None
            if code != Code.WORKING:
                _grow(world, FULL[Code(code)])
            elif progress is not None:
                progress((step - 1) / SLICES)
        if progress is not None:
            progress(step / SLICES)
    in_flight = steps["kernel"].close(world)
    if world.endless:
        alone.endless(world, given)
        return None
    arrays = _recorded(arrays, world)
    if one_by_one and not capacity.nobody_met(arrays, given):
        return None
    return recorded(arrays, given, replication, in_flight, reasons)

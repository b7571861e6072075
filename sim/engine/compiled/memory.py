"""The arrays of a run, reached through addresses in one record, the world.

Compiled functions pass that record, one pointer, instead of thirty arrays: calls cost nothing and compiling takes
seconds, not minutes. Record types carry short names, since numba writes the names of types into those of functions.
"""

import os
from typing import Any

import numpy as np
from numba import core, extending
from numba.core import datamodel
from numba.np import numpy_support

from sim.engine.compiled import layout
from sim.engine.compiled.layout import World
from sim.engine.compiled.options import NUMBA, compiled

carray: Any = NUMBA.carray
intrinsic: Any = extending.intrinsic
types: Any = core.types
models: Any = datamodel

CHECKED = os.environ.get("LASTCLICK_BOUNDSCHECK") == "1"  # every index of a record is checked


class Named(types.Record):
    """A record type with a short name."""

    def __init__(self, name: str, dtype: Any):
        fields = [
            (field, {"type": numpy_support.from_dtype(part[0]), "offset": part[1]})
            for field, part in dtype.fields.items()
        ]
        super().__init__(fields, dtype.itemsize, True)
        self.name = name

    def __repr__(self) -> str:
        return str(self.name)


models.register_default(Named)(models.models.RecordModel)


def reference_to(name: str, dtype: Any) -> Any:
    """A compiled function: (address, index) -> the record there."""
    record = Named(name, dtype)
    size = dtype.itemsize

    @intrinsic
    def at(typing_context: Any, address: Any, index: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            address, index = arguments
            offset = builder.mul(index, context.get_constant(types.int64, size))
            kind = context.get_value_type(signature.return_type)
            return builder.inttoptr(builder.add(address, offset), kind)

        return record(types.int64, types.int64), generate

    return at


@intrinsic
def pointer(typing_context: Any, address: Any) -> Any:
    """An address as a pointer."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return types.voidptr(types.int64), generate


@compiled
def check(i: int, n: int) -> None:
    """Raise IndexError for a place outside an array."""
    if i < 0 or i >= n:
        raise IndexError


world_at = reference_to("World", layout.WORLD)
person_at = reference_to("Person", layout.PERSON)
page_at = reference_to("Page", layout.PAGE)
credential_at = reference_to("Credential", layout.CREDENTIAL)
task_at = reference_to("Task", layout.TASK)
case_at = reference_to("Case", layout.CASE)
law_at = reference_to("Law", layout.LAW)
event_at = reference_to("Event", layout.EVENT)
station_at = reference_to("Station", layout.STATION)
histogram_at = reference_to("Histogram", layout.HISTOGRAM)
row_at = reference_to("Row", layout.ROW)


@compiled
def person(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_persons)
    return person_at(w.at_persons, i)


@compiled
def page(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_pages)
    return page_at(w.at_pages, i)


@compiled
def credential(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_credentials)
    return credential_at(w.at_credentials, i)


@compiled
def task(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_tasks)
    return task_at(w.at_tasks, i)


@compiled
def case(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_cases)
    return case_at(w.at_cases, i)


@compiled
def law(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_laws)
    return law_at(w.at_laws, i)


@compiled
def event(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_heap)
    return event_at(w.at_heap, i)


@compiled
def station(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_stations)
    return station_at(w.at_stations, i)


@compiled
def histogram(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_histograms)
    return histogram_at(w.at_histograms, i)


@compiled
def row(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_trace)
    return row_at(w.at_trace, i)


@compiled
def tables(w: World) -> Any:
    return carray(pointer(w.at_tables), w.n_tables, np.float64)


@compiled
def bases(w: World) -> Any:
    return carray(pointer(w.at_bases), w.n_bases, np.uint64)


@compiled
def daily(w: World) -> Any:
    return carray(pointer(w.at_daily), w.n_daily, np.float64)


@compiled
def log_pages(w: World) -> Any:
    return carray(pointer(w.at_log_pages), w.n_log_pages, np.int64)


@compiled
def log_loads(w: World) -> Any:
    return carray(pointer(w.at_log_loads), w.n_log_loads, np.int64)


@compiled
def log_think(w: World) -> Any:
    return carray(pointer(w.at_log_think), w.n_log_think, np.float64)


@compiled
def log_kind(w: World) -> Any:
    return carray(pointer(w.at_log_kind), w.n_log_kind, np.int8)


@compiled
def log_bytes(w: World) -> Any:
    return carray(pointer(w.at_log_bytes), w.n_log_bytes, np.float64)


@compiled
def answers_until(w: World) -> Any:
    return carray(pointer(w.at_answers_until), w.n_answers_until, np.float64)


@compiled
def answers(w: World) -> Any:
    return carray(pointer(w.at_answers), w.n_answers, np.int8)


@compiled
def stamped_until(w: World) -> Any:
    return carray(pointer(w.at_stamped_until), w.n_stamped_until, np.float64)


@compiled
def free_at(w: World) -> Any:
    return carray(pointer(w.at_free_at), w.n_free_at, np.float64)


@compiled
def counts(w: World) -> Any:
    return carray(pointer(w.at_counts), w.n_counts, np.int64)


@compiled
def minute_ticks(w: World) -> Any:
    return carray(pointer(w.at_minute_ticks), w.n_minute_ticks, np.int64)


@compiled
def minute_clicks(w: World) -> Any:
    return carray(pointer(w.at_minute_clicks), w.n_minute_clicks, np.int64)


@compiled
def calls(w: World) -> Any:
    return carray(pointer(w.at_calls), w.n_calls, np.int64)


@compiled
def limited(w: World) -> Any:
    return carray(pointer(w.at_limited), w.n_limited, np.int64)


@compiled
def changes(w: World) -> Any:
    return carray(pointer(w.at_changes), w.n_changes, np.int64)

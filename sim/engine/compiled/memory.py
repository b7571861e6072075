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
codegen: Any = core.cgutils

PERSON_SIZE, PAGE_SIZE = layout.PERSON.itemsize, layout.PAGE.itemsize
CASE_SIZE, WAITING_SIZE = layout.CASE.itemsize, layout.WAITING.itemsize

CHECKED = os.environ.get("LASTCLICK_BOUNDSCHECK") == "1"  # every index of a record is checked


class Named(types.Record):
    """A record type with a short name."""

    def __init__(self, name: str, dtype: Any):
        fields = [
            (field, {"type": numpy_support.from_dtype(part[0]), "offset": part[1]})
            for field, part in dtype.fields.items()
        ]
        super().__init__(fields, dtype.itemsize, dtype.isalignedstruct)
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


@intrinsic
def bits_of(typing_context: Any, number: Any) -> Any:
    """The bits of a float as a whole number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(signature.return_type))

    return types.int64(types.float64), generate


@intrinsic
def fetch(typing_context: Any, address: Any) -> Any:
    """Ask for a line of memory that will be needed soon."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte, whole = codegen.voidptr_t, codegen.int32_t
        kind = codegen.ir.FunctionType(codegen.ir.VoidType(), [byte, whole, whole, whole])
        prefetch = codegen.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        read, keep, data = whole(0), whole(3), whole(1)
        builder.call(prefetch, [builder.inttoptr(arguments[0], byte), read, keep, data])
        return context.get_dummy_value()

    return types.none(types.int64), generate


@compiled
def fetch_person(w: World, i: int) -> None:
    """A person's record will be needed soon."""
    at = w.at_persons + i * PERSON_SIZE
    fetch(at)
    fetch(at + PERSON_SIZE - 1)


@compiled
def fetch_case(w: World, i: int) -> None:
    """A case's record will be needed soon: what says who acts lies at its end."""
    fetch(w.at_cases + (i + 1) * CASE_SIZE - 1)


@compiled
def fetch_page(w: World, i: int) -> None:
    """A page's record will be needed soon."""
    fetch(w.at_pages + i * PAGE_SIZE)


@compiled
def fetch_event(w: World, i: int) -> None:
    """An event in a row of the calendar will be needed soon."""
    fetch(w.at_events + i * WAITING_SIZE)


@compiled
def check(i: int, n: int) -> None:
    """Raise IndexError for a place outside an array."""
    if i < 0 or i >= n:
        raise IndexError


world_at = reference_to("World", layout.WORLD)
# One number is a record of one field, `x`: an array taken out of an address would be counted in and out.
float64_at, int64_at, uint64_at, int32_at, int8_at = (
    reference_to(name, np.dtype([("x", name)]))
    for name in ("float64", "int64", "uint64", "int32", "int8")
)
person_at = reference_to("Person", layout.PERSON)
holder_at = reference_to("Holder", layout.HOLDER)
page_at = reference_to("Page", layout.PAGE)
background_at = reference_to("Background", layout.BACKGROUND)
credential_at = reference_to("Credential", layout.CREDENTIAL)
task_at = reference_to("Task", layout.TASK)
case_at = reference_to("Case", layout.CASE)
law_at = reference_to("Law", layout.LAW)
event_at = reference_to("Event", layout.EVENT)
waiting_at = reference_to("Waiting", layout.WAITING)
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
def holder(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_holders)
    return holder_at(w.at_holders, i)


@compiled
def entry(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_entries)
    return float64_at(w.at_entries, i)


@compiled
def longest(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_longest)
    return float64_at(w.at_longest, i)


@compiled
def background(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_background)
    return background_at(w.at_background, i)


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
        check(i, w.n_events)
    return waiting_at(w.at_events, i)


@compiled
def due(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_heap)
    return event_at(w.at_heap, i)


@compiled
def first_of_row(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_first_of_row)
    return int32_at(w.at_first_of_row, i)


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
def bases(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_bases)
    return uint64_at(w.at_bases, i)


@compiled
def daily(w: World) -> Any:
    return carray(pointer(w.at_daily), w.n_daily, np.float64)


@compiled
def log_pages(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_log_pages)
    return int64_at(w.at_log_pages, i)


@compiled
def log_loads(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_log_loads)
    return int64_at(w.at_log_loads, i)


@compiled
def log_think(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_log_think)
    return float64_at(w.at_log_think, i)


@compiled
def log_kind(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_log_kind)
    return int8_at(w.at_log_kind, i)


@compiled
def log_bytes(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_log_bytes)
    return float64_at(w.at_log_bytes, i)


@compiled
def answers_until(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_answers_until)
    return float64_at(w.at_answers_until, i)


@compiled
def answers(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_answers)
    return int8_at(w.at_answers, i)


@compiled
def stamped_until(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_stamped_until)
    return float64_at(w.at_stamped_until, i)


@compiled
def free_at(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_free_at)
    return float64_at(w.at_free_at, i)


@compiled
def counts(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_counts)
    return int64_at(w.at_counts, i)


@compiled
def minute_ticks(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_minute_ticks)
    return int64_at(w.at_minute_ticks, i)


@compiled
def minute_clicks(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_minute_clicks)
    return int64_at(w.at_minute_clicks, i)


@compiled
def calls(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_calls)
    return int64_at(w.at_calls, i)


@compiled
def limited(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_limited)
    return int64_at(w.at_limited, i)


@compiled
def changes(w: World, i: int) -> Any:
    if CHECKED:
        check(i, w.n_changes)
    return int64_at(w.at_changes, i)

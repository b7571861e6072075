"""The arrays of a run, reached through addresses in one record, the world.

Compiled functions pass that record, one pointer, instead of thirty arrays: calls cost nothing and compiling takes
seconds, not minutes. Record types carry short names, since numba writes the names of types into those of functions.
"""

import os
from types import ModuleType
from typing import Any

import numpy as np
from numba import core, extending
from numba.core import datamodel
from numba.np import numpy_support

from sim.engine import state
from sim.engine.compiled.options import NUMBA, compiled

carray: Any = NUMBA.carray
intrinsic: Any = extending.intrinsic
types: Any = core.types
models: Any = datamodel
codegen: Any = core.cgutils

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


@intrinsic
def copy(typing_context: Any, to: Any, of: Any, size: Any) -> Any:
    """Copy so many bytes from one address to another."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        to, of, size = arguments
        to, of = (builder.inttoptr(address, codegen.voidptr_t) for address in (to, of))
        codegen.raw_memcpy(builder, to, of, size, 1)
        return context.get_dummy_value()

    return types.none(types.int64, types.int64, types.int64), generate


@compiled
def check(i: int, n: int) -> None:
    """Raise IndexError for a place outside an array."""
    if i < 0 or i >= n:
        raise IndexError


# -- how steps reach the arrays -------------------------------------------------------------------
#
# Made from `state.ARRAYS`. One number is a record of one field, `x`: an array taken out of an address would be counted in and
# out.

_ITEM = """
def {one}(w, i):
    if CHECKED:
        check(i, w.n_{name})
    return at(w.at_{name}, i)
"""
_WHOLE = """
def {one}(w):
    return carray(pointer(w.at_{name}), w.n_{name}, dtype)
"""
# The place of a person becomes that of the next one, with what lies behind it, as it is at first (`steps.alone`).
_TURN_TO = """
    if w.n_{name} > 1:
        if person > 0:
            w.at_{name} -= {size}
        copy(w.at_{name} + person * {size}, w.at_{name} + (person + 1) * {size}, {size})
"""
# A record will be needed soon: its first line of memory, and its last where it lies across two. What says who acts in a case
# lies at its end.
_FETCH = {
    "person": ("w.at_persons + i * size", "w.at_persons + i * size + size - 1"),
    "case": ("w.at_cases + (i + 1) * size - 1",),
    "page": ("w.at_pages + i * size",),
    "event": ("w.at_events + i * size",),
}


def _made(source: str, name: str, **scope: Any) -> Any:
    """A compiled function from its source."""
    scope |= {"__name__": __name__, "CHECKED": CHECKED, "check": check, "fetch": fetch}
    exec(source, scope)
    return compiled(scope[name])


def reached() -> ModuleType:
    """The memory of this runner."""
    found = ModuleType("memory")
    made: dict[str, Any] = {"bits_of": bits_of, "world_at": _world_at()}
    for name, rows in state.ARRAYS.items():
        dtype = rows.dtype()
        source = (_WHOLE if rows.whole else _ITEM).format(one=rows.one, name=name)
        if rows.whole:
            parts = {"carray": carray, "pointer": pointer, "dtype": dtype.type}
        else:
            short = rows.item if isinstance(rows.item, str) else rows.item.__name__
            record = np.dtype([("x", dtype)]) if isinstance(rows.item, str) else dtype
            parts = {"at": reference_to(short, record)}
        made[rows.one] = _made(source, rows.one, **parts)
        if rows.one in _FETCH:
            lines = "".join(f"    fetch({at})\n" for at in _FETCH[rows.one])
            source = f"def fetch_{rows.one}(w, i):\n{lines}"
            made[f"fetch_{rows.one}"] = _made(source, f"fetch_{rows.one}", size=dtype.itemsize)
    made["turn_to"] = _turn_to()
    vars(found).update(made)
    return found


def _turn_to() -> Any:
    parts = (
        _TURN_TO.format(name=name, size=f"({state.ARRAYS[name].dtype().itemsize} * {items})")
        for name, setting in state.OF_PERSON.items()
        for items in [f"w.{setting}" if setting else "1"]
    )
    return _made(f"def turn_to(w, person):\n{''.join(parts)}", "turn_to", copy=copy)


def _world_at() -> Any:
    at = reference_to("World", state.world_dtype())
    return _made("def world_at(address):\n    return at(address, 0)\n", "world_at", at=at)

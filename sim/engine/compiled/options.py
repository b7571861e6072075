"""How functions are compiled: callees of the kernel need no way in from Python and divide like C."""

from collections.abc import Callable
from typing import Any

import numba
from numba import core

NUMBA: Any = numba  # its parts for extensions carry no types, or wrong ones
types: Any = core.types
APART: set[str] = (
    set()
)  # parts of the names that functions have in a kernel, of those that stay out of their callers
_AS_CALLEE = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "error_model": "numpy"}
_njit: Any = NUMBA.njit(**_AS_CALLEE, forceinline=False)  # said, or it would be as in the caller
_inlined: Any = NUMBA.njit(**_AS_CALLEE, forceinline=True)


def step(function: Callable[..., Any]) -> Any:
    """A step, or a function of the library: as its marker says."""
    if getattr(function, "apart", False):
        room = function.__module__.rpartition(".")[2]
        APART.add("".join(f"{len(name)}{name}" for name in (room, function.__name__)))
    into = getattr(function, "into_callers", False)
    return compiled_into_callers(function) if into else compiled(function)


def compiled(function: Callable[..., Any]) -> Any:
    """Compile when first called, once: small numbers, truth values and constants are passed as int64.

    Left alone, numba compiles a function anew for each combination of literals and widths it is called with.
    """
    return _once(_njit(function))


def compiled_into_callers(function: Callable[..., Any]) -> Any:
    """The same, for a function whose first lines decide for most callers: LLVM thinks it too long to do so by itself."""
    return _once(_inlined(function))


def _once(dispatcher: Any) -> Any:
    compile_for = dispatcher.compile
    dispatcher.compile = lambda arguments: compile_for(tuple(_wide(one) for one in arguments))
    return dispatcher


def _wide(kind: Any) -> Any:
    kind = types.unliteral(kind)
    small = isinstance(kind, types.Integer) and kind != types.uint64
    return types.int64 if small or isinstance(kind, types.Boolean) else kind

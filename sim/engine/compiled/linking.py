"""A kernel and all that it calls as one module, optimised once.

Left alone, Numba optimises and translates each callee together with all that it calls itself, in case somebody calls it from
elsewhere; and since somebody might put another in its place, it keeps the status codes that each returns. Nobody does
either here. So a callee stays as it is written until its kernel is linked, where all but the kernel becomes internal.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from numba.core import codegen, compiler_lock

from sim.engine.compiled import options

parts: Any = codegen
no_other_thread: Any = compiler_lock.global_compiler_lock
# What is needed of Numba's code library beyond what it documents; where it is not there, kernels are compiled as usual.
NEEDED = (
    *("finalize", "_get_module_for_linking", "_optimize_final_module", "_finalize_final_module"),
    "_raise_if_finalized",
)
RUNTIME = "nrt"  # Numba's own functions, made when the first kernel is compiled or loaded


@contextmanager
def as_one_module(kernel: str) -> Iterator[None]:
    """While entered, all that Numba compiles is kept for the function of this name, the last to be compiled.

    Raises RuntimeError if that function was not among what was compiled.
    """
    library, generator = parts.JITCodeLibrary, parts.JITCPUCodegen
    if not (all(hasattr(library, name) for name in NEEDED) and hasattr(generator, "set_env")):
        yield
        return
    kept: list[Any] = []
    linked: list[Any] = []

    with no_other_thread:  # or what another thread compiles meanwhile would be kept too
        as_usual, set_environment = library.finalize, generator.set_env

        def finalize(self: Any) -> None:
            if self.name == RUNTIME:
                as_usual(self)
                return
            if self.name == kernel:
                link(self)
                linked.append(self)
            else:
                kept.append(self)
            self._finalized = True

        def set_if_loaded(self: Any, name: str, environment: Any) -> None:
            if self._engine.is_symbol_defined(name):
                set_environment(self, name, environment)

        with replaced(library, "finalize", finalize), replaced(generator, "set_env", set_if_loaded):
            try:
                yield
            finally:
                # from here on others may call them, and will finalise them as usual
                for callee in kept:
                    callee._finalized, callee._shared_module = False, None
    if kept and not linked:
        raise RuntimeError(f"Numba compiled, but no function of the name {kernel}")


@contextmanager
def replaced(owner: Any, name: str, method: Callable[..., None]) -> Iterator[None]:
    """A class with another method, for a while."""
    own = vars(owner).get(name)
    setattr(owner, name, method)
    try:
        yield
    finally:
        if own is None:
            delattr(owner, name)
        else:
            setattr(owner, name, own)


def link(library: Any) -> None:
    """What `CPUCodeLibrary.finalize` does, with callees of callees, and with all of them internal."""
    library._codegen._check_llvm_bugs()
    library._raise_if_finalized()
    module = library._final_module
    ways_in = {function.name for function in module.functions if not function.is_declaration}
    for callee in callees(library):
        if hasattr(library, "_reload_init"):  # not in Numba 0.61 and 0.62
            library._reload_init.update(callee._reload_init)
        module.link_in(callee._get_module_for_linking(), preserve=True)
    for function in module.functions:
        if not function.is_declaration and function.name not in ways_in:
            function.linkage = "internal"
            if any(part in function.name for part in options.APART):
                function.add_function_attribute("noinline")
    library._optimize_final_module()
    module.verify()
    library._finalize_final_module()


def callees(library: Any) -> list[Any]:
    """All libraries that a library needs, each once, in an order that does not change."""
    found: dict[int, Any] = {}
    waiting = [library]
    while waiting:
        for callee in waiting.pop()._linking_libraries:
            if id(callee) not in found:
                found[id(callee)] = callee
                waiting.append(callee)
    return list(found.values())

"""A kernel and all that it calls as one module, optimised once.

Left alone, Numba optimises and translates each callee together with all that it calls itself, in case somebody calls it from
elsewhere; and since somebody might put another in its place, it keeps what each callee says about errors. Nobody does
either here. So a callee stays as it is written until its kernel is linked, where all but the kernel becomes internal.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numba.core import codegen, compiler_lock

parts: Any = codegen
no_other_thread: Any = compiler_lock.global_compiler_lock


@contextmanager
def as_one_module(kernel: str) -> Iterator[None]:
    """While entered, all that Numba compiles is kept for the function of this name, the last to be compiled."""
    library, unit = parts.JITCodeLibrary, parts.JITCPUCodegen
    as_usual, set_environment = library.finalize, unit.set_env

    def finalize(self: Any) -> None:
        if self.name == kernel:
            link(self)
        self._finalized = True

    def set_if_loaded(self: Any, name: str, environment: Any) -> None:
        if self._engine.is_symbol_defined(name):
            set_environment(self, name, environment)

    with no_other_thread:  # compiles meanwhile, or what it compiles would be kept too
        library.finalize, unit.set_env = finalize, set_if_loaded
        try:
            yield
        finally:
            library.finalize, unit.set_env = as_usual, set_environment


def link(library: Any) -> None:
    """What `CPUCodeLibrary.finalize` does, with callees of callees, and with all of them internal."""
    module = library._final_module
    ways_in = {function.name for function in module.functions if not function.is_declaration}
    for callee in callees(library):
        module.link_in(callee._get_module_for_linking(), preserve=True)
    for function in module.functions:
        if not function.is_declaration and function.name not in ways_in:
            function.linkage = "internal"
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

"""Machine code whose constants and callees lie near it: an instruction of x86-64 then names them where it uses them.

Numba compiles for a memory in which parts of a program may lie anywhere, where each constant and each call takes an
instruction more for the whole address: one in twenty of the kernel's. What is kept in our own file is loaded into one block.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from inspect import signature
from typing import Any


def possible(llvm: Any) -> bool:
    """Whether the processor has such instructions, and LLVM's binding a loader that keeps a program in one block."""
    of_processor = llvm.get_default_triple().startswith("x86_64")
    return of_processor and "use_lmm" in signature(llvm.create_mcjit_compiler).parameters


def engine(llvm: Any, module: Any, machine: Any) -> Any:
    """What loads machine code, into one block where it can."""
    if possible(llvm):
        return llvm.create_mcjit_compiler(module, machine, use_lmm=True)
    return llvm.create_mcjit_compiler(module, machine)


@contextmanager
def code() -> Iterator[None]:
    """While entered, the first use of Numba's compiler makes it compile so, for as long as the process lives."""
    from numba.core import codegen, config

    from sim.engine.compiled.linking import replaced

    generator: Any = codegen.JITCPUCodegen
    settings: Any = config
    as_usual = generator._customize_tm_options

    def near(self: Any, options: dict[str, Any]) -> None:
        as_usual(self, options)
        options |= {"reloc": "pic", "codemodel": "small"}

    settings.USE_LLVMLITE_MEMORY_MANAGER = True
    with replaced(generator, "_customize_tm_options", near):
        yield

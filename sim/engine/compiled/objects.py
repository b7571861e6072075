"""The kernels' object code on disk, loaded by LLVM alone: a start without Numba, whose import takes longer than a small study.

What Numba compiled is kept beside its own cache, with the processor that it is for and the names that it needs. Where any
of that does not fit (another processor, a name that nobody provides, a damaged file, no ELF), Numba does as usual.
"""

import ctypes
import json
import os
import struct
import sys
import tempfile
import threading
import zlib
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from sim.engine.compiled import near

FILE = "kernels.bin"
KEPT_HERE = sys.platform == "linux"  # elsewhere nothing of ours is ever written
# What Numba's ways in from Python name; the kernels themselves never call them.
_NEVER_CALLED = ("NRT_", "numba_", "Py", "_Py")
_HEAD = struct.Struct("<II")  # bytes of the description, CRC-32 of all that follows
_RETURNS = {0, -2}  # Numba's status of a call that went well; -2: it returned None
_ARGUMENTS: dict[str, Any] = {"int64": ctypes.c_int64, "float64": ctypes.c_double}

Kernel = Callable[..., int]
_held: list[Any] = []  # engines of LLVM, which own the code


def keep(folder: Path, dispatchers: dict[str, Any]) -> None:
    """Write the object code of compiled functions, whole or not at all; nothing where it could not be loaded."""
    kernels, codes = [], []
    for name, dispatcher in dispatchers.items():
        ((_, compiled),) = dispatcher.overloads.items()
        try:
            code = compiled.library._get_compiled_object()
        except RuntimeError:  # it came out of Numba's cache, which keeps it in another form
            _drop_numbas(folder)
            return
        needed = needed_symbols(code)
        if needed is None or str(compiled.signature.return_type) not in ("int64", "none"):
            return
        kernels.append(
            {
                "name": name,
                "entry": compiled.fndesc.llvm_func_name,
                "arguments": [str(one) for one in compiled.signature.args],
                "bytes": len(code),
                "needs": needed,
            }
        )
        codes.append(code)
    described = json.dumps({"machine": _machine(), "kernels": kernels}).encode()
    body = described + b"".join(codes)
    with suppress(OSError):
        _write(folder / FILE, _HEAD.pack(len(described), zlib.crc32(body)) + body)


def _drop_numbas(folder: Path) -> None:
    """Forget what Numba kept where it is all there is: who wrote it was killed before he could write ours, or is about to.

    The next start compiles anew, once; elsewhere than on Linux, where nothing of ours is ever written, Numba's stays.
    """
    if KEPT_HERE and not (folder / FILE).exists():
        for index in folder.glob("*.nbi"):
            index.unlink(missing_ok=True)


def load(folder: Path) -> dict[str, Kernel] | None:
    """The kernels by name; None where there are none for this machine."""
    try:
        described, codes = read(folder / FILE)
        if described["machine"] != _machine():
            return None
        return {
            kernel["name"]: _loaded(kernel, code)
            for kernel, code in zip(described["kernels"], codes, strict=True)
        }
    except (OSError, ImportError, ValueError, KeyError, TypeError, struct.error, RuntimeError):
        return None


def needed_symbols(code: bytes) -> list[str] | None:
    """The names that an object file of 64-bit ELF uses and does not define; None for another format."""
    if code[:6] != b"\x7fELF\x02\x01":
        return None
    at, size, number = struct.unpack_from("<Q", code, 40)[0], *struct.unpack_from("<HH", code, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", code, at + n * size) for n in range(number)]
    found: list[str] = []
    for _, kind, _, _, offset, length, link, *_ in sections:
        if kind != 2:  # SHT_SYMTAB
            continue
        names_at = sections[link][4]
        for symbol in range(offset + 24, offset + length, 24):
            name, _, _, section = struct.unpack_from("<IBBH", code, symbol)
            if section == 0:
                end = code.index(b"\0", names_at + name)
                found.append(code[names_at + name : end].decode())
    return found


def _loaded(kernel: dict[str, Any], code: bytes) -> Kernel:
    """Raises RuntimeError where a name that is needed is not there: LLVM would end the process."""
    llvm = numbas_llvm()
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    missing = [name for name in kernel["needs"] if llvm.address_of_symbol(name) is None]
    if strange := [name for name in missing if not name.startswith(_NEVER_CALLED)]:
        raise RuntimeError(f"{strange[0]} is not there")
    machine = llvm.Target.from_default_triple().create_target_machine(codemodel="jitdefault")
    engine = near.engine(llvm, llvm.parse_assembly(_stubs(missing)), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _held.append(engine)
    return _callable(engine.get_function_address(kernel["entry"]), kernel)


def _stubs(names: list[str]) -> str:
    """Functions of these names for the engine of one kernel alone: Numba may come later, with its own."""
    bodies = [f'define void @"{name}"() {{ call void @abort() unreachable }}' for name in names]
    return "\n".join(["declare void @abort()", *(body.replace(") u", ")\n u") for body in bodies)])


def _callable(address: int, kernel: dict[str, Any]) -> Kernel:
    """By Numba's convention: status = f(&result, &error, arguments). The interpreter's lock is released meanwhile."""
    arguments = [_ARGUMENTS[name] for name in kernel["arguments"]]
    call = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *arguments)(address)

    def kernel_of(*values: Any) -> int:
        said = _said
        status = call(said.at, said.at + 8, *values)
        if status not in _RETURNS:
            raise RuntimeError(f"{kernel['name']} ended with status {status}")
        result: int = said.words[0]
        return result

    return kernel_of


class _Said(threading.local):
    """Where a kernel writes its result and its error: made once a thread, since a run calls hundreds of times."""

    def __init__(self) -> None:
        self.words = (ctypes.c_int64 * 2)()
        self.at = ctypes.addressof(self.words)


_said = _Said()


def numbas_llvm() -> Any:
    """Numba's binding of LLVM; it carries no types."""
    return import_module("llvmlite.binding")


def _machine() -> list[str]:
    """What object code depends on beside its source."""
    llvm = numbas_llvm()
    return [
        llvm.get_default_triple(),
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
        "near" if near.possible(llvm) else "anywhere",
    ]


def read(path: Path) -> tuple[dict[str, Any], list[bytes]]:
    """The description and the object codes. Raises ValueError for a damaged file."""
    whole = path.read_bytes()
    length, checksum = _HEAD.unpack_from(whole)
    body = whole[_HEAD.size :]
    if zlib.crc32(body) != checksum:
        raise ValueError(f"{path} is damaged")
    described = json.loads(body[:length])
    codes, at = [], length
    for kernel in described["kernels"]:
        codes.append(body[at : at + kernel["bytes"]])
        at += kernel["bytes"]
    return described, codes


def _write(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)

"""Steps bound to a runner: each function gets a scope in which every step and every record is that runner's.

Modules of steps name one another (`calendar.push`), the library's functions that they use (`quantiles.draw`), records
(`memory.person`) and names that stand for numbers (`Step.REST`). In a scope each module is a twin with bound functions,
`memory` is the runner's, and names are whole numbers.
"""

from collections.abc import Callable
from enum import IntEnum
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any

from sim.basics import quantiles, streams
from sim.engine import histogram
from sim.engine.steps import binding
from sim.workload import daily

STEPS = (
    *("accounting", "alone", "beside", "calendar", "channels", "client", "clocks"),
    *("connections", "draws", "entries", "families", "gates", "kernel", "knowledge"),
    *("left", "limiters", "lines", "nodes", "openings", "parties", "plan", "polls", "pool"),
    *("revocation", "rotation", "tabs", "tokens", "virtual", "written"),
)
# Functions of the library that steps use: module -> their names, each after those that it calls.
LIBRARY: dict[ModuleType, tuple[str, ...]] = {
    streams: ("draw64s", "uniform64s"),
    quantiles: (
        *("_normal_middle", "_normal_tail", "_normal_far_tail", "normal_quantile"),
        *("gamma_log_quantile", "joined", "draw", "backed_off"),
    ),
    histogram: ("ticks",),
    daily: ("weighted_end_s",),
}
Make = Callable[[FunctionType], Any]


def bound(memory: Any, make: Make, library: bool = True, **instead: Any) -> dict[str, ModuleType]:
    """All modules of steps by name, bound.

    `make` turns a function into what the runner calls, `library`: also those of the library. `instead`: functions that take the place of
    steps, by `module__name`.
    """
    modules = {name: import_module(f"sim.engine.steps.{name}") for name in STEPS}
    twins = {module: ModuleType(module.__name__) for module in modules.values()}
    if library:
        twins |= {module: ModuleType(module.__name__) for module in LIBRARY}
    scopes = {module: _scope(module, twins, memory) for module in twins}
    for module, scope in scopes.items():
        for name in LIBRARY.get(module) or _steps_of(module):
            replaced = instead.get(f"{module.__name__.rpartition('.')[2]}__{name}")
            scope[name] = replaced or make(_in(scope, vars(module)[name]))
        vars(twins[module]).update(scope)
    return {name: twins[module] for name, module in modules.items()}


def _steps_of(module: ModuleType) -> list[str]:
    return [
        name
        for name, value in vars(module).items()
        if isinstance(value, FunctionType) and value.__module__ == module.__name__
    ]


def _scope(module: ModuleType, twins: dict[ModuleType, ModuleType], memory: Any) -> dict[str, Any]:
    """What the functions of a module see, but for themselves."""
    scope = dict(vars(module))
    for name, value in vars(module).items():
        if isinstance(value, ModuleType) and value in twins:
            scope[name] = twins[value]
        elif isinstance(value, type) and issubclass(value, IntEnum):
            scope[name] = numbers_of(value)
        elif isinstance(value, IntEnum):
            scope[name] = int(value)
        elif value is binding.memory:
            scope[name] = memory
    return scope


def numbers_of(names: type[IntEnum]) -> ModuleType:
    """Names as whole numbers, in what a compiler takes for constants: a module."""
    twin = ModuleType(names.__name__)
    vars(twin).update({name: int(member) for name, member in names.__members__.items()})
    return twin


def _in(scope: dict[str, Any], function: FunctionType) -> FunctionType:
    """The same function, which looks for what it names in another scope."""
    twin = FunctionType(function.__code__, scope, function.__name__, function.__defaults__)
    twin.__dict__.update(function.__dict__)
    return twin

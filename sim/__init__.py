"""Last Click: how long do a fired person's clicks still work, and at what price?"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what an editor and mypy see; a run opens the rooms below when they are used
    from sim import plot, theory
    from sim.face import compare
    from sim.recommendation import recommend
    from sim.scenario import load, with_changes
    from sim.sweeps import sweep
    from sim.workload.fitting import fit_log
    from sim.workload.fitting import fit_log as fit

__version__ = "0.1.0"
__all__ = [
    "__version__",
    "compare",
    "fit",
    "fit_log",
    "load",
    "plot",
    "recommend",
    "sweep",
    "theory",
    "with_changes",
]
_ROOMS = {
    "load": "sim.scenario:load",
    "compare": "sim.face:compare",
    "fit": "sim.workload.fitting:fit_log",
    "fit_log": "sim.workload.fitting:fit_log",
    "plot": "sim.plot",
    "recommend": "sim.recommendation:recommend",
    "sweep": "sim.sweeps:sweep",
    "theory": "sim.theory",
    "with_changes": "sim.scenario:with_changes",
}


def __getattr__(name: str) -> Any:
    """Rooms are opened when they are used: `import sim` stays light."""
    if name not in _ROOMS:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    room, _, thing = _ROOMS[name].partition(":")
    module = import_module(room)
    return getattr(module, thing) if thing else module


def __dir__() -> list[str]:
    return sorted(__all__)

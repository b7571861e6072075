"""Last Click: how long do a fired person's clicks still work, and at what price?"""

from typing import Any

__version__ = "0.1.0"
_ROOMS = {
    "load": "sim.scenario",
    "compare": "sim.experiment",
    "fit_log": "sim.workload.fitting",
    "sweep": "sim.sweep",
}
__all__ = ["__version__", "compare", "fit_log", "load", "sweep"]


def __getattr__(name: str) -> Any:
    """Rooms are opened when they are used: `import sim` stays light."""
    if name not in _ROOMS:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_ROOMS[name]), name)

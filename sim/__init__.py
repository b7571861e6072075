"""Last Click: how long do a fired person's clicks still work, and at what price?"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what an editor and mypy see; a run opens the rooms below when they are used
    from sim import plot, theory
    from sim.face.questions import compare, fit, recommend, sensitivity, sweep, trace, verify
    from sim.face.scenario import Scenario, load
    from sim.model.mechanisms import Allowlist, Check, Push, Token
    from sim.model.strategies import CATALOGUE, Strategy
    from sim.scenario import ScenarioError

__version__ = "0.1.0"
__all__ = [
    "CATALOGUE",
    "Allowlist",
    "Check",
    "Push",
    "Scenario",
    "ScenarioError",
    "Strategy",
    "Token",
    "compare",
    "fit",
    "load",
    "plot",
    "recommend",
    "sensitivity",
    "sweep",
    "theory",
    "trace",
    "verify",
]
_ROOMS = {
    "sim.face.questions": (
        "compare",
        "fit",
        "recommend",
        "sensitivity",
        "sweep",
        "trace",
        "verify",
    ),
    "sim.face.scenario": ("Scenario", "load"),
    "sim.model.mechanisms": ("Allowlist", "Check", "Push", "Token"),
    "sim.model.strategies": ("CATALOGUE", "Strategy"),
    "sim.scenario": ("ScenarioError",),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    """Rooms are opened when they are used: `import sim` stays light."""
    if name in _ROOM_OF:
        return getattr(import_module(_ROOM_OF[name]), name)
    if name in __all__:
        return import_module(f"sim.{name}")
    from sim.basics.names import nearest

    raise AttributeError(f'there is no "{name}" in sim{nearest(name, __all__)}')


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])

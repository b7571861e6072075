"""What modules of steps say to the binder, which gives each function the scope of a runner (`sim.engine.binder`)."""

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def into_callers(function: F) -> F:
    """Of a function whose first lines decide for most callers: a compiler thinks it too long to copy it into them by itself."""
    function.into_callers = True  # type: ignore[attr-defined]
    return function


def apart(function: F) -> F:
    """Of a function that few scenarios call: it stays out of its callers, which would else become longer for all."""
    function.apart = True  # type: ignore[attr-defined]
    return function


class _Unbound:
    """Stands in modules of steps where the binder puts a runner's memory: `memory.person(w, i)` is a person's record."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"memory.{name}: steps run only where a runner has bound them")


memory: Any = _Unbound()

"""Numbers without a unit where a time stands: seconds by the format, and surely a mistake where they are far from any such time."""

from collections.abc import Iterator, Mapping
from typing import Any

from sim.basics.distributions import Law
from sim.basics.wording import about, format_duration
from sim.scenario.keys import is_time
from sim.scenario.model import Scenario

FAR = 50.0  # times the default, or a 50th of it
# What has no default: from where to where such a time is plausible, in s.
_PLAUSIBLE: dict[str, tuple[float, float]] = {
    "token.lifetime": (30.0, 400 * 86400.0),
    "allowlist.lifetime": (30.0, 400 * 86400.0),
    "check.timeout": (0.05, 120.0),
    "goals.auth_overhead": (0.0, 10.0),
}
_UNITS = (("ms", 1e-3), ("us", 1e-6), ("min", 60.0), ("h", 3600.0), ("d", 86400.0))


def bare_numbers(raw: Mapping[str, Any], office: Scenario) -> Iterator[str]:
    """A warning for each time of a file that is a bare number and cannot be meant as seconds."""
    for path, value in _numbers((), raw):
        low, high = _plausible(path, office)
        if value and not low <= abs(value) <= high:
            yield f"{path} = {value:g} is {format_duration(value)}{_beside(path, office)}; write its unit{_perhaps(value, low, high)}"


def _numbers(above: tuple[str, ...], table: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for key, value in table.items():
        path = (*above, key)
        if isinstance(value, Mapping) and path not in (("sweep",), ("sources",)):
            yield from _numbers(path, value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            if is_time(".".join(path)):
                yield ".".join(path), float(value)


def _plausible(path: str, office: Scenario) -> tuple[float, float]:
    """From where to where a time is taken as it is, in s."""
    for part, limits in _PLAUSIBLE.items():
        if part in path:
            return limits
    default_s = _default_s(path, office)
    return (default_s / FAR, default_s * FAR) if default_s else (0.0, float("inf"))


def _default_s(path: str, office: Scenario) -> float | None:
    """The office's time at a path (the mean of a law); None where it has none, or 0."""
    place: Any = office
    for part in path.split("."):
        if isinstance(place, Law):
            break
        fields = getattr(type(place), "model_fields", {})
        name = next((n for n, f in fields.items() if part == (f.alias or n)), None)
        place = None if name is None else getattr(place, name)
    if isinstance(place, Law):
        place = place.expectation()
    return float(place) if isinstance(place, int | float) else None


def _beside(path: str, office: Scenario) -> str:
    default_s = _default_s(path, office)
    return f" (the office's is {about(default_s)})" if default_s else ""


def _perhaps(value: float, low: float, high: float) -> str:
    """The unit in which the number would be plausible."""
    near = [unit for unit, size in _UNITS if low <= abs(value) * size <= high]
    return f', perhaps "{value:g}{near[0]}"' if near else ""

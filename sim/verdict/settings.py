"""The values that decided a verdict and that the user did not set, each with the line that would set it."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from sim.basics.wording import format_duration
from sim.scenario import Scenario
from sim.scenario.parameters import value_text
from sim.scenario.write import value_as_written
from sim.verdict.record import Setting


def not_set(scenario: Scenario, keys: Iterable[str]) -> tuple[Setting, ...]:
    """Those of the keys that no file of the user decides, as settings with their values now."""
    found = (_setting(scenario, key) for key in dict.fromkeys(keys) if not _is_set(scenario, key))
    return tuple(setting for setting in found if setting is not None)


def _is_set(scenario: Scenario, key: str) -> bool:
    path = key.split(".")
    if path[0] == "strategies":
        return (
            len(path) == 4 and _in_file(scenario, ".".join(path[:3])) and _was_given(scenario, path)
        )
    return any(_in_file(scenario, ".".join(path[:n])) for n in range(len(path), 1, -1))


def _in_file(scenario: Scenario, path: str) -> bool:
    return bool(scenario._origins.get(path))


def _was_given(scenario: Scenario, path: list[str]) -> bool:
    mechanism = _mechanism(scenario, path)
    return mechanism is not None and _field(mechanism, path[3]) in mechanism.model_fields_set


def _mechanism(scenario: Scenario, path: list[str]) -> BaseModel | None:
    """None also for several of a kind: a list is the user's, and no default of ours."""
    strategy = scenario.strategies.get(path[1])
    found = getattr(strategy, path[2], None)
    return found if isinstance(found, BaseModel) else None


def _field(mechanism: BaseModel, key: str) -> str:
    """The name of a field by the key of the file."""
    fields = type(mechanism).model_fields
    return next(name for name, field in fields.items() if key in (name, field.alias))


def _setting(scenario: Scenario, key: str) -> Setting | None:
    """None for what is no single value: a strategy as a whole."""
    path = key.split(".")
    if path[0] == "strategies":
        return _of_mechanism(scenario, path) if len(path) == 4 else None
    value: Any = scenario._raw
    for part in path:
        value = value[part]
    return Setting(key, value_text(value), ".".join(path[:-1]), _line(path[-1], value))


def _of_mechanism(scenario: Scenario, path: list[str]) -> Setting | None:
    """A setting of a strategy: to be pasted as the whole mechanism, which a file holds on one line."""
    mechanism = _mechanism(scenario, path)
    if mechanism is None:
        return None
    given = scenario._raw.get("strategies", {}).get(path[1], {}).get(path[2], {})
    name, key = _field(mechanism, path[3]), path[3]
    value = given.get(key, getattr(mechanism, name))
    value = list(value) if isinstance(value, tuple) else value
    times = {key: value for key, value in given.items() if _is_time(mechanism, key, value)}
    whole = {**given, key: value, **{k: format_duration(v) for k, v in times.items()}}
    line = _line(path[2], whole)
    return Setting(".".join(path), value_text(whole[key]), ".".join(path[:2]), line)


def _is_time(mechanism: BaseModel, key: str, value: Any) -> bool:
    name = _field(mechanism, key)
    return isinstance(value, float) and (name == "lifetime" or name.endswith("_s"))


def _line(key: str, value: Any) -> str:
    return f"{key} = {value_as_written('none' if value is None else value)}"

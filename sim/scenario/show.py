"""A scenario as text: resolved with sources, as JSON Schema, as a file to start from."""

from typing import Any

from sim.gates import profiles
from sim.model.causes import CAUSES
from sim.scenario.model import Scenario

_SKIPPED = ("title", "question", "path", "format")


def resolved_text(scenario: Scenario) -> str:
    """Every resolved value (times in seconds) with the place or the source it comes from."""
    rows = [
        (key, value, _origin(scenario, key))
        for table, content in scenario.resolved().items()
        if table not in _SKIPPED and content is not None
        for key, value in _leaves(table, content)
    ]
    left = [f"{key} = {value}" for key, value, _ in rows]
    width = min(72, max(map(len, left)))
    body = [f"{text:<{width}}  # {origin}" for text, (_, _, origin) in zip(left, rows, strict=True)]
    head = [scenario.title, scenario.question, f"id {scenario.id}"]
    warnings = [f"warning: {warning}" for warning in scenario.warnings]
    return "\n".join([*head, *warnings, "", *body])


def schema() -> dict[str, Any]:
    """The JSON Schema of scenario files. Nothing is required: what is left out is the office's."""
    document = Scenario.model_json_schema(by_alias=True)
    document["title"] = "Last Click scenario, format 1"
    document.pop("required", None)
    document["properties"].pop("path", None)
    document["properties"]["include"] = {"type": "array", "items": {"type": "string"}}
    document["properties"]["strategies"] = _strategies_schema(document)
    for definition in document.get("$defs", {}).values():
        if definition.get("type") == "object":
            definition.pop("required", None)
    return document


def _strategies_schema(document: dict[str, Any]) -> dict[str, Any]:
    """A mechanism may be "none" in a file."""
    properties = document["$defs"]["Strategy"]["properties"]
    for name in ("token", "allowlist", "check", "push"):
        properties[name] = {"anyOf": [{"const": "none"}, *properties[name]["anyOf"]]}
    properties.pop("name", None)
    properties["from"] = {"enum": list(profiles()), "description": "A profile to start from."}
    return {"type": "object", "additionalProperties": {"$ref": "#/$defs/Strategy"}}


def new_scenario_text() -> str:
    """A commented file to start from."""
    width = max(map(len, CAUSES))
    shares = "\n".join(f"{cause:<{width}} = {{ share = 0.05 }}" for cause in CAUSES)
    return _NEW.replace("@CAUSES@", shares)


def _origin(scenario: Scenario, key: str) -> str:
    path = key.split(".")
    source = next(
        (s for n in range(len(path), 0, -1) if (s := scenario.sources.get(".".join(path[:n])))), ""
    )
    for n in range(len(path), 1, -1):
        origin = scenario._origins.get(".".join(path[:n]))
        if origin:
            return f"{origin}: {source}" if source else origin
        if origin == "":
            break
    if path[0] == "strategies" and len(path) > 1:
        return f"catalogue: {scenario.strategies[path[1]].source}"
    return f"office default: {source}" if source else "office default"


def _leaves(prefix: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict) and value and "dist" not in value:
        rows = []
        for key, below in value.items():
            if below is not None and below != {}:
                rows += _leaves(f"{prefix}.{key}", below)
        return rows
    return [(prefix, _short(value))]


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:97] + "..."


_NEW = """\
# A Last Click scenario. Durations: "250ms", "7s", "5min", "8h", "30d". What you leave out is the built-in office's:
# `lastclick validate THIS_FILE` shows every value and where it comes from.
format   = 1
title    = "Our app"
question = "Which timeout should our page token have?"

[run]
horizon      = "10h"        # one working day
replications = 4

[organisation]
people = 50
admins = 0.05               # share of administrators

[workload]
think = { dist = "exponential", mean = "7s", max = "70s" }    # between an answer and the next click
kinds = { read = 0.87, write = 0.12, admin = 0.01 }

[cases]                     # drills: shares of the people who lose access, and why
@CAUSES@

[host]
check = { dist = "lognormal", median = "250ms", p95 = "400ms" }    # measure yours

[goals]                     # what the answer must keep: yours, not ours
prefer                        = "longest_lifetime"
exposure_p95                  = "15min"     # of all cases; or a cause each: [goals.logout]
auth_overhead_p95             = "50ms"
interruptions_per_person_hour = 1

# Strategies: names of the catalogue (`lastclick strategies`), changed where a table says so, or new ones.
[strategies.short_token]
token = { lifetime = "10min" }

[strategies.per_request]

[strategies.ours]
token = { lifetime = "10min", renewal = "host", refresh_at = 0.8 }
check = { scope = "admin", asks = "permission", timeout = "1s", on_failure = "deny" }
"""

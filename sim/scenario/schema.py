"""The JSON Schema of scenario files, for editors: every key described, and what many keys share stated once."""

import json
from collections.abc import Iterator
from typing import Any

from sim.basics.ranges import BYTES, RATES, SIGNED_TIME, TIME
from sim.gates import profiles
from sim.model.mechanisms import Check, Push
from sim.scenario.described import description_of, law_description
from sim.scenario.model import Scenario

Schema = dict[str, Any]
_QUANTITIES = {"time": TIME, "time_above_0": TIME.above_0(), "signed_time": SIGNED_TIME, "rate": RATES, "bytes": BYTES, "bytes_above_0": BYTES.above_0()}  # fmt: skip
_REF = "#/$defs/"


def schema() -> Schema:
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
    return _shared(_described(document))


def _strategies_schema(document: Schema) -> Schema:
    """A mechanism may be "none" in a file."""
    properties = document["$defs"]["Strategy"]["properties"]
    for name, mechanism in (("check", Check), ("push", Push)):
        schema = mechanism.model_json_schema(by_alias=True)
        document["$defs"] |= schema.pop("$defs", {}) | {mechanism.__name__: schema}
        one = {"$ref": f"{_REF}{mechanism.__name__}"}
        several = {"type": "array", "items": one, "minItems": 1}
        properties[name] = {"anyOf": [one, several, {"type": "null"}], "default": None}
    for name in ("token", "allowlist", "check", "push"):
        properties[name] = {"anyOf": [{"const": "none"}, *properties[name]["anyOf"]]}
    properties.pop("name", None)
    properties["from"] = {"enum": list(profiles()), "description": "A profile to start from."}
    return {"type": "object", "additionalProperties": {"$ref": "#/$defs/Strategy"}}


def keys_of(document: Schema) -> Iterator[tuple[str, Schema]]:
    """Every key of a file with its schema, by path; strategies under `strategies.NAME`, laws as one key."""
    yield from _keys(document, document, "", ())


def _keys(document: Schema, place: Schema, above: str, seen: tuple[str, ...]) -> Iterator[tuple[str, Schema]]:  # fmt: skip
    for table in _tables(document, place, seen):
        name = table.pop("$name", "")
        for key, below in table.get("properties", {}).items():
            path = f"{above}{key}"
            yield path, below
            yield from _keys(document, below, f"{path}.", (*seen, name))
        below = table.get("additionalProperties")
        if isinstance(below, dict) and above == "strategies.":
            yield from _keys(document, below, "strategies.NAME.", (*seen, name))


def _tables(document: Schema, place: Schema, seen: tuple[str, ...]) -> Iterator[Schema]:
    """The tables that a place can hold; those of laws are not looked into."""
    if "$ref" in place:
        name = place["$ref"].removeprefix(_REF)
        if name not in seen:
            for table in _tables(document, document["$defs"][name], seen):
                yield {**table, "$name": name}
    elif "anyOf" in place:
        for one in place["anyOf"]:
            yield from _tables(document, one, seen)
    elif place.get("type") == "object" and "dist" not in place.get("properties", {}):
        yield dict(place)


def _described(document: Schema) -> Schema:
    """With a line about each key; what numbers it takes stands in its type."""
    for path, key in keys_of(document):
        if said := description_of(path):
            key["description"] = said
        key.pop("title", None)
    return document


# -- what is shared -------------------------------------------------------------------------------


def _shared(document: Schema) -> Schema:
    """Types of numbers and laws, which stand at a hundred keys, defined once."""
    found: dict[str, str] = {}  # content -> name
    definitions: Schema = {}
    for name, quantity in _QUANTITIES.items():
        definitions[name] = quantity.schema()
        found[_content(definitions[name])] = name

    def named(place: Schema, base: str) -> Schema:
        content = _content(place)
        if content not in found:
            number = sum(name.split("-")[0] == base for name in definitions)
            found[content] = base if not number else f"{base}-{number + 1}"
            definitions[found[content]] = place
        return {"$ref": _REF + found[content]}

    def walk(place: Any) -> Any:
        if isinstance(place, list):
            return [walk(one) for one in place]
        if not isinstance(place, dict):
            return place
        if (name := found.get(_content(place))) is not None:
            return {"$ref": _REF + name}
        place = {key: walk(below) for key, below in place.items()}
        if "dist" in place.get("properties", {}):
            for key, below in place["properties"].items():
                below.pop("title", None)
                below["description"] = law_description(key)
            return named(place, place["properties"]["dist"]["const"])
        laws = [one for one in place.get("anyOf", ()) if one.get("$ref", "").startswith(_REF + "constant")]  # fmt: skip
        if laws:
            said = {"description": place.pop("description")} if "description" in place else {}
            return {**named(place, "law"), **said}
        return place

    whole: Schema = walk(document)
    whole["$defs"] = {**definitions, **whole["$defs"]}
    return whole


def _content(place: Any) -> str:
    return json.dumps(place, sort_keys=True)

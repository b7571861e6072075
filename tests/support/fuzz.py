"""Scenarios drawn from the JSON Schema itself: whatever may be written, its extremes included, and some that may not."""

import math
from functools import cache
from typing import Any

import hypothesis.strategies as st

from sim.basics.units import parse_duration
from sim.scenario import schema

# Of every table some keys; lists and logs have readers of their own, and a fuzzed sweep is the sweep's test.
LEFT_OUT = {
    "include",
    "title",
    "question",
    "format",
    "sources",
    "sweep",
    "goals",
    "log",
    "log_options",
    "mode",
    "path",
}
TIMES = (1e-9, 1e-3, 0.05, 1.0, 7.0, 60.0, 600.0, 3600.0, 86400.0)
NUMBERS = (0.5, 1, 2, 3, 20)
WRONG: tuple[Any, ...] = (
    math.nan,
    math.inf,
    -1,
    1e300,
    10**400,
    "",
    "7 parsec",
    True,
    [],
    {},
    {"dist": "constant"},
)
# What the schema leaves to the reader, since a file may leave it to the office or to the catalogue.
REQUIRED = {
    "Outages": ("lasts",), "RateLimit": ("per_second",), "Shift": ("start", "end"), "Token": ("lifetime",),
    "Allowlist": ("lifetime",), "Poll": ("every",), "ThinkTimes": ("read", "write", "admin"), "Retries": ("wait",), "Storm": ("think",),
}  # fmt: skip
ONE_OF = {
    "Outages": ("every", "starts"),
    "CauseShare": ("share", "per_month"),
    "OwnCauseShare": ("share", "per_month"),
    "LogoutShare": ("share", "per_month"),
}
IN_ORDER = (
    ("low", "high"),
    ("median", "p95"),
    ("median", "p99"),
    ("from", "until"),
    ("start", "end"),
)
# A key of a table that means nothing unless another is there, and with which values.
NEEDS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "refresh_at": ("renewal", ("host", "app")), "refresh_lifetime": ("renewal", ("app",)),
    "rotation": ("renewal", ("app",)), "step": ("renewal", ("sliding",)), "absolute": ("renewal", ("sliding", "host", "app")),
    "refresh": ("allow_for", ()), "slides": ("allow_for", ()), "disabled_for": ("disabled_after", ()),
}  # fmt: skip
SUMS = {"Kinds", "VisitEnds", "Probabilities"}  # tables whose values sum to 1


@cache
def root() -> dict[str, Any]:
    return schema()


def resolved(node: Any) -> tuple[str, Any]:
    """A node and the name of the table it stands for."""
    if "$ref" not in node:
        return "", node
    name = node["$ref"].rpartition("/")[2]
    return name, root()["$defs"][name]


@st.composite
def values(draw: st.DrawFn, node: Any) -> Any:
    """What a node of the schema allows."""
    name, node = resolved(node)
    for key in ("anyOf", "oneOf"):
        kinds = [
            kind
            for kind in node.get(key, ())
            if kind.get("type") != "null" and "required" not in kind
        ]
        if kinds:
            limits = {k: node[k] for k in ("minItems", "maxItems") if k in node}
            return draw(values(draw(st.sampled_from(kinds)) | limits))
    if "const" in node:
        return node["const"]
    if "enum" in node:
        return draw(st.sampled_from(node["enum"]))
    kind = node.get("type")
    if kind in ("number", "integer"):
        return draw(numbers(node))
    if kind == "string":
        is_rate = "/" in node.get("pattern", "")
        return draw(st.sampled_from(("10/s", "600/min") if is_rate else ("250ms", "7s", "1h30min")))
    if kind == "boolean":
        return draw(st.booleans())
    if kind == "array":
        return draw(arrays(node))
    return draw(objects(name, node))


@st.composite
def numbers(draw: st.DrawFn, node: Any) -> Any:
    """One end of the range, or something between."""
    least, most = node["minimum"], node["maximum"]
    usual = NUMBERS if node["type"] == "integer" else (*NUMBERS, *TIMES)
    inside = [value for value in usual if least <= value <= most]
    whole = node["type"] == "integer"
    value = draw(st.sampled_from([least, most, *inside * 2]))
    return int(value) if whole else float(value)


@st.composite
def arrays(draw: st.DrawFn, node: Any) -> Any:
    least, most = node.get("minItems", 0), node.get("maxItems", 4)
    items = draw(st.lists(values(node["items"]), min_size=least, max_size=max(least, most)))
    numeric = all(type(item) in (int, float, str) for item in items)
    return sorted(items, key=size) if numeric and least == 2 else items


@st.composite
def objects(draw: st.DrawFn, name: str, node: Any) -> Any:
    keys = [key for key in node.get("properties", {}) if key not in LEFT_OUT]
    if name in SUMS:
        return draw(st.sampled_from([{key: 1} for key in keys] + [dict.fromkeys(keys[:2], 0.5)]))
    required = {*node.get("required", ()), *REQUIRED.get(name, ())}
    if name in ONE_OF:
        required.add(draw(st.sampled_from(ONE_OF[name])))
        keys = [key for key in keys if key not in ONE_OF[name] or key in required]
    pair = draw(st.sampled_from([p["required"] for p in node.get("oneOf", ())] or [[]]))
    chosen = [
        k for k in keys if k in required or k in pair or (not pair and draw(st.integers(0, 2)) == 0)
    ]
    return agreeing({key: draw(values(node["properties"][key])) for key in chosen})


def agreeing(table: dict[str, Any]) -> dict[str, Any]:
    """A table without what its other values make an error, which would be most of what is drawn."""
    for less, more in IN_ORDER:
        if less in table and more in table:
            table[less], table[more] = sorted((table[less], table[more]), key=size)
    for key, (other, allowed) in NEEDS.items():
        if key in table and (other not in table or (allowed and table[other] not in allowed)):
            del table[key]
    return table


def size(value: Any) -> float:
    """A time or a number, as a number."""
    return parse_duration(value) if isinstance(value, str) else float(value)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """The tables of a file: of each some keys, with one or two strategies of a few mechanisms."""
    found: dict[str, Any] = {}
    for table, node in root()["properties"].items():
        _, node = resolved(node)
        keys = [key for key in node.get("properties", {}) if key not in LEFT_OUT]
        if table in LEFT_OUT or table == "strategies" or not keys:
            continue
        some = draw(st.lists(st.sampled_from(keys), max_size=3, unique=True))
        found[table] = agreeing({key: draw(values(node["properties"][key])) for key in some})
    run, organisation = found.setdefault("run", {}), found.setdefault("organisation", {})
    # mostly small, so that something happens in the time there is
    if draw(st.integers(0, 9)):
        organisation["people"] = draw(st.sampled_from((1, 3, 20)))
        run["horizon"] = draw(st.sampled_from((1e-9, 1.0, 60.0, 600.0, 7200.0)))
        run["drain"] = draw(st.sampled_from((0.0, 1e-9, 600.0)))
        organisation["shift"] = {
            "start": 0,
            "end": run["horizon"] * draw(st.sampled_from((0.5, 1, 2))),
        }
    if draw(st.booleans()):
        end = run.get("horizon", 36000.0)
        end = end if isinstance(end, float) else 36000.0
        found["cases"] = {
            "from": 0.25 * end, "until": 0.5 * end, "deactivation": {"share": 0.4}, "permission_loss": {"share": 0.2},
            "logout": {"share": 0.2}, "admin_loss": {"share": 0.2}, **{
                k: v for k, v in found["cases"].items() if k in ("notice_lead", "detected_after", "rollback_window")
            },
        }  # fmt: skip
    if draw(st.integers(0, 3)) == 0:  # no time passes anywhere
        found |= {"network": {"client_app": 0, "client_host": 0, "app_host": 0}}
        found["app"] = found.get("app", {}) | {
            "verify": 0,
            "service": {"read": 0, "write": 0, "admin": 0},
        }
        found["host"] = found.get("host", {}) | {"page_load": 0, "renewal": 0, "check": 0}
    strategies = draw(st.integers(1, 2))
    found["strategies"] = {f"tried{i}": draw(mechanisms()) for i in range(strategies)}
    if draw(st.integers(0, 7)) == 7:
        draw(spoiled(found))
    return found


@st.composite
def spoiled(draw: st.DrawFn, found: dict[str, Any]) -> None:
    """One value, somewhere, is none."""
    place: Any = found
    while True:
        key = draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or not place[key] or draw(st.booleans()):
            break
        place = place[key]
    place[key] = draw(st.sampled_from(WRONG)) if place is not found else {}


@st.composite
def mechanisms(draw: st.DrawFn) -> dict[str, Any]:
    _, node = resolved(root()["properties"]["strategies"]["additionalProperties"])
    some = draw(
        st.lists(st.sampled_from(("token", "allowlist", "check", "push")), min_size=1, unique=True)
    )
    return {name: draw(values(node["properties"][name])) for name in some}

"""Scenarios for tests: small worlds in which a closed form holds, or that are drawn at random."""

import signal
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sim.model.causes import CAUSES
from sim.scenario import Scenario, load, with_changes

ZERO_LATENCY = {
    "host": {
        "servers": "unlimited",
        "page_load": "0s",
        "renewal": "0s",
        "check": "0s",
        "rate_limit": "none",
        "outages": "none",
    },
    "app": {
        "workers": "unlimited",
        "verify": "0s",
        "service": {"read": "0s", "write": "0s", "admin": "0s"},
    },
    "auth_server": {"servers": "unlimited", "renewal": "0s"},
    "store": {"lookup": "0s"},
    "push": {"delay": "0s", "loss": 0, "outages": "none"},
    "network": {"client_app": "0s", "client_host": "0s", "app_host": "0s"},
    "directory": {"propagation": "0s"},
}


def scenario(tables: Mapping[str, Any]) -> Scenario:
    """The scenario that a file with these tables describes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "scenario.toml"
        path.write_text("format = 1\n" + "\n".join(_table(k, v) for k, v in tables.items()))
        return load(str(path))


def one_endless_page(
    strategy: Mapping[str, Any],
    *,
    think: Any,
    people: int = 400,
    horizon_s: float = 20_000.0,
    from_s: float = 8_000.0,
    cause: str = "deactivation",
    **tables: Mapping[str, Any],
) -> Scenario:
    """Everybody opens one page, clicks on it for ever without latency, and has one case of one cause."""
    shares: dict[str, Any] = {name: {"share": 0} for name in CAUSES}
    base: dict[str, Any] = {
        "run": {"horizon": horizon_s, "drain": horizon_s, "replications": 1, "seed": 11},
        "organisation": {
            "people": people,
            "admins": 0,
            "shift": {"start": "0s", "end": horizon_s},
            "visits": {"dist": "exponential", "mean": "60s"},
        },
        "workload": {
            "think": think,
            "requests_per_page": "unlimited",
            "pages_per_visit": "unlimited",
            "visit_ends": {"leave_open": 1},
            "kinds": {"read": 1},
        },
        "cases": {
            **shares,
            cause: {"share": 1},
            "from": from_s,
            "until": horizon_s,
            "notice_lead": "0s",
        },
        "behaviour": {"probabilities": {"continue": 1}},
        **ZERO_LATENCY,
        "strategies": {"tried": dict(strategy)},
    }
    for name, table in tables.items():
        base[name] = {**base.get(name, {}), **table}
    return scenario(base)


def endless(goals: dict[str, Any], **tables: Any) -> Scenario:
    """A token always held, renewed at the host at expiry: exposure is uniform on (0, lifetime) (closed form A1)."""
    scenario = one_endless_page(
        {"token": {"lifetime": "5min", "renewal": "host", "refresh_at": 1.0}},
        think={"dist": "exponential", "mean": "40s"},
        people=40,
        horizon_s=1500.0,
        from_s=700.0,
        run={"replications": 3, "horizon": 1500.0, "drain": 400.0, "seed": 5},
    )
    return with_changes(scenario, {"goals": goals, **tables})


def hear_interrupts() -> None:
    """For `preexec_fn`: a shell starts what runs behind it deaf to Ctrl-C, and a child inherits that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _table(name: str, table: Mapping[str, Any]) -> str:
    return f"[{name}]\n" + "\n".join(f"{key} = {_value(value)}" for key, value in table.items())


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{k} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return repr(value)

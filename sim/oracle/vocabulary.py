"""The words that the oracle speaks. A scenario that uses another one is refused by its name.

A key that is not listed may only have its default. So a mechanism that is added to the model changes nothing here until
somebody teaches it to the oracle, and no run of it can leave the new word out unnoticed.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from sim.basics.distributions import Law
from sim.model.strategies import Strategy
from sim.scenario import Scenario

KEYS = {
    "run": "seed horizon warm_up replications drain precision max_replications",
    "organisation": "people admins shift visits",
    "organisation.shift": "start end",
    "workload": "think requests_per_page pages_per_visit visit_ends kinds read_size daily log mode log_options",
    "workload.visit_ends": "logout close leave_open",
    "workload.kinds": "read write admin",
    "cases": "from until deactivation permission_loss logout admin_loss notice_lead detected_after rollback_window",
    "cases.deactivation": "share per_month",
    "cases.permission_loss": "share per_month",
    "cases.logout": "share per_month",
    "cases.admin_loss": "share per_month",
    "behaviour": "probabilities storm takeover",
    "behaviour.probabilities": "leave continue storm cut_off",
    "behaviour.storm": "think kinds gives_up_after duration",
    "behaviour.storm.kinds": "read write admin",
    "behaviour.takeover": "probability delay behaviour",
    "directory": "propagation",
    "host": "servers page_load renewal check retry_after rate_limit outages",
    "host.rate_limit": "per_second burst per_hour",
    "host.outages": "every starts lasts",
    "app": "workers holds_worker verify service",
    "app.service": "read write admin",
    "auth_server": "servers renewal",
    "store": "lookup",
    "push": "delay loss retries outages on_outage",
    "push.retries": "most wait backoff",
    "push.outages": "every starts lasts",
    "network": "client_app client_host app_host",
    "strategy": "name sentence source token allowlist check push",
    "strategy.token": "lifetime leeway absolute renewal refresh_at refresh_lifetime revalidates",
    "strategy.allowlist": "lifetime",
    "strategy.check": "scope asks allow_for deny_for timeout on_failure",
    "strategy.push": "causes effect",
}
# Of keys with words as values, those it knows.
VALUES = {
    "workload.mode": "synthetic fitted replayed",
    "behaviour.takeover.behaviour": "continue storm",
    "push.on_outage": "hold lose",
    "strategy.token.renewal": "page sliding host host_each app",
    "strategy.token.revalidates": "account session permission admin",
    "strategy.check.scope": "all reads writes admin",
    "strategy.check.asks": "permission session",
    "strategy.check.on_failure": "deny allow",
    "strategy.push.causes": "deactivation permission_loss logout admin_loss",
    "strategy.push.effect": "drop_entries denylist not_before drop_refresh",
}
# Tables of a scenario that say nothing about what happens.
SILENT = (
    *("format", "title", "question", "path", "strategies", "swept", "goals", "sources"),
    *("channels", "deciders"),  # one that a strategy listens to, or asks, is said there
)


class Unspoken(ValueError):
    """A scenario or a strategy uses words that the oracle does not speak."""


def check_spoken(scenario: Scenario, strategy: Strategy, who: str = "the reference engine") -> None:
    """Raise Unspoken where the oracle (or the testbed, which has parts for the same words) would leave something out."""
    if type(strategy) is not Strategy:
        raise Unspoken(f"{strategy.name} is written in Python: it needs the plain engine")
    found = [f"{key} = {value!r}" for key, value in unspoken(scenario, strategy)]
    if found:
        raise Unspoken(
            f"{who} does not speak {', '.join(found)}; the engines compiled and plain do"
        )


def speaks(engine: str, scenario: Scenario, strategy: Strategy) -> bool:
    """Whether an engine knows all the words; of them all only the oracle may not."""
    return engine != "reference" or not any(unspoken(scenario, strategy))


def unspoken(scenario: Scenario, strategy: Strategy) -> Iterator[tuple[str, Any]]:
    """(key, value) of each word it does not know."""
    for name in type(scenario).model_fields:
        if name not in SILENT:
            yield from _unspoken(name, getattr(scenario, name))
    yield from _unspoken("strategy", strategy)


def _unspoken(path: str, table: Any) -> Iterator[tuple[str, Any]]:
    known = KEYS.get(path, "").split()
    for name, field in type(table).model_fields.items():
        key, value = f"{path}.{field.alias or name}", getattr(table, name)
        if (field.alias or name) not in known:
            if value != field.get_default(call_default_factory=True):
                yield key, value
        elif isinstance(value, tuple) and any(isinstance(one, BaseModel) for one in value):
            yield key, f"{len(value)} tables"
        elif isinstance(value, BaseModel) and not isinstance(value, Law):
            yield from _unspoken(key, value)
        elif key in VALUES:
            words = (value,) if isinstance(value, str) else value
            yield from ((key, word) for word in words if word not in VALUES[key].split())

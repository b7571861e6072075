"""What an unknown key probably means: another word for one of ours, its words turned round, or a key of another table."""

from collections.abc import Sequence
from functools import cache

from sim.basics.names import meant, nearest, offered
from sim.scenario.schema import keys_of, schema

# What others call it -> a path of the file, or a key wherever it stands.
_OTHER_WORDS = {
    "webhook": "push",
    "webhooks": "push",
    "events": "push",
    "idp": "directory",
    "identity_provider": "directory",
    "ldap": "directory",
    "redis": "store",
    "cache": "store",
    "database": "store",
    "users": "organisation.people",
    "employees": "organisation.people",
    "user": "organisation.people",
    "rtt": "network",
    "latency": "network",
    "targets": "goals",
    "limits": "goals",
    "slo": "goals",
    "duration": "run.horizon",
    "days": "run.horizon",
    "runs": "run.replications",
    "repeats": "run.replications",
    "whitelist": "allowlist",
    "jwt": "token",
    "session": "token",
    "introspect": "check",
    "ttl": "lifetime",
    "expires_in": "lifetime",
    "expiry": "lifetime",
    "max_age": "lifetime",
    "cache_ttl": "allow_for",
    "cache_for": "allow_for",
    "fail_open": "on_failure",
    "rps": "per_second",
    "qps": "per_second",
    "threads": "workers",
    "think_time": "think",
    "fired": "deactivation",
    "firing": "deactivation",
    "termination": "deactivation",
    "permission_lost": "permission_loss",
    "admin_lost": "admin_loss",
    "signout": "logout",
}


def hint(path: Sequence[str], names: Sequence[str]) -> str:
    """What to add to the message about the key at a path, where `names` are known.

    >>> hint(("webhook",), ["push", "host"])[-7:], hint(("goals", "max_exposure"), ["exposure_max"])[-15:]
    ('"push"?', '"exposure_max"?')
    """
    key = path[-1]
    if said := _OTHER_WORDS.get(key.lower()):
        if said in names:
            return offered(said)
        if "." in said and len(path) == 1:
            return offered(said)
    turned = [name for name in names if name != key and _words(name) == _words(key)]
    if turned:
        return offered(turned[0])
    if elsewhere := _elsewhere(path):
        return offered(elsewhere)
    return meant(key, names) or nearest(key, names)


def _words(key: str) -> list[str]:
    return sorted(key.lower().replace("-", "_").split("_"))


def _elsewhere(path: Sequence[str]) -> str:
    """The path of a key of this name, or of what it is another word for, that stands elsewhere."""
    said = _OTHER_WORDS.get(path[-1].lower(), path[-1])
    own = path[0] if len(path) > 1 else ""
    found = [p for p in _paths() if p == said or p.endswith("." + said)]
    within = [p for p in found if p.split(".")[0] == own]
    return next(iter([*within, *found]), "")


@cache
def _paths() -> list[str]:
    """Every path of the format, those nearest to the top first."""
    return sorted((path for path, _ in keys_of(schema())), key=lambda path: path.count("."))

"""What a log may say about a request, and the names that this goes by."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

# What is looked for, in the words of summaries and tables.
FIELDS = {
    "ts": "time",
    "user": "person",
    "session": "session",
    "client": "device",
    "event": "event",
    "method": "method",
    "host": "host",
    "path": "path",
    "query": "query",
    "address": "address",
    "request": "request line",
    "status": "status",
    "bytes": "bytes",
    "agent": "user agent",
}
# Field -> names it goes by, most telling first; compared in lower case without other signs (`normal`). A bare `host` is
# not taken for the site that was asked: in most logs it is the machine. Network addresses are no part of a person.
ALIASES: dict[str, tuple[str, ...]] = {
    "ts": (
        *("ts", "ts_utc_ms", "timestamp", "time", "datetime", "date_time", "time_iso8601"),
        *("time_local", "event_time", "start_utc", "start_time", "start_local"),
        *("edge_start_timestamp", "logged_at", "created_at", "epoch", "epoch_ms", "msec", "date"),
    ),
    "user": (
        *("user", "username", "user_name", "uid", "user_id", "userid", "remote_user"),
        *("auth_user", "authuser", "login", "account", "account_id", "principal", "subject"),
        *("sub", "person", "actor", "email", "user_email", "cs_username", "client_username"),
        *("principal_email", "user_principal_name", "upn"),
    ),
    "session": ("session", "session_id", "sessionid", "sid", "jsessionid", "session_key"),
    "client": ("client", "device", "device_id", "browser_id"),
    "event": ("event",),
    "method": (
        *("method", "http_method", "request_method", "verb", "cs_method"),
        *("client_request_method", "http_request_method"),
    ),
    "host": (
        *("vhost", "http_host", "authority", "domain", "server_name", "request_host", "cs_host"),
        *("x_host_header", "client_request_host", "url_domain"),
    ),
    "path": (
        *("path", "request_uri", "uri", "url", "request_path", "url_original", "url_path"),
        *("cs_uri_stem", "client_request_uri", "client_request_path", "request_url", "target"),
    ),
    "query": ("query", "query_string", "cs_uri_query", "url_query", "request_query", "args"),
    "address": ("url_id",),
    "request": ("request", "request_line", "req"),
    "status": (
        *("status", "status_code", "http_status", "http_status_code", "response_code"),
        *("response_status", "sc_status", "downstream_status", "edge_response_status", "code"),
    ),
    "bytes": (
        *("bytes", "size", "body_bytes_sent", "bytes_sent", "response_size", "response_bytes"),
        *("sent_bytes", "resp_size", "sc_bytes", "downstream_content_size", "edge_response_bytes"),
        *("http_response_body_bytes", "http_response_bytes", "content_length", "length"),
    ),
    "agent": (
        *("user_agent", "http_user_agent", "agent", "ua", "cs_user_agent"),
        *("client_request_user_agent", "user_agent_original"),
    ),
}
# In nested records the last name may tell alone, but for these: they are said of many things.
_NOT_ALONE = {"size", "length", "bytes", "content_length", "code", "target", "date", "domain"}


@lru_cache(maxsize=4096)
def normal(name: str) -> str:
    """A name as names are compared: `Remote-User`, `remoteUser` -> `remoteuser`."""
    return re.sub(r"[^0-9a-z]+", "", name.lower())


FIELD_OF = {normal(alias): field for field in FIELDS for alias in (field, *ALIASES[field])}
_LEAVES = {
    field: {normal(alias) for alias in aliases if alias not in _NOT_ALONE}
    for field, aliases in ALIASES.items()
}


def guessed(names: Iterable[str]) -> dict[str, list[str]]:
    """Which of these names may hold each field, most telling first; dots are the joints of nested records."""
    names = list(names)
    whole = {normal(name): name for name in reversed(names)}
    found: dict[str, list[str]] = {}
    for field, aliases in ALIASES.items():
        by_alias = [whole[normal(alias)] for alias in aliases if normal(alias) in whole]
        by_leaf = [name for name in names if "." in name and normal(_leaf(name)) in _LEAVES[field]]
        candidates = list(dict.fromkeys((*by_alias, *by_leaf)))
        if candidates:
            found[field] = candidates
    return found


def _leaf(name: str) -> str:
    return name.rpartition(".")[2]


def words(fields: Iterable[str] | Mapping[str, object]) -> str:
    """Fields in words, in a fixed order."""
    fields = set(fields)
    if "request" in fields:
        fields = fields - {"request"} | {"method", "path"}
    shown = [FIELDS[field] for field in FIELDS if field in fields and field != "query"]
    return ", ".join(shown)

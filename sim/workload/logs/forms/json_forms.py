"""Forms that are JSON, told by the names in them."""

from collections.abc import Mapping

from sim.workload.logs.fields import guessed, normal
from sim.workload.logs.form import Form, Head, Reader
from sim.workload.logs.problems import BadLines


def _json_form(
    name: str,
    where: str,
    names: tuple[str, ...],
    *,
    tells: tuple[str, ...] = (),
    fields: Mapping[str, str] | None = None,
    remark: str = "",
) -> Form:
    """A form with these names in it, of which `tells` are enough to know it by."""
    own = fields or {}
    finds = tuple(sorted({*guessed(names), *own}))

    def share(head: Head) -> float:
        from sim.workload.logs.readers.json_lines import look_at

        seen = look_at(head)
        known = {normal(n) for name in seen.names for n in (name, name.rpartition(".")[2])}
        return seen.share * all(normal(tell) in known for tell in tells)

    def reader(head: Head, bad: BadLines) -> Reader:
        from sim.workload.logs.readers.json_lines import JsonReader

        return JsonReader(name, own, head, bad)

    return Form(name, where, finds, share, reader, remark)


def _held_share(head: Head) -> float:
    from sim.workload.logs.readers.json_lines import look_at

    seen = look_at(head)
    return seen.share if seen.inner else 0.0


def _held(head: Head, bad: BadLines) -> Reader:
    from sim.workload.logs.readers.json_lines import HeldReader

    return HeldReader(head, bad)


def _several_share(head: Head) -> float:
    from sim.workload.logs.readers.json_lines import look_at
    from sim.workload.logs.readers.json_records import several_lines

    return float(look_at(head).share < 0.5 and several_lines(head.texts))


def _several(head: Head, bad: BadLines) -> Reader:
    from sim.workload.logs.readers.json_lines import StreamReader

    return StreamReader(head, bad)


HELD = Form(
    "A log line in JSON",
    'Docker (json-file: "log"), journald ("MESSAGE"), fluentd, GCP ("textPayload")',
    (),
    _held_share,
    _held,
    "as in the form of the line",
)
SEVERAL = Form(
    "JSON over several lines",
    "arrays and pretty-printed objects; also records in `records`",
    (),
    _several_share,
    _several,
    "",
)
_ECS = ("http.request.method", "http.response.status_code", "http.response.body.bytes")
NAMED: tuple[Form, ...] = (
    _json_form(
        "Caddy access log",
        "Caddy",
        (*("ts", "user_id", "request.method", "request.host", "request.uri"), "status", "size"),
        tells=("request.method", "request.uri", "ts"),
        fields={"agent": "request.headers.User-Agent"},
    ),
    _json_form(
        "Traefik JSON",
        "Traefik, format json",
        (
            *("StartUTC", "ClientUsername", "RequestMethod", "RequestHost", "RequestPath"),
            *("DownstreamStatus", "DownstreamContentSize", "request_User-Agent"),
        ),
        tells=("RequestMethod", "RequestPath", "DownstreamStatus"),
        fields={"ts": "StartUTC", "agent": "request_User-Agent"},
    ),
    _json_form(
        "GCP load balancer JSON",
        "Google Cloud Load Balancing, from Cloud Logging",
        (
            *("timestamp", "httpRequest.requestMethod", "httpRequest.requestUrl"),
            *("httpRequest.status", "httpRequest.responseSize", "httpRequest.userAgent"),
        ),
        tells=("httpRequest.requestMethod", "httpRequest.requestUrl"),
        remark="a label may be it: --column user=NAME",
    ),
    _json_form(
        "Azure gateway JSON",
        "Azure Application Gateway and Front Door",
        (
            *("time", "properties.httpMethod", "properties.requestUri", "properties.httpStatus"),
            *("properties.sentBytes", "properties.userAgent", "properties.requestQuery"),
        ),
        tells=("category", "httpMethod", "requestUri"),
        remark="`properties` may be text",
    ),
    _json_form(
        "Cloudflare Logpush",
        "Cloudflare, HTTP requests",
        (
            *("EdgeStartTimestamp", "ClientRequestMethod", "ClientRequestURI"),
            *("ClientRequestHost", "EdgeResponseStatus", "EdgeResponseBytes"),
            "ClientRequestUserAgent",
        ),
        tells=("EdgeStartTimestamp", "ClientRequestMethod"),
        remark="a logged header may be it: --column user=NAME",
    ),
    _json_form(
        "Keycloak events JSON",
        "Keycloak, JSON console log and event exports",
        ("timestamp", "userId"),
        tells=("realmId", "userId", "type"),
        fields={"event": "type"},
        remark="sign-ins and token refreshes, not clicks",
    ),
    _json_form(
        "Elastic Common Schema",
        "Filebeat, Elastic Agent; nested or with dots",
        (*("@timestamp", "user.name", "url.original"), *_ECS, "user_agent.original"),
        tells=("@timestamp", "http.request.method"),
    ),
    _json_form(
        "nginx JSON",
        "nginx, log_format ... escape=json with its own names",
        (
            *("time_iso8601", "remote_user", "request", "status", "body_bytes_sent"),
            "http_user_agent",
        ),
        tells=("remote_user", "status"),
    ),
)
GENERIC = _json_form(
    "JSON lines", "applications; names as in CSV, nested ones with dots", (), tells=()
)

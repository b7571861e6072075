"""One invented day, as many servers and those who pass logs on would write it."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np

AGENT = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0"


@dataclass(frozen=True)
class Hit:
    """One request; `user` is empty where nobody is signed in."""

    at: datetime
    user: str
    method: str
    path: str
    status: int
    bytes: int
    client: str

    def clock(self, form: str, hours: int = 0) -> str:
        """The time in a format, in a zone so many hours ahead."""
        return self.at.astimezone(timezone(timedelta(hours=hours))).strftime(form)

    @property
    def ms(self) -> int:
        """Milliseconds since 1970."""
        return round(self.at.timestamp() * 1000)


def a_day(people: int = 6, seed: int = 14) -> list[Hit]:
    """Two sessions a person with page loads, writes and pages seen again, and somebody who never signs in."""
    random = np.random.default_rng(seed)
    start, hits = datetime(2026, 3, 10, 7, tzinfo=UTC), []
    for person in range(people + 1):
        user = f"user{person}" if person else ""
        second = int(random.integers(0, 3600))
        for _ in range(2):
            for _ in range(int(random.integers(5, 11)) if person else 20):
                method = "GET" if random.random() < 0.75 else "POST"
                path = f"/pages/view?id={random.integers(0, 5)}"
                for burst in range(int(random.integers(1, 3)) if person else 1):
                    at = start + timedelta(seconds=second + burst)
                    size = int(random.integers(100, 9999))
                    hits.append(
                        Hit(
                            at,
                            user,
                            method if not burst else "GET",
                            path if not burst else "/s.css",
                            200,
                            size,
                            f"10.0.0.{person}",
                        )
                    )
                second += int(random.integers(5, 300))
            second += int(random.integers(4000, 9000))
    return sorted(hits, key=lambda hit: hit.at)


def _clf(h: Hit) -> str:
    return f'{h.client} - {h.user or "-"} [{h.clock("%d/%b/%Y:%H:%M:%S %z")}] "{h.method} {h.path} HTTP/1.1" {h.status} {h.bytes}'


def _combined(h: Hit) -> str:
    return f'{_clf(h)} "https://app.example.com/" "{AGENT}"'


def _iso(h: Hit) -> str:
    return h.clock("%Y-%m-%dT%H:%M:%S.000Z")


def _json(h: Hit) -> dict[str, Any]:
    return {
        "time": _iso(h),
        "user": h.user,
        "method": h.method,
        "path": h.path,
        "status": h.status,
        "bytes": h.bytes,
    }


def _nginx(h: Hit) -> dict[str, Any]:
    return {"time_iso8601": h.clock("%Y-%m-%dT%H:%M:%S+01:00", 1), "remote_addr": h.client, "remote_user": h.user,
            "request": f"{h.method} {h.path} HTTP/1.1", "status": str(h.status), "body_bytes_sent": str(h.bytes), "content_length": ""}  # fmt: skip


def _caddy(h: Hit) -> dict[str, Any]:
    return {"level": "info", "ts": h.ms / 1000, "logger": "http.log.access", "request": {"remote_ip": h.client, "method": h.method, "host": "app", "uri": h.path,
            "headers": {"User-Agent": [AGENT]}}, "user_id": h.user, "duration": 0.01, "size": h.bytes, "status": h.status}  # fmt: skip


def _traefik(h: Hit) -> dict[str, Any]:
    return {"ClientHost": h.client, "ClientUsername": h.user or "-", "DownstreamContentSize": h.bytes, "DownstreamStatus": h.status, "RequestHost": "app",
            "RequestMethod": h.method, "RequestPath": h.path, "StartUTC": h.clock("%Y-%m-%dT%H:%M:%S.000000001Z"), "time": _iso(h)}  # fmt: skip


def _gcp(h: Hit) -> dict[str, Any]:
    request = {
        "requestMethod": h.method,
        "requestUrl": f"https://app.example.com:443{h.path}",
        "status": h.status,
        "responseSize": str(h.bytes),
        "userAgent": AGENT,
    }
    return {
        "timestamp": _iso(h),
        "httpRequest": request,
        "labels": {"user": h.user},
        "receiveTimestamp": "2026-03-11T00:00:00Z",
    }


def _azure(h: Hit, as_text: bool) -> dict[str, Any]:
    path, _, query = h.path.partition("?")
    inner = {
        "httpMethod": h.method,
        "requestUri": path,
        "requestQuery": query,
        "httpStatus": h.status,
        "sentBytes": h.bytes,
        "user": h.user,
    }
    return {
        "time": _iso(h),
        "category": "ApplicationGatewayAccessLog",
        "properties": json.dumps(inner) if as_text else inner,
    }


def _cloudflare(h: Hit) -> dict[str, Any]:
    return {"ClientRequestMethod": h.method, "ClientRequestURI": h.path, "ClientRequestHost": "app", "EdgeStartTimestamp": h.ms * 1_000_000,
            "EdgeResponseStatus": h.status, "EdgeResponseBytes": h.bytes, "RequestHeaders": {"x-user": h.user}}  # fmt: skip


def _ecs(h: Hit) -> dict[str, Any]:
    response = {"status_code": h.status, "body": {"bytes": h.bytes}}
    return {"@timestamp": _iso(h), "user": {"name": h.user}, "http": {"request": {"method": h.method}, "response": response},
            "url": {"original": h.path, "path": h.path.partition("?")[0]}, "host": {"name": "web1"}}  # fmt: skip


def _dotted(h: Hit) -> dict[str, Any]:
    return {"@timestamp": _iso(h), "user.name": h.user, "http.request.method": h.method, "http.response.status_code": h.status,
            "http.response.body.bytes": h.bytes, "url.original": h.path}  # fmt: skip


def _confluence(h: Hit) -> str:
    stamp = h.clock("%d/%b/%Y:%H:%M:%S %z", 11)
    return f"[{stamp}] {h.user or '-'} http-nio-8090-exec-6 {h.client} {h.method} {h.path} HTTP/1.1 {h.status} 46ms {h.bytes} http://localhost:8090/ {AGENT}"


def _haproxy(h: Hit) -> str:
    stamp = h.clock("%d/%b/%Y:%H:%M:%S.000")
    return (f"Mar 10 08:00:00 lb haproxy[14389]: {h.client}:33317 [{stamp}] http-in static/srv1 10/0/30/69/109 {h.status} {h.bytes}"
            f' - - ---- 1/1/1/1/0 0/0 {{{h.user}|app}} {{}} "{h.method} {h.path} HTTP/1.1"')  # fmt: skip


def _envoy(h: Hit) -> str:
    return f'[{_iso(h)}] "{h.method} {h.path} HTTP/1.1" {h.status} - 0 {h.bytes} 12 11 "{h.client}" "{AGENT}" "{h.user or "-"}" "app" "10.1.0.3:80"'


def _alb(h: Hit) -> str:
    return (f"https {h.clock('%Y-%m-%dT%H:%M:%S.000000Z')} app/lb/50dc {h.client}:2817 10.1.0.1:80 0.086 0.048 0.037 {h.status} {h.status} 0 {h.bytes}"
            f' "{h.method} https://app.example.com:443{h.path} HTTP/1.1" "{AGENT}" ECDHE TLSv1.2 arn "Root=1" "-" "-" 0 - "forward" "-" "-"')  # fmt: skip


def _traefik_clf(h: Hit) -> str:
    return f'{_clf(h)} "-" "{AGENT}" 17 "web@docker" "http://10.1.0.3:80" 3ms'


def _ltsv(h: Hit) -> str:
    return "\t".join((f"time:{h.clock('%d/%b/%Y:%H:%M:%S %z')}", f"host:{h.client}", f"user:{h.user or '-'}", f"req:{h.method} {h.path} HTTP/1.1",
                      f"status:{h.status}", f"size:{h.bytes}", "ua:x"))  # fmt: skip


def _table(
    delimiter: str, names: list[str], cells: Callable[[Hit], list[Any]]
) -> Callable[[list[Hit]], str]:
    def write(hits: list[Hit]) -> str:
        text = io.StringIO()
        table = csv.writer(text, delimiter=delimiter, lineterminator="\n")
        table.writerows([names, *map(cells, hits)])
        return text.getvalue()

    return write


def _w3c(
    delimiter: str, names: str, cells: Callable[[Hit], list[Any]]
) -> Callable[[list[Hit]], str]:
    head = f"#Software: x\n#Version: 1.0\n#Fields: {names}\n"
    return lambda hits: head + "".join(delimiter.join(map(str, cells(h))) + "\n" for h in hits)


def _iis(h: Hit) -> list[Any]:
    path, _, query = h.path.partition("?")
    user = f"EXAMPLE\\{h.user}" if h.user else "-"
    return [
        h.clock("%Y-%m-%d"),
        h.clock("%H:%M:%S"),
        "10.0.0.1",
        h.method,
        path,
        query or "-",
        443,
        user,
        h.client,
        AGENT.replace(" ", "+"),
        h.status,
        h.bytes,
        15,
    ]


def _cloudfront(h: Hit) -> list[Any]:
    path, _, query = h.path.partition("?")
    return [
        h.clock("%Y-%m-%d"),
        h.clock("%H:%M:%S"),
        "FRA2",
        h.bytes,
        h.client,
        h.method,
        "d1.cloudfront.net",
        path,
        h.status,
        "-",
        "UA",
        query or "-",
        f"u={h.user}" if h.user else "-",
    ]


Write = Callable[[list[Hit]], "str | bytes"]


def _each(line: Callable[[Hit], str]) -> Write:
    return lambda hits: "".join(line(hit) + "\n" for hit in hits)


def _objects(record: Callable[[Hit], dict[str, Any]], compact: bool = False) -> Write:
    return _each(lambda h: json.dumps(record(h), separators=(",", ":") if compact else None))


def _before(prefix: Callable[[Hit], str], line: Callable[[Hit], str] = _clf) -> Write:
    return _each(lambda h: prefix(h) + line(h))


def _zoned(h: Hit) -> list[Any]:
    return [h.clock("%d.%m.%Y %H:%M:%S"), h.user, h.method, h.path, h.status, h.bytes]


_NAMES = ["time", "user", "method", "path", "status", "bytes"]
# Name -> (how it is written, options that it needs).
RENDERINGS: dict[str, tuple[Write, dict[str, Any]]] = {
    "common": (_each(_clf), {}),
    "combined": (_each(_combined), {}),
    "combined, gzip": (lambda hits: gzip.compress(str(_each(_combined)(hits)).encode()), {}),
    "vhost_combined": (_before(lambda h: "app.example.com:443 ", _combined), {}),
    "vhost without port": (_before(lambda h: "app.example.com "), {}),
    "forwarded for": (_before(lambda h: "203.0.113.9, ", _combined), {}),
    "ident": (_each(lambda h: _clf(h).replace(" - ", " 768x1x1 ", 1)), {}),
    "fractions": (_each(lambda h: _clf(h).replace(" +0000]", ".000 +0000]")), {}),
    "quoted users": (_each(lambda h: _clf(replace(h, user=h.user and f'"{h.user}"'))), {}),
    "kubectl --timestamps": (_before(lambda h: _iso(h) + " "), {}),
    "kubectl --prefix": (_before(lambda h: "[pod/nginx-7d/nginx] "), {}),
    "CRI": (_before(lambda h: f"{_iso(h)} stdout F "), {}),
    "syslog, old": (_before(lambda h: h.clock("%b %d %H:%M:%S") + " web1 nginx[7]: "), {}),
    "syslog, new": (_before(lambda h: f"<134>1 {_iso(h)} web1 nginx 7 - - "), {}),
    "rsyslog": (_before(lambda h: h.clock("%Y-%m-%dT%H:%M:%S+00:00") + " web1 nginx: "), {}),
    "docker compose": (_before(lambda h: "web-1  | ", _combined), {}),
    "Docker json-file": (_objects(lambda h: {"log": _combined(h) + "\n", "stream": "stdout", "time": _iso(h)}), {}),
    "Docker, JSON inside": (_objects(lambda h: {"log": json.dumps(_nginx(h)) + "\n", "stream": "stdout"}), {}),
    "journald": (_objects(lambda h: {"MESSAGE": _clf(h), "_HOSTNAME": "web1"}), {}),
    "Traefik CLF": (_each(_traefik_clf), {}),
    "Traefik JSON": (_objects(_traefik, compact=True), {}),
    "Caddy": (_objects(_caddy, compact=True), {}),
    "nginx JSON": (_objects(_nginx), {}),
    "nginx JSON, compact": (_objects(_nginx, compact=True), {}),
    "GCP": (_objects(_gcp), {}),
    "Azure": (_objects(lambda h: _azure(h, False)), {}),
    "Azure, properties as text": (_objects(lambda h: _azure(h, True)), {}),
    "Azure, records": (lambda hits: json.dumps({"records": [_azure(h, False) for h in hits]}), {}),
    "Cloudflare": (_objects(_cloudflare, compact=True), {"columns": {"user": "RequestHeaders.x-user"}}),
    "ECS": (_objects(_ecs), {}),
    "ECS, dotted": (_objects(_dotted), {}),
    "JSON": (_objects(_json), {}),
    "JSON, compact": (_objects(_json, compact=True), {}),
    "JSON, written as strings": (_each(lambda h: json.dumps(json.dumps(_json(h)))), {}),
    "JSON behind CRI": (_before(lambda h: f"{_iso(h)} stdout F ", lambda h: json.dumps(_json(h))), {}),
    "JSON array": (lambda hits: json.dumps([_json(h) for h in hits]), {}),
    "JSON array, pretty": (lambda hits: json.dumps([_json(h) for h in hits], indent=2), {}),
    "JSON objects, pretty": (_each(lambda h: json.dumps(_json(h), indent=4)), {}),
    "Confluence": (_each(_confluence), {}),
    "HAProxy": (_each(_haproxy), {"columns": {"user": "request_header_1"}}),
    "Envoy": (_each(_envoy), {"columns": {"user": "request_id"}}),
    "LTSV": (_each(_ltsv), {}),
    "IIS": (_w3c(" ", "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-bytes time-taken", _iis), {}),
    "CloudFront": (_w3c("\t", "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie)", _cloudfront),
                   {"columns": {"user": "cs(Cookie)"}}),
    "CSV": (_table(",", _NAMES, lambda h: [_iso(h), h.user, h.method, h.path, h.status, h.bytes]), {}),
    "CSV, epochs": (_table(";", _NAMES, lambda h: [h.ms, h.user, h.method, h.path, h.status, h.bytes]), {}),
    "CSV, mixed epochs": (_table("\t", _NAMES, lambda h: [h.ms if h.bytes % 2 else h.ms // 1000, h.user, h.method, h.path, h.status, h.bytes]), {}),
    "CSV, dots": (_table(";", _NAMES, _zoned), {}),
    "CSV, two columns": (_table(",", ["date", *_NAMES], lambda h: [h.clock("%Y-%m-%d"), h.clock("%H:%M:%S"), *_zoned(h)[1:]]), {}),
    "CSV, basic ISO": (_table("|", _NAMES, lambda h: [h.clock("%Y%m%dT%H%M%SZ"), *_zoned(h)[1:]]), {}),
    "CSV, a format": (_table(",", _NAMES, lambda h: [h.clock("%m/%d/%Y %H:%M:%S"), *_zoned(h)[1:]]), {"time_format": "%m/%d/%Y %H:%M:%S"}),
}  # fmt: skip
# Forms that have no person, and say so.
REFUSED: dict[str, Write] = {
    "AWS load balancer": _each(_alb),
    "Envoy": _each(_envoy),
    "Cloudflare": _objects(_cloudflare),
}

"""HAProxy: a yes remembered in a stick table, plain and prolonged by each request."""

from collections.abc import Callable

from sim.testbed.real.part import APT, Part, Place

_CONFIG = """\
global
  maxconn 4000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 10s
frontend gate
  bind 127.0.0.1:{port}
  http-request set-var(txn.who) req.hdr(authorization)
  acl known req.hdr(authorization),in_table(kept)
  {more}
  http-request return status 204 if known
  default_backend host
backend kept
  stick-table type string len 128 size 100k expire {life_s}s
backend host
  http-request set-path {asks}
  stick store-response var(txn.who) table kept if {{ status 200 }}
  server host 127.0.0.1:{host}
"""
_TRACKED = "http-request track-sc0 req.hdr(authorization) table kept if known"


def _prepare(more: str) -> Callable[[Place], list[str]]:
    def prepare(place: Place) -> list[str]:
        text = _CONFIG.format(
            port=place.port,
            host=place.host_port,
            asks=place.asks,
            life_s=place.life_s,
            more=more,
        )
        return ["-db", "-f", str(place.write("haproxy.cfg", text))]

    return prepare


def _haproxy(profile: str, more: str = "") -> Part:
    return Part(profile, "haproxy", APT.format("haproxy"), _prepare(more), grain_s=0.1)


HAPROXY = (_haproxy("haproxy_stick_table"), _haproxy("haproxy_stick_table_tracked", _TRACKED))

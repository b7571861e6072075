"""nginx: `auth_request` with a cache of the answers, plain, stale, and stale with cached refusals."""

from collections.abc import Callable

from sim.testbed.real.part import APT, Part, Place

# Of a configuration with its files in one folder; what follows goes on within `http`.
HEAD = """\
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
"""
_CONFIG = (
    HEAD
    + """\
  proxy_cache_path {folder}/cache keys_zone=answers:1m;
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location = /app {{ auth_request /auth; root {folder}/www; }}
    location = /auth {{
      internal; proxy_pass http://127.0.0.1:{host}{asks}; proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_cache answers; proxy_cache_key $http_authorization; proxy_cache_valid 200 {life_s}s;
      {more}
    }}
  }}
}}
"""
)
_STALE = "proxy_cache_use_stale updating; proxy_cache_background_update on;"


def _prepare(more: str) -> Callable[[Place], list[str]]:
    def prepare(place: Place) -> list[str]:
        place.website()
        text = _CONFIG.format(
            folder=place.folder,
            port=place.port,
            host=place.host_port,
            asks=place.asks,
            life_s=place.life_s,
            more=more,
        )
        config = place.write("nginx.conf", text)
        return ["-c", str(config), "-e", str(place.folder / "error.log")]

    return prepare


def _nginx(profile: str, more: str = "") -> Part:
    return Part(profile, "nginx", APT.format("nginx-light"), _prepare(more))


NGINX = (
    _nginx("nginx_auth_request"),
    _nginx("nginx_auth_request_stale", _STALE),
    _nginx("nginx_auth_request_stale_401", f"proxy_cache_valid 401 1s; {_STALE}"),
)

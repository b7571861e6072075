"""A real nginx in front of the stand-in host: `auth_request` with a cache of its answers."""

import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

NGINX = shutil.which("nginx") or ("/usr/sbin/nginx" if Path("/usr/sbin/nginx").exists() else None)

_CONFIG = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  proxy_cache_path {folder}/cache keys_zone=answers:1m;
  server {{
    listen 127.0.0.1:{port};
    location /app {{ auth_request /auth; proxy_pass http://127.0.0.1:{host}/work; }}
    location = /auth {{
      internal; proxy_pass http://127.0.0.1:{host}/check; proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_cache answers; proxy_cache_key $http_authorization; proxy_cache_valid 200 {life_s}s;
      {more}
    }}
    location / {{ proxy_pass http://127.0.0.1:{host}; }}
  }}
}}
"""
STALE = "proxy_cache_use_stale updating; proxy_cache_background_update on;"


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


class Nginx:
    """`with Nginx(folder, host_port, life_s):` runs it; what it complained of is in `error.log`."""

    def __init__(self, folder: Path, host: int, life_s: int, more: str = ""):
        self.port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self._config = folder / "nginx.conf"
        self._folder = folder
        self._config.write_text(
            _CONFIG.format(folder=folder, port=self.port, host=host, life_s=life_s, more=more)
        )

    def __enter__(self) -> "Nginx":
        assert NGINX is not None
        command = [NGINX, "-c", str(self._config), "-e", str(self._folder / "error.log")]
        self._child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        for _ in range(200):
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.02)
        self._child.kill()
        raise RuntimeError((self._folder / "error.log").read_text())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._child.terminate()
        self._child.wait(5.0)

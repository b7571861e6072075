"""One page on loopback: no other address is bound, and no other host name is answered."""

import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def serve(page: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve the page on 127.0.0.1 until interrupted; `ready` is told the address. Port 0 takes a free one.

    Raises OSError where the port is taken.
    """
    with server_of(page, port) as server:
        ready(f"http://127.0.0.1:{server.server_address[1]}/")
        server.serve_forever()


def server_of(page: str, port: int) -> ThreadingHTTPServer:
    """A bound server, not yet serving."""
    body = page.encode()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not own_name(self):
                self.send_error(403)
            elif self.path.partition("?")[0] != "/":
                self.send_error(404)
            else:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    return Server(("127.0.0.1", port), Page)


def own_name(request: BaseHTTPRequestHandler) -> bool:
    """Whether a request came to our own name: one that somebody else's DNS points here (rebinding) is refused."""
    return request.headers.get("Host", "").rpartition(":")[0] in ("127.0.0.1", "localhost")


class Server(ThreadingHTTPServer):
    """Says nothing of browsers that hang up in the middle."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

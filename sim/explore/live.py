"""A scenario under one's fingers: its page on loopback, what the page asks for, and the guards of both."""

import json
import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sim.explore.changes import Changes, changed
from sim.explore.clients import Clients
from sim.explore.page import live_page
from sim.explore.server import Server, own_name
from sim.scenario import Scenario, ScenarioError
from sim.scenario.write import scenario_file_text

LONGEST_BODY = 65_536
WAIT_S = 20.0  # how long a page waits for news in one request
_PAGE = re.compile(r"[0-9a-f-]{8,40}")


def serve_live(
    scenario: Scenario, name: str, port: int, ready: Callable[[str], None], changes: Changes
) -> None:
    """Serve the page of a scenario (`name` is what workers load) on 127.0.0.1 until interrupted; it begins with `changes`.

    `ready` is told the address once the first figures are there. Raises OSError where the port is taken, and
    ValueError with the reason where the scenario cannot be simulated.
    """
    clients = Clients(name)
    try:
        with live_server(scenario, clients, port, name, changes) as server:
            ready(f"http://127.0.0.1:{server.server_address[1]}/")
            server.serve_forever()
    finally:
        clients.close()


def live_server(
    scenario: Scenario,
    clients: Clients,
    port: int,
    name: str = "",
    changes: Changes | None = None,
) -> ThreadingHTTPServer:
    """A bound server, not yet serving; its page holds the first figures."""
    first = clients.prepare().news(0, 600.0) or {}
    if "error" in first:
        raise ValueError(first["error"])
    body = live_page(scenario, first, name, changes).encode()
    return Server(("127.0.0.1", port), _handler(scenario, clients, body))


def _handler(scenario: Scenario, clients: Clients, body: bytes) -> type[BaseHTTPRequestHandler]:
    class Live(BaseHTTPRequestHandler):
        timeout = 60.0  # a client that sends or takes nothing so long is left
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            if not own_name(self):
                self.send_error(403)
            elif address.path == "/":
                self._answer(200, "text/html; charset=utf-8", body)
            elif address.path == "/news":
                self._news(parse_qs(address.query))
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            # another site's page cannot set this header without asking first, which is never answered
            own = self.headers.get("X-Lastclick") == "1" and self._own_origin()
            if not own_name(self) or not own:
                return self._refuse(403)
            wish = self._read()
            if wish is None:
                return self._refuse(400)
            if self.path == "/run":
                self._run(wish)
            elif self.path == "/scenario":
                self._scenario(wish)
            else:
                self._refuse(404)

        def _own_origin(self) -> bool:
            origin = self.headers.get("Origin")
            return origin is None or urlsplit(origin).netloc == self.headers.get("Host")

        def _refuse(self, status: int) -> None:
            self.close_connection = True  # what it still sends is not read
            self.send_error(status)

        def _read(self) -> dict[str, Any] | None:
            length = self.headers.get("Content-Length", "")
            if not length.isdigit() or int(length) > LONGEST_BODY:
                return None
            try:
                wish = json.loads(self.rfile.read(int(length)))
            except (ValueError, RecursionError):
                return None
            changes = wish.get("changes") if isinstance(wish, dict) else None
            return wish if isinstance(changes, dict) else None

        def _run(self, wish: dict[str, Any]) -> None:
            page = str(wish.get("page", ""))
            if not _PAGE.fullmatch(page):
                return self._refuse(400)
            self._json({"job": clients.of(page).ask(wish["changes"])})

        def _news(self, query: dict[str, list[str]]) -> None:
            page, after = query.get("page", [""])[0], query.get("after", ["0"])[0]
            if not _PAGE.fullmatch(page) or not after.isdigit():
                return self.send_error(400)
            self._json(clients.of(page).news(int(after), WAIT_S))

        def _scenario(self, wish: dict[str, Any]) -> None:
            try:
                text = scenario_file_text(changed(scenario, wish["changes"]))
            except (ScenarioError, ValueError) as error:
                return self._answer(422, "text/plain; charset=utf-8", str(error).encode())
            self._answer(200, "application/toml; charset=utf-8", text.encode())

        def _json(self, document: Any) -> None:
            text = json.dumps(document, allow_nan=False, separators=(",", ":"))
            self._answer(200, "application/json", text.encode())

        def _answer(self, status: int, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            return

    return Live

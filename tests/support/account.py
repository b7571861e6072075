"""A host with one account, on loopback, for gates to ask and for probes to revoke: stdlib only, one thread a request."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count


class Account:
    """Whether the account may, which credentials it got, and how often it was asked about."""

    def __init__(self) -> None:
        self.may = True
        self.asked = 0
        self.times: list[float] = []
        self._numbers = count(1)

    def issue(self) -> str:
        """A new credential."""
        return f"credential-{next(self._numbers):06d}-of-the-account"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    account: Account

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""

    def _answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        account, path = self.account, self.path
        account.times.append(time.monotonic())
        if path == "/check":
            account.asked += 1
            self._answer(200 if account.may else 401, {})
        elif path == "/away":
            self.send_response(302)
            self.send_header("Location", "/check")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif path == "/work":
            self._answer(200, {"hello": "you"})
        else:
            self._answer(404, {})

    def do_POST(self) -> None:
        self.account.times.append(time.monotonic())
        length = int(self.headers.get("Content-Length", "0"))
        self.rfile.read(length)
        account = self.account
        if self.path == "/login":
            token = account.issue() if account.may else ""
            self._answer(200 if token else 403, {"access_token": token})
        elif self.path in ("/revoke", "/give-back"):
            account.may = self.path == "/give-back"
            self._answer(200, {})
        else:
            self._answer(404, {})


class Host:
    """The server, in a thread; `with Host() as host:` gives its port and account."""

    def __enter__(self) -> "Host":
        self.account = Account()
        handler = type("Handler", (_Handler,), {"account": self.account})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.times = self.account.times
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

"""A host with one account, on loopback, for gates to ask and for probes to revoke: stdlib only, one thread a request."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import ClassVar

CHECK = "/check"


class Account:
    """Whether the account may, which credentials it got, how often it was asked about, and when anybody came."""

    def __init__(self) -> None:
        self.may = True
        self.asked = 0
        self.times: list[float] = []
        self._numbers = count(1)

    def issue(self) -> str:
        """A new credential."""
        return f"credential-{next(self._numbers):06d}-of-the-account"


class Handler(BaseHTTPRequestHandler):
    """Signs in, answers a gate's question, revokes and gives back."""

    protocol_version = "HTTP/1.1"
    account: ClassVar[Account]

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""

    def answer(self, status: int, content: object, **headers: str) -> None:
        """An answer in JSON."""
        body = json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """A gate's question, or something else."""
        self.account.times.append(time.monotonic())
        if self.path == CHECK:
            self.account.asked += 1
            self.answer(200 if self.account.may else 401, {})
        else:
            self.elsewhere()

    def elsewhere(self) -> None:
        """What is not there."""
        self.answer(404, {})

    def do_POST(self) -> None:
        """A sign-in, a revocation, a return."""
        account = self.account
        account.times.append(time.monotonic())
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.path == "/login":
            token = account.issue() if account.may else ""
            self.answer(200 if token else 403, {"access_token": token})
        elif self.path in ("/revoke", "/give-back"):
            account.may = self.path == "/give-back"
            self.answer(200, {})
        else:
            self.elsewhere()


class Host:
    """The server, in a thread; `with Host() as host:` gives its port and account."""

    def __init__(self, handler: type[Handler] = Handler):
        self._handler = handler

    def __enter__(self) -> "Host":
        self.account = Account()
        handler = type("OfThisHost", (self._handler,), {"account": self.account})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.times = self.account.times
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

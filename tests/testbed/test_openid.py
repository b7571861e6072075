"""The stand-in host as an OpenID provider: a code once, for the client that it was made for, and for who may sign in."""

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

pytest.importorskip("jwt")
import jwt

from sim.scenario import load
from sim.testbed.servers import Server
from sim.testbed.setup import CONTROL_HEADER, Setup

BACK = "http://127.0.0.1:1/back"


@dataclass
class Answer:
    """What came back; no redirect is followed."""

    status: int
    location: str
    content: dict[str, Any]


def fetch(url: str, body: str | None = None, **headers: str) -> Answer:
    """A GET, or with a body a POST."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=10)
    method = "GET" if body is None else "POST"
    connection.request(method, f"{parts.path}?{parts.query}", body, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    content = json.loads(text) if text.startswith("{") else {}
    connection.close()
    return Answer(answer.status, answer.getheader("location", ""), content)


@dataclass
class Client:
    """A gate that knows the provider, and a person with a session at the host."""

    host: str
    setup: Setup
    secret: str
    session: str = ""

    def authorize(self, **changes: str) -> Answer:
        asked = {
            "client_id": "gate",
            "response_type": "code",
            "redirect_uri": BACK,
            "state": "s",
            "nonce": "n",
        }
        url = f"{self.host}/openid/authorize?{urlencode(asked | changes)}"
        return fetch(url, Authorization=f"Bearer {self.session}")

    def code(self) -> str:
        return parse_qs(urlsplit(self.authorize().location).query)["code"][0]

    def token(self, code: str, secret: str | None = None, back: str = BACK) -> Answer:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back}
        pair = f"gate:{self.secret if secret is None else secret}".encode()
        return fetch(
            f"{self.host}/openid/token",
            urlencode(form),
            Authorization=f"Basic {base64.b64encode(pair).decode()}",
        )


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    world = load("testbed_gates")
    strategy = world.strategies["nginx_auth_request"]
    folder: Path = tmp_path_factory.mktemp("host")
    setup = Setup.new(world, [strategy], seed=1, factor=1.0, folder=str(folder))
    lane = setup.lanes[0]
    host = Server("host", setup)
    try:
        found = Client(f"{host.url}/{lane.name}", setup, lane.openid_secret())
        _control(found, "start", {"started": time.monotonic(), "app_url": "", "begin": False})
        content = json.dumps({"person": 3, "password": lane.password(3)})
        found.session = fetch(f"{found.host}/sign-in", content).content["session"]
        yield found
    finally:
        host.stop()


def _control(client: Client, name: str, content: dict[str, object]) -> None:
    url = client.host.rpartition("/")[0] + f"/control/{name}"
    headers = {CONTROL_HEADER: client.setup.control}
    assert fetch(url, json.dumps(content), **headers).status == 200


def test_the_metadata_lead_to_the_endpoints(client: Client) -> None:
    found = fetch(f"{client.host}/openid/.well-known/openid-configuration").content
    assert found["issuer"] == f"{client.host}/openid"
    assert found["token_endpoint"] == f"{client.host}/openid/token"
    assert fetch(found["jwks_uri"]).content == {"keys": []}


def test_a_code_is_worth_one_signed_token(client: Client) -> None:
    sent_on = client.authorize()
    assert sent_on.status == 302
    assert sent_on.location.startswith(f"{BACK}?code=")
    assert "state=s" in sent_on.location
    code = client.code()
    held = client.token(code).content["id_token"]
    claims = jwt.decode(held, client.secret, ["HS256"], audience="gate")
    assert (claims["sub"], claims["nonce"]) == ("3", "n")
    assert claims["iss"] == f"{client.host}/openid"
    again = client.token(code)
    assert (again.status, again.content["error"]) == (400, "invalid_grant")


def test_a_code_is_for_the_client_it_was_made_for(client: Client) -> None:
    assert client.token(client.code(), secret="another").status == 401
    assert client.token(client.code(), back="http://127.0.0.1:1/elsewhere").status == 400
    assert client.authorize(client_id="somebody").status == 400
    assert client.authorize(response_type="token").status == 400


def test_who_has_no_session_gets_no_code(client: Client) -> None:
    stranger = Client(client.host, client.setup, client.secret, session="made up")
    assert stranger.authorize().status == 401


def test_who_is_revoked_gets_no_code(client: Client) -> None:
    """Last: it is the same person."""
    lane = client.setup.lanes[0].name
    _control(client, "revoke", {"lane": lane, "person": 3})
    assert client.authorize().status == 401

"""The stand-in host as an OpenID provider: authorisation code flow (OpenID Connect Core 1.0, section 3.1), one client a tenant.

A person is known by the session at the host, which a browser would send as a cookie and people here send as a bearer
token. The client authenticates with its secret (RFC 7617), which also signs the ID token (HS256).
"""

import base64
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

import jwt
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sim.testbed.web import body_of

CLIENT = "gate"
_TOKEN_LIVES_S = 300


class Grant(NamedTuple):
    """What a code stands for: who signed in, where the client is, and its nonce."""

    person: int
    redirect_uri: str
    nonce: str


Admits = Callable[[Request], Awaitable[tuple[int, Response | None]]]


class Provider:
    """The endpoints of one tenant. `admits` says who comes with a request: a person, or the refusal to send."""

    def __init__(self, path: str, secret: str, admits: Admits):
        self.path, self._secret, self._admits = path, secret, admits
        self._codes: dict[str, Grant] = {}

    def routes(self) -> list[Route]:
        """Where it answers."""
        return [
            Route("/openid/.well-known/openid-configuration", self.metadata, methods=["GET"]),
            Route("/openid/keys", self.keys, methods=["GET"]),
            Route("/openid/authorize", self.authorize, methods=["GET"]),
            Route("/openid/token", self.token, methods=["POST"]),
        ]

    def _issuer(self, request: Request) -> str:
        return f"http://{request.headers['host']}{self.path}"

    async def metadata(self, request: Request) -> Response:
        """What a client needs to know (OpenID Connect Discovery 1.0)."""
        issuer = self._issuer(request)
        return JSONResponse(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "jwks_uri": f"{issuer}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["HS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            }
        )

    async def keys(self, _: Request) -> Response:
        """No public keys: the client's secret signs."""
        return JSONResponse({"keys": []})

    async def authorize(self, request: Request) -> Response:
        """A code for the client, if the person may sign in."""
        asked = request.query_params
        if asked.get("client_id") != CLIENT or asked.get("response_type") != "code":
            return JSONResponse({"error": "invalid_request"}, 400)
        person, refusal = await self._admits(request)
        if refusal is not None:
            return refusal
        code, back = secrets.token_urlsafe(24), asked.get("redirect_uri", "")
        self._codes[code] = Grant(person, back, asked.get("nonce", ""))
        given = urlencode({"code": code, "state": asked.get("state", "")})
        return RedirectResponse(f"{back}?{given}", 302)

    async def token(self, request: Request) -> Response:
        """The ID token for a code, once."""
        pair = base64.b64encode(f"{CLIENT}:{self._secret}".encode()).decode()
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Basic {pair}".encode()):
            return JSONResponse({"error": "invalid_client"}, 401)
        form = dict(parse_qsl((await body_of(request)).decode("ascii", "replace")))
        grant = self._codes.pop(form.get("code", ""), None)
        if grant is None or grant.redirect_uri != form.get("redirect_uri"):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now_s = int(time.time())
        claims = {
            "iss": self._issuer(request),
            "aud": CLIENT,
            "sub": str(grant.person),
            "nonce": grant.nonce,
            "iat": now_s,
            "exp": now_s + _TOKEN_LIVES_S,
        }
        return JSONResponse(
            {
                "id_token": jwt.encode(claims, self._secret, "HS256"),
                "access_token": secrets.token_urlsafe(24),
                "token_type": "Bearer",
                "expires_in": _TOKEN_LIVES_S,
            }
        )

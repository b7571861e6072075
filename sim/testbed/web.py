"""Reading requests: bearer credentials, bodies of limited size, JSON objects."""

import json
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

LARGEST_BODY = 65536  # bytes of a request


class TooLarge(ValueError):
    """The body is larger than anybody has a reason to send."""


def bearer(authorization: str) -> str:
    """The credentials of an Authorization header (RFC 6750); empty if there are none."""
    scheme, _, credentials = authorization.partition(" ")
    return credentials if scheme.lower() == "bearer" else ""


async def body_of(request: Request) -> bytes:
    """The body. Raises TooLarge."""
    if int(request.headers.get("content-length", "0")) > LARGEST_BODY:
        raise TooLarge
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise TooLarge
    return body


async def json_of(request: Request) -> dict[str, Any]:
    """The body as a JSON object, empty where there is none. Raises ValueError."""
    body = await body_of(request)
    try:
        content = json.loads(body) if body else {}
    except RecursionError:
        raise ValueError("too deep") from None
    if not isinstance(content, dict):
        raise ValueError("expected an object")
    return content


async def bad_request(request: Request, error: Exception) -> Response:
    """What malformed and oversized input is answered with."""
    if isinstance(error, TooLarge):
        return JSONResponse({"error": "too_large"}, 413)
    return JSONResponse({"error": "malformed"}, 400)


HANDLERS: Any = dict.fromkeys((ValueError, KeyError, TypeError, ClientDisconnect), bad_request)

"""Events from host to app, signed: security event tokens (RFC 8417, delivered as in RFC 8935) and plain webhooks.

A plain webhook is JSON with an HMAC-SHA256 over id, time and body, as most products send them. Either way the
receiver checks who sent it, for whom, how old it is, and whether it has had it before.
"""

import hashlib
import hmac
import json
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from sim.model.causes import CAUSES
from sim.testbed.tokens import Key

SET_TYPE = "secevent+jwt"
SET_CONTENT_TYPE = "application/secevent+jwt"
LARGEST_EVENT = 16384  # bytes
EVENT_URIS = {
    "deactivation": "https://schemas.openid.net/secevent/risc/event-type/account-disabled",
    "logout": "https://schemas.openid.net/secevent/caep/event-type/session-revoked",
    "permission_loss": "https://schemas.openid.net/secevent/caep/event-type/token-claims-change",
    "admin_loss": "urn:lastclick:event-type:administration-lost",
}
_CAUSE_OF = {uri: cause for cause, uri in EVENT_URIS.items()}
_REQUIRED = ["iss", "iat", "jti", "aud", "events"]


class EventRefused(Exception):
    """An event that must not take effect; `code` is an error code of RFC 8935, section 2.4, or `replayed`."""

    def __init__(self, code: str, description: str):
        super().__init__(description)
        self.code, self.description = code, description


@dataclass(frozen=True)
class Event:
    """What happened to a person, as the host says; `happened_s` in model seconds."""

    id: str
    person: int
    cause: str
    happened_s: float


class Sender:
    """Signs events of one tenant. `base` is the NumericDate of model time 0."""

    def __init__(self, issuer: str, tenant: str, key: Key, secret: bytes, base: int):
        self._issuer, self._tenant, self._key, self._secret = issuer, tenant, key, secret
        self._base = base

    def set(self, event: Event, now_s: float) -> str:
        """A security event token: issued now, about something that happened at `event.happened_s`."""
        subject = {"format": "iss_sub", "iss": self._issuer, "sub": str(event.person)}
        claims = {
            "iss": self._issuer,
            "aud": receiver(self._tenant),
            "iat": self._base + now_s,
            "jti": event.id,
            "toe": self._base + event.happened_s,
            "sub_id": subject,
            "events": {EVENT_URIS[event.cause]: {}},
        }
        return jwt.encode(
            claims,
            self._key.signing,
            self._key.algorithm,
            headers={"kid": self._key.kid, "typ": SET_TYPE},
        )

    def webhook(self, event: Event, now_s: float) -> tuple[bytes, dict[str, str]]:
        """Body and headers of a plain webhook."""
        content = {
            "tenant": self._tenant,
            "person": event.person,
            "cause": event.cause,
            "happened": self._base + event.happened_s,
        }
        body = json.dumps(content, separators=(",", ":")).encode()
        stamp = repr(self._base + now_s)
        headers = {
            "content-type": "application/json",
            "webhook-id": event.id,
            "webhook-timestamp": stamp,
            "webhook-signature": _signature(self._secret, event.id, stamp, body),
        }
        return body, headers


class Receiver:
    """Verifies events of one tenant, and remembers their ids for as long as an event may be old."""

    def __init__(
        self, issuer: str, tenant: str, key: Key, secret: bytes, base: int, oldest_s: float
    ):
        self._issuer, self._tenant, self._key, self._secret = issuer, tenant, key, secret
        self._base, self._oldest_s = base, oldest_s
        self._seen: OrderedDict[str, float] = OrderedDict()

    def receive(self, headers: Mapping[str, str], body: bytes, now_s: float) -> Event:
        """The event of a genuine, fresh delivery that has not been had before. Raises EventRefused."""
        if len(body) > LARGEST_EVENT:
            raise EventRefused("invalid_request", "the event is too large")
        kind = headers.get("content-type", "").partition(";")[0].strip()
        if kind == SET_CONTENT_TYPE:
            event, issued_s = self._from_set(body)
        elif kind == "application/json":
            event, issued_s = self._from_webhook(headers, body)
        else:
            raise EventRefused("invalid_request", "neither a security event token nor a webhook")
        if not now_s - self._oldest_s < issued_s <= now_s + 1.0:
            raise EventRefused("invalid_request", "the event is too old, or from the future")
        self._note(event.id, now_s)
        return event

    def forget(self, event_id: str) -> None:
        """The event could not take effect: let it come again."""
        self._seen.pop(event_id, None)

    def _note(self, event_id: str, now_s: float) -> None:
        while self._seen and next(iter(self._seen.values())) <= now_s - self._oldest_s:
            self._seen.popitem(last=False)
        if event_id in self._seen:
            raise EventRefused("replayed", "the event has been received before")
        self._seen[event_id] = now_s

    def _from_set(self, body: bytes) -> tuple[Event, float]:
        try:
            token = body.decode("ascii")
            header = jwt.get_unverified_header(token)
            if header.get("typ") != SET_TYPE:
                raise EventRefused("invalid_request", "the token is not a security event token")
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key.verifying,
                algorithms=[self._key.algorithm],
                audience=receiver(self._tenant),
                issuer=self._issuer,
                options={"require": _REQUIRED, "verify_iat": False},
            )
            (uri,) = claims["events"]
            subject = claims["sub_id"]
            event = Event(
                str(claims["jti"]),
                int(subject["sub"]),
                _CAUSE_OF[uri],
                float(claims.get("toe", claims["iat"])) - self._base,
            )
            return event, float(claims["iat"]) - self._base
        except jwt.InvalidAudienceError:
            raise EventRefused("invalid_audience", "the event is for another receiver") from None
        except jwt.InvalidIssuerError:
            raise EventRefused("invalid_issuer", "the event is from another sender") from None
        except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError, jwt.InvalidKeyError):
            raise EventRefused("invalid_key", "the signature is not the sender's") from None
        except (jwt.PyJWTError, KeyError, ValueError, TypeError, RecursionError):
            raise EventRefused("invalid_request", "the token cannot be read") from None

    def _from_webhook(self, headers: Mapping[str, str], body: bytes) -> tuple[Event, float]:
        event_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        expected = _signature(self._secret, event_id, stamp, body)
        if not event_id or not hmac.compare_digest(
            expected.encode(), headers.get("webhook-signature", "").encode("utf-8", "replace")
        ):
            raise EventRefused("invalid_key", "the signature is not the sender's")
        try:
            content = json.loads(body)
            if content["tenant"] != self._tenant:
                raise EventRefused("invalid_audience", "the event is for another receiver")
            if content["cause"] not in CAUSES:
                raise ValueError
            happened_s = float(content["happened"]) - self._base
            event = Event(event_id, int(content["person"]), content["cause"], happened_s)
            return event, float(stamp) - self._base
        except (KeyError, ValueError, TypeError, RecursionError):
            raise EventRefused("invalid_request", "the webhook cannot be read") from None


def new_event(person: int, cause: str, happened_s: float) -> Event:
    """An event with an id of its own; every attempt to deliver it carries the same id."""
    return Event(secrets.token_hex(16), person, cause, happened_s)


def receiver(tenant: str) -> str:
    """The audience of a tenant's events."""
    return f"lastclick-app/{tenant}/events"


def _signature(secret: bytes, event_id: str, stamp: str, body: bytes) -> str:
    signed = f"{event_id}.{stamp}.".encode() + body
    return "v1=" + hmac.new(secret, signed, hashlib.sha256).hexdigest()

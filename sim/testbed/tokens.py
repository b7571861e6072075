"""Real tokens: signed by the host or the app, verified by PyJWT, their times read from the testbed's clock.

PyJWT rounds `exp` down to a whole second and asks the wall clock; under compressed time neither will do. So the
library verifies form, signature, issuer, audience and presence of claims, and the three time claims are compared here.
"""

import secrets
from dataclasses import dataclass, field
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

Algorithm = Literal["HS256", "RS256", "ES256"]
ALGORITHMS: tuple[Algorithm, ...] = ("HS256", "RS256", "ES256")
LONGEST_TOKEN = 8192  # characters; refused before anything is parsed
_NEVER_CHECKED_BY_THE_LIBRARY = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
_CLOCK_GRAIN_S = 1e-3  # an issuer's clock and a verifier's, read as floats


class TokenRefused(Exception):
    """A token that must not be accepted; `reason` is one word for logs and counts."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Key:
    """A signing key with its id; `verifying` is the public half (the secret itself for HS256)."""

    kid: str
    algorithm: Algorithm
    signing: bytes = field(repr=False)
    verifying: bytes = field(repr=False)

    @staticmethod
    def random(algorithm: Algorithm) -> "Key":
        """A new key for one run."""
        kid = secrets.token_hex(8)
        if algorithm == "HS256":
            secret = secrets.token_bytes(32)
            return Key(kid, algorithm, secret, secret)
        private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
        if algorithm == "RS256":
            private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        else:
            private = ec.generate_private_key(ec.SECP256R1())
        return Key(
            kid,
            algorithm,
            private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        )


@dataclass(frozen=True)
class Claims:
    """What a verified page token says. Times are model seconds; `expires_s` is infinite for an identity."""

    person: int
    page: int
    session: str
    admin: bool
    stamped_s: float
    expires_s: float
    page_stamped_s: float
    id: str


class Issuer:
    """Signs page tokens of one tenant. `base` is the NumericDate of model time 0."""

    def __init__(self, name: str, key: Key, tenant: str, base: int):
        self._name, self._key, self._tenant, self._base = name, key, tenant, base
        # a PEM key is parsed once, not at each signature
        algorithm = jwt.get_algorithm_by_name(key.algorithm)
        self._signing = algorithm.prepare_key(key.signing)

    def issue(
        self,
        person: int,
        page: int,
        session: str,
        *,
        admin: bool,
        stamped_s: float,
        expires_s: float,
        page_stamped_s: float,
    ) -> str:
        """A signed token; one that expires at infinity carries no `exp`."""
        claims: dict[str, Any] = {
            "iss": self._name,
            "aud": audience(self._tenant),
            "sub": str(person),
            "tenant": self._tenant,
            "page": page,
            "sid": session,
            "adm": admin,
            "iat": self._base + stamped_s,
            "nbf": self._base + stamped_s,
            "pst": self._base + page_stamped_s,
            "jti": secrets.token_hex(8),
        }
        if expires_s != float("inf"):
            claims["exp"] = self._base + expires_s
        return jwt.encode(
            claims, self._signing, self._key.algorithm, headers={"kid": self._key.kid}
        )


class Verifier:
    """Accepts tokens of one tenant, signed by keys it knows, each with the one algorithm that belongs to the key."""

    def __init__(
        self, keys: dict[str, Key], tenant: str, base: int, *, requires_expiry: bool = True
    ):
        """`keys`: issuer name -> key."""
        self._tenant, self._base = tenant, base
        self._keys = {}
        self._headers: dict[str, str] = {}
        for name, key in keys.items():
            algorithm = jwt.get_algorithm_by_name(key.algorithm)
            self._keys[key.kid] = (name, key.algorithm, algorithm.prepare_key(key.verifying))
        self._required = ["iss", "aud", "sub", "iat", "nbf", "pst", "jti"]
        if requires_expiry:
            self._required.append("exp")

    def verify(self, token: str, now_s: float, leeway_s: float = 0.0) -> Claims:
        """The claims of a token that is valid at `now_s`. Raises TokenRefused."""
        claims = self.read(token)
        if now_s < claims.stamped_s - leeway_s - _CLOCK_GRAIN_S:
            raise TokenRefused("not_yet_valid")
        if not valid(now_s, claims.expires_s, leeway_s):
            raise TokenRefused("token_expired")
        return claims

    def read(self, token: str) -> Claims:
        """The claims of a genuine token of this tenant, whenever it is valid. Raises TokenRefused."""
        payload = self._payload(token)
        try:
            if payload["tenant"] != self._tenant:
                raise TokenRefused("wrong_tenant")
            return Claims(
                person=int(payload["sub"]),
                page=_whole(payload["page"]),
                session=str(payload["sid"]),
                admin=payload["adm"] is True,
                stamped_s=_number(payload["iat"]) - self._base,
                expires_s=_number(payload["exp"]) - self._base
                if "exp" in payload
                else float("inf"),
                page_stamped_s=_number(payload["pst"]) - self._base,
                id=payload["jti"],
            )
        except (KeyError, ValueError, TypeError):
            raise TokenRefused("malformed_claims") from None

    def _kid(self, token: str) -> str:
        """The id of the key that a token names; raises TokenRefused where it is not one of ours."""
        header = token.partition(".")[0]
        if header in self._headers:  # an issuer's header is always the same text
            return self._headers[header]
        kid = jwt.get_unverified_header(token).get("kid")
        if not isinstance(kid, str) or kid not in self._keys:
            raise TokenRefused("unknown_key")
        if len(self._headers) < 16:
            self._headers[header] = kid
        return kid

    def _payload(self, token: str) -> dict[str, Any]:
        if len(token) > LONGEST_TOKEN:
            raise TokenRefused("oversized")
        try:
            issuer, algorithm, key = self._keys[self._kid(token)]
            payload: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=audience(self._tenant),
                issuer=issuer,
                options={"require": self._required, **_NEVER_CHECKED_BY_THE_LIBRARY},  # type: ignore[arg-type]
            )
        except jwt.InvalidAlgorithmError:
            raise TokenRefused("wrong_algorithm") from None
        except jwt.InvalidSignatureError:
            raise TokenRefused("wrong_signature") from None
        except jwt.InvalidAudienceError:
            raise TokenRefused("wrong_audience") from None
        except jwt.InvalidIssuerError:
            raise TokenRefused("wrong_issuer") from None
        except jwt.MissingRequiredClaimError as error:
            raise TokenRefused(f"missing_{error.claim}") from None
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise TokenRefused("malformed") from None
        return payload


def valid(now_s: float, expires_s: float, leeway_s: float = 0.0) -> bool:
    """Validity is half-open, here and nowhere else in the testbed."""
    return now_s < expires_s + leeway_s


def audience(tenant: str) -> str:
    """The audience of a tenant's page tokens."""
    return f"lastclick-app/{tenant}"


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("not a number")
    if not abs(value) < 1e15:
        raise ValueError("not a time")
    return float(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("not a whole number")
    return value

"""The parts of the testbed refuse what a careful service refuses: forged, stale, replayed, misdirected, malformed."""

import base64
import hashlib
import hmac
import json
import time

import pytest

pytest.importorskip("jwt")
import jwt
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.testbed.push import (
    SET_CONTENT_TYPE,
    SET_TYPE,
    Event,
    EventRefused,
    Receiver,
    Sender,
    new_event,
    receiver,
)
from sim.testbed.setup import APP, HOST, Lane, Setup
from sim.testbed.tokens import ALGORITHMS, Issuer, Key, TokenRefused, Verifier, audience

BASE = 1_700_000_000
KEYS = {algorithm: Key.random(algorithm) for algorithm in ALGORITHMS}


def issue(key: Key, tenant: str = "t", issuer: str = HOST, **changes: float) -> str:
    times = {"stamped_s": 100.0, "expires_s": 400.0, "page_stamped_s": 100.0, **changes}
    return Issuer(issuer, key, tenant, BASE).issue(7, 3, "session", admin=False, **times)


def verifier(key: Key, tenant: str = "t", **settings: bool) -> Verifier:
    return Verifier({HOST: key}, tenant, BASE, **settings)


def refusal(token: str, key: Key, now_s: float = 200.0, **settings: bool) -> str:
    with pytest.raises(TokenRefused) as refused:
        verifier(key, **settings).verify(token, now_s)
    return refused.value.reason


def payload(**changes: object) -> dict[str, object]:
    claims = {
        "iss": HOST,
        "aud": audience("t"),
        "sub": "7",
        "tenant": "t",
        "page": 3,
        "sid": "s",
        "adm": False,
        "iat": BASE + 100.0,
        "nbf": BASE + 100.0,
        "pst": BASE + 100.0,
        "exp": BASE + 400.0,
        "jti": "j",
    }
    return {**claims, **changes}


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_genuine_token_says_what_was_signed_and_lives_half_open(algorithm: str) -> None:
    key = KEYS[algorithm]
    claims = verifier(key).verify(issue(key), 399.999)
    assert (claims.person, claims.page, claims.stamped_s, claims.expires_s) == (7, 3, 100.0, 400.0)
    assert refusal(issue(key), key, now_s=400.0) == "token_expired"
    verifier(key).verify(issue(key), 404.999, leeway_s=5.0)
    with pytest.raises(TokenRefused, match="token_expired"):
        verifier(key).verify(issue(key), 405.0, leeway_s=5.0)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_not_yet_valid(algorithm: str) -> None:
    key = KEYS[algorithm]
    assert refusal(issue(key), key, now_s=99.0) == "not_yet_valid"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_another_key_of_the_same_id_is_no_key(algorithm: str) -> None:
    key, other = KEYS[algorithm], Key.random(algorithm)  # type: ignore[arg-type]
    forged = issue(Key(key.kid, other.algorithm, other.signing, other.verifying))
    assert refusal(forged, key) == "wrong_signature"
    assert refusal(issue(other), key) == "unknown_key"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("none", ["none", "None", "NONE", "nOnE"])
def test_alg_none(algorithm: str, none: str) -> None:
    key = KEYS[algorithm]
    for signature in ("", issue(key).split(".")[2]):
        token = f"{part({'alg': none, 'kid': key.kid})}.{part(payload())}.{signature}"
        assert refusal(token, key) in ("wrong_algorithm", "malformed")


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_public_key_is_not_an_hmac_secret(algorithm: str) -> None:
    """The classic confusion: HS256 over the public key, which everybody has."""
    key = KEYS[algorithm]
    head = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': key.kid})}.{part(payload())}"
    for secret in (key.verifying, key.verifying.strip()):
        digest = hmac.new(secret, head.encode(), hashlib.sha256).digest()
        token = f"{head}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"
        assert refusal(token, key) == "wrong_algorithm"


def test_an_algorithm_of_another_kind_is_refused() -> None:
    token = jwt.encode(payload(), KEYS["RS256"].signing, "RS256", {"kid": KEYS["HS256"].kid})
    assert refusal(token, KEYS["HS256"]) == "wrong_algorithm"
    token = jwt.encode(payload(), KEYS["HS256"].signing * 2, "HS512", {"kid": KEYS["HS256"].kid})
    assert refusal(token, KEYS["HS256"]) == "wrong_algorithm"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"aud": audience("other")}, "wrong_audience"),
        ({"aud": "*"}, "wrong_audience"),
        ({"iss": "somebody"}, "wrong_issuer"),
        ({"tenant": "other"}, "wrong_tenant"),
        ({"page": "3"}, "malformed_claims"),
        ({"page": True}, "malformed_claims"),
        ({"sub": "seven"}, "malformed_claims"),
        ({"exp": "tomorrow"}, "malformed_claims"),
        ({"exp": 1e300}, "malformed_claims"),
        ({"exp": float("nan")}, "malformed_claims"),
        ({"iat": None}, "malformed"),
        ({"pst": [1]}, "malformed_claims"),
        ({"adm": "true"}, ""),  # not an administrator, see below
    ],
)
def test_claims_that_do_not_fit(change: dict[str, object], reason: str) -> None:
    key = KEYS["HS256"]
    token = jwt.encode(payload(**change), key.signing, "HS256", {"kid": key.kid})
    if reason:
        assert refusal(token, key) in (reason, "missing_iat")
    else:
        assert verifier(key).verify(token, 200.0).admin is False


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "iat", "nbf", "exp", "pst", "jti"])
def test_a_missing_claim(claim: str) -> None:
    key, claims = KEYS["HS256"], payload()
    del claims[claim]
    token = jwt.encode(claims, key.signing, "HS256", {"kid": key.kid})
    assert refusal(token, key) in (f"missing_{claim}", "wrong_audience", "wrong_issuer")


def test_an_identity_without_expiry_only_where_the_strategy_has_no_token() -> None:
    key = KEYS["HS256"]
    token = issue(key, expires_s=float("inf"))
    assert refusal(token, key) == "missing_exp"
    assert verifier(key, requires_expiry=False).verify(token, 1e9).expires_s == float("inf")


def test_a_token_of_another_tenant() -> None:
    key = KEYS["HS256"]
    assert refusal(issue(key, tenant="other"), key) == "wrong_audience"


def test_an_issuer_cannot_sign_for_another() -> None:
    """Both keys are known; a token must come from the issuer to whom its key belongs."""
    host, app = Key.random("HS256"), Key.random("HS256")
    both = Verifier({HOST: host, APP: app}, "t", BASE)
    both.verify(issue(app, issuer=APP), 200.0)
    with pytest.raises(TokenRefused, match="wrong_issuer"):
        both.verify(issue(app, issuer=HOST), 200.0)


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "\0",
        "é.é.é",
        "x" * 100_000,
        part({"alg": "HS256", "kid": 5}) + ".e30.",
        part([]) + ".e30.",
        part("[" * 3000) + "." + part("[" * 2000) + ".",
        base64.urlsafe_b64encode(b"[" * 4000).decode() + ".e30.",
    ],
)
def test_malformed_and_oversized_tokens(token: str) -> None:
    began = time.process_time()
    assert refusal(token, KEYS["HS256"]) in ("malformed", "oversized", "unknown_key")
    assert time.process_time() - began < 1.0


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_single_change_of_a_token_is_accepted(data: st.DataObject) -> None:
    key = KEYS["HS256"]
    token = issue(key)
    at = data.draw(st.integers(0, len(token) - 1))
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
    changed = token[:at] + data.draw(st.sampled_from(letters)) + token[at + 1 :]
    try:
        claims = verifier(key).verify(changed, 200.0)
    except TokenRefused:
        return
    # base64url of 32 bytes has two bits to spare in its last letter: the same signature, spelled otherwise
    assert claims == verifier(key).verify(token, 200.0)
    assert changed == token or at == len(token) - 1


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_refused_without_another_error(text: str) -> None:
    with pytest.raises(TokenRefused):
        verifier(KEYS["HS256"]).verify(text, 200.0)


# -- events -------------------------------------------------------------------------------------

SECRET = b"s" * 32
EVENT = Event("id-1", 7, "deactivation", 90.0)


def sender(key: Key, tenant: str = "t", secret: bytes = SECRET) -> Sender:
    return Sender(HOST, tenant, key, secret, BASE)


def receiving(key: Key, oldest_s: float = 600.0) -> Receiver:
    return Receiver(HOST, "t", key, SECRET, BASE, oldest_s)


def set_of(key: Key, event: Event = EVENT, tenant: str = "t", now_s: float = 100.0) -> bytes:
    return sender(key, tenant).set(event, now_s).encode()


SET_HEADERS = {"content-type": SET_CONTENT_TYPE}


def code(key: Key, headers: dict[str, str], body: bytes, now_s: float = 101.0) -> str:
    with pytest.raises(EventRefused) as refused:
        receiving(key).receive(headers, body, now_s)
    return refused.value.code


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_genuine_event_arrives(algorithm: str) -> None:
    key = KEYS[algorithm]
    assert receiving(key).receive(SET_HEADERS, set_of(key), 101.0) == EVENT
    body, headers = sender(key).webhook(EVENT, 100.0)
    assert receiving(key).receive(headers, body, 101.0) == EVENT


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_forged_events(algorithm: str) -> None:
    key, other = KEYS[algorithm], Key.random(algorithm)  # type: ignore[arg-type]
    assert code(key, SET_HEADERS, set_of(other)) == "invalid_key"
    body, headers = sender(key, secret=b"another secret").webhook(EVENT, 100.0)
    assert code(key, headers, body) == "invalid_key"
    body, headers = sender(key).webhook(EVENT, 100.0)
    assert code(key, headers, body.replace(b"7", b"8")) == "invalid_key"
    assert code(key, {**headers, "webhook-timestamp": "1.0"}, body) == "invalid_key"
    assert code(key, {**headers, "webhook-id": "id-2"}, body) == "invalid_key"
    assert code(key, {**headers, "webhook-signature": ""}, body) == "invalid_key"
    assert code(key, {**headers, "webhook-signature": "v1=\u00e9"}, body) == "invalid_key"
    none = f"{part({'alg': 'none', 'typ': SET_TYPE})}.{part({})}."
    assert code(key, SET_HEADERS, none.encode()) == "invalid_key"


def test_a_public_key_signs_no_event() -> None:
    key = KEYS["RS256"]
    head = part({"alg": "HS256", "typ": SET_TYPE}) + "." + set_of(key).decode().split(".")[1]
    digest = hmac.new(key.verifying, head.encode(), hashlib.sha256).digest()
    token = f"{head}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"
    assert code(key, SET_HEADERS, token.encode()) == "invalid_key"


@pytest.mark.parametrize("way", ["set", "webhook"])
def test_replayed_events_and_stale_ones(way: str) -> None:
    key = KEYS["HS256"]
    body, headers = sender(key).webhook(EVENT, 100.0)
    if way == "set":
        body, headers = set_of(key), SET_HEADERS
    at = receiving(key, oldest_s=600.0)
    at.receive(headers, body, 101.0)
    for now_s in (101.0, 400.0, 699.0):
        with pytest.raises(EventRefused) as refused:
            at.receive(headers, body, now_s)
        assert refused.value.code == "replayed"
    # when its id has been forgotten, it is too old
    for now_s in (700.0, 1e6):
        with pytest.raises(EventRefused) as refused:
            at.receive(headers, body, now_s)
        assert refused.value.code == "invalid_request"
    assert code(key, headers, body, now_s=98.0) == "invalid_request"  # from the future


def test_an_event_that_could_not_take_effect_may_come_again() -> None:
    key = KEYS["HS256"]
    at = receiving(key)
    at.receive(SET_HEADERS, set_of(key), 101.0)
    at.forget(EVENT.id)
    at.receive(SET_HEADERS, set_of(key), 102.0)


def test_events_for_others_and_tokens_that_are_no_events() -> None:
    key = KEYS["HS256"]
    assert code(key, SET_HEADERS, set_of(key, tenant="other")) == "invalid_audience"
    body, headers = sender(key, tenant="other").webhook(EVENT, 100.0)
    assert code(key, headers, body) == "invalid_audience"
    assert code(key, SET_HEADERS, issue(key).encode()) == "invalid_request"  # a page token
    claims = {"iss": HOST, "aud": receiver("t"), "iat": BASE + 100, "jti": "x", "events": {}}
    headers_of_set = {"typ": SET_TYPE}
    for change in ({}, {"events": {"urn:unknown": {}}}, {"events": 5}, {"iss": "other"}):
        token = jwt.encode(claims | change, key.signing, "HS256", headers_of_set)
        assert code(key, SET_HEADERS, token.encode()) in ("invalid_request", "invalid_issuer")
    assert code(key, {"content-type": "text/plain"}, b"x") == "invalid_request"
    assert code(key, SET_HEADERS, b"x" * 100_000) == "invalid_request"
    assert code(key, SET_HEADERS, "é".encode("latin-1")) == "invalid_request"


def test_a_page_token_is_no_event_and_an_event_no_page_token() -> None:
    key = KEYS["HS256"]
    assert refusal(set_of(key).decode(), key) == "missing_sub"


# -- secrets ------------------------------------------------------------------------------------


def test_secrets_are_random_per_run_and_not_shown() -> None:
    from sim.scenario import load

    scenario = load("office")
    strategies = [scenario.strategies["short_token"], scenario.strategies["long_token"]]
    one, other = (Setup.new(scenario, strategies, seed=1, factor=1.0) for _ in range(2))
    secrets = [
        secret
        for setup in (one, other)
        for lane in setup.lanes
        for secret in (
            lane.host_key.signing,
            lane.app_key.signing,
            lane.webhook_secret,
            lane.client_secret,
            lane.sign_in_secret,
        )
    ]
    assert len(set(secrets)) == len(secrets) == 20
    assert one.control != other.control
    shown = repr(one)
    assert one.control not in shown
    assert repr(one.lanes[0].client_secret) not in shown
    assert repr(one.lanes[0].host_key.signing) not in shown


def test_passwords_are_one_persons_in_one_tenant() -> None:
    from sim.scenario import load

    strategy = load("office").strategies["short_token"]
    one, other = Lane.of(strategy, "HS256"), Lane.of(strategy, "HS256")
    assert len({one.password(1), one.password(2), other.password(1)}) == 3


def test_events_have_ids_of_their_own() -> None:
    assert new_event(1, "logout", 0.0).id != new_event(1, "logout", 0.0).id

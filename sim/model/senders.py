"""How those who send events try again, as they come: `push.retries = "stripe"`."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sender:
    """Settings of `push.retries`, and where they are from."""

    name: str
    retries: dict[str, Any]
    source: str


def _doubled(most: int, over_h: float) -> dict[str, Any]:
    """So many waits over so many hours, each twice the one before."""
    return {"most": most, "wait": over_h * 3600.0 / (2**most - 1), "backoff": 2}


def _between(low_s: float, high_s: float) -> dict[str, Any]:
    return {"dist": "uniform", "low": low_s, "high": high_s}


ONCE: dict[str, Any] = {"most": 0, "wait": 0.0}
_HOOKS = "gethook.to (C); the waits between are doubled (assumption)"
SENDERS = {
    sender.name: sender
    for sender in (
        Sender("none", ONCE, "one attempt"),
        Sender(
            "oidc_provider", ONCE, "back-channel logout of oidc-provider 9.13.3: one attempt (M)"
        ),
        Sender("sendgrid", ONCE, "SendGrid: no further attempt, by gethook.to (C)"),
        Sender(
            "github",
            {"most": 2, "wait": 60.0, "backoff": 2},
            "GitHub: about 3 attempts, by gethook.to (C); after 1 and 2 min (assumption)",
        ),
        Sender("shopify", _doubled(7, 48.0), f"Shopify: about 7 over 48 h, by {_HOOKS}"),
        Sender("stripe", _doubled(8, 72.0), f"Stripe: about 8 over 3 d, by {_HOOKS}"),
        Sender(
            "urllib3",
            {"most": 5, "first": 0.0, "wait": 1.0, "backoff": 2},
            "urllib3 2.8, no Retry-After, backoff factor 1: 0, 2, 4, 8, 16 s; not for POST (M)",
        ),
        Sender(
            "celery",
            {"most": 3, "wait": _between(0.0, 1.0), "backoff": 2},
            "celery 5.7, three by default: from 0 to 1, 2, 4 s, full jitter, in whole seconds there (M)",
        ),
        Sender(
            "bullmq", {"most": 4, "wait": 1.0, "backoff": 2}, "BullMQ 6.7, exponential: 1, 2, 4, 8 s (M)"
        ),
        Sender("rq", {"most": 3, "wait": 0.0}, "RQ 3.0: at once, three times (M)"),
        Sender(
            "got",
            {"most": 2, "wait": _between(1.0, 1.1), "backoff": 2},
            "got 14.6: 1 and 2 s, a tenth more at most; GET and PUT only (M)",
        ),
    )
}  # fmt: skip

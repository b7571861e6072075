"""What a client holds and what the app remembers of it: credentials and pages."""

import math
from dataclasses import dataclass, field

import simpy


@dataclass(frozen=True, slots=True)
class Credential:
    """A token, or the identity of a strategy without one (which never expires)."""

    stamped_s: float  # when the issuer decided
    expires_s: float  # without leeway
    admin: bool  # the issuer vouches for an administrator


@dataclass(slots=True, eq=False)
class Page:
    """A page from the host's decision to load it until it is closed or replaced."""

    number: (
        int  # of the planned page; -1 - n for the reload of click n, so that no two share a draw
    )
    stamped_s: float
    admin: bool
    held: Credential  # what the client presents
    issued: list[Credential] = field(default_factory=list)  # all that could still be presented
    entry_expires_s: float = -math.inf  # allowlist entry; -inf while there is none
    refresh_dropped: bool = False
    renewing: simpy.Event | None = None  # a background renewal under way
    background_renewals: int = 0

    def add(self, credential: Credential) -> None:
        """Keep a new credential, and of the older ones those that may outlive it."""
        self.issued = [
            old
            for old in self.issued
            if old.expires_s > credential.expires_s or (old.admin and not credential.admin)
        ]
        self.issued.append(credential)

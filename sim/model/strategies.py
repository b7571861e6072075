"""The catalogue: a name, one sentence, a composition, a source. A new strategy is one entry."""

from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from sim.basics.texts import Name, Text
from sim.basics.wording import format_duration
from sim.model.causes import CAUSES, Kind
from sim.model.mechanisms import (
    HOST,
    LATER,
    PUSH,
    Allowlist,
    Check,
    Clocked,
    Connection,
    OneOrSeveral,
    Push,
    Token,
)

MOST_CHECKS = 16  # of a strategy


@dataclass(frozen=True, slots=True)
class RequestView:
    """What a verifier can know of a request; never the truth about the person."""

    now_s: float
    person: int
    kind: Kind
    token_stamped_s: float
    token_expires_s: float
    page_loaded_s: float


E = TypeVar("E")


def _entries(written: E | tuple[E, ...] | None) -> tuple[E, ...]:
    """What is written once, several times or not at all."""
    if written is None:
        return ()
    return written if isinstance(written, tuple) else (written,)


def _only(strategy: str, key: str, entries: tuple[E, ...]) -> E | None:
    """The one entry of a key, if any. Raises ValueError where there are several."""
    if len(entries) > 1:
        raise ValueError(f"{strategy} has {len(entries)} entries of {key}")
    return entries[0] if entries else None


class Strategy(BaseModel):
    """A composition of mechanisms. It holds settings only: it never measures itself and never sees the truth.

    A strategy of another shape is a subclass that overrides `refuses` or `asks_host`; it runs on the plain engine, which
    asks both for the exposure window too. There what they refuse of one token and page must stay refused; a renewed token
    is taken to live as long as its law allows. The bound is that of the composition, an upper limit where more is refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    sentence: Text = ""
    source: Text = ""
    token: Token | None = None
    allowlist: Allowlist | None = None
    check: Annotated[Check | tuple[Check, ...], OneOrSeveral(Check, MOST_CHECKS)] | None = None
    push: Annotated[Push | tuple[Push, ...], OneOrSeveral(Push)] | None = None
    connection: Annotated[
        Connection | None, BeforeValidator(lambda value: None if value == "none" else value)
    ] = Field(None, json_schema_extra=LATER)

    @property
    def checks(self) -> tuple[Check, ...]:
        """The entries of `check`, in the order in which they are asked."""
        return _entries(self.check)

    @property
    def only_check(self) -> Check | None:
        """The entry of `check`, for who speaks of one at most. Raises ValueError where there are several."""
        return _only(self.name, "check", self.checks)

    def path_of_check(self, number: int) -> str:
        """How a scenario file names an entry of `check`, below the strategy."""
        return f"check.{number}" if len(self.checks) > 1 else "check"

    @property
    def pushes(self) -> tuple[Push, ...]:
        """The entries of `push`."""
        return _entries(self.push)

    @property
    def only_push(self) -> Push | None:
        """The entry of `push`, for who speaks of one at most. Raises ValueError where there are several."""
        return _only(self.name, "push", self.pushes)

    def __repr__(self) -> str:
        return f"<strategy {self.name}: {mechanisms_text(self)}>"

    __str__ = __repr__

    def refuses(self, request: RequestView) -> str:
        """A local gate of a subclass: why it refuses the request, or an empty string."""
        return ""

    def asks_host(self, request: RequestView) -> bool:
        """Whether the check applies to this request; a subclass may look at more than its kind."""
        return any(check.covers(request.kind) for check in self.checks)


def _entry(name: str, sentence: str, source: str, **mechanisms: dict[str, Any]) -> Strategy:
    return Strategy.model_validate(
        {"name": name, "sentence": sentence, "source": source, **mechanisms}
    )


_ENTRIES = (
    _entry(
        "no_check",
        "Trust the page for a month: what response time costs nothing.",
        "baseline; 30 d is the default idle session of Jira",
        token={"lifetime": "30d"},
    ),
    _entry(
        "long_token",
        "A token for the working day, abused as a session.",
        "8 h: user token of a GitHub App",
        token={"lifetime": "8h"},
    ),
    _entry(
        "short_token",
        "A page token of minutes that only a page load renews.",
        "5 min after a bug bounty, Atlassian community thread 40060",
        token={"lifetime": "5min"},
    ),
    _entry(
        "sliding_token",
        "Each accepted request re-issues the token; nobody is asked.",
        "15 min: atlassian-connect-express 11.5.3, maxTokenAge",
        token={"lifetime": "15min", "renewal": "sliding"},
    ),
    _entry(
        "host_token",
        "The client asks the host for a token at the first click after expiry.",
        "AP.context.getToken, cached in the client; 15 min is an assumption",
        token={"lifetime": "15min", "renewal": "host"},
    ),
    _entry(
        "host_token_each",
        "The client asks the host for a token at every click.",
        "the same if the host fetched at every call; Shopify session tokens come close",
        token={"lifetime": "15min", "renewal": "host_each"},
    ),
    _entry(
        "refresh_token",
        "Short access token, renewed by the app itself until an event drops the refresh token.",
        "OAuth practice, RFC 9700; 5 min: Keycloak",
        token={"lifetime": "5min", "renewal": "app"},
        push={"causes": ["deactivation"], "effect": "drop_refresh"},
    ),
    _entry(
        "per_request",
        "Ask the host for the permission on each request.",
        "authorizeJira of atlassian-connect-express 11.5.3",
        check={"scope": "all", "asks": "permission"},
    ),
    _entry(
        "per_request_admin",
        "A page token, and the host is asked on endpoints for administrators only.",
        "atlassian/github-for-jira, admin routes",
        token={"lifetime": "15min"},
        check={"scope": "admin", "asks": "permission"},
    ),
    _entry(
        "cached_check",
        "Ask the host, and remember a yes for minutes.",
        "allow 5 min, deny 30 s: Kubernetes webhook authorizer",
        check={"scope": "all", "asks": "permission", "allow_for": "5min", "deny_for": "30s"},
    ),
    _entry(
        "introspection",
        "Re-authenticate on every interaction: ask the host whether the session lives.",
        "RFC 7662 without a cache",
        check={"scope": "all", "asks": "session"},
    ),
    _entry(
        "allowlist",
        "A server-side entry per (person, page), refreshed at reload.",
        "the whitelist of the discussion; 1 h: assumption",
        token={"lifetime": "8h"},
        allowlist={"lifetime": "1h"},
    ),
    _entry(
        "allowlist_webhook",
        "The allowlist, and a webhook that drops the entries of a deactivated person.",
        "the whitelist of the discussion, complete",
        token={"lifetime": "8h"},
        allowlist={"lifetime": "1h"},
        push={"causes": ["deactivation"], "effect": "drop_entries"},
    ),
    _entry(
        "pushed_denylist",
        "Tokens for more than a day, and the host sends every event to a denylist.",
        "shared signals; continuous access evaluation, whose tokens live up to 28 h (Entra)",
        token={"lifetime": "28h"},
        push={"causes": list(CAUSES), "effect": "denylist"},
    ),
    _entry(
        "layered",
        "Short token from the host, a check on writes, a denylist for deactivations.",
        "what the best replies of thread 40060 add up to",
        token={"lifetime": "5min", "renewal": "host"},
        check={"scope": "writes", "asks": "permission"},
        push={"causes": ["deactivation"], "effect": "denylist"},
    ),
)

CATALOGUE: dict[str, Strategy] = {strategy.name: strategy for strategy in _ENTRIES}


def check_words(strategy: Strategy) -> list[str]:
    """What is said of an entry of `check` that ended access, where there are several; who is asked tells them apart, or the
    scope, else their places.
    """
    for word in ("check at {0.at}", "check of {0.scope}"):
        words = [word.format(check) for check in strategy.checks]
        if len(set(words)) == len(words):
            return words
    return [f"check {place} ({check.scope})" for place, check in enumerate(strategy.checks)]


def mechanisms_text(strategy: Strategy) -> str:
    """The composition in one line."""
    parts = []
    if token := strategy.token:
        text = f"token {_law_text(token.lifetime)}{_clock_text(token)}, {token.renewal}"
        text += f" at {token.refresh_at:g}" if token.refresh_at else ""
        text += f", {token.uses} uses" if token.uses else ""
        parts.append(text + _rotation_text(token))
    if strategy.allowlist:
        allowlist = strategy.allowlist
        parts.append(f"allowlist {_law_text(allowlist.lifetime)}{_entry_text(allowlist)}")
    for check in strategy.checks:
        at = "" if check.at == HOST else f" at {check.at}"
        parts.append(f"check {check.scope}{at}, asks {check.asks}{_kept_text(check)}")
    for push in strategy.pushes:
        by = "" if push.channel == PUSH else f" by {push.channel}"
        by += " in the memory of each node" if push.held == "node" else ""
        parts.append(f"push {'/'.join(push.causes)}, {push.effect}{by}")
    text = " + ".join(parts) or "no gate"
    return text if strategy.connection is None else f"{text}{_connection_text(strategy.connection)}"


def _connection_text(connection: Connection) -> str:
    """What goes around the gates."""
    again_s, text = connection.recheck_s, f"; {' and '.join(connection.kinds)} over a connection"
    text += ", authorised once" if again_s is None else f", asked each {format_duration(again_s)}"
    if connection.lasts is not None:
        text += f", closed after {_law_text(connection.lasts)}"
    return text + (", closed by push" if connection.closed_by_push else "")


def _rotation_text(token: Token) -> str:
    """What becomes of a refresh token that comes back."""
    if token.rotation is None:
        return ""
    grace = f", grace {format_duration(token.rotation.grace_s)}" if token.rotation.grace_s else ""
    ends = " and ends its family" if token.rotation.on_reuse == "end_family" else ""
    return f", rotating{grace}, reuse refused{ends}"


def _entry_text(allowlist: Allowlist) -> str:
    """How use prolongs an entry."""
    text = _clock_text(allowlist)
    if allowlist.renewal == "sliding":
        text += " from the last use"
    if allowlist.absolute_s is not None:
        text += f", at most {format_duration(allowlist.absolute_s)}"
    return text


def _kept_text(check: Check) -> str:
    """How long a yes is kept, and what serves where there is no answer."""
    return _fresh_text(check) + (
        ""
        if check.stale_for_s is None
        else f", the last answer for {format_duration(check.stale_for_s)} where it fails"
    )


def _fresh_text(check: Check) -> str:
    if not check.allow_for_s:
        return ""
    text = f", allow {format_duration(check.allow_for_s)}{_clock_text(check)}"
    if check.slides is not None:
        text += " from the last hit"
    if check.cached == "node":
        text += " by each node"
    if check.refresh is not None:
        stale_s = check.refresh.stale_for_s
        text += ", then old while asked" + (
            "" if stale_s is None else f" to {format_duration(stale_s)}"
        )
    return text


def _clock_text(kept: Clocked) -> str:
    return "" if kept.clock == "exact" else f" ({kept.clock})"


def _law_text(law: object) -> str:
    low, high = law.support()  # type: ignore[attr-defined]
    if low == high:
        return format_duration(low)
    return f"about {format_duration(law.expectation())}"  # type: ignore[attr-defined]

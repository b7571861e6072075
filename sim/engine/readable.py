"""For which causes the window of a virtual case can be read off an honest path, under a strategy.

A window is readable where nothing that the person does after the revocation can lengthen it, and what shortens it happens on
the honest path too. For the others the figures rest on real cases. A mechanism that learns to be read takes its line away here.
"""

from pydantic import BaseModel

from sim.basics.distributions import Constant
from sim.engine.given import (
    Given,
    clocks_differ,
    effects,
    has_lines,
    nodes,
    renewal_refuses,
    several,
    told_of_logouts,
)
from sim.model.causes import CAUSES, Cause
from sim.model.mechanisms import PAGE_LOAD_SEES, Effect
from sim.model.strategies import Strategy


def readable(given: Given) -> int:
    """A bit for each cause that has cases and can be read; none where nobody is asked."""
    if not given.moments or _none_at_all(given):
        return 0
    return sum(1 << cause for cause in Cause if _has_cases(given, cause) and _one(given, cause))


# What virtual cases know of a strategy. One that sets something else is not read, until whoever added it has thought of that.
KNOWN = {
    "": {"name", "sentence", "source", "token", "allowlist", "check", "push"},
    "token": {"lifetime", "leeway_s", "absolute_s", "renewal", "revalidates", "clock"},
    "allowlist": {"lifetime", "clock"},
    "check": {"scope", "asks", "allow_for_s", "deny_for_s", "timeout_s", "on_failure", "clock"},
    "push": {"causes", "effect"},
}


def _sets_more(part: object, known: set[str]) -> bool:
    """Whether a part of a strategy has a setting that is not known here, and not at its default."""
    if not isinstance(part, BaseModel):
        return False
    fields = type(part).model_fields
    return any(getattr(part, n) != f.default for n, f in fields.items() if n not in known)


def _none_at_all(given: Given) -> bool:
    token, strategy = given.token, given.strategy
    shares = sum(map(given.scenario.cases.share_of, CAUSES))
    return (
        type(given.strategy) is not Strategy
        or shares >= 1.0  # nobody is honest to the end
        or any(
            _sets_more(getattr(strategy, part) if part else strategy, known)
            for part, known in KNOWN.items()
        )
        or (
            token is not None and token.renewal not in ("page", "host", "host_each")
        )  # acts extend it
        or nodes(given) > 1  # which of them a request meets is not followed
        or several(given)  # a page elsewhere may outlast the one in use
        or clocks_differ(given)
        or len(given.strategy.pushes) > 1
        or len(given.checks) > 1
        or not given.scenario.push.as_ever
        or has_lines(given)  # what pages do by themselves is done after the revocation too
        or (told_of_logouts(given) and not _foreseen(given))
    )


def _foreseen(given: Given) -> bool:
    """Whether it is known of events about ordinary logouts when they arrive, and of what a page holds whether they name it."""
    if given.scenario.push.outages is not None:
        return False
    if Effect.DENYLIST in effects(given):  # of a page's several tokens the first may be named alone
        return given.token is None or given.token.renewal == "page"
    return Effect.DROP_ENTRIES not in effects(given) or given.strategy.allowlist is None


def _has_cases(given: Given, cause: Cause) -> bool:
    return given.scenario.cases.share_of(CAUSES[cause]) > 0


def _one(given: Given, cause: Cause) -> bool:
    scenario, token, push = given.scenario, given.token, given.strategy.only_push
    asks_host = token is not None and token.renewal != "page"
    if asks_host and not (renewal_refuses(given) >> cause) & 1:
        return False  # a renewal would be granted
    if push is not None and push.carries(cause) and scenario.push.outages is not None:
        return False  # whether the receiver is up is not in the person's path
    late = not _is_0(scenario.propagation_of(CAUSES[cause]))
    if _refuses(given, cause) and (late or given.at("strategy.check.on_failure") != "deny"):
        return False  # more requests than the one under way may pass after the revocation
    if late and not cause.propagates:
        return False  # whether the host has a session of him, and what he loads meanwhile, is not followed
    if not cause.noticed:
        return True
    if not _is_0(scenario.cases.notice_lead):
        return False  # he works on unawares, or stops before
    if keeps_token(given) and not _ends_as_reckoned(given):
        return False  # at which click he is refused depends on more than when his token ends
    if not late:
        return True
    does = scenario.behaviour.probabilities
    return not asks_host and does.continue_ == 0 and does.storm == 0


def keeps_token(given: Given) -> bool:
    """Whether who is refused a renewal at a click goes on with the token that he has."""
    token, goes_on = given.token, given.scenario.behaviour.probabilities.continue_ > 0
    return given.moments > 0 and token is not None and token.renewal == "host_each" and goes_on


def _ends_as_reckoned(given: Given) -> bool:
    """Whether a token ends for the app when it ends for the client."""
    token = given.token
    exact = token is not None and token.clock == "exact" and token.leeway_s == 0
    return exact and isinstance(given.at("strategy.token.lifetime"), Constant)


def checked(given: Given) -> int:
    """Of the causes that can be read a bit for each whose windows a check ends: it refuses who is asked about."""
    bits = readable(given)
    return sum(1 << cause for cause in Cause if bits >> cause & 1 and _refuses(given, cause))


def _refuses(given: Given, cause: Cause) -> bool:
    """Whether a check is asked about something that is lost, and sees that."""
    check = given.check
    return check is not None and check.sees(cause) and any(map(check.covers, cause.takes))


def windows_by_kind(given: Given) -> bool:
    """Whether a check ends the windows of some kinds only, or of the kind under way later than those of others."""
    check = given.check
    return (
        bool(checked(given))
        and check is not None
        and (check.scope != "all" or not check.allow_for_s)
    )


def _is_0(law: object) -> bool:
    return isinstance(law, Constant) and law.value == 0


def read_as(given: Given) -> tuple[Cause, ...]:
    """For each cause the one that is read in its place, since its virtual cases meet the same: with a notice, if there is one."""
    bits = readable(given)
    marks = {cause: _marks(given, cause) for cause in Cause if bits >> cause & 1}

    def of(cause: Cause) -> Cause:
        alike = [other for other, its in marks.items() if its == marks.get(cause)]
        return min(alike, key=lambda other: (not other.noticed, other), default=cause)

    return tuple(map(of, Cause))


def _marks(given: Given, cause: Cause) -> tuple[bool, ...]:
    """What of a cause a window can depend on."""
    push = given.strategy.only_push
    return (
        cause.seen_through in PAGE_LOAD_SEES,
        cause.administrators_only,
        not _is_0(given.scenario.propagation_of(CAUSES[cause])),
        push is not None and push.carries(cause),
        _refuses(given, cause),
    )

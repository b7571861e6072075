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
    if not given.moments or why_none(given):
        return 0
    return sum(1 << cause for cause in Cause if _has_cases(given, cause) and not _of(given, cause))


def why_not(given: Given, cause: Cause) -> str:
    """The setting for which the windows after a cause are not read; empty where they are."""
    return why_none(given) or _of(given, cause)


# What virtual cases know of a strategy. One that sets something else is not read, until whoever added it has thought of that.
KNOWN = {
    "": {"name", "sentence", "source", "token", "allowlist", "check", "push"},
    "token": {"lifetime", "leeway_s", "absolute_s", "renewal", "revalidates", "clock"},
    "allowlist": {"lifetime", "clock"},
    "check": {"scope", "asks", "allow_for_s", "deny_for_s", "timeout_s", "on_failure", "clock"}
    | {"slides", "refresh"},
    "push": {"causes", "effect"},
}


def _sets_more(part: str, of: object) -> str:
    """A setting of a part of a strategy that is not known here, and not at its default; empty where there is none."""
    more = (
        name
        for one in (of if isinstance(of, tuple) else (of,))
        if isinstance(one, BaseModel)
        for name, field in type(one).model_fields.items()
        if name not in KNOWN[part] and getattr(one, name) != field.default
    )
    return next((f"{part}.{n.removesuffix('_s')}".lstrip(".") for n in more), "")


def why_none(given: Given) -> str:
    """The setting for which no cause is read under a strategy; empty where some may be."""
    token, strategy, scenario = given.token, given.strategy, given.scenario
    shares = sum(map(scenario.cases.share_of, CAUSES))
    for part in KNOWN:
        if more := _sets_more(part, getattr(strategy, part) if part else strategy):
            return more
    by_acts = token is not None and token.renewal not in ("page", "host", "host_each")
    found = {
        "a strategy in Python": type(strategy) is not Strategy,
        "everybody has a case": shares >= 1.0,  # nobody is honest to the end
        "token.renewal": by_acts,  # acts extend it
        "app.nodes": nodes(given) > 1,  # which of them a request meets is not followed
        "pages elsewhere": several(given),  # one may outlast the page in use
        "clock_offset": clocks_differ(given),
        "push.effect": Effect.DROP_ANSWERS in effects(given),  # an answer on its way survives it
        "push": len(strategy.pushes) > 1,
        "check": len(given.checks) > 1,
        "push.delay": not scenario.push.as_ever,
        "pages that act by themselves": has_lines(given),  # after the revocation too
        "push.causes": told_of_logouts(given) and not _foreseen(given),
    }
    return next((name for name, holds in found.items() if holds), "")


def _foreseen(given: Given) -> bool:
    """Whether it is known of events about ordinary logouts when they arrive, and of what a page holds whether they name it."""
    if given.scenario.push.outages is not None:
        return False
    if Effect.DROP_ANSWERS in effects(given):
        return False
    if Effect.DENYLIST in effects(given):  # of a page's several tokens the first may be named alone
        return given.token is None or given.token.renewal == "page"
    return Effect.DROP_ENTRIES not in effects(given) or given.strategy.allowlist is None


def _has_cases(given: Given, cause: Cause) -> bool:
    return given.scenario.cases.share_of(CAUSES[cause]) > 0


def _of(given: Given, cause: Cause) -> str:
    """The setting for which the windows after one cause are not read; empty where they are."""
    scenario, token, push = given.scenario, given.token, given.strategy.only_push
    asks_host = token is not None and token.renewal != "page"
    if asks_host and not (renewal_refuses(given) >> cause) & 1:
        return "token.renewal"  # a renewal would be granted
    if push is not None and push.carries(cause) and scenario.push.outages is not None:
        return "push.outages"  # whether the receiver is up is not in the person's path
    late = not _is_0(scenario.propagation_of(CAUSES[cause]))
    if _refuses(given, cause) and (by_check := _of_check(given, cause, late)):
        return by_check
    if late and not cause.propagates:
        return f"cases.{CAUSES[cause]}.propagation"  # whether the host has a session of him, and what he loads meanwhile
    if not cause.noticed:
        return ""
    if not _is_0(scenario.cases.notice_lead):
        return "cases.notice_lead"  # he works on unawares, or stops before
    if keeps_token(given) and not _ends_as_reckoned(given):
        return (
            "token.leeway"  # at which click he is refused depends on more than when his token ends
        )
    does = scenario.behaviour.probabilities
    if late and (asks_host or does.continue_ > 0 or does.storm > 0):
        return "directory.propagation"
    return ""


def _of_check(given: Given, cause: Cause, late: bool) -> str:
    """The same, for what the check does that refuses who is revoked."""
    check, behaviour = given.check, given.scenario.behaviour
    assert check is not None
    if late:
        return "directory.propagation"  # more requests than the one under way may pass
    if check.on_failure != "deny":
        return "check.on_failure"  # so they may
    by_acts = check.slides is not None or check.refresh is not None
    asks_host = given.token is not None and given.token.renewal != "page"
    if by_acts and (asks_host or cause is Cause.ADMIN_LOSS):
        return "check.slides" if check.slides is not None else "check.refresh"
    if check.refresh is not None:
        ends = check.refresh.refusal_replaces or check.refresh.stale_for_s is not None
        return "check.refresh" if ends or check.slides is not None else ""
    storms = behaviour.probabilities.storm if cause.noticed else behaviour.takeover.probability
    return "behaviour" if check.slides is not None and storms > 0 else ""


def keeps_token(given: Given) -> bool:
    """Whether who is refused a renewal at a click goes on with the token that he has."""
    token, goes_on = given.token, given.scenario.behaviour.probabilities.continue_ > 0
    return given.moments > 0 and token is not None and token.renewal == "host_each" and goes_on


def _ends_as_reckoned(given: Given) -> bool:
    """Whether a token ends for the app when it ends for the client."""
    token = given.token
    exact = token is not None and token.clock == "exact" and token.leeway_s == 0
    return exact and isinstance(given.at("strategy.token.lifetime"), Constant)


def keeps_then(given: Given) -> bool:
    """Whether what a person had at each moment is kept: a token that serves on, or a yes that his next clicks prolong."""
    return keeps_token(given) or (given.check is not None and given.check.slides is not None)


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

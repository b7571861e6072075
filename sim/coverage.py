"""The coverage matrix: which strategy ends which cause, and within which bound.

A bound is the longest exposure window that settings allow (model, section 7): over the kinds of request the largest,
of the smallest over the gates that cover the kind. Finite is *covered*, infinite is *open*.
"""

import math
from dataclasses import dataclass

from sim.basics.wording import format_duration
from sim.model.mechanisms import CAUSES, KINDS, Cause, Kind, Push, Token, lost_kinds
from sim.model.strategies import Strategy
from sim.scenario import Scenario
from sim.theory import cached_check_bound_s, gates_bound_s, refreshed_bound_s, token_bound_s

INF = math.inf


def bound_s(
    scenario: Scenario, strategy: Strategy, cause: Cause, kind: Kind, propagation_s: float
) -> float:
    """The bound for one kind of request in seconds, infinite where nothing ends it."""
    gates = (
        _token_s(scenario, strategy, cause),
        _allowlist_s(strategy),
        _check_s(strategy, cause, kind),
        _push_s(scenario, strategy, cause),
    )
    return propagation_s + gates_bound_s(*gates)


def _token_s(scenario: Scenario, strategy: Strategy, cause: Cause) -> float:
    token = strategy.token
    if token is None:
        return INF
    cap_s = INF if token.absolute_s is None else token.absolute_s
    lifetime_s = token.lifetime.support()[1]
    if token.renewal == "page" or token.renewal_sees(cause):
        return token_bound_s(lifetime_s, token.leeway_s, cap_s)
    refreshable_s = INF
    if token.renewal == "app":
        refreshable_s = INF if token.refresh_lifetime_s is None else token.refresh_lifetime_s
        if strategy.push is not None and strategy.push.effect == "drop_refresh":
            refreshable_s = min(refreshable_s, _delivery_s(scenario, strategy.push, cause))
    return refreshed_bound_s(refreshable_s, lifetime_s, token.leeway_s, cap_s)


def _allowlist_s(strategy: Strategy) -> float:
    return INF if strategy.allowlist is None else strategy.allowlist.lifetime.support()[1]


def _check_s(strategy: Strategy, cause: Cause, kind: Kind) -> float:
    check = strategy.check
    if check is None or not check.covers(kind) or not check.sees(cause):
        return INF
    return cached_check_bound_s(check.allow_for_s, check.timeout_s, check.on_failure == "allow")


def _push_s(scenario: Scenario, strategy: Strategy, cause: Cause) -> float:
    push = strategy.push
    if push is None or push.effect == "drop_refresh":
        return INF
    if push.effect == "drop_entries":
        return INF if strategy.allowlist is None else _drop_s(scenario, push, cause)
    return _delivery_s(scenario, push, cause) if _stays_named(push, strategy.token, cause) else INF


def _drop_s(scenario: Scenario, push: Push, cause: Cause) -> float:
    """An entry on its way when the event arrives is written afterwards and survives."""
    in_flight_s = 0.5 * scenario.network.client_host.support()[1]
    if scenario.push.delay.support()[0] < in_flight_s:
        return INF
    return _delivery_s(scenario, push, cause)


def _stays_named(push: Push, token: Token | None, cause: Cause) -> bool:
    """Whether no token that the event does not name can still be issued."""
    if token is None or token.renewal == "page" or token.renewal_sees(cause):
        return True
    return token.renewal == "sliding" and push.effect == "denylist"


def _delivery_s(scenario: Scenario, push: Push, cause: Cause) -> float:
    channel = scenario.push
    if not push.carries(cause) or channel.loss > 0 or channel.outages is not None:
        return INF
    return channel.delay.support()[1]


@dataclass(frozen=True)
class Cover:
    """One cell of the matrix. `of` is a kind, or None for the worst; `bound_s` is None where open or without limit."""

    strategy: str
    cause: str
    of: str | None
    covered: bool
    bound_s: float | None
    text: str


def coverage(scenario: Scenario, strategies: dict[str, Strategy] | None = None) -> list[Cover]:
    """The matrix of a scenario's strategies: per pair the worst kind, then the kinds where they differ."""
    rows: list[Cover] = []
    for strategy in (strategies or scenario.strategies).values():
        for cause in Cause:
            rows += _cells(scenario, strategy, cause)
    return rows


def _cells(scenario: Scenario, strategy: Strategy, cause: Cause) -> list[Cover]:
    bounds = {kind: bound_s(scenario, strategy, cause, kind, 0.0) for kind in lost_kinds(cause)}
    cells = [_cell(scenario, strategy, cause, None, max(bounds.values()))]
    if len(set(bounds.values())) > 1:
        cells += [_cell(scenario, strategy, cause, kind, b) for kind, b in bounds.items()]
    return cells


def _cell(
    scenario: Scenario, strategy: Strategy, cause: Cause, kind: Kind | None, after_s: float
) -> Cover:
    propagation_s = 0.0
    if cause is Cause.DEACTIVATION:
        propagation_s = scenario.directory.propagation.support()[1]
    covered = math.isfinite(after_s)
    total_s = after_s + propagation_s
    text = "open"
    if covered:
        text = format_duration(after_s) if propagation_s == 0 else f"P + {format_duration(after_s)}"
    return Cover(
        strategy.name,
        CAUSES[cause],
        None if kind is None else KINDS[kind],
        covered,
        total_s if math.isfinite(total_s) else None,
        text,
    )

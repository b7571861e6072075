"""The coverage matrix: which strategy ends which cause, and within which bound.

A bound is the longest exposure window that settings allow (model, section 7): over the kinds of request the largest,
of the smallest over the gates that cover the kind. Finite is *covered*, infinite is *open*. What is typical is the bound
where nothing goes wrong: the event arrives after its median delay, checks are answered at once.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sim.basics.distributions import Constant, Law
from sim.basics.wording import about, format_duration
from sim.model.causes import CAUSES, KINDS, Cause, Kind, lost_kinds
from sim.model.mechanisms import HOST, Check, Push, Token
from sim.model.strategies import Strategy
from sim.scenario import Scenario
from sim.scenario.channels import PushChannel
from sim.scenario.deciders import Decider
from sim.theory import (
    cached_check_bound_s,
    gates_bound_s,
    refreshed_bound_s,
    stale_check_bound_s,
    token_bound_s,
)

INF = math.inf
CARRIERS = ("connection", "requests")  # what access lives in, named where there is more than one
_FELT = 1.2  # a worst case that is longer by less is not set apart from the typical one


def bound_s(
    scenario: Scenario, strategy: Strategy, cause: Cause, kind: Kind, propagation_s: float
) -> float:
    """The bound for one kind of request in seconds, infinite where nothing ends it."""
    ways = _ways(scenario, strategy, cause, kind)
    return propagation_s + max(_gates_s(scenario, strategy, cause, kind), min(ways, default=0.0))


def _gates_s(
    scenario: Scenario,
    strategy: Strategy,
    cause: Cause,
    kind: Kind,
    asked: tuple[Kind, ...] = (),
) -> float:
    """The bound of requests that pass the gates; `asked`: in whose name the checks are asked, where that is more than the kind."""
    return gates_bound_s(
        _token_s(scenario, strategy, cause),
        _allowlist_s(scenario, strategy, cause),
        *_checks_s(scenario, strategy, cause, kind, asked or (kind,)),
        *(_push_s(scenario, strategy, push, cause) for push in strategy.pushes),
    )


def _ways(scenario: Scenario, strategy: Strategy, cause: Cause, kind: Kind) -> dict[float, str]:
    """How a connection that carries a kind can end: within how many seconds, and what ends it. Empty where none carries it.

    The gates judge when it opens and at each recheck, or an event closes it that the gates have heard of too.
    """
    connection = strategy.connection
    if connection is None or not connection.carries(kind):
        return {}
    carried = tuple(filter(connection.carries, Kind))
    gates_s = _gates_s(scenario, strategy, cause, kind, carried)
    ways = {INF: "the connection is authorised once"}
    if connection.recheck_s is not None:
        ways[connection.recheck_s + gates_s] = _unless_blind(
            gates_s, f"asked again each {format_duration(connection.recheck_s)}"
        )
    if connection.lasts is not None:
        longest_s = connection.lasts.support()[1]
        ways[longest_s + gates_s] = _unless_blind(gates_s, "the server closes it")
    for push in strategy.pushes if connection.closed_by_push else ():
        if math.isfinite(_push_s(scenario, strategy, push, cause)):
            ways[_delivery_s(scenario, push, cause)] = "an event closes it"
    return ways


def _unless_blind(gates_s: float, way: str) -> str:
    return way if math.isfinite(gates_s) else "no gate sees it"


def _token_s(scenario: Scenario, strategy: Strategy, cause: Cause) -> float:
    token = strategy.token
    if token is None:
        return INF
    cap_s = INF if token.absolute_s is None else token.absolute_s
    lifetime_s = token.lifetime.support()[1] + token.keeps_to.adds_s + _clocks_s(scenario, token)
    if token.renewal == "page" or token.renewal_sees(cause):
        return token_bound_s(lifetime_s, token.leeway_s, cap_s)
    refreshable_s = INF
    if token.renewal == "app":
        refreshable_s = INF if token.refresh_lifetime_s is None else token.refresh_lifetime_s
        for push in strategy.pushes:
            if push.effect == "drop_refresh":
                refreshable_s = min(refreshable_s, _delivery_s(scenario, push, cause))
    return refreshed_bound_s(refreshable_s, lifetime_s, token.leeway_s, cap_s)


def _clocks_s(scenario: Scenario, token: Token) -> float:
    """By how much a token can outlive its lifetime, since who stamps it is ahead of the app that judges it."""
    issuers = [scenario.host.clock_offset]
    if token.renewal in ("app", "sliding"):
        by_app = token.renewal == "sliding"
        issuers.append((scenario.app if by_app else scenario.auth_server).clock_offset)
    highest_s = max(law.support()[1] for law in issuers)
    return max(0.0, highest_s - scenario.app.clock_offset.support()[0])


def _allowlist_s(scenario: Scenario, strategy: Strategy, cause: Cause) -> float:
    """Use prolongs a sliding entry to its cap. Where tabs share an entry, who is no administrator any more keeps it alive by
    loading another page.
    """
    allowlist = strategy.allowlist
    if allowlist is None:
        return INF
    shared = allowlist.of == "device" and scenario.workload.tabs > 1
    if shared and cause is Cause.ADMIN_LOSS:
        return INF
    if allowlist.renewal == "sliding":
        return INF if allowlist.absolute_s is None else allowlist.absolute_s
    return allowlist.lifetime.support()[1] + allowlist.keeps_to.adds_s


def _checks_s(
    scenario: Scenario, strategy: Strategy, cause: Cause, kind: Kind, asked: tuple[Kind, ...]
) -> Iterator[float]:
    """Of each check, from when who answers knows; the answers of those that are asked after it may be waited for."""
    later_s = 0.0
    for check in reversed(strategy.checks):
        if check.covers(kind) and check.sees(cause):
            knows_s = scenario.knows_after(check, CAUSES[cause]).support()[1]
            forgotten_s = _forgotten_s(scenario, strategy, check, cause) if knows_s == 0 else INF
            yield knows_s + _check_s(check, forgotten_s) + later_s
        if any(map(check.covers, asked)):
            later_s += check.timeout_s


def _check_s(check: Check, forgotten_s: float) -> float:
    """The bound of a check alone, whose kept answers are forgotten after so long."""
    kept_s = min(check.kept_for_s, forgotten_s)
    if check.stale_for_s is not None:
        return stale_check_bound_s(kept_s, check.timeout_s, min(check.stale_for_s, forgotten_s))
    return cached_check_bound_s(kept_s, check.timeout_s, check.on_failure == "allow")


def _forgotten_s(scenario: Scenario, strategy: Strategy, check: Check, cause: Cause) -> float:
    """Until an event takes away what a check remembers. An answer on its way when that arrives is kept afterwards."""
    at_host = check.at == HOST
    trip = scenario.network.app_host if at_host else scenario.deciders[check.at].trip
    on_its_way_s = min(0.5 * trip.support()[1], check.timeout_s)
    drops = (push for push in strategy.pushes if push.effect == "drop_answers")
    return min(
        (
            _delivery_s(scenario, push, cause)
            for push in drops
            if scenario.channel(push.channel).delay_of(CAUSES[cause]).support()[0] >= on_its_way_s
        ),
        default=INF,
    )


def _push_s(scenario: Scenario, strategy: Strategy, push: Push, cause: Cause) -> float:
    if push.effect in ("drop_refresh", "drop_answers"):  # the latter: `_kept_s`
        return INF
    if push.effect == "drop_entries":
        return INF if strategy.allowlist is None else _drop_s(scenario, push, cause)
    apart = _told_apart(scenario, push)
    named = _stays_named(push, strategy.token, cause, apart)
    return _delivery_s(scenario, push, cause) if named else INF


def _drop_s(scenario: Scenario, push: Push, cause: Cause) -> float:
    """An entry on its way when the event arrives is written afterwards and survives."""
    in_flight_s = 0.5 * scenario.network.client_host.support()[1]
    if scenario.channel(push.channel).delay_of(CAUSES[cause]).support()[0] < in_flight_s:
        return INF
    return _delivery_s(scenario, push, cause)


def _stays_named(push: Push, token: Token | None, cause: Cause, apart: bool) -> bool:
    """Whether no token that the event does not name can still be issued."""
    if token is None or token.renewal == "page" or token.renewal_sees(cause):
        return True
    return token.renewal == "sliding" and push.effect == "denylist" and not apart


def _told_apart(scenario: Scenario, push: Push) -> bool:
    """Whether nodes hear of an event one after the other: a token that one issues later is not named at another."""
    lowest_s, highest_s = scenario.channel(push.channel).fan_out.support()
    return push.held == "node" and scenario.app.nodes > 1 and lowest_s < highest_s


def _delivery_s(scenario: Scenario, push: Push, cause: Cause) -> float:
    channel = scenario.channel(push.channel)
    if not push.carries(cause) or not channel.always_arrives:
        return INF
    if push.held == "node" and channel.reaches == "one" and scenario.app.nodes > 1:
        return INF
    fan_out_s = channel.fan_out.support()[1] if push.held == "node" else 0.0
    return channel.longest_s(CAUSES[cause]) + fan_out_s


@dataclass(frozen=True)
class Cover:
    """One cell of the matrix. `of` is a kind, a carrier where there are several, or None for the worst; `bound_s` is None where open or without limit.

    `typical_s` is the bound where nothing goes wrong, None where open; `unless` says what makes the worst of it, empty
    where they are the same.
    """

    strategy: str
    cause: str
    of: str | None
    covered: bool
    bound_s: float | None
    text: str
    typical_s: float | None = None
    unless: str = ""

    @property
    def said(self) -> str:
        """Typical and worst: `21 s; 1 h if the event is lost`."""
        return said(self.text, self.typical_s, self.unless)


def said(text: str, typical_s: float | None, unless: str) -> str:
    """The worst, and what is typical where that is much shorter."""
    if not unless or typical_s is None or math.isnan(typical_s):
        return text
    return f"{about(typical_s)}; {text} if {unless}"


def parts_text(cells: Sequence[tuple[str | None, str]]) -> str:
    """Of a pair's cells, each (`of`, what is said of it), the first the worst: those that differ; carriers instead of kinds."""
    (_, worst), *parts = cells
    carriers = [part for part in parts if part[0] in CARRIERS]
    by_text: dict[str, list[str]] = {}
    for of, text in carriers or parts:
        if text != worst and not (
            carriers and text.startswith("open") and worst.startswith("open")
        ):
            by_text.setdefault(text, []).append(str(of))
    return ", ".join(f"{'/'.join(of)} {text}" for text, of in by_text.items())


def coverage(scenario: Scenario, strategies: dict[str, Strategy] | None = None) -> list[Cover]:
    """The matrix of a scenario's strategies: per pair the worst kind, then the kinds where they differ."""
    rows: list[Cover] = []
    for strategy in (strategies or scenario.strategies).values():
        for cause in Cause:
            rows += _cells(scenario, strategy, cause)
    return rows


def pair_bound_s(scenario: Scenario, strategy: Strategy, cause: Cause) -> float:
    """The bound of a pair for its worst kind, with the longest propagation; infinite where open."""
    worst_s = max(bound_s(scenario, strategy, cause, kind, 0.0) for kind in lost_kinds(cause))
    return worst_s + _propagation_s(scenario, cause)


def _propagation_s(scenario: Scenario, cause: Cause) -> float:
    """Until the host knows, at the longest."""
    return scenario.propagation_of(CAUSES[cause]).support()[1]


def _cells(scenario: Scenario, strategy: Strategy, cause: Cause) -> list[Cover]:
    kinds = lost_kinds(cause)
    bounds = {kind: bound_s(scenario, strategy, cause, kind, 0.0) for kind in kinds}
    typical = _typical(scenario, strategy, cause)
    cells = [_cell(scenario, strategy, cause, None, max(bounds.values()), typical[None])]
    if len({(bounds[kind], typical[kind]) for kind in kinds}) > 1:
        cells += [_cell(scenario, strategy, cause, k, b, typical[k]) for k, b in bounds.items()]
    return _named(cells, carriers) if (carriers := _carriers(scenario, strategy, cause)) else cells


def _named(cells: list[Cover], carriers: list[Cover]) -> list[Cover]:
    """With the rows of the carriers; where the connection is the worst one the headline says so."""
    connection, requests = (math.inf if c.bound_s is None else c.bound_s for c in carriers)
    if connection > requests:
        cells = [replace(cells[0], text=carriers[0].text), *cells[1:]]
    return cells + carriers


def _carriers(scenario: Scenario, strategy: Strategy, cause: Cause) -> list[Cover]:
    """What access lives in, where that is more than what requests present: the connection, and requests."""
    kinds = [k for k in lost_kinds(cause) if _ways(scenario, strategy, cause, k)]
    if not kinds:
        return []
    ways = min((_ways(scenario, strategy, cause, k) for k in kinds), key=lambda w: -min(w))
    typical_s, unless = _typical(scenario, strategy, cause)[None]
    connection = _cell(scenario, strategy, cause, None, min(ways), (typical_s, unless))
    alone = strategy.model_copy(update={"connection": None})
    return [
        replace(connection, of="connection", text=f"{connection.text}: {ways[min(ways)]}"),
        replace(_cells(scenario, alone, cause)[0], of="requests"),
    ]


def worst_carrier(scenario: Scenario, strategy: Strategy, cause: Cause) -> str:
    """What ends the connection, or that nothing does, where access outlives what requests can do in it; else empty."""
    cells = _cells(scenario, strategy, cause)
    named = [c for c in cells if c.of == "connection" and c.text == cells[0].text]
    return named[0].text.partition(": ")[2] if named else ""


def _cell(
    scenario: Scenario,
    strategy: Strategy,
    cause: Cause,
    kind: Kind | None,
    after_s: float,
    typical: tuple[float, str],
) -> Cover:
    propagation_s = _propagation_s(scenario, cause)
    covered = math.isfinite(after_s)
    total_s = after_s + propagation_s
    text = "open"
    if covered:
        text = format_duration(after_s) if propagation_s == 0 else f"P + {format_duration(after_s)}"
    typical_s, unless = typical
    return Cover(
        strategy.name,
        CAUSES[cause],
        None if kind is None else KINDS[kind],
        covered,
        total_s if math.isfinite(total_s) else None,
        text,
        typical_s if math.isfinite(typical_s) else None,
        unless,
    )


# -- what is typical ----------------------------------------------------------------------------


def _typical(
    scenario: Scenario, strategy: Strategy, cause: Cause
) -> dict[Kind | None, tuple[float, str]]:
    """By kind (None: the worst): the bound in s where nothing goes wrong, and what makes it longer."""
    calm = _calm(scenario, strategy, cause, push=True, check=True)
    heard = [scenario.channel(push.channel) for push in strategy.pushes if push.carries(cause)]
    late = "late" if all(channel.always_arrives for channel in heard) else "lost"
    troubles = {
        f"the event is {late}": _calm(scenario, strategy, cause, push=False, check=True),
        "a check gets no answer": _calm(scenario, strategy, cause, push=True, check=False),
        "who is asked learns late": _calm(scenario, strategy, cause, True, True, knows=False),
    }
    kinds = lost_kinds(cause)

    def longest_s(world: tuple[Scenario, Strategy], of: Sequence[Kind]) -> float:
        return max(bound_s(*world, cause, kind, 0.0) for kind in of)

    found: dict[Kind | None, tuple[float, str]] = {}
    for kind, of in ((None, kinds), *((kind, (kind,)) for kind in kinds)):
        typical_s, worst_s = longest_s(calm, of), longest_s((scenario, strategy), of)
        causes = [text for text, world in troubles.items() if longest_s(world, of) > typical_s]
        felt = worst_s > _FELT * typical_s
        found[kind] = (typical_s, " or ".join(causes) if felt else "")
    until_s = _median_s(scenario.propagation_of(CAUSES[cause]))
    return {kind: (until_s + s, unless) for kind, (s, unless) in found.items()}


def _calm(
    scenario: Scenario,
    strategy: Strategy,
    cause: Cause,
    push: bool,
    check: bool,
    knows: bool = True,
) -> tuple[Scenario, Strategy]:
    """The same settings in a world where events arrive after their median delay, checks are answered at once, and who answers
    them knows after the median.
    """
    if knows and scenario.deciders:
        deciders = {n: _informed(d, cause) for n, d in scenario.deciders.items()}
        scenario = scenario.model_copy(update={"deciders": deciders})
    if push:
        scenario = scenario.model_copy(
            update={
                "push": _calmed(scenario.push, cause),
                "channels": {n: _calmed(c, cause) for n, c in scenario.channels.items()},
            }
        )
    if check and strategy.checks:
        answered = {"timeout_s": 0.0, "on_failure": "deny", "stale_for_s": None}
        calm = tuple(one.model_copy(update=answered) for one in strategy.checks)
        strategy = strategy.model_copy(update={"check": calm})
    return scenario, strategy


def _calmed(channel: PushChannel, cause: Cause) -> PushChannel:
    """A channel whose events of a cause arrive after their median delay, and half a sweep."""
    delay_s = _median_s(channel.delay_of(CAUSES[cause])) + 0.5 * (channel.every_s or 0.0)
    calm = {"delay": Constant(value=delay_s), "loss": 0.0, "outages": None, "every_s": None}
    calm["fan_out"] = Constant(value=_median_s(channel.fan_out))
    return channel.model_copy(update=calm)


def _informed(decider: Decider, cause: Cause) -> Decider:
    """A decider that knows of a cause after the median."""
    late = Constant(value=_median_s(decider.knows_after_of(CAUSES[cause])))
    knows_after = decider.knows_after.model_copy(update={CAUSES[cause]: late})
    return decider.model_copy(update={"knows_after": knows_after})


def _median_s(law: Law) -> float:
    return law.sampler()(0.5)

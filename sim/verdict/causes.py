"""Why a goal is missed: causes, not symptoms, from what the runs counted and what the settings can see."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from sim.basics.wording import about
from sim.coverage import bound_s, worst_carrier
from sim.engine.recording import Run
from sim.model.causes import CAUSE_HEADS, CAUSES, Cause, lost_kinds
from sim.model.mechanisms import HOST, PUSH, Check
from sim.model.strategies import Strategy
from sim.scenario import Scenario
from sim.scenario.channels import PushChannel
from sim.verdict.cells import open_cells
from sim.verdict.goals import Judged
from sim.verdict.record import Reason
from sim.verdict.windows import persons, persons_over, totals

_BUSY = 0.85  # a station whose servers are so busy makes people wait
_TURNED_AWAY = 0.005  # so large a share of calls turned away is felt
_DOMINATES = 0.5  # of a mean window: then the directory is the cause
_UNSEEN = {  # what would see a cause that nothing sees, by the contact that revalidates it
    "permission": "re-reads permissions",
    "admin": "re-reads permissions",
    "session": "asks for the session",
    "account": "asks for the account",
}


def why(
    judged: Judged, scenario: Scenario, strategy: Strategy, runs: Sequence[Run]
) -> tuple[Reason, ...]:
    """The causes of a goal that is not met, the one that weighs most first; empty for a goal that is met."""
    if judged.verdict == "met":
        return ()
    found = {
        "exposure": _exposure,
        "auth_overhead": _overhead,
        "host_calls": _calls,
        "interruptions": _interruptions,
    }[judged.goal.metric](judged, scenario, strategy, runs)
    if judged.verdict == "unclear" and judged.cases_needed:
        found = (
            Reason(f"persons: {judged.estimate.n}, needed: {judged.cases_needed}"),
            *found,
        )
    return found


# -- exposure -----------------------------------------------------------------------------------


def _exposure(
    judged: Judged, scenario: Scenario, strategy: Strategy, runs: Sequence[Run]
) -> tuple[Reason, ...]:
    goal = judged.goal
    causes = [c for c in CAUSES if goal.cause in (None, c) and scenario.cases.share_of(c) > 0]
    over = {c: persons_over(runs, c, goal.limit) for c in causes}
    causes = sorted(causes, key=lambda c: -over[c])
    unseen = {cell.cause for cell in open_cells(scenario, strategy)}
    blind = [c for c in causes if c in unseen and (over[c] or math.isinf(judged.estimate.value))]
    reasons = list(_blind_reasons(scenario, strategy, blind))
    reasons += [Reason(said, (key,)) for c in causes for said, key in late(runs, c)]
    seen = next((c for c in causes if c not in unseen and over[c]), None)
    if seen is not None and (not reasons or not blind):
        reasons.append(_slow(scenario, strategy, seen, runs, goal.limit))
    if not reasons and causes:
        reasons.append(_slow(scenario, strategy, causes[0], runs, goal.limit))
    return tuple(reasons)


def _blind_reasons(
    scenario: Scenario, strategy: Strategy, causes: Sequence[str]
) -> Iterator[Reason]:
    """One reason a text, with all the causes that it holds for."""
    by_text: dict[str, tuple[list[str], tuple[str, ...]]] = {}
    for cause in causes:
        reason = blind(scenario, strategy, cause)
        by_text.setdefault(reason.text, ([], reason.keys))[0].append(CAUSE_HEADS[cause])
    for text, (heads, keys) in by_text.items():
        yield Reason(f"{text} ({', '.join(heads)})", keys)


def blind(scenario: Scenario, strategy: Strategy, cause: str) -> Reason:
    """Why nothing ends access after a cause: the mechanism that comes nearest and does not see it."""
    which, own = Cause[cause.upper()], f"strategies.{strategy.name}"
    token = strategy.token
    if said := worst_carrier(scenario, strategy, which):
        return Reason(said, (f"{own}.connection.recheck",))
    if heard := channels_of(scenario, strategy, which):
        if not all(channel.always_arrives for _, channel in heard):
            key = f"{heard[0][0]}.loss"
            return Reason("an event that is lost ends nothing", (key, f"{own}.push.effect"))
        return Reason("the event does not end what can be renewed", (f"{own}.push.effect",))
    for number, check in enumerate(strategy.checks):
        if check.sees(which) and math.isinf(scenario.knows_after(check, cause).support()[1]):
            key = f"deciders.{check.at}.knows_after.{cause}"
            return Reason(f"there is no end to how late {check.at} may learn", (key,))
        if blinded := _blind_check(check, which):
            text, key = blinded
            return Reason(text, (f"{own}.{strategy.path_of_check(number)}.{key}",))
    if token is not None and token.renewal in ("host", "host_each"):
        return Reason(
            f"renewal never {_UNSEEN[Cause[cause.upper()].seen_through]}",
            (f"{own}.token.revalidates",),
        )
    if token is not None and token.renewal == "app":
        return Reason("the app renews by itself and asks nobody", (f"{own}.token.renewal",))
    if token is not None and token.renewal == "sliding":
        return Reason("a sliding token asks nobody", (f"{own}.token.renewal",))
    if strategy.allowlist is not None and strategy.allowlist.renewal == "sliding":
        return Reason("each request prolongs the session", (f"{own}.allowlist.absolute",))
    if strategy.checks:
        key = f"{own}.{strategy.path_of_check(0)}.scope"
        return Reason(f"the check covers {strategy.checks[0].scope} only", (key,))
    return Reason("no gate ever asks", (own,))


def _blind_check(check: Check, cause: Cause) -> tuple[str, str] | None:
    """Why a check ends nothing after a cause, and the key that says so."""
    if not check.sees(cause):
        return f"the check of the {check.asks} does not show it", "asks"
    if check.slides is not None:
        return "each hit prolongs a kept yes", "slides"
    if math.isinf(check.kept_for_s):
        return "an old yes answers while it is asked about", "refresh"
    return ("a check that fails lets pass", "on_failure") if check.on_failure == "allow" else None


def directory(scenario: Scenario, runs: Sequence[Run]) -> str:
    """What the directory takes of the mean window after a deactivation, where that is most of it; else empty."""
    return next((said for said, _ in late(runs, "deactivation")), "")


def late(runs: Sequence[Run], cause: str) -> Iterator[tuple[str, str]]:
    """That who should know of a cause knows late, where that is most of the mean window, and the key that says so."""
    cases = [run.cases[run.cases.cause == Cause[cause.upper()]] for run in runs]
    if not any(map(len, cases)):
        return
    known_s = float(np.mean(np.concatenate([c.host_knows_at_s - c.revoked_at_s for c in cases])))
    windows = totals(runs, cause)
    mean_s = sum(windows.tops) / sum(windows.bottoms)
    if not math.isfinite(mean_s) or not mean_s or known_s < _DOMINATES * mean_s:
        return
    who, key = "the directory", "directory.propagation"
    if cause != "deactivation":
        who, key = f"the host itself ({CAUSE_HEADS[cause]})", f"cases.{cause}.propagation"
    yield (
        f"{about(known_s)} of {about(mean_s)} are {who}; no token strategy changes that",
        key,
    )


def channels_of(
    scenario: Scenario, strategy: Strategy, cause: Cause
) -> list[tuple[str, PushChannel]]:
    """The channels by which the strategy hears of a cause, each with the table that sets it."""
    names = dict.fromkeys(push.channel for push in strategy.pushes if push.carries(cause))
    return [(n if n == PUSH else f"channels.{n}", scenario.channel(n)) for n in names]


def _slow(
    scenario: Scenario, strategy: Strategy, cause: str, runs: Sequence[Run], limit: float
) -> Reason:
    """The gate that ends it, too late."""
    which, own = Cause[cause.upper()], f"strategies.{strategy.name}"
    head = CAUSE_HEADS[cause]
    token = strategy.token
    if said := worst_carrier(scenario, strategy, which):
        return Reason(f"over a connection, {said} ({head})", (f"{own}.connection.recheck",))
    if heard := channels_of(scenario, strategy, which):
        where = heard[0][0]
        cases, late = persons(runs, cause), persons_over(runs, cause, limit)
        lost = sum(run.events["lost"] for run in runs)
        gone = f", {lost} never" if lost else ""
        return Reason(
            f"the event came too late for {late:,} of {cases:,} persons{gone} ({head})",
            (f"{where}.delay", f"{where}.loss", f"{where}.retries"),
        )
    gates = {
        "the token lives {}": _alone(scenario, strategy, which, "token"),
        "the entry lives {}": _alone(scenario, strategy, which, "allowlist"),
        "a yes is kept for {}": _alone(scenario, strategy, which, "check"),
    }
    text, longest_s = min(gates.items(), key=lambda item: item[1])
    if not math.isfinite(longest_s):
        return blind(scenario, strategy, cause)
    key = {
        "the token lives {}": f"{own}.token.lifetime",
        "the entry lives {}": f"{own}.allowlist.lifetime",
        "a yes is kept for {}": f"{own}.check.allow_for",
    }[text]
    if token is not None and "token" in key and token.renewal in ("sliding", "app"):
        text, key = "access ends only after {}", f"{own}.token.absolute"
    if "allowlist" in key and strategy.allowlist and strategy.allowlist.renewal == "sliding":
        text, key = "use prolongs the session up to {}", f"{own}.allowlist.absolute"
    if key.endswith("check.allow_for"):
        text, longest_s, key = _slow_check(scenario, strategy, which)
    return Reason(f"{text.format(about(longest_s))} ({head})", (key,))


def _slow_check(scenario: Scenario, strategy: Strategy, cause: Cause) -> tuple[str, float, str]:
    """What of the check that ends it first takes long: in words, in s, and its key."""
    found = []
    for number, check in enumerate(strategy.checks):
        if check.sees(cause) and any(map(check.covers, lost_kinds(cause))):
            stale_s = check.stale_for_s or 0.0
            table = f"strategies.{strategy.name}.{strategy.path_of_check(number)}"
            knows_s = scenario.knows_after(check, CAUSES[cause]).support()[1]
            said = "a yes is kept for {}", check.allow_for_s, f"{table}.allow_for"
            if not check.allow_for_s:
                said = "a check may take {}", check.timeout_s, f"{table}.timeout"
            if stale_s > check.allow_for_s:
                said = (
                    "where none comes the last answer serves for {}",
                    stale_s,
                    f"{table}.stale_for",
                )
            if knows_s > said[1]:
                key = f"deciders.{check.at}.knows_after.{CAUSES[cause]}"
                said = f"{check.at} learns up to {{}} late", knows_s, key
            found.append(said)
    return min(found, key=lambda said: said[1])


def _alone(scenario: Scenario, strategy: Strategy, cause: Cause, mechanism: str) -> float:
    """The bound of one gate alone, for its worst kind."""
    every = ("token", "allowlist", "check", "push", "connection")
    others = {m: None for m in every if m != mechanism}
    if getattr(strategy, mechanism) is None:
        return math.inf
    alone = strategy.model_copy(update=others)
    return max(bound_s(scenario, alone, cause, kind, 0.0) for kind in lost_kinds(cause))


# -- what honest people and the host pay --------------------------------------------------------


def _overhead(
    judged: Judged, scenario: Scenario, strategy: Strategy, runs: Sequence[Run]
) -> tuple[Reason, ...]:
    found = [*_limited(scenario, runs), *_queues(scenario, runs), *_failures(scenario, runs)]
    if not found:
        found = [_service(scenario, strategy)]
    return tuple(found)


def _service(scenario: Scenario, strategy: Strategy) -> Reason:
    """The wait itself."""
    if strategy.checks:
        takes_s = {name: one.check.expectation() for name, one in scenario.deciders.items()}
        takes_s[HOST] = scenario.host.check.expectation()
        slow = max((check.at for check in strategy.checks), key=lambda at: takes_s[at])
        who, key = ("host", "host.check") if slow == HOST else (slow, f"deciders.{slow}.check")
        each = about(takes_s[slow])
        return Reason(f"a click waits for the {who}'s check ({each} on average)", (key,))
    if strategy.token is not None and strategy.token.renewal in ("host", "host_each"):
        each = about(scenario.host.renewal.expectation())
        return Reason(
            f"a click waits for the host's renewal ({each} on average)", ("host.renewal",)
        )
    if strategy.allowlist is not None:
        each = about(scenario.store.lookup.expectation())
        return Reason(f"a click waits for the store ({each} on average)", ("store.lookup",))
    return Reason("a click waits for its verification", ("app.verify",))


def _limited(scenario: Scenario, runs: Sequence[Run]) -> Iterator[Reason]:
    limit = scenario.host.rate_limit
    turned_away = sum(sum(run.rate_limited.values()) for run in runs)
    asked = _asked(runs)
    if limit is None or not turned_away or turned_away < _TURNED_AWAY * asked:
        return
    busiest = float(np.mean([np.sum(_limited_calls(run), axis=0).max() / 60.0 for run in runs]))
    yield Reason(
        f"{busiest:.3g} calls/s in the busiest minute against the host's limit of {limit.text},"
        f" {100 * turned_away / asked:.2g} % are turned away",
        ("host.rate_limit",),
    )


def _asked(runs: Sequence[Run]) -> int:
    """Checks and renewals: the calls that the limit holds for."""
    return sum(int(minutes.sum()) for run in runs for minutes in _limited_calls(run))


def _limited_calls(run: Run) -> list[npt.NDArray[np.int64]]:
    return [minutes for reason, minutes in run.host_calls.items() if reason != "page_load"]


def _queues(scenario: Scenario, runs: Sequence[Run]) -> Iterator[Reason]:
    keys = {"host": "host.servers", "app": "app.workers", "auth_server": "auth_server.servers"}
    for station, key in keys.items():
        busy = float(np.mean([run.stations[station].utilisation for run in runs]))
        waiting = float(np.mean([run.stations[station].queue for run in runs]))
        if busy > _BUSY or waiting > 1.0:
            name = station.replace("_", " ")
            yield Reason(
                f"people queue at the {name}, {100 * busy:.0f} % busy, {waiting:.2g} waiting",
                (key,),
            )


def _failures(scenario: Scenario, runs: Sequence[Run]) -> Iterator[Reason]:
    failed, sent = (sum(run.requests[name] for run in runs) for name in ("failed", "sent"))
    turned_away = sum(sum(run.rate_limited.values()) for run in runs)
    others = failed - turned_away
    if scenario.host.outages is not None and others > _TURNED_AWAY * sent:
        yield Reason(
            f"{others:,} requests met an outage or a time-out of the host",
            ("host.outages",),
        )


def _calls(
    judged: Judged, scenario: Scenario, strategy: Strategy, runs: Sequence[Run]
) -> tuple[Reason, ...]:
    sums: dict[str, int] = {}
    for run in runs:
        for reason, minutes in run.host_calls.items():
            sums[reason] = sums.get(reason, 0) + int(minutes.sum())
    if not sums:
        return ()
    most = max(sums, key=lambda reason: sums[reason])
    share = 100 * sums[most] / max(1, sum(sums.values()))
    own = f"strategies.{strategy.name}"
    keys: dict[str, tuple[str, ...]] = {
        "page_load": ("organisation.visits", "workload.requests_per_page"),
        "renewal": (f"{own}.token.lifetime",),
        "check": (
            "workload.think",
            *(f"{own}.{strategy.path_of_check(n)}.allow_for" for n in range(len(strategy.checks))),
        ),
    }
    what = most.replace("_", " ")
    return (Reason(f"{share:.0f} % of the calls are {what}s", keys.get(most, ())),)


def _interruptions(
    judged: Judged, scenario: Scenario, strategy: Strategy, runs: Sequence[Run]
) -> tuple[Reason, ...]:
    found = [*_limited(scenario, runs), *_failures(scenario, runs)]
    token, own = strategy.token, f"strategies.{strategy.name}"
    if not found and token is not None and token.renewal == "page":
        found.append(
            Reason(
                f"nothing renews the token of {about(token.lifetime.expectation())}: its end is a reload",
                (f"{own}.token.lifetime", f"{own}.token.renewal"),
            )
        )
    if not found and strategy.allowlist is not None:
        lives = about(strategy.allowlist.lifetime.expectation())
        slides = strategy.allowlist.renewal == "sliding"
        ends = (
            f"{lives} without use end the session"
            if slides
            else f"nothing renews the entry of {lives}"
        )
        found.append(Reason(f"{ends}: its end is a reload", (f"{own}.allowlist.lifetime",)))
    return tuple(found)

"""Scenarios and strategies drawn at random, for laws that hold in every run."""

from pathlib import Path
from typing import Any

import hypothesis.strategies as st

from sim.model.causes import CAUSES
from sim.scenario import Scenario, with_changes
from support.worlds import scenario

times = st.sampled_from(["0s", "1s", "7s", "250ms", "20s", "90s"])
lifetimes = st.sampled_from(["5s", "1min", "5min", "20min"])


@st.composite
def laws(draw: st.DrawFn, means: tuple[str, ...] = ("10ms", "250ms", "2s", "15s")) -> Any:
    mean = draw(st.sampled_from(means))
    return draw(
        st.sampled_from(
            [
                mean,
                {"dist": "exponential", "mean": mean},
                {"dist": "uniform", "low": "0s", "high": mean},
                {"dist": "lognormal", "mean": mean, "cv": 1.0},
            ]
        )
    )


@st.composite
def tokens(draw: st.DrawFn) -> dict[str, Any]:
    renewal = draw(st.sampled_from(["page", "sliding", "host", "host_each", "app"]))
    token: dict[str, Any] = {
        "lifetime": draw(lifetimes),
        "renewal": renewal,
        "leeway": draw(st.sampled_from(["0s", "30s"])),
    }
    if renewal in ("host", "app") and draw(st.booleans()):
        token["refresh_at"] = draw(st.sampled_from([0.5, 0.8, 1.0]))
    if draw(st.booleans()):
        token["absolute"] = "30min"
    if renewal == "app" and draw(st.booleans()):
        token["refresh_lifetime"] = "15min"
    return token


@st.composite
def allowlists(draw: st.DrawFn) -> dict[str, Any]:
    return {"lifetime": draw(lifetimes)}


@st.composite
def checks(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "scope": draw(st.sampled_from(["all", "reads", "writes", "admin"])),
        "asks": draw(st.sampled_from(["permission", "session"])),
        "allow_for": draw(st.sampled_from(["0s", "1min"])),
        "deny_for": draw(st.sampled_from(["0s", "30s"])),
        "timeout": draw(st.sampled_from(["1s", "100ms"])),
        "on_failure": draw(st.sampled_from(["deny", "allow"])),
    }


@st.composite
def pushes(draw: st.DrawFn) -> dict[str, Any]:
    effects = ["drop_entries", "denylist", "not_before", "drop_refresh"]
    causes = st.lists(st.sampled_from(CAUSES), min_size=1, unique=True)
    return {"causes": draw(causes), "effect": draw(st.sampled_from(effects))}


# Settings of each mechanism by its name in a scenario file.
MECHANISMS = {"token": tokens(), "allowlist": allowlists(), "check": checks(), "push": pushes()}


@st.composite
def mechanisms(draw: st.DrawFn, always: str = "") -> dict[str, Any]:
    """Settings of some of the mechanisms; of one always, if one is named."""
    return {
        name: draw(settings)
        for name, settings in MECHANISMS.items()
        if name == always or draw(st.booleans())
    }


@st.composite
def small_scenarios(draw: st.DrawFn, always: str = "") -> Scenario:
    """20 people for 10 minutes, everything in reach of the others; with one mechanism always, if one is named."""
    return scenario(
        {
            "run": {"seed": draw(st.integers(0, 2**31)), "horizon": "10min", "drain": "10min"},
            "organisation": {
                "people": 20,
                "admins": draw(st.sampled_from([0, 0.5])),
                "shift": {"start": "0s", "end": "10min"},
                "visits": draw(laws(("5s", "1min"))),
            },
            "workload": {
                "think": draw(laws(("3s", "20s"))),
                "requests_per_page": draw(st.sampled_from([1, 3, "unlimited"])),
                "pages_per_visit": draw(st.sampled_from([1, 2])),
                "visit_ends": {"logout": 0.3, "close": 0.3, "leave_open": 0.4},
                "kinds": {"read": 0.6, "write": 0.3, "admin": 0.1},
            },
            "cases": {
                **{cause: {"share": 0.25} for cause in CAUSES},
                "from": "1min",
                "until": "9min",
                "notice_lead": draw(st.sampled_from(["0s", "30s", "-30s"])),
            },
            "behaviour": {
                "probabilities": {"leave": 0.2, "continue": 0.4, "storm": 0.3, "cut_off": 0.1},
                "takeover": {
                    "probability": 0.5,
                    "delay": draw(times),
                    "behaviour": draw(st.sampled_from(["continue", "storm"])),
                },
            },
            "directory": {"propagation": draw(laws())},
            "host": {
                "servers": draw(st.sampled_from([1, 4, "unlimited"])),
                "page_load": draw(laws()),
                "renewal": draw(laws()),
                "check": draw(laws()),
                "rate_limit": draw(st.sampled_from(["none", {"per_second": 2, "burst": 5}])),
                "outages": draw(st.sampled_from(["none", {"every": "3min", "lasts": "20s"}])),
            },
            "app": {
                "workers": draw(st.sampled_from([1, 3])),
                "holds_worker": draw(st.booleans()),
                "verify": draw(st.sampled_from(["0s", "27us", "50ms"])),
                "service": {"read": "40ms", "write": draw(laws()), "admin": "80ms"},
            },
            "push": {
                "delay": draw(laws()),
                "loss": draw(st.sampled_from([0, 0.5])),
                "retries": {"most": draw(st.sampled_from([0, 2])), "wait": "10s", "backoff": 2},
                "outages": draw(st.sampled_from(["none", {"every": "2min", "lasts": "30s"}])),
                "on_outage": draw(st.sampled_from(["hold", "lose"])),
            },
            "strategies": {"tried": {"token": "none"} | draw(mechanisms(always))},
        }
    )


@st.composite
def kept_by_real_parts(draw: st.DrawFn, people: int = 20) -> Scenario:
    """The same of so many, with clocks of whole seconds, answers that hits prolong, and old ones that answer while they are asked."""
    clock = st.sampled_from(["exact", "floor", "floor_plus_1"])
    parts: dict[str, Any] = {}
    if draw(st.booleans()):
        parts["token"] = draw(tokens()) | {"clock": draw(clock)}
    if draw(st.booleans()):
        parts["allowlist"] = draw(allowlists()) | {"clock": draw(clock)}
    kept = draw(checks()) | {
        "clock": draw(clock),
        "allow_for": draw(st.sampled_from(["5s", "1min"])),
    }
    if draw(st.booleans()):
        kept["slides"] = {"step": draw(st.sampled_from([0, 0.1, 0.9]))}
    if draw(st.booleans()):
        stale_for = draw(st.sampled_from(["none", "1min", "2min"]))
        kept["refresh"] = {"stale_for": stale_for, "refusal_replaces": draw(st.booleans())}
    parts["check"] = kept
    return with_changes(
        draw(small_scenarios()),
        {"organisation.people": people, "strategies.tried": {"token": "none"} | parts},
    )


@st.composite
def scenarios_of_checks(draw: st.DrawFn, people: int = 8) -> Scenario:
    """Hosts that often give no answer, gates that then have the last one, and several checks one after the other."""
    drawn = draw(small_scenarios())
    check = draw(checks()) | {"on_failure": "stale", "stale_for": draw(lifetimes)}
    several = draw(st.lists(any_checks(), max_size=3))
    if several:
        check = [
            one | {"at": draw(st.sampled_from(["host", "local", "far"]))}
            for one in draw(st.permutations([check, *several]))
        ]
    changes = {
        "organisation.people": people,
        "host.outages": draw(st.sampled_from(["none", {"every": "1min", "lasts": "40s"}])),
        "deciders": {"local": {}, "far": draw(deciders())},
        "strategies.tried": {"token": "none", "check": check} | draw(mechanisms_beside_checks()),
    }
    if draw(st.booleans()):
        changes |= {"organisation.devices": 2, "workload.tabs": draw(st.sampled_from([1, 2]))}
    if draw(st.booleans()):
        changes["workload.poll"] = {
            "every": "20s",
            "when": draw(st.sampled_from(["open", "visit"])),
        }
    return with_changes(drawn, changes)


@st.composite
def deciders(draw: st.DrawFn) -> dict[str, Any]:
    """Somebody who answers checks with times, faults and ignorance of his own."""
    limit = {"per_second": 1, "burst": 3}
    of_a_kind = {"per_second": 1, "kind": draw(st.sampled_from(["fixed_window", "log", "paced"]))}
    return {
        "servers": draw(st.sampled_from([1, 4, "unlimited"])),
        "check": draw(laws()),
        "trip": draw(laws()),
        "rate_limit": draw(st.sampled_from(["none", limit, of_a_kind])),
        "outages": draw(st.sampled_from(["none", {"every": "2min", "lasts": "20s"}])),
        "knows_after": {
            cause: {
                "dist": "uniform",
                "low": "0s",
                "high": draw(st.sampled_from(["1s", "1min", "5min"])),
            }
            for cause in draw(st.lists(st.sampled_from(CAUSES), unique=True))
        },
    }


@st.composite
def any_checks(draw: st.DrawFn) -> dict[str, Any]:
    """One of several."""
    check = draw(checks())
    if check["allow_for"] != "0s" and draw(st.booleans()):
        check["slides"] = {"step": draw(st.sampled_from([0, 0.5]))}
    if check["allow_for"] != "0s" and draw(st.booleans()):
        check["refresh"] = {"stale_for": "2min", "refusal_replaces": draw(st.booleans())}
    return check


@st.composite
def mechanisms_beside_checks(draw: st.DrawFn) -> dict[str, Any]:
    return {name: one for name, one in draw(mechanisms()).items() if name != "check"}


# -- for engines that must agree --------------------------------------------------------------

ANY_TIME = ("0s", "10ms", "250ms", "2s", "15s")
counts = st.sampled_from(
    [
        1,
        2,
        3,
        "unlimited",
        {"dist": "geometric", "mean": 3},
        {"dist": "uniform", "low": 1, "high": 4},
    ]
)
servers = st.sampled_from([1, 2, 4, "unlimited"])


@st.composite
def any_law(draw: st.DrawFn, means: tuple[str, ...] = ANY_TIME) -> Any:
    """A duration: constant (which provokes ties), or of any law."""
    mean = draw(st.sampled_from(means))
    if mean == "0s" or draw(st.booleans()):
        return mean
    return draw(
        st.sampled_from(
            [
                {"dist": "exponential", "mean": mean, "max": "1min"},
                {"dist": "weibull", "mean": mean, "shape": 0.7},
                {"dist": "gamma", "mean": mean, "shape": 2.5},
                {"dist": "erlang", "mean": mean, "shape": 3},
                {"dist": "lognormal", "mean": mean, "cv": 1.0},
                {"dist": "empirical", "quantiles": ["0s", mean, mean, "90s"]},
            ]
        )
    )


outages = st.sampled_from(
    ["none", {"every": "2min", "lasts": "20s"}, {"starts": "3min", "lasts": "1min"}]
)


def tables(draw: st.DrawFn) -> dict[str, Any]:
    """Every mechanism, cause, behaviour and fault within 20 people and 10 minutes."""
    shares = draw(st.sampled_from([0.05, 0.25]))
    limit = {"per_second": draw(st.sampled_from([0, 1, 3])), "burst": 5}
    if draw(st.booleans()):
        limit["per_hour"] = 400
    return {
        "run": {
            "seed": draw(st.integers(0, 2**40)),
            "horizon": "10min",
            "drain": draw(st.sampled_from(["0s", "5min"])),
            "warm_up": draw(st.sampled_from(["0s", "90s"])),
        },
        "organisation": {
            "people": draw(st.integers(1, 20)),
            "admins": draw(st.sampled_from([0, 0.5, 1])),
            "shift": {"start": draw(st.sampled_from(["0s", "30s"])), "end": "9min"},
            "visits": draw(any_law(("2s", "1min"))),
        },
        "workload": {
            "think": draw(any_law(("2s", "15s"))),
            "requests_per_page": draw(counts),
            "pages_per_visit": draw(counts),
            "visit_ends": draw(
                st.sampled_from(
                    [{"logout": 0.3, "close": 0.3, "leave_open": 0.4}, {"leave_open": 1}]
                )
            ),
            "kinds": {"read": 0.6, "write": 0.3, "admin": 0.1},
            "read_size": draw(
                st.sampled_from([100, {"dist": "lognormal", "median": 8000, "p95": 60000}])
            ),
            **draw(st.sampled_from([{}, {"daily": [1, 3, 0] * 8}])),
        },
        "cases": {
            **{cause: {"share": shares} for cause in CAUSES},
            "from": "0s",
            "until": "9min",
            "notice_lead": draw(
                st.sampled_from(
                    ["0s", "30s", "-30s", {"dist": "uniform", "low": "-1min", "high": "1min"}]
                )
            ),
            "detected_after": draw(any_law(("2s", "1min"))),
            "rollback_window": "20s",
        },
        "behaviour": {
            "probabilities": {"leave": 0.2, "continue": 0.3, "storm": 0.3, "cut_off": 0.2},
            "storm": {
                "think": draw(any_law(("250ms", "2s"))),
                "kinds": {"read": 0.5, "write": 0.3, "admin": 0.2},
                "gives_up_after": draw(st.sampled_from([1, 3, "unlimited"])),
                "duration": draw(st.sampled_from(["10s", "5min"])),
            },
            "takeover": {
                "probability": 0.7,
                "delay": draw(any_law()),
                "behaviour": draw(st.sampled_from(["continue", "storm"])),
            },
        },
        "directory": {"propagation": draw(any_law())},
        "host": {
            "servers": draw(servers),
            "page_load": draw(any_law()),
            "renewal": draw(any_law()),
            "check": draw(any_law()),
            "retry_after": draw(st.sampled_from(["1s", "5s"])),
            "rate_limit": draw(st.sampled_from(["none", limit])),
            "outages": draw(outages),
        },
        "app": {
            "workers": draw(servers),
            "holds_worker": draw(st.booleans()),
            "verify": draw(st.sampled_from(["0s", "27us", "50ms"])),
            "service": {
                "read": draw(any_law(("0s", "10ms", "250ms"))),
                "write": draw(laws()),
                "admin": "80ms",
            },
        },
        "auth_server": {"servers": draw(servers), "renewal": draw(any_law())},
        "store": {"lookup": draw(any_law(("0s", "10ms")))},
        "push": {
            "delay": draw(any_law()),
            "loss": draw(st.sampled_from([0, 0.5, 1])),
            "retries": {
                "most": draw(st.sampled_from([0, 2, "unlimited"])),
                "wait": draw(any_law(("2s", "15s"))),
                "backoff": draw(st.sampled_from([1, 1.5])),
            },
            "outages": draw(outages),
            "on_outage": draw(st.sampled_from(["hold", "lose"])),
        },
        "network": {
            "client_app": draw(any_law(("0s", "10ms", "250ms"))),
            "client_host": draw(any_law(("0s", "10ms", "250ms"))),
            "app_host": draw(any_law(("0s", "10ms", "250ms"))),
        },
        "strategies": {"tried": {"token": "none"} | draw(mechanisms())},
    }


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """People of drawn laws."""
    return scenario(tables(draw))


@st.composite
def scenarios_known_late(draw: st.DrawFn) -> Scenario:
    """Hosts that need a while until they act by what was taken away; people of one page, or of several."""
    drawn = tables(draw)
    for cause in set(CAUSES) - {"deactivation"}:
        drawn["cases"][cause]["propagation"] = draw(any_law())
    if draw(st.booleans()):
        drawn["organisation"]["devices"], drawn["workload"]["tabs"] = (
            2,
            draw(st.sampled_from([1, 2])),
        )
    return scenario(drawn)


@st.composite
def scenarios_of_wrong_clocks(draw: st.DrawFn) -> Scenario:
    """Tokens that clocks stamp and judge which are ahead or behind, by as much as they live."""
    drawn = tables(draw)
    offset = st.sampled_from(
        ["0s", "20s", "-20s", "2min", "-2min", {"dist": "uniform", "low": "-1min", "high": "1min"}]
    )
    for party in ("app", "host", "auth_server"):
        drawn[party]["clock_offset"] = draw(offset)
    tried = drawn["strategies"]["tried"]
    tried["token"] = draw(tokens()) | {"not_before": draw(st.booleans())}
    if draw(st.booleans()):
        tried["token"]["uses"] = draw(st.sampled_from([1, 3]))
    if draw(st.booleans()):
        tried["token"] |= {
            "lifetime": "20s",
            "clock": draw(st.sampled_from(["floor", "floor_plus_1"])),
        }
    if draw(st.booleans()):
        drawn["organisation"]["devices"], drawn["workload"]["tabs"] = (
            2,
            draw(st.sampled_from([1, 2])),
        )
        tried["token"]["held_by"] = draw(st.sampled_from(["page", "device"]))
    if draw(st.booleans()):
        tried["push"] = draw(pushes()) | {"effect": "not_before"}
    return scenario(drawn)


@st.composite
def channels(draw: st.DrawFn) -> dict[str, Any]:
    """A channel that uses later words: a delay a cause, sweeps, a sender that stops, a sender by name."""
    channel: dict[str, Any] = {
        "delay": draw(any_law()),
        "loss": draw(st.sampled_from([0, 0.5])),
        "retries": draw(st.sampled_from(["none", "celery", "urllib3", "rq", "got"])),
        "outages": draw(outages),
        "on_outage": draw(st.sampled_from(["hold", "lose"])),
    }
    if draw(st.booleans()):
        causes = draw(st.lists(st.sampled_from(CAUSES), min_size=1, unique=True))
        channel["delay"] = {cause: draw(any_law()) for cause in causes}
    if draw(st.booleans()):
        channel["every"] = draw(st.sampled_from(["1s", "20s", "90s"]))
    elif draw(st.booleans()):
        channel["disabled_after"] = draw(st.sampled_from([1, 2, 4]))
        channel["disabled_for"] = draw(st.sampled_from(["none", "30s", "3min"]))
    return channel


@st.composite
def scenarios_of_channels(draw: st.DrawFn) -> Scenario:
    """Events by such channels."""
    drawn = tables(draw)
    drawn["push"] = draw(channels())
    tried = drawn["strategies"]["tried"]
    tried["push"] = draw(pushes())
    if draw(st.booleans()):
        drawn["channels"] = {name: draw(channels()) for name in ("signals", "nightly")}
        names = st.sampled_from(["push", "signals", "nightly"])
        number = draw(st.integers(1, 4))
        tried["push"] = [draw(pushes()) | {"channel": draw(names)} for _ in range(number)]
    if isinstance(tried["token"], dict) and draw(st.booleans()):
        drawn["host"]["clock_offset"], drawn["app"]["clock_offset"] = "20s", "-30s"
    if draw(st.booleans()):
        drawn["organisation"]["devices"], drawn["workload"]["tabs"] = 2, 2
    return scenario(drawn)


@st.composite
def scenarios_of_limits(draw: st.DrawFn) -> Scenario:
    """Hosts that limit calls by any rule but a bucket, and that are asked."""
    drawn = tables(draw)
    kind = draw(st.sampled_from(["fixed_window", "log", "counter", "paced"]))
    limit = {"kind": kind, "per_second": draw(st.sampled_from([0, 1, 3]))}
    if draw(st.booleans()):
        limit["per_hour"] = draw(st.sampled_from([1, 20, 400]))
    if kind == "paced":
        limit |= {
            "per_second": draw(st.sampled_from([0.1, 1, 3])),
            "burst": draw(st.sampled_from([0.5, 1, 4])),
        }
        limit = {key: value for key, value in limit.items() if value}
    else:
        limit["counts_refused"] = draw(st.booleans())
    limit["retry_after"] = draw(st.sampled_from(["exact", "whole_seconds", "none"]))
    drawn["host"]["rate_limit"] = limit
    tried = drawn["strategies"]["tried"]
    if draw(st.booleans()):
        tried["check"] = draw(checks())
    else:
        tried["token"] = draw(tokens()) | {"renewal": "host"}
        tried["token"].pop("refresh_lifetime", None)
    return scenario(drawn)


@st.composite
def scenarios_that_run_ahead(draw: st.DrawFn) -> Scenario:
    """Where the compiled engine does at once what a person does by himself, and most people have no case."""
    drawn = tables(draw)
    drawn["cases"] |= {cause: {"share": 0.03} for cause in CAUSES}
    drawn["app"]["holds_worker"] = False
    for link in ("client_app", "client_host"):
        drawn["network"][link] = draw(any_law(("10ms", "250ms", "2s")))
    tried = drawn["strategies"]["tried"]
    if isinstance(tried["token"], dict):
        tried["token"].pop("refresh_at", None)
    if "push" in tried:
        tried["push"]["causes"] = ["deactivation", "admin_loss"]
    return scenario(drawn)


@st.composite
def scenarios_of_a_log(draw: st.DrawFn, log: Path) -> Scenario:
    """People of a log, for a day with its hours."""
    drawn = tables(draw)
    drawn["workload"] = {"log": str(log), "mode": draw(st.sampled_from(["fitted", "replayed"]))}
    drawn["run"] |= {"horizon": "24h"}
    drawn["organisation"]["shift"] = {"start": "0s", "end": "24h"}
    drawn["cases"]["until"] = "23h"
    return scenario(drawn)


@st.composite
def connections(draw: st.DrawFn) -> dict[str, Any]:
    kinds = draw(st.sampled_from([["read"], ["write"], ["read", "write"]]))
    every = draw(st.sampled_from(["5s", {"dist": "exponential", "mean": "20s"}]))
    messages = {"every": every, "size": 2000} if "read" in kinds and draw(st.booleans()) else "none"
    lasts = draw(st.sampled_from(["none", "20s", {"dist": "exponential", "mean": "1min"}]))
    return {
        "recheck": draw(st.sampled_from(["none", "7s", "30s"])),
        "lasts": lasts,
        "closed_by_push": draw(st.booleans()),
        "kinds": kinds,
        "messages": messages,
        "reconnect": draw(st.sampled_from(["250ms", "5s"])),
    }


@st.composite
def scenarios_of_carriers(draw: st.DrawFn) -> Scenario:
    """People with devices and tabs, whose tokens and entries are a page's or a device's."""
    drawn = tables(draw)
    drawn["organisation"]["devices"] = draw(
        st.sampled_from([1, 2, 3, {"dist": "geometric", "mean": 2}])
    )
    drawn["workload"]["tabs"] = draw(st.sampled_from([1, 2, 4]))
    drawn["cases"]["logout"] |= {"of": draw(st.sampled_from(["device", "everywhere"]))}
    tried = drawn["strategies"]["tried"]
    for mechanism, key in (("token", "held_by"), ("allowlist", "of")):
        if isinstance(tried.get(mechanism), dict):
            tried[mechanism][key] = draw(st.sampled_from(["page", "device"]))
    if isinstance(tried["token"], dict) and draw(st.booleans()):
        tried["token"]["uses"] = draw(st.sampled_from([1, 3]))
    counted = isinstance(tried["token"], dict) and "uses" in tried["token"]
    if counted and tried["token"]["held_by"] == "device":
        return scenario(drawn)
    if draw(st.booleans()):
        tried["connection"] = draw(connections())
    if draw(st.booleans()):
        every = draw(st.sampled_from(["7s", "1min", "13min"]))
        hidden = {"after": draw(times), "timers_every": draw(st.sampled_from(["20s", "1min"]))}
        drawn["workload"]["hidden_tabs"] = draw(st.sampled_from(["none", hidden]))
        drawn["workload"]["poll"] = {
            "every": every,
            "when": draw(st.sampled_from(["open", "visit"])),
        }
    return scenario(drawn)


@st.composite
def told_of_logouts(draw: st.DrawFn) -> Scenario:
    """Where events about ordinary logouts arrive late, or never, at whoever has come back since."""
    drawn = draw(readable_scenarios())
    named = draw(st.sampled_from([CAUSES, ("logout",), ("logout", "deactivation")]))
    tried: dict[str, Any] = {
        "token": {"lifetime": draw(st.sampled_from(["40s", "5min", "1h"]))},
        "push": {
            "causes": list(named),
            "effect": draw(st.sampled_from(["denylist", "denylist", "not_before"])),
        },
    }
    if draw(st.booleans()):
        tried["allowlist"] = {"lifetime": "2min"}
    return with_changes(
        drawn,
        {
            "push.loss": draw(st.sampled_from([0.0, 0.3, 0.6])),
            "push.delay": {"dist": "exponential", "mean": "2min"},
            "organisation.visits": {"dist": "exponential", "mean": "20s"},
            "workload.visit_ends": {"logout": 0.7, "close": 0.2, "leave_open": 0.1},
            "strategies": {"tried": tried},
        },
    )


@st.composite
def readable_scenarios(
    draw: st.DrawFn, checked: bool = False, renewal: str = "", moved: bool = False
) -> Scenario:
    """Where virtual cases can be read off honest paths, after some causes at least; `checked`: under a check.

    `moved`: under one whose answers use moves, or that serve on. `renewal`: of a token that ends for all when it ends for its client, always.
    """
    drawn = tables(draw)
    drawn["cases"] |= {"notice_lead": "0s"} | {cause: {"share": 0.05} for cause in CAUSES}
    drawn["push"]["outages"] = "none"
    if draw(st.booleans()):
        drawn["directory"]["propagation"] = "0s"
    else:
        drawn["behaviour"]["probabilities"] = {"leave": 0.6, "cut_off": 0.4}
    push = draw(pushes())
    named = "logout" in push["causes"] and push["effect"] == "denylist"
    renewals = ("page",) if named else ("page", "host", "host_each")
    token = draw(tokens().filter(lambda token: token["renewal"] in renewals))
    token.pop("refresh_at", None)
    tried: dict[str, Any] = {"token": draw(st.sampled_from([token, "none"]))}
    if renewal:
        tried["token"] = token | {"renewal": renewal, "leeway": "0s"}
        push["causes"] = ["deactivation"]
    if draw(st.booleans()):
        tried["allowlist"] = draw(allowlists())
    if draw(st.booleans()):
        tried["push"] = push
        if "logout" in push["causes"] and push["effect"] == "drop_entries":
            tried.pop("allowlist", None)
    if checked:
        drawn["directory"]["propagation"] = "0s"
        tried["check"] = draw(checks()) | {
            "on_failure": "deny",
            "allow_for": draw(st.sampled_from(["0s", "5s", "1min"])),
            "clock": draw(st.sampled_from(["exact", "floor", "floor_plus_1"])),
        }
    if moved:
        tried["check"] |= {"allow_for": draw(st.sampled_from(["5s", "20s"]))} | draw(
            st.sampled_from([{"slides": {"step": 0}}, {"slides": {"step": 0.3}}, {"refresh": {}}])
        )
        drawn["behaviour"]["probabilities"] = {"leave": 0.3, "continue": 0.5, "cut_off": 0.2}
        drawn["behaviour"]["takeover"]["probability"] = 0
        if isinstance(tried["token"], dict):
            tried["token"]["renewal"] = "page"
    return scenario(drawn | {"strategies": {"tried": tried}})


@st.composite
def scenarios_of_sessions(draw: st.DrawFn) -> Scenario:
    """Entries that use prolongs, with or without a cap, steps and whole seconds, on one page or on several devices and tabs."""
    drawn = tables(draw)
    if draw(st.booleans()):
        drawn["organisation"]["devices"] = draw(
            st.sampled_from([2, {"dist": "geometric", "mean": 2}])
        )
        drawn["workload"]["tabs"] = draw(st.sampled_from([1, 3]))
    tried = drawn["strategies"]["tried"]
    entry = {
        "lifetime": draw(st.sampled_from(["5s", "1min", {"dist": "exponential", "mean": "30s"}])),
        "renewal": "sliding",
        "absolute": draw(st.sampled_from(["none", "30s", "5min"])),
        "step": draw(st.sampled_from([0, 0.1, 1])),
        "of": draw(st.sampled_from(["page", "device"])),
    }
    if isinstance(entry["lifetime"], str):
        entry["clock"] = draw(st.sampled_from(["exact", "floor", "floor_plus_1"]))
    tried["allowlist"] = entry
    if isinstance(tried["token"], dict):
        tried["token"]["held_by"] = draw(st.sampled_from(["page", "device"]))
    return scenario(drawn)


@st.composite
def scenarios_of_forms(draw: st.DrawFn) -> Scenario:
    """Think times by kind."""
    drawn = tables(draw)
    drawn["workload"]["think"] = {
        kind: draw(any_law(("2s", "15s", "1min"))) for kind in ("read", "write", "admin")
    }
    return scenario(drawn)


@st.composite
def rotating(draw: st.DrawFn) -> dict[str, Any]:
    """A token whose refresh tokens rotate."""
    rotation = {
        "grace": draw(st.sampled_from(["0s", "250ms", "30s"])),
        "on_reuse": draw(st.sampled_from(["refuse", "end_family"])),
    }
    token = {
        "lifetime": draw(st.sampled_from(["5s", "20s"])),
        "renewal": "app",
        "held_by": draw(st.sampled_from(["device", "device", "page"])),
        "rotation": rotation,
    }
    if draw(st.integers(0, 4)):
        token["refresh_at"] = draw(st.sampled_from([0.5, 0.8, 1.0]))
    if draw(st.booleans()):
        token["refresh_lifetime"] = "5min"
    if draw(st.booleans()):
        token["absolute"] = "4min"
    return token


@st.composite
def scenarios_of_rotation(draw: st.DrawFn) -> Scenario:
    """Refresh tokens that rotate, of pages or of browsers with several tabs, long enough on their way to meet."""
    drawn = tables(draw)
    drawn["organisation"] |= {
        "people": 12,
        "devices": draw(st.sampled_from([1, 2])),
        "visits": draw(any_law(("15s", "1min"))),
    }
    drawn["workload"] |= {
        "tabs": draw(st.sampled_from([4, 2, 1])),
        "requests_per_page": draw(st.sampled_from([1, 3])),
        "pages_per_visit": draw(st.sampled_from([1, 2])),
        "visit_ends": {"close": 0.2, "logout": 0.1, "leave_open": 0.7},
    }
    drawn["network"]["client_app"] = draw(any_law(("0s", "250ms", "2s", "15s")))
    token = draw(rotating())
    if draw(st.booleans()):
        token["uses"] = draw(st.sampled_from([1, 3]))
    if draw(st.booleans()) and not ("uses" in token and token["held_by"] == "device"):
        drawn["workload"]["poll"] = {"every": draw(st.sampled_from(["7s", "20s"]))}
        hidden = {"after": draw(times), "timers_every": draw(st.sampled_from(["20s", "1min"]))}
        drawn["workload"]["hidden_tabs"] = draw(st.sampled_from(["none", hidden]))
    drawn["strategies"]["tried"]["token"] = token
    return scenario(drawn)


@st.composite
def scenarios_of_nodes(draw: st.DrawFn) -> Scenario:
    """Apps of several nodes that keep answers each for itself: people of one page or of several, connections, polls, old
    answers, several checks."""
    drawn = draw(
        st.one_of(
            scenarios_of_carriers(),
            kept_by_real_parts(),
            scenarios_of_channels(),
            scenarios_of_checks(),
        )
    )
    cached, path = st.sampled_from(["node", "node", "shared"]), "strategies.tried.check"
    asked = drawn.strategies["tried"].checks
    changes: dict[str, Any] = {f"{path}.{j}.cached": draw(cached) for j in range(len(asked))}
    if len(asked) < 2:
        kept = {"allow_for": draw(st.sampled_from(["5s", "1min"]))}
        changes = {path: {"cached": draw(cached)} | (draw(checks()) | kept if not asked else {})}
    return with_changes(
        drawn,
        {
            "app.nodes": draw(st.sampled_from([2, 3, 7])),
            "app.routing": draw(st.sampled_from(["random", "sticky"])),
            **changes,
        },
    )


@st.composite
def scenarios_of_all_carriers(draw: st.DrawFn) -> Scenario:
    """A few people for a few minutes, with every word of carriers at once: tabs, devices, connections, polls, hidden tabs, sessions
    that slide, refresh tokens that rotate, sign-outs of all sessions, think times by kind."""
    drawn = tables(draw)
    drawn["run"] |= {"horizon": "4min", "drain": "1min", "warm_up": "0s"}
    drawn["organisation"] |= {
        "people": draw(st.integers(1, 4)),
        "shift": {"start": "0s", "end": "4min"},
        "visits": draw(any_law(("2s", "15s"))),
        "devices": draw(st.sampled_from([1, 2])),
    }
    think = {kind: draw(any_law(("2s", "15s"))) for kind in ("read", "write", "admin")}
    hidden = {"after": draw(times), "timers_every": draw(st.sampled_from(["20s", "1min"]))}
    poll = {
        "every": draw(st.sampled_from(["2s", "7s", "20s"])),
        "when": draw(st.sampled_from(["open", "open", "visit"])),
    }
    drawn["workload"] |= {
        "tabs": draw(st.sampled_from([1, 2, 3, 3])),
        "visit_ends": {"close": 0.1, "logout": 0.2, "leave_open": 0.7},
        "think": draw(st.sampled_from([think, think["read"]])),
        "requests_per_page": draw(st.sampled_from([1, 3])),
        "hidden_tabs": draw(st.sampled_from(["none", hidden])),
        "poll": draw(st.sampled_from([poll, poll, "none"])),
    }
    drawn["cases"] |= {cause: {"share": 0.25} for cause in CAUSES} | {"until": "4min"}
    drawn["cases"]["logout"] |= {"of": draw(st.sampled_from(["device", "everywhere"]))}
    drawn["network"]["client_app"] = draw(any_law(("0s", "250ms", "2s", "15s")))
    tried = drawn["strategies"]["tried"]
    if draw(st.booleans()):
        tried["token"] = draw(rotating())
    elif isinstance(tried["token"], dict):
        tried["token"] |= {"lifetime": draw(st.sampled_from(["5s", "20s", "1min"]))}
        tried["token"]["held_by"] = draw(st.sampled_from(["page", "device"]))
    if draw(st.booleans()):
        tried["allowlist"] = {
            "lifetime": draw(st.sampled_from(["5s", "1min"])),
            "renewal": "sliding",
            "absolute": draw(st.sampled_from(["none", "2min"])),
            "of": draw(st.sampled_from(["page", "device"])),
        }
    if draw(st.booleans()):
        tried["connection"] = draw(connections())
    return scenario(drawn)


@st.composite
def scenarios_of_fan_out(draw: st.DrawFn) -> Scenario:
    """Events that get to nodes one after the other, or to one of them, and what they leave there: names and forgotten answers."""
    drawn = draw(
        st.one_of(
            scenarios_of_carriers(),
            kept_by_real_parts(),
            scenarios_of_channels(),
            scenarios_of_wrong_clocks(),
        )
    )
    tried = drawn.strategies["tried"]
    effects = st.sampled_from(["denylist", "not_before", "drop_answers"])
    causes = st.lists(st.sampled_from(CAUSES), min_size=1, unique=True)
    told = {
        "causes": draw(causes),
        "effect": draw(effects),
        "held": draw(st.sampled_from(["node", "node", "shared"])),
    }
    if draw(st.booleans()):
        second = {"causes": draw(causes), "effect": draw(effects), "held": "node"}
        told = [told, second | ({"channel": "signals"} if "signals" in drawn.channels else {})]
    changes: dict[str, Any] = {
        "app.nodes": draw(st.sampled_from([1, 2, 3, 5])),
        "app.routing": draw(st.sampled_from(["random", "sticky"])),
        "push.fan_out": draw(any_law()),
        "push.reaches": draw(st.sampled_from(["all", "all", "one"])),
        "strategies.tried.push": told,
    }
    if tried.check is not None or draw(st.booleans()):
        cached = {"cached": draw(st.sampled_from(["node", "shared"]))}
        changes["strategies.tried.check"] = (
            cached if tried.check else draw(checks()) | cached | {"allow_for": "1min"}
        )
    if not isinstance(told, list) and draw(st.booleans()):
        changes |= {"push.loss": 0, "push.outages": "none", "network.app_host": "0s"}
    return with_changes(drawn, changes)

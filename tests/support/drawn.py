"""Scenarios and strategies drawn at random, for laws that hold in every run."""

from typing import Any

import hypothesis.strategies as st

from sim.model.mechanisms import CAUSES
from sim.scenario import Scenario
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

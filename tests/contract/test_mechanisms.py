"""The contract of each mechanism. Closed forms: docs/model.md, section 9; `sim/theory.py`."""

import math

from support.contract import Form, MechanismContract, Misfit, exponential

from sim import theory
from sim.model.causes import CAUSES
from sim.scenario.files import MECHANISMS

LONG = {"token": {"lifetime": "28h"}}


def on_demand_s(rate: float, lifetime_s: float) -> float:
    """The mean window of what is renewed by the first click after it ended."""
    x = rate * lifetime_s
    return rate * lifetime_s**2 / (2 * (1 + x))


class TestToken(MechanismContract):
    mechanism = "token"
    least = {"lifetime": "5min"}
    misfits = (
        Misfit({}, "lifetime", "missing"),
        Misfit({"lifetime": "0s"}, "lifetime", "expected"),
        Misfit({"lifetime": "soon"}, "lifetime", "a duration"),
        Misfit({"lifetime": "5min", "leeway": "-1s"}, "leeway", "at least 0"),
        Misfit({"lifetime": "5min", "absolute": "0s"}, "absolute", "expected"),
        Misfit({"lifetime": "5min", "renewal": "hst"}, "renewal", "'host'"),
        Misfit({"lifetime": "5min", "renewal": "host", "refresh_at": 1.5}, "refresh_at", "1"),
        Misfit({"lifetime": "5min", "refresh_at": 0.5}, "", "refresh_at needs renewal"),
        Misfit({"lifetime": "5min", "refresh_lifetime": "1h"}, "", "refresh_lifetime needs"),
        Misfit({"lifetime": "5min", "uses": 0}, "uses", "1"),
        Misfit({"lifetime": "5min", "uses": 2.5}, "uses", "whole number"),
        Misfit({"lifetime": "5min", "revalidates": ["acount"]}, "revalidates.0", "'account'"),
        Misfit({"lifetime": "1500ms", "clock": "floor"}, "lifetime", "whole seconds"),
        Misfit({"lifetime": exponential(60.0), "clock": "floor"}, "lifetime", "whole seconds"),
        Misfit({"lifetime": "5min", "held_by": "tab"}, "held_by", "'device'"),
        Misfit({"lifetime": "5min", "rotation": {}}, "", "rotation needs renewal"),
        Misfit(
            {"lifetime": "5min", "renewal": "app", "rotation": {"on_reuse": "end"}},
            "rotation.on_reuse",
            "'end_family'",
        ),
        Misfit(
            {"lifetime": "5min", "renewal": "app", "rotation": {"grace": "-1s"}},
            "rotation.grace",
            "at least 0",
        ),
    )
    forms = (
        Form(
            "A1, renewed in the background",
            {"token": {"lifetime": 300.0, "renewal": "host", "refresh_at": 1.0}},
            theory.fixed_lifetime_exposure(300.0).mean,
            300.0,
            exponential(100.0),
        ),
        Form(
            "A2, renewed early",
            {"token": {"lifetime": 600.0, "renewal": "host", "refresh_at": 0.8}},
            600.0 * (1 - 0.8 / 2),
            600.0,
            exponential(300.0),
        ),
        Form(
            "B1, renewed on demand",
            {"token": {"lifetime": 300.0, "renewal": "host"}},
            theory.on_demand_exposure(1 / 60, 300.0).mean,
            300.0,
            exponential(60.0),
        ),
        Form(
            "B1, by page load",
            {"token": {"lifetime": 900.0}},
            on_demand_s(1 / 120, 900.0),
            900.0,
            exponential(120.0),
        ),
        Form(
            "C3, sliding",
            {"token": {"lifetime": 120.0, "renewal": "sliding"}},
            60.0 * (math.exp(2.0) - 1 - 2.0),
            None,
            exponential(60.0),
        ),
    )
    live = {"token": {"lifetime": "5min"}}


class TestAllowlist(MechanismContract):
    mechanism = "allowlist"
    least = {"lifetime": "1h"}
    misfits = (
        Misfit({}, "lifetime", "missing"),
        Misfit({"lifetime": "-1s"}, "lifetime", "expected"),
        Misfit({"lifetime": "1h", "of": "browser"}, "of", "'device'"),
        Misfit({"lifetime": "1h", "renewal": "host"}, "renewal", "'sliding'"),
        Misfit({"lifetime": "1h", "absolute": "8h"}, "", "absolute needs renewal"),
        Misfit({"lifetime": "1h", "step": 0.1}, "", "step needs renewal"),
        Misfit({"lifetime": "1h", "renewal": "sliding", "absolute": "0s"}, "absolute", "expected"),
        Misfit({"lifetime": "1h", "renewal": "sliding", "step": 1.5}, "step", "at most 1"),
        Misfit({"lifetime": {"dist": "expo", "mean": "1h"}}, "lifetime.dist", "exponential"),
        Misfit({"lifetime": "1500ms", "clock": "floor"}, "lifetime", "whole seconds"),
    )
    forms = (
        Form(
            "as B1, short",
            {"allowlist": {"lifetime": 60.0}},
            on_demand_s(0.1, 60.0),
            60.0,
            exponential(10.0),
        ),
        Form(
            "as B1, long",
            {"allowlist": {"lifetime": 900.0}},
            on_demand_s(1 / 120, 900.0),
            900.0,
            exponential(120.0),
        ),
        Form(
            "C3, prolonged by use",
            {"allowlist": {"lifetime": 120.0, "renewal": "sliding"}},
            theory.sliding_exposure_mean_s(1 / 60, 120.0),
            None,
            exponential(60.0),
        ),
        *(
            Form(
                f"C6, prolonged by use up to {cap_s:g} s",
                {"allowlist": {"lifetime": idle_s, "renewal": "sliding", "absolute": cap_s}},
                theory.capped_session_exposure_mean_s(1 / gap_s, idle_s, cap_s),
                cap_s,
                exponential(gap_s),
            )
            for gap_s, idle_s, cap_s in (
                (210.0, 380.0, 3000.0),
                (60.0, 300.0, 900.0),
                (300.0, 400.0, 600.0),
            )
        ),
    )
    live = {**LONG, "allowlist": {"lifetime": "5min"}}


class TestCheck(MechanismContract):
    mechanism = "check"
    least = {}
    misfits = (
        Misfit({"scope": "al"}, "scope", "'all'"),
        Misfit({"asks": "permissions"}, "asks", "'permission'"),
        Misfit({"allow_for": "-1s"}, "allow_for", "at least 0"),
        Misfit({"deny_for": "never"}, "deny_for", "a duration"),
        Misfit({"timeout": "0s"}, "timeout", "expected"),
        Misfit({"on_failure": "maybe"}, "on_failure", "'deny'"),
        Misfit({"allow_for": "1min", "clock": "flor"}, "clock", "'floor'"),
        Misfit({"allow_for": "250ms", "clock": "floor"}, "allow_for", "whole seconds"),
        Misfit({"deny_for": "1500ms", "clock": "floor_plus_1"}, "deny_for", "whole seconds"),
        Misfit({"slides": {"step": 0.1}}, "", "slides needs allow_for"),
        Misfit({"allow_for": "1min", "slides": {"step": 2}}, "slides.step", "at most 1"),
        Misfit({"refresh": {}}, "", "refresh needs allow_for"),
        Misfit(
            {"allow_for": "1min", "refresh": {"stale_for": "30s"}}, "refresh", "at least allow_for"
        ),
    )
    forms = (
        Form("each request", {"check": {}}, 0.0, 1.0),
        *(
            Form(
                f"C4, whole seconds, {kept_s:g} s",
                {"check": {"allow_for": kept_s, "clock": "floor_plus_1"}},
                theory.whole_second_cache_exposure_mean_s(kept_s, gap_s),
                kept_s + 2.0,
                gap_s,
            )
            for kept_s, gap_s in ((19.0, 0.5), (59.0, 1.0), (299.0, 1.0))
        ),
        *(
            Form(
                f"C3, prolonged by hits, {kept_s:g} s",
                {"check": {"allow_for": kept_s, "slides": {"step": 0}}},
                theory.sliding_exposure_mean_s(rate, kept_s),
                None,
                exponential(1 / rate),
            )
            for kept_s, rate in ((60.0, 1 / 60), (120.0, 1 / 60), (100.0, 1 / 50))
        ),
        *(
            Form(
                f"C5, an old yes to {stale_s:g} s, {'replaced' if replaces else 'kept'}",
                {
                    "check": {
                        "allow_for": 60.0,
                        "refresh": {"stale_for": stale_s, "refusal_replaces": replaces},
                    }
                },
                theory.stale_exposure_mean_s(1 / 60, 60.0, stale_s, replaces),
                stale_s + 1.0,
                exponential(60.0),
            )
            for stale_s in (90.0, 120.0, 180.0)
            for replaces in (True, False)
        ),
        Form(
            "an old yes without end that is replaced",
            {"check": {"allow_for": 60.0, "refresh": {"refusal_replaces": True}}},
            theory.stale_exposure_mean_s(1 / 30, 60.0, 1e6, True),
            None,
            exponential(30.0),
        ),
        Form(
            "B2, a yes is kept",
            {"check": {"allow_for": 300.0}},
            theory.on_demand_exposure(1 / 60, 300.0).mean,
            301.0,
            exponential(60.0),
        ),
        Form(
            "B2, the session is asked",
            {"check": {"asks": "session", "allow_for": 60.0}},
            on_demand_s(0.1, 60.0),
            61.0,
            exponential(10.0),
        ),
    )
    # a busy machine is no silent host
    live = {"check": {"timeout": "1min"}}


class TestPush(MechanismContract):
    mechanism = "push"
    least = {}
    misfits = (
        Misfit({"causes": ["logut"]}, "causes.0", "'logout'"),
        Misfit({"effect": "deny"}, "effect", "'denylist'"),
    )
    forms = (
        Form(
            "denylist",
            {**LONG, "push": {"effect": "denylist"}},
            10.0,
            20.0,
            world={"push": {"delay": {"dist": "uniform", "low": 0.0, "high": 20.0}}},
        ),
        Form(
            "not before",
            {**LONG, "push": {"effect": "not_before"}},
            45.0,
            60.0,
            world={"push": {"delay": {"dist": "uniform", "low": 30.0, "high": 60.0}}},
        ),
        Form(
            "entries dropped",
            {"allowlist": {"lifetime": "28h"}, "push": {"effect": "drop_entries"}},
            10.0,
            20.0,
            world={"push": {"delay": {"dist": "uniform", "low": 0.0, "high": 20.0}}},
        ),
    )
    live = {**LONG, "push": {"causes": list(CAUSES), "effect": "denylist"}}


def test_every_mechanism_has_its_contract() -> None:
    kept = [contract.mechanism for contract in MechanismContract.__subclasses__()]
    assert sorted(kept) == sorted(MECHANISMS)

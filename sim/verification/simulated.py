"""Closed forms against simulation: worlds in which a form is exact, many independent people."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sim import theory
from sim.basics.statistics import QUANTILES
from sim.engine import run
from sim.engine.recording import Run
from sim.oracle.vocabulary import speaks
from sim.results.applicability import Expected, Key, expected
from sim.scenario import Scenario
from sim.verification.line import Line, Lines, mean_line, share_line
from sim.verification.worlds import exponential, textbook

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """One strategy in a world of one form; `forms` must all be claimed for it by `sim.results.applicability`."""

    name: str
    forms: tuple[str, ...]
    strategy: dict[str, Any]
    changes: Mapping[str, Any] = field(default_factory=dict)


# Half of the run to forget the start, then cases over whole lifetimes of 300 s.
BASE: dict[str, Any] = {
    "run.horizon": 6000.0,
    "run.drain": 3000.0,
    "organisation.shift": {"start": "0s", "end": 6000.0},
    "workload.think": exponential(100.0),
    "cases.from": 3000.0,
    "cases.until": 6000.0,
}


def _token(lifetime: Any = 300.0, **more: Any) -> dict[str, Any]:
    return {"token": {"lifetime": lifetime, "renewal": "host", **more}}


def _session(idle_s: float, **more: Any) -> dict[str, Any]:
    return _LONG | {"allowlist": {"lifetime": idle_s, "renewal": "sliding", **more}}


_BACKGROUND = _token(refresh_at=1.0)
_LONG = {"token": {"lifetime": "30d"}}
_DENYLIST = {"push": {"causes": ["deactivation"], "effect": "denylist"}}
_IDLE = {"workload.think": exponential(1000.0)}


def _attempts(most: Any, wait_s: float, backoff: float = 1) -> dict[str, Any]:
    return {"push.retries": {"most": most, "wait": wait_s, "backoff": backoff}, **_IDLE}


WORLDS = (
    World("renewed at expiry", ("A1",), _BACKGROUND),
    World("renewed at 0.8", ("A2",), _token(refresh_at=0.8), {"cases.until": 5880.0}),
    World(
        "random lifetimes", ("A3",),
        _token({"dist": "uniform", "low": 150.0, "high": 450.0}, refresh_at=1.0),
    ),
    World("exponential lifetimes", ("A4",), _token(exponential(100.0), refresh_at=1.0)),
    World("renewed on demand", ("B2", "B3", "B4"), _token(), {"cases.until": 5800.0}),
    World(
        "decision kept", ("B2", "B3", "B4"),
        {"check": {"scope": "all", "asks": "permission", "allow_for": 300.0}}, {"cases.until": 5800.0},
    ),
    World("extended by use", ("C3",), {"token": {"lifetime": 150.0, "renewal": "sliding"}},
          {"run.drain": 12000.0}),
    World(
        "token and kept decision", ("D4",),
        _BACKGROUND | {"check": {"scope": "all", "asks": "permission", "allow_for": 100.0}},
    ),
    World("pushed until it arrives", ("F1",), _LONG | _DENYLIST,
          {"push.delay": 0.5, "push.loss": 0.3, **_attempts("unlimited", 30.0)}),
    World("pushed with doubled waits", ("F2",), _LONG | _DENYLIST,
          {"push.delay": 0.5, "push.loss": 0.1, "run.drain": 6000.0, **_attempts("unlimited", 4.0, 2)}),
    World("pushed once, or expiry", ("F3",), _BACKGROUND | _DENYLIST,
          {"push.delay": exponential(30.0), "push.loss": 0.2, **_attempts(0, 1.0)}),
    World("pushed three times, or expiry", ("F6",), _BACKGROUND | _DENYLIST,
          {"push.delay": 0.5, "push.loss": 0.4, **_attempts(2, 30.0)}),
    World("a session extended by use", ("C3",),
          _session(150.0), {"run.drain": 12000.0}),
    World("a session extended by use to its cap", ("C6",), _session(200.0, absolute=600.0),
          {"cases.until": 5718.5}),
)  # fmt: skip


def worlds(engine: str, people: int, seed: int) -> Lines:
    """Every figure that a form gives in these worlds; cases of different people are independent there.

    The reference is left out where it does not speak a word.
    """
    for number, world in enumerate(WORLDS):
        changes = {
            **BASE,
            **world.changes,
            "organisation.people": people,
            "run.seed": seed + number,
        }
        scenario = textbook(world.strategy, changes)
        if not speaks(engine, scenario, scenario.strategies["tried"]):
            continue
        known = expected(scenario, scenario.strategies["tried"])
        claimed = {found.form for found in known.values()}
        for form in world.forms:
            if form not in claimed:
                yield Line(form, f"{world.name}: the form applies", 1.0, simulated=0.0)
        found = run(scenario, scenario.strategies["tried"], engine=engine)
        yield from _figures(world, known, found)


def _figures(world: World, known: Mapping[Key, Expected], found: Run) -> Lines:
    for (_, of, metric, statistic), form in known.items():
        if of is not None:
            continue
        name = f"{world.name}, {metric} {statistic}"
        values = _values(found, metric)
        if statistic == "mean":
            yield mean_line(form.form, name, form.value, values)
        elif statistic == "share_zero" and 0 < form.value < 1:
            yield share_line(form.form, name, form.value, list(values == 0))
        elif statistic in QUANTILES and form.value > 0:
            below = list(values <= form.value)
            name = f"{world.name}, share below the {statistic}"
            yield share_line(form.form, name, QUANTILES[statistic], below)


def _values(found: Run, metric: str) -> Values:
    cases = found.cases
    if metric == "unauthorised_requests":
        return np.asarray(
            cases.unauthorised_reads + cases.unauthorised_writes + cases.unauthorised_admin, float
        )
    return np.asarray(
        cases[f"{metric}_s" if metric in ("exposure", "last_click") else metric], float
    )


# -- figures of whole runs: the unit is the replication ------------------------------------------


def _by_runs(scenario: Scenario, engine: str, runs: int) -> list[Run]:
    strategy = scenario.strategies["tried"]
    return [run(scenario, strategy, replication, engine=engine) for replication in range(runs)]


def runs_as_units(engine: str, runs: int, seed: int) -> Lines:
    """F7, R1, Q5 and its insensitivity: what people of one run share makes its cases depend on each other."""
    yield from _outages(engine, runs, seed)
    yield from _denylist(engine, runs, seed)
    for law, name in ((exponential(10.0), "exponential"), (10.0, "constant")):
        yield from _closed_station(engine, runs, seed, law, name)


def _known(scenario: Scenario, key: Key) -> float:
    found = expected(scenario, scenario.strategies["tried"]).get(key)
    return math.nan if found is None else found.value


def _outages(engine: str, runs: int, seed: int) -> Lines:
    outages = {"every": 600.0, "lasts": {"dist": "erlang", "mean": 120.0, "shape": 2}}
    scenario = textbook(
        _LONG | _DENYLIST,
        BASE
        | _IDLE
        | {"push.delay": 0, "push.loss": 0, "push.outages": outages, "push.on_outage": "hold"}
        | {"cases.from": 7500.0, "run.horizon": 10500.0, "cases.until": 10500.0}
        | {"organisation.shift": {"start": 0, "end": 10500.0}, "organisation.people": 30}
        | {"run.seed": seed},
    )
    means = [float(of.cases.exposure_s.mean()) for of in _by_runs(scenario, engine, 4 * runs)]
    value = _known(scenario, ("deactivation", None, "exposure", "mean"))
    yield mean_line("F7", "events held in outages, exposure mean", value, means)


def _denylist(engine: str, runs: int, seed: int) -> Lines:
    scenario = textbook(
        _BACKGROUND | _DENYLIST,
        BASE
        | _IDLE
        | {"push.delay": 0, "push.loss": 0, "run.warm_up": 3300.0, "run.drain": 300.0}
        | {"organisation.people": 200, "run.seed": seed},
    )
    sizes = [of.entries["denylist"][0] for of in _by_runs(scenario, engine, runs)]
    value = _known(scenario, (None, None, "denylist_entries", "mean"))
    yield mean_line("R1", "denylist, mean entries", value, sizes)


def _closed_station(engine: str, runs: int, seed: int, think: Any, name: str) -> Lines:
    scenario = textbook(
        _LONG,
        {
            "run.horizon": 3000.0,
            "run.drain": 0,
            "run.warm_up": 1500.0,
            "run.seed": seed,
            "organisation.people": 30,
            "organisation.shift": {"start": "0s", "end": 3000.0},
            "workload.think": think,
            "workload.kinds": {"read": 1},
            "cases.deactivation": {"share": 0},
            "cases.from": 2900.0,
            "cases.until": 3000.0,
            "app.workers": 1,
            "app.service.read": exponential(0.25),
        },
    )
    found = _by_runs(scenario, engine, runs)
    yield mean_line(
        "Q5", f"30 users, {name} think time, mean response s",
        _known(scenario, (None, None, "response", "mean")),
        [of.all_responses().mean() for of in found],
    )  # fmt: skip
    yield mean_line(
        "Q5", f"30 users, {name} think time, utilisation",
        _known(scenario, (None, "app", "utilisation", "mean")),
        [of.stations["app"].utilisation for of in found],
    )  # fmt: skip


def v2x(engine: str, people: int, seed: int) -> Lines:
    """The self-revocation study's world: credentials of T_v renewed by each heartbeat, messages of T_v believed.

    Heartbeats each second, 40 % lost: one gets through each 1 / 0.6 s. No window may exceed 2 T_v.
    """
    for validity_s in (30.0, 150.0):
        gap_s = 1 / 0.6
        scenario = textbook(
            _token(validity_s, renewal="host_each", leeway=validity_s),
            {
                "run.horizon": 400.0,
                "run.drain": 2 * validity_s,
                "run.seed": seed,
                "organisation.people": people,
                "organisation.visits": exponential(2.0),
                "organisation.shift": {"start": "0s", "end": 400.0},
                "workload.think": exponential(gap_s),
                "cases.from": 300.0,
                "cases.until": 400.0,
            },
        )
        windows = run(scenario, scenario.strategies["tried"], engine=engine).cases.exposure_s
        bound_s = theory.token_bound_s(validity_s, leeway_s=validity_s)
        name = f"T_v {validity_s:g} s"
        yield Line("V2X bound", f"{name}, largest window s", bound_s,
                   simulated=float(windows.max()), at_most=True)  # fmt: skip
        mean_s = bound_s - gap_s * -math.expm1(-validity_s / gap_s)
        yield mean_line("V2X bound", f"{name}, mean window s", mean_s, windows)


def hit_ratios(engine: str, people: int, seed: int) -> Lines:
    """The formula people mix up: 1 - exp(-x) is the hit ratio of a lifetime that use extends, x / (1 + x) of one that is fixed."""
    never = {"cases.deactivation": {"share": 0}, "run.drain": 0, "run.warm_up": 3000.0}
    x = 300.0 / 100.0
    for name, strategy, hit in (
        ("on demand", _token(), theory.on_demand_live_share(0.01, 300.0)),
        ("sliding", {"token": {"lifetime": 300.0, "renewal": "sliding"}}, theory.sliding_live_share(0.01, 300.0)),
    ):  # fmt: skip
        scenario = textbook(
            strategy, {**BASE, **never, "organisation.people": people, "run.seed": seed}
        )
        found = run(scenario, scenario.strategies["tried"], engine=engine)
        missed = sum(found.host_calls["renewal"]) if name == "on demand" else found.interruptions
        # cycles are more regular than independent clicks, so the binomial error is an upper one
        error = math.sqrt(hit * (1 - hit) / found.honest_clicks)
        ratio = 1 - float(missed) / found.honest_clicks
        yield Line("Hit ratios", f"hit ratio {name}, x = {x:g}", hit, simulated=ratio, error=error)


def all_simulated(engine: str, people: int, runs: int, seed: int = 2026) -> Lines:
    """Everything of this page."""
    yield from worlds(engine, people, seed)
    yield from runs_as_units(engine, runs, seed)
    yield from v2x(engine, people // 2, seed)
    yield from hit_ratios(engine, people, seed)

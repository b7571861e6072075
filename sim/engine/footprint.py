"""Memory is estimated before it is taken, and refused with the figure and the setting that asks for it."""

import math
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sim.engine.limits import ALONE_FROM, CELLS_PER_S, MOST_CELLS, TooLarge
from sim.model.causes import CAUSES, Cause
from sim.model.mechanisms import HOST
from sim.model.strategies import Strategy
from sim.scenario import Scenario
from sim.scenario.parties import RateLimit

# Bytes, as measured (`tests/engine/test_footprint.py` holds them to the process): of a person, and what some settings add.
A_PERSON = {"compiled": 220, "plain": 2_000, "reference": 10_000}
A_HELD_WORKER, A_REFRESH, A_TAB, A_SESSION, AN_ENTRY_LEFT = 70, 110, 80, 25, 35
A_LAST_ANSWER, AN_ANSWER = 16, 9  # the latter of each check but the first
A_ROUTE, A_KEPT_ANSWER = 4, 33  # where the app has nodes
A_LINE, A_CONNECTION = 160, 100  # of a page that does something by itself
A_MOMENT = {"compiled": 110, "plain": 250, "reference": 0}  # of a person with virtual cases
WINDOWS = 1_700_000  # their histograms while a run goes on
A_SERVER = {"compiled": 8, "plain": 40, "reference": 0}
A_KEPT_CALL = {"compiled": 8, "plain": 40, "reference": 0}
A_MINUTE, A_CASE, A_CELL = 40, 160, 48
A_RECORD = 320_000  # the histograms of a run
ALWAYS_FREE = 64_000_000  # not worth asking the system for

Needs = dict[str, float]  # setting -> bytes


def of_a_run(scenario: Scenario, strategy: Strategy, engine: str, moments: int = 0) -> Needs:
    """What one replication takes while it runs."""
    people, token = scenario.organisation.people, strategy.token
    each = A_PERSON[engine] + A_CASE * _share_of_cases(scenario)
    if engine == "compiled":
        each += A_HELD_WORKER * scenario.app.holds_worker
        each += A_REFRESH * (token is not None and token.refresh_at is not None)
        pages = _pages_beside(scenario, strategy)
        slides = strategy.allowlist is not None and strategy.allowlist.renewal == "sliding"
        each += A_TAB * pages + A_SESSION * slides * max(1.0, pages)
        stale = any(check.stale_for_s is not None for check in strategy.checks)
        further = max(0, len(strategy.checks) - 1)
        each += A_LAST_ANSWER * stale * max(1.0, pages) * (1 + further)
        each += AN_ANSWER * further * max(1.0, pages)
        each += AN_ENTRY_LEFT * _entries_left(scenario, strategy)
        each += _lines_and_connections(scenario, strategy) * max(1.0, pages)
        each += _of_nodes(scenario, strategy) * max(1.0, pages)
    deciders = {
        check.at: scenario.deciders[check.at] for check in strategy.checks if check.at != HOST
    }
    each += 8 * (1 + len(deciders)) * _share_of_cases(scenario) * bool(deciders)
    servers = {
        **{f"deciders.{name}.servers": one.servers for name, one in deciders.items()},
        "app.workers": scenario.app.workers * scenario.app.nodes,
        "host.servers": scenario.host.servers,
        "auth_server.servers": scenario.auth_server.servers,
    }
    each += A_MOMENT[engine] * (moments > 0)
    slides = any(check.slides is not None for check in strategy.checks)
    if slides or (token is not None and token.renewal == "host_each"):
        each += 8 * moments  # what he has at each of them
    return {
        "organisation.people": people * each + WINDOWS * (moments > 0),
        "run.horizon": _minutes(scenario) * A_MINUTE + _cells(scenario, engine),
        "host.rate_limit": A_KEPT_CALL[engine] * _kept_calls(scenario.host.rate_limit),
        **{
            f"deciders.{name}.rate_limit": A_KEPT_CALL[engine] * _kept_calls(one.rate_limit)
            for name, one in deciders.items()
        },
        **{name: A_SERVER[engine] * n for name, n in servers.items() if n < math.inf},
    }


def _of_nodes(scenario: Scenario, strategy: Strategy) -> float:
    """The node of each request, and what each node remembers beside the first one."""
    nodes, checks = scenario.app.nodes, strategy.checks
    by_node = any(check.cached == "node" for check in checks)
    return A_ROUTE * (nodes > 1) + A_KEPT_ANSWER * (nodes - 1) * by_node * len(checks)


def _cells(scenario: Scenario, engine: str) -> float:
    """What is counted by cells of time where many people are run one after the other."""
    if engine == "reference" or scenario.organisation.people < ALONE_FROM:
        return 0.0
    return A_CELL * min(MOST_CELLS, CELLS_PER_S * scenario.run.end_s)


def _kept_calls(limit: RateLimit | None) -> float:
    """Calls that a log of a limit remembers."""
    return 0.0 if limit is None else sum(limit.remembers)


def _lines_and_connections(scenario: Scenario, strategy: Strategy) -> float:
    """What a page takes for its timers and its connection."""
    timers = scenario.workload.poll is not None or scenario.workload.hidden_tabs is not None
    connects = strategy.connection is not None
    return A_LINE * (timers + connects) + A_CONNECTION * connects


def _pages_beside(scenario: Scenario, strategy: Strategy) -> float:
    """Places of a person's devices and further tabs, at most."""
    devices, tabs = scenario.organisation.devices.expectation(), scenario.workload.tabs
    cookie = strategy.token is not None and strategy.token.held_by == "device"
    if devices == 1.0 and tabs == 1 and not cookie:
        return 0.0
    return max(3.0, devices * (1 + tabs))


def _entries_left(scenario: Scenario, strategy: Strategy) -> float:
    """Entries of pages that are gone, a person, where events of logouts can drop them: as many as pages load while one lives."""
    allowlist, effects = strategy.allowlist, {push.effect for push in strategy.pushes}
    told = any(push.carries(Cause.LOGOUT) for push in strategy.pushes)
    if allowlist is None or allowlist.of == "device" or "drop_entries" not in effects or not told:
        return 0.0  # of others there is hardly anybody to be told of
    work = scenario.workload
    pause_s = scenario.organisation.visits.expectation() / work.pages_per_visit.expectation()
    a_page_s = pause_s + work.think_mean_s * work.requests_per_page.expectation()
    alive_s = min(allowlist.lifetime.expectation(), scenario.run.horizon_s)
    return alive_s / max(a_page_s, 1.0)


def of_records(scenario: Scenario, number: int) -> Needs:
    """What is kept of so many finished replications (of all strategies)."""
    cases = scenario.organisation.people * _share_of_cases(scenario)
    return {
        "run.replications": number * A_RECORD,
        "run.horizon": number * _minutes(scenario) * A_MINUTE,
        "organisation.people": number * cases * A_CASE,
    }


def _share_of_cases(scenario: Scenario) -> float:
    return min(1.0, math.fsum(map(scenario.cases.share_of, CAUSES)))


def _minutes(scenario: Scenario) -> float:
    return scenario.run.horizon_s / 60.0


def require(*needs: tuple[int, Needs]) -> None:
    """Raise TooLarge where so many times these needs are more than the memory that is free."""
    total: Needs = {}
    for times, of in needs:
        for name, size in of.items():
            total[name] = total.get(name, 0.0) + times * size
    require_bytes(sum(total.values()), max(total, key=lambda name: total[name]))


def require_bytes(size: float, what: str) -> None:
    """Raise TooLarge where so many bytes are not free; `what` asks for most of them."""
    if size > ALWAYS_FREE and size > (free := free_bytes()):
        raise TooLarge(
            f"{what}: this needs about {_gigabytes(size)} of memory, and {_gigabytes(free)} are free"
        )


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:,.2g} GB" if size < 1e11 else f"{size / 1e9:,.0f} GB"


# -- what is free -------------------------------------------------------------------------------


def free_bytes() -> float:
    """What this process may still take: of the machine, of its container, of its own limit; infinite where nothing says."""
    return min((free for free in _free()), default=math.inf)


def _free() -> Iterator[float]:
    with suppress(OSError, IndexError, ValueError):
        text = Path("/proc/meminfo").read_text()
        yield 1024.0 * int(text.partition("MemAvailable:")[2].split()[0])
    with suppress(OSError, IndexError, ValueError):
        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY:
            used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            yield max(0.0, limit - used)
    yield from _free_in_containers()


def _free_in_containers() -> Iterator[float]:
    """The limits of control groups, of both kinds; a group without one says nothing."""
    groups: list[tuple[Path, str, str]] = []
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, kinds, place = line.split(":", 2)
            if kinds == "":
                root, names = Path("/sys/fs/cgroup"), ("memory.max", "memory.current")
            elif "memory" in kinds.split(","):
                root = Path("/sys/fs/cgroup/memory")
                names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
            else:
                continue
            here = root / place.lstrip("/")
            groups += [(folder, *names) for folder in {root, here if here.is_dir() else root}]
    for folder, limit, used in groups:
        with suppress(OSError, ValueError):  # "max" is no limit
            free = int((folder / limit).read_text()) - int((folder / used).read_text())
            yield max(0.0, free + _cached(folder))


def _cached(folder: Path) -> float:
    """Files that the group holds in memory and would give up."""
    with suppress(OSError):
        for line in (folder / "memory.stat").read_text().splitlines():
            name, _, size = line.partition(" ")
            if name in ("inactive_file", "total_inactive_file"):
                return float(size)
    return 0.0

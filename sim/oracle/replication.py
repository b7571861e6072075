"""One replication: persons and parties put together, and the clock run."""

from collections.abc import Callable

from sim.engine.cases import draw_case, is_administrator
from sim.engine.recording import Run
from sim.model.strategies import Strategy
from sim.oracle.person import Person
from sim.oracle.vocabulary import check_spoken
from sim.oracle.world import World
from sim.scenario import Scenario

Progress = Callable[[float], None]  # called with the share of simulated time that is done


def run(
    scenario: Scenario,
    strategy: Strategy,
    replication: int = 0,
    *,
    seed: int | None = None,
    tracing: bool = False,
    traced: int | None = None,
    progress: Progress | None = None,
) -> Run:
    """Simulate one replication of a scenario under one strategy.

    The result depends on the scenario, the strategy, the seed (default: the scenario's) and the number of the
    replication only. With `tracing` the run keeps every event, or those of the person `traced` and of nobody. Raises `Unspoken`.
    """
    check_spoken(scenario, strategy)
    seed = scenario.run.seed if seed is None else seed
    world = World(scenario, strategy, seed, replication, tracing, traced)
    persons = [_person(world, seed, replication, n) for n in range(scenario.organisation.people)]
    _run_clock(world, progress)
    end_s = scenario.run.end_s
    records = [record for person in persons if (record := person.close_case(end_s)) is not None]
    stations = [
        station.account() for station in (world.app.station, world.host.station, world.auth_station)
    ]
    in_flight = sum(person.undecided for person in persons)
    return world.rec.finish(strategy.name, replication, records, stations, in_flight)


def _person(world: World, seed: int, replication: int, number: int) -> Person:
    case = draw_case(world.scenario, seed, replication, number)
    administrator = is_administrator(world.scenario, seed, replication, number)
    return Person(world, number, world.plan(number), case, administrator)


def _run_clock(world: World, progress: Progress | None, steps: int = 200) -> None:
    """Run to the end of the drain, in slices that report progress."""
    end_s = world.scenario.run.end_s
    for step in range(1, steps):
        if progress is not None:
            world.clock.run(until=end_s * step / steps)
            progress(step / steps)
    world.clock.run(until=end_s)
    if progress is not None:
        progress(1.0)

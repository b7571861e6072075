"""Two texts of the model written apart, and two ways to run one of them, must record the same, to the bit."""

from sim.engine import ENGINES, run
from sim.model.strategies import CATALOGUE, Strategy
from sim.oracle.vocabulary import speaks
from sim.scenario import Scenario, load, with_changes
from sim.verification.line import Line, Lines
from sim.verification.simulated import BASE, WORLDS
from sim.verification.worlds import textbook

# Everybody is revoked in the office, by every cause, so that few people suffice.
OFFICE = {
    "run.horizon": "2h",
    "run.drain": "1h",
    "organisation.people": 12,
    "organisation.admins": 0.25,
    "cases.deactivation.share": 0.25,
    "cases.permission_loss.share": 0.25,
    "cases.logout.share": 0.25,
    "cases.admin_loss.share": 0.25,
    "cases.from": "30min",
    "cases.until": "90min",
}


def same_record() -> Lines:
    """The worlds of the closed forms, and the office under every strategy of the catalogue, on all engines."""
    for world in WORLDS:
        changes = {**BASE, **world.changes, "organisation.people": 20}
        scenario = textbook(world.strategy, changes)
        yield _line(world.name, scenario, scenario.strategies["tried"])
    office = with_changes(load("office"), OFFICE)
    for name, strategy in CATALOGUE.items():
        yield _line(f"office, {name}", office, strategy)


def _line(name: str, scenario: Scenario, strategy: Strategy) -> Line:
    spoken = [engine for engine in ENGINES if speaks(engine, scenario, strategy)]
    ours, *others = (run(scenario, strategy, engine=engine) for engine in spoken)
    differ = {part for theirs in others for part in ours.differences(theirs)}
    parts = f"{name}, parts of the record that differ"
    return Line("All engines", parts, 0.0, simulated=float(len(differ)))

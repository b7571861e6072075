"""When people visit, click, reload and log out: three sources behind one interface."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sim.workload.plan import Plan

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.workload.synthetic import PlanLaws

PlanMaker = Callable[[int, int, int, int], Plan]


def plan_laws(scenario: "Scenario") -> "PlanLaws":
    """What plans are drawn from, from the scenario or its log. Raises LogError where a log cannot be used."""
    from sim.workload.synthetic import PlanLaws

    if scenario.workload.mode == "synthetic":
        return PlanLaws.of(scenario)
    from sim.workload.from_log import laws_from_log

    return laws_from_log(scenario)


def plans(scenario: "Scenario") -> PlanMaker:
    """The maker of plans: (seed, replication, person, offset of the purposes) -> the person's plan."""
    from sim.workload.synthetic import Laws, Synthetic

    source = plan_laws(scenario)
    laws = Laws.of(source)
    if source.visits is None:
        return lambda seed, replication, person, offset: Synthetic(
            laws, seed, replication, person, offset
        )
    from sim.workload.replay import Replayed

    visits = source.visits
    return lambda seed, replication, person, offset: Replayed(
        visits, laws, seed, replication, person, offset
    )

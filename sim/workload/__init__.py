"""When people visit, click, reload and log out: three sources behind one interface."""

from collections.abc import Callable

from sim.scenario import Scenario
from sim.workload.plan import Plan
from sim.workload.synthetic import Laws, Synthetic

PlanMaker = Callable[[int, int, int, int], Plan]


def plans(scenario: Scenario) -> PlanMaker:
    """The maker of plans: (seed, replication, person, offset of the purposes) -> the person's plan."""
    if scenario.workload.mode == "synthetic":
        laws = Laws.of(scenario)
        return lambda seed, replication, person, offset: Synthetic(
            laws, seed, replication, person, offset
        )
    from sim.workload.from_log import plans_from_log

    return plans_from_log(scenario)

"""Plans from an access log: `fitted` (its laws) and `replayed` (its visits)."""

from sim.scenario import Scenario
from sim.workload.fitting import fitted_laws, log_visits
from sim.workload.logs.options import FitOptions
from sim.workload.synthetic import PlanLaws


def laws_from_log(scenario: Scenario) -> PlanLaws:
    """The log's laws; what a log does not show (how visits end, sizes it did not record) is the scenario's.

    Raises LogError where the log cannot be used.
    """
    workload = scenario.workload
    assert workload.log is not None
    options = FitOptions.from_table(workload.log_options)
    fitted = fitted_laws(workload.log, options)
    ends = workload.visit_ends
    return PlanLaws(
        pause=fitted["visits"],
        think=fitted["think"],
        pages=fitted["pages_per_visit"],
        requests=fitted["requests_per_page"],
        size=fitted["read_size"] or workload.read_size,
        kinds=fitted["kinds"],
        visit_ends=(ends.logout, ends.close, ends.leave_open),
        daily=fitted["daily"],
        visits=log_visits(workload.log, options) if workload.mode == "replayed" else None,
    )

"""Plans from an access log: `fitted` (its laws) and `replayed` (its visits)."""

from collections.abc import Callable

from sim.scenario import Scenario
from sim.workload.fitting import fitted_laws, log_visits
from sim.workload.logs import FitOptions
from sim.workload.plan import Plan
from sim.workload.replay import Replayed
from sim.workload.synthetic import Laws, Synthetic


def plans_from_log(scenario: Scenario) -> Callable[[int, int, int, int], Plan]:
    """The maker of plans for a scenario whose workload names a log. Raises LogError where it cannot be used."""
    workload = scenario.workload
    assert workload.log is not None
    options = FitOptions.from_table(workload.log_options)
    laws = _laws(scenario, fitted_laws(workload.log, options))
    if workload.mode == "fitted":
        return lambda seed, replication, person, offset: Synthetic(
            laws, seed, replication, person, offset
        )
    visits = log_visits(workload.log, options)
    return lambda seed, replication, person, offset: Replayed(
        visits, laws, seed, replication, person, offset
    )


def _laws(scenario: Scenario, fitted: dict[str, object]) -> Laws:
    """The log's laws; what a log does not show (how visits end, sizes it did not record) is the scenario's."""
    size = fitted["read_size"] or scenario.workload.read_size
    ends = scenario.workload.visit_ends
    return Laws(
        pause=fitted["visits"].sampler(),  # type: ignore[attr-defined]
        think=fitted["think"].sampler(),  # type: ignore[attr-defined]
        pages=fitted["pages_per_visit"].sampler(),  # type: ignore[attr-defined]
        requests=fitted["requests_per_page"].sampler(),  # type: ignore[attr-defined]
        size=size.sampler(),  # type: ignore[attr-defined]
        kinds=fitted["kinds"],  # type: ignore[arg-type]
        visit_ends=(ends.logout, ends.close, ends.leave_open),
        daily=fitted["daily"],  # type: ignore[arg-type]
    )

"""Laws ready to draw from: what all programs that act out a scenario in Python share."""

from collections.abc import Callable
from dataclasses import dataclass

from sim.model.strategies import Strategy
from sim.scenario import Scenario

Sampler = Callable[[float], float]


@dataclass(frozen=True)
class Samplers:
    """One function a law: a uniform number in, seconds (or bytes) out."""

    client_app: Sampler
    client_host: Sampler
    app_host: Sampler
    page_load: Sampler
    renewal: Sampler
    check: Sampler
    auth_renewal: Sampler
    verify: Sampler
    lookup: Sampler
    service: tuple[Sampler, Sampler, Sampler]
    lifetime: Sampler | None
    storm_think: Sampler
    read_size: Sampler

    @staticmethod
    def of(scenario: Scenario, strategy: Strategy) -> "Samplers":
        """The laws of a scenario, ready to draw from."""
        network, host, app = scenario.network, scenario.host, scenario.app
        service = app.service
        return Samplers(
            client_app=network.client_app.sampler(),
            client_host=network.client_host.sampler(),
            app_host=network.app_host.sampler(),
            page_load=host.page_load.sampler(),
            renewal=host.renewal.sampler(),
            check=host.check.sampler(),
            auth_renewal=scenario.auth_server.renewal.sampler(),
            verify=app.verify.sampler(),
            lookup=scenario.store.lookup.sampler(),
            service=(service.read.sampler(), service.write.sampler(), service.admin.sampler()),
            lifetime=None if strategy.token is None else strategy.token.lifetime.sampler(),
            storm_think=scenario.behaviour.storm.think.sampler(),
            read_size=scenario.workload.read_size.sampler(),
        )

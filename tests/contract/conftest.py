"""What the contracts share: their tables as parameters, and one live run of all that the testbed has middleware for."""

import pytest
from support.contract import MechanismContract
from support.live import REDIS, small, timely

from sim.model.strategies import Strategy
from sim.testbed.run import LiveRun


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`misfit` and `form` stand for each of those that the contract's class lists."""
    for name in {"misfit", "form"} & set(metafunc.fixturenames):
        metafunc.parametrize(name, getattr(metafunc.cls, f"{name}s"), ids=str)


@pytest.fixture(scope="session")
def played() -> LiveRun:
    """A quarter of an hour, compressed, under the live strategy of every contract."""
    strategies = [
        Strategy.model_validate({"name": contract.mechanism, **contract.live})
        for contract in MechanismContract.__subclasses__()
        if contract.live is not None
    ]
    return timely(small(), strategies, 90.0, store="redis" if REDIS else "sqlite")

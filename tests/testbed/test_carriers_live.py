"""The store of refresh tokens and the sessions in a Redis by themselves; at night, all real parts beside the model."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.scenario import load
from sim.testbed.carriers.beside import DIFFERS, beside, section
from sim.testbed.carriers.families import GRANTED, REFUSED, REUSE, Families
from sim.testbed.carriers.play import play
from sim.testbed.carriers.sessions import Sessions
from sim.testbed.real.part import NotInstalled
from sim.testbed.servers import RedisServer, redis_program


def families(folder: Path, grace_s: float, ends: bool = True) -> Families:
    name = f"{grace_s:g}-{ends}.sqlite"
    return Families(folder / name, grace_s=grace_s, ends_family=ends, lifetime_s=100.0)


def test_two_tabs_with_no_grace_are_logged_out(tmp_path: Path) -> None:
    store = families(tmp_path, 0.0)
    first = store.sign_in("laptop", 0.0)
    said, second = store.present(first, 10.0)
    assert said == GRANTED
    assert store.present(first, 10.1) == (REUSE, "")  # the other tab, with what both held
    assert store.present(second, 10.2) == (REFUSED, "")  # the family has ended: no reuse
    assert store.present(store.sign_in("laptop", 20.0), 21.0)[0] == GRANTED


def test_a_grace_forgives_the_last_one_spent_alone(tmp_path: Path) -> None:
    store = families(tmp_path, 30.0)
    first = store.sign_in("laptop", 0.0)
    _, second = store.present(first, 10.0)
    assert store.present(first, 39.9)[0] == GRANTED  # a copy works for so long: the replay window
    _, third = store.present(second, 39.95)
    assert store.present(first, 39.97) == (REUSE, "")  # one older than the last
    assert store.present(third, 40.0) == (REFUSED, "")


def test_a_replay_after_the_grace_ends_the_family_or_not(tmp_path: Path) -> None:
    for ends, then in ((True, REFUSED), (False, GRANTED)):
        store = families(tmp_path, 30.0, ends)
        first = store.sign_in("laptop", 0.0)
        _, second = store.present(first, 10.0)
        assert store.present(first, 40.0) == (REUSE, "")
        assert store.present(second, 41.0)[0] == then


def test_a_family_is_replaced_and_grows_old(tmp_path: Path) -> None:
    store = families(tmp_path, 0.0)
    old, other = store.sign_in("laptop", 0.0), store.sign_in("phone", 0.0)
    new = store.sign_in("laptop", 50.0)
    assert store.present(old, 51.0) == (REFUSED, "")
    assert store.present(other, 99.0)[0] == GRANTED
    assert store.present(new, 150.0) == (REFUSED, "")
    assert store.present("made up", 1.0) == (REFUSED, "")


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    found = redis_program()
    if found is None:
        pytest.skip("no Redis server here")
    server = RedisServer(found, tmp_path, "carriers")
    yield server.url
    server.stop()


def test_a_session_of_a_real_redis_slides_up_to_its_cap(redis_url: str) -> None:
    async def used() -> tuple[list[bool], float]:
        sessions = Sessions(redis_url, idle_s=0.3, cap_s=0.8)
        assert not await sessions.accepts("laptop")
        await sessions.write("laptop")
        began, answers = time.monotonic(), []
        while await sessions.accepts("laptop"):
            answers.append(True)
            await asyncio.sleep(0.02)
        lasted_s = time.monotonic() - began
        await sessions.write("laptop")
        await asyncio.sleep(0.4)
        answers.append(await sessions.accepts("laptop"))  # idle for too long
        await sessions.close()
        return answers, lasted_s

    answers, lasted_s = asyncio.run(used())
    assert len(answers) > 5
    assert answers[-1] is False
    assert 0.7 < lasted_s < 1.2


@pytest.mark.nightly
@pytest.mark.parametrize("name", list(load("testbed_carriers").strategies))
def test_real_parts_do_what_the_model_says(name: str) -> None:
    scenario = load("testbed_carriers")
    try:
        row = beside(play(scenario, scenario.strategies[name], seed=scenario.run.seed))
    except NotInstalled as error:
        pytest.skip(str(error))
    assert len(row.verdicts) == 40
    assert row.count(DIFFERS) == 0, section([row])
    assert row.resolution_s < 0.3

"""Faults injected live: outages that the model knows, and real deaths of real processes. Nothing hangs."""

import json
import time
from typing import Any

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("jwt")
import aiohttp
from support.live import NO_REDIS, REDIS, in_loop, page_of, small, status_of, timely

from sim.model.causes import CAUSES
from sim.model.strategies import CATALOGUE, Strategy
from sim.scenario import Scenario
from sim.testbed import run as live_run
from sim.testbed.compare import compare, disagreements
from sim.testbed.push import Sender, new_event
from sim.testbed.servers import Servers
from sim.testbed.setup import CONTROL_HEADER, HOST, Setup

NOBODY = {cause: {"share": 0} for cause in CAUSES}


def strategy(name: str, **mechanisms: Any) -> Strategy:
    return Strategy.model_validate({"name": name, **mechanisms})


def checking(name: str, on_failure: str) -> Strategy:
    """Asks at each click. It is patient: a pause of this machine is no silent host."""
    check = {"scope": "all", "asks": "permission", "timeout": "1min", "on_failure": on_failure}
    return strategy(name, check=check)


# -- outages that the model knows ---------------------------------------------------------------


@pytest.mark.parametrize("on_outage", ["hold", pytest.param("lose", marks=pytest.mark.nightly)])
def test_outages_of_host_and_receiver_do_what_the_model_says(on_outage: str) -> None:
    scenario = small(
        cases={**NOBODY, "deactivation": {"share": 0.8}, "from": "2min", "until": "9min"},
        host={
            "outages": {"starts": "5min", "lasts": "2min"},
            "rate_limit": "none",
            "retry_after": "20s",
        },
        push={
            "outages": {"starts": "3min", "lasts": "4min"},
            "on_outage": on_outage,
            "retries": {"most": 2, "wait": "45s", "backoff": 1},
        },
    )
    strategies = [
        checking("denying", "deny"),
        checking("allowing", "allow"),
        CATALOGUE["pushed_denylist"],
    ]
    live = timely(scenario, strategies, 100.0, store="memory")
    rows = compare(live)
    assert [(p.strategy, p.person, p.why) for p in disagreements(rows)] == []
    denying, allowing, pushed = (live.lanes[s.name] for s in strategies)
    assert denying.reasons["host_down"] > 0
    assert denying.requests["failed"] == denying.reasons["host_down"]
    assert allowing.requests["failed"] == 0
    assert pushed.requests["failed"] == 0
    # an event of the outage waits for its end, or is given up; either way the window is longer than its delay
    late = [p for p in rows[2].cases if 180.0 < p.live.host_knows_at_s < 400.0]
    assert late
    if on_outage == "hold":
        assert pushed.host["events"].get("lost", 0) == 0
        assert all(
            p.live.exposure_s < 421.0 - p.live.revoked_at_s + p.resolution_s + 60 for p in late
        )
    assert max(float(p.live.exposure_s) for p in late) > 30.0


# -- real deaths --------------------------------------------------------------------------------


def test_redis_killed_and_restarted_and_the_host_killed_in_mid_run() -> None:
    """An allowlist in Redis fails closed while Redis is dead and is empty afterwards; a dead host is a failed check."""
    if REDIS is None:
        pytest.skip(NO_REDIS)
    died: list[str] = []

    def kill_redis(servers: Servers) -> None:
        assert servers.redis is not None
        servers.redis.kill()
        died.append("redis")

    def restart_redis(servers: Servers) -> None:
        servers.restart_redis()
        died.append("redis is back")

    def kill_host(servers: Servers) -> None:
        servers.host.kill()
        died.append("host")

    strategies = [
        CATALOGUE["allowlist"],
        CATALOGUE["long_token"],
        checking("denying", "deny"),
        checking("allowing", "allow"),
    ]
    began = time.monotonic()
    with pytest.raises(aiohttp.ClientError):  # the account of a dead host cannot be read
        live_run.run(
            small(cases=NOBODY),
            strategies,
            factor=80.0,
            store="redis",
            faults=[(150.0, kill_redis), (300.0, restart_redis), (500.0, kill_host)],
            watch=(lanes := {}),
        )
    assert died == ["redis", "redis is back", "host"]
    assert time.monotonic() - began < 60.0  # nothing hangs
    allowlist, long_token, denying, allowing = (lanes[s.name] for s in strategies)
    assert allowlist.reasons["store_down"] > 0  # while it was dead
    assert allowlist.reasons["no_entry"] > 0  # forgotten: each open page is loaded again
    assert allowlist.requests["accepted"] > 0
    assert allowlist.counts["open_503"] > 0
    assert long_token.requests["failed"] == long_token.requests["refused"] == 0
    assert denying.reasons["host_down"] > 0
    assert allowing.requests["failed"] == 0
    for record in lanes.values():
        r = record.requests
        assert r["sent"] == r["accepted"] + r["refused"] + r["failed"]


# -- what an app forgets ------------------------------------------------------------------------


def quiet() -> Scenario:
    return small(cases=NOBODY)


@pytest.mark.parametrize("store", ["memory", pytest.param("redis", marks=pytest.mark.nightly)])
def test_what_an_app_forgets_when_it_is_restarted(store: str) -> None:
    """In memory: an allowlist forgets who may enter (people reload), a denylist forgets who may not (a hole)."""
    if store == "redis" and REDIS is None:
        pytest.skip(NO_REDIS)
    strategies = [CATALOGUE["allowlist"], CATALOGUE["pushed_denylist"]]
    setup = Setup.new(quiet(), strategies, seed=1, factor=1.0, store=store)  # type: ignore[arg-type]
    with Servers(setup) as servers:
        in_loop(lambda: _restarted(servers, forgets=store == "memory"))


async def _restarted(servers: Servers, *, forgets: bool) -> None:
    setup = servers.setup
    allow, deny = setup.lanes[:2]
    app = setup.app_url
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http:
        entered = await page_of(http, setup, allow, 1, 1)
        revoked = await page_of(http, setup, deny, 1, 1)
        enter, revoke = f"{app}/{allow.name}/pages/1", f"{app}/{deny.name}/pages/1"
        assert await status_of(http, f"{enter}/read", entered) == (403, "no_entry")
        assert (await status_of(http, f"{enter}/open", json={"token": entered}))[0] == 200
        assert (await status_of(http, f"{enter}/read", entered))[0] == 200
        assert (await status_of(http, f"{revoke}/read", revoked))[0] == 200
        sender = Sender(HOST, deny.name, deny.host_key, deny.webhook_secret, setup.base)
        now_s = setup.clock(deny.name).now_s()
        event = sender.set(new_event(1, "deactivation", now_s), now_s)
        headers = {"content-type": "application/secevent+jwt"}
        url = f"{app}/{deny.name}/events"
        assert (await status_of(http, url, data=event, headers=headers))[0] == 202
        assert await status_of(http, f"{revoke}/read", revoked) == (403, "named_by_event")
        # replayed: answered as RFC 8935 asks, without effect; forged: refused
        assert (await status_of(http, url, data=event, headers=headers))[0] == 202
        account = f"{app}/control/account"
        async with http.post(account, headers={CONTROL_HEADER: setup.control}) as answer:
            assert json.loads(await answer.text())[deny.name]["events"] == {
                "taken": 1,
                "replayed": 1,
            }
        forged = Sender(HOST, deny.name, allow.host_key, b"", setup.base)
        event = forged.set(new_event(2, "deactivation", now_s), now_s)
        assert (await status_of(http, url, data=event, headers=headers))[0] == 400
    servers.restart_app(setup.started)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http:
        expected = (403, "no_entry") if forgets else (200, "")
        assert await status_of(http, f"{enter}/read", entered) == expected
        expected = (200, "") if forgets else (403, "named_by_event")
        assert await status_of(http, f"{revoke}/read", revoked) == expected


@pytest.mark.nightly
def test_a_receiver_that_is_down_gets_its_event_when_it_is_back() -> None:
    """Injected at the receiver, not drawn: the sender holds the event and looks again."""
    down_from_s, up_at_s = 100.0, 330.0

    def receiver(down: bool) -> Any:
        def do(servers: Servers) -> None:
            import urllib.request

            request = urllib.request.Request(
                f"{servers.setup.app_url}/control/fault",
                data=json.dumps({"down": down}).encode(),
                headers={CONTROL_HEADER: servers.setup.control},
                method="POST",
            )
            urllib.request.urlopen(request, timeout=10).close()

        return do

    scenario = small(
        cases={**NOBODY, "deactivation": {"share": 1}, "from": "2min", "until": "4min"},
        behaviour={"probabilities": {"leave": 1}},
        push={"delay": "2s", "loss": 0, "on_outage": "hold"},
    )
    live = live_run.run(
        scenario,
        [CATALOGUE["pushed_denylist"]],
        factor=60.0,
        store="sqlite",
        faults=[(down_from_s, receiver(True)), (up_at_s, receiver(False))],
    )
    (row,) = compare(live)
    opened = [pair for pair in row.cases if pair.live.page_open]
    assert len(opened) >= 3
    for pair in opened:
        ended_s = pair.live.revoked_at_s + pair.live.exposure_s
        assert ended_s == pytest.approx(up_at_s, abs=60.0 * 0.25)  # a quarter of a real second

"""Real servers are recognised: each is measured as a user would measure it, with the command."""

import json
import os
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from support import ROOT
from support.gated import REDIS, probe_file, sessions, socket_app

from sim.testbed.real.account import Host
from sim.testbed.real.apache import write_users
from sim.testbed.real.part import NotInstalled
from sim.testbed.real.parts import part
from sim.testbed.real.stand import standing

RUNS = 3  # of three
needs_redis = pytest.mark.skipif(REDIS is None, reason="no Redis here")


def measured(path: Path, out: str = "out") -> dict[str, Any]:
    """What `lastclick probe FILE` says, as JSON."""
    command = [sys.executable, "-m", "sim", "probe", str(path), "--out", out, "--quiet", "--json"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=path.parent, env=environment, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def here(name: str) -> None:
    try:
        part(name).program()
    except NotInstalled as error:
        pytest.skip(str(error))


def probed(name: str, life_s: int, folder: Path, run: str) -> dict[str, Any]:
    """What the probe says of a part that keeps a yes for so long."""
    here(name)
    with Host() as host, standing(name, folder / "part", host.port, life_s) as up:
        login = f'request = {{ method = "POST", url = "http://127.0.0.1:{host.port}/login" }}'
        path = probe_file(
            folder,
            f"http://127.0.0.1:{up.port}",
            host.port,
            run,
            sign_in=f'{login}\ncredential = {{ json = "access_token" }}',
        )
        found = measured(path)
        assert host.account.may  # given back
    return found


@pytest.mark.nightly
def test_nginx_of_one_second(tmp_path: Path) -> None:
    """Keeps a yes to the end of the second after the one it came in: 1 to 2 s."""
    run = 'repetitions = 6\nwatch = "10s"\nquiet = "2s"\nsecond_session = false'
    found = probed("nginx_auth_request", 1, tmp_path, run)
    best = found["explained_by"]
    assert (best["gate"], best["life_s"]) == ("floor_plus_1", 1.0)
    assert best["explained"] == best["n"]
    assert found["busy"]["until_s"] < 2.3
    assert 'clock = "floor_plus_1"' in (tmp_path / "out" / "measured.toml").read_text()


@pytest.mark.nightly
@pytest.mark.parametrize("attempt", range(RUNS))
def test_nginx_of_five_seconds(tmp_path: Path, attempt: int) -> None:
    run = f'repetitions = 12\nwatch = "20s"\nquiet = "3s"\nseed = {attempt}'
    found = probed("nginx_auth_request", 5, tmp_path, run)
    best = found["explained_by"]
    assert (best["gate"], best["life_s"]) == ("floor_plus_1", 5.0)
    assert best["explained"] == best["n"]
    assert found["busy"]["until_s"] < 6.5
    assert "nginx_auth_request" in best["profiles"]


@pytest.mark.nightly
@pytest.mark.parametrize("attempt", range(RUNS))
def test_stale_nginx_is_open(tmp_path: Path, attempt: int) -> None:
    """As long as a run watches that is left as it comes: two minutes."""
    run = f"repetitions = 2\nsecond_session = false\nseed = {attempt}"
    found = probed("nginx_auth_request_stale", 2, tmp_path, run)
    assert found["explained_by"]["gate"] == "open"
    assert found["busy"]["open"] == found["busy"]["n"] == 2
    assert found["idle"]["open"] == found["idle"]["n"]
    assert "no end within 2 min" in found["text"]


@needs_redis
@pytest.mark.nightly
@pytest.mark.parametrize("attempt", range(RUNS))
def test_redis_allowlist_is_exact(tmp_path: Path, attempt: int) -> None:
    """An entry written at the sign-in lives its time, whatever happens."""
    with Host() as host, sessions(host, 4, slides=False) as port:
        run = f'repetitions = 8\nwatch = "15s"\nquiet = "2s"\nseed = {attempt}'
        path = probe_file(tmp_path, f"http://127.0.0.1:{port}", host.port, run)
        found = measured(path)
    best = found["explained_by"]
    assert (best["gate"], best["life_s"]) == ("lifetime", 4.0)
    assert best["explained"] == best["n"]


@needs_redis
@pytest.mark.nightly
@pytest.mark.parametrize("attempt", range(RUNS))
def test_sliding_session_in_redis(tmp_path: Path, attempt: int) -> None:
    """Who clicks stays in; who was away for three seconds is out."""
    with Host() as host, sessions(host, 3, slides=True) as port:
        run = f'repetitions = 14\nwatch = "10s"\nquiet = "2s"\nseed = {attempt}'
        path = probe_file(tmp_path, f"http://127.0.0.1:{port}", host.port, run)
        found = measured(path)
    best = found["explained_by"]
    assert best["gate"] == "sliding_session"
    assert best["low_s"] <= 3.0 <= best["high_s"]
    assert found["busy"]["open"] == found["busy"]["n"]


@pytest.mark.nightly
@pytest.mark.parametrize("attempt", range(RUNS))
def test_apache_socache_is_absolute(tmp_path: Path, attempt: int) -> None:
    """What was found in the password file is kept from the first answer on, clicks or not."""
    here("apache_socache")
    passwords, folder = {1: "of the account"}, tmp_path / "part"
    with Host() as host, standing("apache_socache", folder, host.port, 4, passwords) as up:
        write_users(tmp_path, passwords)
        path = probe_file(
            tmp_path,
            f"http://127.0.0.1:{up.port}",
            host.port,
            f'repetitions = 10\nwatch = "20s"\nquiet = "2s"\nsecond_session = false\nseed = {attempt}',
            **{
                "sign_in": f'command = ["echo", "{b64encode(b"1:of the account").decode()}"]',
                "try": 'request = { url = "/app", headers = { Authorization = "Basic {credential}" } }',
                "revoke": f'command = ["cp", "/dev/null", "{folder / "users"}"]',
                "give_back": f'command = ["cp", "{tmp_path / "users"}", "{folder / "users"}"]',
            },
        )
        found = measured(path)
    best = found["explained_by"]
    assert best["gate"] == "absolute"
    assert best["explained"] == best["n"]
    assert best["low_s"] - 0.15 <= 4.0 <= best["high_s"] + 0.15


@pytest.mark.nightly
@pytest.mark.parametrize("attempt", range(RUNS))
def test_connection_is_open_where_requests_are_checked(tmp_path: Path, attempt: int) -> None:
    with Host() as host, socket_app(host) as port:
        live = 'url = "/live"\nheaders = { Authorization = "Bearer {credential}" }'
        path = probe_file(
            tmp_path,
            f"http://127.0.0.1:{port}",
            host.port,
            f'repetitions = 3\nwatch = "8s"\nquiet = "2s"\nseed = {attempt}',
            connection=live,
        )
        found = measured(path)
    assert found["explained_by"]["gate"] == "each_request"
    assert found["others"]["connection"]["open"] == found["others"]["connection"]["n"] == 1
    assert found["others"]["second session"]["open"] == 0

"""The probe does no harm: whom it asks, how fast, what it tells, and that what was taken is given back."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from support import ROOT
from support.gated import probe_file

from sim.testbed.real.account import Handler, Host

NIGHT = pytest.mark.nightly  # repetitions last seconds, whatever the machine
SECRET = "a-secret-that-nobody-may-see"
QUICK = 'repetitions = 2\nwatch = "2s"\nquiet = "1s"\nidle = false\nsecond_session = false\nback_within = "1s"'
LOGIN = """request = { method = "POST", url = "/login", json = { password = "{password}" } }
credential = { json = "access_token" }"""
WORK = 'request = { url = "/check", headers = { Authorization = "{credential} {password}" } }'
SECRETS = {"sign_in": LOGIN, "try": WORK, "secrets": 'password = { env = "PROBE_PASSWORD" }'}


def command(path: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "sim", "probe", str(path), "--out", "out", *more]


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "PROBE_PASSWORD": SECRET}


def run(path: Path, *more: str) -> Any:
    return subprocess.run(
        command(path, *more),
        cwd=path.parent,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )


CHECKED = 'request = { url = "/check", headers = { Authorization = "Bearer {credential}" } }'


def local(host: Host, folder: Path, **changes: str) -> Path:
    """A probe of the host itself, which checks each request."""
    run = changes.pop("run", QUICK)
    base = f"http://127.0.0.1:{host.port}"
    return probe_file(folder, base, host.port, run, **{"try": CHECKED, **changes})


def everything_written(folder: Path) -> str:
    return "".join(
        p.read_text(errors="replace")
        for p in folder.rglob("*")
        if p.is_file() and p.name != "probe.toml"
    )


def test_secrets_stand_nowhere(tmp_path: Path) -> None:
    with Host() as host:
        done = run(local(host, tmp_path, **SECRETS))
        assert done.returncode == 0, done.stderr
        assert host.account.may
    told = done.stdout + done.stderr + everything_written(tmp_path)
    assert SECRET not in told and "-of-the-account" not in told


@pytest.mark.parametrize(
    "broken",
    [
        {"try": WORK.replace("/check", "/nothing/{password}")},
        {"sign_in": LOGIN.replace("/login", "/{password}")},
        {"revoke": 'command = ["sh", "-c", "echo {password} {credential} >&2; exit 3"]'},
        {"give_back": 'command = ["sh", "-c", "echo {password} {credential} >&2; exit 3"]'},
    ],
)
def test_secrets_stand_in_no_error(
    tmp_path: Path, broken: dict[str, str], monkeypatch: Any
) -> None:
    """Whatever fails says what and how, without the secret; exit code 2, no traceback."""
    with Host() as host:
        done = run(local(host, tmp_path, **{**SECRETS, **broken}))
    told = done.stdout + done.stderr + everything_written(tmp_path)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert next(iter(broken)).split(".")[0] in done.stderr
    assert SECRET not in told and "-of-the-account" not in told


def test_a_missing_secret_is_named(tmp_path: Path) -> None:
    with Host() as host:
        path = local(
            host, tmp_path, **{**SECRETS, "secrets": 'password = { env = "NOT_SET_ANYWHERE" }'}
        )
        done = run(path)
    assert done.returncode == 2
    assert "secrets.password: NOT_SET_ANYWHERE is not in the environment" in done.stderr


def test_another_host_is_named_twice(tmp_path: Path) -> None:
    """In the file and on the command line; a dry run of it sends nothing."""
    path = probe_file(tmp_path, "https://panel.example.com", 1, QUICK)
    done = run(path)
    assert done.returncode == 2
    assert "target.base: panel.example.com is not this machine" in done.stderr
    assert "--host panel.example.com" in done.stderr
    dry = run(path, "--host", "panel.example.com", "--dry-run")
    assert dry.returncode == 0 and "https://panel.example.com/login" in dry.stdout
    assert not (tmp_path / "out").exists()


def test_a_dry_run_shows_all_and_sends_nothing(tmp_path: Path) -> None:
    with Host() as host:
        done = run(local(host, tmp_path, **SECRETS), "--dry-run")
        assert host.account.asked == 0
    for part in ("/login", "/check", "/revoke", "/give-back", "{password}", "2 repetitions"):
        assert part in done.stdout
    assert SECRET not in done.stdout


def test_the_rate_holds_for_all_requests_together(tmp_path: Path) -> None:
    plan = QUICK + '\nrate = "4/s"'
    with Host() as host:
        done = run(local(host, tmp_path, **{**SECRETS, "run": plan}))
        assert done.returncode == 0, done.stderr
        times = host.times
    assert len(times) > 10
    assert len(times) <= 4 * (times[-1] - times[0]) + 2


class SendsAway(Handler):
    """A host that sends whoever comes to the wrong place on to its gate."""

    def elsewhere(self) -> None:
        self.answer(302, {}, Location="/check")


def test_a_redirect_is_a_refusal_and_not_followed(tmp_path: Path) -> None:
    with Host(SendsAway) as host:
        path = local(
            host, tmp_path, **{"try": WORK.replace("/check", "/away").replace(" {password}", "")}
        )
        done = run(path)
        assert host.account.asked == 0
    assert done.returncode == 2
    assert "refused right after the sign-in" in done.stderr


@pytest.mark.parametrize(
    "how", [signal.SIGTERM, *(pytest.param(s, marks=NIGHT) for s in (signal.SIGINT, signal.SIGHUP))]
)
def test_what_was_taken_is_given_back_when_interrupted(tmp_path: Path, how: signal.Signals) -> None:
    with Host() as host:
        path = local(host, tmp_path, run='repetitions = 3\nwatch = "60s"\nquiet = "30s"')
        child = subprocess.Popen(
            command(path),
            cwd=tmp_path,
            env=environment(),
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        wait_until(lambda: not host.account.may)
        child.send_signal(how)
        _, said = child.communicate(timeout=30)
        assert child.returncode == 130
        assert "given back" in said
        assert host.account.may


def test_a_killed_run_goes_on_and_first_gives_back(tmp_path: Path) -> None:
    with Host() as host:
        path = local(
            host,
            tmp_path,
            run=QUICK.replace("= 2\n", "= 3\n", 1),
        )
        child = subprocess.Popen(
            command(path), cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL
        )
        wait_until(
            lambda: any("clicks" in line for line in journal(tmp_path)) and not host.account.may
        )
        child.kill()
        child.wait()
        kept = [line for line in journal(tmp_path) if "clicks" in line]
        assert kept and not host.account.may
        done = run(path)
        assert done.returncode == 0, done.stderr
        assert host.account.may
    records = [line for line in journal(tmp_path) if "clicks" in line]
    assert records[: len(kept)] == kept
    assert [r["number"] for r in records] == [0, 1, 2]


@NIGHT
def test_a_folder_of_another_probe_is_refused(tmp_path: Path) -> None:
    with Host() as host:
        path = local(
            host,
            tmp_path,
        )
        assert run(path).returncode == 0
        path.write_text(path.read_text().replace("/check", "/work"))
        done = run(path)
    assert done.returncode == 2 and "other settings" in done.stderr


@NIGHT
def test_a_damaged_journal_is_named_by_line(tmp_path: Path) -> None:
    with Host() as host:
        path = local(
            host,
            tmp_path,
        )
        assert run(path).returncode == 0
        file = tmp_path / "out" / "probe.jsonl"
        lines = file.read_text().splitlines()
        file.write_text("\n".join([*lines[:2], '{"number": "x"}', *lines[2:]]) + "\n")
        done = run(path)
    assert done.returncode == 2 and "probe.jsonl:3" in done.stderr


def journal(folder: Path) -> list[dict[str, Any]]:
    file = folder / "out" / "probe.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def wait_until(holds: Any) -> None:
    for _ in range(1200):
        if holds():
            return
        time.sleep(0.05)
    raise TimeoutError

"""Make the pictures of README that need a running part: `PYTHONPATH=.:tests python docs/make_pictures.py live probe`.

`live` is the explorer of a scenario in a browser (Playwright and Chromium); `probe` measures a real nginx, which takes five
minutes. The others are made by `lastclick figures`; `make figures` makes all.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DOCS = Path(__file__).parent
PROBE = 'repetitions = 12\nwatch = "20s"\nquiet = "3s"\nseed = 0'


def live() -> None:
    """The explorer of `which_timeout`, its short token moved to two minutes."""
    from playwright.sync_api import sync_playwright

    command = [sys.executable, "-m", "sim", "explore", "which_timeout", "--no-browser", "--set", "strategies.short_token.token.lifetime=120"]  # fmt: skip
    served = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert served.stdout is not None
    address = served.stdout.readline().strip()
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])  # fmt: skip
        page = browser.new_page(viewport={"width": 1200, "height": 1150})
        page.goto(address)
        end = time.monotonic() + 120
        while "20 of 20" not in (page.text_content("#status") or "") or page.locator("#looking").count():  # fmt: skip
            assert time.monotonic() < end, page.text_content("#status")
            page.wait_for_timeout(100)
        page.screenshot(path=str(DOCS / "live.png"))
        browser.close()
    served.terminate()
    served.wait()


def probe() -> None:
    """The windows of a real nginx that keeps a yes for 5 s, measured as tests/probe does."""
    from support.gated import probe_file

    from sim.testbed.real.account import Host
    from sim.testbed.real.stand import standing

    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        with Host() as host, standing("nginx_auth_request", folder / "part", host.port, 5) as up:
            login = f'request = {{ method = "POST", url = "http://127.0.0.1:{host.port}/login" }}'
            login += '\ncredential = { json = "access_token" }'
            path = probe_file(
                folder, f"http://127.0.0.1:{up.port}", host.port, PROBE, sign_in=login
            )
            command = [sys.executable, "-m", "sim", "probe", str(path), "--out", "out", "--quiet"]
            subprocess.run(command, cwd=folder, env=os.environ | {"PYTHONPATH": str(DOCS.parent)}, check=True)  # fmt: skip
        shutil.copy(folder / "out" / "windows.svg", DOCS / "probe.svg")


if __name__ == "__main__":
    for name in sys.argv[1:] or ("live", "probe"):
        {"live": live, "probe": probe}[name]()

"""What tests share: small worlds and logs, a browser, live servers, poisoned strategies; no test module imports another."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
